//! How fast to send, from whether a queue grows: more and more carefully up, at once down.
use super::delay::Usage;

/// What is left of what arrives when a queue grows.
const BACK_OFF: f64 = 0.85;
/// Not less than this part, however long the queue is.
const DEEPEST: f64 = 0.5;
/// In a second, as long as nobody knows where the path ends.
const GROWTH: f64 = 1.08;
/// The rate may be so much above what arrives, and a little: beyond, nobody has tried it.
const UNTRIED: f64 = 1.5;
const UNTRIED_BITS: f64 = 10_000.0;
/// Within this part of where the path ended before, it is taken to end there still.
const NEAR: f64 = 0.2;
/// What arrives when the path is full wavers less than this. More, and it has become wider.
const WIDER: f64 = 1.1;
/// After it was lowered, it is at the end of the path again within so many microseconds.
const CYCLE: u64 = 15_000_000;
/// Near the end of the path, in a second: slower than this, a wide path would never be full.
const SLOWEST: f64 = 0.015;
/// A large packet, in bits.
const PACKET: f64 = 9_600.0;

#[derive(Debug, Clone)]
pub(super) struct Rate {
    bps: f64,
    /// What arrived when the path was full.
    capacity: Option<f64>,
    changed: u64,
    lowered: Option<u64>,
    holds: bool,
}

/// What is known when the rate is looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    /// In microseconds.
    pub(super) now: u64,
    pub(super) usage: Usage,
    /// Bits a second that arrived of late; over a shorter and a longer while.
    pub(super) short: Option<f64>,
    pub(super) long: Option<f64>,
    /// How long packets wait on the way, in seconds.
    pub(super) queue: f64,
    /// There and back, in microseconds.
    pub(super) rtt: u64,
}

impl Rate {
    pub(super) fn new(now: u64, bps: f64) -> Self {
        Self { bps, capacity: None, changed: now, lowered: None, holds: false }
    }

    pub(super) fn bps(&self) -> f64 {
        self.bps
    }

    /// Sets it, for a reason that it does not know.
    pub(super) fn set(&mut self, now: u64, bps: f64) {
        (self.bps, self.changed) = (bps, now);
    }

    /// A probe has filled the path, and so much came through.
    pub(super) fn set_capacity(&mut self, capacity: Option<f64>) {
        self.capacity = capacity;
    }

    /// Whether nothing is known of where the path ends.
    pub(super) fn is_open(&self) -> bool {
        self.capacity.is_none()
    }

    /// Whether it went down because a queue grew, not long before.
    pub(super) fn was_lowered(&self, now: u64) -> bool {
        self.lowered.is_some_and(|at| now < at + CYCLE)
    }

    pub(super) fn look(&mut self, seen: Seen) {
        match seen.usage {
            Usage::Over => self.lower(seen),
            // The queue has to go first.
            Usage::Under => self.holds = true,
            Usage::Normal if self.holds => self.holds = false,
            Usage::Normal => self.raise(seen),
        }
        if seen.usage != Usage::Normal || self.holds {
            self.changed = seen.now;
        }
    }

    fn lower(&mut self, seen: Seen) {
        let Some(arrives) = seen.short else {
            self.set(seen.now, self.bps * BACK_OFF);
            return;
        };
        // What answers the last step is not here yet, except for a path that has become much narrower still.
        let waits = self.lowered.is_some_and(|at| seen.now < at + seen.rtt.clamp(50_000, 300_000));
        self.holds = true;
        if waits && arrives > self.bps * 0.7 {
            return;
        }
        self.capacity = match self.capacity {
            Some(known) if (arrives - known).abs() < known * NEAR => Some(known + (arrives - known) * 0.2),
            _ => Some(arrives),
        };
        // So that the queue is gone in about a second.
        let part = (1.0 - seen.queue).clamp(DEEPEST, BACK_OFF);
        self.bps = self.bps.min(arrives * part);
        self.lowered = Some(seen.now);
    }

    fn raise(&mut self, seen: Seen) {
        let Some(arrives) = seen.long else { return };
        if self.capacity.is_some_and(|capacity| arrives > capacity * WIDER) {
            self.capacity = None;
        }
        let seconds = (seen.now - self.changed).min(1_000_000) as f64 / 1e6;
        let raised = match self.capacity {
            // Near the end of the path, a packet more in the time that its answer takes, twice.
            Some(_) => {
                let packets = (self.bps / 30.0 / PACKET).ceil().max(1.0);
                let packet = self.bps / 30.0 / packets;
                let step = packet / (2e-6 * (seen.rtt as f64 + 100_000.0));
                self.bps + seconds * step.max(self.bps * SLOWEST)
            }
            None => self.bps * GROWTH.powf(seconds),
        };
        self.bps = self.bps.max(raised.min(arrives * UNTRIED + UNTRIED_BITS));
        self.changed = seen.now;
    }
}
