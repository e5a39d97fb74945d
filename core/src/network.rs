//! Which network the device is in, for platforms that do not say so themselves.
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    time::Duration,
};

/// Often enough for a call to move before somebody asks "are you still there?".
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Addresses that belong to nobody (RFC 5737, RFC 3849): the way to them is the way to everybody.
const NOWHERE: [IpAddr; 2] =
    [IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1))];

/// Sees when another network is in use.
#[derive(Debug, Default)]
pub(crate) struct NetworkWatch {
    seen: Option<[Option<IpAddr>; 2]>,
}

impl NetworkWatch {
    /// Whether it is another one than at the last look, or one again after there was none.
    pub(crate) fn look(&mut self) -> bool {
        self.saw(NOWHERE.map(from_where))
    }

    /// Nobody looks for a while: what is seen next is no change.
    pub(crate) fn rest(&mut self) {
        self.seen = None;
    }

    fn saw(&mut self, now: [Option<IpAddr>; 2]) -> bool {
        let before = self.seen.replace(now);
        let is_there = now.iter().any(Option::is_some);
        is_there && before.is_some_and(|before| before != now)
    }
}

/// From which of our addresses packets would leave. Nothing is sent.
fn from_where(to: IpAddr) -> Option<IpAddr> {
    let any: IpAddr = if to.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind(SocketAddr::new(any, 0)).ok()?;
    socket.connect(SocketAddr::new(to, 9)).ok()?;
    socket.local_addr().ok().map(|address| address.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_address_and_one_again_are_a_change_and_none_is_not() {
        let mut watch = NetworkWatch::default();
        let home = Some(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2)));
        let mobile = Some(IpAddr::V4(Ipv4Addr::new(100, 64, 0, 9)));

        let looks = [home, home, mobile, None, None, mobile, home].map(|v4| watch.saw([v4, None]));

        assert_eq!(looks, [false, false, true, false, false, true, true]);
    }
}
