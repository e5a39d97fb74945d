//! The numbers of the transport; each can be set.
use crate::settings::{CorsOrigins, Networks};
use std::time::Duration;

/// How the transport behaves.
#[derive(Debug, Clone)]
pub struct SocketSettings {
    /// Where clients look for it.
    pub path: String,
    /// The server asks every client this often whether it is there. Clients are told.
    pub ping_interval: Duration,
    /// How long an answer may take.
    pub ping_timeout: Duration,
    /// How long a client may stay without connecting to the namespace.
    pub connect_timeout: Duration,
    /// How long the change from polling to a WebSocket may take.
    pub upgrade_timeout: Duration,
    /// How long a closing socket may take for what is left to say.
    pub close_timeout: Duration,
    /// The largest message, in bytes. A larger one is refused and the socket lives.
    pub message_limit: usize,
    /// A message or a polling body over this ends the connection: reading it would be work for nothing.
    pub hard_limit: usize,
    /// How many bytes may wait for one socket. A reader that is slower than that is dropped.
    pub outbox_limit: usize,
    /// Events a socket may send in a second, and at once after a silence.
    pub events_per_second: u32,
    /// How many sockets may be open; no limit if none.
    pub max_sockets: Option<usize>,
    /// New sessions an address may open in a minute; no limit if none.
    pub handshakes_per_minute: Option<u32>,
    /// Sessions an address may have at once; no limit if none.
    pub sockets_per_address: Option<usize>,
    /// For whom these two do not hold: addresses that stand for many, such as a proxy that hides its clients.
    pub uncounted: Networks,
    /// Which web pages of other origins may poll. WebSockets know no such rule: who may connect is for the service
    /// to say.
    pub cors: CorsOrigins,
}

impl Default for SocketSettings {
    fn default() -> Self {
        Self {
            path: "/socket.io/".into(),
            // These four are what Socket.IO servers use, and so what clients were tried with.
            ping_interval: Duration::from_secs(25),
            ping_timeout: Duration::from_secs(20),
            connect_timeout: Duration::from_secs(45),
            upgrade_timeout: Duration::from_secs(10),
            close_timeout: Duration::from_secs(5),
            message_limit: 64 * 1024,
            hard_limit: 1_000_000,
            // What is told at once to a device that comes late fits in: everything that rings, or the log of a room.
            outbox_limit: 2 * 1024 * 1024,
            events_per_second: 100,
            max_sockets: None,
            handshakes_per_minute: None,
            sockets_per_address: None,
            uncounted: Networks::default(),
            cors: CorsOrigins::default(),
        }
    }
}
