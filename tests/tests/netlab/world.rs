//! What calls need around them in a lab: the server, a relay, and the two programs that call each other.
use crate::lab;
use calls_tests::{
    coturn::{self, CoturnFiles, CoturnPlan},
    folder::Folder,
    netlab::{Host, Lab, Program, Signal},
};
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::{OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::Duration,
};

/// Long enough for a loaded machine; nothing waits for it to pass.
const PATIENCE: Duration = Duration::from_secs(60);

const SECRET: &str = "5d1c2f0e9b8a47f6a3e4d5c6b7a89012";

/// The port of signalling, and of TURN over TLS: the one that no network closes.
pub(crate) const OPEN_EVERYWHERE: u16 = 443;

/// Who measures how long something takes has the machine for itself. The others share it.
static MACHINE: RwLock<()> = RwLock::new(());

/// Held for as long as a world is there.
#[expect(dead_code, reason = "they are held, and let go")]
enum Share {
    WithOthers(RwLockReadGuard<'static, ()>),
    Alone(RwLockWriteGuard<'static, ()>),
}

/// The internet, with a server and a relay.
pub(crate) struct World {
    pub(crate) lab: Lab,
    relay: Host,
    server: Host,
    server_program: Option<Program>,
    _relay_program: Program,
    relay_files: CoturnFiles,
    folder: Folder,
    _share: Share,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::sharing(Share::WithOthers(MACHINE.read().unwrap_or_else(PoisonError::into_inner)))
    }

    /// While there is no other.
    pub(crate) fn alone() -> Self {
        Self::sharing(Share::Alone(MACHINE.write().unwrap_or_else(PoisonError::into_inner)))
    }

    fn sharing(share: Share) -> Self {
        let lab = lab();
        let net = [("net", lab.internet())];
        let (server, relay) = (lab.host("server", &net), lab.host("relay", &net));
        let relay_files = CoturnFiles::write(&CoturnPlan {
            port: 3478,
            tls_port: OPEN_EVERYWHERE,
            relay_ports: 49_152..=65_535,
            secret: SECRET,
            listen: &[relay.address()],
            loopback_too: false,
        });
        let relay_program = relay.spawn(&relay_files.command());
        let folder = Folder::new();
        let mut world = Self {
            lab,
            relay,
            server,
            server_program: None,
            _relay_program: relay_program,
            relay_files,
            folder,
            _share: share,
        };
        world.start_server();
        world._relay_program.wait_for(coturn::READY, PATIENCE);
        world
    }

    /// Starts the server, on the data that an earlier one left.
    pub(crate) fn start_server(&mut self) {
        let relay = self.relay.address();
        let mut command = Command::new(env!("CARGO_BIN_EXE_server_under_test"));
        command.current_dir(self.folder.path()).envs([
            ("HOST", self.server.address().to_string()),
            ("PORT", OPEN_EVERYWHERE.to_string()),
            ("ALLOW_OPEN_ON_PUBLIC_ADDRESS", "true".into()),
            ("TURN_SECRET", SECRET.into()),
            ("STUN_URLS", format!("stun:{relay}:3478")),
            (
                "TURN_URL",
                format!(
                    "turn:{relay}:3478, turn:{relay}:3478?transport=tcp, turns:{relay}:{OPEN_EVERYWHERE}?transport=tcp"
                ),
            ),
        ]);
        let program = self.server.spawn(&command);
        program.wait_for("ready", PATIENCE);
        self.server_program = Some(program);
    }

    /// Ends the server as a power cut would.
    pub(crate) fn kill_server(&mut self) {
        self.server_program = None;
    }

    /// One calls the other, and hears them.
    pub(crate) fn call(&self, [caller, callee]: [&Host; 2]) -> Talk {
        let callee = callee.spawn(&self.program("echo_bot", "2"));
        callee.wait_for("\"registered\"", PATIENCE);
        let mut command = self.program("call_cli", "1");
        let flight = self.folder.path().join("flight.txt");
        command.args(["--call", "2", "--tone", "440", "--report"]).arg(&flight);
        let talk = Talk { caller: caller.spawn(&command), callee, relay: self.relay.clone(), flight };
        talk.caller.wait_for("\"first_audio\"", PATIENCE);
        talk
    }

    fn program(&self, name: &str, user: &str) -> Command {
        let mut command = Command::new(built(name));
        let server = format!("http://{}:{OPEN_EVERYWHERE}", self.server.address());
        command.args(["--json", "--server", &server, "--user", user]);
        command.env("CALLS_TRUST", self.relay_files.certificate());
        command
    }
}

/// A call that is going on.
pub(crate) struct Talk {
    pub(crate) caller: Program,
    callee: Program,
    relay: Host,
    /// Where the caller's engine writes what happened, once it is over.
    flight: PathBuf,
}

impl Drop for Talk {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.caller.signal(Signal::INT);
            self.caller.is_over(Duration::from_secs(10));
            let flight = std::fs::read_to_string(&self.flight).unwrap_or_default();
            eprintln!("the caller's flight recorder:\n{flight}");
        }
    }
}

