//! One participant on its path to the media server: ICE, DTLS, SRTP, what it sends, and what it says of what comes.
//! Datagrams and times in, datagrams out.
use super::{
    content,
    describe::{Ours, Says, TRANSPORT_ID},
    judge::{Fault, Judge},
    outgoing::{Outgoing, Plan},
    stun::{self, Checker},
    track::Track,
};
use calls_rtp::{
    bandwidth::Arrivals,
    control::{self, Message, Writer},
    handshake::{Fingerprint, Handshake, Identity, Role},
    packet::Packet,
    protect::{Opener, Sealer},
};
use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

/// A check that nobody answered is said again.
const CHECK_AGAIN: Duration = Duration::from_millis(100);
/// So often it is said while all is well.
const CHECK: Duration = Duration::from_millis(2_500);
/// What arrived is told so often.
const FEEDBACK: Duration = Duration::from_millis(100);
/// What is missing is looked for so often.
const LOOK: Duration = Duration::from_millis(20);
/// Reports.
const REPORT: Duration = Duration::from_secs(1);
/// What reports come from when nothing is sent.
const NOBODY: u32 = 1;
/// Streams of one report.
const BLOCKS: usize = 31;

/// What became of one participant.
#[derive(Debug, Clone)]
pub struct Facts {
    /// Which user.
    pub who: u32,
    /// Both have keys.
    pub is_connected: bool,
    /// When the first packet of somebody else came.
    pub first_heard: Option<Instant>,
    /// In numbers.
    pub totals: Totals,
    /// What must not be, and how often it was.
    pub faults: Vec<(Fault, u64)>,
}

/// What participants got and sent since it was counted anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Packets of media that came.
    pub packets: u64,
    /// Their bytes, with protection.
    pub bytes: u64,
    /// Packets that the server numbered and that did not come.
    pub lost: u64,
    /// Streams of others that something came of.
    pub streams: u64,
    /// Different packets of others that came, by content.
    pub came: u64,
    /// Packets of others that were sent between the first and the last that came.
    pub expected: u64,
    /// Those that came after a later one.
    pub late: u64,
    /// Whole pictures that began.
    pub keys: u64,
    /// Packets that could not be opened.
    pub not_opened: u64,
    /// Packets of media that left.
    pub sent: u64,
    /// Requests for packets that were answered.
    pub repairs: u64,
    /// Requests for whole pictures that the server made.
    pub key_requests: u64,
}

impl Totals {
    /// All of both.
    #[must_use]
    pub fn plus(self, other: &Self) -> Self {
        Self {
            packets: self.packets + other.packets,
            bytes: self.bytes + other.bytes,
            lost: self.lost + other.lost,
            streams: self.streams + other.streams,
            came: self.came + other.came,
            expected: self.expected + other.expected,
            late: self.late + other.late,
            keys: self.keys + other.keys,
            not_opened: self.not_opened + other.not_opened,
            sent: self.sent + other.sent,
            repairs: self.repairs + other.repairs,
            key_requests: self.key_requests + other.key_requests,
        }
    }
}

/// One participant.
pub(super) struct Person {
    identity: Arc<Identity>,
    who: u32,
    ufrag: String,
    server: Option<SocketAddr>,
    link: Link,
    outgoing: Outgoing,
    /// By their numbers.
    tracks: Vec<Track>,
    arrivals: Arrivals,
    judge: Judge,
    totals: Totals,
    sent_before: u64,
    first_heard: Option<Instant>,
    due: Due,
    epoch: Instant,
    asked: Vec<u16>,
}

/// How far it is.
enum Link {
    /// No answer of the server yet.
    Nothing,
    /// Checks go out.
    Checking { checker: Checker, expected: Fingerprint },
    /// A check was answered.
    Greeting { checker: Checker, handshake: Box<Handshake> },
    /// Both have keys.
    Open { checker: Checker, handshake: Box<Handshake>, sealer: Box<Sealer>, opener: Box<Opener> },
}

#[derive(Debug)]
struct Due {
    check: Instant,
    feedback: Instant,
    look: Instant,
    report: Instant,
    transaction: [u8; 12],
}

