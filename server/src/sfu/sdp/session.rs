//! The negotiation with one client: whose turn it is, which section is what, and what came of it.
use super::{
    Candidate, Credentials, Description, Kind, MediaKind, Mid, NegotiationError,
    description::{Direction, Section, Setup},
    dialect::Dialect,
    lines::MOST_SECTIONS,
    negotiated::{DtlsRole, Negotiated, Refusal, Refused, Sent, Slot, SlotId, SlotMedia},
    place::{Ours, Place},
    write::{self, Head},
};
use calls_protocol::Mark;
use calls_rtp::handshake::Fingerprint;

/// What the server says of itself to one client.
#[derive(Debug, Clone)]
pub struct Local {
    /// ICE's name and password for this client.
    pub credentials: Credentials,
    /// Of the server's certificate.
    pub fingerprint: Fingerprint,
    /// Where the server is, what is liked best first.
    pub candidates: Vec<Candidate>,
    /// A number that no other session of this server has.
    pub session_id: u64,
    /// Where the numbers of the streams in slots begin. Drawn at random: RFC 3550, section 8.1.
    pub first_ssrc: u32,
}

/// The negotiation with one client.
///
/// The client offers first. From then on either side may offer; while an offer of the server waits for its answer, none
/// of the client is taken. What fails changes nothing.
#[derive(Debug, Clone)]
pub struct Session {
    local: Local,
    /// Counts our descriptions, as RFC 3264 asks.
    version: u64,
    dialect: Dialect,
    remote: Option<Remote>,
    places: Vec<Place>,
    slots: Vec<OpenSlot>,
    /// The slot that sections of the client's own offer make, if it also receives in them.
    shared: Option<SlotId>,
    /// The sections of our offer that waits for its answer.
    pending: Option<Vec<Place>>,
    /// What stood in offers that were dropped: a client that heard one may name its sections later.
    dropped: Vec<(Mid, Ours)>,
    next_ssrc: u32,
}

#[derive(Debug, Clone)]
struct Remote {
    credentials: Credentials,
    fingerprint: Fingerprint,
    role: DtlsRole,
}

#[derive(Debug, Clone, Copy)]
struct OpenSlot {
    is_open: bool,
    sound: Option<Half>,
    picture: Option<Half>,
}

#[derive(Debug, Clone, Copy)]
struct Half {
    ssrc: u32,
    /// The client refused its section. It is not offered again.
    is_gone: bool,
}

impl Session {
    /// Before the first word.
    pub fn new(local: Local) -> Self {
        let next_ssrc = local.first_ssrc;
        Self {
            local,
            version: 0,
            dialect: Dialect::default(),
            remote: None,
            places: Vec::new(),
            slots: Vec::new(),
            shared: None,
            pending: None,
            dropped: Vec::new(),
            next_ssrc,
        }
    }

    /// Takes an offer of the client: the answer to it, and what is agreed on now. `spare` becomes the server's name and
    /// password if the client begins ICE again.
    pub fn client_offer(
        &mut self,
        text: &str,
        spare: Credentials,
    ) -> Result<(String, Negotiated), NegotiationError> {
        if self.pending.is_some() {
            return Err(NegotiationError::Crossed);
        }
        let theirs = Description::parse(text)?;
        let (role, is_restart) = self.path(&theirs)?;
        self.keeps_order(&theirs.sections)?;
        // From here on nothing fails.
        let Description { credentials, fingerprint, .. } = &theirs;
        self.remote =
            Some(Remote { credentials: credentials.clone(), fingerprint: fingerprint.clone(), role });
        if is_restart {
            self.local.credentials = spare;
        }
        self.dialect.learn(&theirs);
        let refused = self.take_sections(&theirs.sections);
        self.note_what_is_said();
        let setup = if role == DtlsRole::Client { "active" } else { "passive" };
        self.version += 1;
        let mut answer = self.describe(&self.places, setup, |place| Direction {
            sends: place.client.receives && self.wants_to_send(place),
            receives: place.client.sends && place.source.is_some(),
        });
        // A client that offered again meanwhile knows by it that this is no answer to its latest.
        answer.push_str(&Mark::of_text(text).line());
        Ok((answer, self.negotiated(is_restart, refused)))
    }

