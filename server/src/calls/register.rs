//! `call:register`: a socket takes calls for a user, and hears at once what rings.
use super::{
    Action, Calls, Facts, Note, Reply, SocketId,
    crowd::Invite,
    people::{Line, Often, REGISTRATIONS},
    refuse,
    room::{Room, Seat, Shape},
};
use calls_protocol::{
    Ack, ErrorCode, GroupIncoming, Incoming, Register, Registered, ServerEvent, UnixMillis, UserId,
};
use std::sync::Arc;

impl Calls {
    pub(super) fn register(
        &mut self,
        now: UnixMillis,
        socket: SocketId,
        authenticated: Option<UserId>,
        register: Register,
        facts: Facts,
        out: &mut Vec<Action>,
    ) -> Reply {
        let user = register.user_id;
        if authenticated.is_some_and(|id| id != user) {
            return refuse(ErrorCode::Forbidden, "your token is of another user: register with its user id");
        }
        let mut registrations =
            self.people.line(socket).map_or_else(Often::default, |line| line.registrations);
        if !registrations.once_more(now, REGISTRATIONS) || !self.people.may_register(user, now) {
            return refuse(
                ErrorCode::RateLimited,
                "registered too often in a minute: once a connection is enough",
            );
        }
        let before = self.people.user_of(socket);
        if before.is_some_and(|other| other != user) {
            // In open mode an app may change its user on one socket: the old one hangs up first.
            self.closed(now, socket, out);
        }
        let is_new = before != Some(user);
        let has_device_id = register.device_id.is_some();
        let (device, call_waiting) = (register.device_id, register.call_waiting);
        let line = Line { user, device, call_waiting, registrations };
        if let Some(older) = self.people.pick_up(socket, line, facts.profile) {
            out.push(Action::Close(older));
            self.closed(now, older, out);
        }
        self.hang_up_one_too_many(now, socket, user, out);
        out.push(Action::Note(Note::Registered(user)));
        let ice_servers = (self.issue_ice)(user, now);
        let mut registered =
            Registered { user_id: user, ice_servers, pending: Vec::new(), pending_groups: Vec::new() };
        for name in self.people.rooms(user) {
            let room = &self.rooms[&name];
            room.pending_for(user, &mut registered.pending, &mut registered.pending_groups);
        }
        let event = Arc::new(ServerEvent::Registered(registered.clone()));
        out.push(Action::Send { to: socket, event, id: None });
        if is_new {
            self.catch_up(now, socket, user, has_device_id, out);
        }
        Ok(Ack::Registered(registered))
    }

    /// Closes the oldest socket of somebody who has very many. It is hardly a device, and never one that is in a call.
    fn hang_up_one_too_many(
        &mut self,
        now: UnixMillis,
        newest: SocketId,
        user: UserId,
        out: &mut Vec<Action>,
    ) {
        let rooms = self.people.rooms(user);
        let is_seated = |socket| rooms.iter().any(|name| self.rooms[name].is_seat_of(user, socket));
        let idle = |socket| socket != newest && !is_seated(socket);
        if let Some(oldest) = self.people.one_too_many(user, idle) {
            out.push(Action::Close(oldest));
            self.closed(now, oldest, out);
        }
    }

    /// What a new socket of a user has to hear: what rings and, for an app that knows no `call:resume`, what it missed.
    fn catch_up(
        &mut self,
        now: UnixMillis,
        socket: SocketId,
        user: UserId,
        has_device_id: bool,
        out: &mut Vec<Action>,
    ) {
        for name in self.people.rooms(user) {
            self.in_room(now, &name, out, |room, cx| {
                if room.rings_for(user) {
                    room.log.replay_to_invited(user, socket, cx.out);
                } else if !has_device_id {
                    room.sit_again(cx, socket, user);
                }
            });
        }
        if has_device_id {
            return;
        }
        for name in self.people.take_unheard(user) {
            if let Some(over) = self.overs.get_mut(&name) {
                let more = over.tell_unheard((user, None), socket, None, out);
                if more {
                    self.people.missed_the_end(user, &name);
                }
            }
        }
    }
}

impl Room {
    /// What rings for `user` here, as they were told of it.
    fn pending_for(&self, user: UserId, calls: &mut Vec<Incoming>, groups: &mut Vec<GroupIncoming>) {
        if !self.rings_for(user) {
            return;
        }
        for event in self.log.rings_for(user) {
            match &**event {
                ServerEvent::Incoming(incoming) => calls.push(incoming.clone()),
                ServerEvent::GroupIncoming(incoming) => groups.push(incoming.clone()),
                _ => {}
            }
        }
    }

    fn is_seat_of(&self, user: UserId, socket: SocketId) -> bool {
        self.seat(user).and_then(Seat::socket) == Some(socket)
    }

    fn rings_for(&self, user: UserId) -> bool {
        match &self.shape {
            Shape::Pair(pair) => pair.is_ringing() && pair.callee.user == user,
            Shape::Crowd(crowd) => crowd.invite(user) == Some(Invite::Ringing),
        }
    }
}
