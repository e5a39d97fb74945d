//! What the server says to a client.
mod room;

pub use room::{
    ChatMessage, HandChanged, LeftCall, MediaChanged, Muted, Participant, Reacted, RoomChanged, RoomState,
    Speaker, Speakers, StreamKind, StreamPlace, Streams, Topology, Waiting, WaitingUser, Wanted,
};

use crate::{
    CallId, CallType, ErrorCode, EventId, GroupId, IceCandidate, RejectReason, RoomName, Sdp, Seconds,
    UnixMillis, UserId, events::events,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

events! {
    /// Everything the server can say. What belongs to a room carries an `eventId` beside its payload.
    pub enum ServerEvent {
        /// The socket takes calls now; also the acknowledgement of `call:register`.
        "call:registered" => Registered(crate::Registered),
        /// It rings: a 1-1 call.
        "call:incoming" => Incoming(Incoming) + eventId,
        /// It rings: a group call.
        "group_call:incoming" => GroupIncoming(GroupIncoming) + eventId,
        /// The callee answered; to the device that called.
        "call:answer" => Answer(Answer) + eventId,
        /// A network path of the other side, as it was sent.
        "ice:candidate" => IceCandidate(IceCandidate) + eventId,
        /// The call is over.
        "call:ended" => Ended(Ended) + eventId,
        /// The callee said no.
        "call:rejected" => Rejected(Rejected) + eventId,
        /// Somebody came into the room.
        "user:joined_call" => UserJoined(UserInCall) + eventId,
        /// Somebody left the room.
        "user:left_call" => UserLeft(LeftCall) + eventId,
        /// Somebody's microphone, camera or shared screen went on or off.
        "user:media_changed" => MediaChanged(MediaChanged) + eventId,
        /// Somebody lost the connection to the server and has a while to come back.
        "user:reconnecting" => Reconnecting(Presence) + eventId,
        /// Somebody is back.
        "user:reconnected" => Reconnected(Presence) + eventId,
        /// A new offer or answer of another participant, or of the media server. The media server's offers have no
        /// `eventId`: it says the latest again after `call:resume`.
        "call:renegotiate" => Renegotiate(RelayedRenegotiate) + eventId,
        /// The host switched your microphone off. You may switch it on again.
        "call:muted" => Muted(Muted) + eventId,
        /// Somebody's hand went up or down.
        "user:hand_changed" => HandChanged(HandChanged) + eventId,
        /// Somebody shows something for a moment. Who was away does not hear of it later.
        "user:reacted" => Reacted(Reacted),
        /// Somebody wrote to everyone in the room.
        "call:chat" => Chat(ChatMessage) + eventId,
        /// The host locked or unlocked the room, or has newcomers wait or no longer.
        "call:room_changed" => RoomChanged(RoomChanged) + eventId,
        /// Who waits to be let in; to the host, each time it changes, and again to one who comes back.
        "call:waiting" => Waiting(Waiting) + eventId,
        /// Who is speaking.
        "call:speakers" => Speakers(Speakers),
        /// In which media section of the media server's description who is heard and seen; each time it changes, and
        /// again after `call:resume`.
        "call:streams" => Streams(Streams),
        /// How large your pictures are looked at, through the media server: larger layers need not be sent, and nothing
        /// of what nobody looks at. Each time it changes, and again after `call:resume`; until the first, everything.
        "call:wanted" => Wanted(Wanted),
        /// The whole state of a room: for whoever was let in, and for everyone when the topology changes.
        "call:room_state" => RoomState(RoomState),
        /// An event without an acknowledgement failed.
        "call:error" => Error(CallError),
    }
}

/// One STUN or TURN server, as `RTCPeerConnection` takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct IceServer {
    /// `stun:`, `turn:` or `turns:` addresses.
    pub urls: Vec<String>,
    /// Only of TURN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Only of TURN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
}

