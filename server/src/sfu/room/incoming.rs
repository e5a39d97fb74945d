//! One stream that a participant sends: what came of it, what is missing, what it costs.
use super::{
    Codec, Kind,
    allowance::Allowance,
    ring::{Entry, Ring},
};
use calls_rtp::{
    control::{Block, SenderInfo},
    h264,
    packet::Packet,
    vp8::Descriptor,
};
use std::time::Duration;

/// More missing than this, and only a whole picture helps.
const MOST_MISSING: usize = 128;
/// How often one packet is asked for.
const MOST_ASKED: u8 = 8;
/// A packet may be overtaken by so many before it counts as lost.
const OVERTAKEN_BY: u64 = 2;
/// Between two requests for one packet, unless the way there and back takes longer.
const ASK_AGAIN: Duration = Duration::from_millis(40);
/// What is older than this comes too late to be shown.
const TOO_LATE: Duration = Duration::from_millis(800);
/// Between two requests for a whole picture. One in flight answers all who wait.
const KEY_AGAIN: Duration = Duration::from_millis(400);

/// One stream, by its number on the wire.
#[derive(Debug)]
pub(super) struct Incoming {
    pub(super) ssrc: u32,
    pub(super) kind: Kind,
    /// Of how many of one picture; 0 is the smallest.
    pub(super) layer: u8,
    pub(super) codec: Codec,
    clock: u32,
    pub(super) ring: Ring,
    /// Of a sound; pictures have to fit into the paths of those who look.
    pub(super) allowance: Allowance,
    first: Option<u64>,
    highest: u64,
    received: u64,
    /// At the last report.
    expected_before: u64,
    received_before: u64,
    jitter: f64,
    transit: Option<f64>,
    missing: Vec<Gap>,
    /// What the sender said last, by our wall clock, and the middle of the time that stood in it.
    report: Option<(SenderInfo, u32, Duration)>,
    rate: Rate,
    usual_bps: u64,
    /// As high as its last whole picture said.
    pub(super) height: Option<u16>,
    key_asked: Option<Duration>,
    is_key_wanted: bool,
    pub(super) last_at: Option<Duration>,
}

#[derive(Debug, Clone, Copy)]
struct Gap {
    sequence: u64,
    since: Duration,
    asked: u8,
    asked_at: Duration,
}

/// What a packet is, for those to whom it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    /// A whole picture begins here.
    pub(super) begins_key: bool,
    pub(super) vp8: Option<Descriptor>,
}

impl Incoming {
    pub(super) fn new(ssrc: u32, kind: Kind, layer: u8, codec: Codec) -> Self {
        Self {
            ssrc,
            kind,
            layer,
            codec,
            clock: if kind == Kind::Sound { 48_000 } else { 90_000 },
            ring: Ring::default(),
            allowance: Allowance::default(),
            first: None,
            highest: 0,
            received: 0,
            expected_before: 0,
            received_before: 0,
            jitter: 0.0,
            transit: None,
            missing: Vec::new(),
            report: None,
            rate: Rate::default(),
            usual_bps: 0,
            height: None,
            key_asked: None,
            is_key_wanted: false,
            last_at: None,
        }
    }

    /// A packet came, for the first time. `sequence` is counted over the end of its 16 bits.
    pub(super) fn receive(&mut self, now: Duration, sequence: u64, packet: &Packet<'_>) -> Seen {
        self.last_at = Some(now);
        if !packet.payload.is_empty() {
            // Padding of theirs is for us, and goes no further.
            self.rate.add(now, packet.head_len + packet.payload.len());
        }
        self.count(now, sequence, packet.head.timestamp);
        let seen = self.look(packet.payload);
        if seen.begins_key {
            self.is_key_wanted = false;
            if let Some((_, height)) = seen.vp8.and_then(|found| found.size) {
                self.height = Some(height);
            }
        }
        if self.kind != Kind::Sound && !packet.payload.is_empty() {
            let entry = Entry::new(sequence, packet.head.timestamp, packet.head.marker);
            self.ring.push(now, entry, packet.payload);
        }
        seen
    }

