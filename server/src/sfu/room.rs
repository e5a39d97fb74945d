//! One room: who sends what, and what of it each of the others gets. Pure: time and packets come in, packets go out.
//!
//! A picture goes to those who look at it, in the layer that their path carries and their screen shows; a sound to
//! everybody who has a slot for it, as long as somebody is heard in it. Nothing here is decoded, decrypted or awaited.
mod allowance;
mod choose;
mod incoming;
mod layers;
mod outgoing;
mod path;
mod person;
mod reports;
mod rewrite;
mod ring;
mod slots;
mod speaker;
#[cfg(test)]
mod tests;

pub(crate) use outgoing::{LARGEST_HEAD, Leaving, TrackFacts};
pub(crate) use person::{Kept, Permitted, SendSection, Sends};
pub(crate) use slots::{MostSlots, Slot};

use super::stream::{Codec, Kind};
use calls_protocol::UserId;
use calls_rtp::{
    bandwidth::Feedback,
    control::{self, Message},
    packet::{Head, Packet},
};
use outgoing::{Source, Track};
use path::Path;
use person::{Passing, Person};
use rewrite::Place;
use speaker::Speakers;
use std::{ops::RangeInclusive, time::Duration};

/// What one datagram of a participant may ask for again, and of how many of our packets it may tell.
const REPAIRS_AT_ONCE: usize = 128;
const NUMBERS_AT_ONCE: usize = 8_192;
/// How often each is looked at.
const REPAIRS: Duration = Duration::from_millis(10);
const FEEDBACK: Duration = Duration::from_millis(50);
const LAYERS: Duration = Duration::from_millis(200);
const SPEAKERS: Duration = Duration::from_millis(300);
/// So many are heard at once, if nobody says otherwise.
const AUDIBLE: usize = 6;
const REPORTS: Duration = Duration::from_secs(1);
/// One that nobody asks anything of.
const OUR_SSRC: u32 = 1;
/// A whole picture that was just sent answers whoever asks for one.
const KEY_IS_FRESH: Duration = Duration::from_millis(150);

/// The numbers of rooms.
#[derive(Debug, Clone)]
pub(crate) struct RoomSettings {
    /// Slots of one receiver.
    pub(crate) slots: MostSlots,
    /// So many are heard at once.
    pub(crate) audible: usize,
    /// What a path is believed to carry at first, in bits a second.
    pub(crate) start_bps: u64,
    /// What it is believed to carry at least and at most.
    pub(crate) limits: RangeInclusive<u64>,
}

impl Default for RoomSettings {
    fn default() -> Self {
        Self {
            // All that are heard may be among those who are in no slot with a picture.
            slots: MostSlots { pairs: 25, voices: AUDIBLE },
            audible: AUDIBLE,
            start_bps: 600_000,
            limits: 60_000..=50_000_000,
        }
    }
}

/// Where packets and news go.
pub(crate) trait Out {
    /// A packet for one participant.
    fn rtp(&mut self, to: usize, packet: &Leaving<'_>);
    /// Reports and requests for one participant.
    fn rtcp(&mut self, to: usize, messages: &[u8]);
    /// Something that is said by other ways.
    fn news(&mut self, news: News);
}

/// What a room has to say besides packets.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum News {
    /// A participant needs so many slots.
    Slots {
        /// Whose.
        seat: usize,
        /// With a sound and a picture.
        pairs: usize,
        /// With a sound alone.
        voices: usize,
    },
    /// Who is in which slot of a participant.
    Streams {
        /// Whose slots.
        seat: usize,
        /// Whom they show; a camera comes with the sound.
        shown: Vec<(Slot, UserId, Kind)>,
    },
    /// Who is heard; the loudest first.
    Speakers {
        /// The one to show large.
        dominant: Option<UserId>,
        /// How loud, 0 to 1.
        speakers: Vec<(UserId, f32)>,
    },
    /// How high the pictures of a participant are wanted at the most; 0 if nobody looks.
    Wanted {
        /// Whose.
        seat: usize,
        /// The camera.
        camera: u16,
        /// The screen.
        screen: u16,
    },
}

