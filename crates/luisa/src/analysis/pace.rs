//! How fast it was: percentiles of each step that the traces time, and the slowest turns.
//!
//! Owns the measures. Every value is kept (four bytes each), so that percentiles are exact.

use serde::Serialize;

use super::local::LocalTime;
use super::{Seen, Turn};

const SLOWEST: usize = 8;

/// Values under way, in microseconds.
#[derive(Debug, Default)]
pub struct Pace {
    rules: Vec<u32>,
    cache: Vec<u32>,
    with_model: Vec<u32>,
    model: Vec<u32>,
    send: Vec<u32>,
    slowest: Vec<Slow>,
}

/// The steps. Times are in milliseconds; percentiles are by nearest rank.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Performance {
    pub steps: Vec<Step>,
    /// By the decision, the sending and the model together.
    pub slowest: Vec<Slow>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    pub step: &'static str,
    pub count: u64,
    pub p50_ms: f64,
    pub p90_ms: f64,
    pub p95_ms: f64,
    pub p99_ms: f64,
    pub max_ms: f64,
}

/// A slow turn: its trace says the rest.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Slow {
    pub trace_id: i64,
    pub request_id: String,
    pub at: String,
    pub intent: String,
    pub decision_ms: f64,
    pub send_ms: Option<f64>,
}

impl Slow {
    fn whole_ms(&self) -> f64 {
        self.decision_ms + self.send_ms.unwrap_or_default()
    }
}

impl Pace {
    pub(super) fn take(&mut self, seen: &Seen<'_>) {
        let row = seen.row;
        if let Some(ms) = row.openai_latency_ms.filter(|_| row.openai_called) {
            self.model.push(micros(ms));
        }
        if !seen.opens_turn {
            return;
        }
        if let Some(ms) = row.whatsapp_send_latency_ms {
            self.send.push(micros(ms));
        }
        self.keep_if_slow(seen);
    }

    /// The messages of a turn carry its times; whether a model was asked is with its last one.
    pub(super) fn close(&mut self, turn: &Turn) {
        let Some(ms) = turn.latency_ms else { return };
        match (turn.called, turn.cached) {
            (true, _) => self.with_model.push(micros(ms)),
            (false, true) => self.cache.push(micros(ms)),
            (false, false) => self.rules.push(micros(ms)),
        }
    }

    fn keep_if_slow(&mut self, seen: &Seen<'_>) {
        let row = seen.row;
        let Some(decision_ms) = row.latency_ms else { return };
        let whole = decision_ms + row.whatsapp_send_latency_ms.unwrap_or_default();
        if self.slowest.len() == SLOWEST && self.slowest.last().is_some_and(|least| whole <= least.whole_ms()) {
            return;
        }
        let slow = Slow {
            trace_id: row.id,
            request_id: row.request_id.to_owned(),
            at: row.created_at.to_owned(),
            intent: row.intent.unwrap_or("-").to_owned(),
            decision_ms,
            send_ms: row.whatsapp_send_latency_ms,
        };
        let at = self.slowest.partition_point(|known| known.whole_ms() >= whole);
        self.slowest.insert(at, slow);
        self.slowest.truncate(SLOWEST);
    }

    pub(super) fn report(self, zone: &LocalTime) -> Performance {
        let steps = [
            ("decision_by_rules", self.rules),
            ("decision_from_cache", self.cache),
            ("decision_with_model", self.with_model),
            ("model_call", self.model),
            ("whatsapp_send", self.send),
        ];
        let steps = steps.into_iter().filter_map(|(step, values)| summary(step, values)).collect();
        let slowest = self.slowest.into_iter().map(|slow| Slow { at: zone.shown(&slow.at), ..slow }).collect();
        Performance { steps, slowest }
    }
}

fn summary(step: &'static str, mut values: Vec<u32>) -> Option<Step> {
    values.sort_unstable();
    let max = *values.last()?;
    // Nearest rank: the smallest value that at least so many per cent do not exceed.
    let at = |percent: usize| {
        let rank = (values.len() * percent).div_ceil(100).max(1);
        millis(values[rank - 1])
    };
    Some(Step {
        step,
        count: values.len() as u64,
        p50_ms: at(50),
        p90_ms: at(90),
        p95_ms: at(95),
        p99_ms: at(99),
        max_ms: millis(max),
    })
}

fn micros(ms: f64) -> u32 {
    // A cast stops at the ends of the type: over an hour is an hour.
    (ms * 1e3).round() as u32
}

fn millis(micros: u32) -> f64 {
    f64::from(micros) / 1e3
}
