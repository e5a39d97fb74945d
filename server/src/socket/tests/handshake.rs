//! Who gets a session, and what a request is told that does not.
use super::{super::*, support::*};
use hyper::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

#[tokio::test]
async fn a_session_opens_with_what_the_client_must_know() {
    let server = Server::listening(SocketSettings::default()).await;

    let polled = server.request(Method::GET, "EIO=4&transport=polling&t=abc", "").await;
    let sent = server.websocket("EIO=4&transport=websocket").await.text().await;

    assert_eq!(polled.status, StatusCode::OK);
    let read = |text: &str| serde_json::from_str::<Value>(text.strip_prefix('0').unwrap()).unwrap();
    let (polled, sent) = (read(&polled.body), read(&sent));
    assert_eq!(polled["sid"].as_str().unwrap().len(), 20);
    assert_ne!(polled["sid"], sent["sid"]);
    assert_eq!(polled["upgrades"], json!(["websocket"]));
    assert_eq!(sent["upgrades"], json!([]));
    for open in [polled, sent] {
        assert_eq!(open["pingInterval"], 25_000);
        assert_eq!(open["pingTimeout"], 20_000);
        assert_eq!(open["maxPayload"], 1_000_000);
    }
}

#[tokio::test]
async fn a_request_that_makes_no_sense_is_told_why() {
    let server = Server::new(SocketSettings::default());
    let poller = server.poller().await;
    let sid = poller.sid();
    let cases = [
        (Method::GET, "EIO=4".into(), 0),
        (Method::GET, "EIO=4&transport=flash".into(), 0),
        (Method::GET, "EIO=4&transport=polling&sid=nobody".into(), 1),
        (Method::POST, "EIO=4&transport=polling&sid=nobody".into(), 1),
        (Method::POST, "EIO=4&transport=polling".into(), 2),
        (Method::PUT, format!("EIO=4&transport=polling&sid={sid}"), 2),
        // Plain requests that ask for a WebSocket.
        (Method::GET, "EIO=4&transport=websocket".into(), 3),
        (Method::GET, format!("EIO=4&transport=websocket&sid={sid}"), 3),
        (Method::GET, "EIO=3&transport=polling".into(), 5),
        (Method::GET, "transport=polling".into(), 5),
    ];

    for (method, query, code) in cases {
        let answer = server.request(method.clone(), &query, "").await;

        assert_eq!(
            (answer.status, answer.code()),
            (StatusCode::BAD_REQUEST, json!(code)),
            "{method} {query}"
        );
        assert_eq!(answer.headers[header::CONTENT_TYPE], "application/json");
    }
    assert_eq!(server.sockets.stats().refused_handshakes.get(), 10);
}

#[tokio::test]
async fn a_websocket_handshake_without_a_key_is_refused() {
    let server = Server::listening(SocketSettings::default()).await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let request = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n\
        Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n";

    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();

    assert_eq!(&answer, b"HTTP/1.1 400");
}

#[tokio::test]
async fn pages_of_other_origins_are_allowed_by_the_list() {
    let settings = SocketSettings { cors: "https://a.org".parse().unwrap(), ..Default::default() };
    let server = Server::new(settings);
    let ask = async |method: Method, origin: &str| {
        let request = Request::builder()
            .method(method)
            .uri("/socket.io/?EIO=4&transport=polling")
            .header(header::ORIGIN, origin)
            .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "content-type")
            .body(http_body_util::Full::<bytes::Bytes>::default())
            .unwrap();
        server.sockets.handle(request, ([127, 0, 0, 1], 1).into()).await
    };

    let preflight = ask(Method::OPTIONS, "https://a.org").await;
    let allowed = ask(Method::GET, "https://a.org").await;
    let stranger = ask(Method::GET, "https://b.org").await;

    assert_eq!(preflight.status(), StatusCode::NO_CONTENT);
    assert_eq!(preflight.headers()[header::ACCESS_CONTROL_ALLOW_HEADERS], "content-type");
    assert_eq!(allowed.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "https://a.org");
    assert!(!stranger.headers().contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
}

