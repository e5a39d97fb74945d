//! One relay of one user: for which peers it is open, and how a packet of theirs is handed to the user.
//!
//! Shared by the task that reads from the user and the one that reads from the peers; each lock is held for a look
//! into a small table. The time is an argument.
use super::{
    budget::Bandwidth,
    stats::{Counters, count},
};
use crate::stun::{INDICATION_HEAD, Transaction, data_indication};
use calls_protocol::UserId;
use std::{
    collections::{HashMap, hash_map::RandomState},
    hash::BuildHasher,
    net::{IpAddr, SocketAddr},
    ops::Range,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

/// RFC 8656, section 9.
const PERMISSION: Duration = Duration::from_secs(300);
/// RFC 8656, section 12.
const CHANNEL: Duration = Duration::from_secs(600);

/// Peers that one relay is open for. A side sends at most 200 candidates in a call, so more is no call.
const MOST_PEERS: usize = 256;

/// Room before the data of a packet, for whatever it is wrapped into.
pub(super) const HEADROOM: usize = INDICATION_HEAD;

/// Room after it, for padding.
pub(super) const TAILROOM: usize = 3;

/// The number of a channel, as it stands in front of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Channel(u16);

impl Channel {
    /// A number in the range of RFC 5766. RFC 8656 has clients stay below 0x5000, but older ones do not, and here
    /// nothing else shares the port.
    pub(super) fn new(number: u16) -> Option<Self> {
        (0x4000..=0x7fff).contains(&number).then_some(Self(number))
    }
}

/// What all relays of one user share.
#[derive(Debug)]
pub(super) struct Share {
    pub(super) user: UserId,
    to_peers: Mutex<Bandwidth>,
    to_user: Mutex<Bandwidth>,
}

impl Share {
    /// A user who has relayed nothing yet.
    pub(super) fn new(user: UserId, kbps: u32, now: Instant) -> Self {
        let bandwidth = || Mutex::new(Bandwidth::new(kbps, now));
        Self { user, to_peers: bandwidth(), to_user: bandwidth() }
    }
}

/// Why a peer was not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    /// The channel leads to another peer, or the peer has another channel.
    Conflict,
    /// The relay is open for as many peers as it may be.
    Crowded,
}

/// One relay.
#[derive(Debug)]
pub(super) struct Allocation {
    /// Where the user's packets come from.
    pub(super) client: SocketAddr,
    /// Where the user's packets seem to come from.
    pub(super) relayed: SocketAddr,
    pub(super) share: Arc<Share>,
    paths: Mutex<Paths>,
    counters: Arc<Counters>,
    hash: RandomState,
    indications: AtomicU64,
}

#[derive(Debug, Default)]
struct Paths {
    permissions: HashMap<IpAddr, Instant>,
    peers: HashMap<Channel, (SocketAddr, Instant)>,
    channels: HashMap<SocketAddr, Channel>,
}

impl Allocation {
    /// A relay that is open for nobody yet.
    pub(super) fn new(
        client: SocketAddr,
        relayed: SocketAddr,
        share: Arc<Share>,
        counters: Arc<Counters>,
    ) -> Self {
        let (paths, hash, indications) = (Mutex::default(), RandomState::new(), AtomicU64::new(0));
        Self { client, relayed, share, paths, counters, hash, indications }
    }

    /// Opens the relay for peers, all of them or none.
    pub(super) fn permit(&self, peers: &[IpAddr], now: Instant) -> Result<(), Full> {
        let mut paths = self.paths();
        paths.forget_old(now);
        let new = peers.iter().filter(|peer| !paths.permissions.contains_key(peer)).count();
        if paths.permissions.len() + new > MOST_PEERS {
            return Err(Full::Crowded);
        }
        paths.permissions.extend(peers.iter().map(|peer| (*peer, now + PERMISSION)));
        Ok(())
    }

    /// Gives a peer a channel, or prolongs it. The relay is open for the peer from then on.
    pub(super) fn bind(&self, channel: Channel, peer: SocketAddr, now: Instant) -> Result<(), Full> {
        let mut paths = self.paths();
        paths.forget_old(now);
        let leads_elsewhere = paths.peers.get(&channel).is_some_and(|(bound, _)| *bound != peer);
        let has_another = paths.channels.get(&peer).is_some_and(|bound| *bound != channel);
        if leads_elsewhere || has_another {
            return Err(Full::Conflict);
        }
        let known = paths.peers.contains_key(&channel) && paths.permissions.contains_key(&peer.ip());
        if !known && paths.peers.len().max(paths.permissions.len()) >= MOST_PEERS {
            return Err(Full::Crowded);
        }
        paths.peers.insert(channel, (peer, now + CHANNEL));
        paths.channels.insert(peer, channel);
        paths.permissions.insert(peer.ip(), now + PERMISSION);
        Ok(())
    }

