//! The server: its rules, the oracle that watches them, and rows that survive a kill.
use super::{Agenda, Down, Network, Random, Store, Traffic};
use crate::oracle::Oracle;
use calls_protocol::{Ack, ClientEvent, GroupId, Refusal, RoomName, ServerEvent, UnixMillis, UserId};
use calls_server::calls::{
    Action, CallSettings, Calls, Facts, GroupFacts, Input, MediaOrder, MediaSettings, OpenCall, Profile,
    Push, Record, SocketId,
};
use std::sync::Arc;

/// What the server needs to reach others.
pub(crate) struct Reach<'a, W> {
    pub(crate) now: u64,
    pub(crate) random: &'a mut Random,
    pub(crate) agenda: &'a mut Agenda<W>,
    pub(crate) network: &'a mut Network,
}

/// What an input came to, apart from what is on its way to the sockets.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) reply: Option<Result<Ack, Refusal>>,
    pub(crate) sent: Vec<(SocketId, Arc<ServerEvent>)>,
    pub(crate) pushes: Vec<(UserId, Push)>,
    pub(crate) answered: u64,
    pub(crate) ended: u64,
    /// What the media server shall do.
    pub(crate) media: Vec<MediaOrder>,
}

pub(crate) struct Backend {
    pub(crate) calls: Calls,
    oracle: Oracle,
    store: Store,
    media: Option<MediaSettings>,
}

impl Backend {
    pub(crate) fn new(media: Option<MediaSettings>) -> Self {
        let store = Store::default();
        Self { calls: fresh_calls(&store, media), oracle: Oracle::default(), store, media }
    }

    /// Gives the rules an input, has the oracle look at it, and does what they ask. `ack` is who waits for the answer.
    pub(crate) fn ask<W: From<Traffic>>(
        &mut self,
        reach: &mut Reach<'_, W>,
        input: &Input,
        ack: Option<(SocketId, u64)>,
    ) -> Result<Outcome, String> {
        let now = UnixMillis(reach.now);
        let actions = self.calls.handle(now, input.clone());
        self.oracle.watch(now, input, &actions)?;
        let mut outcome = Outcome::default();
        for action in actions {
            match action {
                Action::Reply(answer) => {
                    if let Some((socket, ack)) = ack {
                        reach.send_down(socket, Down::Answer(ack, answer.clone()));
                    }
                    outcome.reply = Some(answer);
                }
                Action::Send { to, event, id } => {
                    outcome.sent.push((to, event.clone()));
                    reach.send_down(to, Down::Event(event, id));
                }
                Action::Store(record) => {
                    outcome.answered += u64::from(matches!(record, Record::Connected { .. }));
                    outcome.ended += u64::from(matches!(record, Record::Ended { .. }));
                    self.store.write(reach.now, record);
                }
                Action::Close(socket) => {
                    reach.network.close(reach.now, reach.random, reach.agenda, socket);
                }
                Action::Media(order) => outcome.media.push(order),
                Action::Push { user, push } => outcome.pushes.push((user, push)),
                Action::Note(_) => {}
            }
        }
        Ok(outcome)
    }

    /// When the rules want to be woken.
    pub(crate) fn deadline(&self) -> Option<u64> {
        self.calls.deadline().map(|due| due.0)
    }

    /// The rules are due.
    pub(crate) fn wake<W: From<Traffic>>(&mut self, reach: &mut Reach<'_, W>) -> Result<Outcome, String> {
        if self.deadline().is_none_or(|due| due > reach.now) {
            return Ok(Outcome::default());
        }
        let outcome = self.ask(reach, &Input::Tick, None)?;
        if self.deadline().is_some_and(|due| due <= reach.now) {
            return Err("the rules are not done when they are woken".into());
        }
        Ok(outcome)
    }

    /// It is killed, with what was not written yet. Returns how many records that were.
    pub(crate) fn kill<W: From<Traffic>>(&mut self, reach: &mut Reach<'_, W>) -> usize {
        let lost = self.store.crash(reach.now, reach.random);
        self.oracle.crash(&lost);
        reach.network.close_all(reach.now, reach.random, reach.agenda);
        self.calls = fresh_calls(&self.store, self.media);
        lost.len()
    }

