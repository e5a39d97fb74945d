//! To which addresses the relay may send.
//!
//! Whoever may relay speaks with the server's own address from inside its network, so a relay that sends anywhere is
//! a door into that network: to databases, routers and the metadata service of a cloud. Only addresses that anybody
//! on the internet could reach anyway are open, unless the operator says otherwise.
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The rule for peers.
#[derive(Debug, Clone)]
pub(super) struct PeerPolicy {
    /// Private, loopback, link-local and reserved ranges and the server itself are open too.
    pub(super) allow_private: bool,
    /// Addresses of this server, which are often public.
    pub(super) own: Vec<IpAddr>,
}

impl PeerPolicy {
    /// Whether data may be sent there.
    pub(super) fn allows(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        if is_never_a_peer(peer) {
            return false;
        }
        self.allow_private || (is_public(peer) && !self.own.contains(&peer))
    }
}

/// Addresses of nobody or of many: no setting opens them.
fn is_never_a_peer(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let first = ip.octets()[0];
            first == 0 || first >= 224
        }
        IpAddr::V6(ip) => {
            ip.is_unspecified()
                || ip.is_multicast()
                || embedded_v4(ip).is_some_and(|inner| is_never_a_peer(IpAddr::V4(inner)))
        }
    }
}

fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

/// Everything but the IANA special-purpose registry (RFC 6890 and its updates).
fn is_public_v4(ip: Ipv4Addr) -> bool {
    match ip.octets() {
        [0 | 10 | 127, ..] => false,
        // Between a provider and its customers (RFC 6598): other customers' routers.
        [100, 64..=127, ..] => false,
        // Link-local; clouds answer with the machine's own secrets at 169.254.169.254.
        [169, 254, ..] => false,
        [172, 16..=31, ..] => false,
        [192, 168, ..] => false,
        // Protocol assignments, documentation, the former 6to4 relays.
        [192, 0, 0 | 2, _] | [192, 88, 99, _] => false,
        // Benchmarks between networks, documentation.
        [198, 18 | 19, ..] | [198, 51, 100, _] | [203, 0, 113, _] => false,
        // Public in form, but inside a cloud it is the host of the machine.
        [168, 63, 129, 16] => false,
        // Multicast, reserved, broadcast.
        [224..=255, ..] => false,
        _ => true,
    }
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    // Addresses that stand for an IPv4 one are as open as that one.
    if let Some(inner) = embedded_v4(ip) {
        return is_public_v4(inner);
    }
    match ip.segments() {
        // Teredo, ORCHID, benchmarks and other protocol assignments.
        [0x2001, 0..=0x01ff, ..] => false,
        // Documentation.
        [0x2001, 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] => false,
        // Of all the rest only 2000::/3 is given out: not ::1, fe80::/10, fec0::/10, fc00::/7, 64:ff9b:1::/48.
        [0x2000..=0x3fff, ..] => true,
        _ => false,
    }
}

/// The IPv4 address that a router on the way would send to in place of this one.
fn embedded_v4(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let join = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    match ip.segments() {
        // Mapped, and the deprecated compatible form, of which :: and ::1 are not part.
        [0, 0, 0, 0, 0, 0xffff, high, low] => Some(join(high, low)),
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => Some(join(high, low)),
        // Translated (RFC 2765).
        [0, 0, 0, 0, 0xffff, 0, high, low] => Some(join(high, low)),
        // 6to4.
        [0x2002, high, low, ..] => Some(join(high, low)),
        // NAT64, the well-known prefix (RFC 6052).
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(join(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(allow_private: bool) -> PeerPolicy {
        PeerPolicy {
            allow_private,
            own: vec!["93.184.216.34".parse().unwrap(), "2606:2800::1".parse().unwrap()],
        }
    }

    /// First and last of every range, in every disguise that IPv6 has for IPv4.
    const PRIVATE_V4: [&str; 25] = [
        "10.0.0.0",
        "10.255.255.255",
        "100.64.0.0",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.255",
        "169.254.0.0",
        "169.254.169.254",
        "172.16.0.0",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.2.255",
        "192.88.99.1",
        "192.168.0.0",
        "192.168.255.255",
        "198.18.0.0",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.255",
        "10.1.2.3",
        "172.20.10.1",
        "192.168.1.1",
        "100.100.100.200",
        "127.0.0.53",
        "168.63.129.16",
    ];
    const NEVER_V4: [&str; 6] =
        ["0.0.0.0", "0.255.255.255", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"];
    const PUBLIC_V4: [&str; 14] = [
        "1.0.0.1",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.1",
        "169.253.255.255",
        "172.15.255.255",
        "172.32.0.0",
        "192.167.255.255",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
    ];

    fn disguises(ip: &str) -> Vec<IpAddr> {
        let v4: Ipv4Addr = ip.parse().unwrap();
        let [a, b, c, d] = v4.octets();
        let six = |prefix: &str| format!("{prefix}{a:02x}{b:02x}:{c:02x}{d:02x}");
        [six("::ffff:"), six("::ffff:0:"), six("64:ff9b::"), format!("{}::1", six("2002:"))]
            .iter()
            .map(|text| text.parse().unwrap())
            .chain([IpAddr::V4(v4)])
            .collect()
    }

    #[test]
    fn private_addresses_are_closed_in_every_disguise_unless_allowed() {
        for ip in PRIVATE_V4.iter().flat_map(|ip| disguises(ip)) {
            assert!(!policy(false).allows(ip), "{ip}");
            assert!(policy(true).allows(ip), "{ip}");
        }
        for ip in [
            "::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "fc00::1",
            "fdff::1",
            "64:ff9b:1::a00:1",
            "100::1",
            "2001::1",
            "2001:10::1",
            "2001:1ff::1",
            "2001:db8::1",
            "3fff:fff::1",
            "5f00::1",
            "4000::1",
            "::10.0.0.1",
        ] {
            let ip = ip.parse().unwrap();
            assert!(!policy(false).allows(ip), "{ip}");
            assert!(policy(true).allows(ip), "{ip}");
        }
    }

    #[test]
    fn nobodys_and_everybodys_addresses_are_closed_always() {
        let six = ["::", "ff02::1", "ff0e::1"].map(|ip| vec![ip.parse().unwrap()]);
        for ip in NEVER_V4.iter().map(|ip| disguises(ip)).chain(six).flatten() {
            assert!(!policy(false).allows(ip) && !policy(true).allows(ip), "{ip}");
        }
    }

    #[test]
    fn public_addresses_are_open() {
        for ip in PUBLIC_V4.iter().flat_map(|ip| disguises(ip)) {
            assert!(policy(false).allows(ip), "{ip}");
        }
        for ip in ["2606:4700::1111", "2a00:1450:4001::1", "2001:200::1", "2001:4860:4860::8888", "3ffe::1"] {
            assert!(policy(false).allows(ip.parse().unwrap()), "{ip}");
        }
    }

    #[test]
    fn the_server_itself_is_closed_even_at_a_public_address() {
        for ip in ["93.184.216.34", "::ffff:93.184.216.34", "2606:2800::1"] {
            assert!(!policy(false).allows(ip.parse().unwrap()), "{ip}");
            assert!(policy(true).allows(ip.parse().unwrap()), "{ip}");
        }
    }
}
