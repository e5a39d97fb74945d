//! One thread of the media server: a socket of the shared port, the clients whose rooms live here, their keys and clocks.
//!
//! What arrives is opened and given to its room; what the room says is sealed and leaves in batches. Orders of the rules
//! and datagrams that arrived at another worker come through an inbox.
mod orders;

use super::{
    client::{CROSSED, Client, GONE_AFTER, Host, name_of, worker_of},
    datagrams::{Arrived, is_somebody},
    elsewhere::Elsewhere,
    exit::Exit,
    room::{LARGEST_HEAD, Leaving, News, Out, Room, RoomSettings},
    streams::Writer,
};
use crate::{
    calls::{MediaNews, MediaOrder, MediaSeat},
    stun::Message,
};
use calls_protocol::RoomName;
use calls_rtp::{control, packet::Packet, protect::Sealer};
use mio::{Events, Interest, Poll, Token, Waker, unix::SourceFd};
use std::{
    collections::HashMap,
    io,
    net::{SocketAddr, UdpSocket},
    os::fd::AsRawFd,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
        mpsc::{Receiver, Sender},
    },
    time::{Duration, Instant, SystemTime},
};
use tracing::{debug, warn};

/// How many batches are taken before the clock is looked at again.
const BATCHES: usize = 8;
/// Nothing is due more often than this.
const FINEST: Duration = Duration::from_millis(1);
/// Clients are looked over so often: handshakes that wait, and who is gone.
const ROUNDS: Duration = Duration::from_millis(50);
/// From the beginning of the last century to that of Unix time, in seconds.
const NTP_OF_UNIX: u64 = 2_208_988_800;
/// Room for the tag of SRTP, and the number of SRTCP, behind a packet.
const TAG: usize = 32;

/// What comes into a worker from other threads.
pub(super) enum Letter {
    /// From the rules.
    Order(MediaOrder),
    /// Datagrams that arrived elsewhere, one after the other.
    Datagrams(Vec<(SocketAddr, Vec<u8>)>),
    /// Somebody connected by TCP; this is how they stand among addresses.
    Stream {
        /// In place of an address.
        from: SocketAddr,
        /// Where packets for them go.
        writer: Writer,
    },
    /// That connection is over.
    StreamOver {
        /// Which.
        from: SocketAddr,
    },
    /// The end.
    Stop,
}

/// Where to put a letter.
#[derive(Clone)]
pub(super) struct Inbox {
    letters: Sender<Letter>,
    bell: Arc<Waker>,
    /// Datagrams in letters that were not read yet.
    waiting: Arc<AtomicUsize>,
}

/// More datagrams than this wait for no worker: what comes then is lost, as on any path.
const MOST_WAITING: usize = 8_192;

impl Inbox {
    pub(super) fn new(letters: Sender<Letter>, bell: Waker) -> Self {
        Self { letters, bell: Arc::new(bell), waiting: Arc::default() }
    }

    /// Hands datagrams over, if there is room for them.
    pub(super) fn hand(&self, datagrams: Vec<(SocketAddr, Vec<u8>)>) {
        if self.waiting.fetch_add(datagrams.len(), Relaxed) < MOST_WAITING {
            self.put(Letter::Datagrams(datagrams));
        } else {
            self.read(datagrams.len());
        }
    }

    /// So many do not wait any more.
    fn read(&self, datagrams: usize) {
        self.waiting.fetch_sub(datagrams, Relaxed);
    }

    pub(super) fn put(&self, letter: Letter) {
        // A worker that is gone reads nothing any more; the server is about to end.
        if self.letters.send(letter).is_ok() {
            let _rung = self.bell.wake();
        }
    }
}

/// What a worker counts, for whoever asks.
#[derive(Debug, Default)]
pub struct Counts {
    /// People who are connected.
    pub clients: AtomicU64,
    /// Connections that ended before they were up.
    pub unreached: AtomicU64,
    /// Rooms.
    pub rooms: AtomicU64,
    /// Datagrams that came.
    pub received: AtomicU64,
    /// Datagrams that left.
    pub sent: AtomicU64,
    /// Bytes that left.
    pub sent_bytes: AtomicU64,
    /// Datagrams that nobody knew, or that could not be opened.
    pub dropped: AtomicU64,
}