impl Talk {
    /// Waits until the caller says a milestone for the n-th time.
    pub(crate) fn wait_for(&self, milestone: &str, nth: usize) {
        self.caller.until(PATIENCE, |lines| {
            lines.iter().filter(|line| is_milestone(line, milestone)).nth(nth - 1).map(|_| ())
        });
    }

    /// Lets them talk for so long, hangs up, and says how it was.
    pub(crate) fn talk_for(mut self, length: Duration) -> Report {
        // How long people talk is what a test asks for; nothing is waited for.
        let passed = || self.relay.net("net").sent().passed as f64;
        let before = passed();
        std::thread::sleep(length);
        let relayed_per_second = (passed() - before) / length.as_secs_f64();
        self.caller.signal(Signal::INT);
        let ended = self.caller.ended(PATIENCE);
        self.callee.wait_for("\"ended\"", PATIENCE);
        let stats = ended.lines.iter().rev().find_map(|line| {
            let line: Value = serde_json::from_str(line).ok()?;
            (line["milestone"] == "stats").then_some(line)
        });
        let transcript = ended.lines.join("\n");
        let stats = stats.unwrap_or_else(|| panic!("no figures; the caller said:\n{transcript}"));
        assert_eq!(ended.code, Some(0), "sound did not go both ways; the caller said:\n{transcript}");
        Report { stats, lines: ended.lines, relayed_per_second }
    }
}

fn is_milestone(line: &str, milestone: &str) -> bool {
    serde_json::from_str::<Value>(line).is_ok_and(|line| line["milestone"] == milestone)
}

/// How a call was, as the caller's own engine tells it. Sound went both ways.
#[derive(Debug)]
pub(crate) struct Report {
    stats: Value,
    lines: Vec<String>,
    /// Packets that the relay sent while they talked, as the lab counted them.
    relayed_per_second: f64,
}

impl Report {
    #[track_caller]
    fn text(&self, pointer: &str) -> &str {
        self.stats.pointer(pointer).and_then(Value::as_str).unwrap_or("none")
    }

    #[track_caller]
    pub(crate) fn number(&self, pointer: &str) -> f64 {
        let number = self.stats.pointer(pointer).and_then(Value::as_f64);
        number.unwrap_or_else(|| panic!("no {pointer} in {}", self.stats))
    }

    /// Our end of the path and theirs: `host`, `translated` or `relay`. Theirs is called translated, too, where a
    /// packet came before the address did.
    pub(crate) fn path(&self) -> [&str; 2] {
        [self.text("/path/ours"), self.text("/path/theirs")]
    }

    /// Whether their voices went through the relay.
    pub(crate) fn is_relayed(&self) -> bool {
        // A voice has 50 packets a second, and there are two; without them only consent is asked for.
        self.relayed_per_second > 75.0
    }

    /// How we speak with our relay: `udp`, `tcp` or `tls`.
    pub(crate) fn relay(&self) -> &str {
        self.text("/path/relay")
    }

    /// The longest time in which nothing of theirs came, in milliseconds.
    pub(crate) fn longest_gap_ms(&self) -> f64 {
        self.number("/longest_gap_ms")
    }

    /// The share of their packets that never came.
    pub(crate) fn lost(&self) -> f64 {
        let [lost, received] = ["/voice/lost", "/voice/received"].map(|pointer| self.number(pointer));
        lost / (lost + received)
    }

    /// How often a milestone was passed.
    pub(crate) fn count(&self, milestone: &str) -> usize {
        self.lines.iter().filter(|line| is_milestone(line, milestone)).count()
    }

    /// Between two milestones, in milliseconds.
    pub(crate) fn between(&self, from: &str, to: &str) -> f64 {
        let at = |milestone| {
            let line = self.lines.iter().find(|line| is_milestone(line, milestone));
            let line: Value = serde_json::from_str(line.expect("a milestone that was passed")).unwrap();
            line["ms"].as_f64().unwrap()
        };
        at(to) - at(from)
    }

    /// One line for whoever reads the run.
    pub(crate) fn tell(&self, scenario: &str) {
        println!(
            "{scenario}: {:?}, relay by {}, {:.0} packets/s relayed, heard {:.0} ms after it was answered, {:.1} % lost, longest gap {:.0} ms",
            self.path(),
            self.relay(),
            self.relayed_per_second,
            self.between("accepted", "first_audio"),
            self.lost() * 100.0,
            self.longest_gap_ms()
        );
    }
}

/// An example of the engine, built as this test was. Cargo builds examples with all tests, but not with one.
fn built(name: &str) -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let folder = BUILT.get_or_init(|| {
        // <target>/<profile>/deps/<this test>
        let test = std::env::current_exe().unwrap();
        let profile = test.ancestors().nth(2).unwrap();
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
        // All of the workspace, as its tests are built: with fewer crates, those that they share would be built anew.
        cargo.args([
            "build",
            "--workspace",
            "--locked",
            "--quiet",
            "--example",
            "call_cli",
            "--example",
            "echo_bot",
        ]);
        cargo.arg("--target-dir").arg(profile.parent().unwrap());
        if profile.ends_with("release") {
            cargo.arg("--release");
        }
        assert!(cargo.status().unwrap().success(), "the programs that call each other cannot be built");
        profile.join("examples")
    });
    folder.join(name)
}
