//! What the relay answers and where it passes data on: the rules of RFC 8656 for UDP, without sockets.
//!
//! [`Rules::handle`] takes one datagram and says what is to be done; [`embedded`](super) does it. The clock is an
//! argument. What a stranger sends leaves no trace here, only what somebody with a good password asks for does.
use super::{
    allocation::{Allocation, Channel, Full, Share},
    auth::{Caller, Distrust, Doorkeeper, REALM},
    budget::StrangerBudget,
    peers::PeerPolicy,
    stats::{Counters, count},
};
use crate::stun::{Class, Message, Transaction, Writer, attribute, method};
use calls_protocol::UserId;
use ring::hmac;
use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    ops::Range,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

/// How long a relay lasts without a refresh, whatever the client asks for. RFC 8656 leaves it to the server from
/// here up, and a longer one only keeps the ports of phones that are gone.
const LIFETIME: Duration = Duration::from_secs(600);

/// A user without a relay is remembered for so long, or a new relay would come with a fresh burst of bandwidth.
const USER_MEMORY: Duration = Duration::from_secs(60);

/// Attributes that a request may carry; any other that must be understood is refused: RESERVATION-TOKEN (the second
/// of a pair of ports, for RTCP, which WebRTC has not used for ten years), DONT-FRAGMENT and what came later.
const UNDERSTOOD: [u16; 12] = [
    attribute::USERNAME,
    attribute::MESSAGE_INTEGRITY,
    attribute::CHANNEL_NUMBER,
    attribute::LIFETIME,
    attribute::XOR_PEER_ADDRESS,
    attribute::DATA,
    attribute::REALM,
    attribute::NONCE,
    attribute::REQUESTED_ADDRESS_FAMILY,
    attribute::EVEN_PORT,
    attribute::REQUESTED_TRANSPORT,
    attribute::XOR_MAPPED_ADDRESS,
];

/// UDP, as the only transport to peers.
const UDP: u8 = 17;

/// How many numbers of attributes that were not understood a refusal names.
const MOST_UNKNOWN_NAMED: usize = 8;

/// The moment, for both of its uses.
#[derive(Debug, Clone, Copy)]
pub(super) struct Now {
    pub(super) instant: Instant,
    /// Seconds since 1970, as names say until when they are good.
    pub(super) unix: u64,
}

/// What one user and all users may hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quota {
    pub(super) per_user: usize,
    pub(super) in_all: usize,
    pub(super) kbps_per_user: u32,
}

/// What is to be done about a datagram.
#[derive(Debug)]
pub(super) enum Step {
    Nothing,
    /// Send this to where the datagram came from.
    Answer(Vec<u8>),
    /// Find a port, then say so by [`Rules::opened`] or [`Rules::not_opened`].
    Open(Opening),
    /// Let the port go, and answer.
    Close(u16, Vec<u8>),
    /// Send these bytes of the buffer from a relay port.
    ToPeer {
        port: u16,
        peer: SocketAddr,
        data: Range<usize>,
    },
    /// Send these bytes of the buffer to a user of this relay.
    ToUser {
        client: SocketAddr,
        datagram: Range<usize>,
    },
}

/// A relay that somebody may have as soon as there is a port for it.
#[derive(Debug)]
pub(super) struct Opening {
    client: SocketAddr,
    user: UserId,
    /// Whether the port has to be an even one, as old RTP had it.
    pub(super) is_even: bool,
    reply: Reply,
}

/// How an answer to a request is made.
#[derive(Debug, Clone)]
struct Reply {
    method: u16,
    transaction: Transaction,
    has_fingerprint: bool,
    key: Option<hmac::Key>,
}

impl Reply {
    fn to(message: &Message<'_>, key: Option<hmac::Key>) -> Self {
        let Message { method, transaction, has_fingerprint, .. } = *message;
        Self { method, transaction, has_fingerprint, key }
    }

    fn success(&self, fill: impl FnOnce(Writer) -> Writer) -> Vec<u8> {
        self.finish(fill(Writer::new(Class::Success, self.method, self.transaction)))
    }

    fn error(&self, code: u16, fill: impl FnOnce(Writer) -> Writer) -> Vec<u8> {
        self.finish(fill(Writer::new(Class::Error, self.method, self.transaction).with_error(code)))
    }

