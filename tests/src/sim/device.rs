//! A device with a decent app: it answers or not, talks, hangs up, loses its connection, and keeps its own books of
//! what it heard.
mod intent;
mod many;
mod view;

pub(crate) use intent::{Intent, something_to_do};

use super::{Cx, Down, What, backend::room_of_open, group_id, number_in, numbered};
use calls_protocol::{
    Accept, Ack, CallTarget, CallType, ClientEvent, DeviceId, End, EndWish, ErrorCode, EventId, IceCandidate,
    Initiate, JoinRoom, LeaveRoom, Recipient, Refusal, Register, Reject, RejectReason, Renegotiate, Resume,
    RoomName, Sdp, ServerEvent, Stats, ToggleMedia, UserId,
};
use calls_server::calls::{OpenCall, SocketId};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use view::{DEVICE, Phase, STAY, View};

pub(crate) struct Device {
    index: usize,
    pub(crate) user: UserId,
    id: DeviceId,
    socket: Option<SocketId>,
    is_registered: bool,
    /// Not acknowledged yet, in order.
    outbox: Vec<(u64, ClientEvent)>,
    asked: HashMap<u64, Asked>,
    next_ack: u64,
    next_room: u64,
    rooms: BTreeMap<RoomName, View>,
    /// Rooms that this device knows to be over: they never ring again.
    over: HashSet<RoomName>,
    /// Rooms that went on when the server was killed: it forgot what it had told there.
    have_gaps: HashSet<RoomName>,
    views: u64,
}

/// What an acknowledgement will be about.
#[derive(Debug, Clone)]
enum Asked {
    Register,
    Resume(RoomName),
    Open(RoomName),
    Other,
}

impl Device {
    pub(crate) fn new(index: usize, user: UserId, device: u64) -> Self {
        let id = DeviceId::new(&format!("device-{user}-{device}")).expect("a device id");
        Self {
            index,
            user,
            id,
            socket: None,
            is_registered: false,
            outbox: Vec::new(),
            asked: HashMap::new(),
            next_ack: 0,
            next_room: 0,
            rooms: BTreeMap::new(),
            over: HashSet::new(),
            have_gaps: HashSet::new(),
            views: 0,
        }
    }

    pub(crate) fn hears(&self, socket: SocketId) -> bool {
        self.socket == Some(socket)
    }

    pub(crate) fn connect(&mut self, cx: &mut Cx<'_>) {
        if self.socket.is_some() {
            return;
        }
        let socket = cx.network.connect(cx.now, self.index);
        self.socket = Some(socket);
        self.is_registered = false;
        let register = Register {
            user_id: self.user,
            device_id: Some(self.id.clone()),
            platform: None,
            push_token: None,
            call_waiting: false,
        };
        self.ask(cx, Asked::Register, ClientEvent::Register(register));
    }

    /// The connection is dead, and this device knows.
    pub(crate) fn notice(&mut self, cx: &mut Cx<'_>, socket: SocketId) {
        if self.socket != Some(socket) {
            return;
        }
        self.socket = None;
        self.is_registered = false;
        self.asked.retain(|_, asked| !matches!(asked, Asked::Register | Asked::Resume(_)));
        let away = if cx.is_evening && cx.random.one_in(8) {
            cx.random.below(50_000)
        } else {
            cx.random.below(6_000)
        };
        cx.agenda.add(cx.now + 100 + away, What::Connects(self.index));
    }

