//! The middle of a lab: one thread that reads packets from every interface, holds them for as long as the links say,
//! and writes them where they are going.
use super::{
    link::{Conditions, Fate, Link},
    packet::{Firewall, Packet},
    tun::Tun,
};
use crate::sim::Random;
use rustix::{
    event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll},
    fd::OwnedFd,
};
use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    io,
    net::IpAddr,
    process::{Command, Stdio},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// So many packets of one interface before the others have their turn.
const IN_A_ROW: usize = 64;

/// Larger than any packet of an interface that nobody gave a larger MTU.
const LONGEST_PACKET: usize = 65_536;

/// An interface, counted from 0 in the order in which they were added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct PortId(usize);

/// A network: interfaces that reach each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NetworkId(usize);

/// One direction of an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// From the host into the network.
    Out,
    /// From the network to the host.
    In,
}

/// How many packets went one way, and what became of the others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// They came through.
    pub passed: u64,
    /// Their bytes, all headers counted.
    pub bytes: u64,
    /// Lost by bad luck.
    pub lost: u64,
    /// The queue in front of the rate was full.
    pub queue_full: u64,
    /// The firewall did not let them pass.
    pub stopped: u64,
    /// There is nobody at that address, or the sender used one that is not its own.
    pub astray: u64,
}

struct Port {
    network: NetworkId,
    tun: Arc<Tun>,
    out: Direction,
    into: Direction,
    firewall: Firewall,
}

struct Direction {
    link: Link,
    chance: Random,
    counts: Counts,
}

#[derive(Default)]
struct Network {
    by_address: HashMap<IpAddr, PortId>,
    /// Where everything else goes: a router's inside.
    rest: Option<PortId>,
}

#[derive(Default)]
struct Table {
    ports: Vec<Port>,
    networks: Vec<Network>,
}

/// The router, running until it is dropped.
pub(crate) struct Router {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    begin: Instant,
    table: Mutex<Table>,
    wake: OwnedFd,
    ends: AtomicBool,
}

impl Router {
    pub(crate) fn start() -> Self {
        let wake = eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC).expect("the system has a file");
        let shared = Arc::new(Shared {
            begin: Instant::now(),
            table: Mutex::default(),
            wake,
            ends: AtomicBool::new(false),
        });
        let running = shared.clone();
        let thread = std::thread::Builder::new().name("netlab-router".into());
        let thread = thread.spawn(move || Traffic::new(running).run()).expect("the system has a thread");
        Self { shared, thread: Some(thread) }
    }

    pub(crate) fn add_network(&self) -> NetworkId {
        let mut table = self.shared.table();
        table.networks.push(Network::default());
        NetworkId(table.networks.len() - 1)
    }

    /// Adds an interface; `is_rest`: what is for nobody in this network goes there.
    pub(crate) fn add_port(
        &self,
        network: NetworkId,
        tun: Tun,
        is_rest: bool,
        chance: &mut Random,
    ) -> PortId {
        let mut table = self.shared.table();
        let port = PortId(table.ports.len());
        let mut direction = || Direction {
            link: Link::default(),
            chance: Random::new(chance.bits()),
            counts: Counts::default(),
        };
        let (out, into) = (direction(), direction());
        table.ports.push(Port { network, tun: Arc::new(tun), out, into, firewall: Firewall::Open });
        if is_rest {
            table.networks[network.0].rest = Some(port);
        }
        drop(table);
        self.shared.wake();
        port
    }

    pub(crate) fn add_address(&self, port: PortId, address: IpAddr) {
        let mut table = self.shared.table();
        let network = table.ports[port.0].network;
        table.networks[network.0].by_address.insert(address, port);
    }

    pub(crate) fn set_conditions(&self, port: PortId, way: Way, conditions: Conditions) {
        self.shared.table().direction(port, way).link.conditions = conditions;
    }

    pub(crate) fn set_firewall(&self, port: PortId, firewall: Firewall) {
        self.shared.table().ports[port.0].firewall = firewall;
    }

    pub(crate) fn counts(&self, port: PortId, way: Way) -> Counts {
        self.shared.table().direction(port, way).counts
    }
}

