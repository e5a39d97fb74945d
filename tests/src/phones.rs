//! Whole phones, each a real [`calls_machine::Machine`], that call each other through the server's real rules, under
//! one virtual clock and one seed.
//!
//! Around each machine is what an app puts there, at its simplest: a line to the server with an outbox, connections to
//! other devices that behave like a WebRTC stack, and a person. Lines break, networks change and go, ways between two
//! phones die, apps are killed and woken by pushes, the server is killed with what it had not written.
//!
//! What must hold is checked by three who know nothing of each other: the server's oracle, the oracle of each device,
//! and here what only somebody who sees all phones at once can see (`checks`).
mod checks;
mod hub;
mod media;
mod people;
mod phone;
mod play;

pub use play::Play;

use crate::sim::{Agenda, Backend, Broken, Network, Outcome, Random, Reach, Traffic, facts, user};
use calls_machine::{FromServer, Input as ToMachine};
use calls_protocol::{ClientEvent, ErrorCode, RoomName, ServerEvent};
use calls_server::calls::{Input, MediaNews, MediaSettings, Push, SocketId};
use media::{Media, MediaMoment};
use people::{Intent, Trouble};
use phone::{Ending, Phone};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// When every evening begins.
const DUSK: u64 = 1_700_000_000_000;

/// How long people do things before everything comes to rest.
const EVENING: u64 = 100_000;

/// What went on, to see that a simulation did not simulate nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tally {
    /// 1-1 calls that were answered.
    pub answered: u64,
    /// Calls that ended, at each phone.
    pub ended: u64,
    /// Seconds in which somebody was heard by somebody.
    pub heard: u64,
    /// Times a way between two phones was lost and came back.
    pub repaired: u64,
    /// Connections that were built anew.
    pub rebuilt: u64,
    /// Lines to the server that broke.
    pub breaks: u64,
    /// Apps that were killed.
    pub kills: u64,
    /// Apps that a push woke or told.
    pub woken: u64,
    /// Times the server was killed.
    pub crashes: u64,
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.answered += other.answered;
        self.ended += other.ended;
        self.heard += other.heard;
        self.repaired += other.repaired;
        self.rebuilt += other.rebuilt;
        self.breaks += other.breaks;
        self.kills += other.kills;
        self.woken += other.woken;
        self.crashes += other.crashes;
    }
}

/// What happens at a moment.
pub(crate) enum What {
    Traffic(Traffic),
    Media(MediaMoment),
    Does(usize, Option<u32>, Intent),
    Trouble(Trouble),
    Connects(usize),
    Ticks(usize, u32),
    Pushed(usize, Arc<ServerEvent>),
    Wake,
    ServerDies(u64),
    ServerStarts,
    Beat,
}

impl From<Traffic> for What {
    fn from(traffic: Traffic) -> Self {
        Self::Traffic(traffic)
    }
}

/// What a phone may touch besides itself.
pub(crate) struct Cx<'a> {
    pub(crate) now: u64,
    pub(crate) random: &'a mut Random,
    pub(crate) agenda: &'a mut Agenda<What>,
    pub(crate) network: &'a mut Network,
    pub(crate) media: &'a mut Media,
    pub(crate) server_is_up: bool,
    /// Whether things go wrong.
    pub(crate) is_rough: bool,
    pub(crate) tells: bool,
    story: &'a mut Vec<String>,
}

impl Cx<'_> {
    pub(crate) fn tell(&mut self, what: impl FnOnce() -> String) {
        if self.tells {
            let line = format!("{:>7} {}", self.now - DUSK, what());
            self.story.push(line);
        }
    }
}

/// All phones, and the server.
pub(crate) struct World {
    pub(crate) now: u64,
    pub(crate) random: Random,
    pub(crate) agenda: Agenda<What>,
    pub(crate) network: Network,
    pub(crate) media: Media,
    pub(crate) phones: Vec<Phone>,
    server: Backend,
    pub(crate) server_is_up: bool,
    pub(crate) is_rough: bool,
    /// People do things of their own accord.
    pub(crate) is_lively: bool,
    /// Somebody may be refused at the door of a room.
    pub(crate) doors_are_kept: bool,
    pub(crate) endings: BTreeMap<RoomName, Vec<Ending>>,
    /// Since when nothing has been wrong between two phones in a call.
    pub(crate) healthy: BTreeMap<(RoomName, usize, usize), u64>,
    /// What people have seen of the calls of each phone.
    pub(crate) noticed: BTreeMap<(usize, u32, calls_machine::CallKey), people::Stage>,
    pub(crate) tally: Tally,
    story: Vec<String>,
    tells: bool,
}

