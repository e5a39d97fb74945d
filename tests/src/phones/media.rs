//! Connections between devices that behave like those of a WebRTC stack, and the networks that carry them.
//!
//! Orders to a connection are done one after the other and take a while. An order that makes no sense in its state is a
//! fault of whoever gave it. Media comes once both sides hold each other's descriptions and addresses of the same
//! generation and the way between them works; a way that was found is kept until one of the two networks changes.
use super::hub::Hub;
use crate::sim::Random;
use calls_machine::{CallKey, FromPeer, Gate, LocalCandidate, PeerKey, PeerOrder, RemoteCandidate};
use calls_protocol::{Candidate, Recipient, Sdp, StreamPlace, UserId};
use calls_server::calls::{MediaNews, MediaOrder};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A connection is lost when nothing has arrived for this long.
const SILENCE: u64 = 5_000;

/// The media server forgets a connection from which nothing has come for this long.
const HUB_MISSES: u64 = 30_000;

/// Which connection of which phone, in which life of its app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct End {
    pub(crate) phone: usize,
    pub(crate) life: u32,
    pub(crate) peer: PeerKey,
}

/// What is planned for a connection.
#[derive(Debug, Clone)]
pub(crate) enum MediaMoment {
    /// The order in work is done.
    Done(End),
    /// Its app hears this.
    Says(End, FromPeer),
    /// Whether media still comes, or still does not, since this change.
    Settles(End, u64),
    /// The media server of this life tells something.
    News(u64, Box<MediaNews>),
    /// The media server looks whether the connection with this certificate is still silent.
    Misses(u64),
}

/// The network of a phone.
#[derive(Debug, Clone, Copy)]
struct Uplink {
    /// Which one: addresses of another one lead nowhere.
    number: u32,
    is_up: bool,
}

#[derive(Default)]
pub(crate) struct Media {
    ends: BTreeMap<End, Connection>,
    sessions: BTreeMap<u64, End>,
    uplinks: Vec<Uplink>,
    hub: Hub,
    /// Lives of the hub's process: what an earlier one told is for nobody.
    lives: u64,
    /// What phones know of who is where in what the hub sends.
    streams: BTreeMap<(usize, u32, CallKey), Vec<StreamPlace>>,
    pub(crate) now: u64,
    /// From whom to whom nothing passes.
    blocked: BTreeSet<(usize, usize)>,
    numbers: u64,
    /// How many were built in the place of another one.
    pub(crate) rebuilt: u64,
    /// What is to be planned: so many milliseconds from now.
    plans: Vec<(u64, MediaMoment)>,
}

struct Connection {
    session: u64,
    chain: VecDeque<PeerOrder>,
    is_open: bool,
    gate: Gate,
    /// The latest for which addresses were gathered.
    generation: u32,
    /// An offer of ours that was not answered yet.
    offered: Option<Description>,
    local: Option<Description>,
    remote: Option<Description>,
    /// Of theirs: generation and network.
    candidates: BTreeSet<(u32, u32)>,
    /// Of ours, likewise.
    gathered: BTreeSet<(u32, u32)>,
    /// The networks over which a way was found: ours and theirs.
    found: Option<(u32, u32)>,
    receives: bool,
    changes: u64,
    /// What was said last.
    is_up: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Description {
    pub(super) session: u64,
    pub(super) generation: u32,
    pub(super) number: u64,
    /// The offer that it answers.
    pub(super) answers: Option<u64>,
}

impl Description {
    pub(super) fn write(self, kind: &str) -> Sdp {
        let Self { session, generation, number, answers } = self;
        let answers = answers.unwrap_or(0);
        let text = format!(
            "a=fingerprint:sha-256 S{session}\r\na=ice-ufrag:{generation}\r\na=number:{number}\r\na=answers:{answers}\r\n"
        );
        Sdp::object(kind, &text)
    }

    pub(super) fn read(sdp: &Sdp) -> Result<Self, String> {
        let text = sdp.sdp().ok_or("a description without sdp")?;
        let field = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|value| value.parse::<u64>().ok()).ok_or_else(|| format!("no {name} in {text}"))
        };
        Ok(Self {
            session: field("a=fingerprint:sha-256 S")?,
            generation: u32::try_from(field("a=ice-ufrag:")?).map_err(|_| "a large generation")?,
            number: field("a=number:")?,
            answers: Some(field("a=answers:")?).filter(|number| *number > 0),
        })
    }
}

impl Media {
    pub(crate) fn new(phones: usize) -> Self {
        Self { uplinks: vec![Uplink { number: 0, is_up: true }; phones], ..Self::default() }
    }

