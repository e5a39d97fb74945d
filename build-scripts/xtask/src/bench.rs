//! `cargo xtask bench NAME`: a bench, optimised, with its arguments passed on.
use crate::{run, setup, target_dir::TargetDir, workspace::Workspace};
use anyhow::{Result, bail};
use std::{fs, process::ExitCode};

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Which bench; without a name they are listed
    name: Option<String>,
    /// For the bench itself
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

/// Packages with benches, by the folders in which these are.
const PLACES: [(&str, &str); 2] = [("calls-server", "server/benches"), ("calls-tests", "tests/benches")];

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    let known = benches(workspace);
    let names = || known.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>().join(", ");
    let Some(wanted) = &options.name else {
        println!("benches: {}", names());
        return Ok(ExitCode::SUCCESS);
    };
    let Some((package, name)) = known.iter().find(|(_, name)| name == wanted) else {
        bail!("there is no bench {wanted}; there is: {}", names());
    };
    setup::run(workspace)?;
    let target = TargetDir::claim(workspace)?;
    run::heading(&format!("bench {name}"));
    let mut cargo = target.cargo(workspace);
    cargo.args(["bench", "--locked", "--package", package, "--bench", name, "--"]).args(&options.args);
    run::run(&mut cargo)?;
    Ok(ExitCode::SUCCESS)
}

/// `NAME.rs`, or a folder NAME with a `main.rs`, each with its package.
fn benches(workspace: &Workspace) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    for (package, folder) in PLACES {
        let Ok(entries) = fs::read_dir(workspace.root.join(folder)) else { continue };
        let names = entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|rs| rs == "rs") || path.join("main.rs").is_file())
            .filter_map(|path| Some((package, path.file_stem()?.to_str()?.to_owned())));
        found.extend(names);
    }
    found.sort_by(|(_, one), (_, other)| one.cmp(other));
    found
}
