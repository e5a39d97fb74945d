//! Events in, answers out, in order; and what is no event.
use super::{super::*, support::*};
use futures_util::SinkExt as _;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn an_event_is_answered_with_its_own_number() {
    let mut server = Server::listening(SocketSettings::default()).await;
    let (mut client, id) = server.connected().await;

    client.send(r#"4217["echo",{"a":1}]"#).await;
    client.send(r#"420["echo"]"#).await;
    client.send(r#"42["echo",[2]]"#).await;

    assert_eq!(client.text().await, r#"4317[{"a":1}]"#);
    assert_eq!(client.text().await, "430[null]");
    assert_eq!(client.text().await, r#"42["echo",[2]]"#);
    assert_eq!(server.seen().await, Seen::Event(id, "echo".into(), json!({"a": 1})));
}

#[tokio::test]
async fn what_is_sent_on_opening_comes_behind_the_connect_answer() {
    let mut server = Server::listening(SocketSettings::default()).await;
    let mut client = server.opened().await;

    client.send(r#"40{"token":"greet"}"#).await;

    assert!(client.text().await.starts_with("40{"));
    assert_eq!(client.text().await, r#"42["hello","greet"]"#);
    assert!(matches!(server.seen().await, Seen::Opened(_)));
}

#[tokio::test]
async fn an_event_before_the_connect_answer_is_handled_after_it() {
    let mut server = Server::listening(SocketSettings::default()).await;
    let mut client = server.opened().await;

    // One segment, so that both are there before the service was asked.
    client.0.feed(Message::text(r#"40{"token":"wait"}"#)).await.unwrap();
    client.0.feed(Message::text(r#"421["echo","first"]"#)).await.unwrap();
    client.0.flush().await.unwrap();
    server.service.gate.add_permits(1);

    assert!(client.text().await.starts_with("40{"));
    assert_eq!(client.text().await, r#"431["first"]"#);
    let Seen::Opened(id) = server.seen().await else { panic!("opened first") };
    assert_eq!(server.seen().await, Seen::Event(id, "echo".into(), json!("first")));
}

#[tokio::test]
async fn an_event_without_a_connect_ends_the_session() {
    let mut server = Server::listening(SocketSettings::default()).await;
    let mut client = server.opened().await;

    client.send(r#"42["echo"]"#).await;

    assert_eq!(client.close_code().await, 1002);
    assert!(server.is_quiet());
}

#[tokio::test]
async fn an_event_waits_for_the_one_before_and_what_is_sent_does_not() {
    let mut server = Server::listening(SocketSettings::default()).await;
    let (mut client, id) = server.connected().await;
    let handle = server.sockets.hub().get(id).unwrap();

    client.send(r#"421["wait"]"#).await;
    client.send(r#"422["echo"]"#).await;
    handle.send(Frame::event("pushed", &1).unwrap());

    assert_eq!(client.text().await, r#"42["pushed",1]"#);
    assert!(server.is_quiet());
    server.service.gate.add_permits(1);
    assert_eq!(client.text().await, "431[null]");
    assert_eq!(client.text().await, "432[null]");
}

#[tokio::test]
async fn a_thousand_frames_of_two_senders_keep_each_senders_order() {
    let mut server = Server::listening(SocketSettings::default()).await;
    let (mut client, id) = server.connected().await;
    let senders: Vec<_> = ["a", "b"]
        .map(|name| {
            let hub = server.sockets.hub().clone();
            tokio::task::spawn_blocking(move || {
                (0..500).all(|n| hub.send(id, Frame::event(name, &n).unwrap()))
            })
        })
        .into();

    let mut next = [0, 0];
    for _ in 0..1000 {
        let text = client.text().await;
        let (name, n): (String, usize) = serde_json::from_str(&text[2..]).unwrap();
        let place = &mut next[usize::from(name == "b")];
        assert_eq!(*place, n);
        *place += 1;
    }

    for sender in senders {
        assert!(sender.await.unwrap());
    }
    assert!(server.sockets.stats().frames_out.get() >= 1000);
}

#[tokio::test]
async fn a_binary_event_is_refused_by_its_number_and_the_socket_lives() {
    let mut server = Server::listening(SocketSettings::default()).await;
    let (mut client, id) = server.connected().await;

    client.send(r#"452-7["file",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#).await;
    client.0.send(Message::binary(vec![1, 2])).await.unwrap();
    client.0.send(Message::binary(vec![3])).await.unwrap();
    client.send("461-3[]").await;
    client.0.send(Message::binary(vec![3])).await.unwrap();
    client.send(r#"428["echo"]"#).await;

    assert_eq!(client.text().await, r#"437[{"fault":"Binary"}]"#);
    assert_eq!(client.text().await, "438[null]");
    assert_eq!(server.seen().await, Seen::Malformed(id, Fault::Binary, Some("file".into()), Some(7)));
}

#[tokio::test]
async fn each_malformed_message_is_reported_and_the_socket_lives() {
    let mut server = Server::listening(SocketSettings::default()).await;
    let (mut client, id) = server.connected().await;
    let deep = format!(r#"425["deep",{}{}]"#, "[".repeat(30_000), "]".repeat(30_000));
    let cases = [
        (r#"424["cut",{"#.to_owned(), Fault::BadJson, Some("cut"), Some(4)),
        (deep, Fault::BadJson, Some("deep"), Some(5)),
        ("42[1]".into(), Fault::BadJson, None, None),
        ("42".into(), Fault::BadJson, None, None),
        ("49".into(), Fault::BadPacket, None, None),
        ("hello".into(), Fault::BadPacket, None, None),
        (String::new(), Fault::BadPacket, None, None),
        ("é".into(), Fault::BadPacket, None, None),
        (r#"42/admin,["a"]"#.into(), Fault::BadPacket, None, None),
        (format!(r#"426["large","{}"]"#, "x".repeat(65_536)), Fault::TooLarge, Some("large"), Some(6)),
    ];

    for (text, fault, event, ack) in cases {
        client.send(&text).await;

        let expected = Seen::Malformed(id, fault, event.map(Into::into), ack);
        assert_eq!(server.seen().await, expected, "{}", &text[..text.len().min(40)]);
        assert!(client.text().await.contains(&format!("{fault:?}")));
    }

    client.0.send(Message::binary(vec![0xFF; 10])).await.unwrap();
    assert_eq!(server.seen().await, Seen::Malformed(id, Fault::Binary, None, None));
    assert!(client.text().await.contains("Binary"));
    client.send(r#"429["echo"]"#).await;
    assert_eq!(client.text().await, "439[null]");
    assert_eq!(server.sockets.stats().malformed.get(), 11);
}

#[tokio::test]
async fn the_heartbeat_of_the_other_protocol_and_stray_packets_do_no_harm() {
    let mut server = Server::listening(SocketSettings::default()).await;
    let (mut client, _) = server.connected().await;

    for text in ["6", "5", "3", "433[1]", "41/admin,", "40", "2"] {
        client.send(text).await;
    }
    assert_eq!(client.text().await, "3");
    client.0.send(Message::Ping(vec![7].into())).await.unwrap();
    client.0.send(Message::Pong(vec![].into())).await.unwrap();

    assert_eq!(client.next().await, Message::Pong(vec![7].into()));
    client.send(r#"421["echo"]"#).await;
    assert_eq!(client.text().await, "431[null]");
}

#[tokio::test]
async fn a_message_in_fragments_is_one_event() {
    use tokio_tungstenite::tungstenite::protocol::frame::{
        Frame as Fragment,
        coding::{Data, OpCode},
    };
    let mut server = Server::listening(SocketSettings::default()).await;
    let (mut client, id) = server.connected().await;
    let mut fragment = async |text: &str, kind, is_last| {
        let fragment = Fragment::message(text.to_owned(), OpCode::Data(kind), is_last);
        client.0.send(Message::Frame(fragment)).await.unwrap();
    };

    fragment("42[\"ec", Data::Text, false).await;
    fragment("ho\",", Data::Continue, false).await;
    fragment("{}]", Data::Continue, true).await;

    assert_eq!(server.seen().await, Seen::Event(id, "echo".into(), json!({})));
}

#[tokio::test]
async fn a_payload_is_handed_on_as_it_came() {
    let mut server = Server::listening(SocketSettings::default()).await;
    let (mut client, id) = server.connected().await;
    let large = json!({"sdp": "v=0\r\n".repeat(5_000), "é": "\u{1e}\u{0}"});

    client.send(&format!(r#"421["echo",{large},"ignored"]"#)).await;

    let answer = client.text().await;
    assert_eq!(serde_json::from_str::<Value>(&answer[3..]).unwrap(), json!([large]));
    assert_eq!(server.seen().await, Seen::Event(id, "echo".into(), large));
}
