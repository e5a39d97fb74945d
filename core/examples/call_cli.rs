//! A call from a terminal.
//!
//! ```text
//! cargo run --example call_cli -- --server http://127.0.0.1:3000 --user 1 --call 2 --tone 440 --seconds 10
//! cargo run --example call_cli -- --server http://127.0.0.1:3000 --user 1 --room kitchen
//! ```
#[path = "shared/gathering.rs"]
mod gathering;
#[path = "shared/terminal.rs"]
mod terminal;

use calls_core::{
    Call, CallState, Callee, Calls, EndReason,
    audio::{Device, FileDevice, ToneDevice},
    video::{Inlet, Source, pattern::TestPattern},
};
use calls_protocol::{CallType, UserId};
use clap::Parser;
use gathering::Gathering;
use serde_json::{Value, json};
use std::{
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};
use terminal::{Connection, Heard, Listening, Progress, Seen, Teller, Terminal};
use tokio::{
    sync::mpsc::UnboundedReceiver,
    time::{interval, sleep_until},
};

/// What the test picture names.
const WHO: u64 = 1;

/// Calls somebody, or waits for a call and answers it. Ends with 0 only if both were heard.
#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    connection: Connection,
    /// Whom to call. Without it the first call that comes is answered.
    #[arg(long)]
    call: Option<u64>,
    /// Comes into the room of this name. What is typed is written to all; `/help` says what else can be.
    #[arg(long, conflicts_with = "call")]
    room: Option<String>,
    /// With a picture.
    #[arg(long)]
    video: bool,
    /// Says what is in this WAV file, again and again, instead of what the microphone hears.
    #[arg(long)]
    audio_file: Option<PathBuf>,
    /// Says a tone of so many hertz instead.
    #[arg(long, conflicts_with = "audio_file")]
    tone: Option<f64>,
    /// Hangs up after so many seconds of talking.
    #[arg(long)]
    seconds: Option<f64>,
    /// Nothing but relays: the other side does not learn our address.
    #[arg(long)]
    relay_only: bool,
    /// A line of JSON for each milestone.
    #[arg(long)]
    json: bool,
    /// The report of the call goes here.
    #[arg(long)]
    report: Option<PathBuf>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let teller = Teller { begun: Instant::now(), is_json: arguments.json };
    let heard = Arc::<Heard>::default();
    let seen = Arc::<Seen>::default();
    let camera = |_: &Inlet| Box::new(TestPattern::new(WHO, 640, 360)) as Box<dyn Source>;
    let host = Terminal { device: device(&arguments, &heard)?, camera, seen: seen.clone() };
    let mut config = arguments.connection.config()?;
    config.peer.relay_only = arguments.relay_only;
    let calls = Calls::connect(config, Arc::new(host))?;
    let call_type = if arguments.video { CallType::Video } else { CallType::Audio };
    let call = match (arguments.call, &arguments.room) {
        (Some(whom), _) => calls.dial(Callee::User(UserId::new(whom)?), call_type).await?,
        (None, Some(room)) => calls.join(room, call_type).await?,
        (None, None) => first_call(&calls, &teller).await?,
    };
    let ended = talk(&arguments, &teller, (&calls, &call), (&heard, &seen)).await?;
    if let Some(path) = &arguments.report {
        std::fs::write(path, call.report().await?)?;
    }
    calls.close().await;
    Ok(ended)
}

/// What the engine hears and says by.
fn device(
    arguments: &Arguments,
    heard: &Arc<Heard>,
) -> anyhow::Result<impl Fn() -> Box<dyn Device> + Send + Sync + use<>> {
    let (heard, tone, file) = (heard.clone(), arguments.tone, arguments.audio_file.clone());
    if let Some(file) = &file {
        // Now, so that a wrong one is said before anybody is called.
        FileDevice::open(file)?;
    }
    Ok(move || {
        let device: Box<dyn Device> = match (file.as_deref().map(FileDevice::open), tone) {
            (Some(Ok(file)), _) => Box::new(file),
            (_, Some(hertz)) => Box::new(ToneDevice::new(hertz, |_| {})),
            _ => terminal::sound_card(),
        };
        Box::new(Listening { device, heard: heard.clone() }) as Box<dyn Device>
    })
}

/// Waits until somebody calls, and answers.
async fn first_call(calls: &Calls, teller: &Teller) -> anyhow::Result<Call> {
    let mut snapshots = calls.snapshots();
    let mut progress = Progress::new(teller.clone());
    loop {
        let snapshot = snapshots.borrow_and_update().clone();
        progress.see(&snapshot, None);
        if let Some(call) = snapshot.calls.iter().find(|call| call.state == CallState::RingingHere) {
            progress.see(&snapshot, Some(call));
            let call_type = call.call_type;
            let call = calls.call(call.key);
            call.accept(call_type)?;
            return Ok(call);
        }
        snapshots.changed().await?;
    }
}

