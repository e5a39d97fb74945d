//! What the server tells of a room of many: who is in it, and how they are reached.
use crate::{
    CallKey, Direction, Effect, Machine, Picture, Time, What,
    call::{Call, Person, Phase},
    way::Way,
    wire::{Around, Wire},
};
use calls_protocol::{
    CallError, ErrorCode, LeftCall, Participant, Recipient, RelayedRenegotiate, RoomState, Topology, UserId,
    UserInCall,
};

impl Machine {
    pub(crate) fn joined(&mut self, now: Time, joined: UserInCall, out: &mut Vec<Effect>) {
        let UserInCall { room_name, user_id, user_name, avatar, audio, video } = joined;
        let Some(key) = self.live_in(&room_name) else { return };
        let around = Around::new(now, &self.settings, self.server);
        let is_inside = |call: &&mut Call| call.with().is_none() && !call.is_at_the_door();
        let Some(call) = self.calls.get_mut(&key).filter(is_inside) else { return };
        // They offer to everybody who is there: whoever comes later begins.
        let close = call.close_wire(user_id.into());
        call.people.insert(user_id, Person { audio, ..Person::new(user_name, avatar, video) });
        if matches!(call.phase, Phase::Calling { .. }) {
            call.begin_talking(around);
            self.hold_others(key, out);
        }
        self.grant(now, (key, user_id.into()), close.into_iter().collect(), out);
    }

    pub(crate) fn left(&mut self, now: Time, left: &LeftCall, out: &mut Vec<Effect>) {
        let Some(key) = self.live_in(&left.room_name) else { return };
        let Some(call) = self.live(key).filter(|call| call.with().is_none()) else { return };
        if left.host_id.is_some() {
            call.host = left.host_id;
            call.door.forget_waiting();
        }
        let close = call.close_wire(left.user_id.into());
        call.people.remove(&left.user_id);
        self.grant(now, (key, left.user_id.into()), close.into_iter().collect(), out);
    }

    pub(crate) fn described(&mut self, now: Time, message: RelayedRenegotiate, out: &mut Vec<Effect>) {
        let Some(key) = self.live_in(&message.room_name) else { return };
        let to = message.from_user_id;
        let Recipient::User(from) = to else {
            return self.on_wire(now, (key, to), out, |wire, around| {
                match (message.sdp_offer, message.sdp_answer) {
                    (Some(offer), _) => wire.offer(around, offer),
                    (None, Some(answer)) => wire.answer(around, answer),
                    (None, None) => Vec::new(),
                }
            });
        };
        match (message.sdp_offer, message.sdp_answer) {
            (Some(offer), _) => {
                let around = Around::new(now, &self.settings, self.server);
                let Some(call) = self.calls.get_mut(&key).filter(|call| call.is_wanted()) else { return };
                let is_crowd = call.with().is_none();
                let (servers, (build, former)) = (call.servers.clone(), call.next_build(to));
                let is_over = call.by_server.way == Way::ByServer;
                let Some(person) = call.people.get_mut(&from) else { return };
                if is_over {
                    // They have not heard yet that the room moved.
                    return;
                }
                if person.wire.is_none() && is_crowd {
                    if Wire::is_late(&offer, former.as_ref()) {
                        return;
                    }
                    let (mut wire, mut wishes) = Wire::offered(servers, offer, build);
                    wishes.extend(wire.open());
                    wire.expect_media(around);
                    person.wire = Some(wire);
                    self.grant(now, (key, to), wishes, out);
                    return;
                }
                self.on_wire(now, (key, to), out, |wire, around| wire.offer(around, offer));
            }
            (None, Some(answer)) => {
                self.on_wire(now, (key, to), out, |wire, around| wire.answer(around, answer));
            }
            (None, None) => {}
        }
    }

