//! What the server tells.
use crate::{
    CallKey, Direction, Effect, EndReason, FromServer, MOST_CALLS, Machine, RemoteCandidate, Rival,
    ServerLink, Tell, Time, What,
    call::{Call, Kind, Person, Phase},
    wire::{Around, MOST_EARLY, Wire},
};
use calls_protocol::{
    Answer, CallType, ClientEvent, Ended, EndedReason, EventId, GroupIncoming, IceCandidate, Incoming,
    Recipient, Registered, RejectReason, Rejected, Resume, RoomName, ServerEvent, UnixMillis, UserId,
};
use std::time::Duration;

impl Machine {
    pub(crate) fn server_said(&mut self, now: Time, from: FromServer, out: &mut Vec<Effect>) {
        match from {
            FromServer::Up(registered) => self.server_is_up(now, *registered, out),
            FromServer::Down => {
                if self.server == ServerLink::Up {
                    self.server = ServerLink::Down;
                }
                self.forget_reactions(out);
            }
            FromServer::SignedOut => {
                self.server = ServerLink::SignedOut;
                for key in self.keys_of(|call| !call.is_talking()) {
                    self.end(now, key, EndReason::SignedOut, Tell::Nothing, out);
                }
            }
            FromServer::Event { event, id } => self.event(now, *event, id, out),
            FromServer::Answer { ask, answer } => self.answered(now, ask, answer, out),
            FromServer::Woken { room, from, name, call_type, rings_for } => {
                self.woken(now, room, (from, name), call_type, rings_for, out);
            }
        }
    }

    fn server_is_up(&mut self, now: Time, registered: Registered, out: &mut Vec<Effect>) {
        self.server = ServerLink::Up;
        if !registered.ice_servers.0.is_empty() {
            self.servers = registered.ice_servers.clone();
        }
        let rings = |room: &RoomName| {
            registered.pending.iter().any(|incoming| incoming.room_name == *room)
                || registered.pending_groups.iter().any(|incoming| incoming.room_name == *room)
        };
        for key in self.keys_of(|_| true) {
            let call = &self.calls[&key];
            let still_rings = rings(&call.room);
            match call.phase {
                Phase::Woken { .. } | Phase::Ringing { .. } if !still_rings => {
                    self.end(now, key, EndReason::Missed, Tell::Nothing, out);
                }
                // What we asked is asked again by itself, and answered as if nothing had been. What waited for the
                // relays to be known is asked now.
                Phase::Dialing { .. } => {
                    if let Some(to) = call.with() {
                        self.dial(now, (key, to), out);
                    }
                }
                Phase::Answering { .. } => {}
                // Who waits is forgotten with the connection.
                Phase::AtTheDoor if self.has_asked(key, What::Join) => {}
                Phase::AtTheDoor => self.ask_to_join(key, out),
                Phase::Woken { .. } | Phase::Ringing { .. } | Phase::Ended { .. } => {}
                Phase::Calling { .. } | Phase::Talking { .. } => self.resume(key, out),
            }
        }
        self.asked.values_mut().for_each(|asked| asked.is_again = true);
        self.rivals.retain(|_, rival| rings(&rival.incoming.room_name));
        for incoming in registered.pending {
            self.incoming(now, incoming, out);
        }
        for incoming in registered.pending_groups {
            self.group_incoming(now, incoming, out);
        }
        self.on_all_wires(now, out, |wire, around| wire.server_is_back(around));
    }

    pub(crate) fn resume(&mut self, key: CallKey, out: &mut Vec<Effect>) {
        let me = self.me;
        let Some(call) = self.live(key).filter(|call| !call.adrift) else { return };
        // One comes before every event. Without it the server believes that all it sent was heard, and what it sent into
        // a dead connection was not.
        let last_event_id = call.heard.or(EventId::new(1).ok());
        let resume = Resume { room_name: call.room.clone(), user_id: me, last_event_id };
        if !self.has_asked(key, What::Resume) {
            self.ask(key, What::Resume, ClientEvent::Resume(resume), out);
        }
    }