/// Until it is over; says what happens.
async fn talk(
    arguments: &Arguments,
    teller: &Teller,
    (calls, call): (&Calls, &Call),
    (heard, seen): (&Heard, &Seen),
) -> anyhow::Result<ExitCode> {
    let mut snapshots = calls.snapshots();
    let mut progress = Progress::new(teller.clone());
    let mut until = None;
    let mut last = json!({});
    let mut look = interval(Duration::from_secs(1));
    let mut signals = network_signals()?;
    let mut interrupted = terminal::interrupts()?;
    let mut gathering = Gathering::default();
    let mut typed = arguments.room.as_ref().map(|_| gathering::typed());
    loop {
        let snapshot = snapshots.borrow_and_update().clone();
        let now = snapshot.calls.iter().find(|known| known.key == call.key());
        progress.see(&snapshot, now);
        if let Some(call) = now {
            gathering.see(teller, call);
        }
        match now.map(|call| call.state) {
            Some(CallState::Talking { .. }) if until.is_none() => {
                until = arguments
                    .seconds
                    .map(|seconds| tokio::time::Instant::now() + Duration::from_secs_f64(seconds.max(0.0)));
            }
            Some(CallState::Ended { reason }) => return Ok(sum_up(teller, &last, heard, reason)),
            Some(_) => {}
            None => return Ok(sum_up(teller, &last, heard, EndReason::OurFault)),
        }
        let time_is_up = async {
            match until {
                Some(until) => sleep_until(until).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            changed = snapshots.changed() => changed?,
            () = heard.came.notified() => teller.tell("first_audio", "they are heard", &json!({})),
            () = seen.came.notified() => teller.tell("first_picture", "they are seen", &json!({})),
            _ = look.tick() => {
                let stats = terminal::stats(call, heard).await;
                if stats != json!({}) {
                    last = stats;
                    if !arguments.json && until.is_some() {
                        teller.tell("stats", &in_words(&last), &last);
                    }
                }
            }
            Some(line) = next_line(&mut typed) => gathering::act(teller, call, &line)?,
            () = next(&mut signals) => calls.network_changed()?,
            () = time_is_up => {
                last = terminal::stats(call, heard).await;
                until = Some(tokio::time::Instant::now() + Duration::from_secs(3600));
                call.hang_up()?;
            }
            _ = interrupted.recv() => {
                last = terminal::stats(call, heard).await;
                call.hang_up()?;
            }
        }
    }
}

/// The last line, and whether it was a call.
fn sum_up(teller: &Teller, last: &Value, heard: &Heard, reason: EndReason) -> ExitCode {
    let they_were_heard = heard.first.get().is_some();
    let we_were_heard = last["voice"]["lost_there"].is_number();
    let mut all = last.clone();
    all["reason"] = json!(format!("{reason:?}"));
    all["they_were_heard"] = json!(they_were_heard);
    all["we_were_heard"] = json!(we_were_heard);
    teller.tell("stats", &in_words(&all), &all);
    if !teller.is_json {
        match (they_were_heard, we_were_heard) {
            (true, true) => println!("Sound went both ways."),
            (true, false) => println!("They were heard, but they do not say that they heard us."),
            (false, true) => println!("They heard us, but nothing of theirs was heard here."),
            (false, false) => println!("No sound went either way."),
        }
    }
    if they_were_heard && we_were_heard { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn in_words(stats: &Value) -> String {
    let number = |name: &str| stats.pointer(name).and_then(Value::as_f64);
    let text = |name: &str| stats.pointer(name).and_then(Value::as_str).unwrap_or("?").to_owned();
    let Some(received) = number("/voice/received") else { return "no connection yet".into() };
    format!(
        "{} -> {}, {:.0} ms there and back, {received:.0} packets came and {:.0} were lost, longest gap {:.0} ms",
        text("/path/ours"),
        text("/path/theirs"),
        number("/round_trip_ms").unwrap_or(0.0),
        number("/voice/lost").unwrap_or(0.0),
        number("/longest_gap_ms").unwrap_or(0.0),
    )
}

/// What was typed, where that means something.
async fn next_line(typed: &mut Option<UnboundedReceiver<String>>) -> Option<String> {
    match typed {
        Some(typed) => typed.recv().await,
        None => None,
    }
}

/// SIGUSR1 says that the network is another one, as a phone's system would.
fn network_signals() -> std::io::Result<tokio::signal::unix::Signal> {
    tokio::signal::unix::signal(tokio::signal::unix::SignalKind::user_defined1())
}

async fn next(signals: &mut tokio::signal::unix::Signal) {
    if signals.recv().await.is_none() {
        std::future::pending::<()>().await;
    }
}