    /// What was planned since the last time.
    pub(crate) fn take_plans(&mut self) -> Vec<(u64, MediaMoment)> {
        let news = self.hub.take_news().into_iter();
        let lives = self.lives;
        self.plans.extend(news.map(|(after, news)| (after, MediaMoment::News(lives, Box::new(news)))));
        std::mem::take(&mut self.plans)
    }

    // The media server.

    pub(crate) fn is_life(&self, life: u64) -> bool {
        self.lives == life
    }

    /// The rules want something of it.
    pub(crate) fn hub_does(&mut self, random: &mut Random, order: &MediaOrder) -> Result<(), String> {
        self.hub.order(self.now, order)?;
        self.settle(random);
        Ok(())
    }

    /// Its process is gone. What it told by then is for nobody, if the rules are gone with it.
    pub(crate) fn hub_dies(&mut self, random: &mut Random, with_rules: bool) {
        self.hub.dies();
        if with_rules {
            self.hub.take_news();
            self.lives += 1;
        }
        self.settle(random);
    }

    /// A phone knows who is where in what the hub sends.
    pub(crate) fn streams_are(
        &mut self,
        (phone, life): (usize, u32),
        call: CallKey,
        streams: Vec<StreamPlace>,
    ) {
        self.streams.insert((phone, life, call), streams);
    }

    fn hub_receives(&mut self, end: End) -> bool {
        let network = self.uplinks[end.phone];
        let session = self.hub.session();
        let Some(connection) = self.ends.get_mut(&end) else { return false };
        let (Some(line), Some(local)) = (self.hub.line_of(connection.session), connection.local) else {
            return false;
        };
        let agree = connection
            .remote
            .is_some_and(|remote| (remote.session, remote.generation) == (session, line.local.generation))
            && line.remote.generation == local.generation;
        if agree && connection.is_open && connection.gathered.contains(&(local.generation, network.number)) {
            connection.found = Some((network.number, 0));
        }
        let is_known = connection.remote.is_some_and(|remote| remote.session == session);
        is_known && network.is_up && connection.found == Some((network.number, 0))
    }

    fn settle_at_hub(&mut self, end: End) -> bool {
        let receives = self.hub_receives(end);
        let session = self.ends[&end].session;
        if self.hub.hears(self.now, session, receives) {
            self.plans.push((HUB_MISSES, MediaMoment::Misses(session)));
        }
        receives
    }

    // Networks.

    pub(crate) fn has_network(&self, phone: usize) -> bool {
        self.uplinks[phone].is_up
    }

    pub(crate) fn goes_offline(&mut self, random: &mut Random, phone: usize) {
        self.uplinks[phone].is_up = false;
        self.settle(random);
    }

    pub(crate) fn comes_online(&mut self, random: &mut Random, phone: usize, elsewhere: bool) {
        self.uplinks[phone].is_up = true;
        self.uplinks[phone].number += u32::from(elsewhere);
        self.settle(random);
    }

    pub(crate) fn block(&mut self, random: &mut Random, from: usize, to: usize) {
        self.blocked.insert((from, to));
        self.settle(random);
    }

    pub(crate) fn unblock(&mut self, random: &mut Random, from: usize, to: usize) {
        self.blocked.remove(&(from, to));
        self.settle(random);
    }

    pub(crate) fn unblock_all(&mut self, random: &mut Random) {
        self.blocked.clear();
        self.settle(random);
    }

    /// Whether anything that one sends reaches the other.
    pub(crate) fn passes(&self, from: usize, to: usize) -> bool {
        self.has_network(from) && self.has_network(to) && !self.blocked.contains(&(from, to))
    }

    // Connections.

    pub(crate) fn order(&mut self, random: &mut Random, end: End, order: PeerOrder) -> Result<(), String> {
        if let PeerOrder::Create { .. } = order {
            self.rebuilt += u64::from(end.peer.build > 0);
            self.numbers += 1;
            let session = self.numbers;
            self.sessions.insert(session, end);
            let twice = self.ends.insert(end, Connection::new(session)).is_some();
            return if twice { Err(format!("{end:?} is made twice")) } else { Ok(()) };
        }
        let Some(connection) = self.ends.get_mut(&end) else {
            return Err(format!("{order:?} to {end:?}, which is not there"));
        };
        match order {
            PeerOrder::Close => {
                self.close(random, end, true);
                return Ok(());
            }
            PeerOrder::Gate(gate) => connection.gate = gate,
            PeerOrder::Connect => connection.is_open = true,
            PeerOrder::MakeOffer { .. }
            | PeerOrder::RollBack
            | PeerOrder::TakeOffer(_)
            | PeerOrder::TakeAnswer(_)
            | PeerOrder::TakeCandidate(_) => {
                connection.chain.push_back(order);
                if connection.chain.len() == 1 {
                    self.plans.push((effort(random), MediaMoment::Done(end)));
                }
            }
            PeerOrder::Create { .. } => unreachable!("done above"),
        }
        self.settle(random);
        Ok(())
    }

