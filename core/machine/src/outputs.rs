//! What follows from the state as a whole: what is heard, what is captured, what may pass. Told when it changes.
use crate::{
    CallKey, CallSnapshot, Effect, Gate, Machine, Path, PeerKey, PeerOrder, Picture, Snapshot, Sound,
    call::{Call, Phase},
};
use calls_protocol::StreamPlace;
use std::collections::BTreeMap;

/// What was told last.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outputs {
    sound: Sound,
    microphone: bool,
    capture: Picture,
    screen: bool,
    gates: BTreeMap<PeerKey, Gate>,
    streams: BTreeMap<CallKey, Vec<StreamPlace>>,
    snapshot: Snapshot,
}

impl Machine {
    /// Tells what is different now.
    pub(crate) fn settle_outputs(&mut self, out: &mut Vec<Effect>) {
        let gates: BTreeMap<PeerKey, Gate> =
            self.live_calls().flat_map(|call| call.peers().map(|peer| (peer, call.gate()))).collect();
        for (peer, gate) in &gates {
            if self.outputs.gates.get(peer).copied().unwrap_or_default() != *gate {
                out.push(Effect::Peer(*peer, PeerOrder::Gate(*gate)));
            }
        }
        self.outputs.gates = gates;
        let placed = self.live_calls().filter(|call| !call.by_server.streams.is_empty());
        let placed: BTreeMap<_, _> = placed.map(|call| (call.key, call.by_server.streams.clone())).collect();
        let before = std::mem::replace(&mut self.outputs.streams, placed);
        for (call, streams) in &self.outputs.streams {
            if before.get(call) != Some(streams) {
                out.push(Effect::Streams { call: *call, streams: streams.clone() });
            }
        }
        for call in before.into_keys().filter(|call| !self.outputs.streams.contains_key(call)) {
            out.push(Effect::Streams { call, streams: Vec::new() });
        }
        let sound = self.sound();
        if self.outputs.sound != sound {
            self.outputs.sound = sound;
            out.push(Effect::Sound(sound));
        }
        let active = self.live_calls().find(|call| call.is_wanted() && !call.held);
        let (microphone, capture) = (active.is_some(), active.map_or(Picture::None, |call| call.picture));
        if self.outputs.microphone != microphone {
            self.outputs.microphone = microphone;
            out.push(Effect::Microphone(microphone));
        }
        if self.outputs.capture != capture {
            self.outputs.capture = capture;
            out.push(Effect::Capture(capture));
        }
        let active = self.live_calls().find(|call| call.is_wanted() && !call.held);
        let screen = active.is_some_and(|call| call.shares);
        if self.outputs.screen != screen {
            self.outputs.screen = screen;
            out.push(Effect::CaptureScreen(screen));
        }
        let snapshot = self.snapshot();
        if self.outputs.snapshot != snapshot {
            self.outputs.snapshot = snapshot;
            out.push(Effect::Changed);
        }
    }

    fn sound(&self) -> Sound {
        let speaks = |call: &Call| call.is_talking() && !call.held;
        if self.live_calls().any(Call::rings_here) {
            return if self.live_calls().any(speaks) { Sound::Waiting } else { Sound::Ring };
        }
        let Some(active) = self.live_calls().find(|call| call.is_wanted() && !call.held) else {
            return Sound::Silence;
        };
        match active.phase {
            Phase::Calling { .. } => Sound::RingBack,
            Phase::Dialing { .. } | Phase::Woken { .. } | Phase::Answering { .. } => Sound::Connecting,
            Phase::Talking { .. } if is_silent(&active.snapshot()) => Sound::Connecting,
            // At the door it may take long.
            Phase::AtTheDoor | Phase::Talking { .. } | Phase::Ringing { .. } | Phase::Ended { .. } => {
                Sound::Silence
            }
        }
    }
}

/// Nothing can be heard from anybody, and somebody is waited for.
fn is_silent(call: &CallSnapshot) -> bool {
    !call.others.is_empty() && call.others.iter().all(|other| other.path != Path::Up)
}
