//! What the person, the device and the connections to others bring in.
use crate::{
    CallKey, Callee, Command, Direction, Effect, EndReason, FromDevice, FromPeer, MOST_CALLS, Machine,
    PeerKey, Picture, ServerLink, Tell, Time, What,
    call::{Call, Kind, Person, Phase},
    host::Decision,
    wire::Wire,
};
use calls_protocol::{
    Accept, CallTarget, CallType, ClientEvent, EndWish, IceServers, Initiate, JoinRoom, Recipient,
    RejectReason, RoomName, ToggleMedia, UserId,
};

impl Machine {
    pub(crate) fn command(&mut self, now: Time, command: Command, out: &mut Vec<Effect>) {
        match command {
            Command::Dial { room, to: Callee::User(to), call_type } => {
                let kind = Kind::Pair { with: to };
                let Some(key) = self.begin(now, room, kind, call_type, out) else { return };
                let call = self.calls.get_mut(&key).expect("it has just begun");
                call.people.insert(to, Person::new(String::new(), None, call_type == CallType::Video));
                if self.server == ServerLink::Up || !self.servers.0.is_empty() {
                    self.dial(now, (key, to), out);
                }
            }
            Command::Dial { room, to: Callee::Group(group), call_type } => {
                let kind = Kind::Crowd { group: Some(group), name: String::new() };
                let Some(key) = self.begin(now, room.clone(), kind, call_type, out) else { return };
                let target = CallTarget::Group { group, offer: None };
                let initiate = Initiate { from_id: self.me, target, call_type, room_name: room };
                self.ask(key, What::Initiate, ClientEvent::Initiate(initiate), out);
            }
            Command::Join { room, call_type } => {
                let kind = Kind::Crowd { group: None, name: String::new() };
                let Some(key) = self.begin(now, room, kind, call_type, out) else { return };
                self.ask_to_join(key, out);
            }
            Command::Accept { call, call_type } => self.accept(now, call, call_type, out),
            Command::Reject { call } => {
                if self.live(call).is_some_and(|call| call.rings_here()) {
                    let tell = Tell::Reject(RejectReason::Declined);
                    self.end(now, call, EndReason::WeDeclined, tell, out);
                }
            }
            Command::HangUp { call } => self.hang_up(now, call, out),
            Command::Mute { call, muted } => {
                let Some(known) = self.live(call) else { return };
                known.door.muted_by = known.door.muted_by.filter(|_| muted);
                if std::mem::replace(&mut known.muted, muted) != muted {
                    self.tell_media(call, out);
                }
            }
            Command::Show { call, picture } => {
                if self
                    .live(call)
                    .is_some_and(|call| std::mem::replace(&mut call.picture, picture) != picture)
                {
                    self.tell_media(call, out);
                }
            }
            Command::ShareScreen { call, on } => {
                if self.live(call).is_some_and(|call| std::mem::replace(&mut call.shares, on) != on) {
                    self.tell_media(call, out);
                }
            }
            Command::RaiseHand { call, raised } => self.raise_hand(call, raised, out),
            Command::React { call, id, reaction } => self.react(now, call, (id, reaction), out),
            Command::Write { call, id, text } => self.write(call, (id, &text), out),
            Command::MuteOther { call, user } => self.decide(call, Decision::Mute(user), out),
            Command::Remove { call, user } => self.decide(call, Decision::Remove(user), out),
            Command::Lock { call, locked } => self.decide(call, Decision::Lock(locked), out),
            Command::HaveWait { call, on } => self.decide(call, Decision::HaveWait(on), out),
            Command::Admit { call, user, admitted } => {
                self.decide(call, Decision::Admit(user, admitted), out);
            }
            Command::Look { call, looks } => self.looks(call, looks),
            Command::Hold { call, held } => self.hold(call, held, out),
            Command::Dismiss { call } => self.forget(call),
            Command::Close => {
                self.rivals.clear();
                for key in self.keys_of(|_| true) {
                    // What rings goes on ringing at the other devices.
                    match self.calls[&key].rings_here() {
                        true => self.end(now, key, EndReason::Missed, Tell::Nothing, out),
                        false => self.hang_up(now, key, out),
                    }
                }
                self.calls.clear();
            }
        }
    }

    /// A call that this device begins. None if it cannot have another one; the person is told why.
    fn begin(
        &mut self,
        now: Time,
        room: RoomName,
        kind: Kind,
        call_type: CallType,
        out: &mut Vec<Effect>,
    ) -> Option<CallKey> {
        // One that is spoken in can wait; one that rings has to be answered or ended first.
        let is_free = self.live_calls().count() < MOST_CALLS
            && self.live_calls().all(|call| call.is_talking() && call.room != room);
        let key = self.new_key();
        let (phase, servers) = (Phase::Dialing { until: now + self.settings.dial }, self.servers.clone());
        let mut call = Call::new(key, Direction::Outgoing, room, kind, call_type, phase, servers);
        call.picture = Picture::of(call_type);
        if is_free {
            self.hold_others(key, out);
        }
        self.calls.insert(key, call);
        if !is_free {
            self.end(now, key, EndReason::AlreadyInCall, Tell::Nothing, out);
            return None;
        }
        Some(key)
    }

