//! `call:renegotiate`: a new offer or answer inside a call, to a participant or to the media server.
use crate::{RoomName, Sdp, UserId};
use serde::{Deserialize, Deserializer, Serialize, de};
use std::fmt;

/// `call:renegotiate`, from a client. Exactly one of `sdpOffer` and `sdpAnswer`, which reading makes sure of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", try_from = "RawRenegotiate")]
pub struct Renegotiate {
    /// The room.
    pub room_name: RoomName,
    /// For whom; `0` is the media server.
    pub to_user_id: Recipient,
    /// A new offer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sdp_offer: Option<Sdp>,
    /// The answer to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sdp_answer: Option<Sdp>,
}

/// [`Renegotiate`] before it is known to hold one description.
#[derive(Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(
        rename = "Renegotiate",
        description = "`call:renegotiate`, from a client: a new offer or the answer to one.",
        extend("oneOf" = [{ "required": ["sdpOffer"] }, { "required": ["sdpAnswer"] }])
    )
)]
#[serde(rename_all = "camelCase")]
struct RawRenegotiate {
    /// The room.
    room_name: RoomName,
    /// For whom; `0` is the media server.
    to_user_id: Recipient,
    /// A new offer.
    #[serde(default)]
    sdp_offer: Option<Sdp>,
    /// The answer to one.
    #[serde(default)]
    sdp_answer: Option<Sdp>,
}

impl TryFrom<RawRenegotiate> for Renegotiate {
    type Error = &'static str;

    fn try_from(raw: RawRenegotiate) -> Result<Self, Self::Error> {
        let RawRenegotiate { room_name, to_user_id, sdp_offer, sdp_answer } = raw;
        match (&sdp_offer, &sdp_answer) {
            (Some(_), None) | (None, Some(_)) => Ok(Self { room_name, to_user_id, sdp_offer, sdp_answer }),
            (None, None) => Err("missing field `sdpOffer` or `sdpAnswer`"),
            (Some(_), Some(_)) => Err("`sdpOffer` and `sdpAnswer` exclude each other"),
        }
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Renegotiate {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        RawRenegotiate::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        RawRenegotiate::json_schema(generator)
    }
}

/// A user, or the media server, which is user `0` on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Recipient {
    /// The media server.
    MediaServer,
    /// A user.
    User(UserId),
}

impl Recipient {
    /// The user, if it is one.
    pub fn user(self) -> Option<UserId> {
        match self {
            Self::MediaServer => None,
            Self::User(user) => Some(user),
        }
    }
}

impl From<UserId> for Recipient {
    fn from(user: UserId) -> Self {
        Self::User(user)
    }
}

impl Serialize for Recipient {
    fn serialize<S: serde::Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::MediaServer => output.serialize_u64(0),
            Self::User(user) => user.serialize(output),
        }
    }
}

impl<'de> Deserialize<'de> for Recipient {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_any(RecipientVisitor)
    }
}

struct RecipientVisitor;

impl de::Visitor<'_> for RecipientVisitor {
    type Value = Recipient;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a user id, or 0 for the media server")
    }

    fn visit_u64<E: de::Error>(self, id: u64) -> Result<Recipient, E> {
        if id == 0 {
            return Ok(Recipient::MediaServer);
        }
        let user = UserId::new(id).map_err(|_| E::invalid_value(de::Unexpected::Unsigned(id), &self))?;
        Ok(Recipient::User(user))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Recipient, E> {
        if text == "0" {
            return Ok(Recipient::MediaServer);
        }
        text.parse()
            .map(Recipient::User)
            .map_err(|_| E::custom("expected a user id, or 0 for the media server"))
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Recipient {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Recipient".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A user id, or `0` for the media server.",
            "type": "integer",
            "minimum": 0,
            "maximum": crate::ids::LARGEST_ID,
            "x-or-text": true,
        })
    }
}
