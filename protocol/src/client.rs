//! What a client says to the server.
use crate::{CallType, Candidate, DeviceId, EventId, GroupId, RoomName, Sdp, UserId, events::events};
use serde::{Deserialize, Deserializer, Serialize, de};

events! {
    /// Everything a client can say.
    pub enum ClientEvent {
        /// This socket takes calls for the user; any number of devices may.
        "call:register" => Register(Register),
        /// Rings every device of a user, or every other member of a group.
        "call:initiate" => Initiate(Initiate),
        /// Answers. The first device wins; the others are told `answered_elsewhere`.
        "call:accept" => Accept(Accept),
        /// Declines, or says that this device is busy.
        "call:reject" => Reject(Reject),
        /// Ends a 1-1 call for both; in a group, leaves it, and the last one ends it.
        "call:end" => End(End),
        /// A network path to try, for the other side.
        "ice:candidate" => IceCandidate(IceCandidate),
        /// Joins a room; the acknowledgement is the room's state.
        "call:join_room" => JoinRoom(JoinRoom),
        /// Leaves a room without ending it for others.
        "call:leave_room" => LeaveRoom(LeaveRoom),
        /// Microphone or camera went on or off; others are told `user:media_changed`.
        "call:toggle_media" => ToggleMedia(ToggleMedia),
        /// A new offer or answer inside a call: ICE restart, video added, screen share.
        "call:renegotiate" => Renegotiate(Renegotiate),
        /// After a lost socket: the room's state, and every event missed, once each.
        "call:resume" => Resume(Resume),
        /// How the call sounds to this user; at most one row in five seconds is kept.
        "call:stats" => Stats(Stats),
        /// What the media server shall send to this participant.
        "call:subscribe" => Subscribe(Subscribe),
    }
}

/// `call:register`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Register {
    /// Whose calls this socket takes. Must be the user of the token, where there is one.
    pub user_id: UserId,
    /// The app's own name for this installation. With it, a new socket of the same device takes the old one's place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_id: Option<DeviceId>,
    /// `android`, `web` …; for the operator's statistics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// Where a push wakes this device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub push_token: Option<String>,
    /// Whether the app can take a second call while in one. Without it, a caller is told `recipient_busy`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub call_waiting: bool,
}

/// `call:initiate`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", try_from = "RawInitiate", into = "RawInitiate")]
#[cfg_attr(feature = "schema", schemars(with = "RawInitiate"))]
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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

/// `call:accept`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Accept {
    /// The room of the ringing call.
    pub room_name: RoomName,
    /// The callee.
    pub user_id: UserId,
    /// The answer to the offer that rang.
    pub sdp_answer: Sdp,
}

/// `call:reject`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Reject {
    /// The room of the ringing call.
    pub room_name: RoomName,
    /// The callee.
    pub user_id: UserId,
    /// `declined` unless said otherwise.
    #[serde(default)]
    pub reason: RejectReason,
}

/// Why a call was turned down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum RejectReason {
    /// The person said no.
    #[default]
    Declined,
    /// The person is in another call.
    Busy,
}

impl<'de> Deserialize<'de> for RejectReason {
    /// A reason of a newer client is a plain "no".
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let word = optional_word(input)?;
        Ok(if word.as_deref() == Some("busy") { Self::Busy } else { Self::Declined })
    }
}

/// `call:end`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct End {
    /// The room.
    pub room_name: RoomName,
    /// Who hangs up.
    pub user_id: UserId,
    /// `completed` unless said otherwise.
    #[serde(default)]
    pub reason: EndWish,
}

/// Why a client ends a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum EndWish {
    /// The conversation is over.
    #[default]
    Completed,
    /// The caller gave up before an answer.
    Cancelled,
    /// The call could not be connected or kept.
    Failed,
}

impl<'de> Deserialize<'de> for EndWish {
    /// A reason of a newer client ends the call like any other.
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let word = optional_word(input)?;
        Ok(match word.as_deref() {
            Some("cancelled") => Self::Cancelled,
            Some("failed") => Self::Failed,
            _ => Self::Completed,
        })
    }
}

fn optional_word<'de, D: Deserializer<'de>>(
    input: D,
) -> Result<Option<std::borrow::Cow<'de, str>>, D::Error> {
    Option::<std::borrow::Cow<'de, str>>::deserialize(input)
}

/// `ice:candidate`, in both directions: it arrives as it was sent.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct IceCandidate {
    /// The room.
    pub room_name: RoomName,
    /// For whom; without it, for everyone else in the room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_user_id: Option<UserId>,
    /// Whose path it is.
    pub from_user_id: UserId,
    /// The candidate.
    pub candidate: Candidate,
    /// Its media section by number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sdp_m_line_index: Option<u16>,
    /// Its media section by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sdp_mid: Option<String>,
}

