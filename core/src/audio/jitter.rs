//! Packets that come late, twice, out of order or not at all become sound without holes, as soon as it can be. Pure.
//!
//! The time is an argument and nothing is decoded here: whoever plays asks what comes next and is told to decode a
//! packet, to recover one from its successor, or to make something up.
use super::delay::Delays;
use std::{collections::BTreeMap, time::Duration};

/// Opus counts in these, whatever it carries.
pub const SAMPLE_RATE: u64 = 48_000;

/// What is made up at once.
const FRAME: u64 = SAMPLE_RATE / 50;

/// Pulls between two changes of the wait: each is heard a little.
const BETWEEN_CHANGES: u32 = 4;

/// A jump of the timestamp by more than this is no gap but another stream.
const JUMP: u64 = SAMPLE_RATE * 5;

/// How long the buffer waits at least and at most.
#[derive(Debug, Clone)]
pub struct JitterSettings {
    /// At least: below this the system's own delays are heard.
    pub least: Duration,
    /// At most: beyond this people talk over each other.
    pub most: Duration,
    /// So long the voice is drawn out when nothing comes; after that it is silence.
    pub made_up: Duration,
    /// Packets kept at most.
    pub packets: usize,
}

impl Default for JitterSettings {
    fn default() -> Self {
        Self {
            least: Duration::from_millis(20),
            most: Duration::from_millis(500),
            made_up: Duration::from_millis(120),
            packets: 200,
        }
    }
}

/// One packet of sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// Of RTP.
    pub sequence: u16,
    /// Of RTP, in samples.
    pub timestamp: u32,
    /// How many samples it holds.
    pub samples: u64,
    /// What the decoder reads.
    pub payload: Vec<u8>,
}

/// What is to be played next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pulled {
    /// This packet. If in a hurry, its quiet parts may be left out.
    Play {
        /// For the decoder.
        payload: Vec<u8>,
        /// There is more in the buffer than is needed.
        hurry: bool,
    },
    /// The packet before this one, from what this one says of it.
    Recover {
        /// For the decoder, which is asked for the copy inside.
        payload: Vec<u8>,
        /// How many samples are missing.
        samples: u64,
    },
    /// Something like what was before.
    MakeUp {
        /// How many samples.
        samples: u64,
    },
    /// Their side says nothing on purpose: faint noise, as the decoder knows it.
    Rest {
        /// How many samples.
        samples: u64,
    },
    /// Silence: nothing came yet, or not for a long time.
    Nothing,
}

/// What became of the packets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JitterStats {
    /// Played as they are.
    pub played: u64,
    /// Recovered from their successors.
    pub recovered: u64,
    /// Samples that were made up.
    pub made_up: u64,
    /// Came after their time.
    pub late: u64,
    /// Came twice.
    pub twice: u64,
    /// Given up because too many waited.
    pub overflowed: u64,
    /// How long the buffer wants to wait now.
    pub target: Duration,
    /// The part of the packets that was missing in the last seconds, in percent.
    pub missing_lately: u8,
}

/// Waits as long as needed and not longer.
#[derive(Debug, Clone)]
pub struct JitterBuffer {
    settings: JitterSettings,
    delays: Delays,
    /// By unwrapped timestamp, in samples.
    waiting: BTreeMap<u64, Packet>,
    /// The timestamps of the stream, counted beyond 32 bits.
    newest: Option<u64>,
    /// What is played next, and the sequence number of what was played last.
    cursor: Option<Cursor>,
    /// What was played is not played again, whatever comes.
    floor: u64,
    /// The share of packets that were missing lately.
    losses: f32,
    /// Pulls since the voice was drawn out or hurried to change the wait.
    since_change: u32,
    stats: JitterStats,
}

#[derive(Debug, Clone, Copy)]
struct Cursor {
    next: u64,
    played: u16,
    /// Samples made up since then while nothing was there: they may have been the missing ones.
    made_up: u64,
}