impl Drop for Router {
    fn drop(&mut self) {
        self.shared.ends.store(true, Ordering::Release);
        self.shared.wake();
        if let Some(thread) = self.thread.take() {
            // If it panicked, it has said so.
            let _panicked = thread.join();
        }
    }
}

impl Shared {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self) {
        // A counter that is full wakes as well.
        let _is_full = rustix::io::write(&self.wake, &1_u64.to_ne_bytes());
    }
}

impl Table {
    fn direction(&mut self, port: PortId, way: Way) -> &mut Direction {
        let port = &mut self.ports[port.0];
        match way {
            Way::Out => &mut port.out,
            Way::In => &mut port.into,
        }
    }

    /// Puts a packet onto one direction of an interface.
    fn carry(&mut self, now: Duration, port: PortId, way: Way, bytes: &[u8]) -> Fate {
        let Some(packet) = Packet::read(bytes) else { return Fate::Lost };
        let is_stopped = !self.ports[port.0].firewall.lets_pass(packet);
        let is_astray =
            way == Way::Out && (self.is_forged(port, packet) || self.next(port, packet).is_none());
        let Direction { link, chance, counts } = self.direction(port, way);
        // Neither touches the link, so what is stopped does not change the luck of the others.
        if is_astray {
            counts.astray += 1;
            return Fate::Lost;
        }
        if is_stopped {
            counts.stopped += 1;
            return Fate::Lost;
        }
        let fate = link.carry(now, bytes.len(), chance);
        match fate {
            Fate::Lost => counts.lost += 1,
            Fate::QueueFull => counts.queue_full += 1,
            Fate::Arrives(_) | Fate::ArrivesTwice(_) => {
                counts.passed += 1;
                counts.bytes += bytes.len() as u64;
            }
        }
        fate
    }

    /// Networks drop what comes from an address that is not the sender's own (BCP 38), such as what a phone still
    /// sends by LTE from its address in the Wi-Fi. A router speaks for all behind it.
    fn is_forged(&self, port: PortId, packet: Packet) -> bool {
        let network = &self.networks[self.ports[port.0].network.0];
        network.rest != Some(port) && network.by_address.get(&packet.from) != Some(&port)
    }

    /// The interface that a packet goes to from another one.
    fn next(&self, from: PortId, packet: Packet) -> Option<PortId> {
        let network = &self.networks[self.ports[from.0].network.0];
        let to = network.by_address.get(&packet.to).copied().or(network.rest)?;
        (to != from).then_some(to)
    }
}

/// A packet on its way, with the moment at which the next thing happens to it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Due {
    at: Duration,
    /// Of two at the same moment, the one that was sent first.
    number: u64,
    what: What,
    packet: Vec<u8>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord, Clone, Copy)]
enum What {
    /// It has left the link of its sender.
    IsInTheNetwork { from: usize },
    /// It has passed the link of its receiver.
    IsThere { at: usize },
}

/// What the thread holds.
struct Traffic {
    shared: Arc<Shared>,
    agenda: BinaryHeap<Reverse<Due>>,
    numbers: u64,
}

impl Traffic {
    fn new(shared: Arc<Shared>) -> Self {
        Self { shared, agenda: BinaryHeap::new(), numbers: 0 }
    }

    fn run(mut self) {
        go_first();
        let mut tuns: Vec<Arc<Tun>> = Vec::new();
        let mut buffer = vec![0; LONGEST_PACKET];
        while !self.shared.ends.load(Ordering::Acquire) {
            if tuns.len() != self.shared.table().ports.len() {
                tuns = self.shared.table().ports.iter().map(|port| port.tun.clone()).collect();
            }
            for ready in self.wait(&tuns) {
                for _ in 0..IN_A_ROW {
                    // Nothing there, or an interface that is switched off.
                    let Ok(length) = tuns[ready].read(&mut buffer) else { break };
                    self.sent(PortId(ready), buffer[..length].to_vec());
                }
            }
            self.deliver(&tuns);
        }
    }

