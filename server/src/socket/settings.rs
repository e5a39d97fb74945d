//! The numbers of the transport; each can be set.
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
    /// New sessions an address may open in a minute; no limit if none. Behind a proxy that hides the clients'
    /// addresses there must be none.
    pub handshakes_per_minute: Option<u32>,
    /// Which web pages of other origins may poll.
    pub cors: Cors,
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
            outbox_limit: 1024 * 1024,
            events_per_second: 100,
            max_sockets: None,
            handshakes_per_minute: None,
            cors: Cors::SameOrigin,
        }
    }
}

/// Which origins may use long polling from a browser. WebSockets know no such rule: who may connect is for the
/// service to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cors {
    /// Only pages that this server serves.
    SameOrigin,
    /// Pages on this machine, on any port.
    Localhost,
    /// These, as browsers write them: `https://example.org`.
    List(Vec<String>),
    /// All.
    Any,
}

impl Cors {
    /// Whether a page of this origin may.
    pub(super) fn allows(&self, origin: &str) -> bool {
        match self {
            Self::SameOrigin => false,
            Self::Any => true,
            Self::List(origins) => origins.iter().any(|allowed| allowed.trim_end_matches('/') == origin),
            Self::Localhost => {
                let host = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
                // `http://localhost.example.org` is not on this machine.
                let is_port = |rest: &str| {
                    rest.is_empty()
                        || rest.strip_prefix(':').is_some_and(|p| p.bytes().all(|b| b.is_ascii_digit()))
                };
                ["localhost", "127.0.0.1", "[::1]"]
                    .iter()
                    .any(|name| host.and_then(|host| host.strip_prefix(name)).is_some_and(is_port))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_this_machine_are_local() {
        let yes = ["http://localhost", "http://localhost:5173", "https://127.0.0.1:1", "http://[::1]:80"];
        let no = [
            "http://localhost.evil.org",
            "http://evil.org",
            "localhost",
            "http://127.0.0.1.evil.org",
            "null",
        ];

        assert!(yes.iter().all(|origin| Cors::Localhost.allows(origin)));
        assert!(!no.iter().any(|origin| Cors::Localhost.allows(origin)));
    }

    #[test]
    fn a_list_allows_what_is_in_it() {
        let cors = Cors::List(vec!["https://a.org/".into()]);

        assert!(cors.allows("https://a.org"));
        assert!(!cors.allows("https://b.org"));
        assert!(!cors.allows("https://a.org.b.org"));
    }
}
