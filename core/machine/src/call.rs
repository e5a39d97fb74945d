//! One call of this device: what it is, and the steps that every kind of call has in common.
use crate::{
    CallKey, CallKind, CallSnapshot, CallState, Direction, EndReason, Gate, LocalCandidate, Other, Path,
    PeerKey, Picture, Settings, Time,
    wire::{Around, Wire, Wish},
};
use calls_protocol::{CallType, EventId, GroupId, IceServers, Recipient, RoomName, Sdp, UserId};
use std::collections::BTreeMap;

#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) key: CallKey,
    pub(crate) room: RoomName,
    pub(crate) direction: Direction,
    pub(crate) call_type: CallType,
    pub(crate) kind: Kind,
    pub(crate) phase: Phase,
    pub(crate) people: BTreeMap<UserId, Person>,
    pub(crate) muted: bool,
    pub(crate) picture: Picture,
    pub(crate) held: bool,
    /// The latest event of the room that was heard.
    pub(crate) heard: Option<EventId>,
    pub(crate) servers: IceServers,
    /// The server does not know this call any more, and media flows all the same.
    pub(crate) adrift: bool,
    /// The latest build of each connection that is closed, which is not used again, and with which of theirs it was.
    pub(crate) closed: BTreeMap<UserId, (u32, Option<String>)>,
}

/// Two people, or any number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A 1-1 call.
    Pair {
        /// The other one.
        with: UserId,
    },
    /// A group call or a room.
    Crowd {
        /// The group, if it is one.
        group: Option<GroupId>,
        /// Its name.
        name: String,
    },
}

/// Where a call is.
#[derive(Debug, Clone)]
pub(crate) enum Phase {
    /// Our offer is being made, or the server has not answered yet.
    Dialing { until: Time },
    /// It rings at their side.
    Calling { until: Time, devices: usize },
    /// A push told of it. The server has yet to say that it still rings.
    Woken { until: Time, accepted: bool },
    /// It rings here. The answer is made before the person asks for it.
    Ringing { until: Time, answer: Option<Sdp> },
    /// The person answered; `sent` once the server was told.
    Answering { until: Time, sent: bool },
    /// Both want it.
    Talking { since: Time },
    /// It is over, and shown for a moment.
    Ended { reason: EndReason, until: Time },
}

/// Somebody else in a call.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) avatar: Option<String>,
    pub(crate) audio: bool,
    pub(crate) video: bool,
    pub(crate) is_away: bool,
    pub(crate) wire: Option<Wire>,
}

impl Person {
    pub(crate) fn new(name: String, avatar: Option<String>, video: bool) -> Self {
        Self { name, avatar, audio: true, video, is_away: false, wire: None }
    }
}

impl Call {
    /// A call that begins, with nothing shown and nobody in it.
    pub(crate) fn new(
        key: CallKey,
        direction: Direction,
        room: RoomName,
        kind: Kind,
        call_type: CallType,
        phase: Phase,
        servers: IceServers,
    ) -> Self {
        Self {
            key,
            room,
            direction,
            call_type,
            kind,
            phase,
            people: BTreeMap::new(),
            muted: false,
            picture: Picture::None,
            held: false,
            heard: None,
            servers,
            adrift: false,
            closed: BTreeMap::new(),
        }
    }

    /// Still going on, in any way.
    pub(crate) fn is_live(&self) -> bool {
        !matches!(self.phase, Phase::Ended { .. })
    }

    /// The person wants this call: they dialled, joined or answered.
    pub(crate) fn is_wanted(&self) -> bool {
        match self.phase {
            Phase::Dialing { .. }
            | Phase::Calling { .. }
            | Phase::Answering { .. }
            | Phase::Talking { .. } => true,
            Phase::Woken { accepted, .. } => accepted,
            Phase::Ringing { .. } | Phase::Ended { .. } => false,
        }
    }

    pub(crate) fn is_talking(&self) -> bool {
        matches!(self.phase, Phase::Talking { .. })
    }

    pub(crate) fn rings_here(&self) -> bool {
        matches!(self.phase, Phase::Ringing { .. } | Phase::Woken { accepted: false, .. })
    }

    /// The other one of a 1-1 call.
    pub(crate) fn with(&self) -> Option<UserId> {
        match self.kind {
            Kind::Pair { with } => Some(with),
            Kind::Crowd { .. } => None,
        }
    }

    /// A room that anybody opens by its name.
    pub(crate) fn is_open_room(&self) -> bool {
        matches!(self.kind, Kind::Crowd { group: None, .. })
    }

    /// What may pass to and from somebody. Nothing before the person wants the call, or while it is on hold; nothing
    /// of theirs before they want it too.
    pub(crate) fn gate(&self) -> Gate {
        if !self.is_wanted() || self.held {
            return Gate::default();
        }
        Gate {
            voice: !self.muted,
            picture: self.picture != Picture::None,
            play: self.is_talking() || self.is_answered(),
        }
    }

    /// We answered, so they want it, whether the server said so or not.
    fn is_answered(&self) -> bool {
        matches!(self.phase, Phase::Answering { sent: true, .. })
    }

    /// Whose connection it was. While the server has everybody and media does not flow, it is the way between.
    pub(crate) fn where_lost(&self, reason: EndReason) -> EndReason {
        let others = self.snapshot().others;
        let is_between =
            !others.is_empty() && others.iter().all(|other| !other.is_away && other.path != Path::Up);
        match reason {
            EndReason::TheyLostConnection if self.is_talking() && is_between => EndReason::NoPath,
            other => other,
        }
    }

    pub(crate) fn wire(&mut self, user: UserId) -> Option<&mut Wire> {
        self.people.get_mut(&user)?.wire.as_mut()
    }

