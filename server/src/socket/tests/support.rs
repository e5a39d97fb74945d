//! A service that writes down what it hears, a server for it on a free port, and clients.
use super::super::{outbox::Via, server::Core, session::Session, upgrade, websocket::Limits, wire::Wire, *};
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use http_body_util::{BodyExt as _, Full};
use hyper::{HeaderMap, Method, Request, Response, StatusCode, body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, DuplexStream},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, mpsc},
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, protocol::Role},
};

/// Longer than anything here takes, heartbeats by the paused clock included.
const PATIENCE: Duration = Duration::from_secs(120);

/// What the service heard.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Seen {
    Opened(SocketId),
    Event(SocketId, String, Value),
    Malformed(SocketId, Fault, Option<String>, Option<u64>),
    Closed(SocketId, CloseReason),
}

/// Answers `echo` by an acknowledgement or an event, `wait` when the test lets it, `panic` never.
pub(super) struct Recorder {
    seen: mpsc::UnboundedSender<Seen>,
    pub(super) gate: Semaphore,
    pub(super) handles: Mutex<Vec<SocketHandle>>,
}

impl Service for Recorder {
    type Identity = String;

    async fn connect(&self, _: SocketId, handshake: &Handshake) -> Result<String, ConnectRefused> {
        let auth: Value =
            handshake.auth.as_ref().map_or(Value::Null, |auth| serde_json::from_str(auth.get()).unwrap());
        match auth["token"].as_str() {
            Some("wrong") => Err(ConnectRefused::new("unauthorized", "the token is wrong")),
            Some("wait") => {
                self.gate.acquire().await.unwrap().forget();
                Ok("waited".into())
            }
            token => Ok(token.unwrap_or("nobody").into()),
        }
    }

    fn stays(&self, identity: &String) -> Option<Duration> {
        let seconds = identity.strip_prefix("stays ")?.parse().unwrap();
        Some(Duration::from_secs(seconds))
    }

    fn expired(&self, socket: &SocketHandle) {
        socket.send(Frame::event("call:error", &json!("expired")).unwrap());
    }

    fn opened(&self, socket: &SocketHandle, identity: &String) {
        self.handles.lock().unwrap().push(socket.clone());
        self.see(Seen::Opened(socket.id()));
        if identity == "greet" {
            socket.send(Frame::event("hello", &json!(identity)).unwrap());
        }
    }

    async fn event(&self, socket: &SocketHandle, identity: &String, event: Event<'_>) {
        let payload: Value =
            event.payload.map_or(Value::Null, |json| serde_json::from_str(json.get()).unwrap());
        if event.name == "wait" {
            self.gate.acquire().await.unwrap().forget();
        }
        assert!(event.name != "panic", "as the test asked");
        self.see(Seen::Event(socket.id(), event.name.into(), payload.clone()));
        match (event.name, event.ack) {
            ("whoami", Some(ack)) => drop(socket.ack(ack, identity).unwrap()),
            (_, Some(ack)) => drop(socket.ack(ack, &payload).unwrap()),
            ("echo", None) => drop(socket.send(Frame::event("echo", &payload).unwrap())),
            (_, None) => {}
        }
    }

    fn malformed(&self, socket: &SocketHandle, malformed: Malformed<'_>) {
        let Malformed { fault, event, ack } = malformed;
        self.see(Seen::Malformed(socket.id(), fault, event.map(Into::into), ack.map(|id| id.0)));
        let error = json!({"fault": format!("{fault:?}")});
        match ack {
            Some(ack) => drop(socket.ack(ack, &error).unwrap()),
            None => drop(socket.send(Frame::event("call:error", &error).unwrap())),
        }
    }

    fn closed(&self, socket: SocketId, reason: CloseReason) {
        self.see(Seen::Closed(socket, reason));
    }
}

impl Recorder {
    fn see(&self, seen: Seen) {
        // A test that is over does not listen.
        let _ = self.seen.send(seen);
    }
}

/// A server, and what its service heard.
pub(super) struct Server {
    pub(super) sockets: Sockets<Recorder>,
    pub(super) service: Arc<Recorder>,
    seen: mpsc::UnboundedReceiver<Seen>,
    address: Option<SocketAddr>,
}

