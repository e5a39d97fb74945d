//! `cargo xtask load sfu`: how many packets does the media server forward, how late, how whole, and at what price?
//!
//! This process is everybody in the rooms (`calls_tests::crowd`); the server is a process of its own. It asserts nothing
//! about time: it prints what it saw beside what was hoped for. `docs/bench/sfu.md` says how to read it.
mod machine;
mod measure;
mod plot;
mod report;
mod scenario;

use anyhow::{Context, Result};
use clap::Parser;
use measure::Setting;
use report::Report;
use scenario::{Scenario, Size};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Plays rooms full of people against a server of its own.
#[derive(Parser)]
#[command(name = "sfu")]
struct Options {
    /// Small rooms, a few seconds each; the numbers say little
    #[arg(long)]
    quick: bool,
    /// Plays this one only: listen, talk, pictures, arrive or fast
    #[arg(long, value_name = "NAME", value_parser = ["listen", "talk", "pictures", "arrive", "fast"])]
    scenario: Vec<String>,
    /// What is counted of each, in seconds
    #[arg(long, value_name = "SECONDS")]
    seconds: Option<f64>,
    /// One long run instead, with a look at the memory after each tenth; 120 s unless --seconds says otherwise
    #[arg(long)]
    soak: bool,
    /// Who listens to one
    #[arg(long, value_name = "COUNT")]
    listeners: Option<u32>,
    /// Packets a second of whoever speaks in the fast ones
    #[arg(long, value_name = "COUNT")]
    fast: Option<u32>,
    /// Sizes in which each picture is sent
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u8).range(1..=3))]
    layers: Option<u8>,
    /// Threads of the media server
    #[arg(long, default_value_t = 1, value_name = "COUNT")]
    workers: u32,
    /// The program of the server; `cargo xtask load sfu` builds and names it
    #[arg(long, value_name = "PROGRAM")]
    server: Option<String>,
    /// Where sfu.json, .md and .svg go; by default docs/bench, but only if all was run
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Measures nothing: draws the table and the plot anew from sfu.json
    #[arg(long)]
    redraw: bool,
    /// Cargo says so to every bench
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<()> {
    let options = Options::parse();
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/bench");
    if options.redraw {
        let folder = options.out.unwrap_or(docs);
        let json = fs::read_to_string(folder.join("sfu.json")).context("there is no sfu.json")?;
        return serde_json::from_str::<Report>(&json)?.write(&folder);
    }
    // One thread for what is said by sockets; media has its own.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(play(&options))?;
    println!("\n{}", report.table());
    let is_whole = !options.quick && !options.soak && options.scenario.is_empty();
    match options.out.or_else(|| is_whole.then_some(docs)) {
        Some(folder) => report.write(&folder),
        None => Ok(()),
    }
}

async fn play(options: &Options) -> Result<Report> {
    let mut size = if options.quick { Size::QUICK } else { Size::FULL };
    size.seconds = options.seconds.unwrap_or(size.seconds);
    size.listeners = options.listeners.unwrap_or(size.listeners);
    size.fast = options.fast.unwrap_or(size.fast);
    size.layers = options.layers.map_or(size.layers, usize::from);
    let server =
        options.server.as_deref().context("--server names the program: cargo xtask load sfu does")?;
    let setting = Setting { server, workers: options.workers, size };
    let machine = machine::describe()?;
    println!("{machine}");
    let mut runs = Vec::new();
    if options.soak {
        runs.push(measure::soak(&setting, options.seconds.unwrap_or(120.0)).await.context("soak")?);
    } else {
        for scenario in Scenario::USUAL {
            if !options.scenario.is_empty() && !options.scenario.iter().any(|name| name == scenario.name()) {
                continue;
            }
            let run = measure::run(&setting, scenario).await.with_context(|| scenario.name())?;
            println!("{run}");
            runs.push(run);
        }
    }
    Ok(Report { machine, workers: options.workers, size, runs })
}
