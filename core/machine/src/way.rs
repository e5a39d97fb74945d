//! Which way the media of a room of many goes: straight between every two, or through the media server.
//!
//! The server says which, and a move overlaps. To the media server: straight connections stay until those at their
//! other end are heard through it, and a little longer, since they have to hear us, too. Back: the connection to it
//! stays until there is one to everybody. Meanwhile our voice goes both ways, and whoever plays it takes one of them.
use crate::{
    CallKey, Effect, Looks, Machine, Path, ServerLink, Settings, Time, What,
    call::Call,
    wire::{Around, Wire},
};
use calls_protocol::{
    ClientEvent, Recipient, Speakers, StreamKind, StreamPlace, StreamWish, Streams, Subscribe, Topology,
    UserId,
};
use std::collections::BTreeMap;

/// Which way the media goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Way {
    /// Straight between every two.
    #[default]
    Straight,
    /// The media server comes; the straight connections are still there.
    ToServer {
        /// When the room began to move.
        since: Time,
    },
    /// Through the media server.
    ByServer,
    /// Straight connections come; the one to the media server is still there.
    ToStraight {
        /// Until then.
        until: Time,
    },
}

/// What a call has to do with the media server.
#[derive(Debug, Clone, Default)]
pub(crate) struct ServerSide {
    pub(crate) way: Way,
    pub(crate) wire: Option<Wire>,
    /// Who is where in what it sends.
    pub(crate) streams: Vec<StreamPlace>,
    /// The one to show large.
    pub(crate) dominant: Option<UserId>,
    /// How loud who is, 0 to 10; who is not in it is silent.
    pub(crate) loudness: BTreeMap<UserId, u8>,
    /// What the app shows, if it said so.
    looks: Option<Vec<StreamWish>>,
    /// What the media server was told last, by which build.
    told: Option<(u32, Vec<StreamWish>)>,
    /// It is told nothing more before this moment.
    told_until: Time,
}

impl ServerSide {
    pub(crate) fn path(&self) -> Option<Path> {
        self.wire.as_ref().map(Wire::path)
    }

    fn is_up(&self) -> bool {
        self.path() == Some(Path::Up)
    }

    /// Whether straight connections are wanted now.
    pub(crate) fn is_straight(&self) -> bool {
        match self.way {
            Way::Straight | Way::ToStraight { .. } => true,
            Way::ToServer { .. } | Way::ByServer => false,
        }
    }

    fn sends_voice_of(&self, user: UserId) -> bool {
        self.streams.iter().any(|place| place.user_id == user && place.kind == StreamKind::Audio)
    }

    /// What the media server shall be told of what is looked at, if it does not know.
    fn untold(&self) -> Option<(u32, &Vec<StreamWish>)> {
        let build = self.wire.as_ref().filter(|_| self.is_up())?.build();
        let looks = self.looks.as_ref()?;
        let is_told = self.told.as_ref().is_some_and(|(of, told)| (*of, told) == (build, looks));
        (!is_told).then_some((build, looks))
    }

    /// What is left when every connection of the call ends: what the app shows.
    pub(crate) fn closed(&mut self) -> Self {
        Self { looks: self.looks.take(), told_until: self.told_until, ..Self::default() }
    }

    /// Nothing of it is true any more.
    fn forget(&mut self) {
        let Self { way: _, wire: _, streams, dominant, loudness, looks: _, told, told_until: _ } = self;
        streams.clear();
        loudness.clear();
        (*dominant, *told) = (None, None);
    }

    /// All that matters for what happens next.
    pub(crate) fn summary(&self, now: Time) -> String {
        let left = |at: Time| at.0.saturating_sub(now.0);
        let way = match self.way {
            Way::ToServer { since } => format!("to server {}", now.0.saturating_sub(since.0)),
            Way::ToStraight { until } => format!("to straight {}", left(until)),
            Way::Straight if self.wire.is_none() => return String::new(),
            other @ (Way::Straight | Way::ByServer) => format!("{other:?}"),
        };
        let wire = self.wire.as_ref().map(|wire| wire.summary(now));
        let (streams, speaks) = (&self.streams, (self.dominant, &self.loudness));
        let (looks, told) = (&self.looks, self.untold().is_none());
        let again = left(self.told_until);
        format!("{way} {wire:?} {streams:?} {speaks:?} {looks:?} {told} {again}")
    }
}

