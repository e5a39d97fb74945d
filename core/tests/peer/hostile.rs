//! The other side sends nonsense.
use crate::{
    forwarder::Forwarder,
    media::{send_voice, voice},
    pair::{End, OPEN, PATIENCE, Pair, remote, settings},
};
use calls_core::peer::PeerSettings;
use calls_machine::{FromPeer, PeerOrder, RemoteCandidate};
use calls_protocol::{Candidate, IceServers, Sdp};
use std::{
    net::Ipv4Addr,
    time::{Duration, Instant},
};
use tokio::{net::UdpSocket, time::timeout};

async fn offer() -> String {
    let mut end = End::new(settings(), IceServers::default()).await;
    end.order(PeerOrder::MakeOffer { restart: false }).await;
    let offer = end.next_offer().await;
    end.peer.close().await;
    offer.sdp().unwrap().into_owned()
}

async fn verdict_on(order: PeerOrder) -> FromPeer {
    let mut end = End::new(settings(), IceServers::default()).await;
    end.order(order).await;
    let said = end.next().await;
    end.peer.close().await;
    said
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_that_makes_no_sense_is_their_fault() {
    let good = offer().await;
    let without = |part: &str| {
        good.lines()
            .filter(|line| !line.starts_with(part))
            .map(|line| format!("{line}\r\n"))
            .collect::<String>()
    };
    let line = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        good.replace(from, to)
    };
    let bad = [
        String::new(),
        "hello".into(),
        "v=0".into(),
        "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n".into(),
        format!("\u{0}{good}"),
        format!("{good}{}", "a=x\r\n".repeat(100_000)),
        format!("{good}a={}\r\n", "x".repeat(10_000)),
        format!("{good}\u{7}\r\n"),
        format!("{good}no line\r\n"),
        format!("{good}{}", "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:x\r\n".repeat(2)),
        format!(
            "{good}{}",
            (0..100).map(|n| format!("m=audio 9 RTP/AVP 1\r\na=mid:m{n}\r\n")).collect::<String>()
        ),
        without("a=ice-ufrag"),
        without("a=ice-pwd"),
        without("a=fingerprint"),
        without("a=mid"),
        without("v="),
        without("o="),
        line("m=audio 9 ", "m=audio 99999 "),
        line("m=audio 9 ", "m=audio "),
        line("m=audio 9 UDP/TLS/RTP/SAVPF 111", "m=audio 9 UDP/TLS/RTP/SAVPF 300"),
        line("a=rtpmap:111 opus/48000/2", "a=rtpmap:x opus/48000/2"),
        line("a=rtpmap:111 opus/48000/2", "a=rtpmap:111 opus/99999999999999999999/2"),
        line("a=fingerprint:sha-256 ", "a=fingerprint:sha-256 ZZ:"),
        line("a=fingerprint:sha-256 ", "a=fingerprint:md5 "),
        line("a=extmap:1 ", "a=extmap:0 "),
        line("a=extmap:1 ", "a=extmap:99999999 "),
        line("a=ssrc:", "a=ssrc:-"),
        line("a=mid:0", "a=mid:"),
        format!("{good}a=candidate:nonsense\r\n"),
    ];

    for text in bad {
        let said = verdict_on(PeerOrder::TakeOffer(Sdp::object("offer", &text))).await;
        let is_fault = said == FromPeer::TheirFault;
        // An address comes after the description, so that one is answered first.
        let is_answer = text.ends_with("a=candidate:nonsense\r\n") && matches!(said, FromPeer::AnswerMade(_));
        assert!(is_fault || is_answer, "{said:?} to {}", &text[text.len().saturating_sub(300)..]);
    }
    assert_eq!(verdict_on(PeerOrder::TakeOffer(Sdp::from_json("{}").unwrap())).await, FromPeer::TheirFault);
}

/// Changes descriptions at random; the seed is told.
struct Changer {
    state: u64,
}

impl Changer {
    fn new() -> (Self, u64) {
        let of = |name: &str, default| {
            std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
        };
        let (seed, rounds) = (of("SEED", 1), of("ROUNDS", 200));
        println!("SEED={seed} ROUNDS={rounds}");
        (Self { state: seed }, rounds)
    }

