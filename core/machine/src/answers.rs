//! What the server answers to what this device asked.
use crate::{
    AskId, Asked, CallKey, Direction, Effect, EndReason, Machine, Tell, Time, What,
    call::{Call, Phase},
    wire::Around,
};
use calls_protocol::{Ack, EndWish, ErrorCode, Recipient, Refusal};

impl Machine {
    pub(crate) fn answered(
        &mut self,
        now: Time,
        ask: AskId,
        answer: Result<Ack, Refusal>,
        out: &mut Vec<Effect>,
    ) {
        // One that was forgotten, or was answered before.
        let Some(Asked { call: key, what, is_again }) = self.asked.remove(&ask) else { return };
        if self.live(key).is_none() {
            return;
        }
        let came_in = matches!(what, What::Initiate | What::Accept | What::Join) && answer.is_ok();
        match (what, answer) {
            (What::Initiate, Ok(ack)) => self.initiated(now, key, ack, out),
            (What::Initiate, Err(refusal)) => {
                let is_group = self.live(key).is_some_and(|call| call.with().is_none());
                let reason = match refusal.code {
                    ErrorCode::Conflict if is_group => EndReason::GroupIsTalking,
                    code => EndReason::refused(code),
                };
                self.end(now, key, reason, Tell::Nothing, out);
            }
            (What::Accept, Ok(ack)) => self.accepted(now, key, ack, out),
            (What::Accept, Err(refusal)) => {
                let reason = match refusal.code {
                    ErrorCode::Expired | ErrorCode::NotFound => EndReason::Missed,
                    code => EndReason::refused(code),
                };
                self.end(now, key, reason, Tell::Nothing, out);
            }
            (What::Join, Ok(ack)) => {
                if let Ack::RoomState(state) = ack {
                    self.on_call(key, |call| call.door.forget_waiting());
                    self.room_is(now, key, &state, true, out);
                }
            }
            (What::Join, Err(refusal)) => {
                self.end(now, key, EndReason::refused(refusal.code), Tell::Nothing, out);
            }
            (What::Resume, Ok(ack)) => {
                if let Ack::RoomState(state) = ack {
                    self.on_call(key, |call| call.door.forget_waiting());
                    self.room_is(now, key, &state, false, out);
                }
            }
            (What::Resume, Err(refusal)) => self.not_resumed(now, key, refusal.code, out),
            (What::Offer, Err(_)) => {
                self.on_wire(now, (key, Recipient::MediaServer), out, |wire, around| {
                    wire.refused(around);
                    Vec::new()
                });
            }
            (What::Hand(raised), Ok(_)) => self.on_call(key, |call| call.hand_is_up = raised),
            (What::Lock(locked), Ok(_)) => self.on_call(key, |call| call.door.is_locked = locked),
            (What::HaveWait(on), Ok(_)) => self.on_call(key, |call| call.door.has_waiting_room = on),
            (What::React(id), Err(_)) => self.reaction_failed(key, id),
            (What::Write(number), Ok(ack)) => {
                let at = if let Ack::Written(written) = ack { Some(written.sent_at) } else { None };
                self.written(key, number, at);
            }
            (What::Write(number), Err(_)) => self.not_written(key, number),
            (What::Decide(user), Ok(_)) => {
                self.on_call(key, |call| call.door.waiting.retain(|them| them.user != user));
            }
            // What is shown as wished until the answer comes is as it was before, if it was refused.
            (What::Hand(_) | What::Lock(_) | What::HaveWait(_) | What::Decide(_), Err(_))
            | (What::Offer | What::React(_), Ok(_))
            | (What::Media | What::Say, _) => {}
        }
        let is_in = self.live(key).is_some_and(|call| match call.phase {
            Phase::Calling { .. } | Phase::Talking { .. } => true,
            Phase::Dialing { .. }
            | Phase::Woken { .. }
            | Phase::Ringing { .. }
            | Phase::Answering { .. }
            | Phase::AtTheDoor
            | Phase::Ended { .. } => false,
        });
        if came_in && is_again && is_in {
            // We were in it before the line broke, and cannot know what it told then.
            self.resume(key, out);
        }
    }