impl JitterBuffer {
    /// An empty one.
    pub fn new(settings: JitterSettings) -> Self {
        let stats = JitterStats { target: settings.least, ..JitterStats::default() };
        let delays = Delays::new();
        Self {
            settings,
            delays,
            waiting: BTreeMap::new(),
            newest: None,
            cursor: None,
            floor: 0,
            losses: 0.0,
            since_change: 0,
            stats,
        }
    }

    /// What became of the packets so far.
    pub fn stats(&self) -> JitterStats {
        JitterStats { missing_lately: (self.losses * 100.0).round() as u8, ..self.stats }
    }

    /// How much sound waits.
    pub fn waiting(&self) -> Duration {
        samples(self.waiting.values().map(|packet| packet.samples).sum())
    }

    /// A packet came.
    pub fn push(&mut self, now: Duration, packet: Packet) {
        let at = self.unwrap(packet.timestamp);
        if self.newest.is_some_and(|newest| at.abs_diff(newest) > JUMP) {
            // Another stream in the same place: their app began anew.
            self.waiting.clear();
            (self.cursor, self.floor, self.newest) = (None, 0, None);
            self.delays.restart();
        }
        if at < self.floor || self.cursor.is_some_and(|cursor| at < cursor.next) {
            self.stats.late += 1;
            self.delays.add(now, samples(at));
            self.retarget();
            return;
        }
        if self.waiting.contains_key(&at) {
            self.stats.twice += 1;
            return;
        }
        self.newest = Some(self.newest.map_or(at, |newest| newest.max(at)));
        self.delays.add(now, samples(at));
        self.retarget();
        self.waiting.insert(at, packet);
        while self.waiting.len() > self.settings.packets {
            // Nobody pulls, or far too much comes: the latest is what matters.
            self.waiting.pop_first();
            self.stats.overflowed += 1;
            self.cursor = None;
        }
    }

    fn retarget(&mut self) {
        // Half a frame on top: a packet that is in time by a hair may miss the sound card's turn. Where packets are
        // lost, the next one has to be there when it is asked what was in them.
        let successor = if self.losses > 0.005 { samples(FRAME) } else { Duration::ZERO };
        let wanted = self.delays.quantile() + samples(FRAME / 2) + successor;
        self.stats.target = wanted.clamp(self.settings.least, self.settings.most);
    }

    /// The timestamp nearest to the newest one that ends in these 32 bits.
    fn unwrap(&self, timestamp: u32) -> u64 {
        const TURN: u64 = 1 << 32;
        // Begins a turn up, so that what comes before the first one has a number, too.
        let near = self.newest.unwrap_or(TURN + u64::from(timestamp));
        let base = near - near % TURN + u64::from(timestamp);
        let ahead = base.checked_add(TURN).filter(|up| up.abs_diff(near) < base.abs_diff(near));
        let behind = base.checked_sub(TURN).filter(|down| down.abs_diff(near) < base.abs_diff(near));
        ahead.or(behind).unwrap_or(base)
    }

