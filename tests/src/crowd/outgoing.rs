//! What a participant sends, by the clock: sound like Opus, pictures like VP8, reports, and what is asked for again.
use super::{
    content::{self, Layer, Part, Stamp},
    describe::{LEVEL_ID, MID_ID, OPUS, PICTURE_MID, RID_ID, RIDS, SOUND_MID, TRANSPORT_ID, VP8},
    tone,
};
use calls_rtp::{
    control::{SenderInfo, Writer},
    packet::{Head, HeadWriter},
    protect::Sealer,
};
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// What a participant sends.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Plan {
    /// Its sound.
    pub voice: Option<Voice>,
    /// Its picture.
    pub picture: Option<Picture>,
}

/// A sound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Voice {
    /// Between two packets: 20 ms, or less for faster traffic.
    pub every: Duration,
    /// Payload of each.
    pub bytes: usize,
    /// How loud it says it is, in decibels below the loudest.
    pub below: u8,
    /// It is the tone of whoever sends it, as Opus, for engines to hear. Nobody else here can read it.
    pub is_tone: bool,
}

/// A picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Picture {
    /// Of the largest layer, in bits a second; each smaller one has a quarter.
    pub bps: u64,
    /// Between two pictures.
    pub every: Duration,
    /// How many layers.
    pub layers: usize,
    /// Height of the largest; each smaller one has half of it.
    pub height: u16,
}

impl Voice {
    /// As people speak: 50 packets a second of 80 bytes, 32 kbit/s.
    pub const USUAL: Self = Self { every: Duration::from_millis(20), bytes: 80, below: 30, is_tone: false };
}

/// Room for a sealed packet.
pub(super) const ROOM: usize = 1500;
/// Payload of a packet of a picture.
const PART: usize = 1100;
/// A whole picture is so much larger than others.
const KEY_FACTOR: usize = 4;
/// Two whole pictures are at least so far apart, whoever asks.
const KEYS_APART: Duration = Duration::from_millis(300);
/// Whoever is this late does not make good for it.
const TOO_LATE: Duration = Duration::from_millis(250);
/// Packets that can be asked for again: two seconds of a picture of 3 Mbit/s.
const KEPT: usize = 768;
/// From 1900 to 1970.
const NTP_AT_UNIX: u64 = 2_208_988_800;

/// What one participant sends.
#[derive(Debug)]
pub(super) struct Outgoing {
    room: u32,
    who: u32,
    plan: Plan,
    is_secret: bool,
    /// Its voice, if it is one to be heard.
    tone: Vec<Vec<u8>>,
    sound: Stream,
    pictures: Vec<Stream>,
    sound_due: Instant,
    picture_due: Instant,
    transport: u16,
    sent: VecDeque<(u32, u16, Vec<u8>)>,
    /// Packets that left, without repairs.
    pub(super) packets: u64,
    buffer: Box<[u8; ROOM]>,
}

#[derive(Debug)]
struct Stream {
    layer: Layer,
    ssrc: u32,
    /// Counts packets, from somewhere in the first round.
    index: u64,
    number: u32,
    timestamp: u32,
    picture: u16,
    wants_key: bool,
    key_at: Option<Instant>,
    packets: u32,
    bytes: u32,
}

impl Outgoing {
    /// Sends nothing yet. Numbers of streams begin with `ssrc`: the sound's, then a layer each.
    pub(super) fn new(now: Instant, room: u32, who: u32, ssrc: u32, layers: usize) -> Self {
        let stream = |layer, ssrc: u32| Stream {
            layer,
            ssrc,
            index: u64::from(ssrc % 20_000),
            number: 0,
            timestamp: ssrc,
            picture: 0,
            wants_key: true,
            key_at: None,
            packets: 0,
            bytes: 0,
        };
        let layers = 0..layers.min(RIDS.len()) as u8;
        Self {
            room,
            who,
            plan: Plan::default(),
            is_secret: false,
            tone: Vec::new(),
            sound: stream(Layer::Sound, ssrc),
            pictures: layers.map(|n| stream(Layer::Picture(n), ssrc + 1 + u32::from(n))).collect(),
            sound_due: now,
            picture_due: now,
            transport: 0,
            sent: VecDeque::new(),
            packets: 0,
            buffer: Box::new([0; ROOM]),
        }
    }

