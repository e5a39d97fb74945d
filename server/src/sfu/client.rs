//! One participant's connection: the description of it, the checks of its path, its keys, its slots.
use super::{
    room::{SendSection, Sends, Slot, TrackFacts},
    sdp::{self, Credentials, DtlsRole, Local, Negotiated, Session, SlotId},
    stream::Kind,
};
use crate::{
    calls::MediaSeat,
    stun::{Class, Message, Writer, attribute, method},
};
use calls_protocol::{Sdp, StreamKind, StreamPlace, UserId};
use calls_rtp::{
    handshake::{Fingerprint, Handshake, HandshakeError, Identity, Role},
    protect::{Opener, Sealer},
};
use ring::{hmac, rand::SecureRandom};
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

/// Addresses from which one client may speak: each network it has, in both families, and those it had.
const MOST_ADDRESSES: usize = 8;
/// A client that was not heard for so long is gone.
pub(super) const GONE_AFTER: Duration = Duration::from_secs(30);
/// How long an offer of ours may stand in the way of one of the client's.
pub(super) const CROSSED: Duration = Duration::from_secs(2);

/// One connection.
pub(super) struct Client {
    pub(super) seat: MediaSeat,
    /// Its room, and its seat in there.
    pub(super) room: usize,
    pub(super) place: usize,
    pub(super) session: Session,
    key: hmac::Key,
    /// From before the client began ICE anew: its old path goes on until the new one is there.
    old_key: Option<(String, hmac::Key)>,
    ufrag: String,
    fingerprint: Option<Fingerprint>,
    pub(super) handshake: Option<Handshake>,
    pub(super) sealer: Option<Sealer>,
    pub(super) opener: Option<Opener>,
    /// Where it is spoken to.
    pub(super) path: Option<SocketAddr>,
    pub(super) addresses: Vec<SocketAddr>,
    pub(super) heard: Instant,
    pub(super) is_connected: bool,
    pairs: Vec<SlotId>,
    voices: Vec<SlotId>,
    slots: Vec<sdp::Slot>,
    /// How many slots the room wants it to have.
    wanted_slots: (usize, usize),
    /// An offer of the client's that came while one of ours waited, and since when.
    pub(super) crossed: Option<(Sdp, Instant)>,
    /// Our offer that waits for its answer.
    pub(super) offered: Option<Sdp>,
    pub(super) streams: Vec<StreamPlace>,
    /// How high its camera, and whether its screen, is looked at, as it was told.
    pub(super) wanted: Option<(u16, bool)>,
    begins: (u16, u32),
}

/// What comes of a check.
pub(super) struct Checked {
    pub(super) answer: Vec<u8>,
    /// It never spoke from there.
    pub(super) is_new: bool,
    /// It came by so many addresses that this one is forgotten.
    pub(super) given_up: Option<SocketAddr>,
}

/// What is the same for all connections of a server.
pub(super) struct Host {
    pub(super) identity: Identity,
    pub(super) candidates: Vec<sdp::Candidate>,
    pub(super) random: Box<dyn SecureRandom + Send + Sync>,
}

impl Host {
    /// Random bytes of the system.
    pub(super) fn draw<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        // The system has them, or TLS would have failed long before.
        self.random.fill(&mut bytes).expect("the system draws random bytes");
        bytes
    }

    /// A name and a password for one client. The name begins with the letter of the worker that it belongs to.
    pub(super) fn credentials(&self, worker: usize) -> Credentials {
        let bytes = self.draw::<32>();
        let mut letters = bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 64)]));
        let first = char::from(LETTERS[worker % LETTERS.len()]);
        let ufrag = std::iter::once(first).chain(letters.by_ref().take(7)).collect();
        Credentials { ufrag, pwd: letters.collect() }
    }
}

/// Of ICE's alphabet.
const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// To which worker a name belongs.
pub(super) fn worker_of(ufrag: &[u8]) -> Option<usize> {
    LETTERS.iter().position(|letter| Some(letter) == ufrag.first())
}

/// What a check says before anybody is known: the name it is for.
pub(super) fn name_of<'a>(message: &Message<'a>) -> Option<&'a str> {
    if (message.class, message.method) != (Class::Request, method::BINDING) {
        return None;
    }
    let username = std::str::from_utf8(message.get(attribute::USERNAME)?).ok()?;
    username.split(':').next()
}

