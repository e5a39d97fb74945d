//! The sockets and sleeps of the stack, with our hand in between.
//!
//! The stack takes both from a runtime that an application may bring along. Ours is the one of tokio, but
//!
//! - a packet goes to, or comes from, the other side only after the person wanted the call (`open`),
//! - a packet for a relay behind TCP or TLS goes through a stream,
//! - sleeps are as long as `pace` allows,
//! - each task is kept, so that whoever ends the connection hears that the task ended.
use super::{
    flights::Flights,
    pace::{Pace, Sleep},
    servers::Servers,
    turn_stream::{self, WAITING},
};
use std::{
    collections::HashMap,
    future::Future,
    io::{self, IoSliceMut},
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};
use tokio::{
    sync::{Notify, mpsc},
    task::{AbortHandle, JoinSet},
};
use tokio_rustls::rustls::ClientConfig;
use tracing::debug;
use webrtc::runtime::{
    AsyncInterval, AsyncTcpListener, AsyncTcpStream, AsyncUdpSocket, JoinHandle, RecvMeta, Runtime,
    TokioRuntime, Transmit,
};

/// The stack waits for a name in its event loop, and everything else with it.
const RESOLVE_WITHIN: Duration = Duration::from_secs(3);

/// Addresses of theirs that are tried are fewer, but a device can change its own for hours.
const MOST_CHECKED: usize = 1024;

/// RFC 6762.
const MDNS_PORT: u16 = 5353;

type Pinned<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What sockets, the owner of a connection and its stack share.
pub(crate) struct Net {
    pub(crate) pace: Arc<Pace>,
    servers: Servers,
    tls: Option<Arc<ClientConfig>>,
    /// Where servers were found. They may be asked before the person wants the call.
    server_addresses: RwLock<Vec<SocketAddr>>,
    /// Where connectivity checks went. ICE sends them only to addresses of theirs and to whoever knew our password.
    checked: RwLock<Vec<SocketAddr>>,
    is_open: AtomicBool,
    begin: Instant,
    /// Milliseconds since `begin` at which something came from the other side; 0 is never.
    heard: AtomicU64,
    /// An alert of DTLS came: the other side may have closed.
    pub(crate) alert: Notify,
    /// The stack's own task ended, asked or not.
    pub(crate) stack_ended: Notify,
    flights: Flights,
    tasks: Mutex<JoinSet<()>>,
}

impl Net {
    pub(crate) fn new(servers: Servers, tls: Option<Arc<ClientConfig>>) -> Arc<Self> {
        Arc::new(Self {
            pace: Arc::new(Pace::new()),
            servers,
            tls,
            server_addresses: RwLock::default(),
            checked: RwLock::default(),
            is_open: AtomicBool::new(false),
            begin: Instant::now(),
            heard: AtomicU64::new(0),
            alert: Notify::new(),
            stack_ended: Notify::new(),
            flights: Flights::default(),
            tasks: Mutex::default(),
        })
    }

    /// Repeats flights of DTLS for as long as there are any.
    pub(crate) async fn repeat_flights(&self) {
        self.flights.repeat().await;
    }

    pub(crate) fn runtime(self: &Arc<Self>) -> Arc<dyn Runtime> {
        Arc::new(OwnRuntime { net: self.clone() })
    }

    pub(crate) fn servers(&self) -> &Servers {
        &self.servers
    }

    /// From here on packets go to and come from the other side.
    pub(crate) fn open(&self) {
        self.is_open.store(true, Ordering::Release);
    }

    /// For how long nothing has come from the other side; none if nothing ever did.
    pub(crate) fn silent_for(&self) -> Option<Duration> {
        match self.heard.load(Ordering::Relaxed) {
            0 => None,
            at => Some(self.begin.elapsed().saturating_sub(Duration::from_millis(at))),
        }
    }

    /// Waits until every task has ended, and ends those that do not by themselves.
    pub(crate) async fn end_tasks(&self, within: Duration) {
        let mut tasks = std::mem::take(&mut *lock(&self.tasks));
        let all_ended = async { while tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(within, all_ended).await.is_err() {
            debug!(left = tasks.len(), "tasks of a connection are ended by force");
            tasks.shutdown().await;
        }
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        let mut tasks = lock(&self.tasks);
        // Those that ended are let go, so that a long call does not collect them.
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task)
    }

    fn is_server(&self, address: SocketAddr) -> bool {
        self.server_addresses.read().unwrap_or_else(PoisonError::into_inner).contains(&address)
    }

