//! The report for a terminal: what is good at a glance, what is not in colour.
//!
//! Owns the layout. Every line is a figure of the report; nothing is computed here but shares for bars.

use std::io::{self, Write};

use super::paint::Paint;
use crate::analysis::money::{Cost, Spend};
use crate::analysis::{Count, Report, percent};

const BAR: usize = 24;
const NAME: usize = 34;

/// Writes the whole report.
pub(super) fn write(out: &mut impl Write, paint: Paint, report: &Report) -> io::Result<()> {
    let (Some(first), Some(last)) = (&report.first_at, &report.last_at) else {
        return writeln!(out, "no messages in this span");
    };
    writeln!(out, "{}", paint.dim(&format!("{first} to {last}, the store's time")))?;
    activity(out, paint, report)?;
    funnel(out, paint, report)?;
    quality(out, paint, report)?;
    unsure(out, paint, report)?;
    gate(out, paint, report)?;
    cost(out, paint, &report.cost, 7)?;
    performance(out, paint, report)
}

fn activity(out: &mut impl Write, paint: Paint, report: &Report) -> io::Result<()> {
    let m = &report.messages;
    heading(out, paint, "activity")?;
    line(out, "messages", &m.total.to_string())?;
    line(out, "personal", &share(m.personal, m.pct_personal))?;
    line(out, "turns, with an answer", &format!("{}, {}", m.turns, m.replies))?;
    line(out, "answered without a model", &of(m.pct_answered_by_rules))?;
    line(out, "answers from the FAQ cache", &m.cached.to_string())?;
    line(out, "needed a person", &share(m.handoffs, percent(m.handoffs, m.total)))?;
    flaw(out, paint, "errors", m.errors, "")?;
    line(out, "WhatsApp took, refused", &format!("{}, {}", m.sends.ok, m.sends.failed))?;
    bars(out, paint, "  refused with", &m.send_errors, 6)?;
    bars(out, paint, "classes", &m.classes, 6)?;
    bars(out, paint, "intents", &m.intents, 10)?;
    let hours: Vec<u64> = m.hours.iter().map(|hour| hour.messages).collect();
    writeln!(out, "{:<NAME$}{}", "hours, 0 to 23", sparks(&hours))
}

fn funnel(out: &mut impl Write, paint: Paint, report: &Report) -> io::Result<()> {
    let f = &report.funnel;
    heading(out, paint, "funnel, in conversations")?;
    let whole = f.conversations;
    for (stage, count) in [
        ("about the store", f.conversations),
        ("began with a greeting", f.greeting),
        ("spoke of a product", f.product),
        ("product, then a person", f.product_then_handoff),
        ("a person, with or without", f.handoff),
    ] {
        writeln!(out, "{stage:<NAME$}{count:>9}  {}", bar(count, whole))?;
    }
    Ok(())
}

fn quality(out: &mut impl Write, paint: Paint, report: &Report) -> io::Result<()> {
    let q = &report.quality;
    heading(out, paint, "quality of the answers")?;
    flaw(out, paint, "over 350 characters", q.too_long, &of(q.pct_too_long))?;
    bars(out, paint, "  by reply", &q.too_long_by_reply, 4)?;
    flaw(out, paint, "without a question at the end", q.without_question, &of(q.pct_without_question))?;
    bars(out, paint, "  by intent", &q.without_question_by_intent, 4)?;
    flaw(out, paint, "the same twice in a row", q.repeated, &of(q.pct_repeated))?;
    bars(out, paint, "  by reply", &q.repeated_by_reply, 4)?;
    flaw(out, paint, "fact check replaced a text", q.fact_check_hits, "")?;
    bars(out, paint, "  by claim", &q.fact_check_by_claim, 4)?;
    flaw(out, paint, "model asked, rules answered", q.fallbacks, "")?;
    bars(out, paint, "  by error", &q.fallbacks_by_error, 4)?;
    flaw(out, paint, "texts of the model rejected", q.model_texts_rejected, "")?;
    bars(out, paint, "  by claim", &q.rejected_by_claim, 4)
}

fn unsure(out: &mut impl Write, paint: Paint, report: &Report) -> io::Result<()> {
    let u = &report.unsure;
    heading(out, paint, "understood with little confidence")?;
    line(out, "messages", &share(u.messages, u.pct_of_business))?;
    for group in &u.groups {
        let taken = group.intents.iter().map(|count| count.what.as_str()).collect::<Vec<_>>().join(", ");
        writeln!(
            out,
            "{:<NAME$}{:>9}  {}",
            format!("  \u{ab}{}\u{bb}", group.phrase),
            group.messages,
            paint.dim(&format!(
                "{} conversations, score {:.2}, taken for {taken}",
                group.conversations, group.mean_score
            ))
        )?;
        for example in &group.examples {
            writeln!(out, "{}", paint.dim(&format!("      {example}")))?;
        }
    }
    if u.messages > 0 {
        line(out, "  with nothing in common", &u.ungrouped.to_string())?;
    }
    Ok(())
}

fn gate(out: &mut impl Write, paint: Paint, report: &Report) -> io::Result<()> {
    let g = &report.gate;
    heading(out, paint, "the model's gate")?;
    line(out, "calls", &g.calls.to_string())?;
    let wasted = if g.should_not_have_been_made > 0 { usd(g.wasted_usd) } else { String::new() };
    flaw(out, paint, "should not have been made", g.should_not_have_been_made, &wasted)?;
    for wrong in &g.reasons {
        line(out, &format!("  {}", wrong.why), &format!("{} {}", wrong.calls, usd(wrong.usd)))?;
    }
    bars(out, paint, "said no because", &g.refusals, 6)
}

