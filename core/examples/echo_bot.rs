//! Answers anyone who calls, and sends their sound and picture back.
//!
//! ```text
//! cargo run --example echo_bot -- --server http://127.0.0.1:3000 --user 2
//! ```
#[path = "shared/terminal.rs"]
mod terminal;

use calls_core::{
    CallState, Calls,
    audio::{Device, FRAME_SAMPLES},
    video::{Inlet, Relayed, Source},
};
use clap::Parser;
use serde_json::json;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Instant,
};
use terminal::{Connection, Heard, Listening, Progress, Seen, Teller, Terminal};

/// Answers anyone who calls, and sends their sound and picture back.
#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    connection: Connection,
    /// A line of JSON for each milestone.
    #[arg(long)]
    json: bool,
}

/// Says what it heard a moment ago.
#[derive(Default)]
struct Echo(VecDeque<[i16; FRAME_SAMPLES]>);

/// What is said later than this is no echo any more.
const LATEST: usize = 10;

impl Device for Echo {
    fn capture(&mut self, out: &mut [i16; FRAME_SAMPLES]) {
        *out = self.0.pop_front().unwrap_or([0; FRAME_SAMPLES]);
    }

    fn play(&mut self, samples: &[i16; FRAME_SAMPLES]) {
        self.0.push_back(*samples);
        if self.0.len() > LATEST {
            self.0.pop_front();
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let teller = Teller { begun: Instant::now(), is_json: arguments.json };
    let heard = Arc::<Heard>::default();
    let device = {
        let heard = heard.clone();
        move || {
            Box::new(Listening { device: Box::<Echo>::default(), heard: heard.clone() }) as Box<dyn Device>
        }
    };
    let seen = Arc::<Seen>::default();
    // What is seen is what is filmed.
    let camera = |newest: &Inlet| Box::new(Relayed::of(newest)) as Box<dyn Source>;
    let host = Terminal { device, camera, seen: seen.clone() };
    let calls = Calls::connect(arguments.connection.config()?, Arc::new(host))?;
    let mut snapshots = calls.snapshots();
    let mut progress = BTreeMap::new();
    let mut server = Progress::new(teller.clone());
    let mut interrupted = terminal::interrupts()?;
    loop {
        let snapshot = snapshots.borrow_and_update().clone();
        server.see(&snapshot, None);
        progress.retain(|key, _| snapshot.calls.iter().any(|call| call.key == *key));
        for call in &snapshot.calls {
            let new = || (Progress::of_call(teller.clone()), false);
            let (progress, is_answered) = progress.entry(call.key).or_insert_with(new);
            progress.see(&snapshot, Some(call));
            if call.state == CallState::RingingHere && !std::mem::replace(is_answered, true) {
                calls.call(call.key).accept(call.call_type)?;
            }
        }
        tokio::select! {
            changed = snapshots.changed() => changed?,
            () = heard.came.notified() => teller.tell("first_audio", "they are heard", &json!({})),
            () = seen.came.notified() => teller.tell("first_picture", "they are seen", &json!({})),
            _ = interrupted.recv() => break,
        }
    }
    calls.close().await;
    Ok(())
}
