//! The stage: a room, people with paths to it, a clock that we turn, and what each of them saw and heard.
mod eyes;
mod mouth;

use super::*;
use calls_rtp::{
    bandwidth::Arrivals,
    control::SenderInfo,
    packet::{HEAD, HeadWriter, Unwrapper},
    vp8::Descriptor,
};
use mouth::rtp;
use std::{
    cmp::Reverse,
    collections::{BTreeSet, BinaryHeap, HashMap},
};

const MS: Duration = Duration::from_millis(1);
const FRAME: Duration = Duration::from_millis(40);
const SOUND: Duration = Duration::from_millis(20);
const DELAY: Duration = Duration::from_millis(25);
const QUEUE: Duration = Duration::from_millis(300);
/// Numbers of the header extensions, as everybody agreed.
const MID: u8 = 1;
const RID: u8 = 2;
const LEVEL: u8 = 3;
const TRANSPORT: u8 = 4;
/// The layers of a camera in three: bits a second and height.
const LAYERS: [(u64, u16); 3] = [(150_000, 180), (450_000, 360), (1_400_000, 720)];

/// What somebody sends, and what their path is like.
#[derive(Debug, Clone)]
pub(super) struct Life {
    pub(super) layers: usize,
    pub(super) has_screen: bool,
    pub(super) speaks: bool,
    /// Of what comes and of what goes.
    pub(super) loss: f64,
    /// Bits a second towards them.
    pub(super) down: u64,
}

impl Life {
    pub(super) fn silent() -> Self {
        Self { layers: 0, has_screen: false, speaks: false, loss: 0.0, down: 20_000_000 }
    }

    pub(super) fn camera() -> Self {
        Self { layers: 1, speaks: true, ..Self::silent() }
    }

    pub(super) fn simulcast() -> Self {
        Self { layers: 3, ..Self::camera() }
    }
}

/// What is on its way.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Travels {
    ToRoom(usize, Vec<u8>),
    ToPerson(usize, Vec<u8>),
}

pub(super) struct Stage {
    room: Room,
    now: Duration,
    random: u64,
    people: HashMap<usize, Actor>,
    gone: BTreeSet<usize>,
    on_the_way: BinaryHeap<Reverse<(Duration, u64, Travels)>>,
    count: u64,
    seat_of: HashMap<usize, usize>,
    came: usize,
    /// Somebody whose packets say anything.
    hostile: Option<usize>,
}

/// One person on the stage.
struct Actor {
    life: Life,
    seat: usize,
    sends: Vec<Sending>,
    counters: HashMap<u32, Unwrapper>,
    transport: u16,
    free_at: Duration,
    receives: HashMap<u32, Receiving>,
    arrivals: Arrivals,
    slots: HashMap<Slot, (u32, u32)>,
    asked: usize,
    shown: Vec<(Slot, UserId, Kind)>,
    /// As it was before, and until when: names and packets come by different ways.
    shown_before: (Vec<(Slot, UserId, Kind)>, Duration),
    looked: HashMap<(usize, Kind), Looked>,
    heard: HashMap<usize, u64>,
    heard_now: Vec<UserId>,
    keys_asked: u64,
    pictures: u64,
    wanted: Option<(u16, u16)>,
    repaired: u64,
    most_heard: usize,
    given: u64,
}

struct Sending {
    kind: Kind,
    layer: usize,
    ssrc: u32,
    sequence: u16,
    picture: u16,
    key: bool,
    sent: std::collections::VecDeque<Vec<u8>>,
}

/// One stream as its receiver sees it.
#[derive(Default)]
struct Receiving {
    counter: Unwrapper,
    highest: u64,
    packets: HashMap<u64, Vec<u8>>,
    missing: HashMap<u64, Duration>,
    kind: Option<Kind>,
    /// The next number that a whole picture would begin at.
    next: Option<u64>,
    /// The last picture was whole, and so is what it stands on.
    is_whole: bool,
    key_asked: Duration,
}

