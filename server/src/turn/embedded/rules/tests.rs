//! The relay's rules, driven by datagrams as phones send them.
use super::super::allocation::{HEADROOM, TAILROOM};
use super::*;
use crate::turn::TurnSecret;
use md5::{Digest, Md5};
use proptest::prelude::*;

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const RELAY_IP: &str = "93.184.216.34";
const UNIX: u64 = 1_700_000_000;

/// The rules, a clock, and a port for whoever asks.
struct Desk {
    rules: Rules,
    now: Now,
    next_port: u16,
    counters: Arc<Counters>,
}

impl Desk {
    fn new() -> Self {
        Self::with(Quota { per_user: 2, in_all: 5, kbps_per_user: 0 })
    }

    fn with(quota: Quota) -> Self {
        let relay_ip = RELAY_IP.parse().unwrap();
        let peers = PeerPolicy { allow_private: false, own: vec![relay_ip] };
        let doorkeeper = Doorkeeper::new(TurnSecret::parse(SECRET).unwrap(), [7; 32]);
        let now = Now { instant: Instant::now(), unix: UNIX };
        let counters = Arc::<Counters>::default();
        let rules = Rules::new(quota, relay_ip, peers, doorkeeper, Arc::clone(&counters), now.instant);
        Self { rules, now, next_port: 50_000, counters }
    }

    fn wait(&mut self, time: Duration) {
        self.now.instant += time;
        self.now.unix += time.as_secs();
    }

    fn step(&mut self, from: SocketAddr, datagram: &[u8]) -> (Step, Vec<u8>) {
        let mut buffer = vec![0; HEADROOM + datagram.len() + TAILROOM];
        buffer[HEADROOM..HEADROOM + datagram.len()].copy_from_slice(datagram);
        let step = self.rules.handle(self.now, from, &mut buffer, HEADROOM..HEADROOM + datagram.len());
        (step, buffer)
    }

    /// What goes back to where the datagram came from.
    fn answer(&mut self, from: SocketAddr, datagram: &[u8]) -> Option<Vec<u8>> {
        match self.step(from, datagram).0 {
            Step::Answer(answer) | Step::Close(_, answer) => Some(answer),
            Step::Open(opening) => {
                self.next_port += 1;
                Some(self.rules.opened(opening, self.next_port, self.now).1)
            }
            Step::Nothing => None,
            other => panic!("{other:?} is no answer"),
        }
    }

    /// The bytes that go on, and to whom.
    fn passed_on(&mut self, from: SocketAddr, datagram: &[u8]) -> Option<(SocketAddr, Vec<u8>)> {
        match self.step(from, datagram) {
            (Step::ToPeer { peer, data, .. }, buffer) => Some((peer, buffer[data].to_vec())),
            (Step::ToUser { client, datagram }, buffer) => Some((client, buffer[datagram].to_vec())),
            (Step::Nothing, _) => None,
            (other, _) => panic!("{other:?} passes nothing on"),
        }
    }
}

/// A phone with a name, at an address.
#[derive(Clone)]
struct Phone {
    at: SocketAddr,
    name: String,
    password: String,
    sent: u8,
}

impl Phone {
    fn of(user: u64, port: u16) -> Self {
        let name = format!("{}:{user}", UNIX + 86_400);
        let password = TurnSecret::parse(SECRET).unwrap().password(&name);
        Self { at: SocketAddr::from(([198, 51, 100, 1], port)), name, password, sent: 0 }
    }

    fn unsigned(&mut self, method: u16) -> Writer {
        self.sent += 1;
        Writer::new(Class::Request, method, [self.sent; 12])
    }

