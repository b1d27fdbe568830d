//! Charts as inline SVG: columns, a map of the week, ranges. Colours are the page's own, so that they follow its dark mode.
//!
//! Owns the geometry. Each chart names itself for who cannot see it, and each mark says its figure in a title.

use std::fmt::Write;

use super::page::{escape, number};

const WIDTH: f64 = 720.0;

/// One column.
pub(super) struct Column {
    pub(super) label: String,
    pub(super) title: String,
    pub(super) value: f64,
    /// The part of it that is set off.
    pub(super) part: f64,
}

/// Columns with a scale, a label under as many as fit.
pub(super) fn columns(name: &str, columns: &[Column], scale: impl Fn(f64) -> String) -> String {
    const HEIGHT: f64 = 190.0;
    const LEFT: f64 = 52.0;
    const TOP: f64 = 10.0;
    const FLOOR: f64 = 162.0;
    let most = nice(columns.iter().map(|column| column.value).fold(0.0, f64::max));
    let step = (WIDTH - LEFT - 14.0) / columns.len().max(1) as f64;
    let wide = (step * 0.72).min(46.0);
    let every = columns.len().div_ceil(14).max(1);
    let mut svg = open(name, HEIGHT);
    for part in [0.0, 0.5, 1.0] {
        let y = FLOOR - (FLOOR - TOP) * part;
        let text = scale(most * part);
        line(&mut svg, &format!(r#"<line class="grid" x1="{LEFT}" x2="{WIDTH}" y1="{y:.1}" y2="{y:.1}"/>"#));
        line(
            &mut svg,
            &format!(r#"<text class="tick" x="{}" y="{:.1}" text-anchor="end">{text}</text>"#, LEFT - 8.0, y + 4.0),
        );
    }
    for (at, column) in columns.iter().enumerate() {
        let middle = LEFT + step * (at as f64 + 0.5);
        let x = middle - wide / 2.0;
        let tall = |value: f64| (FLOOR - TOP) * value / most;
        let (whole, part) = (tall(column.value), tall(column.part));
        let title = escape(&column.title);
        line(
            &mut svg,
            &format!(
                r#"<g><title>{title}</title><rect class="bar" x="{x:.1}" y="{:.1}" width="{wide:.1}" height="{whole:.1}" rx="2"/>"#,
                FLOOR - whole
            ),
        );
        line(
            &mut svg,
            &format!(
                r#"<rect class="part" x="{x:.1}" y="{:.1}" width="{wide:.1}" height="{part:.1}" rx="2"/></g>"#,
                FLOOR - part
            ),
        );
        if at % every == 0 {
            let label = escape(&column.label);
            line(
                &mut svg,
                &format!(r#"<text class="tick" x="{middle:.1}" y="180" text-anchor="middle">{label}</text>"#),
            );
        }
    }
    svg.push_str("</svg>");
    svg
}

/// Seven days of twenty-four hours; the fuller, the stronger.
pub(super) fn week(name: &str, days: &[&str; 7], counts: &[Vec<u64>]) -> String {
    const LEFT: f64 = 44.0;
    const ROW: f64 = 24.0;
    let cell = (WIDTH - LEFT) / 24.0;
    let most = counts.iter().flatten().copied().max().unwrap_or_default().max(1);
    let mut svg = open(name, ROW * 7.0 + 24.0);
    for (day, (label, hours)) in days.iter().zip(counts).enumerate() {
        let y = ROW * day as f64;
        line(&mut svg, &format!(r#"<text class="tick" x="0" y="{:.1}">{label}</text>"#, y + 16.0));
        for (hour, count) in hours.iter().enumerate() {
            let x = LEFT + cell * hour as f64;
            // The square root lets the quiet hours be seen beside the busy ones.
            let strength = (*count as f64 / most as f64).sqrt();
            let class = if *count == 0 { "none" } else { "bar" };
            let opacity = if *count == 0 { 1.0 } else { 0.12 + 0.88 * strength };
            let title = format!("{label} {hour}:00: {}", number(*count));
            line(
                &mut svg,
                &format!(
                    r#"<rect class="{class}" x="{x:.1}" y="{y:.1}" width="{:.1}" height="{:.1}" rx="3" opacity="{opacity:.2}"><title>{title}</title></rect>"#,
                    cell - 3.0,
                    ROW - 3.0
                ),
            );
        }
    }
    for hour in (0..24).step_by(3) {
        let x = LEFT + cell * (f64::from(hour) + 0.45);
        line(
            &mut svg,
            &format!(
                r#"<text class="tick" x="{x:.1}" y="{:.1}" text-anchor="middle">{hour}h</text>"#,
                ROW * 7.0 + 16.0
            ),
        );
    }
    svg.push_str("</svg>");
    svg
}

/// A span of time of one step: from the median to the 99th percentile.
pub(super) struct Range {
    pub(super) label: String,
    pub(super) title: String,
    pub(super) p50: f64,
    pub(super) p95: f64,
    pub(super) p99: f64,
}

/// Ranges on a logarithmic scale of milliseconds: microseconds and seconds are both legible.
pub(super) fn ranges(name: &str, ranges: &[Range]) -> String {
    const LEFT: f64 = 170.0;
    const ROW: f64 = 34.0;
    const DECADES: [(f64, &str); 6] =
        [(0.01, "0,01 ms"), (0.1, "0,1 ms"), (1.0, "1 ms"), (10.0, "10 ms"), (100.0, "100 ms"), (1000.0, "1 s")];
    const END: f64 = 10_000.0;
    let height = ROW * ranges.len() as f64;
    let place = |ms: f64| {
        let share = (ms.clamp(DECADES[0].0, END) / DECADES[0].0).log10() / (END / DECADES[0].0).log10();
        LEFT + (WIDTH - LEFT - 24.0) * share
    };
    let mut svg = open(name, height + 26.0);
    for (ms, label) in DECADES.into_iter().chain([(END, "10 s")]) {
        let x = place(ms);
        line(
            &mut svg,
            &format!(
                r#"<line class="grid" x1="{x:.1}" x2="{x:.1}" y1="0" y2="{height:.1}"/><text class="tick" x="{x:.1}" y="{:.1}" text-anchor="middle">{label}</text>"#,
                height + 18.0
            ),
        );
    }
    for (at, range) in ranges.iter().enumerate() {
        let middle = ROW * (at as f64 + 0.5);
        let (from, to) = (place(range.p50), place(range.p99));
        let (label, title) = (escape(&range.label), escape(&range.title));
        line(
            &mut svg,
            &format!(r#"<g><title>{title}</title><text class="name" x="0" y="{:.1}">{label}</text>"#, middle + 4.0),
        );
        line(
            &mut svg,
            &format!(
                r#"<rect class="soft" x="{from:.1}" y="{:.1}" width="{:.1}" height="10" rx="5"/>"#,
                middle - 5.0,
                (to - from).max(2.0)
            ),
        );
        line(
            &mut svg,
            &format!(
                r#"<circle class="bar" cx="{from:.1}" cy="{middle:.1}" r="6"/><circle class="part" cx="{:.1}" cy="{middle:.1}" r="6"/></g>"#,
                place(range.p95)
            ),
        );
    }
    svg.push_str("</svg>");
    svg
}

fn open(name: &str, height: f64) -> String {
    let name = escape(name);
    format!(r#"<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{name}"><title>{name}</title>"#)
}

fn line(svg: &mut String, mark: &str) {
    writeln!(svg, "{mark}").expect("writing to a string cannot fail");
}

/// The next round number whose half is round as well.
fn nice(value: f64) -> f64 {
    if value <= 0.0 {
        return 1.0;
    }
    let power = 10_f64.powf(value.log10().floor());
    let of =
        [1.0, 1.6, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0].into_iter().find(|step| value <= step * power).unwrap_or(10.0);
    of * power
}
