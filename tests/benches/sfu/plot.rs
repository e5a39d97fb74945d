//! The numbers that have a target, as a picture: a bar a run, a line where the target is; and how long each newcomer waited.
use super::report::{GOALS, Goal, Report, Run, rounded};
use std::fmt::{Arguments, Write};

const WIDTH: f64 = 860.0;
const MARGIN: f64 = 24.0;
const GAP: f64 = 44.0;
const PANEL: f64 = (WIDTH - 2.0 * MARGIN - GAP) / 2.0;
const TOP: f64 = 84.0;
const BAR: f64 = 16.0;
const LABEL: f64 = 150.0;
const NUMBER: f64 = 62.0;
const CURVE: f64 = 120.0;

/// Light, or dark for whoever reads so.
const STYLE: &str = "\
svg{--paper:#fff;--ink:#1f2328;--quiet:#59636e;--ours:#0a6cbd;--met:#1a7f37;--missed:#c4320a}\
@media (prefers-color-scheme:dark){svg{--paper:#0d1117;--ink:#e6edf3;--quiet:#9198a1;--ours:#3b9eff;--met:#3fb950;\
--missed:#ff7b54}}\
text{font:13px system-ui,'DejaVu Sans',sans-serif;fill:var(--ink)}.title{font-size:18px;font-weight:600}\
.panel{font-weight:600}.quiet{fill:var(--quiet);font-size:12px}.paper{fill:var(--paper)}.ours{fill:var(--ours)}\
.dot{fill:var(--ours)}.axis{stroke:var(--quiet)}.met{stroke:var(--met)}.missed{stroke:var(--missed)}\
line.met,line.missed{stroke-width:2;stroke-dasharray:4 3}";

/// A text of XML.
struct Picture(String);

impl Picture {
    fn put(&mut self, element: Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "{element}");
    }

    /// The words are ours; of what XML reads as its own they have only what is replaced here.
    fn words(&mut self, (x, y): (f64, f64), class: &str, words: &str) {
        let words = words.replace('<', "&lt;");
        self.put(format_args!(r#"<text x="{x:.1}" y="{y:.1}" class="{class}">{words}</text>"#));
    }
}

/// An SVG of its own.
pub(crate) fn draw(report: &Report) -> String {
    let bars = 40.0 + report.runs.len() as f64 * (BAR + 5.0);
    let has_joins = report.runs.iter().any(|run| !run.joins_ms.is_empty());
    let joins_at = TOP + 2.0 * bars;
    let height = joins_at + if has_joins { CURVE + 56.0 } else { 0.0 } + 12.0;
    let mut picture = Picture(String::new());
    picture.put(format_args!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img" aria-label="The media server under load">"#
    ));
    picture.put(format_args!("<style>{STYLE}</style>"));
    picture.put(format_args!(r#"<rect class="paper" width="{WIDTH}" height="{height}"/>"#));
    picture.words((MARGIN, 32.0), "title", "The media server under load");
    let words =
        "Each bar a scenario. Dashed: where it shall be, or better. Server and driver share one machine.";
    picture.words((MARGIN, 54.0), "quiet", words);
    for (place, goal) in GOALS.iter().enumerate() {
        let left = MARGIN + (place % 2) as f64 * (PANEL + GAP);
        panel(&mut picture, (left, TOP + (place / 2) as f64 * bars), goal, report);
    }
    if let Some(run) = report.runs.iter().find(|run| !run.joins_ms.is_empty()) {
        joins(&mut picture, joins_at, run);
    }
    picture.0.push_str("</svg>\n");
    picture.0
}

fn panel(picture: &mut Picture, (left, top): (f64, f64), goal: &Goal, report: &Report) {
    let values: Vec<(&Run, f64)> =
        report.runs.iter().filter_map(|run| Some((run, (goal.of)(run)?))).collect();
    picture.words((left, top), "panel", &format!("{}, {} ({})", goal.title, goal.unit, goal.wanted()));
    let most = values.iter().map(|(_, value)| *value).fold(goal.target, f64::max);
    let scale = (PANEL - LABEL - NUMBER) / most;
    for (row, (run, value)) in values.iter().enumerate() {
        let y = top + 10.0 + row as f64 * (BAR + 5.0);
        picture.words((left, y + 13.0), "quiet", run.scenario.name());
        let (x, length) = (left + LABEL - 80.0, value * scale);
        picture.put(format_args!(
            r#"<rect class="ours" x="{x:.1}" y="{y:.1}" width="{length:.1}" height="{BAR}" rx="2"/>"#
        ));
        picture.words((x + length + 6.0, y + 13.0), "quiet", &rounded(*value));
    }
    let is_met = report.worst(goal).is_some_and(|(value, _)| goal.is_met(value));
    let (x, class) = (left + LABEL - 80.0 + goal.target * scale, if is_met { "met" } else { "missed" });
    let end = top + 10.0 + values.len() as f64 * (BAR + 5.0);
    picture.put(format_args!(
        r#"<line class="{class}" x1="{x:.1}" y1="{:.1}" x2="{x:.1}" y2="{end:.1}"/>"#,
        top + 6.0
    ));
}

fn joins(picture: &mut Picture, top: f64, run: &Run) {
    picture.words(
        (MARGIN, top),
        "panel",
        "From call:join_room to the first sound of another, in the order of coming, ms",
    );
    let most = run.joins_ms.iter().copied().fold(150.0, f64::max) * 1.05;
    let (bottom, wide) = (top + 16.0 + CURVE, WIDTH - 2.0 * MARGIN - 40.0);
    let left = MARGIN + 40.0;
    let step = wide / run.joins_ms.len() as f64;
    for (index, ms) in run.joins_ms.iter().enumerate() {
        let (x, y) = (left + (index as f64 + 0.5) * step, bottom - ms / most * CURVE);
        picture.put(format_args!(r#"<circle class="dot" cx="{x:.1}" cy="{y:.1}" r="3"/>"#));
    }
    let wanted = bottom - 150.0 / most * CURVE;
    let right = left + wide;
    picture.put(format_args!(r#"<line class="axis" x1="{left}" y1="{bottom}" x2="{right}" y2="{bottom}"/>"#));
    picture.put(format_args!(
        r#"<line class="met" x1="{left}" y1="{wanted:.1}" x2="{right}" y2="{wanted:.1}"/>"#
    ));
    picture.words((MARGIN, wanted + 4.0), "quiet", "150");
    picture.words((MARGIN, bottom + 4.0), "quiet", "0");
}
