//! Carries out what the [`Link`] decides: one task, one socket at a time.
use super::{
    link::{Link, LinkEffect, LinkInput, LinkSettings, Told, Who},
    transport::{self, OpenError, ServerUrl, Socket, Trust, TrustError},
};
use calls_machine::{AskId, Time};
use calls_protocol::ClientEvent;
use futures_util::{SinkExt, StreamExt, future::BoxFuture};
use rustls::ClientConfig;
use std::{collections::VecDeque, sync::Arc, time::Duration};
use tokio::{
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, sleep_until, timeout},
};
use tokio_tungstenite::tungstenite::Message;
use tracing::debug;

/// Where proofs of who we are come from: the app, which asks its own server.
pub trait Proofs: Send + Sync + 'static {
    /// What goes into the handshake's `auth`: `{"token": …}`, `{"initData": …}`, or `{}` in open mode. With `fresh` the
    /// last one was refused. None if there is none now, for want of a network for example.
    fn fetch(&self, fresh: bool) -> BoxFuture<'_, Option<serde_json::Value>>;
}

/// Whom to connect to, and as whom.
pub struct SignalingConfig {
    /// The server.
    pub server: ServerUrl,
    /// Who we are.
    pub who: Who,
    /// How that is proved.
    pub proofs: Arc<dyn Proofs>,
    /// Which servers are believed.
    pub trust: Trust,
    /// How long things may take.
    pub settings: LinkSettings,
}

/// The connection to the server. Dropping it ends it.
pub struct Signaling {
    /// Not bounded: what is in it is what the outbox would hold anyway, and nobody but the engine puts into it.
    orders: mpsc::UnboundedSender<LinkInput>,
    told: mpsc::Receiver<Told>,
    task: JoinHandle<()>,
}

/// What may wait for the engine before the server has to wait, too.
const WAITING: usize = 256;

/// Nobody reads what we write: the connection is dead.
const WRITE: Duration = Duration::from_secs(8);

impl Signaling {
    /// Begins to connect. Must be called inside a tokio runtime.
    pub fn start(config: SignalingConfig) -> Result<Self, TrustError> {
        let tls = config.trust.config()?;
        let mut chance = [0; 8];
        // Without chance all devices come back in step, which a server survives.
        let _ = ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut chance);
        let (orders, ordered) = mpsc::unbounded_channel();
        let (tell, told) = mpsc::channel(WAITING);
        let driver = Driver {
            link: Link::new(config.who, config.settings, u64::from_ne_bytes(chance)),
            begun: Instant::now(),
            server: config.server,
            tls,
            proofs: config.proofs,
            tell,
            effects: VecDeque::new(),
            work: None,
            socket: None,
        };
        let task = tokio::spawn(driver.run(ordered));
        Ok(Self { orders, told, task })
    }

    /// Asks, and again on every new connection until there is an answer.
    pub fn ask(&self, ask: AskId, event: ClientEvent) {
        self.order(LinkInput::Ask { ask, event: Box::new(event) });
    }

    /// The answer matters to nobody any more.
    pub fn forget(&self, ask: AskId) {
        self.order(LinkInput::Forget(ask));
    }

    /// Pushes reach this device here from now on. The server is told at once, or as soon as it is there.
    pub fn push_token(&self, token: String) {
        self.order(LinkInput::PushToken(token));
    }

    /// After [`Told::Up`], once the calls were asked to resume: what waits is said now.
    pub fn ready(&self) {
        self.order(LinkInput::Ready);
    }

    /// The device has another network.
    pub fn network_changed(&self) {
        self.order(LinkInput::NetworkChanged);
    }

    fn order(&self, input: LinkInput) {
        // After it closed there is nobody to ask; whoever closed it knows.
        let _ = self.orders.send(input);
    }

    /// What comes next. None after the end.
    pub async fn next(&mut self) -> Option<Told> {
        self.told.recv().await
    }

    /// Says goodbye and waits until nothing is left.
    pub async fn close(mut self) {
        self.order(LinkInput::Close);
        self.told.close();
        // It ends by itself; that it panicked was logged by the runtime.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Signaling {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Driver {
    link: Link,
    begun: Instant,
    server: ServerUrl,
    tls: Arc<ClientConfig>,
    proofs: Arc<dyn Proofs>,
    tell: mpsc::Sender<Told>,
    effects: VecDeque<LinkEffect>,
    /// A proof that is being fetched, or a socket that is being opened.
    work: Option<BoxFuture<'static, Done>>,
    socket: Option<Box<Socket>>,
}

enum Done {
    Proof(Option<serde_json::Value>),
    Opened(Result<Box<Socket>, OpenError>),
}

impl Driver {
    async fn run(mut self, mut ordered: mpsc::UnboundedReceiver<LinkInput>) {
        self.input(LinkInput::Tick);
        loop {
            self.carry_out().await;
            let Some(deadline) = self.link.deadline() else { break };
            let wake = self.begun + Duration::from_millis(deadline.0);
            let input = tokio::select! {
                order = ordered.recv() => order.unwrap_or(LinkInput::Close),
                done = work(&mut self.work) => self.worked(done),
                text = read(&mut self.socket) => text,
                () = sleep_until(wake) => LinkInput::Tick,
            };
            self.input(input);
            // What was ordered at the same moment, as addresses of ours are, leaves in the same write.
            while let Ok(order) = ordered.try_recv() {
                self.input(order);
            }
        }
        self.carry_out().await;
    }

