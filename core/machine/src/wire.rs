//! One connection to one other device: who offers when, and what is done when media stops.
//!
//! Offers and answers alternate. When both sides offer at once, the polite one takes its own back. When media stops,
//! the connection is tried over new addresses, then built anew, then given up; `docs/reconnect.md` draws it.
//!
//! The media server is another other side: its offer always goes before ours, it never repairs, and it may forget us.
mod repair;
mod summary;

use crate::{
    EndReason, FromPeer, LocalCandidate, Path, PeerOrder, RemoteCandidate, ServerLink, Settings, Time,
    session::session_of,
};
use calls_protocol::{IceServers, Mark, Sdp};
use std::time::Duration;

/// What a wire may look at.
#[derive(Clone, Copy)]
pub(crate) struct Around<'a> {
    pub(crate) now: Time,
    pub(crate) settings: &'a Settings,
    /// Whether the server can be asked to pass something on now.
    pub(crate) server_is_up: bool,
}

impl<'a> Around<'a> {
    pub(crate) fn new(now: Time, settings: &'a Settings, server: ServerLink) -> Self {
        Self { now, settings, server_is_up: server == ServerLink::Up }
    }
}

/// What a wire wants.
#[derive(Debug, PartialEq)]
pub(crate) enum Wish {
    /// From the connection of this build.
    Order(u32, PeerOrder),
    /// That the other side gets our offer.
    Offer(Sdp),
    /// That it gets our answer.
    Answer(Sdp),
    /// That it gets an address of ours.
    Candidate(LocalCandidate),
    /// To be given up.
    GiveUp(EndReason),
}

/// More addresses of the other side than this are not kept while they have to wait.
pub(crate) const MOST_EARLY: usize = 200;

#[derive(Debug, Clone)]
pub(crate) struct Wire {
    build: u32,
    /// Takes back its own offer when both offer, and lets the other side repair first.
    polite: bool,
    /// The other side is the media server.
    to_server: bool,
    /// No other build before this moment: the media server has no time for those who try without a pause.
    not_before: Time,
    /// The other side has forgotten this build, or closed it for good: the next repair is another one.
    is_over: bool,
    exchange: Exchange,
    /// An offer to make as soon as it can be.
    owed: Option<Owed>,
    health: Health,
    servers: IceServers,
    /// The person wants this call.
    is_open: bool,
    /// Their description is known, so their addresses mean something.
    has_theirs: bool,
    early: Vec<RemoteCandidate>,
    /// Which of their connections described itself last; another one is one that they built anew.
    their_session: Option<String>,
    /// The one before: what it says comes too late.
    former_session: Option<String>,
    /// Our latest answer, and to which offer: a server that was killed may bring the same offer again.
    answered: Option<(Mark, Sdp)>,
}

/// Where offer and answer are.
#[derive(Debug, Clone, PartialEq)]
enum Exchange {
    /// Both sides agree.
    Settled,
    /// Ours is being made.
    Making { restart: bool },
    /// Ours is on its way.
    Offered { restart: bool, mark: Mark, again: Time },
    /// Theirs was taken, our answers to so many of them are being made; only the last, to this one, counts.
    Answering { answers: u32, mark: Mark },
    /// Their answer is being applied; an offer that came meanwhile waits.
    Applying { next: Option<Sdp> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Owed {
    Offer,
    Restart,
}

/// How media is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Health {
    /// Nobody waits for media yet.
    Waiting,
    /// It has not come yet.
    Connecting { since: Time, next_try: Time },
    /// It flows.
    Up,
    /// They closed it, and the server has not said yet that they hung up.
    Closed { since: Time },
    /// It stopped.
    Lost { since: Time, next_try: Time, rebuilt: bool },
}

impl Wire {
    /// A connection that we offer. Who offers the first one is not the polite one.
    pub(crate) fn offering(
        servers: IceServers,
        polite: bool,
        (build, former): (u32, Option<String>),
    ) -> (Self, Vec<Wish>) {
        let mut wire = Self::new(servers.clone(), polite, build, Exchange::Making { restart: false });
        wire.former_session = former;
        let create = Wish::Order(build, PeerOrder::Create { servers });
        (wire, vec![create, Wish::Order(build, PeerOrder::MakeOffer { restart: false })])
    }

