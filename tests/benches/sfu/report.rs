//! What was measured beside what was hoped for: as a table, as JSON, and (in `plot`) as a picture.
use super::{
    plot,
    scenario::{Scenario, Size},
};
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt, fs, path::Path};

/// What one run told.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) scenario: Scenario,
    pub(crate) title: String,
    pub(crate) people: usize,
    pub(crate) seconds: f64,
    /// Packets of media that came to receivers.
    pub(crate) forwarded_per_s: f64,
    pub(crate) forwarded_mbit_per_s: f64,
    /// Packets of media that senders sent.
    pub(crate) sent_per_s: f64,
    pub(crate) server_cores: f64,
    pub(crate) driver_cores: f64,
    pub(crate) others_cores: f64,
    pub(crate) cpu_s_per_million: f64,
    pub(crate) one_core_per_s: f64,
    /// By content: of what was sent between the first and the last that came.
    pub(crate) delivery_percent: f64,
    /// Datagrams that the server says left, and those that came.
    pub(crate) datagrams_left: f64,
    pub(crate) datagrams_came: f64,
    /// p50, p99, the longest.
    pub(crate) latency_ms: (f64, f64, f64),
    pub(crate) wake_ms: (f64, f64, f64),
    /// Datagrams that one system call took.
    pub(crate) a_call_takes: f64,
    pub(crate) kb: f64,
    pub(crate) kb_a_person: f64,
    pub(crate) kb_of_media: f64,
    pub(crate) streams: u64,
    pub(crate) lost: u64,
    pub(crate) late: u64,
    pub(crate) keys: u64,
    pub(crate) repairs: u64,
    pub(crate) key_requests: u64,
    pub(crate) not_opened: u64,
    pub(crate) refused: u64,
    pub(crate) faults: BTreeMap<String, u64>,
    /// In the order in which they came.
    pub(crate) joins_ms: Vec<f64>,
    /// Of the long run.
    pub(crate) memory_kb: Vec<f64>,
}

/// All that was measured.
#[derive(Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) machine: String,
    pub(crate) workers: u32,
    pub(crate) size: Size,
    pub(crate) runs: Vec<Run>,
}

/// One number that has a target.
pub(crate) struct Goal {
    pub(crate) title: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) target: f64,
    /// More is better.
    pub(crate) is_more: bool,
    pub(crate) of: fn(&Run) -> Option<f64>,
}

pub(crate) const GOALS: [Goal; 4] = [
    Goal {
        title: "One core carries",
        unit: "packets/s",
        target: 120_000.0,
        is_more: true,
        of: |run| Some(run.one_core_per_s),
    },
    Goal { title: "Latency, p99", unit: "ms", target: 5.0, is_more: false, of: |run| Some(run.latency_ms.1) },
    Goal {
        title: "Memory of a participant",
        unit: "kB",
        target: 300.0,
        is_more: false,
        of: |run| Some(run.kb_a_person),
    },
    Goal {
        title: "The last one's way in",
        unit: "ms",
        target: 150.0,
        is_more: false,
        of: |run| run.joins_ms.last().copied(),
    },
];

impl Goal {
    pub(crate) fn is_met(&self, value: f64) -> bool {
        if self.is_more { value >= self.target } else { value < self.target }
    }

    pub(crate) fn wanted(&self) -> String {
        format!("{} {}", if self.is_more { "≥" } else { "<" }, rounded(self.target))
    }
}

impl Run {
    fn joins(&self, share: f64) -> Option<f64> {
        let mut sorted = self.joins_ms.clone();
        sorted.sort_by(f64::total_cmp);
        let rank = (share * sorted.len() as f64).ceil().max(1.0) as usize;
        sorted.get(rank - 1).copied()
    }

    /// A title and a number each.
    fn lines(&self) -> Vec<(String, Option<f64>)> {
        let three = |name: &str, (p50, p99, longest): (f64, f64, f64)| {
            [("p50", p50), ("p99", p99), ("longest", longest)]
                .map(|(which, ms)| (format!("{name}, {which}, ms"), Some(ms)))
        };
        let faults = self.faults.values().sum::<u64>();
        let mut lines: Vec<(String, Option<f64>)> = vec![
            ("people".to_owned(), Some(self.people as f64)),
            ("packets/s from senders".to_owned(), Some(self.sent_per_s)),
            ("packets/s forwarded".to_owned(), Some(self.forwarded_per_s)),
            ("Mbit/s forwarded".to_owned(), Some(self.forwarded_mbit_per_s)),
            ("server's CPU, % of one core".to_owned(), Some(self.server_cores * 100.0)),
            ("server's CPU, s a million forwarded".to_owned(), Some(self.cpu_s_per_million)),
            ("**one core would carry, packets/s**".to_owned(), Some(self.one_core_per_s)),
            ("delivered by content, %".to_owned(), Some(self.delivery_percent)),
            ("lost of what was numbered".to_owned(), Some(self.lost as f64)),
            ("out of order".to_owned(), Some(self.late as f64)),
            ("faults of content".to_owned(), Some(faults as f64)),
        ];
        lines.extend(three("latency", self.latency_ms));
        lines.extend(three("driver's own delay", self.wake_ms));
        lines.extend([
            ("memory of a participant, kB".to_owned(), Some(self.kb_a_person)),
            ("… without signing in, kB".to_owned(), Some(self.kb_of_media)),
            ("join, p50, ms".to_owned(), self.joins(0.5)),
            ("join, p99, ms".to_owned(), self.joins(0.99)),
            ("join of the last, ms".to_owned(), self.joins_ms.last().copied()),
            ("whole pictures".to_owned(), Some(self.keys as f64)),
            ("driver's CPU, % of one core".to_owned(), Some(self.driver_cores * 100.0)),
            ("others' CPU, % of one core".to_owned(), Some(self.others_cores * 100.0)),
        ]);
        lines
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}:", self.title)?;
        for (title, value) in self.lines() {
            if let Some(value) = value {
                writeln!(f, "  {:>10}  {}", rounded(value), title.replace("**", ""))?;
            }
        }
        write!(
            f,
            "  {} streams, {} key requests, {} repairs asked of senders, {} not opened, {} not sent, {:.1} datagrams a \
             call, {:.0} datagrams left, {:.0} came, faults {:?}",
            self.streams,
            self.key_requests,
            self.repairs,
            self.not_opened,
            self.refused,
            self.a_call_takes,
            self.datagrams_left,
            self.datagrams_came,
            self.faults
        )
    }
}