    pub(crate) fn server_was_killed<'a>(&mut self, open: impl Iterator<Item = &'a OpenCall>) {
        self.have_gaps.extend(open.map(room_of_open).cloned());
        for view in self.rooms.values_mut() {
            view.has_gaps = true;
        }
        // Rows that were lost with it may give their ids, never their rooms, to others; but a lost end rings again.
        self.over.clear();
    }

    pub(crate) fn at_rest(&self) -> Result<(), String> {
        match self.rooms.iter().next() {
            None => Ok(()),
            Some((room, view)) => {
                Err(format!("device {} believes to be in {room}, {:?}, at rest", self.index, view.phase))
            }
        }
    }

    pub(crate) fn expect_before_the_end(&mut self, room: &RoomName, sender: usize, number: u64) {
        if let Some(view) = self.rooms.get_mut(room) {
            view.expected.insert(sender, number);
        }
    }

    // What goes out.

    fn ask(&mut self, cx: &mut Cx<'_>, about: Asked, event: ClientEvent) {
        self.next_ack += 1;
        self.asked.insert(self.next_ack, about);
        self.send(cx, self.next_ack, event);
    }

    fn send(&self, cx: &mut Cx<'_>, ack: u64, event: ClientEvent) {
        if let Some(socket) = self.socket {
            cx.network.send_up(cx.now, cx.random, cx.agenda, socket, event, ack);
        }
    }

    /// Sends what must arrive: it stays in the outbox until it is acknowledged.
    fn emit(&mut self, cx: &mut Cx<'_>, about: Asked, event: ClientEvent) {
        self.next_ack += 1;
        self.asked.insert(self.next_ack, about);
        self.outbox.push((self.next_ack, event.clone()));
        if self.is_registered {
            if cx.random.one_in(25) {
                // An app that is not sure sends it twice.
                self.send(cx, self.next_ack, event.clone());
            }
            self.send(cx, self.next_ack, event);
        }
    }

    fn enter(&mut self, room: &RoomName, phase: Phase, is_pair: bool) -> &mut View {
        self.views += 1;
        let number = (u64::try_from(self.index).expect("few devices") + 1) * DEVICE + self.views;
        let view = View {
            phase,
            is_pair,
            last: 0,
            has_gaps: self.have_gaps.contains(room),
            present: BTreeSet::new(),
            number,
            sent: HashMap::new(),
            seen: HashMap::new(),
            expected: HashMap::new(),
            many: Default::default(),
        };
        self.rooms.entry(room.clone()).insert_entry(view).into_mut()
    }

    fn forget(&mut self, room: &RoomName) {
        if let Some(view) = self.rooms.remove(room)
            && view.is_pair
        {
            self.over.insert(room.clone());
        }
        self.outbox.retain(|(_, event)| {
            event.room() != Some(room)
                || matches!(event, ClientEvent::End(_) | ClientEvent::Reject(_) | ClientEvent::LeaveRoom(_))
        });
    }

    fn is_busy(&self) -> bool {
        self.rooms.values().any(|view| view.phase != Phase::Ringing)
    }

    pub(crate) fn act(&mut self, cx: &mut Cx<'_>, intent: Intent, everyone: &[UserId]) {
        match intent {
            Intent::Calls => self.call(cx, everyone),
            Intent::CallsTheGroup => self.call_the_group(cx),
            Intent::OpensARoom => self.open_a_room(cx),
            Intent::Answers(room) => self.answer(cx, &room),
            Intent::GivesUp(room) => {
                if self.rooms.get(&room).is_some_and(|view| view.phase == Phase::Dialling) {
                    self.leave(cx, &room, EndWish::Cancelled);
                }
            }
            Intent::Talks(room) => self.talk(cx, &room),
            Intent::HangsUp(room) => {
                if self.rooms.get(&room).is_some_and(|view| view.phase == Phase::Live) {
                    self.leave(cx, &room, EndWish::Completed);
                }
            }
            Intent::LosesTheNetwork => {
                if let Some(socket) = self.socket {
                    cx.network.plan_break(cx.now, cx.random, cx.agenda, socket);
                }
            }
            Intent::KillsTheApp => {
                self.rooms.clear();
                self.outbox.clear();
                self.asked.clear();
                self.over.clear();
                if let Some(socket) = self.socket {
                    cx.network.plan_break(cx.now, cx.random, cx.agenda, socket);
                    self.notice(cx, socket);
                }
            }
            Intent::SaysGoodbye => {
                for room in self.rooms.keys().cloned().collect::<Vec<_>>() {
                    self.leave(cx, &room, EndWish::Completed);
                }
            }
        }
    }

    fn later(&self, cx: &mut Cx<'_>, least: u64, spread: u64, intent: Intent) {
        let at = cx.now + least + cx.random.below(spread);
        cx.agenda.add(at, What::Intends(self.index, intent));
    }

    fn room_name(&mut self, cx: &mut Cx<'_>) -> RoomName {
        self.next_room += 1;
        // Names in any order: in a glare the lower one survives.
        let name = format!("{}-{}-{}", cx.random.below(100), self.index, self.next_room);
        RoomName::new(&name).expect("a room name")
    }

    fn call(&mut self, cx: &mut Cx<'_>, everyone: &[UserId]) {
        let Some(to) = cx.random.pick(everyone).copied().filter(|to| *to != self.user) else { return };
        if self.is_busy() || !cx.is_evening {
            return;
        }
        let room = self.room_name(cx);
        let offer = Sdp::from_json("\"offer\"").expect("a string is an offer");
        self.enter(&room, Phase::Dialling, true).present.insert(to);
        let target = CallTarget::User { to, offer };
        let initiate =
            Initiate { from_id: self.user, target, call_type: CallType::Video, room_name: room.clone() };
        self.emit(cx, Asked::Open(room.clone()), ClientEvent::Initiate(initiate));
        self.later(cx, 3_000, 60_000, Intent::GivesUp(room.clone()));
        self.trickle(cx, &room);
    }

    fn call_the_group(&mut self, cx: &mut Cx<'_>) {
        if self.is_busy() || !cx.is_evening || self.user.get() > 3 {
            return;
        }
        let room = self.room_name(cx);
        self.enter(&room, Phase::Entering, false);
        let target = CallTarget::Group { group: group_id(), offer: None };
        let initiate =
            Initiate { from_id: self.user, target, call_type: CallType::Audio, room_name: room.clone() };
        self.emit(cx, Asked::Open(room), ClientEvent::Initiate(initiate));
    }

    fn open_a_room(&mut self, cx: &mut Cx<'_>) {
        let room =
            RoomName::new(if cx.random.one_in(2) { "lounge" } else { "kitchen" }).expect("a room name");
        if !self.is_busy() && cx.is_evening {
            self.join(cx, &room);
        }
    }

    fn join(&mut self, cx: &mut Cx<'_>, room: &RoomName) {
        match self.rooms.get_mut(room) {
            Some(view) => view.phase = Phase::Entering,
            None => drop(self.enter(room, Phase::Entering, false).phase),
        }
        let join = JoinRoom {
            room_name: room.clone(),
            user_id: self.user,
            // Some know only the media server.
            sdp_offer: cx.random.one_in(5).then(|| Sdp::from_json("\"joining\"").expect("a string")),
            audio: None,
            video: None,
        };
        self.emit(cx, Asked::Open(room.clone()), ClientEvent::JoinRoom(join));
    }

    fn answer(&mut self, cx: &mut Cx<'_>, room: &RoomName) {
        let is_busy = self.is_busy();
        let Some(view) = self.rooms.get_mut(room).filter(|view| view.phase == Phase::Ringing) else { return };
        let (room_name, user_id) = (room.clone(), self.user);
        if is_busy || cx.random.one_in(4) {
            let reason = if is_busy { RejectReason::Busy } else { RejectReason::Declined };
            self.forget(room);
            self.emit(cx, Asked::Other, ClientEvent::Reject(Reject { room_name, user_id, reason }));
        } else if view.is_pair {
            view.phase = Phase::Entering;
            let sdp_answer = Sdp::from_json("\"answer\"").expect("a string is an answer");
            // Some apps gather before they answer.
            if cx.random.one_in(3) {
                self.trickle(cx, room);
            }
            let accept = Accept { room_name, user_id, sdp_answer };
            self.emit(cx, Asked::Open(room.clone()), ClientEvent::Accept(accept));
        } else {
            self.join(cx, room);
        }
    }

    fn leave(&mut self, cx: &mut Cx<'_>, room: &RoomName, reason: EndWish) {
        let (room_name, user_id) = (room.clone(), self.user);
        let event = if cx.random.one_in(4) {
            ClientEvent::LeaveRoom(LeaveRoom { room_name, user_id })
        } else {
            ClientEvent::End(End { room_name, user_id, reason })
        };
        self.forget(room);
        self.emit(cx, Asked::Other, event);
    }

    fn trickle(&mut self, cx: &mut Cx<'_>, room: &RoomName) {
        let to = self.rooms.get(room).and_then(|view| view.present.first().copied());
        for _ in 0..cx.random.below(4) {
            if let Some(to) = to {
                self.send_candidate(cx, room, to);
            }
        }
    }

    fn next_number(&mut self, room: &RoomName, to: UserId) -> Option<u64> {
        let view = self.rooms.get_mut(room)?;
        let sent = view.sent.entry(to).or_default();
        *sent += 1;
        Some(view.number * STAY + *sent)
    }

    fn send_candidate(&mut self, cx: &mut Cx<'_>, room: &RoomName, to: UserId) {
        let Some(number) = self.next_number(room, to) else { return };
        let candidate = IceCandidate {
            room_name: room.clone(),
            to_user_id: Some(Recipient::User(to)),
            from_user_id: self.user,
            candidate: numbered(number),
            sdp_m_line_index: Some(0),
            sdp_mid: None,
        };
        self.emit(cx, Asked::Other, ClientEvent::IceCandidate(candidate));
    }

    fn talk(&mut self, cx: &mut Cx<'_>, room: &RoomName) {
        let Some(view) = self.rooms.get(room).filter(|view| view.phase == Phase::Live) else { return };
        let to = cx.random.pick(&view.present.iter().copied().collect::<Vec<_>>()).copied();
        let (room_name, user_id) = (room.clone(), self.user);
        if !view.is_pair && cx.random.one_in(2) {
            self.gather(cx, room);
            if cx.is_evening {
                self.later(cx, 300, 6_000, Intent::Talks(room.clone()));
            }
            return;
        }
        match (cx.random.below(5), to) {
            (0 | 1, Some(to)) => self.send_candidate(cx, room, to),
            (2, Some(to)) => {
                if let Some(number) = self.next_number(room, to) {
                    let sdp_offer = Sdp::from_json(&format!("\"{number}\"")).ok();
                    let to_user_id = Recipient::User(to);
                    let event = Renegotiate { room_name, to_user_id, sdp_offer, sdp_answer: None };
                    self.emit(cx, Asked::Other, ClientEvent::Renegotiate(event));
                }
            }
            (3, _) => {
                let (audio, video) = (cx.random.one_in(2), cx.random.one_in(2));
                let event = ToggleMedia { room_name, user_id, audio, video, screen: None };
                self.emit(cx, Asked::Other, ClientEvent::ToggleMedia(event));
            }
            _ => {
                let stats = Stats {
                    room_name,
                    user_id,
                    rtt_ms: 20.0,
                    jitter_ms: 1.0,
                    loss_pct: 0.0,
                    bitrate_kbps: 32.0,
                    audio_level: None,
                    mos: None,
                    candidate_type: "host".into(),
                };
                self.emit(cx, Asked::Other, ClientEvent::Stats(stats));
            }
        }
        if cx.is_evening {
            self.later(cx, 300, 6_000, Intent::Talks(room.clone()));
        }
    }

    // What comes in.

    pub(crate) fn hear(&mut self, cx: &mut Cx<'_>, socket: SocketId, down: Down) -> Result<(), String> {
        if self.socket != Some(socket) || cx.network.is_broken(cx.now, socket) {
            return Ok(());
        }
        match down {
            Down::Answer(ack, answer) => self.hear_answer(cx, ack, answer),
            Down::Event(event, id) => self.hear_event(cx, &event, id),
        }
    }

    fn hear_answer(&mut self, cx: &mut Cx<'_>, ack: u64, answer: Result<Ack, Refusal>) -> Result<(), String> {
        let Some(asked) = self.asked.remove(&ack) else { return Ok(()) };
        self.outbox.retain(|(id, _)| *id != ack);
        match (asked, answer) {
            (Asked::Register, Ok(_)) => self.registered(cx),
            (Asked::Register, Err(refusal)) => return Err(format!("registering was refused: {refusal:?}")),
            (Asked::Resume(room), Err(refusal)) => {
                let is_opening =
                    self.asked.values().any(|asked| matches!(asked, Asked::Open(name) if *name == room));
                // What was not acknowledged may not have arrived; the answer to it will tell.
                if !(is_opening && refusal.code == ErrorCode::NotFound) {
                    self.forget(&room);
                }
                if refusal.code == ErrorCode::NotFound {
                    // The server was killed before it could write the call down: its caller may dial it anew.
                    self.over.remove(&room);
                }
            }
            (Asked::Open(room), Err(_)) => self.forget(&room),
            (Asked::Open(room), Ok(ack)) => self.opened(cx, &room, &ack),
            (Asked::Resume(_) | Asked::Other, _) => {}
        }
        Ok(())
    }

    fn registered(&mut self, cx: &mut Cx<'_>) {
        self.is_registered = true;
        let views: Vec<_> = self.rooms.iter().map(|(room, view)| (room.clone(), view.last)).collect();
        for (room_name, last) in views {
            // One comes before every event: nothing was heard yet.
            let last_event_id = EventId::new(last.max(1)).ok();
            let resume = Resume { room_name: room_name.clone(), user_id: self.user, last_event_id };
            self.ask(cx, Asked::Resume(room_name), ClientEvent::Resume(resume));
        }
        for (ack, event) in self.outbox.clone() {
            self.send(cx, ack, event);
        }
    }

    fn opened(&mut self, cx: &mut Cx<'_>, room: &RoomName, ack: &Ack) {
        let me = self.user;
        let Some(view) = self.rooms.get_mut(room) else {
            if matches!(ack, Ack::RoomState(_)) {
                // Another device of ours declined while this one joined: the person does not want to be in it.
                let leave = LeaveRoom { room_name: room.clone(), user_id: me };
                self.emit(cx, Asked::Other, ClientEvent::LeaveRoom(leave));
            }
            return;
        };
        let is_live = match ack {
            Ack::Initiated(initiated) if initiated.replaced_by.is_some() => {
                self.forget(room);
                return;
            }
            Ack::Initiated(_) => !view.is_pair,
            Ack::RoomState(state) => view.is_told(me, state),
            _ => true,
        };
        if is_live {
            view.phase = Phase::Live;
            self.is_live(cx, room);
        }
    }

    fn is_live(&mut self, cx: &mut Cx<'_>, room: &RoomName) {
        self.later(cx, 200, 3_000, Intent::Talks(room.clone()));
        if !cx.random.one_in(3) {
            self.later(cx, 2_000, 50_000, Intent::HangsUp(room.clone()));
        }
    }

    fn hear_event(
        &mut self,
        cx: &mut Cx<'_>,
        event: &ServerEvent,
        id: Option<EventId>,
    ) -> Result<(), String> {
        let Some(room) = event.room().cloned() else { return Ok(()) };
        if let ServerEvent::Incoming(_) | ServerEvent::GroupIncoming(_) = event
            && !self.rooms.contains_key(&room)
        {
            self.rings(cx, event, &room)?;
        }
        let me = self.index;
        let Some(view) = self.rooms.get_mut(&room) else { return Ok(()) };
        if let Some(id) = id.map(EventId::get) {
            let seen = id <= view.last;
            if seen && matches!(view.phase, Phase::Live | Phase::Dialling) && !view.has_gaps {
                return Err(format!(
                    "device {me} heard event {id} of {room} twice or out of order: {event:?}"
                ));
            }
            if seen {
                return Ok(());
            }
            view.last = id;
        }
        match event {
            ServerEvent::Answer(answer) if answer.user_id != Recipient::MediaServer => {
                if view.phase != Phase::Dialling && !view.has_gaps {
                    return Err(format!("device {me} heard a second answer in {room}"));
                }
                view.phase = Phase::Live;
                self.is_live(cx, &room);
                self.trickle(cx, &room);
            }
            ServerEvent::IceCandidate(candidate) => {
                view.number_came(me, &room, number_in(candidate.candidate.as_json()))?;
            }
            ServerEvent::Renegotiate(message) => {
                view.number_came(
                    me,
                    &room,
                    message.sdp_offer.as_ref().and_then(|sdp| number_in(sdp.as_json())),
                )?;
            }
            ServerEvent::UserJoined(joined) => drop(view.present.insert(joined.user_id)),
            ServerEvent::UserLeft(left) => {
                view.present.remove(&left.user_id);
                if let Some(host) = left.host_id {
                    view.many.host_is(self.user, host);
                }
            }
            ServerEvent::RoomState(state) => {
                let waited = view.many.waits;
                if view.is_told(self.user, state) && waited {
                    view.phase = Phase::Live;
                    self.is_live(cx, &room);
                }
            }
            ServerEvent::Chat(message) => view.number_came(me, &room, number_in(&message.text))?,
            ServerEvent::Waiting(list) => {
                view.many.wait(list.waiting.iter().map(|guest| guest.user_id).collect());
            }
            ServerEvent::Ended(_) => {
                view.check_the_end(me, &room)?;
                self.forget(&room);
            }
            ServerEvent::Rejected(_) if view.is_pair => self.forget(&room),
            _ => {}
        }
        Ok(())
    }

    fn rings(&mut self, cx: &mut Cx<'_>, event: &ServerEvent, room: &RoomName) -> Result<(), String> {
        if self.over.contains(room) && matches!(event, ServerEvent::Incoming(_)) {
            // A decline that is still on its way explains it.
            let declines = self.outbox.iter().any(|(_, event)| event.room() == Some(room));
            if declines {
                return Ok(());
            }
            return Err(format!("{room} rings at device {} after its end", self.index));
        }
        let caller = match event {
            ServerEvent::Incoming(incoming) => Some(incoming.from_id),
            _ => None,
        };
        let view = self.enter(room, Phase::Ringing, caller.is_some());
        view.present.extend(caller);
        if !cx.random.one_in(5) {
            self.later(cx, 300, 25_000, Intent::Answers(room.clone()));
        }
        Ok(())
    }
}