    /// Makes the offer of a call that begins. Before the server was ever there it waits: without the relays that the
    /// server names, a connection has no way out of most networks.
    pub(crate) fn dial(&mut self, now: Time, (key, to): (CallKey, UserId), out: &mut Vec<Effect>) {
        let servers = self.servers.clone();
        // One that gave way to a call of theirs gets their offer.
        let Some(call) = self.live(key).filter(|call| call.direction == Direction::Outgoing) else { return };
        call.servers = servers.clone();
        let Some(person) = call.people.get_mut(&to).filter(|person| person.wire.is_none()) else { return };
        let (mut wire, mut wishes) = Wire::offering(servers, false, (0, None));
        wishes.extend(wire.open());
        person.wire = Some(wire);
        self.grant(now, (key, to.into()), wishes, out);
    }

    pub(crate) fn ask_to_join(&mut self, key: CallKey, out: &mut Vec<Effect>) {
        let me = self.me;
        let Some(call) = self.live(key) else { return };
        let (audio, video) = (Some(!call.muted), Some(call.picture != Picture::None));
        let join = JoinRoom { room_name: call.room.clone(), user_id: me, sdp_offer: None, audio, video };
        self.ask(key, What::Join, ClientEvent::JoinRoom(join), out);
    }

    fn accept(&mut self, now: Time, key: CallKey, call_type: CallType, out: &mut Vec<Effect>) {
        let until = now + self.settings.answer;
        if !self.live(key).is_some_and(|call| call.rings_here()) {
            return;
        }
        self.make_way(now, key, out);
        let Some(call) = self.live(key) else { return };
        call.picture = Picture::of(call_type);
        match &mut call.phase {
            Phase::Woken { until: woken, accepted } => {
                // Sent when the server says that it still rings.
                (*woken, *accepted) = (until, true);
                return;
            }
            Phase::Ringing { answer, .. } => {
                let answer = answer.take();
                call.phase = Phase::Answering { until, sent: answer.is_some() };
                let Kind::Pair { with } = call.kind else {
                    call.phase = Phase::Answering { until, sent: true };
                    self.ask_to_join(key, out);
                    return;
                };
                if let Some(sdp_answer) = answer {
                    let accept = Accept { room_name: call.room.clone(), user_id: self.me, sdp_answer };
                    self.ask(key, What::Accept, ClientEvent::Accept(accept), out);
                }
                self.open(now, key, with, out);
            }
            Phase::Dialing { .. }
            | Phase::Calling { .. }
            | Phase::Answering { .. }
            | Phase::AtTheDoor
            | Phase::Talking { .. }
            | Phase::Ended { .. } => {}
        }
        self.tell_media_if_unusual(key, out);
    }

    /// Another call is answered: the one that is spoken in is put on hold, one that is being dialled is given up.
    fn make_way(&mut self, now: Time, but: CallKey, out: &mut Vec<Effect>) {
        for key in self.keys_of(|call| call.key != but && call.is_wanted() && !call.is_talking()) {
            self.hang_up(now, key, out);
        }
        self.hold_others(but, out);
    }

    pub(crate) fn hold_others(&mut self, but: CallKey, out: &mut Vec<Effect>) {
        for key in self.keys_of(|call| call.key != but && call.is_talking()) {
            self.set_held(key, true, out);
        }
    }

    fn hold(&mut self, key: CallKey, held: bool, out: &mut Vec<Effect>) {
        if !self.live(key).is_some_and(|call| call.is_talking()) {
            return;
        }
        if !held {
            self.hold_others(key, out);
        }
        self.set_held(key, held, out);
    }

    fn set_held(&mut self, key: CallKey, held: bool, out: &mut Vec<Effect>) {
        if self.live(key).is_some_and(|call| std::mem::replace(&mut call.held, held) != held) {
            self.tell_media(key, out);
        }
    }

