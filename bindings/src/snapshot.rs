//! What is so at one moment.
use crate::{ChatLine, EndReason, ShownReaction, WaitingPerson};
use calls_core as core;
use std::{
    collections::HashMap,
    time::{Duration, SystemTime},
};

/// Declares an enum without data like one of the engine, and how they become each other.
macro_rules! mirror {
    ($(#[$outer:meta])* $name:ident of $of:path { $($(#[$doc:meta])* $variant:ident,)* }) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
        pub enum $name { $($(#[$doc])* $variant,)* }

        impl From<$of> for $name {
            fn from(of: $of) -> Self {
                use $of as Of;
                match of { $(Of::$variant => Self::$variant,)* }
            }
        }

        impl From<$name> for $of {
            fn from(of: $name) -> Self {
                use $of as Of;
                match of { $($name::$variant => Of::$variant,)* }
            }
        }
    };
}
pub(crate) use mirror;

mirror! {
    /// Whether the server is there.
    ServerLink of core::ServerLink {
        /// Not yet, or not any more; somebody is trying.
        Down,
        /// Calls can come and go.
        Up,
        /// It does not know this user any more.
        SignedOut,
    }
}

mirror! {
    /// With picture or without.
    CallType of calls_protocol::CallType {
        /// Without.
        Audio,
        /// With.
        Video,
    }
}

mirror! {
    /// Who called.
    Direction of core::Direction {
        /// We.
        Outgoing,
        /// They.
        Incoming,
    }
}

mirror! {
    /// What we show.
    Picture of core::Picture {
        /// Nothing.
        None,
        /// The camera.
        Camera,
        /// The screen.
        Screen,
    }
}

mirror! {
    /// How media between us and somebody is.
    MediaPath of core::Path {
        /// It has not come yet.
        Connecting,
        /// It flows.
        Up,
        /// It stopped; it is being repaired.
        Repairing,
    }
}

/// Whom a call is with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum CallKind {
    /// One other person.
    OneToOne,
    /// A group of the messenger.
    Group {
        /// Its number.
        group: i64,
    },
    /// Whoever knows the name of the room.
    Room,
}

/// Where a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum CallState {
    /// We call; nobody knows yet whether it rings.
    Dialing,
    /// It rings at their side.
    RingingThere {
        /// At so many devices; 0 while a push wakes a phone.
        devices: i32,
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
        since: SystemTime,
    },
    /// It is over.
    Ended {
        /// Why.
        reason: EndReason,
    },
}

/// Somebody else in a call.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Participant {
    /// Who.
    pub user: i64,
    /// Their name; empty if it is not known.
    pub name: String,
    /// Their picture.
    pub avatar: Option<String>,
    /// Whether their microphone is on.
    pub audio: bool,
    /// Whether they show a picture.
    pub video: bool,
    /// How media between us is.
    pub path: MediaPath,
    /// The server lost them and waits for them to come back.
    pub is_away: bool,
    /// Whether they share their screen.
    #[uniffi(default = false)]
    pub screen: bool,
    /// How loud they are by the word of the media server, 0 to 10; 0 in a call without it.
    #[uniffi(default = 0)]
    pub loudness: i32,
    /// Since when their hand is up, in milliseconds on the server's clock: the order of the hands.
    #[uniffi(default = None)]
    pub hand_raised_at: Option<i64>,
}

/// One call.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct CallSnapshot {
    /// By which this device names it.
    pub id: i64,
    /// By which the server names it.
    pub room: String,
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
    /// Whether we put it on hold.
    pub is_held: bool,
    /// Everyone else in it, or whom it rings for.
    pub participants: Vec<Participant>,
    /// The one to show large, in a call through the media server.
    #[uniffi(default = None)]
    pub dominant: Option<i64>,
    /// Who decides in a room of many.
    #[uniffi(default = None)]
    pub host: Option<i64>,
    /// Whether our hand is up.
    #[uniffi(default = false)]
    pub is_hand_up: bool,
    /// Whether it goes through the media server.
    #[uniffi(default = false)]
    pub is_by_server: bool,
    /// Whether nobody new comes in.
    #[uniffi(default = false)]
    pub is_locked: bool,
    /// Whether newcomers wait until the host lets them in.
    #[uniffi(default = false)]
    pub has_waiting_room: bool,
    /// Who waits to be let in, in the order in which they came. Only a host knows.
    #[uniffi(default = [])]
    pub waiting: Vec<WaitingPerson>,
    /// What was written in it since we are here, ours too: the last 200 lines.
    #[uniffi(default = [])]
    pub chat: Vec<ChatLine>,
    /// What people show at this moment, we too, the oldest first. Each for 5 s.
    #[uniffi(default = [])]
    pub reactions: Vec<ShownReaction>,
    /// The host who silenced us; none when we speak again.
    #[uniffi(default = None)]
    pub muted_by: Option<i64>,
    /// Whether we share the screen beside what we show.
    #[uniffi(default = false)]
    pub is_sharing: bool,
}

