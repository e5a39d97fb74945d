//! The whole of what a screen shows, as one value.
use crate::{CallKey, EndReason, Picture, Time};
use calls_protocol::{CallType, GroupId, Reaction, RoomName, UnixMillis, UserId};

/// What is so now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Snapshot {
    /// Whether the server is there.
    pub server: ServerLink,
    /// The calls of this device, oldest first: at most two that go on, and what ended a moment ago.
    pub calls: Vec<CallSnapshot>,
}

/// Whether the server is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum ServerLink {
    /// Not yet, or not any more; somebody is trying.
    #[default]
    Down,
    /// Calls can come and go.
    Up,
    /// It does not know this user any more.
    SignedOut,
}

/// One call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallSnapshot {
    /// By which commands name it.
    pub key: CallKey,
    /// By which the server names it.
    pub room: RoomName,
    /// Who called.
    pub direction: Direction,
    /// Whether it began with a picture.
    pub call_type: CallType,
    /// Whom it is with.
    pub kind: CallKind,
    /// The name of the other one or of the group; empty if it is not known.
    pub title: String,
    /// Where it is.
    pub state: CallState,
    /// Whether the microphone is silenced.
    pub is_muted: bool,
    /// What we show.
    pub picture: Picture,
    /// Whether we share the screen beside that.
    pub is_sharing: bool,
    /// Whether we put it on hold.
    pub is_held: bool,
    /// Whether there is a connection to the media server: it goes that way, or is about to, or did a moment ago.
    pub is_by_server: bool,
    /// The one to show large, by the word of the media server.
    pub dominant: Option<UserId>,
    /// Who decides in a room of many; nobody in a 1-1 call.
    pub host: Option<UserId>,
    /// Whether our hand is up.
    pub is_hand_up: bool,
    /// Whether nobody new comes in.
    pub is_locked: bool,
    /// Whether newcomers wait until the host lets them in.
    pub has_waiting_room: bool,
    /// Who waits to be let in, in the order in which they came. Only a host knows.
    pub waiting: Vec<Waiting>,
    /// What was written in it since we are here, ours too: the last 200 lines.
    pub chat: Vec<ChatLine>,
    /// What people show at this moment, we too, the oldest first. Each for 5 s.
    pub reactions: Vec<Shown>,
    /// The host who silenced us; none when we speak again.
    pub muted_by: Option<UserId>,
    /// Everyone else in it, or whom it rings for.
    pub others: Vec<Other>,
}

/// Somebody who waits to be let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Who.
    pub user: UserId,
    /// Their name.
    pub name: String,
    /// Their picture.
    pub avatar: Option<String>,
    /// Since when, on the server's clock.
    pub since: UnixMillis,
}

/// A line of the chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatLine {
    /// No other line of the call has the same.
    pub id: String,
    /// Who wrote it.
    pub user: UserId,
    /// Their name; empty if it is not known.
    pub name: String,
    /// What they wrote: plain text.
    pub text: String,
    /// When it reached the server; none while it is on its way.
    pub at: Option<UnixMillis>,
    /// How far it is.
    pub state: ChatState,
}

/// How far a line of the chat is. One of somebody else is always sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChatState {
    /// On its way. It is said again after a lost connection.
    Sending,
    /// The server has it.
    Sent,
    /// The server did not take it.
    Failed,
}

/// What somebody shows for a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    /// Who.
    pub user: UserId,
    /// What.
    pub reaction: Reaction,
    /// No other one of the call has the same.
    pub id: u32,
}

/// Whom a call is with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallKind {
    /// One other person.
    OneToOne,
    /// A group of the messenger.
    Group(GroupId),
    /// Whoever knows the name of the room.
    Room,
}

/// Who called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// We.
    Outgoing,
    /// They.
    Incoming,
}

/// Where a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallState {
    /// We call; nobody knows yet whether it rings.
    Dialing,
    /// It rings at their side, at so many devices.
    RingingThere {
        /// How many; 0 while a push wakes a phone.
        devices: usize,
    },
    /// It rings here.
    RingingHere,
    /// We answered, and the server has yet to say that it counts.
    Answering,
    /// The host has been asked whether we may come in.
    AtTheDoor,
    /// Both want it.
    Talking {
        /// Since when.
        since: Time,
    },
    /// It is over.
    Ended {
        /// Why.
        reason: EndReason,
    },
}

/// Somebody else in a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Other {
    /// Who.
    pub user: UserId,
    /// Their name; empty if it is not known.
    pub name: String,
    /// Their picture.
    pub avatar: Option<String>,
    /// Whether their microphone is on.
    pub audio: bool,
    /// Whether they show a picture.
    pub video: bool,
    /// Whether they share their screen.
    pub screen: bool,
    /// Since when their hand is up, on the server's clock: the order of the hands.
    pub hand_raised_at: Option<UnixMillis>,
    /// How loud they are by the word of the media server, 0 to 10.
    pub loudness: u8,
    /// How media between us is.
    pub path: Path,
    /// The server lost them and waits for them to come back.
    pub is_away: bool,
}

/// How media between us and somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Path {
    /// It has not come yet.
    Connecting,
    /// It flows.
    Up,
    /// It stopped; it is being repaired.
    Repairing,
}