impl Server {
    /// Without a port: for requests handed over in the process.
    pub(super) fn new(settings: SocketSettings) -> Self {
        let (sender, seen) = mpsc::unbounded_channel();
        let service = Arc::new(Recorder { seen: sender, gate: Semaphore::new(0), handles: Mutex::default() });
        let sockets = Sockets::new(settings, Arc::new(Hub::new()), service.clone());
        Self { sockets, service, seen, address: None }
    }

    /// On a free port.
    pub(super) async fn listening(settings: SocketSettings) -> Self {
        let mut server = Self::new(settings);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        server.address = Some(listener.local_addr().unwrap());
        let sockets = server.sockets.clone();
        tokio::spawn(async move {
            while let Ok((stream, peer)) = listener.accept().await {
                let sockets = sockets.clone();
                let service = service_fn(move |request: Request<Incoming>| {
                    let sockets = sockets.clone();
                    async move { Ok::<_, Infallible>(sockets.handle(request, peer).await) }
                });
                let http = hyper::server::conn::http1::Builder::new();
                tokio::spawn(http.serve_connection(TokioIo::new(stream), service).with_upgrades());
            }
        });
        server
    }

    /// Somebody else serves it there.
    pub(super) fn listens_at(&mut self, address: SocketAddr) {
        self.address = Some(address);
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address.unwrap()
    }

    pub(super) async fn seen(&mut self) -> Seen {
        timeout(PATIENCE, self.seen.recv()).await.expect("the service hears something").unwrap()
    }

    /// Whether the service heard nothing more.
    pub(super) fn is_quiet(&mut self) -> bool {
        self.seen.try_recv().is_err()
    }

    /// A request, answered in the process.
    pub(super) async fn request(&self, method: Method, query: &str, body: &str) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(format!("/socket.io/?{query}"))
            .body(Full::new(Bytes::from(body.to_owned())))
            .unwrap();
        Answer::of(self.sockets.handle(request, ([127, 0, 0, 1], 1).into()).await).await
    }

    /// A polling session before its CONNECT.
    pub(super) async fn poller(&self) -> Poller<'_> {
        let open = self.request(Method::GET, "EIO=4&transport=polling", "").await;
        let content: Value = serde_json::from_str(open.body.strip_prefix('0').unwrap()).unwrap();
        Poller {
            server: self,
            query: format!("EIO=4&transport=polling&sid={}", content["sid"].as_str().unwrap()),
        }
    }

    /// A polling session after its CONNECT.
    pub(super) async fn connected_poller(&mut self) -> (String, SocketId) {
        let poller = self.poller().await;
        poller.post("40").await;
        assert!(poller.get().await.starts_with("40{\"sid\":"));
        let query = poller.query.clone();
        let Seen::Opened(id) = self.seen().await else { panic!("a socket opens first") };
        (query, id)
    }

    pub(super) fn resume(&self, query: &str) -> Poller<'_> {
        Poller { server: self, query: query.into() }
    }

    /// A WebSocket before its OPEN packet.
    pub(super) async fn websocket(&self, query: &str) -> Client<TcpStream> {
        let stream = TcpStream::connect(self.address()).await.unwrap();
        let url = format!("ws://{}/socket.io/?{query}", self.address());
        Client(client_async(url, stream).await.unwrap().0)
    }

    /// A WebSocket after its OPEN packet.
    pub(super) async fn opened(&self) -> Client<TcpStream> {
        let mut client = self.websocket("EIO=4&transport=websocket").await;
        assert!(client.text().await.starts_with("0{"));
        client
    }

    /// A WebSocket after its CONNECT.
    pub(super) async fn connected(&mut self) -> (Client<TcpStream>, SocketId) {
        let mut client = self.opened().await;
        client.connect().await;
        let Seen::Opened(id) = self.seen().await else { panic!("a socket opens first") };
        (client, id)
    }

    /// A session on a pipe instead of a TCP connection, for the clock that stands still. Its OPEN is read.
    pub(super) async fn on_a_pipe(&self, room: usize) -> Client<DuplexStream> {
        let (near, far) = tokio::io::duplex(room);
        let core = self.core();
        let limits = Limits { message: core.settings.message_limit, hard: core.settings.hard_limit };
        let handshake = Box::new(Handshake::of(&Request::new(()), ([127, 0, 0, 1], 1).into(), None));
        let session = Session::open(core, handshake, Via::WebSocket, "sid");
        tokio::spawn(upgrade::run(session, Wire::new(far, limits, vec![])));
        let mut client = Client(WebSocketStream::from_raw_socket(near, Role::Client, None).await);
        assert!(client.text().await.starts_with("0{"));
        client
    }

    /// What the task of a session on a TCP connection keeps while it waits.
    pub(super) fn size_of_a_task(&self) -> usize {
        fn size_of_output<A, B, F>(_: fn(A, B) -> F) -> usize {
            size_of::<F>()
        }
        size_of_output(upgrade::run::<Recorder, upgrade::Stream>)
    }

    fn core(&self) -> &Arc<Core<Recorder>> {
        self.sockets.core()
    }
}

