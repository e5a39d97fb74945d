//! `cargo xtask bench NAME`: a bench of the server, optimised, with its arguments passed on.
use crate::{run, setup, target_dir::TargetDir, workspace::Workspace};
use anyhow::{Result, bail};
use std::{fs, process::ExitCode};

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Which bench of `server/benches`; without a name they are listed
    name: Option<String>,
    /// For the bench itself
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    let known = benches(workspace);
    let Some(name) = &options.name else {
        println!("benches: {}", if known.is_empty() { "none yet".to_owned() } else { known.join(", ") });
        return Ok(ExitCode::SUCCESS);
    };
    if !known.contains(name) {
        bail!("there is no bench {name} in server/benches; there is: {}", known.join(", "));
    }
    setup::run(workspace)?;
    let target = TargetDir::claim(workspace)?;
    run::heading(&format!("bench {name}"));
    let mut cargo = target.cargo(workspace);
    cargo.args(["bench", "--locked", "--package", "calls-server", "--bench", name, "--"]).args(&options.args);
    run::run(&mut cargo)?;
    Ok(ExitCode::SUCCESS)
}

/// `server/benches/NAME.rs`, or a folder NAME with a `main.rs`.
fn benches(workspace: &Workspace) -> Vec<String> {
    let Ok(entries) = fs::read_dir(workspace.root.join("server/benches")) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|rs| rs == "rs") || path.join("main.rs").is_file())
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    names
}
