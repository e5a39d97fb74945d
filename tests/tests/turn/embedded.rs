//! The relay inside the server, met over UDP.
use crate::{
    client::{Client, seen_address},
    coturn::{CLOSED_V4, CLOSED_V6, OPEN_V4, OPEN_V6, addresses_of_this_machine},
    programs::{PATIENCE, echo, free_ports, stunclient, uclient},
    users::{User, secret},
};
use calls_server::turn::{
    IceIssuer,
    embedded::{Relay, RelayError, RelaySettings},
};
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket},
    time::{Duration, Instant, SystemTime},
};

const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn settings() -> RelaySettings {
    let first = free_ports(60);
    RelaySettings {
        bind: V4,
        port: free_ports(1),
        relay_ports: first..=first + 59,
        external_ip: None,
        secret: secret(),
        allow_private_peers: true,
        allocations_per_user: 10,
        allocations: 50,
        kbps_per_user: 0,
    }
}

/// Runs something that blocks while the relay goes on.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

/// A client with a relay and a channel to a peer.
fn connected(server: SocketAddr, user: &User, peer: SocketAddr) -> Client {
    let mut client = Client::new(server, user);
    client.allocate().unwrap();
    client.bind(peer).unwrap();
    client
}

#[tokio::test(flavor = "multi_thread")]
async fn coturns_client_relays_by_channel_by_indication_and_to_another_user() {
    let relay = Relay::start(settings()).unwrap();
    let port = relay.local_addr().port();
    let peer = echo().to_string();

    blocking(move || {
        std::thread::scope(|scope| {
            for (id, flags) in [&[][..], &["-s"], &["-y"], &["-y", "-s"], &["-D"]].into_iter().enumerate() {
                let peer = &peer;
                scope.spawn(move || {
                    let flags = [flags, &["-e", "127.0.0.1", "-r", peer, "-n", "20", "-m", "2"]].concat();
                    let report = uclient(&User::good(100 + id as u64), port, &flags);

                    println!("{flags:?}: {} sent, {} came back", report.sent, report.received);
                    report.assert_all_came_back();
                });
            }
        });
    })
    .await;

    let stats = relay.stats();
    // 2 clients, 20 messages of 100 bytes, 5 ways; user to user each message is relayed twice on its way.
    assert!(stats.bytes_to_peers >= 20_000 && stats.bytes_to_users >= 20_000, "{stats:?}");
    assert_eq!(
        (stats.refused_credentials, stats.refused_peers, stats.dropped_bandwidth),
        (0, 0, 0),
        "{stats:?}"
    );
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stun_client_is_told_its_address() {
    let relay = Relay::start(settings()).unwrap();
    let port = relay.local_addr().port();

    let told = blocking(move || stunclient(port)).await;

    assert!(told.contains("UDP reflexive addr: 127.0.0.1:"), "{told}");
    assert!(relay.stats().bindings > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_and_expired_credentials_do_not_relay() {
    let relay = Relay::start(settings()).unwrap();
    let server = relay.local_addr();
    let peer = echo().to_string();

    blocking(move || {
        for user in [User::guessing(1), User::expired(2)] {
            assert_eq!(Client::new(server, &user).allocate(), Err(401));
            let report = uclient(&user, server.port(), &["-e", "127.0.0.1", "-r", &peer]);
            report.assert_refused("Cannot complete Allocation");
        }
    })
    .await;

    assert!(relay.stats().refused_credentials >= 2);
    assert_eq!(relay.stats().allocations, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_is_not_prolonged_once_its_name_has_run_out() {
    let relay = Relay::start(settings()).unwrap();
    let server = relay.local_addr();

    blocking(move || {
        let user = User::for_a_while(1, Duration::from_secs(1));
        let mut client = Client::new(server, &user);
        client.allocate().unwrap();
        let deadline = Instant::now() + PATIENCE;
        loop {
            let before = SystemTime::now();
            match client.refresh(600) {
                Ok(()) => assert!(before < user.expiry() && Instant::now() < deadline),
                Err(code) => {
                    assert_eq!(code, 401);
                    assert!(SystemTime::now() >= user.expiry());
                    break;
                }
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn peers_inside_are_closed_unless_allowed_and_peers_outside_are_open() {
    for ip in addresses_of_this_machine() {
        let relay =
            Relay::start(RelaySettings { bind: ip, allow_private_peers: false, ..settings() }).unwrap();
        let server = relay.local_addr();

        blocking(move || {
            let (closed, open): (&[&str], &[&str]) =
                if ip.is_ipv4() { (&CLOSED_V4, &OPEN_V4) } else { (&CLOSED_V6, &OPEN_V6) };
            let mut client = Client::new(server, &User::good(1));
            client.allocate().unwrap();
            // The relay's own address is where another user's relay may be; nothing but relays is reached there.
            for peer in closed.iter().map(|peer| peer.parse().unwrap()).filter(|peer| *peer != ip) {
                assert_eq!(client.permit(peer), Err(403), "{peer}");
                assert_eq!(client.bind(SocketAddr::new(peer, 80)), Err(403), "{peer}");
            }
            for peer in open {
                assert_eq!(client.permit(peer.parse().unwrap()), Ok(()), "{peer}");
            }
        })
        .await;
        assert!(relay.stats().refused_peers > 40);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_but_another_users_relay_is_reached_at_the_relays_own_address() {
    let relay = Relay::start(RelaySettings { allow_private_peers: false, ..settings() }).unwrap();
    let server = relay.local_addr();

    blocking(move || {
        let secret_service = UdpSocket::bind((V4, free_ports(1))).unwrap();
        secret_service.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        let (mut left, mut right) =
            (Client::new(server, &User::good(1)), Client::new(server, &User::good(2)));
        let (left_relay, right_relay) = (left.allocate().unwrap(), right.allocate().unwrap());
        left.bind(right_relay).unwrap();
        right.bind(left_relay).unwrap();
        let mut curious = connected(server, &User::good(3), secret_service.local_addr().unwrap());

        left.send(b"hello");
        assert_eq!(right.receive(PATIENCE).as_deref(), Some(b"hello".as_slice()));
        right.send(b"hello yourself");
        assert_eq!(left.receive(PATIENCE).as_deref(), Some(b"hello yourself".as_slice()));
        curious.send(b"let me in");
        // Answered after the packet before it, so that one has been looked at by now.
        curious.refresh(600).unwrap();
        assert!(secret_service.recv(&mut [0; 100]).is_err(), "a service of the machine was reached");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_holds_no_more_relays_than_allowed_under_any_name() {
    let settings = RelaySettings { allocations_per_user: 3, allocations: 5, ..settings() };
    let relay = Relay::start(settings).unwrap();
    let server = relay.local_addr();

    blocking(move || {
        let names = [3600, 3601, 7200, 86_400].map(|ttl| User::for_a_while(1, Duration::from_secs(ttl)));
        let mut clients = names.map(|name| Client::new(server, &name));
        let outcomes = clients.each_mut().map(|client| client.allocate().err());
        assert_eq!(outcomes, [None, None, None, Some(486)]);

        let [first, .., last] = &mut clients;
        first.refresh(0).unwrap();
        assert!(last.allocate().is_ok());
        let mut others = [2, 3, 4].map(|id| Client::new(server, &User::good(id)));
        let outcomes = others.each_mut().map(|client| client.allocate().err());
        assert_eq!(outcomes, [None, None, Some(508)]);
    })
    .await;

    assert_eq!(relay.stats().allocations, 5);
    assert_eq!(relay.stats().refused_quota, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_over_the_bandwidth_loses_packets_each_way_and_another_user_none() {
    let relay = Relay::start(RelaySettings { kbps_per_user: 800, ..settings() }).unwrap();
    let server = relay.local_addr();
    let begin = Instant::now();

    let (came_back, quiet_came_back) = blocking(move || {
        let peer = SocketAddr::new(V4, echo());
        let greedy = connected(server, &User::good(1), peer);
        let quiet = connected(server, &User::good(2), peer);
        let mut came_back = 0;
        for _ in 0..300 {
            greedy.send(&[7; 1000]);
            // Reading in between keeps every socket's buffer from being what limits.
            came_back += usize::from(greedy.receive(Duration::from_millis(1)).is_some());
        }
        let mut quiet_came_back = 0;
        for _ in 0..20 {
            quiet.send(&[7; 1000]);
            quiet_came_back += usize::from(quiet.receive(PATIENCE).is_some());
        }
        (came_back, quiet_came_back)
    })
    .await;

    // 100 kB a second and half a second's worth at once.
    let most = 50 + (begin.elapsed().as_secs_f64() * 100.0) as usize + 1;
    assert!((50..=most).contains(&came_back), "{came_back} of 300 packets, at most {most} fit");
    assert_eq!(quiet_came_back, 20);
    assert!(relay.stats().dropped_bandwidth > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_nonsense_does_not_keep_a_user_from_a_relay() {
    let relay = Relay::start(settings()).unwrap();
    let server = relay.local_addr();

    let answers = blocking(move || {
        let flood = UdpSocket::bind((V4, 0)).unwrap();
        let mut bare_allocate = vec![0, 3, 0, 0, 0x21, 0x12, 0xa4, 0x42];
        bare_allocate.extend([7; 12]);
        for round in 0..20_000_usize {
            let packet = match round % 3 {
                0 => &bare_allocate,
                1 => &bare_allocate[..round % 20],
                _ => &[0x40; 1200][..],
            };
            flood.send_to(packet, server).unwrap();
        }
        // The flood comes from the user's own address here, so the user waits until its budget has some answers again.
        let deadline = Instant::now() + PATIENCE;
        while seen_address(server, Duration::from_millis(50)).is_none() {
            assert!(Instant::now() < deadline, "no answer after a flood");
        }
        assert!(Client::new(server, &User::good(1)).allocate().is_ok());
        flood.set_nonblocking(true).unwrap();
        std::iter::from_fn(|| flood.recv(&mut [0; 100]).ok()).count()
    })
    .await;

    let stats = relay.stats();
    assert!(answers <= 2000 && stats.dropped_flood > 0, "{answers} answers, {stats:?}");
    assert_eq!(stats.allocations, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_gives_every_port_back_at_once() {
    let relay = Relay::start(settings()).unwrap();
    let server = relay.local_addr();
    let relayed: Vec<SocketAddr> = blocking(move || {
        (1..=5).map(|id| Client::new(server, &User::good(id)).allocate().unwrap()).collect()
    })
    .await;
    assert!(relayed.iter().all(|relayed| UdpSocket::bind(relayed).is_err()), "in use until then");

    relay.stop().await;

    for port in relayed.into_iter().chain([server]) {
        assert!(UdpSocket::bind(port).is_ok(), "{port}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_given_back_gives_its_port_back() {
    let first = free_ports(2);
    let relay = Relay::start(RelaySettings { relay_ports: first..=first, ..settings() }).unwrap();
    let server = relay.local_addr();

    blocking(move || {
        let mut one = Client::new(server, &User::good(1));
        let mut two = Client::new(server, &User::good(2));
        assert_eq!(one.allocate().unwrap().port(), first);
        assert_eq!(two.allocate(), Err(508), "the range has one port");
        one.refresh(0).unwrap();
        // The port is free as soon as the task that read from it has ended.
        let deadline = Instant::now() + PATIENCE;
        while two.allocate().is_err() {
            assert!(Instant::now() < deadline, "the port never came free");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_given_the_relay_by_its_address_or_by_a_name() {
    let relay = Relay::start(settings()).unwrap();
    let port = relay.local_addr().port();
    let user = calls_protocol::UserId::new(5).unwrap();
    let now = calls_protocol::UnixMillis(1_700_000_000_000);

    let by_address = IceIssuer::new(relay.ice_settings(None).unwrap()).ice_servers(user, now);
    let by_name =
        IceIssuer::new(relay.ice_settings(Some("calls.example.org")).unwrap()).ice_servers(user, now);

    assert_eq!(by_address.0[0].urls, [format!("stun:127.0.0.1:{port}")]);
    assert_eq!(by_address.0[1].urls, [format!("turn:127.0.0.1:{port}?transport=udp")]);
    assert_eq!(by_name.0[1].urls, [format!("turn:calls.example.org:{port}?transport=udp")]);
}

#[tokio::test]
async fn a_relay_that_nobody_could_use_does_not_start_and_says_why() {
    let taken = UdpSocket::bind((V4, 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let any = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

    let busy = Relay::start(RelaySettings { port, ..settings() });
    let nowhere = Relay::start(RelaySettings { bind: any, ..settings() });
    let to_nobody = Relay::start(RelaySettings { external_ip: Some(any), ..settings() });
    #[expect(clippy::reversed_empty_ranges, reason = "an operator may write it the wrong way round")]
    let no_ports = Relay::start(RelaySettings { relay_ports: 60_000..=50_000, ..settings() });

    assert!(matches!(busy, Err(RelayError::Bind { .. })));
    assert!(matches!(nowhere, Err(RelayError::NoExternalAddress)));
    assert!(matches!(to_nobody, Err(RelayError::ExternalAddress(_))));
    assert!(matches!(no_ports, Err(RelayError::Ports { from: 60_000, to: 50_000 })));
}
