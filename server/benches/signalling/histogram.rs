//! Latencies in a fixed number of buckets: 64 to each doubling, so a reading is at most 1.6 % off at any size.
use std::time::Duration;

/// Buckets to each doubling, as a power of two.
const FINENESS: u32 = 6;
/// The last bucket is at 2^32 µs, over an hour: longer than any run.
pub(crate) const BUCKETS: usize = ((32 - FINENESS + 1) as usize) << FINENESS;

/// How often each latency was seen.
#[derive(Clone)]
pub(crate) struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; BUCKETS], total: 0 }
    }
}

impl Histogram {
    pub(crate) fn add(&mut self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        self.counts[bucket_of(micros).min(BUCKETS - 1)] += 1;
        self.total += 1;
    }

    /// The latency that `share` (0 to 1) of all stay within, in milliseconds; none if there is nothing to tell.
    pub(crate) fn quantile_ms(&self, share: f64) -> Option<f64> {
        let wanted = (share * self.total as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        let bucket = self.counts.iter().position(|count| {
            seen += count;
            seen >= wanted
        })?;
        Some(top_of(bucket) as f64 / 1000.0)
    }
}

pub(crate) fn bucket_of(micros: u64) -> usize {
    // Below `FINE` each microsecond has its own bucket; above, the leading bits name the bucket.
    let doubling = (u64::BITS - micros.leading_zeros()).saturating_sub(FINENESS + 1);
    ((u64::from(doubling) << FINENESS) + (micros >> doubling)) as usize
}

/// The largest value of a bucket.
pub(crate) fn top_of(bucket: usize) -> u64 {
    let doubling = (bucket as u64 >> FINENESS).saturating_sub(1);
    let leading = bucket as u64 - (doubling << FINENESS);
    ((leading + 1) << doubling) - 1
}
