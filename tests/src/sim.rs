//! Whole evenings of calls in milliseconds: clients, a network that fails, and the server's rules under one virtual
//! clock and one seed.
//!
//! Connections are what TCP gives: in order, until they break. A break loses what was on its way in both directions;
//! the client and the server notice it at different times, the server up to 45 s later. Clients are decent ones: they
//! keep what was not acknowledged, resume with the last event they saw, and send it again. The server is killed now
//! and then, with the last 50 ms of what it wanted stored.
//!
//! What must hold is checked in three places: the [`Oracle`](crate::oracle::Oracle) at the server, each device (every
//! event once, in order, none missing), and at rest (no call left, nothing remembered, every row ended).
mod agenda;
mod backend;
mod device;
mod media;
mod network;
mod random;
mod store;

pub(crate) use agenda::Agenda;
pub(crate) use backend::{Backend, Outcome, Reach, facts, group_id, user};
pub(crate) use network::{Down, Network, Traffic};
pub use random::Random;

use calls_protocol::{Accept, Candidate, ClientEvent, ErrorCode, Initiate, RoomName, ServerEvent, UserId};
use calls_server::calls::{Input, MediaNews, MediaSettings, SocketId};
use device::{Device, Intent};
use std::collections::{HashMap, HashSet};
use store::Store;

/// When every evening begins.
const DUSK: u64 = 1_700_000_000_000;

/// How long people do things before everything comes to rest.
const EVENING: u64 = 90_000;

/// What went on, to see that a simulation did not simulate nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tally {
    /// Events that reached the server.
    pub events: u64,
    /// Calls that were answered.
    pub answered: u64,
    /// Calls that ended, for whatever reason.
    pub ended: u64,
    /// Connections that broke.
    pub breaks: u64,
    /// Resumes that were granted.
    pub resumed: u64,
    /// Times the server was killed.
    pub crashes: u64,
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.events += other.events;
        self.answered += other.answered;
        self.ended += other.ended;
        self.breaks += other.breaks;
        self.resumed += other.resumed;
        self.crashes += other.crashes;
    }
}

/// A promise was broken.
#[derive(Debug)]
pub struct Broken {
    /// Which, and by what.
    pub what: String,
    /// The last steps before.
    pub story: Vec<String>,
}

/// What happens at a moment.
pub(crate) enum What {
    Intends(usize, Intent),
    Traffic(Traffic),
    Connects(usize),
    Wake,
    Crash,
    /// The media server of one life of the server tells something.
    News(u64, Box<MediaNews>),
}

impl From<Traffic> for What {
    fn from(traffic: Traffic) -> Self {
        Self::Traffic(traffic)
    }
}

/// What the devices may touch besides themselves.
pub(crate) struct Cx<'a> {
    pub(crate) now: u64,
    pub(crate) random: &'a mut Random,
    pub(crate) agenda: &'a mut Agenda<What>,
    pub(crate) network: &'a mut Network,
    /// Over the evening nobody starts anything.
    pub(crate) is_evening: bool,
}

/// One evening.
struct Simulation {
    now: u64,
    random: Random,
    agenda: Agenda<What>,
    network: Network,
    devices: Vec<Device>,
    server: Backend,
    /// The highest number the server took from a device in a room for a user.
    taken: HashMap<(RoomName, usize, UserId), u64>,
    /// Devices that dialled or answered: what others say in a 1-1 call is kept for nobody.
    seated: HashSet<(RoomName, usize)>,
    tally: Tally,
    story: std::collections::VecDeque<String>,
    tells: bool,
}

/// Runs one evening. The same seed gives the same evening.
pub fn run(seed: u64) -> Result<Tally, Broken> {
    Simulation::new(seed, false).evening()
}

/// Runs one evening again and keeps its story, for somebody who looks for a fault.
pub fn retell(seed: u64) -> Result<Tally, Broken> {
    Simulation::new(seed, true).evening()
}

impl Simulation {
    fn new(seed: u64, tells: bool) -> Self {
        let mut random = Random::new(seed);
        // Four people, of whom some have two devices; the first three are a group.
        let mut devices = Vec::new();
        for id in 1..=4 {
            for device in 0..1 + random.below(2) {
                devices.push(Device::new(devices.len(), user(id), device));
            }
        }
        Self {
            now: DUSK,
            random,
            agenda: Agenda::default(),
            network: Network::default(),
            devices,
            // Three in a group, or in an open room, are many.
            server: Backend::new(Some(MediaSettings { mesh_of_open_room: 2, ..MediaSettings::default() })),
            taken: HashMap::new(),
            seated: HashSet::new(),
            tally: Tally::default(),
            story: std::collections::VecDeque::new(),
            tells,
        }
    }

    fn evening(mut self) -> Result<Tally, Broken> {
        let run = self.plan_and_play();
        match run {
            Ok(()) => Ok(self.tally),
            Err(what) => Err(Broken { what, story: self.story.into() }),
        }
    }

