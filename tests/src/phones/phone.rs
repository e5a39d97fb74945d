//! A phone: an app with a machine in it, its line to the server, and what it owes the server.
use super::{Cx, What, media::End};
use crate::sim::Down;
use calls_machine::{
    AskId, CallKey, CallSnapshot, CallState, Command, Effect, EndReason, FromServer, Input, Machine,
    Settings, Snapshot, Time, oracle::Oracle,
};
use calls_protocol::{Ack, CallType, ClientEvent, DeviceId, Register, RoomName, ServerEvent, UserId};
use calls_server::calls::SocketId;
use std::collections::BTreeMap;

/// How a call ended at a phone.
#[derive(Debug, Clone)]
pub(crate) struct Ending {
    pub(crate) phone: usize,
    pub(crate) last: CallSnapshot,
    pub(crate) reason: EndReason,
}

pub(crate) struct Phone {
    pub(crate) index: usize,
    pub(crate) user: UserId,
    device: DeviceId,
    /// Nothing while the app is not running.
    pub(crate) app: Option<App>,
    /// How often the app was started. What was planned for an earlier life is for nobody.
    pub(crate) life: u32,
    socket: Option<SocketId>,
    /// The acknowledgement of `call:register` that is waited for.
    registering: Option<u64>,
    pub(crate) is_registered: bool,
    next_ack: u64,
    next_room: u64,
    /// Since when the network has left it alone.
    pub(crate) touched: u64,
}

pub(crate) struct App {
    pub(crate) machine: Machine,
    pub(crate) oracle: Oracle,
    /// What is asked and not answered, in order.
    outbox: Vec<(u64, AskId, ClientEvent)>,
    /// While the machine hears that the server is there, what it asks waits for what was asked before.
    is_catching_up: bool,
    ticks_at: Option<u64>,
    pub(crate) seen: Snapshot,
    /// Every different thing the screen showed of each call, in order.
    pub(crate) shown: BTreeMap<CallKey, Vec<String>>,
}

impl Phone {
    pub(crate) fn new(index: usize, user: UserId, device: u64) -> Self {
        Self {
            index,
            user,
            device: DeviceId::new(&format!("phone-{user}-{device}")).expect("a device id"),
            app: None,
            life: 0,
            socket: None,
            registering: None,
            is_registered: false,
            next_ack: 0,
            next_room: 0,
            touched: 0,
        }
    }

    pub(crate) fn room_name(&mut self, cx: &mut Cx<'_>) -> RoomName {
        self.next_room += 1;
        // Names in any order: in a glare the lower one survives.
        let name = format!("{}-{}-{}", cx.random.below(100), self.index, self.next_room);
        RoomName::new(&name).expect("a room name")
    }

    pub(crate) fn calls(&self) -> &[CallSnapshot] {
        self.app.as_ref().map_or(&[], |app| &app.seen.calls)
    }

    pub(crate) fn call_in(&self, room: &RoomName) -> Option<&CallSnapshot> {
        self.calls().iter().find(|call| call.room == *room && !is_over(call))
    }

    pub(crate) fn socket(&self) -> Option<SocketId> {
        self.socket
    }

    // The app.

    /// The app starts, if it does not run, and looks for the server.
    pub(crate) fn start(&mut self, cx: &mut Cx<'_>) {
        if self.app.is_some() {
            return;
        }
        self.life += 1;
        self.app = Some(App {
            machine: Machine::new(self.user, Settings::default()),
            oracle: Oracle::default(),
            outbox: Vec::new(),
            is_catching_up: false,
            ticks_at: None,
            seen: Snapshot::default(),
            shown: BTreeMap::new(),
        });
        cx.agenda.add(cx.now + 50 + cx.random.below(500), What::Connects(self.index));
    }

    /// The system ends the app in the middle of whatever it does.
    pub(crate) fn is_killed(&mut self, cx: &mut Cx<'_>) {
        self.app = None;
        cx.media.app_is_gone(cx.random, self.index);
        if let Some(socket) = self.socket.take() {
            cx.network.plan_break(cx.now, cx.random, cx.agenda, socket);
        }
        (self.registering, self.is_registered) = (None, false);
    }

    // The line.

    pub(crate) fn connect(&mut self, cx: &mut Cx<'_>) {
        if self.socket.is_some() || self.app.is_none() {
            return;
        }
        if !cx.media.has_network(self.index) || !cx.server_is_up {
            cx.agenda.add(cx.now + 300 + cx.random.below(1_500), What::Connects(self.index));
            return;
        }
        let socket = cx.network.connect(cx.now, self.index);
        self.socket = Some(socket);
        self.next_ack += 1;
        self.registering = Some(self.next_ack);
        let register = Register {
            user_id: self.user,
            device_id: Some(self.device.clone()),
            platform: None,
            push_token: None,
            call_waiting: true,
        };
        self.send(cx, self.next_ack, ClientEvent::Register(register));
    }

