//! How much lies ready between two clocks, and how much faster or slower it has to be used so that it stays so.

/// What a reserve begins with, in milliseconds: a thread that is woken late is late by less, mostly.
const BEGIN_MS: u32 = 10;
/// So much more after each gap.
const GROW_MS: u32 = 5;
/// No more than this, however bad it is: a call that is late is worse than one that crackles.
const MOST_MS: u32 = 60;
/// Never less than this and a burst of the card.
const BEYOND_BURST_MS: u32 = 4;
/// The least of so many looks counts: one second.
const LOOKS: u32 = 50;
/// A reserve that is so near is right.
const NEAR_MS: f64 = 2.0;
/// What a millisecond too much is worth. Two clocks differ by a ten-thousandth, at the most.
const PER_MS: f64 = 0.0005;
/// Nobody hears a voice that is so much higher.
const STEEPEST: f64 = 0.005;

/// Watches what is left whenever it is least.
pub(super) struct Reserve {
    per_ms: f64,
    target_ms: u32,
    least: usize,
    looks: u32,
    nudge: f64,
}

impl Reserve {
    /// For a queue at that rate.
    pub(super) fn new(rate: u32) -> Self {
        Self {
            per_ms: f64::from(rate) / 1000.0,
            target_ms: BEGIN_MS,
            least: usize::MAX,
            looks: 0,
            nudge: 0.0,
        }
    }

    /// What should lie ready, in samples, for a card that comes with so many at once. A burst that comes just before a
    /// look comes just after it some day, since the clocks differ, and then so much less lies ready at once.
    pub(super) fn target(&self, burst: usize) -> usize {
        self.samples(self.target_ms).max(burst + self.samples(BEYOND_BURST_MS))
    }

    pub(super) fn samples(&self, ms: u32) -> usize {
        (f64::from(ms) * self.per_ms) as usize
    }

    /// There was a gap: from now on more lies ready. What was seen before it counts no more.
    pub(super) fn ran_dry(&mut self) {
        self.target_ms = (self.target_ms + GROW_MS).min(MOST_MS);
        self.forget();
    }

    /// What was seen is not true any more.
    pub(super) fn forget(&mut self) {
        (self.least, self.looks, self.nudge) = (usize::MAX, 0, 0.0);
    }

    /// So much is left, 20 ms after the last look, and a burst is so long. Returns how much faster it has to be used: 0.001 is one in a thousand.
    pub(super) fn look(&mut self, left: usize, burst: usize) -> f64 {
        self.least = self.least.min(left);
        self.looks += 1;
        if self.looks >= LOOKS {
            let excess = (self.least as f64 - self.target(burst) as f64) / self.per_ms;
            let beyond = excess.signum() * (excess.abs() - NEAR_MS).max(0.0);
            self.nudge = (beyond * PER_MS).clamp(-STEEPEST, STEEPEST);
            (self.least, self.looks) = (usize::MAX, 0);
        }
        self.nudge
    }
}