/// One room.
#[derive(Debug)]
pub(crate) struct Room {
    settings: RoomSettings,
    people: Vec<Option<Box<Person>>>,
    speakers: Speakers<usize>,
    came: u64,
    /// Who gets what has to be written down anew.
    is_stale: bool,
    due: Due,
    /// Whose turn it is to get a report.
    reported: usize,
    /// The wall clock at no time, in 1/2^32 of a second since 1900.
    ntp_at_zero: u64,
    asked: Vec<u16>,
    scratch: Vec<u8>,
}

/// When each kind of work is due.
#[derive(Debug, Default)]
struct Due {
    repairs: Duration,
    feedback: Duration,
    layers: Duration,
    speakers: Duration,
    reports: Duration,
}

impl Room {
    pub(crate) fn new(settings: RoomSettings, ntp_at_zero: u64) -> Self {
        Self {
            speakers: Speakers::new(settings.audible),
            settings,
            people: Vec::new(),
            came: 0,
            is_stale: false,
            due: Due::default(),
            reported: 0,
            ntp_at_zero,
            asked: Vec::new(),
            scratch: vec![0; 2048],
        }
    }

    /// Somebody comes in, and gets a seat.
    pub(crate) fn join(&mut self, now: Duration, user: UserId) -> usize {
        self.came += 1;
        let path = Path::new(now, self.settings.start_bps, self.settings.limits.clone());
        let person = Box::new(Person::new(user, self.came, path));
        match self.people.iter().position(Option::is_none) {
            Some(seat) => {
                self.people[seat] = Some(person);
                seat
            }
            None => {
                self.people.push(Some(person));
                self.people.len() - 1
            }
        }
    }

    /// Somebody leaves.
    pub(crate) fn leave(&mut self, seat: usize) {
        let Some(place) = self.people.get_mut(seat) else { return };
        *place = None;
        self.speakers.silent(seat);
        self.people.iter_mut().flatten().for_each(|person| person.forget(|source| source.seat == seat));
        self.is_stale = true;
        // Who is left is told soon.
        self.due.speakers = Duration::ZERO;
    }

    /// What stays of somebody who begins anew.
    pub(crate) fn keeps(&self, seat: usize) -> Option<Kept> {
        let person = self.people.get(seat)?.as_deref()?;
        Some(Kept { permitted: person.permitted, looks: person.looks.clone() })
    }

    /// Somebody came again, with what stayed of them.
    pub(crate) fn kept(&mut self, seat: usize, kept: Kept) {
        if let Some(person) = self.person(seat) {
            (person.permitted, person.looks) = (kept.permitted, kept.looks);
        }
    }