    /// A push woke the phone. The server has yet to say that it still rings; the person sees the call at once.
    fn woken(
        &mut self,
        now: Time,
        room: RoomName,
        (from, name): (UserId, String),
        call_type: CallType,
        rings_for: Option<Duration>,
        out: &mut Vec<Effect>,
    ) {
        let is_known = self.calls.values().any(|call| call.room == room)
            || self.rivals.values().any(|rival| rival.incoming.room_name == room);
        let is_rival = self.live_calls().any(|call| {
            matches!(call.phase, Phase::Dialing { .. } | Phase::Calling { .. }) && call.with() == Some(from)
        });
        if is_known || is_rival || self.server == ServerLink::Up {
            // A server that is there told of it itself, if it is so; and who calls each other is told by it which call it is.
            return;
        }
        let until = now + rings_for.unwrap_or_default();
        let phase = Phase::Woken { until, accepted: false };
        let key = self.called(room, Kind::Pair { with: from }, call_type, phase);
        let person = Person::new(name, None, call_type == CallType::Video);
        self.calls.get_mut(&key).expect("just made").people.insert(from, person);
        if rings_for.is_none() {
            self.end(now, key, EndReason::Missed, Tell::Nothing, out);
        } else if self.live_calls().count() > MOST_CALLS {
            self.end(now, key, EndReason::WeWereBusy, Tell::Reject(RejectReason::Busy), out);
        }
    }

    /// A call that somebody else began.
    fn called(&mut self, room: RoomName, kind: Kind, call_type: CallType, phase: Phase) -> CallKey {
        let key = self.new_key();
        let servers = self.servers.clone();
        let call = Call::new(key, Direction::Incoming, room, kind, call_type, phase, servers);
        self.calls.insert(key, call);
        key
    }

    fn event(&mut self, now: Time, event: ServerEvent, id: Option<EventId>, out: &mut Vec<Effect>) {
        if let (Some(id), Some(room)) = (id, event.room())
            && let Some(key) = self.live_in(room)
            && let Some(call) = self.live(key)
        {
            if call.heard.is_some_and(|heard| id <= heard) {
                return;
            }
            call.heard = Some(id);
        }
        match event {
            ServerEvent::Incoming(incoming) => {
                let room = incoming.room_name.clone();
                self.incoming(now, incoming, out);
                self.heard(&room, id);
            }
            ServerEvent::GroupIncoming(incoming) => {
                let room = incoming.room_name.clone();
                self.group_incoming(now, incoming, out);
                self.heard(&room, id);
            }
            ServerEvent::Answer(answer) => self.they_answered(now, answer, out),
            ServerEvent::IceCandidate(candidate) => self.their_candidate(now, candidate, out),
            ServerEvent::Ended(ended) => self.ended(now, ended, out),
            ServerEvent::Rejected(rejected) => self.rejected(now, &rejected, out),
            ServerEvent::UserJoined(joined) => self.joined(now, joined, out),
            ServerEvent::UserLeft(left) => self.left(now, &left, out),
            ServerEvent::MediaChanged(changed) => {
                if let Some(person) = self.person(&changed.room_name, changed.user_id) {
                    (person.audio, person.video) = (changed.audio, changed.video);
                    person.screen = changed.screen;
                }
            }
            ServerEvent::Reconnecting(who) => {
                if let Some(person) = self.person(&who.room_name, who.user_id) {
                    person.is_away = true;
                }
            }
            ServerEvent::Reconnected(who) => {
                if let Some(person) = self.person(&who.room_name, who.user_id) {
                    person.is_away = false;
                }
            }
            ServerEvent::Renegotiate(message) => self.described(now, message, out),
            ServerEvent::RoomState(state) => {
                if let Some(key) = self.live_in(&state.room_name) {
                    self.room_is(now, key, &state, false, out);
                }
            }
            ServerEvent::Speakers(speakers) => self.speakers(&speakers),
            ServerEvent::Streams(streams) => self.streams(streams),
            ServerEvent::Error(error) => self.failed(now, &error, out),
            ServerEvent::Muted(muted) => self.muted(&muted, out),
            ServerEvent::HandChanged(hand) => self.hand_changed(&hand),
            ServerEvent::Reacted(reacted) => self.reacted(now, &reacted),
            ServerEvent::Chat(message) => self.chat_came(message),
            ServerEvent::RoomChanged(changed) => self.room_changed(&changed),
            ServerEvent::Waiting(waiting) => self.they_wait(waiting),
            // Whoever films is told by the engine; registering is told by the connection.
            ServerEvent::Registered(_) | ServerEvent::Wanted(_) => {}
        }
    }