    /// Takes the client's answer to the server's offer: what is agreed on now.
    pub fn client_answer(&mut self, text: &str) -> Result<Negotiated, NegotiationError> {
        let (Some(pending), Some(remote)) = (&self.pending, &self.remote) else {
            return Err(NegotiationError::Unasked);
        };
        let theirs = Description::parse(text)?;
        if theirs.fingerprint != remote.fingerprint {
            return Err(NegotiationError::Certificate);
        }
        if theirs.credentials != remote.credentials {
            return Err(NegotiationError::Credentials);
        }
        let mut places = pending.clone();
        for (index, place) in places.iter_mut().enumerate() {
            let section = theirs.sections.get(index).filter(|section| is_same(place, section));
            let Some(section) = section else {
                return Err(NegotiationError::Order { index, mid: place.mid.clone() });
            };
            place.answered(section);
        }
        self.dialect.learn(&theirs);
        self.places = places;
        self.pending = None;
        self.forget_refused_halves();
        Ok(self.negotiated(false, Vec::new()))
    }

    /// Makes slots for so many people, and for so many voices alone; those that were given up are taken again. They
    /// stand in the next offer. Fewer come when a description would become too long.
    pub fn add_slots(&mut self, pairs: usize, voices: usize) -> Vec<SlotId> {
        let mut added = Vec::new();
        for has_picture in std::iter::repeat_n(true, pairs).chain(std::iter::repeat_n(false, voices)) {
            added.extend(self.add_slot(has_picture));
        }
        added
    }

    /// The server sends nothing in it any more, until [`Session::add_slots`] takes it again. The client hears of it with
    /// the next offer.
    pub fn give_up_slot(&mut self, SlotId(slot): SlotId) {
        if let Some(slot) = self.slots.get_mut(usize::from(slot)) {
            slot.is_open = false;
        }
    }

    /// An offer, if there is something to offer and no offer waits for its answer.
    pub fn offer(&mut self) -> Option<String> {
        if self.pending.is_some() || self.remote.is_none() {
            return None;
        }
        let mut places = self.places.clone();
        for (ours, kind) in self.unplaced() {
            let media = self.dialect.slot(kind);
            if media.payloads.is_empty() || places.len() == MOST_SECTIONS {
                continue;
            }
            let mid = free_mid(&places, ours.slot, kind);
            places.push(Place::of_slot(kind, mid, media, ours));
        }
        let is_news =
            |place: &Place| place.media.is_some() && place.said_to_send != self.wants_to_send(place);
        if places.len() == self.places.len() && !places.iter().any(is_news) {
            return None;
        }
        self.version += 1;
        for place in &mut places {
            place.said_to_send = self.wants_to_send(place);
        }
        let text = self.describe(&places, "actpass", |place| Direction {
            sends: self.wants_to_send(place),
            receives: place.source.is_some(),
        });
        self.pending = Some(places);
        Some(text)
    }

    /// Whether an offer of the server waits for its answer.
    pub fn is_offering(&self) -> bool {
        self.pending.is_some()
    }

    /// Takes the server's offer back. What it held comes with the next one.
    pub fn drop_offer(&mut self) {
        let new = self.pending.take().into_iter().flatten().skip(self.places.len());
        self.dropped = new.filter_map(|place| Some((place.mid, place.ours?))).collect();
    }

    /// The role in DTLS, and whether ICE begins again, if the description fits what was said of the path before.
    fn path(&self, theirs: &Description) -> Result<(DtlsRole, bool), NegotiationError> {
        let Some(remote) = &self.remote else {
            let begins = theirs.setup == Setup::Passive;
            return Ok((if begins { DtlsRole::Client } else { DtlsRole::Server }, false));
        };
        if theirs.fingerprint != remote.fingerprint {
            return Err(NegotiationError::Certificate);
        }
        match (remote.role, theirs.setup) {
            (DtlsRole::Server, Setup::Passive) | (DtlsRole::Client, Setup::Active) => {
                Err(NegotiationError::Role)
            }
            (role, _) => Ok((role, theirs.credentials != remote.credentials)),
        }
    }

    /// Whether every section is where it was. A place whose section is over may be used again under another name.
    fn keeps_order(&self, sections: &[Section]) -> Result<(), NegotiationError> {
        for (index, place) in self.places.iter().enumerate() {
            let is_kept = sections.get(index).is_some_and(|section| {
                is_same(place, section) || (place.media.is_none() && section.mid != place.mid)
            });
            if !is_kept {
                return Err(NegotiationError::Order { index, mid: place.mid.clone() });
            }
        }
        Ok(())
    }

