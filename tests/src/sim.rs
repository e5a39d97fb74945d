//! Whole evenings of calls in milliseconds: clients, a network that fails, and the server's rules under one virtual
//! clock and one seed.
//!
//! Connections are what TCP gives: in order, until they break. A break loses what was on its way in both directions;
//! the client and the server notice it at different times, the server up to 45 s later. Clients are decent ones: they
//! keep what was not acknowledged, resume with the last event they saw, and send it again. The server is killed now
//! and then, with the last 50 ms of what it wanted stored.
//!
//! What must hold is checked in three places: the [`Oracle`] at the server, each device (every event once, in order,
//! none missing), and at rest (no call left, nothing remembered, every row ended).
mod device;
mod network;
mod random;
mod store;

pub use random::Random;

use crate::oracle::Oracle;
use calls_protocol::{
    Accept, Ack, Candidate, ClientEvent, ErrorCode, EventId, Initiate, Refusal, RoomName, ServerEvent,
    UnixMillis, UserId,
};
use calls_server::calls::{Action, CallSettings, Calls, Facts, GroupFacts, Input, Profile, SocketId};
use device::{Device, Intent};
use network::Network;
use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, HashSet},
    sync::Arc,
};
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
    ReachesServer(SocketId, Box<ClientEvent>, u64),
    ReachesDevice(usize, SocketId, Down),
    Breaks(SocketId),
    ServerNotices(SocketId),
    DeviceNotices(usize, SocketId),
    Connects(usize),
    Wake,
    Crash,
}

/// From the server to a device.
#[derive(Clone)]
pub(crate) enum Down {
    Answer(u64, Result<Ack, Refusal>),
    Event(Arc<ServerEvent>, Option<EventId>),
}

struct Moment {
    at: u64,
    order: u64,
    what: What,
}

impl PartialEq for Moment {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.order) == (other.at, other.order)
    }
}

impl Eq for Moment {}

