//! A room: who is in it by which device, what it told whom, and what both shapes of call have in common.
use super::{
    Action, CallSettings, Cx, Reply, SocketId,
    crowd::Crowd,
    door::Wish,
    forward::Sender,
    log::{self, Audience, Log},
    over::{Over, Unheard},
    pair::Pair,
    refuse,
};
use calls_protocol::{
    Ack, CallId, CallType, ClientEvent, DeviceId, Ended, EndedReason, ErrorCode, EventId, Participant,
    Presence, RoomName, RoomState, Seconds, ServerEvent, Topology, UnixMillis, UserId,
};
use std::{sync::Arc, time::Duration};

/// A live call or room.
#[derive(Debug, Clone)]
pub(super) struct Room {
    pub(super) name: RoomName,
    pub(super) call: Option<CallId>,
    pub(super) call_type: CallType,
    pub(super) shape: Shape,
    pub(super) log: Log,
    /// When it is in [`super::Calls`]'s list of wakes.
    pub(super) wake: Option<UnixMillis>,
    /// Set by whatever ends it; it is buried right after.
    pub(super) over: Option<Over>,
}

/// Two people, or any number.
#[derive(Debug, Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every room is a 1-1 call: boxing it would save nothing"
)]
pub(super) enum Shape {
    /// A 1-1 call.
    Pair(Pair),
    /// A group call or an open room.
    Crowd(Crowd),
}

/// The one device by which a user is in a room.
#[derive(Debug, Clone)]
pub(super) struct Seat {
    pub(super) device: Option<DeviceId>,
    pub(super) link: Link,
    /// What the room told before this is not this device's to hear.
    pub(super) from: EventId,
    /// Set when a returned device spoke before it said `call:resume`: up to here it may have missed something.
    pub(super) unsure_until: Option<EventId>,
    /// Apps without device ids: a newer socket of the same user, and what the room had told when it came. A phone that
    /// changed its network comes by a new socket long before the server misses the old one.
    pub(super) heir: Option<(SocketId, EventId)>,
}

/// Whether that device is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    /// By this socket.
    Up(SocketId),
    /// Not since `since`; everything up to `heard` had been sent by then.
    Lost { since: UnixMillis, heard: EventId },
}

impl Seat {
    pub(super) fn taken(socket: SocketId, device: Option<DeviceId>, from: EventId) -> Self {
        Self { device, link: Link::Up(socket), from, unsure_until: None, heir: None }
    }

    /// A seat whose device is not there, or not yet again.
    pub(super) fn away(device: Option<DeviceId>, now: UnixMillis, heard: EventId) -> Self {
        Self { device, link: Link::Lost { since: now, heard }, from: heard, unsure_until: None, heir: None }
    }

    pub(super) fn socket(&self) -> Option<SocketId> {
        match self.link {
            Link::Up(socket) => Some(socket),
            Link::Lost { .. } => None,
        }
    }

    /// Whether this device may speak for the seat, and sit down in it if it is empty.
    pub(super) fn admits(&self, socket: SocketId, device: Option<&DeviceId>) -> bool {
        let same_device = self.device.is_some() && self.device.as_ref() == device;
        let is_heir = self.heir.is_some_and(|(heir, _)| heir == socket);
        match self.link {
            Link::Up(up) => up == socket || same_device || is_heir,
            // Apps without device ids cannot prove that they are the same one; better a kept call than a proof.
            Link::Lost { .. } => same_device || self.device.is_none(),
        }
    }

    pub(super) fn gives_up(&self, settings: &CallSettings) -> Option<UnixMillis> {
        match self.link {
            Link::Up(_) => None,
            Link::Lost { since, .. } => Some(after(since, settings.grace)),
        }
    }
}

/// `at`, and a length of time later.
pub(super) fn after(at: UnixMillis, length: Duration) -> UnixMillis {
    UnixMillis(at.0.saturating_add(u64::try_from(length.as_millis()).unwrap_or(u64::MAX)))
}

pub(super) fn seconds_between(from: UnixMillis, to: UnixMillis) -> Seconds {
    Seconds(to.0.saturating_sub(from.0) / 1000)
}

impl Room {
    pub(super) fn is_ringing(&self) -> bool {
        match &self.shape {
            Shape::Pair(pair) => pair.is_ringing(),
            Shape::Crowd(crowd) => crowd.is_ringing(),
        }
    }