#[derive(Default)]
struct Looked {
    pictures: u64,
    last: Option<Duration>,
    freeze: Duration,
    height: u16,
}

/// Collects what a room says.
#[derive(Default)]
struct Said {
    packets: Vec<(usize, Vec<u8>)>,
    news: Vec<News>,
}

impl Out for Said {
    fn rtp(&mut self, to: usize, packet: &Leaving<'_>) {
        let mut bytes = vec![0; 1_500];
        let (len, _) = packet.write(&mut bytes).expect("it fits");
        bytes.truncate(len);
        self.packets.push((to, bytes));
    }

    fn rtcp(&mut self, to: usize, messages: &[u8]) {
        self.packets.push((to, messages.to_vec()));
    }

    fn news(&mut self, news: News) {
        self.news.push(news);
    }
}

fn user(person: usize) -> UserId {
    UserId::new(person as u64 + 1).expect("small")
}

impl Stage {
    pub(super) fn new(seed: u64) -> Self {
        Self::with(seed, RoomSettings::default())
    }

    pub(super) fn with(seed: u64, settings: RoomSettings) -> Self {
        println!("seed {seed}");
        Self {
            room: Room::new(settings, 0xe000_0000_0000_0000),
            now: SECOND,
            random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            people: HashMap::new(),
            gone: BTreeSet::new(),
            on_the_way: BinaryHeap::new(),
            count: 0,
            seat_of: HashMap::new(),
            came: 0,
            hostile: None,
        }
    }

    fn chance(&mut self) -> f64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Somebody comes in and says what they send. Their number is not their seat.
    pub(super) fn comes(&mut self, life: Life) -> usize {
        let person = self.came;
        self.came += 1;
        let seat = self.room.join(self.now, user(person));
        let mut sends = Vec::new();
        let mut sending = |kind, layer, n: u32| {
            let ssrc = 1_000 * (person as u32 + 1) + n;
            let sequence = (ssrc * 7_919) as u16;
            sends.push(Sending {
                kind,
                layer,
                ssrc,
                sequence,
                picture: sequence,
                key: true,
                sent: Default::default(),
            });
        };
        sending(Kind::Sound, 0, 0);
        (0..life.layers).for_each(|layer| sending(Kind::Camera, layer, 1 + layer as u32));
        if life.has_screen {
            sending(Kind::Screen, 0, 9);
        }
        let section = |mid: &str, kind, payload_types, rids: &[&str]| SendSection {
            mid: mid.to_owned(),
            kind,
            payload_types,
            ssrcs: Vec::new(),
            rids: rids.iter().map(|rid| (*rid).to_owned()).collect(),
        };
        let rids: &[&str] = if life.layers > 1 { &["q", "h", "f"] } else { &[] };
        let agreed = Sends {
            sections: vec![
                section("0", Kind::Sound, vec![(111, Codec::Opus)], &[]),
                section("1", Kind::Camera, vec![(96, Codec::Vp8)], rids),
                section("2", Kind::Screen, vec![(96, Codec::Vp8)], &[]),
            ],
            mid_id: Some(MID),
            rid_id: Some(RID),
            level_id: Some(LEVEL),
            transport_id: Some(TRANSPORT),
        };
        self.room.sends(seat, agreed);
        self.seat_of.insert(seat, person);
        self.people.insert(
            person,
            Actor {
                life,
                seat,
                sends,
                counters: HashMap::new(),
                transport: 0,
                free_at: Duration::ZERO,
                receives: HashMap::new(),
                arrivals: Arrivals::default(),
                slots: HashMap::new(),
                asked: 0,
                shown: Vec::new(),
                shown_before: (Vec::new(), Duration::ZERO),
                looked: HashMap::new(),
                heard: HashMap::new(),
                heard_now: Vec::new(),
                keys_asked: 0,
                pictures: 0,
                wanted: None,
                repaired: 0,
                most_heard: 0,
                given: 0,
            },
        );
        person
    }

