//! Who offers when.
use crate::{
    media::{send_voice, voice},
    pair::{OPEN, PATIENCE, Pair, settings},
};
use calls_core::peer::PeerSettings;
use calls_machine::{FromPeer, PeerOrder};
use calls_protocol::{IceServers, Sdp};
use std::time::{Duration, Instant};

/// That voice goes both ways, sooner or later: what is on its way while paths change is lost.
async fn assert_both_heard(pair: &mut Pair) {
    let deadline = Instant::now() + PATIENCE;
    let (mut at_a, mut at_b) = (false, false);
    while pair.a.out.voice.try_recv().is_ok() || pair.b.out.voice.try_recv().is_ok() {}
    while !(at_a && at_b) {
        assert!(Instant::now() < deadline, "heard at a: {at_a}, at b: {at_b}");
        send_voice(&pair.a.peer, voice(7000)).await;
        send_voice(&pair.b.peer, voice(8000)).await;
        pair.carry(Duration::from_millis(5)).await;
        at_b |= pair.b.out.voice.try_recv().is_ok_and(|heard| heard.payload == voice(7000).payload);
        at_a |= pair.a.out.voice.try_recv().is_ok_and(|heard| heard.payload == voice(8000).payload);
    }
}

fn setup_of(answer: &Sdp) -> String {
    let text = answer.sdp().unwrap().into_owned();
    text.lines().find(|line| line.starts_with("a=setup:")).unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn either_side_offers_again_and_roles_stay() {
    let mut pair = Pair::connected(settings, IceServers::default()).await;
    assert_both_heard(&mut pair).await;

    // The one who answered first was the client of DTLS; now it offers, and the other answers as the server it was.
    for round in 0..4 {
        let (from, to) = if round % 2 == 0 { (&mut pair.b, &mut pair.a) } else { (&mut pair.a, &mut pair.b) };
        from.order(PeerOrder::MakeOffer { restart: false }).await;
        let offer = from.next_offer().await;
        to.order(PeerOrder::TakeOffer(offer)).await;
        let answer = to.next_answer().await;
        assert_eq!(setup_of(&answer), if round % 2 == 0 { "a=setup:passive" } else { "a=setup:active" });
        from.order(PeerOrder::TakeAnswer(answer)).await;
        from.wait_for(&FromPeer::AnswerApplied).await;
        assert_both_heard(&mut pair).await;
    }
    pair.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_offer_at_once_and_one_takes_its_own_back() {
    for is_first_time in [true, false] {
        let mut pair = if is_first_time {
            let pair = Pair::new(settings, IceServers::default()).await;
            for end in [&pair.a, &pair.b] {
                end.order(PeerOrder::Gate(OPEN)).await;
                end.order(PeerOrder::Connect).await;
            }
            pair
        } else {
            Pair::connected(settings, IceServers::default()).await
        };
        for end in [&pair.a, &pair.b] {
            end.order(PeerOrder::MakeOffer { restart: false }).await;
        }
        let mut offers = Vec::new();
        for end in [&mut pair.a, &mut pair.b] {
            offers.push(loop {
                if let FromPeer::OfferMade(offer) = end.next().await {
                    break offer;
                }
            });
        }

        pair.b.order(PeerOrder::RollBack).await;
        pair.b.order(PeerOrder::TakeOffer(offers.swap_remove(0))).await;
        // What was taken back is made again.
        pair.until(|pair| pair.a.heard.contains(&FromPeer::AnswerApplied)).await;
        pair.b.order(PeerOrder::MakeOffer { restart: false }).await;
        pair.until(|pair| pair.b.heard.contains(&FromPeer::AnswerApplied)).await;

        if is_first_time {
            pair.until(|pair| pair.a.heard.contains(&FromPeer::Up) && pair.b.heard.contains(&FromPeer::Up))
                .await;
        }
        for end in [&pair.a, &pair.b] {
            assert!(!end.heard.iter().any(|said| matches!(said, FromPeer::OurFault | FromPeer::TheirFault)));
        }
        assert_both_heard(&mut pair).await;
        pair.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_by_either_side_moves_to_new_sockets_and_voice_goes_on() {
    let mut pair = Pair::connected(settings, IceServers::default()).await;
    for by_b in [false, true, false] {
        let (from, to) = if by_b { (&pair.b, &pair.a) } else { (&pair.a, &pair.b) };
        let count = |end: &crate::pair::End| end.heard.iter().filter(|said| **said == FromPeer::Up).count();
        let (ups_from, ups_to) = (count(from), count(to));

        from.order(PeerOrder::MakeOffer { restart: true }).await;

        pair.until(|pair| {
            let (from, to) = if by_b { (&pair.b, &pair.a) } else { (&pair.a, &pair.b) };
            count(from) > ups_from && count(to) > ups_to
        })
        .await;
        assert_both_heard(&mut pair).await;
    }
    pair.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_that_has_no_place_in_what_was_agreed_on_asks_for_an_offer() {
    let pair = Pair::new(settings, IceServers::default()).await;
    let (mut a, mut b) = (pair.a, pair.b);
    a.order(PeerOrder::MakeOffer { restart: false }).await;
    let offer = a.next_offer().await;
    let text = offer.sdp().unwrap();
    // As a browser offers that has only a microphone.
    let voice_only = text[..text.find("m=video").unwrap()].replace("BUNDLE 0 1", "BUNDLE 0");

    b.order(PeerOrder::TakeOffer(Sdp::object("offer", &voice_only))).await;
    let answer = b.next_answer().await;
    assert!(!answer.sdp().unwrap().contains("m=video"));
    b.order(PeerOrder::Gate(OPEN)).await;
    b.wait_for(&FromPeer::WantsToOffer).await;

    b.order(PeerOrder::MakeOffer { restart: false }).await;
    let again = loop {
        if let FromPeer::OfferMade(offer) = b.next().await {
            break offer;
        }
    };
    assert!(again.sdp().unwrap().contains("m=video"));
    a.peer.close().await;
    b.peer.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_browser_put_everything_on_hold_and_took_it_back_both_are_heard() {
    let mut pair = Pair::connected(settings, IceServers::default()).await;
    assert_both_heard(&mut pair).await;

    for (ours, theirs) in
        [("a=inactive", "a=inactive"), ("a=sendonly", "a=recvonly"), ("a=sendrecv", "a=sendrecv")]
    {
        pair.a.order(PeerOrder::MakeOffer { restart: false }).await;
        let offer = pair.a.next_offer().await;
        let offer = offer.sdp().unwrap().replace("a=sendrecv", ours);
        pair.b.order(PeerOrder::TakeOffer(Sdp::object("offer", &offer))).await;
        let answer = pair.b.next_answer().await;
        let text = answer.sdp().unwrap();
        assert_eq!(text.matches(theirs).count(), 2, "{ours}: {text}");
        pair.a.order(PeerOrder::TakeAnswer(answer)).await;
        pair.a.wait_for(&FromPeer::AnswerApplied).await;
    }

    assert_both_heard(&mut pair).await;
    pair.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_ipv6_too() {
    if std::net::UdpSocket::bind("[::1]:0").is_err() {
        println!("this machine has no IPv6");
        return;
    }
    let settings = || PeerSettings { addresses: vec!["[::1]:0".parse().unwrap()], ..settings() };
    let mut pair = Pair::connected(settings, IceServers::default()).await;
    assert_both_heard(&mut pair).await;
    pair.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_restart_at_once_and_still_come_to_new_sockets() {
    for a_restarts_too in [true, false] {
        let mut pair = Pair::connected(settings, IceServers::default()).await;
        pair.a.order(PeerOrder::MakeOffer { restart: a_restarts_too }).await;
        pair.b.order(PeerOrder::MakeOffer { restart: true }).await;
        let offer = pair.a.next_offer().await;
        pair.b.next_offer().await;
        (pair.a.heard, pair.b.heard) = (Vec::new(), Vec::new());

        pair.b.order(PeerOrder::RollBack).await;
        pair.b.order(PeerOrder::TakeOffer(offer)).await;
        pair.until(|pair| pair.a.heard.contains(&FromPeer::AnswerApplied)).await;
        // The restart that was taken back is still owed.
        pair.b.order(PeerOrder::MakeOffer { restart: true }).await;
        pair.until(|pair| pair.b.heard.contains(&FromPeer::AnswerApplied)).await;

        pair.until(|pair| pair.a.heard.contains(&FromPeer::Up) && pair.b.heard.contains(&FromPeer::Up)).await;
        assert_both_heard(&mut pair).await;
        pair.close().await;
    }
}
