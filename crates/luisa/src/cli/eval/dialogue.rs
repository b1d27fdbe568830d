//! `luisa eval --dialogue`: whether questions in the middle of a chat are answered.
//!
//! Owns the report. What an answer must contain is the file's, and the judging the core's.

use std::collections::BTreeMap;
use std::io::Write;

use luisa_core::examination::{Judged, Kind};
use serde_json::json;

const KINDS: [Kind; 5] = [Kind::Fact, Kind::Unknown, Kind::Act, Kind::Ack, Kind::Clarify];

/// Share of turns answered as they must be, by kind and in all.
pub(super) fn figures(judged: &[Judged]) -> BTreeMap<&'static str, f64> {
    let share = |of: &dyn Fn(&Judged) -> bool| {
        let turns: Vec<&Judged> = judged.iter().filter(|turn| of(turn)).collect();
        let good = turns.iter().filter(|turn| turn.fault.is_none()).count();
        // Counts of a corpus: exact in f64.
        (!turns.is_empty()).then(|| good as f64 / turns.len() as f64)
    };
    let kinds = KINDS.iter().filter_map(|kind| Some((kind.id(), share(&|turn| turn.kind == *kind)?)));
    kinds.chain(share(&|_| true).map(|all| ("all", all))).collect()
}

/// Prints the figures, and what failed unless `brief`.
pub(super) fn print(
    judged: &[Judged],
    figures: &BTreeMap<&'static str, f64>,
    json: bool,
    brief: bool,
) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    let missed = || judged.iter().filter_map(|turn| Some((turn, turn.fault.as_ref()?)));
    if json {
        let misses: Vec<_> = missed()
            .map(|(turn, fault)| json!({"id": turn.id, "kind": turn.kind.id(), "topic": turn.topic, "said": turn.said, "reply": turn.reply, "fault": fault}))
            .collect();
        writeln!(out, "{}", json!({"turns": judged.len(), "figures": figures, "misses": misses}))?;
        return Ok(());
    }
    for (turn, fault) in missed().filter(|_| !brief) {
        writeln!(
            out,
            "{} {} {}: {fault}\n  C {}\n  L {}",
            turn.id,
            turn.kind.id(),
            turn.topic,
            turn.said,
            turn.reply.replace('\n', " / ")
        )?;
    }
    for (kind, share) in figures {
        let of = judged.iter().filter(|turn| *kind == "all" || turn.kind.id() == *kind).count();
        writeln!(out, "{kind:<8} {:>5.1} % of {of}", share * 100.0)?;
    }
    Ok(())
}
