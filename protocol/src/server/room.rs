//! What a room of many tells: its state, who is heard and seen where, hands, reactions, chat, and who waits.
use crate::{CallId, CallType, IceServers, Reaction, RoomName, UnixMillis, UserId, bounds};
use serde::{Deserialize, Serialize};

/// `call:room_state`; also the acknowledgement of `call:join_room` and `call:resume`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RoomState {
    /// The room.
    pub room_name: RoomName,
    /// The row of the call; an open room has none.
    #[serde(default)]
    pub call_id: Option<CallId>,
    /// Sound, or sound and picture.
    pub call_type: CallType,
    /// Which way the media goes.
    pub topology: Topology,
    /// Who is in the room, in the order in which they came. Nobody for one who waits to be let in.
    pub participants: Vec<Participant>,
    /// When it was answered or, in a group, when the first two were in it together; in an open room, when it was opened.
    #[serde(default)]
    pub started_at: Option<UnixMillis>,
    /// Who may mute, remove and admit others; nobody in a 1-1 call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_id: Option<UserId>,
    /// Nobody new comes in.
    #[serde(default, deserialize_with = "bounds::flag", skip_serializing_if = "std::ops::Not::not")]
    pub locked: bool,
    /// Newcomers wait until the host lets them in.
    #[serde(default, deserialize_with = "bounds::flag", skip_serializing_if = "std::ops::Not::not")]
    pub waiting_room: bool,
    /// You are not in it yet: the host has been asked. `call:room_state` without this says that you are,
    /// `call:ended` that you are not let in.
    #[serde(default, deserialize_with = "bounds::flag", skip_serializing_if = "std::ops::Not::not")]
    pub waiting: bool,
    /// For the one who is told.
    pub ice_servers: IceServers,
}

/// Which way the media goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Topology {
    /// Straight between two devices.
    P2p,
    /// Straight between every two participants.
    Mesh,
    /// Through the media server.
    Sfu,
    /// A way of a newer server.
    #[serde(other)]
    #[cfg_attr(feature = "schema", schemars(skip))]
    Unknown,
}

/// One who is in a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Participant {
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
    /// Whether they share their screen.
    #[serde(default, deserialize_with = "bounds::flag", skip_serializing_if = "std::ops::Not::not")]
    pub screen: bool,
    /// Since when.
    pub joined_at: UnixMillis,
    /// Since when their hand is up. No two of a room are the same: they are the order of the hands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hand_raised_at: Option<UnixMillis>,
}

/// `user:left_call`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LeftCall {
    /// The room.
    pub room_name: RoomName,
    /// Who.
    pub user_id: UserId,
    /// Their name.
    pub user_name: String,
    /// Their picture.
    #[serde(default)]
    pub avatar: Option<String>,
    /// Whether their microphone was on.
    pub audio: bool,
    /// Whether their camera was on.
    pub video: bool,
    /// Who is the host now, if they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_id: Option<UserId>,
}

/// `user:media_changed`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct MediaChanged {
    /// The room.
    pub room_name: RoomName,
    /// Whose.
    pub user_id: UserId,
    /// Whether the microphone is on.
    pub audio: bool,
    /// Whether the camera is on.
    pub video: bool,
    /// Whether the screen is shared.
    #[serde(default, deserialize_with = "bounds::flag", skip_serializing_if = "std::ops::Not::not")]
    pub screen: bool,
}

/// `call:speakers`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Speakers {
    /// The room.
    pub room_name: RoomName,
    /// The one to show large.
    #[serde(default)]
    pub dominant: Option<UserId>,
    /// Everyone who is heard.
    pub speakers: Vec<Speaker>,
}

/// One who is heard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Speaker {
    /// Who.
    pub user_id: UserId,
    /// How loud, 0 to 1.
    #[serde(deserialize_with = "bounds::loudness")]
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1)))]
    pub level: f32,
}

/// `call:streams`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Streams {
    /// The room.
    pub room_name: RoomName,
    /// Everything that is sent to you; what is not named is not sent.
    pub streams: Vec<StreamPlace>,
}

/// In which media section somebody is heard or seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StreamPlace {
    /// The media section of the media server's description.
    pub mid: String,
    /// Whose it is.
    pub user_id: UserId,
    /// What it is.
    pub kind: StreamKind,
}

/// What somebody sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum StreamKind {
    /// What the microphone hears.
    Audio,
    /// What the camera sees.
    Camera,
    /// The shared screen.
    Screen,
    /// Something of a newer server.
    #[serde(other)]
    #[cfg_attr(feature = "schema", schemars(skip))]
    Unknown,
}

/// `call:wanted`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Wanted {
    /// The room.
    pub room_name: RoomName,
    /// The height of the largest layer of your camera that anybody can use; 0 if nobody looks.
    pub camera: u16,
    /// Whether anybody looks at your shared screen.
    pub screen: bool,
}

/// `call:muted`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Muted {
    /// The room.
    pub room_name: RoomName,
    /// Whose microphone: yours.
    pub user_id: UserId,
    /// Who switched it off.
    pub muted_by: UserId,
}

/// `user:hand_changed`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct HandChanged {
    /// The room.
    pub room_name: RoomName,
    /// Whose hand.
    pub user_id: UserId,
    /// Since when it is up; it is down without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hand_raised_at: Option<UnixMillis>,
}

/// `user:reacted`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Reacted {
    /// The room.
    pub room_name: RoomName,
    /// Who.
    pub user_id: UserId,
    /// What they show.
    pub reaction: Reaction,
}

/// `call:chat`, from the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ChatMessage {
    /// The room.
    pub room_name: RoomName,
    /// Who wrote it.
    pub user_id: UserId,
    /// Their name.
    pub user_name: String,
    /// Its writer's own name for it.
    pub message_id: String,
    /// What they wrote: plain text.
    pub text: String,
    /// When it reached the server.
    pub sent_at: UnixMillis,
}

/// `call:room_changed`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RoomChanged {
    /// The room.
    pub room_name: RoomName,
    /// Nobody new comes in.
    pub locked: bool,
    /// Newcomers wait until the host lets them in.
    pub waiting_room: bool,
    /// Who changed it.
    pub changed_by: UserId,
}

/// `call:waiting`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Waiting {
    /// The room.
    pub room_name: RoomName,
    /// Everyone who waits, in the order in which they came.
    pub waiting: Vec<WaitingUser>,
}

/// One who waits to be let in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct WaitingUser {
    /// Who.
    pub user_id: UserId,
    /// Their name.
    pub user_name: String,
    /// Their picture.
    #[serde(default)]
    pub avatar: Option<String>,
    /// Since when.
    pub since: UnixMillis,
}
