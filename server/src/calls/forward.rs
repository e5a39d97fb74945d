//! What participants send each other through a room: candidates, descriptions, media toggles, and what they measured.
//! Each takes effect once, however often it is sent.
use super::{
    Cx, Record, Reply, SocketId,
    people::Often,
    refuse,
    room::{Room, Shape, after},
};
use calls_protocol::{
    Ack, DeviceId, ErrorCode, IceCandidate, Recipient, RelayedRenegotiate, Renegotiate, Sdp, ServerEvent,
    Stats, ToggleMedia, UnixMillis, UserId,
};
use std::{
    collections::{HashMap, HashSet, VecDeque},
    hash::{DefaultHasher, Hash, Hasher},
};

/// Descriptions and messages of one sender that are known again. No two are alike, since each has a version or a name in
/// it; an app that repeats what was not acknowledged repeats the last few.
const KNOWN_AGAIN: usize = 64;

/// Candidates of one sender that are known again; many times what a call needs.
const FINGERPRINTS: usize = 16_384;

/// What the candidates that one call keeps until it is answered may weigh: a few hundred of the usual size.
const EARLY_BYTES: usize = 128 * 1024;

/// Candidates of one sender in one call that get a row. An operator looks at them to see why a call did not connect.
const STORED: usize = 400;

/// Descriptions of one sender in a minute. A camera that is switched all the time makes a few; each may be 64 KB.
pub(super) const DESCRIPTIONS_A_MINUTE: usize = 120;

/// What one participant sends and has sent.
#[derive(Debug, Clone)]
pub(super) struct Sender {
    pub(super) audio: bool,
    pub(super) video: bool,
    pub(super) screen: bool,
    /// Since when their hand is up.
    pub(super) hand: Option<UnixMillis>,
    pub(super) joined: UnixMillis,
    /// Fingerprints of what was forwarded: a repeated candidate has no second effect.
    candidates: HashSet<u64>,
    /// How many to each recipient, or to all, since they came or were sent a new description.
    counts: HashMap<Option<UserId>, usize>,
    /// The latest descriptions, for the same reason.
    described: Fingerprints,
    /// The latest chat messages and reactions, for the same reason.
    pub(super) said: Said,
    measured: Option<UnixMillis>,
    /// Candidates that were stored: new descriptions bring new ones, but not for ever.
    stored: usize,
    /// Descriptions sent lately.
    pub(super) describing: Often,
    /// Wishes to the media server lately.
    pub(super) subscribing: Often,
    /// Chat messages lately.
    pub(super) chatting: Often,
    /// Hands and reactions lately.
    pub(super) gesturing: Often,
}

/// What somebody said lately, so that it is known again, and what there is to remember of it.
#[derive(Debug, Clone)]
pub(super) struct Fingerprints<V = ()>(VecDeque<(u64, V)>);

/// Chat messages and reactions, with the time of the first: what is said again is answered as it was then.
pub(super) type Said = Fingerprints<UnixMillis>;

impl<V> Default for Fingerprints<V> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<V: Copy> Fingerprints<V> {
    pub(super) fn get(&self, print: u64) -> Option<V> {
        self.0.iter().find(|(known, _)| *known == print).map(|(_, value)| *value)
    }

    pub(super) fn has(&self, print: u64) -> bool {
        self.get(print).is_some()
    }

    pub(super) fn add(&mut self, print: u64, value: V) {
        if self.0.len() == KNOWN_AGAIN {
            self.0.pop_front();
        }
        self.0.push_back((print, value));
    }

    pub(super) fn forget(&mut self, print: u64) {
        self.0.retain(|(known, _)| *known != print);
    }
}

impl Sender {
    /// Somebody came or went: what is sent to them, or to all, is counted anew.
    pub(super) fn forget_recipient(&mut self, user: UserId) {
        self.counts.remove(&Some(user));
        self.counts.remove(&None);
    }

    pub(super) fn new(now: UnixMillis, audio: bool, video: bool) -> Self {
        Self {
            audio,
            video,
            screen: false,
            hand: None,
            joined: now,
            candidates: HashSet::new(),
            counts: HashMap::new(),
            described: Fingerprints::default(),
            said: Said::default(),
            measured: None,
            stored: 0,
            describing: Often::default(),
            subscribing: Often::default(),
            chatting: Often::default(),
            gesturing: Often::default(),
        }
    }
}

