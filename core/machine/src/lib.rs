//! What one device of one user does in calls: a pure function of (state, time, input).
//!
//! No clock, thread, socket, randomness or failure. Whatever happens outside becomes an [`Input`]; whatever shall
//! happen comes back as [`Effect`]s, in order. Late, repeated and impossible inputs are ordinary ones and are ignored
//! by name. The same rules run in the engine, in the simulation against the server's rules, and in a replay.
#![forbid(unsafe_code)]

mod answers;
mod call;
mod chat;
mod commands;
mod end;
mod events;
mod host;
mod io;
pub mod oracle;
mod outputs;
mod room;
mod session;
mod settings;
mod snapshot;
mod way;
mod wire;

pub use end::{EndReason, Language, Side};
pub use io::{
    AskId, CallKey, Callee, Command, Effect, FromDevice, FromPeer, FromServer, Gate, Input, LocalCandidate,
    Looks, PeerKey, PeerOrder, Picture, RemoteCandidate, Sound, Time,
};
pub use settings::Settings;
pub use snapshot::{
    CallKind, CallSnapshot, CallState, ChatLine, ChatState, Direction, Other, Path, ServerLink, Shown,
    Snapshot, Waiting,
};

use call::{Call, Phase, candidate_event};
use calls_protocol::{
    Accept, CallTarget, ClientEvent, End, EndWish, IceServers, Incoming, Initiate, Recipient, Reject,
    RejectReason, Renegotiate, RoomName, Sdp, UserId,
};
use outputs::Outputs;
use std::collections::BTreeMap;
use wire::{Around, Wire, Wish};

/// Calls that go on at once: one that is spoken in, and one on hold or ringing.
const MOST_CALLS: usize = 2;

/// The state of one device.
#[derive(Debug, Clone)]
pub struct Machine {
    me: UserId,
    settings: Settings,
    server: ServerLink,
    /// The STUN and TURN servers that were named last.
    servers: IceServers,
    calls: BTreeMap<CallKey, Call>,
    /// Calls of somebody whom we are calling ourselves. The server decides which of the two it is.
    rivals: BTreeMap<CallKey, Rival>,
    next_call: u32,
    next_ask: u64,
    asked: BTreeMap<AskId, Asked>,
    outputs: Outputs,
}

/// Somebody whom we call, calling us.
#[derive(Debug, Clone)]
struct Rival {
    incoming: Incoming,
    candidates: Vec<RemoteCandidate>,
}

/// What a question to the server was about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Asked {
    call: CallKey,
    what: What,
    /// The line broke since, so what the room told meanwhile may be lost.
    is_again: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Initiate,
    Accept,
    Join,
    Resume,
    /// Our offer to the media server.
    Offer,
    /// What we send: voice, picture.
    Media,
    /// Our hand goes up, or down.
    Hand(bool),
    /// Nobody new comes in, or they do again.
    Lock(bool),
    /// Newcomers wait, or do not.
    HaveWait(bool),
    /// Somebody who waits comes in, or does not.
    Decide(UserId),
    /// The reaction with this number.
    React(u32),
    /// The line of the chat with this number.
    Write(u32),
    /// The answer changes nothing.
    Say,
}

impl What {
    fn is_said(self) -> bool {
        matches!(self, Self::Say | Self::Offer | Self::Media | Self::React(_) | Self::Write(_))
    }
}

/// How the server is told that a call is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tell {
    /// It knows, or never knew of the call.
    Nothing,
    End(EndWish),
    Reject(RejectReason),
}

impl Machine {
    /// A device of `me` that is in no call and does not know the server yet.
    pub fn new(me: UserId, settings: Settings) -> Self {
        Self {
            me,
            settings,
            server: ServerLink::Down,
            servers: IceServers::default(),
            calls: BTreeMap::new(),
            rivals: BTreeMap::new(),
            next_call: 1,
            next_ask: 1,
            asked: BTreeMap::new(),
            outputs: Outputs::default(),
        }
    }

    /// Takes one input and returns what it asks of the outside, in order. `now` never goes back.
    #[must_use = "an effect that is not run is lost"]
    pub fn handle(&mut self, now: Time, input: Input) -> Vec<Effect> {
        let mut out = Vec::new();
        match input {
            Input::App(command) => self.command(now, command, &mut out),
            Input::Server(from) => self.server_said(now, from, &mut out),
            Input::Peer(peer, said) => self.peer_said(now, peer, said, &mut out),
            Input::Device(from) => self.device_said(now, from, &mut out),
            Input::Tick => self.tick(now, &mut out),
        }
        self.settle_ways(now, &mut out);
        self.settle_outputs(&mut out);
        out
    }