/// Runs one evening. The same seed gives the same evening.
pub fn run(seed: u64) -> Result<Tally, Broken> {
    World::evening(seed, false)
}

/// Runs one evening again and keeps its story, for somebody who looks for a fault.
pub fn retell(seed: u64) -> Result<Tally, Broken> {
    World::evening(seed, true)
}

impl World {
    /// Phones of these users, in order; nothing happens yet.
    pub(crate) fn new(mut random: Random, users: &[u64], media: Option<MediaSettings>, tells: bool) -> Self {
        let device = |index: usize| users[..index].iter().filter(|id| **id == users[index]).count() as u64;
        let phones = (0..users.len()).map(|index| Phone::new(index, user(users[index]), device(index)));
        let phones: Vec<Phone> = phones.collect();
        let is_rough = !random.one_in(4);
        Self {
            now: DUSK,
            random,
            agenda: Agenda::default(),
            network: Network::default(),
            media: Media::new(phones.len()),
            phones,
            server: Backend::new(media),
            server_is_up: true,
            is_rough,
            is_lively: true,
            doors_are_kept: false,
            endings: BTreeMap::new(),
            healthy: BTreeMap::new(),
            noticed: BTreeMap::new(),
            tally: Tally::default(),
            story: Vec::new(),
            tells,
        }
    }

    fn evening(seed: u64, tells: bool) -> Result<Tally, Broken> {
        let mut random = Random::new(seed);
        // Two to four people, of whom some have two phones; the first three are a group.
        let mut users = Vec::new();
        for id in 1..=2 + random.below(3) {
            users.push(id);
            if random.one_in(3) {
                users.push(id);
            }
        }
        // Half of the servers have a media server.
        let media = random.one_in(2).then(MediaSettings::default);
        let mut world = Self::new(random, &users, media, tells);
        match world.plan_and_play() {
            Ok(()) => Ok(Tally { rebuilt: world.media.rebuilt, ..world.tally }),
            Err(what) => Err(Broken { what, story: world.story }),
        }
    }

    fn plan_and_play(&mut self) -> Result<(), String> {
        self.plan_the_evening();
        self.play_until(DUSK + EVENING)?;
        self.is_lively = false;
        self.all_is_well_again()?;
        // Whoever rings, dials or repairs has had all the time there is.
        self.play_until(DUSK + EVENING + 130_000)?;
        self.everybody_agrees()?;
        self.everybody_says_goodbye()?;
        self.play_until(DUSK + EVENING + 200_000)?;
        self.at_rest()
    }

    pub(crate) fn play_until(&mut self, end: u64) -> Result<(), String> {
        while let Some((at, what)) = self.agenda.next_until(end) {
            self.now = self.now.max(at);
            self.media.now = self.now;
            self.happens(what)?;
            self.plan_media();
        }
        self.now = end;
        self.media.now = end;
        Ok(())
    }

    pub(crate) fn tell(&mut self, what: impl FnOnce() -> String) {
        if self.tells {
            let line = format!("{:>7} {}", self.now - DUSK, what());
            self.story.push(line);
        }
    }

    pub(crate) fn start_beating(&mut self) {
        self.agenda.add(self.now + 1_000, What::Beat);
    }

    pub(crate) fn story(&self) -> &[String] {
        &self.story
    }

    fn happens(&mut self, what: What) -> Result<(), String> {
        match what {
            What::Traffic(traffic) => self.traffic(traffic),
            What::Media(MediaMoment::News(life, news)) => self.media_news(life, *news),
            What::Media(moment) => {
                let Some((end, said)) = self.media.happens(&mut self.random, moment)? else { return Ok(()) };
                if self.phones[end.phone].life != end.life {
                    return Ok(());
                }
                self.tally.repaired += u64::from(said == calls_machine::FromPeer::Up);
                self.with_phone(end.phone, |phone, cx| phone.give(cx, ToMachine::Peer(end.peer, said)))
            }
            What::Does(phone, life, intent) => self.does(phone, life, intent),
            What::Trouble(trouble) => self.trouble(trouble),
            What::Connects(phone) => self.with_phone(phone, |phone, cx| {
                phone.connect(cx);
                Ok(Vec::new())
            }),
            What::Ticks(phone, life) => self.with_phone(phone, |phone, cx| phone.tick(cx, life)),
            What::Pushed(phone, event) => self.pushed(phone, &event),
            What::Wake => {
                let (server, mut reach) = self.server();
                let outcome = server.wake(&mut reach)?;
                self.after(outcome)
            }
            What::ServerDies(length) => self.server_dies(length),
            What::ServerStarts => self.server_starts(),
            What::Beat => self.beat(),
        }
    }