    /// The room as the server knows it. Who comes in just now offers to everybody who is there.
    pub(crate) fn room_is(
        &mut self,
        now: Time,
        key: CallKey,
        state: &RoomState,
        comes_in: bool,
        out: &mut Vec<Effect>,
    ) {
        let me = self.me;
        let (is_crowd, was_talking) = match self.live(key) {
            Some(call) => (call.with().is_none(), call.is_talking()),
            None => return,
        };
        self.keep_servers(key, &state.ice_servers);
        if state.waiting {
            return self.waits_at_the_door(now, key, state, out);
        }
        let was_outside = self.calls[&key].is_at_the_door();
        let comes_in = comes_in || was_outside;
        let topology = state.topology;
        let earlier = state.participants.iter().map(|them| them.user_id).take_while(|user| *user != me);
        let earlier: Vec<UserId> = earlier.collect();
        let us = state.participants.iter().find(|us| us.user_id == me).cloned();
        let others: Vec<Participant> =
            state.participants.iter().filter(|them| them.user_id != me).cloned().collect();
        let around = Around::new(now, &self.settings, self.server);
        let Some(call) = self.calls.get_mut(&key) else { return };
        if call.host != state.host_id {
            call.door.forget_waiting();
        }
        call.host = state.host_id;
        call.door.is_like(state);
        call.hand_is_up = us.as_ref().is_some_and(|us| us.hand_raised_at.is_some());
        if let Some(us) = &us {
            call.my_name.clone_from(&us.user_name);
        }
        for them in &others {
            let fresh = || Person::new(them.user_name.clone(), them.avatar.clone(), them.video);
            let person = match is_crowd {
                true => call.people.entry(them.user_id).or_insert_with(fresh),
                false => match call.people.get_mut(&them.user_id) {
                    Some(person) => person,
                    None => continue,
                },
            };
            (person.audio, person.video, person.screen) = (them.audio, them.video, them.screen);
            person.hand_raised_at = them.hand_raised_at;
            person.is_away &= !comes_in;
            person.name.clone_from(&them.user_name);
            person.avatar.clone_from(&them.avatar);
        }
        if !is_crowd {
            let is_ours = matches!(call.phase, Phase::Dialing { .. } | Phase::Calling { .. })
                && call.direction == Direction::Outgoing;
            if is_ours && state.started_at.is_some() {
                // Their answer follows; if the server forgot it, which takes a crash, the connection is tried again.
                call.begin_talking(around);
                self.hold_others(key, out);
            }
            return;
        }
        let gone: Vec<UserId> = call
            .people
            .keys()
            .copied()
            .filter(|user| others.iter().all(|them| them.user_id != *user))
            .collect();
        let mut closed = if comes_in { call.close_wires() } else { Vec::new() };
        for user in gone {
            closed.extend(call.close_wire(user.into()).map(|close| (Recipient::User(user), close)));
            call.people.remove(&user);
        }
        let has_begun = !matches!(call.phase, Phase::Calling { .. }) || !others.is_empty();
        if has_begun {
            call.begin_talking(around);
        }
        if has_begun && !was_talking {
            self.hold_others(key, out);
        }
        for (to, wish) in closed {
            self.grant(now, (key, to), vec![wish], out);
        }
        if comes_in && topology != Topology::Sfu {
            for them in others {
                self.offer_to(now, (key, them.user_id), false, out);
            }
        }
        self.goes(now, key, topology, &earlier, out);
        self.correct_media(key, us.as_ref(), comes_in, out);
        if comes_in {
            self.say_owed_lines(key, out);
        }
    }

    /// The server believes that we are heard or seen, and we are not: one that was killed forgets what it was told. Or
    /// we have just come in, and changed our mind meanwhile.
    fn correct_media(
        &mut self,
        key: CallKey,
        us: Option<&Participant>,
        comes_in: bool,
        out: &mut Vec<Effect>,
    ) {
        let (Some(us), false) = (us, self.has_asked(key, What::Media)) else { return };
        let Some(call) = self.live(key) else { return };
        let audio = !call.muted && !call.held;
        let video = call.picture != Picture::None && !call.held;
        let is_wrong = |theirs: bool, ours: bool| theirs != ours && (comes_in || theirs);
        if is_wrong(us.audio, audio) || is_wrong(us.video, video) {
            self.tell_media(key, out);
        }
    }

    /// Something that was said failed later than its acknowledgement: so the media server answers.
    pub(crate) fn failed(&mut self, now: Time, error: &CallError, out: &mut Vec<Effect>) {
        let Some(key) = error.room_name.as_ref().and_then(|room| self.live_in(room)) else { return };
        if !error.is_of_media_server() {
            return;
        }
        let is_lost = error.code == ErrorCode::Unavailable;
        self.on_wire(now, (key, Recipient::MediaServer), out, |wire, around| {
            if is_lost {
                return wire.forgotten(around);
            }
            wire.refused(around);
            Vec::new()
        });
    }
}
