//! The one port: who gets which request, and how it closes.
use super::*;
use crate::{
    observe::text_lines,
    settings::{LogFormat, LogSettings},
};
use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, Response, body::Incoming};
use serde_json::json;
use std::{
    io,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};
use tokio::sync::Notify;

/// Larger than what the kernel keeps for a connection.
const LARGE: usize = 64 << 20;

/// Answers with what it was asked.
#[derive(Clone)]
struct Echo;

impl SocketPath for Echo {
    fn owns(&self, path: &str) -> bool {
        path.starts_with("/socket.io")
    }

    fn open(&self) -> usize {
        0
    }

    async fn handle(&self, request: Request<Incoming>, peer: SocketAddr) -> Response<Full<Bytes>> {
        if request.uri().path().ends_with("/endless") {
            return Response::new(Full::from(vec![7; LARGE]));
        }
        assert!(!request.uri().path().ends_with("/bug"), "a bug, as asked for");
        Response::new(Full::from(format!("{} {}", request.uri(), peer.ip())))
    }
}

/// A history that says when it is read, and answers when it is told to.
fn held() -> (CallHistory, Arc<Notify>, Arc<Notify>) {
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (begins, goes_on) = (begun.clone(), go_on.clone());
    let history = CallHistory::new(move |_| {
        let (begins, goes_on) = (begins.clone(), goes_on.clone());
        async move {
            begins.notify_one();
            goes_on.notified().await;
            Ok(HistoryPage::default())
        }
    });
    (history, begun, go_on)
}

#[tokio::test]
async fn socket_io_and_rest_share_the_port() {
    let server = start_with(&[], CallHistory::none(), Echo);

    let socket = server.get("/socket.io/?EIO=4&transport=polling").await;
    let behind = server.ask("GET /socket.io/", &[("x-forwarded-for", "192.0.2.7")], "").await;
    let health = server.get("/api/health").await;

    assert_eq!(socket.body, "/socket.io/?EIO=4&transport=polling 127.0.0.1");
    assert_eq!(behind.body, "/socket.io/ 192.0.2.7");
    assert_eq!(health.json()["status"], "ok");
}

#[tokio::test]
async fn many_requests_go_over_one_connection() {
    let server = start(&[]);
    let one = "GET /api/health/live HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(50);
    let all = format!("{one}GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");

    let answers = String::from_utf8(exchange(server.address, all.as_bytes()).await).unwrap();

    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 51);
}

#[tokio::test]
async fn a_bug_in_one_answer_costs_that_answer_alone() {
    let history = CallHistory::new(|_| async { panic!("a bug, as asked for") });
    let server = start_with(&[], history, Echo);

    assert_eq!(server.get("/api/calls?user=1").await.refusal(), (500, "internal".into()));
    assert_eq!(server.get("/socket.io/bug").await.refusal(), (500, "internal".into()));
    assert_eq!(server.get("/api/health").await.status, 200);
    assert_eq!(server.stop().await, 0);
}

