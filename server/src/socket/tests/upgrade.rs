//! From polling to a WebSocket, with nothing lost and nothing doubled.
use super::{super::*, support::*};
use hyper::StatusCode;
use serde_json::json;

#[tokio::test]
async fn a_session_moves_over_and_its_traffic_with_it() {
    let mut server = Server::listening(SocketSettings::default()).await;
    let (query, id) = server.connected_poller().await;
    let poller = server.resume(&query);
    let hub = server.sockets.hub().clone();
    let news = |n: u32| assert!(hub.send(id, Frame::event("news", &n).unwrap()));
    let mut client = server.websocket(&format!("EIO=4&transport=websocket&sid={}", poller.sid())).await;

    // The poll that waits is let go as soon as the probe is answered.
    let (polled, ()) = tokio::join!(poller.get(), async {
        client.send("2probe").await;
        assert_eq!(client.text().await, "3probe");
    });
    // Neither sent nor polled: it waits for the other side.
    news(1);
    client.send("5").await;
    client.send(r#"421["echo","over"]"#).await;

    assert_eq!(polled, "6");
    assert_eq!(client.text().await, r#"42["news",1]"#);
    assert_eq!(client.text().await, r#"431["over"]"#);
    news(2);
    assert_eq!(client.text().await, r#"42["news",2]"#);
    assert_eq!(poller.try_get().await.status, StatusCode::BAD_REQUEST);
    assert_eq!(poller.try_post("3").await.status, StatusCode::BAD_REQUEST);
    let stats = server.sockets.stats().clone();
    assert_eq!((stats.open_polling.get(), stats.open_websocket.get(), stats.upgraded.get()), (0, 1, 1));
    client.0.close(None).await.unwrap();
    assert_eq!(server.seen().await, Seen::Event(id, "echo".into(), json!("over")));
    assert_eq!(server.seen().await, Seen::Closed(id, CloseReason::TransportClosed));
}

#[tokio::test]
async fn traffic_in_the_middle_of_it_arrives_once_and_in_order() {
    let mut server =
        Server::listening(SocketSettings { events_per_second: 10_000, ..Default::default() }).await;
    for round in 0..10 {
        let (query, id) = server.connected_poller().await;
        let poller = server.resume(&query);
        let hub = server.sockets.hub().clone();
        let sender = tokio::spawn(async move {
            for n in 0..100 {
                assert!(hub.send(id, Frame::event("news", &n).unwrap()));
                tokio::task::yield_now().await;
            }
        });
        let mut client = server.websocket(&format!("EIO=4&transport=websocket&sid={}", poller.sid())).await;

        // As the stock client does it: poll until the probe is answered, finish that poll, move over.
        let (polled, ()) = tokio::join!(
            async {
                let mut bodies = vec![];
                loop {
                    let body = poller.get().await;
                    let is_last = body == "6";
                    bodies.push(body);
                    if is_last {
                        break bodies;
                    }
                }
            },
            async {
                client.send("2probe").await;
                assert_eq!(client.text().await, "3probe");
            }
        );
        client.send("5").await;
        let mut received: Vec<String> = polled
            .iter()
            .flat_map(|body| body.split('\u{1e}'))
            .filter(|packet| *packet != "6")
            .map(Into::into)
            .collect();
        while received.len() < 100 {
            received.push(client.text().await);
        }

        sender.await.unwrap();
        let expected: Vec<_> = (0..100).map(|n| format!("42[\"news\",{n}]")).collect();
        assert_eq!(received, expected, "round {round}");
        client.0.close(None).await.unwrap();
        assert_eq!(server.seen().await, Seen::Closed(id, CloseReason::TransportClosed));
    }
}

#[tokio::test]
async fn a_probe_that_fails_leaves_the_session_polling() {
    let mut server = Server::listening(SocketSettings::default()).await;
    let (query, id) = server.connected_poller().await;
    let poller = server.resume(&query);
    let url = format!("EIO=4&transport=websocket&sid={}", poller.sid());

    let mut wrong = server.websocket(&url).await;
    wrong.send("hello").await;
    wrong.rest().await;
    let mut vanishing = server.websocket(&url).await;
    vanishing.send("2probe").await;
    assert_eq!(vanishing.text().await, "3probe");
    drop(vanishing);

    poller.post("421[\"echo\"]").await;
    assert!(poller.get().await.ends_with("431[null]"));
    // It may have asked while the lost one was still standing by.
    let mut again = server.websocket(&url).await;
    again.send("2probe").await;
    let (_, answer) = tokio::join!(poller.get(), again.text());
    assert_eq!(answer, "3probe");
    again.send("5").await;
    again.send(r#"422["echo"]"#).await;
    assert_eq!(again.text().await, "432[null]");
    assert_eq!(server.seen().await, Seen::Event(id, "echo".into(), json!(null)));
}

#[tokio::test]
async fn of_two_probes_one_is_taken_and_the_other_does_not_disturb_it() {
    let mut server = Server::listening(SocketSettings::default()).await;
    let (query, _) = server.connected_poller().await;
    let poller = server.resume(&query);
    let url = format!("EIO=4&transport=websocket&sid={}", poller.sid());
    let mut first = server.websocket(&url).await;
    let mut second = server.websocket(&url).await;

    first.send("2probe").await;
    assert_eq!(first.text().await, "3probe");
    assert_eq!(poller.get().await, "6");
    second.send("2probe").await;
    second.rest().await;
    first.send("5").await;
    first.send(r#"421["echo"]"#).await;

    assert_eq!(first.text().await, "431[null]");
    assert_eq!(server.sockets.stats().open_websocket.get(), 1);
}

#[tokio::test]
async fn a_session_that_ends_ends_its_probe() {
    let mut server = Server::listening(SocketSettings::default()).await;
    let (query, id) = server.connected_poller().await;
    let poller = server.resume(&query);
    let mut client = server.websocket(&format!("EIO=4&transport=websocket&sid={}", poller.sid())).await;
    client.send("2probe").await;
    assert_eq!(client.text().await, "3probe");

    let (_, ()) = tokio::join!(poller.try_get(), poller.post("41"));

    assert_eq!(server.seen().await, Seen::Closed(id, CloseReason::ClientDisconnect));
    client.rest().await;
}