    /// What a client sends once it has a nonce.
    fn signed(&mut self, desk: &Desk, method: u16, fill: impl FnOnce(Writer) -> Writer) -> Vec<u8> {
        let nonce = desk.rules.doorkeeper.nonce(self.at, desk.now.unix);
        let key = Md5::digest(format!("{}:{REALM}:{}", self.name, self.password));
        fill(self.unsigned(method))
            .with(attribute::USERNAME, self.name.as_bytes())
            .with(attribute::REALM, REALM.as_bytes())
            .with(attribute::NONCE, nonce.as_bytes())
            .signed(&hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key))
            .finish()
    }

    /// The error code of the answer; 0 is success.
    fn ask(&mut self, desk: &mut Desk, method: u16, fill: impl FnOnce(Writer) -> Writer) -> u16 {
        let request = self.signed(desk, method, fill);
        code(&desk.answer(self.at, &request).unwrap())
    }

    fn allocate(&mut self, desk: &mut Desk) -> u16 {
        self.ask(desk, method::ALLOCATE, over_udp)
    }

    fn permit(&mut self, desk: &mut Desk, peers: &[&str]) -> u16 {
        self.ask(desk, method::CREATE_PERMISSION, |writer| {
            peers.iter().fold(writer, |writer, peer| {
                writer.with_address(attribute::XOR_PEER_ADDRESS, SocketAddr::new(peer.parse().unwrap(), 0))
            })
        })
    }

    fn bind(&mut self, desk: &mut Desk, number: u16, peer: &str) -> u16 {
        let [high, low] = number.to_be_bytes();
        self.ask(desk, method::CHANNEL_BIND, |writer| {
            writer
                .with(attribute::CHANNEL_NUMBER, &[high, low, 0, 0])
                .with_address(attribute::XOR_PEER_ADDRESS, peer.parse().unwrap())
        })
    }

    fn refresh(&mut self, desk: &mut Desk, seconds: u32) -> u16 {
        self.ask(desk, method::REFRESH, |writer| writer.with(attribute::LIFETIME, &seconds.to_be_bytes()))
    }
}

fn over_udp(writer: Writer) -> Writer {
    writer.with(attribute::REQUESTED_TRANSPORT, &[UDP, 0, 0, 0])
}

fn code(answer: &[u8]) -> u16 {
    let message = Message::parse(answer).unwrap();
    match message.class {
        Class::Success => 0,
        Class::Error => match message.get(attribute::ERROR_CODE) {
            Some([_, _, class, number]) => u16::from(*class) * 100 + u16::from(*number),
            other => panic!("{other:?} is no code"),
        },
        other => panic!("{other:?} is no answer"),
    }
}

fn send(peer: &str, data: &[u8]) -> Vec<u8> {
    Writer::new(Class::Indication, method::SEND, [9; 12])
        .with_address(attribute::XOR_PEER_ADDRESS, peer.parse().unwrap())
        .with(attribute::DATA, data)
        .finish()
}

const PUBLIC: &str = "8.8.8.8";

#[test]
fn stun_tells_a_client_the_address_it_is_seen_at() {
    let mut desk = Desk::new();
    let request = Writer::new(Class::Request, method::BINDING, [1; 12]).finish();

    let answer = desk.answer("[::ffff:198.51.100.1]:4711".parse().unwrap(), &request).unwrap();

    let seen = Message::parse(&answer).unwrap().address(attribute::XOR_MAPPED_ADDRESS);
    assert_eq!(seen, Some("198.51.100.1:4711".parse().unwrap()));
    assert_eq!(answer.len(), 32);
    assert_eq!(desk.counters.read().bindings, 1);
}

#[test]
fn a_request_with_a_fingerprint_is_answered_with_one() {
    let mut desk = Desk::new();
    let request = Writer::new(Class::Request, method::BINDING, [1; 12]).with_fingerprint().finish();

    let answer = desk.answer(Phone::of(1, 1).at, &request).unwrap();

    assert!(Message::parse(&answer).unwrap().has_fingerprint);
}

#[test]
fn a_client_is_told_to_sign_and_then_gets_a_relay_and_an_answer_signed_with_its_password() {
    let mut desk = Desk::new();
    let mut phone = Phone::of(123, 4711);

    let unsigned = over_udp(phone.unsigned(method::ALLOCATE)).finish();
    let refusal = desk.answer(phone.at, &unsigned).unwrap();
    let told = Message::parse(&refusal).unwrap();
    assert_eq!(code(&refusal), 401);
    assert_eq!(told.get(attribute::REALM), Some(REALM.as_bytes()));
    let nonce = desk.rules.doorkeeper.nonce(phone.at, UNIX);
    assert_eq!(told.get(attribute::NONCE), Some(nonce.as_bytes()));

    let request = phone.signed(&desk, method::ALLOCATE, over_udp);
    let answer = desk.answer(phone.at, &request).unwrap();

    let granted = Message::parse(&answer).unwrap();
    assert_eq!(granted.class, Class::Success);
    let relayed = format!("{RELAY_IP}:50001").parse().unwrap();
    assert_eq!(granted.address(attribute::XOR_RELAYED_ADDRESS), Some(relayed));
    assert_eq!(granted.address(attribute::XOR_MAPPED_ADDRESS), Some(phone.at));
    assert_eq!(granted.get(attribute::LIFETIME), Some(600_u32.to_be_bytes().as_slice()));
    let key = Md5::digest(format!("{}:{REALM}:{}", phone.name, phone.password));
    assert!(granted.is_signed_by(&hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key)));
    assert_eq!(desk.counters.read().allocations, 1);
    assert_eq!(desk.counters.read().refused_credentials, 0);
}

