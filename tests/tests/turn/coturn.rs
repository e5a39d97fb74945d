//! coturn with the configuration that operators get.
use crate::{
    client::Client,
    programs::{Coturn, Peers, echo, uclient},
    users::User,
};
use calls_server::turn::{SecretError, TurnSecret};
use calls_tests::coturn::shipped_configuration;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

/// The test client draws a TLS version by lot, and one that the server refuses leaves it waiting for ever. No version
/// below 1.2 has this cipher.
const TLS_CIPHER: &str = "ECDHE-ECDSA-AES256-GCM-SHA384";

/// Closed for every relay, by both servers: the edges of each range, and what hides behind IPv6.
pub(crate) const CLOSED_V4: [&str; 34] = [
    "0.0.0.0",
    "0.0.0.1",
    "0.255.255.255",
    "10.0.0.0",
    "10.255.255.255",
    "100.64.0.0",
    "100.127.255.255",
    "127.0.0.0",
    "127.0.0.1",
    "127.255.255.255",
    "169.254.0.0",
    "169.254.169.254",
    "169.254.255.255",
    "172.16.0.0",
    "172.31.255.255",
    "192.0.0.0",
    "192.0.0.255",
    "192.0.2.0",
    "192.0.2.255",
    "192.88.99.0",
    "192.88.99.255",
    "192.168.0.0",
    "192.168.255.255",
    "198.18.0.0",
    "198.19.255.255",
    "198.51.100.0",
    "198.51.100.255",
    "203.0.113.0",
    "203.0.113.255",
    "224.0.0.0",
    "239.255.255.255",
    "240.0.0.0",
    "255.255.255.254",
    "255.255.255.255",
];
pub(crate) const CLOSED_V6: [&str; 24] = [
    "::",
    "::1",
    "::10.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:127.0.0.1",
    "64:ff9b::a00:1",
    "64:ff9b:1::1",
    "100::1",
    "1fff:ffff::1",
    "2001::1",
    "2001:10::1",
    "2001:1ff:ffff::1",
    "2001:db8::1",
    "2001:db8:ffff::1",
    "2002:a00:1::1",
    "3fff::1",
    "3fff:fff:ffff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fdff:ffff::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
];
/// Right outside the ranges, and well-known places: open.
pub(crate) const OPEN_V4: [&str; 17] = [
    "1.0.0.0",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
];
pub(crate) const OPEN_V6: [&str; 5] =
    ["2001:200::1", "2001:4860:4860::8888", "2606:4700:4700::1111", "2a00:1450:4001::1", "3ffe::1"];

#[test]
fn our_credentials_relay_by_udp_tcp_and_tls() {
    let coturn = Coturn::start(Peers::LoopbackToo, &[V4]);
    let peer = echo().to_string();
    let certificate = coturn.certificate();
    let ways: [(&str, u16, &[&str]); 5] = [
        ("udp", coturn.port, &[]),
        ("udp, by send", coturn.port, &["-s"]),
        ("udp, user to user", coturn.port, &["-y"]),
        ("tcp", coturn.port, &["-t"]),
        ("tls", coturn.tls_port, &["-t", "-S", "-F", TLS_CIPHER, "-E", &certificate]),
    ];

    // Side by side, each for another user: the client takes some seconds to make up its mind to begin.
    std::thread::scope(|scope| {
        for (id, (way, port, flags)) in ways.into_iter().enumerate() {
            let peer = &peer;
            scope.spawn(move || {
                let flags = [flags, &["-e", "127.0.0.1", "-r", peer, "-n", "20", "-m", "2"]].concat();
                let report = uclient(&User::good(100 + id as u64), port, &flags);

                println!("{way}: {} sent, {} came back", report.sent, report.received);
                report.assert_all_came_back();
            });
        }
    });
}

#[test]
fn wrong_and_expired_credentials_do_not_relay() {
    let coturn = Coturn::start(Peers::LoopbackToo, &[V4]);
    let peer = echo().to_string();
    let server = SocketAddr::new(V4, coturn.port);

    for user in [User::guessing(1), User::expired(2)] {
        assert_eq!(Client::new(server, &user).allocate(), Err(401));
        for flags in [&[][..], &["-t"], &["-t", "-S", "-F", TLS_CIPHER]] {
            let port = if flags.contains(&"-S") { coturn.tls_port } else { coturn.port };
            let report = uclient(&user, port, &[flags, &["-e", "127.0.0.1", "-r", &peer]].concat());

            report.assert_refused("Cannot complete Allocation");
        }
    }
}

#[test]
fn the_list_of_closed_peers_as_shipped_closes_all_of_them_and_no_others() {
    let listen = addresses_of_this_machine();
    let coturn = Coturn::start(Peers::AsShipped, &listen);

    for ip in listen {
        let server = SocketAddr::new(ip, coturn.port);
        let (closed, open): (&[&str], &[&str]) =
            if ip.is_ipv4() { (&CLOSED_V4, &OPEN_V4) } else { (&CLOSED_V6, &OPEN_V6) };
        let mut client = Client::new(server, &User::good(1));
        client.allocate().unwrap();
        for peer in closed {
            let peer: IpAddr = peer.parse().unwrap();
            assert_eq!(client.permit(peer), Err(403), "{peer}");
            assert_eq!(client.bind(SocketAddr::new(peer, 80)), Err(403), "{peer}");
        }
        for peer in open {
            assert_eq!(client.permit(peer.parse().unwrap()), Ok(()), "{peer}");
        }
    }
}

#[test]
fn one_user_holds_no_more_relays_than_the_configuration_says() {
    let coturn = Coturn::start(Peers::AsShipped, &[V4]);
    let server = SocketAddr::new(V4, coturn.port);
    let mut clients: Vec<Client> = (0..11).map(|_| Client::new(server, &User::good(7))).collect();

    let outcomes: Vec<Option<u16>> = clients.iter_mut().map(|client| client.allocate().err()).collect();

    assert_eq!(outcomes[..10], [None; 10]);
    assert_eq!(outcomes[10], Some(486));
    assert!(Client::new(server, &User::good(8)).allocate().is_ok());
}

#[test]
fn coturn_understands_every_line_and_shows_no_address_of_a_user() {
    let coturn = Coturn::start(Peers::AsShipped, &[V4]);

    for complaint in
        ["Bad configuration", "Unknown argument", "WARNING: cannot", "cannot find", "CONFIG ERROR"]
    {
        assert!(!coturn.said.contains(complaint), "{}", coturn.said);
    }
    assert!(!shipped_configuration().lines().any(|line| line.starts_with("verbose")));
}

#[test]
fn the_secret_in_the_shipped_configuration_is_one_that_the_server_refuses() {
    let text = shipped_configuration();
    let secret = text.lines().find_map(|line| line.strip_prefix("static-auth-secret=")).unwrap();

    assert_eq!(TurnSecret::parse(secret).err(), Some(SecretError::Placeholder));
}

/// Both loopback addresses, or the one that there is.
pub(crate) fn addresses_of_this_machine() -> Vec<IpAddr> {
    let addresses: Vec<IpAddr> =
        [V4, V6].into_iter().filter(|ip| UdpSocket::bind((*ip, 0)).is_ok()).collect();
    if addresses.len() < 2 {
        println!("this machine has no IPv6: relays to IPv6 peers are not looked at");
    }
    addresses
}