/// What the model cost, with so many rows by day and intent; also the report of `luisa costs`.
pub(super) fn cost(out: &mut impl Write, paint: Paint, cost: &Cost, rows: usize) -> io::Result<()> {
    heading(out, paint, "cost of the model")?;
    let total = &cost.total;
    line(out, "calls", &total.calls.to_string())?;
    line(out, "tokens in, out", &format!("{}, {}", total.input_tokens, total.output_tokens))?;
    line(out, "spent", &usd(total.usd))?;
    line(out, "a call, on average", &some_usd(cost.mean_per_call_usd))?;
    line(out, "conversations", &cost.conversations.to_string())?;
    line(out, "a conversation, on average", &some_usd(cost.mean_per_conversation_usd))?;
    // The latest days; of the rest the dearest.
    table(out, paint, "by day", &cost.days[cost.days.len().saturating_sub(rows)..])?;
    table(out, paint, "by intent", &cost.intents[..cost.intents.len().min(rows)])?;
    table(out, paint, "by model", &cost.models)?;
    table(out, paint, "dearest conversations", &cost.dearest_conversations)?;
    let saved = &cost.saved;
    let by_rules = share(saved.consultations_by_rules, saved.pct_by_rules);
    line(out, "consultations that rules answered", &by_rules)?;
    line(out, "saved at the average call", &some_usd(saved.usd))
}

fn table(out: &mut impl Write, paint: Paint, title: &str, rows: &[Spend]) -> io::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let head = format!("{title:<NAME$}{:>9}{:>12}{:>12}{:>14}", "calls", "tokens in", "tokens out", "spent");
    writeln!(out, "{}", paint.dim(&head))?;
    for row in rows {
        let (what, usd) = (format!("  {}", row.what), usd(row.usd));
        writeln!(out, "{what:<NAME$}{:>9}{:>12}{:>12}{usd:>14}", row.calls, row.input_tokens, row.output_tokens)?;
    }
    Ok(())
}

fn performance(out: &mut impl Write, paint: Paint, report: &Report) -> io::Result<()> {
    let p = &report.performance;
    heading(out, paint, "how fast, in milliseconds")?;
    let head = format!("{:<NAME$}{:>9}{:>10}{:>10}{:>10}{:>10}{:>10}", "", "of", "p50", "p90", "p95", "p99", "longest");
    writeln!(out, "{}", paint.dim(&head))?;
    for s in &p.steps {
        let step = s.step.replace('_', " ");
        writeln!(
            out,
            "{step:<NAME$}{:>9}{:>10.2}{:>10.2}{:>10.2}{:>10.2}{:>10.2}",
            s.count, s.p50_ms, s.p90_ms, s.p95_ms, s.p99_ms, s.max_ms
        )?;
    }
    for slow in p.slowest.iter().take(3) {
        let sent = slow.send_ms.map_or_else(String::new, |ms| format!(" + {ms:.1} sending"));
        let what = format!("slowest: trace {}, {}", slow.trace_id, slow.intent);
        writeln!(out, "{}", paint.dim(&format!("{what:<NAME$}{:>9.1}{sent}, {}", slow.decision_ms, slow.at)))?;
    }
    Ok(())
}

fn heading(out: &mut impl Write, paint: Paint, title: &str) -> io::Result<()> {
    writeln!(out, "\n{}", paint.bold(title))
}

fn line(out: &mut impl Write, name: &str, value: &str) -> io::Result<()> {
    writeln!(out, "{name:<NAME$}{value:>9}")
}

/// A figure that should be zero.
fn flaw(out: &mut impl Write, paint: Paint, name: &str, count: u64, more: &str) -> io::Result<()> {
    let value = format!("{count:>9}  {more}");
    let value = value.trim_end();
    writeln!(out, "{name:<NAME$}{}", if count > 0 { paint.warn(value) } else { value.to_owned() })
}

fn bars(out: &mut impl Write, paint: Paint, title: &str, counts: &[Count], limit: usize) -> io::Result<()> {
    let Some(most) = counts.iter().map(|count| count.count).max() else { return Ok(()) };
    writeln!(out, "{}", paint.dim(title))?;
    for count in counts.iter().take(limit) {
        let name: String = format!("    {}", count.what).chars().take(NAME - 1).collect();
        writeln!(out, "{name:<NAME$}{:>9}  {}", count.count, bar(count.count, most))?;
    }
    Ok(())
}

fn bar(part: u64, whole: u64) -> String {
    let length = if whole == 0 { 0 } else { (part as usize * BAR).div_ceil(whole as usize) };
    "\u{2588}".repeat(length)
}

fn sparks(values: &[u64]) -> String {
    const STEPS: [char; 8] =
        ['\u{2581}', '\u{2582}', '\u{2583}', '\u{2584}', '\u{2585}', '\u{2586}', '\u{2587}', '\u{2588}'];
    let most = values.iter().copied().max().unwrap_or_default().max(1);
    values.iter().map(|value| STEPS[usize::try_from(value * 7 / most).unwrap_or_default()]).collect()
}

fn share(count: u64, pct: Option<f64>) -> String {
    pct.map_or_else(|| count.to_string(), |pct| format!("{count:>9}  {pct:.2} %"))
}

fn of(pct: Option<f64>) -> String {
    pct.map_or_else(|| "-".to_owned(), |pct| format!("{pct:.2} %"))
}

fn some_usd(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), usd)
}

fn usd(value: f64) -> String {
    format!("{value:.6} USD")
}
