//! What the rules want of a worker, and what its rooms have to tell the rules.
use super::{Hall, Worker};
use crate::{
    calls::{MediaNews, MediaOrder, MediaSeat},
    sfu::{
        client::Client,
        room::{News, Permitted, Room},
        sdp::{Negotiated, NegotiationError},
        stream::Kind,
    },
};
use calls_protocol::{ErrorCode, PictureKind, Refusal, RoomName, Sdp, Speaker};
use std::{
    sync::atomic::Ordering::Relaxed,
    time::{Duration, Instant},
};
use tracing::warn;

impl Worker {
    pub(super) fn order(&mut self, order: MediaOrder) {
        let known = self.by_seat.get(order.seat()).copied();
        match (order, known) {
            (MediaOrder::Offer { seat, sdp }, known) => {
                let client = known.unwrap_or_else(|| self.comes(seat));
                self.take_offer(client, sdp);
            }
            (MediaOrder::Answer { sdp, .. }, Some(client)) => self.take_answer(client, &sdp),
            (MediaOrder::Subscribe { wishes, .. }, Some(client)) => {
                let Some((hall, place)) = self.place_of(client) else { return };
                let looks = wishes.into_iter().map(|wish| {
                    let kind = match wish.picture() {
                        PictureKind::Camera => Kind::Camera,
                        PictureKind::Screen => Kind::Screen,
                    };
                    (wish.user_id, kind, if wish.paused { 0 } else { wish.max_height })
                });
                let looks: Vec<_> = looks.collect();
                self.in_hall(hall, |room, _| room.looks_at(place, looks));
            }
            (MediaOrder::Media { audio, video, screen, .. }, Some(client)) => {
                let Some((hall, place)) = self.place_of(client) else { return };
                self.in_hall(hall, |room, _| room.permit(place, Permitted { audio, video, screen }));
            }
            (MediaOrder::Again { .. }, Some(client)) => {
                let Some(held) = self.clients[client].as_deref() else { return };
                if let Some(sdp) = held.offered.clone() {
                    (self.parts.tell)(MediaNews::Offer { seat: held.seat.clone(), sdp });
                }
                let streams = held.streams.clone();
                (self.parts.tell)(MediaNews::Streams { seat: held.seat.clone(), streams });
                if let Some(pictures) = held.wanted {
                    (self.parts.tell)(wanted(held.seat.clone(), pictures));
                }
            }
            (MediaOrder::Leave { .. }, Some(client)) => drop(self.leaves(client)),
            // Of a connection that is over already.
            (_, None) => {}
        }
    }

    fn place_of(&self, client: usize) -> Option<(usize, usize)> {
        self.clients[client].as_deref().map(|held| (held.room, held.place))
    }

    /// Somebody new: they get a seat in their room.
    fn comes(&mut self, seat: MediaSeat) -> usize {
        let now = self.now();
        let hall = self.hall(&seat.room);
        let mut place = 0;
        let user = seat.user;
        self.in_hall(hall, |room, _| place = room.join(now, user));
        let (host, number) = (self.parts.host.clone(), self.parts.number);
        let client = Client::new(seat.clone(), (hall, place), &host, number, Instant::now());
        let free = self.clients.iter().position(Option::is_none).unwrap_or(self.clients.len());
        if free == self.clients.len() {
            self.clients.push(None);
        }
        self.by_name.extend(client.names().map(|name| (name.to_owned(), free)));
        self.by_seat.insert(seat, free);
        self.clients[free] = Some(Box::new(client));
        if let Some(held) = &mut self.halls[hall] {
            let most = held.seats.len().max(place + 1);
            held.seats.resize(most, None);
            held.seats[place] = Some(free);
        }
        free
    }

    fn hall(&mut self, name: &RoomName) -> usize {
        if let Some(hall) = self.by_room.get(name) {
            return *hall;
        }
        let room = Room::new(self.parts.settings.clone(), self.ntp_at_begin);
        let hall =
            Hall { name: name.clone(), room, seats: Vec::new(), due: Duration::ZERO, looked: Duration::ZERO };
        let free = self.halls.iter().position(Option::is_none).unwrap_or(self.halls.len());
        if free == self.halls.len() {
            self.halls.push(None);
        }
        self.halls[free] = Some(hall);
        self.by_room.insert(name.clone(), free);
        self.parts.counts.rooms.fetch_add(1, Relaxed);
        free
    }

