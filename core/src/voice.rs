//! The sound of all calls of a device: one thread that captures, encodes, decodes, mixes and plays, 20 ms at a time.
//!
//! It lives while there is something to be heard or said, and holds a sound device for no longer.
mod ears;

use crate::{
    Host,
    audio::{Device, FRAME_SAMPLES, HearingStats, Loudness, Mixer, Speaking, SpeakingSettings, Tones},
    peer::{EncodedAudio, Level, NotSent, ReceivedPacket, VoiceInlet},
};
use calls_machine::{CallKey, Gate, PeerKey, Sound};
use calls_protocol::{StreamPlace, UserId};
use ears::Ears;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, mpsc as blocking},
    thread::JoinHandle,
    time::{Duration, Instant},
};
use tokio::sync::{mpsc, oneshot, watch};
use tracing::{debug, error, warn};

/// How often the thread wakes.
const FRAME: Duration = Duration::from_millis(20);

/// Behind by more than this, the process was stopped: what was missed is not made up for.
const TOO_LATE: Duration = Duration::from_millis(200);

/// How loud everyone is, is told every so many frames.
const FRAMES_A_LEVEL: u32 = 5;

/// How loud everyone is at this moment, for a picture of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Levels {
    /// What our microphone hears, if anybody may hear it.
    pub mine: Loudness,
    /// The others, in each call.
    pub others: Vec<(CallKey, UserId, Loudness)>,
}

impl Default for Levels {
    fn default() -> Self {
        Self { mine: Loudness::SILENCE, others: Vec::new() }
    }
}

/// What is known of a voice of somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VoiceStats {
    /// What became of the packets of this connection.
    pub hearing: HearingStats,
    /// The longest time in which nothing came that should have, over all connections to them in this call.
    pub longest_gap: Duration,
}

/// What the thread tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VoiceTold {
    /// Something of theirs was heard for the first time.
    Heard(PeerKey),
}

/// The sound of all calls.
pub(crate) struct Voice {
    host: Arc<dyn Host>,
    settings: SpeakingSettings,
    told: mpsc::Sender<VoiceTold>,
    levels: Arc<watch::Sender<Levels>>,
    links: BTreeSet<PeerKey>,
    microphone: bool,
    sound: Sound,
    thread: Option<Thread>,
    /// One that was told to end; the next one waits for it, or both would hold the device.
    ending: Option<JoinHandle<()>>,
}

struct Thread {
    orders: blocking::Sender<Order>,
    handle: JoinHandle<()>,
}

enum Order {
    Microphone(bool),
    Sound(Sound),
    Add(PeerKey, Link),
    Places(CallKey, Vec<StreamPlace>),
    Gate(PeerKey, Gate),
    Remove(PeerKey),
    Forget(CallKey),
    Stats(oneshot::Sender<BTreeMap<PeerKey, VoiceStats>>),
}

impl Voice {
    pub(crate) fn new(
        host: Arc<dyn Host>,
        settings: SpeakingSettings,
        told: mpsc::Sender<VoiceTold>,
        levels: watch::Sender<Levels>,
    ) -> Self {
        Self {
            host,
            settings,
            told,
            levels: Arc::new(levels),
            links: BTreeSet::new(),
            microphone: false,
            sound: Sound::Silence,
            thread: None,
            ending: None,
        }
    }

    /// The microphone is wanted, or not any more.
    pub(crate) fn microphone(&mut self, open: bool) {
        self.microphone = open;
        self.order(Order::Microphone(open));
    }

    /// This is to be heard apart from voices, unless the platform does that itself.
    pub(crate) fn sound(&mut self, sound: Sound) {
        self.sound = if self.host.plays(sound) { Sound::Silence } else { sound };
        self.order(Order::Sound(self.sound));
    }

    /// Somebody more.
    pub(crate) fn add(
        &mut self,
        peer: PeerKey,
        to_them: VoiceInlet,
        from_them: mpsc::Receiver<ReceivedPacket>,
    ) {
        self.links.insert(peer);
        self.order(Order::Add(peer, Link { to_them, from_them, gate: Gate::default() }));
    }

    /// Who is where in what the media server sends.
    pub(crate) fn places(&mut self, call: CallKey, streams: Vec<StreamPlace>) {
        self.order(Order::Places(call, streams));
    }

