//! Who asks, from where, and whether they may.
use super::{Refused, Rest};
use crate::{auth::Proof, clock::wall_clock, settings::Networks, visitors::network_of};
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};
use calls_protocol::{ErrorCode, UserId};
use std::{
    hash::{DefaultHasher, Hash, Hasher},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Instant,
};

/// The address a request comes from: the last one in `X-Forwarded-For` that is not a trusted proxy's, if the
/// connection itself comes from one. What stands further left was written by the client and is not believed.
pub fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &Networks) -> IpAddr {
    let mut client = peer.to_canonical();
    let lines = headers.get_all("x-forwarded-for").iter().rev();
    let hops = lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.rsplit(','));
    for hop in hops {
        if !trusted.contains(client) {
            break;
        }
        match hop.trim().parse::<IpAddr>() {
            Ok(address) => client = address.to_canonical(),
            Err(_) => break,
        }
    }
    client
}

/// Who is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Who {
    /// Somebody who signed in.
    User(UserId),
    /// Somebody of whom only the address is known.
    Address(IpAddr),
}

/// The other end of the connection, put beside the request by the door.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) SocketAddr);

/// Somebody who may ask, counted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caller {
    /// Who it is; none in open mode without a token.
    pub(super) user: Option<UserId>,
    address: IpAddr,
}

impl Caller {
    /// The user whose things are asked for: one's own, or, in open mode, anybody's.
    pub(super) fn acting_as(self, wanted: UserId) -> Result<UserId, Refused> {
        match self.user {
            Some(user) if user != wanted => Err(Refused::new(
                ErrorCode::Forbidden,
                "this belongs to another user; ask with your own user id",
            )),
            Some(_) | None => Ok(wanted),
        }
    }

    /// An id for a caller of whom nothing is known, so that a relay can count what one address uses. It is above
    /// every id that a database hands out, and the same address gets the same.
    pub(super) fn guest(self) -> UserId {
        const LOWEST: u64 = 1 << 52;
        let mut hasher = DefaultHasher::new();
        self.address.hash(&mut hasher);
        UserId::new(LOWEST | (hasher.finish() & (LOWEST - 1))).expect("it is between 2^52 and 2^53")
    }
}

impl FromRequestParts<Arc<Rest>> for Caller {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, rest: &Arc<Rest>) -> Result<Self, Refused> {
        let peer = parts.extensions.get::<Peer>().map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |peer| peer.0.ip());
        let address = client_address(peer, &parts.headers, &rest.trusted_proxies);
        // A header that is no text is no proof; it is refused like any other wrong one.
        let header = parts.headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap_or("-"));
        let user = Proof::of_header(header).and_then(|proof| rest.auth.check(proof, wall_clock()));
        // Wrong proofs count against the address: guessing is slow, and a user cannot be locked out by others.
        let who = match user {
            Ok(Some(user)) => Who::User(user),
            Ok(None) | Err(_) => Who::Address(network_of(address)),
        };
        rest.limiter.take(who, Instant::now()).map_err(|wait| {
            let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
            Refused::new(ErrorCode::RateLimited, format!("too many requests; try again in {seconds} s"))
                .retry_after(seconds)
        })?;
        match user {
            Ok(user) => Ok(Self { user, address }),
            Err(error) => Err(calls_protocol::Refusal::from(error).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_trusted_proxy_wrote_is_believed() {
        let trusted: Networks = "127.0.0.1,10.0.0.0/8".parse().unwrap();
        for (peer, lines, expected) in [
            ("198.51.100.1", vec![], "198.51.100.1"),
            ("198.51.100.1", vec!["192.0.2.9"], "198.51.100.1"),
            ("127.0.0.1", vec!["192.0.2.9"], "192.0.2.9"),
            ("::ffff:127.0.0.1", vec!["192.0.2.9"], "192.0.2.9"),
            ("127.0.0.1", vec!["1.2.3.4, 192.0.2.9"], "192.0.2.9"),
            ("127.0.0.1", vec!["1.2.3.4", "192.0.2.9, 10.1.1.1"], "192.0.2.9"),
            ("127.0.0.1", vec!["1.2.3.4", "10.2.2.2 ,10.1.1.1"], "1.2.3.4"),
            ("127.0.0.1", vec!["192.0.2.9, nonsense"], "127.0.0.1"),
            ("127.0.0.1", vec![], "127.0.0.1"),
            ("10.0.0.1", vec!["2001:db8::7"], "2001:db8::7"),
        ] {
            let mut headers = HeaderMap::new();
            for line in &lines {
                headers.append("x-forwarded-for", line.parse().unwrap());
            }

            let client = client_address(peer.parse().unwrap(), &headers, &trusted);

            assert_eq!(client.to_string(), expected, "{peer} {lines:?}");
        }
    }

    #[test]
    fn a_guest_is_the_same_from_the_same_address_and_nobody_of_the_database() {
        let guest = |address: &str| Caller { user: None, address: address.parse().unwrap() }.guest();

        assert_eq!(guest("192.0.2.1"), guest("192.0.2.1"));
        assert_ne!(guest("192.0.2.1"), guest("192.0.2.2"));
        assert!(guest("192.0.2.1").get() > u64::from(u32::MAX));
    }
}
