//! `cargo xtask setup`: installs what the tests and the demo need on a machine with only Rust, Node, a JDK and Maven.
//!
//! It can be called at any time: what is there is left alone, and when all is there it is done in a blink.
mod kits;
mod packages;
mod tools;

pub(crate) use kits::fingerprint;
pub(crate) use tools::cargo_deny;

use crate::{run, workspace::Workspace};
use anyhow::{Result, bail};

/// Brought by whoever builds this: which programs, and where to get them. Only looked for.
const EXPECTED: &[(&str, &str)] = &[
    ("git", "any version, from your distribution"),
    ("node", "version 20 or later, from nodejs.org"),
    ("npm", "comes with Node.js"),
    ("java", "a JDK, version 17 or later"),
    ("mvn", "Apache Maven 3.8 or later"),
];

pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let absent: Vec<String> = EXPECTED
        .iter()
        .filter(|(program, _)| run::find_program(program).is_none())
        .map(|(program, from)| format!("  {program}: {from}"))
        .collect();
    if !absent.is_empty() {
        bail!("please install these first:\n{}", absent.join("\n"));
    }
    packages::install()?;
    tools::install(workspace)?;
    kits::install(workspace)?;
    println!("set up: everything that the tests need is installed");
    Ok(())
}
