//! `cargo xtask bench call`: how long do two people wait until they hear each other, and what does their call cost: with
//! our engine, and with Chromium, through the same server, in turns?
//!
//! This process is the server and the one who looks at the clock; each device is a process, or a browser, of its own. It
//! asserts nothing about time: it prints what it saw beside what was hoped for. `docs/bench/call.md` says how to read it.
mod engine;
mod machine;
mod measure;
mod plot;
mod report;

use anyhow::{Context, Result};
use calls_tests::server::TestServer;
use clap::Parser;
use machine::Machine;
use measure::{Others, Pair, SetUp, Who};
use report::{Report, Size};
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::time::sleep;

/// Compares our engine with Chromium.
#[derive(Parser)]
#[command(name = "call")]
struct Options {
    /// A smoke run of two minutes; its numbers say little
    #[arg(long)]
    quick: bool,
    /// How many calls each makes
    #[arg(long, value_name = "COUNT")]
    calls: Option<u32>,
    /// Leaves the long calls out
    #[arg(long)]
    only_setup: bool,
    /// Shows what happened in the engine's slowest call, step by step
    #[arg(long)]
    explain: bool,
    /// The same seed makes the same pauses between calls
    #[arg(long, default_value_t = 1, value_name = "NUMBER")]
    seed: u64,
    /// Where call.json, .md and .svg go; by default docs/bench, but only if all was run
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Measures nothing: draws the table and the plot anew from call.json
    #[arg(long)]
    redraw: bool,
    /// Is one of the devices
    #[arg(long, hide = true)]
    device: bool,
    /// Cargo says so to every bench
    #[arg(long, hide = true)]
    bench: bool,
}

/// A few users make many calls.
const NO_LIMITS: [(&str, &str); 2] =
    [("LIMIT_CALLS_PER_MINUTE", "100000"), ("LIMIT_EVENTS_PER_SECOND", "1000000")];

/// Before what is counted: programs are read from the disk, caches are filled.
const WARM_UP: u32 = 3;

fn main() -> Result<()> {
    let options = Options::parse();
    if options.device {
        return engine::run();
    }
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/bench");
    if options.redraw {
        let folder = options.out.unwrap_or(docs);
        let json = fs::read_to_string(folder.join("call.json")).context("there is no call.json")?;
        return serde_json::from_str::<Report>(&json)?.write(&folder);
    }
    // One thread is enough for a server of two calls, and leaves the processors to the devices.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(measure(&options))?;
    println!("\n{}", report.table());
    let is_whole = !options.quick && !options.only_setup;
    match options.out.or_else(|| is_whole.then_some(docs)) {
        Some(folder) => report.write(&folder),
        None => Ok(()),
    }
}

async fn measure(options: &Options) -> Result<Report> {
    let mut size = if options.quick { Size::QUICK } else { Size::FULL };
    size.calls = options.calls.unwrap_or(size.calls);
    let server = TestServer::start(&NO_LIMITS).await;
    let mut pairs = Vec::new();
    for who in Who::BOTH {
        pairs.push(Pair::open(who, server.address(), false).await?);
    }
    let browser = pairs.iter().find(|pair| pair.who == Who::Chromium).context("it was opened")?;
    let machine = Machine::look(&browser.version)?;
    println!("{}, seed {}", machine.words, options.seed);
    let mut random = options.seed;
    rounds(&mut pairs, WARM_UP, &mut random, false).await?;
    let others = Others::watch(&mut pairs).await?;
    let setups = rounds(&mut pairs, size.calls, &mut random, options.explain).await?;
    let others_cores = others.cores(&mut pairs).await?;
    for pair in pairs {
        pair.close().await?;
    }
    let mut costs = Vec::new();
    for video in [false, true] {
        for who in Who::BOTH.into_iter().filter(|_| !options.only_setup) {
            let cost = measure::cost(who, server.address(), video, Duration::from_secs(size.long_s)).await?;
            println!(
                "{}, video {video}: {:.2} s of processor a minute, {:.0} MB",
                who.name(),
                cost.seconds,
                cost.mb
            );
            costs.push(cost);
        }
    }
    server.stop().await;
    Ok(Report { machine, seed: options.seed, size, others_cores, setups, costs })
}

/// So many calls of each, in turns.
async fn rounds(pairs: &mut [Pair], count: u32, random: &mut u64, explain: bool) -> Result<Vec<SetUp>> {
    let mut setups = Vec::new();
    let mut slowest = (0.0, String::new());
    for n in 0..count {
        for turn in 0..pairs.len() {
            // Each begins as often as the other.
            let place = (turn + n as usize) % pairs.len();
            let pair = &mut pairs[place];
            sleep(pause(random)).await;
            let setup = pair.call(false).await.with_context(|| format!("call {n} of {}", pair.who.name()))?;
            if explain && pair.who == Who::Engine && setup.from_dial > slowest.0 {
                slowest = (setup.from_dial, pair.reports().await?);
            }
            pair.hang_up().await?;
            setups.push(setup);
        }
    }
    if explain {
        println!("the slowest call of the engine, {:.0} ms\n{}", slowest.0, slowest.1);
    }
    Ok(setups)
}

/// Between two calls: no round number, so that no timer of anybody falls into step with us, and long enough for what was
/// closed to be gone.
fn pause(random: &mut u64) -> Duration {
    *random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    Duration::from_micros(300_000 + (*random >> 33) % 100_000)
}
