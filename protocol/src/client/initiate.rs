//! `call:initiate`: one event on the wire, two kinds of call.
use crate::{CallType, GroupId, RoomName, Sdp, UserId};
use serde::{Deserialize, Serialize};

/// `call:initiate`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawInitiate", into = "RawInitiate")]
pub struct Initiate {
    /// The caller.
    pub from_id: UserId,
    /// Who is called.
    pub target: CallTarget,
    /// Sound, or sound and picture.
    pub call_type: CallType,
    /// The room, named by the caller.
    pub room_name: RoomName,
}

/// Who a call rings, with what each needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallTarget {
    /// One user; the offer travels with the ring.
    User {
        /// The callee.
        to: UserId,
        /// The caller's offer.
        offer: Sdp,
    },
    /// Every other member of a group.
    Group {
        /// The group.
        group: GroupId,
        /// An offer to the media server.
        offer: Option<Sdp>,
    },
}

/// The flat form of [`Initiate`] on the wire.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(
        rename = "Initiate",
        description = "`call:initiate`, to one user or to a group.",
        extend("oneOf" = [{ "required": ["toId", "sdpOffer"] }, { "required": ["groupId"] }])
    )
)]
#[serde(rename_all = "camelCase")]
struct RawInitiate {
    /// The caller.
    from_id: UserId,
    /// The callee of a 1-1 call. Either this or `groupId`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to_id: Option<UserId>,
    /// The group of a group call. Either this or `toId`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    group_id: Option<GroupId>,
    /// Sound, or sound and picture.
    call_type: CallType,
    /// The room, named by the caller.
    room_name: RoomName,
    /// The caller's offer. A 1-1 call needs it; in a group call it is for the media server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sdp_offer: Option<Sdp>,
}

impl TryFrom<RawInitiate> for Initiate {
    type Error = &'static str;

    fn try_from(raw: RawInitiate) -> Result<Self, Self::Error> {
        let target = match (raw.to_id, raw.group_id) {
            (Some(to), None) => {
                let offer = raw.sdp_offer.ok_or("missing field `sdpOffer`")?;
                CallTarget::User { to, offer }
            }
            (None, Some(group)) => CallTarget::Group { group, offer: raw.sdp_offer },
            (None, None) => return Err("missing field `toId` or `groupId`"),
            (Some(_), Some(_)) => return Err("`toId` and `groupId` exclude each other"),
        };
        Ok(Self { from_id: raw.from_id, target, call_type: raw.call_type, room_name: raw.room_name })
    }
}

impl From<Initiate> for RawInitiate {
    fn from(initiate: Initiate) -> Self {
        let (to_id, group_id, sdp_offer) = match initiate.target {
            CallTarget::User { to, offer } => (Some(to), None, Some(offer)),
            CallTarget::Group { group, offer } => (None, Some(group), offer),
        };
        Self {
            from_id: initiate.from_id,
            to_id,
            group_id,
            call_type: initiate.call_type,
            room_name: initiate.room_name,
            sdp_offer,
        }
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Initiate {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        RawInitiate::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        RawInitiate::json_schema(generator)
    }
}