    fn take_sections(&mut self, sections: &[Section]) -> Vec<Refused> {
        let mut refused = Vec::new();
        for (index, section) in sections.iter().enumerate() {
            let is_known = self.places.get(index).is_some_and(|place| is_same(place, section));
            let mut place = if is_known { self.places[index].clone() } else { Place::of(section) };
            place.ours = place.ours.or_else(|| self.half_for(section));
            if let Err(why) = place.offered(section) {
                refused.push(Refused { mid: section.mid.clone(), why });
            }
            match self.places.get_mut(index) {
                Some(known) => *known = place,
                None => self.places.push(place),
            }
        }
        for (index, section) in sections.iter().enumerate() {
            let place = &self.places[index];
            if place.media.is_none() || place.source.is_some() || !place.client.sends {
                continue;
            }
            match self.free_source(section) {
                Some(source) => self.places[index].source = Some(source),
                None => refused.push(Refused { mid: section.mid.clone(), why: Refusal::TooMany }),
            }
        }
        self.forget_refused_halves();
        refused
    }

    /// What the client sends in a section that it did not send in before.
    fn free_source(&self, section: &Section) -> Option<Kind> {
        let order = match (section.kind, section.content.as_deref()) {
            (MediaKind::Sound, _) => &[Kind::Sound][..],
            (MediaKind::Picture, Some("slides")) => &[Kind::Screen, Kind::Camera],
            (MediaKind::Picture, _) => &[Kind::Camera, Kind::Screen],
            (MediaKind::Other, _) => &[],
        };
        let is_free = |source: &&Kind| self.places.iter().all(|place| place.source != Some(**source));
        order.iter().find(is_free).copied()
    }

    /// The half of a slot that the server sends in a section of the client's own: the first of its kind in which the
    /// client receives. So two people are complete from their first answers on.
    fn half_for(&mut self, section: &Section) -> Option<Ours> {
        if section.is_refused || section.kind == MediaKind::Other {
            return None;
        }
        let known = self.dropped.iter().find(|(mid, _)| *mid == section.mid).map(|(_, ours)| *ours);
        if let Some(ours) = known.filter(|ours| self.unplaced().contains(&(*ours, section.kind))) {
            return Some(ours);
        }
        if !section.direction.receives {
            return None;
        }
        let is_free =
            self.shared.is_none_or(|slot| self.slots[usize::from(slot.0)].half(section.kind).is_none());
        if !is_free || (self.shared.is_none() && self.slots.len() > usize::from(u16::MAX)) {
            return None;
        }
        let slot = match self.shared {
            Some(slot) => slot,
            None => self.push_slot(OpenSlot { is_open: true, sound: None, picture: None }),
        };
        self.shared = Some(slot);
        let half = Half { ssrc: self.draw_ssrc(), is_gone: false };
        *self.slots[usize::from(slot.0)].half_mut(section.kind) = Some(half);
        Some(Ours { slot, ssrc: half.ssrc })
    }

    fn add_slot(&mut self, has_picture: bool) -> Option<SlotId> {
        let fits = |slot: &OpenSlot| {
            let is_whole = |half: Option<Half>| half.is_some_and(|half| !half.is_gone);
            let has = (is_whole(slot.sound), is_whole(slot.picture));
            !slot.is_open && has == (true, has_picture)
        };
        if let Some(index) = self.slots.iter().position(fits) {
            self.slots[index].is_open = true;
            return u16::try_from(index).ok().map(SlotId);
        }
        let sections = self.places.len() + self.unplaced().len() + 1 + usize::from(has_picture);
        if sections > MOST_SECTIONS {
            return None;
        }
        let sound = Some(Half { ssrc: self.draw_ssrc(), is_gone: false });
        let picture = has_picture.then(|| Half { ssrc: self.draw_ssrc(), is_gone: false });
        Some(self.push_slot(OpenSlot { is_open: true, sound, picture }))
    }

    fn push_slot(&mut self, slot: OpenSlot) -> SlotId {
        let id = u16::try_from(self.slots.len()).expect("each slot has a section, and there are few of them");
        self.slots.push(slot);
        SlotId(id)
    }

    /// The next number that is not theirs.
    fn draw_ssrc(&mut self) -> u32 {
        loop {
            let ssrc = self.next_ssrc;
            self.next_ssrc = ssrc.wrapping_add(1);
            let is_theirs = self.places.iter().any(|place| place.streams.ssrcs.contains(&ssrc));
            if ssrc != 0 && !is_theirs {
                return ssrc;
            }
        }
    }

