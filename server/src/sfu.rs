//! The media server: what the calls of many go through. How, and why so: `docs/media-server.md`.
//!
//! [`Sfu`] takes orders of the rules and tells them news; a room lives on one of its workers, each a thread. What it must
//! not know: who anybody is, and any rule of a call.
#[doc(hidden)]
pub mod any_bytes;
mod client;
mod datagrams;
mod elsewhere;
mod exit;
mod room;
pub mod sdp;
mod stream;
mod streams;
#[cfg(test)]
mod tests;
mod worker;

pub use worker::Counts;

use crate::calls::{MediaNews, MediaOrder};
use calls_protocol::RoomName;
use calls_rtp::handshake::{Identity, IdentityError};
use client::Host;
use mio::{Poll, Token, Waker};
use ring::rand::SystemRandom;
use room::{MostSlots, RoomSettings};
use socket2::{Domain, Protocol, Socket, Type};
use std::{
    hash::{DefaultHasher, Hash, Hasher},
    io,
    net::{IpAddr, SocketAddr, UdpSocket},
    sync::{Arc, mpsc},
    thread::JoinHandle,
};
use tokio::net::TcpListener;
use tracing::error;
use worker::{Inbox, Letter, Parts, Worker};

/// What fits into the socket until a worker comes to it: a burst of many pictures at once.
const SOCKET_BYTES: usize = 4 * 1024 * 1024;

/// How a media server is set up.
#[derive(Debug, Clone)]
pub struct SfuSettings {
    /// Where it listens.
    pub bind: IpAddr,
    /// On which port; any, if it is 0.
    pub port: u16,
    /// Where clients reach it; the first is liked best.
    pub addresses: Vec<IpAddr>,
    /// Whether it also takes TCP, on the same port, from those whose network lets nothing else out.
    pub tcp: bool,
    /// Threads; as many as there are processors, if it is 0.
    pub workers: usize,
    /// Others that one client sees and hears at once.
    pub slots: usize,
}

