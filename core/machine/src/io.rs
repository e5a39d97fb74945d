//! What goes into the machine and what comes out.
use crate::EndReason;
use calls_protocol::{
    Ack, CallType, Candidate, ClientEvent, EventId, GroupId, IceServers, PictureKind, Reaction, Recipient,
    Refusal, Registered, RoomName, Sdp, ServerEvent, StreamPlace, UserId,
};
use std::{fmt, ops::Add, time::Duration};

/// A moment: milliseconds on a clock of the device that never goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time(pub u64);

impl Add<Duration> for Time {
    type Output = Self;

    fn add(self, length: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(length.as_millis()).unwrap_or(u64::MAX)))
    }
}

/// A call on this device, from the first ring to the end. Never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallKey(pub u32);

/// A connection to one other device in a call, or to the media server. Each rebuilt one is a new one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerKey {
    /// In which call.
    pub call: CallKey,
    /// To whom.
    pub to: Recipient,
    /// 0 for the first, one more each time it is built again.
    pub build: u32,
}

impl fmt::Debug for PeerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to {
            Recipient::User(user) => write!(f, "{}:{user}:{}", self.call.0, self.build),
            Recipient::MediaServer => write!(f, "{}:server:{}", self.call.0, self.build),
        }
    }
}

/// A question to the server that waits for its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AskId(pub u64);

/// Something happened outside.
#[derive(Debug, Clone)]
pub enum Input {
    /// The person, or the app for them, wants something.
    App(Command),
    /// The server, or the connection to it.
    Server(FromServer),
    /// A connection to another device. One that is not in use any more is ignored.
    Peer(PeerKey, FromPeer),
    /// This device.
    Device(FromDevice),
    /// Time passed: [`crate::Machine::deadline`] is reached.
    Tick,
}

/// What a person can want. What makes no sense any more is ignored: buttons are pressed late.
#[derive(Debug, Clone)]
pub enum Command {
    /// Call somebody. The call gets the key that [`crate::Machine::next_call`] names.
    Dial {
        /// A name that nobody used before.
        room: RoomName,
        /// Whom.
        to: Callee,
        /// With picture or without.
        call_type: CallType,
    },
    /// Come into a room by its name.
    Join {
        /// Which.
        room: RoomName,
        /// With picture or without.
        call_type: CallType,
    },
    /// Answer a call that rings.
    Accept {
        /// Which.
        call: CallKey,
        /// With picture or without.
        call_type: CallType,
    },
    /// Say no to a call that rings.
    Reject {
        /// Which.
        call: CallKey,
    },
    /// End a call, or leave it if others go on.
    HangUp {
        /// Which.
        call: CallKey,
    },
    /// Silence the microphone, or not.
    Mute {
        /// In which call.
        call: CallKey,
        /// Silent.
        muted: bool,
    },
    /// Show a picture: the camera or a shared screen.
    Show {
        /// In which call.
        call: CallKey,
        /// What.
        picture: Picture,
    },
    /// Share the screen beside what is shown, or no longer. Straight connections carry one picture: the screen, then.
    ShareScreen {
        /// In which call.
        call: CallKey,
        /// Shared.
        on: bool,
    },
    /// These pictures of others are on the screen, instead of those before. Until the first of these, the media server
    /// chooses.
    Look {
        /// In which call.
        call: CallKey,
        /// Which.
        looks: Vec<Looks>,
    },
    /// Raise the hand in a room of many, or take it down.
    RaiseHand {
        /// In which call.
        call: CallKey,
        /// Up.
        raised: bool,
    },
    /// Show something for a moment, in a room of many.
    React {
        /// In which call.
        call: CallKey,
        /// A name that nobody used before: said again with it, it has one effect.
        id: String,
        /// What.
        reaction: Reaction,
    },
    /// Write to everyone in a room of many.
    Write {
        /// In which call.
        call: CallKey,
        /// A name that nobody used before: said again with it, it has one effect.
        id: String,
        /// What; it may have several lines.
        text: String,
    },
    /// As host: switch somebody's microphone off. They may switch it on again.
    MuteOther {
        /// In which call.
        call: CallKey,
        /// Whose.
        user: UserId,
    },
    /// As host: somebody has to go, or does not come in.
    Remove {
        /// From which call.
        call: CallKey,
        /// Who.
        user: UserId,
    },
    /// As host: nobody new comes in, or they do again.
    Lock {
        /// Which call.
        call: CallKey,
        /// Nobody.
        locked: bool,
    },
    /// As host: newcomers wait until they are let in, or no longer.
    HaveWait {
        /// Before which call.
        call: CallKey,
        /// They wait.
        on: bool,
    },
    /// As host: somebody who waits may come in, or not. Or somebody who was removed may come back.
    Admit {
        /// Into which call.
        call: CallKey,
        /// Who.
        user: UserId,
        /// They may.
        admitted: bool,
    },
    /// Put a call on hold, or take it back. Another one that is going on is put on hold.
    Hold {
        /// Which.
        call: CallKey,
        /// On hold.
        held: bool,
    },
    /// The screen of an ended call was seen and closed.
    Dismiss {
        /// Which.
        call: CallKey,
    },
    /// The app goes away: every call ends here.
    Close,
}

/// A picture of somebody that is on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Looks {
    /// Whose.
    pub user: UserId,
    /// Which of theirs.
    pub kind: PictureKind,
    /// How high it is there, in pixels; 0 to say that it is not there for now.
    pub height: u16,
}