    /// From now on it sends this. Not everybody begins at the same moment: `phase` is from 0 to 1.
    pub(super) fn plan(&mut self, now: Instant, plan: Plan, phase: f64) {
        self.plan = plan;
        if plan.voice.is_some_and(|voice| voice.is_tone) && self.tone.is_empty() {
            self.tone = tone::of(self.who);
        }
        let within = |every: Option<Duration>| every.unwrap_or_default().mul_f64(phase);
        self.sound_due = now + within(plan.voice.map(|voice| voice.every));
        self.picture_due = now + within(plan.picture.map(|picture| picture.every));
    }

    /// From now on nobody may get it.
    pub(super) fn secret(&mut self, is_secret: bool) {
        self.is_secret = is_secret;
    }

    /// When something leaves.
    pub(super) fn due(&self) -> Option<Instant> {
        let sound = self.plan.voice.map(|_| self.sound_due);
        let picture = self.plan.picture.map(|_| self.picture_due);
        [sound, picture].into_iter().flatten().min()
    }

    /// Everything that is due, sealed. `wall` is the wall clock in microseconds, read for each packet.
    pub(super) fn send(
        &mut self,
        now: Instant,
        wall: &mut impl FnMut() -> u64,
        sealer: &Sealer,
        out: &mut impl FnMut(&[u8]),
    ) {
        if let Some(voice) = self.plan.voice {
            self.sound_due = not_too_late(now, self.sound_due);
            while self.sound_due <= now {
                self.sound_due += voice.every;
                self.sound_packet(voice, wall, sealer, out);
            }
        }
        if let Some(picture) = self.plan.picture {
            self.picture_due = not_too_late(now, self.picture_due);
            while self.picture_due <= now {
                self.picture_due += picture.every;
                for layer in 0..self.pictures.len().min(picture.layers) {
                    self.frame(now, layer, picture, wall, sealer, out);
                }
            }
        }
    }

    fn sound_packet(
        &mut self,
        voice: Voice,
        wall: &mut impl FnMut() -> u64,
        sealer: &Sealer,
        out: &mut impl FnMut(&[u8]),
    ) {
        let stream = &mut self.sound;
        stream.timestamp = stream.timestamp.wrapping_add((voice.every.as_micros() * 48 / 1000) as u32);
        let transport = self.transport.to_be_bytes();
        self.transport = self.transport.wrapping_add(1);
        let head_len = HeadWriter::new(&mut self.buffer[..], &stream.head(false, OPUS))
            .extension(MID_ID, SOUND_MID.as_bytes())
            .extension(LEVEL_ID, &[0x80 | voice.below.min(127)])
            .extension(TRANSPORT_ID, &transport)
            .finish();
        let stamp = stream.stamp(self.room, self.who, wall(), self.is_secret);
        let len = head_len
            + if voice.is_tone {
                let payload = &self.tone[stamp.number as usize % self.tone.len()];
                self.buffer[head_len..][..payload.len()].copy_from_slice(payload);
                payload.len()
            } else {
                content::write_sound(&mut self.buffer[head_len..], &stamp, voice.bytes.min(PART))
            };
        let index = stream.left(len - head_len);
        if let Some(sealed) = sealer.seal_rtp(&mut self.buffer[..], len, head_len, index) {
            self.packets += 1;
            out(&self.buffer[..sealed]);
        }
    }

