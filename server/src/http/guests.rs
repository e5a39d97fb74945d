//! How many connections the door takes, of all and of one address.
use crate::{
    settings::Networks,
    visitors::{Place, Places, network_of},
};
use std::{net::IpAddr, sync::Arc};

/// How many connections may be open. What waits at the door, in the middle of a request, and WebSockets together.
#[derive(Debug, Clone)]
pub struct Guests {
    most: usize,
    /// Connections one address may have at the door; no limit if none. WebSockets are counted by the sockets.
    of_address: Option<usize>,
    /// Addresses that stand for many: proxies, and this machine.
    uncounted: Networks,
    places: Arc<Places>,
}

impl Guests {
    /// So many in all, so many of each address but those that are not counted.
    pub fn new(most: usize, of_address: Option<usize>, uncounted: Networks) -> Self {
        Self { most, of_address, uncounted, places: Arc::default() }
    }

    /// Whether another connection may come in while so many are open; with it comes its place.
    pub(super) fn admit(&self, peer: IpAddr, open: usize) -> Option<Option<Place>> {
        if open >= self.most {
            return None;
        }
        match self.of_address {
            Some(most) if !self.uncounted.contains(peer) => {
                self.places.take(network_of(peer), most).map(Some)
            }
            Some(_) | None => Some(None),
        }
    }
}

/// How many connections fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity {
    /// In all.
    pub connections: usize,
    /// Sessions of Socket.IO among them. A few places stay free, so that whoever watches a full server still comes in.
    pub sockets: usize,
}

impl Capacity {
    /// What is left of `wanted` connections where the system gives so many files, of which a relay takes some.
    pub fn of(wanted: usize, files: Option<usize>, relays: usize) -> Self {
        /// The database, the log, what the runtime needs.
        const OTHERS: usize = 64;
        let fit = files.map_or(usize::MAX, |files| files - (OTHERS + relays).min(files / 4));
        let connections = wanted.min(fit);
        Self { connections, sockets: connections - connections.div_ceil(20) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_the_system_does_not_give_are_not_promised() {
        let of = |wanted, files, relays| {
            let Capacity { connections, sockets } = Capacity::of(wanted, files, relays);
            (connections, sockets)
        };

        assert_eq!(of(100_000, None, 0), (100_000, 95_000));
        assert_eq!(of(100_000, Some(1_000_000), 1000), (100_000, 95_000));
        assert_eq!(of(100_000, Some(65_536), 1000), (64_472, 61_248));
        assert_eq!(of(100_000, Some(1024), 1000), (768, 729));
        assert_eq!(of(1, None, 0), (1, 0));
    }

    #[test]
    fn an_address_takes_its_share_and_a_proxy_as_many_as_there_are() {
        let guests = Guests::new(10, Some(2), "10.0.0.1".parse().unwrap());
        let (phone, proxy) = ("192.0.2.1".parse().unwrap(), "10.0.0.1".parse().unwrap());

        let held = [guests.admit(phone, 0), guests.admit(phone, 1)];

        assert!(held.iter().all(Option::is_some) && guests.admit(phone, 2).is_none());
        assert!((2..10).all(|open| guests.admit(proxy, open).is_some()));
        assert!(guests.admit(proxy, 10).is_none());
        drop(held);
        assert!(guests.admit(phone, 0).is_some());
    }
}
