//! The thread on which participants send and hear, and its sockets.
//!
//! A socket serves many participants: each has an address of its own in 127.0.0.0/8, all of which are this machine. So
//! one system call takes what came for dozens of them. The kernel notes when a datagram came; how much later this thread
//! saw it is told apart ([`Tally::wake`]).
use super::{
    describe::{Ours, Says},
    histogram::Histogram,
    outgoing::Plan,
    person::{Facts, Person},
};
use anyhow::{Context, Result, anyhow};
use calls_rtp::handshake::Identity;
use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSockRef, UdpSocketState};
use rustix::{
    event::{EventfdFlags, epoll, eventfd},
    fd::OwnedFd,
};
use std::{
    io::IoSliceMut,
    net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket},
    sync::{Arc, mpsc},
    thread::JoinHandle,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// Participants of one socket.
const TO_A_SOCKET: usize = 100;
/// What a socket holds while the thread is busy, if the system lets it.
const HOLDS: usize = 4 << 20;
/// A datagram, and several of them that came as one.
const BUFFER: usize = 1 << 16;
/// Rounds through a socket before others have their turn.
const ROUNDS: usize = 8;
/// The bell among the sockets.
const BELL: u64 = u64::MAX;

/// What the thread is told.
enum Order {
    Come(Box<Person>),
    Described(usize, Box<Says>),
    Named(usize, Vec<(String, u32)>),
    Plan(usize, Plan, f64),
    Secret(usize, bool),
    Leave(usize),
    Vanish(usize),
    CountAnew,
    Look(mpsc::SyncSender<Tally>),
    Stop,
}

/// What was seen since it was counted anew.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Everybody, in the order in which they came.
    pub people: Vec<Facts>,
    /// From a packet's sending to its arrival at the receiver's socket.
    pub latency: Histogram,
    /// From there until this thread looked at it.
    pub wake: Histogram,
    /// Datagrams that the system did not take.
    pub refused: u64,
    /// Datagrams that came, whatever they were.
    pub datagrams: u64,
    /// System calls that took them.
    pub calls: u64,
}

impl Tally {
    /// All of both.
    pub fn merge(&mut self, other: Self) {
        self.people.extend(other.people);
        self.latency.merge(&other.latency);
        self.wake.merge(&other.wake);
        self.refused += other.refused;
        self.datagrams += other.datagrams;
        self.calls += other.calls;
    }
}

/// A thread full of participants. Dropping it ends it.
pub struct Stage {
    line: Line,
    identity: Arc<Identity>,
    thread: Option<JoinHandle<Result<()>>>,
    seats: usize,
}

/// How the thread is told something.
#[derive(Clone)]
struct Line {
    orders: mpsc::Sender<Order>,
    bell: Arc<OwnedFd>,
}

impl Line {
    fn tell(&self, order: Order) {
        // A thread that ended says why when it is joined.
        if self.orders.send(order).is_ok() {
            // A bell that cannot ring has rung already.
            let _ = rustix::io::write(&self.bell, &1_u64.to_ne_bytes());
        }
    }
}

impl Stage {
    /// Begins with nobody on it.
    pub fn start() -> Result<Self> {
        let (orders, inbox) = mpsc::channel();
        let bell = Arc::new(eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?);
        let mut play = Play::new(inbox, bell.clone())?;
        let thread = std::thread::Builder::new().name("stage".to_owned()).spawn(move || play.run())?;
        let identity = Arc::new(Identity::generate()?);
        Ok(Self { line: Line { orders, bell }, identity, thread: Some(thread), seats: 0 })
    }

    /// The certificate of everybody here, as descriptions have it.
    pub(super) fn fingerprint(&self) -> String {
        let fingerprint = self.identity.fingerprint();
        format!("{} {}", fingerprint.hash().name(), fingerprint.digits())
    }

    /// One more participant, who waits for the server's first description.
    pub(super) fn seat(&mut self, room: u32, who: u32, ours: &Ours) -> Seat {
        let person = Person::new(Instant::now(), self.identity.clone(), room, who, ours);
        self.line.tell(Order::Come(Box::new(person)));
        self.seats += 1;
        Seat { number: self.seats - 1, line: self.line.clone() }
    }

    /// Whoever comes from now on has another certificate.
    pub fn renew_certificate(&mut self) -> Result<()> {
        self.identity = Arc::new(Identity::generate()?);
        Ok(())
    }

    /// Counts from here.
    pub fn count_anew(&self) {
        self.line.tell(Order::CountAnew);
    }

    /// What was seen so far.
    pub fn look(&self) -> Result<Tally> {
        let (answer, waits) = mpsc::sync_channel(1);
        self.line.tell(Order::Look(answer));
        waits.recv_timeout(Duration::from_secs(20)).context("the stage does not answer")
    }