    /// The app is gone, and all its connections with it. Nobody is told.
    pub(crate) fn app_is_gone(&mut self, random: &mut Random, phone: usize) {
        let ends: Vec<End> = self.ends.keys().copied().filter(|end| end.phone == phone).collect();
        for end in ends {
            self.close(random, end, false);
        }
    }

    fn close(&mut self, random: &mut Random, end: End, in_due_form: bool) {
        let Some(closed) = self.ends.remove(&end) else { return };
        self.sessions.remove(&closed.session);
        if in_due_form && end.peer.to == Recipient::MediaServer && self.uplinks[end.phone].is_up {
            self.hub.is_over(self.now, closed.session);
        }
        let partner = closed.remote.and_then(|remote| self.sessions.get(&remote.session).copied());
        if let Some(partner) = partner.filter(|partner| self.passes(end.phone, partner.phone))
            && in_due_form
            && closed.found.is_some()
            && let Some(theirs) = self.ends.get_mut(&partner)
            && theirs.remote.is_some_and(|remote| remote.session == closed.session)
        {
            say(&mut self.plans, partner, FromPeer::Closed);
            (theirs.receives, theirs.is_up) = (false, false);
            theirs.changes += 1;
        }
        self.settle(random);
    }

    /// Something that was planned happens. Returns what the app of which phone hears.
    pub(crate) fn happens(
        &mut self,
        random: &mut Random,
        moment: MediaMoment,
    ) -> Result<Option<(End, FromPeer)>, String> {
        match moment {
            MediaMoment::Done(end) => {
                self.done(random, end).map_err(|fault| format!("{end:?}: {fault}"))?;
                self.settle(random);
                Ok(None)
            }
            MediaMoment::Says(end, said) => Ok(self.ends.contains_key(&end).then_some((end, said))),
            // Told to the rules.
            MediaMoment::News(..) => Ok(None),
            MediaMoment::Misses(session) => {
                let since = self.hub.line_of(session).and_then(|line| line.silent_since);
                if since.is_some_and(|since| self.now >= since + HUB_MISSES) {
                    self.hub.is_over(self.now, session);
                }
                Ok(None)
            }
            MediaMoment::Settles(end, change) => {
                let Some(connection) = self.ends.get_mut(&end) else { return Ok(None) };
                if connection.changes != change || connection.is_up == connection.receives {
                    return Ok(None);
                }
                connection.is_up = connection.receives;
                let said = if connection.is_up { FromPeer::Up } else { FromPeer::Lost };
                say(&mut self.plans, end, said);
                Ok(None)
            }
        }
    }

    fn done(&mut self, random: &mut Random, end: End) -> Result<(), String> {
        let network = self.uplinks[end.phone];
        let Some(connection) = self.ends.get_mut(&end) else { return Ok(()) };
        let Some(order) = connection.chain.pop_front() else { return Ok(()) };
        if !connection.chain.is_empty() {
            self.plans.push((effort(random), MediaMoment::Done(end)));
        }
        self.numbers += 1;
        let number = self.numbers;
        let (said, gathers) = match order {
            PeerOrder::MakeOffer { restart } => connection.make_offer(restart, number)?,
            PeerOrder::TakeOffer(offer) => connection.take_offer(Description::read(&offer)?, number)?,
            PeerOrder::TakeAnswer(answer) => {
                connection.take_answer(Description::read(&answer)?)?;
                (FromPeer::AnswerApplied, false)
            }
            PeerOrder::RollBack => {
                connection.offered.take().ok_or("nothing to roll back")?;
                return Ok(());
            }
            PeerOrder::TakeCandidate(candidate) => return connection.take_candidate(&candidate),
            PeerOrder::Create { .. } | PeerOrder::Connect | PeerOrder::Gate(_) | PeerOrder::Close => {
                unreachable!("done when they are given")
            }
        };
        say(&mut self.plans, end, said);
        if gathers && network.is_up {
            connection.gathered.insert((connection.generation, network.number));
            for _ in 0..2 {
                self.numbers += 1;
                let (session, generation, unique) = (connection.session, connection.generation, self.numbers);
                let text = format!("\"{session} {generation} {} {unique}\"", network.number);
                let candidate = Candidate::from_json(&text).map_err(|_| "a bad candidate")?;
                let local =
                    LocalCandidate { candidate, sdp_mid: Some("0".into()), sdp_m_line_index: Some(0) };
                say(&mut self.plans, end, FromPeer::Candidate(local));
            }
        }
        Ok(())
    }

