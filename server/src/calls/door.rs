//! The door of a room of many: who may come in, who waits before it, and who has to stay outside.
use super::{
    Action, Cx, Reply, SocketId,
    crowd::{Crowd, Invite},
    refuse,
    room::{Room, Shape},
    way::Occasion,
};
use calls_protocol::{
    Ack, Ended, EndedReason, ErrorCode, JoinRoom, Refusal, RoomState, Sdp, Seconds, ServerEvent, UnixMillis,
    UserId, Waiting, WaitingUser,
};
use std::{collections::BTreeSet, sync::Arc};

/// People whom one door remembers, on either list. A room takes at most a thousand at once.
const REMEMBERED: usize = 2000;

/// What the offers of those who wait may weigh together.
const OFFERS_BYTES: usize = 512 * 1024;

/// Who comes in.
#[derive(Debug, Clone, Default)]
pub(super) struct Door {
    /// Nobody new comes in.
    pub(super) locked: bool,
    /// Newcomers wait.
    pub(super) has_waiting_room: bool,
    /// Who was in it, and may return.
    pub(super) known: BTreeSet<UserId>,
    /// Who was removed, and may not.
    pub(super) banned: BTreeSet<UserId>,
    /// In the order in which they came.
    pub(super) waiting: Vec<Guest>,
}

/// Somebody who waits to be let in.
#[derive(Debug, Clone)]
pub(super) struct Guest {
    pub(super) user: UserId,
    pub(super) socket: SocketId,
    since: UnixMillis,
    wish: Wish,
}

/// How somebody comes in.
#[derive(Debug, Clone, Default)]
pub(super) struct Wish {
    pub(super) audio: Option<bool>,
    pub(super) video: Option<bool>,
    /// An offer to the media server.
    pub(super) offer: Option<Sdp>,
}

impl From<JoinRoom> for Wish {
    fn from(join: JoinRoom) -> Self {
        Self { audio: join.audio, video: join.video, offer: join.sdp_offer }
    }
}

impl Wish {
    fn weight(&self) -> usize {
        self.offer.as_ref().map_or(0, |offer| offer.as_json().len())
    }
}

impl Door {
    pub(super) fn guest(&self, user: UserId) -> Option<&Guest> {
        self.waiting.iter().find(|guest| guest.user == user)
    }

    fn take_guest(&mut self, user: UserId) -> Option<Guest> {
        let place = self.waiting.iter().position(|guest| guest.user == user)?;
        Some(self.waiting.remove(place))
    }

    /// They are in it now, and may return.
    pub(super) fn remember(&mut self, user: UserId) {
        if self.known.len() < REMEMBERED {
            self.known.insert(user);
        }
    }

    fn ban(&mut self, user: UserId) -> Result<(), Refusal> {
        if self.banned.len() >= REMEMBERED {
            return refuse(ErrorCode::RateLimited, "too many were removed from this room: lock it instead");
        }
        self.banned.insert(user);
        Ok(())
    }
}

impl Crowd {
    fn door_is_open_to(&self, cx: &Cx<'_>, user: UserId) -> Result<(), Refusal> {
        if self.door.banned.contains(&user) {
            return refuse(
                ErrorCode::Forbidden,
                "you were removed from this call: its host has to let you in again",
            );
        }
        if self.door.locked && !self.door.known.contains(&user) {
            return refuse(ErrorCode::Forbidden, "the room is locked: ask its host to unlock it");
        }
        self.has_seat_left(cx)
    }

    fn has_seat_left(&self, cx: &Cx<'_>) -> Result<(), Refusal> {
        if self.members.len() >= cx.settings.participants {
            return refuse(ErrorCode::RoomFull, "the room is full: somebody has to leave first");
        }
        Ok(())
    }

    /// Nobody was ever in it with the initiator, and nobody will be.
    pub(super) fn is_hopeless(&self) -> bool {
        self.is_ringing() && self.still_ringing().is_empty() && self.door.waiting.is_empty()
    }
}

impl Room {
    /// `call:join_room`, and `call:accept` in a group.
    pub(super) fn join(&mut self, cx: &mut Cx<'_>, socket: SocketId, user: UserId, wish: Wish) -> Reply {
        if self.seat(user).is_some() {
            self.sit(cx, socket, user)?;
            self.remind_who_waits(cx, user);
            if let Some(offer) = wish.offer {
                self.came_by_server(cx, user, offer, Occasion::Join)?;
            }
            return Ok(Ack::RoomState(self.state(cx, user)));
        }
        self.crowd().door_is_open_to(cx, user)?;
        let door = &self.crowd().door;
        if door.has_waiting_room && !door.known.contains(&user) {
            return self.wait(cx, socket, user, wish);
        }
        self.come_in(cx, socket, user, wish);
        Ok(Ack::RoomState(self.state(cx, user)))
    }

    fn wait(&mut self, cx: &mut Cx<'_>, socket: SocketId, user: UserId, wish: Wish) -> Reply {
        let most = cx.settings.participants;
        let door = &mut self.crowd_mut().door;
        match door.guest(user).map(|guest| guest.socket) {
            Some(same) if same == socket => return Ok(Ack::RoomState(self.state(cx, user))),
            // The device that asked last is the one that comes in.
            Some(other) => {
                door.waiting.retain(|guest| guest.user != user);
                self.send_end(cx, other, EndedReason::AnsweredElsewhere, user);
            }
            None => {}
        }
        let door = &mut self.crowd_mut().door;
        let weight: usize = door.waiting.iter().map(|guest| guest.wish.weight()).sum();
        if door.waiting.len() >= most || weight + wish.weight() > OFFERS_BYTES {
            return refuse(ErrorCode::RoomFull, "too many are waiting already: try again in a moment");
        }
        door.waiting.push(Guest { user, socket, since: cx.now, wish });
        cx.people.enter(user, &self.name);
        if self.crowd().invite(user) == Some(Invite::Ringing) {
            self.tell_other_devices(cx, user, Some(socket), EndedReason::AnsweredElsewhere);
        }
        self.crowd_mut().answer_invite(user, Invite::Joined);
        self.stop_ringing_if_all_answered();
        self.tell_who_waits(cx);
        Ok(Ack::RoomState(self.state(cx, user)))
    }

