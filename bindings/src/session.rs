//! One user's calls, as far as the link check needs them.
use calls_core::{
    audio::{FRAME_SAMPLES, Hearing, JitterSettings, Mixer, Speaking, SpeakingSettings, Tones},
    peer::{EncodedAudio, Level, Peer, PeerOutput, PeerSettings},
    signaling::{LinkSettings, Proofs, ServerUrl, Signaling, SignalingConfig, Told, Trust, Who},
};
use calls_machine::{Command, Effect, FromServer, Input, Machine, PeerKey, Settings, Time};
use calls_protocol::{CallType, DeviceId, RoomName, UserId};
use futures_util::future::BoxFuture;
use std::{collections::HashMap, sync::Arc, time::{Duration, Instant}};
use tokio::sync::mpsc;

/// Why a session does not begin.
#[derive(Debug, thiserror::Error, uniffi::Error)]
pub enum SessionError {
    /// One of the arguments is not what it should be.
    #[error("{what}")]
    Argument {
        /// In words.
        what: String,
    },
}

fn wrong(error: impl std::fmt::Display) -> SessionError {
    SessionError::Argument { what: error.to_string() }
}

/// One user's calls on this device.
#[derive(uniffi::Object)]
pub struct Session {
    orders: mpsc::UnboundedSender<Command>,
    _runtime: tokio::runtime::Runtime,
}

struct Open;

impl Proofs for Open {
    fn fetch(&self, _: bool) -> BoxFuture<'_, Option<serde_json::Value>> {
        Box::pin(async { Some(serde_json::json!({})) })
    }
}

#[uniffi::export]
impl Session {
    /// Begins to connect.
    #[uniffi::constructor]
    pub fn connect(server: &str, user: u64, device: &str) -> Result<Arc<Self>, SessionError> {
        let me = UserId::new(user).map_err(wrong)?;
        let config = SignalingConfig {
            server: ServerUrl::parse(server).map_err(wrong)?,
            who: Who {
                user: me,
                device: DeviceId::new(device).map_err(wrong)?,
                platform: "android".into(),
                push_token: None,
            },
            proofs: Arc::new(Open),
            trust: Trust::default(),
            settings: LinkSettings::default(),
        };
        let runtime = tokio::runtime::Runtime::new().map_err(wrong)?;
        let (orders, ordered) = mpsc::unbounded_channel();
        let guard = runtime.enter();
        let signaling = Signaling::start(config).map_err(wrong)?;
        drop(guard);
        let machine = Machine::new(me, Settings::default());
        let run = Run { machine, signaling, begun: Instant::now(), peers: HashMap::new() };
        runtime.spawn(run.run(ordered));
        Ok(Arc::new(Self { orders, _runtime: runtime }))
    }

    /// Comes into a room.
    pub fn join(&self, room: &str) -> Result<(), SessionError> {
        let room = RoomName::new(room).map_err(wrong)?;
        self.orders.send(Command::Join { room, call_type: CallType::Audio }).map_err(wrong)
    }

    /// Ends everything.
    pub fn close(&self) -> Result<(), SessionError> {
        self.orders.send(Command::Close).map_err(wrong)
    }
}

struct Run {
    machine: Machine,
    signaling: Signaling,
    begun: Instant,
    peers: HashMap<PeerKey, (Peer, PeerOutput)>,
}

impl Run {
    async fn run(mut self, mut ordered: mpsc::UnboundedReceiver<Command>) {
        let Ok(mut speaking) = Speaking::new(&SpeakingSettings::default(), 0) else { return };
        let Ok(mut hearing) = Hearing::new(JitterSettings::default()) else { return };
        let (mut mixer, mut tones) = (Mixer::new(), Tones::default());
        let mut tick = tokio::time::interval(Duration::from_millis(20));
        loop {
            let input = tokio::select! {
                Some(command) = ordered.recv() => Input::App(command),
                Some(told) = self.signaling.next() => match told {
                    Told::Up(registered) => Input::Server(FromServer::Up(registered)),
                    Told::Down(_) => Input::Server(FromServer::Down),
                    Told::SignedOut(_) => Input::Server(FromServer::SignedOut),
                    Told::Event { event, id } => Input::Server(FromServer::Event { event, id }),
                    Told::Answer { ask, answer } => Input::Server(FromServer::Answer { ask, answer }),
                },
                _ = tick.tick() => Input::Tick,
            };
            for effect in self.machine.handle(Time(self.begun.elapsed().as_millis() as u64), input) {
                match effect {
                    Effect::Ask { ask, event } => self.signaling.ask(ask, *event),
                    Effect::Forget(ask) => self.signaling.forget(ask),
                    Effect::Peer(key, order) => {
                        let peer = self.peers.entry(key).or_insert_with(|| Peer::start(PeerSettings::default()));
                        if peer.0.order(order).await.is_err() {
                            return;
                        }
                    }
                    Effect::Sound(sound) => tones.set(sound),
                    Effect::Ended { .. } => self.signaling.network_changed(),
                    Effect::Microphone(_) | Effect::Capture(_) | Effect::Changed => {}
                }
            }
            let mut heard = [0; FRAME_SAMPLES];
            for (peer, output) in self.peers.values_mut() {
                while let Ok(packet) = output.voice.try_recv() {
                    hearing.push(self.begun.elapsed(), packet.sequence, packet.timestamp, &packet.payload);
                }
                hearing.play(self.begun.elapsed(), &mut heard);
                mixer.add(&heard);
                if let Ok(Some(spoken)) = speaking.speak(&heard, false) {
                    let level = Level { below_loudest_db: spoken.loudness.0, voice: spoken.loudness.is_voice() };
                    let _ = peer.send_voice(EncodedAudio {
                        timestamp: spoken.timestamp,
                        payload: spoken.payload.into(),
                        level,
                    });
                }
                if peer.stats().await.is_err() {
                    return;
                }
            }
            tones.add(mixer.sum());
            mixer.take(&mut heard);
        }
    }
}