    /// The connection is dead, and this phone knows.
    pub(crate) fn notice(&mut self, cx: &mut Cx<'_>, socket: SocketId) -> Result<Vec<Ending>, String> {
        if self.socket != Some(socket) {
            return Ok(Vec::new());
        }
        self.socket = None;
        (self.registering, self.is_registered) = (None, false);
        let away =
            if cx.is_rough && cx.random.one_in(8) { cx.random.below(30_000) } else { cx.random.below(3_000) };
        cx.agenda.add(cx.now + 100 + away, What::Connects(self.index));
        self.give(cx, Input::Server(FromServer::Down))
    }

    fn send(&self, cx: &mut Cx<'_>, ack: u64, event: ClientEvent) {
        if let Some(socket) = self.socket {
            cx.network.send_up(cx.now, cx.random, cx.agenda, socket, event, ack);
        }
    }

    pub(crate) fn hear(
        &mut self,
        cx: &mut Cx<'_>,
        socket: SocketId,
        down: Down,
    ) -> Result<Vec<Ending>, String> {
        if self.socket != Some(socket) || cx.network.is_broken(cx.now, socket) {
            return Ok(Vec::new());
        }
        match down {
            Down::Answer(ack, answer) if self.registering == Some(ack) => {
                self.registering = None;
                let Ok(Ack::Registered(registered)) = answer else {
                    return Err(format!("registering was answered by {answer:?}"));
                };
                self.registered(cx, FromServer::Up(Box::new(registered)))
            }
            Down::Answer(ack, answer) => {
                let Some(app) = &mut self.app else { return Ok(Vec::new()) };
                // Answered before, or forgotten meanwhile.
                let Some(place) = app.outbox.iter().position(|(known, ..)| *known == ack) else {
                    return Ok(Vec::new());
                };
                let (_, ask, _) = app.outbox.remove(place);
                self.give(cx, Input::Server(FromServer::Answer { ask, answer }))
            }
            Down::Event(event, id) => {
                if matches!(&*event, ServerEvent::Registered(_)) {
                    return Ok(Vec::new());
                }
                self.give(cx, Input::Server(FromServer::Event { event: Box::new((*event).clone()), id }))
            }
        }
    }

    /// The server is there: `call:resume` goes first, then what was asked before and is not answered, in order.
    fn registered(&mut self, cx: &mut Cx<'_>, up: FromServer) -> Result<Vec<Ending>, String> {
        self.is_registered = true;
        if let Some(app) = &mut self.app {
            app.is_catching_up = true;
        }
        let endings = self.give(cx, Input::Server(up))?;
        let Some(app) = &mut self.app else { return Ok(endings) };
        app.is_catching_up = false;
        let mut waiting: Vec<_> = app.outbox.iter().map(|(ack, _, event)| (*ack, event.clone())).collect();
        waiting.sort_by_key(|(_, event)| !matches!(event, ClientEvent::Resume(_)));
        for (ack, event) in waiting {
            self.send(cx, ack, event);
        }
        Ok(endings)
    }

    // The machine.

    /// Gives the machine an input, has its oracle look at it, and does what it asks.
    pub(crate) fn give(&mut self, cx: &mut Cx<'_>, input: Input) -> Result<Vec<Ending>, String> {
        let mut endings = Vec::new();
        let Some(app) = &mut self.app else { return Ok(endings) };
        app.oracle.before(&app.machine, &input);
        let told = if cx.tells { format!("{input:?}") } else { String::new() };
        let effects = app.machine.handle(Time(cx.now), input);
        cx.tell(|| format!("phone {} <- {told}\n            -> {effects:?}", self.index));
        app.oracle.after(&app.machine, &effects).map_err(|broken| {
            format!("phone {}: {broken}\n{}", self.index, app.machine.summary(Time(cx.now)))
        })?;
        let before = std::mem::take(&mut app.seen);
        app.seen = app.machine.snapshot();
        for call in &app.seen.calls {
            let shown = app.shown.entry(call.key).or_default();
            let now_shown = show(call);
            if shown.last() != Some(&now_shown) {
                shown.push(now_shown);
            }
        }
        for effect in effects {
            self.run(cx, effect, &before, &mut endings)?;
        }
        self.plan_tick(cx);
        Ok(endings)
    }

