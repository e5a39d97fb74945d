//! How much of a sound is passed on: more than any voice or music needs, and not so much that it drowns others.
use std::time::Duration;

/// Bytes a second. Opus has at most 64,000.
const RATE: u64 = 80_000;
/// After a pause, this much may come at once.
const BURST: u64 = RATE / 4;
/// A packet counts for so much at least: 500 of them a second.
const LEAST: u64 = 160;

/// What one sound may still cost.
#[derive(Debug, Clone, Copy)]
pub(super) struct Allowance {
    left: u64,
    at: Duration,
}

impl Default for Allowance {
    fn default() -> Self {
        Self { left: BURST, at: Duration::ZERO }
    }
}

impl Allowance {
    /// Whether a packet of so many bytes is passed on now.
    pub(super) fn takes(&mut self, now: Duration, bytes: usize) -> bool {
        let earned = now.saturating_sub(self.at).as_micros() as u64 * RATE / 1_000_000;
        if earned > 0 {
            (self.left, self.at) = ((self.left + earned).min(BURST), now);
        }
        let cost = LEAST.max(bytes as u64);
        let is_covered = self.left >= cost;
        self.left -= if is_covered { cost } else { 0 };
        is_covered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_can_say_passes_and_a_flood_passes_as_much_as_that() {
        let passed = |every: Duration, bytes| {
            let mut allowance = Allowance::default();
            (0..1_000).filter(|n| allowance.takes(every * *n, bytes)).count()
        };

        assert_eq!(passed(Duration::from_millis(20), 1_275), 1_000, "Opus at its best");
        assert_eq!(passed(Duration::from_micros(2_500), 150), 1_000, "the shortest frames");
        let in_a_second = passed(Duration::from_millis(1), 1_200);
        assert!((66..90).contains(&in_a_second), "{in_a_second}");
        let small = passed(Duration::from_micros(100), 40);
        assert!((100..180).contains(&small), "{small} in a tenth of a second");
    }
}
