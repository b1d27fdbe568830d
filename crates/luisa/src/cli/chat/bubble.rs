//! How an answer and its decision look in a terminal.
//!
//! Owns the layout. Without colours it is plain text that reads the same.

use std::fmt::Write;

use luisa_core::outcome::{Answer, Outcome};

use crate::cli::paint::Paint;
use crate::runtime::commit::reply_of;
use crate::runtime::turn::Answered;

/// Widest line of a bubble, in characters: about what a phone shows.
const WIDTH: usize = 64;

/// The answer as the customer would see it.
pub(super) fn reply(answered: &Answered, paint: Paint) -> String {
    let mut text = String::new();
    let answer = &answered.decision.outcome.answer;
    let Some(reply) = reply_of(answer) else {
        let why = match answer {
            Answer::Silence(silence) => silence.step().to_owned(),
            Answer::Later { until, .. } => format!("answered later, at {until}"),
            Answer::Say(_) => String::new(),
        };
        return format!("{}\n", paint.dim(&format!("(no reply: {why})")));
    };
    for line in reply.text.lines().flat_map(wrap) {
        row(&mut text, paint, &bold_stars(&line, paint));
    }
    if let Some(asset) = &reply.asset {
        let price = asset.price_cop.map_or_else(String::new, |price| format!(", {}", luisa_core::money::Cop(price)));
        row(&mut text, paint, &paint.name(&format!("[photo {}: {}{price}]", asset.image_id, asset.title)));
    }
    let options: Vec<String> =
        reply.options.iter().enumerate().map(|(n, o)| format!("[{}] {}", n + 1, o.title)).collect();
    // Side by side when they fit, as WhatsApp shows few; else a list.
    let together = options.join("  ");
    let rows = if together.chars().count() <= WIDTH { vec![together] } else { options };
    for options in rows.iter().filter(|row| !row.is_empty()) {
        row(&mut text, paint, &paint.name(options));
    }
    text
}

/// Why it was answered so.
pub(super) fn decision(answered: &Answered, paint: Paint) -> String {
    let outcome = &answered.decision.outcome;
    let mut text = String::new();
    let Some(trace) = outcome.traces.last() else { return text };
    let milliseconds = answered.decision.latency.as_secs_f64() * 1000.0;
    let mut line = |content: String| row_dim(&mut text, paint, &content);
    line(format!(
        "{} {:.2} | {} {:.2} | {} | {milliseconds:.2} ms",
        trace.class, trace.class_score, trace.intent, trace.intent_score, answered.mode
    ));
    if !trace.slots.is_empty() {
        let slots: Vec<String> = trace.slots.iter().map(|(id, value)| format!("{id}={}", plain(value))).collect();
        line(format!("slots {}", slots.join(" ")));
    }
    if let Some(called) = handoff(outcome) {
        line(called);
    }
    if !trace.reasons.is_empty() {
        line(format!("because {}", trace.reasons.join("; ")));
    }
    line(format!("path {}", trace.decision_path()));
    text
}

fn handoff(outcome: &Outcome) -> Option<String> {
    let call = outcome.handoff?;
    Some(format!("handoff {} {} {}", call.team, call.priority, call.reason))
}

fn plain(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

// Writing to a String cannot fail.
fn row(text: &mut String, paint: Paint, content: &str) {
    let _ = writeln!(text, "{} {content}", paint.edge());
}

fn row_dim(text: &mut String, paint: Paint, content: &str) {
    let _ = writeln!(text, "  {}", paint.dim(content));
}

/// Lines of at most [`WIDTH`] characters, broken between words.
fn wrap(line: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut width = 0;
    for word in line.split(' ') {
        let length = word.chars().count();
        if width > 0 && width + 1 + length > WIDTH {
            lines.push(String::new());
            width = 0;
        }
        let last = lines.len() - 1;
        if width > 0 {
            lines[last].push(' ');
            width += 1;
        }
        lines[last].push_str(word);
        width += length;
    }
    lines
}

/// WhatsApp's `*bold*` as the terminal's.
fn bold_stars(line: &str, paint: Paint) -> String {
    let parts: Vec<&str> = line.split('*').collect();
    // An odd star is only a star.
    if parts.len().is_multiple_of(2) || parts.len() == 1 {
        return line.to_owned();
    }
    parts.iter().enumerate().map(|(n, part)| if n % 2 == 1 { paint.bold(part) } else { (*part).to_owned() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_break_between_words_and_lose_nothing() {
        let text = "palabra ".repeat(30);
        let lines = wrap(text.trim());
        assert!(lines.iter().all(|line| line.chars().count() <= WIDTH), "{lines:?}");
        assert_eq!(lines.join(" "), text.trim());
    }

    #[test]
    fn a_word_longer_than_the_line_stays_whole() {
        let link = "x".repeat(WIDTH + 10);
        assert_eq!(wrap(&link), [link]);
    }
}
