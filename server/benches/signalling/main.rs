//! `cargo xtask bench signalling`: how much faster than the Node baseline is calls-server, on the same machine, with
//! the same calls, in turns?
//!
//! The bench is also the driver of the load, in one thread of this process. It starts and ends each server, MariaDB
//! too, and asserts nothing about time: it prints what it saw beside what was hoped for. `docs/bench/signalling.md`
//! says how to read it and how to find what bounds a server.
mod baseline;
mod connection;
mod crowd;
mod flow;
mod frames;
mod histogram;
mod load;
mod machine;
mod mariadb;
mod measure;
mod plot;
mod profile;
mod random;
mod report;
mod server;

use anyhow::{Context, Result, bail};
use clap::Parser;
use machine::Machine;
use mariadb::MariaDb;
use measure::{Run, Scenario, Setting, Size};
use report::Report;
use server::{Contestant, Who};
use std::{
    env, fs,
    path::{Path, PathBuf},
};
use tokio::task::LocalSet;

/// Open files beside the connections: database, logs, the runtime.
const OTHER_FILES: u64 = 200;

/// Compares calls-server with a Node server that does the same.
#[derive(Parser)]
#[command(name = "signalling")]
struct Options {
    /// A smoke run of less than a minute; its numbers say little
    #[arg(long)]
    quick: bool,
    /// Runs one of the two only
    #[arg(long, value_parser = ["ours", "node"], value_name = "SERVER")]
    only: Option<String>,
    /// Runs this scenario only: memory, mariadb or crowd
    #[arg(long, value_name = "NAME", value_parser = ["memory", "mariadb", "crowd"])]
    scenario: Vec<String>,
    /// How often each server takes its turn
    #[arg(long, value_name = "COUNT")]
    rounds: Option<u32>,
    /// The same seed makes the same calls at the same moments
    #[arg(long, default_value_t = 1, value_name = "NUMBER")]
    seed: u64,
    /// The command of our server, with {port} and {database} in it; by default the one just built
    #[arg(long, value_name = "COMMAND")]
    ours: Option<String>,
    /// Where signalling.json, .md and .svg go; by default docs/bench, but only if all was run
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Records with perf where our server spends its time in the closed loop, one file a run into this folder
    #[arg(long, value_name = "FOLDER")]
    profile: Option<PathBuf>,
    /// Measures nothing: draws the table and the plot anew from signalling.json
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
        let json =
            fs::read_to_string(folder.join("signalling.json")).context("there is no signalling.json")?;
        return serde_json::from_str::<Report>(&json)?.write(&folder);
    }
    // One thread: a driver that spreads over all processors would take them from the server.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(LocalSet::new().run_until(measure(&options)))?;
    println!("\n{}", report.table());
    let is_whole = !options.quick && options.only.is_none() && options.scenario.is_empty();
    match options.out.or_else(|| is_whole.then_some(docs)) {
        Some(folder) => report.write(&folder),
        None => Ok(()),
    }
}

async fn measure(options: &Options) -> Result<Report> {
    let mut size = if options.quick { Size::QUICK } else { Size::FULL };
    size.rounds = options.rounds.unwrap_or(size.rounds);
    let wanted = |scenario: Scenario| {
        options.scenario.is_empty() || options.scenario.iter().any(|name| name == scenario.name())
    };
    machine::allow_open_files(u64::from(size.crowd) + OTHER_FILES)?;
    let contestants = contestants(options)?;
    let has_mariadb = mariadb::is_installed();
    if wanted(Scenario::MariaDb) && !has_mariadb {
        println!("without MariaDB: install it (package mariadb-server) to measure that part too");
    }
    let machine = Machine::look(has_mariadb)?;
    println!("{machine}, seed {}", options.seed);

    let folder = Folder::new()?;
    let mut database = match wanted(Scenario::MariaDb) && has_mariadb {
        true => Some(MariaDb::start(&folder.0).await.context("MariaDB")?),
        false => None,
    };
    let mut runs = Vec::new();
    for scenario in [Scenario::Memory, Scenario::MariaDb, Scenario::Crowd] {
        if !wanted(scenario) || (scenario == Scenario::MariaDb && database.is_none()) {
            continue;
        }
        for round in 1..=size.rounds {
            for contestant in &contestants {
                let (seed, port) = (options.seed, server::free_port()?);
                let profile = options.profile.as_deref().filter(|_| contestant.who == Who::Ours);
                let setting =
                    Setting { contestant, scenario, size, round, seed, port, folder: &folder.0, profile };
                let database = database.as_mut().filter(|_| scenario == Scenario::MariaDb);
                let run = measure::run(&setting, database).await;
                let run = run.with_context(|| format!("{} ({})", contestant.who.name(), scenario.name()))?;
                print_line(&run);
                runs.push(run);
            }
        }
    }
    Ok(Report { machine, seed: options.seed, size, runs })
}

/// In the order of their turns.
fn contestants(options: &Options) -> Result<Vec<Contestant>> {
    let mut contestants = Vec::new();
    for who in [Who::Ours, Who::Node] {
        match (options.only.as_deref(), who) {
            (Some("node"), Who::Ours) | (Some("ours"), Who::Node) => {}
            (_, Who::Ours) => contestants.push(Contestant::ours(options.ours.as_deref())?),
            (_, Who::Node) => contestants.push(Contestant::node()?),
        }
    }
    if contestants.is_empty() {
        bail!("nothing to measure");
    }
    Ok(contestants)
}

/// What one run told, as it comes.
fn print_line(run: &Run) {
    const SHOWN: [(&str, &str); 13] = [
        ("closed_flows_per_s", "flows/s"),
        ("closed_cpu_ms_per_flow", "ms CPU a flow"),
        ("closed_driver_cpu_ms_per_flow", "driver's"),
        ("closed_database_cpu_ms_per_flow", "database's"),
        ("closed_server_cores", "cores"),
        ("closed_driver_cores", "driver's"),
        ("closed_others_cores", "others'"),
        ("closed_ring_p99_ms", "ms ring p99 closed"),
        ("open_ring_p50_ms", "ms ring p50 open"),
        ("open_ring_p99_ms", "p99"),
        ("connect_s", "s to connect"),
        ("kb_per_connection", "kB a connection"),
        ("reconnect_s", "s to reconnect"),
    ];
    let numbers: Vec<String> = SHOWN
        .iter()
        .filter_map(|(name, unit)| Some(format!("{} {unit}", report::rounded(*run.numbers.get(*name)?))))
        .collect();
    println!("{:8} {} {:12} {}", run.scenario.name(), run.round, run.server, numbers.join(", "));
    for fault in &run.first_faults {
        println!("         fault: {fault}");
    }
}

/// A folder for this run alone, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self> {
        let folder = env::temp_dir().join(format!("signalling-bench-{}", std::process::id()));
        fs::create_dir(&folder).with_context(|| format!("could not make {}", folder.display()))?;
        Ok(Self(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What stays behind is in the folder for temporary files.
        let _ = fs::remove_dir_all(&self.0);
    }
}