/// Tells the rules.
pub(super) type Tell = Arc<dyn Fn(MediaNews) + Send + Sync>;

/// What a worker is made of.
pub(super) struct Parts {
    pub(super) number: usize,
    pub(super) poll: Poll,
    pub(super) letters: Receiver<Letter>,
    /// Of all workers.
    pub(super) inboxes: Vec<Inbox>,
    pub(super) host: Arc<Host>,
    pub(super) settings: RoomSettings,
    pub(super) tell: Tell,
    pub(super) counts: Arc<Counts>,
}

/// A room, and who is in which seat of it.
struct Hall {
    name: RoomName,
    room: Room,
    seats: Vec<Option<usize>>,
    due: Duration,
    /// When it was last looked at what is due.
    looked: Duration,
}

/// One thread.
pub(super) struct Worker {
    parts: Parts,
    begin: Instant,
    ntp_at_begin: u64,
    clients: Vec<Option<Box<Client>>>,
    by_address: HashMap<SocketAddr, usize>,
    by_name: HashMap<String, usize>,
    by_seat: HashMap<MediaSeat, usize>,
    halls: Vec<Option<Hall>>,
    by_room: HashMap<RoomName, usize>,
    exit: Exit,
    /// Whose datagrams from where belong to another worker.
    elsewhere: Elsewhere,
    handed: Vec<Vec<(SocketAddr, Vec<u8>)>>,
    rounds: Duration,
    news: Vec<News>,
}

impl Worker {
    pub(super) fn new(parts: Parts, socket: UdpSocket) -> Self {
        let exit = Exit::new(socket);
        let unix = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let fraction = (u64::from(unix.subsec_nanos()) << 32) / 1_000_000_000;
        let workers = parts.inboxes.len();
        Self {
            parts,
            begin: Instant::now(),
            ntp_at_begin: (unix.as_secs() + NTP_OF_UNIX) << 32 | fraction,
            clients: Vec::new(),
            by_address: HashMap::new(),
            by_name: HashMap::new(),
            by_seat: HashMap::new(),
            halls: Vec::new(),
            by_room: HashMap::new(),
            exit,
            elsewhere: Elsewhere::default(),
            handed: (0..workers).map(|_| Vec::new()).collect(),
            rounds: Duration::ZERO,
            news: Vec::new(),
        }
    }

