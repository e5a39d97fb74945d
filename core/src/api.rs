//! What an app holds: [`Calls`], and a [`Call`] of it.
use crate::{
    Host,
    audio::SpeakingSettings,
    effects::Outside,
    engine::{Engine, Order},
    peer::{PeerSettings, PeerStats},
    signaling::{LinkSettings, Proofs, ServerUrl, Signaling, SignalingConfig, Trust, TrustError, Who},
    video::{ShowingStats, WatchingStats},
    voice::{Levels, Voice, VoiceStats},
};
use calls_machine::{
    CallKey, CallSnapshot, Callee, Command, FromDevice, FromServer, Looks, Picture, Settings, Snapshot, Time,
};
use calls_protocol::{CallType, IdError, Reaction, Recipient, RoomName, UserId};
use std::{io, sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::Instant,
};

/// What the engine has to know before it begins.
pub struct Config {
    /// The server.
    pub server: ServerUrl,
    /// Who we are.
    pub who: Who,
    /// How that is proved.
    pub proofs: Arc<dyn Proofs>,
    /// Which servers are believed.
    pub trust: Trust,
    /// How connections to other devices are made.
    pub peer: PeerSettings,
    /// How our voice is encoded.
    pub voice: SpeakingSettings,
    /// Looks by itself, during calls, whether the device is in another network. Whoever calls
    /// [`Calls::network_changed`] needs it less.
    pub watch_network: bool,
    /// How long things of calls may take.
    pub machine: Settings,
    /// How long things of the connection to the server may take.
    pub link: LinkSettings,
}

impl Config {
    /// With everything that is usual.
    pub fn new(server: ServerUrl, who: Who, proofs: Arc<dyn Proofs>) -> Self {
        Self {
            server,
            who,
            proofs,
            trust: Trust::default(),
            peer: PeerSettings::default(),
            voice: SpeakingSettings::default(),
            watch_network: true,
            machine: Settings::default(),
            link: LinkSettings::default(),
        }
    }
}

