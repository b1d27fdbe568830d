//! Calls to the model that its gate should not have made.
//!
//! Owns the rules of the check, which are the contract's and not the gate's own code: a gate that forgets one shows here.

use std::collections::HashMap;

use luisa_store::Figures;
use serde::Serialize;

use super::Turn;
use super::journey::key;

/// What the settings allow.
#[derive(Debug, Clone, Copy)]
pub struct Gate {
    /// `OPENAI_MAX_INPUT_CHARS`
    pub input_chars: i64,
    /// `OPENAI_MAX_CALLS_PER_CONVERSATION`, within the hours of `OPENAI_CONVERSATION_TTL_HOURS`.
    pub calls_per_conversation: u32,
    pub ttl_hours: i64,
}

/// Why a call should not have been made, in the order in which it is asked.
const WHYS: [Why; 6] =
    [Why::PersonLeads, Why::Cached, Why::Personal, Why::NotAConsultation, Why::TooLong, Why::TooMany];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    PersonLeads,
    Cached,
    Personal,
    NotAConsultation,
    TooLong,
    TooMany,
}

impl Why {
    fn id(self) -> &'static str {
        match self {
            Self::PersonLeads => "a_person_led",
            Self::Cached => "answered_from_cache",
            Self::Personal => "personal_message",
            Self::NotAConsultation => "not_a_consultation",
            Self::TooLong => "over_input_limit",
            Self::TooMany => "over_calls_per_conversation",
        }
    }
}

/// Sums under way.
pub struct Audit {
    gate: Gate,
    calls: u64,
    wrong: u64,
    wrong_usd: f64,
    found: [(u64, f64); WHYS.len()],
    refused: super::Counts,
    /// By conversation: its calls, in the order of time, as milliseconds of the epoch.
    history: HashMap<u64, Vec<i64>>,
}

/// The check of the gate.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GateReport {
    pub calls: u64,
    /// Each counted once, for the first reason that holds.
    pub should_not_have_been_made: u64,
    pub wasted_usd: f64,
    pub reasons: Vec<Wrong>,
    /// Why the gate said no, as the decision paths have it.
    pub refusals: Vec<super::Count>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Wrong {
    pub why: &'static str,
    pub calls: u64,
    pub usd: f64,
}

impl Audit {
    pub(super) fn new(gate: Gate) -> Self {
        let refused = super::Counts::default();
        Self {
            gate,
            calls: 0,
            wrong: 0,
            wrong_usd: 0.0,
            found: [(0, 0.0); WHYS.len()],
            refused,
            history: HashMap::new(),
        }
    }

    /// A call is noted with the last message of its turn and was made for all of them.
    pub(super) fn take(&mut self, row: &Figures<'_>, turn: &Turn) {
        if let Some(why) = step(row.decision_path, "openai:no:") {
            self.refused.add(why);
        }
        if !row.openai_called {
            return;
        }
        self.calls += 1;
        let earlier = self.calls_before(row);
        let Some(at) = WHYS.iter().position(|why| self.holds(*why, row, turn, earlier)) else { return };
        let usd = row.openai_cost_usd.unwrap_or_default();
        self.wrong += 1;
        self.wrong_usd += usd;
        self.found[at].0 += 1;
        self.found[at].1 += usd;
    }

    /// Words for an answer need a consultation; whether a doubtful message is personal may be asked of any. The path of a
    /// call that failed does not say which of the two it was for.
    fn holds(&self, why: Why, row: &Figures<'_>, turn: &Turn, earlier: usize) -> bool {
        let known = |prefix| step(row.decision_path, prefix).is_some();
        let about_class = known("openai:class:") || known("openai:failed:") || known("openai:rejected:");
        match why {
            Why::PersonLeads => row.conversation_mode == "HUMAN_ACTIVE" && !turn.handed,
            Why::Cached => row.cache_hit,
            Why::Personal => row.is_personal && !turn.consultation && !about_class,
            Why::NotAConsultation => !turn.consultation && !about_class,
            Why::TooLong => row.raw_chars.is_some_and(|chars| chars > self.gate.input_chars),
            Why::TooMany => earlier >= self.gate.calls_per_conversation as usize,
        }
    }

    /// Calls of the same conversation within its span of hours; this one is noted.
    fn calls_before(&mut self, row: &Figures<'_>) -> usize {
        let Ok(at) = luisa_store::time::from_text(row.created_at) else { return 0 };
        let at = at.as_millisecond();
        let since = at - self.gate.ttl_hours * 3_600_000;
        let calls = self.history.entry(key(row.conversation_id)).or_default();
        calls.retain(|earlier| *earlier > since);
        calls.push(at);
        calls.len() - 1
    }

    pub(super) fn report(self) -> GateReport {
        let found = WHYS.iter().zip(self.found).filter(|(_, (calls, _))| *calls > 0);
        GateReport {
            calls: self.calls,
            should_not_have_been_made: self.wrong,
            wasted_usd: self.wrong_usd,
            reasons: found.map(|(why, (calls, usd))| Wrong { why: why.id(), calls, usd }).collect(),
            refusals: self.refused.most(12),
        }
    }
}

/// What follows `prefix` in the first step of the path that begins so.
pub(super) fn step<'a>(path: &'a str, prefix: &str) -> Option<&'a str> {
    let at = path.find(prefix)?;
    // A step begins the path or follows an arrow.
    if at > 0 && !path[..at].ends_with("->") {
        return None;
    }
    let rest = &path[at + prefix.len()..];
    Some(rest.split("->").next().unwrap_or(rest))
}