#[test]
fn no_answer_to_a_stranger_is_longer_than_what_it_must_carry() {
    let mut desk = Desk::new();
    let mut phone = Phone::of(1, 1);
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, b"x");
    for method in [method::ALLOCATE, method::REFRESH, method::CREATE_PERMISSION, method::CHANNEL_BIND] {
        let unsigned = phone.unsigned(method).finish();
        let half_signed = phone.unsigned(method).signed(&key).finish();

        // The header, an error code without words, five letters of realm and sixteen of nonce.
        assert_eq!(desk.answer(phone.at, &unsigned).unwrap().len(), 20 + 8 + 12 + 20);
        assert_eq!(desk.answer(phone.at, &half_signed).unwrap().len(), 28);
    }
    let unknown = |number| Writer::new(Class::Request, method::BINDING, [1; 12]).with(number, &[]).finish();
    let many = (0..100).fold(Writer::new(Class::Request, method::BINDING, [1; 12]), |w, _| w.with(3, &[]));
    assert_eq!(desk.answer(phone.at, &unknown(3)).unwrap().len(), 36);
    assert_eq!(desk.answer(phone.at, &many.finish()).unwrap().len(), 20 + 8 + 4 + 16);
}

#[test]
fn a_flood_of_strangers_leaves_nothing_behind_and_is_soon_not_answered() {
    let mut desk = Desk::new();
    let mut answered = 0;
    for port in 1..60_000 {
        let mut phone = Phone::of(1, port);
        let request = phone.unsigned(method::ALLOCATE).finish();

        answered += usize::from(desk.answer(phone.at, &request).is_some());
    }

    assert!(answered <= 200, "{answered}");
    assert!(desk.rules.held.is_empty() && desk.rules.users.is_empty() && desk.rules.clients.is_empty());
    assert_eq!(desk.counters.read().dropped_flood, 59_999 - answered as u64);
}

#[test]
fn a_repeated_request_gets_the_same_answer_and_a_second_one_is_refused() {
    let mut desk = Desk::new();
    let mut phone = Phone::of(1, 1);
    let request = phone.signed(&desk, method::ALLOCATE, over_udp);

    let first = desk.answer(phone.at, &request);
    let again = desk.answer(phone.at, &request);

    assert_eq!(first, again);
    assert_eq!(desk.rules.held.len(), 1);
    assert_eq!(phone.allocate(&mut desk), 437);
}

#[test]
fn the_quota_is_of_the_user_under_whatever_name_and_address() {
    let mut desk = Desk::new();
    let mut later_name = Phone::of(1, 2);
    later_name.name = format!("{}:1", UNIX + 99_999);
    later_name.password = TurnSecret::parse(SECRET).unwrap().password(&later_name.name);

    assert_eq!(Phone::of(1, 1).allocate(&mut desk), 0);
    assert_eq!(later_name.allocate(&mut desk), 0);
    assert_eq!(Phone::of(1, 3).allocate(&mut desk), 486);
    assert_eq!(Phone::of(2, 4).allocate(&mut desk), 0);
    assert_eq!(desk.counters.read().refused_quota, 1);

    assert_eq!(later_name.refresh(&mut desk, 0), 0);
    assert_eq!(Phone::of(1, 3).allocate(&mut desk), 0, "a relay given back makes room");
}

#[test]
fn all_users_together_hold_no_more_than_the_server_has() {
    let mut desk = Desk::new();
    for user in 1..=5 {
        assert_eq!(Phone::of(user, user as u16).allocate(&mut desk), 0);
    }

    assert_eq!(Phone::of(6, 6).allocate(&mut desk), 508);
    desk.wait(LIFETIME);
    assert_eq!(desk.rules.expire(desk.now.instant).len(), 5);
    assert_eq!(Phone::of(6, 6).allocate(&mut desk), 0);
}