    /// When [`Input::Tick`] is wanted next.
    pub fn deadline(&self) -> Option<Time> {
        self.calls.values().filter_map(|call| call.deadline(&self.settings, self.server)).min()
    }

    /// The key that the next call will have.
    pub fn next_call(&self) -> CallKey {
        CallKey(self.next_call)
    }

    /// What is so now.
    pub fn snapshot(&self) -> Snapshot {
        let calls = self.calls.values().map(|call| self.with_wishes(call.snapshot()));
        Snapshot { server: self.server, calls: calls.collect() }
    }

    fn snapshot_of(&self, key: CallKey) -> Option<CallSnapshot> {
        Some(self.with_wishes(self.calls.get(&key)?.snapshot()))
    }

    /// What the person wants and the server has not answered yet is shown as if it were so.
    fn with_wishes(&self, mut call: CallSnapshot) -> CallSnapshot {
        if call.host != Some(self.me) {
            call.waiting.clear();
        }
        for asked in self.asked.values().filter(|asked| asked.call == call.key) {
            match asked.what {
                What::Hand(raised) => call.is_hand_up = raised,
                What::Lock(locked) => call.is_locked = locked,
                What::HaveWait(on) => call.has_waiting_room = on,
                What::Decide(user) => call.waiting.retain(|them| them.user != user),
                What::Initiate
                | What::Accept
                | What::Join
                | What::Resume
                | What::Offer
                | What::Media
                | What::React(_)
                | What::Write(_)
                | What::Say => {}
            }
        }
        call
    }

    /// Whether anything that was said to the server was not answered yet.
    pub fn is_asking(&self) -> bool {
        !self.asked.is_empty()
    }

    /// All that can matter for what happens next, in short words and with times relative to now. Two states with the
    /// same summary behave alike, but for the keys that new calls and questions get.
    pub fn summary(&self, now: Time) -> String {
        let calls: Vec<_> = self.calls.values().map(|call| call.summary(now)).collect();
        let keys: Vec<_> = self.calls.keys().collect();
        let place = |key: &CallKey| keys.iter().position(|other| *other == key);
        let rivals: Vec<_> =
            self.rivals.iter().map(|(key, rival)| (place(key), &rival.incoming.room_name)).collect();
        // What is only said is answered by nothing that matters. Of the rest the names do not.
        let matters = self.asked.values().filter(|asked| !asked.what.is_said());
        let asked: Vec<_> = matters.map(|asked| (place(&asked.call), asked.what, asked.is_again)).collect();
        // In a room of many a host may silence us while the server has yet to read what we send.
        let crowds = self.calls.values().filter(|call| call.with().is_none());
        let tells: Vec<_> = crowds.map(|call| self.has_asked(call.key, What::Media)).collect();
        format!("{:?} {calls:?} {rivals:?} {asked:?} {tells:?}", self.server)
    }

    fn live_calls(&self) -> impl Iterator<Item = &Call> {
        self.calls.values().filter(|call| call.is_live())
    }

    /// Of the live calls of which something holds. Taken down first, since what is done to one may end another.
    fn keys_of(&self, holds: impl Fn(&Call) -> bool) -> Vec<CallKey> {
        self.live_calls().filter(|call| holds(call)).map(|call| call.key).collect()
    }

    fn live_in(&self, room: &RoomName) -> Option<CallKey> {
        self.live_calls().find(|call| call.room == *room).map(|call| call.key)
    }

    fn live(&mut self, key: CallKey) -> Option<&mut Call> {
        self.calls.get_mut(&key).filter(|call| call.is_live())
    }

    fn new_key(&mut self) -> CallKey {
        let key = CallKey(self.next_call);
        self.next_call += 1;
        key
    }

    fn ask(&mut self, call: CallKey, what: What, event: ClientEvent, out: &mut Vec<Effect>) {
        let ask = AskId(self.next_ask);
        self.next_ask += 1;
        self.asked.insert(ask, Asked { call, what, is_again: false });
        out.push(Effect::Ask { ask, event: Box::new(event) });
    }

    fn has_asked(&self, call: CallKey, what: What) -> bool {
        self.asked.values().any(|asked| (asked.call, asked.what) == (call, what))
    }