    fn initiated(&mut self, now: Time, key: CallKey, ack: Ack, out: &mut Vec<Effect>) {
        let Ack::Initiated(ack) = ack else {
            self.end(now, key, EndReason::OurFault, Tell::End(EndWish::Failed), out);
            return;
        };
        if let Some(other) = ack.replaced_by {
            self.yield_to(now, key, &other, out);
            return;
        }
        self.keep_servers(key, &ack.ice_servers);
        let me = self.me;
        let Some(call) = self.live(key) else { return };
        if call.with().is_none() {
            // Whoever calls a group decides in it, until the server names another one.
            call.host = call.host.or(Some(me));
        }
        if let Phase::Dialing { until } = call.phase
            && call.direction == Direction::Outgoing
        {
            call.phase = Phase::Calling { until, devices: ack.devices };
            self.tell_media_if_unusual(key, out);
        }
    }

    fn accepted(&mut self, now: Time, key: CallKey, ack: Ack, out: &mut Vec<Effect>) {
        if let Ack::Accepted(ack) = ack {
            self.keep_servers(key, &ack.ice_servers);
        }
        let around = Around::new(now, &self.settings, self.server);
        if let Some(call) = self.calls.get_mut(&key) {
            call.begin_talking(around);
            self.hold_others(key, out);
        }
    }

    /// The server does not give us our call back.
    fn not_resumed(&mut self, now: Time, key: CallKey, code: ErrorCode, out: &mut Vec<Effect>) {
        let Some(call) = self.live(key) else { return };
        let flows = call
            .people
            .values()
            .any(|person| person.wire.as_ref().is_some_and(|wire| wire.path() == crate::Path::Up));
        match code {
            // An open room is in no row, so a server that was killed forgot it. Its name opens it again.
            ErrorCode::NotFound | ErrorCode::Conflict if call.is_open_room() => {
                call.heard = None;
                self.ask_to_join(key, out);
            }
            // It forgot the call, and those in it still hear each other: nobody is cut off in the middle of a word.
            ErrorCode::NotFound if flows => call.adrift = true,
            ErrorCode::NotFound | ErrorCode::Expired | ErrorCode::Conflict => {
                self.end(now, key, EndReason::WeLostConnection, Tell::Nothing, out);
            }
            ErrorCode::AlreadyAnswered => {
                self.end(now, key, EndReason::AnsweredElsewhere, Tell::Nothing, out);
            }
            // Whoever was in it could come back, if the host had not said otherwise.
            ErrorCode::Forbidden if call.is_gathering() => {
                self.end(now, key, EndReason::Removed, Tell::Nothing, out);
            }
            ErrorCode::Forbidden => self.end(now, key, EndReason::NotAllowed, Tell::Nothing, out),
            // It cannot now. The next reconnect asks again; media is not touched.
            ErrorCode::BadRequest
            | ErrorCode::Unauthorized
            | ErrorCode::RecipientOffline
            | ErrorCode::RecipientBusy
            | ErrorCode::AlreadyInCall
            | ErrorCode::RoomFull
            | ErrorCode::RateLimited
            | ErrorCode::TooLarge
            | ErrorCode::UnknownEvent
            | ErrorCode::Unavailable
            | ErrorCode::Internal
            | ErrorCode::Unknown => {}
        }
    }

    fn on_call(&mut self, key: CallKey, act: impl FnOnce(&mut Call)) {
        if let Some(call) = self.live(key) {
            act(call);
        }
    }

    pub(crate) fn forget_asked(&mut self, key: CallKey, out: &mut Vec<Effect>) {
        let open: Vec<AskId> =
            self.asked.iter().filter(|(_, asked)| asked.call == key).map(|(ask, _)| *ask).collect();
        for ask in open {
            self.asked.remove(&ask);
            out.push(Effect::Forget(ask));
        }
    }
}