    /// Halves of open slots that have no section yet, in the order in which they shall have them.
    fn unplaced(&self) -> Vec<(Ours, MediaKind)> {
        let mut unplaced = Vec::new();
        for (id, slot) in (0..).map(SlotId).zip(&self.slots).filter(|(_, slot)| slot.is_open) {
            for kind in [MediaKind::Sound, MediaKind::Picture] {
                let Some(Half { ssrc, is_gone: false }) = slot.half(kind) else { continue };
                let ours = Ours { slot: id, ssrc };
                if self.places.iter().all(|place| place.ours != Some(ours)) {
                    unplaced.push((ours, kind));
                }
            }
        }
        unplaced
    }

    fn wants_to_send(&self, place: &Place) -> bool {
        place.ours.is_some_and(|ours| self.slots[usize::from(ours.slot.0)].is_open)
    }

    fn note_what_is_said(&mut self) {
        for index in 0..self.places.len() {
            self.places[index].said_to_send = self.wants_to_send(&self.places[index]);
        }
    }

    /// A section that the client refused takes its half of a slot with it.
    fn forget_refused_halves(&mut self) {
        for place in &mut self.places {
            let is_over = place.media.is_none();
            let Some(ours) = place.ours.take_if(|_| is_over) else { continue };
            if let Some(half) = self.slots[usize::from(ours.slot.0)].half_mut(place.kind) {
                half.is_gone = true;
            }
        }
    }

    fn describe(
        &self,
        places: &[Place],
        setup: &'static str,
        direction: impl Fn(&Place) -> Direction,
    ) -> String {
        let head = Head {
            session_id: self.local.session_id,
            version: self.version,
            credentials: &self.local.credentials,
            fingerprint: &self.local.fingerprint,
            candidates: &self.local.candidates,
            setup,
        };
        write::description(&head, places, direction)
    }

    fn negotiated(&self, is_restart: bool, refused: Vec<Refused>) -> Negotiated {
        let Remote { credentials, fingerprint, role } =
            self.remote.clone().expect("it is called after a description was taken");
        Negotiated {
            client: credentials,
            fingerprint,
            server: self.local.credentials.clone(),
            role,
            is_restart,
            sends: self.places.iter().filter_map(sent).collect(),
            slots: (0..).map(SlotId).zip(&self.slots).map(|(id, slot)| self.slot(id, *slot)).collect(),
            refused,
        }
    }

    fn slot(&self, id: SlotId, OpenSlot { is_open, .. }: OpenSlot) -> Slot {
        let half = |kind| {
            let is_it = |place: &&Place| {
                place.kind == kind && place.ours.is_some_and(|ours| ours.slot == id) && place.client.receives
            };
            let place = self.places.iter().find(is_it).filter(|_| is_open)?;
            let (media, ours) = (place.media.clone()?, place.ours?);
            Some(SlotMedia { mid: place.mid.clone(), ssrc: ours.ssrc, media })
        };
        Slot { id, is_open, sound: half(MediaKind::Sound), picture: half(MediaKind::Picture) }
    }
}

impl OpenSlot {
    fn half(&self, kind: MediaKind) -> Option<Half> {
        if kind == MediaKind::Sound { self.sound } else { self.picture }
    }

    fn half_mut(&mut self, kind: MediaKind) -> &mut Option<Half> {
        if kind == MediaKind::Sound { &mut self.sound } else { &mut self.picture }
    }
}

fn sent(place: &Place) -> Option<Sent> {
    Some(Sent {
        source: place.source?,
        mid: place.mid.clone(),
        is_on: place.client.sends,
        media: place.media.clone()?,
        streams: place.streams.clone(),
    })
}

fn is_same(place: &Place, section: &Section) -> bool {
    place.mid == section.mid && place.kind_word == section.kind_word
}

/// A name that no section has: `a3` and `v3` are slot 3's.
fn free_mid(places: &[Place], SlotId(slot): SlotId, kind: MediaKind) -> Mid {
    let letter = if kind == MediaKind::Sound { 'a' } else { 'v' };
    let candidates = (0..).map(|turn| match turn {
        0 => format!("{letter}{slot}"),
        turn => format!("{letter}{slot}-{turn}"),
    });
    candidates
        .filter_map(|name| Mid::checked(&name))
        .find(|mid| places.iter().all(|place| place.mid != *mid))
        .expect("there are more names than sections")
}