    /// Where a channel leads.
    pub(super) fn peer_of(&self, channel: Channel, now: Instant) -> Option<SocketAddr> {
        self.paths().peers.get(&channel).filter(|(_, until)| *until > now).map(|(peer, _)| *peer)
    }

    /// Whether the relay is open for a peer.
    pub(super) fn is_open_for(&self, peer: IpAddr, now: Instant) -> bool {
        self.paths().is_open_for(peer, now)
    }

    /// Whether the user may send so many bytes to peers now; counts them.
    pub(super) fn may_send(&self, bytes: usize, now: Instant) -> bool {
        let passes = locked(&self.share.to_peers).lets_pass(bytes, now);
        let counter = if passes { &self.counters.bytes_to_peers } else { &self.counters.dropped_bandwidth };
        counter.fetch_add(if passes { bytes as u64 } else { 1 }, Relaxed);
        passes
    }

    /// Wraps data from a peer, which lies in a buffer with [`HEADROOM`] before and [`TAILROOM`] after it, for the
    /// user. None if the relay is not open for that peer or the user is over the bandwidth.
    pub(super) fn for_user(
        &self,
        peer: SocketAddr,
        buffer: &mut [u8],
        data: Range<usize>,
        now: Instant,
    ) -> Option<Range<usize>> {
        let channel = {
            let paths = self.paths();
            let channel = paths.channel_to(peer, now);
            if channel.is_none() && !paths.is_open_for(peer.ip(), now) {
                count(&self.counters.dropped_other);
                return None;
            }
            channel
        };
        if !locked(&self.share.to_user).lets_pass(data.len(), now) {
            count(&self.counters.dropped_bandwidth);
            return None;
        }
        self.counters.bytes_to_users.fetch_add(data.len() as u64, Relaxed);
        let Some(channel) = channel else {
            return Some(data_indication(buffer, data, peer, &self.transaction()));
        };
        let start = data.start - 4;
        buffer[start..start + 2].copy_from_slice(&channel.0.to_be_bytes());
        buffer[start + 2..data.start].copy_from_slice(&(data.len() as u16).to_be_bytes());
        Some(start..data.end)
    }

    /// Nobody answers an indication, so that its id only has to be another one each time and not to be foreseen;
    /// asking the operating system for every packet would cost more than the rest of it.
    fn transaction(&self) -> Transaction {
        let number = self.indications.fetch_add(1, Relaxed);
        let mut transaction = [0; 12];
        transaction[..8].copy_from_slice(&self.hash.hash_one(number).to_be_bytes());
        transaction[8..].copy_from_slice(&self.hash.hash_one(!number).to_be_bytes()[..4]);
        transaction
    }

    fn paths(&self) -> MutexGuard<'_, Paths> {
        locked(&self.paths)
    }
}