    fn run(
        &mut self,
        cx: &mut Cx<'_>,
        effect: Effect,
        before: &Snapshot,
        endings: &mut Vec<Ending>,
    ) -> Result<(), String> {
        let Some(app) = &mut self.app else { return Ok(()) };
        match effect {
            Effect::Ask { ask, event } => {
                self.next_ack += 1;
                app.outbox.push((self.next_ack, ask, (*event).clone()));
                if self.is_registered && !app.is_catching_up {
                    if cx.is_rough && cx.random.one_in(25) {
                        // An app that is not sure sends it twice.
                        self.send(cx, self.next_ack, (*event).clone());
                    }
                    self.send(cx, self.next_ack, *event);
                }
            }
            Effect::Forget(ask) => app.outbox.retain(|(_, known, _)| *known != ask),
            Effect::Peer(peer, order) => {
                let end = End { phone: self.index, life: self.life, peer };
                cx.media.order(cx.random, end, order).map_err(|fault| format!("{end:?}: {fault}"))?;
            }
            Effect::Ended { call, reason } => {
                let known = before.calls.iter().chain(&app.seen.calls).find(|known| known.key == call);
                let last = known.cloned().ok_or_else(|| format!("{call:?} ends and was never shown"))?;
                endings.push(Ending { phone: self.index, last, reason });
            }
            Effect::Streams { call, streams } => cx.media.streams_are((self.index, self.life), call, streams),
            Effect::Sound(_)
            | Effect::Microphone(_)
            | Effect::Capture(_)
            | Effect::CaptureScreen(_)
            | Effect::Changed => {}
        }
        Ok(())
    }

    fn plan_tick(&mut self, cx: &mut Cx<'_>) {
        let Some(app) = &mut self.app else { return };
        let due = app.machine.deadline().map(|at| at.0);
        if due != app.ticks_at {
            app.ticks_at = due;
            if let Some(at) = due {
                cx.agenda.add(at.max(cx.now), What::Ticks(self.index, self.life));
            }
        }
    }

    /// Time passed.
    pub(crate) fn tick(&mut self, cx: &mut Cx<'_>, life: u32) -> Result<Vec<Ending>, String> {
        let Some(app) = self.app.as_mut().filter(|_| self.life == life) else { return Ok(Vec::new()) };
        if app.machine.deadline().is_none_or(|at| at.0 > cx.now) {
            return Ok(Vec::new());
        }
        app.ticks_at = None;
        let endings = self.give(cx, Input::Tick)?;
        let due = self.app.as_ref().and_then(|app| app.machine.deadline());
        match due {
            Some(at) if at.0 <= cx.now => Err(format!("phone {} is not done when it is woken", self.index)),
            _ => Ok(endings),
        }
    }

    pub(crate) fn command(&mut self, cx: &mut Cx<'_>, command: Command) -> Result<Vec<Ending>, String> {
        self.give(cx, Input::App(command))
    }

    /// Nothing is left.
    pub(crate) fn at_rest(&self) -> Result<(), String> {
        let Some(app) = &self.app else { return Ok(()) };
        let index = self.index;
        if !app.seen.calls.is_empty() {
            return Err(format!("phone {index} still shows {:?}", app.seen.calls));
        }
        if let Some(at) = app.machine.deadline() {
            return Err(format!("phone {index} still waits for {at:?}"));
        }
        if !app.outbox.is_empty() {
            return Err(format!("phone {index} still asks {:?}", app.outbox));
        }
        Ok(())
    }
}

pub(crate) fn is_over(call: &CallSnapshot) -> bool {
    matches!(call.state, CallState::Ended { .. })
}

pub(crate) fn is_talking(call: &CallSnapshot) -> bool {
    matches!(call.state, CallState::Talking { .. })
}

/// A call as a screen shows it, in a few words.
fn show(call: &CallSnapshot) -> String {
    let state = match call.state {
        CallState::Dialing => "dialing".into(),
        CallState::RingingThere { .. } => "rings there".into(),
        CallState::RingingHere => "rings here".into(),
        CallState::Answering => "answering".into(),
        CallState::AtTheDoor => "at the door".into(),
        CallState::Talking { .. } => {
            let paths = call.others.iter().map(|other| format!(" {:?}", other.path).to_lowercase());
            let held = if call.is_held { " on hold" } else { "" };
            format!("talking{held}{}", paths.collect::<String>())
        }
        CallState::Ended { reason } => format!("{reason:?}"),
    };
    let picture = if call.call_type == CallType::Video { "video " } else { "" };
    format!("{picture}{state}")
}
