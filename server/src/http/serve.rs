//! The door: one port for Socket.IO, REST and pages, and how it closes.
use super::{Guests, Refused, access::Peer, client_address};
use crate::{observe::Metrics, patient::Patient, settings::Networks, visitors::Place};
use axum::{Router, body::Body, response::IntoResponse};
use bytes::Bytes;
use calls_protocol::ErrorCode;
use futures_util::FutureExt;
use http_body_util::Full;
use hyper::{
    Request, Response,
    body::Incoming,
    server::conn::http1,
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use std::{
    convert::Infallible, io, net::SocketAddr, panic::AssertUnwindSafe, pin::pin, sync::Arc, time::Duration,
};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep, timeout},
};
use tracing::{debug, error, warn};

/// Ten thousand phones come back within seconds when a server starts again; the system drops what does not fit.
const BACKLOG: u32 = 4096;

/// How long a client may take from one request's end to the end of the next one's head. Longer than a pause between
/// two polls, short enough that connections that say nothing do not pile up.
const HEAD_TIME_OUT: Duration = Duration::from_secs(30);

/// A head with a token and the cookies of a messenger's site fits; an idle connection costs half of it at most.
const LARGEST_HEAD: usize = 16 * 1024;

/// How long the rest of an answer may wait for a client that stopped reading. A phone that changes its network is back
/// by then; the largest answer, a megabyte for who polls, fits through 150 kbit/s.
const WRITE_TIME_OUT: Duration = Duration::from_secs(60);

/// After a connection could not be taken for want of files; long enough for others to end, short for who waits.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Want of files or places lasts; the log needs it once in a while, not with every phone that knocks.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// Who answers the paths of Socket.IO.
pub trait SocketPath: Clone + Send + Sync + 'static {
    /// Whether this path is one of them.
    fn owns(&self, path: &str) -> bool;

    /// How many connections are with the sockets and no longer with the door.
    fn open(&self) -> usize;

    /// Answers; `peer` is where the client is, also behind a trusted proxy.
    fn handle(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
    ) -> impl Future<Output = Response<Full<Bytes>>> + Send;
}

/// No Socket.IO: REST and pages alone.
#[derive(Debug, Clone, Copy)]
pub struct NoSockets;

impl SocketPath for NoSockets {
    fn owns(&self, _: &str) -> bool {
        false
    }

    fn open(&self) -> usize {
        0
    }

    async fn handle(&self, _: Request<Incoming>, _: SocketAddr) -> Response<Full<Bytes>> {
        Response::default()
    }
}

/// What is behind the door.
#[derive(Debug, Clone)]
pub struct Door<S> {
    /// REST and pages.
    pub router: Router,
    /// Socket.IO.
    pub sockets: S,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Networks,
    /// How many come in.
    pub guests: Guests,
    /// Where those who do not are counted.
    pub metrics: Arc<Metrics>,
}

/// Listens on an address. The backlog is longer than usual; the port can be taken again right after a stop.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Serves until `stop` is done. Then nobody new comes in, requests that have begun are answered, and what is not
/// done after `patience` is cut off; returns how many those were. WebSockets are no longer with the door: their
/// owner ends them, before or meanwhile.
pub async fn serve<S: SocketPath>(
    listener: TcpListener,
    door: Door<S>,
    stop: impl Future<Output = ()>,
    patience: Duration,
) -> usize {
    let (stopping, stopped) = watch::channel(false);
    let mut connections = JoinSet::new();
    let door = Arc::new(door);
    let mut stop = pin!(stop);
    let mut told: Option<Instant> = None;
    loop {
        tokio::select! {
            () = &mut stop => break,
            Some(ended) = connections.join_next() => tell_panic(ended),
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => match door.guests.admit(peer.ip(), connections.len() + door.sockets.open()) {
                    Some(place) => {
                        connections.spawn(connection(stream, peer, door.clone(), stopped.clone(), place));
                    }
                    // Closed at once, which costs nothing; clients come back later and later.
                    None => {
                        door.metrics.connections_refused.up();
                        if is_time(&mut told) {
                            warn!("connections are refused: more than limit_connections, or limit_connections_per_address");
                        }
                    }
                },
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    if is_time(&mut told) {
                        warn!(%error, "connections cannot be taken; raise the limit of open files (LimitNOFILE)");
                    }
                    tokio::select! {
                        () = &mut stop => break,
                        () = sleep(ACCEPT_PAUSE) => {}
                    }
                }
            },
        }
    }
    drop(listener);
    // Nobody listens when no connection is left; that is fine, too.
    let _ = stopping.send(true);
    let all_done = async {
        while let Some(ended) = connections.join_next().await {
            tell_panic(ended);
        }
    };
    // On a time-out the rest is counted, then cut off.
    let _ = timeout(patience, all_done).await;
    let left = connections.len();
    connections.shutdown().await;
    left
}

/// Whether the log shall hear of it again.
fn is_time(told: &mut Option<Instant>) -> bool {
    let is_time = told.is_none_or(|told| told.elapsed() >= TELL_EVERY);
    if is_time {
        *told = Some(Instant::now());
    }
    is_time
}

/// The client went away before it was taken; the next one may be fine.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

fn tell_panic(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        error!("a connection ended by a bug of this server");
    }
}

async fn connection<S: SocketPath>(
    stream: TcpStream,
    peer: SocketAddr,
    door: Arc<Door<S>>,
    mut stopped: watch::Receiver<bool>,
    _place: Option<Place>,
) {
    // Frames are small and somebody waits for each. An old connection that is gone already says so when it is read.
    let _ = stream.set_nodelay(true);
    let router = TowerToHyperService::new(door.router.clone());
    let service = service_fn(move |request| {
        let (door, router) = (door.clone(), router.clone());
        async move { Ok::<_, Infallible>(answer(&door, router, request, peer).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME_OUT)
        .max_buf_size(LARGEST_HEAD)
        .serve_connection(TokioIo::new(Patient::new(stream, WRITE_TIME_OUT)), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = &mut connection => ended,
        // It also ends when the door is dropped without a word, as a test may do; that means the same.
        _ = stopped.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        // Mostly clients that went away. The error names no address.
        debug!(%error, "a connection broke off");
    }
}

/// Answers one request. A bug in an answer costs that answer and nothing else.
async fn answer<S: SocketPath>(
    door: &Door<S>,
    router: TowerToHyperService<Router>,
    mut request: Request<Incoming>,
    peer: SocketAddr,
) -> Response<Body> {
    let answered = async {
        if door.sockets.owns(request.uri().path()) {
            let address = client_address(peer.ip(), request.headers(), &door.trusted_proxies);
            let client = SocketAddr::new(address, peer.port());
            // Boxed: its state is large, and most connections only ever need that of the router.
            return Box::pin(door.sockets.handle(request, client)).await.map(Body::new);
        }
        request.extensions_mut().insert(Peer(peer));
        match router.call(request.map(Body::new)).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    };
    AssertUnwindSafe(answered).catch_unwind().await.unwrap_or_else(|_| {
        error!("a request could not be answered by a bug of this server");
        Refused::new(ErrorCode::Internal, "this is a fault of the server, not yours; try again")
            .into_response()
    })
}
