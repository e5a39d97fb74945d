//! A media server among phones, at its simplest: it keeps to what `docs/media-server.md` says of offers, slots and
//! streams, and forwards to whoever has a place for it.
use super::media::Description;
use calls_protocol::{ErrorCode, Mark, Refusal, RoomName, StreamKind, StreamPlace, UserId};
use calls_server::calls::{MediaNews, MediaOrder, MediaSeat};
use std::collections::BTreeMap;

/// What it says takes so long; always the same, so that it is heard in order.
const THINKS: u64 = 20;
/// An offer that is not answered is given up after this.
const PATIENCE: u64 = 2_000;
/// The certificates of phones have numbers below.
const CERTIFICATE: u64 = 1_000_000_000;

#[derive(Default)]
pub(super) struct Hub {
    lives: u64,
    numbers: u64,
    lines: BTreeMap<(RoomName, UserId), Line>,
    /// What it tells, and when.
    news: Vec<(u64, MediaNews)>,
}

/// The connection of one person.
pub(super) struct Line {
    pub(super) seat: MediaSeat,
    pub(super) remote: Description,
    pub(super) local: Description,
    /// So many the phone has answered.
    slots: usize,
    /// An offer that waits for its answer: which, for how many slots, since when.
    offered: Option<(Description, usize, u64)>,
    /// Who is in which slot. Everybody keeps theirs.
    placed: Vec<Option<UserId>>,
    /// Something has come from it.
    is_up: bool,
    pub(super) silent_since: Option<u64>,
}

impl Hub {
    /// Of its certificate.
    pub(super) fn session(&self) -> u64 {
        CERTIFICATE + self.lives
    }

    pub(super) fn take_news(&mut self) -> Vec<(u64, MediaNews)> {
        std::mem::take(&mut self.news)
    }

    fn tell(&mut self, news: MediaNews) {
        self.news.push((THINKS, news));
    }

    /// It is gone with all that it knew. Another one begins at once, and the rules hear of it if they live.
    pub(super) fn dies(&mut self) {
        self.lives += 1;
        for line in std::mem::take(&mut self.lines).into_values() {
            self.tell(MediaNews::Gone { seat: line.seat });
        }
    }

    /// The line of a phone's connection.
    pub(super) fn line_of(&self, session: u64) -> Option<&Line> {
        self.lines.values().find(|line| line.remote.session == session)
    }

    /// Whose voice comes in a slot of it.
    pub(super) fn placed(&self, session: u64) -> impl Iterator<Item = (String, UserId)> {
        let line = self.line_of(session);
        let placed = line.into_iter().flat_map(|line| line.placed.iter().enumerate());
        placed.filter_map(|(slot, user)| Some((slot.to_string(), (*user)?)))
    }

    /// The connection of somebody in the same room as another connection.
    pub(super) fn session_of(&self, beside: u64, user: UserId) -> Option<u64> {
        let room = &self.line_of(beside)?.seat.room;
        Some(self.lines.get(&(room.clone(), user))?.remote.session)
    }

    pub(super) fn order(&mut self, now: u64, order: &MediaOrder) -> Result<(), String> {
        let seat = order.seat().clone();
        let place = (seat.room.clone(), seat.user);
        match order {
            MediaOrder::Offer { sdp, .. } => self.offered(now, seat, Description::read(sdp)?, Mark::of(sdp)),
            MediaOrder::Answer { sdp, .. } => {
                let answer = Description::read(sdp)?;
                if let Some(line) = self.lines.get_mut(&place)
                    && let Some((offer, slots, _)) =
                        line.offered.take_if(|(offer, ..)| Some(offer.number) == answer.answers)
                {
                    (line.slots, line.local, line.remote) = (slots, offer, answer);
                }
                self.look_at(now, &seat.room);
            }
            MediaOrder::Again { .. } => {
                if let Some(line) = self.lines.get(&place) {
                    let streams = line.streams();
                    if let Some((offer, ..)) = line.offered {
                        self.tell(MediaNews::Offer { seat: seat.clone(), sdp: offer.write("offer") });
                    }
                    self.tell(MediaNews::Streams { seat, streams });
                }
            }
            MediaOrder::Leave { .. } => {
                self.lines.remove(&place);
                self.look_at(now, &seat.room);
            }
            MediaOrder::Subscribe { .. } | MediaOrder::Media { .. } => {}
        }
        Ok(())
    }

