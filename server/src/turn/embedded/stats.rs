//! What the relay counts.
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What the relay did so far, for `/metrics`. No address and no name is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RelayStats {
    /// Relays that users hold now.
    pub allocations: u64,
    /// Bytes relayed from users to their peers, without headers.
    pub bytes_to_peers: u64,
    /// Bytes relayed from peers to users, without headers.
    pub bytes_to_users: u64,
    /// STUN requests answered: somebody asked for the address they are seen at.
    pub bindings: u64,
    /// Requests refused for a wrong or expired name or password. The first, unsigned request of every client is not
    /// among them.
    pub refused_credentials: u64,
    /// Peers refused because their address is private, reserved or this server's own.
    pub refused_peers: u64,
    /// Relays refused because the user or all users together hold as many as they may, or no port was free.
    pub refused_quota: u64,
    /// Datagrams not relayed because their user is over the bandwidth.
    pub dropped_bandwidth: u64,
    /// Datagrams not answered because their sender asked too often without proving anything.
    pub dropped_flood: u64,
    /// Datagrams dropped for any other reason: not STUN, no permission for that peer, a full socket.
    pub dropped_other: u64,
}

macro_rules! counters {
    ($($name:ident),*) => {
        /// The same as running counters. Each is true by itself; two of them may be of different moments.
        #[derive(Debug, Default)]
        pub(super) struct Counters { $(pub(super) $name: AtomicU64),* }

        impl Counters {
            pub(super) fn read(&self) -> RelayStats {
                RelayStats { $($name: self.$name.load(Relaxed)),* }
            }
        }
    };
}

counters!(
    allocations,
    bytes_to_peers,
    bytes_to_users,
    bindings,
    refused_credentials,
    refused_peers,
    refused_quota,
    dropped_bandwidth,
    dropped_flood,
    dropped_other
);

/// One more.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}
