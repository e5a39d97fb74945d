//! How much somebody may use: bytes of a user, answers to a stranger.
//!
//! Pure: the time is an argument.
use std::{
    collections::hash_map::RandomState,
    hash::BuildHasher,
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

/// Fills up steadily and is emptied by use.
#[derive(Debug, Clone, Copy)]
pub(super) struct TokenBucket {
    per_second: u32,
    /// Most that it holds, and so what may pass at once.
    capacity: u32,
    filled: u32,
    /// The moment for which `filled` is true.
    at: Instant,
}

impl TokenBucket {
    /// A full bucket.
    pub(super) fn new(per_second: u32, capacity: u32, now: Instant) -> Self {
        Self { per_second, capacity, filled: capacity, at: now }
    }

    /// Takes that much, or nothing if there is less.
    pub(super) fn take(&mut self, amount: u32, now: Instant) -> bool {
        self.fill(now);
        match self.filled.checked_sub(amount) {
            Some(left) => {
                self.filled = left;
                true
            }
            None => false,
        }
    }

    fn fill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.at);
        if passed >= Duration::from_secs(3600) {
            (self.filled, self.at) = (self.capacity, now);
            return;
        }
        let per_second = u64::from(self.per_second);
        // An hour in nanoseconds times the largest rate is 2^74, so the product needs more than 64 bits.
        let gained = (passed.as_nanos() * u128::from(per_second) / 1_000_000_000) as u64;
        if gained > 0 {
            let filled = u64::from(self.filled).saturating_add(gained).min(u64::from(self.capacity));
            self.filled = filled as u32;
            // Only the time of whole tokens is used up, or many small steps would add up to less.
            let used = (u128::from(gained) * 1_000_000_000).div_ceil(u128::from(per_second));
            self.at += Duration::from_nanos(used as u64);
        }
    }
}

/// What a user may relay one way, if that is limited at all.
#[derive(Debug)]
pub(super) struct Bandwidth(Option<TokenBucket>);

/// A key frame comes as a burst of packets and the average is what counts, so half a second's worth may come at once.
const BURST_PARTS_OF_A_SECOND: u32 = 2;

/// Even at a low limit a few full packets pass at once, or none ever would.
const SMALLEST_BURST: u32 = 16 * 1024;

impl Bandwidth {
    /// No more than so many kilobits a second; zero is no limit.
    pub(super) fn new(kbps: u32, now: Instant) -> Self {
        let per_second = kbps.saturating_mul(125);
        let burst = (per_second / BURST_PARTS_OF_A_SECOND).max(SMALLEST_BURST);
        Self((kbps > 0).then(|| TokenBucket::new(per_second, burst, now)))
    }

    /// Whether so many bytes may pass now.
    pub(super) fn lets_pass(&mut self, bytes: usize, now: Instant) -> bool {
        self.0.as_mut().is_none_or(|bucket| bucket.take(u32::try_from(bytes).unwrap_or(u32::MAX), now))
    }
}

/// Answers a second to one address that has proven nothing. A call takes a handful; a whole office behind one
/// address that starts calls at the same moment still gets through.
const ANSWERS_PER_SECOND: u32 = 50;
const ANSWERS_AT_ONCE: u32 = 200;

/// Kept whatever happens: 8192 x 32 bytes.
const SLOTS: usize = 8192;

/// Limits what an address is sent before it has proven that it listens: without, somebody who forges the address of
/// another could have this server flood them. Memory is fixed: addresses that share a slot share a budget, and since
/// the hash is of this run alone, nobody can choose to share one.
pub(super) struct StrangerBudget {
    slots: Box<[TokenBucket]>,
    hash: RandomState,
}

impl StrangerBudget {
    /// Full budgets for everybody.
    pub(super) fn new(now: Instant) -> Self {
        let full = TokenBucket::new(ANSWERS_PER_SECOND, ANSWERS_AT_ONCE, now);
        Self { slots: vec![full; SLOTS].into(), hash: RandomState::new() }
    }

    /// Whether this address may be sent one more answer.
    pub(super) fn may_answer(&mut self, client: SocketAddr, now: Instant) -> bool {
        let network = match client.ip().to_canonical() {
            IpAddr::V4(ip) => u64::from(u32::from(ip)),
            // A whole /64 belongs to one customer, who could otherwise speak from each of its addresses.
            IpAddr::V6(ip) => (u128::from(ip) >> 64) as u64,
        };
        let slot = self.hash.hash_one(network) as usize % SLOTS;
        self.slots[slot].take(1, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_in_a_long_time_is_the_rate_and_one_burst() {
        for kbps in [8, 100, 8_000, 10_000_000] {
            for step in [Duration::from_micros(7), Duration::from_millis(20), Duration::from_millis(700)] {
                let start = Instant::now();
                let mut limit = Bandwidth::new(kbps, start);
                let steps = (Duration::from_secs(10).as_nanos() / step.as_nanos()).min(200_000) as u32;
                let mut passed = 0_u64;
                for index in 1..=steps {
                    let mut offered = 0;
                    while offered < 2_000_000 && limit.lets_pass(1000, start + step * index) {
                        passed += 1000;
                        offered += 1000;
                    }
                }

                let seconds = (step * steps).as_secs_f64();
                let burst = (f64::from(kbps) * 62.5).max(16_384.0);
                let most = f64::from(kbps) * 125.0 * seconds + burst + 1.0;
                assert!(passed as f64 <= most, "{kbps} kbit/s in steps of {step:?}: {passed} > {most}");
                if kbps == 8 {
                    assert!(
                        passed as f64 >= most - burst - 2000.0,
                        "{kbps} kbit/s, {step:?}: {passed} of {most}"
                    );
                }
            }
        }
    }

    #[test]
    fn zero_is_no_limit() {
        let now = Instant::now();
        let mut limit = Bandwidth::new(0, now);

        assert!((0..10_000).all(|_| limit.lets_pass(65_535, now)));
    }

    #[test]
    fn a_bucket_never_used_for_years_is_full_and_no_more() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(u32::MAX, 10, start);

        assert!(bucket.take(10, start));
        assert!(!bucket.take(1, start));
        let years_later = start + Duration::from_secs(100_000_000);
        assert!(!bucket.take(11, years_later));
        assert!(bucket.take(10, years_later));
    }

    #[test]
    fn a_flood_from_one_address_is_not_answered_for_long_and_others_are() {
        let now = Instant::now();
        let mut budget = StrangerBudget::new(now);
        let flood: SocketAddr = "203.0.113.9:1".parse().unwrap();

        let answered = (0..100_000).filter(|_| budget.may_answer(flood, now)).count();
        let others = (0..250_u8).filter(|last| {
            let other = SocketAddr::from(([198, 51, 100, *last], 1));
            budget.may_answer(other, now)
        });

        assert_eq!(answered, ANSWERS_AT_ONCE as usize);
        // One of them shares the slot once in a while.
        assert!(others.count() >= 248);
        assert!(budget.may_answer(flood, now + Duration::from_secs(1)));
    }

    #[test]
    fn one_ipv6_customer_has_one_budget() {
        let now = Instant::now();
        let mut budget = StrangerBudget::new(now);

        let answered = (0..1000_u16)
            .filter(|last| {
                let one = format!("[2001:db8:1:2::{last:x}]:9").parse().unwrap();
                budget.may_answer(one, now)
            })
            .count();

        assert_eq!(answered, ANSWERS_AT_ONCE as usize);
    }
}
