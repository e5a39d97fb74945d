//! `cargo xtask android-check`: whether the engine compiles and links for Android, and how big it is, on a machine that
//! has neither the NDK nor a phone.
//!
//! What is built here is looked at and never shipped: the C parts are compiled with the headers of another C library,
//! since Android's own are in no package registry. `docs/android-build.md` says what that proves and what it does not.
mod elf;
mod libraries;
mod size;

pub(crate) use size::{Size, Table};

use crate::{run, setup, target_dir::TargetDir, workspace::Workspace};
use anyhow::{Context, Result, bail, ensure};
use libraries::Libraries;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

/// Android 8.0, the first with AAudio.
const API: u32 = 26;
/// What the library is called in an app.
const SONAME: &str = "libcalls_ffi.so";
/// What the linker is told, by the NDK's build as by this one.
const LINK: [&str; 6] = [
    // Phones with large pages load nothing else.
    "-z,max-page-size=16384",
    "--no-undefined",
    // Functions that came out the same are there once. Nothing here tells functions apart by their addresses.
    "--icf=all",
    // Where code has to be told its own address is written tersely; Android reads that since 6.0 (API 23).
    "--pack-dyn-relocs=android",
    "-O2",
    // Said here as well as in the profile: with arguments of our own, not every cargo passes that one on.
    "--strip-all",
];

/// Pieces of code that occur twice are not made functions of their own: each has to be told to the unwinder, and in a
/// zip that takes more than it spares.
const NO_OUTLINING: &str = "-Cllvm-args=-enable-machine-outliner=never";

/// What rustc is told at the end, where all is put into one library.
pub(crate) fn last_arguments() -> impl Iterator<Item = String> {
    let soname = format!("-soname,{SONAME}");
    let link = LINK.into_iter().map(str::to_owned).chain([soname]);
    link.map(|argument| format!("-Clink-arg=-Wl,{argument}")).chain([NO_OUTLINING.to_owned()])
}

/// A kind of phone.
struct Target {
    /// What Rust calls it.
    name: &'static str,
    /// What clang calls it, without the API level.
    clang: &'static str,
    /// The folders of its headers, of musl and of Linux.
    headers: [&'static str; 2],
}

const ARM64: Target =
    Target { name: "aarch64-linux-android", clang: "aarch64-linux-android", headers: ["aarch64", "aarch64"] };

/// The others: older phones, and the emulator.
const OTHERS: [Target; 2] = [
    Target { name: "armv7-linux-androideabi", clang: "armv7a-linux-androideabi", headers: ["arm", "arm"] },
    Target { name: "x86_64-linux-android", clang: "x86_64-linux-android", headers: ["x86_64", "x86"] },
];

pub(crate) fn run(workspace: &Workspace) -> Result<ExitCode> {
    setup::run(workspace)?;
    check(workspace, &TargetDir::claim(workspace)?)?;
    Ok(ExitCode::SUCCESS)
}

/// Fails with what is wrong, in words.
pub(crate) fn check(workspace: &Workspace, target: &TargetDir) -> Result<()> {
    Kit::find(workspace, target.android())?.type_check(workspace)?;
    library(workspace, target).map(drop)
}

/// The library for arm64, linked and looked at.
pub(crate) fn library(workspace: &Workspace, target: &TargetDir) -> Result<PathBuf> {
    let kit = Kit::find(workspace, target.android())?;
    let libraries = Libraries::make(&kit, &workspace.root)?;
    let library = kit.build(workspace, &libraries)?;
    let faults = elf::faults(&elf::read(&library)?, SONAME, &libraries.symbols);
    ensure!(faults.is_empty(), "{SONAME} would not load on a phone:\n  {}", faults.join("\n  "));
    println!("{}", Table(&[("arm64-v8a", Size::of(&library)?)]));
    Ok(library)
}

/// What can be called in a library.
pub(crate) fn exports(library: &Path) -> Result<BTreeSet<String>> {
    Ok(elf::read(library)?.exports)
}

/// What compiles for Android here: Debian's Rust, which comes with the source of `std`, and clang with the headers that
/// the wheel of Zig brings.
struct Kit {
    /// `lib` of Zig.
    zig: PathBuf,
    /// What CMake is told.
    cmake: PathBuf,
    /// Where all of it is built.
    folder: PathBuf,
}

impl Kit {
    fn find(workspace: &Workspace, folder: PathBuf) -> Result<Self> {
        let ours = workspace.root.join("build-scripts/android");
        let python = ours.join(".venv/lib");
        let zig = fs::read_dir(&python)
            .ok()
            .and_then(|mut folders| folders.next())
            .with_context(|| format!("{} is empty: run cargo xtask setup", python.display()))??
            .path()
            .join("site-packages/ziglang/lib");
        ensure!(zig.is_dir(), "{} is not there: run cargo xtask setup", zig.display());
        Ok(Self { zig, cmake: ours.join("toolchain.cmake"), folder })
    }

