//! `cargo xtask`: set-up, demo, tests, CI, benches and generated files, one name for each job.
//!
//! It knows how to run things, never what a call is. It stays small on purpose: a fresh clone builds it first.
#![forbid(unsafe_code)]

mod aar;
mod android;
mod bench;
mod ci;
mod demo;
mod desktop;
mod generated;
mod kotlin;
mod load;
mod run;
mod setup;
mod target_dir;
mod test;
mod tidy;
mod workspace;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// The jobs of this project.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    job: Job,
}

#[derive(Subcommand)]
enum Job {
    /// Install what the tests and the demo need; quick when all of it is there
    Setup,
    /// Start a server and let two clients call each other
    Demo(demo::Options),
    /// Set up, then run every test of every part
    Test,
    /// What CI runs: lints and audit, then `test`
    Ci,
    /// Set up, then run one bench, optimised
    #[command(after_help = "Example: cargo xtask bench signalling --users 1000")]
    Bench(bench::Options),
    /// Set up, then put a server under load, both optimised
    #[command(after_help = "Example: cargo xtask load sfu --quick")]
    Load(load::Options),
    /// Set up, then build the Kotlin library and run what a desktop JVM can run of it
    #[command(after_help = "Example: cargo xtask kotlin -- test -Dtest=CallTest")]
    Kotlin(kotlin::Options),
    /// Check that the engine compiles and links for Android, and how big it is
    AndroidCheck,
    /// Open the screens of calls in two windows of this machine; with --play they call each other by themselves
    Desktop(desktop::Options),
    /// Build the native library for each kind of phone; needs the NDK and cargo-ndk
    Ndk,
    /// Make the .aar and a Maven folder with it; with --host-check also without an NDK
    Aar(aar::Options),
    /// Check what no compiler checks: documents, links, paths, file sizes
    Tidy,
    /// Write the files that are made from the code: docs/protocol.md and the web types
    Gen,
}

fn main() -> ExitCode {
    let job = Cli::parse().job;
    match perform(job) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("\ncargo xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn perform(job: Job) -> anyhow::Result<ExitCode> {
    let workspace = workspace::Workspace::find()?;
    match job {
        Job::Setup => setup::run(&workspace).map(|()| ExitCode::SUCCESS),
        Job::Demo(options) => demo::run(&workspace, &options),
        Job::Test => test::run(&workspace),
        Job::Ci => ci::run(&workspace),
        Job::Bench(options) => bench::run(&workspace, &options),
        Job::Load(options) => load::run(&workspace, &options),
        Job::Kotlin(options) => kotlin::run(&workspace, &options),
        Job::AndroidCheck => android::run(&workspace),
        Job::Desktop(options) => desktop::run(&workspace, &options),
        Job::Ndk => aar::ndk(&workspace),
        Job::Aar(options) => aar::run(&workspace, &options),
        Job::Tidy => tidy::run(&workspace),
        Job::Gen => generated::write(&workspace).map(|()| ExitCode::SUCCESS),
    }
}