impl Call {
    /// When something of the way is due.
    pub(crate) fn way_deadline(&self, settings: &Settings, server: ServerLink) -> Option<Time> {
        let side = &self.by_server;
        let moves = match side.way {
            Way::Straight | Way::ByServer => None,
            Way::ToServer { since } if side.is_up() => {
                let straight = self.people.values().filter(|person| person.wire.is_some());
                let heard = straight.filter_map(|person| Some(person.heard_since? + settings.move_overlap));
                Some(heard.min().unwrap_or(since + settings.move_within).min(since + settings.move_within))
            }
            // It is looked at when the media server is there.
            Way::ToServer { .. } => None,
            Way::ToStraight { until } => Some(until),
        };
        let tells = (server == ServerLink::Up && side.untold().is_some()).then_some(side.told_until);
        moves.into_iter().chain(tells).min()
    }

    /// Notes who is heard through the media server by now, and returns those whose straight connection is over.
    fn heard_by_server(&mut self, now: Time, since: Time, settings: &Settings) -> Vec<UserId> {
        let is_up = self.by_server.is_up();
        let is_late = now >= since + settings.move_within;
        let mut over = Vec::new();
        for (user, person) in &mut self.people {
            let is_heard = is_up && self.by_server.sends_voice_of(*user);
            person.heard_since = person.heard_since.filter(|_| is_heard).or(is_heard.then_some(now));
            let has_overlapped = person.heard_since.is_some_and(|at| now >= at + settings.move_overlap);
            if is_up && person.wire.is_some() && (is_late || has_overlapped) {
                over.push(*user);
            }
        }
        over
    }
}

impl Machine {
    /// The server says which way the room goes. `earlier` came before us, so straight connections to them are ours to
    /// offer.
    pub(crate) fn goes(
        &mut self,
        now: Time,
        key: CallKey,
        topology: Topology,
        earlier: &[UserId],
        out: &mut Vec<Effect>,
    ) {
        let until = now + self.settings.move_within;
        let Some(call) = self.live(key).filter(|call| call.is_wanted()) else { return };
        let side = &mut call.by_server;
        let was_straight = side.is_straight();
        match (topology, side.way) {
            (Topology::Sfu, Way::Straight | Way::ToStraight { .. }) => {
                side.way = Way::ToServer { since: now };
                self.connect_to_server(now, key, out);
            }
            (Topology::Mesh | Topology::P2p | Topology::Unknown, Way::ToServer { .. } | Way::ByServer) => {
                side.way = Way::ToStraight { until };
                call.people.values_mut().for_each(|person| person.heard_since = None);
                for user in earlier {
                    self.offer_to(now, (key, *user), false, out);
                }
            }
            (Topology::Sfu, Way::ToServer { .. } | Way::ByServer)
            | (Topology::Mesh | Topology::P2p | Topology::Unknown, Way::Straight | Way::ToStraight { .. }) => {
            }
        }
        // The screen has a place of its own on one way, and that of the camera on the other.
        let has_moved = |call: &mut Call| call.shows_screen() && call.by_server.is_straight() != was_straight;
        if self.live(key).is_some_and(has_moved) {
            self.tell_media(key, out);
        }
    }

    /// Begins the connection to the media server, if there is none.
    pub(crate) fn connect_to_server(&mut self, now: Time, key: CallKey, out: &mut Vec<Effect>) {
        let around = Around::new(now, &self.settings, self.server);
        let Some(call) = self.calls.get_mut(&key).filter(|call| call.by_server.wire.is_none()) else {
            return;
        };
        let (build, _) = call.next_build(Recipient::MediaServer);
        let (wire, wishes) = Wire::to_server(around, call.servers.clone(), build);
        call.by_server.wire = Some(wire);
        self.grant(now, (key, Recipient::MediaServer), wishes, out);
    }