#[tokio::test]
async fn the_path_is_a_setting() {
    let here = Server::new(SocketSettings::default()).sockets;
    let there = Server::new(SocketSettings { path: "/calls/ws".into(), ..Default::default() }).sockets;

    assert!(here.owns("/socket.io/") && here.owns("/socket.io"));
    assert!(!here.owns("/socket.io.js") && !here.owns("/socket.io/x") && !here.owns("/"));
    assert!(there.owns("/calls/ws/") && !there.owns("/socket.io/"));
}

#[tokio::test]
async fn a_full_server_and_a_frequent_visitor_are_told_so() {
    let full = Server::new(SocketSettings { max_sockets: Some(2), ..Default::default() });
    let strict = Server::new(SocketSettings { handshakes_per_minute: Some(2), ..Default::default() });

    let narrow = Server::new(SocketSettings { sockets_per_address: Some(2), ..Default::default() });
    let proxied = Server::new(SocketSettings {
        handshakes_per_minute: Some(2),
        sockets_per_address: Some(2),
        uncounted: "127.0.0.1".parse().unwrap(),
        ..Default::default()
    });

    for server in [&full, &strict, &narrow, &proxied] {
        for _ in 0..2 {
            assert_eq!(
                server.request(Method::GET, "EIO=4&transport=polling", "").await.status,
                StatusCode::OK
            );
        }
    }

    let third =
        async |server: &Server| server.request(Method::GET, "EIO=4&transport=polling", "").await.status;
    assert_eq!(third(&full).await, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(third(&strict).await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(third(&narrow).await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(third(&proxied).await, StatusCode::OK);
}

#[tokio::test]
async fn a_query_is_decoded() {
    let line = "EIO=4&name=J%C3%BCrgen+M&bad=%zz&cut=%4&empty=&alone";

    assert_eq!(query(line, "name").unwrap(), "Jürgen M");
    assert_eq!(query(line, "EIO").unwrap(), "4");
    assert_eq!(query(line, "empty").unwrap(), "");
    assert_eq!(query(line, "alone").unwrap(), "");
    assert!(query(line, "bad").is_none() && query(line, "cut").is_none() && query(line, "none").is_none());
}

#[tokio::test]
async fn credentials_are_read_and_a_refusal_says_why() {
    let mut server = Server::listening(SocketSettings::default()).await;
    let mut client = server.opened().await;

    client.send(r#"40{"token":"wrong"}"#).await;
    let refused = client.text().await;
    client.send("40[1]").await;
    let no_object = client.text().await;
    client.send(r#"40{"token":"ann"}"#).await;
    let accepted = client.text().await;
    client.send(r#"421["whoami"]"#).await;

    assert_eq!(refused, r#"44{"message":"the token is wrong","data":{"code":"unauthorized"}}"#);
    assert!(no_object.starts_with("44{") && no_object.contains("bad_request"));
    assert!(accepted.starts_with("40{"));
    assert_eq!(client.text().await, r#"431["ann"]"#);
    assert!(matches!(server.seen().await, Seen::Opened(_)));
    assert_eq!(server.sockets.stats().refused_connects.get(), 2);
}

#[tokio::test]
async fn another_namespace_does_not_exist_and_the_own_one_still_does() {
    let server = Server::listening(SocketSettings::default()).await;
    let mut client = server.opened().await;

    client.send("40/admin,").await;

    assert_eq!(client.text().await, r#"44/admin,{"message":"Invalid namespace"}"#);
    client.connect().await;
}

#[tokio::test]
async fn guessing_credentials_is_slow() {
    let server = Server::listening(SocketSettings::default()).await;
    let mut client = server.opened().await;

    for _ in 0..10 {
        client.send(r#"40{"token":"wrong"}"#).await;
        assert!(client.text().await.contains("unauthorized"));
    }

    client.send(r#"40{"token":"ann"}"#).await;
    assert!(client.text().await.contains("rate_limited"));
}
