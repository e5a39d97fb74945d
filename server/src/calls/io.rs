//! What goes into the rules and what comes out.
use super::{MediaNews, MediaOrder, MediaSettings, OpenCall, Record};
use calls_protocol::{
    Ack, CallType, ClientEvent, EventId, GroupId, Refusal, RejectReason, RoomName, ServerEvent, UserId,
};
use std::{fmt, sync::Arc, time::Duration};

/// One connection of one device.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SocketId(pub u64);

impl fmt::Debug for SocketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// Something happened outside.
#[derive(Debug, Clone)]
pub enum Input {
    /// A client said something.
    Event {
        /// On which socket.
        socket: SocketId,
        /// Whom the socket's token names; none in open mode, where `call:register` is believed.
        authenticated: Option<UserId>,
        /// What it said.
        event: Box<ClientEvent>,
        /// What had to be looked up for it.
        facts: Facts,
    },
    /// A socket is gone.
    Closed {
        /// Which one.
        socket: SocketId,
    },
    /// Time passed: [`super::Calls::deadline`] is reached.
    Tick,
    /// The database says that this call was going on when the server stopped.
    Restore {
        /// Which call.
        call: OpenCall,
        /// Its group, if it is a group call and the group still exists.
        group: Option<Arc<GroupFacts>>,
    },
    /// The media server tells something.
    Media(MediaNews),
    /// The server is about to stop: no new calls.
    Stop,
    /// The server stops and nothing outlives it: every call ends now, and everyone is told.
    Shutdown,
}

/// What the edge looked up before it asked the rules. Only `call:register`, `call:initiate` and `call:join_room`
/// need any.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// `call:register`: who this is.
    pub profile: Option<Arc<Profile>>,
    /// `call:initiate` to a group: the group, if it exists.
    pub group: Option<Arc<GroupFacts>>,
    /// The same: why there is none, if it is not that the group does not exist.
    pub no_group: Option<Refusal>,
    /// `call:initiate` to a user: whether a push can wake a device of the callee.
    pub callee_has_push: bool,
    /// `call:join_room`: whether this user may open a room that does not exist.
    pub may_open_rooms: bool,
}

/// How a person is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The name.
    pub name: String,
    /// The picture.
    pub avatar: Option<String>,
}

/// A group of the messenger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupFacts {
    /// Its name.
    pub name: String,
    /// Everyone in it.
    pub members: Vec<UserId>,
}

/// What should happen outside.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// The answer to the event being handled: its acknowledgement, or a `call:error`. Always the first action.
    Reply(Result<Ack, Refusal>),
    /// An event for one socket. The same `Arc` goes to many in a row.
    Send {
        /// To whom.
        to: SocketId,
        /// What.
        event: Arc<ServerEvent>,
        /// Its place in what the room told, for `call:resume`.
        id: Option<EventId>,
    },
    /// Something to remember.
    Store(Record),
    /// A push to those devices of a user that have no socket.
    Push {
        /// Whose devices.
        user: UserId,
        /// What it says.
        push: Push,
    },
    /// Something for the media server to do; in order. None without [`CallSettings::media`].
    Media(MediaOrder),
    /// A newer socket of the same device took this one's place.
    Close(SocketId),
    /// For the log and the metrics.
    Note(Note),
}

/// What a push says.
#[derive(Debug, Clone, PartialEq)]
pub enum Push {
    /// It rings: wake up, connect, register.
    Ring(Arc<ServerEvent>),
    /// It rang, and nobody answered.
    Missed {
        /// Who called.
        from: UserId,
        /// Sound, or sound and picture.
        call_type: CallType,
        /// The room of the call.
        room: RoomName,
    },
}

/// What an operator wants to read or count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// A socket takes calls for a user.
    Registered(UserId),
    /// A 1-1 call was dialled.
    Initiated {
        /// The caller.
        from: UserId,
        /// The callee.
        to: UserId,
        /// Sound, or sound and picture.
        call_type: CallType,
    },
    /// A group call was started.
    GroupInitiated {
        /// Who started it.
        from: UserId,
        /// The group.
        group: GroupId,
        /// Sound, or sound and picture.
        call_type: CallType,
    },
    /// Devices of a user ring.
    Rang {
        /// Whose.
        user: UserId,
        /// How many.
        devices: usize,
    },
    /// A call was answered.
    Accepted {
        /// Its room.
        room: RoomName,
        /// By whom.
        user: UserId,
        /// How long it rang.
        after: Duration,
    },
    /// The answer is on its way to the caller.
    AnswerSent(UserId),
    /// A callee said no.
    Rejected {
        /// Its room.
        room: RoomName,
        /// Who.
        user: UserId,
        /// Why.
        reason: RejectReason,
    },
    /// Somebody came into a group call or a room.
    Joined {
        /// The room.
        room: RoomName,
        /// Who.
        user: UserId,
    },
    /// Somebody left a group call or a room.
    Left {
        /// The room.
        room: RoomName,
        /// Who.
        user: UserId,
    },
    /// A call is over.
    Ended {
        /// Its room.
        room: RoomName,
        /// Who ended it, if a person did.
        by: Option<UserId>,
        /// Why, in the word that stands in its row: `completed`, `declined`, `timeout` …
        reason: &'static str,
    },
}

/// The numbers of the contract; each can be set.
#[derive(Debug, Clone)]
pub struct CallSettings {
    /// How long a call rings.
    pub ring: Duration,
    /// How long a lost socket may take to come back.
    pub grace: Duration,
    /// How long the outcome of a call is known after its end, for messages that come late.
    pub remember: Duration,
    /// Calls a user may dial in a minute.
    pub attempts_per_minute: usize,
    /// Candidates one side may send to another in one call.
    pub candidates: usize,
    /// People in one room.
    pub participants: usize,
    /// One row of statistics a user in this time.
    pub stats_every: Duration,
    /// When rooms go through the media server; without one, all media goes straight between devices.
    pub media: Option<MediaSettings>,
}

impl Default for CallSettings {
    fn default() -> Self {
        Self {
            ring: Duration::from_secs(45),
            grace: Duration::from_secs(30),
            // As long as somebody may be away, and a margin for the message that was on its way.
            remember: Duration::from_secs(45),
            attempts_per_minute: 20,
            candidates: 200,
            participants: 50,
            stats_every: Duration::from_secs(5),
            media: None,
        }
    }
}
