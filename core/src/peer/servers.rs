//! The STUN and TURN servers of a call, as the stack understands them.
//!
//! The stack speaks TURN over UDP alone. A server that is to be reached by TCP or TLS gets an address that leads
//! nowhere (RFC 5737, RFC 3849); what the stack sends to it goes through a stream instead, in `turn_stream`.
use calls_protocol::{IceServer, IceServers};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use tracing::warn;

/// Each costs an allocation on each interface.
const MOST: usize = 8;

/// By what a relay is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RelayProtocol {
    /// The best one: nothing waits for what was lost.
    Udp,
    /// Where UDP is blocked.
    Tcp,
    /// Where all but web pages is blocked.
    Tls,
}

/// A server for the stack.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct StackServer {
    pub(crate) url: String,
    pub(crate) username: String,
    pub(crate) credential: String,
}

/// A TURN server behind a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StreamServer {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) is_tls: bool,
}

/// All servers of a call.
#[derive(Clone, Default)]
pub(crate) struct Servers {
    pub(crate) of_stack: Vec<StackServer>,
    pub(crate) by_stream: Vec<StreamServer>,
}

impl Servers {
    /// Reads a list. What cannot be used is left out: one bad line of an operator must not cost the others.
    pub(crate) fn read(list: &IceServers, has_tls: bool) -> Self {
        let mut servers = Self::default();
        for server in list.0.iter() {
            for url in &server.urls {
                if servers.of_stack.len() >= MOST {
                    warn!(most = MOST, "more STUN and TURN servers than are used");
                    return servers;
                }
                if let Err(why) = servers.add(server, url, has_tls) {
                    warn!(why, "a STUN or TURN server is left out");
                }
            }
        }
        servers
    }

    fn add(&mut self, server: &IceServer, url: &str, has_tls: bool) -> Result<(), &'static str> {
        let parsed = Url::parse(url)?;
        let username = server.username.clone().unwrap_or_default();
        let credential = server.credential.clone().unwrap_or_default();
        if parsed.is_turn && (username.is_empty() || credential.is_empty()) {
            return Err("a TURN server needs a name and a password");
        }
        let Url { is_turn, is_secure, is_tcp, host, port } = parsed;
        let url = match (is_turn, is_secure, is_tcp) {
            (false, true, _) => return Err("STUN over TLS tells nothing that STUN does not"),
            (false, false, _) => format!("stun:{}:{port}", bracketed(&host)),
            (true, false, false) => format!("turn:{}:{port}?transport=udp", bracketed(&host)),
            (true, true, _) if !has_tls => return Err("TURN over TLS needs certificates to trust"),
            (true, is_tls, _) => {
                self.by_stream.push(StreamServer { host, port, is_tls });
                format!("turn:{}:{port}?transport=udp", stream_name(self.by_stream.len() - 1))
            }
        };
        self.of_stack.push(StackServer { url, username, credential });
        Ok(())
    }

    /// The addresses that stand for a stream, if that is what the stack asks for.
    pub(crate) fn stand_ins(&self, host_and_port: &str) -> Option<Vec<SocketAddr>> {
        let (host, port) = host_and_port.rsplit_once(':')?;
        let port: u16 = port.parse().ok()?;
        let index = (0..self.by_stream.len()).find(|index| stream_name(*index) == host)?;
        let last = index as u8 + 1;
        Some(vec![
            SocketAddr::new(Ipv4Addr::new(192, 0, 2, last).into(), port),
            SocketAddr::new(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last.into()).into(), port),
        ])
    }

    /// The stream that an address stands for.
    pub(crate) fn stream_at(&self, address: SocketAddr) -> Option<usize> {
        let last = match address.ip() {
            IpAddr::V4(ip) => match ip.octets() {
                [192, 0, 2, last] => last,
                _ => return None,
            },
            IpAddr::V6(ip) => match ip.segments() {
                [0x2001, 0xdb8, 0, 0, 0, 0, 0, last] => u8::try_from(last).ok()?,
                _ => return None,
            },
        };
        let index = usize::from(last).checked_sub(1)?;
        self.by_stream.get(index).filter(|server| server.port == address.port()).map(|_| index)
    }

    /// How the server of a relayed candidate is reached, by the URL that the stack knows it by.
    pub(crate) fn protocol_of(&self, url: &str) -> RelayProtocol {
        (0..self.by_stream.len()).find(|index| url.contains(&stream_name(*index))).map_or(
            RelayProtocol::Udp,
            |index| {
                if self.by_stream[index].is_tls { RelayProtocol::Tls } else { RelayProtocol::Tcp }
            },
        )
    }
}

