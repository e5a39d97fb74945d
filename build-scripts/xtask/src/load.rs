//! `cargo xtask load NAME`: a real server under synthetic load, both optimised, in processes of their own.
use crate::{run, setup, target_dir::TargetDir, workspace::Workspace};
use anyhow::Result;
use std::process::ExitCode;

/// What to load.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// What: the media server
    #[arg(value_parser = ["sfu"])]
    name: String,
    /// For the load itself
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    setup::run(workspace)?;
    let target = TargetDir::claim(workspace)?;
    run::heading("building the server, optimised");
    let package = ["build", "--locked", "--release", "--package", "calls-server", "--bin", "calls-server"];
    run::run(target.cargo(workspace).args(package))?;
    run::heading(&format!("load {}", options.name));
    let mut cargo = target.cargo(workspace);
    cargo.args(["bench", "--locked", "--package", "calls-tests", "--bench", &options.name, "--"]);
    cargo.arg("--server").arg(target.release_program("calls-server")).args(&options.args);
    run::run(&mut cargo)?;
    Ok(ExitCode::SUCCESS)
}
