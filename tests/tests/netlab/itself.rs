//! The lab, as foreign tools see it: links, rates, programs, and that nothing stays behind.
use crate::{lab, trial, udp};
use calls_tests::netlab::{Conditions, Firewall, Host, Lab, Loss};
use libtest_mimic::Trial;
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    process::Command,
    time::{Duration, Instant},
};

const MS: Duration = Duration::from_millis(1);
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial(ping_measures_the_delay_and_the_jitter_of_both_directions),
        trial(ping_loses_what_the_links_lose),
        trial(the_same_seed_loses_the_same_packets),
        trial(tcp_fills_the_rate_and_no_more),
        trial(a_firewall_stops_udp_and_lets_tcp_to_one_port_pass),
        trial(a_program_sees_its_own_network_and_is_heard),
        trial(nothing_stays_behind_after_a_panic),
        trial(what_a_killed_run_left_behind_is_removed_by_the_next),
    ]
}

fn two_hosts(lab: &Lab) -> (Host, Host) {
    let net = [("net", lab.internet())];
    (lab.host("alice", &net), lab.host("bob", &net))
}

fn ping(from: &Host, to: &Host, count: u32, every: Duration) -> String {
    let mut ping = Command::new("ping");
    ping.args(["-n", "-q", "-c", &count.to_string(), "-i", &every.as_secs_f64().to_string(), "-W", "1"]);
    from.run(ping.arg(to.address().to_string()), PATIENCE).lines.join("\n")
}

fn ping_measures_the_delay_and_the_jitter_of_both_directions() {
    let lab = lab();
    let (alice, bob) = two_hosts(&lab);
    let conditions = Conditions { delay: 40 * MS, jitter: 20 * MS, ..Conditions::default() };
    alice.net("net").set(conditions);

    let said = ping(&alice, &bob, 100, 10 * MS);

    let line = said.lines().find_map(|line| line.strip_prefix("rtt min/avg/max/mdev = ")).expect(&said);
    let times: Vec<f64> = line.split([' ', '/']).filter_map(|number| number.parse().ok()).collect();
    println!("80 to 120 ms asked for: {line}");
    // Packets that stay in order are later than luck alone would make them, and a busy machine makes them later still.
    assert!((80.0..100.0).contains(&times[0]), "least: {line}");
    assert!((95.0..140.0).contains(&times[1]), "mean: {line}");
    assert!((105.0..300.0).contains(&times[2]), "most: {line}");
}

fn ping_loses_what_the_links_lose() {
    let lab = lab();
    let (alice, bob) = two_hosts(&lab);
    alice.net("net").set(Conditions { loss: Loss::random(0.1), ..Conditions::default() });

    let said = ping(&alice, &bob, 1000, 2 * MS);

    let lost = said.split(", ").find_map(|part| part.strip_suffix("% packet loss")?.parse::<f64>().ok());
    let lost = lost.expect(&said);
    println!("19 % asked for: {lost} % lost");
    // Four standard deviations to both sides.
    assert!((14.0..24.0).contains(&lost), "{said}");
    let (sent, received) = (alice.net("net").sent(), alice.net("net").received());
    assert_eq!((sent.lost + received.lost, received.passed), (1000 - received.passed, received.passed));
}

fn the_same_seed_loses_the_same_packets() {
    let bursts = Conditions { loss: Loss::bursts(0.3, 3.0), doubled: 0.1, ..Conditions::default() };
    let arrived = |seed: u64| -> Vec<u8> {
        let lab = Lab::new(seed);
        let (alice, bob) = two_hosts(&lab);
        alice.net("net").set(bursts);
        let (from, to) = (udp::socket(&alice), udp::socket(&bob));
        for number in 0..=u8::MAX {
            from.send_to(&[number], udp::at(&bob, &to)).unwrap();
        }
        // Of the last ones, one at least arrives and says that the others are through.
        std::iter::repeat_with(|| udp::receive(&to).0[0]).take_while(|number| *number < 200).collect()
    };

    let [first, again, other] = [5, 5, 6].map(arrived);

    assert_eq!(first, again);
    assert_ne!(first, other);
}

/// How fast bytes come from one host to another, in 1000 bits a second.
fn download(from: &Host, to: &Host, bytes: usize) -> f64 {
    let listener = from.inside(|| TcpListener::bind((from.address(), 0))).unwrap();
    let server = listener.local_addr().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| listener.accept().unwrap().0.write_all(&vec![7; bytes]).unwrap());
        let mut stream = to.inside(|| TcpStream::connect(server)).unwrap();
        let begin = Instant::now();
        assert_eq!(stream.read_to_end(&mut Vec::new()).unwrap(), bytes);
        bytes as f64 * 8.0 / 1000.0 / begin.elapsed().as_secs_f64()
    })
}

