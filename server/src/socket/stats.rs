//! Numbers for the metrics page: plain counters, read whenever somebody asks.
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// What the sockets have done so far.
        #[derive(Debug, Default)]
        pub struct SocketStats { $($(#[$doc])* pub $name: Counter),* }

        impl SocketStats {
            /// Every counter with its name.
            pub fn all(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$((stringify!($name), self.$name.get())),*].into_iter()
            }
        }
    };
}

counters! {
    /// Sessions whose transport is a WebSocket, now.
    open_websocket,
    /// Sessions that poll, now.
    open_polling,
    /// Sockets that are connected to the namespace, now.
    connected,
    /// Sessions opened since the start.
    opened,
    /// Sessions that went from polling to a WebSocket.
    upgraded,
    /// Requests for a session that were refused: malformed, over a limit, or while stopping.
    refused_handshakes,
    /// Sockets the service did not let in.
    refused_connects,
    /// Messages that came in.
    frames_in,
    /// Packets that went out.
    frames_out,
    /// Bytes that went out.
    bytes_out,
    /// Messages that were no good: too large, binary, no JSON.
    malformed,
    /// Events over a socket's limit.
    rate_limited,
    /// Sockets dropped because their outbox was full.
    slow_readers,
    /// Sockets dropped because they did not answer the heartbeat.
    ping_timeouts,
}

/// One number.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Its value now.
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }

    pub(super) fn up(&self) {
        self.add(1);
    }

    pub(super) fn add(&self, count: u64) {
        self.0.fetch_add(count, Relaxed);
    }

    pub(super) fn down(&self) {
        self.0.fetch_sub(1, Relaxed);
    }
}
