//! The heartbeat and the other times, by a clock that stands still.
use super::{super::*, support::*};
use std::time::Duration;
use tokio::time::{self, Instant};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_client_that_answers_stays() {
    let mut server = Server::new(SocketSettings::default());
    let mut client = server.on_a_pipe(4096).await;
    client.connect().await;
    let start = Instant::now();

    for n in 1..=4 {
        assert_eq!(client.text().await, "2");
        assert_eq!(start.elapsed().as_secs(), n * 25);
        client.send("3").await;
    }

    assert!(matches!(server.seen().await, Seen::Opened(_)));
    assert!(server.is_quiet());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_answer_is_dropped() {
    let mut server = Server::new(SocketSettings::default());
    let mut client = server.on_a_pipe(4096).await;
    client.connect().await;
    let Seen::Opened(id) = server.seen().await else { panic!("opened first") };
    let start = Instant::now();

    assert_eq!(server.seen().await, Seen::Closed(id, CloseReason::PingTimeout));

    assert_eq!(start.elapsed().as_secs(), 45);
    assert_eq!(client.rest().await, ["2"]);
    assert!(server.sockets.hub().is_empty());
    assert_eq!(server.sockets.stats().ping_timeouts.get(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_polls_lives_by_the_same_heartbeat() {
    let mut server = Server::new(SocketSettings::default());
    let (query, id) = server.connected_poller().await;
    let start = Instant::now();

    assert_eq!(server.resume(&query).get().await, "2");
    assert_eq!(start.elapsed().as_secs(), 25);
    server.resume(&query).post("3").await;
    assert_eq!(server.resume(&query).get().await, "2");
    assert_eq!(start.elapsed().as_secs(), 50);

    assert_eq!(server.seen().await, Seen::Closed(id, CloseReason::PingTimeout));
    assert_eq!(start.elapsed().as_secs(), 70);
    assert_eq!(server.resume(&query).try_get().await.code(), 1);
    assert_eq!(server.sockets.stats().open_polling.get(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_connects_is_let_go() {
    let mut server = Server::new(SocketSettings::default());
    let mut client = server.on_a_pipe(4096).await;
    let start = Instant::now();
    assert_eq!(client.text().await, "2");
    client.send("3").await;

    assert_eq!(client.close_code().await, 1000);

    assert_eq!(start.elapsed().as_secs(), 45);
    assert!(server.is_quiet());
}

#[tokio::test(start_paused = true)]
async fn a_long_event_does_not_make_the_answer_late() {
    let mut server = Server::new(SocketSettings::default());
    let mut client = server.on_a_pipe(4096).await;
    client.connect().await;
    let Seen::Opened(id) = server.seen().await else { panic!("opened first") };
    time::sleep(24 * SECOND).await;

    // It is being handled when the question comes due, and for much longer.
    client.send(r#"421["wait"]"#).await;
    time::sleep(60 * SECOND).await;
    server.service.gate.add_permits(1);

    assert_eq!(client.text().await, "431[null]");
    assert_eq!(client.text().await, "2");
    client.send("3").await;
    time::sleep(24 * SECOND).await;
    assert_eq!(server.seen().await, Seen::Event(id, "wait".into(), serde_json::Value::Null));
    assert!(server.is_quiet());
}
