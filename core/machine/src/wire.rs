//! One connection to one other device: who offers when, and what is done when media stops.
//!
//! Offers and answers alternate. When both sides offer at once, the polite one takes its own back. When media stops,
//! the connection is tried over new addresses, then built anew, then given up; `docs/reconnect.md` draws it.
use crate::{
    EndReason, FromPeer, LocalCandidate, Path, PeerOrder, RemoteCandidate, ServerLink, Settings, Time,
    session::{Mark, session_of},
};
use calls_protocol::{IceServers, Sdp};
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
        if self.polite { length + around.settings.polite_wait } else { length }
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
            return self.follow_rebuild(around, offer);
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

    /// They built their side anew, so ours has to be, too.
    fn follow_rebuild(&mut self, around: Around<'_>, offer: Sdp) -> Vec<Wish> {
        let mut wishes = self.replace();
        // The new one gets its time to come about.
        let again = around.now + self.wait(around, around.settings.restart_every);
        match &mut self.health {
            Health::Waiting => {}
            Health::Connecting { next_try, .. } => *next_try = again,
            Health::Up => self.health = Health::Lost { since: around.now, next_try: again, rebuilt: true },
            Health::Closed { since } => {
                self.health = Health::Lost { since: *since, next_try: again, rebuilt: true };
            }
            Health::Lost { next_try, rebuilt, .. } => (*next_try, *rebuilt) = (again, true),
        }
        wishes.extend(self.take_offer(offer, 1));
        wishes
    }

    /// The connection goes, another one comes.
    fn replace(&mut self) -> Vec<Wish> {
        let mut wishes = vec![self.close()];
        self.build += 1;
        (self.exchange, self.owed, self.has_theirs) = (Exchange::Settled, None, false);
        self.former_session = self.their_session.take();
        self.answered = None;
        self.early.clear();
        wishes.push(self.order(PeerOrder::Create { servers: self.servers.clone() }));
        if self.is_open {
            wishes.push(self.order(PeerOrder::Connect));
        }
        wishes
    }

    /// They answer.
    pub(crate) fn answer(&mut self, answer: Sdp) -> Vec<Wish> {
        match self.exchange {
            // To an earlier offer, which was taken back and made again.
            Exchange::Offered { mark, .. } if Mark::read(&answer).is_some_and(|to| to != mark) => Vec::new(),
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

    fn lost(&mut self, around: Around<'_>, since: Time) {
        match &mut self.health {
            Health::Up | Health::Closed { .. } => {
                let wait = if self.polite { around.settings.polite_wait } else { Duration::ZERO };
                self.health = Health::Lost { since, next_try: around.now + wait, rebuilt: false };
            }
            // That is known, and the next try is set.
            Health::Waiting | Health::Connecting { .. } | Health::Lost { .. } => {}
        }
    }

    /// When something is due.
    pub(crate) fn deadline(&self, settings: &Settings) -> Option<Time> {
        match self.health {
            Health::Waiting => None,
            Health::Up => match self.exchange {
                Exchange::Offered { again, .. } => Some(again),
                Exchange::Settled
                | Exchange::Making { .. }
                | Exchange::Answering { .. }
                | Exchange::Applying { .. } => None,
            },
            Health::Closed { since } => Some(since + settings.goodbye),
            Health::Connecting { since, next_try } | Health::Lost { since, next_try, .. } => {
                Some(next_try.min(since + settings.give_up_after))
            }
        }
    }

    /// Time passed.
    pub(crate) fn tick(&mut self, around: Around<'_>) -> Vec<Wish> {
        let Around { now, settings, server_is_up } = around;
        if let Health::Closed { since } = self.health
            && now >= since + settings.goodbye
        {
            self.lost(around, since);
        }
        let (since, due) = match self.health {
            Health::Up => return self.offer_again(around),
            Health::Waiting | Health::Closed { .. } => return Vec::new(),
            Health::Connecting { since, next_try } | Health::Lost { since, next_try, .. } => {
                (since, next_try)
            }
        };
        if now >= since + settings.give_up_after {
            let reason = match self.health {
                Health::Connecting { .. } => EndReason::NoPath,
                _ if server_is_up => EndReason::TheyLostConnection,
                _ => EndReason::WeLostConnection,
            };
            return vec![Wish::GiveUp(reason)];
        }
        if now < due {
            return Vec::new();
        }
        let again = now + self.wait(around, settings.restart_every);
        match &mut self.health {
            Health::Lost { since, next_try, rebuilt } => {
                *next_try = again;
                let is_time = now >= *since + settings.rebuild_after;
                if is_time && !*rebuilt && server_is_up {
                    *rebuilt = true;
                    return self.rebuild();
                }
            }
            Health::Connecting { next_try, .. } => *next_try = again,
            Health::Waiting | Health::Up | Health::Closed { .. } => unreachable!("looked at above"),
        }
        if !server_is_up {
            // Nobody could pass the offer on. It is made when the server is back.
            return Vec::new();
        }
        let mut wishes = self.take_back(Owed::Restart);
        wishes.extend(self.pay(around));
        wishes
    }

    /// Takes back an offer that nobody answered; one is owed instead.
    fn take_back(&mut self, owed: Owed) -> Vec<Wish> {
        self.owe(owed);
        if let Exchange::Offered { .. } = self.exchange {
            self.exchange = Exchange::Settled;
            return vec![self.order(PeerOrder::RollBack)];
        }
        Vec::new()
    }

    /// Media flows, and an offer of ours waits for an answer that was lost with the server.
    fn offer_again(&mut self, around: Around<'_>) -> Vec<Wish> {
        match &mut self.exchange {
            Exchange::Offered { again, .. } if around.now < *again => Vec::new(),
            Exchange::Offered { again, .. } if !around.server_is_up => {
                *again = around.now + around.settings.offer_again;
                Vec::new()
            }
            Exchange::Offered { restart, .. } => {
                let owed = if *restart { Owed::Restart } else { Owed::Offer };
                let mut wishes = self.take_back(owed);
                wishes.extend(self.pay(around));
                wishes
            }
            Exchange::Settled
            | Exchange::Making { .. }
            | Exchange::Answering { .. }
            | Exchange::Applying { .. } => Vec::new(),
        }
    }

    fn rebuild(&mut self) -> Vec<Wish> {
        let mut wishes = self.replace();
        self.exchange = Exchange::Making { restart: false };
        wishes.push(self.order(PeerOrder::MakeOffer { restart: false }));
        wishes
    }

    /// All that matters for what happens next, in short words and with times relative to now.
    pub(crate) fn summary(&self, now: Time) -> String {
        let left = |at: Time| at.0.saturating_sub(now.0);
        let gone = |at: Time| now.0.saturating_sub(at.0);
        let health = match self.health {
            Health::Waiting => "waiting".into(),
            Health::Connecting { since, next_try } => {
                format!("connecting {} {}", gone(since), left(next_try))
            }
            Health::Up => "up".into(),
            Health::Closed { since } => format!("closed {}", gone(since)),
            Health::Lost { since, next_try, rebuilt } => {
                format!("lost {} {} {rebuilt}", gone(since), left(next_try))
            }
        };
        let exchange = match &self.exchange {
            Exchange::Applying { next } => format!("applying {}", next.is_some()),
            Exchange::Offered { restart, mark, again } => {
                // It only counts while media flows.
                let again = (self.health == Health::Up).then_some(left(*again));
                format!("offered {restart} {mark:?} {again:?}")
            }
            Exchange::Answering { answers, mark } => format!("answering {} {mark:?}", (*answers).min(2)),
            other => format!("{other:?}"),
        };
        let (owed, open, theirs) = (self.owed, self.is_open, self.has_theirs);
        let answered = self.answered.as_ref().map(|(mark, _)| mark);
        let sessions = (&self.their_session, &self.former_session, answered);
        let early = !self.early.is_empty();
        format!("{exchange} {owed:?} {health} {open} {theirs} {sessions:?} {early}")
    }
}
