//! What all runs together say, beside what was hoped for: as a table, as JSON, and (in `plot`) as a picture.
use super::{
    machine::Machine,
    measure::{Run, Scenario, Size},
    plot,
    server::Who,
};
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::{
    fmt::{self, Write},
    fs,
    path::Path,
};

/// How our number shall stand to Node's.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target {
    /// At least so many times Node's.
    Times(f64),
    /// At most this share of Node's.
    Share(f64),
    /// At most this, whatever Node's is.
    Within(f64),
    /// Good to know.
    None,
}

/// One line of the table.
pub(crate) struct Line {
    pub(crate) title: &'static str,
    pub(crate) unit: &'static str,
    scenario: Scenario,
    number: &'static str,
    pub(crate) target: Target,
}

const fn line(
    title: &'static str,
    unit: &'static str,
    scenario: Scenario,
    number: &'static str,
    target: Target,
) -> Line {
    Line { title, unit, scenario, number, target }
}

use Scenario::{Crowd, MariaDb, Memory};
use Target::{None as Info, Share, Times, Within};

pub(crate) const LINES: [Line; 30] = [
    line("calls, back to back", "flows/s", Memory, "closed_flows_per_s", Times(4.0)),
    line("calls, back to back, MariaDB", "flows/s", MariaDb, "closed_flows_per_s", Times(8.0)),
    line("CPU of a call", "ms", Memory, "closed_cpu_ms_per_flow", Share(0.3)),
    line("CPU of a call, MariaDB", "ms", MariaDb, "closed_cpu_ms_per_flow", Share(0.3)),
    line("ring p99, back to back", "ms", Memory, "closed_ring_p99_ms", Share(0.5)),
    line("ring p99, back to back, MariaDB", "ms", MariaDb, "closed_ring_p99_ms", Share(0.5)),
    line("ring p99, fixed rate", "ms", Memory, "open_ring_p99_ms", Share(0.5)),
    line("ring p99, fixed rate, MariaDB", "ms", MariaDb, "open_ring_p99_ms", Share(0.5)),
    line("memory of a connection, many users", "kB", Crowd, "kb_per_connection", Share(0.75)),
    line("all users back after a crash", "s", Crowd, "reconnect_s", Within(10.0)),
    line("ring p50, fixed rate", "ms", Memory, "open_ring_p50_ms", Info),
    line("ring p50, fixed rate, MariaDB", "ms", MariaDb, "open_ring_p50_ms", Info),
    line("whole call, p50, fixed rate", "ms", Memory, "open_whole_p50_ms", Info),
    line("whole call, p50, fixed rate, MariaDB", "ms", MariaDb, "open_whole_p50_ms", Info),
    line("CPU of a call, fixed rate", "ms", Memory, "open_cpu_ms_per_flow", Info),
    line("CPU of a call, fixed rate, MariaDB", "ms", MariaDb, "open_cpu_ms_per_flow", Info),
    line("MariaDB's own CPU of a call", "ms", MariaDb, "closed_database_cpu_ms_per_flow", Info),
    line("rows behind the last call", "s", MariaDb, "closed_write_lag_s", Info),
    line("candidates that were never written", "", MariaDb, "closed_candidates_lost", Info),
    line("calls, back to back, many users", "flows/s", Crowd, "closed_flows_per_s", Info),
    line("CPU to connect and register", "ms", Crowd, "connect_cpu_ms", Info),
    line("all users connect", "s", Crowd, "connect_s", Info),
    line("memory of a connection, after calls", "kB", Crowd, "kb_per_connection_after_load", Info),
    line("memory at start", "MB", Crowd, "start_mb", Info),
    line("ready after start", "s", Crowd, "restart_ready_s", Info),
    line("server's cores, back to back", "", Memory, "closed_server_cores", Info),
    line("driver's cores, back to back", "", Memory, "closed_driver_cores", Info),
    line("driver's own CPU of a call", "ms", Memory, "closed_driver_cpu_ms_per_flow", Info),
    line("cores of others on this machine, back to back", "", Memory, "closed_others_cores", Info),
    line("candidates that overtook another, MariaDB", "", MariaDb, "closed_reordered", Info),
];

/// A line with its numbers.
pub(crate) struct Compared {
    pub(crate) line: &'static Line,
    /// One number a round.
    pub(crate) ours: Vec<f64>,
    pub(crate) node: Vec<f64>,
}

impl Compared {
    /// What our number has to reach; none if there is no target or nothing to compare with.
    pub(crate) fn wanted(&self) -> Option<f64> {
        match self.line.target {
            Times(factor) | Share(factor) => Some(median(&self.node)? * factor),
            Within(most) => Some(most),
            Info => None,
        }
    }

    /// Whether it does.
    pub(crate) fn is_met(&self) -> Option<bool> {
        let (ours, wanted) = (median(&self.ours)?, self.wanted()?);
        Some(if matches!(self.line.target, Times(_)) { ours >= wanted } else { ours <= wanted })
    }

    fn cells(&self) -> [String; 6] {
        let number = |all: &[f64]| median(all).map_or_else(|| "–".to_owned(), rounded);
        let ratio = median(&self.ours).zip(median(&self.node)).filter(|(_, node)| *node > 0.0);
        let target = match self.line.target {
            Times(factor) => format!("≥ {factor} ×"),
            Share(factor) => format!("≤ {factor} ×"),
            Within(most) => format!("≤ {most} {}", self.line.unit),
            Info => String::new(),
        };
        let verdict = match self.is_met() {
            Some(true) => "met",
            Some(false) => "missed",
            None => "",
        };
        let unit = if self.line.unit.is_empty() { String::new() } else { format!(", {}", self.line.unit) };
        [
            format!("{}{unit}", self.line.title),
            number(&self.node),
            number(&self.ours),
            ratio.map_or_else(String::new, |(ours, node)| format!("{} ×", rounded(ours / node))),
            target,
            verdict.to_owned(),
        ]
    }
}