impl Report {
    /// Each number with a target, of the run in which it is at its worst.
    pub(crate) fn worst(&self, goal: &Goal) -> Option<(f64, &Run)> {
        let all = self.runs.iter().filter_map(|run| Some(((goal.of)(run)?, run)));
        let order = |(one, _): &(f64, &Run), (other, _): &(f64, &Run)| one.total_cmp(other);
        if goal.is_more { all.min_by(order) } else { all.max_by(order) }
    }

    /// Markdown, aligned so that a terminal shows it well too.
    pub(crate) fn table(&self) -> String {
        let head: Vec<String> =
            std::iter::once(String::new()).chain(self.runs.iter().map(|run| run.title.clone())).collect();
        let columns: Vec<Vec<(String, Option<f64>)>> = self.runs.iter().map(Run::lines).collect();
        let rows = columns.first().map_or(0, Vec::len);
        let mut all = vec![head];
        for row in 0..rows {
            let cells = columns.iter().map(|column| column[row].1.map_or_else(String::new, rounded));
            all.push(std::iter::once(columns[0][row].0.clone()).chain(cells).collect());
        }
        let mut text = grid(&all);
        let mut goals = vec![["", "the worst", "in", "target", ""].map(str::to_owned).to_vec()];
        for goal in &GOALS {
            let Some((value, run)) = self.worst(goal) else { continue };
            let verdict = if goal.is_met(value) { "met" } else { "missed" };
            goals.push(vec![
                format!("{}, {}", goal.title, goal.unit),
                rounded(value),
                run.title.clone(),
                goal.wanted(),
                verdict.to_owned(),
            ]);
        }
        text.push('\n');
        text.push_str(&grid(&goals));
        for run in self.runs.iter().filter(|run| !run.memory_kb.is_empty()) {
            let tenths: Vec<String> = run.memory_kb.iter().map(|kb| rounded(*kb)).collect();
            text.push_str(&format!("\nMemory of the server after each tenth, kB: {}\n", tenths.join(", ")));
        }
        text
    }

    /// Writes `sfu.json`, `.svg` and `.md`.
    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder).with_context(|| format!("could not make {}", folder.display()))?;
        fs::write(folder.join("sfu.json"), serde_json::to_string_pretty(self)? + "\n")?;
        fs::write(folder.join("sfu.svg"), plot::draw(self))?;
        fs::write(folder.join("sfu.md"), self.page())?;
        println!("written: {}", folder.join("sfu.{json,svg,md}").display());
        Ok(())
    }

    fn page(&self) -> String {
        include_str!("page.md")
            .replace("{table}", self.table().trim_end())
            .replace("{machine}", &self.machine)
            .replace("{workers}", &self.workers.to_string())
            .replace("{seconds}", &rounded(self.size.seconds))
    }
}

/// Markdown: numbers end below each other, words begin there.
fn grid(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let is_number = |column: usize| {
        column > 0
            && rows[1..]
                .iter()
                .all(|row| !row[column].contains(|c: char| c.is_alphabetic() || c == '≥' || c == '<'))
    };
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).fold(3, usize::max);
    let widths: Vec<(usize, bool)> = (0..columns).map(|column| (width(column), is_number(column))).collect();
    let rule = widths
        .iter()
        .map(|(width, is_number)| match is_number {
            true => format!("{}:", "-".repeat(width - 1)),
            false => "-".repeat(*width),
        })
        .collect();
    let mut text = String::new();
    for row in rows.iter().take(1).chain([&rule]).chain(&rows[1..]) {
        for (cell, (width, is_number)) in row.iter().zip(&widths) {
            let gap = " ".repeat(width - cell.chars().count());
            let padded = if *is_number { gap + cell } else { cell.clone() + &gap };
            text.push_str(&format!("| {padded} "));
        }
        text.push_str("|\n");
    }
    text
}

/// With as many digits as mean something.
pub(crate) fn rounded(value: f64) -> String {
    match value.abs() {
        1000.0.. => {
            let digits = format!("{value:.0}");
            let from = digits.len() % 3;
            let mut text = String::new();
            for (index, digit) in digits.chars().enumerate() {
                if index > 0 && index % 3 == from {
                    text.push(',');
                }
                text.push(digit);
            }
            text
        }
        100.0..1000.0 if value.fract() == 0.0 => format!("{value:.0}"),
        100.0.. => format!("{value:.0}"),
        10.0..100.0 => format!("{value:.1}"),
        0.0 => "0".to_owned(),
        _ => format!("{value:.2}"),
    }
}
