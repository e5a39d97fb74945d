//! What this machine is, and what its processes use, as `/proc` tells it.
use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use std::{fs, process::Command};

/// The kernel counts processor time in hundredths of a second towards users, whatever its own clock does.
const TICKS_PER_SECOND: f64 = 100.0;

/// Seconds of processor time of one process, of all its threads, since it began.
pub(crate) fn cpu_seconds(pid: u32) -> Result<f64> {
    let stat =
        fs::read_to_string(format!("/proc/{pid}/stat")).with_context(|| format!("process {pid} is gone"))?;
    // The name, in parentheses, may contain spaces; user and system time are the 12th and 13th field after it.
    let fields = stat.rsplit(") ").next().unwrap_or_default();
    let ticks: u64 = fields.split(' ').skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Ok(ticks as f64 / TICKS_PER_SECOND)
}

/// Seconds of processor time that this machine was busy, all processors together.
pub(crate) fn busy_seconds() -> Result<f64> {
    let stat = fs::read_to_string("/proc/stat")?;
    let line = stat.lines().next().context("/proc/stat is empty")?;
    // user nice system idle iowait irq softirq steal
    let fields: Vec<u64> =
        line.split_ascii_whitespace().skip(1).filter_map(|field| field.parse().ok()).collect();
    let [user, nice, system, _idle, _iowait, irq, softirq, steal, ..] = fields[..] else {
        bail!("/proc/stat has another form");
    };
    Ok((user + nice + system + irq + softirq + steal) as f64 / TICKS_PER_SECOND)
}

/// Kilobytes of memory that a process holds.
pub(crate) fn resident_kb(pid: u32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))
        .with_context(|| format!("process {pid} is gone"))?;
    number_of(&status, "VmRSS:").context("no VmRSS")
}

/// Makes room for that many connections, here and in the servers, which inherit it.
pub(crate) fn allow_open_files(wanted: u64) -> Result<()> {
    let soft = || -> Result<u64> {
        let limits = fs::read_to_string("/proc/self/limits")?;
        let line =
            limits.lines().find(|line| line.starts_with("Max open files")).context("no limit of files")?;
        Ok(line.split_ascii_whitespace().nth(3).and_then(|soft| soft.parse().ok()).unwrap_or(u64::MAX))
    };
    if soft()? < wanted {
        // Its own words, should it fail, go to the terminal.
        Command::new("prlimit")
            .args(["--pid", &std::process::id().to_string(), &format!("--nofile={wanted}:")])
            .status()
            .context("prlimit (package util-linux) is needed to raise the limit of open files")?;
    }
    let is = soft()?;
    ensure!(
        is >= wanted,
        "{wanted} open files are needed, {is} are allowed: raise the hard limit \
         (`ulimit -Hn`, /etc/security/limits.conf) or run with --quick"
    );
    Ok(())
}

/// What the numbers depend on. No name of the machine: it is nobody's business.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) date: String,
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) memory_gb: f64,
    pub(crate) kernel: String,
    pub(crate) node: String,
    pub(crate) socket_io: String,
    pub(crate) mariadb: Option<String>,
    pub(crate) revision: String,
}

impl Machine {
    pub(crate) fn look(mariadb: bool) -> Result<Self> {
        let processors = fs::read_to_string("/proc/cpuinfo")?;
        let model = processors.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        let memory = number_of(&fs::read_to_string("/proc/meminfo")?, "MemTotal:").context("no MemTotal")?;
        Ok(Self {
            date: says("date", &["-u", "+%F"])?,
            processor: model.map_or("unknown", |(_, name)| name).trim().to_owned(),
            cores: std::thread::available_parallelism()?.get(),
            memory_gb: (memory / 1024.0 / 1024.0).round(),
            kernel: kernel_version()?,
            node: format!("Node.js {}", says("node", &["--version"])?.trim_start_matches('v')),
            socket_io: socket_io_version()?,
            mariadb: mariadb.then(mariadb_version).transpose()?,
            revision: says("git", &["describe", "--always", "--dirty"])
                .unwrap_or_else(|_| "unknown".to_owned()),
        })
    }
}

/// The two numbers that say which it is; what follows them says whose.
fn kernel_version() -> Result<String> {
    let release = says("uname", &["-r"])?;
    Ok(format!("Linux {}", release.split('.').take(2).collect::<Vec<_>>().join(".")))
}

fn socket_io_version() -> Result<String> {
    let package: serde_json::Value = serde_json::from_str(super::baseline::PACKAGE_JSON)?;
    let version =
        package["dependencies"]["socket.io"].as_str().context("the baseline depends on socket.io")?;
    Ok(format!("Socket.IO {version}"))
}

fn mariadb_version() -> Result<String> {
    // mariadbd  Ver 10.11.6-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64 (Debian 12)
    let line = says("mariadbd", &["--version"])?;
    let version = line.split_ascii_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    Ok(format!(
        "MariaDB {}",
        version.and_then(|version| version.split('-').next()).unwrap_or("of unknown version")
    ))
}

/// What a program prints, in one line.
pub(crate) fn says(program: &str, args: &[&str]) -> Result<String> {
    let output = Command::new(program).args(args).output().with_context(|| format!("{program} is needed"))?;
    ensure!(
        output.status.success(),
        "{program} {args:?} failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn number_of(text: &str, key: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(key))?.split_ascii_whitespace().next()?.parse().ok()
}
