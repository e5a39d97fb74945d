//! Too much, too fast, too large: the one socket is refused or dropped, the others notice nothing.
use super::{super::*, support::*};
use futures_util::SinkExt as _;
use serde_json::json;
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time,
};
use tokio_tungstenite::tungstenite::Message;

#[tokio::test(start_paused = true)]
async fn events_over_the_limit_are_refused_until_time_has_passed() {
    let mut server = Server::new(SocketSettings::default());
    let mut client = server.on_a_pipe(1 << 20).await;
    client.connect().await;
    let Seen::Opened(id) = server.seen().await else { panic!("opened first") };

    for n in 0..101 {
        client.send(&format!("42{n}[\"echo\",{n}]")).await;
    }

    for n in 0..100 {
        assert_eq!(client.text().await, format!("43{n}[{n}]"));
        assert_eq!(server.seen().await, Seen::Event(id, "echo".into(), json!(n)));
    }
    assert_eq!(client.text().await, r#"43100[{"fault":"RateLimited"}]"#);
    assert_eq!(server.seen().await, Seen::Malformed(id, Fault::RateLimited, Some("echo".into()), Some(100)));
    time::advance(Duration::from_millis(100)).await;
    client.send(r#"421["echo"]"#).await;
    assert_eq!(client.text().await, "431[null]");
}

#[tokio::test]
async fn a_flood_of_garbage_meets_the_same_limit() {
    let mut server = Server::listening(SocketSettings { events_per_second: 5, ..Default::default() }).await;
    let (mut client, id) = server.connected().await;

    for _ in 0..20 {
        client.send("garbage").await;
    }

    let mut faults = vec![];
    for _ in 0..20 {
        let Seen::Malformed(of, fault, None, None) = server.seen().await else { panic!("only faults") };
        assert_eq!(of, id);
        faults.push(fault);
    }
    assert_eq!(faults[..5], [Fault::BadPacket; 5]);
    assert!(faults[5..].contains(&Fault::RateLimited));
}

#[tokio::test]
async fn a_message_over_the_hard_limit_ends_the_connection() {
    let mut server = Server::listening(SocketSettings::default()).await;
    let (mut client, id) = server.connected().await;

    // The server stops reading at the header, so the rest may not fit into the connection.
    let _ = client.0.send(Message::text("x".repeat(1_000_001))).await;

    assert_eq!(server.seen().await, Seen::Closed(id, CloseReason::TransportError));
}

#[tokio::test]
async fn text_that_is_no_utf8_is_reported_and_ends_the_connection() {
    let mut server = Server::listening(SocketSettings::default()).await;
    let (mut client, id) = server.connected().await;
    let frame = [&[0x81, 0x80 | 4, 0, 0, 0, 0][..], b"42\xFF\xFE"].concat();

    client.0.get_mut().write_all(&frame).await.unwrap();

    assert!(client.text().await.contains("NotUtf8"));
    assert_eq!(client.close_code().await, 1007);
    assert_eq!(server.seen().await, Seen::Malformed(id, Fault::NotUtf8, None, None));
    assert_eq!(server.seen().await, Seen::Closed(id, CloseReason::TransportError));
}

#[tokio::test]
async fn an_unmasked_frame_ends_the_connection() {
    let mut server = Server::listening(SocketSettings::default()).await;
    let (mut client, id) = server.connected().await;

    client.0.get_mut().write_all(b"\x81\x0242[\"a\"]").await.unwrap();

    assert_eq!(client.close_code().await, 1002);
    assert_eq!(server.seen().await, Seen::Closed(id, CloseReason::TransportError));
}

#[tokio::test]
async fn a_slow_reader_is_dropped_and_its_memory_is_bounded() {
    let settings = SocketSettings { outbox_limit: 10_000, ..Default::default() };
    let mut server = Server::new(settings);
    // A pipe of one kilobyte that nobody reads.
    let mut client = server.on_a_pipe(1000).await;
    client.connect().await;
    let Seen::Opened(id) = server.seen().await else { panic!("opened first") };
    let handle = server.sockets.hub().get(id).unwrap();
    let frame = Frame::event("news", &"x".repeat(990)).unwrap();

    // Some leave for the pipe; the others must stay under the limit.
    let fitted = (0..1000).take_while(|_| handle.send(frame.clone())).count();

    assert!((9..=11).contains(&fitted), "{fitted}");
    assert!(!handle.send(frame));
    assert_eq!(server.seen().await, Seen::Closed(id, CloseReason::SlowReader));
    assert_eq!(server.sockets.stats().slow_readers.get(), 1);
    assert!(server.is_quiet());
    client.rest().await;
}

#[tokio::test]
async fn an_idle_session_is_small() {
    let server = Server::new(SocketSettings::default());

    let size = server.size_of_a_task();

    // What ten thousand idle sessions cost is this, the outbox, a timer and the socket. It was 1424 when last looked at.
    assert!(size <= 1450, "{size} bytes");
}

#[tokio::test]
async fn bytes_that_are_out_make_room_for_others() {
    let mut server = Server::new(SocketSettings { outbox_limit: 3000, ..Default::default() });
    let mut client = server.on_a_pipe(500).await;
    client.connect().await;
    let Seen::Opened(id) = server.seen().await else { panic!("opened first") };
    let handle = server.sockets.hub().get(id).unwrap();

    for n in 0..100 {
        assert!(handle.send(Frame::event("news", &(n, "x".repeat(2500))).unwrap()));
        assert!(client.text().await.starts_with(&format!("42[\"news\",[{n},")));
    }
}

#[tokio::test]
async fn pings_without_reading_cost_no_memory() {
    let mut server = Server::new(SocketSettings::default());
    let mut client = server.on_a_pipe(1000).await;
    client.connect().await;
    let Seen::Opened(id) = server.seen().await else { panic!("opened first") };
    let ping = [&[0x89, 0x80 | 125, 0, 0, 0, 0][..], &[7; 125]].concat();

    for _ in 0..1000 {
        client.0.get_mut().write_all(&ping).await.unwrap();
    }
    client.0.get_mut().write_all(&[0x81, 0x80 | 10, 0, 0, 0, 0]).await.unwrap();
    client.0.get_mut().write_all(br#"42["echo"]"#).await.unwrap();

    // The server went on reading all the time.
    assert_eq!(server.seen().await, Seen::Event(id, "echo".into(), json!(null)));
    let mut some = [0; 1000];
    client.0.get_mut().read_exact(&mut some).await.unwrap();
}
