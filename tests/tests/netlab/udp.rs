//! Sockets of UDP on hosts of a lab.
use calls_tests::netlab::Host;
use std::{
    io::ErrorKind,
    net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket},
    time::Duration,
};

/// Long enough for a loaded machine.
const COMES_WITHIN: Duration = Duration::from_secs(10);
/// Nothing in these labs takes so long; short enough to wait for nothing.
const STAYS_AWAY_FOR: Duration = Duration::from_millis(300);

/// A socket on a host, on every address that it has.
pub(crate) fn socket(host: &Host) -> UdpSocket {
    host.inside(|| UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))).unwrap()
}

/// Where others send to, to reach a socket of a host on the internet.
pub(crate) fn at(host: &Host, socket: &UdpSocket) -> SocketAddr {
    SocketAddr::new(host.address(), socket.local_addr().unwrap().port())
}

/// The next packet and where it came from.
pub(crate) fn receive(socket: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    receive_within(socket, COMES_WITHIN).expect("a packet")
}

/// Whether nothing comes.
pub(crate) fn hears_nothing(socket: &UdpSocket) -> bool {
    receive_within(socket, STAYS_AWAY_FOR).is_none()
}

/// The address that a host on the internet sees a socket at.
pub(crate) fn seen(socket: &UdpSocket, by: &Host) -> SocketAddr {
    let observer = self::socket(by);
    socket.send_to(b"who am I", at(by, &observer)).unwrap();
    receive(&observer).1
}

/// Whether the packets of a socket reach an address on the internet.
pub(crate) fn reaches(host: &Host, from: IpAddr, observer: &Host) -> bool {
    let (sender, receiver) = (host.inside(|| UdpSocket::bind((from, 0))), socket(observer));
    let Ok(sender) = sender else { return false };
    sender.send_to(b"hello", at(observer, &receiver)).is_ok() && !hears_nothing(&receiver)
}

fn receive_within(socket: &UdpSocket, within: Duration) -> Option<(Vec<u8>, SocketAddr)> {
    socket.set_read_timeout(Some(within)).unwrap();
    let mut buffer = [0; 2048];
    loop {
        match socket.recv_from(&mut buffer) {
            Ok((length, from)) => return Some((buffer[..length].to_vec(), from)),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => return None,
            // An earlier packet was refused.
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => {}
            Err(error) => panic!("{error}"),
        }
    }
}