    /// What may pass to and from somebody.
    pub(crate) fn gate(&mut self, peer: PeerKey, gate: Gate) {
        self.order(Order::Gate(peer, gate));
    }

    /// Somebody less.
    pub(crate) fn remove(&mut self, peer: PeerKey) {
        if self.links.remove(&peer) {
            self.order(Order::Remove(peer));
        }
    }

    /// A call is over.
    pub(crate) fn forget(&mut self, call: CallKey) {
        self.order(Order::Forget(call));
    }

    /// How everyone is heard.
    pub(crate) fn stats(&mut self) -> oneshot::Receiver<BTreeMap<PeerKey, VoiceStats>> {
        let (answer, stats) = oneshot::channel();
        self.order(Order::Stats(answer));
        stats
    }

    fn is_needed(&self) -> bool {
        self.microphone || self.sound != Sound::Silence || !self.links.is_empty()
    }

    fn order(&mut self, order: Order) {
        if self.thread.is_none() && self.is_needed() {
            self.start();
        }
        if let Some(thread) = &self.thread
            && thread.orders.send(order).is_err()
        {
            // It panicked, which was said by then. A call without sound ends by the word of the person.
            error!("the thread of the sound is gone");
        }
        if !self.is_needed()
            && let Some(Thread { orders, handle }) = self.thread.take()
        {
            // Without anybody who can order it ends.
            drop(orders);
            self.ending = Some(handle);
        }
    }

    fn start(&mut self) {
        let (orders, ordered) = blocking::channel();
        let (host, settings, told) = (self.host.clone(), self.settings.clone(), self.told.clone());
        let (levels, before) = (self.levels.clone(), self.ending.take());
        let begin = move || {
            // What it said by panicking was said by then.
            let _ended = before.map(JoinHandle::join);
            match Studio::new(host.sound(), &settings, told, levels) {
                Ok(studio) => studio.run(&ordered),
                Err(error) => error!(%error, "no sound"),
            }
        };
        match std::thread::Builder::new().name("calls-voice".into()).spawn(begin) {
            Ok(handle) => self.thread = Some(Thread { orders, handle }),
            Err(error) => error!(%error, "the system has no thread for the sound"),
        }
    }

    /// Ends everything; the thread that is left is for the caller to wait for.
    pub(crate) fn close(mut self) -> Option<JoinHandle<()>> {
        match self.thread.take() {
            Some(Thread { handle, .. }) => Some(handle),
            None => self.ending.take(),
        }
    }
}

/// A connection by which we are heard and hear.
struct Link {
    to_them: VoiceInlet,
    from_them: mpsc::Receiver<ReceivedPacket>,
    gate: Gate,
}

/// What the thread owns.
struct Studio {
    device: Box<dyn Device>,
    speaking: Speaking,
    tones: Tones,
    mixer: Mixer,
    links: BTreeMap<PeerKey, Link>,
    ears: Ears,
    is_open: bool,
    begun: Instant,
    mine: Loudness,
    told: mpsc::Sender<VoiceTold>,
    levels: Arc<watch::Sender<Levels>>,
}

impl Studio {
    fn new(
        device: Box<dyn Device>,
        settings: &SpeakingSettings,
        told: mpsc::Sender<VoiceTold>,
        levels: Arc<watch::Sender<Levels>>,
    ) -> Result<Self, crate::audio::CodecError> {
        Ok(Self {
            device,
            // The connection adds a random beginning.
            speaking: Speaking::new(settings, 0)?,
            tones: Tones::default(),
            mixer: Mixer::new(),
            links: BTreeMap::new(),
            ears: Ears::default(),
            is_open: false,
            begun: Instant::now(),
            mine: Loudness::SILENCE,
            told,
            levels,
        })
    }