    fn draw(&mut self, below: usize) -> usize {
        self.state =
            self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) as usize % below
    }

    fn word(&mut self) -> &'static str {
        const WORDS: [&str; 14] = [
            "0",
            "-1",
            "65536",
            "4294967296",
            "",
            ":",
            "/",
            "a=",
            "\u{fc}",
            "999999999999999999999",
            "1 1",
            ";",
            "=",
            "*",
        ];
        WORDS[self.draw(WORDS.len())]
    }

    fn change(&mut self, text: &str) -> String {
        let lines: Vec<&str> = text.lines().collect();
        let mut changed: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        for _ in 0..=self.draw(3) {
            let (at, other) = (self.draw(changed.len()), lines[self.draw(lines.len())]);
            match self.draw(6) {
                0 => drop(changed.remove(at)),
                1 => changed.insert(at, other.to_owned()),
                2 => {
                    let kept = self.draw(30);
                    changed[at] = other.chars().take(kept).collect::<String>() + self.word();
                }
                3 => {
                    let parts: Vec<&str> = changed[at].split([' ', ':']).collect();
                    let part = parts[self.draw(parts.len())].to_owned();
                    changed[at] = changed[at].replacen(&part, self.word(), 1);
                }
                4 => changed[at].push_str(self.word()),
                _ => {
                    let kept = self.draw(changed[at].chars().count() + 1);
                    changed[at] = changed[at].chars().take(kept).collect();
                }
            }
        }
        changed.join("\r\n")
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_changed_in_an_offer_is_answered_or_refused() {
    let good = offer().await;
    let (mut changer, rounds) = Changer::new();
    let (mut answered, mut refused) = (0, 0);

    for round in 0..rounds {
        let text = changer.change(&good);
        match verdict_on(PeerOrder::TakeOffer(Sdp::object("offer", &text))).await {
            FromPeer::AnswerMade(_) => answered += 1,
            FromPeer::TheirFault => refused += 1,
            said => panic!("round {round}: {said:?} to\n{text}"),
        }
    }

    println!("{answered} answered, {refused} refused");
    assert!(answered > 0 && refused > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_changed_in_an_answer_is_applied_or_refused() {
    let mut end = End::new(settings(), IceServers::default()).await;
    end.order(PeerOrder::TakeOffer(Sdp::object("offer", &offer().await))).await;
    let good = end.next_answer().await.sdp().unwrap().into_owned();
    end.peer.close().await;
    let (mut changer, rounds) = Changer::new();
    let (mut applied, mut refused) = (0, 0);

    for round in 0..rounds {
        let text = changer.change(&good);
        let mut end = End::new(settings(), IceServers::default()).await;
        end.order(PeerOrder::Connect).await;
        end.order(PeerOrder::MakeOffer { restart: false }).await;
        end.next_offer().await;
        end.order(PeerOrder::TakeAnswer(Sdp::object("answer", &text))).await;
        loop {
            match end.next().await {
                FromPeer::AnswerApplied => applied += 1,
                FromPeer::TheirFault => refused += 1,
                FromPeer::Candidate(_) => continue,
                said => panic!("round {round}: {said:?} to\n{text}"),
            }
            break;
        }
        end.peer.close().await;
    }

    println!("{applied} applied, {refused} refused");
    assert!(applied > 0 && refused > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_to_nothing_is_ignored_and_one_that_makes_no_sense_is_their_fault() {
    let mut end = End::new(settings(), IceServers::default()).await;
    end.order(PeerOrder::TakeAnswer(Sdp::object("answer", "nonsense"))).await;
    end.order(PeerOrder::MakeOffer { restart: false }).await;
    let offer = end.next_offer().await;

    // Our own offer is none: both would wait for the other to begin DTLS, and the m-lines say nothing new.
    end.order(PeerOrder::TakeAnswer(Sdp::object("answer", "nonsense"))).await;
    end.wait_for(&FromPeer::TheirFault).await;
    let swapped = offer.sdp().unwrap().replace("a=mid:0", "a=mid:zero");
    end.order(PeerOrder::TakeAnswer(Sdp::object("answer", &swapped))).await;
    end.wait_for(&FromPeer::TheirFault).await;
    end.peer.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_makes_no_sense_is_their_fault_and_one_of_no_use_is_not() {
    let offer = Sdp::object("offer", &offer().await);
    let mut end = End::new(settings(), IceServers::default()).await;
    end.order(PeerOrder::Connect).await;
    end.order(PeerOrder::TakeOffer(offer)).await;
    let take = |json: &str| {
        let candidate = Candidate::from_json(json).unwrap();
        PeerOrder::TakeCandidate(RemoteCandidate { candidate, sdp_mid: None, sdp_m_line_index: None })
    };
    while !matches!(end.next().await, FromPeer::Candidate(_)) {}

    for bad in [
        r#""candidate:""#.replace(':', " "),
        r#"{"candidate":7}"#.into(),
        "{}".into(),
        r#"{"candidate":"candidate:1 1 udp 1 1.2.3.4 99999 typ host"}"#.into(),
        r#"{"candidate":"candidate:1 1 udp 1 1.2.3.4 9 typ srflx raddr"}"#.into(),
        format!(r#"{{"candidate":"candidate:{} 1 udp 1 1.2.3.4 9 typ host"}}"#, "1".repeat(2000)),
    ] {
        end.order(take(&bad)).await;
        assert_eq!(end.next().await, FromPeer::TheirFault, "{bad}");
    }
    for useless in
        [r#"{"candidate":""}"#, r#""""#, r#"{"candidate":"candidate:1 1 udp 1 x.local 9 typ host"}"#]
    {
        end.order(take(useless)).await;
    }
    // A flood of good ones is cut off, not a fault.
    for port in 1..2000 {
        end.order(take(&format!(r#""candidate:1 1 udp 1 127.0.0.1 {port} typ host""#))).await;
    }
    end.peer.stats().await.unwrap();
    assert!(end.out.told.try_recv().is_err());
    end.peer.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn junk_at_the_socket_does_no_harm() {
    let mut pair = Pair::new(settings, IceServers::default()).await;
    for end in [&pair.a, &pair.b] {
        end.order(PeerOrder::Gate(OPEN)).await;
        end.order(PeerOrder::Connect).await;
    }
    pair.a.order(PeerOrder::MakeOffer { restart: false }).await;
    pair.b.order(PeerOrder::TakeOffer(pair.a.next_offer().await)).await;
    pair.a.order(PeerOrder::TakeAnswer(pair.b.next_answer().await)).await;
    let FromPeer::Candidate(address) = pair.b.next().await else { panic!("no address") };
    let port: u16 = address.candidate.as_json().split(' ').nth(5).unwrap().parse().unwrap();
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let mut state = 3_u64;
    let mut draw = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize
    };
    // First bytes of STUN, DTLS, channels of TURN, RTP and RTCP, and of nothing; whole heads of some.
    let heads: [&[u8]; 9] = [
        &[],
        &[0, 1, 0, 8, 0x21, 0x12, 0xa4, 0x42],
        &[1, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42],
        &[0, 0x17, 0, 4, 0x21, 0x12, 0xa4, 0x42],
        &[22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 20, 1],
        &[21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 40],
        &[0x40, 0, 0, 4],
        &[0x80, 111],
        &[0x81, 201, 0, 7],
    ];

    // Before, while, and after they connect.
    for round in 0..3 {
        for _ in 0..1000 {
            let head = heads[draw() % heads.len()];
            let rest: Vec<u8> = (0..draw() % 200).map(|_| draw() as u8).collect();
            socket.send_to(&[head, &rest].concat(), (Ipv4Addr::LOCALHOST, port)).await.unwrap();
        }
        if round == 0 {
            pair.a.order(PeerOrder::TakeCandidate(remote(address.clone()))).await;
        }
        if round == 1 {
            pair.until(|pair| pair.a.heard.contains(&FromPeer::Up) && pair.b.heard.contains(&FromPeer::Up))
                .await;
        }
    }

    // A flood fills the buffer of the socket, and what comes then is lost.
    let deadline = Instant::now() + PATIENCE;
    let heard = loop {
        send_voice(&pair.a.peer, voice(5)).await;
        if let Ok(Some(heard)) = timeout(Duration::from_millis(50), pair.b.out.voice.recv()).await {
            break heard;
        }
        assert!(Instant::now() < deadline, "nothing is heard");
    };
    assert_eq!(heard.payload, voice(5).payload);
    for end in [&pair.a, &pair.b] {
        assert!(!end.heard.iter().any(|said| matches!(said, FromPeer::OurFault | FromPeer::TheirFault)));
    }
    pair.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_socket_to_be_had_is_our_fault() {
    // Of a network for documentation: no device has it.
    let settings = PeerSettings { addresses: vec!["203.0.113.77:0".parse().unwrap()], ..settings() };
    let mut end = End::new(settings, IceServers::default()).await;

    assert_eq!(end.next().await, FromPeer::OurFault);
    end.order(PeerOrder::Connect).await;
    end.order(PeerOrder::Close).await;
    end.peer.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn packets_forged_on_the_way_are_neither_heard_nor_the_end() {
    let forwarder = Forwarder::new(11).await;
    // From the first packet on: checks and handshakes are forged, too.
    forwarder.forge(700);
    let mut pair = forwarder.pair(settings).await;
    let mut heard = std::collections::BTreeSet::new();

    for number in 0..400 {
        send_voice(&pair.a.peer, voice(number)).await;
        send_voice(&pair.b.peer, voice(number)).await;
        let came = crate::media::packet(&mut pair.b.out.voice).await;
        let sent: Vec<_> = (0..=number).map(|number| voice(number).payload).collect();
        assert!(sent.contains(&came.payload), "nobody sent this");
        heard.insert(came.payload);
    }

    assert_eq!(heard.len(), 400, "each was heard once");
    let stats = pair.b.peer.stats().await.unwrap();
    assert!(stats.path.is_some(), "{stats:?}");
    pair.close().await;
}
