//! One call of this device: what it is, and the steps that every kind of call has in common.
use crate::{
    CallKey, CallKind, CallSnapshot, CallState, Direction, EndReason, Gate, LocalCandidate, Other, Path,
    PeerKey, Picture, ServerLink, Settings, Time,
    chat::Talk,
    host::Door,
    way::ServerSide,
    wire::{Around, Wire, Wish},
};
use calls_protocol::{CallType, EventId, GroupId, IceServers, Recipient, RoomName, Sdp, UnixMillis, UserId};
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
    /// The screen, beside the picture.
    pub(crate) shares: bool,
    pub(crate) held: bool,
    /// The latest event of the room that was heard.
    pub(crate) heard: Option<EventId>,
    pub(crate) servers: IceServers,
    /// The server does not know this call any more, and media flows all the same.
    pub(crate) adrift: bool,
    /// The latest build of each connection that is closed, which is not used again, and with which of theirs it was.
    pub(crate) closed: BTreeMap<Recipient, (u32, Option<String>)>,
    /// Who decides in a room of many.
    pub(crate) host: Option<UserId>,
    /// Our hand is up, by the server's word.
    pub(crate) hand_is_up: bool,
    /// What we are called in a room of many; empty if it is not known.
    pub(crate) my_name: String,
    pub(crate) door: Door,
    pub(crate) talk: Talk,
    /// The way through the media server, in a room of many.
    pub(crate) by_server: ServerSide,
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
    /// The host of a room of many has been asked whether we may come in. That takes as long as it takes.
    AtTheDoor,
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
    pub(crate) screen: bool,
    pub(crate) hand_raised_at: Option<UnixMillis>,
    pub(crate) is_away: bool,
    /// Since when their voice comes through the media server, while the room moves there.
    pub(crate) heard_since: Option<Time>,
    pub(crate) wire: Option<Wire>,
}

