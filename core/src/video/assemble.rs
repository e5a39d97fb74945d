//! From packets to whole pictures, in order. Time is an argument.
//!
//! What is missing is waited for, since the connection has it sent again. A picture is given only if everything that it
//! stands on was given before; if that cannot be, nothing is given until a key frame comes, and one is asked for.
mod h264;
mod vp8;

use crate::peer::{Content, ReceivedPacket, Rotation, VideoCodec};
use std::{collections::BTreeMap, time::Duration};

/// Packets that wait: two seconds of a picture at 5 Mbit/s. Each is at most as large as the network carries.
const MOST_PACKETS: usize = 1024;
/// So far ahead, and it is no loss but another beginning.
const JUMP: u64 = 3000;
/// Packets of the stream before may still come for so long.
const OLD_STREAM_FOR: Duration = Duration::from_secs(2);
/// A stream that is silent for so long needs no key frame.
const SILENT_AFTER: Duration = Duration::from_secs(2);

/// How an [`Assembler`] waits.
#[derive(Debug, Clone, Copy)]
pub struct AssemblySettings {
    /// For a missing packet. Repairs take a round trip and 100 ms, and may be lost themselves.
    pub patience: Duration,
    /// Between two requests for a key frame.
    pub ask_every: Duration,
}

impl Default for AssemblySettings {
    fn default() -> Self {
        Self { patience: Duration::from_millis(500), ask_every: Duration::from_millis(500) }
    }
}

/// A whole picture, as its encoder made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// What a decoder has to speak.
    pub codec: VideoCodec,
    /// It needs none before it.
    pub key: bool,
    /// Of 90 kHz.
    pub timestamp: u32,
    /// By how much to turn it.
    pub rotation: Rotation,
    /// H.264 in Annex B form.
    pub payload: Vec<u8>,
}

/// What became of what came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AssemblyStats {
    /// Whole pictures.
    pub pictures: u64,
    /// Of them, those that need none before.
    pub key_frames: u64,
    /// How often something was lost for good.
    pub losses: u64,
    /// Packets of what was given or given up already.
    pub late: u64,
    /// Packets that are none of a codec.
    pub malformed: u64,
}

/// Makes pictures out of packets.
pub struct Assembler {
    settings: AssemblySettings,
    stream: Option<Stream>,
    /// The stream before, and when it was left.
    before: Option<(u32, Duration)>,
    asked: Option<Duration>,
    last_arrival: Duration,
    stats: AssemblyStats,
}

struct Stream {
    ssrc: u32,
    parts: BTreeMap<u64, Part>,
    newest: u64,
    /// Where the next picture begins. None: with a key frame, wherever that is.
    next: Option<u64>,
    /// Below this nothing is of use.
    floor: u64,
    /// Where the picture after the last one that was given begins.
    after_last: Option<u64>,
    codec: Option<VideoCodec>,
    rotation: Rotation,
}

struct Part {
    packet: ReceivedPacket,
    codec: VideoCodec,
    at: Duration,
    opening: Opening,
}

/// Whether a picture begins with a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Opening {
    /// A picture that needs none before it.
    Key,
    /// One that may need none, if it begins here.
    PerhapsKey,
    /// Another one, or none: the packet does not say.
    Other,
    /// None does.
    Inside,
    /// It is no part of a picture, but has a place in the sequence.
    Padding,
}

/// Bytes that are none of their codec.
#[derive(Debug)]
struct Malformed;

/// What is found where a picture should be.
enum Found {
    Whole {
        end: u64,
        picture: Picture,
    },
    /// This packet is missing.
    Missing(u64),
    Malformed {
        end: u64,
    },
}

impl Assembler {
    /// Of nothing yet.
    pub fn new(settings: AssemblySettings) -> Self {
        Self {
            settings,
            stream: None,
            before: None,
            asked: None,
            last_arrival: Duration::ZERO,
            stats: AssemblyStats::default(),
        }
    }