    fn may_pass(&self, other_end: SocketAddr) -> bool {
        self.is_open.load(Ordering::Acquire) || self.is_server(other_end)
    }

    fn note_check(&self, to: SocketAddr) {
        let is_known = |known: &Vec<SocketAddr>| known.contains(&to) || known.len() >= MOST_CHECKED;
        if !is_known(&self.checked.read().unwrap_or_else(PoisonError::into_inner)) {
            self.checked.write().unwrap_or_else(PoisonError::into_inner).push(to);
        }
    }

    /// Whether packets from an address are let in. The stack would take DTLS from anybody, and one forged alert ends a
    /// handshake.
    fn lets_in(&self, from: SocketAddr, packets: &[u8], size: usize) -> bool {
        if self.is_server(from) {
            return true;
        }
        self.is_open.load(Ordering::Acquire)
            && (packets.chunks(size.max(1)).all(is_stun)
                || from.port() == MDNS_PORT
                || self.checked.read().unwrap_or_else(PoisonError::into_inner).contains(&from))
    }

    /// Looks at a packet that came.
    fn look(&self, packet: &[u8]) {
        self.flights.came(packet);
        match packet {
            // An alert; whether it is a good one is for DTLS to say.
            [21, ..] => self.alert.notify_one(),
            // What a server says about itself: a STUN message with a method other than binding, except data.
            [0 | 1, method, ..] if !matches!(method, 0x01 | 0x17) => return,
            _ => {}
        }
        let at = u64::try_from(self.begin.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.heard.store(at.max(1), Ordering::Relaxed);
    }
}

impl std::fmt::Debug for Net {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Net")
            .field("pace", &self.pace)
            .field("is_open", &self.is_open)
            .finish_non_exhaustive()
    }
}

/// RFC 7983.
fn is_stun(packet: &[u8]) -> bool {
    matches!(packet, [0..=3, ..])
}

/// Whether a relay shall pass something on, or prepare for it: channel data, an indication to send, a permission, a
/// channel. Nothing that goes to a peer looks like that (RFC 7983).
fn passes_on(packet: &[u8]) -> bool {
    matches!(packet, [0x40..=0x4f, ..] | [0, 0x16 | 0x08 | 0x09, ..])
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Debug)]
struct OwnRuntime {
    net: Arc<Net>,
}

struct Kept(AbortHandle);

/// Tells that a task of the stack ended, however it did.
struct Ended(Arc<Net>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.stack_ended.notify_one();
    }
}

impl JoinHandle for Kept {
    fn detach(&self) {}

    fn abort(&self) {
        self.0.abort();
    }

    fn is_finished(&self) -> bool {
        self.0.is_finished()
    }
}

impl Runtime for OwnRuntime {
    fn spawn(&self, future: Pinned<'static, ()>) -> Box<dyn JoinHandle> {
        let ended = Ended(self.net.clone());
        Box::new(Kept(self.net.spawn(async move {
            let _ended = ended;
            future.await;
        })))
    }

    fn wrap_udp_socket(&self, socket: std::net::UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        let inner = TokioRuntime.wrap_udp_socket(socket)?;
        let (from_streams, inbox) = mpsc::channel(WAITING);
        Ok(Arc::new(Socket {
            net: self.net.clone(),
            inner,
            streams: Mutex::default(),
            from_streams,
            inbox: Mutex::new(inbox),
        }))
    }

    fn wrap_tcp_listener(&self, listener: std::net::TcpListener) -> io::Result<Arc<dyn AsyncTcpListener>> {
        TokioRuntime.wrap_tcp_listener(listener)
    }

    fn connect_tcp<'a>(&'a self, _: SocketAddr) -> Pinned<'a, io::Result<Arc<dyn AsyncTcpStream>>> {
        // Candidates of TCP are left out before the stack sees them.
        Box::pin(async { Err(io::ErrorKind::Unsupported.into()) })
    }

    fn resolve_host<'a>(&'a self, host: &'a str) -> Pinned<'a, io::Result<Vec<SocketAddr>>> {
        Box::pin(async move {
            let found = match self.net.servers.stand_ins(host) {
                Some(stand_ins) => stand_ins,
                None => tokio::time::timeout(RESOLVE_WITHIN, tokio::net::lookup_host(host)).await??.collect(),
            };
            let mut known = self.net.server_addresses.write().unwrap_or_else(PoisonError::into_inner);
            for address in &found {
                if !known.contains(address) {
                    known.push(*address);
                }
            }
            Ok(found)
        })
    }

    fn now(&self) -> Instant {
        self.net.pace.time()
    }

    fn sleep(&self, duration: Duration) -> Pinned<'static, ()> {
        Box::pin(Sleep::new(&self.net.pace, duration).run())
    }

    fn interval(&self, period: Duration) -> Box<dyn AsyncInterval> {
        TokioRuntime.interval(period)
    }

    fn block_on(&self, future: Pin<Box<dyn Future<Output = ()> + '_>>) {
        TokioRuntime.block_on(future);
    }

    fn yield_now(&self) -> Pinned<'static, ()> {
        TokioRuntime.yield_now()
    }

    fn name(&self) -> &'static str {
        "calls"
    }
}