    pub(crate) fn wires(&mut self) -> impl Iterator<Item = (UserId, &mut Wire)> {
        self.people.iter_mut().filter_map(|(user, person)| Some((*user, person.wire.as_mut()?)))
    }

    pub(crate) fn peers(&self) -> impl Iterator<Item = PeerKey> {
        let call = self.key;
        self.people.iter().filter_map(move |(user, person)| {
            let build = person.wire.as_ref()?.build();
            Some(PeerKey { call, user: *user, build })
        })
    }

    /// Both want it from now on.
    pub(crate) fn begin_talking(&mut self, around: Around<'_>) {
        if !self.is_talking() {
            self.phase = Phase::Talking { since: around.now };
        }
        self.wires().for_each(|(_, wire)| wire.expect_media(around));
    }

    /// Ends every connection.
    pub(crate) fn close_wires(&mut self) -> Vec<(UserId, Wish)> {
        let users: Vec<UserId> = self.people.keys().copied().collect();
        users.into_iter().filter_map(|user| Some((user, self.close_wire(user)?))).collect()
    }

    /// Ends the connection to somebody, if there is one.
    pub(crate) fn close_wire(&mut self, user: UserId) -> Option<Wish> {
        let wire = self.people.get_mut(&user)?.wire.take()?;
        let close = wire.close();
        self.closed.insert(user, wire.leave());
        Some(close)
    }

    /// The build of the next connection to somebody, and which of theirs says nothing any more.
    pub(crate) fn next_build(&self, user: UserId) -> (u32, Option<String>) {
        self.closed.get(&user).map_or((0, None), |(last, theirs)| (last + 1, theirs.clone()))
    }

    pub(crate) fn deadline(&self, settings: &Settings) -> Option<Time> {
        let own = match self.phase {
            Phase::Dialing { until }
            | Phase::Calling { until, .. }
            | Phase::Woken { until, .. }
            | Phase::Ringing { until, .. }
            | Phase::Answering { until, .. }
            | Phase::Ended { until, .. } => Some(until),
            Phase::Talking { .. } => None,
        };
        let wires = self.people.values().filter_map(|person| person.wire.as_ref()?.deadline(settings));
        wires.chain(own).min()
    }

    pub(crate) fn snapshot(&self) -> CallSnapshot {
        let state = match &self.phase {
            Phase::Dialing { .. } => CallState::Dialing,
            Phase::Calling { devices, .. } => CallState::RingingThere { devices: *devices },
            Phase::Woken { accepted: false, .. } | Phase::Ringing { .. } => CallState::RingingHere,
            Phase::Woken { accepted: true, .. } | Phase::Answering { .. } => CallState::Answering,
            Phase::Talking { since } => CallState::Talking { since: *since },
            Phase::Ended { reason, .. } => CallState::Ended { reason: *reason },
        };
        let others = self.people.iter().map(|(user, person)| Other {
            user: *user,
            name: person.name.clone(),
            avatar: person.avatar.clone(),
            audio: person.audio,
            video: person.video,
            path: person.wire.as_ref().map_or(Path::Connecting, Wire::path),
            is_away: person.is_away,
        });
        let (kind, title) = match &self.kind {
            Kind::Pair { with } => (
                CallKind::OneToOne,
                self.people.get(with).map_or(String::new(), |person| person.name.clone()),
            ),
            Kind::Crowd { group, name } => (group.map_or(CallKind::Room, CallKind::Group), name.clone()),
        };
        CallSnapshot {
            key: self.key,
            room: self.room.clone(),
            direction: self.direction,
            call_type: self.call_type,
            kind,
            title,
            state,
            is_muted: self.muted,
            picture: self.picture,
            is_held: self.held,
            others: others.collect(),
        }
    }

    /// All that matters for what happens next, in short words and with times relative to now.
    pub(crate) fn summary(&self, now: Time) -> String {
        let left = |at: Time| at.0.saturating_sub(now.0);
        let phase = match &self.phase {
            Phase::Dialing { until } => format!("dialing {}", left(*until)),
            Phase::Calling { until, devices } => format!("calling {} {devices}", left(*until)),
            Phase::Woken { until, accepted } => format!("woken {} {accepted}", left(*until)),
            Phase::Ringing { until, answer } => format!("ringing {} {}", left(*until), answer.is_some()),
            Phase::Answering { until, sent } => format!("answering {} {sent}", left(*until)),
            Phase::Talking { .. } => "talking".into(),
            Phase::Ended { reason, until } => format!("ended {reason:?} {}", left(*until)),
        };
        let people = self.people.iter().map(|(user, person)| {
            // Who dialled before the server was there makes the offer when it is.
            let none = || format!("no wire {:?}", self.direction);
            let wire = person.wire.as_ref().map_or_else(none, |wire| wire.summary(now));
            format!("{user} {} {} {} {wire}", person.audio, person.video, person.is_away)
        });
        let people: Vec<_> = people.collect();
        let (muted, picture, held, adrift) = (self.muted, self.picture, self.held, self.adrift);
        format!("{} {phase} {muted} {picture:?} {held} {adrift} {people:?}", self.room)
    }
}

/// The server's form of an address of ours.
pub(crate) fn candidate_event(
    room: &RoomName,
    (me, to): (UserId, UserId),
    candidate: LocalCandidate,
) -> calls_protocol::IceCandidate {
    let LocalCandidate { candidate, sdp_mid, sdp_m_line_index } = candidate;
    calls_protocol::IceCandidate {
        room_name: room.clone(),
        to_user_id: Some(Recipient::User(to)),
        from_user_id: me,
        candidate,
        sdp_m_line_index,
        sdp_mid,
    }
}
