//! What happens while a call only rings.
use crate::pair::{End, OPEN, PATIENCE, Pair, remote, settings};
use calls_machine::{FromPeer, PeerOrder, RemoteCandidate};
use calls_protocol::{Candidate, IceServers};
use std::{net::Ipv4Addr, time::Duration};
use tokio::{net::UdpSocket, time::timeout};

/// Nothing in this time is nothing: a check would come every few milliseconds.
const SILENCE: Duration = Duration::from_millis(400);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_packet_goes_to_the_other_side_before_the_person_wants_the_call() {
    let sniffer = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = sniffer.local_addr().unwrap().port();
    let line = format!("candidate:1 1 udp 2130706431 127.0.0.1 {port} typ host");
    let mut buffer = [0; 1500];
    let mut a = End::new(settings(), IceServers::default()).await;
    a.order(PeerOrder::MakeOffer { restart: false }).await;
    let offer = a.next_offer().await;

    // Once among the addresses of the description, once by itself.
    let with_address = format!("{}a={line}\r\na=end-of-candidates\r\n", offer.sdp().unwrap());
    let mut b = End::new(settings(), IceServers::default()).await;
    b.order(PeerOrder::TakeOffer(calls_protocol::Sdp::object("offer", &with_address))).await;
    let json = format!(r#"{{"candidate":"{line}","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":"x"}}"#);
    let candidate = Candidate::from_json(&json).unwrap();
    b.order(PeerOrder::TakeCandidate(RemoteCandidate { candidate, sdp_mid: None, sdp_m_line_index: None }))
        .await;
    b.order(PeerOrder::Gate(OPEN)).await;

    while !matches!(b.next().await, FromPeer::Candidate(_)) {}
    assert!(timeout(SILENCE, sniffer.recv_from(&mut buffer)).await.is_err(), "a packet came");
    b.order(PeerOrder::Connect).await;
    let (length, _) = timeout(PATIENCE, sniffer.recv_from(&mut buffer)).await.unwrap().unwrap();
    assert_eq!((buffer[0], buffer[1], length > 20), (0, 1, true), "a check comes as soon as it may");
    a.peer.close().await;
    b.peer.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn checks_of_the_other_side_are_not_answered_before_the_person_wants_the_call() {
    let pair = Pair::new(settings, IceServers::default()).await;
    let (mut a, mut b) = (pair.a, pair.b);
    for end in [&a, &b] {
        end.order(PeerOrder::Gate(OPEN)).await;
    }
    a.order(PeerOrder::Connect).await;
    a.order(PeerOrder::MakeOffer { restart: false }).await;
    let offer = a.next_offer().await;
    b.order(PeerOrder::TakeOffer(offer)).await;
    let answer = b.next_answer().await;
    let FromPeer::Candidate(candidate) = b.next().await else { panic!("no address") };
    // The other side knows everything and tries.
    a.order(PeerOrder::TakeAnswer(answer)).await;
    a.order(PeerOrder::TakeCandidate(remote(candidate))).await;
    a.wait_for(&FromPeer::AnswerApplied).await;

    assert!(timeout(SILENCE, a.wait_for(&FromPeer::Up)).await.is_err(), "it was let in");
    b.order(PeerOrder::Connect).await;
    a.wait_for(&FromPeer::Up).await;
    b.wait_for(&FromPeer::Up).await;
    a.peer.close().await;
    b.peer.close().await;
}
