//! Addresses of STUN and TURN servers, as browsers take them.
//!
//! A browser refuses the whole connection for one address that it cannot read, so an address is read here first.
use std::{fmt, net::Ipv6Addr, str::FromStr};

/// The port of STUN and TURN over UDP and TCP (RFC 8656).
pub const STUN_PORT: u16 = 3478;

/// The port of TURN over TLS (RFC 8656).
pub const TURN_TLS_PORT: u16 = 5349;

/// Why a text is not an address of a STUN or TURN server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IceUrlError {
    /// Not one of the four schemes.
    #[error("`{0}` must begin with stun:, stuns:, turn: or turns:")]
    Scheme(String),
    /// No host, or characters that no host has.
    #[error("`{0}` names no host, such as turn.example.org, 192.0.2.1 or [2001:db8::1]")]
    Host(String),
    /// The port is not a number from 1 to 65535.
    #[error("`{0}` has a port that is not a number from 1 to 65535")]
    Port(String),
    /// Something after the `?` that is not `transport=udp` or `transport=tcp`, or on a STUN address at all.
    #[error("`{0}` may end with ?transport=udp or ?transport=tcp, and only if it is turn: or turns:")]
    Transport(String),
}

/// One address: `stun:`, `stuns:`, `turn:` or `turns:`, a host, perhaps a port and a transport.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct IceUrl(String);

impl IceUrl {
    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it relays, and so asks for a name and a password.
    pub fn is_turn(&self) -> bool {
        self.0.starts_with("turn")
    }
}

impl FromStr for IceUrl {
    type Err = IceUrlError;

    fn from_str(text: &str) -> Result<Self, IceUrlError> {
        let text = text.trim();
        let whole = || text.to_owned();
        let (scheme, rest) = text.split_once(':').ok_or_else(|| IceUrlError::Scheme(whole()))?;
        if !["stun", "stuns", "turn", "turns"].contains(&scheme) {
            return Err(IceUrlError::Scheme(whole()));
        }
        let (host, query) = rest.split_once('?').map_or((rest, None), |(host, query)| (host, Some(query)));
        let transport_fits = match query {
            None => true,
            // Chromium refuses a STUN address with a transport.
            Some(query) => scheme.starts_with("turn") && ["transport=udp", "transport=tcp"].contains(&query),
        };
        if !transport_fits {
            return Err(IceUrlError::Transport(whole()));
        }
        Host::parse(host, text)?;
        Ok(Self(whole()))
    }
}

impl fmt::Display for IceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for IceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// A host with the port that was written beside it.
pub(super) struct Host<'a> {
    /// As it stands in an address: an IPv6 address in its brackets.
    pub(super) name: &'a str,
    pub(super) port: Option<u16>,
}

impl<'a> Host<'a> {
    /// Reads `host`, `host:port`, `[v6]` and `[v6]:port`; `whole` is what an error shows.
    pub(super) fn parse(text: &'a str, whole: &str) -> Result<Self, IceUrlError> {
        let no_host = || IceUrlError::Host(whole.to_owned());
        let (name, port) = if text.starts_with('[') {
            let end = text.find(']').ok_or_else(no_host)?;
            let address: Result<Ipv6Addr, _> = text[1..end].parse();
            address.map_err(|_| no_host())?;
            let (name, rest) = text.split_at(end + 1);
            match rest.strip_prefix(':') {
                Some(port) => (name, Some(port)),
                None if rest.is_empty() => (name, None),
                None => return Err(no_host()),
            }
        } else {
            text.split_once(':').map_or((text, None), |(name, port)| (name, Some(port)))
        };
        let is_name = |name: &str| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b))
        };
        if !name.starts_with('[') && !is_name(name) {
            return Err(no_host());
        }
        let port = match port {
            None => None,
            Some(digits) => {
                let number =
                    if digits.bytes().all(|b| b.is_ascii_digit()) { digits.parse().ok() } else { None };
                Some(number.filter(|port| *port != 0).ok_or_else(|| IceUrlError::Port(whole.to_owned()))?)
            }
        };
        Ok(Self { name, port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_browsers_take_are_taken() {
        for good in [
            "stun:stun.example.org",
            "stun:192.0.2.1:3478",
            "stuns:stun.example.org:5349",
            "turn:global.relay.metered.ca:80",
            "turn:turn.example.org:3478?transport=udp",
            "turns:turn.example.org:5349?transport=tcp",
            "turn:[2001:db8::1]:3478",
            " turn:turn.example.org\n",
        ] {
            let url: IceUrl = good.parse().unwrap();

            assert_eq!(url.as_str(), good.trim());
        }
    }

    #[test]
    fn an_address_that_would_break_a_browser_is_refused_by_its_fault() {
        type Fault = fn(String) -> IceUrlError;
        let table: [(&str, Fault); 14] = [
            ("", IceUrlError::Scheme),
            ("turn.example.org", IceUrlError::Scheme),
            ("http://turn.example.org", IceUrlError::Scheme),
            ("turn:", IceUrlError::Host),
            ("turn://turn.example.org", IceUrlError::Host),
            ("turn:user@turn.example.org", IceUrlError::Host),
            ("turn:a b", IceUrlError::Host),
            ("turn:2001:db8::1", IceUrlError::Port),
            ("turn:[2001:db8::1", IceUrlError::Host),
            ("turn:host:0", IceUrlError::Port),
            ("turn:host:65536", IceUrlError::Port),
            ("turn:host:+80", IceUrlError::Port),
            ("stun:host?transport=udp", IceUrlError::Transport),
            ("turn:host?transport=sctp", IceUrlError::Transport),
        ];
        for (bad, fault) in table {
            assert_eq!(bad.parse::<IceUrl>(), Err(fault(bad.to_owned())), "{bad}");
        }
    }
}