impl Client {
    pub(super) fn new(
        seat: MediaSeat,
        (room, place): (usize, usize),
        host: &Host,
        worker: usize,
        now: Instant,
    ) -> Self {
        let credentials = host.credentials(worker);
        let numbers = host.draw::<20>();
        let number =
            |at: usize| u32::from_be_bytes([numbers[at], numbers[at + 1], numbers[at + 2], numbers[at + 3]]);
        let local = Local {
            credentials: credentials.clone(),
            fingerprint: host.identity.fingerprint().clone(),
            candidates: host.candidates.clone(),
            // 62 bits: browsers read a signed number.
            session_id: u64::from(number(0)) << 30 | u64::from(number(4) >> 2),
            first_ssrc: number(8),
        };
        Self {
            seat,
            room,
            place,
            session: Session::new(local),
            key: key(&credentials.pwd),
            old_key: None,
            ufrag: credentials.ufrag,
            fingerprint: None,
            handshake: None,
            sealer: None,
            opener: None,
            path: None,
            addresses: Vec::new(),
            heard: now,
            is_connected: false,
            pairs: Vec::new(),
            voices: Vec::new(),
            slots: Vec::new(),
            wanted_slots: (0, 0),
            crossed: None,
            offered: None,
            streams: Vec::new(),
            wanted: None,
            // In the lower half, so that the first number does not go round before the receiver has begun to count.
            begins: (number(12) as u16 & 0x7fff, number(16)),
        }
    }

    /// The names by which its checks find it.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let old = self.old_key.as_ref().map(|(ufrag, _)| ufrag.as_str());
        std::iter::once(self.ufrag.as_str()).chain(old)
    }

    /// Answers a check that comes from `from`, where the client is seen as `seen`. Nothing if it is not the client's after
    /// all.
    pub(super) fn check(
        &mut self,
        now: Instant,
        from: SocketAddr,
        seen: SocketAddr,
        message: &Message<'_>,
    ) -> Option<Checked> {
        let keys = std::iter::once(&self.key).chain(self.old_key.as_ref().map(|(_, key)| key));
        let key = keys.into_iter().find(|key| message.is_signed_by(key))?.clone();
        let is_new = !self.addresses.contains(&from);
        let mut given_up = None;
        if is_new {
            if self.addresses.len() >= MOST_ADDRESSES {
                // The one that it came by first, unless it still speaks from there.
                let old = self.addresses.iter().position(|address| Some(*address) != self.path)?;
                given_up = Some(self.addresses.remove(old));
            }
            self.addresses.push(from);
        }
        self.heard = now;
        let is_chosen = message.get(attribute::USE_CANDIDATE).is_some();
        if is_chosen || self.path.is_none() {
            self.path = Some(from);
        }
        let answer = Writer::new(Class::Success, method::BINDING, message.transaction)
            .with_address(attribute::XOR_MAPPED_ADDRESS, seen)
            .signed(&key)
            .with_fingerprint()
            .finish();
        Some(Checked { answer, is_new, given_up })
    }

    /// Nothing comes from there any more.
    pub(super) fn forget(&mut self, address: SocketAddr) {
        self.addresses.retain(|other| *other != address);
        if self.path == Some(address) {
            self.path = self.addresses.last().copied();
        }
    }

    /// The handshake goes on. True when the keys are there for the first time.
    pub(super) fn shake(
        &mut self,
        now: Instant,
        datagram: Option<&[u8]>,
        out: &mut impl FnMut(&[u8]),
    ) -> Result<bool, HandshakeError> {
        let Some(handshake) = &mut self.handshake else { return Ok(false) };
        match datagram {
            Some(bytes) => handshake.receive(now, bytes, out)?,
            None => handshake.wake(now, out)?,
        }
        let Some(keys) = handshake.keys() else { return Ok(false) };
        self.sealer = Some(keys.sealer());
        self.opener = Some(keys.opener());
        self.is_connected = true;
        Ok(true)
    }

    /// Takes what was agreed on. Returns what it sends, and its slots as the room knows them.
    pub(super) fn agreed(&mut self, now: Instant, host: &Host, agreed: Negotiated) -> (Sends, Vec<Place>) {
        if agreed.is_restart || self.ufrag != agreed.server.ufrag {
            let old = std::mem::replace(&mut self.ufrag, agreed.server.ufrag.clone());
            let old_key = std::mem::replace(&mut self.key, key(&agreed.server.pwd));
            self.old_key = Some((old, old_key));
        }
        if self.fingerprint.as_ref() != Some(&agreed.fingerprint) {
            self.fingerprint = Some(agreed.fingerprint.clone());
            let role = match agreed.role {
                DtlsRole::Client => Role::Active,
                DtlsRole::Server => Role::Passive,
            };
            self.handshake = Some(Handshake::new(now, &host.identity, role, agreed.fingerprint));
        }
        self.slots = agreed.slots;
        for slot in &self.slots {
            if self.pairs.contains(&slot.id) || self.voices.contains(&slot.id) || slot.sound.is_none() {
                continue;
            }
            // The room fills places in their order, so a new one stands behind all others.
            let list = if slot.picture.is_some() { &mut self.pairs } else { &mut self.voices };
            list.push(slot.id);
        }
        (sends(&agreed.sends), self.places())
    }

    /// The slots that the client agreed on, by their places in the room.
    fn places(&self) -> Vec<Place> {
        let find = |id: &SlotId| self.slots.iter().find(|slot| slot.id == *id);
        let pairs = self.pairs.iter().enumerate().map(|(n, id)| (Slot::Pair(n), id));
        let voices = self.voices.iter().enumerate().map(|(n, id)| (Slot::Voice(n), id));
        pairs
            .chain(voices)
            .filter_map(|(slot, id)| {
                let found = find(id)?;
                let sound = facts(found.sound.as_ref()?);
                let picture = found.picture.as_ref().map(facts);
                Some(Place { slot, sound, picture, begins: self.begins })
            })
            .collect()
    }

    /// The room wants it to have so many slots. An offer of ours, if it is time for one.
    pub(super) fn wants_slots(&mut self, pairs: usize, voices: usize) -> Option<Sdp> {
        self.wanted_slots = (pairs, voices);
        self.offer()
    }

    /// An offer of ours, if there is something to offer and none waits for its answer.
    pub(super) fn offer(&mut self) -> Option<Sdp> {
        if self.session.is_offering() {
            return None;
        }
        let pairs = self.wanted_slots.0.saturating_sub(self.pairs.len());
        let voices = self.wanted_slots.1.saturating_sub(self.voices.len());
        if pairs + voices > 0 {
            self.session.add_slots(pairs, voices);
        }
        let offer = Sdp::object("offer", &self.session.offer()?);
        self.offered = Some(offer.clone());
        Some(offer)
    }

    /// Who is in which slot. The list for the client, if it is another one.
    pub(super) fn shows(&mut self, shown: &[(Slot, UserId, Kind)]) -> Option<Vec<StreamPlace>> {
        let streams: Vec<StreamPlace> = shown
            .iter()
            .filter_map(|(slot, user, kind)| {
                let id = match slot {
                    Slot::Pair(n) => self.pairs.get(*n)?,
                    Slot::Voice(n) => self.voices.get(*n)?,
                };
                let slot = self.slots.iter().find(|slot| slot.id == *id)?;
                let place = |media: &Option<sdp::SlotMedia>, kind| {
                    let mid = media.as_ref()?.mid.as_str().to_owned();
                    Some(StreamPlace { mid, user_id: *user, kind })
                };
                let picture = if *kind == Kind::Screen { StreamKind::Screen } else { StreamKind::Camera };
                let sound = (*kind != Kind::Screen).then(|| place(&slot.sound, StreamKind::Audio)).flatten();
                Some(sound.into_iter().chain(place(&slot.picture, picture)))
            })
            .flatten()
            .collect();
        if streams == self.streams {
            return None;
        }
        self.streams.clone_from(&streams);
        Some(streams)
    }
}