    fn frame(
        &mut self,
        now: Instant,
        layer: usize,
        plan: Picture,
        wall: &mut impl FnMut() -> u64,
        sealer: &Sealer,
        out: &mut impl FnMut(&[u8]),
    ) {
        let smaller = self.pictures.len().min(plan.layers) - 1 - layer;
        let stream = &mut self.pictures[layer];
        let rested = stream.key_at.is_none_or(|at| now.saturating_duration_since(at) >= KEYS_APART);
        let is_key = stream.wants_key && rested;
        if is_key {
            stream.wants_key = false;
            stream.key_at = Some(now);
        }
        stream.picture = stream.picture.wrapping_add(1) & 0x7fff;
        stream.timestamp = stream.timestamp.wrapping_add((plan.every.as_micros() * 90 / 1000) as u32);
        let bps = (plan.bps >> (2 * smaller)) as f64;
        let usual = ((bps / 8.0 * plan.every.as_secs_f64()) as usize).max(64);
        let whole = if is_key { usual * KEY_FACTOR } else { usual };
        let parts = whole.div_ceil(PART);
        for n in 0..parts {
            let transport = self.transport.to_be_bytes();
            self.transport = self.transport.wrapping_add(1);
            let stream = &mut self.pictures[layer];
            let mut head = HeadWriter::new(&mut self.buffer[..], &stream.head(n + 1 == parts, VP8))
                .extension(MID_ID, PICTURE_MID.as_bytes())
                .extension(TRANSPORT_ID, &transport);
            if plan.layers > 1 {
                head = head.extension(RID_ID, RIDS[layer].as_bytes());
            }
            let head_len = head.finish();
            let stamp = stream.stamp(self.room, self.who, wall(), self.is_secret);
            let part =
                Part { picture: stream.picture, begins: n == 0, is_key, height: plan.height >> smaller };
            let bytes = whole / parts;
            let len = head_len + content::write_picture(&mut self.buffer[head_len..], &stamp, part, bytes);
            let (sequence, ssrc) = (stream.index as u16, stream.ssrc);
            let index = stream.left(len - head_len);
            if let Some(sealed) = sealer.seal_rtp(&mut self.buffer[..], len, head_len, index) {
                self.packets += 1;
                out(&self.buffer[..sealed]);
                // Buffers go round.
                let mut kept = if self.sent.len() < KEPT { None } else { self.sent.pop_front() }
                    .map(|(.., kept)| kept)
                    .unwrap_or_default();
                kept.clear();
                kept.extend_from_slice(&self.buffer[..sealed]);
                self.sent.push_back((ssrc, sequence, kept));
            }
        }
    }

    /// Somebody needs a whole picture.
    pub(super) fn wants_key(&mut self, ssrc: u32) {
        if let Some(stream) = self.pictures.iter_mut().find(|stream| stream.ssrc == ssrc) {
            stream.wants_key = true;
        }
    }

    /// The same packet once more, if it is not too old.
    pub(super) fn again(&self, ssrc: u32, sequence: u16) -> Option<&[u8]> {
        let found = self.sent.iter().rev().find(|(of, number, _)| (*of, *number) == (ssrc, sequence))?;
        Some(&found.2)
    }

    /// Says what was sent, of each stream that was.
    pub(super) fn report(&self, wall: u64, into: &mut Writer<'_>) {
        for stream in self.pictures.iter().chain([&self.sound]).filter(|stream| stream.packets > 0) {
            let seconds = (wall / 1_000_000 + NTP_AT_UNIX) << 32;
            let ntp = seconds | (((wall % 1_000_000) << 32) / 1_000_000);
            into.sender(&SenderInfo {
                ssrc: stream.ssrc,
                ntp,
                timestamp: stream.timestamp,
                packets: stream.packets,
                bytes: stream.bytes,
            });
        }
    }
}

/// A driver that was held up goes on from now, so that it does not send for long what is long past.
fn not_too_late(now: Instant, due: Instant) -> Instant {
    if now.saturating_duration_since(due) > TOO_LATE { now } else { due }
}

impl Stream {
    fn head(&self, marker: bool, payload_type: u8) -> Head {
        Head { marker, payload_type, sequence: self.index as u16, timestamp: self.timestamp, ssrc: self.ssrc }
    }

    fn stamp(&self, room: u32, who: u32, sent: u64, is_secret: bool) -> Stamp {
        Stamp { room, who, layer: self.layer, number: self.number, sent, is_secret }
    }

    /// The packet is written. Its index.
    fn left(&mut self, bytes: usize) -> u64 {
        let index = self.index;
        self.index += 1;
        self.number = self.number.wrapping_add(1);
        self.packets = self.packets.wrapping_add(1);
        self.bytes = self.bytes.wrapping_add(bytes as u32);
        index
    }
}
