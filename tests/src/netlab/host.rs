//! A machine in a lab: a namespace with interfaces, each at the end of a link.
use super::{
    link::Conditions,
    namespace::Namespace,
    packet::Firewall,
    program::{Ended, Program},
    router::{Counts, PortId, Router, Way},
};
use std::{
    net::{IpAddr, Ipv4Addr},
    process::Command,
    sync::Arc,
    time::Duration,
};

/// A machine in a lab.
#[derive(Clone)]
pub struct Host {
    pub(crate) namespace: Arc<Namespace>,
    pub(crate) nets: Vec<Net>,
}

/// An interface of a host, with the link behind it.
#[derive(Clone)]
pub struct Net {
    pub(crate) name: String,
    pub(crate) address: Ipv4Addr,
    /// Among those of its host, from 0: the system sends by the first that is up.
    pub(crate) index: usize,
    pub(crate) port: PortId,
    pub(crate) router: Arc<Router>,
    pub(crate) namespace: Arc<Namespace>,
}

impl Host {
    /// One of its interfaces.
    ///
    /// # Panics
    /// If it has none of that name.
    #[track_caller]
    pub fn net(&self, name: &str) -> &Net {
        self.nets.iter().find(|net| net.name == name).expect("an interface that the host was given")
    }

    /// The address of its first interface.
    pub fn address(&self) -> IpAddr {
        self.nets[0].address()
    }

    /// Starts a program there. Of the environment it gets the path and what the command sets.
    ///
    /// # Panics
    /// If it does not start.
    #[track_caller]
    pub fn spawn(&self, command: &Command) -> Program {
        Program::start(&self.namespace, command)
    }

    /// Runs a program there until it ends.
    ///
    /// # Panics
    /// If it does not start, or does not end in time.
    #[track_caller]
    pub fn run(&self, command: &Command, within: Duration) -> Ended {
        self.spawn(command).ended(within)
    }

    /// Does something on a thread that is there. Threads that it starts are there, too (those of tokio, for example),
    /// and a socket that it opens stays there, whoever uses it later.
    pub fn inside<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.namespace.inside(work)
    }
}

impl Net {
    /// Its address.
    pub fn address(&self) -> IpAddr {
        self.address.into()
    }

    /// What the link is like from here on, in both directions.
    pub fn set(&self, conditions: Conditions) {
        self.set_out(conditions);
        self.set_in(conditions);
    }

    /// What the link is like from the host into the network.
    pub fn set_out(&self, conditions: Conditions) {
        self.router.set_conditions(self.port, Way::Out, conditions);
    }

    /// What the link is like from the network to the host.
    pub fn set_in(&self, conditions: Conditions) {
        self.router.set_conditions(self.port, Way::In, conditions);
    }

    /// What it lets pass from here on. [`Firewall::Closed`] is a cable that is pulled, or a lift: the host is not told.
    pub fn set_firewall(&self, firewall: Firewall) {
        self.router.set_firewall(self.port, firewall);
    }

    /// Takes the interface away from the host, as when Wi-Fi is switched off: no address, no route.
    pub fn switch_off(&self) {
        self.namespace.ip(&format!("address flush dev {0}\nlink set {0} down\n", self.name));
    }

    /// Gives it back, with the address that it had.
    pub fn switch_on(&self) {
        let Self { name, address, index, .. } = self;
        let (table, metric) = (self.table(), 100 + index);
        self.namespace.ip(&format!(
            "link set {name} up\n\
             address add {address}/32 dev {name}\n\
             route add default dev {name} src {address} metric {metric}\n\
             route add default dev {name} src {address} table {table}\n"
        ));
    }

    /// Packets from the host into the network.
    pub fn sent(&self) -> Counts {
        self.router.counts(self.port, Way::Out)
    }

    /// Packets from the network to the host.
    pub fn received(&self) -> Counts {
        self.router.counts(self.port, Way::In)
    }

    /// Switched on for the first time. What is sent from its address leaves by it, as on a phone, even if another
    /// interface is the usual one.
    pub(crate) fn begin(&self) {
        let Self { name, address, .. } = self;
        // The system would give itself an address of IPv6, and tell everybody.
        self.namespace.ip(&format!(
            "link set {name} addrgenmode none mtu 1500\nrule add from {address} lookup {}\n",
            self.table()
        ));
        self.switch_on();
    }

    fn table(&self) -> usize {
        101 + self.index
    }
}