    fn plan_and_play(&mut self) -> Result<(), String> {
        for device in 0..self.devices.len() {
            let at = self.now + self.random.below(3_000);
            self.agenda.add(at, What::Connects(device));
            for _ in 0..1 + self.random.below(4) {
                let at = self.now + 3_000 + self.random.below(EVENING - 10_000);
                let intent = device::something_to_do(&mut self.random);
                self.agenda.add(at, What::Intends(device, intent));
            }
        }
        if self.random.one_in(6) {
            let at = self.now + self.random.below(EVENING);
            self.agenda.add(at, What::Crash);
        }
        let dusk = self.now;
        self.play_until(dusk + EVENING)?;
        // Whoever still talks or rings says goodbye, and everything comes to rest.
        self.play_until(dusk + EVENING + 90_000)?;
        for device in 0..self.devices.len() {
            self.agenda.add(self.now, What::Intends(device, Intent::SaysGoodbye));
        }
        self.play_until(dusk + EVENING + 240_000)?;
        self.at_rest()
    }

    fn is_evening(&self) -> bool {
        self.now < DUSK + EVENING
    }

    fn play_until(&mut self, end: u64) -> Result<(), String> {
        while let Some((at, what)) = self.agenda.next_until(end) {
            self.now = self.now.max(at);
            self.happens(what)?;
        }
        self.now = end;
        Ok(())
    }

    fn tell(&mut self, what: impl FnOnce() -> String) {
        if self.tells {
            let line = format!("{:>7} {}", self.now - DUSK, what());
            self.story.push_back(line);
        }
    }

    fn happens(&mut self, what: What) -> Result<(), String> {
        match what {
            What::Wake => self.wake(),
            What::Crash => self.crash(),
            What::News(life, news) => self.media_news(life, *news),
            What::Traffic(traffic) => self.traffic(traffic),
            What::Connects(device) => self.with_device(device, |me, cx| {
                me.connect(cx);
                Ok(())
            }),
            What::Intends(device, intent) => {
                self.tell(|| format!("device {device} {intent:?}"));
                let others: Vec<UserId> = (1..=4).map(user).collect();
                self.with_device(device, |me, cx| {
                    me.act(cx, intent, &others);
                    Ok(())
                })
            }
        }
    }

    fn traffic(&mut self, traffic: Traffic) -> Result<(), String> {
        match traffic {
            Traffic::ReachesServer(socket, event, ack) => self.reaches_server(socket, *event, ack),
            Traffic::ServerNotices(socket) => {
                self.tell(|| format!("the server loses {socket:?}"));
                self.network.server_lost(socket);
                self.ask(&Input::Closed { socket }, None).map(drop)
            }
            Traffic::Breaks(socket) => {
                if self.network.break_down(self.now, socket) {
                    self.tally.breaks += 1;
                    self.tell(|| format!("{socket:?} breaks"));
                }
                Ok(())
            }
            Traffic::ReachesDevice(device, socket, down) => {
                if self.tells && self.devices[device].hears(socket) {
                    let line = match &down {
                        Down::Answer(id, answer) => format!("device {device} <= {id} {answer:?}"),
                        Down::Event(event, id) => {
                            format!("device {device} <= {id:?} {} {}", event.name(), event.payload())
                        }
                    };
                    self.tell(|| line);
                }
                self.with_device(device, |me, cx| me.hear(cx, socket, down))
            }
            Traffic::DeviceNotices(device, socket) => self.with_device(device, |me, cx| {
                me.notice(cx, socket);
                Ok(())
            }),
        }
    }