    fn heard(&mut self, room: &RoomName, id: Option<EventId>) {
        if let Some(key) = self.live_in(room)
            && let Some(call) = self.live(key)
        {
            call.heard = call.heard.max(id);
        }
    }

    fn person(&mut self, room: &RoomName, user: UserId) -> Option<&mut Person> {
        let key = self.live_in(room)?;
        self.live(key)?.people.get_mut(&user)
    }

    fn incoming(&mut self, now: Time, incoming: Incoming, out: &mut Vec<Effect>) {
        let room = incoming.room_name.clone();
        if let Some(known) = self.calls.values().find(|call| call.room == room) {
            match (&known.phase, known.direction) {
                (Phase::Woken { .. }, _) | (Phase::Dialing { .. }, Direction::Incoming) => {
                    let key = known.key;
                    self.confirmed(now, key, incoming, out);
                }
                // Told twice.
                _ => {}
            }
            return;
        }
        if self.rivals.values().any(|rival| rival.incoming.room_name == room) {
            return;
        }
        let rival = Rival { incoming, candidates: Vec::new() };
        let ours = self.live_calls().find(|call| {
            let is_open = matches!(call.phase, Phase::Dialing { .. } | Phase::Calling { .. });
            is_open && call.with() == Some(rival.incoming.from_id)
        });
        if let Some(ours) = ours {
            // Both called each other. The server says which call it is; until then there is nothing to answer.
            self.rivals.insert(ours.key, rival);
            return;
        }
        self.ring(now, rival, out);
    }

    /// Somebody calls. The answer is prepared at once, so that it is there when the person wants it; nothing reaches
    /// the caller before.
    pub(crate) fn ring(&mut self, now: Time, rival: Rival, out: &mut Vec<Effect>) {
        let Rival { incoming, candidates } = rival;
        let (room, kind) = (incoming.room_name.clone(), Kind::Pair { with: incoming.from_id });
        let times = (incoming.created_at, incoming.expires_at);
        let Some(key) = self.rings(now, room, kind, incoming.call_type, times, out) else { return };
        self.take_offer(now, key, incoming, candidates, out);
    }

    /// A call begins to ring here. None if there is no room for it; whoever calls is told.
    fn rings(
        &mut self,
        now: Time,
        room: RoomName,
        kind: Kind,
        call_type: CallType,
        (created, expires): (UnixMillis, UnixMillis),
        out: &mut Vec<Effect>,
    ) -> Option<CallKey> {
        let is_busy = self.live_calls().count() >= MOST_CALLS;
        let length = Duration::from_millis(expires.0.saturating_sub(created.0));
        // The server ends it in time; this is for when it cannot say so.
        let until = now + length + self.settings.answer;
        let key = self.called(room, kind, call_type, Phase::Ringing { until, answer: None });
        if is_busy {
            self.end(now, key, EndReason::WeWereBusy, Tell::Reject(RejectReason::Busy), out);
            return None;
        }
        Some(key)
    }