    /// Ends it.
    pub fn stop(mut self) -> Result<()> {
        self.line.tell(Order::Stop);
        let thread = self.thread.take().context("it runs until it is stopped")?;
        thread.join().map_err(|_| anyhow!("the stage panicked"))?
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if self.thread.is_some() {
            self.line.tell(Order::Stop);
        }
    }
}

/// One participant's place on a stage.
#[derive(Clone)]
pub struct Seat {
    number: usize,
    line: Line,
}

impl Seat {
    pub(super) fn described(&self, says: Says) {
        self.line.tell(Order::Described(self.number, Box::new(says)));
    }

    pub(super) fn named(&self, named: Vec<(String, u32)>) {
        self.line.tell(Order::Named(self.number, named));
    }

    /// Sends this from now on. Not everybody begins at the same moment: `phase` is from 0 to 1.
    pub fn plan(&self, plan: Plan, phase: f64) {
        self.line.tell(Order::Plan(self.number, plan, phase));
    }

    /// From now on nobody may get what it sends, or everybody again.
    pub fn secret(&self, is_secret: bool) {
        self.line.tell(Order::Secret(self.number, is_secret));
    }

    /// Neither says nor hears anything any more.
    pub(super) fn vanish(&self) {
        self.line.tell(Order::Vanish(self.number));
    }

    /// Is gone.
    pub fn leave(&self) {
        self.line.tell(Order::Leave(self.number));
    }
}

struct Socket {
    socket: UdpSocket,
    state: UdpSocketState,
}

/// The thread itself.
struct Play {
    inbox: mpsc::Receiver<Order>,
    bell: Arc<OwnedFd>,
    epoll: OwnedFd,
    sockets: Vec<Socket>,
    people: Vec<Person>,
    /// When each wants to be woken.
    due: Vec<Option<Instant>>,
    tally: Tally,
    buffers: Vec<Vec<u8>>,
}