    /// The two kinds that are not linked. Oboe's C++ is left out by the switch that its own documentation is built with.
    fn type_check(&self, workspace: &Workspace) -> Result<()> {
        eprintln!("types, on {} and {}", OTHERS[0].name, OTHERS[1].name);
        let mut cargo = self.cargo(workspace, &["check"]);
        cargo.env("DOCS_RS", "1").args(["--package", "calls-ffi", "--features", "oboe"]);
        for target in &OTHERS {
            cargo.args(["--target", target.name]);
        }
        run::run(&mut cargo)
    }

    /// The library as a phone would get it, except for what is said above.
    fn build(&self, workspace: &Workspace, libraries: &Libraries) -> Result<PathBuf> {
        eprintln!("types and link, on {}", ARM64.name);
        // All of `-Z` stands before the job: cargo takes what stands behind it for the whole of it.
        let mut cargo = self.cargo(workspace, &["-Zbuild-std-features=panic-unwind", "rustc"]);
        cargo.env("CARGO_TARGET_AARCH64_LINUX_ANDROID_LINKER", "clang-19");
        // As it stands in its Cargo.toml it is a Rust library as well, and of that cargo makes no single piece.
        cargo.args(["--package", "calls-ffi", "--lib", "--crate-type", "cdylib"]);
        cargo.args(["--profile", "android", "--target", ARM64.name, "--"]);
        let version = format!("--target={}{API}", ARM64.clang);
        let search = format!("-L{}", libraries.folder.display());
        for argument in [version.as_str(), "-fuse-ld=lld-19", "-nostdlib", "-nostartfiles", search.as_str()] {
            cargo.arg(format!("-Clink-arg={argument}"));
        }
        cargo.args(last_arguments());
        run::run(&mut cargo)?;
        Ok(self.folder.join(ARM64.name).join("android").join(SONAME))
    }

    /// Debian's cargo: the one of rustup has neither the source of `std` nor Android's.
    fn cargo(&self, workspace: &Workspace, job: &[&str]) -> Command {
        let mut cargo = workspace.cargo_called("/usr/bin/cargo");
        // Set for the compiler that xtask was built by; and its libraries are not this one's.
        cargo.env_remove("RUSTUP_TOOLCHAIN").env_remove("LD_LIBRARY_PATH");
        // `-Z` on a compiler that is stable otherwise. It lets nightly features in everywhere, so that the code is
        // stable Rust is proved by the build for this machine.
        cargo.env("RUSTC_BOOTSTRAP", "1").env("RUSTC", "/usr/bin/rustc");
        cargo.env("CARGO_TARGET_DIR", &self.folder);
        for target in OTHERS.iter().chain([&ARM64]) {
            let name = target.name.replace('-', "_");
            cargo.env(format!("CC_{name}"), "clang-19").env(format!("AR_{name}"), "llvm-ar-19");
            cargo.env(format!("CFLAGS_{name}"), self.c_flags(target).join(" "));
            cargo.env(format!("CMAKE_TOOLCHAIN_FILE_{name}"), &self.cmake);
        }
        cargo.arg("-Zbuild-std=std,panic_unwind").args(job).args(["--locked", "--quiet"]);
        cargo
    }

    fn c_flags(&self, target: &Target) -> Vec<String> {
        let [musl, linux] = target.headers;
        let folders = [
            format!("{musl}-linux-musl"),
            "generic-musl".into(),
            format!("{linux}-linux-any"),
            "any-linux-any".into(),
        ];
        let include = |folder| format!("-isystem{}", self.zig.join("libc/include").join(folder).display());
        // `assert` of these headers calls what Android does not have.
        let mut flags =
            vec![format!("--target={}{API}", target.clang), "-nostdlibinc".into(), "-DNDEBUG".into()];
        flags.extend(folders.into_iter().map(include));
        flags
    }

    /// A file of C, C++ or assembler, compiled for arm64.
    fn compile(&self, source: &Path, more: &[&str], object: &Path) -> Result<()> {
        let is_cpp = source.extension().is_some_and(|extension| extension == "cpp");
        let mut clang = Command::new(if is_cpp { "clang++-19" } else { "clang-19" });
        clang.args(self.c_flags(&ARM64)).args(["-O2", "-fPIC", "-c"]).args(more);
        run::run(clang.arg(source).arg("-o").arg(object))
    }
}

/// Fails if a program that was run to be asked says nothing.
fn asked(command: &mut Command) -> Result<String> {
    let said = run::output(command)?;
    if said.trim().is_empty() {
        bail!("{} said nothing", run::shown(command));
    }
    Ok(said)
}