/// A slot as the room knows it.
pub(super) struct Place {
    pub(super) slot: Slot,
    pub(super) sound: TrackFacts,
    pub(super) picture: Option<TrackFacts>,
    pub(super) begins: (u16, u32),
}

fn key(pwd: &str) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, pwd.as_bytes())
}

fn facts(media: &sdp::SlotMedia) -> TrackFacts {
    let numbers = &media.media;
    TrackFacts {
        ssrc: media.ssrc,
        payload_types: numbers.payloads.iter().map(|payload| (payload.codec, payload.number)).collect(),
        transport_id: numbers
            .extensions
            .id(sdp::Extension::TransportNumber)
            .filter(|_| numbers.feedback.transport_numbers),
        level_id: numbers.extensions.id(sdp::Extension::AudioLevel),
        has_nack: numbers.feedback.lost,
    }
}

fn sends(sent: &[sdp::Sent]) -> Sends {
    let id = |extension| sent.iter().find_map(|sent| sent.media.extensions.id(extension));
    let section = |sent: &sdp::Sent| SendSection {
        mid: sent.mid.as_str().to_owned(),
        kind: sent.source,
        payload_types: sent.media.payloads.iter().map(|payload| (payload.number, payload.codec)).collect(),
        ssrcs: sent.streams.ssrcs.clone(),
        rids: sent.streams.layers.iter().map(|layer| layer.rid.clone()).collect(),
    };
    Sends {
        sections: sent.iter().filter(|sent| sent.is_on).map(section).collect(),
        mid_id: id(sdp::Extension::Mid),
        rid_id: id(sdp::Extension::Rid),
        level_id: id(sdp::Extension::AudioLevel),
        transport_id: id(sdp::Extension::TransportNumber),
    }
}