fn tcp_fills_the_rate_and_no_more() {
    let lab = lab();
    let (alice, bob) = two_hosts(&lab);
    let slow = Conditions { delay: 10 * MS, rate_kbps: Some(4_000), ..Conditions::default() };
    bob.net("net").set_in(slow);

    let kbps = download(&alice, &bob, 1_000_000);
    bob.net("net").set_in(Conditions::default());
    let at_most = download(&alice, &bob, 20_000_000);

    println!("4000 kbit/s asked for: {kbps:.0}, without a limit {at_most:.0}");
    // 1448 of 1500 bytes are content, and TCP takes its time to begin.
    assert!((2_800.0..3_870.0).contains(&kbps), "{kbps}");
    assert!(at_most > 50_000.0, "{at_most}");
}

fn a_firewall_stops_udp_and_lets_tcp_to_one_port_pass() {
    let lab = lab();
    let (alice, bob) = two_hosts(&lab);
    let server = |port| bob.inside(|| TcpListener::bind((bob.address(), port))).unwrap();
    let _servers = [server(443), server(3000)];
    let connects = |port| {
        let address = SocketAddr::new(bob.address(), port);
        alice.inside(|| TcpStream::connect_timeout(&address, 300 * MS)).is_ok()
    };
    let way = || [connects(443), connects(3000), udp::reaches(&alice, alice.address(), &bob)];
    let behind = |firewall| {
        alice.net("net").set_firewall(firewall);
        way()
    };

    assert_eq!(behind(Firewall::NoUdp), [true, true, false]);
    assert_eq!(behind(Firewall::OnlyTcp(443)), [true, false, false]);
    assert_eq!(behind(Firewall::Closed), [false; 3]);
    assert_eq!(behind(Firewall::Open), [true; 3]);
    assert!(alice.net("net").sent().stopped > 0);
}

fn a_program_sees_its_own_network_and_is_heard() {
    let lab = lab();
    let alice = lab.host("alice", &[("wifi", lab.internet())]);
    let mut shell = Command::new("sh");
    shell.args(["-c", "ls /sys/class/net; echo $WHO; echo mistake >&2; exit 3"]).env("WHO", "alice");
    let mut waiting = alice.spawn(Command::new("sh").args(["-c", "echo begun; exec sleep 1000"]));

    let ended = alice.run(&shell, PATIENCE);
    waiting.wait_for("begun", PATIENCE);

    assert_eq!(ended.code, Some(3));
    assert_eq!(ended.lines, ["lo", "wifi", "alice", "mistake"]);
    assert_eq!(waiting.lines(), ["begun"]);
    waiting.signal(calls_tests::netlab::Signal::TERM);
    assert_eq!(waiting.ended(PATIENCE).code, None);
}

/// The namespaces of a process for hosts of this name.
fn namespaces(process: u32, host: &str) -> Vec<String> {
    let Ok(names) = std::fs::read_dir("/run/netns") else { return Vec::new() };
    let names = names.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let is_theirs = |name: &String| name.starts_with(&format!("calls-{process}-")) && name.ends_with(host);
    names.filter(is_theirs).collect()
}

fn nothing_stays_behind_after_a_panic() {
    let there = || namespaces(std::process::id(), "-unlucky");

    let panicked = std::panic::catch_unwind(|| {
        let lab = lab();
        let _host = lab.host("unlucky", &[("net", lab.internet())]);
        assert_eq!(there().len(), 1);
        std::panic::resume_unwind(Box::new("on purpose"));
    });

    assert!(panicked.is_err());
    assert_eq!(there(), [""; 0]);
}

fn what_a_killed_run_left_behind_is_removed_by_the_next() {
    let mut gone = Command::new("true").spawn().unwrap();
    gone.wait().unwrap();
    let name = format!("calls-{}-0-forgotten", gone.id());
    let ip = |args: &[&str]| Command::new("ip").arg("netns").args(args).spawn().unwrap();
    assert!(ip(&["add", &name]).wait().unwrap().success());
    let mut inside = ip(&["exec", &name, "sleep", "1000"]);

    let mut next = Command::new(std::env::current_exe().unwrap());
    next.args(["--exact", "itself::nothing_stays_behind_after_a_panic"]);
    assert!(next.output().unwrap().status.success());

    assert_eq!(namespaces(gone.id(), "-forgotten"), [""; 0]);
    // Killed with it: it would sleep on for long.
    assert_eq!(inside.wait().unwrap().code(), None);
}
