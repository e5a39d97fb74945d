//! `cargo xtask ci`: all that a change has to pass. Every check runs, so that one run shows every fault.
use crate::{run, setup, target_dir::TargetDir, test, tidy, workspace::Workspace};
use anyhow::{Result, bail};
use std::process::{Command, ExitCode};

pub(crate) fn run(workspace: &Workspace) -> Result<ExitCode> {
    // The checks need a program that set-up installs; the tests after them find it done.
    setup::run(workspace)?;
    let target = TargetDir::claim(workspace)?;
    let faults = lint(workspace, &target);
    let mut totals = test::all(workspace, &target)?;
    for fault in &faults {
        eprintln!("failed: {fault}");
    }
    totals.failed += faults.len() as u64;
    println!("\n{}", totals.line());
    Ok(if totals.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs all checks that are no tests; returns those that found something.
fn lint(workspace: &Workspace, target: &TargetDir) -> Vec<&'static str> {
    let cargo = |args: &str| {
        let mut cargo = target.cargo(workspace);
        cargo.args(args.split_whitespace());
        cargo
    };
    let mut faults = Vec::new();
    let mut check = |name: &'static str, check: &dyn Fn() -> Result<()>| {
        run::heading(name);
        match check() {
            Ok(()) => println!("good"),
            Err(error) => {
                eprintln!("{error:#}");
                faults.push(name);
            }
        }
    };
    check("format", &|| run::run(&mut cargo("fmt --all --check")));
    check("tidy", &|| tidy::check(workspace));
    check("clippy", &|| {
        run::run(&mut cargo(
            "clippy --workspace --all-targets --all-features --locked --quiet -- -D warnings",
        ))
    });
    check("documentation", &|| {
        let mut doc =
            cargo("doc --workspace --all-features --no-deps --document-private-items --locked --quiet");
        run::run(doc.env("RUSTDOCFLAGS", "-D warnings"))
    });
    check("licences, sources, unwanted crates", &|| {
        let mut deny = setup::cargo_deny(workspace)?;
        run::run(deny.args(["--log-level", "error", "--locked", "check", "bans", "licenses", "sources"]))
    });
    check("security advisories", &|| advisories(setup::cargo_deny(workspace)?));
    faults
}

/// The advisories come from a database on the network. Without it nothing is known, which is said but fails nobody's
/// change: the change is not at fault.
fn advisories(mut deny: Command) -> Result<()> {
    let output = deny.args(["--log-level", "error", "--locked", "check", "advisories"]).output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    if let Some(reason) = not_fetched(&said) {
        println!("!! advisories NOT checked: {reason}");
        return Ok(());
    }
    bail!("{}", said.trim());
}

/// Why the advisory database could not be had; none if it could.
fn not_fetched(said: &str) -> Option<&str> {
    let start =
        said.find("failed to fetch advisory database").or_else(|| said.find("failed to load advisory"))?;
    said[start..].lines().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_out_of_reach_is_told_from_an_advisory_that_was_found() {
        let unreachable =
            "2026-01-01 [ERROR] failed to fetch advisory database https://example.org\n\nCaused by: x";
        let found = "error[vulnerability]: Something bad\n  = ID: RUSTSEC-2020-0001";

        assert_eq!(not_fetched(unreachable), Some("failed to fetch advisory database https://example.org"));
        assert_eq!(not_fetched(found), None);
    }
}