    /// The connection to the media server. We begin it, and when both offer, its offer stands.
    pub(crate) fn to_server(around: Around<'_>, servers: IceServers, build: u32) -> (Self, Vec<Wish>) {
        // Nothing that one connection to it said comes from another one: it says everything by order.
        let (mut wire, mut wishes) = Self::offering(servers, true, (build, None));
        (wire.to_server, wire.not_before) = (true, around.now + around.settings.restart_every);
        wishes.extend(wire.open());
        wire.expect_media(around);
        (wire, wishes)
    }

    /// A connection that they offered.
    pub(crate) fn offered(servers: IceServers, offer: Sdp, build: u32) -> (Self, Vec<Wish>) {
        let answering = Exchange::Answering { answers: 1, mark: Mark::of(&offer) };
        let mut wire = Self::new(servers.clone(), true, build, answering);
        wire.their_session = session_of(&offer);
        wire.has_theirs = true;
        let create = Wish::Order(build, PeerOrder::Create { servers });
        (wire, vec![create, Wish::Order(build, PeerOrder::TakeOffer(offer))])
    }

    fn new(servers: IceServers, polite: bool, build: u32, exchange: Exchange) -> Self {
        Self {
            build,
            polite,
            to_server: false,
            not_before: Time::default(),
            is_over: false,
            exchange,
            owed: None,
            health: Health::Waiting,
            servers,
            is_open: false,
            has_theirs: false,
            early: Vec::new(),
            their_session: None,
            former_session: None,
            answered: None,
        }
    }

    /// Whether an offer is of a connection of theirs that says nothing any more.
    pub(crate) fn is_late(offer: &Sdp, former: Option<&String>) -> bool {
        former.is_some() && session_of(offer).as_ref() == former
    }

    /// What has to be remembered of it.
    pub(crate) fn leave(self) -> (u32, Option<String>) {
        (self.build, self.their_session.or(self.former_session))
    }

    pub(crate) fn build(&self) -> u32 {
        self.build
    }

    pub(crate) fn is_polite(&self) -> bool {
        self.polite
    }

    pub(crate) fn path(&self) -> Path {
        match self.health {
            Health::Waiting | Health::Connecting { .. } => Path::Connecting,
            // Nobody wants to read of repairs at the end of each call.
            Health::Up | Health::Closed { .. } => Path::Up,
            Health::Lost { .. } => Path::Repairing,
        }
    }

    /// The servers' names and passwords are good for a while; the next connection that is built takes these.
    pub(crate) fn refresh_servers(&mut self, servers: &IceServers) {
        self.servers = servers.clone();
    }

    /// The person wants this call: addresses of the other side may be tried from here on.
    pub(crate) fn open(&mut self) -> Vec<Wish> {
        if self.is_open {
            return Vec::new();
        }
        self.is_open = true;
        let mut wishes = vec![self.order(PeerOrder::Connect)];
        wishes.extend(self.release_early());
        wishes
    }

    /// Both want this call: media has to come.
    pub(crate) fn expect_media(&mut self, around: Around<'_>) {
        if self.health == Health::Waiting {
            let since = around.now;
            self.health =
                Health::Connecting { since, next_try: since + self.wait(around, around.settings.first_try) };
        }
    }

    /// Our side of a repair is later by this, if the other side is to begin.
    fn wait(&self, around: Around<'_>, length: Duration) -> Duration {
        let is_theirs_first = self.polite && !self.to_server;
        if is_theirs_first { length + around.settings.polite_wait } else { length }
    }

    pub(crate) fn close(&self) -> Wish {
        self.order(PeerOrder::Close)
    }

    fn order(&self, order: PeerOrder) -> Wish {
        Wish::Order(self.build, order)
    }

    fn release_early(&mut self) -> Vec<Wish> {
        if !self.is_open || !self.has_theirs {
            return Vec::new();
        }
        let early = std::mem::take(&mut self.early);
        early.into_iter().map(|candidate| self.order(PeerOrder::TakeCandidate(candidate))).collect()
    }