    /// Waits until something is to be read, or due. Says which interfaces have something.
    fn wait(&self, tuns: &[Arc<Tun>]) -> Vec<usize> {
        let until = self.agenda.peek().map(|Reverse(due)| due.at.saturating_sub(self.shared.begin.elapsed()));
        let until = until.map(|until| Timespec {
            tv_sec: until.as_secs().cast_signed(),
            tv_nsec: until.subsec_nanos().into(),
        });
        let mut files: Vec<PollFd<'_>> = tuns
            .iter()
            .map(|tun| PollFd::from_borrowed_fd(rustix::fd::AsFd::as_fd(&**tun), PollFlags::IN))
            .collect();
        files.push(PollFd::new(&self.shared.wake, PollFlags::IN));
        match poll(&mut files, until.as_ref()) {
            Ok(_) => {}
            Err(error) if error == rustix::io::Errno::INTR => return Vec::new(),
            Err(error) => panic!("the router cannot wait: {error}"),
        }
        if files[tuns.len()].revents().contains(PollFlags::IN) {
            // Empties the counter; there is nothing to be learnt from its number.
            let _count = rustix::io::read(&self.shared.wake, &mut [0; 8]);
        }
        (0..tuns.len()).filter(|index| files[*index].revents().contains(PollFlags::IN)).collect()
    }

    /// A host has sent a packet.
    fn sent(&mut self, from: PortId, packet: Vec<u8>) {
        let now = self.shared.begin.elapsed();
        let fate = self.shared.table().carry(now, from, Way::Out, &packet);
        self.plan(fate, What::IsInTheNetwork { from: from.0 }, packet);
    }

    /// Everything that is due.
    fn deliver(&mut self, tuns: &[Arc<Tun>]) {
        while self.agenda.peek().is_some_and(|Reverse(due)| due.at <= self.shared.begin.elapsed()) {
            let Some(Reverse(Due { at, what, packet, .. })) = self.agenda.pop() else { return };
            match what {
                What::IsInTheNetwork { from } => {
                    let mut table = self.shared.table();
                    let to = Packet::read(&packet).and_then(|read| table.next(PortId(from), read));
                    let Some(to) = to else { continue };
                    let fate = table.carry(at, to, Way::In, &packet);
                    drop(table);
                    self.plan(fate, What::IsThere { at: to.0 }, packet);
                }
                What::IsThere { at } => write(&tuns[at], &packet),
            }
        }
    }

    fn plan(&mut self, fate: Fate, what: What, packet: Vec<u8>) {
        let (at, copies) = match fate {
            Fate::Arrives(at) => (at, 1),
            Fate::ArrivesTwice(at) => (at, 2),
            Fate::Lost | Fate::QueueFull => return,
        };
        for packet in std::iter::repeat_n(packet, copies) {
            self.numbers += 1;
            self.agenda.push(Reverse(Due { at, number: self.numbers, what, packet }));
        }
    }
}

/// An interface that is switched off, or a system without room, loses it as a cable would.
fn write(tun: &Tun, packet: &[u8]) {
    let _lost: io::Result<usize> = tun.write(packet);
}

/// Lets this thread run at once whenever it has something to do, so that what is measured is the network, and not who
/// else works on this machine. It does little: a packet takes some microseconds.
fn go_first() {
    let thread = rustix::thread::gettid().as_raw_nonzero().to_string();
    let mut command = Command::new("chrt");
    command.args(["--fifo", "--pid", "1", &thread]).stdout(Stdio::null()).stderr(Stdio::null());
    // Where that is not allowed, figures are as good as the machine is idle.
    let _is_first = command.status();
}
