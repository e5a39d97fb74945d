//! Who comes, how often, and how many at once. What counts the sockets and the requests alike. The time is an argument.
use hyper::{HeaderMap, header};
use std::{
    collections::HashMap,
    hash::Hash,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// What counts as one visitor: an address, or of IPv6 the network, since one household has more addresses than we could
/// count.
pub(crate) fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// Whether a request is meant for this very machine: no proxy passed it on, and it asks for a name of this machine. A
/// page of the web that has its own name point here (DNS rebinding) still sends its own name.
pub(crate) fn is_for_this_machine(headers: &HeaderMap) -> bool {
    !is_passed_on(headers)
        && headers.get_all(header::HOST).iter().all(|host| host.to_str().is_ok_and(is_of_this_machine))
}

/// Whether a proxy passed a request on, and said so.
pub(crate) fn is_passed_on(headers: &HeaderMap) -> bool {
    ["x-forwarded-for", "forwarded", "x-real-ip"].iter().any(|name| headers.contains_key(*name))
}

fn is_of_this_machine(host: &str) -> bool {
    /// How the emulator of Android calls the machine that it runs on.
    const OF_EMULATOR: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 2, 2));
    let end = if host.starts_with('[') { host.find(']').map(|end| end + 1) } else { host.find(':') };
    let name = &host[..end.unwrap_or(host.len())];
    match name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback() || address == OF_EMULATOR,
        Err(_) => name.eq_ignore_ascii_case("localhost"),
    }
}

/// A lock over plain counts. A thread that died left them whole: each change is one plain write.
fn locked<T>(counts: &Mutex<T>) -> MutexGuard<'_, T> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Callers remembered at once, about 4 MB at the most.
const REMEMBERED: usize = 50_000;

/// Counts what callers do: so many a minute, and as many at once after a silence.
#[derive(Debug)]
pub(crate) struct Limiter<Who> {
    /// The time that one request is worth.
    every: Duration,
    callers: Mutex<Callers<Who>>,
}

#[derive(Debug)]
struct Callers<Who> {
    /// When each one's debt is paid: one moment says both how many are left and when it can be forgotten.
    paid_at: HashMap<Who, Instant>,
    /// When those without a debt were forgotten the last time. It takes a look at everybody, so a flood must not
    /// be able to ask for it with every request.
    swept: Option<Instant>,
}

impl<Who: Copy + Eq + Hash> Limiter<Who> {
    const WINDOW: Duration = Duration::from_secs(60);
    const SWEEP_EVERY: Duration = Duration::from_secs(1);

    pub(crate) fn new(per_minute: u32) -> Self {
        Self {
            every: Self::WINDOW / per_minute.max(1),
            callers: Mutex::new(Callers { paid_at: HashMap::new(), swept: None }),
        }
    }

    /// Takes one request, or says how long to wait.
    pub(crate) fn take(&self, who: Who, now: Instant) -> Result<(), Duration> {
        let mut callers = locked(&self.callers);
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

/// Counts what is open at once, for each visitor.
#[derive(Debug, Default)]
pub(crate) struct Places {
    /// Those that hold none are not in it, so it is no larger than what is open.
    held: Mutex<HashMap<IpAddr, usize>>,
}

/// One that is taken; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    places: Arc<Places>,
    visitor: IpAddr,
}

impl Places {
    /// Takes one of `most` places of a visitor, if one is free.
    pub(crate) fn take(self: &Arc<Self>, visitor: IpAddr, most: usize) -> Option<Place> {
        let mut held = locked(&self.held);
        let count = held.get(&visitor).copied().unwrap_or_default();
        if count >= most {
            return None;
        }
        held.insert(visitor, count + 1);
        Some(Place { places: self.clone(), visitor })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = locked(&self.places.held);
        if let Some(count) = held.get_mut(&self.visitor) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.visitor);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Limiter::<IpAddr>::WINDOW;

    fn address(text: &str) -> IpAddr {
        network_of(text.parse().unwrap())
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
        assert_eq!((0..100).filter(|_| limiter.take(who, start + 2 * WINDOW).is_ok()).count(), 60);
    }

    #[test]
    fn one_caller_does_not_use_up_what_is_another_s() {
        let limiter = Limiter::new(1);
        let now = Instant::now();
        for who in [address("192.0.2.1"), address("192.0.2.2"), address("2001:db8::1")] {
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
            let _taken = limiter.take(IpAddr::V4(number.into()), now);
        }

        assert!(limiter.callers.lock().unwrap().paid_at.len() <= REMEMBERED);
        assert!(limiter.take(address("10.9.9.9"), now + 2 * WINDOW).is_ok());
        assert!(limiter.callers.lock().unwrap().paid_at.len() < 10);
    }

    #[test]
    fn places_are_counted_for_each_and_nothing_is_kept_of_who_left() {
        let places = Arc::new(Places::default());
        let (ann, bob) = (address("192.0.2.1"), address("2001:db8::1"));

        let of_ann = [places.take(ann, 2), places.take(ann, 2)];
        let of_bob = places.take(bob, 2);
        assert!(of_ann.iter().chain([&of_bob]).all(Option::is_some));
        assert!(places.take(ann, 2).is_none() && places.take(bob, 1).is_none());

        let [first, second] = of_ann;
        drop(first);
        let third = places.take(ann, 2);
        assert!(third.is_some() && places.take(ann, 2).is_none());

        drop((second, third, of_bob));
        assert!(places.held.lock().unwrap().is_empty());
    }

    #[test]
    fn only_what_names_this_machine_and_came_by_no_proxy_is_meant_for_it() {
        let is_for_us = |lines: &[(&'static str, &str)]| {
            let lines = lines.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            is_for_this_machine(&lines.collect::<HeaderMap>())
        };
        let hosts = [
            "localhost",
            "LOCALHOST:3000",
            "127.0.0.1:3000",
            "127.8.8.8",
            "[::1]:3000",
            "[::1]",
            "10.0.2.2:3000",
        ];
        for host in hosts {
            assert!(is_for_us(&[("host", host)]), "{host}");
            for proxy in ["x-forwarded-for", "forwarded", "x-real-ip"] {
                assert!(!is_for_us(&[("host", host), (proxy, "127.0.0.1")]), "{proxy}");
            }
        }
        let strangers =
            ["evil.example", "localhost.evil.example:3000", "127.0.0.1.evil.example", "192.0.2.1", "", "["];
        for host in strangers {
            assert!(!is_for_us(&[("host", host)]), "{host}");
        }
        assert!(is_for_us(&[]), "a program that knows no Host is no browser");
    }
}