impl Person {
    pub(super) fn new(now: Instant, identity: Arc<Identity>, room: u32, who: u32, ours: &Ours) -> Self {
        let ssrc = ours.sound.or(ours.picture.first().map(|first| first - 1)).unwrap_or(NOBODY);
        let mut transaction = [0; 12];
        transaction[..4].copy_from_slice(&who.to_be_bytes());
        Self {
            identity,
            who,
            ufrag: ours.credentials.0.clone(),
            server: None,
            link: Link::Nothing,
            outgoing: Outgoing::new(now, room, who, ssrc, ours.picture.len()),
            tracks: Vec::new(),
            arrivals: Arrivals::default(),
            judge: Judge::new(room, who),
            totals: Totals::default(),
            sent_before: 0,
            first_heard: None,
            due: Due { check: now, feedback: now, look: now, report: now, transaction },
            epoch: now,
            asked: Vec::new(),
        }
    }

    /// Where the server is, once it said so.
    pub(super) fn server(&self) -> Option<SocketAddr> {
        self.server
    }

    /// The server described what there is now; the first time, also where and who it is.
    pub(super) fn described(&mut self, now: Instant, says: &Says) {
        if matches!(self.link, Link::Nothing) {
            let (ufrag, pwd) = &says.credentials;
            let known = Fingerprint::parse(&says.fingerprint.0, &says.fingerprint.1);
            if let (Ok(expected), Some(address)) = (known, says.addresses.first()) {
                self.server = Some(*address);
                self.link = Link::Checking { checker: Checker::new((ufrag, pwd), &self.ufrag), expected };
                self.due.check = now;
            }
        }
        for (ssrc, section) in says.streams() {
            if let Err(place) = self.tracks.binary_search_by_key(&ssrc, |track| track.ssrc) {
                let is_picture = section.kind == "video";
                self.tracks.insert(place, Track::new(ssrc, section.mid.clone(), is_picture));
            }
        }
    }

    /// `call:streams` said whose each section is.
    pub(super) fn named(&mut self, now: Instant, named: &[(String, u32)]) {
        self.judge.named(now, named.iter().map(|(mid, who)| (mid.as_str(), *who)));
    }

    /// From now on it sends this.
    pub(super) fn plan(&mut self, now: Instant, plan: Plan, phase: f64) {
        self.outgoing.plan(now, plan, phase);
    }

    /// From now on nobody may get what it sends.
    pub(super) fn secret(&mut self, is_secret: bool) {
        self.outgoing.secret(is_secret);
    }

    /// Counts from here.
    pub(super) fn count_anew(&mut self) {
        self.totals = Totals::default();
        self.sent_before = self.outgoing.packets;
        self.judge.count_anew();
        self.tracks.iter_mut().for_each(Track::count_anew);
    }

    /// What became of it.
    pub(super) fn facts(&self) -> Facts {
        let delivered = self.judge.delivered();
        Facts {
            who: self.who,
            is_connected: matches!(self.link, Link::Open { .. }),
            first_heard: self.first_heard,
            totals: Totals {
                lost: self.tracks.iter().map(Track::lost).sum(),
                streams: delivered.streams,
                came: delivered.came,
                expected: delivered.expected,
                late: delivered.late,
                keys: delivered.keys,
                sent: self.outgoing.packets - self.sent_before,
                ..self.totals
            },
            faults: self.judge.faults().to_vec(),
        }
    }

    /// When [`Person::wake`] has something to do.
    pub(super) fn due(&self) -> Option<Instant> {
        let open = match &self.link {
            Link::Nothing => return None,
            Link::Checking { .. } => None,
            Link::Greeting { handshake, .. } => handshake.deadline(),
            Link::Open { .. } => {
                let hears = self.tracks.iter().any(Track::is_alive);
                let look = hears.then_some(self.due.look);
                let feedback = self.arrivals.is_waiting().then_some(self.due.feedback);
                [self.outgoing.due(), look, feedback, Some(self.due.report)].into_iter().flatten().min()
            }
        };
        Some(open.map_or(self.due.check, |open| open.min(self.due.check)))
    }

