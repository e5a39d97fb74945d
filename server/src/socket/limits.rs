//! How fast a socket may speak. Pure: the time is an argument.
use std::time::Duration;
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
        self.take_many(now, 1, count, per)
    }

    /// Takes so many of them.
    pub(super) fn take_many(&mut self, now: Instant, many: u32, count: u32, per: Duration) -> bool {
        let full_at = self.full_at.map_or(now, |at| at.max(now));
        let then = full_at + per * many / count.max(1);
        let is_there = then <= now + per;
        if is_there {
            self.full_at = Some(then);
        }
        is_there
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
}
