//! What was measured beside what was hoped for: as a table, as JSON, and (in `plot`) as a picture.
use super::{
    machine::Machine,
    measure::{Cost, SetUp, Who},
    plot,
};
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::{fmt::Write, fs, path::Path};

/// How much is measured.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Size {
    /// Calls of each.
    pub(crate) calls: u32,
    /// Seconds of each long call.
    pub(crate) long_s: u64,
}

impl Size {
    pub(crate) const FULL: Self = Self { calls: 100, long_s: 60 };
    pub(crate) const QUICK: Self = Self { calls: 10, long_s: 10 };
}

/// All that was measured.
#[derive(Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) machine: Machine,
    pub(crate) seed: u64,
    pub(crate) size: Size,
    /// Processors that others kept busy during the calls.
    pub(crate) others_cores: f64,
    pub(crate) setups: Vec<SetUp>,
    pub(crate) costs: Vec<Cost>,
}

/// Ours shall be at most this share of Chromium's.
pub(crate) const SHARE: f64 = 0.5;

/// From which moment on a wait is counted.
pub(crate) struct Wait {
    pub(crate) title: &'static str,
    pub(crate) of: fn(&SetUp) -> f64,
    has_target: bool,
}

pub(crate) const WAITS: [Wait; 4] = [
    Wait {
        title: "`call:initiate` → first audio at both",
        of: |setup| setup.from_initiate,
        has_target: true,
    },
    Wait {
        title: "the callee answers → first audio at both",
        of: |setup| setup.from_answer,
        has_target: true,
    },
    Wait {
        title: "the caller dials → first audio at both", of: |setup| setup.from_dial, has_target: false
    },
    Wait { title: "`call:accept` → first audio at both", of: |setup| setup.from_accept, has_target: false },
];

/// What the threads of the engine do.
const WORK: [(&str, &[&str]); 2] =
    [("transport and signalling", &["calls"]), ("codecs, mixer", &["calls-voice", "filming", "watching"])];

/// A title, a unit, and where the number stands.
type Figure = (&'static str, &'static str, fn(&Cost) -> f64);

/// A number of each.
struct Line {
    title: String,
    unit: &'static str,
    engine: Option<f64>,
    chromium: Option<f64>,
    has_target: bool,
}

impl Line {
    fn cells(&self) -> [String; 6] {
        let shown = |number: Option<f64>| number.map_or_else(String::new, rounded);
        let ratio = self.engine.zip(self.chromium).filter(|(_, chromium)| *chromium > 0.0);
        let ratio = ratio.map(|(engine, chromium)| engine / chromium);
        let verdict = match ratio {
            Some(ratio) if self.has_target && ratio <= SHARE => "met",
            _ if self.has_target => "missed",
            _ => "",
        };
        let unit = if self.unit.is_empty() { String::new() } else { format!(", {}", self.unit) };
        [
            format!("{}{unit}", self.title),
            shown(self.chromium),
            shown(self.engine),
            ratio.map_or_else(String::new, |ratio| format!("{} ×", rounded(ratio))),
            if self.has_target { format!("≤ {SHARE} ×") } else { String::new() },
            verdict.to_owned(),
        ]
    }
}

impl Report {
    /// Waits of one of the two, the shortest first.
    pub(crate) fn waits(&self, who: Who, wait: &Wait) -> Vec<f64> {
        let of_one = self.setups.iter().filter(|setup| setup.who == who);
        let mut all: Vec<f64> = of_one.map(wait.of).collect();
        all.sort_by(f64::total_cmp);
        all
    }

    pub(crate) fn cost(&self, who: Who, video: bool) -> Option<&Cost> {
        self.costs.iter().find(|cost| cost.who == who && cost.video == video)
    }

    fn lines(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        for wait in &WAITS {
            let [engine, chromium] = Who::BOTH.map(|who| self.waits(who, wait));
            for (name, share) in [("p50", 0.5), ("p95", 0.95)] {
                lines.push(Line {
                    title: format!("{}, {name}", wait.title),
                    unit: "ms",
                    engine: quantile(&engine, share),
                    chromium: quantile(&chromium, share),
                    has_target: wait.has_target,
                });
            }
        }
        for (video, name) in [(false, "voice"), (true, "voice and picture")] {
            let [engine, chromium] = Who::BOTH.map(|who| self.cost(who, video));
            let numbers: [Figure; 4] = [
                ("CPU of a minute of call", "s", |cost| cost.seconds),
                ("CPU of a minute without a call", "s", |cost| cost.idle_seconds),
                ("memory in a call", "MB", |cost| cost.mb),
                ("memory without a call", "MB", |cost| cost.idle_mb),
            ];
            for (title, unit, of) in numbers {
                let (engine, chromium) = (engine.map(of), chromium.map(of));
                lines.push(Line {
                    title: format!("{title}, {name}"),
                    unit,
                    engine,
                    chromium,
                    has_target: false,
                });
            }
            for (work, seconds) in engine.map(split).into_iter().flatten() {
                let title = format!("… of the engine's CPU: {work}, {name}");
                lines.push(Line {
                    title,
                    unit: "s",
                    engine: Some(seconds),
                    chromium: None,
                    has_target: false,
                });
            }
        }
        lines.retain(|line| line.engine.is_some() || line.chromium.is_some());
        lines
    }