    /// A datagram came. When its media left, in microseconds of the wall clock, if it is that and good.
    pub(super) fn datagram(
        &mut self,
        now: Instant,
        bytes: &mut [u8],
        out: &mut impl FnMut(&[u8]),
    ) -> Option<u64> {
        if stun::is_stun(bytes) {
            self.check_answered(now, bytes, out);
            return None;
        }
        match bytes.first()? {
            20..=63 => {
                self.greeted(now, bytes, out);
                None
            }
            128..=191 if control::is_control(bytes) => {
                self.control(now, bytes, out);
                None
            }
            128..=191 => self.media(now, bytes),
            _ => None,
        }
    }

    fn check_answered(&mut self, now: Instant, bytes: &[u8], out: &mut impl FnMut(&[u8])) {
        let Link::Checking { checker, expected } = &self.link else {
            // Further checks only keep the path open.
            return;
        };
        if checker.is_answer(bytes, self.due.transaction) {
            let (checker, expected) = (checker.clone(), expected.clone());
            let handshake = Box::new(Handshake::new(now, &self.identity, Role::Active, expected));
            self.link = Link::Greeting { checker, handshake };
            self.due.check = now + CHECK;
            self.wake_handshake(now, out);
        }
    }

    fn greeted(&mut self, now: Instant, bytes: &[u8], out: &mut impl FnMut(&[u8])) {
        match &mut self.link {
            Link::Greeting { handshake, .. } => {
                // A handshake that fails shows in that nothing comes.
                let _ = handshake.receive(now, bytes, out);
                self.take_keys(now);
            }
            Link::Open { handshake, .. } => {
                // The last flight may have to be said again; nothing else is due.
                let _ = handshake.receive(now, bytes, out);
            }
            Link::Nothing | Link::Checking { .. } => {}
        }
    }

    fn wake_handshake(&mut self, now: Instant, out: &mut impl FnMut(&[u8])) {
        if let Link::Greeting { handshake, .. } = &mut self.link
            && handshake.deadline().is_some_and(|due| due <= now)
        {
            let _ = handshake.wake(now, out);
            self.take_keys(now);
        }
    }

    fn take_keys(&mut self, now: Instant) {
        let Link::Greeting { handshake, .. } = &mut self.link else { return };
        let Some(keys) = handshake.keys() else { return };
        let Link::Greeting { checker, handshake } = std::mem::replace(&mut self.link, Link::Nothing) else {
            return;
        };
        let (sealer, opener) = (Box::new(keys.sealer()), Box::new(keys.opener()));
        self.link = Link::Open { checker, handshake, sealer, opener };
        (self.due.feedback, self.due.look, self.due.report) = (now, now, now + REPORT);
    }

    fn media(&mut self, now: Instant, bytes: &mut [u8]) -> Option<u64> {
        let Link::Open { opener, .. } = &mut self.link else { return None };
        self.totals.packets += 1;
        self.totals.bytes += bytes.len() as u64;
        let Ok(opened) = opener.open_rtp(bytes) else {
            self.totals.not_opened += 1;
            return None;
        };
        let packet = Packet::parse(&bytes[..opened.len])?;
        if let Some(&[high, low]) = packet.extension(TRANSPORT_ID) {
            self.arrivals.note(u16::from_be_bytes([high, low]), now.saturating_duration_since(self.epoch));
        }
        // Only padding: a probe.
        if packet.payload.is_empty() {
            if let Some(track) = track_of(&mut self.tracks, packet.head.ssrc) {
                track.receive(now, packet.head.sequence, false);
            }
            return None;
        }
        let Some(track) = track_of(&mut self.tracks, packet.head.ssrc) else {
            self.judge.hear(now, "", None, false);
            return None;
        };
        let (stamp, is_key) = if track.is_picture() {
            let read = content::read_picture(packet.payload);
            (read.map(|(stamp, _)| stamp), read.is_some_and(|(_, found)| found.is_key))
        } else {
            (content::read_sound(packet.payload), false)
        };
        track.receive(now, packet.head.sequence, is_key);
        if !self.judge.hear(now, &track.mid, stamp, is_key) {
            return None;
        }
        self.first_heard.get_or_insert(now);
        stamp.map(|stamp| stamp.sent)
    }