    fn take_offer(
        &mut self,
        now: Time,
        key: CallKey,
        incoming: Incoming,
        candidates: Vec<RemoteCandidate>,
        out: &mut Vec<Effect>,
    ) {
        let from = incoming.from_id;
        self.keep_servers(key, &incoming.ice_servers);
        let Some(call) = self.calls.get_mut(&key) else { return };
        let (build, _) = call.next_build(from.into());
        let (wire, wishes) = Wire::offered(call.servers.clone(), incoming.sdp_offer, build);
        let mut person =
            Person::new(incoming.from_name, incoming.from_avatar, call.call_type == CallType::Video);
        person.wire = Some(wire);
        call.people.insert(from, person);
        self.grant(now, (key, from.into()), wishes, out);
        for candidate in candidates {
            self.on_wire(now, (key, from.into()), out, |wire, _| wire.candidate(candidate));
        }
    }

    /// A call that this device knew of before the server told it: a push, or both called each other.
    fn confirmed(&mut self, now: Time, key: CallKey, incoming: Incoming, out: &mut Vec<Effect>) {
        let from = incoming.from_id;
        let (answer, ring) = (now + self.settings.answer, now + self.settings.dial);
        let Some(call) = self.live(key) else { return };
        let is_wanted = call.is_wanted();
        call.phase = match is_wanted {
            true => Phase::Answering { until: answer, sent: false },
            false => Phase::Ringing { until: ring, answer: None },
        };
        self.take_offer(now, key, incoming, Vec::new(), out);
        if is_wanted {
            self.open(now, key, from, out);
        }
    }

    /// The person wants this call.
    pub(crate) fn open(&mut self, now: Time, key: CallKey, user: UserId, out: &mut Vec<Effect>) {
        self.on_wire(now, (key, user.into()), out, |wire, around| {
            wire.expect_media(around);
            wire.open()
        });
    }

    fn group_incoming(&mut self, now: Time, incoming: GroupIncoming, out: &mut Vec<Effect>) {
        if self.calls.values().any(|call| call.room == incoming.room_name) {
            return;
        }
        let kind = Kind::Crowd { group: Some(incoming.group_id), name: incoming.group_name };
        let times = (incoming.created_at, incoming.expires_at);
        let Some(key) = self.rings(now, incoming.room_name, kind, incoming.call_type, times, out) else {
            return;
        };
        self.keep_servers(key, &incoming.ice_servers);
        let person = Person::new(incoming.initiator_name, None, incoming.call_type == CallType::Video);
        if let Some(call) = self.live(key) {
            call.people.insert(incoming.initiator_id, person);
        }
    }

    fn they_answered(&mut self, now: Time, answer: Answer, out: &mut Vec<Effect>) {
        let Some(key) = self.live_in(&answer.room_name) else { return };
        let around = Around::new(now, &self.settings, self.server);
        let Some(call) = self.calls.get_mut(&key) else { return };
        let Some(with) = call.with().map(Recipient::User) else { return };
        match call.phase {
            Phase::Dialing { .. } | Phase::Calling { .. } if call.direction == Direction::Outgoing => {
                call.begin_talking(around);
                self.hold_others(key, out);
                self.rivals.remove(&key);
                self.keep_servers(key, &answer.ice_servers);
                self.on_wire(now, (key, with), out, |wire, around| wire.answer(around, answer.sdp_answer));
            }
            // The state of the room, which came first, said that they answered.
            Phase::Talking { .. } => {
                self.on_wire(now, (key, with), out, |wire, around| wire.answer(around, answer.sdp_answer));
            }
            Phase::Dialing { .. }
            | Phase::Calling { .. }
            | Phase::Woken { .. }
            | Phase::Ringing { .. }
            | Phase::Answering { .. }
            | Phase::AtTheDoor
            | Phase::Ended { .. } => {}
        }
    }

