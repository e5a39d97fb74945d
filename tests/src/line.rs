//! A line between a client and a server that a test can break: cut, gone silent, led to another server.
use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst},
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

/// A port that leads to a server for as long as the test likes.
pub struct Line {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    server: Mutex<SocketAddr>,
    /// Connections of older generations are cut.
    generation: watch::Sender<u64>,
    /// Connections of this generation and older ones carry nothing.
    silent: AtomicU64,
    open: AtomicUsize,
    taken: AtomicUsize,
}

impl Line {
    /// A line to a server.
    ///
    /// # Panics
    /// If there is no port for it.
    pub async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("it is bound");
        let shared = Arc::new(Shared {
            server: Mutex::new(server),
            generation: watch::Sender::new(1),
            silent: AtomicU64::new(0),
            open: AtomicUsize::new(0),
            taken: AtomicUsize::new(0),
        });
        let task = tokio::spawn(accept(listener, shared.clone()));
        Self { address, shared, task }
    }

    /// Where clients connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cuts every connection: both ends notice at once.
    pub fn cut(&self) {
        self.shared.generation.send_modify(|generation| *generation += 1);
    }

    /// Every connection that is open carries nothing any more, and nobody is told. New ones are fine.
    pub fn fall_silent(&self) {
        self.shared.silent.store(*self.shared.generation.borrow(), SeqCst);
        self.shared.generation.send_modify(|generation| *generation += 1);
    }

    /// New connections lead to another server.
    pub fn lead_to(&self, server: SocketAddr) {
        *self.shared.server.lock().unwrap_or_else(PoisonError::into_inner) = server;
    }

    /// Connections that clients made so far.
    pub fn taken(&self) -> usize {
        self.shared.taken.load(SeqCst)
    }

    /// Connections that are open at the client's end.
    pub fn open(&self) -> usize {
        self.shared.open.load(SeqCst)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.task.abort();
        self.cut();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((client, _)) = listener.accept().await {
        shared.taken.fetch_add(1, SeqCst);
        tokio::spawn(carry(client, shared.clone()));
    }
}

async fn carry(client: TcpStream, shared: Arc<Shared>) {
    let mut generations = shared.generation.subscribe();
    let mine = *generations.borrow_and_update();
    shared.open.fetch_add(1, SeqCst);
    let address = *shared.server.lock().unwrap_or_else(PoisonError::into_inner);
    if let Ok(server) = TcpStream::connect(address).await {
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        let both = async {
            tokio::join!(
                copy(from_client, to_server, mine, &shared),
                copy(from_server, to_client, mine, &shared)
            )
        };
        let is_cut = generations.wait_for(|now| *now > mine && shared.silent.load(SeqCst) < mine);
        tokio::select! {
            _ = both => {}
            _ = is_cut => {}
        }
    }
    shared.open.fetch_sub(1, SeqCst);
}

async fn copy(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    mine: u64,
    shared: &Shared,
) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        if shared.silent.load(SeqCst) >= mine {
            continue;
        }
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
    // The other end learns that this one is gone, unless the line is silent.
    if shared.silent.load(SeqCst) >= mine {
        std::future::pending::<()>().await;
    }
}