    fn finish(&self, writer: Writer) -> Vec<u8> {
        let writer = match &self.key {
            Some(key) => writer.signed(key),
            None => writer,
        };
        let writer = if self.has_fingerprint { writer.with_fingerprint() } else { writer };
        writer.finish()
    }
}

/// A relay in use.
struct Held {
    allocation: Arc<Allocation>,
    until: Instant,
    /// Of the request that opened it: the same one again means that our answer was lost.
    opened_by: Transaction,
}

/// A user who has or lately had relays.
struct User {
    share: Arc<Share>,
    relays: usize,
    last_seen: Instant,
}

/// The relay's state and rules.
pub(super) struct Rules {
    quota: Quota,
    /// The address that all relays have.
    relay_ip: IpAddr,
    peers: PeerPolicy,
    doorkeeper: Doorkeeper,
    strangers: StrangerBudget,
    held: HashMap<SocketAddr, Held>,
    clients: HashMap<u16, SocketAddr>,
    users: HashMap<UserId, User>,
    counters: Arc<Counters>,
}

impl Rules {
    /// Nobody relays yet.
    pub(super) fn new(
        quota: Quota,
        relay_ip: IpAddr,
        peers: PeerPolicy,
        doorkeeper: Doorkeeper,
        counters: Arc<Counters>,
        now: Instant,
    ) -> Self {
        let (held, clients, users) = (HashMap::new(), HashMap::new(), HashMap::new());
        let strangers = StrangerBudget::new(now);
        Self { quota, relay_ip, peers, doorkeeper, strangers, held, clients, users, counters }
    }

    /// Takes a datagram, which lies in a buffer with room before and after it, and says what is to be done.
    pub(super) fn handle(
        &mut self,
        now: Now,
        client: SocketAddr,
        buffer: &mut [u8],
        datagram: Range<usize>,
    ) -> Step {
        // The first two bits tell STUN from data of a channel.
        match buffer[datagram.clone()].first().map(|byte| byte >> 6) {
            Some(0) => self.stun(now, client, buffer, datagram),
            Some(1) => self.channel_data(now, client, buffer, datagram),
            _ => self.drop_it(),
        }
    }

    /// Whether a port is taken by a relay of ours.
    pub(super) fn is_taken(&self, port: u16) -> bool {
        self.clients.contains_key(&port)
    }

    /// A port was found: the relay is open, and here is the answer.
    pub(super) fn opened(&mut self, opening: Opening, port: u16, now: Now) -> (Arc<Allocation>, Vec<u8>) {
        let Opening { client, user, reply, .. } = opening;
        let kbps = self.quota.kbps_per_user;
        let user = self.users.entry(user).or_insert_with(|| {
            let share = Arc::new(Share::new(user, kbps, now.instant));
            User { share, relays: 0, last_seen: now.instant }
        });
        user.relays += 1;
        let (share, counters) = (Arc::clone(&user.share), Arc::clone(&self.counters));
        let relayed = SocketAddr::new(self.relay_ip, port);
        let allocation = Arc::new(Allocation::new(client, relayed, share, counters));
        let until = now.instant + LIFETIME;
        let held = Held { allocation: Arc::clone(&allocation), until, opened_by: reply.transaction };
        let answer = held.opened(&reply);
        self.clients.insert(port, client);
        self.held.insert(client, held);
        self.counters.allocations.store(self.held.len() as u64, Relaxed);
        (allocation, answer)
    }

    /// No port was found: the answer says so.
    pub(super) fn not_opened(&self, opening: &Opening) -> Vec<u8> {
        count(&self.counters.refused_quota);
        opening.reply.error(508, |writer| writer)
    }

    /// Ends relays whose time is over; their ports can be let go.
    pub(super) fn expire(&mut self, now: Instant) -> Vec<u16> {
        let over: Vec<SocketAddr> =
            self.held.iter().filter(|(_, held)| held.until <= now).map(|(client, _)| *client).collect();
        let ports = over.iter().filter_map(|client| self.end(*client, now)).collect();
        self.users.retain(|_, user| user.relays > 0 || now < user.last_seen + USER_MEMORY);
        ports
    }

    fn end(&mut self, client: SocketAddr, now: Instant) -> Option<u16> {
        let held = self.held.remove(&client)?;
        let port = held.allocation.relayed.port();
        self.clients.remove(&port);
        if let Some(user) = self.users.get_mut(&held.allocation.share.user) {
            user.relays -= 1;
            user.last_seen = now;
        }
        self.counters.allocations.store(self.held.len() as u64, Relaxed);
        Some(port)
    }

