//! How late packets come, and how long one has to wait for nearly all of them. Pure.
use std::{collections::VecDeque, time::Duration};

/// How wide a step of the histogram is.
const STEP: Duration = Duration::from_millis(5);

/// Up to here delays are told apart; whatever is later is later than anybody waits.
const STEPS: usize = 120;

/// The share of packets that shall be in time.
const IN_TIME: f32 = 0.97;

/// What one packet weighs in the histogram. After 100 packets, two seconds, most of it is of them.
const WEIGHT: f32 = 0.02;

/// For how long the fastest packet is what the others are measured by. Longer, and clocks that differ are felt.
const WINDOW: Duration = Duration::from_secs(8);

/// Delays of the latest packets beside the fastest one.
#[derive(Debug, Clone)]
pub(super) struct Delays {
    /// Transit times (arrival less time of capture, in microseconds, from any zero) that may be the least of the window, rising.
    fastest: VecDeque<(Duration, i64)>,
    histogram: [f32; STEPS],
}

impl Delays {
    /// A network of which nothing is known is taken for a good one.
    pub(super) fn new() -> Self {
        let mut histogram = [0.0; STEPS];
        histogram[0] = 1.0;
        Self { fastest: VecDeque::new(), histogram }
    }

    /// A packet captured at `captured` on their clock came at `now` on ours.
    pub(super) fn add(&mut self, now: Duration, captured: Duration) {
        let transit = micros(now) - micros(captured);
        while self.fastest.back().is_some_and(|(_, known)| *known >= transit) {
            self.fastest.pop_back();
        }
        self.fastest.push_back((now, transit));
        while self.fastest.front().is_some_and(|(at, _)| *at + WINDOW < now) {
            self.fastest.pop_front();
        }
        let least = self.fastest.front().map_or(transit, |(_, least)| *least);
        let late = u64::try_from(transit - least).unwrap_or(0);
        let step = usize::try_from(late / STEP.as_micros() as u64).unwrap_or(STEPS).min(STEPS - 1);
        self.histogram.iter_mut().for_each(|share| *share *= 1.0 - WEIGHT);
        self.histogram[step] += WEIGHT;
    }

    /// How much later than the fastest packets something captured at `captured` is, if it is played now.
    pub(super) fn lateness(&self, now: Duration, captured: Duration) -> Duration {
        let least = self.fastest.front().map_or(0, |(_, least)| *least);
        Duration::from_micros(u64::try_from(micros(now) - micros(captured) - least).unwrap_or(0))
    }

    /// The stream begins anew: what was measured is of another clock.
    pub(super) fn restart(&mut self) {
        self.fastest.clear();
    }

    /// Whoever waits this long has nearly every packet in time.
    pub(super) fn quantile(&self) -> Duration {
        let mut sum = 0.0;
        for (step, share) in self.histogram.iter().enumerate() {
            sum += share;
            if sum >= IN_TIME {
                return STEP * u32::try_from(step + 1).expect("few steps");
            }
        }
        STEP * u32::try_from(STEPS).expect("few steps")
    }
}

fn micros(at: Duration) -> i64 {
    i64::try_from(at.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(lateness: impl Fn(u64) -> u64, packets: u64) -> Duration {
        let mut delays = Delays::new();
        for n in 0..packets {
            let captured = Duration::from_millis(20 * n);
            delays.add(captured + Duration::from_millis(1000 + lateness(n)), captured);
        }
        delays.quantile()
    }

    #[test]
    fn an_even_network_needs_hardly_any_wait() {
        assert_eq!(after(|_| 40, 500), Duration::from_millis(5));
    }

    #[test]
    fn jitter_is_waited_for_and_a_rare_spike_is_not() {
        let jitter = after(|n| (n * 7) % 60, 500);
        assert!((50..=65).contains(&jitter.as_millis()), "{jitter:?}");
        assert_eq!(after(|n| if n % 100 == 99 { 300 } else { 0 }, 499), Duration::from_millis(5));
    }

    #[test]
    fn a_network_that_got_better_is_believed_within_seconds() {
        let better = after(|n| if n < 500 { (n * 7) % 60 } else { 0 }, 800);
        assert!(better <= Duration::from_millis(10), "{better:?}");
    }

    #[test]
    fn clocks_that_differ_are_no_jitter() {
        // 200 parts in a million, more than any two devices.
        assert_eq!(after(|n| n * 20 / 5000, 20_000), Duration::from_millis(5));
    }
}
