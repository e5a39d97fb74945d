//! The routes and the door, over real connections.
mod door;
mod pages;
mod routes;

use super::*;
use crate::{
    auth::make_test_token,
    clock::wall_clock,
    settings::{Given, JwtSettings},
};
use calls_protocol::UserId;
use serde_json::Value;
use std::net::SocketAddr;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::oneshot,
    task::JoinHandle,
};

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const TURN_SECRET: &str = "fedcba9876543210fedcba9876543210";

/// Less than a request may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// A server of this test, on a port of its own.
struct Running {
    address: SocketAddr,
    health: Arc<Health>,
    metrics: Arc<Metrics>,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<usize>,
}

fn settings(list: &[(&str, &str)]) -> Settings {
    let flags = list.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    Settings::load(&Given { flags, ..Given::default() }).unwrap_or_else(|problems| panic!("{problems:?}")).0
}

fn rest(list: &[(&str, &str)], history: CallHistory) -> Arc<Rest> {
    let settings = settings(list);
    let ice = Arc::new(IceIssuer::new(settings.ice.clone()));
    let auth = Arc::new(Auth::new(&settings.auth));
    Arc::new(Rest::new(&settings, auth, ice, Arc::default(), Arc::default(), history))
}

/// Starts a server with these settings and a TURN server.
fn start(list: &[(&str, &str)]) -> Running {
    start_with(list, CallHistory::none(), NoSockets)
}

fn start_with(list: &[(&str, &str)], history: CallHistory, sockets: impl SocketPath) -> Running {
    let turn = [("turn_server", "turn.example.org"), ("turn_secret", TURN_SECRET)];
    let list: Vec<_> = turn.into_iter().chain(list.iter().copied()).collect();
    let rest = rest(&list, history);
    let (health, metrics) = (rest.health.clone(), rest.metrics.clone());
    let listener = listen("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    let door = door_to(rest, sockets);
    let (stop, stopped) = oneshot::channel::<()>();
    let stop_when = async move {
        // A test that ends without a word stops it, too.
        let _ = stopped.await;
    };
    let serving = tokio::spawn(serve(listener, door, stop_when, PATIENCE));
    Running { address, health, metrics, stop, serving }
}

/// A door with as many places as a test wants.
fn door_to<S>(rest: Arc<Rest>, sockets: S) -> Door<S> {
    Door {
        trusted_proxies: rest.trusted_proxies.clone(),
        guests: Guests::new(usize::MAX, None, Networks::default()),
        metrics: rest.metrics.clone(),
        router: router(rest),
        sockets,
    }
}

/// An answer as it came.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn read(raw: &[u8]) -> Self {
        let text = String::from_utf8_lossy(raw);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, head: head.to_owned(), body: body.to_owned() }
    }

    fn header(&self, name: &str) -> Option<&str> {
        let pairs = self.head.lines().filter_map(|line| line.split_once(": "));
        pairs.into_iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Status and code of a refusal, which must have a sentence, too.
    fn refusal(&self) -> (u16, String) {
        let error = &self.json()["error"];
        assert!(error["message"].as_str().unwrap().len() > 10, "{self:?}");
        (self.status, error["code"].as_str().unwrap().to_owned())
    }
}

/// Sends bytes and reads until the other side closes.
async fn exchange(address: SocketAddr, request: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    answer
}

impl Running {
    async fn ask(&self, line: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = format!("{line} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n");
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        if !body.is_empty() {
            request += &format!("content-length: {}\r\n", body.len());
        }
        request += &format!("\r\n{body}");
        Answer::read(&exchange(self.address, request.as_bytes()).await)
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask(&format!("GET {path}"), &[], "").await
    }

    async fn get_as(&self, user: u64, path: &str) -> Answer {
        self.ask(&format!("GET {path}"), &[("authorization", &bearer(user))], "").await
    }

    async fn post(&self, path: &str, body: &str) -> Answer {
        self.ask(&format!("POST {path}"), &[("content-type", "application/json")], body).await
    }

    /// Stops it and says how many connections had to be cut off.
    async fn stop(self) -> usize {
        let _ = self.stop.send(());
        self.serving.await.unwrap()
    }
}

fn bearer(user: u64) -> String {
    let user = UserId::new(user).unwrap();
    let secret = Secret::new(SECRET);
    format!("Bearer {}", make_test_token(&secret, &JwtSettings::default(), user, wall_clock().0 / 1000, 60))
}
