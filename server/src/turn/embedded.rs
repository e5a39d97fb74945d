//! A STUN and TURN server over UDP inside the server's own process, so that a newcomer needs nothing else.
//!
//! For UDP alone: phones in networks that let only TCP or TLS through need coturn (`docs/turn.md`). The rules are in
//! [`rules`], without sockets; here are the sockets. One task reads what users send and owns the rules; each relay
//! has a task of its own that reads what its peers send. Why not a crate: `docs/adr/0004-embedded-turn.md`.
mod allocation;
mod auth;
mod budget;
mod peers;
mod rules;
mod stats;

pub use stats::RelayStats;

use super::credentials::{IceSettings, TurnAccess, TurnSecret, TurnUrls, stun_url_of_host};
use super::ice_url::IceUrlError;
use allocation::{Allocation, HEADROOM, TAILROOM};
use auth::Doorkeeper;
use peers::PeerPolicy;
use ring::rand::SecureRandom;
use rules::{Now, Opening, Quota, Rules, Step};
use stats::{Counters, count};
use std::{
    collections::HashMap,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    ops::RangeInclusive,
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::{
    net::UdpSocket,
    sync::oneshot,
    task::{AbortHandle, JoinHandle, JoinSet},
};

/// Larger than any packet of a call, which keep below the 1500 bytes of the internet. What is larger is dropped.
const LARGEST_DATAGRAM: usize = 4096;

/// Ports tried for one relay. The range is meant to be much larger than what is in use, so that the first one fits.
const PORTS_TRIED: usize = 64;

/// How often relays whose time is over are looked for; until then they hold a port but pass nothing on.
const SWEEP: Duration = Duration::from_secs(1);

/// What the operator decides about the embedded relay.
#[derive(Debug, Clone)]
pub struct RelaySettings {
    /// The address it listens on; an unspecified one is every address.
    pub bind: IpAddr,
    /// The port it listens on; 0 takes a free one.
    pub port: u16,
    /// The ports it relays on.
    pub relay_ports: RangeInclusive<u16>,
    /// The address that others reach it at, where that is not `bind`.
    pub external_ip: Option<IpAddr>,
    /// What users' names and passwords are made with.
    pub secret: TurnSecret,
    /// Whether it relays to private, loopback, link-local and reserved addresses and to this server itself.
    pub allow_private_peers: bool,
    /// Relays that one user may hold at once, on all devices and under all of the user's names.
    pub allocations_per_user: usize,
    /// Relays that all users may hold at once.
    pub allocations: usize,
    /// Kilobits a second that one user may relay, each way; 0 is no limit.
    pub kbps_per_user: u32,
}

/// Why the relay did not start.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The address or port is not to be had.
    #[error("the embedded relay cannot listen on {address}; is the port taken, perhaps by coturn?")]
    Bind {
        /// Where it should have listened.
        address: SocketAddr,
        /// What the operating system says.
        source: io::Error,
    },
    /// It listens on every address and nobody said by which of them it is reached.
    #[error("the embedded relay listens on every address; name the one that others reach it at")]
    NoExternalAddress,
    /// An unspecified or multicast address, which nobody can reach.
    #[error("{0} is no address that others could reach the embedded relay at")]
    ExternalAddress(IpAddr),
    /// The range has no port, or begins with 0.
    #[error("the ports to relay on must be a range from 1 up, not {from}-{to}")]
    Ports {
        /// The first of them.
        from: u16,
        /// The last of them.
        to: u16,
    },
    /// The operating system gave no random bytes.
    #[error("no random bytes for the embedded relay from the operating system")]
    NoRandomness,
}

