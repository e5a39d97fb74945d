//! What descriptions say of the path itself: names, passwords, certificates, addresses.
use std::{fmt, net::SocketAddr};

/// The name of a media section, the same on both sides.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mid(String);

impl Mid {
    /// 16 bytes are what the header extension of RFC 8843 can carry.
    pub(super) fn checked(value: &str) -> Option<Self> {
        let is_good = (1..=16).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_graphic());
        is_good.then(|| Self(value.to_owned()))
    }

    /// As it stands in a description and in packets.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Mid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// ICE's name and password of one side.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The name, 4 to 256 characters of ICE's alphabet.
    pub ufrag: String,
    /// The password, 22 to 256 of them.
    pub pwd: String,
}

impl Credentials {
    pub(super) fn checked(ufrag: &str, pwd: &str) -> Option<Self> {
        let is_ice = |byte: u8| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'=' | b'#')
        };
        let is_good =
            |text: &str, shortest| (shortest..=256).contains(&text.len()) && text.bytes().all(is_ice);
        (is_good(ufrag, 4) && is_good(pwd, 22)).then(|| Self { ufrag: ufrag.to_owned(), pwd: pwd.to_owned() })
    }
}

/// Passwords are not for logs.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("ufrag", &self.ufrag).finish_non_exhaustive()
    }
}

/// Where the server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Candidate {
    /// For everybody.
    Udp(SocketAddr),
    /// For those whose network lets no UDP out: they connect (RFC 6544).
    TcpPassive(SocketAddr),
}

impl Candidate {
    /// The attribute without `a=`. The earlier in the list, the better it is liked; UDP before TCP.
    pub(super) fn attribute(self, index: usize) -> String {
        let rank = 65535 - u32::try_from(index.min(65535)).expect("it is at most 65535");
        let (protocol, preference, address, end) = match self {
            Self::Udp(address) => ("udp", 126, address, ""),
            Self::TcpPassive(address) => ("tcp", 90, address, " tcptype passive"),
        };
        // RFC 8445, section 5.1.2.1, for the component that carries RTP.
        let priority = (preference << 24) + (rank << 8) + 255;
        let (ip, port) = (address.ip(), address.port());
        format!("candidate:{} 1 {protocol} {priority} {ip} {port} typ host{end}", index + 1)
    }
}