/// Whom one calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Callee {
    /// One person.
    User(UserId),
    /// A group of the messenger.
    Group(GroupId),
}

/// What one shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, PartialOrd, Ord)]
pub enum Picture {
    /// Nothing.
    #[default]
    None,
    /// The camera.
    Camera,
    /// The screen.
    Screen,
}

impl Picture {
    /// What a call of this type begins with.
    pub(crate) fn of(call_type: CallType) -> Self {
        match call_type {
            CallType::Audio => Self::None,
            CallType::Video => Self::Camera,
        }
    }
}

/// What comes from the server.
#[derive(Debug, Clone)]
pub enum FromServer {
    /// Connected and registered. What was asked and not answered is asked again by itself.
    Up(Box<Registered>),
    /// The connection is gone; somebody is trying to get it back.
    Down,
    /// The server does not take this user's word any more, and trying again does not help.
    SignedOut,
    /// It tells something.
    Event {
        /// What.
        event: Box<ServerEvent>,
        /// Its place in what the room told.
        id: Option<EventId>,
    },
    /// It answers.
    Answer {
        /// Which question.
        ask: AskId,
        /// What.
        answer: Result<Ack, Refusal>,
    },
    /// A push said that a call rings.
    Woken {
        /// Its room.
        room: RoomName,
        /// Who calls.
        from: UserId,
        /// Their name.
        name: String,
        /// With picture or without.
        call_type: CallType,
        /// How long it may still ring, by the clock of this device; none if that time is over.
        rings_for: Option<Duration>,
    },
}

/// What comes from a connection to another device.
#[derive(Debug, Clone, PartialEq)]
pub enum FromPeer {
    /// The offer that was wanted.
    OfferMade(Sdp),
    /// The answer to the offer that was applied.
    AnswerMade(Sdp),
    /// The answer was applied.
    AnswerApplied,
    /// An address of ours that the other side may try.
    Candidate(LocalCandidate),
    /// It would like to offer again: what is sent changed.
    WantsToOffer,
    /// Media flows, or flows again.
    Up,
    /// Nothing arrives any more.
    Lost,
    /// The other side closed it.
    Closed,
    /// What the other side sent makes no sense.
    TheirFault,
    /// It cannot go on for a reason of ours.
    OurFault,
}

/// An address of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalCandidate {
    /// As the other side shall read it.
    pub candidate: Candidate,
    /// Of which part of the description.
    pub sdp_mid: Option<String>,
    /// The same by number.
    pub sdp_m_line_index: Option<u16>,
}

/// What comes from this device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FromDevice {
    /// Another network is in use now, or the same with another address.
    NetworkChanged,
    /// There is no microphone, or it may not be used.
    NoMicrophone,
    /// There is no camera, or it may not be used.
    NoCamera,
    /// The screen may not be shown.
    NoScreen,
}

/// What shall happen outside, in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Ask the server, and again after every reconnect until it answers.
    Ask {
        /// The question.
        ask: AskId,
        /// What is said.
        event: Box<ClientEvent>,
    },
    /// The answer matters to nobody any more, and it need not be asked again.
    Forget(AskId),
    /// Something for a connection to another device.
    Peer(PeerKey, PeerOrder),
    /// Who is where in what the connection to the media server brings; nobody when there is none.
    Streams {
        /// In which call.
        call: CallKey,
        /// By the `mid` of its descriptions.
        streams: Vec<StreamPlace>,
    },
    /// What is to be heard apart from voices.
    Sound(Sound),
    /// Whether the microphone is open.
    Microphone(bool),
    /// Which picture is captured.
    Capture(Picture),
    /// Whether the screen is captured beside it.
    CaptureScreen(bool),
    /// The snapshot is another one now.
    Changed,
    /// A call is over; for the history and the log.
    Ended {
        /// Which.
        call: CallKey,
        /// Why.
        reason: EndReason,
    },
}

/// What a connection to another device shall do.
#[derive(Debug, Clone, PartialEq)]
pub enum PeerOrder {
    /// Come to be. It gathers addresses and does not yet speak to the other side.
    Create {
        /// With whose help.
        servers: IceServers,
    },
    /// Make an offer; with `restart`, over new addresses.
    MakeOffer {
        /// Gather addresses anew.
        restart: bool,
    },
    /// Forget the offer that was made last.
    RollBack,
    /// Take their offer and make an answer.
    TakeOffer(Sdp),
    /// Take their answer.
    TakeAnswer(Sdp),
    /// An address of theirs.
    TakeCandidate(RemoteCandidate),
    /// The person wants this call: addresses may be tried.
    Connect,
    /// What may leave this device, and whether what arrives may be heard and seen. Nothing, until the first of these.
    Gate(Gate),
    /// Go away.
    Close,
}

/// An address of theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteCandidate {
    /// As they wrote it.
    pub candidate: Candidate,
    /// Of which part of the description.
    pub sdp_mid: Option<String>,
    /// The same by number.
    pub sdp_m_line_index: Option<u16>,
}

/// What may pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Gate {
    /// Our voice.
    pub voice: bool,
    /// Our picture.
    pub picture: bool,
    /// Theirs to us.
    pub play: bool,
}

/// What is to be heard apart from voices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Sound {
    /// Nothing.
    #[default]
    Silence,
    /// A call comes in.
    Ring,
    /// A call comes in during another one.
    Waiting,
    /// It rings at the other side.
    RingBack,
    /// It is being connected, or connected again.
    Connecting,
}
