//! Says what works here and what does not, before anybody is called.
//!
//! ```text
//! cargo run --example doctor -- --server http://127.0.0.1:3000 --user 1
//! ```
#[path = "shared/terminal.rs"]
mod terminal;

use calls_core::{
    Language,
    audio::{Device, ToneDevice},
    check::{self, Finding, Outlook, check},
    video::{Inlet, Relayed, Source},
};
use calls_protocol::DeviceId;
use clap::Parser;
use std::{process::ExitCode, sync::Arc};
use terminal::{Connection, Seen, Terminal};

/// Checks the server, the relays, voice through them, and the microphone. Ends with 0 if a call can be made.
#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    connection: Connection,
    /// Takes a tone for the microphone, on a machine without one.
    #[arg(long)]
    tone: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let mut config = arguments.connection.config()?;
    config.who.device = DeviceId::new("doctor")?;
    let takes_tone = arguments.tone;
    let device = move || match takes_tone {
        true => Box::new(ToneDevice::new(440.0, |_| {})) as Box<dyn Device>,
        false => terminal::sound_card(),
    };
    let camera = |newest: &Inlet| Box::new(Relayed::of(newest)) as Box<dyn Source>;
    let host = Terminal { device, camera, seen: Arc::<Seen>::default() };
    let outlook = check(&config, &host, |subject, finding| {
        let mark = match finding {
            Finding::Fine { .. } => "ok",
            Finding::NotOffered => "--",
            _ => "!!",
        };
        println!("  {mark}  {}", check::in_words(subject, finding, Language::En).line());
    })
    .await?;
    let words = match outlook {
        Outlook::Good => "Calls can be made from here.",
        Outlook::Limited => "Calls can be made from here, but not everything works; see above.",
        Outlook::NoCalls => "No calls can be made from here; see above.",
    };
    println!("{words}");
    Ok(if outlook == Outlook::NoCalls { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
