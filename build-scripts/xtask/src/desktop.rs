//! `cargo xtask desktop`: the screens of calls in two windows of this machine, with the real engine and a real server.
//!
//! With `--play` the two call each other by themselves on a screen that nobody sees (Xvfb), and take pictures of it: a test,
//! and what the documentation shows.
use crate::{
    kotlin::Built,
    run::{self, Running},
    setup,
    target_dir::TargetDir,
    workspace::Workspace,
};
use anyhow::{Context, Result, bail, ensure};
use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    thread,
};

/// How the windows are opened.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Let the windows call each other on a screen that nobody sees, and take pictures of it
    #[arg(long)]
    play: bool,
    /// With --play: keep the picture of both windows in docs/images
    #[arg(long, requires = "play")]
    keep: bool,
}

/// Who calls whom.
const PEOPLE: [(&str, &str); 2] = [("1", "Олена Ковальчук"), ("2", "Тарас Шевчук")];
/// What `--keep` writes.
const PICTURE: &str = "docs/images/desktop.jpg";

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    setup::run(workspace)?;
    let target = TargetDir::claim(workspace)?;
    let built = Built::new(workspace, &target)?;
    run::run(built.maven(workspace).args(["--projects", "desktop", "--also-make", "process-classes"]))?;
    let classes = Classes::compiled(workspace)?;
    if options.play {
        let pictures = classes.play(&target, &built)?;
        println!("pictures are in {}", pictures.display());
        if options.keep {
            fs::copy(pictures.join("both.jpg"), workspace.root.join(PICTURE))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let server = Server::start(&built)?;
    println!("two windows: call from one to the other; closing both ends it");
    let windows = PEOPLE.map(|(user, _)| classes.window(&built, &server.url, user, &[]).spawn());
    for window in windows {
        let status = Running(window?).0.wait()?;
        ensure!(status.success(), "a window ended badly: {status}");
    }
    Ok(ExitCode::SUCCESS)
}

/// The desktop program, compiled.
pub(crate) struct Classes {
    path: String,
}

impl Classes {
    /// As Maven left it in whatever run came as far as `process-classes`.
    pub(crate) fn compiled(workspace: &Workspace) -> Result<Self> {
        let folder = workspace.root.join("android-demo/desktop/target");
        let others = fs::read_to_string(folder.join("classpath.txt")).context("Maven wrote no class path")?;
        Ok(Self { path: format!("{}:{}", folder.join("classes").display(), others.trim()) })
    }

    /// Lets two windows call each other. Gives the folder with the pictures.
    pub(crate) fn play(&self, target: &TargetDir, built: &Built) -> Result<PathBuf> {
        let pictures = target.debug_program("desktop-pictures");
        if pictures.exists() {
            fs::remove_dir_all(&pictures)?;
        }
        fs::create_dir_all(&pictures)?;
        let server = Server::start(built)?;
        let screen = Screen::start()?;
        let folder = pictures.to_str().context("the folder of the pictures is not text")?;
        let begin = |user: &str, more: &[&str]| -> Result<Running> {
            let script = [&["--script", folder, "--language", "uk", "--tone"], more].concat();
            let mut window = self.window(built, &server.url, user, &script);
            Ok(Running(window.env("DISPLAY", &screen.name).spawn()?))
        };
        let mut bob = begin("2", &["--left", "400"])?;
        let mut ann = begin("1", &["--calls", "2"])?;
        for (name, window) in [("the one who calls", &mut ann), ("the one who is called", &mut bob)] {
            let status = window.0.wait()?;
            ensure!(status.success(), "the window of {name} did not see the call that it should: {status}");
        }
        ensure!(pictures.join("both.jpg").is_file(), "nobody took a picture of both windows");
        Ok(pictures)
    }

    fn window(&self, built: &Built, server: &str, user: &str, more: &[&str]) -> Command {
        let mut java = Command::new("java");
        java.arg(format!("-Djna.library.path={}", built.library.display()));
        java.arg(format!("-Djava.library.path={}", built.library.display()));
        java.args(["-Dskiko.renderApi=SOFTWARE", "-cp", &self.path, "com.worldmates.calls.desktop.MainKt"]);
        java.args(["--server", server, "--user", user]).args(more);
        for (other, name) in PEOPLE.iter().filter(|(other, _)| *other != user) {
            java.args(["--contact", &format!("{other}:{name}")]);
        }
        java
    }
}

/// A server on a port of the system's choice.
struct Server {
    url: String,
    _running: Running,
}

impl Server {
    fn start(built: &Built) -> Result<Self> {
        let mut command = Command::new(&built.server);
        command.env_clear().envs([
            ("PORT", "0"),
            ("TURN_PORT", "0"),
            ("SFU_PORT", "0"),
            ("DATABASE_URL", "none"),
            ("LOG_FORMAT", "json"),
        ]);
        command.current_dir(built.server.parent().unwrap_or(Path::new("."))).stdout(Stdio::piped());
        let mut running = Running(command.stderr(Stdio::null()).spawn()?);
        let mut lines = BufReader::new(running.0.stdout.take().context("it has an output")?).lines();
        let address = loop {
            let Some(line) = lines.next() else { bail!("the server ended before it was ready") };
            if let Some(address) = ready(&line?) {
                break address;
            }
        };
        // What it says later is read as well, or it could not say it.
        thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Ok(Self { url: format!("http://{address}"), _running: running })
    }
}

/// The address in the line that says that the server is ready.
fn ready(line: &str) -> Option<String> {
    let line: serde_json::Value = serde_json::from_str(line).ok()?;
    let fields = line.get("fields").unwrap_or(&line);
    (fields.get("message")? == "ready").then(|| fields.get("address")?.as_str().map(str::to_owned))?
}

/// A screen that nobody sees.
struct Screen {
    name: String,
    _running: Running,
}

impl Screen {
    fn start() -> Result<Self> {
        let mut xvfb = Command::new("Xvfb");
        // It chooses a number that is free, and says which.
        xvfb.args(["-displayfd", "1", "-screen", "0", "800x800x24", "-nolisten", "tcp"]);
        let mut running = Running(xvfb.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().context("Xvfb")?);
        let mut number = String::new();
        BufReader::new(running.0.stdout.take().context("it has an output")?).read_line(&mut number)?;
        ensure!(!number.trim().is_empty(), "Xvfb has no screen to give");
        Ok(Self { name: format!(":{}", number.trim()), _running: running })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_says_ready_names_the_address() {
        for line in [
            r#"{"level":"INFO","fields":{"message":"ready","address":"127.0.0.1:4711"},"target":"x"}"#,
            r#"{"message":"ready","address":"127.0.0.1:4711"}"#,
        ] {
            assert_eq!(ready(line).as_deref(), Some("127.0.0.1:4711"));
        }
        assert_eq!(ready(r#"{"message":"stopping"}"#), None);
        assert_eq!(ready("no JSON"), None);
    }
}
