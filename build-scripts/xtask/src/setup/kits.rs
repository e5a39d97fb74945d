//! What the foreign clients of the tests and the check for Android need: their own packages, installed outside the clone.
//!
//! A kit is a folder of the project that names packages. What it names is installed once for each content of its lock
//! file, in the user's cache folder, and a link in the project's folder leads there. So a fresh clone finds it ready,
//! two clones with different versions do not disturb each other, and a test needs no variable to find it.
use crate::{run, workspace::Workspace};
use anyhow::{Context, Result, bail};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Packages of one language for one part of the project.
struct Kit {
    name: &'static str,
    /// Where it is in the project.
    folder: &'static str,
    kind: Kind,
}

/// Who installs it.
#[derive(Clone, Copy)]
enum Kind {
    Npm,
    Maven,
    Pip,
    Cargo,
}

/// A kit whose folder is not there is skipped: its part of the project is not written yet.
const KITS: &[Kit] = &[
    Kit { name: "tests-js", folder: "tests/clients/js", kind: Kind::Npm },
    Kit { name: "tests-java", folder: "tests/clients/java", kind: Kind::Maven },
    Kit { name: "tests-python", folder: "tests/clients/python", kind: Kind::Pip },
    Kit { name: "tests-rust", folder: "tests/clients/rust", kind: Kind::Cargo },
    Kit { name: "tests-browser", folder: "tests/browser", kind: Kind::Npm },
    Kit { name: "web", folder: "web", kind: Kind::Npm },
    Kit { name: "android", folder: "build-scripts/android", kind: Kind::Pip },
];

impl Kind {
    /// What says which packages it is; the last one pins them.
    fn files(self) -> &'static [&'static str] {
        match self {
            Self::Npm => &["package.json", "package-lock.json"],
            Self::Maven => &["pom.xml"],
            Self::Pip => &["requirements.txt"],
            Self::Cargo => &["Cargo.toml", "Cargo.lock"],
        }
    }

    /// What is made of it, under the name by which the language looks for it.
    fn product(self) -> &'static str {
        match self {
            Self::Npm => "node_modules",
            Self::Maven => "jars",
            Self::Pip => ".venv",
            Self::Cargo => "target",
        }
    }

    /// Makes the product in `place`; `folder` is where the kit is in the project.
    fn install(self, folder: &Path, place: &Path) -> Result<()> {
        let here = |program: &str, args: &[&str]| {
            let mut command = Command::new(program);
            command.current_dir(place).args(args);
            run::run(&mut command)
        };
        match self {
            Self::Npm => here("npm", &["ci", "--no-audit", "--no-fund", "--loglevel=error"]),
            Self::Maven => here(
                "mvn",
                &[
                    "--batch-mode",
                    "--quiet",
                    "-Dstyle.color=never",
                    "dependency:copy-dependencies",
                    "-DoutputDirectory=jars",
                ],
            ),
            Self::Pip => {
                here("python3", &["-m", "venv", ".venv"])?;
                let pip = place.join(".venv/bin/python");
                let pip = pip.to_str().context("the cache folder's name is not text")?;
                let quiet = ["--quiet", "--disable-pip-version-check"];
                here(pip, &[&["-m", "pip", "install"], &quiet[..], &["-r", "requirements.txt"]].concat())
            }
            Self::Cargo => {
                // Where the sources are: the tests build them again, and what they need is built by then.
                let mut build = Command::new("cargo");
                build.current_dir(folder).args(["build", "--quiet", "--locked", "--target-dir"]);
                run::run(build.arg(place.join("target")))
            }
        }
    }
}

/// Installs what is missing.
pub(super) fn install(workspace: &Workspace) -> Result<()> {
    for kit in KITS {
        let folder = workspace.root.join(kit.folder);
        if let Some(sources) = kit.sources(&folder)? {
            let installed = kit.installed(&workspace.cache.join("kits"), &folder, &sources)?;
            link(&installed.join(kit.kind.product()), &folder.join(kit.kind.product()))?;
        }
    }
    Ok(())
}

impl Kit {
    /// The content of its files; none if the part of the project is not there.
    fn sources(&self, folder: &Path) -> Result<Option<Vec<u8>>> {
        let files = self.kind.files();
        if !folder.join(files[0]).is_file() {
            return Ok(None);
        }
        let mut all = Vec::new();
        for file in files {
            let path = folder.join(file);
            let text = fs::read(&path).with_context(|| format!("{}/{file} is missing", self.folder))?;
            all.extend(text);
            all.push(0);
        }
        Ok(Some(all))
    }

    /// The folder in the cache, installed if it is not yet.
    fn installed(&self, cache: &Path, folder: &Path, sources: &[u8]) -> Result<PathBuf> {
        let place = cache.join(format!("{}-{:016x}", self.name, fingerprint(sources)));
        let done = place.join(".installed");
        if done.is_file() {
            return Ok(place);
        }
        run::heading(&format!("packages of {}", self.folder));
        if place.exists() {
            // An installation that was broken off.
            fs::remove_dir_all(&place)?;
        }
        fs::create_dir_all(&place)?;
        for file in self.kind.files() {
            fs::copy(folder.join(file), place.join(file))?;
        }
        self.kind.install(folder, &place)?;
        fs::write(done, "")?;
        Ok(place)
    }
}

/// Makes `link` lead to `target`, unless it does.
fn link(target: &Path, link: &Path) -> Result<()> {
    if fs::read_link(link).is_ok_and(|old| old == target) {
        return Ok(());
    }
    if link.is_symlink() {
        fs::remove_file(link)?;
    } else if link.exists() {
        bail!("{} is in the way: remove it, `cargo xtask setup` makes it a link", link.display());
    }
    symlink(target, link).with_context(|| format!("could not link {}", link.display()))
}

#[cfg(unix)]
fn symlink(target: &Path, link: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

#[cfg(windows)]
fn symlink(target: &Path, link: &Path) -> std::io::Result<()> {
    std::os::windows::fs::symlink_dir(target, link)
}

/// FNV-1a: tells versions of a file apart, and stays the same with the next Rust.
pub(crate) fn fingerprint(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_the_one_that_the_definition_gives() {
        assert_eq!(fingerprint(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fingerprint(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn a_kit_whose_files_are_not_there_is_skipped() {
        let kit = Kit { name: "none", folder: "no/such/folder", kind: Kind::Npm };

        assert!(kit.sources(Path::new("no/such/folder")).unwrap().is_none());
    }

    #[test]
    fn no_two_kits_share_a_name_or_a_folder() {
        let names: std::collections::BTreeSet<_> = KITS.iter().map(|kit| kit.name).collect();
        let folders: std::collections::BTreeSet<_> = KITS.iter().map(|kit| kit.folder).collect();

        assert_eq!((names.len(), folders.len()), (KITS.len(), KITS.len()));
    }
}
