//! The stage: a room, people with paths to it, a clock that we turn, and what each of them saw and heard.
use super::*;
use calls_rtp::{
    bandwidth::Arrivals,
    control::SenderInfo,
    packet::{HEAD, HeadWriter, Unwrapper},
    vp8::Descriptor,
};
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
            packets.into_iter().for_each(|packet| self.to_room(person, packet));
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
            self.to_room(person, packet);
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
            .for_each(|(p, packet)| self.to_room(p, packet));
    }

    fn to_room(&mut self, person: usize, packet: Vec<u8>) {
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

    fn reaches_person(&mut self, person: usize, bytes: &[u8]) {
        let now = self.now;
        let Some(actor) = self.people.get_mut(&person) else { return };
        if control::is_control(bytes) {
            let mut again = Vec::new();
            for message in control::messages(bytes) {
                match message {
                    Message::KeyPicture { ssrc } => {
                        actor.keys_asked += 1;
                        if let Some(sending) = actor.sends.iter_mut().find(|sending| sending.ssrc == ssrc) {
                            sending.key = true;
                        }
                    }
                    Message::Nack { ssrc, missing } => {
                        let Some(sending) = actor.sends.iter().find(|s| s.ssrc == ssrc) else { continue };
                        for number in missing.iter() {
                            let of = |packet: &&Vec<u8>| packet[2..4] == number.to_be_bytes();
                            again.extend(sending.sent.iter().find(of).cloned());
                        }
                    }
                    _ => {}
                }
            }
            again.into_iter().for_each(|packet| self.to_room(person, packet));
            return;
        }
        let packet = Packet::parse(bytes).expect("a packet");
        let Some([high, low]) = packet.extension(TRANSPORT) else { panic!("no number") };
        actor.arrivals.note(u16::from_be_bytes([*high, *low]), now);
        let (&slot, &(sound, _)) = actor
            .slots
            .iter()
            .find(|(_, (sound, picture))| [*sound, *picture].contains(&packet.head.ssrc))
            .expect("a stream that was agreed");
        let is_sound = packet.head.ssrc == sound;
        let receiving = actor.receives.entry(packet.head.ssrc).or_default();
        let sequence = receiving.counter.unwrap(packet.head.sequence);
        if let Some(before) = receiving.packets.insert(sequence, bytes.to_vec()) {
            assert_eq!(before, bytes, "a repair differs from what it repairs");
            return;
        }
        if receiving.missing.remove(&sequence).is_some() {
            actor.repaired += 1;
        }
        if receiving.highest > 0 && !is_sound {
            for gap in receiving.highest + 1..sequence {
                receiving.missing.insert(gap, now);
            }
        }
        receiving.highest = receiving.highest.max(sequence);
        if is_sound {
            receiving.kind = Some(Kind::Sound);
            let from = u32::from_be_bytes(packet.payload[..4].try_into().expect("four")) as usize;
            assert_ne!(from, person);
            assert!(actor.name_of(now, slot, user(from)).is_some(), "a wrong name");
            *actor.heard.entry(from).or_default() += 1;
            return;
        }
        receiving.kind = Some(Kind::Camera);
        receiving.packets.retain(|number, _| number + 3_000 > sequence);
        actor.watch(now, packet.head.ssrc, person, sequence);
    }

    pub(super) fn seen(&self, receiver: usize, sender: usize) -> u64 {
        self.looked(receiver, sender, Kind::Camera).map_or(0, |looked| looked.pictures)
    }

    pub(super) fn seen_screen(&self, receiver: usize, sender: usize) -> u64 {
        self.looked(receiver, sender, Kind::Screen).map_or(0, |looked| looked.pictures)
    }

    fn looked(&self, receiver: usize, sender: usize, kind: Kind) -> Option<&Looked> {
        self.people[&receiver].looked.get(&(sender, kind))
    }

    pub(super) fn seen_by(&self, receiver: usize) -> Vec<usize> {
        let looked = self.people[&receiver].looked.iter();
        looked.filter(|(_, looked)| looked.pictures > 20).map(|((sender, _), _)| *sender).collect()
    }

    pub(super) fn heard(&self, receiver: usize, sender: usize) -> u64 {
        self.people[&receiver].heard.get(&sender).copied().unwrap_or(0)
    }

    pub(super) fn names_heard(&self, receiver: usize) -> Vec<UserId> {
        self.people[&receiver].heard_now.clone()
    }

    pub(super) fn most_heard_at_once(&self, receiver: usize) -> usize {
        self.people[&receiver].most_heard
    }

    pub(super) fn shown(&self, sender: usize) -> u64 {
        self.people[&sender].pictures
    }

    pub(super) fn height(&self, receiver: usize, sender: usize) -> u16 {
        self.looked(receiver, sender, Kind::Camera).map_or(0, |looked| looked.height)
    }

    pub(super) fn longest_freeze(&self, receiver: usize, sender: usize) -> Duration {
        self.looked(receiver, sender, Kind::Camera).map_or(Duration::MAX, |looked| looked.freeze)
    }

    pub(super) fn keys_asked(&self, sender: usize) -> u64 {
        self.people[&sender].keys_asked
    }

    pub(super) fn repaired(&self, receiver: usize) -> u64 {
        self.people[&receiver].repaired
    }

    pub(super) fn slots_asked(&self, receiver: usize) -> usize {
        self.people[&receiver].asked
    }

    pub(super) fn wanted(&self, sender: usize) -> Option<(u16, u16)> {
        self.people[&sender].wanted
    }
}