    pub(super) fn leaves(&mut self, person: usize) {
        let actor = self.people.remove(&person).expect("is there");
        self.seat_of.remove(&actor.seat);
        self.gone.insert(person);
        self.room.leave(actor.seat);
    }

    pub(super) fn looks(&mut self, person: usize, at: &[(usize, u16)]) {
        let seat = self.people[&person].seat;
        self.room.looks_at(seat, at.iter().map(|(other, height)| (user(*other), Kind::Camera, *height)));
    }

    pub(super) fn permits(&mut self, person: usize, permitted: Permitted) {
        self.room.permit(self.people[&person].seat, permitted);
    }

    pub(super) fn speaks(&mut self, person: usize, speaks: bool) {
        self.people.get_mut(&person).expect("is there").life.speaks = speaks;
    }

    pub(super) fn narrows(&mut self, person: usize, down: u64) {
        self.people.get_mut(&person).expect("is there").life.down = down;
    }

    /// Something that a person sends of their own making, as it is after the decryption. What is no packet goes no further.
    pub(super) fn injects(&mut self, person: usize, bytes: &[u8]) {
        self.hostile = Some(person);
        if control::is_control(bytes) || Packet::parse(bytes).is_some() {
            self.reaches_room(person, bytes);
        }
    }

    /// The number by which a person sends a sound or a picture.
    pub(super) fn stream_of(&self, person: usize, kind: Kind) -> u32 {
        let of = |sending: &&Sending| sending.kind == kind;
        self.people[&person].sends.iter().find(of).expect("sends it").ssrc
    }

    /// Bits a second that go to a person at this moment, as the room counts what their path carries.
    pub(super) fn estimate(&self, person: usize) -> u64 {
        let seat = self.people[&person].seat;
        self.room.people[seat].as_ref().expect("is there").path.estimate()
    }

    /// What a person's path was given in all, in packets.
    pub(super) fn given(&self, person: usize) -> u64 {
        self.people[&person].given
    }

    /// A number between 0 and 1.
    pub(super) fn draws(&mut self) -> f64 {
        self.chance()
    }

    /// Time passes.
    pub(super) fn plays(&mut self, length: Duration) {
        let end = self.now + length;
        while self.now < end {
            self.now += MS;
            if self.now.as_millis().is_multiple_of(FRAME.as_millis()) {
                self.everybody_shows();
            }
            if self.now.as_millis().is_multiple_of(SOUND.as_millis()) {
                self.everybody_sounds();
            }
            while self.on_the_way.peek().is_some_and(|Reverse((at, ..))| *at <= self.now) {
                let Some(Reverse((_, _, travels))) = self.on_the_way.pop() else { break };
                match travels {
                    Travels::ToRoom(person, bytes) => self.reaches_room(person, &bytes),
                    Travels::ToPerson(person, bytes) => self.reaches_person(person, &bytes),
                }
            }
            if self.room.deadline(self.now) <= self.now {
                let mut said = Said::default();
                self.room.tick(self.now, &mut said);
                self.carry(said);
            }
            if self.now.as_millis().is_multiple_of(50) {
                self.everybody_answers();
            }
        }
    }