    /// Works until it is told to stop.
    pub(super) fn run(mut self) -> io::Result<()> {
        const SOCKET: Token = Token(1);
        let fd = self.exit.socket.as_raw_fd();
        self.parts.poll.registry().register(&mut SourceFd(&fd), SOCKET, Interest::READABLE)?;
        let mut events = Events::with_capacity(16);
        let mut arrived = Arrived::new();
        loop {
            let now = self.now();
            let wait = self.deadline().saturating_sub(now).max(FINEST);
            match self.parts.poll.poll(&mut events, Some(wait)) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
                Ok(()) | Err(_) => {}
            }
            for _ in 0..BATCHES {
                let count = arrived.receive(&self.exit.socket);
                self.parts.counts.received.fetch_add(count as u64, Relaxed);
                // What the rules said before somebody sent these is so for them: whoever is muted by now is not heard.
                if self.read_letters() {
                    self.say_goodbye();
                    return Ok(());
                }
                for n in 0..count {
                    let (from, bytes) = arrived.get(n);
                    if is_somebody(from) {
                        self.datagram(from, bytes);
                    }
                }
                if count == 0 {
                    break;
                }
            }
            self.hand_over();
            self.tick();
            self.exit.flush();
            self.count();
        }
    }

    /// Does what letters say. True when it is the end.
    fn read_letters(&mut self) -> bool {
        while let Ok(letter) = self.parts.letters.try_recv() {
            match letter {
                Letter::Order(order) => self.order(order),
                Letter::Datagrams(all) => {
                    self.parts.inboxes[self.parts.number].read(all.len());
                    for (from, mut bytes) in all {
                        self.datagram(from, &mut bytes);
                    }
                }
                Letter::Stream { from, writer } => self.exit.opened(from, writer),
                Letter::StreamOver { from } => self.stream_over(from),
                Letter::Stop => return true,
            }
        }
        false
    }

    fn now(&self) -> Duration {
        self.begin.elapsed()
    }

    fn deadline(&self) -> Duration {
        let rooms = self.halls.iter().flatten().map(|hall| hall.due);
        rooms.chain([self.rounds]).min().unwrap_or(self.rounds)
    }

    fn count(&mut self) {
        let counts = &self.parts.counts;
        let (sent, bytes) = std::mem::take(&mut self.exit.leaves.sent);
        counts.sent.fetch_add(sent, Relaxed);
        counts.sent_bytes.fetch_add(bytes, Relaxed);
    }

    fn drop_it(&self) {
        self.parts.counts.dropped.fetch_add(1, Relaxed);
    }

    // ------------------------------------------------------------------ what arrives

    fn datagram(&mut self, from: SocketAddr, bytes: &mut [u8]) {
        match bytes.first() {
            Some(0..=3) => self.check(from, bytes),
            Some(20..=63) => self.known(from, bytes, Self::shake),
            Some(128..=191) if control::is_control(bytes) => self.known(from, bytes, Self::rtcp),
            Some(128..=191) => self.known(from, bytes, Self::rtp),
            _ => self.drop_it(),
        }
    }

    /// Passes on what comes from where a client proved to be; what belongs to another worker goes there.
    fn known(
        &mut self,
        from: SocketAddr,
        bytes: &mut [u8],
        act: fn(&mut Self, usize, SocketAddr, &mut [u8]),
    ) {
        if let Some(client) = self.by_address.get(&from) {
            act(self, *client, from, bytes);
        } else if let Some(worker) = self.elsewhere.get(from) {
            self.handed[worker].push((from, bytes.to_vec()));
        } else {
            self.drop_it();
        }
    }

    /// A check of ICE: the only thing that is taken from anywhere.
    fn check(&mut self, from: SocketAddr, bytes: &[u8]) {
        let Some(message) = Message::parse(bytes) else { return self.drop_it() };
        let Some(name) = name_of(&message) else { return self.drop_it() };
        let Some(client) = self.by_name.get(name).copied() else {
            let worker = worker_of(name.as_bytes()).filter(|worker| *worker < self.handed.len());
            match worker {
                Some(worker) if worker != self.parts.number => {
                    self.elsewhere.insert(from, worker);
                    self.handed[worker].push((from, bytes.to_vec()));
                }
                _ => self.drop_it(),
            }
            return;
        };
        let now = Instant::now();
        let Some(held) = self.clients[client].as_deref_mut() else { return };
        let seen = self.exit.seen_from(from);
        let Some(checked) = held.check(now, from, seen, &message) else { return self.drop_it() };
        self.exit.copy(from, &checked.answer);
        if let Some(old) = checked.given_up {
            self.by_address.remove(&old);
        }
        if checked.is_new {
            // Whose address it was before: its network gave it to somebody else.
            if let Some(before) = self.by_address.insert(from, client)
                && before != client
                && let Some(other) = self.clients[before].as_deref_mut()
            {
                other.forget(from);
            }
            self.elsewhere.remove(from);
            self.exit.is_somebody(from);
            self.shake_on(client, None);
        }
    }

    /// Who spoke by a connection that is over speaks by another way, or is gone after a while.
    fn stream_over(&mut self, from: SocketAddr) {
        self.exit.closed(from);
        if let Some(client) = self.by_address.remove(&from)
            && let Some(held) = self.clients[client].as_deref_mut()
        {
            held.forget(from);
        }
    }

    fn shake(&mut self, client: usize, _from: SocketAddr, bytes: &mut [u8]) {
        self.shake_on(client, Some(bytes));
    }

    fn shake_on(&mut self, client: usize, bytes: Option<&[u8]>) {
        let now = Instant::now();
        let Some(held) = self.clients[client].as_deref_mut() else { return };
        let Some(to) = held.path else { return };
        let exit = &mut self.exit;
        let mut out = |datagram: &[u8]| exit.copy(to, datagram);
        match held.shake(now, bytes, &mut out) {
            Ok(true) => {
                held.heard = now;
                let seat = held.seat.clone();
                self.parts.counts.clients.fetch_add(1, Relaxed);
                (self.parts.tell)(MediaNews::Connected { seat });
            }
            Ok(false) => {
                if held.handshake.as_ref().is_some_and(calls_rtp::handshake::Handshake::is_closed) {
                    self.gone(client);
                }
            }
            Err(error) => {
                debug!(%error, "a handshake failed");
                self.gone(client);
            }
        }
    }

    fn rtp(&mut self, client: usize, _from: SocketAddr, bytes: &mut [u8]) {
        let now = self.now();
        let Some(held) = self.clients[client].as_deref_mut() else { return };
        let Some(opened) = held.opener.as_mut().and_then(|opener| opener.open_rtp(bytes).ok()) else {
            return self.drop_it();
        };
        held.heard = self.begin + now;
        let (hall, place) = (held.room, held.place);
        let Some(packet) = Packet::parse(&bytes[..opened.len]) else { return self.drop_it() };
        self.in_hall(hall, |room, out| {
            room.rtp(now, place, opened.index, &packet, out);
        });
    }

    fn rtcp(&mut self, client: usize, _from: SocketAddr, bytes: &mut [u8]) {
        let now = self.now();
        let Some(held) = self.clients[client].as_deref_mut() else { return };
        let Some(len) = held.opener.as_mut().and_then(|opener| opener.open_rtcp(bytes).ok()) else {
            return self.drop_it();
        };
        held.heard = self.begin + now;
        let (hall, place) = (held.room, held.place);
        self.in_hall(hall, |room, out| room.rtcp(now, place, &bytes[..len], out));
    }

    /// Does something with a room: what it says leaves, and its clock is looked at anew.
    fn in_hall(&mut self, hall: usize, act: impl FnOnce(&mut Room, &mut Outlet<'_>)) {
        let Some(Some(held)) = self.halls.get_mut(hall) else { return };
        let mut outlet = Outlet {
            exit: &mut self.exit,
            clients: &mut self.clients,
            seats: &held.seats,
            news: &mut self.news,
        };
        act(&mut held.room, &mut outlet);
        // What is due at once is done after the batch. To find out takes a look at everybody, so not after each packet.
        held.due = held.due.min(held.looked + FINEST);
        if !self.news.is_empty() {
            self.say(hall);
        }
    }

    // ------------------------------------------------------------------ what is due

    fn tick(&mut self) {
        let now = self.now();
        for hall in 0..self.halls.len() {
            let Some(held) = self.halls[hall].as_ref() else { continue };
            if held.due > now {
                continue;
            }
            if held.room.deadline(now) <= now {
                self.in_hall(hall, |room, out| room.tick(now, out));
            }
            if let Some(held) = &mut self.halls[hall] {
                held.looked = now;
                held.due = held.room.deadline(now).max(now + FINEST);
            }
        }
        if now < self.rounds {
            return;
        }
        self.rounds = now + ROUNDS;
        let instant = self.begin + now;
        for client in 0..self.clients.len() {
            let Some(held) = self.clients[client].as_deref_mut() else { continue };
            if instant.saturating_duration_since(held.heard) > GONE_AFTER {
                self.gone(client);
                continue;
            }
            let is_due = held.handshake.as_ref().and_then(|handshake| handshake.deadline());
            let crossed = held.crossed.as_ref().is_some_and(|(_, since)| instant - *since >= CROSSED);
            if is_due.is_some_and(|due| due <= instant) {
                self.shake_on(client, None);
            }
            if crossed && let Some(held) = self.clients[client].as_deref_mut() {
                // Nobody answers ours: theirs is taken, as late as it is.
                held.session.drop_offer();
                held.offered = None;
                if let Some((sdp, _)) = held.crossed.take() {
                    self.take_offer(client, sdp);
                }
            }
        }
    }

    fn hand_over(&mut self) {
        for (inbox, datagrams) in self.parts.inboxes.iter().zip(&mut self.handed) {
            if !datagrams.is_empty() {
                inbox.hand(std::mem::take(datagrams));
            }
        }
    }

    // ------------------------------------------------------------------ who goes

    /// The client is gone by itself: the rules are told.
    fn gone(&mut self, client: usize) {
        let was_up = self.clients[client].as_deref().is_none_or(|held| held.is_connected);
        if !was_up && self.parts.counts.unreached.fetch_add(1, Relaxed) == 0 {
            warn!("a client did not reach the media server: are sfu_addresses right, and is sfu_port open?");
        }
        if let Some(seat) = self.leaves(client) {
            (self.parts.tell)(MediaNews::Gone { seat });
        }
    }

    fn leaves(&mut self, client: usize) -> Option<MediaSeat> {
        let mut held = self.clients[client].take()?;
        if let (Some(handshake), Some(to)) = (&mut held.handshake, held.path) {
            let exit = &mut self.exit;
            handshake.close(Instant::now(), &mut |datagram: &[u8]| exit.copy(to, datagram));
        }
        for address in &held.addresses {
            if self.by_address.get(address) == Some(&client) {
                self.by_address.remove(address);
            }
        }
        for name in held.names() {
            self.by_name.remove(name);
        }
        self.by_seat.remove(&held.seat);
        if held.is_connected {
            self.parts.counts.clients.fetch_sub(1, Relaxed);
        }
        let (hall, place) = (held.room, held.place);
        self.in_hall(hall, |room, _| room.leave(place));
        if let Some(room) = &mut self.halls[hall] {
            if let Some(seat) = room.seats.get_mut(place) {
                *seat = None;
            }
            if room.room.is_empty() {
                self.by_room.remove(&room.name);
                self.halls[hall] = None;
                self.parts.counts.rooms.fetch_sub(1, Relaxed);
            }
        }
        Some(held.seat)
    }

    fn say_goodbye(&mut self) {
        for client in 0..self.clients.len() {
            drop(self.leaves(client));
        }
        self.exit.flush();
    }
}

