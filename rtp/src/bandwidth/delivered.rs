//! How many bits a second arrive, by the receiver's clock.

/// Bytes are counted in spans of so many microseconds.
const SPAN: i64 = 25_000;
const SPANS: usize = 32;
/// A rate over less than this is noise.
const SHORTEST: i64 = 75_000;

/// What arrived in the last 800 ms.
#[derive(Debug, Clone, Default)]
pub(super) struct Delivered {
    bytes: [u64; SPANS],
    first: Option<i64>,
    last: i64,
}

impl Delivered {
    pub(super) fn add(&mut self, arrival: i64, bytes: u64) {
        if self.first.is_none() {
            (self.first, self.last) = (Some(arrival), arrival);
        }
        let (span, newest) = (arrival.div_euclid(SPAN), self.last.div_euclid(SPAN));
        if span + SPANS as i64 <= newest {
            // Nothing is so late: the receiver has another clock.
            *self = Self { first: Some(arrival), last: arrival, ..Self::default() };
        }
        for empty in (newest + 1..=span).rev().take(SPANS) {
            self.bytes[slot(empty)] = 0;
        }
        self.last = self.last.max(arrival);
        self.bytes[slot(span)] += bytes;
    }

    /// In the last so many microseconds. None: nothing is known of so recent a time.
    pub(super) fn rate(&self, within: i64) -> Option<f64> {
        let newest = self.last.div_euclid(SPAN);
        let spans = within / SPAN;
        let from = ((newest - spans) * SPAN).max(self.first?);
        let time = self.last - from;
        let bytes: u64 = (newest - spans..=newest).map(|span| self.bytes[slot(span)]).sum();
        (time >= SHORTEST).then(|| bytes as f64 * 8e6 / time as f64)
    }
}

fn slot(span: i64) -> usize {
    span.rem_euclid(SPANS as i64) as usize
}