    /// Markdown, aligned so that a terminal shows it well too.
    pub(crate) fn table(&self) -> String {
        let head = ["", "Chromium", "the engine", "ratio", "target", ""].map(str::to_owned);
        let rows: Vec<[String; 6]> = self.lines().iter().map(Line::cells).collect();
        let widths: [usize; 6] = std::array::from_fn(|column| {
            rows.iter().chain([&head]).map(|row| row[column].chars().count()).fold(3, usize::max)
        });
        let is_number = |column: usize| (1..4).contains(&column);
        let dashes = widths.map(|width| "-".repeat(width));
        let mut text = String::new();
        let rule = std::array::from_fn(|column| match is_number(column) {
            true => format!("{}:", &dashes[column][1..]),
            false => dashes[column].clone(),
        });
        for row in [&head, &rule].into_iter().chain(&rows) {
            for (column, cell) in row.iter().enumerate() {
                let gap = " ".repeat(widths[column] - cell.chars().count());
                // Numbers end below each other, words begin there.
                let padded = if is_number(column) { gap + cell } else { cell.clone() + &gap };
                text.push_str(&format!("| {padded} "));
            }
            text.push_str("|\n");
        }
        text
    }

    /// Writes `call.json`, `.svg` and `.md`.
    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder).with_context(|| format!("could not make {}", folder.display()))?;
        fs::write(folder.join("call.json"), serde_json::to_string_pretty(self)? + "\n")?;
        fs::write(folder.join("call.svg"), plot::draw(self))?;
        fs::write(folder.join("call.md"), self.page())?;
        println!("written: {}", folder.join("call.{json,svg,md}").display());
        Ok(())
    }

    fn page(&self) -> String {
        let quiet = if self.others_cores < 0.1 {
            "the machine was quiet".to_owned()
        } else {
            format!(
                "**the machine was not quiet**: others kept {} of its {} processors busy during the calls, which makes \
                 every time longer and the tails most of all",
                rounded(self.others_cores),
                self.machine.cores
            )
        };
        include_str!("page.md")
            .replace("{table}", self.table().trim_end())
            .replace("{pictures}", &self.pictures())
            .replace("{machine}", &self.machine.words)
            .replace("{seed}", &self.seed.to_string())
            .replace("{quiet}", &quiet)
            .replace("{calls}", &self.size.calls.to_string())
            .replace("{long}", &self.size.long_s.to_string())
    }

    fn pictures(&self) -> String {
        let mut text = String::new();
        for who in Who::BOTH {
            let Some(picture) = self.cost(who, true).and_then(|cost| cost.picture.as_ref()) else { continue };
            let (width, height) = picture.size;
            // Writing to a String cannot fail.
            let _ = write!(
                text,
                "{}{} sends {} of {width} × {height} at {} frames and {} kbit a second and decodes {} frames a second",
                if text.is_empty() { "" } else { "; " },
                who.name(),
                picture.codec,
                rounded(picture.made),
                rounded(picture.kbit),
                rounded(picture.seen)
            );
        }
        text
    }
}

/// What the processor time of the engine went into, in seconds a minute; the rest last.
pub(crate) fn split(cost: &Cost) -> Vec<(&'static str, f64)> {
    let of = |names: &[&str]| names.iter().filter_map(|name| cost.threads.get(*name)).sum::<f64>();
    let mut all: Vec<(&'static str, f64)> = WORK.iter().map(|(work, names)| (*work, of(names))).collect();
    let rest = cost.seconds - all.iter().map(|(_, seconds)| seconds).sum::<f64>();
    all.push(("the rest", rest.max(0.0)));
    all
}

/// Within which this share of all stays; they are sorted.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let rank = (share * sorted.len() as f64).ceil().max(1.0) as usize;
    sorted.get(rank - 1).copied()
}

/// With as many digits as mean something.
pub(crate) fn rounded(value: f64) -> String {
    match value.abs() {
        100.0.. => format!("{value:.0}"),
        10.0..100.0 => format!("{value:.1}"),
        0.0 => "0".to_owned(),
        _ => format!("{value:.2}"),
    }
}