/// Why a media server does not start.
#[derive(Debug, thiserror::Error)]
pub enum SfuError {
    /// The port is not to be had.
    #[error(
        "the media server cannot listen on UDP {address}: {source}; sfu_port chooses another port, sfu = off goes without"
    )]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// It has no certificate for itself.
    #[error("the media server cannot make its certificate: {0}")]
    Identity(#[from] IdentityError),
    /// The port is not to be had for TCP.
    #[error(
        "the media server cannot listen on TCP {address}: {source}; sfu_port chooses another port, sfu_tcp = false goes without"
    )]
    ListenTcp {
        /// Where.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The system gives no thread, or no way to wait.
    #[error("the media server cannot start a worker: {0}")]
    Worker(#[source] io::Error),
}

/// A running media server.
pub struct Sfu {
    inboxes: Vec<Inbox>,
    threads: Vec<JoinHandle<()>>,
    streams: Option<tokio::task::JoinHandle<()>>,
    counts: Arc<Counts>,
    address: SocketAddr,
}

impl Sfu {
    /// Starts its workers, and a task for TCP on the runtime that it is called in. `tell` gets all news, from their
    /// threads, and must not wait.
    pub fn start(
        settings: &SfuSettings,
        tell: impl Fn(MediaNews) + Send + Sync + 'static,
    ) -> Result<Self, SfuError> {
        let (address, listener) = ports(settings)?;
        let listen = |source| SfuError::Listen { address, source };
        let listen_tcp = |source| SfuError::ListenTcp { address, source };
        let workers = match settings.workers {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            some => some,
        };
        // The letter that names a worker is one of 64.
        let workers = workers.min(64);
        let places = || settings.addresses.iter().map(|ip| SocketAddr::new(*ip, address.port()));
        let tcp = places().filter(|_| settings.tcp).map(sdp::Candidate::TcpPassive);
        let host = Arc::new(Host {
            identity: Identity::generate()?,
            candidates: places().map(sdp::Candidate::Udp).chain(tcp).collect(),
            random: Box::new(SystemRandom::new()),
        });
        let usual = RoomSettings::default();
        let room = RoomSettings { slots: MostSlots { pairs: settings.slots, ..usual.slots }, ..usual };
        let counts = Arc::new(Counts::default());
        let tell: worker::Tell = Arc::new(tell);
        let mut polls = Vec::new();
        let mut inboxes = Vec::new();
        for _ in 0..workers {
            let poll = Poll::new().map_err(SfuError::Worker)?;
            let bell = Waker::new(poll.registry(), Token(0)).map_err(SfuError::Worker)?;
            let (letters, inbox) = mpsc::channel();
            inboxes.push(Inbox::new(letters, bell));
            polls.push((poll, inbox));
        }
        let mut threads = Vec::new();
        for (number, (poll, letters)) in polls.into_iter().enumerate() {
            let parts = Parts {
                number,
                poll,
                letters,
                inboxes: inboxes.clone(),
                host: host.clone(),
                settings: room.clone(),
                tell: tell.clone(),
                counts: counts.clone(),
            };
            let socket = socket(address, true).map_err(listen)?;
            let run = move || {
                if let Err(error) = Worker::new(parts, socket).run() {
                    error!(%error, "a worker of the media server cannot wait for datagrams any more");
                }
            };
            let name = format!("sfu-{number}");
            threads.push(std::thread::Builder::new().name(name).spawn(run).map_err(SfuError::Worker)?);
        }
        let streams = match listener {
            Some(listener) => {
                listener.set_nonblocking(true).map_err(listen_tcp)?;
                let listener = TcpListener::from_std(listener).map_err(listen_tcp)?;
                Some(tokio::spawn(streams::serve(listener, inboxes.clone())))
            }
            None => None,
        };
        Ok(Self { inboxes, threads, streams, counts, address })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it counts.
    pub fn counts(&self) -> Arc<Counts> {
        self.counts.clone()
    }

    /// Carries out an order, soon.
    pub fn order(&self, order: MediaOrder) {
        let worker = worker_for(&order.seat().room, self.inboxes.len());
        self.inboxes[worker].put(Letter::Order(order));
    }

    /// Says goodbye to everybody and ends its threads.
    pub fn stop(self) {
        if let Some(streams) = &self.streams {
            streams.abort();
        }
        for inbox in &self.inboxes {
            inbox.put(Letter::Stop);
        }
        for thread in self.threads {
            // One that panicked has said so.
            let _ended = thread.join();
        }
    }
}

/// Finds the port, for UDP and for TCP.
fn ports(settings: &SfuSettings) -> Result<(SocketAddr, Option<std::net::TcpListener>), SfuError> {
    /// A port that is free for UDP is nearly always free for TCP as well.
    const TRIES: usize = 20;
    let wanted = SocketAddr::new(settings.bind, settings.port);
    let listen = |source| SfuError::Listen { address: wanted, source };
    let mut tries = 0;
    loop {
        tries += 1;
        // Alone first: sockets that share a port would share it with another server as well.
        let alone = socket(wanted, false).map_err(listen)?;
        let address = alone.local_addr().map_err(listen)?;
        if !settings.tcp {
            return Ok((address, None));
        }
        match std::net::TcpListener::bind(address) {
            Ok(listener) => return Ok((address, Some(listener))),
            Err(_) if settings.port == 0 && tries < TRIES => {}
            Err(source) => return Err(SfuError::ListenTcp { address, source }),
        }
    }
}

/// All of a room's people are on one worker.
fn worker_for(room: &RoomName, workers: usize) -> usize {
    let mut hasher = DefaultHasher::new();
    room.hash(&mut hasher);
    (hasher.finish() % workers as u64) as usize
}

fn socket(address: SocketAddr, is_shared: bool) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if is_shared {
        socket.set_reuse_port(true)?;
    }
    // The system may give less; then bursts are lost a little earlier.
    let _taken =
        socket.set_recv_buffer_size(SOCKET_BYTES).and_then(|()| socket.set_send_buffer_size(SOCKET_BYTES));
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket.into())
}