    /// Works on one wire of a live call with what it may look at, and does what it wishes.
    fn on_wire(
        &mut self,
        now: Time,
        (key, to): (CallKey, Recipient),
        out: &mut Vec<Effect>,
        act: impl FnOnce(&mut Wire, Around<'_>) -> Vec<Wish>,
    ) {
        let around = Around::new(now, &self.settings, self.server);
        let call = self.calls.get_mut(&key).filter(|call| call.is_live());
        let Some(wire) = call.and_then(|call| call.wire(to)) else { return };
        let wishes = act(wire, around);
        self.grant(now, (key, to), wishes, out);
    }

    fn on_all_wires(
        &mut self,
        now: Time,
        out: &mut Vec<Effect>,
        act: impl Fn(&mut Wire, Around<'_>) -> Vec<Wish>,
    ) {
        let all: Vec<PeerKey> = self.live_calls().flat_map(Call::peers).collect();
        for PeerKey { call, to, .. } in all {
            self.on_wire(now, (call, to), out, &act);
        }
    }

    /// Does what a wire wishes.
    fn grant(
        &mut self,
        now: Time,
        (key, to): (CallKey, Recipient),
        wishes: Vec<Wish>,
        out: &mut Vec<Effect>,
    ) {
        for wish in wishes {
            match wish {
                Wish::Order(build, order) => {
                    out.push(Effect::Peer(PeerKey { call: key, to, build }, order));
                }
                Wish::Offer(offer) => self.send_offer((key, to), offer, out),
                Wish::Answer(answer) => self.send_answer((key, to), answer, out),
                Wish::Candidate(candidate) => {
                    let me = self.me;
                    // The media server sees by our checks where we are.
                    if let (Some(call), Recipient::User(user)) = (self.live(key), to) {
                        let event = candidate_event(&call.room, (me, user), candidate);
                        self.ask(key, What::Say, ClientEvent::IceCandidate(event), out);
                    }
                }
                Wish::GiveUp(reason) => self.give_up(now, (key, to), reason, out),
            }
        }
    }

    fn send_offer(&mut self, (key, to): (CallKey, Recipient), offer: Sdp, out: &mut Vec<Effect>) {
        let is_first = !self.has_asked(key, What::Initiate);
        let me = self.me;
        let Some(call) = self.live(key) else { return };
        let room_name = call.room.clone();
        if is_first
            && matches!(call.phase, Phase::Dialing { .. })
            && call.with().is_some()
            && let Recipient::User(user) = to
        {
            let target = CallTarget::User { to: user, offer };
            let initiate = Initiate { from_id: me, target, call_type: call.call_type, room_name };
            self.ask(key, What::Initiate, ClientEvent::Initiate(initiate), out);
            return;
        }
        self.describe(key, to, (Some(offer), None), out);
    }

    fn send_answer(&mut self, (key, to): (CallKey, Recipient), made: Sdp, out: &mut Vec<Effect>) {
        let me = self.me;
        let Some(call) = self.live(key) else { return };
        if to == Recipient::MediaServer {
            return self.describe(key, to, (None, Some(made)), out);
        }
        match &mut call.phase {
            Phase::Ringing { answer, .. } => *answer = Some(made),
            Phase::Answering { sent, .. } if !*sent => {
                *sent = true;
                let accept = Accept { room_name: call.room.clone(), user_id: me, sdp_answer: made };
                self.ask(key, What::Accept, ClientEvent::Accept(accept), out);
                self.tell_media_if_unusual(key, out);
            }
            Phase::Dialing { .. }
            | Phase::Calling { .. }
            | Phase::Woken { .. }
            | Phase::Answering { .. }
            | Phase::AtTheDoor
            | Phase::Talking { .. }
            | Phase::Ended { .. } => self.describe(key, to, (None, Some(made)), out),
        }
    }

    fn describe(
        &mut self,
        key: CallKey,
        to_user_id: Recipient,
        (sdp_offer, sdp_answer): (Option<Sdp>, Option<Sdp>),
        out: &mut Vec<Effect>,
    ) {
        let Some(call) = self.live(key) else { return };
        let is_offered = to_user_id == Recipient::MediaServer && sdp_offer.is_some();
        let what = if is_offered { What::Offer } else { What::Say };
        let message = Renegotiate { room_name: call.room.clone(), to_user_id, sdp_offer, sdp_answer };
        self.ask(key, what, ClientEvent::Renegotiate(message), out);
    }

    /// A wire cannot be kept.
    fn give_up(
        &mut self,
        now: Time,
        (key, to): (CallKey, Recipient),
        reason: EndReason,
        out: &mut Vec<Effect>,
    ) {
        let Some(call) = self.live(key) else { return };
        let reason = call.where_lost(reason);
        if call.with().is_some() {
            self.end(now, key, reason, Tell::End(EndWish::Failed), out);
            return;
        }
        // The others in the room go on. This one is tried anew; a fault is not tried again.
        let is_polite = call.wire(to).is_some_and(|wire| wire.is_polite());
        let is_straight = call.by_server.is_straight();
        let Some(close) = call.close_wire(to) else { return };
        self.grant(now, (key, to), vec![close], out);
        if matches!(reason, EndReason::TheirFault | EndReason::OurFault) {
            return;
        }
        match to {
            Recipient::User(user) if is_straight => self.offer_to(now, (key, user), is_polite, out),
            Recipient::MediaServer if !is_straight => self.connect_to_server(now, key, out),
            // It is not the way any more.
            Recipient::User(_) | Recipient::MediaServer => {}
        }
    }

    /// Begins a connection to somebody in the room.
    pub(crate) fn offer_to(
        &mut self,
        now: Time,
        (key, user): (CallKey, UserId),
        is_polite: bool,
        out: &mut Vec<Effect>,
    ) {
        let around = Around::new(now, &self.settings, self.server);
        let Some(call) = self.calls.get_mut(&key) else { return };
        let build = call.next_build(user.into());
        let Some(person) = call.people.get_mut(&user).filter(|person| person.wire.is_none()) else { return };
        let (mut wire, mut wishes) = Wire::offering(call.servers.clone(), is_polite, build);
        wishes.extend(wire.open());
        wire.expect_media(around);
        person.wire = Some(wire);
        self.grant(now, (key, user.into()), wishes, out);
    }

    /// Ends a call here. What waits for the server is forgotten, what it does not know yet is told.
    fn end(&mut self, now: Time, key: CallKey, reason: EndReason, tell: Tell, out: &mut Vec<Effect>) {
        let me = self.me;
        let until = now + self.settings.show_end;
        let Some(call) = self.live(key) else { return };
        let room_name = call.room.clone();
        let closed = call.close_wires();
        call.phase = Phase::Ended { reason, until };
        call.held = false;
        call.talk.end();
        call.door.forget_waiting();
        for (to, wish) in closed {
            self.grant(now, (key, to), vec![wish], out);
        }
        self.forget_asked(key, out);
        match tell {
            Tell::Nothing => {}
            Tell::End(reason) => {
                let end = End { room_name, user_id: me, reason };
                self.ask(key, What::Say, ClientEvent::End(end), out);
            }
            Tell::Reject(reason) => {
                let reject = Reject { room_name, user_id: me, reason };
                self.ask(key, What::Say, ClientEvent::Reject(reject), out);
            }
        }
        out.push(Effect::Ended { call: key, reason });
        if let Some(rival) = self.rivals.remove(&key) {
            // We wanted to talk to them and do not any more; they still do.
            self.ring(now, rival, out);
        }
    }

    fn tick(&mut self, now: Time, out: &mut Vec<Effect>) {
        self.calls.values_mut().for_each(|call| call.talk.tick(now));
        let keys: Vec<CallKey> = self.calls.keys().copied().collect();
        for key in keys {
            self.time_is_up(now, key, out);
        }
        self.on_all_wires(now, out, |wire, around| wire.tick(around));
    }

    fn time_is_up(&mut self, now: Time, key: CallKey, out: &mut Vec<Effect>) {
        let is_initiated = self.has_asked(key, What::Initiate) || self.has_asked(key, What::Join);
        let server_is_up = self.server == ServerLink::Up;
        let Some(call) = self.calls.get(&key) else { return };
        match call.phase {
            Phase::Dialing { until } if until <= now => {
                let reason = match call.direction {
                    // We called each other, and their call was to go on; it was over before it rang here.
                    Direction::Incoming => EndReason::NoAnswer,
                    Direction::Outgoing if server_is_up => EndReason::OurFault,
                    Direction::Outgoing => EndReason::NoServer,
                };
                let tell = if is_initiated { Tell::End(EndWish::Cancelled) } else { Tell::Nothing };
                self.end(now, key, reason, tell, out);
            }
            Phase::Calling { until, .. } if until <= now => {
                // Without the server nobody knows whether they answered.
                let reason = if server_is_up { EndReason::NoAnswer } else { EndReason::NoServer };
                self.end(now, key, reason, Tell::End(EndWish::Cancelled), out);
            }
            Phase::Woken { until, .. } | Phase::Ringing { until, .. } if until <= now => {
                // The server knows: it rang for less long than this.
                self.end(now, key, EndReason::Missed, Tell::Nothing, out);
            }
            Phase::Answering { until, .. } if until <= now => {
                self.end(now, key, EndReason::NoServer, Tell::End(EndWish::Failed), out);
            }
            Phase::Ended { until, .. } if until <= now => self.forget(key),
            Phase::Dialing { .. }
            | Phase::Calling { .. }
            | Phase::Woken { .. }
            | Phase::Ringing { .. }
            | Phase::Answering { .. }
            | Phase::AtTheDoor
            | Phase::Talking { .. }
            | Phase::Ended { .. } => {}
        }
    }

    /// Nobody looks at an ended call any more. What it had to tell the server is still told.
    fn forget(&mut self, key: CallKey) {
        if self.calls.get(&key).is_some_and(|call| !call.is_live()) {
            self.calls.remove(&key);
        }
    }
}
