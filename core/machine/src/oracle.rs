//! Watches a device from outside and knows only what every device must obey, whatever happens to it.
//!
//! It keeps its own small books, from inputs and effects alone, so that a fault in the machine cannot hide in them. It
//! decides nothing: the walk, the simulation of whole phones and a debug build run it beside a [`Machine`].
use crate::{
    AskId, CallKey, CallKind, CallState, Command, Direction, Effect, FromServer, Gate, Input, Machine,
    PeerKey, PeerOrder, Picture, Sound,
};
use calls_protocol::{Ack, ClientEvent, RoomName, ServerEvent};
use std::collections::{BTreeMap, BTreeSet};

/// The books of one device.
#[derive(Debug, Clone, Default)]
pub struct Oracle {
    /// Calls that the person wanted: dialled, joined or accepted.
    pub wanted: BTreeSet<CallKey>,
    /// Rooms in which the other side said yes.
    agreed: BTreeSet<RoomName>,
    /// Calls that are over.
    pub ended: BTreeSet<CallKey>,
    /// The connections that there are, and what each lets pass.
    pub peers: BTreeMap<PeerKey, Gate>,
    closed: BTreeSet<PeerKey>,
    /// What the server was asked and has not answered.
    pub asked: BTreeMap<AskId, ClientEvent>,
    sound: Sound,
    microphone: bool,
    capture: Picture,
    screen: bool,
}

fn must(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}

impl Oracle {
    /// What the person wants, noted before the machine hears of it.
    pub fn before(&mut self, machine: &Machine, input: &Input) {
        match input {
            Input::App(Command::Dial { .. } | Command::Join { .. }) => {
                self.wanted.insert(machine.next_call());
            }
            Input::App(Command::Accept { call, .. }) => {
                self.wanted.insert(*call);
            }
            Input::Server(FromServer::Event { event, .. }) => {
                if let ServerEvent::Answer(answer) = &**event {
                    self.agreed.insert(answer.room_name.clone());
                }
            }
            Input::Server(FromServer::Answer { ask, answer }) => {
                self.asked.remove(ask);
                if let Ok(Ack::RoomState(state)) = answer
                    && state.started_at.is_some()
                {
                    self.agreed.insert(state.room_name.clone());
                }
            }
            Input::App(_) | Input::Server(_) | Input::Peer(..) | Input::Device(_) | Input::Tick => {}
        }
    }

    /// What came of it. The error says which promise was broken.
    pub fn after(&mut self, machine: &Machine, effects: &[Effect]) -> Result<(), String> {
        for effect in effects {
            self.watch(effect)?;
        }
        let snapshot = machine.snapshot();
        for peer in self.peers.keys() {
            let call = snapshot.calls.iter().find(|call| call.key == peer.call);
            let is_live = call.is_some_and(|call| !matches!(call.state, CallState::Ended { .. }));
            must(is_live, || format!("connection {peer:?} outlives its call"))?;
        }
        for (peer, gate) in &self.peers {
            let wanted = self.wanted.contains(&peer.call);
            must(wanted || *gate == Gate::default(), || {
                format!("{peer:?} lets {gate:?} pass before it is accepted")
            })?;
            let call = snapshot.calls.iter().find(|call| call.key == peer.call).expect("looked at above");
            let they_want_it = match call.direction {
                Direction::Incoming => true,
                Direction::Outgoing => call.kind != CallKind::OneToOne || self.agreed.contains(&call.room),
            };
            let plays_too_early = gate.play && !they_want_it;
            must(!plays_too_early, || format!("{peer:?} is played before they answered"))?;
        }
        for call in &snapshot.calls {
            let is_over = matches!(call.state, CallState::Ended { .. });
            must(is_over == self.ended.contains(&call.key), || {
                format!("{:?} is {:?}", call.key, call.state)
            })?;
        }
        for call in &snapshot.calls {
            let mut gates = self.peers.iter().filter(|(peer, _)| peer.call == call.key);
            let outside = call.state == CallState::AtTheDoor;
            must(!outside || gates.clone().next().is_none(), || "a connection before we are let in".into())?;
            must(!call.is_muted || gates.all(|(_, gate)| !gate.voice), || "we are silent and heard".into())?;
            must(call.muted_by.is_none() || call.is_muted, || "silenced by a host, and speaks".into())?;
            must(call.chat.len() <= 200, || "the chat grows without an end".into())?;
        }
        let live = snapshot.calls.iter().filter(|call| !matches!(call.state, CallState::Ended { .. }));
        let live: Vec<_> = live.collect();
        must(live.len() <= 2, || format!("{} calls at once", live.len()))?;
        let active =
            live.iter().filter(|call| matches!(call.state, CallState::Talking { .. }) && !call.is_held);
        must(active.count() <= 1, || "two calls are spoken in at once".into())?;
        if live.is_empty() {
            let is_quiet = self.sound == Sound::Silence
                && !self.microphone
                && self.capture == Picture::None
                && !self.screen;
            must(is_quiet, || {
                format!("{:?} {} {:?} without a call", self.sound, self.microphone, self.capture)
            })?;
            must(self.peers.is_empty(), || "a connection without a call".into())?;
        }
        if self.microphone || self.capture != Picture::None || self.screen {
            let consented = live.iter().any(|call| self.wanted.contains(&call.key));
            must(consented, || "something is captured before a call is accepted".into())?;
        }
        must(snapshot.calls.is_empty() <= machine.deadline().is_none(), || {
            "a timer runs without a call".into()
        })
    }

