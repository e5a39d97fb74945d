//! Values of settings that are more than a number or a word.
use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

/// Something that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself, for the one place that needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Web pages of which origins may call this server.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CorsOrigins {
    any: bool,
    localhost: bool,
    origins: Vec<String>,
}

impl CorsOrigins {
    /// Whether a page of that origin may call.
    pub fn allows(&self, origin: &str) -> bool {
        self.any
            || (self.localhost && is_localhost(origin))
            || self.origins.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin))
    }
}

impl FromStr for CorsOrigins {
    type Err = String;

    fn from_str(list: &str) -> Result<Self, String> {
        let mut cors = Self::default();
        for word in words(list) {
            match word {
                "none" => {}
                "*" => cors.any = true,
                "localhost" => cors.localhost = true,
                origin if is_origin(origin) => cors.origins.push(origin.to_owned()),
                other => {
                    return Err(format!(
                        "`{other}` is no origin; write it as https://app.example.org, without a path or a slash \
                         at the end, or `localhost`, `*` or `none`"
                    ));
                }
            }
        }
        Ok(cors)
    }
}

fn is_origin(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|host| {
        !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]_".contains(&b))
    })
}

fn is_localhost(origin: &str) -> bool {
    let rest = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    let host = rest.map(|rest| match rest.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => rest,
    });
    matches!(host, Some("localhost" | "127.0.0.1" | "[::1]"))
}

/// Addresses, or whole networks of them (`10.0.0.0/8`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Networks(Vec<Network>);

impl Networks {
    /// These, and this machine.
    pub fn and_loopback(mut self) -> Self {
        self.0.push(Network { address: IpAddr::V4(Ipv4Addr::LOCALHOST), prefix: 8 });
        self.0.push(Network { address: IpAddr::V6(Ipv6Addr::LOCALHOST), prefix: Ipv6Addr::BITS });
        self
    }

    /// Whether the address is in one of them.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }
}

impl FromStr for Networks {
    type Err = String;

    fn from_str(list: &str) -> Result<Self, String> {
        words(list).filter(|word| *word != "none").map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

/// One address or network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u32,
}

impl Network {
    fn contains(&self, address: IpAddr) -> bool {
        // A server on `::` sees `10.0.0.1` as `::ffff:10.0.0.1`.
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                let mask = u32::MAX.checked_shl(Ipv4Addr::BITS - self.prefix).unwrap_or(0);
                ours.to_bits() & mask == theirs.to_bits() & mask
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => {
                let mask = u128::MAX.checked_shl(Ipv6Addr::BITS - self.prefix).unwrap_or(0);
                ours.to_bits() & mask == theirs.to_bits() & mask
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is neither an address (192.0.2.1) nor a network (10.0.0.0/8)");
        let (address, prefix) = text.split_once('/').map_or((text, None), |(a, p)| (a, Some(p)));
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { Ipv4Addr::BITS } else { Ipv6Addr::BITS };
        let prefix = prefix.map_or(Ok(most), str::parse).map_err(|_| wrong())?;
        if prefix > most { Err(wrong()) } else { Ok(Self { address, prefix }) }
    }
}

/// The words of a list, separated by commas or spaces.
pub(super) fn words(list: &str) -> impl Iterator<Item = &str> {
    list.split([',', ' ', '\t', '\n']).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_allowed_by_its_whole_name_only() {
        let cors: CorsOrigins = "https://app.example.org, http://10.0.0.5:8080".parse().unwrap();

        for (origin, allowed) in [
            ("https://app.example.org", true),
            ("HTTPS://App.Example.Org", true),
            ("http://10.0.0.5:8080", true),
            ("http://app.example.org", false),
            ("https://app.example.org.evil.example", false),
            ("https://evil.example/?https://app.example.org", false),
            ("http://localhost:5173", false),
            ("null", false),
        ] {
            assert_eq!(cors.allows(origin), allowed, "{origin}");
        }
    }

    #[test]
    fn localhost_means_any_port_of_this_machine_and_no_look_alike() {
        let cors: CorsOrigins = "localhost".parse().unwrap();

        for (origin, allowed) in [
            ("http://localhost", true),
            ("http://localhost:5173", true),
            ("https://127.0.0.1:8443", true),
            ("http://[::1]:3000", true),
            ("http://localhost.evil.example", false),
            ("http://localhost:5173.evil.example", false),
            ("http://127.0.0.1.evil.example:80", false),
        ] {
            assert_eq!(cors.allows(origin), allowed, "{origin}");
        }
        assert!(!"none".parse::<CorsOrigins>().unwrap().allows("http://localhost"));
        assert!("*".parse::<CorsOrigins>().unwrap().allows("null"));
        assert!("https://app.example.org/".parse::<CorsOrigins>().is_err());
        let both: CorsOrigins = "localhost,https://app.example.org".parse().unwrap();
        assert!(both.allows("http://localhost:5173") && both.allows("https://app.example.org"));
    }

    #[test]
    fn a_network_holds_its_addresses_however_they_are_written() {
        let networks: Networks = "10.0.0.0/8,192.0.2.1,2001:db8::/32, 0.0.0.0/0".parse().unwrap();
        let some: Networks = "10.0.0.0/8,192.0.2.1,2001:db8::/32".parse().unwrap();

        for (address, inside) in [
            ("10.255.0.1", true),
            ("::ffff:10.1.2.3", true),
            ("11.0.0.1", false),
            ("192.0.2.1", true),
            ("192.0.2.2", false),
            ("2001:db8:1::1", true),
            ("2001:db9::1", false),
        ] {
            assert_eq!(some.contains(address.parse().unwrap()), inside, "{address}");
        }
        assert!(networks.contains("8.8.8.8".parse().unwrap()));
        assert!(!"none".parse::<Networks>().unwrap().contains("127.0.0.1".parse().unwrap()));
        assert!("10.0.0.0/33".parse::<Networks>().is_err());
        assert!("localhost".parse::<Networks>().is_err());
    }
}