    fn everybody_shows(&mut self) {
        let mut people: Vec<usize> = self.people.keys().copied().collect();
        people.sort_unstable();
        for person in people {
            let actor = self.people.get_mut(&person).expect("is there");
            let mut packets = Vec::new();
            let wanted = actor.wanted;
            for sending in actor.sends.iter_mut().filter(|sending| sending.kind != Kind::Sound) {
                let (bps, height) = match (sending.kind, actor.life.layers) {
                    (Kind::Screen, _) => (400_000, 720),
                    (_, 1) => (400_000, 360),
                    _ => LAYERS[sending.layer],
                };
                let most =
                    wanted.map_or(
                        u16::MAX,
                        |(camera, screen)| {
                            if sending.kind == Kind::Screen { screen } else { camera }
                        },
                    );
                if height > most {
                    continue;
                }
                sending.picture = sending.picture.wrapping_add(1);
                let is_key = std::mem::take(&mut sending.key);
                // A whole picture is four times as large.
                let bytes = bps as usize / 8 / 25 * if is_key { 4 } else { 1 };
                let parts = bytes.div_ceil(1_100).max(1);
                for part in 0..parts {
                    let mut payload = vec![0x90 & if part == 0 { 0xff } else { 0x8f }, 0x80];
                    payload.extend((0x8000 | sending.picture & 0x7fff).to_be_bytes());
                    payload.extend([u8::from(!is_key), 0, 0, 0x9d, 0x01, 0x2a, 0, 0]);
                    payload.extend(height.to_le_bytes());
                    // What says whose it is.
                    payload.extend((person as u32).to_be_bytes());
                    payload.resize(payload.len().max(bytes / parts), 7);
                    packets.push(rtp(
                        sending,
                        &mut actor.transport,
                        (part + 1 == parts, None),
                        self.now,
                        &payload,
                    ));
                }
                if sending.layer + 1 == actor.life.layers.max(1) && sending.kind == Kind::Camera {
                    actor.pictures += 1;
                }
            }
            packets.into_iter().for_each(|packet| self.leaves_for_room(person, packet));
        }
    }

    fn everybody_sounds(&mut self) {
        let mut people: Vec<usize> = self.people.keys().copied().collect();
        people.sort_unstable();
        for person in people {
            let actor = self.people.get_mut(&person).expect("is there");
            let level = if actor.life.speaks { 25 } else { 127 };
            let payload = [&(person as u32).to_be_bytes()[..], &[1; 60]].concat();
            let sending = &mut actor.sends[0];
            let packet = rtp(sending, &mut actor.transport, (false, Some(level)), self.now, &payload);
            self.leaves_for_room(person, packet);
        }
    }

    /// Reports, requests, and what arrived.
    fn everybody_answers(&mut self) {
        let now = self.now;
        let mut packets = Vec::new();
        for (person, actor) in &mut self.people {
            let mut bytes = [0; 1_200];
            while actor.arrivals.is_waiting() {
                let len = actor.arrivals.write(1, 2, &mut bytes);
                packets.push((*person, bytes[..len].to_vec()));
            }
            for (ssrc, receiving) in &mut actor.receives {
                receiving.missing.retain(|_, since| now - *since < SECOND);
                let mut missing: Vec<u64> = receiving.missing.keys().copied().collect();
                missing.sort_unstable();
                let missing: Vec<u16> = missing.into_iter().take(30).map(|n| n as u16).collect();
                let mut writer = control::Writer::new(&mut bytes);
                if !missing.is_empty() {
                    writer.nack(1, *ssrc, &missing);
                }
                let is_picture = receiving.kind.is_some_and(|kind| kind != Kind::Sound);
                if is_picture && !receiving.is_whole && now - receiving.key_asked > MS * 200 {
                    receiving.key_asked = now;
                    writer.key_picture(1, *ssrc);
                }
                if now.as_millis().is_multiple_of(1_000) {
                    writer.receiver(1, &[]);
                }
                let len = writer.len();
                packets.push((*person, bytes[..len].to_vec()));
            }
            if now.as_millis().is_multiple_of(1_000) {
                for sending in &actor.sends {
                    let mut writer = control::Writer::new(&mut bytes);
                    let timestamp = (now.as_millis() * 90) as u32;
                    writer.sender(&SenderInfo {
                        ssrc: sending.ssrc,
                        ntp: 5 << 32,
                        timestamp,
                        packets: 0,
                        bytes: 0,
                    });
                    let len = writer.len();
                    packets.push((*person, bytes[..len].to_vec()));
                }
            }
        }
        packets.sort();
        packets
            .into_iter()
            .filter(|(_, packet)| !packet.is_empty())
            .for_each(|(p, packet)| self.leaves_for_room(p, packet));
    }

    fn leaves_for_room(&mut self, person: usize, packet: Vec<u8>) {
        let loss = self.people[&person].life.loss;
        if self.chance() >= loss {
            self.count += 1;
            self.on_the_way.push(Reverse((self.now + DELAY, self.count, Travels::ToRoom(person, packet))));
        }
    }