    /// They offer.
    pub(crate) fn offer(&mut self, around: Around<'_>, offer: Sdp) -> Vec<Wish> {
        if Self::is_late(&offer, self.former_session.as_ref()) {
            // From the connection that we gave up. They will follow when they hear of it.
            return Vec::new();
        }
        let mark = Mark::of(&offer);
        if let Some((known, answer)) = &self.answered
            && *known == mark
        {
            return vec![Wish::Answer(answer.clone())];
        }
        if matches!(self.exchange, Exchange::Answering { mark: known, .. } if known == mark) {
            return Vec::new();
        }
        let session = session_of(&offer);
        if session.is_some() && self.their_session.is_some() && session != self.their_session {
            if self.to_server {
                // It never begins one. What comes of another one is of a server that does not know us yet.
                return self.forgotten(around);
            }
            return self.follow_rebuild(around, offer);
        }
        if self.to_server && !self.has_theirs {
            // Of a connection that we have given up.
            return Vec::new();
        }
        match &mut self.exchange {
            Exchange::Settled => self.take_offer(offer, 1),
            Exchange::Answering { answers, .. } => {
                let answers = *answers + 1;
                self.take_offer(offer, answers)
            }
            Exchange::Applying { next } => {
                *next = Some(offer);
                Vec::new()
            }
            Exchange::Making { restart } | Exchange::Offered { restart, .. } if self.polite => {
                // Both offered. Theirs goes first, and ours is made again after it.
                let owed = if *restart { Owed::Restart } else { Owed::Offer };
                self.owe(owed);
                let mut wishes = vec![self.order(PeerOrder::RollBack)];
                wishes.extend(self.take_offer(offer, 1));
                wishes
            }
            // Both offered, and they will take theirs back. So they do if both built anew.
            Exchange::Making { .. } | Exchange::Offered { .. } => Vec::new(),
        }
    }

    fn take_offer(&mut self, offer: Sdp, answers: u32) -> Vec<Wish> {
        self.their_session = session_of(&offer).or(self.their_session.take());
        self.exchange = Exchange::Answering { answers, mark: Mark::of(&offer) };
        self.has_theirs = true;
        let mut wishes = vec![self.order(PeerOrder::TakeOffer(offer))];
        wishes.extend(self.release_early());
        wishes
    }

    /// They answer.
    pub(crate) fn answer(&mut self, around: Around<'_>, answer: Sdp) -> Vec<Wish> {
        match self.exchange {
            // To an earlier offer, which was taken back and made again.
            Exchange::Offered { mark, .. } if Mark::read(&answer).is_some_and(|to| to != mark) => Vec::new(),
            Exchange::Offered { .. } if self.to_server && self.is_another_session(&answer) => {
                self.forgotten(around)
            }
            Exchange::Offered { .. } => {
                self.exchange = Exchange::Applying { next: None };
                self.their_session = session_of(&answer).or(self.their_session.take());
                self.has_theirs = true;
                let mut wishes = vec![self.order(PeerOrder::TakeAnswer(answer))];
                wishes.extend(self.release_early());
                wishes
            }
            // To an offer that was taken back, or the same answer again.
            Exchange::Settled
            | Exchange::Making { .. }
            | Exchange::Answering { .. }
            | Exchange::Applying { .. } => Vec::new(),
        }
    }

    fn is_another_session(&self, description: &Sdp) -> bool {
        let session = session_of(description);
        session.is_some() && self.their_session.is_some() && session != self.their_session
    }

    /// An address of theirs.
    pub(crate) fn candidate(&mut self, candidate: RemoteCandidate) -> Vec<Wish> {
        if self.is_open && self.has_theirs {
            return vec![self.order(PeerOrder::TakeCandidate(candidate))];
        }
        if self.early.len() < MOST_EARLY {
            self.early.push(candidate);
        }
        Vec::new()
    }