impl PartialOrd for Moment {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Moment {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

/// Moments to come.
#[derive(Default)]
pub(crate) struct Agenda {
    moments: BinaryHeap<Reverse<Moment>>,
    order: u64,
}

impl Agenda {
    pub(crate) fn add(&mut self, at: u64, what: What) {
        self.order += 1;
        self.moments.push(Reverse(Moment { at, order: self.order, what }));
    }
}

/// What the devices may touch besides themselves.
pub(crate) struct Cx<'a> {
    pub(crate) now: u64,
    pub(crate) random: &'a mut Random,
    pub(crate) agenda: &'a mut Agenda,
    pub(crate) network: &'a mut Network,
    /// Over the evening nobody starts anything.
    pub(crate) is_evening: bool,
}

/// One evening.
struct Simulation {
    now: u64,
    random: Random,
    agenda: Agenda,
    network: Network,
    devices: Vec<Device>,
    calls: Calls,
    oracle: Oracle,
    store: Store,
    /// The highest number the server took from a device in a room for a user.
    taken: HashMap<(RoomName, usize, UserId), u64>,
    /// Devices that dialled or answered: what others say in a 1-1 call is kept for nobody.
    seated: HashSet<(RoomName, usize)>,
    tally: Tally,
    story: std::collections::VecDeque<String>,
    tells: bool,
}

fn user(id: u64) -> UserId {
    UserId::new(id).expect("simulated users have small ids")
}

fn fresh_calls(store: &Store) -> Calls {
    let (next, next_group) = store.next_ids();
    let settings = CallSettings { attempts_per_minute: 1000, ..CallSettings::default() };
    Calls::new(settings, next, next_group, Arc::new(|_, _| Default::default()))
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
        let store = Store::default();
        Self {
            now: DUSK,
            random,
            agenda: Agenda::default(),
            network: Network::default(),
            devices,
            calls: fresh_calls(&store),
            oracle: Oracle::default(),
            store,
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
        while let Some(Reverse(next)) = self.agenda.moments.peek() {
            if next.at > end {
                break;
            }
            let Some(Reverse(moment)) = self.agenda.moments.pop() else { break };
            self.now = self.now.max(moment.at);
            self.happens(moment.what)?;
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
            What::ReachesServer(socket, event, ack) => self.reaches_server(socket, *event, ack),
            What::ServerNotices(socket) => {
                self.tell(|| format!("the server loses {socket:?}"));
                self.network.server_lost(socket);
                self.ask(&Input::Closed { socket }).map(drop)
            }
            What::Breaks(socket) => {
                if self.network.break_down(self.now, socket) {
                    self.tally.breaks += 1;
                    self.tell(|| format!("{socket:?} breaks"));
                }
                Ok(())
            }
            What::ReachesDevice(device, socket, down) => {
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
            What::Connects(device) => self.with_device(device, |me, cx| {
                me.connect(cx);
                Ok(())
            }),
            What::DeviceNotices(device, socket) => self.with_device(device, |me, cx| {
                me.notice(cx, socket);
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
        let Some(reply) = self.ask_with(&input, Some((socket, ack)))? else { return Ok(()) };
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
                if let (Some(to), Some(number)) =
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

    /// Gives the rules an input, has the oracle look at it, and does what they ask. Returns the reply, if it is one.
    fn ask(&mut self, input: &Input) -> Result<Option<Result<Ack, Refusal>>, String> {
        self.ask_with(input, None)
    }

    fn ask_with(
        &mut self,
        input: &Input,
        ack: Option<(SocketId, u64)>,
    ) -> Result<Option<Result<Ack, Refusal>>, String> {
        let now = UnixMillis(self.now);
        let actions = self.calls.handle(now, input.clone());
        self.oracle.watch(now, input, &actions)?;
        let mut reply = None;
        for action in actions {
            match action {
                Action::Reply(answer) => {
                    if let Some((socket, ack)) = ack {
                        let down = Down::Answer(ack, answer.clone());
                        self.network.send_down(self.now, &mut self.random, &mut self.agenda, socket, down);
                    }
                    reply = Some(answer);
                }
                Action::Send { to, event, id } => {
                    if let ServerEvent::Ended(ended) = &*event {
                        self.expect_all_before_the_end(to, &ended.room_name);
                    }
                    let down = Down::Event(event, id);
                    self.network.send_down(self.now, &mut self.random, &mut self.agenda, to, down);
                }
                Action::Store(record) => {
                    self.tally.answered +=
                        u64::from(matches!(record, calls_server::calls::Record::Connected { .. }));
                    self.tally.ended +=
                        u64::from(matches!(record, calls_server::calls::Record::Ended { .. }));
                    self.store.write(self.now, record);
                }
                Action::Close(socket) => {
                    self.network.close(self.now, &mut self.random, &mut self.agenda, socket);
                }
                Action::Push { .. } | Action::Note(_) => {}
            }
        }
        if let Some(due) = self.calls.deadline() {
            self.agenda.add(due.0.max(self.now), What::Wake);
        }
        Ok(reply)
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

    fn wake(&mut self) -> Result<(), String> {
        if self.calls.deadline().is_none_or(|due| due.0 > self.now) {
            return Ok(());
        }
        self.ask(&Input::Tick)?;
        if self.calls.deadline().is_some_and(|due| due.0 <= self.now) {
            return Err("the rules are not done when they are woken".into());
        }
        Ok(())
    }

    fn crash(&mut self) -> Result<(), String> {
        self.tally.crashes += 1;
        let lost = self.store.crash(self.now, &mut self.random);
        self.tell(|| format!("the server is killed; {} records are lost", lost.len()));
        self.oracle.crash(&lost);
        self.network.close_all(self.now, &mut self.random, &mut self.agenda);
        self.taken.clear();
        self.calls = fresh_calls(&self.store);
        let open = self.store.open_calls();
        for device in &mut self.devices {
            device.server_was_killed(open.iter().map(|(call, _)| call));
        }
        for (call, is_group) in open {
            let group = is_group.then(|| Arc::new(group()));
            self.ask(&Input::Restore { call, group })?;
        }
        Ok(())
    }

    /// Nothing is going on any more: nothing may be left.
    fn at_rest(&mut self) -> Result<(), String> {
        if self.calls.live() > 0 {
            return Err(format!(
                "calls that nobody is in go on:\n{}",
                self.calls.summary(UnixMillis(self.now))
            ));
        }
        self.oracle.rest()?;
        if let Some((call, _)) = self.store.open_calls().first() {
            return Err(format!("the database says that this goes on: {call:?}"));
        }
        for device in &self.devices {
            device.at_rest()?;
        }
        for socket in self.network.open_sockets() {
            self.ask(&Input::Closed { socket })?;
        }
        // Attempts are counted for a minute, outcomes remembered for 45 s.
        self.now += 120_000;
        self.wake()?;
        self.ask(&Input::Tick)?;
        let (left, empty) = (self.calls.summary(UnixMillis(self.now)), fresh_calls(&self.store));
        if left != empty.summary(UnixMillis(self.now)) {
            return Err(format!("something is remembered for ever:\n{left}"));
        }
        Ok(())
    }
}

fn group() -> GroupFacts {
    GroupFacts { name: "Climbers".into(), members: [1, 2, 3].map(user).to_vec() }
}

fn facts(event: &ClientEvent) -> Facts {
    match event {
        ClientEvent::Register(register) => {
            let profile = Profile { name: format!("Name {}", register.user_id), avatar: None };
            Facts { profile: Some(Arc::new(profile)), ..Facts::default() }
        }
        ClientEvent::Initiate(_) => {
            // Every other person can be woken by a push.
            Facts { group: Some(Arc::new(group())), callee_has_push: true, ..Facts::default() }
        }
        ClientEvent::JoinRoom(_) => Facts { may_open_rooms: true, ..Facts::default() },
        _ => Facts::default(),
    }
}

/// Candidates and offers carry a number: `"17"`.
pub(crate) fn number_in(json: &str) -> Option<u64> {
    json.trim_matches('"').parse().ok()
}

pub(crate) fn numbered(number: u64) -> Candidate {
    Candidate::from_json(&format!("\"{number}\"")).expect("a string is a candidate")
}