/// A name that no name server knows (RFC 6761).
fn stream_name(index: usize) -> String {
    format!("relay-{index}.calls.invalid")
}

fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

struct Url {
    is_turn: bool,
    is_secure: bool,
    is_tcp: bool,
    host: String,
    port: u16,
}

impl Url {
    /// RFC 7064 and RFC 7065.
    fn parse(url: &str) -> Result<Self, &'static str> {
        let (scheme, rest) = url.split_once(':').ok_or("a server has to be stun:, turn: or turns:")?;
        let (is_turn, is_secure) = match scheme.to_ascii_lowercase().as_str() {
            "stun" => (false, false),
            "stuns" => (false, true),
            "turn" => (true, false),
            "turns" => (true, true),
            _ => return Err("a server has to be stun:, turn: or turns:"),
        };
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let is_tcp = match query {
            "" if is_secure => true,
            "" | "transport=udp" if !is_secure => false,
            "transport=tcp" => true,
            "transport=udp" => return Err("TURN over DTLS is not spoken"),
            _ if is_turn => return Err("a server's transport has to be udp or tcp"),
            // Some operators write one for STUN, too, where there is none.
            _ => false,
        };
        let default_port = if is_secure { 5349 } else { 3478 };
        let (host, port) = if let Some(rest) = place.strip_prefix('[') {
            let (host, port) = rest.split_once(']').ok_or("an IPv6 address has to be in brackets")?;
            (host, port.strip_prefix(':'))
        } else {
            place.rsplit_once(':').map_or((place, None), |(host, port)| (host, Some(port)))
        };
        let port =
            port.map_or(Ok(default_port), str::parse).map_err(|_| "a server's port has to be a number")?;
        let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b".-:_".contains(&byte);
        if host.is_empty() || port == 0 || !host.bytes().all(is_host) {
            return Err("a server has to have a name or an address");
        }
        Ok(Self { is_turn, is_secure, is_tcp, host: host.to_owned(), port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(urls: &[&str]) -> IceServers {
        let server = IceServer {
            urls: urls.iter().map(|url| (*url).to_owned()).collect(),
            username: Some("name".into()),
            credential: Some("password".into()),
        };
        IceServers(vec![server].into())
    }

    #[test]
    fn a_server_behind_a_stream_has_an_address_that_leads_to_it_alone() {
        let servers = Servers::read(
            &list(&["stun:a.test", "turn:a.test", "turn:a.test?transport=tcp", "turns:a.test:443"]),
            true,
        );

        let urls: Vec<&str> = servers.of_stack.iter().map(|server| server.url.as_str()).collect();
        assert_eq!(
            urls,
            [
                "stun:a.test:3478",
                "turn:a.test:3478?transport=udp",
                "turn:relay-0.calls.invalid:3478?transport=udp",
                "turn:relay-1.calls.invalid:443?transport=udp",
            ]
        );
        for (index, name) in [(0, "relay-0.calls.invalid:3478"), (1, "relay-1.calls.invalid:443")] {
            for address in servers.stand_ins(name).unwrap() {
                assert_eq!(servers.stream_at(address), Some(index), "{address}");
            }
        }
        assert_eq!(servers.stand_ins("a.test:3478"), None);
        assert_eq!(servers.stream_at("192.0.2.3:443".parse().unwrap()), None);
        assert_eq!(servers.stream_at("192.0.2.1:1".parse().unwrap()), None);
        assert_eq!(servers.protocol_of(urls[3]), RelayProtocol::Tls);
    }

    #[test]
    fn what_cannot_be_used_is_left_out_and_the_rest_is_kept() {
        let junk = [
            "",
            ":",
            "http://a.test",
            "turn:",
            "turn:a.test:x",
            "turn:a.test:0",
            "turn:[::1",
            "turn:a b",
            "stun:a\r\nb",
            "turns:a.test?transport=udp",
            "turn:a.test?transport=sctp",
            "stuns:a.test",
            "stun:[2001:db8::7]:99",
        ];

        let servers = Servers::read(&list(&junk), true);

        let urls: Vec<&str> = servers.of_stack.iter().map(|server| server.url.as_str()).collect();
        assert_eq!(urls, ["stun:[2001:db8::7]:99"]);
        assert_eq!(Servers::read(&list(&["turns:a.test"]), false).of_stack.len(), 0);
    }
}