    /// The network of this device changed: the old path may still live, the new one is prepared at once.
    pub(crate) fn network_changed(&mut self, around: Around<'_>) -> Vec<Wish> {
        match &mut self.health {
            // The first offer is still on its way, or its addresses are still being tried.
            Health::Waiting => {}
            Health::Connecting { next_try, .. } | Health::Lost { next_try, .. } => {
                *next_try = around.now + around.settings.restart_every;
            }
            Health::Up | Health::Closed { .. } => {}
        }
        self.owe(Owed::Restart);
        self.pay(around)
    }

    /// The server is there again.
    pub(crate) fn server_is_back(&mut self, around: Around<'_>) -> Vec<Wish> {
        if let Health::Lost { next_try, .. } = &mut self.health {
            // Both went at once, so it was the network; nothing is gained by waiting.
            *next_try = around.now;
        }
        let mut wishes = self.pay(around);
        wishes.extend(self.tick(around));
        wishes
    }

    fn owe(&mut self, owed: Owed) {
        self.owed = self.owed.max(Some(owed));
    }

    /// Makes the offer that is owed, if it can be made now.
    fn pay(&mut self, around: Around<'_>) -> Vec<Wish> {
        if self.exchange != Exchange::Settled || !around.server_is_up {
            return Vec::new();
        }
        let Some(owed) = self.owed.take() else { return Vec::new() };
        let restart = owed == Owed::Restart;
        self.exchange = Exchange::Making { restart };
        vec![self.order(PeerOrder::MakeOffer { restart })]
    }

    /// The connection says something.
    pub(crate) fn said(&mut self, around: Around<'_>, said: FromPeer) -> Vec<Wish> {
        match said {
            FromPeer::OfferMade(offer) => match self.exchange {
                Exchange::Making { restart } => {
                    let again = around.now + around.settings.offer_again;
                    self.exchange = Exchange::Offered { restart, mark: Mark::of(&offer), again };
                    vec![Wish::Offer(offer)]
                }
                // It was taken back.
                Exchange::Settled
                | Exchange::Offered { .. }
                | Exchange::Answering { .. }
                | Exchange::Applying { .. } => Vec::new(),
            },
            FromPeer::AnswerMade(answer) => match &mut self.exchange {
                Exchange::Answering { answers: 1, mark } => {
                    let (mark, answer) = (*mark, mark.write(answer));
                    self.answered = Some((mark, answer.clone()));
                    self.exchange = Exchange::Settled;
                    let mut wishes = vec![Wish::Answer(answer)];
                    wishes.extend(self.pay(around));
                    wishes
                }
                Exchange::Answering { answers, .. } => {
                    *answers -= 1;
                    Vec::new()
                }
                Exchange::Settled
                | Exchange::Making { .. }
                | Exchange::Offered { .. }
                | Exchange::Applying { .. } => Vec::new(),
            },
            FromPeer::AnswerApplied => match &mut self.exchange {
                Exchange::Applying { next } => {
                    let next = next.take();
                    self.exchange = Exchange::Settled;
                    match next {
                        Some(offer) => self.take_offer(offer, 1),
                        None => self.pay(around),
                    }
                }
                Exchange::Settled
                | Exchange::Making { .. }
                | Exchange::Offered { .. }
                | Exchange::Answering { .. } => Vec::new(),
            },
            FromPeer::Candidate(candidate) => vec![Wish::Candidate(candidate)],
            FromPeer::WantsToOffer => {
                self.owe(Owed::Offer);
                self.pay(around)
            }
            FromPeer::Up => {
                if self.health != Health::Waiting {
                    self.health = Health::Up;
                }
                Vec::new()
            }
            FromPeer::Lost => {
                self.lost(around, around.now);
                self.tick(around)
            }
            FromPeer::Closed if self.to_server => self.forgotten(around),
            FromPeer::Closed => {
                if self.health == Health::Up {
                    self.health = Health::Closed { since: around.now };
                }
                Vec::new()
            }
            FromPeer::TheirFault => vec![Wish::GiveUp(EndReason::TheirFault)],
            FromPeer::OurFault => vec![Wish::GiveUp(EndReason::OurFault)],
        }
    }
}
