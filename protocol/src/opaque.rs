//! Session descriptions and candidates: made by one client, read by another, only carried by the server.
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt, sync::Arc};

/// JSON text that is passed on exactly as it came: an object or a string.
///
/// Cloning is cheap. The content is private to the people in the call, so it is never shown by `Debug`.
#[derive(Clone)]
struct Carried(Arc<RawValue>);

impl Carried {
    fn read<'de, D: Deserializer<'de>>(input: D, what: &'static str, longest: u32) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(input)?;
        if raw.get().len() > longest as usize {
            return Err(de::Error::custom(format_args!("expected {what} of at most {longest} bytes")));
        }
        match raw.get().as_bytes().first() {
            Some(b'{' | b'"') => {}
            _ => return Err(de::Error::custom(format_args!("expected {what}: an object or a string"))),
        }
        if is_deep(raw.get()) {
            return Err(de::Error::custom(format_args!("expected {what}, not one nested {DEEPEST} deep")));
        }
        Ok(Self(Arc::from(raw.to_owned())))
    }
}

/// What a browser makes is one level deep. Room for additions, none for what would exhaust the stack of a phone whose
/// JSON reader recurses: 64 KiB of brackets ring through to it otherwise.
const DEEPEST: usize = 16;

/// A description may fill a message, which has a limit of its own. A candidate is a line of a hundred bytes or two, and
/// many are kept while a call rings, so none may be large.
const LONGEST_MESSAGE: u32 = u32::MAX;

/// Whether well-formed JSON nests deeper than [`DEEPEST`].
fn is_deep(json: &str) -> bool {
    // Too few brackets to be deep, as in every honest one: counting is much cheaper than walking.
    if json.bytes().filter(|byte| matches!(byte, b'{' | b'[')).count() <= DEEPEST {
        return false;
    }
    let (mut depth, mut in_text, mut escaped) = (0, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_text,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        if depth > DEEPEST {
            return true;
        }
    }
    false
}

/// What an object form of either may hold; anything else in it is none of our business.
#[derive(Deserialize)]
struct SdpInit<'a> {
    #[serde(borrow)]
    sdp: Cow<'a, str>,
}

macro_rules! carried {
    ($($(#[doc = $doc:literal])* $name:ident, $what:literal, $longest:expr;)*) => {$(
        $(#[doc = $doc])*
        #[derive(Clone)]
        pub struct $name(Carried);

        impl $name {
            /// The JSON text exactly as it came.
            pub fn as_json(&self) -> &str {
                self.0.0.get()
            }

            /// Takes JSON text that is an object or a string.
            pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
                serde_json::from_str(text)
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.as_json() == other.as_json()
            }
        }

        impl Eq for $name {}

        impl std::hash::Hash for $name {
            fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
                self.as_json().hash(state);
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
                self.0.0.serialize(output)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
                Carried::read(input, $what, $longest).map(Self)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({} bytes)", stringify!($name), self.as_json().len())
            }
        }

        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "description": concat!($($doc),*).trim(),
                    "type": ["object", "string"],
                    "x-longest-json": $longest,
                })
            }
        }
    )*};
}

carried! {
    /// A session description: `{type, sdp}` as a browser makes it, or the bare text.
    Sdp, "a session description", LONGEST_MESSAGE;
    /// An ICE candidate: an `RTCIceCandidateInit`, or the bare candidate line.
    Candidate, "an ICE candidate", 4096;
}

impl Sdp {
    /// A session description in its object form.
    pub fn object(kind: &str, sdp: &str) -> Self {
        let text = serde_json::json!({ "type": kind, "sdp": sdp }).to_string();
        Self::from_json(&text).expect("an object of two strings is a session description")
    }

    /// The SDP itself, out of either form; `None` if the object has no `sdp` string.
    pub fn sdp(&self) -> Option<Cow<'_, str>> {
        let text = self.as_json();
        if text.starts_with('"') {
            serde_json::from_str::<Borrowed<'_>>(text).ok().map(|b| b.0)
        } else {
            serde_json::from_str::<SdpInit<'_>>(text).ok().map(|init| init.sdp)
        }
    }
}

/// `Cow<str>` alone always copies; a borrowed field does not.
#[derive(Deserialize)]
#[serde(transparent)]
struct Borrowed<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_carried_keeps_its_very_bytes() {
        let text = r#"{ "type":"offer",  "sdp":"v=0\r\n", "x-new":[1e3] }"#;

        let sdp = Sdp::from_json(text).unwrap();

        assert_eq!(serde_json::to_string(&sdp).unwrap(), text);
        assert_eq!(sdp.sdp().unwrap(), "v=0\r\n");
    }

    #[test]
    fn a_string_serves_as_well_as_an_object_and_nothing_else_does() {
        assert_eq!(Sdp::from_json(r#""v=0""#).unwrap().sdp().unwrap(), "v=0");
        assert_eq!(Sdp::from_json("{}").unwrap().sdp(), None);
        for text in ["1", "true", "null", "[]", "[{}]"] {
            assert!(Sdp::from_json(text).is_err(), "{text} was taken");
        }
    }

    #[test]
    fn what_would_exhaust_the_reader_on_the_other_phone_is_refused() {
        let nested =
            |levels: usize| format!(r#"{{"x":{}{}}}"#, "[".repeat(levels - 1), "]".repeat(levels - 1));

        assert!(Sdp::from_json(&nested(DEEPEST)).is_ok());
        assert!(Sdp::from_json(&nested(DEEPEST + 1)).is_err());
        assert!(Candidate::from_json(&nested(30_000)).is_err());
    }

    #[test]
    fn brackets_inside_a_text_are_no_depth() {
        let text = serde_json::to_string(&format!(r#"\"{}"#, "{[".repeat(100))).unwrap();

        assert!(Sdp::from_json(&text).is_ok());
    }

    #[test]
    fn debug_shows_the_size_and_not_the_content() {
        let sdp = Sdp::from_json(r#""c=IN IP4 192.0.2.1""#).unwrap();

        assert_eq!(format!("{sdp:?}"), "Sdp(20 bytes)");
    }
}