/// Candidates that the callee's devices sent before one of them answered.
#[derive(Debug, Clone, Default)]
pub(super) struct Early(pub(super) Vec<EarlyCandidate>);

/// One of them, and whose it is.
#[derive(Debug, Clone)]
pub(super) struct EarlyCandidate {
    /// A device keeps what it sent over a reconnect.
    device: Option<DeviceId>,
    pub(super) socket: SocketId,
    candidate: IceCandidate,
}

impl EarlyCandidate {
    fn is_of(&self, socket: SocketId, device: Option<&DeviceId>) -> bool {
        self.socket == socket || self.device.is_some() && self.device.as_ref() == device
    }
}

impl Room {
    pub(super) fn candidate(
        &mut self,
        cx: &mut Cx<'_>,
        socket: SocketId,
        user: UserId,
        candidate: IceCandidate,
    ) -> Reply {
        let to = match candidate.to_user_id {
            Some(Recipient::User(to)) => Some(to),
            Some(Recipient::MediaServer) => return self.candidate_for_server(cx, socket, user),
            None => None,
        };
        let waiting = match &mut self.shape {
            Shape::Pair(pair) => pair.keeps_for_later(user),
            Shape::Crowd(_) => false,
        };
        if waiting {
            return self.keep_candidate(cx, socket, candidate);
        }
        self.sit(cx, socket, user)?;
        let to = self.recipient(user, to)?;
        let others = self.seated().len().saturating_sub(1).max(1);
        let most = if to.is_some() { cx.settings.candidates } else { cx.settings.candidates * others };
        let print = fingerprint(&candidate);
        let at = cx.now;
        let sender = self.sender_mut(user).expect("who has a seat is a sender");
        if sender.candidates.contains(&print) {
            return Ok(Ack::Done);
        }
        let count = sender.counts.entry(to).or_default();
        if *count >= most {
            return refuse(
                ErrorCode::RateLimited,
                "too many candidates in this call; the earlier ones were delivered",
            );
        }
        *count += 1;
        if sender.candidates.len() >= FINGERPRINTS {
            sender.candidates.clear();
        }
        sender.candidates.insert(print);
        sender.stored += 1;
        if sender.stored <= STORED {
            cx.store(Record::Candidate { candidate: candidate.clone(), at });
        }
        match to {
            Some(to) => self.tell(cx, to, ServerEvent::IceCandidate(candidate)),
            None => self.tell_others(cx, user, ServerEvent::IceCandidate(candidate)),
        }
        Ok(Ack::Done)
    }

    /// Checks that a message for `to` can reach somebody; without `to` in a pair it is the other one.
    fn recipient(&self, from: UserId, to: Option<UserId>) -> Result<Option<UserId>, calls_protocol::Refusal> {
        let there = match (&self.shape, to) {
            (_, Some(to)) if to == from => false,
            (Shape::Pair(pair), Some(to)) => pair.party(to).is_some(),
            (Shape::Pair(pair), None) => return Ok(Some(pair.other(from).user)),
            (Shape::Crowd(crowd), Some(to)) => crowd.member(to).is_some(),
            (Shape::Crowd(_), None) => true,
        };
        if there { Ok(to) } else { refuse(ErrorCode::NotFound, "the one it is for is not in this call") }
    }

    pub(super) fn toggle(
        &mut self,
        cx: &mut Cx<'_>,
        socket: SocketId,
        user: UserId,
        wish: &ToggleMedia,
    ) -> Reply {
        self.sit(cx, socket, user)?;
        let sender = self.sender_mut(user).expect("who has a seat is a sender");
        let wished = (wish.audio, wish.video, wish.screen.unwrap_or(sender.screen));
        if (sender.audio, sender.video, sender.screen) != wished {
            (sender.audio, sender.video, sender.screen) = wished;
            self.media_changed(cx, user);
        }
        Ok(Ack::Done)
    }

    /// Tells everyone else what somebody has switched on now.
    pub(super) fn media_changed(&mut self, cx: &mut Cx<'_>, user: UserId) {
        let room_name = self.name.clone();
        let sender = self.sender_mut(user).expect("who has a seat is a sender");
        let (audio, video, screen) = (sender.audio, sender.video, sender.screen);
        let changed = calls_protocol::MediaChanged { room_name, user_id: user, audio, video, screen };
        self.tell_others(cx, user, ServerEvent::MediaChanged(changed));
        self.order_media(cx, user);
    }

