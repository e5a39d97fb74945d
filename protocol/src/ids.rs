//! Ids, names and moments. Each is a type of its own, so that two of them cannot be mixed up.
use serde::{Deserialize, Deserializer, Serialize, de};
use std::{fmt, num::NonZeroU64, str::FromStr, sync::Arc};

/// The largest integer that a JavaScript client can hold exactly.
pub(crate) const LARGEST_ID: u64 = (1 << 53) - 1;

/// Why a text or number is not the id it was meant to be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Zero, negative, fractional or beyond what JavaScript can hold.
    #[error("expected a whole number from 1 to 9007199254740991")]
    NotAnId,
    /// Empty, too long, or with a character outside the allowed set.
    #[error("expected 1 to {limit} characters of {allowed}")]
    NotAName {
        /// The most characters allowed.
        limit: usize,
        /// The allowed characters, as a person reads them.
        allowed: &'static str,
    },
}

/// Reads an id as `123` or `"123"`: the contract accepts both and sends the first.
struct IdVisitor;

impl de::Visitor<'_> for IdVisitor {
    type Value = NonZeroU64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number from 1 to 9007199254740991")
    }

    fn visit_u64<E: de::Error>(self, id: u64) -> Result<NonZeroU64, E> {
        NonZeroU64::new(id)
            .filter(|id| id.get() <= LARGEST_ID)
            .ok_or_else(|| E::invalid_value(de::Unexpected::Unsigned(id), &self))
    }

    fn visit_i64<E: de::Error>(self, id: i64) -> Result<NonZeroU64, E> {
        match u64::try_from(id) {
            Ok(id) => self.visit_u64(id),
            Err(_) => Err(E::invalid_value(de::Unexpected::Signed(id), &self)),
        }
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<NonZeroU64, E> {
        parse_id(text).map_err(|_| E::custom("expected a whole number from 1 to 9007199254740991"))
    }
}

fn parse_id(text: &str) -> Result<NonZeroU64, IdError> {
    // `u64::from_str` takes a leading plus, which no database or JavaScript client would write.
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(IdError::NotAnId);
    }
    text.parse().ok().filter(|id: &NonZeroU64| id.get() <= LARGEST_ID).ok_or(IdError::NotAnId)
}

macro_rules! number_ids {
    ($($(#[doc = $doc:literal])* $name:ident;)*) => {$(
        $(#[doc = $doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        #[serde(transparent)]
        pub struct $name(NonZeroU64);

        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "description": concat!($($doc),*).trim(),
                    "type": "integer",
                    "minimum": 1,
                    "maximum": LARGEST_ID,
                    "x-or-text": true,
                })
            }
        }

        impl $name {
            /// The id, if the number can be one.
            pub fn new(id: u64) -> Result<Self, IdError> {
                NonZeroU64::new(id).filter(|id| id.get() <= LARGEST_ID).map(Self).ok_or(IdError::NotAnId)
            }

            /// The number behind the id.
            pub const fn get(self) -> u64 {
                self.0.get()
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                parse_id(text).map(Self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
                input.deserialize_any(IdVisitor).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

number_ids! {
    /// A user of the messenger.
    UserId;
    /// A group chat of the messenger.
    GroupId;
    /// A row of `wo_calls` or, for a group call, of `wo_group_calls`.
    CallId;
    /// The place of an event in what one user was told about one room; later events have larger ids.
    EventId;
}

/// The unique name of a call's room, chosen by the client that starts the call.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(extend("minLength" = 1, "maxLength" = Self::LONGEST, "pattern" = "^[A-Za-z0-9_.:-]+$"))
)]
#[serde(transparent)]
pub struct RoomName(Arc<str>);

impl RoomName {
    /// The column that stores it holds a hundred characters.
    const LONGEST: usize = 100;

    /// The name, if it has 1 to 100 characters of `[A-Za-z0-9_.:-]`.
    pub fn new(name: &str) -> Result<Self, IdError> {
        let fits = (1..=Self::LONGEST).contains(&name.len());
        if fits && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.:-".contains(&b)) {
            Ok(Self(name.into()))
        } else {
            Err(IdError::NotAName { limit: Self::LONGEST, allowed: "A-Z a-z 0-9 _ . : -" })
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The app's own name for one installation: the same phone keeps it over a reconnect.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(extend("minLength" = 1, "maxLength" = Self::LONGEST, "pattern" = "^[!-~]+$"))
)]
#[serde(transparent)]
pub struct DeviceId(Arc<str>);

impl DeviceId {
    /// Longer than any UUID or Android installation id.
    const LONGEST: usize = 128;

    /// The id, if it has 1 to 128 printable ASCII characters.
    pub fn new(id: &str) -> Result<Self, IdError> {
        let fits = (1..=Self::LONGEST).contains(&id.len());
        if fits && id.bytes().all(|b| b.is_ascii_graphic()) {
            Ok(Self(id.into()))
        } else {
            Err(IdError::NotAName { limit: Self::LONGEST, allowed: "printable ASCII without spaces" })
        }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

macro_rules! names {
    ($($name:ident),*) => {$(
        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(input)?;
                Self::new(&text).map_err(de::Error::custom)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    )*};
}

names!(RoomName, DeviceId);

/// Whether a call starts with sound alone or with a picture too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum CallType {
    /// Sound.
    Audio,
    /// Sound and picture.
    Video,
}

impl CallType {
    /// The word on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Audio => "audio",
            Self::Video => "video",
        }
    }
}

impl fmt::Display for CallType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A moment: milliseconds since 1970-01-01 UTC, as `Date.now()` counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct UnixMillis(pub u64);

/// A length of time in whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Seconds(pub u64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_a_number_or_as_a_numeric_string_and_written_as_a_number() {
        for text in ["123", "\"123\""] {
            let id: UserId = serde_json::from_str(text).unwrap();

            assert_eq!(id.get(), 123);
            assert_eq!(serde_json::to_string(&id).unwrap(), "123");
        }
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for text in [
            "0",
            "-1",
            "1.5",
            "\"\"",
            "\"+1\"",
            "\" 1\"",
            "\"0x1\"",
            "9007199254740992",
            "null",
            "[]",
            "true",
        ] {
            assert!(serde_json::from_str::<UserId>(text).is_err(), "{text} was taken");
        }
    }

    #[test]
    fn a_room_name_keeps_to_its_characters_and_length() {
        for good in ["a", "room_123_456_1638360000", "A.b:c-d", &"x".repeat(100)] {
            assert!(RoomName::new(good).is_ok(), "{good} was refused");
        }
        for bad in ["", "a b", "a/b", "кімната", "a\n", &"x".repeat(101)] {
            assert!(RoomName::new(bad).is_err(), "{bad} was taken");
        }
    }

    #[test]
    fn an_escaped_name_is_read_like_a_plain_one() {
        let name: RoomName = serde_json::from_str("\"room\\u0031\"").unwrap();

        assert_eq!(name.as_str(), "room1");
    }
}
