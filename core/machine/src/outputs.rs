//! What follows from the state as a whole: what is heard, what is captured, what may pass. Told when it changes.
use crate::{
    CallSnapshot, Effect, Gate, Machine, Path, PeerKey, PeerOrder, Picture, Snapshot, Sound,
    call::{Call, Phase},
};
use std::collections::BTreeMap;

/// What was told last.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outputs {
    sound: Sound,
    microphone: bool,
    capture: Picture,
    gates: BTreeMap<PeerKey, Gate>,
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
            Phase::Talking { .. } | Phase::Ringing { .. } | Phase::Ended { .. } => Sound::Silence,
        }
    }
}

/// Nothing can be heard from anybody, and somebody is waited for.
fn is_silent(call: &CallSnapshot) -> bool {
    !call.others.is_empty() && call.others.iter().all(|other| other.path != Path::Up)
}