    pub(super) fn renegotiate(
        &mut self,
        cx: &mut Cx<'_>,
        socket: SocketId,
        user: UserId,
        message: Renegotiate,
    ) -> Reply {
        let description: &Sdp = match (&message.sdp_offer, &message.sdp_answer) {
            (Some(offer), None) => offer,
            (None, Some(answer)) => answer,
            _ => return refuse(ErrorCode::BadRequest, "send either sdpOffer or sdpAnswer"),
        };
        let print = fingerprint(&(message.to_user_id, description, message.sdp_offer.is_some()));
        let to = match message.to_user_id {
            Recipient::User(to) => to,
            Recipient::MediaServer => return self.renegotiate_with_server(cx, socket, user, message),
        };
        self.recipient(user, Some(to))?;
        if matches!(&self.shape, Shape::Pair(pair) if pair.is_ringing()) {
            return refuse(ErrorCode::Conflict, "the call is not answered yet");
        }
        self.sit(cx, socket, user)?;
        let now = cx.now;
        let sender = self.sender_mut(user).expect("who has a seat is a sender");
        if sender.described.has(print) {
            return Ok(Ack::Done);
        }
        if !sender.describing.once_more(now, DESCRIPTIONS_A_MINUTE) {
            return refuse(ErrorCode::RateLimited, "too many descriptions in a minute: wait a moment");
        }
        sender.described.add(print, ());
        // A new description brings candidates of its own.
        sender.counts.remove(&Some(to));
        let relayed = RelayedRenegotiate {
            room_name: self.name.clone(),
            from_user_id: Recipient::User(user),
            sdp_offer: message.sdp_offer,
            sdp_answer: message.sdp_answer,
        };
        self.tell(cx, to, ServerEvent::Renegotiate(relayed));
        Ok(Ack::Done)
    }

    pub(super) fn measure(&mut self, cx: &mut Cx<'_>, socket: SocketId, user: UserId, stats: Stats) -> Reply {
        self.sit(cx, socket, user)?;
        let every = cx.settings.stats_every;
        let now = cx.now;
        let call = self.call;
        let sender = self.sender_mut(user).expect("who has a seat is a sender");
        if sender.measured.is_none_or(|last| after(last, every) <= now) {
            sender.measured = Some(now);
            if let Some(call) = call {
                cx.store(Record::Statistics { call, stats, at: now });
            }
        }
        Ok(Ack::Done)
    }

    fn keep_candidate(&mut self, cx: &mut Cx<'_>, socket: SocketId, candidate: IceCandidate) -> Reply {
        let most = cx.settings.candidates;
        let Shape::Pair(pair) = &mut self.shape else { unreachable!("only a 1-1 call keeps candidates") };
        let early = &mut pair.early.0;
        let device = cx.people.line(socket).and_then(|line| line.device.clone());
        if early.iter().any(|kept| kept.is_of(socket, device.as_ref()) && kept.candidate == candidate) {
            return Ok(Ack::Done);
        }
        let weight: usize = early.iter().map(|kept| kept.candidate.candidate.as_json().len()).sum();
        if early.len() >= most || weight + candidate.candidate.as_json().len() > EARLY_BYTES {
            return refuse(
                ErrorCode::RateLimited,
                "too many candidates in this call; the earlier ones are kept",
            );
        }
        early.push(EarlyCandidate { device, socket, candidate });
        Ok(Ack::Done)
    }

    /// After the answer: the candidates that this device had sent too early.
    pub(super) fn release_candidates(&mut self, cx: &mut Cx<'_>, socket: SocketId, user: UserId) {
        let Shape::Pair(pair) = &mut self.shape else { return };
        let early = std::mem::take(&mut pair.early.0);
        let device = cx.people.line(socket).and_then(|line| line.device.clone());
        for kept in early {
            if kept.is_of(socket, device.as_ref()) {
                // A refusal here would be a limit reached before the answer, which was told then.
                drop(self.candidate(cx, socket, user, kept.candidate));
            }
        }
    }
}

/// Enough to tell a repeated message from a new one; the key is fixed, so a simulation repeats.
pub(super) fn fingerprint<T: Hash>(message: &T) -> u64 {
    let mut hasher = DefaultHasher::new();
    message.hash(&mut hasher);
    hasher.finish()
}