    /// What goes on, according to the rows.
    pub(crate) fn open_calls(&self) -> Vec<(OpenCall, bool)> {
        self.store.open_calls()
    }

    /// Whether a room is in the rows as going on.
    pub(crate) fn has_row(&self, room: &RoomName) -> bool {
        self.open_calls().iter().any(|(call, _)| room_of_open(call) == room)
    }

    /// It starts again, and takes the calls over.
    pub(crate) fn restore<W: From<Traffic>>(
        &mut self,
        reach: &mut Reach<'_, W>,
    ) -> Result<Vec<Outcome>, String> {
        let mut outcomes = Vec::new();
        for (call, is_group) in self.open_calls() {
            let group = is_group.then(|| Arc::new(group()));
            outcomes.push(self.ask(reach, &Input::Restore { call, group }, None)?);
        }
        Ok(outcomes)
    }

    /// Nothing is going on any more: nothing may be left.
    pub(crate) fn at_rest(&self, now: u64) -> Result<(), String> {
        if self.calls.live() > 0 {
            return Err(format!("calls that nobody is in go on:\n{}", self.calls.summary(UnixMillis(now))));
        }
        self.oracle.rest()?;
        match self.open_calls().first() {
            Some((call, _)) => Err(format!("the database says that this goes on: {call:?}")),
            None => Ok(()),
        }
    }

    /// Everybody has gone, and time has passed: nothing may be remembered.
    pub(crate) fn forgets_all<W: From<Traffic>>(&mut self, reach: &mut Reach<'_, W>) -> Result<(), String> {
        for socket in reach.network.open_sockets() {
            self.ask(reach, &Input::Closed { socket }, None)?;
        }
        // Attempts are counted for a minute, outcomes remembered for 45 s.
        reach.now += 120_000;
        self.wake(reach)?;
        self.ask(reach, &Input::Tick, None)?;
        let now = UnixMillis(reach.now);
        let (left, empty) = (self.calls.summary(now), fresh_calls(&self.store, self.media).summary(now));
        if left == empty { Ok(()) } else { Err(format!("something is remembered for ever:\n{left}")) }
    }
}

impl<W: From<Traffic>> Reach<'_, W> {
    fn send_down(&mut self, socket: SocketId, down: Down) {
        self.network.send_down(self.now, self.random, self.agenda, socket, down);
    }
}

fn fresh_calls(store: &Store, media: Option<MediaSettings>) -> Calls {
    let (next, next_group) = store.next_ids();
    let settings = CallSettings { attempts_per_minute: 1000, media, ..CallSettings::default() };
    Calls::new(settings, next, next_group, Arc::new(|_, _| Default::default()))
}

/// A user of these evenings.
pub(crate) fn user(id: u64) -> UserId {
    UserId::new(id).expect("simulated users have small ids")
}

/// The one group that there is: the first three.
pub(crate) fn group_id() -> GroupId {
    GroupId::new(7).expect("seven")
}

fn group() -> GroupFacts {
    GroupFacts { name: "Climbers".into(), members: [1, 2, 3].map(user).to_vec() }
}

/// What the server looks up for an event.
pub(crate) fn facts(event: &ClientEvent) -> Facts {
    match event {
        ClientEvent::Register(register) => {
            let profile = Profile { name: format!("Name {}", register.user_id), avatar: None };
            Facts { profile: Some(Arc::new(profile)), ..Facts::default() }
        }
        ClientEvent::Initiate(_) => {
            // Every other person can be woken by a push.
            Facts { group: Some(Arc::new(group())), callee_has_push: true, ..Facts::default() }
        }
        ClientEvent::JoinRoom(_) => Facts { may_open_rooms: true, ..Facts::default() },
        _ => Facts::default(),
    }
}

/// The room that a call in the rows is in.
pub(crate) fn room_of_open(call: &OpenCall) -> &RoomName {
    match call {
        OpenCall::OneToOne { room, .. } | OpenCall::Group { room, .. } => room,
    }
}