    /// What a payload says of itself.
    pub(super) fn look(&self, payload: &[u8]) -> Seen {
        match self.codec {
            Codec::Opus => Seen { begins_key: false, vp8: None },
            Codec::Vp8 => {
                let vp8 = Descriptor::parse(payload);
                Seen { begins_key: vp8.is_some_and(|found| found.is_key), vp8 }
            }
            Codec::H264 => Seen { begins_key: h264::begins_key(payload), vp8: None },
        }
    }

    fn count(&mut self, now: Duration, sequence: u64, timestamp: u32) {
        self.received += 1;
        // RFC 3550, A.8: how much later than its neighbour, against how much later it was made.
        let transit = now.as_secs_f64() * f64::from(self.clock) - f64::from(timestamp);
        if let Some(before) = self.transit.replace(transit) {
            let late = (transit - before).abs();
            // The stream's clock went round, or was set anew.
            if late < f64::from(self.clock) {
                self.jitter += (late - self.jitter) / 16.0;
            }
        }
        let Some(_) = self.first else {
            self.first = Some(sequence);
            self.highest = sequence;
            return;
        };
        if sequence <= self.highest {
            self.missing.retain(|gap| gap.sequence != sequence);
            return;
        }
        let gaps = self.highest + 1..sequence;
        self.highest = sequence;
        if self.kind == Kind::Sound {
            return;
        }
        let many = (gaps.end - gaps.start) as usize;
        if self.missing.len() + many > MOST_MISSING {
            self.missing.clear();
            self.want_key();
            return;
        }
        let gap = |sequence| Gap { sequence, since: now, asked: 0, asked_at: Duration::ZERO };
        self.missing.extend(gaps.map(gap));
    }

    /// Packets to ask for now, as numbered on the wire. What cannot come in time any more is given up.
    pub(super) fn ask(&mut self, now: Duration, round_trip: Duration, into: &mut Vec<u16>) {
        into.clear();
        let before = self.missing.len();
        self.missing.retain(|gap| now.saturating_sub(gap.since) < TOO_LATE && gap.asked < MOST_ASKED);
        if self.missing.len() < before {
            self.want_key();
        }
        let again = ASK_AGAIN.max(round_trip);
        let highest = self.highest;
        for gap in &mut self.missing {
            let is_overtaken =
                highest - gap.sequence > OVERTAKEN_BY || now.saturating_sub(gap.since) > ASK_AGAIN / 4;
            if is_overtaken
                && (gap.asked == 0 || now.saturating_sub(gap.asked_at) >= again)
                && into.len() < 32
            {
                gap.asked += 1;
                gap.asked_at = now;
                into.push(gap.sequence as u16);
            }
        }
    }

    pub(super) fn is_missing_any(&self) -> bool {
        !self.missing.is_empty()
    }

    /// Somebody waits for a whole picture.
    pub(super) fn want_key(&mut self) {
        self.is_key_wanted = self.kind != Kind::Sound;
    }

    pub(super) fn is_key_wanted(&self) -> bool {
        self.is_key_wanted
    }

    /// Whether to ask for a whole picture now.
    pub(super) fn ask_key(&mut self, now: Duration) -> bool {
        let is_due = self.key_asked.is_none_or(|at| now.saturating_sub(at) >= KEY_AGAIN);
        if !self.is_key_wanted || !is_due {
            return false;
        }
        self.key_asked = Some(now);
        true
    }

    /// The sender's own report, whose wall clock is `shift` before ours.
    pub(super) fn reported(&mut self, now: Duration, info: SenderInfo, shift: u64) {
        let middle = (info.ntp >> 16) as u32;
        self.report = Some((SenderInfo { ntp: info.ntp.wrapping_add(shift), ..info }, middle, now));
    }