    fn input(&mut self, input: LinkInput) {
        let now = Time(0) + self.begun.elapsed();
        self.effects.extend(self.link.handle(now, input));
    }

    fn worked(&mut self, done: Done) -> LinkInput {
        self.work = None;
        match done {
            Done::Proof(Some(proof)) => LinkInput::Proof(proof),
            Done::Proof(None) => LinkInput::NoProof,
            Done::Opened(Ok(socket)) => {
                self.socket = Some(socket);
                LinkInput::Opened
            }
            Done::Opened(Err(error)) => {
                debug!(%error, "no connection");
                LinkInput::Gone
            }
        }
    }

    async fn carry_out(&mut self) {
        let mut is_written = false;
        while let Some(effect) = self.effects.pop_front() {
            match effect {
                LinkEffect::FetchProof { fresh } => {
                    let proofs = self.proofs.clone();
                    self.work = Some(Box::pin(async move { Done::Proof(proofs.fetch(fresh).await) }));
                }
                LinkEffect::Open => {
                    let open = transport::open(self.server.clone(), self.tls.clone());
                    self.work = Some(Box::pin(async move { Done::Opened(open.await.map(Box::new)) }));
                }
                LinkEffect::Send(text) => {
                    self.write(Some(text)).await;
                    is_written = true;
                }
                LinkEffect::Drop => (self.socket, self.work) = (None, None),
                // The engine that does not listen any more is about to close us.
                LinkEffect::Tell(told) => drop(self.tell.send(told).await),
            }
            if is_written && !matches!(self.effects.front(), Some(LinkEffect::Send(_))) {
                is_written = false;
                // If it fails, there is more to carry out.
                self.write(None).await;
            }
        }
    }

    /// Writes a message, or lets go what was written.
    async fn write(&mut self, text: Option<String>) {
        let Some(socket) = &mut self.socket else { return };
        let written = async {
            match text {
                Some(text) => socket.feed(Message::text(text)).await,
                None => socket.flush().await,
            }
        };
        if !matches!(timeout(WRITE, written).await, Ok(Ok(()))) {
            self.socket = None;
            self.input(LinkInput::Gone);
        }
    }
}

/// The work that is under way; never, if there is none.
async fn work(work: &mut Option<BoxFuture<'static, Done>>) -> Done {
    match work {
        Some(work) => work.await,
        None => std::future::pending().await,
    }
}

/// The next text from the server; never, if there is no connection.
async fn read(socket: &mut Option<Box<Socket>>) -> LinkInput {
    let Some(open) = socket else { return std::future::pending().await };
    loop {
        match open.next().await {
            Some(Ok(Message::Text(text))) => return LinkInput::Text(text.as_str().to_owned()),
            // Answered by the library, or nothing that we use.
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Binary(_) | Message::Frame(_))) => {}
            Some(Ok(Message::Close(_)) | Err(_)) | None => {
                *socket = None;
                return LinkInput::Gone;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use calls_protocol::{DeviceId, UserId};
    use futures_util::FutureExt;
    use std::{
        io,
        pin::Pin,
        sync::atomic::{AtomicUsize, Ordering},
        task::{Context, Poll},
    };
    use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
    use tokio_tungstenite::{WebSocketStream, tungstenite::protocol::Role};

    struct Nothing;

    impl Proofs for Nothing {
        fn fetch(&self, _fresh: bool) -> BoxFuture<'_, Option<serde_json::Value>> {
            async { None }.boxed()
        }
    }

    /// Takes everything, says nothing, and counts how often it was written to.
    struct Counting(Arc<AtomicUsize>);

    impl AsyncRead for Counting {
        fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            Poll::Pending
        }
    }

    impl AsyncWrite for Counting {
        fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[tokio::test]
    async fn what_is_said_at_one_moment_leaves_in_one_write() {
        let who = Who {
            user: UserId::new(1).expect("small"),
            device: DeviceId::new("phone").expect("a name"),
            platform: "test".into(),
            push_token: None,
        };
        let writes = Arc::new(AtomicUsize::new(0));
        let stream: Box<dyn transport::Stream> = Box::new(Counting(writes.clone()));
        let (tell, _told) = mpsc::channel(1);
        let mut driver = Driver {
            link: Link::new(who, LinkSettings::default(), 0),
            begun: Instant::now(),
            server: ServerUrl::parse("http://127.0.0.1").expect("an address"),
            tls: Trust::default().config().expect("the usual one"),
            proofs: Arc::new(Nothing),
            tell,
            effects: (0..6).map(|n| LinkEffect::Send(format!("address {n}"))).collect(),
            work: None,
            socket: Some(Box::new(WebSocketStream::from_raw_socket(stream, Role::Client, None).await)),
        };

        driver.carry_out().await;

        assert_eq!(writes.load(Ordering::Relaxed), 1);
    }
}
