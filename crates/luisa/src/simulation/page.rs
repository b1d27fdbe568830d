//! The report of a run as one page that stands alone: no script, nothing from outside, light and dark.
//!
//! Owns the plots. Every figure is the report's.

use std::fmt::Write;

use super::{Report, Second};

const PAGE: &str = include_str!("page.html");
const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 200.0;
const LEFT: f64 = 64.0;
const FLOOR: f64 = 172.0;
const TOP: f64 = 12.0;

/// The whole page.
#[must_use]
pub fn page(report: &Report) -> String {
    let body = [cards(report), plots(report), facts(report)].concat();
    let verdict = if report.is_clean() {
        "Nobody was forgotten, answered twice or answered in the wrong order."
    } else {
        "Somebody was forgotten, answered twice, answered in the wrong order, or not let in: see below."
    };
    PAGE.replace("{{verdict}}", verdict).replace("{{body}}", &body)
}

fn cards(report: &Report) -> String {
    let all = [
        (format!("{}", report.messages), "messages"),
        (format!("{:.0}/s", report.answers_per_second), "answers"),
        (millis(report.ack.p99), "let in, p99"),
        (millis(report.answer.p50), "answer, p50"),
        (millis(report.answer.p99), "answer, p99"),
        (format!("{} · {} · {}", report.lost, report.doubled, report.out_of_order), "lost · doubled · out of order"),
    ];
    let cards = all.map(|(value, name)| format!("<div class=\"card\"><b>{value}</b><span>{name}</span></div>"));
    format!("<div class=\"cards\">{}</div>", cards.concat())
}

/// A line of a plot: its name, its class, and its value in each second.
type Line<'a> = (&'a str, &'a str, &'a dyn Fn(&Second) -> Option<f64>);

fn plots(report: &Report) -> String {
    let rates: [Line<'_>; 3] = [
        ("written", "soft", &|second| Some(second.written as f64)),
        ("acknowledged", "part", &|second| Some(second.acknowledged as f64)),
        ("answered", "bar", &|second| Some(second.answered as f64)),
    ];
    let queue: [Line<'_>; 1] = [("waiting", "bar", &|second| Some(second.waiting as f64))];
    let acks: [Line<'_>; 3] =
        [("p50", "soft", &|s| s.ack.p50), ("p95", "part", &|s| s.ack.p95), ("p99", "bar", &|s| s.ack.p99)];
    let answers: [Line<'_>; 3] =
        [("p50", "soft", &|s| s.answer.p50), ("p95", "part", &|s| s.answer.p95), ("p99", "bar", &|s| s.answer.p99)];
    [
        plot("Messages each second", &report.series, &rates),
        plot("Messages without an answer", &report.series, &queue),
        plot("Acknowledgement, milliseconds", &report.series, &acks),
        plot("Answer at Meta, milliseconds", &report.series, &answers),
        over_queue(&report.series),
    ]
    .concat()
}

fn plot(name: &str, series: &[Second], lines: &[Line<'_>]) -> String {
    let values = lines.iter().flat_map(|(_, _, value)| series.iter().filter_map(value));
    let most = values.fold(1.0_f64, f64::max);
    let mut svg = frame(name, most, &format!("{} s", series.len()));
    let step = (WIDTH - LEFT - 8.0) / series.len().max(2).saturating_sub(1) as f64;
    for (label, class, value) in lines {
        let points: Vec<String> = (series.iter().enumerate())
            .filter_map(|(at, second)| Some((at, value(second)?)))
            .map(|(at, value)| format!("{:.1},{:.1}", LEFT + step * at as f64, FLOOR - (FLOOR - TOP) * value / most))
            .collect();
        mark(
            &mut svg,
            &format!(r#"<polyline class="{class}" points="{}"><title>{label}</title></polyline>"#, points.join(" ")),
        );
    }
    let legend: String = lines.iter().map(|(label, class, _)| format!(r#"<i class="{class}"></i>{label} "#)).collect();
    format!("<section><h2>{name}</h2><p class=\"legend\">{legend}</p>{svg}</svg></section>")
}

/// The rate over the length of the queue: flat, if a long queue does not slow the service.
fn over_queue(series: &[Second]) -> String {
    let name = "Answers each second over the number that wait";
    let busy = || series.iter().filter(|second| second.answered > 0);
    let longest = busy().map(|second| second.waiting).max().unwrap_or_default().max(1) as f64;
    let most = busy().map(|second| second.answered).max().unwrap_or_default().max(1) as f64;
    let mut svg = frame(name, most, &format!("{longest:.0} waiting"));
    for second in busy() {
        let x = LEFT + (WIDTH - LEFT - 8.0) * second.waiting as f64 / longest;
        let y = FLOOR - (FLOOR - TOP) * second.answered as f64 / most;
        let title = format!("{} answered, {} waiting", second.answered, second.waiting);
        mark(
            &mut svg,
            &format!(r#"<circle class="bar" cx="{x:.1}" cy="{y:.1}" r="4"><title>{title}</title></circle>"#),
        );
    }
    format!("<section><h2>{name}</h2>{svg}</svg></section>")
}

fn frame(name: &str, most: f64, end: &str) -> String {
    let mut svg =
        format!(r#"<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{name}"><title>{name}</title>"#);
    for part in [0.0, 0.5, 1.0] {
        let y = FLOOR - (FLOOR - TOP) * part;
        mark(&mut svg, &format!(r#"<line class="grid" x1="{LEFT}" x2="{WIDTH}" y1="{y:.1}" y2="{y:.1}"/>"#));
        let value = most * part;
        mark(&mut svg, &format!(r#"<text x="{}" y="{:.1}" text-anchor="end">{value:.0}</text>"#, LEFT - 8.0, y + 4.0));
    }
    mark(&mut svg, &format!(r#"<text x="{WIDTH}" y="192" text-anchor="end">{end}</text>"#));
    svg
}

fn mark(svg: &mut String, mark: &str) {
    writeln!(svg, "{mark}").expect("writing to a string cannot fail");
}

fn facts(report: &Report) -> String {
    let mut rows = vec![
        (
            "offered, messages a second",
            report.offered.iter().map(ToString::to_string).collect::<Vec<_>>().join(", then "),
        ),
        ("answered", report.answered.to_string()),
        ("first message to last answer", format!("{:.1} s", report.seconds)),
        ("never let in", report.refused.to_string()),
        ("webhooks delivered again", report.redelivered.to_string()),
        ("answers that Meta swallowed", report.hidden.to_string()),
        ("lost", report.lost.to_string()),
        ("doubled", report.doubled.to_string()),
        ("out of order", report.out_of_order.to_string()),
    ];
    if let Some(needs) = &report.needs {
        rows.push(("processor time for each message", format!("{} µs", needs.processor_us)));
        rows.push(("written for each message", format!("{} bytes", needs.written_bytes)));
        rows.push(("on disk for each message", format!("{} bytes", needs.disk_bytes)));
        rows.push(("memory at the end", format!("{} MB", needs.memory_mb)));
    }
    let rows: String = rows.iter().map(|(name, value)| format!("<tr><th>{name}</th><td>{value}</td></tr>")).collect();
    format!("<section><h2>Figures</h2><table>{rows}</table></section>")
}

fn millis(value: Option<f64>) -> String {
    match value {
        None => "–".to_owned(),
        Some(value) if value < 1_000.0 => format!("{value:.1} ms"),
        Some(value) => format!("{:.1} s", value / 1e3),
    }
}
