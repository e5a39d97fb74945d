//! Long polling.
use super::{super::*, support::*};
use hyper::StatusCode;
use serde_json::json;
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

#[tokio::test]
async fn packets_in_one_body_are_events_in_order() {
    let mut server = Server::new(SocketSettings::default());
    let (query, id) = server.connected_poller().await;
    let poller = server.resume(&query);

    poller.post("421[\"echo\",1]\u{1e}422[\"echo\",\"é\"]\u{1e}3\u{1e}42[\"echo\",3]").await;

    // All were handled before the body was answered, so one poll takes all answers.
    assert_eq!(poller.get().await, "431[1]\u{1e}432[\"é\"]\u{1e}42[\"echo\",3]");
    for payload in [json!(1), json!("é"), json!(3)] {
        assert_eq!(server.seen().await, Seen::Event(id, "echo".into(), payload));
    }
}

#[tokio::test]
async fn a_connect_and_its_first_event_may_share_a_body() {
    let mut server = Server::new(SocketSettings::default());
    let poller = server.poller().await;

    poller.post("40\u{1e}421[\"echo\"]").await;

    let body = poller.get().await;
    let (connected, echoed) = body.split_once('\u{1e}').unwrap();
    assert!(connected.starts_with("40{"));
    assert_eq!(echoed, "431[null]");
    assert!(matches!(server.seen().await, Seen::Opened(_)));
}

#[tokio::test]
async fn a_waiting_poll_is_answered_when_something_is_sent() {
    let mut server = Server::new(SocketSettings::default());
    let (query, id) = server.connected_poller().await;
    let poller = server.resume(&query);

    let (body, sent) = tokio::join!(poller.get(), async {
        tokio::task::yield_now().await;
        server.sockets.hub().send(id, Frame::event("news", &1).unwrap())
    });

    assert!(sent);
    assert_eq!(body, "42[\"news\",1]");
}

#[tokio::test]
async fn two_polls_at_once_end_the_session() {
    let mut server = Server::new(SocketSettings::default());
    let (query, id) = server.connected_poller().await;
    let poller = server.resume(&query);

    let (first, second) = tokio::join!(poller.try_get(), async {
        tokio::task::yield_now().await;
        poller.try_get().await
    });

    assert_eq!((second.status, second.code()), (StatusCode::BAD_REQUEST, json!(3)));
    assert_eq!(first.body, "1");
    assert_eq!(server.seen().await, Seen::Closed(id, CloseReason::TransportError));
}

#[tokio::test]
async fn two_bodies_at_once_end_the_session() {
    let mut server = Server::new(SocketSettings::default());
    let (query, id) = server.connected_poller().await;
    let poller = server.resume(&query);

    let (first, second) = tokio::join!(poller.try_post("421[\"wait\"]"), async {
        tokio::task::yield_now().await;
        let second = poller.try_post("422[\"echo\"]").await;
        server.service.gate.add_permits(1);
        second
    });

    assert_eq!(first.status, StatusCode::OK);
    assert_eq!((second.status, second.code()), (StatusCode::BAD_REQUEST, json!(3)));
    assert_eq!(server.seen().await, Seen::Event(id, "wait".into(), json!(null)));
    assert_eq!(server.seen().await, Seen::Closed(id, CloseReason::TransportError));
}

#[tokio::test]
async fn a_poll_that_was_given_up_takes_nothing_with_it() {
    let mut server = Server::new(SocketSettings::default());
    let (query, id) = server.connected_poller().await;
    let poller = server.resume(&query);

    let given_up = tokio::time::timeout(Duration::from_millis(1), poller.try_get()).await;
    server.sockets.hub().send(id, Frame::event("news", &1).unwrap());

    assert!(given_up.is_err());
    assert_eq!(poller.get().await, "42[\"news\",1]");
}

#[tokio::test]
async fn binary_packets_are_consumed_and_their_event_is_refused() {
    let mut server = Server::new(SocketSettings::default());
    let (query, id) = server.connected_poller().await;
    let poller = server.resume(&query);

    poller.post("451-7[\"file\",{\"_placeholder\":true,\"num\":0}]\u{1e}bAQID\u{1e}428[\"echo\"]").await;

    assert_eq!(poller.get().await, "437[{\"fault\":\"Binary\"}]\u{1e}438[null]");
    assert_eq!(server.seen().await, Seen::Malformed(id, Fault::Binary, Some("file".into()), Some(7)));
}

#[tokio::test]
async fn a_body_that_is_too_large_or_no_text_is_refused_and_the_session_lives() {
    let mut server = Server::new(SocketSettings { hard_limit: 200_000, ..Default::default() });
    let (query, id) = server.connected_poller().await;
    let poller = server.resume(&query);

    assert_eq!(poller.try_post(&"x".repeat(200_001)).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    poller.post(&format!("423[\"large\",\"{}\"]\u{1e}b!!\u{1e}424[\"echo\"]", "x".repeat(65_536))).await;

    assert_eq!(
        poller.get().await,
        "433[{\"fault\":\"TooLarge\"}]\u{1e}42[\"call:error\",{\"fault\":\"BadPacket\"}]\u{1e}434[null]"
    );
    assert_eq!(server.seen().await, Seen::Malformed(id, Fault::TooLarge, Some("large".into()), Some(3)));
}

#[tokio::test]
async fn a_body_that_is_no_utf8_is_refused_over_a_real_connection() {
    let mut server = Server::listening(SocketSettings::default()).await;
    let (query, _) = server.connected_poller().await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let mut ask = async |head: &str, body: &[u8]| {
        let length = body.len();
        let head = format!("{head} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(body).await.unwrap();
        let mut answer = [0; 1000];
        let length = stream.read(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer[..length]).into_owned()
    };

    let bad = ask(&format!("POST /socket.io/?{query}"), b"42[\"\xFF\"]").await;
    let good = ask(&format!("POST /socket.io/?{query}"), b"42[\"echo\"]").await;
    let polled = ask(&format!("GET /socket.io/?{query}"), b"").await;

    assert!(
        bad.starts_with("HTTP/1.1 400") && bad.ends_with("{\"code\":3,\"message\":\"Bad request\"}"),
        "{bad}"
    );
    assert!(good.starts_with("HTTP/1.1 200") && good.ends_with("ok"), "{good}");
    assert!(polled.ends_with("42[\"echo\",null]"), "{polled}");
}

#[tokio::test]
async fn a_client_that_says_goodbye_is_gone() {
    for (goodbye, reason) in [("41", CloseReason::ClientDisconnect), ("1", CloseReason::TransportClosed)] {
        let mut server = Server::new(SocketSettings::default());
        let (query, id) = server.connected_poller().await;
        let poller = server.resume(&query);

        let (polled, ()) = tokio::join!(poller.get(), poller.post(goodbye));

        assert_eq!(polled, "1");
        assert_eq!(server.seen().await, Seen::Closed(id, reason));
        assert!(!server.sockets.hub().send(id, Frame::event("late", &1).unwrap()));
    }
}

#[tokio::test]
async fn a_body_of_many_packets_and_answers_ends_with_a_slow_reader() {
    let mut server = Server::new(SocketSettings { outbox_limit: 2000, ..Default::default() });
    let (query, id) = server.connected_poller().await;
    let poller = server.resume(&query);

    let _ = poller.try_post(&"x\u{1e}".repeat(10_000)).await;

    loop {
        match server.seen().await {
            Seen::Malformed(..) => {}
            end => break assert_eq!(end, Seen::Closed(id, CloseReason::SlowReader)),
        }
    }
}
