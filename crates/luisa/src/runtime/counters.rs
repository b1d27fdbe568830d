//! What happened since the start, in numbers for `/metrics`.
//!
//! Owns the counters. They are lost with the process: what must last is in the database. A label holds ids of ours or of
//! Meta, never a person.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use luisa_store::{HandoffChange, TraceRow, TurnCommit};

/// More labels than these are counted as `other`: codes come from outside.
const MOST_LABELS: usize = 64;
const OTHER: &str = "other";

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    #[must_use]
    pub fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Numbers that only grow, one for each label.
#[derive(Debug, Default)]
pub struct Labelled(Mutex<BTreeMap<String, u64>>);

impl Labelled {
    pub fn add(&self, label: &str, n: u64) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let label = if counts.len() < MOST_LABELS || counts.contains_key(label) { label } else { OTHER };
        if let Some(count) = counts.get_mut(label) {
            *count += n;
        } else {
            counts.insert(label.to_owned(), n);
        }
    }

    #[must_use]
    pub fn values(&self) -> BTreeMap<String, u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// How long things took: how many took at most so many seconds, for each bound.
#[derive(Debug)]
pub struct Times<const N: usize> {
    bounds: [f64; N],
    within: [Counter; N],
    count: Counter,
    micros: Counter,
}

impl<const N: usize> Times<N> {
    fn new(bounds: [f64; N]) -> Self {
        Self {
            bounds,
            within: std::array::from_fn(|_| Counter::default()),
            count: Counter::default(),
            micros: Counter::default(),
        }
    }

    pub fn record(&self, took: Duration) {
        // The smallest bound that holds it; the reader adds them up.
        if let Some(at) = self.bounds.iter().position(|bound| took.as_secs_f64() <= *bound) {
            self.within[at].add(1);
        }
        self.micros.add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        self.count.add(1);
    }

    /// Each bound with how many took at most so long, then all, then their seconds together.
    #[must_use]
    pub fn values(&self) -> (Vec<(f64, u64)>, u64, f64) {
        let mut sum = 0;
        let within = self.bounds.iter().zip(&self.within).map(|(bound, count)| {
            sum += count.value();
            (*bound, sum)
        });
        (within.collect(), self.count.value(), Duration::from_micros(self.micros.value()).as_secs_f64())
    }
}

/// All of them.
#[derive(Debug)]
pub struct Counters {
    pub webhooks: Counter,
    pub webhook: Times<8>,
    pub webhooks_refused: Counter,
    pub messages_received: Counter,
    pub messages_duplicate: Counter,
    pub webhook_items_unparsed: Counter,
    pub api_requests: Counter,
    pub api_limited: Counter,
    pub turns: Counter,
    pub turns_failed: Counter,
    pub silent_turns: Counter,
    /// Messages decided, by class.
    pub classes: Labelled,
    /// Handoffs opened, by reason.
    pub handoffs: Labelled,
    /// Texts that the fact check replaced.
    pub replies_replaced: Counter,
    pub decision: Times<10>,
    /// From a message's arrival to the commit of its turn; a burst is waited for.
    pub wait: Times<9>,
    pub sends_ok: Counter,
    pub sends_failed: Counter,
    pub sends_unknown: Counter,
    /// Sends of unknown outcome that were sent again.
    pub sends_repeated: Counter,
    /// Refused sends, by Meta's code or ours.
    pub send_errors: Labelled,
    pub send: Times<9>,
    /// Files that customers sent, by what became of them.
    pub media: Labelled,
    /// Calls of the model, by what came of them: `used` or `fallback`.
    pub model_calls: Labelled,
    pub model_tokens: Labelled,
    pub model_nano_usd: Counter,
    pub model: Times<8>,
}

