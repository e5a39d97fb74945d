//! What the programs have in common: who they are, what they say, what they bring along for the engine.
#![allow(dead_code, reason = "each program uses other parts")]
use calls_core::{
    CallKey, CallSnapshot, CallState, Config, Host, Lens, Path, Snapshot, Sound,
    audio::{Device, FRAME_SAMPLES, Loudness, NullDevice, SoundCard},
    signaling::{Proofs, ServerUrl, Who},
    video::{Codecs, Frame, Inlet, Maker, Sink, Software, Source, Studio},
};
use calls_protocol::{DeviceId, UserId};
use futures_util::future::{BoxFuture, FutureExt};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use serde_json::{Value, json};
use std::{
    path::PathBuf,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::Notify,
};

/// A proof that is known from the beginning, or none in open mode.
struct Token(Option<String>);

impl Proofs for Token {
    fn fetch(&self, _fresh: bool) -> BoxFuture<'_, Option<Value>> {
        let proof = self.0.as_ref().map_or_else(|| json!({}), |token| json!({ "token": token }));
        async move { Some(proof) }.boxed()
    }
}

/// Whom to connect to, and as whom.
#[derive(clap::Args)]
pub(crate) struct Connection {
    /// Where the server is, such as http://127.0.0.1:3000.
    #[arg(long)]
    server: String,
    /// As whom.
    #[arg(long)]
    user: u64,
    /// The proof that the server asks for; none in open mode.
    #[arg(long, env = "CALLS_TOKEN")]
    token: Option<String>,
    /// An authority, as PEM, that may vouch for servers besides those that browsers trust.
    #[arg(long, env = "CALLS_TRUST")]
    trust: Option<PathBuf>,
}

impl Connection {
    /// The engine's settings for it.
    pub(crate) fn config(&self) -> anyhow::Result<Config> {
        let who = Who {
            user: UserId::new(self.user)?,
            device: DeviceId::new("terminal")?,
            platform: std::env::consts::OS.into(),
            push_token: None,
        };
        let mut config =
            Config::new(ServerUrl::parse(&self.server)?, who, Arc::new(Token(self.token.clone())));
        if let Some(file) = &self.trust {
            config.trust.extra_roots = CertificateDer::pem_file_iter(file)?.collect::<Result<_, _>>()?;
        }
        Ok(config)
    }
}

/// Ctrl-C, heard also while something else is done; a new listener would miss it.
pub(crate) fn interrupts() -> std::io::Result<Signal> {
    signal(SignalKind::interrupt())
}

/// Says what happens.
#[derive(Clone)]
pub(crate) struct Teller {
    pub(crate) begun: Instant,
    pub(crate) is_json: bool,
}

impl Teller {
    /// A milestone, with more about it.
    pub(crate) fn tell(&self, milestone: &str, words: &str, more: &Value) {
        let ms = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        if !self.is_json {
            return println!("{:>8.3} s  {words}", ms as f64 / 1000.0);
        }
        let mut line = json!({ "ms": ms, "milestone": milestone });
        if let (Value::Object(line), Value::Object(more)) = (&mut line, more) {
            line.extend(more.clone());
        }
        println!("{line}");
    }
}

/// A device that says when something is heard for the first time.
pub(crate) struct Listening {
    pub(crate) device: Box<dyn Device>,
    pub(crate) heard: Arc<Heard>,
}

/// When something was heard.
#[derive(Default)]
pub(crate) struct Heard {
    pub(crate) first: OnceLock<Instant>,
    pub(crate) came: Notify,
    /// Frames in which there was a voice.
    pub(crate) frames: AtomicU64,
}

impl Device for Listening {
    fn capture(&mut self, out: &mut [i16; FRAME_SAMPLES]) {
        self.device.capture(out);
    }

    fn play(&mut self, samples: &[i16; FRAME_SAMPLES]) {
        if Loudness::of(samples).is_voice() {
            self.heard.frames.fetch_add(1, Ordering::Relaxed);
            if self.heard.first.set(Instant::now()).is_ok() {
                self.heard.came.notify_one();
            }
        }
        self.device.play(samples);
    }

    fn microphone(&mut self, open: bool) {
        self.device.microphone(open);
    }
}

/// The sound card of this machine. What happens to it is told on the side; without one it is silent.
pub(crate) fn sound_card() -> Box<dyn Device> {
    match SoundCard::new(|event| eprintln!("sound card: {event:?}")) {
        Ok(card) => Box::new(card),
        Err(error) => {
            eprintln!("no thread for the sound card: {error}");
            Box::new(NullDevice)
        }
    }
}

/// What a program brings along for the engine.
pub(crate) struct Terminal<F> {
    pub(crate) device: F,
    pub(crate) camera: fn(&Inlet) -> Box<dyn Source>,
    /// Where their picture goes.
    pub(crate) seen: Arc<Seen>,
}

/// Their picture: the newest one, and how many there were.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) newest: Inlet,
    pub(crate) frames: AtomicU64,
    pub(crate) came: Notify,
}

struct Display(Arc<Seen>);

impl Sink for Display {
    fn show(&mut self, frame: &Frame) {
        self.0.newest.put(frame);
        if self.0.frames.fetch_add(1, Ordering::Relaxed) == 0 {
            self.0.came.notify_one();
        }
    }
}

