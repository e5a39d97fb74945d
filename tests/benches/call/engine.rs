//! A device with an engine, in a process of its own: it takes the orders that the page in a browser takes, and tells the
//! same milestones, a line of JSON each (`tests/browser/driver.js`).
use super::machine;
use anyhow::{Context, Result, bail};
use calls_core::{
    Call, CallKey, CallState, Callee, Calls, Config, Host, Lens, ServerLink, Snapshot, Sound,
    audio::{Device, FRAME_SAMPLES, ToneDevice},
    peer::PeerSettings,
    video::{Codecs, Frame, Maker, Sink, Software, Studio, Y4mFile},
};
use calls_protocol::{CallType, UserId};
use calls_tests::phone;
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    io::{BufRead, stdin},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};
use tokio::sync::mpsc;

/// Louder than this is no silence: 60 dB below the loudest, as for the page.
const SILENCE: f64 = 0.001;

/// Takes orders until its input ends.
pub(crate) fn run() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut orders = orders();
        let first = orders.recv().await.context("nothing was ordered")?;
        let mut device = Owner::open(&first)?;
        reply(&first, Ok(json!({ "version": "the engine" })));
        device.serve(&mut orders).await?;
        device.calls.close().await;
        Ok(())
    })
}

/// What is read from the input, on a thread that may wait for it.
fn orders() -> mpsc::UnboundedReceiver<Value> {
    let (sender, orders) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        let lines = stdin().lock().lines().map_while(Result::ok);
        let parsed = lines.map_while(|line| serde_json::from_str(&line).ok());
        // When nobody takes orders any more, the process is about to end.
        parsed.map_while(|order| sender.send(order).ok()).for_each(drop);
    });
    orders
}

/// Milliseconds on the clock that all processes of this machine share.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64() * 1000.0)
}

fn tell(milestone: &str, at: f64) {
    println!("{}", json!({ "milestone": milestone, "at": at }));
}

fn reply(order: &Value, done: Result<Value>) {
    match done {
        Ok(ok) => println!("{}", json!({ "id": order["id"], "ok": ok })),
        Err(error) => println!("{}", json!({ "id": order["id"], "error": format!("{error:#}") })),
    }
}

fn call_type(order: &Value) -> CallType {
    if order["video"] == true { CallType::Video } else { CallType::Audio }
}

/// The owner of the device.
struct Owner {
    calls: Calls,
    first_sounds: mpsc::UnboundedReceiver<f64>,
    /// In which way each call is answered at once.
    answers: Option<CallType>,
    seen: Arc<AtomicU64>,
    call: Option<Call>,
    /// When its button was pressed.
    pressed: f64,
    is_up: bool,
    over: BTreeSet<CallKey>,
}

impl Owner {
    fn open(order: &Value) -> Result<Self> {
        let server = order["server"].as_str().and_then(|url| url.strip_prefix("http://"));
        let user = order["user"].as_u64().context("no user")?;
        let mut config: Config = phone::config(server.context("no server")?.parse()?, user);
        // As an app has it: all interfaces, and an eye on the network.
        (config.peer, config.watch_network) = (PeerSettings::default(), true);
        let (heard, first_sounds) = mpsc::unbounded_channel();
        let seen = Arc::<AtomicU64>::default();
        let hertz = order["hertz"].as_f64().context("no tone")?;
        let camera = order["camera"].as_str().context("no camera")?.into();
        let host = Equipment { hertz, camera, heard, seen: seen.clone() };
        Ok(Self {
            calls: Calls::connect(config, Arc::new(host))?,
            first_sounds,
            answers: order["answers"].is_object().then(|| call_type(&order["answers"])),
            seen,
            call: None,
            pressed: 0.0,
            is_up: false,
            over: BTreeSet::new(),
        })
    }

    async fn serve(&mut self, orders: &mut mpsc::UnboundedReceiver<Value>) -> Result<()> {
        let mut snapshots = self.calls.snapshots();
        loop {
            let snapshot = snapshots.borrow_and_update().clone();
            self.look(&snapshot)?;
            tokio::select! {
                order = orders.recv() => {
                    let Some(order) = order else { return Ok(()) };
                    let done = self.perform(&order).await;
                    reply(&order, done);
                }
                Some(at) = self.first_sounds.recv() => self.heard(at).await?,
                changed = snapshots.changed() => changed?,
            }
        }
    }