impl Play {
    fn new(inbox: mpsc::Receiver<Order>, bell: Arc<OwnedFd>) -> Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        epoll::add(&epoll, &bell, epoll::EventData::new_u64(BELL), epoll::EventFlags::IN)?;
        Ok(Self {
            inbox,
            bell,
            epoll,
            sockets: Vec::new(),
            people: Vec::new(),
            due: Vec::new(),
            tally: Tally::default(),
            buffers: vec![vec![0; BUFFER]; BATCH_SIZE],
        })
    }

    fn run(&mut self) -> Result<()> {
        let mut events: Vec<epoll::Event> = Vec::with_capacity(64);
        loop {
            let next = self.due.iter().flatten().min();
            let wait = next.map(|due| due.saturating_duration_since(Instant::now()));
            let wait = wait.map(rustix::event::Timespec::try_from).transpose()?;
            events.clear();
            match epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut events), wait.as_ref()) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            for event in &events {
                match event.data.u64() {
                    BELL => {
                        // It rang: that is all there is to read.
                        let _ = rustix::io::read(&self.bell, &mut [0_u8; 8]);
                    }
                    socket => self.hear(socket as usize)?,
                }
            }
            if !self.obey()? {
                return Ok(());
            }
            self.wake();
        }
    }

    /// Takes what came for those of one socket.
    fn hear(&mut self, index: usize) -> Result<()> {
        let mut metas = [RecvMeta::default(); BATCH_SIZE];
        for _ in 0..ROUNDS {
            let socket = &self.sockets[index];
            let mut slices: Vec<IoSliceMut<'_>> =
                self.buffers.iter_mut().map(|buffer| IoSliceMut::new(buffer)).collect();
            let count = match socket.state.recv(UdpSockRef::from(&socket.socket), &mut slices, &mut metas) {
                Ok(count) => count,
                // One that could not be delivered comes back as an error of the next call.
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => continue,
                Err(error) => return Err(error.into()),
            };
            self.tally.calls += 1;
            let (now, wall) = (Instant::now(), wall_clock());
            for (meta, buffer) in metas[..count].iter().zip(&mut self.buffers) {
                let Some(number) = meta.dst_ip.and_then(number_of) else { continue };
                let Some(person) = self.people.get_mut(number) else { continue };
                let from = address_of(number);
                let came = meta.timestamp.unwrap_or(wall);
                let tally = &mut self.tally;
                tally.wake.add(wall.saturating_sub(came));
                // Those that came as one.
                for datagram in buffer[..meta.len].chunks_mut(meta.stride.max(1)) {
                    tally.datagrams += 1;
                    let mut out = |bytes: &[u8]| {
                        tally.refused += u64::from(!send(socket, from, meta.addr, bytes));
                    };
                    if let Some(sent) = person.datagram(now, datagram, &mut out) {
                        tally.latency.add(came.saturating_sub(Duration::from_micros(sent)));
                    }
                }
                self.due[number] = person.due();
            }
            if count < BATCH_SIZE {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Whether it goes on.
    fn obey(&mut self) -> Result<bool> {
        while let Ok(order) = self.inbox.try_recv() {
            let now = Instant::now();
            match order {
                Order::Come(person) => self.come(*person)?,
                Order::Described(who, says) => self.change(who, |person| person.described(now, &says)),
                Order::Named(who, named) => self.change(who, |person| person.named(now, &named)),
                Order::Plan(who, plan, phase) => self.change(who, |person| person.plan(now, plan, phase)),
                Order::Secret(who, is_secret) => self.change(who, |person| person.secret(is_secret)),
                Order::Vanish(who) => {
                    // The end is made, and said to nobody.
                    self.people[who].leave(now, &mut |_| {});
                    self.due[who] = None;
                }
                Order::Leave(who) => {
                    let (socket, from) = (&self.sockets[who / TO_A_SOCKET], address_of(who));
                    if let Some(to) = self.people[who].server() {
                        self.people[who].leave(now, &mut |bytes| {
                            send(socket, from, to, bytes);
                        });
                    }
                    self.due[who] = None;
                }
                Order::CountAnew => {
                    self.tally = Tally::default();
                    self.people.iter_mut().for_each(Person::count_anew);
                }
                Order::Look(answer) => {
                    let people = self.people.iter().map(Person::facts).collect();
                    // Whoever asked may have stopped waiting.
                    let _ = answer.send(Tally { people, ..self.tally.clone() });
                }
                Order::Stop => return Ok(false),
            }
        }
        Ok(true)
    }

    fn change(&mut self, who: usize, change: impl FnOnce(&mut Person)) {
        change(&mut self.people[who]);
        self.due[who] = self.people[who].due();
    }

    fn come(&mut self, person: Person) -> Result<()> {
        if self.people.len().is_multiple_of(TO_A_SOCKET) {
            let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
            let state = UdpSocketState::new(UdpSockRef::from(&socket))?;
            // Less than that is what the system gives.
            let _ = state.set_recv_buffer_size(UdpSockRef::from(&socket), HOLDS);
            let data = epoll::EventData::new_u64(self.sockets.len() as u64);
            epoll::add(&self.epoll, &socket, data, epoll::EventFlags::IN)?;
            self.sockets.push(Socket { socket, state });
        }
        self.due.push(person.due());
        self.people.push(person);
        Ok(())
    }

    /// Does what is due.
    fn wake(&mut self) {
        let now = Instant::now();
        for number in 0..self.due.len() {
            if self.due[number].is_none_or(|due| due > now) {
                continue;
            }
            let (person, socket) = (&mut self.people[number], &self.sockets[number / TO_A_SOCKET]);
            let Some(to) = person.server() else { continue };
            let (from, refused) = (address_of(number), &mut self.tally.refused);
            let mut wall = || wall_clock().as_micros() as u64;
            person.wake(now, &mut wall, &mut |bytes| *refused += u64::from(!send(socket, from, to, bytes)));
            self.due[number] = person.due();
        }
    }
}

/// Whether the system took it.
fn send(socket: &Socket, from: Ipv4Addr, to: SocketAddr, bytes: &[u8]) -> bool {
    let transmit = Transmit {
        destination: to,
        ecn: None,
        contents: bytes,
        segment_size: None,
        src_ip: Some(IpAddr::V4(from)),
    };
    socket.state.try_send(UdpSockRef::from(&socket.socket), &transmit).is_ok()
}

/// 127.1.0.0 and on.
fn address_of(number: usize) -> Ipv4Addr {
    let [_, high, middle, low] = (number as u32).to_be_bytes();
    Ipv4Addr::new(127, 1 + high, middle, low)
}

fn number_of(address: IpAddr) -> Option<usize> {
    match address {
        IpAddr::V4(v4) => match v4.octets() {
            [127, high, middle, low] if high > 0 => {
                Some(u32::from_be_bytes([0, high - 1, middle, low]) as usize)
            }
            _ => None,
        },
        IpAddr::V6(_) => None,
    }
}

fn wall_clock() -> Duration {
    // Before 1970 nothing is measured.
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_has_an_address() {
        for number in [0, 1, 255, 256, 70_000] {
            assert_eq!(number_of(IpAddr::V4(address_of(number))), Some(number));
        }
        assert_eq!(number_of("127.0.0.1".parse().unwrap()), None);
    }
}
