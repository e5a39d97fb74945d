//! `cargo xtask test`: every test of every part, and one line at the end that sums them up.
mod totals;

pub(crate) use totals::Totals;

use crate::{kotlin, run, setup, target_dir::TargetDir, workspace::Workspace};
use anyhow::{Context, Result};
use std::{
    io::{self, BufRead, BufReader},
    process::{Command, ExitCode},
};
use totals::{Reader, Show};

pub(crate) fn run(workspace: &Workspace) -> Result<ExitCode> {
    let target = TargetDir::claim(workspace)?;
    let totals = all(workspace, &target)?;
    println!("\n{}", totals.line());
    Ok(if totals.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Sets up and runs all of them, in the order in which a failure explains the next.
pub(crate) fn all(workspace: &Workspace, target: &TargetDir) -> Result<Totals> {
    run::heading("set-up");
    setup::run(workspace)?;
    let mut totals = Totals::default();
    totals.add(rust(workspace, target)?);
    totals.add(kotlin::test(workspace, target)?);
    if workspace.root.join("web/package.json").is_file() {
        totals.add(web(workspace));
    }
    Ok(totals)
}

fn rust(workspace: &Workspace, target: &TargetDir) -> Result<Totals> {
    run::heading("Rust: every crate");
    let mut cargo = target.cargo(workspace);
    cargo.args(["test", "--workspace", "--locked", "--no-fail-fast", "--color", "never"]);
    cargo.args(["--features", kotlin::FEATURES]);
    read_along(cargo)
}

/// Runs `cargo test`, shows what a person wants to see of it while it runs, and counts.
fn read_along(mut cargo: Command) -> Result<Totals> {
    let (reader, writer) = io::pipe()?;
    // One pipe for both: cargo names a program on one and the program speaks on the other, and their order matters.
    cargo.stdout(writer.try_clone()?).stderr(writer);
    let mut child = cargo.spawn().with_context(|| format!("could not start {}", run::shown(&cargo)))?;
    // Our own ends of the pipe go with it, or the reading below would never end.
    drop(cargo);
    let mut tests = Reader::default();
    for line in BufReader::new(reader).split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        match tests.read(&line) {
            Show::AsItIs => println!("{line}"),
            Show::Instead(line) => println!("{line}"),
            Show::Nothing => {}
        }
    }
    let status = child.wait()?;
    let mut totals = tests.totals;
    if !status.success() && totals.failed == 0 {
        eprintln!("cargo test failed before or beside the tests ({status}): it counts as one failure");
        totals.failed = 1;
    }
    Ok(totals)
}

/// The tests of the pages, as they define them.
fn web(workspace: &Workspace) -> Totals {
    run::heading("web: types, rules and pages");
    let mut npm = Command::new("npm");
    let result = run::run(npm.current_dir(workspace.root.join("web")).args(["test", "--silent"]));
    if let Err(error) = &result {
        eprintln!("{error:#}");
    }
    Totals::of_one(result.is_ok())
}