/// A response.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Answer {
    async fn of(response: Response<Full<Bytes>>) -> Self {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Self { status: parts.status, headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    /// The code of an Engine.IO error.
    pub(super) fn code(&self) -> Value {
        serde_json::from_str::<Value>(&self.body).unwrap()["code"].clone()
    }
}

/// A client that polls.
#[derive(Clone)]
pub(super) struct Poller<'a> {
    server: &'a Server,
    pub(super) query: String,
}

impl Poller<'_> {
    pub(super) async fn get(&self) -> String {
        let answer = timeout(PATIENCE, self.try_get()).await.expect("a poll is answered");
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        answer.body
    }

    pub(super) async fn try_get(&self) -> Answer {
        self.server.request(Method::GET, &self.query, "").await
    }

    pub(super) async fn post(&self, body: &str) {
        let answer = self.try_post(body).await;
        assert_eq!((answer.status, &*answer.body), (StatusCode::OK, "ok"));
    }

    pub(super) async fn try_post(&self, body: &str) -> Answer {
        self.server.request(Method::POST, &self.query, body).await
    }

    pub(super) fn sid(&self) -> &str {
        self.query.rsplit_once('=').unwrap().1
    }
}

/// A client on a WebSocket.
pub(super) struct Client<Io>(pub(super) WebSocketStream<Io>);

impl<Io: AsyncRead + AsyncWrite + Unpin> Client<Io> {
    pub(super) async fn send(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    pub(super) async fn next(&mut self) -> Message {
        timeout(PATIENCE, self.0.next()).await.expect("something arrives").unwrap().unwrap()
    }

    pub(super) async fn text(&mut self) -> String {
        self.next().await.into_text().unwrap().to_string()
    }

    /// Sends a CONNECT and reads its answer.
    pub(super) async fn connect(&mut self) {
        self.send("40").await;
        assert!(self.text().await.starts_with("40{\"sid\":\""));
    }

    /// The code of the close frame, after which nothing comes.
    pub(super) async fn close_code(&mut self) -> u16 {
        loop {
            match timeout(PATIENCE, self.0.next()).await.expect("the server closes") {
                Some(Ok(Message::Close(frame))) => return frame.unwrap().code.into(),
                Some(Ok(_)) => {}
                end => panic!("no close frame, but {end:?}"),
            }
        }
    }

    /// Waits until the connection ends without a close frame, and nothing comes before that.
    pub(super) async fn cut(&mut self) {
        let end = timeout(PATIENCE, self.0.next()).await.expect("the server closes");
        assert!(matches!(end, Some(Err(_)) | None), "not cut, but {end:?}");
    }

    /// Reads until the connection ends, in whatever way; the texts before that.
    pub(super) async fn rest(&mut self) -> Vec<String> {
        let mut texts = vec![];
        while let Some(Ok(message)) = timeout(PATIENCE, self.0.next()).await.expect("the server closes") {
            if let Message::Text(text) = message {
                texts.push(text.to_string());
            }
        }
        texts
    }
}