    fn hang_up(&mut self, now: Time, key: CallKey, out: &mut Vec<Effect>) {
        let is_initiated = self.has_asked(key, What::Initiate) || self.has_asked(key, What::Join);
        let Some(call) = self.live(key) else { return };
        let (reason, tell) = match call.phase {
            // We called each other, and their call rings here, though nobody has seen it yet.
            Phase::Dialing { .. } if call.direction == Direction::Incoming => {
                (EndReason::WeCancelled, Tell::Reject(RejectReason::Declined))
            }
            Phase::Dialing { .. } if !is_initiated => (EndReason::WeCancelled, Tell::Nothing),
            Phase::Dialing { .. } | Phase::Calling { .. } | Phase::AtTheDoor => {
                (EndReason::WeCancelled, Tell::End(EndWish::Cancelled))
            }
            Phase::Woken { accepted: false, .. } | Phase::Ringing { .. } => {
                (EndReason::WeDeclined, Tell::Reject(RejectReason::Declined))
            }
            Phase::Woken { accepted: true, .. } | Phase::Answering { .. } | Phase::Talking { .. } => {
                (EndReason::WeHungUp, Tell::End(EndWish::Completed))
            }
            Phase::Ended { .. } => return,
        };
        self.end(now, key, reason, tell, out);
    }

    /// Tells the others what we send, once they are there to hear it.
    pub(crate) fn tell_media(&mut self, key: CallKey, out: &mut Vec<Effect>) {
        let me = self.me;
        let Some(call) = self.live(key) else { return };
        match call.phase {
            Phase::Calling { .. } | Phase::Answering { sent: true, .. } | Phase::Talking { .. } => {}
            // It is said when the server knows the call.
            Phase::Dialing { .. }
            | Phase::Woken { .. }
            | Phase::Ringing { .. }
            | Phase::Answering { .. }
            | Phase::AtTheDoor
            | Phase::Ended { .. } => return,
        }
        let toggle = ToggleMedia {
            room_name: call.room.clone(),
            user_id: me,
            audio: !call.muted && !call.held,
            video: call.shows_in_place_of_camera() && !call.held,
            screen: Some(call.shows_screen() && !call.held),
        };
        self.ask(key, What::Media, ClientEvent::ToggleMedia(toggle), out);
    }

    /// The same, unless it is what everybody expects of a call of its type.
    pub(crate) fn tell_media_if_unusual(&mut self, key: CallKey, out: &mut Vec<Effect>) {
        let is_unusual = self.live(key).is_some_and(|call| {
            let shows = call.shows_in_place_of_camera();
            call.muted || call.held || call.shows_screen() || shows != (call.call_type == CallType::Video)
        });
        if is_unusual {
            self.tell_media(key, out);
        }
    }

    pub(crate) fn peer_said(&mut self, now: Time, peer: PeerKey, said: FromPeer, out: &mut Vec<Effect>) {
        let PeerKey { call, to, build } = peer;
        let Some(known) = self.live(call) else { return };
        let is_adrift = known.adrift;
        if known.wire(to).is_none_or(|wire| wire.build() != build) {
            // One that was built anew meanwhile.
            return;
        }
        if said == FromPeer::Closed && to != Recipient::MediaServer && !known.by_server.is_straight() {
            // They hear us through the media server by now.
            let close = known.close_wire(to);
            self.grant(now, (call, to), close.into_iter().collect(), out);
            return;
        }
        if let Recipient::User(user) = to
            && is_adrift
            && said == FromPeer::Closed
        {
            // The server would have told, but does not know this call any more.
            let close = known.close_wire(to);
            known.people.remove(&user);
            let is_alone = known.people.is_empty();
            self.grant(now, (call, to), close.into_iter().collect(), out);
            if is_alone {
                self.end(now, call, EndReason::TheyHungUp, Tell::Nothing, out);
            }
            return;
        }
        self.on_wire(now, (call, to), out, |wire, around| wire.said(around, said));
    }

    pub(crate) fn device_said(&mut self, now: Time, from: FromDevice, out: &mut Vec<Effect>) {
        match from {
            FromDevice::NetworkChanged => {
                self.on_all_wires(now, out, |wire, around| wire.network_changed(around));
            }
            FromDevice::NoMicrophone => {
                for key in self.keys_of(Call::is_wanted) {
                    match self.calls[&key].is_talking() {
                        // The others are still heard.
                        true => self.command(now, Command::Mute { call: key, muted: true }, out),
                        false => {
                            let tell = Tell::End(EndWish::Failed);
                            self.end(now, key, EndReason::NoMicrophone, tell, out);
                        }
                    }
                }
            }
            FromDevice::NoCamera => self.show_no_more(now, Picture::Camera, out),
            FromDevice::NoScreen => {
                self.show_no_more(now, Picture::Screen, out);
                for call in self.keys_of(|call| call.shares) {
                    self.command(now, Command::ShareScreen { call, on: false }, out);
                }
            }
        }
    }

    fn show_no_more(&mut self, now: Time, picture: Picture, out: &mut Vec<Effect>) {
        for key in self.keys_of(|call| call.picture == picture) {
            self.command(now, Command::Show { call: key, picture: Picture::None }, out);
        }
    }

    pub(crate) fn keep_servers(&mut self, key: CallKey, servers: &IceServers) {
        if servers.0.is_empty() {
            return;
        }
        self.servers = servers.clone();
        if let Some(call) = self.live(key) {
            call.refresh_servers(servers);
        }
    }
}