    fn look(&mut self, snapshot: &Snapshot) -> Result<()> {
        if snapshot.server == ServerLink::Up && !self.is_up {
            self.is_up = true;
            tell("registered", now());
        }
        for call in &snapshot.calls {
            match (call.state, self.answers) {
                (CallState::RingingHere, Some(how)) if self.call.is_none() => {
                    let answered = self.calls.call(call.key);
                    self.pressed = now();
                    answered.accept(how)?;
                    tell("ringing", self.pressed);
                    self.call = Some(answered);
                }
                (CallState::Ended { .. }, _) if self.over.insert(call.key) => {
                    tell("ended", now());
                    self.calls.call(call.key).dismiss()?;
                    self.call = None;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Something was heard. By now it is known as well when the server was told of the call, or of the answer.
    async fn heard(&mut self, at: f64) -> Result<()> {
        let call = self.call.as_ref().context("a sound without a call")?;
        let report = call.report().await?;
        let steps = [("dialled", "dials (", "call:initiate"), ("accepting", "accepts (", "call:accept")];
        for (milestone, command, event) in steps {
            if let Some(ms) = between(&report, command, event) {
                tell(milestone, self.pressed + ms);
            }
        }
        tell("first_audio", at);
        Ok(())
    }

    async fn perform(&mut self, order: &Value) -> Result<Value> {
        let call = || self.call.as_ref().context("there is no call");
        Ok(match order["do"].as_str() {
            Some("call") => {
                let other = UserId::new(order["other"].as_u64().context("nobody to call")?)?;
                self.pressed = now();
                self.call = Some(self.calls.dial(Callee::User(other), call_type(order)).await?);
                tell("wanted", self.pressed);
                Value::Null
            }
            Some("hangUp") => {
                call()?.hang_up()?;
                Value::Null
            }
            Some("usage") => {
                let used = machine::own_usage()?;
                json!({ "seconds": used.seconds, "bytes": used.bytes, "threads": used.threads })
            }
            Some("report") => call()?.report().await?.into(),
            Some("stats") => {
                let stats = call()?.stats().await?;
                let made = stats.picture;
                json!({
                    "codec": made.and_then(|made| made.codec).map(|codec| format!("{codec:?}").to_uppercase()),
                    "size": made.and_then(|made| made.size),
                    "made": made.map_or(0, |made| made.frames),
                    "sent": made.map_or(0, |made| made.bytes),
                    "seen": self.seen.load(Ordering::Relaxed),
                })
            }
            other => bail!("nobody here can {other:?}"),
        })
    }
}

/// Milliseconds from a command to what is asked of the server for it, by the flight recorder, which counts whole ones. Calls
/// before this one come first.
fn between(report: &str, command: &str, event: &str) -> Option<f64> {
    let at = |line: &str| line.split_whitespace().next()?.parse::<f64>().ok();
    let lines: Vec<&str> = report.lines().collect();
    let begin = lines.iter().rposition(|line| line.contains(command))?;
    let asked = lines[begin..].iter().find(|line| line.contains("ask ") && line.contains(event))?;
    Some((at(asked)? - at(lines[begin])?) * 1000.0)
}

/// A microphone that says a tone, a loudspeaker that tells the first sound, a camera that is a file.
struct Equipment {
    hertz: f64,
    camera: PathBuf,
    heard: mpsc::UnboundedSender<f64>,
    seen: Arc<AtomicU64>,
}

/// Looks at a picture for no longer than it takes to count it.
struct Screen(Arc<AtomicU64>);

impl Sink for Screen {
    fn show(&mut self, _: &Frame) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Host for Equipment {
    fn sound(&self) -> Box<dyn Device> {
        let (heard, mut is_heard) = (self.heard.clone(), false);
        Box::new(ToneDevice::new(self.hertz, move |samples| {
            if !is_heard && loudness(samples) > SILENCE {
                is_heard = true;
                // Whoever does not listen any more is about to end.
                let _unheard = heard.send(now());
            }
        }))
    }

    fn plays(&self, _: Sound) -> bool {
        // So that what is heard is the other side.
        true
    }

    fn camera(&self, _: Lens) -> Option<Box<dyn Maker>> {
        let film = Box::new(Y4mFile::open(&self.camera).ok()?);
        Some(Box::new(Studio::new(film, Box::new(Software), None)))
    }

    fn codecs(&self) -> Option<Box<dyn Codecs>> {
        Some(Box::new(Software))
    }

    fn display(&self, _: CallKey, _: UserId) -> Option<Box<dyn Sink>> {
        Some(Box::new(Screen(self.seen.clone())))
    }
}

fn loudness(samples: &[i16; FRAME_SAMPLES]) -> f64 {
    let sum: f64 = samples.iter().map(|sample| (f64::from(*sample) / f64::from(i16::MAX)).powi(2)).sum();
    (sum / samples.len() as f64).sqrt()
}