    /// Everyone whom the room concerns.
    pub(super) fn everyone(&self) -> Vec<UserId> {
        match &self.shape {
            Shape::Pair(pair) => vec![pair.caller.user, pair.callee.user],
            Shape::Crowd(crowd) => crowd.everyone(),
        }
    }

    pub(super) fn seat(&self, user: UserId) -> Option<&Seat> {
        match &self.shape {
            Shape::Pair(pair) => pair.party(user)?.seat.as_ref(),
            Shape::Crowd(crowd) => crowd.member(user).map(|member| &member.seat),
        }
    }

    fn seat_mut(&mut self, user: UserId) -> Option<&mut Seat> {
        match &mut self.shape {
            Shape::Pair(pair) => pair.party_mut(user)?.seat.as_mut(),
            Shape::Crowd(crowd) => crowd.member_mut(user).map(|member| &mut member.seat),
        }
    }

    pub(super) fn sender_mut(&mut self, user: UserId) -> Option<&mut Sender> {
        match &mut self.shape {
            Shape::Pair(pair) => pair.party_mut(user).map(|party| &mut party.sender),
            Shape::Crowd(crowd) => crowd.member_mut(user).map(|member| &mut member.sender),
        }
    }

    /// Everyone who has a seat.
    pub(super) fn seated(&self) -> Vec<UserId> {
        match &self.shape {
            Shape::Pair(pair) => [&pair.caller, &pair.callee]
                .into_iter()
                .filter(|p| p.seat.is_some())
                .map(|p| p.user)
                .collect(),
            Shape::Crowd(crowd) => crowd.members.iter().map(|member| member.user).collect(),
        }
    }

    /// Tells one user by their seat or, as long as it rings for them, by all their sockets.
    pub(super) fn tell(&mut self, cx: &mut Cx<'_>, user: UserId, event: ServerEvent) {
        let event = Arc::new(event);
        let heaviest = self.heaviest_log(cx);
        let id = self.log.add(Audience::Only(user), event.clone(), heaviest);
        self.send(cx, user, &event, id);
    }

    /// Tells everyone who has a seat, but one.
    pub(super) fn tell_others(&mut self, cx: &mut Cx<'_>, but: UserId, event: ServerEvent) {
        let mut others = self.seated();
        others.retain(|user| *user != but);
        if others.is_empty() {
            // Whoever comes later hears of what is, not of what was.
            return;
        }
        let event = Arc::new(event);
        let heaviest = self.heaviest_log(cx);
        let id = self.log.add(Audience::AllBut(but), event.clone(), heaviest);
        for user in others {
            self.send(cx, user, &event, id);
        }
    }

    fn heaviest_log(&self, cx: &Cx<'_>) -> usize {
        match &self.shape {
            Shape::Pair(pair) if pair.is_ringing() => cx.heaviest_log.min(log::HEAVIEST_RINGING),
            Shape::Pair(_) | Shape::Crowd(_) => cx.heaviest_log,
        }
    }

    fn send(&self, cx: &mut Cx<'_>, user: UserId, event: &Arc<ServerEvent>, id: EventId) {
        match self.seat(user) {
            Some(seat) => {
                if let Some(to) = seat.socket() {
                    cx.out.push(Action::Send { to, event: event.clone(), id: Some(id) });
                }
            }
            None => {
                for to in cx.people.lines(user) {
                    cx.out.push(Action::Send { to: *to, event: event.clone(), id: Some(id) });
                }
            }
        }
    }

    /// Tells those sockets of a user that are not the one that acted. They are in no seat, so it is not logged.
    pub(super) fn tell_other_devices(
        &self,
        cx: &mut Cx<'_>,
        user: UserId,
        but: Option<SocketId>,
        reason: EndedReason,
    ) {
        let event = Arc::new(ServerEvent::Ended(Ended {
            room_name: self.name.clone(),
            reason,
            ended_by: Some(user),
            duration: Seconds(0),
            replaced_by: None,
        }));
        for to in cx.people.lines(user) {
            if Some(*to) != but {
                cx.out.push(Action::Send { to: *to, event: event.clone(), id: None });
            }
        }
    }

    /// Lets a socket speak for its user's seat. If it was lost, the device hears what the server knows it missed.
    pub(super) fn sit(
        &mut self,
        cx: &mut Cx<'_>,
        socket: SocketId,
        user: UserId,
    ) -> Result<(), calls_protocol::Refusal> {
        if let Some(heard) = self.take_seat(cx, socket, user)? {
            self.log.replay(user, heard, None, socket, cx.out);
            self.seat_mut(user).expect("it was just taken").unsure_until = Some(heard);
            if matches!(&self.shape, Shape::Crowd(crowd) if crowd.state_told >= Some(heard)) {
                self.send_state(cx, user, socket);
            }
            self.remind(cx, user, socket);
        }
        Ok(())
    }

