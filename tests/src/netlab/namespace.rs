//! A network namespace: interfaces, addresses, routes and sockets of its own, on the same machine.
use rustix::{
    process::{Pid, Signal, kill_process},
    thread::{LinkNameSpaceType, move_into_link_name_space},
};
use std::{
    fs::File,
    io::Write,
    os::fd::AsFd,
    process::{Command, Stdio},
    sync::Once,
};

/// Where `ip netns` keeps them.
const FOLDER: &str = "/run/netns";
/// The name goes on with the id of the process that made it.
const PREFIX: &str = "calls-";

/// Removed with its owner. What runs inside has to be ended before.
#[derive(Debug)]
pub(crate) struct Namespace {
    name: String,
}

impl Namespace {
    /// A new one, in which there is nothing but its own loopback.
    pub(crate) fn new(name: &str) -> Self {
        static CLEANED: Once = Once::new();
        CLEANED.call_once(remove_leftovers);
        let name = format!("{PREFIX}{}-{name}", std::process::id());
        tell("ip", &["netns", "add", &name], "");
        let namespace = Self { name };
        namespace.ip("link set lo up\n");
        namespace
    }

    /// By which `ip netns exec` finds it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Lets `ip` do these, one a line.
    pub(crate) fn ip(&self, lines: &str) {
        tell("ip", &["-netns", &self.name, "-batch", "-"], lines);
    }

    /// Gives it rules for packets.
    pub(crate) fn nft(&self, rules: &str) {
        tell("ip", &["netns", "exec", &self.name, "nft", "-f", "-"], rules);
    }

    /// Does something on a thread of its own that is inside. Threads that it starts are inside, too, and a socket that
    /// it makes stays there, whoever uses it later.
    pub(crate) fn inside<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        let work = || {
            let there = File::open(format!("{FOLDER}/{}", self.name)).expect("the namespace is there");
            move_into_link_name_space(there.as_fd(), Some(LinkNameSpaceType::Network))
                .expect("root may enter a namespace");
            work()
        };
        let ended = std::thread::scope(|scope| scope.spawn(work).join());
        ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // What cannot be removed now, the next run removes.
        let _left_behind = Command::new("ip").args(["netns", "delete", &self.name]).status();
    }
}

/// Runs a program that does as it is told, or panics with what it says.
fn tell(program: &str, args: &[&str], input: &str) {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| {
        panic!("`{program}` does not run ({error}); `cargo xtask setup` installs it")
    });
    let written = child.stdin.take().expect("it was asked for").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("it was started");
    assert!(
        output.status.success() && written.is_ok(),
        "`{program} {}` failed: {}{input}",
        args.join(" "),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Removes the namespaces of runs that were killed, and ends what still runs inside.
fn remove_leftovers() {
    let Ok(names) = std::fs::read_dir(FOLDER) else { return };
    for name in names.filter_map(|entry| entry.ok()?.file_name().into_string().ok()) {
        let maker = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next());
        let Some(maker) = maker.and_then(|maker| maker.parse::<u32>().ok()) else { continue };
        if std::fs::exists(format!("/proc/{maker}")).unwrap_or(true) {
            continue;
        }
        let Ok(inside) = Command::new("ip").args(["netns", "pids", &name]).output() else { continue };
        for id in String::from_utf8_lossy(&inside.stdout).lines().filter_map(|id| id.trim().parse().ok()) {
            // Ended by itself in between, which is what is wanted.
            let _gone = Pid::from_raw(id).map(|id| kill_process(id, Signal::KILL));
        }
        // Another run may be cleaning up, too.
        let _gone = Command::new("ip").args(["netns", "delete", &name]).stderr(Stdio::null()).status();
    }
}
