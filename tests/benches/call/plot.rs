//! The waits as curves, the costs as bars: one picture.
use super::{
    measure::Who,
    report::{Report, SHARE, WAITS, quantile, rounded, split},
};
use std::fmt::{Arguments, Write};

const WIDTH: f64 = 860.0;
const MARGIN: f64 = 24.0;
const GAP: f64 = 48.0;
const PANEL: f64 = (WIDTH - 2.0 * MARGIN - GAP) / 2.0;
const CURVES_AT: f64 = 108.0;
const CURVE_HEIGHT: f64 = 170.0;
const BARS_AT: f64 = CURVES_AT + CURVE_HEIGHT + 78.0;
const BAR: f64 = 18.0;
const BARS_HEIGHT: f64 = 96.0;
const HEIGHT: f64 = BARS_AT + 2.0 * BARS_HEIGHT + 4.0;
/// Bars begin here, after their names; right of the longest there is room for its number.
const LABEL: f64 = 78.0;
const NUMBER: f64 = 56.0;

/// Light, or dark for whoever reads so.
const STYLE: &str = "\
svg{--paper:#fff;--ink:#1f2328;--quiet:#59636e;--engine:#0a6cbd;--chromium:#8b949e;--one:#0a6cbd;--two:#5aa9e6;--three:#b6d7f2;\
--met:#1a7f37;--missed:#c4320a}\
@media (prefers-color-scheme:dark){svg{--paper:#0d1117;--ink:#e6edf3;--quiet:#9198a1;--engine:#3b9eff;--chromium:#768390;\
--one:#3b9eff;--two:#2a6fb5;--three:#1c4672;--met:#3fb950;--missed:#ff7b54}}\
text{font:13px system-ui,'DejaVu Sans',sans-serif;fill:var(--ink)}.title{font-size:18px;font-weight:600}\
.panel{font-weight:600}.quiet{fill:var(--quiet);font-size:12px}.paper{fill:var(--paper)}.axis{stroke:var(--quiet)}\
path{fill:none;stroke-width:2}path.engine{stroke:var(--engine)}path.chromium{stroke:var(--chromium)}\
rect.chromium{fill:var(--chromium)}.one{fill:var(--one)}.two{fill:var(--two)}.three{fill:var(--three)}\
rect.engine{fill:var(--engine)}.met{stroke:var(--met);fill:var(--met)}.missed{stroke:var(--missed);fill:var(--missed)}\
line.met,line.missed{stroke-width:2;stroke-dasharray:4 3}text.met,text.missed{stroke:none;font-size:12px}";

/// A text of XML.
struct Picture(String);

impl Picture {
    fn put(&mut self, element: Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "{element}");
    }

    /// The words are ours and need no escapes.
    fn words(&mut self, (x, y): (f64, f64), class: &str, words: &str) {
        self.put(format_args!(r#"<text x="{x:.1}" y="{y:.1}" class="{class}">{words}</text>"#));
    }
}

fn class(who: Who) -> &'static str {
    match who {
        Who::Engine => "engine",
        Who::Chromium => "chromium",
    }
}