    /// A host who was away or has begun anew is told who waits, if anybody does.
    pub(super) fn remind_who_waits(&mut self, cx: &mut Cx<'_>, user: UserId) {
        if let Shape::Crowd(crowd) = &self.shape
            && crowd.host == Some(user)
            && !crowd.door.waiting.is_empty()
        {
            self.tell_who_waits(cx);
        }
    }

    /// Tells the host who waits.
    pub(super) fn tell_who_waits(&mut self, cx: &mut Cx<'_>) {
        let Some(host) = self.crowd().host else { return };
        let waits = |guest: &Guest| WaitingUser {
            user_id: guest.user,
            user_name: cx.people.name(guest.user),
            avatar: cx.people.avatar(guest.user),
            since: guest.since,
        };
        let waiting = self.crowd().door.waiting.iter().map(waits).collect();
        let room_name = self.name.clone();
        self.tell(cx, host, ServerEvent::Waiting(Waiting { room_name, waiting }));
    }

    /// Somebody who waits gives up, or their device is gone. False if they did not wait.
    pub(super) fn stop_waiting(&mut self, cx: &mut Cx<'_>, user: UserId, socket: Option<SocketId>) -> bool {
        let Shape::Crowd(crowd) = &mut self.shape else { return false };
        let waits = crowd.door.guest(user).is_some_and(|guest| socket.is_none_or(|s| s == guest.socket));
        if !waits {
            return false;
        }
        crowd.door.take_guest(user);
        self.is_outside(cx, user);
        true
    }

    /// Somebody does not wait any more and did not come in.
    fn is_outside(&mut self, cx: &mut Cx<'_>, user: UserId) {
        let crowd = self.crowd_mut();
        crowd.answer_invite(user, Invite::Declined);
        if !crowd.concerns(user) {
            cx.people.leave(user, &self.name);
        }
        if self.crowd().is_hopeless() {
            self.end_crowd(cx, EndedReason::Timeout, None);
        } else {
            self.tell_who_waits(cx);
        }
    }

    /// The host does not let somebody in. False if they did not wait.
    pub(super) fn turn_away(&mut self, cx: &mut Cx<'_>, user: UserId, by: UserId) -> bool {
        let Some(guest) = self.crowd_mut().door.take_guest(user) else { return false };
        self.send_end(cx, guest.socket, EndedReason::Removed, by);
        self.is_outside(cx, user);
        true
    }

    /// The host lets somebody in. `None` if they did not wait.
    pub(super) fn let_in(&mut self, cx: &mut Cx<'_>, user: UserId) -> Option<Result<(), Refusal>> {
        self.crowd().door.guest(user)?;
        if let Err(full) = self.crowd().has_seat_left(cx) {
            return Some(Err(full));
        }
        let Guest { socket, wish, .. } = self.crowd_mut().door.take_guest(user)?;
        self.come_in(cx, socket, user, wish);
        self.send_state(cx, user, socket);
        Some(Ok(()))
    }

    /// Lets in everyone who waits, as long as there is room.
    pub(super) fn let_all_in(&mut self, cx: &mut Cx<'_>) {
        let waiting: Vec<UserId> = self.crowd().door.waiting.iter().map(|guest| guest.user).collect();
        for user in &waiting {
            if let Some(Err(_)) = self.let_in(cx, *user) {
                // It is full: the others wait on, and the host sees them.
                break;
            }
        }
        if !waiting.is_empty() {
            self.tell_who_waits(cx);
        }
    }

    /// Somebody is not to come back, unless the host says so.
    pub(super) fn ban(&mut self, user: UserId) -> Result<(), Refusal> {
        self.crowd_mut().door.ban(user)
    }

    /// Tells everyone who waits that there is nothing to wait for. They stay in the list until the room is buried.
    pub(super) fn send_away_all(&self, cx: &mut Cx<'_>, reason: EndedReason, by: Option<UserId>) {
        for guest in &self.crowd().door.waiting {
            let ended = self.ended(reason, by, Seconds(0));
            cx.out.push(Action::Send { to: guest.socket, event: Arc::new(ended), id: None });
        }
    }

    fn send_end(&self, cx: &mut Cx<'_>, to: SocketId, reason: EndedReason, by: UserId) {
        let ended = self.ended(reason, Some(by), Seconds(0));
        cx.out.push(Action::Send { to, event: Arc::new(ended), id: None });
    }

    fn ended(&self, reason: EndedReason, ended_by: Option<UserId>, duration: Seconds) -> ServerEvent {
        let room_name = self.name.clone();
        ServerEvent::Ended(Ended { room_name, reason, ended_by, duration, replaced_by: None })
    }

    /// Whether somebody is in it, or waits to be.
    pub(super) fn has_place_for(&self, user: UserId) -> bool {
        let waits = matches!(&self.shape, Shape::Crowd(crowd) if crowd.door.guest(user).is_some());
        waits || self.seat(user).is_some()
    }

    /// Who waits is told nothing of who is inside.
    pub(super) fn as_seen_by(&self, user: UserId, mut state: RoomState) -> RoomState {
        if let Shape::Crowd(crowd) = &self.shape
            && crowd.door.guest(user).is_some()
        {
            state.waiting = true;
            state.participants.clear();
        }
        state
    }
}
