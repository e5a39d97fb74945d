//! The ends a socket can come to, each told exactly once.
use super::{super::*, support::*};
use futures_util::SinkExt as _;
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn a_client_that_disconnects_is_gone_and_may_come_back() {
    let mut server = Server::listening(SocketSettings::default()).await;
    let (mut client, id) = server.connected().await;

    client.send("41").await;

    assert_eq!(client.close_code().await, 1000);
    assert_eq!(server.seen().await, Seen::Closed(id, CloseReason::ClientDisconnect));
    let (_client, again) = server.connected().await;
    assert_ne!(again, id);
    assert!(server.is_quiet());
}

#[tokio::test]
async fn a_connection_that_closes_or_breaks_is_told_once() {
    let mut server = Server::listening(SocketSettings::default()).await;
    let (mut polite, first) = server.connected().await;
    let (mut plain, second) = server.connected().await;
    let (rude, third) = server.connected().await;

    polite.0.send(Message::Close(None)).await.unwrap();
    assert_eq!(server.seen().await, Seen::Closed(first, CloseReason::TransportClosed));
    plain.send("1").await;
    assert_eq!(server.seen().await, Seen::Closed(second, CloseReason::TransportClosed));
    drop(rude);
    let end = server.seen().await;
    assert!(matches!(end, Seen::Closed(id, _) if id == third), "{end:?}");

    assert_eq!(polite.close_code().await, 1000);
    server.sockets.shutdown(Duration::from_secs(1)).await;
    assert!(server.is_quiet());
    assert_eq!(server.sockets.stats().connected.get(), 0);
    assert_eq!(server.sockets.stats().open_websocket.get(), 0);
}

#[tokio::test]
async fn the_server_closes_a_socket_after_what_it_sent_and_says_not_to_come_back() {
    let mut server = Server::listening(SocketSettings::default()).await;
    let (mut client, id) = server.connected().await;
    let handle = server.sockets.hub().get(id).unwrap();

    handle.send(Frame::event("last", &1).unwrap());
    handle.close();
    handle.close();

    assert!(!handle.send(Frame::event("late", &1).unwrap()));
    assert_eq!(client.text().await, r#"42["last",1]"#);
    assert_eq!(client.text().await, "41");
    assert_eq!(client.close_code().await, 1000);
    assert_eq!(server.seen().await, Seen::Closed(id, CloseReason::ServerClosed));
    assert!(server.is_quiet());
}

#[tokio::test]
async fn the_server_closes_a_socket_that_polls() {
    let mut server = Server::new(SocketSettings::default());
    let (query, id) = server.connected_poller().await;
    server.sockets.hub().send(id, Frame::event("last", &1).unwrap());

    server.sockets.hub().close(id);

    assert_eq!(server.seen().await, Seen::Closed(id, CloseReason::ServerClosed));
    assert_eq!(server.resume(&query).get().await, "42[\"last\",1]\u{1e}41");
    assert_eq!(server.resume(&query).get().await, "1");
}

#[tokio::test]
async fn an_event_is_handled_to_its_end_when_its_client_is_gone() {
    let mut server = Server::listening(SocketSettings::default()).await;
    let (mut client, id) = server.connected().await;
    client.send(r#"42["wait"]"#).await;
    client.send(r#"42["echo"]"#).await;

    client.0.close(None).await.unwrap();
    server.service.gate.add_permits(1);

    assert_eq!(server.seen().await, Seen::Event(id, "wait".into(), serde_json::Value::Null));
    assert_eq!(server.seen().await, Seen::Event(id, "echo".into(), serde_json::Value::Null));
    assert!(matches!(server.seen().await, Seen::Closed(of, _) if of == id));
}

#[tokio::test]
async fn a_panic_over_an_event_ends_its_own_socket_only() {
    let mut server = Server::listening(SocketSettings::default()).await;
    let (mut other, _) = server.connected().await;
    let (mut client, id) = server.connected().await;
    let (query, polling) = server.connected_poller().await;

    client.send(r#"42["panic"]"#).await;
    assert_eq!(server.seen().await, Seen::Closed(id, CloseReason::Panicked));
    let answer = server.resume(&query).try_post(r#"42["panic"]"#).await;
    assert_eq!(answer.code(), 1);
    assert_eq!(server.seen().await, Seen::Closed(polling, CloseReason::Panicked));

    client.rest().await;
    other.send(r#"421["echo"]"#).await;
    assert_eq!(other.text().await, "431[null]");
    assert_eq!(server.sockets.hub().len(), 1);
}

#[tokio::test]
async fn a_server_that_stops_sends_what_waits_and_closes_so_that_clients_come_back() {
    let mut server = Server::listening(SocketSettings::default()).await;
    let (mut client, first) = server.connected().await;
    let (query, second) = server.connected_poller().await;
    let mut stranger = server.opened().await;
    for id in [first, second] {
        server.sockets.hub().send(id, Frame::event("last", &1).unwrap());
    }

    let sockets = server.sockets.clone();
    let stopping = tokio::spawn(async move { sockets.shutdown(Duration::from_secs(10)).await });
    assert_eq!(client.text().await, r#"42["last",1]"#);
    // The stock Java client would not notice a close frame.
    client.cut().await;
    stranger.cut().await;
    assert_eq!(server.resume(&query).get().await, "42[\"last\",1]");
    // The stock Python client would not come back from the good-bye packet.
    assert_eq!(server.resume(&query).try_get().await.status, hyper::StatusCode::SERVICE_UNAVAILABLE);
    stopping.await.unwrap();

    let mut ended = [server.seen().await, server.seen().await];
    ended.sort_by_key(|seen| if let Seen::Closed(id, _) = seen { id.0 } else { 0 });
    assert_eq!(ended, [first, second].map(|id| Seen::Closed(id, CloseReason::ServerShutdown)));
    assert!(server.is_quiet());
    assert!(server.sockets.hub().is_empty());
    let refused = server.request(hyper::Method::GET, "EIO=4&transport=polling", "").await;
    assert_eq!(refused.status, hyper::StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test(start_paused = true)]
async fn a_server_in_a_hurry_waits_for_nobody() {
    let mut server = Server::new(SocketSettings::default());
    let mut stuck = server.on_a_pipe(4096).await;
    stuck.connect().await;
    let mut silent = server.on_a_pipe(100).await;
    silent.connect().await;
    let (query, _) = server.connected_poller().await;
    server.seen().await;
    server.seen().await;
    stuck.send(r#"42["wait"]"#).await;
    for handle in &*server.service.handles.lock().unwrap() {
        handle.send(Frame::event("last", &"x".repeat(1000)).unwrap());
    }
    let start = tokio::time::Instant::now();

    server.sockets.shutdown(Duration::from_secs(3)).await;

    assert!(start.elapsed() <= Duration::from_secs(4), "{:?}", start.elapsed());
    for _ in 0..3 {
        assert!(matches!(server.seen().await, Seen::Closed(_, CloseReason::ServerShutdown)));
    }
    assert!(server.is_quiet());
    assert!(server.resume(&query).try_get().await.status.is_client_error());
}