    /// Whatever happened: ends what is left of a former way, when its time has come, and says what is looked at.
    pub(crate) fn settle_ways(&mut self, now: Time, out: &mut Vec<Effect>) {
        let crowds: Vec<CallKey> = self.keys_of(|call| call.by_server.wire.is_some());
        for key in crowds {
            self.settle_way(now, key, out);
            self.tell_looks(now, key, out);
        }
    }

    fn settle_way(&mut self, now: Time, key: CallKey, out: &mut Vec<Effect>) {
        let Some(call) = self.calls.get_mut(&key) else { return };
        match call.by_server.way {
            Way::Straight | Way::ByServer => {}
            Way::ToServer { since } => {
                let over = call.heard_by_server(now, since, &self.settings);
                let closed: Vec<_> = over
                    .into_iter()
                    .filter_map(|user| Some((Recipient::User(user), call.close_wire(user.into())?)))
                    .collect();
                let is_up = call.by_server.is_up();
                if is_up && call.people.values().all(|person| person.wire.is_none()) {
                    call.by_server.way = Way::ByServer;
                    call.people.values_mut().for_each(|person| person.heard_since = None);
                }
                for (to, close) in closed {
                    self.grant(now, (key, to), vec![close], out);
                }
            }
            Way::ToStraight { until } => {
                let is_there = call
                    .people
                    .values()
                    .all(|person| person.wire.as_ref().is_some_and(|wire| wire.path() == Path::Up));
                if is_there || now >= until || !call.by_server.is_up() {
                    call.by_server.way = Way::Straight;
                    call.by_server.forget();
                    let close = call.close_wire(Recipient::MediaServer);
                    self.grant(now, (key, Recipient::MediaServer), close.into_iter().collect(), out);
                }
            }
        }
    }

    /// The app shows other pictures than before, or in other sizes.
    pub(crate) fn looks(&mut self, key: CallKey, looks: Vec<Looks>) {
        let wish = |looks: Looks| StreamWish {
            user_id: looks.user,
            kind: Some(looks.kind),
            max_height: looks.height,
            paused: looks.height == 0,
        };
        if let Some(call) = self.live(key) {
            let mut wishes: Vec<StreamWish> = looks.into_iter().map(wish).collect();
            wishes.truncate(MOST_WISHES);
            call.by_server.looks = Some(wishes);
        }
    }

    fn tell_looks(&mut self, now: Time, key: CallKey, out: &mut Vec<Effect>) {
        let next = now + self.settings.subscribe_every;
        if self.server != ServerLink::Up {
            return;
        }
        let Some(call) = self.live(key).filter(|call| call.by_server.told_until <= now) else { return };
        let Some((build, looks)) = call.by_server.untold() else { return };
        let streams = looks.clone();
        let side = &mut call.by_server;
        (side.told, side.told_until) = (Some((build, streams.clone())), next);
        let subscribe = Subscribe { room_name: call.room.clone(), streams };
        self.ask(key, What::Say, ClientEvent::Subscribe(subscribe), out);
    }

    pub(crate) fn streams(&mut self, streams: Streams) {
        if let Some(key) = self.live_in(&streams.room_name)
            && let Some(call) = self.live(key)
            && call.by_server.wire.is_some()
        {
            call.by_server.streams = streams.streams;
        }
    }

    pub(crate) fn speakers(&mut self, speakers: &Speakers) {
        let Some(key) = self.live_in(&speakers.room_name) else { return };
        let Some(call) = self.live(key).filter(|call| call.by_server.wire.is_some()) else { return };
        let side = &mut call.by_server;
        side.dominant = speakers.dominant;
        // A step is as much as a ring on a screen shows, and what does not change is not told.
        let step = |level: f32| (level.clamp(0.0, 1.0) * 10.0).ceil() as u8;
        let loud = speakers.speakers.iter().map(|speaker| (speaker.user_id, step(speaker.level)));
        side.loudness = loud.filter(|(_, loudness)| *loudness > 0).collect();
    }
}

/// As many fit into one `call:subscribe`.
const MOST_WISHES: usize = 64;