impl Default for Counters {
    fn default() -> Self {
        let seconds = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
        Self {
            webhooks: Counter::default(),
            webhook: Times::new([0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.0, 5.0]),
            webhooks_refused: Counter::default(),
            messages_received: Counter::default(),
            messages_duplicate: Counter::default(),
            webhook_items_unparsed: Counter::default(),
            api_requests: Counter::default(),
            api_limited: Counter::default(),
            turns: Counter::default(),
            turns_failed: Counter::default(),
            silent_turns: Counter::default(),
            classes: Labelled::default(),
            handoffs: Labelled::default(),
            replies_replaced: Counter::default(),
            decision: Times::new([0.000_05, 0.000_1, 0.000_2, 0.000_5, 0.001, 0.005, 0.1, 1.0, 5.0, 10.0]),
            wait: Times::new(seconds),
            sends_ok: Counter::default(),
            sends_failed: Counter::default(),
            sends_unknown: Counter::default(),
            sends_repeated: Counter::default(),
            send_errors: Labelled::default(),
            media: Labelled::default(),
            send: Times::new(seconds),
            model_calls: Labelled::default(),
            model_tokens: Labelled::default(),
            model_nano_usd: Counter::default(),
            model: Times::new([0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 20.0]),
        }
    }
}

/// What a turn adds to the numbers, noted before its commit takes it and added after.
#[derive(Debug)]
pub struct TurnNote {
    classes: Vec<String>,
    handoff: Option<String>,
    replaced: bool,
    silent: bool,
    call: Option<Call>,
}

#[derive(Debug)]
struct Call {
    fallback: bool,
    input: i64,
    output: i64,
    nano_usd: u64,
    took: Duration,
}

impl TurnNote {
    #[must_use]
    pub fn of(turn: &TurnCommit) -> Self {
        let opened = match &turn.handoff {
            Some(HandoffChange::Open(handoff)) => Some(handoff.reason.clone()),
            Some(HandoffChange::Raise { .. }) | None => None,
        };
        Self {
            classes: turn.traces.iter().map(|trace| trace.classification.clone()).collect(),
            handoff: opened,
            replaced: turn.traces.iter().any(|trace| trace.decision_path.contains("guards_replaced:")),
            silent: turn.traces.iter().all(|trace| trace.response_text.is_none()),
            call: turn.traces.iter().find(|trace| trace.openai_called).map(Call::of),
        }
    }
}

impl Call {
    fn of(trace: &TraceRow) -> Self {
        Self {
            fallback: trace.openai_fallback_used,
            input: trace.openai_input_tokens.unwrap_or_default(),
            output: trace.openai_output_tokens.unwrap_or_default(),
            // A cast stops at zero and at the end of the type.
            nano_usd: (trace.openai_cost_usd.unwrap_or_default() * 1e9).round() as u64,
            took: Duration::try_from_secs_f64(trace.openai_latency_ms.unwrap_or_default() / 1e3).unwrap_or_default(),
        }
    }
}

impl Counters {
    /// A turn is on disk.
    pub fn count(&self, turn: &TurnNote, decided_in: Duration, waited: Duration) {
        self.turns.add(1);
        self.decision.record(decided_in);
        self.wait.record(waited);
        self.silent_turns.add(u64::from(turn.silent));
        self.replies_replaced.add(u64::from(turn.replaced));
        for class in &turn.classes {
            self.classes.add(class, 1);
        }
        if let Some(reason) = &turn.handoff {
            self.handoffs.add(reason, 1);
        }
        if let Some(call) = &turn.call {
            self.model_calls.add(if call.fallback { "fallback" } else { "used" }, 1);
            self.model_tokens.add("input", call.input.unsigned_abs());
            self.model_tokens.add("output", call.output.unsigned_abs());
            self.model_nano_usd.add(call.nano_usd);
            self.model.record(call.took);
        }
    }

    /// Meta refused a message, now or after it was taken.
    pub fn refused(&self, code: Option<&str>) {
        self.sends_failed.add(1);
        self.send_errors.add(code.unwrap_or("none"), 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_within_every_bound_that_is_not_shorter() {
        let times = Times::new([0.1, 1.0, 5.0]);
        for millis in [50, 100, 700, 60_000] {
            times.record(Duration::from_millis(millis));
        }
        assert_eq!(times.values(), (vec![(0.1, 2), (1.0, 3), (5.0, 3)], 4, 60.85));
    }

    #[test]
    fn codes_from_outside_cannot_grow_the_page_without_end() {
        let codes = Labelled::default();
        for code in 0..1000 {
            codes.add(&code.to_string(), 1);
        }
        let values = codes.values();
        assert_eq!((values.len(), values[OTHER]), (MOST_LABELS + 1, 1000 - MOST_LABELS as u64));
    }
}