    fn stun(&mut self, now: Now, client: SocketAddr, buffer: &mut [u8], datagram: Range<usize>) -> Step {
        let start = datagram.start;
        let Some(message) = Message::parse(&buffer[datagram]) else { return self.drop_it() };
        match (message.class, message.method) {
            (Class::Request, method::BINDING) => self.binding(now, client, &message),
            (
                Class::Request,
                method::ALLOCATE | method::REFRESH | method::CREATE_PERMISSION | method::CHANNEL_BIND,
            ) => self.request(now, client, &message),
            (Class::Indication, method::SEND) => {
                let parts = (message.address(attribute::XOR_PEER_ADDRESS), message.place_of(attribute::DATA));
                let (Some(peer), Some(place)) = parts else { return self.drop_it() };
                if !message.not_understood(&UNDERSTOOD).is_empty() {
                    return self.drop_it();
                }
                let data = place.start + start..place.end + start;
                let Some(relay) = self.live(client, now.instant) else { return self.drop_it() };
                if !relay.is_open_for(peer.ip(), now.instant) {
                    return self.drop_it();
                }
                self.forward(now, &relay, peer, buffer, data)
            }
            // Answers to questions that nobody asked, methods that nobody here knows.
            _ => self.drop_it(),
        }
    }

    fn binding(&mut self, now: Now, client: SocketAddr, message: &Message<'_>) -> Step {
        if !self.strangers.may_answer(client, now.instant) {
            return self.flooded();
        }
        let reply = Reply::to(message, None);
        let unknown = message.not_understood(&UNDERSTOOD);
        if !unknown.is_empty() {
            return Step::Answer(not_understood(&reply, &unknown));
        }
        count(&self.counters.bindings);
        Step::Answer(reply.success(|writer| with_seen_address(writer, client)))
    }

    /// A request that only somebody with a good name and password may make.
    fn request(&mut self, now: Now, client: SocketAddr, message: &Message<'_>) -> Step {
        let caller = match self.doorkeeper.check(message, client, now.unix) {
            Ok(caller) => caller,
            Err(distrust) => return self.refuse_stranger(now, client, message, distrust),
        };
        let reply = Reply::to(message, Some(caller.key.clone()));
        let unknown = message.not_understood(&UNDERSTOOD);
        if !unknown.is_empty() {
            return Step::Answer(not_understood(&reply, &unknown));
        }
        let outcome = match message.method {
            method::ALLOCATE => self.allocate(now, client, message, &caller, &reply),
            method => self.own_relay(now, client, &caller).and_then(|relay| match method {
                method::REFRESH => self.refresh(now, &relay, message, &reply),
                method::CREATE_PERMISSION => self.create_permission(now, &relay, message, &reply),
                _ => self.bind_channel(now, &relay, message, &reply),
            }),
        };
        match outcome {
            Ok(step) => step,
            Err(code) => {
                match code {
                    403 => count(&self.counters.refused_peers),
                    486 | 508 => count(&self.counters.refused_quota),
                    _ => (),
                }
                Step::Answer(reply.error(code, |writer| writer))
            }
        }
    }

    fn refuse_stranger(
        &mut self,
        now: Now,
        client: SocketAddr,
        message: &Message<'_>,
        distrust: Distrust,
    ) -> Step {
        if message.is_signed() && distrust == Distrust::Unauthorized {
            count(&self.counters.refused_credentials);
        }
        if !self.strangers.may_answer(client, now.instant) {
            return self.flooded();
        }
        let reply = Reply::to(message, None);
        let with_nonce = |writer: Writer| {
            let nonce = self.doorkeeper.nonce(client, now.unix);
            writer.with(attribute::REALM, REALM.as_bytes()).with(attribute::NONCE, nonce.as_bytes())
        };
        Step::Answer(match distrust {
            Distrust::Unauthorized => reply.error(401, with_nonce),
            Distrust::StaleNonce => reply.error(438, with_nonce),
            Distrust::Incomplete => reply.error(400, |writer| writer),
        })
    }