#[tokio::test]
async fn a_stop_answers_what_has_begun_and_lets_nobody_in() {
    let (history, begun, go_on) = held();
    let server = start_with(&[], history, NoSockets);
    let address = server.address;
    let mut idle = TcpStream::connect(address).await.unwrap();
    idle.write_all(b"GET /api/health/live HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut first = [0; 15];
    idle.read_exact(&mut first).await.unwrap();
    let mut silent = TcpStream::connect(address).await.unwrap();
    let asking = tokio::spawn(async move {
        exchange(address, b"GET /api/calls?user=1 HTTP/1.1\r\nhost: localhost\r\n\r\n").await
    });
    begun.notified().await;

    let stopping = tokio::spawn(server.stop());
    // The connections that wait for nothing are closed, without waiting for the one that is being answered.
    let mut rest = Vec::new();
    idle.read_to_end(&mut rest).await.unwrap();
    silent.read_to_end(&mut rest).await.unwrap();
    assert!(TcpStream::connect(address).await.is_err());
    assert!(!stopping.is_finished());
    go_on.notify_one();

    assert_eq!(Answer::read(&asking.await.unwrap()).json(), json!({ "calls": [], "next": null }));
    assert_eq!(stopping.await.unwrap(), 0);
}

#[tokio::test]
async fn what_is_not_done_in_time_is_cut_off_and_counted() {
    tokio::time::pause();
    let (history, begun, _go_on) = held();
    let server = start_with(&[], history, NoSockets);
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(b"GET /api/calls?user=1 HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    begun.notified().await;

    assert_eq!(server.stop().await, 1);
}

#[tokio::test]
async fn whoever_sends_half_a_head_is_not_waited_for() {
    tokio::time::pause();
    let server = start(&[]);

    let answer = exchange(server.address, b"GET /api/health HTTP/1.1\r\nhos").await;

    let text = String::from_utf8(answer).unwrap();
    assert!(text.is_empty() || text.starts_with("HTTP/1.1 408"), "{text}");
}

#[tokio::test]
async fn whoever_does_not_read_the_answer_is_not_waited_for() {
    tokio::time::pause();
    let server = start_with(&[], CallHistory::none(), Echo);
    let mut stream = TcpStream::connect(server.address).await.unwrap();

    stream.write_all(b"GET /socket.io/endless HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    tokio::time::sleep(Duration::from_secs(120)).await;

    let mut answer = Vec::new();
    // It was cut off, in one way or another.
    let _ = stream.read_to_end(&mut answer).await;
    assert!(!answer.is_empty() && answer.len() < LARGE, "{} bytes", answer.len());
}

#[tokio::test]
async fn a_full_door_closes_at_once_and_opens_again() {
    let rest = rest(&[], CallHistory::none());
    let metrics = rest.metrics.clone();
    let guests = Guests::new(3, Some(2), Networks::default());
    let door = Door { guests, ..door_to(rest, NoSockets) };
    let listener = listen("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, door, std::future::pending(), PATIENCE));
    let question = b"GET /api/health/live HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let come = async || {
        let mut stream = TcpStream::connect(address).await.unwrap();
        // The other side may have closed already.
        let _ = stream.write_all(question).await;
        let mut first = [0; 12];
        stream.read_exact(&mut first).await.map(|_| stream).ok()
    };

    let (first, second) = (come().await, come().await);
    assert!(first.is_some() && second.is_some());
    assert!(come().await.is_none(), "an address has two places");
    assert_eq!(metrics.connections_refused.get(), 1);

    drop(first);
    while come().await.is_none() {}
}

#[tokio::test]
async fn nonsense_and_huge_heads_end_their_connection_only() {
    let server = start(&[]);
    let huge = format!("GET / HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n", "y".repeat(100_000));
    for nonsense in ["\0\0\0\0\r\n\r\n", "HELO example.org\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", &huge] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        // The server may close before all of it is written.
        let _ = stream.write_all(nonsense.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;

        let answer = String::from_utf8_lossy(&answer);
        assert!(!answer.contains("200 OK"), "{answer}");
    }
    assert_eq!(server.get("/api/health").await.status, 200);
}

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        io::Write::write(&mut *self.0.lock().unwrap(), bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_token_address_or_name_of_a_request_reaches_the_log() {
    let written = Written::default();
    let writer = written.clone();
    let log = LogSettings { format: LogFormat::Json, filter: "trace".into() };
    let _log = tracing::subscriber::set_default(text_lines(&log, move || writer.clone(), false).unwrap());
    let reached = Arc::new(AtomicBool::new(false));
    let seen = reached.clone();
    let history = CallHistory::new(move |_| {
        seen.store(true, SeqCst);
        async { panic!("a bug, as asked for") }
    });
    let server = start_with(&[("jwt_secret", SECRET)], history, Echo);
    let token = bearer(5);

    // Twice: a test beside this one, without a log, may have reached an event first and so have turned it off for
    // all threads. What is known by then is turned on again for the second round.
    for _round in 0..2 {
        server.get_as(5, "/api/calls").await;
        server.get_as(5, "/api/ice-servers/5").await;
        server.ask("GET /api/calls", &[("authorization", &format!("{token}x"))], "").await;
        server.ask("GET /socket.io/bug", &[("x-forwarded-for", "192.0.2.7")], "").await;
        exchange(server.address, b"nonsense\r\n\r\n").await;
        tracing::info!("the last line");
        tracing::callsite::rebuild_interest_cache();
    }
    server.stop().await;

    assert!(reached.load(SeqCst));
    let log = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("a bug of this server") && log.contains("the last line"), "{log}");
    for part in token.trim_start_matches("Bearer ").split('.').chain(["127.0.0.1", "192.0.2.7", TURN_SECRET])
    {
        assert!(!log.contains(part), "{part}\n{log}");
    }
}