/// What a room says leaves through here.
struct Outlet<'a> {
    exit: &'a mut Exit,
    clients: &'a mut [Option<Box<Client>>],
    seats: &'a [Option<usize>],
    news: &'a mut Vec<News>,
}

impl Outlet<'_> {
    /// Puts a datagram for somebody into the batch, if they have keys and somebody knows where they are.
    fn send(&mut self, to: usize, write: impl FnOnce(&mut Sealer, &mut [u8]) -> Option<usize>) {
        let client = self.seats.get(to).copied().flatten();
        let Some(client) = client.and_then(|client| self.clients.get_mut(client)?.as_deref_mut()) else {
            return;
        };
        if let (Some(address), Some(sealer)) = (client.path, client.sealer.as_mut()) {
            self.exit.push(address, |out| write(sealer, out));
        }
    }
}

impl Out for Outlet<'_> {
    fn rtp(&mut self, to: usize, packet: &Leaving<'_>) {
        self.send(to, |sealer, out| {
            let fits = packet.payload.len() + usize::from(packet.padding) + LARGEST_HEAD + TAG <= out.len();
            let (len, head) = packet.write(out).filter(|_| fits)?;
            sealer.seal_rtp(out, len, head, packet.index)
        });
    }

    fn rtcp(&mut self, to: usize, messages: &[u8]) {
        self.send(to, |sealer, out| {
            out.get_mut(..messages.len())?.copy_from_slice(messages);
            sealer.seal_rtcp(out, messages.len())
        });
    }

    fn news(&mut self, news: News) {
        self.news.push(news);
    }
}