    /// A packet came. One that is no picture is dropped.
    pub fn push(&mut self, now: Duration, packet: ReceivedPacket) {
        let Content::Video(codec) = packet.content else { return };
        self.last_arrival = now;
        if self.stream.as_ref().is_none_or(|stream| stream.ssrc != packet.ssrc) {
            if self.before.is_some_and(|(ssrc, left)| ssrc == packet.ssrc && now < left + OLD_STREAM_FOR) {
                self.stats.late += 1;
                return;
            }
            self.before = self.stream.as_ref().map(|stream| (stream.ssrc, now));
            self.stream = Some(Stream::new(packet.ssrc, packet.sequence));
            self.asked = None;
        }
        let stream = self.stream.as_mut().expect("it was made above");
        let Ok(opening) = opening(codec, &packet.payload) else {
            self.stats.malformed += 1;
            return;
        };
        let place = stream.place(packet.sequence);
        if place < stream.floor {
            self.stats.late += 1;
            return;
        }
        stream.parts.entry(place).or_insert(Part { packet, codec, at: now, opening });
        if stream.parts.len() > MOST_PACKETS {
            // Nothing whole in all of these: it will not come.
            if stream.next.take().is_some() {
                self.stats.losses += 1;
            }
            stream.parts.pop_first();
        }
    }

    /// The next picture, if it is whole. To be asked until there is none, after each packet and at the deadline.
    pub fn pull(&mut self, now: Duration) -> Option<Picture> {
        let stream = self.stream.as_mut()?;
        loop {
            let Some(next) = stream.next else {
                let (end, picture) = stream.key_frame(0)?;
                return Some(self.give(end, picture));
            };
            match stream.collect(next) {
                Found::Whole { end, picture } if picture.key || Some(picture.codec) == stream.codec => {
                    return Some(self.give(end, picture));
                }
                Found::Whole { end, .. } => {
                    // Another codec without a beginning.
                    stream.lose(end + 1);
                    self.stats.losses += 1;
                }
                Found::Malformed { end } => {
                    stream.lose(end + 1);
                    self.stats.losses += 1;
                    self.stats.malformed += 1;
                }
                Found::Missing(missing) => {
                    // What comes after a newer beginning needs none of this.
                    if let Some((end, picture)) = stream.key_frame(missing) {
                        return Some(self.give(end, picture));
                    }
                    if stream.noticed(missing).is_none_or(|at| now < at + self.settings.patience) {
                        return None;
                    }
                    stream.lose(missing + 1);
                    self.stats.losses += 1;
                }
            }
        }
    }

    /// A picture that was given cannot be decoded: nothing more until a key frame.
    pub fn distrust(&mut self) {
        if let Some(stream) = &mut self.stream
            && let Some(next) = stream.next
        {
            stream.lose(next);
            self.stats.losses += 1;
        }
    }

    /// Has a key frame to be asked for now? True once for each request.
    pub fn wants_key_frame(&mut self, now: Duration) -> bool {
        let wants = self.ask_at().is_some_and(|at| at <= now);
        if wants {
            self.asked = Some(now);
        }
        wants
    }

    /// When to look again if no packet comes before.
    pub fn deadline(&self) -> Option<Duration> {
        let stream = self.stream.as_ref()?;
        let Some(next) = stream.next else { return self.ask_at() };
        let Found::Missing(missing) = stream.collect(next) else { return None };
        stream.noticed(missing).map(|at| at + self.settings.patience)
    }

    /// What became of what came.
    pub fn stats(&self) -> AssemblyStats {
        self.stats
    }

    fn ask_at(&self) -> Option<Duration> {
        let stream = self.stream.as_ref().filter(|stream| stream.next.is_none())?;
        let again = self.asked.map_or(Duration::ZERO, |asked| asked + self.settings.ask_every);
        // One that is on its way is waited for.
        let begun = stream.parts.values().rev().find(|part| part.opening == Opening::Key);
        let begun = begun.map_or(Duration::ZERO, |part| part.at + self.settings.patience);
        Some(again.max(begun)).filter(|at| *at < self.last_arrival + SILENT_AFTER)
    }

    fn give(&mut self, end: u64, picture: Picture) -> Picture {
        let stream = self.stream.as_mut().expect("a picture is of a stream");
        stream.drop_below(end + 1);
        (stream.next, stream.after_last) = (Some(end + 1), Some(end + 1));
        (stream.codec, stream.rotation) = (Some(picture.codec), picture.rotation);
        if picture.key {
            self.asked = None;
            self.stats.key_frames += 1;
        }
        self.stats.pictures += 1;
        picture
    }
}