    fn control(&mut self, now: Instant, bytes: &mut [u8], out: &mut impl FnMut(&[u8])) {
        let Link::Open { opener, .. } = &mut self.link else { return };
        let Ok(len) = opener.open_rtcp(bytes) else {
            self.totals.not_opened += 1;
            return;
        };
        for message in control::messages(&bytes[..len]) {
            match message {
                Message::Sender(info, _) => {
                    if let Some(track) = track_of(&mut self.tracks, info.ssrc) {
                        track.reported(now, info.ntp);
                    }
                }
                Message::KeyPicture { ssrc } => {
                    self.totals.key_requests += 1;
                    self.outgoing.wants_key(ssrc);
                }
                Message::Nack { ssrc, missing } => {
                    for number in missing.iter() {
                        if let Some(packet) = self.outgoing.again(ssrc, number) {
                            self.totals.repairs += 1;
                            out(packet);
                        }
                    }
                }
                Message::Receiver(_) | Message::Transport(_) | Message::Bye(_) => {}
            }
        }
    }

    /// Does what is due.
    pub(super) fn wake(&mut self, now: Instant, wall: &mut impl FnMut() -> u64, out: &mut impl FnMut(&[u8])) {
        if now >= self.due.check {
            self.check(now, out);
        }
        self.wake_handshake(now, out);
        let Link::Open { sealer, .. } = &mut self.link else { return };
        self.outgoing.send(now, wall, sealer, out);
        let feedback = self.arrivals.is_waiting() && now >= self.due.feedback;
        if feedback || now >= self.due.look || now >= self.due.report {
            self.tell(now, wall, feedback, out);
        }
    }

    fn check(&mut self, now: Instant, out: &mut impl FnMut(&[u8])) {
        let (checker, again) = match &self.link {
            Link::Nothing => return,
            Link::Checking { checker, .. } => (checker, CHECK_AGAIN),
            Link::Greeting { checker, .. } | Link::Open { checker, .. } => (checker, CHECK),
        };
        let turn = u32::from_be_bytes([8, 9, 10, 11].map(|at| self.due.transaction[at])).wrapping_add(1);
        self.due.transaction[8..].copy_from_slice(&turn.to_be_bytes());
        out(&checker.request(self.due.transaction));
        self.due.check = now + again;
    }

    /// What there is to say of what came, in as few datagrams as it fits into.
    fn tell(
        &mut self,
        now: Instant,
        wall: &mut impl FnMut() -> u64,
        feedback: bool,
        out: &mut impl FnMut(&[u8]),
    ) {
        let mut room = [0; 1400];
        let mut writer = Writer::new(&mut room[..1200]);
        let is_report = now >= self.due.report;
        if is_report {
            self.due.report = now + REPORT;
            self.outgoing.report(wall(), &mut writer);
            let blocks: Vec<_> = self.tracks.iter_mut().filter_map(|track| track.block(now)).collect();
            for blocks in blocks.chunks(BLOCKS) {
                writer.receiver(NOBODY, blocks);
            }
        }
        if now >= self.due.look {
            self.due.look = now + LOOK;
            for track in &mut self.tracks {
                self.asked.clear();
                track.ask(now, &mut self.asked);
                if !self.asked.is_empty() {
                    writer.nack(NOBODY, track.ssrc, &self.asked);
                }
                if track.ask_key(now) {
                    writer.key_picture(NOBODY, track.ssrc);
                }
            }
        }
        if feedback {
            self.due.feedback = now + FEEDBACK;
            let mut message = [0; 600];
            let about = self.tracks.first().map_or(NOBODY, |track| track.ssrc);
            let len = self.arrivals.write(NOBODY, about, &mut message);
            writer.whole(&message[..len]);
        }
        let len = writer.len();
        let Link::Open { sealer, .. } = &mut self.link else { return };
        if len > 0
            && let Some(sealed) = sealer.seal_rtcp(&mut room, len)
        {
            out(&room[..sealed]);
        }
    }

    /// Says goodbye.
    pub(super) fn leave(&mut self, now: Instant, out: &mut impl FnMut(&[u8])) {
        if let Link::Greeting { handshake, .. } | Link::Open { handshake, .. } = &mut self.link {
            handshake.close(now, out);
        }
        self.link = Link::Nothing;
    }
}

fn track_of(tracks: &mut [Track], ssrc: u32) -> Option<&mut Track> {
    let place = tracks.binary_search_by_key(&ssrc, |track| track.ssrc).ok()?;
    tracks.get_mut(place)
}