#[test]
fn without_a_free_port_the_answer_says_so() {
    let mut desk = Desk::new();
    let mut phone = Phone::of(1, 1);
    let request = phone.signed(&desk, method::ALLOCATE, over_udp);
    let (Step::Open(opening), _) = desk.step(phone.at, &request) else { panic!("no relay") };

    assert_eq!(code(&desk.rules.not_opened(&opening)), 508);
    assert!(desk.rules.held.is_empty());
}

#[test]
fn a_relay_lasts_as_long_as_it_is_refreshed_and_its_name_is_good() {
    let mut desk = Desk::new();
    let mut phone = Phone::of(1, 1);
    phone.name = format!("{}:1", UNIX + 1000);
    phone.password = TurnSecret::parse(SECRET).unwrap().password(&phone.name);
    assert_eq!(phone.allocate(&mut desk), 0);

    desk.wait(Duration::from_secs(590));
    assert_eq!(phone.refresh(&mut desk, 3600), 0);
    desk.wait(Duration::from_secs(590));
    assert!(desk.rules.expire(desk.now.instant).is_empty());
    assert_eq!(phone.refresh(&mut desk, 600), 401, "the name has run out");
    assert_eq!(desk.counters.read().refused_credentials, 1);

    let mut renewed = Phone { name: format!("{}:1", UNIX + 9000), ..phone.clone() };
    renewed.password = TurnSecret::parse(SECRET).unwrap().password(&renewed.name);
    assert_eq!(renewed.refresh(&mut desk, 600), 0, "the same user under a newer name");

    desk.wait(LIFETIME);
    assert_eq!(renewed.refresh(&mut desk, 600), 437, "over even before anybody looked");
    assert_eq!(desk.rules.expire(desk.now.instant), [50_001]);
    assert_eq!(desk.counters.read().allocations, 0);
}

#[test]
fn nobody_touches_the_relay_of_another_user() {
    let mut desk = Desk::new();
    let mut owner = Phone::of(1, 1);
    let mut other = Phone { at: owner.at, ..Phone::of(2, 1) };
    assert_eq!(owner.allocate(&mut desk), 0);

    assert_eq!(other.refresh(&mut desk, 0), 441);
    assert_eq!(other.permit(&mut desk, &[PUBLIC]), 441);
    assert_eq!(other.bind(&mut desk, 0x4000, "8.8.8.8:1"), 441);
    assert_eq!(other.allocate(&mut desk), 437);
    assert_eq!(owner.refresh(&mut desk, 600), 0);
}

#[test]
fn what_is_not_served_is_refused_by_its_code() {
    let mut desk = Desk::new();
    let mut phone = Phone::of(1, 1);
    let tcp = |writer: Writer| writer.with(attribute::REQUESTED_TRANSPORT, &[6, 0, 0, 0]);
    let six = |writer: Writer| over_udp(writer).with(attribute::REQUESTED_ADDRESS_FAMILY, &[2, 0, 0, 0]);
    let four = |writer: Writer| over_udp(writer).with(attribute::REQUESTED_ADDRESS_FAMILY, &[1, 0, 0, 0]);
    const RESERVATION_TOKEN: u16 = 0x0022;
    const SOFTWARE: u16 = 0x8022;

    assert_eq!(phone.ask(&mut desk, method::ALLOCATE, |writer| writer), 400);
    assert_eq!(phone.ask(&mut desk, method::ALLOCATE, tcp), 442);
    assert_eq!(phone.ask(&mut desk, method::ALLOCATE, six), 440);
    assert_eq!(phone.ask(&mut desk, method::ALLOCATE, |w| over_udp(w).with(RESERVATION_TOKEN, &[1; 8])), 420);
    let even_port = |flags: u8| move |writer: Writer| over_udp(writer).with(attribute::EVEN_PORT, &[flags]);
    assert_eq!(phone.ask(&mut desk, method::ALLOCATE, even_port(0x80)), 508);
    assert_eq!(phone.refresh(&mut desk, 600), 437);
    assert_eq!(phone.permit(&mut desk, &[PUBLIC]), 437);
    assert_eq!(phone.bind(&mut desk, 0x4000, "8.8.8.8:1"), 437);
    assert_eq!(phone.ask(&mut desk, method::ALLOCATE, |w| four(w).with(SOFTWARE, b"libwebrtc")), 0);
    assert_eq!(phone.permit(&mut desk, &[]), 400);
    assert_eq!(phone.bind(&mut desk, 0x3fff, "8.8.8.8:1"), 400);
    assert_eq!(phone.bind(&mut desk, 0x8000, "8.8.8.8:1"), 400);

    let mut old = Phone::of(1, 2);
    let request = old.signed(&desk, method::ALLOCATE, even_port(0));
    assert!(matches!(desk.step(old.at, &request).0, Step::Open(Opening { is_even: true, .. })));
}

