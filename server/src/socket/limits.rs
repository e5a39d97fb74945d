//! How fast a socket may speak and an address may come. Pure: the time is an argument.
use std::{collections::HashMap, net::IpAddr, time::Duration};
use tokio::time::Instant;

/// A token bucket in one word: the time at which it would be full again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rate {
    full_at: Option<Instant>,
}

impl Rate {
    pub(super) const fn full() -> Self {
        Self { full_at: None }
    }

    /// Takes one of `count` tokens that come back over `per`; `false` when there is none.
    pub(super) fn take(&mut self, now: Instant, count: u32, per: Duration) -> bool {
        let full_at = self.full_at.map_or(now, |at| at.max(now));
        let then = full_at + per / count.max(1);
        let is_there = then <= now + per;
        if is_there {
            self.full_at = Some(then);
        }
        is_there
    }

    fn is_full(&self, now: Instant) -> bool {
        self.full_at.is_none_or(|at| at <= now)
    }
}

/// How many addresses are remembered before the ones that did nothing lately are forgotten.
const REMEMBERED: usize = 10_000;

/// Who came lately.
#[derive(Debug, Default)]
pub(super) struct Visitors {
    seen: HashMap<IpAddr, Rate>,
    /// Not before it has grown by so many are they looked through again.
    prune_at: usize,
}

impl Visitors {
    /// Whether this address may open another session.
    pub(super) fn admit(&mut self, now: Instant, address: IpAddr, per_minute: u32) -> bool {
        if self.seen.len() >= self.prune_at.max(REMEMBERED) {
            self.seen.retain(|_, rate| !rate.is_full(now));
            self.prune_at = self.seen.len() * 2;
        }
        let rate = self.seen.entry(address).or_insert(Rate::full());
        rate.take(now, per_minute, Duration::from_secs(60))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_hundred_at_once_and_then_a_hundred_a_second() {
        let mut rate = Rate::full();
        let start = Instant::now();
        let taken = |rate: &mut Rate, now| (0..1000).filter(|_| rate.take(now, 100, SECOND)).count();

        assert_eq!(taken(&mut rate, start), 100);
        assert_eq!(taken(&mut rate, start + SECOND / 2), 50);
        assert_eq!(taken(&mut rate, start + SECOND * 60), 100);
    }

    #[test]
    fn a_limit_of_none_at_all_does_not_divide_by_it() {
        assert!(Rate::full().take(Instant::now(), 0, SECOND));
    }

    #[test]
    fn each_address_has_its_own_and_quiet_ones_are_forgotten() {
        let mut visitors = Visitors::default();
        let start = Instant::now();
        let address = |n: u32| IpAddr::from(n.to_be_bytes());

        assert!(visitors.admit(start, address(1), 1));
        assert!(!visitors.admit(start, address(1), 1));
        for n in 2..=20_000 {
            assert!(visitors.admit(start, address(n), 1));
        }
        assert!(visitors.admit(start + SECOND * 61, address(1), 1));
        for n in 20_001..=40_001 {
            assert!(visitors.admit(start + SECOND * 61, address(n), 1));
        }
        assert!(visitors.seen.len() <= 40_000);
    }
}
