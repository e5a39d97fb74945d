//! How packets find their way: routers that hide a home, and machines with more than one interface.
use crate::{
    lab, trial,
    udp::{at, hears_nothing, reaches, receive, seen, socket},
};
use calls_tests::netlab::{Lab, Nat};
use libtest_mimic::Trial;
use std::net::{SocketAddr, UdpSocket};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial(an_ordinary_router_shows_one_port_to_everybody_and_lets_in_who_was_spoken_to),
        trial(a_symmetric_router_shows_another_port_to_everybody),
        trial(two_behind_ordinary_routers_meet_by_sending_at_once),
        trial(two_behind_symmetric_routers_do_not_meet),
        trial(who_shares_a_home_needs_no_router),
        trial(a_phone_goes_on_by_its_second_interface_when_the_first_is_switched_off),
    ]
}

/// The ports that two hosts on the internet see a socket at, and whether a third port of the second gets in.
fn look_at(lab: &Lab, nat: Nat) -> ([SocketAddr; 2], bool) {
    let net = [("net", lab.internet())];
    let (one, two) = (lab.host("one", &net), lab.host("two", &net));
    let home = lab.home(nat);
    let phone = lab.host("phone", &[("wifi", &home)]);
    let socket_inside = socket(&phone);
    let seen = [seen(&socket_inside, &one), seen(&socket_inside, &two)];
    let outside = home.gateway().unwrap().net("outside").address();
    assert!(seen.iter().all(|seen| seen.ip() == outside));
    socket(&two).send_to(b"let me in", seen[1]).unwrap();
    (seen, !hears_nothing(&socket_inside))
}

fn an_ordinary_router_shows_one_port_to_everybody_and_lets_in_who_was_spoken_to() {
    let (seen, is_open) = look_at(&lab(), Nat::PortRestricted);

    assert_eq!(seen[0], seen[1]);
    assert!(!is_open);
}

fn a_symmetric_router_shows_another_port_to_everybody() {
    let (seen, is_open) = look_at(&lab(), Nat::Symmetric);

    assert_ne!(seen[0], seen[1]);
    assert!(!is_open);
}

/// Whether two phones, each told the other's address by a server, hear each other after both have sent.
fn meet(nat: Nat) -> bool {
    let lab = lab();
    let server = lab.host("server", &[("net", lab.internet())]);
    let homes = [lab.home(nat), lab.home(nat)];
    let phones = [("alice", 0), ("bob", 1)].map(|(name, home)| lab.host(name, &[("wifi", &homes[home])]));
    let sockets: [UdpSocket; 2] = [0, 1].map(|index| socket(&phones[index]));
    let seen = [0, 1].map(|index| seen(&sockets[index], &server));
    // The first of these is too early to be let in; it is what opens the way for the others.
    for _ in 0..3 {
        sockets[0].send_to(b"bob?", seen[1]).unwrap();
        sockets[1].send_to(b"alice?", seen[0]).unwrap();
    }
    if hears_nothing(&sockets[0]) {
        return false;
    }
    sockets[0].send_to(b"there you are", seen[1]).unwrap();
    !hears_nothing(&sockets[1])
}

fn two_behind_ordinary_routers_meet_by_sending_at_once() {
    assert!(meet(Nat::PortRestricted));
}

fn two_behind_symmetric_routers_do_not_meet() {
    assert!(!meet(Nat::Symmetric));
}

fn who_shares_a_home_needs_no_router() {
    let lab = lab();
    let home = lab.home(Nat::Symmetric);
    let [alice, bob] = ["alice", "bob"].map(|name| lab.host(name, &[("wifi", &home)]));
    let (from, to) = (socket(&alice), socket(&bob));

    from.send_to(b"hello", at(&bob, &to)).unwrap();

    assert_eq!(receive(&to).1, SocketAddr::new(alice.address(), from.local_addr().unwrap().port()));
    assert_eq!(home.gateway().unwrap().net("inside").received().passed, 0);
}

fn a_phone_goes_on_by_its_second_interface_when_the_first_is_switched_off() {
    let lab = lab();
    let server = lab.host("server", &[("net", lab.internet())]);
    let (home, carrier) = (lab.home(Nat::PortRestricted), lab.home(Nat::Symmetric));
    let phone = lab.host("phone", &[("wifi", &home), ("mobile", &carrier)]);
    let (wifi, mobile) = (phone.net("wifi"), phone.net("mobile"));
    let outside = [&home, &carrier].map(|network| network.gateway().unwrap().net("outside").address());
    let usual = || seen(&socket(&phone), &server).ip();
    let ways = || [wifi, mobile].map(|net| reaches(&phone, net.address(), &server));

    assert_eq!((usual(), ways()), (outside[0], [true, true]));
    wifi.switch_off();
    assert_eq!((usual(), ways()), (outside[1], [false, true]));
    wifi.switch_on();
    assert_eq!((usual(), ways()), (outside[0], [true, true]));
    mobile.switch_off();
    assert_eq!((usual(), ways()), (outside[0], [true, false]));
}