impl<F: Fn() -> Box<dyn Device> + Send + Sync + 'static> Host for Terminal<F> {
    fn sound(&self) -> Box<dyn Device> {
        (self.device)()
    }

    fn camera(&self, _: Lens) -> Option<Box<dyn Maker>> {
        let source = (self.camera)(&self.seen.newest);
        Some(Box::new(Studio::new(source, Box::new(Software), None)))
    }

    fn codecs(&self) -> Option<Box<dyn Codecs>> {
        Some(Box::new(Software))
    }

    fn display(&self, _: CallKey, _: UserId) -> Option<Box<dyn Sink>> {
        Some(Box::new(Display(self.seen.clone())))
    }

    /// In words: what is heard shall be what the other side says.
    fn plays(&self, _: Sound) -> bool {
        true
    }
}

/// What is different between two snapshots of a call, as milestones.
pub(crate) struct Progress {
    teller: Teller,
    was_up: bool,
    state: Option<CallState>,
    path: Option<Path>,
}

impl Progress {
    pub(crate) fn new(teller: Teller) -> Self {
        Self { teller, was_up: false, state: None, path: None }
    }

    /// Of one more call, when somebody else tells of the server.
    pub(crate) fn of_call(teller: Teller) -> Self {
        Self { was_up: true, ..Self::new(teller) }
    }

    /// The server, then the call.
    pub(crate) fn see(&mut self, snapshot: &Snapshot, call: Option<&CallSnapshot>) {
        let is_up = snapshot.server == calls_core::ServerLink::Up;
        if is_up != self.was_up {
            self.was_up = is_up;
            match is_up {
                true => self.teller.tell("registered", "connected to the server", &json!({})),
                false => self.teller.tell("server_gone", "the server is gone; trying again", &json!({})),
            }
        }
        let Some(call) = call else { return };
        if self.state != Some(call.state) {
            self.state = Some(call.state);
            self.tell_state(call);
        }
        let path = call.others.first().map(|other| other.path);
        if path != self.path {
            match (self.path, path) {
                (_, Some(Path::Repairing)) => {
                    self.teller.tell("repairing", "nothing comes through; repairing", &json!({}));
                }
                (Some(Path::Repairing), Some(Path::Up)) => {
                    self.teller.tell("repaired", "repaired", &json!({}));
                }
                (_, Some(Path::Up)) => self.teller.tell("connected", "connected to them", &json!({})),
                (_, Some(Path::Connecting) | None) => {}
            }
            self.path = path;
        }
    }

    fn tell_state(&self, call: &CallSnapshot) {
        match call.state {
            CallState::Dialing => self.teller.tell("initiated", "calling", &json!({})),
            CallState::RingingThere { devices } => {
                let words = format!("it rings at {devices} of their devices");
                self.teller.tell("ringing", &words, &json!({ "devices": devices }));
            }
            CallState::RingingHere => {
                let from = call.others.first().map(|other| other.user);
                let words = format!("{} calls", plain(&call.title));
                self.teller.tell("incoming", &words, &json!({ "from": from }));
            }
            CallState::Answering => self.teller.tell("answering", "answering", &json!({})),
            // Told by whoever tells of rooms.
            CallState::AtTheDoor => {}
            CallState::Talking { .. } => self.teller.tell("accepted", "answered", &json!({})),
            CallState::Ended { reason } => {
                let words = format!("over: {}", reason.sentence(calls_core::Language::En));
                self.teller.tell("ended", &words, &json!({ "reason": format!("{reason:?}") }));
            }
        }
    }
}

/// A name that somebody else chose, without what would move the cursor or colour the terminal.
pub(crate) fn plain(name: &str) -> String {
    let name: String = name.chars().filter(|letter| !letter.is_control()).collect();
    if name.is_empty() { "somebody".into() } else { name }
}

/// The figures of a call, for the last line.
pub(crate) async fn stats(call: &calls_core::Call, heard: &Heard) -> Value {
    let Ok(stats) = call.stats().await else { return json!({}) };
    let Some(other) = stats.others.first() else { return json!({}) };
    let connection = &other.connection;
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    let kind = |end: calls_core::peer::PathEnd| format!("{end:?}").to_lowercase();
    json!({
        "heard_ms": heard.frames.load(Ordering::Relaxed) * 20,
        "longest_gap_ms": ms(other.voice.longest_gap),
        "builds": other.builds,
        "round_trip_ms": connection.round_trip.map(ms),
        "path": connection.path.map(|path| json!({
            "ours": kind(path.ours),
            "theirs": kind(path.theirs),
            "relay": path.relay.map(|relay| format!("{relay:?}").to_lowercase()),
        })),
        "voice": {
            "sent": connection.voice_sent.packets,
            "lost_there": connection.voice_sent.lost,
            "received": connection.voice_received.packets,
            "lost": connection.voice_received.packets_lost,
            "jitter_ms": ms(connection.voice_received.jitter),
            "recovered": other.voice.hearing.jitter.recovered,
            "made_up_ms": other.voice.hearing.jitter.made_up / 48,
            "late": other.voice.hearing.jitter.late,
            "wait_ms": ms(other.voice.hearing.jitter.target),
        },
        "picture": {
            "sent": connection.picture_sent.packets,
            "received": connection.picture_received.packets,
            "frames_made": stats.picture.map(|made| made.frames),
            "size_made": stats.picture.and_then(|made| made.size),
            "codec_made": stats.picture.and_then(|made| made.codec).map(|codec| format!("{codec:?}")),
            "frames_seen": other.picture.map(|seen| seen.seeing.frames),
        },
        "estimate": connection.estimate,
        "bytes_sent": connection.bytes_sent,
        "bytes_received": connection.bytes_received,
    })
}
