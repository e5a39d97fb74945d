//! Cargo's own helpers, at the versions that CI uses.
use crate::{run, workspace::Workspace};
use anyhow::{Result, bail};
use std::{path::PathBuf, process::Command};

/// A program of crates.io.
struct Tool {
    name: &'static str,
    version: &'static str,
}

/// Licences, sources, unwanted crates, and the security advisories.
///
/// `cargo audit` is not here: it reads the same advisory database as `cargo deny check advisories`, and a second
/// program for it would cost minutes of compiling on each new machine.
const CARGO_DENY: Tool = Tool { name: "cargo-deny", version: "0.20.2" };

const TOOLS: &[Tool] = &[CARGO_DENY];

/// Installs what is missing.
pub(super) fn install(workspace: &Workspace) -> Result<()> {
    for tool in TOOLS {
        if tool.find(workspace).is_some() {
            continue;
        }
        run::heading(&format!("{} {} (once; a few minutes)", tool.name, tool.version));
        let mut cargo = workspace.cargo();
        cargo.args(["install", "--locked", tool.name, "--version", tool.version]);
        cargo.arg("--root").arg(tool.folder(workspace));
        cargo.arg("--target-dir").arg(workspace.cache.join("tools-target"));
        run::run(&mut cargo)?;
    }
    Ok(())
}

/// `cargo-deny`, which `setup` installs.
pub(crate) fn cargo_deny(workspace: &Workspace) -> Result<Command> {
    let Some(program) = CARGO_DENY.find(workspace) else {
        bail!("{} {} is not installed: run cargo xtask setup", CARGO_DENY.name, CARGO_DENY.version);
    };
    let mut command = Command::new(program);
    command.current_dir(&workspace.root);
    Ok(command)
}

impl Tool {
    /// The version is part of the folder's name, so that a newer one does not have to be asked what it is.
    fn folder(&self, workspace: &Workspace) -> PathBuf {
        workspace.cache.join("tools").join(format!("{}-{}", self.name, self.version))
    }

    fn find(&self, workspace: &Workspace) -> Option<PathBuf> {
        let ours = self.folder(workspace).join("bin").join(self.name);
        if ours.is_file() {
            return Some(ours);
        }
        let theirs = run::find_program(self.name)?;
        let says = run::output(Command::new(&theirs).arg("--version")).ok()?;
        (says.trim() == format!("{} {}", self.name, self.version)).then_some(theirs)
    }
}