    fn allocate(
        &mut self,
        now: Now,
        client: SocketAddr,
        message: &Message<'_>,
        caller: &Caller,
        reply: &Reply,
    ) -> Result<Step, u16> {
        if let Some(held) = self.held.get(&client).filter(|held| held.until > now.instant) {
            let is_repeated =
                held.opened_by == message.transaction && held.allocation.share.user == caller.user;
            return if is_repeated { Ok(Step::Answer(held.opened(reply))) } else { Err(437) };
        }
        match message.get(attribute::REQUESTED_TRANSPORT) {
            Some([UDP, _, _, _]) => (),
            Some([_, _, _, _]) => return Err(442),
            _ => return Err(400),
        }
        if !self.family_fits(message)? {
            return Err(440);
        }
        let is_even = match message.get(attribute::EVEN_PORT) {
            None => false,
            Some([flags]) if flags & 0x80 == 0 => true,
            // The odd port above it is asked for too, and no client that matters would come for it.
            Some([_]) => return Err(508),
            Some(_) => return Err(400),
        };
        let relays = self.users.get(&caller.user).map_or(0, |user| user.relays);
        if relays >= self.quota.per_user {
            return Err(486);
        }
        // One whose time is over but that was not looked after yet still has its port.
        if self.held.len() >= self.quota.in_all || self.held.contains_key(&client) {
            return Err(508);
        }
        Ok(Step::Open(Opening { client, user: caller.user, is_even, reply: reply.clone() }))
    }

    fn refresh(
        &mut self,
        now: Now,
        relay: &Allocation,
        message: &Message<'_>,
        reply: &Reply,
    ) -> Result<Step, u16> {
        if !self.family_fits(message)? {
            return Err(443);
        }
        let ends = match message.get(attribute::LIFETIME) {
            None => false,
            Some(seconds) => u32::from_be_bytes(seconds.try_into().map_err(|_| 400_u16)?) == 0,
        };
        let lifetime = if ends { Duration::ZERO } else { LIFETIME };
        let answer = reply.success(|writer| with_lifetime(writer, lifetime));
        if ends {
            let port = self.end(relay.client, now.instant);
            return Ok(port.map_or(Step::Nothing, |port| Step::Close(port, answer)));
        }
        if let Some(held) = self.held.get_mut(&relay.client) {
            held.until = now.instant + LIFETIME;
        }
        Ok(Step::Answer(answer))
    }

    fn create_permission(
        &self,
        now: Now,
        relay: &Allocation,
        message: &Message<'_>,
        reply: &Reply,
    ) -> Result<Step, u16> {
        let peers = message.addresses(attribute::XOR_PEER_ADDRESS).filter(|peers| !peers.is_empty());
        let peers: Vec<IpAddr> = peers.ok_or(400_u16)?.iter().map(SocketAddr::ip).collect();
        for peer in &peers {
            self.check_peer(*peer)?;
        }
        relay.permit(&peers, now.instant).map_err(code_of)?;
        Ok(Step::Answer(reply.success(|writer| writer)))
    }

    fn bind_channel(
        &self,
        now: Now,
        relay: &Allocation,
        message: &Message<'_>,
        reply: &Reply,
    ) -> Result<Step, u16> {
        let channel = match message.get(attribute::CHANNEL_NUMBER) {
            Some([high, low, _, _]) => Channel::new(u16::from_be_bytes([*high, *low])),
            _ => None,
        };
        let peer = message.address(attribute::XOR_PEER_ADDRESS);
        let (Some(channel), Some(peer)) = (channel, peer) else { return Err(400) };
        self.check_peer(peer.ip())?;
        relay.bind(channel, peer, now.instant).map_err(code_of)?;
        Ok(Step::Answer(reply.success(|writer| writer)))
    }

    fn channel_data(
        &mut self,
        now: Now,
        client: SocketAddr,
        buffer: &mut [u8],
        datagram: Range<usize>,
    ) -> Step {
        let [high, low, long, short, ..] = buffer[datagram.clone()] else { return self.drop_it() };
        let start = datagram.start + 4;
        let data = start..start + usize::from(u16::from_be_bytes([long, short]));
        let channel = Channel::new(u16::from_be_bytes([high, low])).filter(|_| data.end <= datagram.end);
        let Some(relay) = self.live(client, now.instant) else { return self.drop_it() };
        let peer = channel.and_then(|channel| relay.peer_of(channel, now.instant));
        let Some(peer) = peer else { return self.drop_it() };
        self.forward(now, &relay, peer, buffer, data)
    }