    /// Lets a phone do something, and its person see what came of it.
    pub(crate) fn with_phone(
        &mut self,
        phone: usize,
        act: impl FnOnce(&mut Phone, &mut Cx<'_>) -> Result<Vec<Ending>, String>,
    ) -> Result<(), String> {
        let Self { now, random, agenda, network, media, phones, server_is_up, is_rough, story, .. } = self;
        let (server_is_up, is_rough, tells) = (*server_is_up, *is_rough, self.tells);
        let mut cx = Cx { now: *now, random, agenda, network, media, server_is_up, is_rough, tells, story };
        for ending in act(&mut phones[phone], &mut cx)? {
            self.tally.ended += 1;
            self.endings.entry(ending.last.room.clone()).or_default().push(ending);
        }
        if self.is_lively {
            self.person_looks(phone);
        }
        Ok(())
    }

    fn traffic(&mut self, traffic: Traffic) -> Result<(), String> {
        match traffic {
            Traffic::ReachesServer(socket, event, ack) => self.reaches_server(socket, *event, ack),
            Traffic::ReachesDevice(phone, socket, down) => {
                self.with_phone(phone, |phone, cx| phone.hear(cx, socket, down))
            }
            Traffic::Breaks(socket) => {
                if let Some(phone) = self.network.device_of(socket) {
                    self.is_touched(phone);
                }
                if self.network.break_down(self.now, socket) {
                    self.tally.breaks += 1;
                    self.tell(|| format!("{socket:?} breaks"));
                }
                Ok(())
            }
            Traffic::ServerNotices(socket) => {
                self.network.server_lost(socket);
                self.tell(|| format!("the server loses {socket:?}"));
                self.ask(&Input::Closed { socket }, None).map(drop)
            }
            Traffic::DeviceNotices(phone, socket) => {
                self.with_phone(phone, |phone, cx| phone.notice(cx, socket))
            }
        }
    }

    // The server.

    fn server(&mut self) -> (&mut Backend, Reach<'_, What>) {
        let Self { now, random, agenda, network, server, .. } = self;
        (server, Reach { now: *now, random, agenda, network })
    }

    fn ask(&mut self, input: &Input, ack: Option<(SocketId, u64)>) -> Result<Outcome, String> {
        let (server, mut reach) = self.server();
        let mut outcome = server.ask(&mut reach, input, ack)?;
        let reply = outcome.reply.take();
        self.after(outcome)?;
        Ok(Outcome { reply, ..Outcome::default() })
    }

    fn media_news(&mut self, life: u64, news: MediaNews) -> Result<(), String> {
        if !self.media.is_life(life) {
            return Ok(());
        }
        self.tell(|| format!("the media server tells {news:?}"));
        self.ask(&Input::Media(news), None).map(drop)
    }

    /// The media server is killed, and another one begins.
    pub(crate) fn media_server_dies(&mut self) {
        self.healthy.clear();
        self.tell(|| "the media server dies".into());
        self.media.hub_dies(&mut self.random, false);
        self.plan_media();
    }

    fn plan_media(&mut self) {
        for (after, moment) in self.media.take_plans() {
            self.agenda.add(self.now + after, What::Media(moment));
        }
    }

    fn after(&mut self, outcome: Outcome) -> Result<(), String> {
        for order in &outcome.media {
            self.tell(|| format!("the media server shall {order:?}"));
            self.media.hub_does(&mut self.random, order)?;
        }
        self.tally.answered += outcome.answered;
        for (whom, push) in outcome.pushes {
            let Push::Ring(event) = push else { continue };
            for phone in 0..self.phones.len() {
                if self.phones[phone].user == whom && !self.phones[phone].is_registered {
                    self.plan_push(phone, event.clone());
                }
            }
        }
        if let Some(due) = self.server.deadline() {
            self.agenda.add(due.max(self.now), What::Wake);
        }
        Ok(())
    }

    fn reaches_server(&mut self, socket: SocketId, event: ClientEvent, ack: u64) -> Result<(), String> {
        let Some(phone) = self.network.device_of(socket) else { return Ok(()) };
        if self.network.is_broken(self.now, socket) {
            return Ok(());
        }
        self.tell(|| format!("server <- phone {phone} {ack} {event:?}"));
        let asked = event.clone();
        let facts = facts(&event);
        let input = Input::Event { socket, authenticated: None, event: Box::new(event), facts };
        let reply = self.ask(&input, Some((socket, ack)))?.reply;
        match reply {
            // A server that was killed may have given the name of a room that it forgot to somebody else.
            Some(Err(refusal))
                if refusal.code == ErrorCode::Forbidden
                    && (self.tally.crashes > 0 || self.doors_are_kept) =>
            {
                Ok(())
            }
            Some(Err(refusal)) if is_our_fault(refusal.code) => {
                Err(format!("phone {phone} was refused: {refusal:?} to {asked:?}"))
            }
            Some(_) | None => Ok(()),
        }
    }

    pub(crate) fn server_dies(&mut self, length: u64) -> Result<(), String> {
        self.tally.crashes += 1;
        self.server_is_up = false;
        self.healthy.clear();
        let (server, mut reach) = self.server();
        let lost = server.kill(&mut reach);
        self.tell(|| format!("the server is killed; {lost} records are lost"));
        self.media.hub_dies(&mut self.random, true);
        self.agenda.add(self.now + length, What::ServerStarts);
        Ok(())
    }

    fn server_starts(&mut self) -> Result<(), String> {
        self.server_is_up = true;
        self.tell(|| "the server is back".into());
        let (server, mut reach) = self.server();
        for outcome in server.restore(&mut reach)? {
            self.after(outcome)?;
        }
        Ok(())
    }

    // Pushes.

    fn plan_push(&mut self, phone: usize, event: Arc<ServerEvent>) {
        let is_lost = self.is_rough && self.random.one_in(8);
        let is_late = self.is_rough && self.random.one_in(8);
        if is_lost {
            return;
        }
        let after = if is_late { self.random.below(60_000) } else { 200 + self.random.below(3_000) };
        self.agenda.add(self.now + after, What::Pushed(phone, event));
    }

    fn pushed(&mut self, phone: usize, event: &Arc<ServerEvent>) -> Result<(), String> {
        if !self.media.has_network(phone) {
            self.agenda.add(self.now + 1_000, What::Pushed(phone, event.clone()));
            return Ok(());
        }
        self.tally.woken += 1;
        self.tell(|| format!("a push reaches phone {phone}"));
        let now = self.now;
        self.with_phone(phone, |phone, cx| {
            phone.start(cx);
            let ServerEvent::Incoming(incoming) = &**event else { return Ok(Vec::new()) };
            let left = incoming.expires_at.0.saturating_sub(now);
            let woken = FromServer::Woken {
                room: incoming.room_name.clone(),
                from: incoming.from_id,
                name: incoming.from_name.clone(),
                call_type: incoming.call_type,
                rings_for: (left > 0).then(|| Duration::from_millis(left)),
            };
            phone.give(cx, ToMachine::Server(woken))
        })
    }

    /// Something happened to the network of a phone.
    pub(crate) fn is_touched(&mut self, phone: usize) {
        self.phones[phone].touched = self.now;
        self.healthy.retain(|(_, one, other), _| *one != phone && *other != phone);
    }

    pub(crate) fn at_rest(&mut self) -> Result<(), String> {
        self.server.at_rest(self.now)?;
        self.phones_are_at_rest()?;
        let (server, mut reach) = self.server();
        server.forgets_all(&mut reach)
    }
}

/// Refusals that a well-behaved app never gets.
fn is_our_fault(code: ErrorCode) -> bool {
    match code {
        ErrorCode::BadRequest
        | ErrorCode::Unauthorized
        | ErrorCode::Forbidden
        | ErrorCode::RateLimited
        | ErrorCode::TooLarge
        | ErrorCode::UnknownEvent
        | ErrorCode::Internal
        | ErrorCode::Unknown => true,
        // Whose phone is away for a moment in a call cannot say that it takes a second one.
        ErrorCode::RecipientBusy
        | ErrorCode::NotFound
        | ErrorCode::RecipientOffline
        | ErrorCode::AlreadyInCall
        | ErrorCode::AlreadyAnswered
        | ErrorCode::Expired
        | ErrorCode::RoomFull
        | ErrorCode::Conflict
        | ErrorCode::Unavailable => false,
    }
}
