//! Where things are: the clone, and the folder outside it for what may be kept between clones.
use anyhow::{Context, Result, ensure};
use std::{
    env,
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Command,
};

/// The clone that xtask works on.
pub(crate) struct Workspace {
    /// Its top folder.
    pub(crate) root: PathBuf,
    /// What was installed or built for it and is worth keeping: `$XDG_CACHE_HOME/worldmates-calls`.
    pub(crate) cache: PathBuf,
}

/// A member of the cargo workspace.
pub(crate) struct Member {
    /// The crate's name.
    pub(crate) name: String,
    /// Its folder, from the top of the clone.
    pub(crate) folder: String,
}

impl Workspace {
    /// The clone that `cargo xtask` was called in.
    pub(crate) fn find() -> Result<Self> {
        // Asked at run time, not at build time: one build of xtask may serve several clones.
        let here = env::var_os("CARGO_MANIFEST_DIR").context("call it as `cargo xtask`")?;
        let root = Path::new(&here).ancestors().nth(2).context("xtask is two folders below the top")?;
        ensure!(root.join("Cargo.lock").is_file(), "{} is not the top of the project", root.display());
        let cache = cache_home().context("neither XDG_CACHE_HOME nor HOME says where caches belong")?;
        Ok(Self { root: root.to_owned(), cache: cache.join("worldmates-calls") })
    }

    /// `cargo`, the same one that started us, at the top of the clone.
    pub(crate) fn cargo(&self) -> Command {
        self.cargo_called(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
    }

    /// Another `cargo`, at the top of the clone.
    pub(crate) fn cargo_called(&self, program: impl AsRef<OsStr>) -> Command {
        let mut cargo = Command::new(program);
        cargo.current_dir(&self.root);
        // What `cargo run` set for xtask itself is not true of what is built next.
        for (name, _) in env::vars_os() {
            let name = name.to_string_lossy();
            if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
                cargo.env_remove(&*name);
            }
        }
        cargo
    }

    /// The crates of the workspace.
    pub(crate) fn members(&self) -> Result<Vec<Member>> {
        let metadata =
            self.cargo().args(["metadata", "--no-deps", "--format-version=1", "--offline"]).output()?;
        ensure!(metadata.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&metadata.stderr));
        let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout)?;
        let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
        packages.iter().map(|package| self.member(package)).collect()
    }

    fn member(&self, package: &serde_json::Value) -> Result<Member> {
        let name = package["name"].as_str().context("a package without a name")?;
        let manifest = package["manifest_path"].as_str().context("a package without a manifest")?;
        let folder = Path::new(manifest).parent().context("a manifest is in a folder")?;
        let folder = folder.strip_prefix(&self.root).context("a workspace member is inside the clone")?;
        Ok(Member { name: name.to_owned(), folder: folder.to_string_lossy().into_owned() })
    }
}

fn cache_home() -> Option<PathBuf> {
    let named = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    named.or_else(|| env::var_os("HOME").map(|home| Path::new(&home).join(".cache")))
}