    fn with_device(
        &mut self,
        device: usize,
        act: impl FnOnce(&mut Device, &mut Cx<'_>) -> Result<(), String>,
    ) -> Result<(), String> {
        let is_evening = self.is_evening();
        let Self { now, random, agenda, network, devices, .. } = self;
        let mut cx = Cx { now: *now, random, agenda, network, is_evening };
        act(&mut devices[device], &mut cx)
    }

    fn reaches_server(&mut self, socket: SocketId, event: ClientEvent, ack: u64) -> Result<(), String> {
        let Some(device) = self.network.device_of(socket) else { return Ok(()) };
        if self.network.is_broken(self.now, socket) {
            return Ok(());
        }
        self.tally.events += 1;
        self.tell(|| format!("device {device} => {ack} {event:?} by {socket:?}"));
        let facts = facts(&event);
        let asked = event.clone();
        let input = Input::Event { socket, authenticated: None, event: Box::new(event), facts };
        let Some(reply) = self.ask(&input, Some((socket, ack)))?.reply else { return Ok(()) };
        if let Err(refusal) = &reply
            && matches!(
                refusal.code,
                ErrorCode::Unauthorized | ErrorCode::Internal | ErrorCode::BadRequest | ErrorCode::TooLarge
            )
        {
            return Err(format!("a decent client was refused: {refusal:?} to {asked:?}"));
        }
        if reply.is_ok() {
            self.count(device, &asked);
        }
        Ok(())
    }

    fn count(&mut self, device: usize, event: &ClientEvent) {
        match event {
            ClientEvent::Resume(_) => self.tally.resumed += 1,
            ClientEvent::Initiate(Initiate { room_name, .. })
            | ClientEvent::Accept(Accept { room_name, .. }) => {
                self.seated.insert((room_name.clone(), device));
            }
            ClientEvent::IceCandidate(candidate) => {
                if let (Some(calls_protocol::Recipient::User(to)), Some(number)) =
                    (candidate.to_user_id, number_in(candidate.candidate.as_json()))
                {
                    let taken = self.taken.entry((candidate.room_name.clone(), device, to)).or_default();
                    *taken = number.max(*taken);
                }
            }
            ClientEvent::Renegotiate(message) => {
                let number = message.sdp_offer.as_ref().and_then(|sdp| number_in(sdp.as_json()));
                if let (calls_protocol::Recipient::User(to), Some(number)) = (message.to_user_id, number) {
                    let taken = self.taken.entry((message.room_name.clone(), device, to)).or_default();
                    *taken = number.max(*taken);
                }
            }
            _ => {}
        }
    }

    /// Gives the rules an input and has what they ask done. Returns the reply, if it is one.
    fn ask(&mut self, input: &Input, ack: Option<(SocketId, u64)>) -> Result<Outcome, String> {
        let (server, mut reach) = self.server();
        let outcome = server.ask(&mut reach, input, ack)?;
        self.after(&outcome);
        Ok(outcome)
    }

    fn server(&mut self) -> (&mut Backend, Reach<'_, What>) {
        let Self { now, random, agenda, network, server, .. } = self;
        (server, Reach { now: *now, random, agenda, network })
    }

    fn after(&mut self, outcome: &Outcome) {
        self.tally.answered += outcome.answered;
        self.tally.ended += outcome.ended;
        for order in &outcome.media {
            for (later, news) in media::news_after(order, &mut self.random) {
                let what = What::News(self.tally.crashes, Box::new(news));
                self.agenda.add(self.now + later, what);
            }
        }
        for (to, event) in &outcome.sent {
            if let ServerEvent::Ended(ended) = &**event {
                self.expect_all_before_the_end(*to, &ended.room_name);
            }
        }
        if let Some(due) = self.server.deadline() {
            self.agenda.add(due.max(self.now), What::Wake);
        }
    }

    /// When a device is told of the end, it has heard all that the server took for it.
    fn expect_all_before_the_end(&mut self, to: SocketId, room: &RoomName) {
        let Some(receiver) = self.network.device_of(to) else { return };
        let me = self.devices[receiver].user;
        for sender in 0..self.devices.len() {
            if let Some(number) = self.taken.get(&(room.clone(), sender, me)).copied()
                && self.seated.contains(&(room.clone(), sender))
            {
                self.devices[receiver].expect_before_the_end(room, sender, number);
            }
        }
    }

    /// A media server that was killed tells nothing.
    fn media_news(&mut self, life: u64, news: MediaNews) -> Result<(), String> {
        if life != self.tally.crashes {
            return Ok(());
        }
        self.tell(|| format!("the media server tells {news:?}"));
        self.ask(&Input::Media(news), None).map(drop)
    }

    fn wake(&mut self) -> Result<(), String> {
        let (server, mut reach) = self.server();
        let outcome = server.wake(&mut reach)?;
        self.after(&outcome);
        Ok(())
    }

    fn crash(&mut self) -> Result<(), String> {
        self.tally.crashes += 1;
        let (server, mut reach) = self.server();
        let lost = server.kill(&mut reach);
        self.tell(|| format!("the server is killed; {lost} records are lost"));
        self.taken.clear();
        let open = self.server.open_calls();
        for device in &mut self.devices {
            device.server_was_killed(open.iter().map(|(call, _)| call));
        }
        let (server, mut reach) = self.server();
        for outcome in server.restore(&mut reach)? {
            self.after(&outcome);
        }
        Ok(())
    }

    /// Nothing is going on any more: nothing may be left.
    fn at_rest(&mut self) -> Result<(), String> {
        self.server.at_rest(self.now)?;
        for device in &self.devices {
            device.at_rest()?;
        }
        let (server, mut reach) = self.server();
        server.forgets_all(&mut reach)
    }
}

/// Candidates and offers carry a number: `"17"`.
pub(crate) fn number_in(json: &str) -> Option<u64> {
    json.trim_matches('"').parse().ok()
}

pub(crate) fn numbered(number: u64) -> Candidate {
    Candidate::from_json(&format!("\"{number}\"")).expect("a string is a candidate")
}