#[test]
fn a_closed_peer_is_refused_with_every_request_and_takes_the_others_with_it() {
    let mut desk = Desk::new();
    let mut phone = Phone::of(1, 1);
    assert_eq!(phone.allocate(&mut desk), 0);

    for closed in
        ["127.0.0.1", "10.0.0.1", "169.254.169.254", "192.168.1.1", "100.64.0.1", "224.0.0.1", "0.0.0.0"]
    {
        assert_eq!(phone.permit(&mut desk, &[closed]), 403, "{closed}");
        assert_eq!(phone.permit(&mut desk, &[PUBLIC, closed]), 403, "{closed}");
        assert_eq!(phone.bind(&mut desk, 0x4000, &format!("{closed}:80")), 403, "{closed}");
        assert_eq!(desk.passed_on(phone.at, &send(&format!("{closed}:80"), b"x")), None, "{closed}");
    }
    for six in ["::ffff:8.8.8.8", "2606:4700::1111"] {
        assert_eq!(phone.permit(&mut desk, &[six]), 443, "{six}");
    }
    assert_eq!(desk.counters.read().refused_peers, 21);
    assert_eq!(desk.passed_on(phone.at, &send("8.8.8.8:80", b"x")), None, "came with a closed one");
}

#[test]
fn data_goes_to_a_permitted_peer_by_indication_and_by_channel() {
    let mut desk = Desk::new();
    let mut phone = Phone::of(1, 1);
    assert_eq!(phone.allocate(&mut desk), 0);

    assert_eq!(desk.passed_on(phone.at, &send("8.8.8.8:80", b"early")), None);
    assert_eq!(desk.passed_on(phone.at, b"\x40\x00\x00\x05early"), None);
    assert_eq!(phone.permit(&mut desk, &["9.9.9.9", PUBLIC]), 0);
    assert_eq!(phone.bind(&mut desk, 0x4000, "8.8.8.8:80"), 0);

    let to = |peer: &str, data: &[u8]| Some((peer.parse().unwrap(), data.to_vec()));
    assert_eq!(desk.passed_on(phone.at, &send("9.9.9.9:53", b"first")), to("9.9.9.9:53", b"first"));
    assert_eq!(desk.passed_on(phone.at, &send("8.8.8.8:53", b"second")), to("8.8.8.8:53", b"second"));
    assert_eq!(desk.passed_on(phone.at, b"\x40\x00\x00\x05third"), to("8.8.8.8:80", b"third"));
    assert_eq!(desk.passed_on(phone.at, b"\x40\x00\x00\x02padded"), to("8.8.8.8:80", b"pa"));
    assert_eq!(desk.passed_on(phone.at, b"\x40\x00\x00\x06short"), None);
    assert_eq!(desk.passed_on(phone.at, b"\x40\x01\x00\x05other"), None);
    assert_eq!(desk.passed_on(Phone::of(1, 2).at, b"\x40\x00\x00\x05third"), None);
    assert_eq!(desk.passed_on(phone.at, &send("8.8.8.8:0", b"x")), None);
    desk.wait(LIFETIME);
    assert_eq!(desk.passed_on(phone.at, b"\x40\x00\x00\x05third"), None);
}

#[test]
fn two_users_of_this_relay_reach_each_other_through_it_and_nothing_else_of_the_machine() {
    let mut desk = Desk::new();
    let [mut left, mut right] = [Phone::of(1, 1), Phone::of(2, 2)];
    assert_eq!((left.allocate(&mut desk), right.allocate(&mut desk)), (0, 0));
    let [left_relay, right_relay] = [50_001, 50_002].map(|port| format!("{RELAY_IP}:{port}"));
    assert_eq!(left.bind(&mut desk, 0x4000, &right_relay), 0);

    assert_eq!(desk.passed_on(left.at, b"\x40\x00\x00\x02hi"), None, "the other side has not let it in");
    assert_eq!(right.permit(&mut desk, &[RELAY_IP]), 0);
    let (to, heard) = desk.passed_on(left.at, b"\x40\x00\x00\x02hi").unwrap();
    assert_eq!(to, right.at);
    let message = Message::parse(&heard).unwrap();
    assert_eq!(message.address(attribute::XOR_PEER_ADDRESS), Some(left_relay.parse().unwrap()));
    assert_eq!(message.get(attribute::DATA), Some(b"hi".as_slice()));

    assert_eq!(right.bind(&mut desk, 0x4abc, &left_relay), 0);
    assert_eq!(desk.passed_on(left.at, b"\x40\x00\x00\x02hi").unwrap().1, b"\x4a\xbc\x00\x02hi");
    assert_eq!(right.permit(&mut desk, &[RELAY_IP]), 0);
    for port in [22, 3478, 50_003] {
        let closed = format!("{RELAY_IP}:{port}");
        assert_eq!(desk.passed_on(right.at, &send(&closed, b"x")), None, "{closed}");
    }
}

