//! What is used of this machine, as `/proc` tells it, and what machine it is.
use anyhow::{Context, Result, ensure};
use std::{fs, process::Command};

/// The kernel counts in hundredths of a second towards users.
const TICKS: f64 = 100.0;

/// Processor time so far, in seconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cpu {
    pub(crate) server: f64,
    pub(crate) driver: f64,
    /// All processors, everybody.
    pub(crate) busy: f64,
}

impl Cpu {
    pub(crate) fn now(server: u32) -> Result<Self> {
        Ok(Self { server: seconds(&server.to_string())?, driver: seconds("self")?, busy: busy_seconds()? })
    }

    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            server: self.server - before.server,
            driver: self.driver - before.driver,
            busy: self.busy - before.busy,
        }
    }
}

/// Of all threads of a process that live. In nanoseconds: what the kernel counts by its ticks says little of threads that
/// run for microseconds.
fn seconds(process: &str) -> Result<f64> {
    let mut nanos = 0.0;
    for task in fs::read_dir(format!("/proc/{process}/task")).context("the process is gone")? {
        // One that ended meanwhile had little to do.
        let Ok(stat) = fs::read_to_string(task?.path().join("schedstat")) else { continue };
        nanos +=
            stat.split(' ').next().and_then(|nanos| nanos.parse::<f64>().ok()).context("no schedstat")?;
    }
    Ok(nanos / 1e9)
}

fn busy_seconds() -> Result<f64> {
    let stat = fs::read_to_string("/proc/stat")?;
    let line = stat.lines().next().context("/proc/stat is empty")?;
    let ticks: Vec<f64> = line.split_whitespace().skip(1).filter_map(|ticks| ticks.parse().ok()).collect();
    ensure!(ticks.len() >= 8, "/proc/stat has another form");
    // user nice system idle iowait irq softirq steal
    Ok((ticks[..3].iter().sum::<f64>() + ticks[5..8].iter().sum::<f64>()) / TICKS)
}

/// In words, without its name: that is nobody's business.
pub(crate) fn describe() -> Result<String> {
    let processors = fs::read_to_string("/proc/cpuinfo")?;
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let memory = number_of(&fs::read_to_string("/proc/meminfo")?, "MemTotal:").context("no MemTotal")?;
    let release = says("uname", &["-r"])?;
    let kernel: Vec<&str> = release.split('.').take(2).collect();
    Ok(format!(
        "{}, revision {}: {} cores ({}), {:.0} GB, Linux {}",
        says("date", &["-u", "+%F"])?,
        says("git", &["describe", "--always", "--dirty"]).unwrap_or_else(|_| "unknown".into()),
        std::thread::available_parallelism()?,
        model.map_or("unknown", |(_, name)| name).trim(),
        memory / 1024.0 / 1024.0,
        kernel.join("."),
    ))
}

fn says(program: &str, args: &[&str]) -> Result<String> {
    let output = Command::new(program).args(args).output().with_context(|| format!("{program} is needed"))?;
    ensure!(output.status.success(), "{program} {args:?} failed");
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn number_of(text: &str, key: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(key))?.split_whitespace().next()?.parse().ok()
}
