//! Calls over networks as people have them. What the caller's own engine reports is the judge.
use crate::{
    trial,
    world::{OPEN_EVERYWHERE, World},
};
use calls_tests::netlab::{Conditions, Firewall, Host, Loss, Nat, Signal};
use libtest_mimic::Trial;
use std::time::{Duration, Instant};

/// What a person takes for a stumble, and not for a call that has ended.
const A_STUMBLE_MS: f64 = 800.0;
/// 150 packets each way.
const A_WORD: Duration = Duration::from_secs(3);
/// 300 packets each way: enough to tell one loss from another.
const A_SENTENCE: Duration = Duration::from_secs(6);

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![
        // First the one that the others wait for, then the long ones, so that the others run beside them.
        trial(a_call_moves_from_wifi_to_mobile_with_a_stumble),
        trial(a_call_survives_25_seconds_without_a_network),
        trial(a_call_goes_on_while_the_server_is_killed_and_started_again),
        trial(two_with_addresses_of_their_own_speak_directly),
        trial(two_behind_ordinary_routers_speak_without_a_relay),
        trial(two_behind_symmetric_routers_speak_through_the_relay),
        trial(two_without_udp_speak_through_the_relay_by_tcp),
        trial(two_with_nothing_but_port_443_speak_through_the_relay_by_tls),
        trial(a_call_around_the_world_is_late_but_whole),
    ];
    trials.extend([2, 5, 10, 20].map(|percent| {
        let name = format!("calls::a_call_over_a_link_that_loses_{percent}_percent_is_heard");
        Trial::test(name, move || {
            heard_in_spite_of(percent);
            Ok(())
        })
    }));
    trials
}

/// Two people on the internet.
fn two(world: &World) -> [Host; 2] {
    ["alice", "bob"].map(|name| world.lab.host(name, &[("net", world.lab.internet())]))
}

/// Two people, each behind a router of this kind.
fn two_at_home(world: &World, nat: Nat) -> [Host; 2] {
    ["alice", "bob"].map(|name| world.lab.host(name, &[("wifi", &world.lab.home(nat))]))
}

fn two_with_addresses_of_their_own_speak_directly() {
    let world = World::new();
    let [alice, bob] = two(&world);

    let report = world.call([&alice, &bob]).talk_for(A_WORD);

    report.tell("direct");
    assert!(!report.is_relayed(), "{report:?}");
    assert!(report.lost() < 0.01, "{report:?}");
}

fn two_behind_ordinary_routers_speak_without_a_relay() {
    let world = World::new();
    let [alice, bob] = two_at_home(&world, Nat::PortRestricted);

    let report = world.call([&alice, &bob]).talk_for(A_WORD);

    report.tell("two homes");
    assert!(!report.is_relayed(), "{report:?}");
}

fn two_behind_symmetric_routers_speak_through_the_relay() {
    let world = World::new();
    let [alice, bob] = two_at_home(&world, Nat::Symmetric);

    let report = world.call([&alice, &bob]).talk_for(A_WORD);

    report.tell("symmetric routers");
    assert!(report.is_relayed(), "{report:?}");
}

fn two_without_udp_speak_through_the_relay_by_tcp() {
    let world = World::new();
    let [alice, bob] = two_at_home(&world, Nat::PortRestricted);
    for host in [&alice, &bob] {
        host.net("wifi").set_firewall(Firewall::NoUdp);
    }

    let report = world.call([&alice, &bob]).talk_for(A_WORD);

    report.tell("no UDP");
    assert_eq!((report.path()[0], report.relay()), ("relay", "tcp"), "{report:?}");
    assert!(report.is_relayed(), "{report:?}");
}

fn two_with_nothing_but_port_443_speak_through_the_relay_by_tls() {
    let world = World::new();
    let [alice, bob] = two_at_home(&world, Nat::PortRestricted);
    for host in [&alice, &bob] {
        host.net("wifi").set_firewall(Firewall::OnlyTcp(OPEN_EVERYWHERE));
    }

    let report = world.call([&alice, &bob]).talk_for(A_WORD);

    report.tell("only 443");
    assert_eq!((report.path()[0], report.relay()), ("relay", "tls"), "{report:?}");
    assert!(report.is_relayed(), "{report:?}");
}