impl Actor {
    /// What stands under this name in a slot, or did a moment ago.
    fn name_of(&self, now: Duration, slot: Slot, of: UserId) -> Option<Kind> {
        let before = self.shown_before.0.iter().filter(|_| now < self.shown_before.1);
        let is_it = |(other, name, _): &&(Slot, UserId, Kind)| *other == slot && *name == of;
        self.shown.iter().chain(before).find(is_it).map(|(_, _, kind)| *kind)
    }

    /// Shows every picture that is whole by now, in order; after a hole, from the next that needs none before it.
    fn watch(&mut self, now: Duration, ssrc: u32, person: usize, newest: u64) {
        let Some(receiving) = self.receives.get_mut(&ssrc) else { return };
        let start = *receiving.next.get_or_insert(newest);
        let mut at = start;
        loop {
            let read = |number: u64| {
                let bytes = receiving.packets.get(&number)?;
                let packet = Packet::parse(bytes)?;
                Some((packet, Descriptor::parse(packet.payload)))
            };
            let Some((first, about)) = read(at) else { break };
            if first.payload.is_empty() {
                at += 1;
                receiving.next = Some(at);
                continue;
            }
            let about = about.expect("VP8");
            let mut end = at;
            let whole = loop {
                match read(end) {
                    Some((packet, _)) if packet.head.timestamp != first.head.timestamp => break false,
                    Some((packet, _)) if packet.head.marker => break true,
                    Some(_) => end += 1,
                    None => break false,
                }
            };
            if !whole || !about.begins {
                break;
            }
            if about.is_key {
                receiving.is_whole = true;
            }
            at = end + 1;
            receiving.next = Some(at);
            if !receiving.is_whole {
                continue;
            }
            let from = u32::from_be_bytes(first.payload[14..18].try_into().expect("four")) as usize;
            assert_ne!(from, person);
            let (slot, _) = self.slots.iter().find(|(_, (_, picture))| *picture == ssrc).expect("a slot");
            let is_now = |(other, name, _): &&(Slot, UserId, Kind)| other == slot && *name == user(from);
            let before = self.shown_before.0.iter().filter(|_| now < self.shown_before.1);
            let Some((_, _, kind)) = self.shown.iter().chain(before).find(is_now) else {
                panic!("a picture under a wrong name")
            };
            let kind = *kind;
            let looked = self.looked.entry((from, kind)).or_default();
            if let Some(last) = looked.last {
                looked.freeze = looked.freeze.max(now - last);
            }
            looked.last = Some(now);
            looked.pictures += 1;
            looked.height = u16::from_le_bytes([first.payload[12], first.payload[13]]);
        }
        // A whole picture that is all there makes what is missing before it needless.
        let key = (at + 1..=receiving.highest).find(|start| {
            let part = |number: u64| receiving.packets.get(&number).and_then(|bytes| Packet::parse(bytes));
            let begins =
                |packet: &Packet<'_>| Descriptor::parse(packet.payload).is_some_and(|found| found.is_key);
            let Some(first) = part(*start).filter(begins) else { return false };
            let mut parts =
                (*start..).map_while(part).take_while(|p| p.head.timestamp == first.head.timestamp);
            parts.any(|part| part.head.marker)
        });
        if let Some(key) = key {
            receiving.missing.retain(|number, _| *number > key);
            receiving.next = Some(key);
            return self.watch(now, ssrc, person, newest);
        }
        // What is missing will not come any more.
        let is_behind = receiving.missing.is_empty() && receiving.highest > at + 3;
        if is_behind {
            receiving.is_whole = false;
        }
    }
}

/// A packet of one of a person's streams.
fn rtp(
    sending: &mut Sending,
    transport: &mut u16,
    (marker, level): (bool, Option<u8>),
    now: Duration,
    payload: &[u8],
) -> Vec<u8> {
    sending.sequence = sending.sequence.wrapping_add(1);
    *transport = transport.wrapping_add(1);
    let (payload_type, clock) = if sending.kind == Kind::Sound { (111, 48) } else { (96, 90) };
    let timestamp = (now.as_millis() * clock) as u32 + sending.ssrc;
    let head = Head { marker, payload_type, sequence: sending.sequence, timestamp, ssrc: sending.ssrc };
    let mut bytes = vec![0; HEAD + 60];
    let mid = match sending.kind {
        Kind::Sound => b"0",
        Kind::Camera => b"1",
        Kind::Screen => b"2",
    };
    let mut writer = HeadWriter::new(&mut bytes, &head).extension(MID, mid);
    writer = writer.extension(TRANSPORT, &transport.to_be_bytes());
    if sending.kind == Kind::Camera {
        writer = writer.extension(RID, &b"qhf"[sending.layer..=sending.layer]);
    }
    if let Some(level) = level {
        writer = writer.extension(LEVEL, &[level]);
    }
    let len = writer.finish();
    bytes.truncate(len);
    bytes.extend_from_slice(payload);
    if sending.kind != Kind::Sound {
        sending.sent.push_back(bytes.clone());
        if sending.sent.len() > 500 {
            sending.sent.pop_front();
        }
    }
    bytes
}