    /// Whether a socket may speak for its user's seat, without taking it: whoever leaves need not sit down first.
    pub(super) fn may_speak(
        &self,
        cx: &Cx<'_>,
        socket: SocketId,
        user: UserId,
    ) -> Result<(), calls_protocol::Refusal> {
        let device = cx.people.line(socket).and_then(|line| line.device.as_ref());
        let Some(seat) = self.seat(user) else {
            return refuse(ErrorCode::Conflict, "you are not in this call yet: answer or join it first");
        };
        if !seat.admits(socket, device) {
            return refuse(ErrorCode::AlreadyAnswered, "another of your devices is in this call");
        }
        Ok(())
    }

    /// Seats a socket. If the seat was lost, the others are told, and the result is what its device surely heard.
    fn take_seat(
        &mut self,
        cx: &mut Cx<'_>,
        socket: SocketId,
        user: UserId,
    ) -> Result<Option<EventId>, calls_protocol::Refusal> {
        self.may_speak(cx, socket, user)?;
        let device = cx.people.line(socket).and_then(|line| line.device.clone());
        let seat = self.seat_mut(user).expect("whoever may speak has a seat");
        let was_lost = matches!(seat.link, Link::Lost { .. });
        // Whoever sat here had no device id: this is another app, and the media connection is not its own.
        let is_another = seat.device.is_none() && device.is_some() && seat.link != Link::Up(socket);
        let heard = match (seat.link, seat.heir) {
            (Link::Lost { heard, .. }, _) => Some(heard),
            // What the old socket was told since then, nobody may have heard.
            (Link::Up(up), Some((heir, heard))) if heir == socket && up != socket => Some(heard),
            (Link::Up(_), _) => None,
        };
        if seat.link != Link::Up(socket) {
            seat.unsure_until = None;
        }
        seat.link = Link::Up(socket);
        // Whoever speaks is alive, and has heard what was said until now.
        let last = self.log.last();
        let seat = self.seat_mut(user).expect("whoever may speak has a seat");
        seat.heir = seat.heir.filter(|(heir, _)| *heir != socket).map(|(heir, _)| (heir, last));
        if device.is_some() {
            seat.device = device;
        }
        if is_another {
            self.let_go(cx, user);
        }
        if was_lost {
            let back = Presence { room_name: self.name.clone(), user_id: user };
            self.tell_others(cx, user, ServerEvent::Reconnected(back));
        }
        Ok(heard)
    }

    /// A socket is gone. If it held a seat, the seat waits for its device.
    pub(super) fn lose_socket(&mut self, cx: &mut Cx<'_>, user: UserId, socket: SocketId) {
        if self.stop_waiting(cx, user, Some(socket)) {
            return;
        }
        let heard = self.log.last();
        let Some(seat) = self.seat_mut(user) else { return };
        seat.heir = seat.heir.filter(|(heir, _)| *heir != socket);
        if seat.link != Link::Up(socket) {
            return;
        }
        if let Some((heir, _)) = seat.heir {
            // It has been back for a while: nobody needs to hear of it.
            drop(self.sit(cx, heir, user));
            return;
        }
        seat.link = Link::Lost { since: cx.now, heard };
        let gone = Presence { room_name: self.name.clone(), user_id: user };
        self.tell_others(cx, user, ServerEvent::Reconnecting(gone));
    }

    /// A socket without a device id registered: it takes the user's lost seat and hears what was missed.
    pub(super) fn sit_again(&mut self, cx: &mut Cx<'_>, socket: SocketId, user: UserId) {
        if self.seat(user).is_some_and(|seat| matches!(seat.link, Link::Lost { .. })) {
            // A refusal is no loss: the seat is another device's, and this one asked for nothing.
            drop(self.sit(cx, socket, user));
        } else if let heard = self.log.last()
            && let Some(seat) = self.seat_mut(user).filter(|seat| seat.device.is_none())
        {
            let since = seat.heir.map_or(heard, |(_, since)| since);
            seat.heir = Some((socket, since));
        }
        self.tell_removed(cx, socket, user);
    }