/// A poisoned lock means that a thread died between two plain writes; what they wrote is whole either way.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Paths {
    fn channel_to(&self, peer: SocketAddr, now: Instant) -> Option<Channel> {
        let channel = *self.channels.get(&peer)?;
        self.peers.get(&channel).filter(|(_, until)| *until > now).map(|_| channel)
    }

    fn is_open_for(&self, peer: IpAddr, now: Instant) -> bool {
        self.permissions.get(&peer).is_some_and(|until| *until > now)
    }

    /// Looked at only when somebody is let in: what is old is not used, it merely takes room.
    fn forget_old(&mut self, now: Instant) {
        self.permissions.retain(|_, until| *until > now);
        self.peers.retain(|_, (_, until)| *until > now);
        let Self { peers, channels, .. } = self;
        channels.retain(|_, channel| peers.contains_key(channel));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stun::{Message, attribute};

    fn allocation(kbps: u32, now: Instant) -> Allocation {
        let share = Arc::new(Share::new(UserId::new(1).unwrap(), kbps, now));
        let relayed = "93.184.216.34:50000".parse().unwrap();
        Allocation::new("198.51.100.1:4711".parse().unwrap(), relayed, share, Arc::default())
    }

    fn peer(last: u8, port: u16) -> SocketAddr {
        SocketAddr::from(([8, 8, 8, last], port))
    }

    /// What the user is sent for `hello` of a peer.
    fn delivered(allocation: &Allocation, from: SocketAddr, now: Instant) -> Option<Vec<u8>> {
        let mut buffer = vec![0; HEADROOM + 5 + TAILROOM];
        buffer[HEADROOM..HEADROOM + 5].copy_from_slice(b"hello");
        let place = allocation.for_user(from, &mut buffer, HEADROOM..HEADROOM + 5, now)?;
        Some(buffer[place].to_vec())
    }

    #[test]
    fn a_peer_is_heard_while_its_permission_lasts_from_any_of_its_ports() {
        let now = Instant::now();
        let relay = allocation(0, now);

        assert_eq!(delivered(&relay, peer(1, 5), now), None);
        relay.permit(&[peer(1, 0).ip()], now).unwrap();
        let heard = delivered(&relay, peer(1, 5), now).unwrap();

        let message = Message::parse(&heard).unwrap();
        assert_eq!(message.address(attribute::XOR_PEER_ADDRESS), Some(peer(1, 5)));
        assert_eq!(message.get(attribute::DATA), Some(b"hello".as_slice()));
        assert!(delivered(&relay, peer(1, 6), now).is_some());
        assert_eq!(delivered(&relay, peer(2, 5), now), None);
        assert_eq!(delivered(&relay, peer(1, 5), now + PERMISSION), None);
        relay.permit(&[peer(1, 0).ip()], now + PERMISSION).unwrap();
        assert!(delivered(&relay, peer(1, 5), now + PERMISSION).is_some());
    }

    #[test]
    fn a_bound_peer_is_heard_by_its_channel_until_it_runs_out() {
        let now = Instant::now();
        let relay = allocation(0, now);
        let channel = Channel::new(0x4001).unwrap();

        relay.bind(channel, peer(1, 5), now).unwrap();

        assert_eq!(delivered(&relay, peer(1, 5), now), Some(b"\x40\x01\x00\x05hello".to_vec()));
        assert_eq!(relay.peer_of(channel, now), Some(peer(1, 5)));
        // Another port of the same peer has no channel, but the permission that came with it.
        assert!(Message::parse(&delivered(&relay, peer(1, 6), now).unwrap()).is_some());
        assert_eq!(relay.peer_of(channel, now + CHANNEL), None);
        assert_eq!(delivered(&relay, peer(1, 5), now + CHANNEL), None);
    }

    #[test]
    fn a_channel_stays_with_its_peer_and_a_peer_with_its_channel() {
        let now = Instant::now();
        let relay = allocation(0, now);
        let [one, two] = [0x4000, 0x7fff].map(|number| Channel::new(number).unwrap());

        assert_eq!(relay.bind(one, peer(1, 5), now), Ok(()));
        assert_eq!(relay.bind(one, peer(1, 5), now), Ok(()));
        assert_eq!(relay.bind(one, peer(2, 5), now), Err(Full::Conflict));
        assert_eq!(relay.bind(two, peer(1, 5), now), Err(Full::Conflict));
        assert_eq!(relay.bind(two, peer(1, 6), now), Ok(()));
        assert_eq!(relay.bind(one, peer(2, 5), now + CHANNEL), Ok(()));
        assert_eq!((Channel::new(0x3fff), Channel::new(0x8000)), (None, None));
    }

    #[test]
    fn the_peers_of_a_relay_are_bounded_and_old_ones_make_room() {
        let now = Instant::now();
        let relay = allocation(0, now);
        let peers: Vec<IpAddr> = (0..MOST_PEERS as u32).map(|n| std::net::Ipv4Addr::from(n).into()).collect();

        assert_eq!(relay.permit(&peers, now), Ok(()));
        assert_eq!(relay.permit(&peers, now), Ok(()));
        assert_eq!(relay.permit(&[peer(1, 0).ip()], now), Err(Full::Crowded));
        assert_eq!(relay.bind(Channel(0x4000), peer(1, 5), now), Err(Full::Crowded));
        assert_eq!(relay.permit(&[peer(1, 0).ip()], now + PERMISSION), Ok(()));
        assert_eq!(relay.paths().permissions.len(), 1);
    }

    #[test]
    fn relays_of_one_user_share_the_bandwidth_each_way() {
        let now = Instant::now();
        let one = allocation(8, now);
        let two = Allocation::new(peer(9, 9), one.relayed, Arc::clone(&one.share), Arc::clone(&one.counters));
        for relay in [&one, &two] {
            relay.permit(&[peer(1, 0).ip()], now).unwrap();
        }

        assert!(one.may_send(16_000, now));
        assert!(!two.may_send(1000, now));
        assert!(delivered(&two, peer(1, 5), now).is_some(), "the other way has its own");
        // A kilobyte a second.
        assert!(two.may_send(1000, now + Duration::from_secs(1)));

        let stats = one.counters.read();
        assert_eq!((stats.bytes_to_peers, stats.bytes_to_users, stats.dropped_bandwidth), (17_000, 5, 1));
    }
}