/// `call:join_room`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct JoinRoom {
    /// The room.
    pub room_name: RoomName,
    /// Who joins.
    pub user_id: UserId,
    /// An offer to the media server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sdp_offer: Option<Sdp>,
    /// Whether the microphone is on; on unless said otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio: Option<bool>,
    /// Whether the camera is on; as the call's type unless said otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video: Option<bool>,
}

/// `call:leave_room`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LeaveRoom {
    /// The room.
    pub room_name: RoomName,
    /// Who leaves.
    pub user_id: UserId,
}

/// `call:toggle_media`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ToggleMedia {
    /// The room.
    pub room_name: RoomName,
    /// Whose microphone and camera.
    pub user_id: UserId,
    /// Whether the microphone is on.
    pub audio: bool,
    /// Whether the camera is on.
    pub video: bool,
}

/// `call:renegotiate`, from a client. Exactly one of `sdpOffer` and `sdpAnswer`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Renegotiate {
    /// The room.
    pub room_name: RoomName,
    /// For whom; `0` is the media server.
    pub to_user_id: Recipient,
    /// A new offer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sdp_offer: Option<Sdp>,
    /// The answer to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sdp_answer: Option<Sdp>,
}

/// A user, or the media server, which is user `0` on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Recipient {
    /// The media server.
    MediaServer,
    /// A user.
    User(UserId),
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
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Raw<'a> {
            Number(u64),
            #[serde(borrow)]
            Text(std::borrow::Cow<'a, str>),
        }
        let expected = || <D::Error as de::Error>::custom("expected a user id, or 0 for the media server");
        match Raw::deserialize(input).map_err(|_| expected())? {
            Raw::Number(0) => Ok(Self::MediaServer),
            Raw::Number(id) => UserId::new(id).map(Self::User).map_err(|_| expected()),
            Raw::Text(text) if text == "0" => Ok(Self::MediaServer),
            Raw::Text(text) => text.parse().map(Self::User).map_err(|_| expected()),
        }
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Recipient {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Recipient".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer", "description": "A user id, or 0 for the media server." })
    }
}

/// `call:resume`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Resume {
    /// The room.
    pub room_name: RoomName,
    /// Who is back.
    pub user_id: UserId,
    /// The largest `eventId` that this device saw in this room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_event_id: Option<EventId>,
}

/// `call:stats`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// The room.
    pub room_name: RoomName,
    /// Who measured.
    pub user_id: UserId,
    /// Round trip in milliseconds.
    pub rtt_ms: f64,
    /// Jitter in milliseconds.
    pub jitter_ms: f64,
    /// Lost packets in percent.
    pub loss_pct: f64,
    /// Bitrate in kilobits a second.
    pub bitrate_kbps: f64,
    /// Loudness, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio_level: Option<f64>,
    /// Estimated mean opinion score, 1 to 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mos: Option<f64>,
    /// `host`, `srflx`, `prflx` or `relay`.
    pub candidate_type: String,
}

/// `call:subscribe`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Subscribe {
    /// The room.
    pub room_name: RoomName,
    /// What to send, by whose it is.
    pub streams: Vec<StreamWish>,
}

/// What one participant wants of another's picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StreamWish {
    /// Whose picture.
    pub user_id: UserId,
    /// No higher than this many pixels.
    pub max_height: u16,
    /// Nothing for now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub paused: bool,
}

impl ClientEvent {
    /// The room it is about; `call:register` is about none.
    pub fn room(&self) -> Option<&RoomName> {
        match self {
            Self::Register(_) => None,
            Self::Initiate(e) => Some(&e.room_name),
            Self::Accept(e) => Some(&e.room_name),
            Self::Reject(e) => Some(&e.room_name),
            Self::End(e) => Some(&e.room_name),
            Self::IceCandidate(e) => Some(&e.room_name),
            Self::JoinRoom(e) => Some(&e.room_name),
            Self::LeaveRoom(e) => Some(&e.room_name),
            Self::ToggleMedia(e) => Some(&e.room_name),
            Self::Renegotiate(e) => Some(&e.room_name),
            Self::Resume(e) => Some(&e.room_name),
            Self::Stats(e) => Some(&e.room_name),
            Self::Subscribe(e) => Some(&e.room_name),
        }
    }

    /// Who it claims to be from. The server compares it with the socket's user and believes the latter.
    pub fn claimed_user(&self) -> Option<UserId> {
        match self {
            Self::Register(e) => Some(e.user_id),
            Self::Initiate(e) => Some(e.from_id),
            Self::Accept(e) => Some(e.user_id),
            Self::Reject(e) => Some(e.user_id),
            Self::End(e) => Some(e.user_id),
            Self::IceCandidate(e) => Some(e.from_user_id),
            Self::JoinRoom(e) => Some(e.user_id),
            Self::LeaveRoom(e) => Some(e.user_id),
            Self::ToggleMedia(e) => Some(e.user_id),
            Self::Resume(e) => Some(e.user_id),
            Self::Stats(e) => Some(e.user_id),
            Self::Renegotiate(_) | Self::Subscribe(_) => None,
        }
    }
}