impl Person {
    pub(crate) fn new(name: String, avatar: Option<String>, video: bool) -> Self {
        let (screen, hand_raised_at, is_away, heard_since, wire) = (false, None, false, None, None);
        Self { name, avatar, audio: true, video, screen, hand_raised_at, is_away, heard_since, wire }
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
            shares: false,
            held: false,
            heard: None,
            servers,
            adrift: false,
            closed: BTreeMap::new(),
            host: None,
            hand_is_up: false,
            my_name: String::new(),
            door: Door::default(),
            talk: Talk::default(),
            by_server: ServerSide::default(),
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
            | Phase::AtTheDoor
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
            picture: self.picture != Picture::None || self.shares,
            play: self.is_talking() || self.is_answered(),
        }
    }

    /// The screen is shown, alone or beside the camera.
    pub(crate) fn shows_screen(&self) -> bool {
        self.picture == Picture::Screen || self.shares
    }

    /// Others see a picture of us where cameras are seen. Through the media server the screen has a place of its own.
    pub(crate) fn shows_in_place_of_camera(&self) -> bool {
        let is_straight = self.by_server.is_straight();
        self.picture == Picture::Camera || (is_straight && self.shows_screen())
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

    fn place_of_wire(&mut self, to: Recipient) -> Option<&mut Option<Wire>> {
        match to {
            Recipient::User(user) => Some(&mut self.people.get_mut(&user)?.wire),
            Recipient::MediaServer => Some(&mut self.by_server.wire),
        }
    }

    pub(crate) fn wire(&mut self, to: Recipient) -> Option<&mut Wire> {
        self.place_of_wire(to)?.as_mut()
    }

    fn wires(&mut self) -> impl Iterator<Item = &mut Wire> {
        let straight = self.people.values_mut().filter_map(|person| person.wire.as_mut());
        straight.chain(self.by_server.wire.as_mut())
    }

    pub(crate) fn peers(&self) -> impl Iterator<Item = PeerKey> {
        let call = self.key;
        let straight = self.people.iter().map(|(user, person)| (Recipient::User(*user), &person.wire));
        let all = straight.chain([(Recipient::MediaServer, &self.by_server.wire)]);
        all.filter_map(move |(to, wire)| Some(PeerKey { call, to, build: wire.as_ref()?.build() }))
    }

    /// The best way between us and somebody.
    fn path_to(&self, person: &Person) -> Path {
        let ways = [person.wire.as_ref().map(Wire::path), self.by_server.path()];
        let has = |path| ways.contains(&Some(path));
        if has(Path::Up) {
            Path::Up
        } else if has(Path::Repairing) {
            Path::Repairing
        } else {
            Path::Connecting
        }
    }

    /// The servers' names and passwords are good for a while.
    pub(crate) fn refresh_servers(&mut self, servers: &IceServers) {
        self.servers = servers.clone();
        self.wires().for_each(|wire| wire.refresh_servers(servers));
    }

    /// Both want it from now on.
    pub(crate) fn begin_talking(&mut self, around: Around<'_>) {
        if !self.is_talking() {
            self.phase = Phase::Talking { since: around.now };
        }
        self.wires().for_each(|wire| wire.expect_media(around));
    }

    /// Ends every connection.
    pub(crate) fn close_wires(&mut self) -> Vec<(Recipient, Wish)> {
        let mut all: Vec<Recipient> = self.people.keys().copied().map(Recipient::User).collect();
        all.push(Recipient::MediaServer);
        let closed = all.into_iter().filter_map(|to| Some((to, self.close_wire(to)?))).collect();
        self.by_server = self.by_server.closed();
        closed
    }

    /// Ends the connection to somebody, if there is one.
    pub(crate) fn close_wire(&mut self, to: Recipient) -> Option<Wish> {
        let wire = self.place_of_wire(to)?.take()?;
        let close = wire.close();
        self.closed.insert(to, wire.leave());
        Some(close)
    }

    /// The build of the next connection to somebody, and which of theirs says nothing any more.
    pub(crate) fn next_build(&self, to: Recipient) -> (u32, Option<String>) {
        self.closed.get(&to).map_or((0, None), |(last, theirs)| (last + 1, theirs.clone()))
    }

    pub(crate) fn deadline(&self, settings: &Settings, server: ServerLink) -> Option<Time> {
        let own = match self.phase {
            Phase::Dialing { until }
            | Phase::Calling { until, .. }
            | Phase::Woken { until, .. }
            | Phase::Ringing { until, .. }
            | Phase::Answering { until, .. }
            | Phase::Ended { until, .. } => Some(until),
            Phase::AtTheDoor | Phase::Talking { .. } => None,
        };
        let straight = self.people.values().filter_map(|person| person.wire.as_ref());
        let wires = straight.chain(&self.by_server.wire).filter_map(|wire| wire.deadline(settings));
        let way = self.way_deadline(settings, server).filter(|_| self.is_live());
        wires.chain(own).chain(way).chain(self.talk.deadline()).min()
    }

    pub(crate) fn snapshot(&self) -> CallSnapshot {
        let state = match &self.phase {
            Phase::Dialing { .. } => CallState::Dialing,
            Phase::Calling { devices, .. } => CallState::RingingThere { devices: *devices },
            Phase::Woken { accepted: false, .. } | Phase::Ringing { .. } => CallState::RingingHere,
            Phase::Woken { accepted: true, .. } | Phase::Answering { .. } => CallState::Answering,
            Phase::AtTheDoor => CallState::AtTheDoor,
            Phase::Talking { since } => CallState::Talking { since: *since },
            Phase::Ended { reason, .. } => CallState::Ended { reason: *reason },
        };
        let others = self.people.iter().map(|(user, person)| Other {
            user: *user,
            name: person.name.clone(),
            avatar: person.avatar.clone(),
            audio: person.audio,
            video: person.video,
            screen: person.screen,
            hand_raised_at: person.hand_raised_at,
            loudness: self.by_server.loudness.get(user).copied().unwrap_or_default(),
            path: self.path_to(person),
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
            is_sharing: self.shares,
            is_held: self.held,
            is_by_server: self.by_server.wire.is_some(),
            dominant: self.by_server.dominant,
            host: self.host,
            is_hand_up: self.hand_is_up,
            is_locked: self.door.is_locked,
            has_waiting_room: self.door.has_waiting_room,
            waiting: self.door.waiting.clone(),
            chat: self.talk.lines(),
            reactions: self.talk.shown(),
            muted_by: self.door.muted_by,
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
            Phase::AtTheDoor => "at the door".into(),
            Phase::Talking { .. } => "talking".into(),
            Phase::Ended { reason, until } => format!("ended {reason:?} {}", left(*until)),
        };
        let people = self.people.iter().map(|(user, person)| {
            // Who dialled before the server was there makes the offer when it is.
            let none = || format!("no wire {:?}", self.direction);
            let wire = person.wire.as_ref().map_or_else(none, |wire| wire.summary(now));
            let heard = person.heard_since.map(|at| now.0.saturating_sub(at.0));
            let shows = (person.audio, person.video, person.screen, person.hand_raised_at.is_some());
            format!("{user} {shows:?} {} {heard:?} {wire}", person.is_away)
        });
        let people: Vec<_> = people.collect();
        let (muted, held, adrift) = (self.muted, self.held, self.adrift);
        let picture = (self.picture, self.shares);
        let server = (self.host, self.hand_is_up, self.by_server.summary(now));
        let many = (self.door.summary(), self.talk.summary(now));
        format!("{} {phase} {muted} {picture:?} {held} {adrift} {people:?} {server:?} {many:?}", self.room)
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