    /// Our wall clock and the stream's clock at one moment.
    pub(super) fn clocks(&self) -> Option<(u64, u32)> {
        self.report.map(|(info, ..)| (info.ntp, info.timestamp))
    }

    /// What we say of it.
    pub(super) fn block(&mut self, now: Duration) -> Option<Block> {
        let first = self.first?;
        let expected = self.highest - first + 1;
        let (expected_now, received_now) =
            (expected - self.expected_before, self.received.saturating_sub(self.received_before));
        (self.expected_before, self.received_before) = (expected, self.received);
        let lost_now = expected_now.saturating_sub(received_now);
        let lost_share = (lost_now * 256).checked_div(expected_now).unwrap_or(0).min(255) as u8;
        let (last_report, since_report) = self.report.map_or((0, 0), |(_, middle, at)| {
            let since = now.saturating_sub(at).as_secs_f64() * 65_536.0;
            (middle, since as u32)
        });
        Some(Block {
            ssrc: self.ssrc,
            lost_share,
            lost: i32::try_from(expected as i64 - self.received as i64).unwrap_or(i32::MAX),
            highest: self.highest as u32,
            jitter: self.jitter as u32,
            last_report,
            since_report,
        })
    }

    /// Bits a second as usual; what it was when it flowed, if it does not. Whole pictures are large and pass: it rises
    /// slowly. Asked a few times a second.
    pub(super) fn bps(&mut self, now: Duration) -> Option<u64> {
        let measured = self.rate.bps(now);
        // What stops does not become cheap by it.
        let goes_on = self.last_at.is_some_and(|at| now.saturating_sub(at) < Duration::from_millis(150));
        if measured > 0 && goes_on {
            let usual = self.usual_bps;
            self.usual_bps = match measured > usual {
                // Nothing of one picture is that large: it is another stream than it was.
                _ if usual == 0 || measured > usual * 4 => measured,
                true => usual + (measured - usual) / 8,
                false => usual - (usual - measured) / 2,
            };
        }
        (self.usual_bps > 0).then_some(self.usual_bps)
    }

    /// Whether it came lately.
    pub(super) fn flows(&self, now: Duration) -> bool {
        // Pictures of a still screen come seldom.
        self.last_at.is_some_and(|at| now.saturating_sub(at) < Duration::from_secs(2))
    }
}

/// Bits a second, over the last second.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Rate {
    buckets: [u32; Self::BUCKETS],
    newest: u64,
}

impl Rate {
    const BUCKETS: usize = 5;
    const EACH: u64 = 200;

    pub(super) fn add(&mut self, now: Duration, bytes: usize) {
        self.turn(now);
        self.buckets[(self.newest % Self::BUCKETS as u64) as usize] += bytes as u32;
    }

    /// Bits a second; of the time that is over, so that it does not sink at each turn.
    pub(super) fn bps(&mut self, now: Duration) -> u64 {
        self.turn(now);
        let unfinished = (self.newest % Self::BUCKETS as u64) as usize;
        let bytes: u64 = self
            .buckets
            .iter()
            .enumerate()
            .filter(|(n, _)| *n != unfinished)
            .map(|(_, b)| u64::from(*b))
            .sum();
        bytes * 8 * 1000 / (Self::EACH * (Self::BUCKETS as u64 - 1))
    }