/// An SVG of its own.
pub(crate) fn draw(report: &Report) -> String {
    let mut picture = Picture(String::new());
    picture.put(format_args!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="A call by the engine and by Chromium">"#
    ));
    picture.put(format_args!("<style>{STYLE}</style>"));
    picture.put(format_args!(r#"<rect class="paper" width="{WIDTH}" height="{HEIGHT}"/>"#));
    picture.words((MARGIN, 32.0), "title", "A call: the engine and Chromium, in turns on one machine");
    let calls = report.size.calls;
    let legend = format!(
        "Curves: the share of {calls} calls in which both heard each other by then. Dashed: half of Chromium's p50 and p95."
    );
    picture.words((MARGIN, 54.0), "quiet", &legend);
    for (place, wait) in WAITS.iter().take(2).enumerate() {
        let left = MARGIN + place as f64 * (PANEL + GAP);
        picture.words((left, CURVES_AT - 18.0), "panel", &wait.title.replace('`', ""));
        curves(&mut picture, left, &Who::BOTH.map(|who| (who, report.waits(who, wait))));
    }
    for (row, (video, kind)) in [(false, "voice"), (true, "voice and 360p")].into_iter().enumerate() {
        let top = BARS_AT + row as f64 * BARS_HEIGHT;
        bars(&mut picture, (MARGIN, top), &format!("CPU of a minute, {kind}, s"), &seconds(report, video));
        let title = format!("Memory of a device in a call, {kind}, MB");
        bars(&mut picture, (MARGIN + PANEL + GAP, top), &title, &megabytes(report, video));
    }
    let words = "The engine's CPU, from the left: transport and signalling, codecs and mixer, the rest.";
    picture.words((MARGIN, HEIGHT - 12.0), "quiet", words);
    picture.0.push_str("</svg>\n");
    picture.0
}

fn curves(picture: &mut Picture, left: f64, all: &[(Who, Vec<f64>); 2]) {
    let most = all.iter().filter_map(|(_, waits)| quantile(waits, 0.98)).fold(1.0, f64::max) * 1.08;
    let bottom = CURVES_AT + CURVE_HEIGHT;
    let place = |ms: f64, share: f64| (left + ms.min(most) / most * PANEL, bottom - share * CURVE_HEIGHT);
    let right = left + PANEL;
    picture.put(format_args!(r#"<line class="axis" x1="{left}" y1="{bottom}" x2="{right}" y2="{bottom}"/>"#));
    let step = [10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 5000.0];
    let step = step.into_iter().find(|step| most / step <= 8.0).unwrap_or(20_000.0);
    let mut at = 0.0;
    while at < most {
        let (x, y) = place(at, 0.0);
        let words = if at + step < most { format!("{at}") } else { format!("{at} ms") };
        picture.words((x - 4.0, y + 16.0), "quiet", &words);
        at += step;
    }
    for (row, (who, waits)) in all.iter().enumerate() {
        let count = waits.len() as f64;
        let mut way = String::new();
        let mut before = place(waits.first().copied().unwrap_or(0.0), 0.0);
        for (n, ms) in waits.iter().enumerate() {
            let (x, y) = place(*ms, (n as f64 + 1.0) / count);
            // Writing to a String cannot fail.
            let _ = write!(way, "{}{x:.1} {:.1} L{x:.1} {y:.1} ", if n == 0 { "M" } else { "L" }, before.1);
            before = (x, y);
        }
        picture.put(format_args!(r#"<path class="{}" d="{way}"/>"#, class(*who)));
        if let Some(middle) = quantile(waits, 0.5) {
            let (x, y) = place(middle, 0.5);
            // Below each other: the curves may be close.
            let y = y + 20.0 + row as f64 * 26.0;
            picture.words((x + 8.0, y), "quiet", &format!("{}: {} ms", who.name(), rounded(middle)));
        }
    }
    for share in [0.5, 0.95] {
        let [(_, engine), (_, chromium)] = all;
        let (Some(ours), Some(theirs)) = (quantile(engine, share), quantile(chromium, share)) else {
            continue;
        };
        let class = if ours <= theirs * SHARE { "met" } else { "missed" };
        let (x, y) = place(theirs * SHARE, share);
        let (from, to) = (y - 9.0, y + 9.0);
        picture.put(format_args!(
            r#"<line class="{class}" x1="{x:.1}" y1="{from:.1}" x2="{x:.1}" y2="{to:.1}"/>"#
        ));
        picture.words((x + 5.0, from + 4.0), class, class);
    }
}

/// Of each, the parts of its bar.
type Parts = [(Who, Vec<(&'static str, f64)>); 2];

fn seconds(report: &Report, video: bool) -> Parts {
    Who::BOTH.map(|who| {
        let cost = report.cost(who, video);
        let parts = match who {
            Who::Engine => cost.map(split).into_iter().flatten().map(|(_, seconds)| seconds).collect(),
            Who::Chromium => cost.map(|cost| cost.seconds).into_iter().collect::<Vec<_>>(),
        };
        let classes: &[&'static str] =
            if who == Who::Engine { &["one", "two", "three"] } else { &["chromium"] };
        (who, classes.iter().copied().zip(parts).collect())
    })
}

fn megabytes(report: &Report, video: bool) -> Parts {
    Who::BOTH
        .map(|who| (who, report.cost(who, video).map(|cost| (class(who), cost.mb)).into_iter().collect()))
}

fn bars(picture: &mut Picture, (left, top): (f64, f64), title: &str, all: &Parts) {
    picture.words((left, top), "panel", title);
    let sum = |parts: &[(&str, f64)]| parts.iter().map(|(_, size)| size).sum::<f64>();
    let most = all.iter().map(|(_, parts)| sum(parts)).fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    for (row, (who, parts)) in all.iter().enumerate() {
        let y = top + 12.0 + row as f64 * (BAR + 6.0);
        picture.words((left, y + 14.0), "quiet", who.name());
        let mut x = left + LABEL;
        for (class, size) in parts {
            let length = size / most * (PANEL - LABEL - NUMBER);
            picture.put(format_args!(
                r#"<rect class="{class}" x="{x:.1}" y="{y:.1}" width="{length:.1}" height="{BAR}"/>"#
            ));
            x += length;
        }
        let words = if parts.is_empty() { "not measured".to_owned() } else { rounded(sum(parts)) };
        picture.words((x + 7.0, y + 14.0), "", &words);
    }
}