    fn their_candidate(&mut self, now: Time, message: IceCandidate, out: &mut Vec<Effect>) {
        let IceCandidate { room_name, from_user_id, candidate, sdp_m_line_index, sdp_mid, .. } = message;
        let candidate = RemoteCandidate { candidate, sdp_mid, sdp_m_line_index };
        if let Some(rival) = self.rivals.values_mut().find(|rival| rival.incoming.room_name == room_name) {
            if rival.candidates.len() < MOST_EARLY {
                rival.candidates.push(candidate);
            }
            return;
        }
        if let Some(key) = self.live_in(&room_name) {
            self.on_wire(now, (key, from_user_id.into()), out, |wire, _| wire.candidate(candidate));
        }
    }

    fn ended(&mut self, now: Time, ended: Ended, out: &mut Vec<Effect>) {
        let me = self.me;
        self.rivals.retain(|_, rival| rival.incoming.room_name != ended.room_name);
        let Some(key) = self.live_in(&ended.room_name) else { return };
        if let Some(other) = ended.replaced_by {
            self.yield_to(now, key, &other, out);
            return;
        }
        let is_coming_in = self.has_asked(key, What::Join);
        let Some(call) = self.live(key) else { return };
        if is_coming_in && matches!(call.phase, Phase::Answering { .. }) {
            // It stopped ringing while we came in. Whether we are in it is what the server is about to answer.
            return;
        }
        let was_called = call.direction == Direction::Incoming;
        let by_us = ended.ended_by == Some(me);
        let reason = match ended.reason {
            EndedReason::Cancelled | EndedReason::Missed | EndedReason::Timeout if call.is_at_the_door() => {
                EndReason::TheyHungUp
            }
            told => EndReason::told(told, was_called, call.is_talking(), by_us),
        };
        let reason = call.where_lost(reason);
        self.end(now, key, reason, Tell::Nothing, out);
    }

    /// We called each other, and their call is the one that goes on. For the person it is the same call.
    pub(crate) fn yield_to(&mut self, now: Time, key: CallKey, other: &RoomName, out: &mut Vec<Effect>) {
        let until = now + self.settings.dial;
        if self.live_in(other).is_some() {
            // It rings here already as a call of its own, which the person answers or not.
            self.end(now, key, EndReason::WeCancelled, Tell::Nothing, out);
            return;
        }
        let Some(call) = self.live(key) else { return };
        match call.phase {
            Phase::Dialing { .. } | Phase::Calling { .. } => {}
            Phase::Woken { .. }
            | Phase::Ringing { .. }
            | Phase::Answering { .. }
            | Phase::AtTheDoor
            | Phase::Talking { .. }
            | Phase::Ended { .. } => {
                self.end(now, key, EndReason::TheyHungUp, Tell::Nothing, out);
                return;
            }
        }
        let closed = call.close_wires();
        (call.room, call.direction, call.heard) = (other.clone(), Direction::Incoming, None);
        call.phase = Phase::Dialing { until };
        for (to, wish) in closed {
            self.grant(now, (key, to), vec![wish], out);
        }
        self.forget_asked(key, out);
        if let Some(rival) = self.rivals.remove(&key)
            && rival.incoming.room_name == *other
        {
            let Rival { incoming, candidates } = rival;
            let from = incoming.from_id;
            self.confirmed(now, key, incoming, out);
            for candidate in candidates {
                self.on_wire(now, (key, from.into()), out, |wire, _| wire.candidate(candidate));
            }
        }
    }

    fn rejected(&mut self, now: Time, rejected: &Rejected, out: &mut Vec<Effect>) {
        let Some(key) = self.live_in(&rejected.room_name) else { return };
        let is_theirs = self.live(key).is_some_and(|call| {
            let waits = matches!(call.phase, Phase::Dialing { .. } | Phase::Calling { .. });
            waits && call.with() == Some(rejected.user_id) && call.direction == Direction::Outgoing
        });
        // In a group the others may still come.
        if is_theirs {
            self.end(now, key, EndReason::rejected(rejected.reason), Tell::Nothing, out);
        }
    }
}
