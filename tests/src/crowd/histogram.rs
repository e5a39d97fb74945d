//! How often each time was seen, in buckets that are at most 3 % wide.
use std::time::Duration;

/// Buckets to each doubling, as a power of two.
const FINENESS: u32 = 5;
/// The last bucket is at 2^32 µs, over an hour.
const BUCKETS: usize = ((32 - FINENESS + 1) as usize) << FINENESS;

/// How often each time was seen.
#[derive(Debug, Clone)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
    longest: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; BUCKETS], total: 0, longest: 0 }
    }
}

impl Histogram {
    /// Counts one.
    pub fn add(&mut self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let doubling = (u64::BITS - micros.leading_zeros()).saturating_sub(FINENESS + 1);
        let bucket = (u64::from(doubling) << FINENESS) + (micros >> doubling);
        self.counts[(bucket as usize).min(BUCKETS - 1)] += 1;
        self.total += 1;
        self.longest = self.longest.max(micros);
    }

    /// Counts all that another one did.
    pub fn merge(&mut self, other: &Self) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(ours, theirs)| *ours += theirs);
        self.total += other.total;
        self.longest = self.longest.max(other.longest);
    }

    /// How many were counted.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// What `share` (0 to 1) of all stay within, in milliseconds; none if there is nothing to tell.
    pub fn quantile_ms(&self, share: f64) -> Option<f64> {
        let wanted = (share * self.total as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        let bucket = self.counts.iter().position(|count| {
            seen += count;
            seen >= wanted
        })? as u64;
        let doubling = (bucket >> FINENESS).saturating_sub(1);
        let top = ((bucket - (doubling << FINENESS) + 1) << doubling) - 1;
        Some(top.min(self.longest) as f64 / 1000.0)
    }

    /// The longest, in milliseconds.
    pub fn longest_ms(&self) -> Option<f64> {
        (self.total > 0).then_some(self.longest as f64 / 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_where_they_are_within_three_percent() {
        let mut all = Histogram::default();
        assert_eq!((all.quantile_ms(0.5), all.longest_ms()), (None, None));
        for micros in 1..=10_000 {
            all.add(Duration::from_micros(micros));
        }
        for (share, wanted) in [(0.0, 0.001), (0.5, 5.0), (0.99, 9.9), (1.0, 10.0)] {
            let found = all.quantile_ms(share).unwrap();
            assert!((found - wanted).abs() <= wanted * 0.032, "{share}: {found}");
        }
        assert_eq!(all.longest_ms(), Some(10.0));
        all.add(Duration::MAX);
        assert_eq!(all.total(), 10_001);
    }
}