    fn carry(&mut self, said: Said) {
        for (seat, bytes) in said.packets {
            let Some(&person) = self.seat_of.get(&seat) else { continue };
            let lost = self.chance() < self.people[&person].life.loss;
            let actor = self.people.get_mut(&person).expect("is there");
            actor.given += 1;
            let took = Duration::from_secs_f64(bytes.len() as f64 * 8.0 / actor.life.down as f64);
            let leaves = actor.free_at.max(self.now) + took;
            if lost || leaves > self.now + QUEUE {
                continue;
            }
            actor.free_at = leaves;
            self.count += 1;
            self.on_the_way.push(Reverse((leaves + DELAY, self.count, Travels::ToPerson(person, bytes))));
        }
        said.news.into_iter().for_each(|news| self.hears(news));
    }

    fn hears(&mut self, news: News) {
        match news {
            News::Slots { seat, pairs, voices } => {
                let person = self.seat_of[&seat];
                let actor = self.people.get_mut(&person).expect("is there");
                actor.asked += 1;
                let slots = (0..pairs).map(Slot::Pair).chain((0..voices).map(Slot::Voice));
                for slot in slots {
                    let next = actor.slots.len() as u32 * 2 + 10;
                    if actor.slots.contains_key(&slot) {
                        continue;
                    }
                    actor.slots.insert(slot, (next, next + 1));
                    let facts = |ssrc, payload_types: &[(Codec, u8)], is_picture: bool| TrackFacts {
                        ssrc,
                        payload_types: payload_types.to_vec(),
                        transport_id: Some(TRANSPORT),
                        level_id: (!is_picture).then_some(LEVEL),
                        has_nack: is_picture,
                    };
                    let sound = facts(next, &[(Codec::Opus, 111)], false);
                    let picture = facts(next + 1, &[(Codec::Vp8, 100)], true);
                    let picture = matches!(slot, Slot::Pair(_)).then_some(picture);
                    self.room.has_slot(seat, slot, sound, picture, ((next as u16).wrapping_mul(1_000), 5));
                }
            }
            News::Streams { seat, shown } => {
                let person = self.seat_of[&seat];
                let until = self.now + SECOND / 2;
                let actor = self.people.get_mut(&person).expect("is there");
                actor.shown_before = (std::mem::replace(&mut actor.shown, shown), until);
            }
            News::Speakers { speakers, .. } => {
                for actor in self.people.values_mut() {
                    actor.heard_now = speakers.iter().map(|(user, _)| *user).collect();
                    actor.most_heard = actor.most_heard.max(speakers.len());
                }
            }
            News::Wanted { seat, camera, screen } => {
                let person = self.seat_of[&seat];
                let actor = self.people.get_mut(&person).expect("is there");
                let before = actor.wanted.replace((camera, screen));
                for sending in &mut actor.sends {
                    // A layer that begins again begins whole.
                    let (old, new) = match sending.kind {
                        Kind::Screen => (before.map_or(0, |(_, screen)| screen), screen),
                        Kind::Sound | Kind::Camera => (before.map_or(0, |(camera, _)| camera), camera),
                    };
                    sending.key |= new > old;
                }
            }
        }
    }

    fn reaches_room(&mut self, person: usize, bytes: &[u8]) {
        let Some(actor) = self.people.get_mut(&person) else { return };
        let seat = actor.seat;
        let mut said = Said::default();
        if control::is_control(bytes) {
            self.room.rtcp(self.now, seat, bytes, &mut said);
        } else {
            let packet = Packet::parse(bytes).expect("we wrote it");
            // As SRTP counts, from the stream's beginning.
            let counter = actor.counters.entry(packet.head.ssrc).or_default();
            let sequence = counter.unwrap(packet.head.sequence);
            self.room.rtp(self.now, seat, sequence, &packet, &mut said);
        }
        self.carry(said);
    }
}
