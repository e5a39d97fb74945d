//! `cargo xtask ci`: all that a change has to pass. Every check runs, so that one run shows every fault.
use crate::{android, run, setup, target_dir::TargetDir, test, tidy, workspace::Workspace};
use anyhow::{Result, bail};
use std::process::ExitCode;

/// What the checks that are no tests found.
#[derive(Default)]
struct Report {
    /// Checks that failed.
    faults: Vec<&'static str>,
    /// What was left out, and why.
    left_out: Vec<String>,
}

pub(crate) fn run(workspace: &Workspace) -> Result<ExitCode> {
    // The checks need a program that set-up installs; the tests after them find it done.
    setup::run(workspace)?;
    let target = TargetDir::claim(workspace)?;
    let report = lint(workspace, &target);
    let mut totals = test::all(workspace, &target)?;
    run::heading("all of it");
    for fault in &report.faults {
        println!("failed: {fault} (see above)");
    }
    for left_out in &report.left_out {
        println!("!! {left_out}");
    }
    totals.failed += report.faults.len() as u64;
    println!("\n{}", totals.line());
    Ok(if totals.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs all checks that are no tests.
fn lint(workspace: &Workspace, target: &TargetDir) -> Report {
    let cargo = |args: &str| {
        let mut cargo = target.cargo(workspace);
        cargo.args(args.split_whitespace());
        cargo
    };
    let mut report = Report::default();
    report.check("format", || run::run(&mut cargo("fmt --all --check")));
    report.check("tidy", || tidy::check(workspace));
    report.check("clippy", || {
        run::run(&mut cargo(
            "clippy --workspace --all-targets --all-features --locked --quiet -- -D warnings",
        ))
    });
    report.check("documentation", || {
        let mut doc =
            cargo("doc --workspace --all-features --no-deps --document-private-items --locked --quiet");
        // The pages are for those who work on it, private items and all; nothing here is published.
        run::run(doc.env("RUSTDOCFLAGS", "-D warnings -A rustdoc::private-intra-doc-links"))
    });
    report.check("licences, sources, unwanted crates", || {
        let mut deny = setup::cargo_deny(workspace)?;
        run::run(deny.args(["--log-level", "error", "--locked", "check", "bans", "licenses", "sources"]))
    });
    report.check_advisories(workspace);
    report.check("Android", || android::check(workspace, target));
    report
}

impl Report {
    fn check(&mut self, name: &'static str, check: impl FnOnce() -> Result<()>) {
        run::heading(name);
        let result = check();
        self.note(name, result);
    }

    fn note(&mut self, name: &'static str, result: Result<()>) {
        match result {
            Ok(()) => println!("good"),
            Err(error) => {
                eprintln!("{error:#}");
                self.faults.push(name);
            }
        }
    }

    /// The advisories come from a database on the network. Without it nothing is known, which is said loudly but
    /// fails nobody's change: the change is not at fault.
    fn check_advisories(&mut self, workspace: &Workspace) {
        let name = "security advisories";
        run::heading(name);
        match advisories(workspace) {
            Ok(Advisories::NotChecked(reason)) => {
                let left_out = format!("advisories NOT checked: {reason}");
                println!("!! {left_out}");
                self.left_out.push(left_out);
            }
            Ok(Advisories::None) => self.note(name, Ok(())),
            Err(error) => self.note(name, Err(error)),
        }
    }
}

enum Advisories {
    /// There are none about what is used here.
    None,
    /// Nobody knows.
    NotChecked(String),
}

fn advisories(workspace: &Workspace) -> Result<Advisories> {
    let mut deny = setup::cargo_deny(workspace)?;
    let output = deny.args(["--log-level", "error", "--locked", "check", "advisories"]).output()?;
    if output.status.success() {
        return Ok(Advisories::None);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    match not_fetched(&said) {
        Some(reason) => Ok(Advisories::NotChecked(reason.to_owned())),
        None => bail!("{}", said.trim()),
    }
}

/// Why the advisory database could not be had; none if it could.
fn not_fetched(said: &str) -> Option<&str> {
    let start =
        said.find("failed to fetch advisory database").or_else(|| said.find("failed to load advisory"))?;
    let line = said[start..].lines().next()?;
    // Behind it stands the whole command that was tried.
    Some(line.split(" with ").next().unwrap_or(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_out_of_reach_is_told_from_an_advisory_that_was_found() {
        let unreachable =
            "2026-01-01 [ERROR] failed to fetch advisory database https://example.org with cli: x\n\n";
        let found = "error[vulnerability]: Something bad\n  = ID: RUSTSEC-2020-0001";

        assert_eq!(not_fetched(unreachable), Some("failed to fetch advisory database https://example.org"));
        assert_eq!(not_fetched(found), None);
    }
}
