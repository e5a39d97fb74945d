//! `cargo xtask kotlin`: the native library, the Kotlin that calls it, and every test that a desktop JVM can run.
//!
//! Maven builds the same sources that Gradle builds for a phone. Where the native library is, is handed to it.
use crate::{desktop::Classes, run, setup, target_dir::TargetDir, test::Totals, workspace::Workspace};
use anyhow::{Context, Result, bail};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

/// What is run beside the tests.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Maven's own arguments instead of `test`, after `--`
    #[arg(last = true)]
    maven: Vec<String>,
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    setup::run(workspace)?;
    let target = TargetDir::claim(workspace)?;
    if !options.maven.is_empty() {
        let built = Built::new(workspace, &target)?;
        run::run(built.maven(workspace).args(&options.maven))?;
        return Ok(ExitCode::SUCCESS);
    }
    let totals = test(workspace, &target)?;
    println!("\n{}", totals.line());
    Ok(if totals.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Builds everything and runs the tests of every Maven module.
pub(crate) fn test(workspace: &Workspace, target: &TargetDir) -> Result<Totals> {
    run::heading("Kotlin: the library, the test kit, the screens, the app");
    let built = Built::new(workspace, target)?;
    let reports = workspace.root.join(MODULES);
    let outcome = run::run(built.maven(workspace).args([
        "--fail-at-end",
        "--activate-profiles",
        "compose-check",
        "clean",
        "test",
    ]));
    let mut totals = Totals::default();
    for folder in module_folders(&reports)? {
        totals.add(read_reports(&folder)?);
    }
    if let Err(error) = outcome {
        eprintln!("{error:#}");
        if totals.failed == 0 {
            // It failed before or beside the tests.
            totals.failed = 1;
        }
        return Ok(totals);
    }
    run::heading("two windows call each other");
    let played = Classes::compiled(workspace).and_then(|classes| classes.play(target, &built));
    if let Err(error) = &played {
        eprintln!("{error:#}");
    }
    totals.add(Totals::of_one(played.is_ok()));
    Ok(totals)
}

/// The Maven project of all modules.
const MODULES: &str = "android-demo/pom.xml";

/// What Maven needs from cargo.
pub(crate) struct Built {
    pub(crate) library: PathBuf,
    pub(crate) server: PathBuf,
    /// The Kotlin that calls the library.
    pub(crate) generated: PathBuf,
}

impl Built {
    /// Builds the library for this machine, and the Kotlin that calls it.
    pub(crate) fn new(workspace: &Workspace, target: &TargetDir) -> Result<Self> {
        run::run(target.cargo(workspace).args(BUILD))?;
        let library = target.debug_program("libcalls_ffi.so");
        let folder = library.parent().context("a library is in a folder")?.to_owned();
        let generated = folder.join("uniffi-kotlin");
        if generated.exists() {
            fs::remove_dir_all(&generated)?;
        }
        write_kotlin(workspace, &target.debug_program("uniffi-bindgen"), &library, &generated)?;
        Ok(Self { library: folder, server: target.debug_program("calls-server"), generated })
    }

    /// Maven, told where things are.
    pub(crate) fn maven(&self, workspace: &Workspace) -> Command {
        let mut maven = Command::new("mvn");
        maven.current_dir(&workspace.root).args([
            "--batch-mode",
            "--quiet",
            "-Dstyle.color=never",
            "--file",
            MODULES,
        ]);
        maven
            .arg(format!("-Dcalls.native={}", self.library.display()))
            .arg(format!("-Dcalls.server={}", self.server.display()))
            .arg(format!("-Dcalls.generated={}", self.generated.display()));
        maven
    }
}

/// The server, the library, and what writes the Kotlin that calls it.
///
/// All of the workspace and one small test, since cargo decides by what is built which features the crates below have: so
/// they are those of `cargo test`, and nothing is compiled twice.
const BUILD: [&str; 11] = [
    "build",
    "--locked",
    "--workspace",
    "--features",
    FEATURES,
    "--lib",
    "--bin=calls-server",
    "--bin=uniffi-bindgen",
    "--test",
    "signalling_bench",
    "--quiet",
];

/// What the library has on a desktop, and the part of it that writes Kotlin. The tests are built with the same.
pub(crate) const FEATURES: &str = "calls-ffi/bindgen,calls-ffi/software-video";

/// Writes the Kotlin that calls a library, from the library.
fn write_kotlin(workspace: &Workspace, bindgen: &Path, library: &Path, into: &Path) -> Result<()> {
    let mut write = Command::new(bindgen);
    write.current_dir(workspace.root.join("bindings")).arg("generate").arg(library);
    write.args(["--language", "kotlin", "--no-format", "--config", "uniffi.toml", "--out-dir"]);
    run::run(write.arg(into))
}

/// The folders of the modules, as the parent names them.
fn module_folders(parent: &Path) -> Result<Vec<PathBuf>> {
    let text = fs::read_to_string(parent)?;
    let folder = parent.parent().context("a file is in a folder")?;
    let names = text.split("<module>").skip(1).filter_map(|rest| rest.split("</module>").next());
    Ok(names.map(|name| folder.join(name)).collect())
}

/// Counts what Surefire wrote down of one module.
fn read_reports(module: &Path) -> Result<Totals> {
    let mut totals = Totals::default();
    let folder = module.join("target/surefire-reports");
    if !folder.is_dir() {
        return Ok(totals);
    }
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "xml") {
            let text = fs::read_to_string(&path)?;
            totals.add(read_report(&text).with_context(|| path.display().to_string())?);
        }
    }
    let name = module.file_name().unwrap_or_default().to_string_lossy();
    println!("  {name}: {}", totals.line());
    Ok(totals)
}

/// The numbers in the first tag of a report.
fn read_report(text: &str) -> Result<Totals> {
    let Some(tag) = text.split("<testsuite").nth(1).and_then(|rest| rest.split('>').next()) else {
        bail!("this is no report of Surefire");
    };
    let number = |name: &str| -> Result<u64> {
        let value = tag.split(&format!(" {name}=\"")).nth(1).and_then(|rest| rest.split('"').next());
        value.with_context(|| format!("the report does not say {name}"))?.parse().context("a number")
    };
    let (tests, failed) = (number("tests")?, number("failures")? + number("errors")?);
    let skipped = number("skipped")?;
    Ok(Totals { passed: tests.saturating_sub(failed + skipped), failed, skipped })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_counted() {
        let report = r#"<?xml version="1.0"?><testsuite name="a" time="0.1" tests="9" errors="1" skipped="2" failures="1">"#;

        let totals = read_report(report).unwrap();

        assert_eq!(totals, Totals { passed: 5, failed: 2, skipped: 2 });
        assert!(read_report("<html>").is_err());
    }
}
