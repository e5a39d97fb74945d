//! One task owns the machine: inputs in, effects out.
use crate::{
    api::{CallStats, Config, OtherStats},
    effects::{Outside, Word},
    network::{LOOK_EVERY, NetworkWatch},
    pictures::NoPicture,
    recorder::Recorder,
    signaling::Told,
    voice::VoiceTold,
};
use calls_machine::{
    CallKey, Command, Effect, FromDevice, FromServer, Input, Machine, PeerKey, Picture, ServerLink, Snapshot,
    Time,
};
use calls_protocol::{ServerEvent, Wanted};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{Instant, MissedTickBehavior, sleep_until, timeout},
};
use tracing::info;

/// What the server is still told when the app goes, takes no longer than this.
const FAREWELL: Duration = Duration::from_millis(800);

/// How often whoever films is told how much may be sent.
const STEER_EVERY: Duration = Duration::from_millis(200);

/// Figures are asked for often enough to be left out once.
const STATS_WITHIN: Duration = Duration::from_millis(100);

/// How often the report of a call says how it does.
const FIGURES_EVERY: Duration = Duration::from_secs(5);

/// What the app's side wants from the engine.
pub(crate) enum Order {
    /// For the machine.
    Command(Command),
    /// For the machine, by which a call begins.
    Begin(Command, oneshot::Sender<CallKey>),
    /// A push came, or the like.
    Server(FromServer),
    /// From the device.
    Device(FromDevice),
    /// Pushes reach this device here from now on.
    PushToken(String),
    /// The camera that looks the other way.
    SwitchCamera,
    /// How a call does.
    Stats(CallKey, oneshot::Sender<CallStats>),
    /// What happened in it.
    Report(CallKey, oneshot::Sender<String>),
    /// The end.
    Close,
}

/// The engine of a device.
pub(crate) struct Engine {
    machine: Machine,
    begun: Instant,
    outside: Outside,
    recorder: Recorder,
    snapshots: watch::Sender<Arc<Snapshot>>,
    voice_told: mpsc::Receiver<VoiceTold>,
    network: Option<NetworkWatch>,
    has_calls: bool,
}

impl Engine {
    pub(crate) fn new(
        config: &Config,
        begun: Instant,
        outside: Outside,
        voice_told: mpsc::Receiver<VoiceTold>,
        snapshots: watch::Sender<Arc<Snapshot>>,
    ) -> Self {
        let machine = Machine::new(config.who.user, config.machine.clone());
        let network = config.watch_network.then(NetworkWatch::default);
        Self {
            machine,
            begun,
            outside,
            recorder: Recorder::default(),
            snapshots,
            voice_told,
            network,
            has_calls: false,
        }
    }

    /// Until somebody closes it, or nobody holds its orders any more.
    pub(crate) async fn run(mut self, mut orders: mpsc::UnboundedReceiver<Order>) {
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut steer = tokio::time::interval(STEER_EVERY);
        steer.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut figures = tokio::time::interval(FIGURES_EVERY);
        figures.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let watches = self.network.is_some() && self.has_calls;
            let wake = self.machine.deadline().map(|at| self.begun + Duration::from_millis(at.0));
            let sleep = async {
                match wake {
                    Some(wake) => sleep_until(wake).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                order = orders.recv() => match order {
                    Some(Order::Close) | None => break,
                    Some(order) => self.order(order).await,
                },
                Some(told) = self.outside.signaling.next() => self.server(told).await,
                Some((peer, word)) = self.outside.told.recv() => self.word(peer, word).await,
                _ = steer.tick(), if self.outside.pictures.is_filming() => self.outside.steer(),
                Some(VoiceTold::Heard(peer)) = self.voice_told.recv() => {
                    self.recorder.note(self.now(), peer.call, "voice   heard for the first time".into());
                }
                () = sleep => self.input(Input::Tick).await,
                _ = figures.tick(), if self.has_calls => self.note_figures().await,
                _ = look.tick(), if watches => self.look_at_network().await,
            }
        }
        // From here on every method says so.
        drop(orders);
        self.close().await;
    }

    fn now(&self) -> Time {
        Time(0) + self.begun.elapsed()
    }

    async fn order(&mut self, order: Order) {
        match order {
            Order::Command(Command::Look { call, looks }) => {
                self.outside.pictures.looks(call, &looks);
                self.input(Input::App(Command::Look { call, looks })).await;
            }
            Order::Command(command) => self.input(Input::App(command)).await,
            Order::Begin(command, key) => {
                let begun = self.machine.next_call();
                self.input(Input::App(command)).await;
                // Whoever asked may have stopped waiting; the call is in the snapshot anyway.
                let _unheard = key.send(begun);
            }
            Order::Server(said) => self.input(Input::Server(said)).await,
            Order::Device(FromDevice::NetworkChanged) => {
                // What the app has seen is not seen again.
                let _is_known = self.network.as_mut().map(NetworkWatch::look);
                self.network_changed().await;
            }
            Order::Device(said) => self.input(Input::Device(said)).await,
            Order::PushToken(token) => self.outside.signaling.push_token(token),
            Order::SwitchCamera => {
                if let Err(refused) = self.outside.pictures.switch_camera().await {
                    self.input(Input::Device(no(&refused))).await;
                }
            }
            Order::Stats(call, answer) => {
                let _unheard = answer.send(self.stats(call).await);
            }
            Order::Report(call, answer) => {
                let _unheard = answer.send(self.recorder.report(call));
            }
            Order::Close => unreachable!("taken before"),
        }
    }

