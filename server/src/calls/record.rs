//! What the rules want remembered: one value a change, written to the database behind the call's back.
use calls_protocol::{
    CallId, CallType, DeviceId, GroupId, IceCandidate, RoomName, Sdp, Seconds, Stats, UnixMillis, UserId,
};

/// One change of what is stored. Applying a record twice leaves the same rows as applying it once.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// A 1-1 call: a new row, `ringing`.
    Ringing {
        /// Its row.
        call: CallId,
        /// Who called.
        from: UserId,
        /// Who was called.
        to: UserId,
        /// Sound, or sound and picture.
        call_type: CallType,
        /// Its room.
        room: RoomName,
        /// The offer; a device that comes after a restart still needs it.
        offer: Sdp,
        /// When it was dialled.
        at: UnixMillis,
        /// When it stops ringing.
        expires: UnixMillis,
        /// The caller's device, if its app names them: after a restart the call is this one's to resume.
        device: Option<DeviceId>,
    },
    /// A 1-1 call was answered: `connected`.
    Connected {
        /// Its row.
        call: CallId,
        /// The device that answered, if its app names them.
        device: Option<DeviceId>,
        /// The answer.
        answer: Sdp,
        /// When.
        at: UnixMillis,
    },
    /// A 1-1 call is over.
    Ended {
        /// Its row.
        call: CallId,
        /// The final status.
        status: FinalStatus,
        /// The finer word behind the status: `completed`, `cancelled`, `timeout`, `busy` …
        reason: &'static str,
        /// Who ended it, if a person did.
        by: Option<UserId>,
        /// When.
        at: UnixMillis,
        /// From accept to end; none if it was never answered.
        duration: Option<Seconds>,
    },
    /// A group call: a new row, `ringing`.
    GroupRinging {
        /// Its row.
        call: CallId,
        /// The group.
        group: GroupId,
        /// Who started it.
        by: UserId,
        /// Sound, or sound and picture.
        call_type: CallType,
        /// Its room.
        room: RoomName,
        /// When it was started.
        at: UnixMillis,
        /// When it stops ringing.
        expires: UnixMillis,
    },
    /// A second person joined a group call: `active`.
    GroupActive {
        /// Its row.
        call: CallId,
        /// When.
        at: UnixMillis,
    },
    /// A group call is over: `ended`.
    GroupEnded {
        /// Its row.
        call: CallId,
        /// The finer word: `completed`, `timeout` …
        reason: &'static str,
        /// When.
        at: UnixMillis,
    },
    /// Somebody is in a group call.
    Joined {
        /// The row of the group call.
        call: CallId,
        /// Who.
        user: UserId,
        /// By which device, if the app names them.
        device: Option<DeviceId>,
        /// When.
        at: UnixMillis,
    },
    /// Somebody left a group call.
    Left {
        /// The row of the group call.
        call: CallId,
        /// Who.
        user: UserId,
        /// When.
        at: UnixMillis,
    },
    /// A candidate was forwarded.
    Candidate {
        /// The candidate with its room and sender.
        candidate: IceCandidate,
        /// When.
        at: UnixMillis,
    },
    /// How a call sounded.
    Statistics {
        /// The row of the call; open rooms have none and are not stored.
        call: CallId,
        /// What was measured.
        stats: Stats,
        /// When.
        at: UnixMillis,
    },
}

/// How a row of `wo_calls` ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FinalStatus {
    /// It was answered, then ended.
    Ended,
    /// It rang and nobody answered.
    Missed,
    /// The callee said no.
    Rejected,
}

impl FinalStatus {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ended => "ended",
            Self::Missed => "missed",
            Self::Rejected => "rejected",
        }
    }
}

/// A call that the database says is still going on, found when the server starts.
#[derive(Debug, Clone, PartialEq)]
pub enum OpenCall {
    /// A 1-1 call, `ringing` or `connected`.
    OneToOne {
        /// Its row.
        call: CallId,
        /// Who called.
        from: UserId,
        /// Who was called.
        to: UserId,
        /// Sound, or sound and picture.
        call_type: CallType,
        /// Its room.
        room: RoomName,
        /// The offer, if it was kept.
        offer: Option<Sdp>,
        /// When it was dialled.
        created: UnixMillis,
        /// When it stops ringing.
        expires: UnixMillis,
        /// When it was answered, if it was.
        accepted: Option<UnixMillis>,
        /// The device that called, and the one that answered.
        devices: (Option<DeviceId>, Option<DeviceId>),
    },
    /// A group call, `ringing` or `active`.
    Group {
        /// Its row.
        call: CallId,
        /// The group.
        group: GroupId,
        /// Who started it.
        by: UserId,
        /// Sound, or sound and picture.
        call_type: CallType,
        /// Its room.
        room: RoomName,
        /// When it was started.
        created: UnixMillis,
        /// When it stops ringing.
        expires: UnixMillis,
        /// When a second person joined, if one did.
        active: Option<UnixMillis>,
        /// Who was in it.
        participants: Vec<Present>,
    },
}

/// Somebody who was in a group call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Present {
    /// Who.
    pub user: UserId,
    /// By which device, if the app names them.
    pub device: Option<DeviceId>,
    /// Since when.
    pub since: UnixMillis,
}