    fn partner_of(&self, end: &End) -> Option<End> {
        let connection = self.ends.get(end)?;
        let partner = self.sessions.get(&connection.remote?.session)?;
        let theirs = self.ends.get(partner)?;
        (theirs.remote?.session == connection.session).then_some(*partner)
    }

    /// Looks again who receives whom.
    fn settle(&mut self, random: &mut Random) {
        let ends: Vec<End> = self.ends.keys().copied().collect();
        for end in ends {
            let partner = self.partner_of(&end);
            let receives = match partner {
                None if end.peer.to == Recipient::MediaServer => self.settle_at_hub(end),
                Some(partner) => {
                    self.find_way(end, partner);
                    self.is_found(end, partner) && self.passes(partner.phone, end.phone)
                }
                None => false,
            };
            let connection = self.ends.get_mut(&end).expect("just listed");
            if receives != connection.receives {
                connection.receives = receives;
                connection.changes += 1;
                let after = if receives { 30 + random.below(700) } else { SILENCE };
                self.plans.push((after, MediaMoment::Settles(end, connection.changes)));
            }
        }
    }

    fn is_found(&self, end: End, partner: End) -> bool {
        let networks = (self.uplinks[end.phone].number, self.uplinks[partner.phone].number);
        self.ends[&end].found == Some(networks)
    }

    fn find_way(&mut self, end: End, partner: End) {
        if self.is_found(end, partner)
            || !self.passes(end.phone, partner.phone)
            || !self.passes(partner.phone, end.phone)
        {
            return;
        }
        let networks = (self.uplinks[end.phone].number, self.uplinks[partner.phone].number);
        let (ours, theirs) = (&self.ends[&end], &self.ends[&partner]);
        if ours.knows(theirs, networks.1) && theirs.knows(ours, networks.0) && ours.is_open && theirs.is_open
        {
            self.ends.get_mut(&end).expect("looked at above").found = Some(networks);
            self.ends.get_mut(&partner).expect("looked at above").found = Some((networks.1, networks.0));
        }
    }

    /// Who hears whom now: by what is let out at one side and in at the other.
    pub(crate) fn heard(&self) -> Vec<(End, End)> {
        let hears = |(end, connection): (&End, &Connection)| {
            let from = self.partner_of(end)?;
            let is_let_out = self.ends[&from].gate.voice || self.ends[&from].gate.picture;
            (connection.receives && connection.gate.play && is_let_out).then_some((from, *end))
        };
        let straight = self.ends.iter().filter_map(hears);
        straight.chain(self.ends.keys().flat_map(|end| self.heard_by_hub(*end))).collect()
    }

    /// Who is heard in a connection to the media server, if the phone knows who is where.
    fn heard_by_hub(&self, to: End) -> impl Iterator<Item = (End, End)> {
        let connection = &self.ends[&to];
        let is_heard = to.peer.to == Recipient::MediaServer && connection.receives && connection.gate.play;
        let known = self.streams.get(&(to.phone, to.life, to.peer.call));
        let knows = move |(mid, user): &(String, UserId)| {
            known.is_some_and(|all| all.iter().any(|place| place.mid == *mid && place.user_id == *user))
        };
        let placed = self.hub.placed(connection.session).filter(move |_| is_heard).filter(knows);
        placed.filter_map(move |(_, user)| {
            let from = *self.sessions.get(&self.hub.session_of(connection.session, user)?)?;
            let theirs = &self.ends[&from];
            (theirs.receives && theirs.gate.voice).then_some((from, to))
        })
    }

    /// Whether there is no connection at a phone.
    pub(crate) fn is_idle(&self, phone: usize) -> bool {
        self.ends.keys().all(|end| end.phone != phone)
    }