    pub(super) fn take_offer(&mut self, client: usize, sdp: Sdp) {
        let host = self.parts.host.clone();
        let spare = host.credentials(self.parts.number);
        let Some(held) = self.clients[client].as_deref_mut() else { return };
        let seat = held.seat.clone();
        let Some(text) = sdp.sdp() else {
            let refusal = Refusal::new(ErrorCode::BadRequest, "sdpOffer: no `sdp` in it");
            return (self.parts.tell)(MediaNews::Refused { seat, refusal });
        };
        match held.session.client_offer(&text, spare) {
            Ok((answer, agreed)) => {
                self.agreed(client, agreed);
                (self.parts.tell)(MediaNews::Answer { seat, sdp: Sdp::object("answer", &answer) });
                self.offer_on(client);
            }
            Err(NegotiationError::Certificate) => self.begins_anew(client, sdp),
            Err(NegotiationError::Crossed) => {
                // Refused when ours is answered; answered after all if nobody answers ours.
                if held.crossed.replace((sdp, Instant::now())).is_some() {
                    (self.parts.tell)(MediaNews::Refused { seat, refusal: crossed() });
                }
            }
            Err(error) => {
                let refusal = Refusal::new(ErrorCode::BadRequest, format!("sdpOffer: {error}"));
                (self.parts.tell)(MediaNews::Refused { seat, refusal });
            }
        }
    }

    /// The client gave its connection up and made another one. What it may, and what it looks at, stays.
    fn begins_anew(&mut self, client: usize, sdp: Sdp) {
        let Some((hall, place)) = self.place_of(client) else { return };
        let mut kept = None;
        self.in_hall(hall, |room, _| kept = room.keeps(place));
        let Some(seat) = self.leaves(client) else { return };
        let client = self.comes(seat);
        if let (Some((hall, place)), Some(kept)) = (self.place_of(client), kept) {
            self.in_hall(hall, |room, _| room.kept(place, kept));
        }
        self.take_offer(client, sdp);
    }

    fn take_answer(&mut self, client: usize, sdp: &Sdp) {
        let Some(held) = self.clients[client].as_deref_mut() else { return };
        let text = sdp.sdp().unwrap_or_default();
        held.offered = None;
        if held.crossed.take().is_some() {
            (self.parts.tell)(MediaNews::Refused { seat: held.seat.clone(), refusal: crossed() });
        }
        match held.session.client_answer(&text) {
            Ok(agreed) => self.agreed(client, agreed),
            Err(error) => {
                warn!(%error, "an answer that cannot be taken");
                held.session.drop_offer();
            }
        }
        self.offer_on(client);
    }

    fn agreed(&mut self, client: usize, agreed: Negotiated) {
        let host = self.parts.host.clone();
        let now = Instant::now();
        let Some(held) = self.clients[client].as_deref_mut() else { return };
        for name in held.names() {
            self.by_name.remove(name);
        }
        let (sends, places) = held.agreed(now, &host, agreed);
        let (hall, seat) = (held.room, held.place);
        self.by_name.extend(held.names().map(|name| (name.to_owned(), client)));
        self.in_hall(hall, |room, _| {
            room.sends(seat, sends);
            for place in places {
                room.has_slot(seat, place.slot, place.sound, place.picture, place.begins);
            }
        });
    }

    /// Offers what there is to offer.
    fn offer_on(&mut self, client: usize) {
        let Some(held) = self.clients[client].as_deref_mut() else { return };
        if let Some(sdp) = held.offer() {
            (self.parts.tell)(MediaNews::Offer { seat: held.seat.clone(), sdp });
        }
    }

    /// What a room has to say goes to the rules.
    pub(super) fn say(&mut self, hall: usize) {
        for news in std::mem::take(&mut self.news) {
            let client_at = |held: &Hall, seat: usize| held.seats.get(seat).copied().flatten();
            let Some(Some(held)) = self.halls.get(hall) else { return };
            match news {
                News::Slots { seat, pairs, voices } => {
                    let Some(client) = client_at(held, seat) else { continue };
                    let Some(held) = self.clients[client].as_deref_mut() else { continue };
                    if let Some(sdp) = held.wants_slots(pairs, voices) {
                        (self.parts.tell)(MediaNews::Offer { seat: held.seat.clone(), sdp });
                    }
                }
                News::Streams { seat, shown } => {
                    let Some(client) = client_at(held, seat) else { continue };
                    let Some(held) = self.clients[client].as_deref_mut() else { continue };
                    if let Some(streams) = held.shows(&shown) {
                        (self.parts.tell)(MediaNews::Streams { seat: held.seat.clone(), streams });
                    }
                }
                News::Speakers { dominant, speakers } => {
                    let room = held.name.clone();
                    let speakers =
                        speakers.into_iter().map(|(user_id, level)| Speaker { user_id, level }).collect();
                    (self.parts.tell)(MediaNews::Speakers { room, dominant, speakers });
                }
                News::Wanted { seat, camera, screen } => {
                    let Some(client) = client_at(held, seat) else { continue };
                    let Some(held) = self.clients[client].as_deref_mut() else { continue };
                    held.wanted = Some((camera, screen > 0));
                    (self.parts.tell)(wanted(held.seat.clone(), (camera, screen > 0)));
                }
            }
        }
    }
}

fn wanted(seat: MediaSeat, (camera, screen): (u16, bool)) -> MediaNews {
    MediaNews::Wanted { seat, camera, screen }
}

fn crossed() -> Refusal {
    let message = "an offer of the media server was on its way: answer it, then offer again";
    Refusal::new(ErrorCode::Conflict, message)
}