fn heard_in_spite_of(percent: u32) {
    let world = World::new();
    let [alice, bob] = two(&world);
    let share = f64::from(percent) / 100.0;
    alice.net("net").set(Conditions { loss: Loss::random(share), ..Conditions::default() });

    let report = world.call([&alice, &bob]).talk_for(A_SENTENCE);

    report.tell(&format!("{percent} % lost each way"));
    assert_eq!(report.count("repairing"), 0, "{report:?}");
    // 300 packets: four standard deviations at most.
    assert!((report.lost() - share).abs() < 0.095, "{report:?}");
}

fn a_call_around_the_world_is_late_but_whole() {
    let world = World::new();
    let [alice, bob] = two(&world);
    let delay = Duration::from_millis(150);
    alice.net("net").set(Conditions { delay, ..Conditions::default() });

    let report = world.call([&alice, &bob]).talk_for(A_WORD);

    report.tell("300 ms there and back");
    assert!((299.0..400.0).contains(&report.number("/round_trip_ms")), "{report:?}");
    assert!(report.lost() < 0.01, "{report:?}");
    assert_eq!(report.count("repairing"), 0, "{report:?}");
}

fn a_call_moves_from_wifi_to_mobile_with_a_stumble() {
    let world = World::alone();
    let (lab, bob) = (&world.lab, world.lab.host("bob", &[("net", world.lab.internet())]));
    let (home, carrier) = (lab.home(Nat::PortRestricted), lab.home(Nat::Symmetric));
    let alice = lab.host("alice", &[("wifi", &home), ("mobile", &carrier)]);
    let talk = world.call([&alice, &bob]);

    alice.net("wifi").switch_off();
    // As the system of a phone says it.
    talk.caller.signal(Signal::USR1);
    let report = talk.talk_for(A_SENTENCE);

    report.tell("from Wi-Fi to mobile");
    assert!(report.longest_gap_ms() <= A_STUMBLE_MS, "{report:?}");
    // Five seconds of voice, by the way that was not the usual one before.
    assert!(alice.net("mobile").received().passed > 5 * 50, "{report:?}");
}

fn a_call_survives_25_seconds_without_a_network() {
    let away = Duration::from_secs(25);
    let world = World::new();
    let [alice, bob] = two(&world);
    let talk = world.call([&alice, &bob]);

    alice.net("net").set_firewall(Firewall::Closed);
    let begin = Instant::now();
    talk.wait_for("repairing", 1);
    // The length of the outage is what is tested; nothing is waited for.
    std::thread::sleep(away.saturating_sub(begin.elapsed()));
    alice.net("net").set_firewall(Firewall::Open);
    talk.wait_for("repaired", 1);
    let back = begin.elapsed() - away;
    let report = talk.talk_for(A_WORD);

    report.tell("25 s without a network");
    println!("25 s without a network: repaired {:.0} ms after it was back", back.as_secs_f64() * 1000.0);
    assert!((25_000.0..32_000.0).contains(&report.longest_gap_ms()), "{report:?}");
}

fn a_call_goes_on_while_the_server_is_killed_and_started_again() {
    let mut world = World::new();
    let [alice, bob] = two(&world);
    let talk = world.call([&alice, &bob]);

    world.kill_server();
    talk.wait_for("server_gone", 1);
    world.start_server();
    talk.wait_for("registered", 2);
    let report = talk.talk_for(A_WORD);

    report.tell("server killed");
    // Not one packet is missing, and it is the connection that it was.
    assert_eq!(report.number("/voice/lost"), 0.0, "{report:?}");
    assert_eq!((report.number("/builds"), report.count("repairing")), (1.0, 0), "{report:?}");
}
