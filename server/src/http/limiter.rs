//! How often somebody may ask. Pure: the time is an argument.
use calls_protocol::UserId;
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::Mutex,
    time::{Duration, Instant},
};

/// Who is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Who {
    /// Somebody who signed in.
    User(UserId),
    /// Somebody of whom only the address is known.
    Address(IpAddr),
}

impl Who {
    /// An address; of IPv6 the network, since one household has more addresses than we could count.
    pub(super) fn at(address: IpAddr) -> Self {
        Self::Address(match address.to_canonical() {
            IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
            v4 @ IpAddr::V4(_) => v4,
        })
    }
}

/// Callers remembered at once, about 4 MB at the most.
const REMEMBERED: usize = 50_000;

/// Counts requests: so many a minute, and as many at once after a silence.
#[derive(Debug)]
pub(super) struct Limiter {
    /// The time that one request is worth.
    every: Duration,
    callers: Mutex<Callers>,
}

#[derive(Debug, Default)]
struct Callers {
    /// When each one's debt is paid: one moment says both how many are left and when it can be forgotten.
    paid_at: HashMap<Who, Instant>,
    /// When those without a debt were forgotten the last time. It takes a look at everybody, so a flood must not
    /// be able to ask for it with every request.
    swept: Option<Instant>,
}

impl Limiter {
    const WINDOW: Duration = Duration::from_secs(60);
    const SWEEP_EVERY: Duration = Duration::from_secs(1);

    pub(super) fn new(per_minute: u32) -> Self {
        Self { every: Self::WINDOW / per_minute.max(1), callers: Mutex::default() }
    }

    /// Takes one request, or says how long to wait.
    pub(super) fn take(&self, who: Who, now: Instant) -> Result<(), Duration> {
        // A poisoned lock means that a thread died between two plain writes; the map is whole either way.
        let mut callers = self.callers.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let Callers { paid_at, swept } = &mut *callers;
        if paid_at.len() >= REMEMBERED && !paid_at.contains_key(&who) {
            if swept.is_none_or(|swept| now.saturating_duration_since(swept) >= Self::SWEEP_EVERY) {
                *swept = Some(now);
                paid_at.retain(|_, paid| *paid > now);
            }
            if paid_at.len() >= REMEMBERED {
                // Tens of thousands ask within a minute: that is a flood, and memory stays bounded.
                return Err(Self::SWEEP_EVERY);
            }
        }
        let paid = paid_at.get(&who).copied().unwrap_or(now).max(now) + self.every;
        let too_early = (paid - now).saturating_sub(Self::WINDOW);
        if too_early > Duration::ZERO {
            return Err(too_early);
        }
        paid_at.insert(who, paid);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Who {
        Who::at(text.parse().unwrap())
    }

    #[test]
    fn so_many_pass_at_once_and_then_one_at_a_time() {
        let limiter = Limiter::new(60);
        let start = Instant::now();
        let who = address("192.0.2.1");

        let passed = (0..100).filter(|_| limiter.take(who, start).is_ok()).count();
        let wait = limiter.take(who, start).unwrap_err();

        assert_eq!(passed, 60);
        assert_eq!(wait, Duration::from_secs(1));
        assert!(limiter.take(who, start + wait).is_ok());
        assert!(limiter.take(who, start + wait).is_err());
        assert_eq!((0..100).filter(|_| limiter.take(who, start + 2 * Limiter::WINDOW).is_ok()).count(), 60);
    }

    #[test]
    fn one_caller_does_not_use_up_what_is_another_s() {
        let limiter = Limiter::new(1);
        let now = Instant::now();
        let user = |id| Who::User(UserId::new(id).unwrap());
        for who in [user(1), user(2), address("192.0.2.1"), address("192.0.2.2"), address("2001:db8::1")] {
            assert!(limiter.take(who, now).is_ok(), "{who:?}");
        }

        assert!(limiter.take(address("::ffff:192.0.2.1"), now).is_err());
        assert!(limiter.take(address("2001:db8::ffff"), now).is_err());
        assert!(limiter.take(address("2001:db8:0:1::1"), now).is_ok());
    }

    #[test]
    fn a_flood_of_addresses_does_not_grow_the_memory() {
        let limiter = Limiter::new(60);
        let now = Instant::now();
        for number in 0..REMEMBERED as u32 + 1000 {
            let _taken = limiter.take(Who::at(IpAddr::V4(number.into())), now);
        }

        assert!(limiter.callers.lock().unwrap().paid_at.len() <= REMEMBERED);
        assert!(limiter.take(address("10.9.9.9"), now + 2 * Limiter::WINDOW).is_ok());
        assert!(limiter.callers.lock().unwrap().paid_at.len() < 10);
    }
}
