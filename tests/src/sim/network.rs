//! Connections that deliver in order, late, and until they break.
use super::{Agenda, Random};
use calls_protocol::{Ack, ClientEvent, EventId, Refusal, ServerEvent};
use calls_server::calls::SocketId;
use std::{collections::BTreeMap, sync::Arc};

/// What a network brings about.
pub(crate) enum Traffic {
    ReachesServer(SocketId, Box<ClientEvent>, u64),
    ReachesDevice(usize, SocketId, Down),
    Breaks(SocketId),
    ServerNotices(SocketId),
    DeviceNotices(usize, SocketId),
}

/// From the server to a device.
#[derive(Clone)]
pub(crate) enum Down {
    Answer(u64, Result<Ack, Refusal>),
    Event(Arc<ServerEvent>, Option<EventId>),
}

/// The server finds out that a connection is dead by a missing heartbeat, at the latest after this.
const SERVER_NOTICES: u64 = 45_000;

#[derive(Default)]
pub(crate) struct Network {
    connections: BTreeMap<SocketId, Connection>,
    last: u64,
}

struct Connection {
    device: usize,
    /// When the latest message of each direction arrives: none overtakes another.
    up: u64,
    down: u64,
    broken_at: Option<u64>,
    /// The server has not closed or lost it yet.
    is_open_at_server: bool,
}

impl Network {
    pub(crate) fn connect(&mut self, now: u64, device: usize) -> SocketId {
        self.last += 1;
        let socket = SocketId(self.last);
        let connection = Connection { device, up: now, down: now, broken_at: None, is_open_at_server: true };
        self.connections.insert(socket, connection);
        socket
    }

    pub(crate) fn device_of(&self, socket: SocketId) -> Option<usize> {
        let connection = self.connections.get(&socket)?;
        connection.is_open_at_server.then_some(connection.device)
    }

    pub(crate) fn open_sockets(&self) -> Vec<SocketId> {
        self.connections.iter().filter(|(_, c)| c.is_open_at_server).map(|(socket, _)| *socket).collect()
    }

    fn delay(random: &mut Random) -> u64 {
        // Mostly quick, sometimes a slow moment.
        if random.one_in(20) { random.below(2_000) } else { 1 + random.below(80) }
    }

    pub(crate) fn send_up<W: From<Traffic>>(
        &mut self,
        now: u64,
        random: &mut Random,
        agenda: &mut Agenda<W>,
        socket: SocketId,
        event: ClientEvent,
        ack: u64,
    ) {
        let Some(connection) = self.connections.get_mut(&socket) else { return };
        if connection.broken_at.is_some_and(|at| at <= now) {
            return;
        }
        connection.up = connection.up.max(now + Self::delay(random));
        agenda.add(connection.up, Traffic::ReachesServer(socket, Box::new(event), ack));
    }

    pub(crate) fn send_down<W: From<Traffic>>(
        &mut self,
        now: u64,
        random: &mut Random,
        agenda: &mut Agenda<W>,
        socket: SocketId,
        down: Down,
    ) {
        let Some(connection) = self.connections.get_mut(&socket) else { return };
        if connection.broken_at.is_some_and(|at| at <= now) {
            return;
        }
        connection.down = connection.down.max(now + Self::delay(random));
        agenda.add(connection.down, Traffic::ReachesDevice(connection.device, socket, down));
    }

    /// From now on nothing passes, and neither side knows yet. False if it was broken already.
    pub(crate) fn break_down(&mut self, now: u64, socket: SocketId) -> bool {
        let Some(connection) = self.connections.get_mut(&socket) else { return false };
        let is_news = connection.broken_at.is_none();
        connection.broken_at.get_or_insert(now);
        is_news
    }

    /// Whether a message that arrives now was sent in vain.
    pub(crate) fn is_broken(&self, now: u64, socket: SocketId) -> bool {
        self.connections.get(&socket).is_none_or(|c| c.broken_at.is_some_and(|at| at <= now))
    }

    /// Plans when both sides notice a break that happens at `at`.
    pub(crate) fn plan_break<W: From<Traffic>>(
        &mut self,
        at: u64,
        random: &mut Random,
        agenda: &mut Agenda<W>,
        socket: SocketId,
    ) {
        let Some(connection) = self.connections.get(&socket) else { return };
        agenda.add(at, Traffic::Breaks(socket));
        agenda.add(at + random.below(4_000), Traffic::DeviceNotices(connection.device, socket));
        let server = if random.one_in(2) { random.below(500) } else { random.below(SERVER_NOTICES) };
        agenda.add(at + server, Traffic::ServerNotices(socket));
    }

    /// The server closes it. What it had sent before still arrives.
    pub(crate) fn close<W: From<Traffic>>(
        &mut self,
        now: u64,
        random: &mut Random,
        agenda: &mut Agenda<W>,
        socket: SocketId,
    ) {
        let Some(connection) = self.connections.get_mut(&socket) else { return };
        connection.is_open_at_server = false;
        let noticed = connection.down.max(now) + Self::delay(random);
        agenda.add(noticed, Traffic::DeviceNotices(connection.device, socket));
    }

    pub(crate) fn close_all<W: From<Traffic>>(
        &mut self,
        now: u64,
        random: &mut Random,
        agenda: &mut Agenda<W>,
    ) {
        for (socket, connection) in &mut self.connections {
            if std::mem::replace(&mut connection.is_open_at_server, false) {
                connection.broken_at.get_or_insert(now);
                agenda.add(now + random.below(3_000), Traffic::DeviceNotices(connection.device, *socket));
            }
        }
    }

    pub(crate) fn server_lost(&mut self, socket: SocketId) {
        if let Some(connection) = self.connections.get_mut(&socket) {
            connection.is_open_at_server = false;
        }
    }
}