    /// What is to be played next.
    pub fn pull(&mut self, now: Duration) -> Pulled {
        self.since_change += 1;
        let Some(cursor) = self.cursor else { return self.begin(now) };
        while self.waiting.first_key_value().is_some_and(|(at, _)| *at < cursor.next) {
            // It begins within what was played: no encoder does that, and what is left of it is not sound.
            self.waiting.pop_first();
            self.stats.late += 1;
        }
        let Some((&at, head)) = self.waiting.first_key_value() else { return self.run_dry(cursor) };
        let wait = self.delays.lateness(now, samples(cursor.next));
        if wait + samples(FRAME / 2) < self.stats.target && self.since_change > BETWEEN_CHANGES {
            // The network got worse: from here on everything is played a frame later.
            self.since_change = 0;
            self.stats.made_up += FRAME;
            return Pulled::MakeUp { samples: FRAME };
        }
        if at == cursor.next {
            return self.play(now);
        }
        let gap = at - cursor.next;
        let missing = head.sequence.wrapping_sub(cursor.played).wrapping_sub(1);
        if missing == 0 {
            // They sent nothing for a while. What was made up meanwhile was that pause.
            return self.rest(now, cursor, gap);
        }
        if cursor.made_up >= gap {
            // What is missing was made up already, while it was waited for.
            self.cursor = Some(Cursor { next: at, made_up: 0, ..cursor });
            self.count_losses(missing);
            return self.play(now);
        }
        // One at a time: the others are counted when it is their turn.
        self.count_losses(1);
        let Some((_, head)) = self.waiting.first_key_value() else { return Pulled::Nothing };
        let samples = gap.min(FRAME.max(head.samples));
        let is_next = gap <= head.samples.max(FRAME);
        let payload = is_next.then(|| head.payload.clone());
        let played = cursor.played.wrapping_add(1);
        self.cursor = Some(Cursor { next: cursor.next + samples, played, made_up: 0 });
        match payload {
            Some(payload) => {
                self.stats.recovered += 1;
                Pulled::Recover { payload, samples }
            }
            None => {
                self.stats.made_up += samples;
                Pulled::MakeUp { samples }
            }
        }
    }

    /// Waits until there is enough for the network as it is.
    fn begin(&mut self, now: Duration) -> Pulled {
        let Some((&first, head)) = self.waiting.first_key_value() else { return Pulled::Nothing };
        // The very first packet is later than those after it: it was said before the connection was there.
        // What follows it comes within a frame, so it is not kept waiting for more than the clocks are apart.
        let early = if self.stats.played == 0 { FRAME - FRAME / 20 } else { FRAME / 2 };
        if self.delays.lateness(now, samples(first)) + samples(early) < self.stats.target {
            return Pulled::Nothing;
        }
        self.cursor = Some(Cursor { next: first, played: head.sequence.wrapping_sub(1), made_up: 0 });
        self.play(now)
    }

    fn count_losses(&mut self, missing: u16) {
        self.losses += 0.01 * f32::from(missing.min(10)) * (1.0 - self.losses);
    }

    fn play(&mut self, now: Duration) -> Pulled {
        let (at, packet) = self.waiting.pop_first().expect("looked at by the caller");
        self.losses *= 0.99;
        self.floor = at + packet.samples;
        self.cursor = Some(Cursor { next: at + packet.samples, played: packet.sequence, made_up: 0 });
        self.stats.played += 1;
        let wait = self.delays.lateness(now, samples(at));
        let hurry = wait > self.stats.target + samples(FRAME * 2) && self.since_change > BETWEEN_CHANGES;
        Pulled::Play { payload: packet.payload, hurry }
    }

    fn rest(&mut self, now: Duration, cursor: Cursor, gap: u64) -> Pulled {
        let left = gap.saturating_sub(cursor.made_up);
        if left == 0 {
            self.cursor = Some(Cursor { next: cursor.next + gap, made_up: 0, ..cursor });
            return self.play(now);
        }
        let samples = left.min(FRAME);
        self.cursor = Some(Cursor { next: cursor.next + samples, ..cursor });
        Pulled::Rest { samples }
    }

    /// Nothing is there. It may be late, lost, or a pause; the voice is drawn out for a moment.
    fn run_dry(&mut self, cursor: Cursor) -> Pulled {
        if samples(cursor.made_up) >= self.settings.made_up {
            (self.cursor, self.floor) = (None, self.floor.max(cursor.next));
            return Pulled::Nothing;
        }
        self.cursor = Some(Cursor { made_up: cursor.made_up + FRAME, ..cursor });
        self.stats.made_up += FRAME;
        Pulled::MakeUp { samples: FRAME }
    }
}

fn samples(count: u64) -> Duration {
    Duration::from_micros(count.saturating_mul(1_000_000) / SAMPLE_RATE)
}

#[cfg(test)]
mod tests;