    /// When something here is due.
    pub(super) fn deadline(&self, settings: &CallSettings) -> Option<UnixMillis> {
        let (ring, way) = match &self.shape {
            Shape::Pair(pair) => (pair.rings_until(), None),
            Shape::Crowd(crowd) => (crowd.rings_until(), crowd.way_deadline(settings)),
        };
        let seats = self.seated().into_iter().filter_map(|user| self.seat(user)?.gives_up(settings));
        seats.chain(ring).chain(way).min()
    }

    pub(super) fn time_is_up(&mut self, cx: &mut Cx<'_>) {
        match self.shape {
            Shape::Pair(_) => self.pair_time_is_up(cx),
            Shape::Crowd(_) => self.crowd_time_is_up(cx),
        }
    }

    /// Users whose seat was empty for too long.
    pub(super) fn given_up(&self, cx: &Cx<'_>) -> Vec<UserId> {
        let gone = |user: &UserId| {
            let seat = self.seat(*user);
            seat.and_then(|seat| seat.gives_up(cx.settings)).is_some_and(|at| at <= cx.now)
        };
        self.seated().into_iter().filter(gone).collect()
    }

    /// One event of one user about this room.
    pub(super) fn event(
        &mut self,
        cx: &mut Cx<'_>,
        socket: SocketId,
        user: UserId,
        event: ClientEvent,
    ) -> Reply {
        let concerned = match &self.shape {
            Shape::Pair(pair) => pair.party(user).is_some(),
            Shape::Crowd(crowd) => crowd.concerns(user) || crowd.is_open(),
        };
        if !concerned {
            return refuse(ErrorCode::Forbidden, "you are not part of this call");
        }
        match event {
            ClientEvent::Register(_) | ClientEvent::Initiate(_) => {
                unreachable!("these are about no room yet and are handled before")
            }
            ClientEvent::Accept(accept) => match self.shape {
                Shape::Pair(_) => self.accept(cx, socket, user, accept.sdp_answer),
                Shape::Crowd(_) => self.join(cx, socket, user, Wish::default()),
            },
            ClientEvent::Reject(reject) => match self.shape {
                Shape::Pair(_) => self.reject(cx, socket, user, reject.reason),
                Shape::Crowd(_) => self.decline(cx, socket, user, reject.reason),
            },
            ClientEvent::End(end) => match self.shape {
                Shape::Pair(_) => self.end(cx, socket, user, end.reason),
                Shape::Crowd(_) => self.leave(cx, socket, user),
            },
            ClientEvent::JoinRoom(join) => match self.shape {
                Shape::Pair(_) => self.join_pair(cx, socket, user),
                Shape::Crowd(_) => self.join(cx, socket, user, join.into()),
            },
            ClientEvent::LeaveRoom(_) => match self.shape {
                Shape::Pair(_) => {
                    self.end(cx, socket, user, calls_protocol::EndWish::Completed).map(|_| Ack::Done)
                }
                Shape::Crowd(_) => self.leave(cx, socket, user).map(|_| Ack::Done),
            },
            ClientEvent::IceCandidate(candidate) => self.candidate(cx, socket, user, candidate),
            ClientEvent::ToggleMedia(toggle) => self.toggle(cx, socket, user, &toggle),
            ClientEvent::Renegotiate(renegotiate) => self.renegotiate(cx, socket, user, renegotiate),
            ClientEvent::Resume(resume) => self.resume(cx, socket, user, resume.last_event_id),
            ClientEvent::Stats(stats) => self.measure(cx, socket, user, stats),
            ClientEvent::Subscribe(subscribe) => self.subscribe(cx, socket, user, subscribe),
            ClientEvent::Mute(mute) => self.mute(cx, socket, user, mute.to_user_id),
            ClientEvent::Remove(remove) => self.remove_somebody(cx, socket, user, remove.to_user_id),
            ClientEvent::Lock(lock) => self.lock(cx, socket, user, &lock),
            ClientEvent::WaitingRoom(wish) => self.set_waiting_room(cx, socket, user, &wish),
            ClientEvent::Admit(admit) => self.admit(cx, socket, user, &admit),
            ClientEvent::RaiseHand(hand) => self.raise_hand(cx, socket, user, hand.raised),
            ClientEvent::React(react) => self.react(cx, socket, user, &react),
            ClientEvent::Chat(chat) => self.chat(cx, socket, user, chat),
        }
    }