/// Why the engine does not begin.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The trust that was asked for cannot be had.
    #[error("no connection can be trusted with these settings")]
    Trust(#[from] TrustError),
    /// The system gives no thread or no timer.
    #[error("the system has no room for another thread")]
    System(#[from] io::Error),
}

/// The engine was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the calls were closed; connect again")]
pub struct Closed;

/// Why a room cannot be joined.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// It is no name of a room.
    #[error("this cannot be the name of a room")]
    Name(#[from] IdError),
    /// The engine was closed.
    #[error(transparent)]
    Closed(#[from] Closed),
}

/// The calls of one user on one device: connected until it is closed, or the last handle of it is dropped.
#[derive(Clone)]
pub struct Calls {
    orders: mpsc::UnboundedSender<Order>,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    levels: watch::Receiver<Levels>,
    begun: Instant,
    /// Ends with the thread of the engine.
    alive: watch::Receiver<()>,
}

/// One call. Every method can be called at any time; what makes no sense any more changes nothing.
#[derive(Clone)]
pub struct Call {
    key: CallKey,
    calls: Calls,
}

/// How a call does.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CallStats {
    /// Each connection of it.
    pub others: Vec<OtherStats>,
    /// How our picture is made, while something is shown.
    pub picture: Option<ShowingStats>,
}

/// How the connection to one other device, or to the media server, does.
#[derive(Debug, Clone, PartialEq)]
pub struct OtherStats {
    /// To whom, or to the media server.
    pub to: Recipient,
    /// How many connections there were, this one included.
    pub builds: u32,
    /// Packets, paths, times.
    pub connection: PeerStats,
    /// How their voice is heard.
    pub voice: VoiceStats,
    /// How their picture is seen, if it is shown anywhere.
    pub picture: Option<WatchingStats>,
}

impl Calls {
    /// Begins to connect, and goes on trying until it is closed. Returns at once: [`Calls::snapshots`] tells the rest.
    pub fn connect(config: Config, host: Arc<dyn Host>) -> Result<Self, ConnectError> {
        // Said here and not by the thread below, where nobody would hear.
        config.trust.config()?;
        let tls = Trust { pinned_keys: Vec::new(), ..config.trust.clone() }.config()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            // Threads that wait for others to end shall not be what is left of a call.
            .thread_keep_alive(Duration::from_millis(100))
            .build()?;
        let (orders, ordered) = mpsc::unbounded_channel();
        let (snapshot, snapshots) = watch::channel(Arc::default());
        let (level, levels) = watch::channel(Levels::default());
        let (live, alive) = watch::channel(());
        let begun = Instant::now();
        let run = move || {
            runtime.block_on(async move {
                let link = SignalingConfig {
                    server: config.server.clone(),
                    who: config.who.clone(),
                    proofs: config.proofs.clone(),
                    trust: config.trust.clone(),
                    settings: config.link.clone(),
                };
                let Ok(signaling) = Signaling::start(link) else {
                    return tracing::error!("a trust that was good a moment ago is not any more");
                };
                let (voice_tell, voice_told) = mpsc::channel(16);
                let voice = Voice::new(host.clone(), config.voice.clone(), voice_tell, level);
                let peer = PeerSettings { tls: config.peer.tls.clone().or(Some(tls)), ..config.peer.clone() };
                let outside = Outside::new(host, peer, signaling, voice);
                Engine::new(&config, begun, outside, voice_told, snapshot).run(ordered).await;
            });
            drop(runtime);
            drop(live);
        };
        std::thread::Builder::new().name("calls".into()).spawn(run)?;
        Ok(Self { orders, snapshots, levels, begun, alive })
    }

    /// What is so now, and whenever it changes. Ends when the engine does.
    pub fn snapshots(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.snapshots.clone()
    }

    /// How loud everyone is, ten times a second while somebody can be heard.
    pub fn levels(&self) -> watch::Receiver<Levels> {
        self.levels.clone()
    }

    /// The clock of the times in snapshots.
    pub fn now(&self) -> Time {
        Time(0) + self.begun.elapsed()
    }

    /// Calls somebody. How it goes is in the snapshots.
    pub async fn dial(&self, to: Callee, call_type: CallType) -> Result<Call, Closed> {
        self.begin(Command::Dial { room: new_room(), to, call_type }).await
    }

    /// Comes into a room by its name.
    pub async fn join(&self, room: &str, call_type: CallType) -> Result<Call, JoinError> {
        let room = RoomName::new(room)?;
        Ok(self.begin(Command::Join { room, call_type }).await?)
    }

    async fn begin(&self, command: Command) -> Result<Call, Closed> {
        let (answer, key) = oneshot::channel();
        self.order(Order::Begin(command, answer))?;
        Ok(self.call(key.await.map_err(|_| Closed)?))
    }

    /// The call with this key.
    pub fn call(&self, key: CallKey) -> Call {
        Call { key, calls: self.clone() }
    }

    /// A push said that a call rings. With `rings_for` none it is over by now.
    pub fn woken(
        &self,
        room: &str,
        from: UserId,
        name: &str,
        call_type: CallType,
        rings_for: Option<Duration>,
    ) -> Result<(), JoinError> {
        let room = RoomName::new(room)?;
        let said = FromServer::Woken { room, from, name: name.into(), call_type, rings_for };
        Ok(self.order(Order::Server(said))?)
    }

    /// The device has another network, or the same with another address.
    pub fn network_changed(&self) -> Result<(), Closed> {
        self.order(Order::Device(FromDevice::NetworkChanged))
    }

    /// Pushes reach this device here from now on. The server is told at once, or as soon as it is there; calls that go on
    /// do not notice.
    pub fn set_push_token(&self, token: &str) -> Result<(), Closed> {
        self.order(Order::PushToken(token.to_owned()))
    }

    /// There is no microphone, or it may not be used.
    pub fn no_microphone(&self) -> Result<(), Closed> {
        self.order(Order::Device(FromDevice::NoMicrophone))
    }

    /// There is no camera, or it may not be used.
    pub fn no_camera(&self) -> Result<(), Closed> {
        self.order(Order::Device(FromDevice::NoCamera))
    }

    /// The camera that looks the other way, from now on.
    pub fn switch_camera(&self) -> Result<(), Closed> {
        self.order(Order::SwitchCamera)
    }

    /// Begins to end every call and the connection.
    pub fn end(&self) {
        // Somebody else did it already.
        let _closed_already = self.order(Order::Close);
    }

    /// Ends every call and the connection. When it returns, no thread, socket or device is left.
    pub async fn close(&self) {
        self.end();
        let mut alive = self.alive.clone();
        while alive.changed().await.is_ok() {}
    }

    fn order(&self, order: Order) -> Result<(), Closed> {
        self.orders.send(order).map_err(|_| Closed)
    }
}

impl Call {
    /// By which snapshots name it.
    pub fn key(&self) -> CallKey {
        self.key
    }

    /// What is so now; none when it is over and was shown long enough.
    pub fn snapshot(&self) -> Option<CallSnapshot> {
        self.calls.snapshots.borrow().calls.iter().find(|call| call.key == self.key).cloned()
    }

    /// Answers it.
    pub fn accept(&self, call_type: CallType) -> Result<(), Closed> {
        self.command(Command::Accept { call: self.key, call_type })
    }

    /// Says no to it.
    pub fn reject(&self) -> Result<(), Closed> {
        self.command(Command::Reject { call: self.key })
    }

    /// Ends it, or leaves it if others go on.
    pub fn hang_up(&self) -> Result<(), Closed> {
        self.command(Command::HangUp { call: self.key })
    }

    /// Silences the microphone, or not.
    pub fn set_muted(&self, muted: bool) -> Result<(), Closed> {
        self.command(Command::Mute { call: self.key, muted })
    }

    /// Shows the camera, the screen, or nothing.
    pub fn show(&self, picture: Picture) -> Result<(), Closed> {
        self.command(Command::Show { call: self.key, picture })
    }

    /// Shares the screen beside what is shown, or no longer. Where there is no place for a second picture, in a call that
    /// goes straight between devices, it takes the place of the camera for as long.
    pub fn share_screen(&self, on: bool) -> Result<(), Closed> {
        self.command(Command::ShareScreen { call: self.key, on })
    }

    /// These pictures of others are on the screen, instead of those before: others are not decoded, and the media server
    /// does not send them larger than they are shown. Until the first time, it chooses.
    pub fn look(&self, looks: Vec<Looks>) -> Result<(), Closed> {
        self.command(Command::Look { call: self.key, looks })
    }

    /// Raises the hand in a room of many, or takes it down.
    pub fn raise_hand(&self, raised: bool) -> Result<(), Closed> {
        self.command(Command::RaiseHand { call: self.key, raised })
    }

    /// Shows something for a moment, in a room of many. Without the server nothing is shown.
    pub fn react(&self, reaction: Reaction) -> Result<(), Closed> {
        self.command(Command::React { call: self.key, id: new_name(), reaction })
    }

    /// Writes to everyone in a room of many. How far it is says the line in [`CallSnapshot::chat`].
    pub fn write(&self, text: &str) -> Result<(), Closed> {
        self.command(Command::Write { call: self.key, id: new_name(), text: text.to_owned() })
    }

    /// As host: switches somebody's microphone off. They may switch it on again.
    pub fn mute_other(&self, user: UserId) -> Result<(), Closed> {
        self.command(Command::MuteOther { call: self.key, user })
    }

    /// As host: somebody has to go, or does not come in, and stays outside until they are admitted.
    pub fn remove(&self, user: UserId) -> Result<(), Closed> {
        self.command(Command::Remove { call: self.key, user })
    }

    /// As host: nobody new comes in, or they do again. Whoever was in it may return.
    pub fn lock(&self, locked: bool) -> Result<(), Closed> {
        self.command(Command::Lock { call: self.key, locked })
    }

    /// As host: newcomers wait until they are let in. When it goes off, those who wait come in.
    pub fn have_wait(&self, on: bool) -> Result<(), Closed> {
        self.command(Command::HaveWait { call: self.key, on })
    }

    /// As host: somebody who waits may come in, or not. Or somebody who was removed may come back.
    pub fn admit(&self, user: UserId, admitted: bool) -> Result<(), Closed> {
        self.command(Command::Admit { call: self.key, user, admitted })
    }

    /// Puts it on hold, or takes it back. Another one that is going on is put on hold then.
    pub fn hold(&self, held: bool) -> Result<(), Closed> {
        self.command(Command::Hold { call: self.key, held })
    }

    /// Its end was seen: it leaves the snapshot.
    pub fn dismiss(&self) -> Result<(), Closed> {
        self.command(Command::Dismiss { call: self.key })
    }

    /// How it does.
    pub async fn stats(&self) -> Result<CallStats, Closed> {
        let (answer, stats) = oneshot::channel();
        self.calls.order(Order::Stats(self.key, answer))?;
        stats.await.map_err(|_| Closed)
    }

    /// What happened in it so far, for a person to read and to send to somebody: no names, addresses or words of it.
    pub async fn report(&self) -> Result<String, Closed> {
        let (answer, report) = oneshot::channel();
        self.calls.order(Order::Report(self.key, answer))?;
        report.await.map_err(|_| Closed)
    }

    fn command(&self, command: Command) -> Result<(), Closed> {
        self.calls.order(Order::Command(command))
    }
}

fn new_room() -> RoomName {
    RoomName::new(&format!("call-{}", new_name())).expect("letters, digits and a hyphen")
}

/// A name that nobody used before.
fn new_name() -> String {
    let mut bytes = [0; 16];
    ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut bytes)
        .expect("the system gives random bytes, or TLS would not work either");
    format!("{:032x}", u128::from_be_bytes(bytes))
}
