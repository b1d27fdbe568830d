//! What happened since the start, in numbers for `/metrics`.
//!
//! Owns the counters. They are lost with the process: what must last is in the database.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

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

/// How long something took, all in all.
#[derive(Debug, Default)]
pub struct Spent(Counter);

impl Spent {
    pub fn record(&self, took: Duration) {
        self.0.add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    #[must_use]
    pub fn seconds(&self) -> f64 {
        Duration::from_micros(self.0.value()).as_secs_f64()
    }
}

/// All of them.
#[derive(Debug, Default)]
pub struct Counters {
    pub webhooks: Counter,
    pub webhooks_refused: Counter,
    pub messages_received: Counter,
    pub messages_duplicate: Counter,
    pub webhook_items_unparsed: Counter,
    pub api_requests: Counter,
    pub api_limited: Counter,
    pub turns: Counter,
    pub turns_failed: Counter,
    pub decision_us: Spent,
    pub sends_ok: Counter,
    pub sends_failed: Counter,
    pub sends_unknown: Counter,
}
