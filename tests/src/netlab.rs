//! A net lab: machines with interfaces of their own, joined by links that are as slow, lossy and closed as a test
//! likes. docs/netlab.md says how it is used.
//!
//! A machine is a network namespace; its interfaces are TUN devices, and one thread of the test carries whole IP
//! packets between them. So TCP, browsers and foreign programs pass through it as well as calls, and nothing but the
//! TUN driver is asked of the kernel. It takes root. What is random comes from the seed of the lab.
mod host;
mod link;
mod namespace;
mod nat;
mod packet;
mod pcap;
mod program;
mod router;
mod tun;

pub use host::{Host, Net};
pub use link::{Conditions, Fate, Link, Loss};
pub use nat::Nat;
pub use packet::Firewall;
pub use program::{Ended, Program};
pub use router::Counts;
pub use rustix::process::Signal;

use crate::sim::Random;
use namespace::Namespace;
use nat::{INSIDE, OUTSIDE};
use router::{NetworkId, Router};
use std::{
    net::Ipv4Addr,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};
use tun::Tun;

/// Why no lab can be made here; none if it can.
pub fn missing() -> Option<&'static str> {
    if !rustix::process::geteuid().is_root() {
        return Some("network namespaces take root");
    }
    (!std::fs::exists("/dev/net/tun").unwrap_or(false)).then_some("the kernel has no TUN devices")
}

/// Networks and machines of one test. All of it goes when the last of its parts is dropped.
pub struct Lab {
    /// Tells its namespaces from those of the others in this process.
    number: u32,
    seed: u64,
    /// Where the packets of each interface are written to, for people to look at.
    records: Option<PathBuf>,
    router: Arc<Router>,
    random: Mutex<Random>,
    internet: Network,
    homes: AtomicU32,
}

/// Where machines reach each other: the internet, or a home.
pub struct Network {
    id: NetworkId,
    /// The address before its first.
    base: Ipv4Addr,
    given: AtomicU32,
    /// What stands between it and the internet.
    gateway: Option<Host>,
}

impl Network {
    /// The router of a home: its link to the internet is its interface `outside`.
    pub fn gateway(&self) -> Option<&Host> {
        self.gateway.as_ref()
    }

    fn next_address(&self) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.base.to_bits() + 1 + self.given.fetch_add(1, Ordering::Relaxed))
    }
}

impl Lab {
    /// An empty lab: the internet, and nobody there. The seed is printed if the test fails. If `NETLAB_PCAP` names a
    /// folder, each interface writes its packets there.
    ///
    /// # Panics
    /// If the system has no thread for it.
    pub fn new(seed: u64) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let router = Arc::new(Router::start());
        // Addresses that are somebody's: relays that are set up well pass nothing on to private and reserved ones.
        // No packet leaves this machine.
        let base = Ipv4Addr::new(45, 0, 0, 0);
        let internet = Network { id: router.add_network(), base, given: AtomicU32::new(0), gateway: None };
        let random = Mutex::new(Random::new(seed));
        let records = std::env::var_os("NETLAB_PCAP").map(PathBuf::from);
        Self { number, seed, records, router, random, internet, homes: AtomicU32::new(0) }
    }

    /// The network in which everybody has an address of their own.
    pub fn internet(&self) -> &Network {
        &self.internet
    }

    /// A network with private addresses, behind a router on the internet.
    ///
    /// # Panics
    /// If the system does not give it.
    pub fn home(&self, nat: Nat) -> Network {
        let number = 1 + self.homes.fetch_add(1, Ordering::Relaxed);
        let base = Ipv4Addr::from_bits(Ipv4Addr::new(192, 168, 0, 0).to_bits() + (number << 8));
        let id = self.router.add_network();
        let mut home = Network { id, base, given: AtomicU32::new(0), gateway: None };
        let gateway = self.machine(&format!("router{number}"), &[(OUTSIDE, &self.internet), (INSIDE, &home)]);
        gateway.inside(|| std::fs::write("/proc/sys/net/ipv4/ip_forward", "1")).expect("root may");
        gateway.namespace.ip(&format!("route add {base}/24 dev {INSIDE}\n"));
        gateway.namespace.nft(&nat.rules());
        home.gateway = Some(gateway);
        home
    }

    /// A machine with an interface in each of these networks. It sends by the first that is switched on.
    ///
    /// # Panics
    /// If the system does not give it.
    pub fn host(&self, name: &str, nets: &[(&str, &Network)]) -> Host {
        self.machine(name, nets)
    }

    fn machine(&self, name: &str, nets: &[(&str, &Network)]) -> Host {
        let namespace = Arc::new(Namespace::new(&format!("{}-{name}", self.number)));
        let nets = nets.iter().enumerate().map(|(index, (name, network))| {
            let address = network.next_address();
            let mut tun = namespace.inside(|| Tun::new(name)).expect("root may make a TUN device");
            if let Some(folder) = &self.records {
                let file = folder.join(format!("{}-{name}.pcap", namespace.name()));
                tun.record(&file).expect("NETLAB_PCAP is a folder that files can be made in");
            }
            let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
            let port = self.router.add_port(network.id, tun, *name == INSIDE, &mut random);
            drop(random);
            self.router.add_address(port, address.into());
            let (router, namespace) = (self.router.clone(), namespace.clone());
            let net = Net { name: (*name).to_owned(), address, index, port, router, namespace };
            net.begin();
            net
        });
        Host { nets: nets.collect(), namespace }
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the seed of this net lab was {}", self.seed);
        }
    }
}