    async fn word(&mut self, peer: PeerKey, word: Word) {
        match word {
            Word::Said(said) => self.input(Input::Peer(peer, said)).await,
            Word::KeyFrameWanted(_) if !self.outside.pictures.may_see(peer) => {}
            Word::KeyFrameWanted(wanted) => self.outside.pictures.key_frame_wanted(peer, wanted),
            Word::OtherCodecs => self.outside.pictures.tell_codecs(),
        }
    }

    async fn server(&mut self, told: Told) {
        match told {
            Told::Up(registered) => {
                self.input(Input::Server(FromServer::Up(registered))).await;
                self.outside.signaling.ready();
            }
            Told::Down(trouble) => {
                info!(%trouble, "no server");
                self.input(Input::Server(FromServer::Down)).await;
            }
            Told::SignedOut(_) => self.input(Input::Server(FromServer::SignedOut)).await,
            Told::Event { event, id } => {
                if let ServerEvent::Wanted(wanted) = &*event {
                    self.wanted(wanted);
                }
                self.input(Input::Server(FromServer::Event { event, id })).await;
            }
            Told::Answer { ask, answer } => {
                self.input(Input::Server(FromServer::Answer { ask, answer })).await;
            }
        }
    }

    /// How our pictures are looked at decides what is encoded, and nothing of the call.
    fn wanted(&mut self, wanted: &Wanted) {
        let calls = self.machine.snapshot().calls;
        if let Some(call) = calls.iter().find(|call| call.room == wanted.room_name) {
            self.outside.pictures.wanted(call.key, wanted);
        }
    }

    async fn input(&mut self, input: Input) {
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            let now = self.now();
            self.recorder.came(now, &input);
            for effect in self.machine.handle(now, input) {
                self.recorder.asked(now, &effect);
                if effect == Effect::Changed {
                    let snapshot = self.machine.snapshot();
                    self.has_calls = !snapshot.calls.is_empty();
                    if let Some(network) = self.network.as_mut().filter(|_| snapshot.calls.is_empty()) {
                        network.rest();
                    }
                    self.snapshots.send_replace(Arc::new(snapshot));
                }
                if let Err(refused) = self.outside.run(effect).await {
                    inputs.push(Input::Device(no(&refused)));
                }
            }
        }
    }

    async fn look_at_network(&mut self) {
        if self.network.as_mut().is_some_and(NetworkWatch::look) {
            self.network_changed().await;
        }
    }

    async fn network_changed(&mut self) {
        self.outside.signaling.network_changed();
        self.input(Input::Device(FromDevice::NetworkChanged)).await;
    }

    async fn note_figures(&mut self) {
        let calls: Vec<CallKey> = self.machine.snapshot().calls.iter().map(|call| call.key).collect();
        for call in calls {
            let CallStats { others, .. } = self.stats(call).await;
            let now = self.now();
            for other in others {
                self.recorder.figures(now, call, &other);
            }
        }
    }

    async fn stats(&mut self, call: CallKey) -> CallStats {
        let voices = self.outside.voice.stats();
        // A connection that is still being built, or a sound device that hangs, must not hold up a hang-up.
        let peers = timeout(STATS_WITHIN, self.outside.peer_stats(call)).await.unwrap_or_default();
        let voices = match timeout(STATS_WITHIN, voices).await {
            Ok(Ok(voices)) => voices,
            // Without a thread for sound there is nothing to know of voices.
            Ok(Err(_)) | Err(_) => BTreeMap::new(),
        };
        let of = |(key, connection)| {
            let voice = voices.get(&key).copied().unwrap_or_default();
            let picture = self.outside.pictures.watching(key);
            OtherStats { to: key.to, builds: key.build + 1, connection, voice, picture }
        };
        let others = peers.into_iter().map(of).collect();
        CallStats { others, picture: self.outside.pictures.showing() }
    }

    async fn close(mut self) {
        let was_up = self.machine.snapshot().server == ServerLink::Up;
        self.input(Input::App(Command::Close)).await;
        if was_up && timeout(FAREWELL, self.tell_the_rest()).await.is_err() {
            info!("the server was not told of every end");
        }
        self.outside.close().await;
    }

    /// Until the server knows what it has to know.
    async fn tell_the_rest(&mut self) {
        while self.machine.is_asking() {
            let Some(told) = self.outside.signaling.next().await else { return };
            // What it tells of others is nobody's matter any more: nothing may ring now.
            if !matches!(told, Told::Event { .. }) {
                self.server(told).await;
            }
        }
    }
}

fn no(refused: &NoPicture) -> FromDevice {
    match refused {
        NoPicture(Picture::Screen) => FromDevice::NoScreen,
        NoPicture(Picture::Camera | Picture::None) => FromDevice::NoCamera,
    }
}
