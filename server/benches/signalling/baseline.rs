//! The Node baseline, installed from its lock file into the user's cache.
use anyhow::{Context, Result, ensure};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

pub(crate) const PACKAGE_JSON: &str = include_str!("baseline/package.json");
const LOCK: &str = include_str!("baseline/package-lock.json");
const SERVER: &str = include_str!("baseline/server.js");

/// Makes the baseline ready to run and returns its main file.
pub(crate) fn install() -> Result<PathBuf> {
    let folder = cache()?.join("worldmates-calls/signalling-baseline");
    fs::create_dir_all(&folder).with_context(|| format!("could not make {}", folder.display()))?;
    let main = folder.join("server.js");
    fs::write(&main, SERVER)?;
    // Written last, so that an installation that was cut short is made again.
    let installed = folder.join("installed.json");
    if fs::read_to_string(&installed).is_ok_and(|lock| lock == LOCK) {
        return Ok(main);
    }
    fs::write(folder.join("package.json"), PACKAGE_JSON)?;
    fs::write(folder.join("package-lock.json"), LOCK)?;
    println!("installing the Node baseline (npm ci)");
    let status = Command::new("npm")
        .args(["ci", "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error"])
        .current_dir(&folder)
        .status()
        .context("npm is needed for the baseline: install Node.js 20 or later")?;
    ensure!(status.success(), "npm ci of the baseline failed");
    fs::write(installed, LOCK)?;
    Ok(main)
}

fn cache() -> Result<PathBuf> {
    let named = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    named
        .or_else(|| env::var_os("HOME").map(|home| Path::new(&home).join(".cache")))
        .context("neither XDG_CACHE_HOME nor HOME says where caches belong")
}
