//! What a client says to the server.
mod initiate;
mod renegotiate;
mod room;
mod subscribe;

pub use initiate::{CallTarget, Initiate};
pub use renegotiate::{Recipient, Renegotiate};
pub use room::{Admit, Chat, Lock, Mute, RaiseHand, React, Reaction, Remove, WaitingRoom};
pub use subscribe::{PictureKind, StreamWish, Subscribe};

use crate::{Candidate, DeviceId, EventId, RoomName, Sdp, UserId, bounds, events::events};
use serde::{Deserialize, Deserializer, Serialize};

events! {
    /// Everything a client can say.
    pub enum ClientEvent {
        /// This socket takes calls for the user; any number of devices may.
        "call:register" => Register(Register) -> Registered refused [Forbidden],
        /// Rings every device of a user, or every other member of a group.
        "call:initiate" => Initiate(Initiate) -> Initiated refused [
            RecipientOffline RecipientBusy AlreadyInCall Conflict NotFound Forbidden AlreadyAnswered Expired Unavailable
        ],
        /// Answers. The first device wins; the others are told `answered_elsewhere`. In a group call it joins, like
        /// `call:join_room`, and the answer has the fields of that one.
        "call:accept" => Accept(Accept) -> Accepted refused [
            AlreadyAnswered Expired NotFound Forbidden RoomFull
        ],
        /// Declines, or says that this device is busy.
        "call:reject" => Reject(Reject) -> Done refused [AlreadyAnswered Expired NotFound Forbidden Conflict],
        /// Ends a 1-1 call for both; in a group, leaves it, and the last one ends it.
        "call:end" => End(End) -> EndedAck refused [NotFound Forbidden AlreadyAnswered Conflict],
        /// A network path to try, for the other side.
        "ice:candidate" => IceCandidate(IceCandidate) -> Done refused [
            Expired NotFound Forbidden Conflict AlreadyAnswered
        ],
        /// Joins a room; the acknowledgement is the room's state.
        "call:join_room" => JoinRoom(JoinRoom) -> RoomState refused [
            RoomFull Expired NotFound Forbidden AlreadyAnswered Unavailable
        ],
        /// Leaves a room without ending it for others.
        "call:leave_room" => LeaveRoom(LeaveRoom) -> Done refused [
            NotFound Forbidden AlreadyAnswered Conflict
        ],
        /// Microphone or camera went on or off; others are told `user:media_changed`.
        "call:toggle_media" => ToggleMedia(ToggleMedia) -> Done refused [
            Expired NotFound Forbidden Conflict AlreadyAnswered
        ],
        /// A new offer or answer inside a call: ICE restart, video added, screen share.
        "call:renegotiate" => Renegotiate(Renegotiate) -> Done refused [
            Expired NotFound Forbidden Conflict AlreadyAnswered Unavailable
        ],
        /// After a lost socket: the room's state, and every event missed, once each.
        "call:resume" => Resume(Resume) -> RoomState refused [Expired NotFound Forbidden AlreadyAnswered],
        /// How the call sounds to this user; at most one row in five seconds is kept.
        "call:stats" => Stats(Stats) -> Done refused [Expired NotFound Forbidden Conflict AlreadyAnswered],
        /// What the media server shall send to this participant.
        "call:subscribe" => Subscribe(Subscribe) -> Done refused [
            Expired NotFound Forbidden Conflict AlreadyAnswered Unavailable
        ],
        /// The host switches somebody's microphone off: they are told `call:muted`, the others `user:media_changed`.
        "call:mute" => Mute(Mute) -> Done refused [Expired NotFound Forbidden Conflict AlreadyAnswered],
        /// The host removes somebody: they are told `call:ended` with the reason `removed`, and stay out until the host
        /// admits them again. Of one who waits: they are not let in, and cannot ask again.
        "call:remove" => Remove(Remove) -> Done refused [Expired NotFound Forbidden Conflict AlreadyAnswered],
        /// The host locks the room, or unlocks it: nobody new comes in, whoever was in it may return. The others are
        /// told `call:room_changed`.
        "call:lock" => Lock(Lock) -> Done refused [Expired NotFound Forbidden Conflict AlreadyAnswered],
        /// The host has newcomers wait, or no longer. The others are told `call:room_changed`.
        "call:waiting_room" => WaitingRoom(WaitingRoom) -> Done refused [
            Expired NotFound Forbidden Conflict AlreadyAnswered
        ],
        /// The host lets somebody in who waits, or does not; or lets somebody come back who was removed.
        "call:admit" => Admit(Admit) -> Done refused [
            RoomFull Expired NotFound Forbidden Conflict AlreadyAnswered
        ],
        /// A hand goes up or down; others are told `user:hand_changed`.
        "call:raise_hand" => RaiseHand(RaiseHand) -> Done refused [
            Expired NotFound Forbidden Conflict AlreadyAnswered
        ],
        /// Shows something for a moment; others are told `user:reacted`.
        "call:react" => React(React) -> Done refused [Expired NotFound Forbidden Conflict AlreadyAnswered],
        /// Writes to everyone in the room. Nothing of it is kept when the room is over.
        "call:chat" => Chat(Chat) -> Written refused [Expired NotFound Forbidden Conflict AlreadyAnswered],
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
    #[serde(
        default,
        deserialize_with = "bounds::maybe_full_text::<{ bounds::PLATFORM }, _>",
        skip_serializing_if = "Option::is_none"
    )]
    #[cfg_attr(feature = "schema", schemars(length(max = bounds::PLATFORM)))]
    pub platform: Option<String>,
    /// Where a push wakes this device.
    #[serde(
        default,
        deserialize_with = "bounds::maybe_full_text::<{ bounds::PUSH_TOKEN }, _>",
        skip_serializing_if = "Option::is_none"
    )]
    #[cfg_attr(feature = "schema", schemars(length(max = bounds::PUSH_TOKEN)))]
    pub push_token: Option<String>,
    /// Whether the app can take a second call while in one. Without it, a caller is told `recipient_busy`.
    #[serde(default, deserialize_with = "bounds::flag", skip_serializing_if = "std::ops::Not::not")]
    pub call_waiting: bool,
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(extend("x-open" = true)))]
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(extend("x-open" = true)))]
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
    /// For whom; without it, for everyone else in the room. `0`, the media server, takes it and does not need it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_user_id: Option<Recipient>,
    /// Whose path it is.
    pub from_user_id: UserId,
    /// The candidate.
    pub candidate: Candidate,
    /// Its media section by number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sdp_m_line_index: Option<u16>,
    /// Its media section by name.
    #[serde(
        default,
        deserialize_with = "bounds::maybe_text::<{ bounds::SDP_MID }, _>",
        skip_serializing_if = "Option::is_none"
    )]
    #[cfg_attr(feature = "schema", schemars(length(max = bounds::SDP_MID)))]
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
    /// Whether the screen is shared; as it was unless said otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub screen: Option<bool>,
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
    #[serde(deserialize_with = "bounds::number::<0, { bounds::DELAY_MS }, _>")]
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = bounds::DELAY_MS)))]
    pub rtt_ms: f64,
    /// Jitter in milliseconds.
    #[serde(deserialize_with = "bounds::number::<0, { bounds::DELAY_MS }, _>")]
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = bounds::DELAY_MS)))]
    pub jitter_ms: f64,
    /// Lost packets in percent.
    #[serde(deserialize_with = "bounds::number::<0, 100, _>")]
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 100)))]
    pub loss_pct: f64,
    /// Bitrate in kilobits a second.
    #[serde(deserialize_with = "bounds::number::<0, { bounds::BITRATE_KBPS }, _>")]
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = bounds::BITRATE_KBPS)))]
    pub bitrate_kbps: f64,
    /// Loudness, 0 to 1.
    #[serde(
        default,
        deserialize_with = "bounds::maybe_number::<0, 1, _>",
        skip_serializing_if = "Option::is_none"
    )]
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1)))]
    pub audio_level: Option<f64>,
    /// Estimated mean opinion score, 1 to 5.
    #[serde(
        default,
        deserialize_with = "bounds::maybe_number::<1, 5, _>",
        skip_serializing_if = "Option::is_none"
    )]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 5)))]
    pub mos: Option<f64>,
    /// `host`, `srflx`, `prflx` or `relay`.
    #[serde(deserialize_with = "bounds::text::<{ bounds::CANDIDATE_TYPE }, _>")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = bounds::CANDIDATE_TYPE)))]
    pub candidate_type: String,
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
            Self::Mute(e) => Some(&e.room_name),
            Self::Remove(e) => Some(&e.room_name),
            Self::Lock(e) => Some(&e.room_name),
            Self::WaitingRoom(e) => Some(&e.room_name),
            Self::Admit(e) => Some(&e.room_name),
            Self::RaiseHand(e) => Some(&e.room_name),
            Self::React(e) => Some(&e.room_name),
            Self::Chat(e) => Some(&e.room_name),
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
            Self::RaiseHand(e) => Some(e.user_id),
            Self::React(e) => Some(e.user_id),
            Self::Chat(e) => Some(e.user_id),
            Self::Renegotiate(_)
            | Self::Subscribe(_)
            | Self::Mute(_)
            | Self::Remove(_)
            | Self::Lock(_)
            | Self::WaitingRoom(_)
            | Self::Admit(_) => None,
        }
    }
}