    fn turn(&mut self, now: Duration) {
        let at = now.as_millis() as u64 / Self::EACH;
        for empty in (self.newest + 1..=at).rev().take(Self::BUCKETS) {
            self.buckets[(empty % Self::BUCKETS as u64) as usize] = 0;
        }
        self.newest = self.newest.max(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use calls_rtp::packet::{Head, HeadWriter};

    const MS: Duration = Duration::from_millis(1);

    fn packet(sequence: u16, payload: &[u8]) -> Vec<u8> {
        let mut bytes = [0; 64];
        let head = Head {
            marker: false,
            payload_type: 96,
            sequence,
            timestamp: 3_000 * u32::from(sequence),
            ssrc: 5,
        };
        let len = HeadWriter::new(&mut bytes, &head).finish();
        [&bytes[..len], payload].concat()
    }

    fn give(stream: &mut Incoming, now: Duration, sequences: impl IntoIterator<Item = u16>) {
        for sequence in sequences {
            let bytes = packet(sequence, &[0, 1]);
            stream.receive(now, u64::from(sequence), &Packet::parse(&bytes).unwrap());
        }
    }

    fn asked(stream: &mut Incoming, now: Duration) -> Vec<u16> {
        let mut asked = Vec::new();
        stream.ask(now, Duration::ZERO, &mut asked);
        asked
    }

    fn camera() -> Incoming {
        Incoming::new(5, Kind::Camera, 0, Codec::Vp8)
    }

    #[test]
    fn what_is_missing_is_asked_for_again_and_again_and_given_up_for_a_whole_picture() {
        let mut stream = camera();
        give(&mut stream, MS, [1, 2, 5]);
        assert_eq!(asked(&mut stream, MS), [0u16; 0], "it may only be overtaken");
        give(&mut stream, MS * 2, [6]);
        assert_eq!(asked(&mut stream, MS * 2), [3]);
        assert_eq!(asked(&mut stream, MS * 12), [4]);
        give(&mut stream, MS * 20, [3]);
        assert_eq!(asked(&mut stream, MS * 60), [4]);
        assert!(!stream.is_key_wanted());
        asked(&mut stream, MS * 900);
        assert!(stream.is_key_wanted() && !stream.is_missing_any());
        assert!(stream.ask_key(MS * 900) && !stream.ask_key(MS * 1_000) && stream.ask_key(MS * 1_400));
        stream.receive(MS * 1_500, 7, &Packet::parse(&packet(7, &[0x10, 0, 1])).unwrap());
        assert!(!stream.is_key_wanted());
    }

    #[test]
    fn a_hole_that_is_too_large_needs_a_whole_picture() {
        let mut stream = camera();
        give(&mut stream, MS, [1, 400]);
        assert!(stream.is_key_wanted() && !stream.is_missing_any());
    }

    #[test]
    fn a_report_says_what_was_lost_since_the_last_one() {
        let mut stream = camera();
        assert_eq!(stream.block(MS), None);
        give(&mut stream, MS, (1..=100).filter(|n| n % 4 != 0));
        let block = stream.block(MS * 10).unwrap();
        // The hundredth is not known to be missing.
        assert_eq!((block.highest, block.lost, block.lost_share), (99, 24, 62));
        give(&mut stream, MS * 20, 100..=200);
        assert_eq!(stream.block(MS * 30).map(|block| (block.lost, block.lost_share)), Some((24, 0)));
    }

    #[test]
    fn jitter_is_how_unevenly_they_come() {
        let mut even = camera();
        let mut uneven = camera();
        for n in 0..200u16 {
            let due = MS * 33 * u32::from(n) + Duration::from_nanos(333_333) * u32::from(n);
            give(&mut even, due, [n]);
            give(&mut uneven, due + MS * 10 * u32::from(n % 2), [n]);
        }
        assert!(even.block(MS).unwrap().jitter < 10);
        let jitter = uneven.block(MS).unwrap().jitter;
        assert!((800..=900).contains(&jitter), "10 ms of 90 kHz: {jitter}");
    }

    #[test]
    fn the_rate_is_of_the_last_second() {
        let mut rate = Rate::default();
        for n in 0..300u32 {
            rate.add(MS * 10 * n, 125);
        }
        assert_eq!(rate.bps(MS * 3_000), 100_000);
        assert_eq!(rate.bps(MS * 9_000), 0);
    }
}