#[test]
fn a_user_over_the_bandwidth_loses_packets_and_nothing_else() {
    let mut desk = Desk::with(Quota { per_user: 2, in_all: 5, kbps_per_user: 8 });
    let mut phone = Phone::of(1, 1);
    assert_eq!(phone.allocate(&mut desk), 0);
    assert_eq!(phone.permit(&mut desk, &[PUBLIC]), 0);
    let packet = send("8.8.8.8:1", &[7; 1000]);

    let passed = (0..100).filter(|_| desk.passed_on(phone.at, &packet).is_some()).count();

    assert_eq!(passed, 16);
    assert_eq!(phone.refresh(&mut desk, 0), 0);
    assert_eq!(phone.allocate(&mut desk), 0);
    assert_eq!(phone.permit(&mut desk, &[PUBLIC]), 0);
    assert_eq!(desk.passed_on(phone.at, &packet), None, "a new relay is no fresh start");
    desk.wait(Duration::from_secs(1));
    assert!(desk.passed_on(phone.at, &packet).is_some());
}

#[test]
fn a_user_without_a_relay_is_forgotten_after_a_while() {
    let mut desk = Desk::new();
    let mut phone = Phone::of(1, 1);
    assert_eq!(phone.allocate(&mut desk), 0);
    assert_eq!(phone.refresh(&mut desk, 0), 0);

    desk.rules.expire(desk.now.instant);
    assert_eq!(desk.rules.users.len(), 1);
    desk.wait(USER_MEMORY);
    desk.rules.expire(desk.now.instant);
    assert!(desk.rules.users.is_empty());
}

proptest! {
    #[test]
    fn no_datagram_makes_the_relay_panic_or_remember(
        bytes in prop::collection::vec(any::<u8>(), 0..120),
        kind in 0_usize..6,
    ) {
        let mut desk = Desk::new();
        let methods = [method::BINDING, method::ALLOCATE, method::REFRESH, method::CREATE_PERMISSION,
            method::CHANNEL_BIND, method::SEND];
        let mut dressed = Writer::new(Class::Request, methods[kind], [1; 12]).finish();
        dressed.extend(&bytes);
        dressed.resize(dressed.len().next_multiple_of(4), 0);
        let length = (dressed.len() - 20) as u16;
        dressed[2..4].copy_from_slice(&length.to_be_bytes());

        let _step = desk.step(Phone::of(1, 1).at, &bytes);
        let _step = desk.step(Phone::of(1, 1).at, &dressed);

        prop_assert!(desk.rules.held.is_empty() && desk.rules.users.is_empty());
    }

    #[test]
    fn no_damaged_request_of_a_good_user_makes_the_relay_panic(
        at in any::<prop::sample::Index>(), bits in 1_u8.., kind in 0_usize..5,
    ) {
        let mut desk = Desk::new();
        let mut phone = Phone::of(1, 1);
        prop_assert_eq!(phone.allocate(&mut desk), 0);
        let peer: SocketAddr = "8.8.8.8:1".parse().unwrap();
        let mut datagram = match kind {
            0 => phone.signed(&desk, method::ALLOCATE, over_udp),
            1 => phone.signed(&desk, method::REFRESH, |w| w.with(attribute::LIFETIME, &[0; 4])),
            2 => phone.signed(&desk, method::CREATE_PERMISSION, |w| {
                w.with_address(attribute::XOR_PEER_ADDRESS, peer)
            }),
            3 => send("8.8.8.8:1", b"hello"),
            _ => b"\x40\x00\x00\x05hello".to_vec(),
        };
        let at = at.index(datagram.len());
        datagram[at] ^= bits;

        let _step = desk.step(phone.at, &datagram);

        prop_assert_eq!(desk.rules.held.len(), 1);
    }
}