    fn offered(&mut self, now: u64, seat: MediaSeat, offer: Description, mark: Mark) {
        self.numbers += 1;
        let (number, session, room) = (self.numbers, self.session(), seat.room.clone());
        let place = (seat.room.clone(), seat.user);
        let known = self.lines.remove(&place);
        // Another certificate is another connection, as is another number.
        let known = known.filter(|line| line.seat == seat && line.remote.session == offer.session);
        if known.as_ref().is_some_and(|line| line.offered.is_some_and(|(.., at)| now < at + PATIENCE)) {
            self.lines.insert(place, known.expect("looked at above"));
            let refusal = Refusal::new(ErrorCode::Conflict, "an offer of the server is on its way");
            return self.tell(MediaNews::Refused { seat, refusal });
        }
        let answer = |generation| Description { session, generation, number, answers: Some(offer.number) };
        let line = match known {
            Some(mut line) => {
                let again = u32::from(line.remote.generation != offer.generation);
                (line.local, line.remote) = (answer(line.local.generation + again), offer);
                line.offered = None;
                line
            }
            None => Line {
                seat: seat.clone(),
                remote: offer,
                local: answer(1),
                slots: 1,
                offered: None,
                placed: Vec::new(),
                is_up: false,
                silent_since: None,
            },
        };
        let sdp = mark.write(line.local.write("answer"));
        self.lines.insert(place, line);
        self.tell(MediaNews::Answer { seat, sdp });
        self.look_at(now, &room);
    }

    /// Something comes from a phone's connection, or nothing any more. True if that is new.
    pub(super) fn hears(&mut self, now: u64, session: u64, anything: bool) -> bool {
        let Some(line) = self.lines.values_mut().find(|line| line.remote.session == session) else {
            return false;
        };
        let before = line.silent_since.replace(now).filter(|_| !anything);
        if anything {
            line.silent_since = None;
            if !std::mem::replace(&mut line.is_up, true) {
                let (seat, room) = (line.seat.clone(), line.seat.room.clone());
                self.tell(MediaNews::Connected { seat });
                self.look_at(now, &room);
            }
            return false;
        }
        line.silent_since = before.or(Some(now));
        before.is_none()
    }

    /// A connection said good-bye, or was silent for long enough.
    pub(super) fn is_over(&mut self, now: u64, session: u64) {
        let Some((place, _)) = self.lines.iter().find(|(_, line)| line.remote.session == session) else {
            return;
        };
        let place = place.clone();
        if let Some(line) = self.lines.remove(&place) {
            self.tell(MediaNews::Gone { seat: line.seat });
        }
        self.look_at(now, &place.0);
    }

    /// Who is there may be others now: slots and places follow.
    fn look_at(&mut self, now: u64, room: &RoomName) {
        let session = self.session();
        let is_there = |line: &&Line| line.is_up && line.seat.room == *room;
        let there: Vec<UserId> = self.lines.values().filter(is_there).map(|line| line.seat.user).collect();
        let mut told = Vec::new();
        for line in self.lines.values_mut().filter(|line| line.is_up && line.seat.room == *room) {
            let others: Vec<UserId> = there.iter().copied().filter(|user| *user != line.seat.user).collect();
            if others.len() > line.slots && line.offered.is_none() {
                self.numbers += 1;
                let generation = line.local.generation;
                let offer = Description { session, generation, number: self.numbers, answers: None };
                line.offered = Some((offer, others.len(), now));
                told.push(MediaNews::Offer { seat: line.seat.clone(), sdp: offer.write("offer") });
            }
            let before = line.placed.clone();
            line.placed.resize(line.slots, None);
            for place in &mut line.placed {
                *place = place.filter(|user| others.contains(user));
            }
            for user in others {
                if !line.placed.contains(&Some(user))
                    && let Some(free) = line.placed.iter_mut().find(|place| place.is_none())
                {
                    *free = Some(user);
                }
            }
            if line.placed != before {
                told.push(MediaNews::Streams { seat: line.seat.clone(), streams: line.streams() });
            }
        }
        told.into_iter().for_each(|news| self.tell(news));
    }
}

impl Line {
    fn streams(&self) -> Vec<StreamPlace> {
        let place = |(slot, user): (usize, &Option<UserId>)| {
            let (mid, user_id, kind) = (slot.to_string(), (*user)?, StreamKind::Audio);
            Some(StreamPlace { mid, user_id, kind })
        };
        self.placed.iter().enumerate().filter_map(place).collect()
    }
}