/// All that was measured.
#[derive(Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) machine: Machine,
    pub(crate) seed: u64,
    pub(crate) size: Size,
    pub(crate) runs: Vec<Run>,
}

impl Report {
    /// The lines for which there are numbers.
    pub(crate) fn compared(&self) -> Vec<Compared> {
        let of = |who: Who, line: &Line| -> Vec<f64> {
            let runs =
                self.runs.iter().filter(|run| run.scenario == line.scenario && run.server == who.name());
            runs.filter_map(|run| run.numbers.get(line.number).copied()).collect()
        };
        LINES
            .iter()
            .map(|line| Compared { line, ours: of(Who::Ours, line), node: of(Who::Node, line) })
            .filter(|compared| !compared.ours.is_empty() || !compared.node.is_empty())
            .collect()
    }

    /// Markdown, aligned so that a terminal shows it well too.
    pub(crate) fn table(&self) -> String {
        let head = ["", "Node", "calls-server", "ratio", "target", ""].map(str::to_owned);
        let rows: Vec<[String; 6]> = self.compared().iter().map(Compared::cells).collect();
        let width = |column: usize| {
            rows.iter().chain([&head]).map(|row| row[column].chars().count()).fold(2, usize::max)
        };
        let widths: Vec<usize> = (0..head.len()).map(width).collect();
        let mut text = String::new();
        let mut put = |row: &[String; 6]| {
            for (column, cell) in row.iter().enumerate() {
                let gap = " ".repeat(widths[column] - cell.chars().count());
                // Numbers end below each other, words begin there.
                let (left, right) =
                    if (1..4).contains(&column) { (gap.as_str(), "") } else { ("", gap.as_str()) };
                text.push_str(&format!("| {left}{cell}{right} "));
            }
            text.push_str("|\n");
        };
        put(&head);
        put(&std::array::from_fn(|column| {
            let dashes = "-".repeat(widths[column] - 1);
            if (1..4).contains(&column) { format!("{dashes}:") } else { format!("{dashes}-") }
        }));
        rows.iter().for_each(&mut put);
        let faults: u64 = self.runs.iter().map(|run| run.faults).sum();
        let flows: f64 = self
            .runs
            .iter()
            .flat_map(|run| ["closed_flows", "open_flows"].map(|name| run.numbers.get(name)))
            .flatten()
            .sum();
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "\n{flows} calls, {faults} faults (an event lost, doubled, damaged or out of place).\n"
        );
        let lost: f64 = self
            .runs
            .iter()
            .filter(|run| run.server == Who::Ours.name())
            .filter_map(|run| run.numbers.get("closed_candidates_lost"))
            .sum();
        if lost > 0.0 {
            text.push_str(&format!(
                "calls-server never wrote {lost} candidates, so it did less than Node: with MariaDB only the share of \
                 its calls whose rows are there is counted.\n"
            ));
        }
        text
    }

    /// Writes `signalling.json`, `.svg` and `.md`.
    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder).with_context(|| format!("could not make {}", folder.display()))?;
        fs::write(folder.join("signalling.json"), serde_json::to_string_pretty(self)? + "\n")?;
        fs::write(folder.join("signalling.svg"), plot::draw(self))?;
        fs::write(folder.join("signalling.md"), self.page())?;
        println!("written: {}", folder.join("signalling.{json,svg,md}").display());
        Ok(())
    }

    fn page(&self) -> String {
        let Size { rounds, users, crowd, busy_pairs, rate, rate_mariadb, closed_s, open_s, warm_up_s } =
            self.size;
        include_str!("page.md")
            .replace("{table}", self.table().trim_end())
            .replace("{machine}", &self.machine.to_string())
            .replace("{seed}", &self.seed.to_string())
            .replace("{rounds}", &rounds.to_string())
            .replace("{users}", &users.to_string())
            .replace("{crowd}", &crowd.to_string())
            .replace("{pairs}", &busy_pairs.to_string())
            .replace("{rate}", &rate.to_string())
            .replace("{rate-mariadb}", &rate_mariadb.to_string())
            .replace("{closed}", &closed_s.to_string())
            .replace("{open}", &open_s.to_string())
            .replace("{warm-up}", &warm_up_s.to_string())
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { date, processor, cores, memory_gb, kernel, node, socket_io, mariadb, revision } = self;
        write!(
            f,
            "{date}, revision {revision}: {cores} cores ({processor}), {memory_gb} GB, {kernel}, {node}, {socket_io}"
        )?;
        mariadb.as_ref().map_or(Ok(()), |mariadb| write!(f, ", {mariadb}"))
    }
}

/// The one in the middle, of two the mean.
pub(crate) fn median(all: &[f64]) -> Option<f64> {
    let mut sorted = all.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(sorted[middle]),
        _ => Some(f64::midpoint(sorted[middle - 1], sorted[middle])),
    }
}

/// With three digits that mean something.
pub(crate) fn rounded(value: f64) -> String {
    match value.abs() {
        100.0.. => format!("{value:.0}"),
        10.0..100.0 => format!("{value:.1}"),
        1.0..10.0 => format!("{value:.2}"),
        0.0 => "0".to_owned(),
        _ => format!("{value:.3}"),
    }
}