impl Stream {
    fn new(ssrc: u32, sequence: u16) -> Self {
        // Far enough from zero for what comes late.
        let newest = (1 << 32) + u64::from(sequence);
        Self {
            ssrc,
            parts: BTreeMap::new(),
            newest,
            next: None,
            floor: 0,
            after_last: None,
            codec: None,
            rotation: Rotation::None,
        }
    }

    /// The place of a packet in the whole stream.
    fn place(&mut self, sequence: u16) -> u64 {
        let ahead = sequence.wrapping_sub(self.newest as u16);
        if ahead >= 0x8000 {
            return self.newest - u64::from(ahead.wrapping_neg());
        }
        self.newest += u64::from(ahead);
        if u64::from(ahead) > JUMP {
            self.lose(self.newest);
        }
        self.newest
    }

    fn lose(&mut self, floor: u64) {
        self.next = None;
        // What lies before a key frame says where that begins, so only what is surely of no use goes.
        self.drop_below(floor);
    }

    fn drop_below(&mut self, floor: u64) {
        self.floor = self.floor.max(floor);
        self.parts = self.parts.split_off(&self.floor);
    }

    /// When it was noticed that this packet is missing: the next one came.
    fn noticed(&self, missing: u64) -> Option<Duration> {
        self.parts.range(missing..).next().map(|(_, part)| part.at)
    }

    /// The first whole key frame from a place on.
    fn key_frame(&self, from: u64) -> Option<(u64, Picture)> {
        // Up to here it is known that there is none; each packet is looked at once, whoever made them.
        let mut known = from;
        self.parts.range(from..).find_map(|(place, part)| {
            let begins = match part.opening {
                Opening::Key => true,
                Opening::PerhapsKey => self.ends_before(*place, part),
                Opening::Other | Opening::Inside | Opening::Padding => false,
            };
            if !begins || *place < known {
                return None;
            }
            match self.collect(*place) {
                Found::Whole { end, picture } if picture.key => return Some((end, picture)),
                Found::Whole { end, .. } | Found::Malformed { end } => known = end + 1,
                Found::Missing(missing) => known = missing,
            }
            None
        })
    }

    /// The packet before this one is there, and the last of its picture.
    fn ends_before(&self, place: u64, part: &Part) -> bool {
        let follows = self.parts.get(&(place - 1)).is_some_and(|before| {
            before.packet.marker
                || before.opening == Opening::Padding
                || before.packet.timestamp != part.packet.timestamp
        });
        follows || self.after_last == Some(place)
    }

    /// The picture that begins at this place.
    fn collect(&self, begin: u64) -> Found {
        let mut parts: Vec<&Part> = Vec::new();
        let mut place = begin;
        loop {
            let Some(part) = self.parts.get(&place) else { return Found::Missing(place) };
            let is_next_one =
                parts.first().is_some_and(|first| first.packet.timestamp != part.packet.timestamp);
            if is_next_one {
                // It ends without a mark.
                place -= 1;
                break;
            }
            if part.opening != Opening::Padding {
                parts.push(part);
                if part.packet.marker {
                    break;
                }
            }
            place += 1;
        }
        match whole(&parts, self.rotation) {
            Ok(picture) => Found::Whole { end: place, picture },
            Err(Malformed) => Found::Malformed { end: place },
        }
    }
}

fn opening(codec: VideoCodec, payload: &[u8]) -> Result<Opening, Malformed> {
    if payload.is_empty() {
        return Ok(Opening::Padding);
    }
    match codec {
        VideoCodec::Vp8 => vp8::opening(payload),
        VideoCodec::H264 => h264::opening(payload),
    }
}

/// Puts a picture together.
fn whole(parts: &[&Part], rotation: Rotation) -> Result<Picture, Malformed> {
    let first = parts.first().ok_or(Malformed)?;
    if parts.iter().any(|part| part.codec != first.codec) || first.opening == Opening::Inside {
        return Err(Malformed);
    }
    let payloads = || parts.iter().map(|part| &*part.packet.payload);
    let (key, payload) = match first.codec {
        VideoCodec::Vp8 => vp8::whole(payloads())?,
        VideoCodec::H264 => h264::whole(payloads())?,
    };
    Ok(Picture {
        codec: first.codec,
        key,
        timestamp: first.packet.timestamp,
        rotation: parts.iter().rev().find_map(|part| part.packet.rotation).unwrap_or(rotation),
        payload,
    })
}

#[cfg(test)]
mod tests;
