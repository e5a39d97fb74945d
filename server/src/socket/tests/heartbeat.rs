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

#[tokio::test(start_paused = true)]
async fn whose_time_is_over_is_told_so_and_cut_off_so_that_it_comes_back() {
    let mut server = Server::new(SocketSettings::default());
    let mut client = server.on_a_pipe(4096).await;
    client.send(r#"40{"token":"stays 30"}"#).await;
    assert!(client.text().await.starts_with("40{"));
    let Seen::Opened(id) = server.seen().await else { panic!("opened first") };
    let start = Instant::now();

    assert_eq!(client.text().await, "2");
    client.send("3").await;
    assert_eq!(client.text().await, r#"42["call:error","expired"]"#);

    assert_eq!(start.elapsed().as_secs(), 30);
    client.cut().await;
    assert_eq!(server.seen().await, Seen::Closed(id, CloseReason::Expired));
}

#[tokio::test(start_paused = true)]
async fn a_poller_whose_time_is_over_hears_it_and_is_asked_to_come_back() {
    let mut server = Server::new(SocketSettings::default());
    let poller = server.poller().await;
    poller.post(r#"40{"token":"stays 10"}"#).await;
    assert!(poller.get().await.starts_with("40{"));
    let query = poller.query.clone();
    let Seen::Opened(id) = server.seen().await else { panic!("opened first") };

    assert_eq!(server.resume(&query).get().await, r#"42["call:error","expired"]"#);
    assert_eq!(server.resume(&query).try_get().await.status, hyper::StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(server.seen().await, Seen::Closed(id, CloseReason::Expired));
}

#[tokio::test(start_paused = true)]
async fn a_time_beyond_all_clocks_is_never_over() {
    let server = Server::new(SocketSettings::default());
    let mut client = server.on_a_pipe(4096).await;
    client.send(&format!(r#"40{{"token":"stays {}"}}"#, u64::MAX)).await;
    assert!(client.text().await.starts_with("40{"));

    assert_eq!(client.text().await, "2");
}
