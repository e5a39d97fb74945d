//! What the host of a room of many decides: who is heard, who has to go, who comes in.
use super::{
    Cx, Reply, SocketId, refuse,
    room::{Link, Room, Shape, seconds_between},
};
use calls_protocol::{
    Ack, Admit, Ended, EndedReason, ErrorCode, Lock, Muted, Refusal, RoomChanged, ServerEvent, UserId,
    WaitingRoom,
};

/// What one host may decide in a minute; everyone in the room is told of most of it.
const DECISIONS_A_MINUTE: usize = 300;

impl Room {
    /// Checks that it is the host who speaks, by the device that is in the room.
    fn decides(&mut self, cx: &mut Cx<'_>, socket: SocketId, user: UserId) -> Result<(), Refusal> {
        if matches!(self.shape, Shape::Pair(_)) {
            return refuse(ErrorCode::Conflict, "a call of two has no host: hang up by call:end");
        }
        self.sit(cx, socket, user)?;
        let now = cx.now;
        let crowd = self.crowd_mut();
        if crowd.host != Some(user) {
            return refuse(ErrorCode::Forbidden, "only the host of this room can do that");
        }
        if !crowd.decisions.once_more(now, DECISIONS_A_MINUTE) {
            return refuse(ErrorCode::RateLimited, "too many decisions in a minute: wait a moment");
        }
        Ok(())
    }

    pub(super) fn mute(&mut self, cx: &mut Cx<'_>, socket: SocketId, host: UserId, user: UserId) -> Reply {
        self.decides(cx, socket, host)?;
        let Some(member) = self.crowd_mut().member_mut(user) else { return not_here() };
        if std::mem::replace(&mut member.sender.audio, false) {
            let room_name = self.name.clone();
            self.tell(cx, user, ServerEvent::Muted(Muted { room_name, user_id: user, muted_by: host }));
            self.media_changed(cx, user);
        }
        Ok(Ack::Done)
    }

    pub(super) fn remove_somebody(
        &mut self,
        cx: &mut Cx<'_>,
        socket: SocketId,
        host: UserId,
        user: UserId,
    ) -> Reply {
        self.decides(cx, socket, host)?;
        if user == host {
            return refuse(ErrorCode::BadRequest, "toUserId: to go yourself, say call:leave_room");
        }
        let Some(member) = self.crowd().member(user) else {
            if self.crowd().door.guest(user).is_some() {
                self.ban(user)?;
                self.turn_away(cx, user, host);
            } else if !self.crowd().door.banned.contains(&user) {
                return not_here();
            }
            return Ok(Ack::Done);
        };
        let is_away = matches!(member.seat.link, Link::Lost { .. });
        let duration = seconds_between(member.sender.joined, cx.now);
        self.ban(user)?;
        let room_name = self.name.clone();
        let (reason, ended_by) = (EndedReason::Removed, Some(host));
        self.tell(
            cx,
            user,
            ServerEvent::Ended(Ended { room_name, reason, ended_by, duration, replaced_by: None }),
        );
        let end = self.log.end_for(user);
        self.remove(cx, user);
        if let Some((id, ended)) = end.filter(|_| is_away) {
            self.tell_when_back(cx, user, id, ended);
        }
        Ok(Ack::Done)
    }

    pub(super) fn lock(&mut self, cx: &mut Cx<'_>, socket: SocketId, host: UserId, lock: &Lock) -> Reply {
        self.decides(cx, socket, host)?;
        if std::mem::replace(&mut self.crowd_mut().door.locked, lock.locked) != lock.locked {
            self.door_changed(cx, host);
        }
        Ok(Ack::Done)
    }

    pub(super) fn set_waiting_room(
        &mut self,
        cx: &mut Cx<'_>,
        socket: SocketId,
        host: UserId,
        waiting_room: &WaitingRoom,
    ) -> Reply {
        self.decides(cx, socket, host)?;
        let door = &mut self.crowd_mut().door;
        if std::mem::replace(&mut door.has_waiting_room, waiting_room.on) != waiting_room.on {
            self.door_changed(cx, host);
            if !waiting_room.on {
                self.let_all_in(cx);
            }
        }
        Ok(Ack::Done)
    }

    fn door_changed(&mut self, cx: &mut Cx<'_>, host: UserId) {
        let door = &self.crowd().door;
        let changed = RoomChanged {
            room_name: self.name.clone(),
            locked: door.locked,
            waiting_room: door.has_waiting_room,
            changed_by: host,
        };
        self.tell_others(cx, host, ServerEvent::RoomChanged(changed));
    }

    pub(super) fn admit(&mut self, cx: &mut Cx<'_>, socket: SocketId, host: UserId, admit: &Admit) -> Reply {
        self.decides(cx, socket, host)?;
        let user = admit.to_user_id;
        if !admit.admitted.unwrap_or(true) {
            // Gone by themselves, perhaps: the wish is fulfilled either way.
            self.turn_away(cx, user, host);
            return Ok(Ack::Done);
        }
        if let Some(came) = self.let_in(cx, user) {
            came?;
            self.tell_who_waits(cx);
            return Ok(Ack::Done);
        }
        let crowd = self.crowd_mut();
        if crowd.door.banned.remove(&user) || crowd.member(user).is_some() {
            return Ok(Ack::Done);
        }
        refuse(ErrorCode::NotFound, "they are not waiting: they may have given up")
    }
}

fn not_here() -> Reply {
    refuse(ErrorCode::NotFound, "they are not in this call any more")
}
