//! What the host of a room of many decides, what comes of it here, and the door before which one waits.
use crate::{
    CallKey, Effect, Machine, Time, Waiting, What,
    call::{Call, Phase},
};
use calls_protocol::{
    Admit, ClientEvent, Lock, Mute, Muted, Remove, RoomChanged, RoomState, UserId, WaitingRoom,
};

/// The door of a room, as the server told of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Door {
    pub(crate) is_locked: bool,
    pub(crate) has_waiting_room: bool,
    /// Who waits, in the order in which they came. Only a host is told.
    pub(crate) waiting: Vec<Waiting>,
    /// Who silenced us, until we speak again.
    pub(crate) muted_by: Option<UserId>,
}

impl Door {
    pub(crate) fn is_like(&mut self, state: &RoomState) {
        (self.is_locked, self.has_waiting_room) = (state.locked, state.waiting_room);
    }

    /// What we know of who waits is old. If somebody does, the server tells the host next.
    pub(crate) fn forget_waiting(&mut self) {
        self.waiting.clear();
    }

    /// All that matters for what happens next.
    pub(crate) fn summary(&self) -> String {
        let waiting: Vec<_> = self.waiting.iter().map(|them| them.user).collect();
        format!("{} {} {waiting:?} {:?}", self.is_locked, self.has_waiting_room, self.muted_by)
    }
}

/// What the host wants of the server.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Decision {
    Mute(UserId),
    Remove(UserId),
    Lock(bool),
    HaveWait(bool),
    Admit(UserId, bool),
}

impl Machine {
    pub(crate) fn decide(&mut self, key: CallKey, decision: Decision, out: &mut Vec<Effect>) {
        let me = self.me;
        let Some(call) = self.snapshot_of(key) else { return };
        if !self.calls[&key].is_gathering() || call.host != Some(me) {
            return;
        }
        let room_name = call.room.clone();
        let waits = |user: UserId| call.waiting.iter().any(|them| them.user == user);
        let of_guest = |user: UserId| if waits(user) { What::Decide(user) } else { What::Say };
        let (what, event) = match decision {
            Decision::Mute(user) if call.others.iter().any(|them| them.user == user) => {
                (What::Say, ClientEvent::Mute(Mute { room_name, to_user_id: user }))
            }
            Decision::Remove(user) if user != me => {
                (of_guest(user), ClientEvent::Remove(Remove { room_name, to_user_id: user }))
            }
            Decision::Lock(locked) if locked != call.is_locked => {
                (What::Lock(locked), ClientEvent::Lock(Lock { room_name, locked }))
            }
            Decision::HaveWait(on) if on != call.has_waiting_room => {
                (What::HaveWait(on), ClientEvent::WaitingRoom(WaitingRoom { room_name, on }))
            }
            Decision::Admit(user, admitted) => {
                let admit = Admit { room_name, to_user_id: user, admitted: Some(admitted) };
                (of_guest(user), ClientEvent::Admit(admit))
            }
            // They are gone, or it is so already.
            Decision::Mute(_) | Decision::Remove(_) | Decision::Lock(_) | Decision::HaveWait(_) => return,
        };
        self.ask(key, what, event, out);
    }

    pub(crate) fn room_changed(&mut self, changed: &RoomChanged) {
        let Some(key) = self.live_in(&changed.room_name) else { return };
        if let Some(call) = self.live(key) {
            (call.door.is_locked, call.door.has_waiting_room) = (changed.locked, changed.waiting_room);
        }
    }

    pub(crate) fn they_wait(&mut self, told: calls_protocol::Waiting) {
        let Some(key) = self.live_in(&told.room_name) else { return };
        let Some(call) = self.live(key) else { return };
        let waiting = |them: calls_protocol::WaitingUser| Waiting {
            user: them.user_id,
            name: them.user_name,
            avatar: them.avatar,
            since: them.since,
        };
        call.door.waiting = told.waiting.into_iter().map(waiting).collect();
    }

    /// The host switched our microphone off. The others were told, and we may switch it on again.
    pub(crate) fn muted(&mut self, muted: &Muted, out: &mut Vec<Effect>) {
        let is_telling = |key| self.has_asked(key, What::Media);
        if muted.user_id == self.me
            && let Some(key) = self.live_in(&muted.room_name)
        {
            let crossed = is_telling(key);
            let Some(call) = self.live(key) else { return };
            call.muted = true;
            call.door.muted_by = Some(muted.muted_by);
            if crossed {
                // The server has yet to read what we said before, and would believe that we speak.
                self.tell_media(key, out);
            }
        }
    }

    /// The host has been asked whether we may come in. Until then we are in no room, whatever was before.
    pub(crate) fn waits_at_the_door(
        &mut self,
        now: Time,
        key: CallKey,
        state: &RoomState,
        out: &mut Vec<Effect>,
    ) {
        let Some(call) = self.live(key).filter(|call| call.with().is_none()) else { return };
        let closed = call.close_wires();
        call.people.clear();
        call.host = state.host_id;
        call.door.is_like(state);
        call.phase = Phase::AtTheDoor;
        for (to, wish) in closed {
            self.grant(now, (key, to), vec![wish], out);
        }
    }
}

impl Call {
    pub(crate) fn is_at_the_door(&self) -> bool {
        matches!(self.phase, Phase::AtTheDoor)
    }
}
