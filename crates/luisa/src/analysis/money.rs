//! What the model cost: in all, by day, by intent, by conversation; and what the rules saved.
//!
//! Owns the sums. They are kept in billionths of a dollar, so that a million small costs add up exactly.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::{Seen, Turn, percent};

const NANO: f64 = 1e9;
/// So many conversations are named; the rest is in the sums.
const CONVERSATIONS: usize = 10;

/// Sums under way.
#[derive(Debug, Default)]
pub struct Money {
    all: Sum,
    days: BTreeMap<String, Sum>,
    intents: BTreeMap<String, Sum>,
    models: BTreeMap<String, Sum>,
    conversations: HashMap<String, Sum>,
    seen: std::collections::HashSet<u64>,
    by_rules: u64,
    latency_ms: f64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    calls: u64,
    input: i64,
    output: i64,
    nano_usd: i64,
}

/// What the model cost. Dollars of the United States.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cost {
    pub total: Spend,
    pub mean_per_call_usd: Option<f64>,
    pub mean_latency_ms: Option<f64>,
    /// Conversations of the span, whether or not they cost anything.
    pub conversations: u64,
    pub mean_per_conversation_usd: Option<f64>,
    pub days: Vec<Spend>,
    pub intents: Vec<Spend>,
    pub models: Vec<Spend>,
    /// The dearest.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dearest_conversations: Vec<Spend>,
    pub saved: Saved,
}

/// One part of the spending.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Spend {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub what: String,
    pub calls: u64,
    pub input_tokens: i64,
    pub output_tokens: i64,
    pub usd: f64,
}

/// What the consultations that rules answered would have cost, each at the mean call of the span.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Saved {
    pub consultations_by_rules: u64,
    /// Of all consultations that were answered, per cent.
    pub pct_by_rules: Option<f64>,
    /// None when there was no call to go by.
    pub usd: Option<f64>,
}

impl Money {
    pub(super) fn take(&mut self, seen: &Seen<'_>, day: &str) {
        let row = seen.row;
        self.seen.insert(super::journey::key(row.conversation_id));
        if row.openai_called || row.openai_cost_usd.is_some() {
            let spent = Sum {
                calls: u64::from(row.openai_called),
                input: row.openai_input_tokens.unwrap_or_default(),
                output: row.openai_output_tokens.unwrap_or_default(),
                nano_usd: (row.openai_cost_usd.unwrap_or_default() * NANO).round() as i64,
            };
            self.latency_ms += row.openai_latency_ms.unwrap_or_default();
            self.all.add(spent);
            self.days.entry(day.to_owned()).or_default().add(spent);
            self.intents.entry(row.intent.unwrap_or("-").to_owned()).or_default().add(spent);
            self.models.entry(row.openai_model.unwrap_or("-").to_owned()).or_default().add(spent);
            self.conversations.entry(row.conversation_id.to_owned()).or_default().add(spent);
        }
    }

    pub(super) fn close(&mut self, turn: &Turn) {
        self.by_rules += u64::from(turn.consultation && turn.answered && !turn.called);
    }

    pub(super) fn report(self) -> Cost {
        let calls = self.all.calls;
        let per_call = (calls > 0).then(|| dollars(self.all.nano_usd) / calls as f64);
        let conversations = self.seen.len() as u64;
        let mean = |whole: f64, parts: u64| (parts > 0).then(|| rounded(whole / parts as f64));
        let mut dearest = spends(self.conversations);
        dearest.truncate(CONVERSATIONS);
        Cost {
            total: self.all.spend(""),
            mean_per_call_usd: per_call.map(rounded),
            mean_latency_ms: mean(self.latency_ms, calls),
            conversations,
            mean_per_conversation_usd: mean(dollars(self.all.nano_usd), conversations),
            days: self.days.into_iter().map(|(day, sum)| sum.spend(&day)).collect(),
            intents: spends(self.intents),
            models: spends(self.models),
            dearest_conversations: dearest,
            saved: Saved {
                consultations_by_rules: self.by_rules,
                pct_by_rules: percent(self.by_rules, self.by_rules + calls),
                usd: per_call.map(|usd| rounded(usd * self.by_rules as f64)),
            },
        }
    }
}

impl Sum {
    fn add(&mut self, other: Self) {
        self.calls += other.calls;
        self.input += other.input;
        self.output += other.output;
        self.nano_usd += other.nano_usd;
    }

    fn spend(self, what: &str) -> Spend {
        Spend {
            what: what.to_owned(),
            calls: self.calls,
            input_tokens: self.input,
            output_tokens: self.output,
            usd: dollars(self.nano_usd),
        }
    }
}

/// The dearest first.
fn spends(sums: impl IntoIterator<Item = (String, Sum)>) -> Vec<Spend> {
    let mut all: Vec<(String, Sum)> = sums.into_iter().collect();
    all.sort_by(|(a, x), (b, y)| (y.nano_usd, y.calls).cmp(&(x.nano_usd, x.calls)).then_with(|| a.cmp(b)));
    all.into_iter().map(|(what, sum)| sum.spend(&what)).collect()
}

fn dollars(nano: i64) -> f64 {
    nano as f64 / NANO
}

fn rounded(value: f64) -> f64 {
    (value * NANO).round() / NANO
}
