//! What this machine is, and what is used of it, as `/proc` tells it.
use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fs, process::Command};

/// The kernel counts in hundredths of a second towards users.
const TICKS: f64 = 100.0;

/// What a process used.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Usage {
    /// Of the processor, since it began.
    pub(crate) seconds: f64,
    /// Of memory now, with its share of what several processes hold.
    pub(crate) bytes: f64,
    /// Seconds of each kind of thread that lives; none where that is not known.
    #[serde(default)]
    pub(crate) threads: BTreeMap<String, f64>,
}

/// Of this process.
pub(crate) fn own_usage() -> Result<Usage> {
    let mut threads = BTreeMap::new();
    for task in fs::read_dir("/proc/self/task")? {
        let folder = task?.path();
        // One that ended meanwhile is in the sum of the process.
        let Ok(stat) = fs::read_to_string(folder.join("stat")) else { continue };
        let Some((name, seconds)) = name_and_seconds(&stat) else { continue };
        *threads.entry(name.to_owned()).or_default() += seconds;
    }
    let stat = fs::read_to_string("/proc/self/stat")?;
    let (_, seconds) = name_and_seconds(&stat).context("/proc/self/stat has another form")?;
    let rollup = fs::read_to_string("/proc/self/smaps_rollup")?;
    let kilobytes = number_of(&rollup, "Pss:").context("no Pss")?;
    Ok(Usage { seconds, bytes: kilobytes * 1024.0, threads })
}

/// The name stands in brackets and may hold anything; user and system time are the 12th and 13th field after it.
fn name_and_seconds(stat: &str) -> Option<(&str, f64)> {
    let (head, fields) = stat.rsplit_once(") ")?;
    let (_, name) = head.split_once('(')?;
    let ticks = fields.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<f64>().ok());
    Some((name, ticks.sum::<Option<f64>>()? / TICKS))
}

/// Seconds for which processors of this machine were busy.
pub(crate) fn busy_seconds() -> Result<f64> {
    let stat = fs::read_to_string("/proc/stat")?;
    let line = stat.lines().next().context("/proc/stat is empty")?;
    let ticks: Vec<f64> = line.split_whitespace().skip(1).filter_map(|ticks| ticks.parse().ok()).collect();
    ensure!(ticks.len() >= 8, "/proc/stat has another form");
    // user nice system idle iowait irq softirq steal
    Ok((ticks[..3].iter().sum::<f64>() + ticks[5..8].iter().sum::<f64>()) / TICKS)
}

/// What the numbers depend on. No name of the machine: it is nobody's business.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) words: String,
    pub(crate) cores: usize,
}

impl Machine {
    /// `browser` is what it says of itself.
    pub(crate) fn look(browser: &str) -> Result<Self> {
        let cores = std::thread::available_parallelism()?.get();
        let processors = fs::read_to_string("/proc/cpuinfo")?;
        let model = processors.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        let memory = number_of(&fs::read_to_string("/proc/meminfo")?, "MemTotal:").context("no MemTotal")?;
        let release = says("uname", &["-r"])?;
        let kernel: Vec<&str> = release.split('.').take(2).collect();
        let revision = says("git", &["describe", "--always", "--dirty"]).unwrap_or_else(|_| "unknown".into());
        let words = format!(
            "{}, revision {revision}: {cores} cores ({}), {:.0} GB, Linux {}, {browser}",
            says("date", &["-u", "+%F"])?,
            model.map_or("unknown", |(_, name)| name).trim(),
            memory / 1024.0 / 1024.0,
            kernel.join("."),
        );
        Ok(Self { words, cores })
    }
}

fn says(program: &str, args: &[&str]) -> Result<String> {
    let output = Command::new(program).args(args).output().with_context(|| format!("{program} is needed"))?;
    ensure!(output.status.success(), "{program} {args:?} failed");
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn number_of(text: &str, key: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(key))?.split_whitespace().next()?.parse().ok()
}