/// A running relay. Dropping it ends it too, but only [`stop`](Self::stop) waits until every port is free again.
#[derive(Debug)]
pub struct Relay {
    local: SocketAddr,
    relay_ip: IpAddr,
    secret: TurnSecret,
    counters: Arc<Counters>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Relay {
    /// Starts a relay. Must be called inside a tokio runtime.
    pub fn start(settings: RelaySettings) -> Result<Self, RelayError> {
        let RelaySettings { bind, relay_ports, .. } = &settings;
        if *relay_ports.start() == 0 || relay_ports.is_empty() {
            return Err(RelayError::Ports { from: *relay_ports.start(), to: *relay_ports.end() });
        }
        let relay_ip = relay_ip(*bind, settings.external_ip)?;
        let address = SocketAddr::new(*bind, settings.port);
        let bound = listen(address).and_then(|socket| Ok((socket.local_addr()?, socket)));
        let (local, socket) = bound.map_err(|source| RelayError::Bind { address, source })?;
        let mut nonce_key = [0; 32];
        ring::rand::SystemRandom::new().fill(&mut nonce_key).map_err(|_| RelayError::NoRandomness)?;

        let counters = Arc::<Counters>::default();
        let own = own_addresses(*bind, relay_ip);
        let peers = PeerPolicy { allow_private: settings.allow_private_peers, own };
        let quota = Quota {
            per_user: settings.allocations_per_user,
            in_all: settings.allocations,
            kbps_per_user: settings.kbps_per_user,
        };
        let doorkeeper = Doorkeeper::new(settings.secret.clone(), nonce_key);
        let rules = Rules::new(quota, relay_ip, peers, doorkeeper, Arc::clone(&counters), Instant::now());
        let relay_bind = relay_bind(*bind, relay_ip);
        let (stop, stopped) = oneshot::channel();
        let desk = Desk {
            socket: Arc::new(socket),
            rules,
            ports: HashMap::new(),
            tasks: JoinSet::new(),
            relay_bind,
            relay_ports: relay_ports.clone(),
            counters: Arc::clone(&counters),
        };
        let task = tokio::spawn(desk.run(stopped));
        tracing::info!(port = local.port(), "embedded STUN and TURN listening");
        Ok(Self { local, relay_ip, secret: settings.secret, counters, stop, task })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// What it did so far.
    pub fn stats(&self) -> RelayStats {
        self.counters.read()
    }

    /// Reads the same whenever it is called, for the metrics; it may outlive the relay.
    pub fn watch(&self) -> impl Fn() -> RelayStats + Send + Sync + 'static {
        let counters = Arc::clone(&self.counters);
        move || counters.read()
    }

    /// The servers to give to users: this one, by a name that they can resolve or else by the address it relays from.
    pub fn ice_settings(&self, host: Option<&str>) -> Result<IceSettings, IceUrlError> {
        let by_address = match self.relay_ip {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        };
        let at = format!("{}:{}", host.unwrap_or(&by_address), self.local.port());
        Ok(IceSettings {
            stun: vec![stun_url_of_host(&at)?],
            turn: vec![TurnUrls::parse(&format!("turn:{at}?transport=udp"))?],
            access: Some(TurnAccess::Secret(self.secret.clone())),
            ttl: IceSettings::DEFAULT_TTL,
        })
    }

    /// Ends every relay and waits until all ports are free again.
    pub async fn stop(self) {
        // If nobody listens any more, the task has ended already, which is what is wanted.
        let _gone = self.stop.send(());
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the embedded relay did not end by itself");
        }
    }
}

/// The address that relays have for others.
fn relay_ip(bind: IpAddr, external: Option<IpAddr>) -> Result<IpAddr, RelayError> {
    let ip = external.unwrap_or(bind).to_canonical();
    match external {
        None if ip.is_unspecified() => Err(RelayError::NoExternalAddress),
        _ if ip.is_unspecified() || ip.is_multicast() => Err(RelayError::ExternalAddress(ip)),
        _ => Ok(ip),
    }
}

/// The address that relays' sockets have: that of the listener, or any, if the listener is of the other family.
fn relay_bind(bind: IpAddr, relay_ip: IpAddr) -> IpAddr {
    match (bind.is_ipv4() == relay_ip.is_ipv4(), relay_ip.is_ipv4()) {
        (true, _) => bind,
        (false, true) => Ipv4Addr::UNSPECIFIED.into(),
        (false, false) => Ipv6Addr::UNSPECIFIED.into(),
    }
}

/// The addresses of this machine as far as they can be known without asking for its list of interfaces: those that
/// are set, and those that packets to the internet would leave from.
fn own_addresses(bind: IpAddr, relay_ip: IpAddr) -> Vec<IpAddr> {
    let towards = |from: SocketAddr, to: SocketAddr| {
        // Connecting a UDP socket sends nothing; it only looks up the route. The targets are of documentation.
        let socket = std::net::UdpSocket::bind(from)?;
        socket.connect(to)?;
        socket.local_addr()
    };
    let outward = [
        towards((Ipv4Addr::UNSPECIFIED, 0).into(), (Ipv4Addr::new(192, 0, 2, 1), 9).into()),
        towards(
            (Ipv6Addr::UNSPECIFIED, 0).into(),
            (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1), 9).into(),
        ),
    ];
    // A machine without a route to there has no such address to protect.
    let outward = outward.into_iter().flatten().map(|address| address.ip());
    outward.chain([bind, relay_ip]).map(|ip| ip.to_canonical()).filter(|ip| !ip.is_unspecified()).collect()
}

fn listen(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = std::net::UdpSocket::bind(address)?;
    socket.set_nonblocking(true)?;
    UdpSocket::from_std(socket)
}

fn now() -> Now {
    let unix = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    Now { instant: Instant::now(), unix }
}

/// The task that reads what users send.
struct Desk {
    socket: Arc<UdpSocket>,
    rules: Rules,
    ports: HashMap<u16, Port>,
    tasks: JoinSet<()>,
    relay_bind: IpAddr,
    relay_ports: RangeInclusive<u16>,
    counters: Arc<Counters>,
}

/// A relay's socket and the task that reads it.
struct Port {
    socket: Arc<UdpSocket>,
    task: AbortHandle,
}