/// The servers one user may use, with credentials made for that user. Cloning is cheap.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IceServers(pub Arc<[IceServer]>);

impl Serialize for IceServers {
    fn serialize<S: serde::Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        output.collect_seq(self.0.iter())
    }
}

impl<'de> Deserialize<'de> for IceServers {
    fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        Vec::deserialize(input).map(|servers| Self(servers.into()))
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for IceServers {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "IceServers".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let mut list = Vec::<IceServer>::json_schema(generator);
        let of_one_user = "The servers one user may use, with credentials made for that user.";
        list.insert("description".into(), of_one_user.into());
        list
    }
}

/// `call:incoming`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Incoming {
    /// The row of the call.
    pub call_id: CallId,
    /// The caller.
    pub from_id: UserId,
    /// The caller's name.
    pub from_name: String,
    /// The caller's picture.
    #[serde(default)]
    pub from_avatar: Option<String>,
    /// The callee.
    pub to_id: UserId,
    /// Sound, or sound and picture.
    pub call_type: CallType,
    /// The room.
    pub room_name: RoomName,
    /// The caller's offer.
    pub sdp_offer: Sdp,
    /// For the callee.
    pub ice_servers: IceServers,
    /// When the caller dialled.
    pub created_at: UnixMillis,
    /// When it stops ringing.
    pub expires_at: UnixMillis,
}

/// `group_call:incoming`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct GroupIncoming {
    /// The row of the call.
    pub call_id: CallId,
    /// The group.
    pub group_id: GroupId,
    /// The group's name.
    pub group_name: String,
    /// Who started the call.
    pub initiator_id: UserId,
    /// Their name.
    pub initiator_name: String,
    /// Sound, or sound and picture.
    pub call_type: CallType,
    /// The room.
    pub room_name: RoomName,
    /// For the one who is rung.
    pub ice_servers: IceServers,
    /// When the call was started.
    pub created_at: UnixMillis,
    /// When it stops ringing.
    pub expires_at: UnixMillis,
}

/// `call:answer`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// The room.
    pub room_name: RoomName,
    /// Who answered; `0` is the media server.
    pub user_id: crate::Recipient,
    /// The answer.
    pub sdp_answer: Sdp,
    /// For the one who called.
    pub ice_servers: IceServers,
}

/// `call:ended`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Ended {
    /// The room.
    pub room_name: RoomName,
    /// Why.
    pub reason: EndedReason,
    /// Who ended it; nobody when time or the server did.
    #[serde(default)]
    pub ended_by: Option<UserId>,
    /// From accept to end.
    pub duration: Seconds,
    /// After both called each other at once: the room of the call that goes on instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<RoomName>,
}

/// Why a call is over for the one who is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum EndedReason {
    /// Somebody hung up.
    Completed,
    /// The caller gave up before an answer.
    Cancelled,
    /// It could not be connected, or somebody did not come back.
    Failed,
    /// Nobody answered here in time.
    Missed,
    /// Another device of this user answered.
    AnsweredElsewhere,
    /// Another device of this user said no.
    DeclinedElsewhere,
    /// Another device of this user is in a call.
    BusyElsewhere,
    /// The other side did not answer in time.
    Timeout,
    /// The server stopped.
    ServerShutdown,
    /// The host removed you, or did not let you in.
    Removed,
    /// A reason of a newer server.
    #[serde(other)]
    #[cfg_attr(feature = "schema", schemars(skip))]
    Unknown,
}

impl EndedReason {
    /// The word on the wire, in the log and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
            Self::Missed => "missed",
            Self::AnsweredElsewhere => "answered_elsewhere",
            Self::DeclinedElsewhere => "declined_elsewhere",
            Self::BusyElsewhere => "busy_elsewhere",
            Self::Timeout => "timeout",
            Self::ServerShutdown => "server_shutdown",
            Self::Removed => "removed",
            Self::Unknown => "unknown",
        }
    }
}

