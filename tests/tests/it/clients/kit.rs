//! How the programs of `tests/clients` are started, from what `cargo xtask setup` installed.
use anyhow::{Context, Result, ensure};
use std::{
    env, fs,
    path::{Path, PathBuf},
};
use tokio::{process::Command, sync::OnceCell};

/// A program in JavaScript.
pub(crate) fn javascript(program: &str) -> Result<Command> {
    let folder = folder("js");
    installed(&folder, "node_modules")?;
    Ok(command("node", [folder.join(program)]))
}

/// A program in Java, compiled by `java` itself on its way: nothing is left behind.
pub(super) fn java(program: &str) -> Result<Command> {
    let folder = folder("java");
    let jars = installed(&folder, "jars")?.join("*");
    // Small programs: starting quickly counts more than running fast.
    let mut java = command("java", ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "--class-path"]);
    java.arg(jars).arg(folder.join(program));
    Ok(java)
}

/// The player in Python.
pub(super) fn python() -> Result<Command> {
    let folder = folder("python");
    let python = installed(&folder, ".venv")?.join("bin/python");
    Ok(command(python, [folder.join("player.py")]))
}

/// The player in Rust: its packages were built by the set-up, the rest is built here if it is not what it was.
pub(super) async fn rust() -> Result<Command> {
    static BUILT: OnceCell<PathBuf> = OnceCell::const_new();
    let program = BUILT.get_or_try_init(build).await?;
    Ok(command(program, [""; 0]))
}

async fn build() -> Result<PathBuf> {
    let folder = folder("rust");
    let target = installed(&folder, "target")?;
    let program = target.join("debug").join(format!("calls-tests-rust-socketio{}", env::consts::EXE_SUFFIX));
    // Clones share the folder, and cargo tells their sources apart by time alone.
    let (source, built_from) = (fs::read(folder.join("src/main.rs"))?, target.join("built-from"));
    if program.is_file() && fs::read(&built_from).is_ok_and(|built| built == source) {
        return Ok(program);
    }
    for words in [
        &["clean", "--quiet", "--offline", "--package", "calls-tests-rust-socketio"][..],
        &["build", "--quiet", "--offline", "--locked"],
    ] {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(&folder).args(words).arg("--target-dir").arg(&target);
        let status = cargo.status().await.context("cargo does not start")?;
        ensure!(
            status.success(),
            "the player in Rust does not build; `cargo xtask setup` brings its packages"
        );
    }
    fs::write(built_from, source)?;
    Ok(program)
}

fn folder(language: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients").join(language)
}

fn installed(folder: &Path, product: &str) -> Result<PathBuf> {
    let path = folder.join(product);
    ensure!(path.exists(), "{} is not installed: run `cargo xtask setup`", path.display());
    Ok(path)
}

fn command<S: AsRef<std::ffi::OsStr>>(
    program: impl AsRef<std::ffi::OsStr>,
    args: impl IntoIterator<Item = S>,
) -> Command {
    let mut command = Command::new(program);
    command.args(args).kill_on_drop(true);
    command
}