impl Desk {
    async fn run(mut self, mut stopped: oneshot::Receiver<()>) {
        let mut buffer = vec![0; HEADROOM + LARGEST_DATAGRAM + TAILROOM];
        let mut sweep = tokio::time::interval(SWEEP);
        sweep.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                // Also when the owner was dropped without a word.
                _ = &mut stopped => break,
                _ = sweep.tick() => {
                    for port in self.rules.expire(Instant::now()) {
                        self.close(port);
                    }
                }
                // A relay's task ends when it is told to; what it was is gone already.
                Some(_ended) = self.tasks.join_next() => (),
                received = self.socket.recv_from(&mut buffer[HEADROOM..HEADROOM + LARGEST_DATAGRAM]) => {
                    match received {
                        // Full to the brim: most likely cut off.
                        Ok((LARGEST_DATAGRAM, _)) => count(&self.counters.dropped_other),
                        Ok((length, client)) => {
                            self.act(client, &mut buffer, HEADROOM..HEADROOM + length).await;
                        }
                        Err(error) => after_error(&error).await,
                    }
                }
            }
        }
        self.tasks.shutdown().await;
    }

    async fn act(&mut self, client: SocketAddr, buffer: &mut [u8], datagram: std::ops::Range<usize>) {
        let now = now();
        match self.rules.handle(now, client, buffer, datagram) {
            Step::Nothing => (),
            Step::Answer(answer) => self.send(&answer, client),
            Step::Open(opening) => {
                let answer = self.open(opening, now).await;
                self.send(&answer, client);
            }
            Step::Close(port, answer) => {
                self.close(port);
                self.send(&answer, client);
            }
            Step::ToPeer { port, peer, data } => {
                if let Some(port) = self.ports.get(&port) {
                    pass(&port.socket, &buffer[data], peer, &self.counters);
                }
            }
            Step::ToUser { client, datagram } => self.send(&buffer[datagram], client),
        }
    }

    fn send(&self, datagram: &[u8], to: SocketAddr) {
        pass(&self.socket, datagram, to, &self.counters);
    }

    async fn open(&mut self, opening: Opening, now: Now) -> Vec<u8> {
        let Some((port, socket)) = self.free_port(opening.is_even) else {
            return self.rules.not_opened(&opening);
        };
        // A fresh socket takes its first packet only once the runtime has looked at it. This cannot fail in a way
        // that the first packet would not show as well.
        let _ready = socket.writable().await;
        let (allocation, answer) = self.rules.opened(opening, port, now);
        let (socket, users, counters) =
            (Arc::new(socket), Arc::clone(&self.socket), Arc::clone(&self.counters));
        let task = self.tasks.spawn(hear_peers(Arc::clone(&socket), users, allocation, counters));
        self.ports.insert(port, Port { socket, task });
        answer
    }

    fn close(&mut self, port: u16) {
        if let Some(port) = self.ports.remove(&port) {
            port.task.abort();
        }
    }

    /// A port of the range that nobody has, beginning at a random one: a port that can be foreseen invites others to
    /// send to it.
    fn free_port(&self, is_even: bool) -> Option<(u16, UdpSocket)> {
        let (from, to) = (*self.relay_ports.start(), *self.relay_ports.end());
        let ports = usize::from(to - from) + 1;
        let mut random = [0; 4];
        // Without randomness the first port of the range is as good as any other.
        let _predictable = ring::rand::SystemRandom::new().fill(&mut random);
        let first = u32::from_be_bytes(random) as usize % ports;
        (0..ports.min(PORTS_TRIED))
            .map(|step| from + ((first + step) % ports) as u16)
            .filter(|port| !is_even || port % 2 == 0)
            .filter(|port| !self.rules.is_taken(*port))
            .find_map(|port| Some((port, listen(SocketAddr::new(self.relay_bind, port)).ok()?)))
    }
}

/// Reads what peers send to one relay and passes it on to its user, until it is ended.
async fn hear_peers(
    socket: Arc<UdpSocket>,
    users: Arc<UdpSocket>,
    allocation: Arc<Allocation>,
    counters: Arc<Counters>,
) {
    let mut buffer = vec![0; HEADROOM + LARGEST_DATAGRAM + TAILROOM];
    loop {
        match socket.recv_from(&mut buffer[HEADROOM..HEADROOM + LARGEST_DATAGRAM]).await {
            Ok((LARGEST_DATAGRAM, _)) => count(&counters.dropped_other),
            Ok((length, peer)) => {
                let data = HEADROOM..HEADROOM + length;
                if let Some(datagram) = allocation.for_user(peer, &mut buffer, data, Instant::now()) {
                    pass(&users, &buffer[datagram], allocation.client, &counters);
                }
            }
            Err(error) => after_error(&error).await,
        }
    }
}

/// What a socket without a connection reports is about the machine, such as memory that is short, and passes. The
/// pause keeps an error that stays from taking the whole processor.
async fn after_error(error: &io::Error) {
    tracing::warn!(%error, "the embedded relay could not read from a socket");
    tokio::time::sleep(Duration::from_millis(20)).await;
}

/// Sends at once or not at all: a packet of a call that waits for a full socket is late, and makes others wait.
fn pass(socket: &UdpSocket, datagram: &[u8], to: SocketAddr, counters: &Counters) {
    if socket.try_send_to(datagram, to).is_err() {
        count(&counters.dropped_other);
    }
}
