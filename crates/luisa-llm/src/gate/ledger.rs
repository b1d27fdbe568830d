//! What was spent today and this month, and how often each conversation called.
//!
//! Owns the sums. A day is a date in the shop's zone; a clock that goes back a little never refills a budget.

use crate::money::NanoUsd;
use jiff::civil::Date;
use jiff::{Timestamp, Zoned};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::time::Duration;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Ledger {
    day: Option<Date>,
    day_spent: NanoUsd,
    month_spent: NanoUsd,
    /// When each conversation called, oldest first.
    calls: BTreeMap<String, Vec<Timestamp>>,
}

/// Which page was turned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turned {
    Nothing,
    Day,
    Month,
}

impl Ledger {
    /// Begins a new day or month when it is time, and forgets the calls that no longer count.
    pub(super) fn turn_page(&mut self, now: &Zoned, ttl: Duration) -> Turned {
        let today = now.date();
        if self.day.is_some_and(|day| !is_over(day, today)) {
            return Turned::Nothing;
        }
        let same_month = self.day.is_some_and(|day| same_month(day, today));
        self.day = Some(today);
        self.day_spent = NanoUsd::ZERO;
        for calls in self.calls.values_mut() {
            calls.retain(|call| counts(*call, now.timestamp(), ttl));
        }
        self.calls.retain(|_, calls| !calls.is_empty());
        if same_month {
            return Turned::Day;
        }
        self.month_spent = NanoUsd::ZERO;
        Turned::Month
    }

    pub(super) fn spend(&mut self, cost: NanoUsd) {
        self.day_spent = self.day_spent.plus(cost);
        self.month_spent = self.month_spent.plus(cost);
    }

    pub(super) fn spent_today(&self, now: &Zoned) -> NanoUsd {
        let current = self.day.is_some_and(|day| !is_over(day, now.date()));
        if current { self.day_spent } else { NanoUsd::ZERO }
    }

    pub(super) fn spent_this_month(&self, now: &Zoned) -> NanoUsd {
        let today = now.date();
        let current = self.day.is_some_and(|day| !is_over(day, today) || same_month(day, today));
        if current { self.month_spent } else { NanoUsd::ZERO }
    }

    pub(super) fn calls_of(&self, conversation_id: &str, now: Timestamp, ttl: Duration) -> usize {
        let calls = self.calls.get(&nameless(conversation_id)).map(Vec::as_slice).unwrap_or_default();
        calls.iter().filter(|call| counts(**call, now, ttl)).count()
    }

    pub(super) fn count_call(&mut self, conversation_id: &str, now: Timestamp) {
        self.calls.entry(nameless(conversation_id)).or_default().push(now);
    }
}

/// The ledger is kept; a conversation's id may be somebody's telephone or address. Only that it is the same one matters.
fn nameless(conversation_id: &str) -> String {
    format!("{:016x}", BuildHasherDefault::<DefaultHasher>::default().hash_one(conversation_id))
}

/// A day that lies ahead is not over, unless it lies so far ahead that a clock was wrong and is right now.
fn is_over(day: Date, today: Date) -> bool {
    day < today || today.tomorrow().is_ok_and(|tomorrow| day > tomorrow)
}

fn same_month(one: Date, other: Date) -> bool {
    one.first_of_month() == other.first_of_month()
}

fn counts(call: Timestamp, now: Timestamp, ttl: Duration) -> bool {
    now.duration_since(call).unsigned_abs() < ttl
}