/// `call:rejected`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Rejected {
    /// The room.
    pub room_name: RoomName,
    /// Who said no.
    pub user_id: UserId,
    /// Why.
    pub reason: RejectReason,
}

/// `user:joined_call`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct UserInCall {
    /// The room.
    pub room_name: RoomName,
    /// Who.
    pub user_id: UserId,
    /// Their name.
    pub user_name: String,
    /// Their picture.
    #[serde(default)]
    pub avatar: Option<String>,
    /// Whether their microphone is on.
    pub audio: bool,
    /// Whether their camera is on.
    pub video: bool,
}

/// `user:reconnecting` and `user:reconnected`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Presence {
    /// The room.
    pub room_name: RoomName,
    /// Who.
    pub user_id: UserId,
}

/// `call:renegotiate`, from the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(extend("oneOf" = [{ "required": ["sdpOffer"] }, { "required": ["sdpAnswer"] }]))
)]
#[serde(rename_all = "camelCase")]
pub struct RelayedRenegotiate {
    /// The room.
    pub room_name: RoomName,
    /// From whom; `0` is the media server.
    pub from_user_id: crate::Recipient,
    /// A new offer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sdp_offer: Option<Sdp>,
    /// The answer to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sdp_answer: Option<Sdp>,
}

/// `call:error`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CallError {
    /// The event that failed.
    pub event: String,
    /// What a program matches on.
    pub code: ErrorCode,
    /// One sentence that a person can act on.
    pub message: String,
    /// The room it was about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room_name: Option<RoomName>,
}

impl CallError {
    /// Whether the media server says so: about our offer to it, or that it has forgotten us. All else is answered by
    /// its acknowledgement.
    pub fn is_of_media_server(&self) -> bool {
        self.event == "call:renegotiate"
    }
}

impl ServerEvent {
    /// The room it is about; `call:registered` is about none.
    pub fn room(&self) -> Option<&RoomName> {
        Some(match self {
            Self::Registered(_) => return None,
            Self::Incoming(e) => &e.room_name,
            Self::GroupIncoming(e) => &e.room_name,
            Self::Answer(e) => &e.room_name,
            Self::IceCandidate(e) => &e.room_name,
            Self::Ended(e) => &e.room_name,
            Self::Rejected(e) => &e.room_name,
            Self::UserJoined(e) => &e.room_name,
            Self::UserLeft(e) => &e.room_name,
            Self::MediaChanged(e) => &e.room_name,
            Self::Reconnecting(e) | Self::Reconnected(e) => &e.room_name,
            Self::Renegotiate(e) => &e.room_name,
            Self::Muted(e) => &e.room_name,
            Self::HandChanged(e) => &e.room_name,
            Self::Reacted(e) => &e.room_name,
            Self::Chat(e) => &e.room_name,
            Self::RoomChanged(e) => &e.room_name,
            Self::Waiting(e) => &e.room_name,
            Self::Speakers(e) => &e.room_name,
            Self::Streams(e) => &e.room_name,
            Self::Wanted(e) => &e.room_name,
            Self::RoomState(e) => &e.room_name,
            Self::Error(e) => return e.room_name.as_ref(),
        })
    }

    /// Appends the payload as JSON, with the id that a device names in `call:resume`.
    pub fn write_payload_with_id(&self, id: Option<EventId>, out: &mut Vec<u8>) {
        self.write_payload(out);
        if let Some(id) = id {
            let brace = out.pop();
            debug_assert_eq!(brace, Some(b'}'), "a payload is an object");
            out.extend_from_slice(b",\"eventId\":");
            out.extend_from_slice(id.to_string().as_bytes());
            out.push(b'}');
        }
    }

    /// Reads the id that stands beside the payload of what belongs to a room.
    pub fn event_id(payload: &str) -> Option<EventId> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Id {
            event_id: EventId,
        }
        serde_json::from_str::<Id>(payload).ok().map(|id| id.event_id)
    }
}