    /// Whether nobody is in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.people.iter().all(Option::is_none)
    }

    /// It was agreed what a participant sends.
    pub(crate) fn sends(&mut self, seat: usize, sends: Sends) {
        if let Some(person) = self.person(seat) {
            person.sends = sends;
            self.due.speakers = Duration::ZERO;
        }
    }

    /// It was agreed that a participant has this slot. `begin` is where its numbers begin; a slot goes on if it was there.
    pub(crate) fn has_slot(
        &mut self,
        seat: usize,
        slot: Slot,
        sound: TrackFacts,
        picture: Option<TrackFacts>,
        begin: (u16, u32),
    ) {
        let begin =
            Place { sequence: begin.0.into(), timestamp: begin.1, picture: begin.0 >> 1, tl0: begin.0 as u8 };
        if let Some(person) = self.person(seat) {
            person.has_slot(slot, sound, picture, begin);
            self.due.speakers = Duration::ZERO;
        }
    }

    /// How high the pictures of others are on a participant's screen. A camera that is not named is not there; a screen
    /// is, since who does not name screens does not know of them.
    pub(crate) fn looks_at(&mut self, seat: usize, looks: impl IntoIterator<Item = (UserId, Kind, u16)>) {
        if let Some(person) = self.person(seat) {
            let looks = looks.into_iter().map(|(user, kind, height)| ((user, kind), height));
            person.looks = Some(looks.collect());
            self.due.layers = Duration::ZERO;
            self.due.speakers = Duration::ZERO;
        }
    }

    /// What of a participant may be forwarded.
    pub(crate) fn permit(&mut self, seat: usize, permitted: Permitted) {
        let Some(person) = self.person(seat) else { return };
        person.permitted = permitted;
        if !permitted.audio {
            self.speakers.silent(seat);
        }
        self.due.layers = Duration::ZERO;
        self.due.speakers = Duration::ZERO;
    }

    /// A packet of a participant. `sequence` is counted over the end of its 16 bits.
    pub(crate) fn rtp(
        &mut self,
        now: Duration,
        seat: usize,
        sequence: u64,
        packet: &Packet<'_>,
        out: &mut impl Out,
    ) {
        if self.is_stale {
            self.write_down();
        }
        let Some(person) = self.people.get_mut(seat).and_then(Option::as_mut) else { return };
        if let Some(number) = person.sends.transport_id.and_then(|id| packet.extension(id))
            && let [high, low] = *number
        {
            person.arrivals.note(u16::from_be_bytes([high, low]), now);
        }
        let Some((stream, is_new)) = person.stream_of(now, packet) else { return };
        if is_new {
            // Who wants it is decided before its next packet. What was here before has other numbers.
            self.due.layers = Duration::ZERO;
            self.due.speakers = Duration::ZERO;
            let source = Source { seat, stream };
            self.people.iter_mut().flatten().for_each(|person| person.forget(|other| other == source));
            self.is_stale = true;
        }
        let Some(person) = self.people.get_mut(seat).and_then(Option::as_mut) else { return };
        let level_id = person.sends.level_id;
        let incoming = &mut person.streams[stream];
        let seen = incoming.receive(now, sequence, packet);
        let (codec, kind) = (incoming.codec, incoming.kind);
        let is_flood = kind == Kind::Sound && !incoming.allowance.takes(now, packet.payload.len());
        if is_flood || !person.permits(kind) {
            return;
        }
        let mut passing = Passing {
            source: Source { seat, stream },
            codec,
            seen,
            theirs: Place {
                sequence,
                timestamp: packet.head.timestamp,
                picture: seen.vp8.and_then(|found| found.picture).map_or(0, |(number, _)| number),
                tl0: seen.vp8.and_then(|found| found.tl0).unwrap_or(0),
            },
            head: packet.head,
            level: None,
            payload: packet.payload,
        };
        // The lists of takers leave the person for as long as others are written to.
        let takers = std::mem::take(&mut person.takers[stream]);
        if kind == Kind::Sound {
            passing.level =
                level_id.and_then(|id| packet.extension(id)).and_then(|value| value.first().copied());
            let is_heard = match passing.level {
                Some(level) => self.speakers.heard(now, seat, level & 0x7f),
                None => self.speakers.sounds(now, seat),
            };
            for &(to, slot) in &takers {
                if let Some(receiver) = self.people[to].as_mut() {
                    receiver.take_sound(now, (to, slot), &passing, is_heard, out);
                }
            }
        } else {
            for &(to, slot) in &takers {
                if let (Some(receiver), Slot::Pair(pair)) = (self.people[to].as_mut(), slot) {
                    receiver.take_picture(now, (to, pair), &passing, out);
                }
            }
        }
        if let Some(person) = self.people[seat].as_mut() {
            person.takers[stream] = takers;
        }
    }

    /// Reports and requests of a participant.
    pub(crate) fn rtcp(&mut self, now: Duration, seat: usize, bytes: &[u8], out: &mut impl Out) {
        let now_ntp = self.ntp(now);
        let (mut repairs, mut numbers, mut has_keys) = (REPAIRS_AT_ONCE, NUMBERS_AT_ONCE, false);
        for message in control::messages(bytes) {
            let Some(person) = self.people.get_mut(seat).and_then(Option::as_mut) else { return };
            match message {
                Message::Sender(info, blocks) => {
                    let shift = *person.clock_shift.get_or_insert(now_ntp.wrapping_sub(info.ntp));
                    if let Some(stream) = person.streams.iter_mut().find(|stream| stream.ssrc == info.ssrc) {
                        stream.reported(now, info, shift);
                    }
                    blocks.iter().for_each(|block| person.hears(now_ntp, &block));
                }
                Message::Receiver(blocks) => blocks.iter().for_each(|block| person.hears(now_ntp, &block)),
                Message::Transport(whole) => {
                    if let Some(feedback) = Feedback::parse(whole)
                        && let Some(left) = numbers.checked_sub(feedback.count())
                    {
                        numbers = left;
                        person.path.feedback(now, &feedback);
                    }
                }
                Message::KeyPicture { ssrc } => {
                    let asked = person.pictures.iter().find(|track| track.facts.ssrc == ssrc);
                    let is_fresh = |at: Duration| now.saturating_sub(at) < KEY_IS_FRESH;
                    let source = asked
                        .filter(|track| !track.key_at.is_some_and(is_fresh))
                        .and_then(|track| track.next.or(track.from));
                    if let Some(source) = source {
                        self.want_key(source);
                        has_keys = true;
                    }
                }
                Message::Nack { ssrc, missing } => {
                    for number in missing.iter().take(repairs) {
                        repairs -= 1;
                        self.repair(now, seat, ssrc, number, out);
                    }
                }
                // A stream that ends says so by other ways.
                Message::Bye(_) => {}
            }
        }
        if has_keys {
            self.ask_for_keys(now, out);
        }
    }

    /// Does what is due.
    pub(crate) fn tick(&mut self, now: Duration, out: &mut impl Out) {
        if now >= self.due.speakers {
            self.due.speakers = now + SPEAKERS;
            self.due.layers = Duration::ZERO;
            self.seat_everybody(now, out);
        }
        if now >= self.due.layers {
            self.due.layers = now + LAYERS;
            self.choose_layers(now, out);
        }
        if self.is_stale {
            self.write_down();
        }
        self.let_leave(now, out);
        if now >= self.due.repairs {
            self.due.repairs = now + REPAIRS;
            self.ask_again(now, out);
            self.ask_for_keys(now, out);
        }
        if now >= self.due.feedback {
            self.due.feedback = now + FEEDBACK;
            self.tell_arrivals(out);
        }
        if now >= self.due.reports {
            self.report(now, out);
        }
    }

    /// When [`Room::tick`] is due.
    pub(crate) fn deadline(&self, now: Duration) -> Duration {
        let mut due = self.due.speakers.min(self.due.layers).min(self.due.reports);
        for person in self.people.iter().flatten() {
            if person.streams.iter().any(|stream| stream.is_missing_any() || stream.is_key_wanted()) {
                due = due.min(self.due.repairs);
            }
            if person.arrivals.is_waiting() {
                due = due.min(self.due.feedback);
            }
            if let Some(leaves) = person.path.due() {
                due = due.min(leaves);
            }
        }
        due.max(now)
    }

    fn person(&mut self, seat: usize) -> Option<&mut Person> {
        self.people.get_mut(seat)?.as_deref_mut()
    }

    fn ntp(&self, now: Duration) -> u64 {
        let seconds = now.as_secs() << 32;
        let fraction = (u64::from(now.subsec_nanos()) << 32) / 1_000_000_000;
        self.ntp_at_zero.wrapping_add(seconds + fraction)
    }

    fn want_key(&mut self, source: Source) {
        if let Some(person) = self.person(source.seat)
            && let Some(stream) = person.streams.get_mut(source.stream)
        {
            stream.want_key();
        }
    }

    /// Makes a packet again that somebody misses, exactly as it was.
    fn repair(&mut self, now: Duration, seat: usize, ssrc: u32, number: u16, out: &mut impl Out) {
        let Some(bytes) = self.sent_again(seat, ssrc, number).map(|leaving| leaving.size()) else { return };
        let may = self.person(seat).is_some_and(|person| person.path.may_repair(now, bytes));
        if let Some(leaving) = self.sent_again(seat, ssrc, number).filter(|_| may) {
            out.rtp(seat, &leaving);
        }
    }

    /// A packet of a picture as it was sent before.
    fn sent_again(&self, seat: usize, ssrc: u32, number: u16) -> Option<Leaving<'_>> {
        let person = self.people.get(seat)?.as_deref()?;
        let track = person.pictures.iter().find(|track| track.facts.ssrc == ssrc)?;
        let sent = track.history(number)?;
        let stream = self.people.get(sent.source.seat)?.as_deref()?.streams.get(sent.source.stream)?;
        let (entry, payload) = stream.ring.get(sent.theirs)?;
        Some(Leaving {
            head: Head {
                marker: entry.marker,
                payload_type: track.payload_type(stream.codec)?,
                sequence: sent.ours.sequence as u16,
                timestamp: sent.ours.timestamp,
                ssrc,
            },
            index: sent.ours.sequence,
            transport: track.facts.transport_id.zip(sent.transport),
            level: None,
            vp8: stream.look(payload).vp8.map(|found| (found, sent.ours.picture, sent.ours.tl0)),
            payload,
            padding: 0,
        })
    }

    /// Sends what waited for its turn, and what probes ask for.
    fn let_leave(&mut self, now: Duration, out: &mut impl Out) {
        for seat in 0..self.people.len() {
            let Some(person) = self.people[seat].as_deref_mut() else { continue };
            if !person.path.is_due(now) {
                continue;
            }
            person.path.tick(now);
            let mut gone: Option<Source> = None;
            person.path.drop_stale(now, |packet| gone = Some(packet.source));
            if let Some(source) = gone {
                // What is missing now is missing for good.
                person.pictures.iter_mut().filter(|track| track.from == Some(source)).for_each(Track::stop);
                self.want_key(source);
            }
            while let Some(waiting) =
                self.people[seat].as_deref_mut().and_then(|person| person.path.next(now))
            {
                self.send_waiting(now, seat, &waiting, out);
            }
            if let Some(person) = self.people[seat].as_deref_mut() {
                person.send_padding(now, seat, out);
            }
        }
    }

    fn send_waiting(&mut self, now: Duration, seat: usize, waiting: &path::Waiting, out: &mut impl Out) {
        let Some(sender) = self.people.get(waiting.source.seat).and_then(Option::as_deref) else { return };
        let Some(stream) = sender.streams.get(waiting.source.stream) else { return };
        let Some((entry, payload)) = stream.ring.get(waiting.theirs) else { return };
        self.scratch.clear();
        self.scratch.extend_from_slice(payload);
        let passing = Passing {
            source: waiting.source,
            codec: stream.codec,
            seen: stream.look(payload),
            theirs: Place { sequence: waiting.theirs, timestamp: entry.timestamp, ..Place::default() },
            head: Head {
                marker: entry.marker,
                payload_type: 0,
                sequence: 0,
                timestamp: entry.timestamp,
                ssrc: 0,
            },
            level: None,
            payload: &self.scratch,
        };
        if let Some(person) = self.people[seat].as_deref_mut() {
            person.send_picture(now, seat, waiting, &passing, out);
        }
    }

    /// Writes down anew who gets what.
    fn write_down(&mut self) {
        self.is_stale = false;
        for person in self.people.iter_mut().flatten() {
            person.takers.iter_mut().for_each(Vec::clear);
        }
        for seat in 0..self.people.len() {
            let Some(person) = self.people[seat].take() else { continue };
            let take = |people: &mut Vec<Option<Box<Person>>>, source: Source, slot: Slot| {
                let sender = people.get_mut(source.seat).and_then(Option::as_deref_mut);
                if let Some(takers) = sender.and_then(|sender| sender.takers.get_mut(source.stream))
                    && !takers.contains(&(seat, slot))
                {
                    takers.push((seat, slot));
                }
            };
            let pairs = person.sounds.iter().zip(&person.pictures).enumerate();
            for (at, (sound, picture)) in pairs {
                for source in [sound.from, sound.next, picture.from, picture.next].into_iter().flatten() {
                    take(&mut self.people, source, Slot::Pair(at));
                }
            }
            for (at, voice) in person.voices.iter().enumerate() {
                for source in [voice.from, voice.next].into_iter().flatten() {
                    take(&mut self.people, source, Slot::Voice(at));
                }
            }
            self.people[seat] = Some(person);
        }
    }

    fn users(&self) -> impl Fn(usize) -> Option<UserId> {
        |seat| self.people.get(seat)?.as_ref().map(|person| person.user)
    }
}

impl Person {
    /// Somebody says what arrived of a stream of ours.
    fn hears(&mut self, now_ntp: u64, block: &control::Block) {
        if block.last_report == 0 {
            return;
        }
        let middle = (now_ntp >> 16) as u32;
        let round_trip = middle.wrapping_sub(block.last_report).wrapping_sub(block.since_report);
        // What is longer than ten seconds is nonsense.
        if round_trip < 10 << 16 {
            self.round_trip = Duration::from_secs_f64(f64::from(round_trip) / 65_536.0);
        }
    }
}