/// All calls of this device.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct CallsSnapshot {
    /// Whether the server is there.
    pub server: ServerLink,
    /// Oldest first: at most two that go on, and what ended a moment ago.
    pub calls: Vec<CallSnapshot>,
}

/// How loud everyone is, from 0 to 1.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct SoundLevels {
    /// What our microphone hears, if anybody may hear it.
    pub mine: f32,
    /// The others, by who they are.
    pub others: HashMap<i64, f32>,
}

/// The clock of the engine on that of the wall. Taken once, so that the same moment is always told the same.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Epoch(SystemTime);

impl Epoch {
    /// Of a clock that says `now` now.
    pub(crate) fn new(now: core::Time) -> Self {
        Self(SystemTime::now() - Duration::from_millis(now.0))
    }

    fn at(self, time: core::Time) -> SystemTime {
        self.0 + Duration::from_millis(time.0)
    }

    /// All calls.
    pub(crate) fn snapshot(self, all: &core::Snapshot) -> CallsSnapshot {
        let core::Snapshot { server, calls } = all;
        CallsSnapshot { server: (*server).into(), calls: calls.iter().map(|call| self.call(call)).collect() }
    }

    fn call(self, call: &core::CallSnapshot) -> CallSnapshot {
        let core::CallSnapshot {
            key,
            room,
            direction,
            call_type,
            kind,
            title,
            state,
            is_muted,
            picture,
            is_sharing,
            is_held,
            is_by_server,
            dominant,
            host,
            is_hand_up,
            is_locked,
            has_waiting_room,
            waiting,
            chat,
            reactions,
            muted_by,
            others,
        } = call;
        CallSnapshot {
            id: key.0.into(),
            room: room.as_str().to_owned(),
            direction: (*direction).into(),
            call_type: (*call_type).into(),
            kind: match kind {
                core::CallKind::OneToOne => CallKind::OneToOne,
                core::CallKind::Group(group) => CallKind::Group { group: group.get().cast_signed() },
                core::CallKind::Room => CallKind::Room,
            },
            title: title.clone(),
            state: self.state(*state),
            is_muted: *is_muted,
            picture: (*picture).into(),
            is_sharing: *is_sharing,
            is_held: *is_held,
            is_by_server: *is_by_server,
            dominant: dominant.map(|user| user.get().cast_signed()),
            host: host.map(|user| user.get().cast_signed()),
            is_hand_up: *is_hand_up,
            is_locked: *is_locked,
            has_waiting_room: *has_waiting_room,
            waiting: waiting.iter().map(WaitingPerson::from).collect(),
            chat: chat.iter().map(ChatLine::from).collect(),
            reactions: reactions.iter().filter_map(ShownReaction::of).collect(),
            muted_by: muted_by.map(|user| user.get().cast_signed()),
            participants: others.iter().map(Participant::from).collect(),
        }
    }

    fn state(self, state: core::CallState) -> CallState {
        match state {
            core::CallState::Dialing => CallState::Dialing,
            core::CallState::RingingThere { devices } => {
                CallState::RingingThere { devices: i32::try_from(devices).unwrap_or(i32::MAX) }
            }
            core::CallState::RingingHere => CallState::RingingHere,
            core::CallState::Answering => CallState::Answering,
            core::CallState::AtTheDoor => CallState::AtTheDoor,
            core::CallState::Talking { since } => CallState::Talking { since: self.at(since) },
            core::CallState::Ended { reason } => CallState::Ended { reason: reason.into() },
        }
    }
}

impl From<&core::Other> for Participant {
    fn from(other: &core::Other) -> Self {
        let core::Other { user, name, avatar, audio, video, screen, hand_raised_at, loudness, path, is_away } =
            other;
        Self {
            user: user.get().cast_signed(),
            name: name.clone(),
            avatar: avatar.clone(),
            audio: *audio,
            video: *video,
            screen: *screen,
            loudness: i32::from(*loudness),
            hand_raised_at: hand_raised_at.map(|at| at.0.cast_signed()),
            path: (*path).into(),
            is_away: *is_away,
        }
    }
}

impl From<&core::Levels> for SoundLevels {
    fn from(levels: &core::Levels) -> Self {
        let core::Levels { mine, others } = levels;
        let mut loudest = HashMap::new();
        for (_call, user, loudness) in others {
            // Who is in both calls is as loud as in the one where they are heard.
            let share: &mut f32 = loudest.entry(user.get().cast_signed()).or_default();
            *share = share.max(loudness.share());
        }
        Self { mine: mine.share(), others: loudest }
    }
}