    fn run(mut self, ordered: &blocking::Receiver<Order>) {
        // The clock begins with the first thing that is to be said or heard: it would not wait for the end of a frame in
        // which there was nothing, and a connection may be there within one.
        while !self.is_wanted() {
            match ordered.recv() {
                Ok(order) => self.order(order),
                Err(blocking::RecvError) => return self.end(),
            }
        }
        let mut due = Instant::now();
        for frame in 0_u32.. {
            loop {
                let left = due.saturating_duration_since(Instant::now());
                match ordered.recv_timeout(left) {
                    Ok(order) => self.order(order),
                    Err(blocking::RecvTimeoutError::Timeout) => break,
                    Err(blocking::RecvTimeoutError::Disconnected) => return self.end(),
                }
            }
            due += FRAME;
            let now = Instant::now();
            if now > due + TOO_LATE {
                due = now;
            }
            self.listen();
            self.speak();
            self.play();
            if frame.is_multiple_of(FRAMES_A_LEVEL) {
                self.tell_levels();
            }
        }
    }

    /// Whether anything can be said or heard by now.
    fn is_wanted(&self) -> bool {
        self.is_open || self.tones.sound() != Sound::Silence || self.links.values().any(|link| link.gate.play)
    }

    fn end(mut self) {
        if self.is_open {
            self.device.microphone(false);
        }
        self.levels.send_replace(Levels::default());
    }

    fn order(&mut self, order: Order) {
        match order {
            Order::Microphone(open) => {
                if std::mem::replace(&mut self.is_open, open) != open {
                    self.device.microphone(open);
                }
            }
            Order::Sound(sound) => self.tones.set(sound),
            Order::Add(peer, link) => {
                self.ears.add(peer);
                self.links.insert(peer, link);
            }
            Order::Places(call, streams) => self.ears.places(call, &streams),
            Order::Gate(peer, gate) => {
                let Some(link) = self.links.get_mut(&peer) else { return };
                if link.gate.play && !gate.play {
                    self.ears.pause(peer);
                }
                link.gate = gate;
            }
            Order::Remove(peer) => {
                self.links.remove(&peer);
                self.ears.remove(peer);
            }
            Order::Forget(call) => self.ears.forget(call),
            Order::Stats(answer) => {
                // Nobody waits any more: then nobody wants it.
                let _unwanted = answer.send(self.stats());
            }
        }
    }

    fn stats(&self) -> BTreeMap<PeerKey, VoiceStats> {
        self.links.keys().map(|peer| (*peer, self.ears.stats(*peer))).collect()
    }

    /// Takes what came since the last frame.
    fn listen(&mut self) {
        for (peer, link) in &mut self.links {
            while let Ok(packet) = link.from_them.try_recv() {
                self.ears.push(self.begun, *peer, &packet);
            }
        }
    }

    fn speak(&mut self) {
        let mut samples = [0; FRAME_SAMPLES];
        if self.is_open {
            // Also while nobody may hear it: what a device has captured does not wait for later.
            self.device.capture(&mut samples);
        }
        let may_be_heard = self.is_open && self.links.values().any(|link| link.gate.voice);
        self.mine = if may_be_heard { Loudness::of(&samples) } else { Loudness::SILENCE };
        let spoken = match may_be_heard {
            true => self.speaking.speak(&samples, false),
            false => self.speaking.rest().map(|()| None),
        };
        let spoken = match spoken {
            Ok(Some(spoken)) => spoken,
            Ok(None) => return,
            Err(error) => return warn!(%error, "20 ms were not said"),
        };
        let level = Level { below_loudest_db: spoken.loudness.0, voice: spoken.loudness.is_voice() };
        let frame = EncodedAudio { timestamp: spoken.timestamp, payload: spoken.payload.into(), level };
        for link in self.links.values() {
            match link.to_them.send(frame.clone()) {
                // A connection that is being closed is removed in a moment.
                Ok(()) | Err(NotSent::Closed) => {}
                Err(NotSent::Busy) => debug!("20 ms come too late for somebody"),
            }
        }
    }

    fn play(&mut self) {
        let now = self.begun.elapsed();
        let mut samples = [0; FRAME_SAMPLES];
        for peer in self.ears.play(now, &mut self.mixer) {
            // The engine that does not listen any more is about to end us.
            let _unheard = self.told.try_send(VoiceTold::Heard(peer));
        }
        self.tones.add(self.mixer.sum());
        self.mixer.take(&mut samples);
        self.device.play(&samples);
    }

    fn tell_levels(&self) {
        let levels = Levels { mine: self.mine, others: self.ears.levels() };
        self.levels.send_if_modified(|before| std::mem::replace(before, levels.clone()) != levels);
    }
}