    /// At rest: no order waits, both sides hold the same two descriptions.
    pub(crate) fn is_settled(&self, end: &End) -> Result<(), String> {
        let ours = self.ends.get(end).ok_or_else(|| format!("{end:?} is not there"))?;
        if end.peer.to == Recipient::MediaServer {
            let line = self.hub.line_of(ours.session).ok_or_else(|| format!("{end:?} is not known"))?;
            let agrees = ours.chain.is_empty()
                && ours.offered.is_none()
                && (ours.local, ours.remote) == (Some(line.remote), Some(line.local));
            return if agrees {
                Ok(())
            } else {
                Err(format!("{end:?} and the hub hold different descriptions"))
            };
        }
        let partner = self.partner_of(end).ok_or_else(|| format!("{end:?} has no partner"))?;
        let theirs = &self.ends[&partner];
        let agrees = ours.chain.is_empty() && ours.offered.is_none() && ours.local == theirs.remote;
        if agrees { Ok(()) } else { Err(format!("{end:?} and {partner:?} hold different descriptions")) }
    }

    pub(crate) fn ends_of(&self, phone: usize) -> impl Iterator<Item = &End> {
        self.ends.keys().filter(move |end| end.phone == phone)
    }
}

impl Connection {
    fn new(session: u64) -> Self {
        Self {
            session,
            chain: VecDeque::new(),
            is_open: false,
            gate: Gate::default(),
            generation: 0,
            offered: None,
            local: None,
            remote: None,
            candidates: BTreeSet::new(),
            gathered: BTreeSet::new(),
            found: None,
            receives: false,
            changes: 0,
            is_up: false,
        }
    }

    fn make_offer(&mut self, restart: bool, number: u64) -> Result<(FromPeer, bool), String> {
        if self.offered.is_some() {
            return Err("an offer while another one is out".into());
        }
        let gathers = restart || self.local.is_none();
        if gathers {
            self.generation += 1;
        }
        let generation = self.local.filter(|_| !gathers).map_or(self.generation, |local| local.generation);
        let offer = Description { session: self.session, generation, number, answers: None };
        self.offered = Some(offer);
        Ok((FromPeer::OfferMade(offer.write("offer")), gathers))
    }

    fn take_offer(&mut self, offer: Description, number: u64) -> Result<(FromPeer, bool), String> {
        if self.offered.is_some() {
            return Err("their offer while ours is out".into());
        }
        if self.remote.is_some_and(|known| known.session != offer.session) {
            return Err("an offer of another connection of theirs".into());
        }
        let gathers = self.remote.is_none_or(|known| known.generation != offer.generation);
        if gathers {
            self.generation += 1;
            self.candidates.clear();
        }
        let generation = self.local.filter(|_| !gathers).map_or(self.generation, |local| local.generation);
        let answer = Description { session: self.session, generation, number, answers: Some(offer.number) };
        (self.remote, self.local) = (Some(offer), Some(answer));
        Ok((FromPeer::AnswerMade(answer.write("answer")), gathers))
    }

    fn take_answer(&mut self, answer: Description) -> Result<(), String> {
        let offer = self.offered.take().ok_or("an answer to no offer")?;
        if answer.answers != Some(offer.number) {
            return Err(format!("an answer to another offer than {}", offer.number));
        }
        if self.remote.is_some_and(|known| known.session != answer.session) {
            return Err("an answer of another connection of theirs".into());
        }
        if self.remote.is_none_or(|known| known.generation != answer.generation) {
            self.candidates.clear();
        }
        (self.local, self.remote) = (Some(offer), Some(answer));
        Ok(())
    }

    fn take_candidate(&mut self, candidate: &RemoteCandidate) -> Result<(), String> {
        let remote = self.remote.ok_or("an address before a description")?;
        let text = candidate.candidate.as_json().trim_matches('"');
        let mut numbers = text.split(' ').map(|number| number.parse::<u64>().unwrap_or(u64::MAX));
        let mut next = || numbers.next().ok_or("a short candidate");
        let (session, generation, network) = (next()?, next()?, next()?);
        // One of another generation is for a description that was taken back, and is no good.
        if (session, generation) == (remote.session, u64::from(remote.generation)) {
            let network = u32::try_from(network).map_err(|_| "a large network")?;
            self.candidates.insert((remote.generation, network));
        }
        Ok(())
    }

    /// Holds what the other one says of itself, and an address of it in its network.
    fn knows(&self, other: &Self, network: u32) -> bool {
        match (self.remote, other.local) {
            (Some(remote), Some(local)) => {
                remote.generation == local.generation
                    && self.candidates.contains(&(local.generation, network))
            }
            _ => false,
        }
    }
}

/// Reports come in the order in which they are made.
fn say(plans: &mut Vec<(u64, MediaMoment)>, end: End, said: FromPeer) {
    plans.push((1, MediaMoment::Says(end, said)));
}

/// How long an order takes.
fn effort(random: &mut Random) -> u64 {
    if random.one_in(15) { random.below(500) } else { 1 + random.below(25) }
}
