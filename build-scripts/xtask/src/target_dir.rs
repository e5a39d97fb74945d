//! Where cargo builds: a folder that outlives the clone, so that a fresh clone does not compile the world again.
//!
//! Cargo keys what it built by the path *within* a workspace and looks at file times to see whether it is still true.
//! Two clones that share one folder would therefore be given each other's crates: whoever builds second gets "fresh"
//! code of the other. So the folder belongs to one clone at a time. When another takes it over, the workspace's own
//! crates are thrown away and the dependencies, which are the slow part, stay. While one clone works in it, a second
//! one builds in its own `target/`.
use crate::workspace::Workspace;
use anyhow::{Context, Result};
use std::{
    env,
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

/// The folder to build in, ours as long as this value lives.
pub(crate) struct TargetDir {
    path: PathBuf,
    _claim: Option<File>,
}

impl TargetDir {
    /// Claims the shared folder; `CARGO_TARGET_DIR` of the caller goes before it.
    pub(crate) fn claim(workspace: &Workspace) -> Result<Self> {
        if let Some(path) = env::var_os("CARGO_TARGET_DIR") {
            return Ok(Self { path: path.into(), _claim: None });
        }
        let path = workspace.cache.join("target");
        fs::create_dir_all(&path).with_context(|| format!("could not make {}", path.display()))?;
        let claim = File::options().create(true).append(true).open(workspace.cache.join("target.lock"))?;
        let owner = workspace.cache.join("target.owner");
        let root = workspace.root.to_string_lossy();
        let is_ours = || fs::read_to_string(&owner).is_ok_and(|owner| owner == root);
        if claim.try_lock().is_ok() {
            if !is_ours() {
                forget_own_crates(workspace, &path)?;
                fs::write(&owner, root.as_bytes())?;
            }
            claim.unlock()?;
        }
        // From here on several jobs of one clone may share it; cargo's own lock orders their builds.
        if claim.try_lock_shared().is_ok() && is_ours() {
            return Ok(Self { path, _claim: Some(claim) });
        }
        eprintln!("another clone is building in {}: this one builds in its own target/", path.display());
        Ok(Self { path: workspace.root.join("target"), _claim: None })
    }

    /// `cargo`, building here.
    pub(crate) fn cargo(&self, workspace: &Workspace) -> Command {
        let mut cargo = workspace.cargo();
        cargo.env("CARGO_TARGET_DIR", &self.path);
        cargo
    }

    /// Where what is for Android is built: by another compiler, which must not share a folder with this one.
    pub(crate) fn android(&self) -> PathBuf {
        self.path.join("android")
    }

    /// A program that was built without optimisation.
    pub(crate) fn debug_program(&self, name: &str) -> PathBuf {
        self.path.join("debug").join(format!("{name}{}", env::consts::EXE_SUFFIX))
    }

    /// A program that was built with it.
    pub(crate) fn release_program(&self, name: &str) -> PathBuf {
        self.path.join("release").join(format!("{name}{}", env::consts::EXE_SUFFIX))
    }
}

fn forget_own_crates(workspace: &Workspace, path: &Path) -> Result<()> {
    for profile in ["dev", "release"] {
        let mut clean = workspace.cargo();
        clean.args(["clean", "--quiet", "--offline", "--workspace", "--profile", profile]);
        crate::run::output(clean.arg("--target-dir").arg(path))?;
    }
    forget_for_android(&path.join("android"))
}

/// The same for what another cargo built there, whose names this one does not know: without its record each of our crates
/// is built again.
fn forget_for_android(path: &Path) -> Result<()> {
    let folders = |path: &Path| fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
    for profile in folders(path).flat_map(|target| folders(&target).collect::<Vec<_>>()) {
        for record in folders(&profile.join(".fingerprint")) {
            let name = record.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.starts_with("calls-") {
                fs::remove_dir_all(&record)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_built_for_android_in_another_clone_is_forgotten_and_what_it_stands_on_is_not() {
        let folder = env::temp_dir().join(format!("xtask-target-dir-{}", std::process::id()));
        let records = folder.join("aarch64-linux-android/android/.fingerprint");
        for name in ["calls-core-12", "serde-34"] {
            fs::create_dir_all(records.join(name)).unwrap();
        }

        forget_for_android(&folder).unwrap();

        assert!(!records.join("calls-core-12").exists() && records.join("serde-34").exists());
        assert!(forget_for_android(&folder.join("nowhere")).is_ok());
        fs::remove_dir_all(folder).unwrap();
    }
}