/// A UDP socket with the streams that stand beside it.
struct Socket {
    net: Arc<Net>,
    inner: Arc<dyn AsyncUdpSocket>,
    streams: Mutex<HashMap<SocketAddr, mpsc::Sender<Vec<u8>>>>,
    from_streams: mpsc::Sender<(SocketAddr, Vec<u8>)>,
    inbox: Mutex<mpsc::Receiver<(SocketAddr, Vec<u8>)>>,
}

impl Socket {
    /// Puts packets into the stream that an address stands for. A full one drops them.
    fn send_by_stream(&self, index: usize, transmit: &Transmit<'_>) {
        let mut streams = lock(&self.streams);
        let stream = streams.entry(transmit.destination).or_insert_with(|| {
            let (sender, out) = mpsc::channel(WAITING);
            let server = self.net.servers.by_stream[index].clone();
            let (stand_in, tls, inbox) =
                (transmit.destination, self.net.tls.clone(), self.from_streams.clone());
            self.net.spawn(turn_stream::carry(server, stand_in, tls, out, inbox));
            sender
        });
        let size = transmit.segment_size.unwrap_or(transmit.contents.len()).max(1);
        let mut has_ended = false;
        for packet in transmit.contents.chunks(size) {
            has_ended |=
                matches!(stream.try_send(packet.to_vec()), Err(mpsc::error::TrySendError::Closed(_)));
        }
        if has_ended {
            // The next packet begins another stream: the stack asks the relay again until it gives up.
            streams.remove(&transmit.destination);
        }
    }
}

impl AsyncUdpSocket for Socket {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }

    fn poll_send(&self, cx: &mut Context<'_>, transmit: &Transmit<'_>) -> Poll<io::Result<usize>> {
        if passes_on(transmit.contents) {
            self.net.pace.relayed();
        }
        if let Some(index) = self.net.servers.stream_at(transmit.destination) {
            self.send_by_stream(index, transmit);
            return Poll::Ready(Ok(transmit.contents.len()));
        }
        if !self.net.may_pass(transmit.destination) {
            return Poll::Ready(Ok(transmit.contents.len()));
        }
        let sent = self.inner.poll_send(cx, transmit);
        if is_stun(transmit.contents) {
            self.net.note_check(transmit.destination);
        }
        if sent.is_ready() {
            let size = transmit.segment_size.unwrap_or(transmit.contents.len()).max(1);
            for datagram in transmit.contents.chunks(size) {
                self.net.flights.sent(&self.inner, transmit.destination, datagram);
            }
        }
        sent
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        let (Some(buffer), Some(about)) = (bufs.first_mut(), meta.first_mut()) else {
            return Poll::Ready(Err(io::ErrorKind::InvalidInput.into()));
        };
        if let Poll::Ready(Some((from, packet))) = lock(&self.inbox).poll_recv(cx) {
            let length = packet.len().min(buffer.len());
            buffer[..length].copy_from_slice(&packet[..length]);
            *about = RecvMeta::default();
            (about.addr, about.len, about.stride) = (from, length, length.max(1));
            self.net.look(&packet);
            return Poll::Ready(Ok(1));
        }
        loop {
            // One at a time, so that what may not pass can be left out.
            let count = ready!(self.inner.poll_recv(cx, &mut bufs[..1], &mut meta[..1]))?;
            let packets = &bufs[0][..meta[0].len.min(bufs[0].len())];
            if count == 0 || self.net.lets_in(meta[0].addr, packets, meta[0].stride) {
                self.net.look(packets);
                return Poll::Ready(Ok(count));
            }
        }
    }

    fn max_gso_segments(&self) -> usize {
        self.inner.max_gso_segments()
    }

    fn max_gro_segments(&self) -> usize {
        self.inner.max_gro_segments()
    }
}

impl std::fmt::Debug for Socket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Socket").field("inner", &self.inner).finish_non_exhaustive()
    }
}