    fn watch(&mut self, effect: &Effect) -> Result<(), String> {
        match effect {
            Effect::Ask { ask, event } => {
                must(self.asked.insert(*ask, (**event).clone()).is_none(), || format!("{ask:?} twice"))
            }
            Effect::Forget(ask) => must(self.asked.remove(ask).is_some(), || {
                format!("{ask:?} is forgotten but nobody waits for it")
            }),
            Effect::Peer(peer, order) => self.ordered(*peer, order),
            Effect::Sound(sound) => {
                must(self.sound != *sound, || format!("{sound:?} twice"))?;
                self.sound = *sound;
                Ok(())
            }
            Effect::Microphone(open) => {
                must(self.microphone != *open, || format!("microphone {open} twice"))?;
                self.microphone = *open;
                Ok(())
            }
            Effect::Capture(picture) => {
                must(self.capture != *picture, || format!("{picture:?} twice"))?;
                self.capture = *picture;
                Ok(())
            }
            Effect::CaptureScreen(on) => {
                must(self.screen != *on, || format!("screen {on} twice"))?;
                self.screen = *on;
                Ok(())
            }
            Effect::Changed => Ok(()),
            Effect::Streams { call, streams } => {
                must(streams.is_empty() || !self.ended.contains(call), || {
                    format!("somebody is sent in {call:?}, which is over")
                })
            }
            Effect::Ended { call, .. } => must(self.ended.insert(*call), || format!("{call:?} ended twice")),
        }
    }

    fn ordered(&mut self, peer: PeerKey, order: &PeerOrder) -> Result<(), String> {
        must(!self.closed.contains(&peer), || format!("{order:?} to {peer:?}, which is closed"))?;
        match order {
            PeerOrder::Create { .. } => {
                must(self.peers.insert(peer, Gate::default()).is_none(), || format!("{peer:?} is made twice"))
            }
            PeerOrder::Close => {
                self.closed.insert(peer);
                must(self.peers.remove(&peer).is_some(), || format!("{peer:?} is closed and never was"))
            }
            PeerOrder::Gate(gate) => {
                let known = self.peers.get_mut(&peer).ok_or_else(|| format!("a gate at no {peer:?}"))?;
                *known = *gate;
                Ok(())
            }
            PeerOrder::Connect | PeerOrder::TakeCandidate(_) => {
                let wanted = self.wanted.contains(&peer.call);
                must(wanted, || format!("{order:?} to {peer:?} before the call is accepted"))?;
                must(self.peers.contains_key(&peer), || format!("{order:?} to no {peer:?}"))
            }
            PeerOrder::MakeOffer { .. }
            | PeerOrder::RollBack
            | PeerOrder::TakeOffer(_)
            | PeerOrder::TakeAnswer(_) => {
                must(self.peers.contains_key(&peer), || format!("{order:?} to no {peer:?}"))
            }
        }
    }
}