    fn resume(&mut self, cx: &mut Cx<'_>, socket: SocketId, user: UserId, last: Option<EventId>) -> Reply {
        if self.seat(user).is_none() {
            let is_removed = self.tell_removed(cx, socket, user);
            if matches!(&self.shape, Shape::Crowd(crowd) if crowd.door.banned.contains(&user)) {
                return refuse(ErrorCode::Forbidden, "you were removed from this call");
            }
            if is_removed {
                return refuse(ErrorCode::Expired, "you were away for too long: join again");
            }
            if matches!(&self.shape, Shape::Crowd(crowd) if !crowd.concerns(user)) {
                return refuse(ErrorCode::Conflict, "you are not in this room: join it first");
            }
            // It rings here, or did: registering has told this device all there is for it.
            return Ok(Ack::RoomState(self.state(cx, user)));
        }
        // An id above all of ours is one of another room: it says nothing about what was heard here.
        let last = last.filter(|id| *id <= self.log.last());
        let lost = self.take_seat(cx, socket, user);
        if lost.is_err() {
            let elsewhere = Arc::new(ServerEvent::Ended(Ended {
                room_name: self.name.clone(),
                reason: EndedReason::AnsweredElsewhere,
                ended_by: Some(user),
                duration: Seconds(0),
                replaced_by: None,
            }));
            cx.out.push(Action::Send { to: socket, event: elsewhere, id: None });
        }
        let lost = lost?;
        let seat = self.seat_mut(user).expect("it was just taken");
        let (from, unsure_until) = (seat.from, seat.unsure_until.take());
        match (lost, unsure_until) {
            (Some(heard), _) => self.log.replay(user, last.unwrap_or(heard).max(from), None, socket, cx.out),
            // What came after was sent when this device spoke first.
            (None, Some(until)) => {
                self.log.replay(user, last.unwrap_or(until).max(from), Some(until), socket, cx.out);
            }
            // This very socket heard everything.
            (None, None) => {}
        }
        self.remind(cx, user, socket);
        self.remind_who_waits(cx, user);
        Ok(Ack::RoomState(self.state(cx, user)))
    }

    /// The room as `user` is told of it.
    pub(super) fn state(&self, cx: &Cx<'_>, user: UserId) -> RoomState {
        let participant = |id: UserId, sender: &Sender| Participant {
            user_id: id,
            user_name: cx.people.name(id),
            avatar: cx.people.avatar(id),
            audio: sender.audio,
            video: sender.video,
            screen: sender.screen,
            joined_at: sender.joined,
            hand_raised_at: sender.hand,
        };
        let (participants, topology, started_at) = match &self.shape {
            Shape::Pair(pair) => {
                let seated = [&pair.caller, &pair.callee].into_iter().filter(|party| party.seat.is_some());
                let participants = seated.map(|party| participant(party.user, &party.sender)).collect();
                (participants, Topology::P2p, pair.answered_at())
            }
            Shape::Crowd(crowd) => {
                let participants = crowd.members.iter().map(|m| participant(m.user, &m.sender)).collect();
                (participants, crowd.way.topology(), crowd.started_at())
            }
        };
        let crowd = match &self.shape {
            Shape::Pair(_) => None,
            Shape::Crowd(crowd) => Some(crowd),
        };
        let state = RoomState {
            room_name: self.name.clone(),
            call_id: self.call,
            call_type: self.call_type,
            topology,
            participants,
            started_at,
            host_id: crowd.and_then(|crowd| crowd.host),
            locked: crowd.is_some_and(|crowd| crowd.door.locked),
            waiting_room: crowd.is_some_and(|crowd| crowd.door.has_waiting_room),
            waiting: false,
            ice_servers: cx.ice(user),
        };
        self.as_seen_by(user, state)
    }

    /// What the absent are told of the end, which was told after `since`, when they come back.
    pub(super) fn unheard(&self, cx: &Cx<'_>, since: EventId) -> Vec<Unheard> {
        let is_absent = |user: &UserId| match self.seat(*user) {
            Some(seat) => matches!(seat.link, Link::Lost { .. }),
            None => cx.people.lines(*user).is_empty(),
        };
        let absent = self.everyone().into_iter().filter(is_absent);
        let told = absent.filter_map(|user| Some((user, self.log.end_for(user)?)));
        // Somebody for whom it stopped ringing long ago has heard that.
        let told = told.filter(|(_, (id, _))| *id > since);
        told.map(|(user, (id, event))| {
            let device = self.seat(user).and_then(|seat| seat.device.clone());
            Unheard { user, device, id, event }
        })
        .collect()
    }
}
