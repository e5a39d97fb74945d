//! The numbers that have a target, as a picture: two bars each, a dot a round, a line where the target is.
use super::{
    report::{Compared, Report, Target, median, rounded},
    server::Who,
};
use std::fmt::Write;

const WIDTH: f64 = 860.0;
const MARGIN: f64 = 20.0;
const GAP: f64 = 40.0;
const PANEL: f64 = (WIDTH - 2.0 * MARGIN - GAP) / 2.0;
const PANEL_HEIGHT: f64 = 92.0;
const TOP: f64 = 74.0;
/// Bars begin here, after their names.
const LABEL: f64 = 84.0;
/// Right of the longest bar there is room for its number.
const NUMBER: f64 = 52.0;
const BAR: f64 = 20.0;

/// Colours follow the reader's choice of light or dark; without one (and in what knows no media query) it is light.
const STYLE: &str = "\
:root{--paper:#ffffff;--ink:#1f2328;--quiet:#59636e;--ours:#0a6cbd;--node:#a7b0ba;--dot:#1f2328;--met:#1a7f37;--missed:#c4320a}\
@media (prefers-color-scheme:dark){:root{--paper:#0d1117;--ink:#e6edf3;--quiet:#9198a1;--ours:#3b9eff;--node:#59636e;\
--dot:#e6edf3;--met:#3fb950;--missed:#ff7b54}}\
text{font:13px system-ui,'DejaVu Sans',sans-serif;fill:var(--ink)}\
.paper{fill:var(--paper)}.title{font-size:18px;font-weight:600}.panel{font-weight:600}.quiet{fill:var(--quiet)}\
.ours{fill:var(--ours)}.node{fill:var(--node)}.dot{fill:var(--paper);stroke:var(--dot);stroke-width:1}\
.met{stroke:var(--met);fill:var(--met)}.missed{stroke:var(--missed);fill:var(--missed)}line{stroke-width:2}\
text.met,text.missed{stroke:none;font-size:12px}";

/// An SVG of its own.
pub(crate) fn draw(report: &Report) -> String {
    let panels: Vec<Compared> = report
        .compared()
        .into_iter()
        .filter(|compared| !matches!(compared.line.target, Target::None))
        .collect();
    let height = TOP + panels.len().div_ceil(2) as f64 * PANEL_HEIGHT + MARGIN / 2.0;
    let mut svg = Svg(format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img" aria-label="calls-server compared with Node">"#
    ));
    svg.line(format_args!("<style>{STYLE}</style>"));
    svg.line(format_args!(r#"<rect class="paper" width="{WIDTH}" height="{height}"/>"#));
    svg.text(MARGIN, 32.0, "title", "Signalling: calls-server and Node, in turns on one machine");
    svg.text(
        MARGIN,
        54.0,
        "quiet",
        "Bars: median. Dots: each round. Line: where calls-server shall be, or better.",
    );
    for (place, compared) in panels.iter().enumerate() {
        let left = MARGIN + (place % 2) as f64 * (PANEL + GAP);
        let top = TOP + (place / 2) as f64 * PANEL_HEIGHT;
        panel(&mut svg, left, top, compared);
    }
    svg.0.push_str("</svg>\n");
    svg.0
}

fn panel(svg: &mut Svg, left: f64, top: f64, compared: &Compared) {
    let both = [(Who::Ours, "ours", &compared.ours), (Who::Node, "node", &compared.node)];
    let most =
        both.iter().flat_map(|(_, _, all)| all.iter().copied()).chain(compared.wanted()).fold(0.0, f64::max);
    let scale = if most > 0.0 { (PANEL - LABEL - NUMBER) / most } else { 0.0 };
    let start = left + LABEL;
    svg.text(left, top + 14.0, "panel", &format!("{}, {}", compared.line.title, compared.line.unit));
    for (row, (who, class, all)) in both.into_iter().enumerate() {
        let y = top + 24.0 + row as f64 * (BAR + 5.0);
        svg.text(left, y + 15.0, "quiet", who.name());
        let Some(value) = median(all) else {
            svg.text(start, y + 15.0, "quiet", "not measured");
            continue;
        };
        let length = value * scale;
        svg.line(format_args!(
            r#"<rect class="{class}" x="{start}" y="{y}" width="{length:.1}" height="{BAR}" rx="2"/>"#
        ));
        for round in all {
            let (x, middle) = (start + round * scale, y + BAR / 2.0);
            svg.line(format_args!(r#"<circle class="dot" cx="{x:.1}" cy="{middle}" r="2.5"/>"#));
        }
        let furthest = all.iter().copied().fold(value, f64::max) * scale;
        svg.text(start + furthest + 7.0, y + 15.0, "", &rounded(value));
    }
    if let (Some(wanted), Some(is_met)) = (compared.wanted(), compared.is_met()) {
        let (x, class) = (start + wanted * scale, if is_met { "met" } else { "missed" });
        let (from, to) = (top + 20.0, top + 27.0 + BAR);
        svg.line(format_args!(r#"<line class="{class}" x1="{x:.1}" y1="{from}" x2="{x:.1}" y2="{to}"/>"#));
        svg.line(format_args!(
            r#"<text class="{class}" x="{}" y="{}" text-anchor="end">{class}</text>"#,
            left + PANEL,
            top + 14.0
        ));
    }
}

/// What is written so far.
struct Svg(String);

impl Svg {
    fn line(&mut self, element: std::fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "{element}");
    }

    /// The texts are ours and hold nothing that XML would read as its own.
    fn text(&mut self, x: f64, y: f64, class: &str, text: &str) {
        self.line(format_args!(r#"<text x="{x:.1}" y="{y:.1}" class="{class}">{text}</text>"#));
    }
}
