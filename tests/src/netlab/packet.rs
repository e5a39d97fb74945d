//! What a router needs to know of an IP packet, and which packets a firewall lets pass.
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Which packets pass an interface, in both directions. Others vanish without a word.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Firewall {
    /// All.
    #[default]
    Open,
    /// All but UDP.
    NoUdp,
    /// TCP to and from this port.
    OnlyTcp(u16),
    /// None: the cable is out, and nobody was told.
    Closed,
}

impl Firewall {
    pub(crate) fn lets_pass(self, packet: Packet) -> bool {
        match self {
            Self::Open => true,
            Self::NoUdp => packet.carries != Carries::Udp,
            Self::OnlyTcp(port) => {
                matches!(packet.carries, Carries::Tcp { from, to } if from == port || to == port)
            }
            Self::Closed => false,
        }
    }
}

/// The head of an IP packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Packet {
    pub(crate) from: IpAddr,
    pub(crate) to: IpAddr,
    carries: Carries,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Carries {
    Udp,
    /// With its ports.
    Tcp {
        from: u16,
        to: u16,
    },
    /// ICMP, or a fragment that has no ports.
    Other,
}

const TCP: u8 = 6;
const UDP: u8 = 17;

impl Packet {
    /// None if it is no IP packet.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        match bytes.first()? >> 4 {
            4 => Self::read_v4(bytes),
            6 => Self::read_v6(bytes),
            _ => None,
        }
    }

    fn read_v4(bytes: &[u8]) -> Option<Self> {
        let address = |at: usize| -> Option<IpAddr> {
            let four: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
            Some(Ipv4Addr::from(four).into())
        };
        let head = usize::from(bytes[0] & 0xf) * 4;
        let is_first_fragment = u16::from_be_bytes([*bytes.get(6)?, *bytes.get(7)?]) & 0x1fff == 0;
        let inner = if is_first_fragment { bytes.get(head..) } else { None };
        Some(Self { from: address(12)?, to: address(16)?, carries: carries(*bytes.get(9)?, inner) })
    }

    fn read_v6(bytes: &[u8]) -> Option<Self> {
        let address = |at: usize| -> Option<IpAddr> {
            let sixteen: [u8; 16] = bytes.get(at..at + 16)?.try_into().ok()?;
            Some(Ipv6Addr::from(sixteen).into())
        };
        // Headers between the first and the last are not looked through: nothing here sends any.
        Some(Self { from: address(8)?, to: address(24)?, carries: carries(*bytes.get(6)?, bytes.get(40..)) })
    }
}

fn carries(protocol: u8, inner: Option<&[u8]>) -> Carries {
    match (protocol, inner) {
        (UDP, _) => Carries::Udp,
        (TCP, Some([a, b, c, d, ..])) => {
            Carries::Tcp { from: u16::from_be_bytes([*a, *b]), to: u16::from_be_bytes([*c, *d]) }
        }
        _ => Carries::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From 10.0.0.1, port 5000, to 45.0.0.2, port 443.
    fn v4(protocol: u8) -> Vec<u8> {
        let mut bytes = vec![0x45, 0, 0, 24, 0, 0, 0, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 45, 0, 0, 2];
        bytes.extend([0x13, 0x88, 0x01, 0xbb]);
        bytes
    }

    fn v6(protocol: u8) -> Vec<u8> {
        let mut bytes = vec![0x60, 0, 0, 0, 0, 4, protocol, 64];
        bytes.extend("2a00::1".parse::<Ipv6Addr>().unwrap().octets());
        bytes.extend("2a00::2".parse::<Ipv6Addr>().unwrap().octets());
        bytes.extend([0x01, 0xbb, 0x13, 0x88]);
        bytes
    }

    #[test]
    fn both_versions_say_where_from_and_where_to() {
        let [four, six] = [v4(TCP), v6(UDP)].map(|bytes| Packet::read(&bytes).unwrap());

        assert_eq!([four.from, four.to].map(|ip| ip.to_string()), ["10.0.0.1", "45.0.0.2"]);
        assert_eq!(four.carries, Carries::Tcp { from: 5000, to: 443 });
        assert_eq!([six.from, six.to].map(|ip| ip.to_string()), ["2a00::1", "2a00::2"]);
        assert_eq!(six.carries, Carries::Udp);
    }

    #[test]
    fn what_is_cut_short_or_no_packet_is_not_read() {
        let whole = v4(TCP);

        assert!((0..20).all(|length| Packet::read(&whole[..length]).is_none()));
        assert_eq!(Packet::read(&[0xff; 60]), None);
        assert_eq!(Packet::read(&v4(TCP)[..21]).unwrap().carries, Carries::Other);
    }

    #[test]
    fn a_firewall_tells_udp_and_ports_of_tcp_apart() {
        let passes = |firewall: Firewall| {
            [v4(UDP), v4(TCP), v6(TCP), v4(1)].map(|bytes| firewall.lets_pass(Packet::read(&bytes).unwrap()))
        };

        assert_eq!(passes(Firewall::Open), [true, true, true, true]);
        assert_eq!(passes(Firewall::NoUdp), [false, true, true, true]);
        assert_eq!(passes(Firewall::OnlyTcp(443)), [false, true, true, false]);
        assert_eq!(passes(Firewall::OnlyTcp(80)), [false; 4]);
        assert_eq!(passes(Firewall::Closed), [false; 4]);
    }
}