    /// Passes a user's data on to a peer that the relay is open for.
    fn forward(
        &self,
        now: Now,
        relay: &Allocation,
        peer: SocketAddr,
        buffer: &mut [u8],
        data: Range<usize>,
    ) -> Step {
        // The peer may be relayed by this very server: two phones that both hide their address. Its packets never
        // leave the process, so that no other port of this machine is ever reached and no router in front of it
        // has to turn them around.
        let neighbour = (peer.ip() == self.relay_ip)
            .then(|| self.clients.get(&peer.port()).and_then(|client| self.live(*client, now.instant)))
            .flatten();
        if neighbour.is_none() && (!self.peers.allows(peer.ip()) || peer.port() == 0) {
            return self.drop_it();
        }
        if !relay.may_send(data.len(), now.instant) {
            return Step::Nothing;
        }
        let Some(neighbour) = neighbour else {
            return Step::ToPeer { port: relay.relayed.port(), peer, data };
        };
        match neighbour.for_user(relay.relayed, buffer, data, now.instant) {
            Some(datagram) => Step::ToUser { client: neighbour.client, datagram },
            None => Step::Nothing,
        }
    }

    fn live(&self, client: SocketAddr, now: Instant) -> Option<Arc<Allocation>> {
        let held = self.held.get(&client).filter(|held| held.until > now)?;
        Some(Arc::clone(&held.allocation))
    }

    /// The relay of an address, if it is the caller's. A user whose name was renewed meanwhile is still the same.
    fn own_relay(&self, now: Now, client: SocketAddr, caller: &Caller) -> Result<Arc<Allocation>, u16> {
        let relay = self.live(client, now.instant).ok_or(437_u16)?;
        if relay.share.user == caller.user { Ok(relay) } else { Err(441) }
    }

    fn check_peer(&self, peer: IpAddr) -> Result<(), u16> {
        if peer.is_ipv4() != self.relay_ip.is_ipv4() {
            return Err(443);
        }
        if peer == self.relay_ip || self.peers.allows(peer) { Ok(()) } else { Err(403) }
    }

    /// Whether the family asked for, if any, is the one that relays here have.
    fn family_fits(&self, message: &Message<'_>) -> Result<bool, u16> {
        match message.get(attribute::REQUESTED_ADDRESS_FAMILY) {
            // RFC 8656: without the attribute IPv4 is meant. A relay with IPv6 alone gives what it has.
            None => Ok(true),
            Some([1, _, _, _]) => Ok(self.relay_ip.is_ipv4()),
            Some([2, _, _, _]) => Ok(self.relay_ip.is_ipv6()),
            Some([_, _, _, _]) => Ok(false),
            Some(_) => Err(400),
        }
    }

    fn drop_it(&self) -> Step {
        count(&self.counters.dropped_other);
        Step::Nothing
    }

    fn flooded(&self) -> Step {
        count(&self.counters.dropped_flood);
        Step::Nothing
    }
}

impl Held {
    fn opened(&self, reply: &Reply) -> Vec<u8> {
        reply.success(|writer| {
            let writer = writer.with_address(attribute::XOR_RELAYED_ADDRESS, self.allocation.relayed);
            with_seen_address(with_lifetime(writer, LIFETIME), self.allocation.client)
        })
    }
}

fn with_lifetime(writer: Writer, lifetime: Duration) -> Writer {
    writer.with(attribute::LIFETIME, &(lifetime.as_secs() as u32).to_be_bytes())
}

/// A socket for both families sees an IPv4 client as a mapped address, which the client would not know as its own.
fn with_seen_address(writer: Writer, client: SocketAddr) -> Writer {
    let seen = SocketAddr::new(client.ip().to_canonical(), client.port());
    writer.with_address(attribute::XOR_MAPPED_ADDRESS, seen)
}

fn not_understood(reply: &Reply, numbers: &[u16]) -> Vec<u8> {
    let named: Vec<u8> = numbers.iter().take(MOST_UNKNOWN_NAMED).flat_map(|n| n.to_be_bytes()).collect();
    reply.error(420, |writer| writer.with(attribute::UNKNOWN_ATTRIBUTES, &named))
}

fn code_of(full: Full) -> u16 {
    match full {
        Full::Conflict => 400,
        Full::Crowded => 508,
    }
}

#[cfg(test)]
mod tests;
