//! Whether a model may be asked now: budgets, calls, time, canary, breaker. A state machine with the clock as argument.
//!
//! Owns the limits and the ledger of what was spent. May not wait, read a clock or know why somebody wants to ask. The
//! caller keeps one behind a lock and stores `state()` with its turns, so that a restart forgets no money.

mod breaker;
mod canary;
mod ledger;
mod reason;

pub use breaker::{BreakerLimits, BreakerState, Cause};
pub use canary::{BadCanary, Canary};
pub use reason::{GateDecision, Reason};

use crate::call::Failure;
use crate::money::NanoUsd;
use breaker::Breaker;
use jiff::{SignedDuration, Timestamp, Zoned};
use ledger::{Ledger, Turned};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::time::Duration;

const VERSION: u32 = 1;
/// A permit that is never given back (its task was cancelled) frees its place after this: longer than any deadline.
const LEASE: SignedDuration = SignedDuration::from_mins(2);

#[derive(Debug, Clone)]
pub struct Limits {
    pub enabled: bool,
    pub calls_per_conversation: u32,
    /// How long a call counts for its conversation.
    pub conversation_ttl: Duration,
    /// Of a day and a month as `now`'s time zone has them. Nothing is no limit.
    pub daily_budget: Option<NanoUsd>,
    pub monthly_budget: Option<NanoUsd>,
    pub concurrent_calls: usize,
    pub input_chars: usize,
    /// With less time in the turn, asking is not worth it.
    pub least_time: Duration,
    pub canary: Canary,
    pub breaker: BreakerLimits,
}

/// One wish to ask.
#[derive(Clone, Copy)]
pub struct GateInput<'a> {
    pub conversation_id: &'a str,
    /// Customers without a phone number have none.
    pub phone_last_four: Option<&'a str>,
    pub input_chars: usize,
    pub time_left: Duration,
    /// The most it can cost: `Client::dearest_case`.
    pub dearest_cost: NanoUsd,
    /// In the zone whose midnight ends a day's budget.
    pub now: &'a Zoned,
}

/// What a restart must not forget.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateState {
    version: u32,
    #[serde(default)]
    ledger: Ledger,
    #[serde(default)]
    breaker: Breaker,
    #[serde(default)]
    told: BTreeSet<Notice>,
    #[serde(default)]
    untold: BTreeSet<Notice>,
}

/// What the owner is told: once, until it is over and happens again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    QuotaExhausted,
    AccessRefused,
    ModelGone,
    DailyBudgetSpent,
    MonthlyBudgetSpent,
}

/// A place among the calls under way. Goes back with `note_success` or `note_failure`.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub struct Permit {
    number: u64,
    probe: bool,
}

/// The answer to a wish, and the permit when it is yes.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub struct Admission {
    pub decision: GateDecision,
    pub permit: Option<Permit>,
}

#[derive(Debug)]
pub struct Gate {
    limits: Limits,
    state: GateState,
    under_way: Vec<Call>,
    next_number: u64,
}

#[derive(Debug)]
struct Call {
    number: u64,
    since: Timestamp,
    set_aside: NanoUsd,
    probe: bool,
}

impl Default for GateState {
    fn default() -> Self {
        Self {
            version: VERSION,
            ledger: Ledger::default(),
            breaker: Breaker::default(),
            told: BTreeSet::new(),
            untold: BTreeSet::new(),
        }
    }
}

impl Gate {
    pub fn new(limits: Limits, state: GateState) -> Self {
        Self { limits, state, under_way: Vec::new(), next_number: 0 }
    }

    /// Says yes or no, and changes nothing.
    pub fn decide(&self, input: &GateInput<'_>) -> GateDecision {
        let chosen = self.limits.canary.chooses(input.conversation_id, input.phone_last_four);
        let refusal = self
            .refused_by_the_wish(input)
            .or_else(|| self.refused_by_the_ledger(input))
            .or_else(|| self.refused_by_the_provider(input.now.timestamp()));
        let reason = match (chosen, refusal) {
            _ if !self.limits.enabled => Reason::Disabled,
            (None, _) => Reason::NotInCanary,
            (Some(_), Some(refusal)) => refusal,
            (Some(_), None) if self.state.breaker.is_resting_over(input.now.timestamp()) => Reason::BreakerProbe,
            (Some(chosen), None) => chosen,
        };
        GateDecision::of(reason)
    }

    /// Decides, and on a yes takes a place, counts the call and sets its dearest cost aside.
    pub fn admit(&mut self, input: &GateInput<'_>) -> Admission {
        let now = input.now.timestamp();
        self.under_way.retain(|call| call.is_alive(now));
        self.turn_page(input.now);
        let decision = self.decide(input);
        if let Some(notice) = Notice::of_reason(decision.reason) {
            self.tell(notice);
        }
        let permit = decision.allowed.then(|| self.take_place(input, decision.reason));
        Admission { decision, permit }
    }

    /// The provider answered, whatever its answer was good for.
    pub fn note_success(&mut self, permit: Permit, now: &Zoned) {
        self.give_back(&permit);
        if self.state.breaker.succeeded(permit.probe, now.timestamp()) {
            self.forget(&[Notice::QuotaExhausted, Notice::AccessRefused, Notice::ModelGone]);
        }
    }

    pub fn note_failure(&mut self, permit: Permit, failure: &Failure, now: &Zoned) {
        self.give_back(&permit);
        let limits = &self.limits.breaker;
        self.state.breaker.failed(permit.probe, failure, limits, now.timestamp());
        if let Some(notice) = Notice::of_failure(failure) {
            self.tell(notice);
        }
    }

    /// What a call cost, a failed one too.
    pub fn note_cost(&mut self, cost: NanoUsd, now: &Zoned) {
        self.turn_page(now);
        self.state.ledger.spend(cost);
    }

    /// What the owner has not been told yet. Each is given out once.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        let notices = std::mem::take(&mut self.state.untold);
        self.state.told.extend(&notices);
        notices.into_iter().collect()
    }

    /// They could not be told after all: they are given out again.
    pub fn give_back_notices(&mut self, notices: &[Notice]) {
        for notice in notices {
            if self.state.told.remove(notice) {
                self.state.untold.insert(*notice);
            }
        }
    }

    /// To be stored.
    pub fn state(&self) -> &GateState {
        &self.state
    }

    pub fn spent_today(&self, now: &Zoned) -> NanoUsd {
        self.state.ledger.spent_today(now)
    }

    pub fn spent_this_month(&self, now: &Zoned) -> NanoUsd {
        self.state.ledger.spent_this_month(now)
    }

    pub fn breaker(&self, now: &Zoned) -> BreakerState {
        self.state.breaker.state(now.timestamp())
    }

    pub fn calls_under_way(&self, now: &Zoned) -> usize {
        self.alive(now.timestamp()).count()
    }

    fn refused_by_the_wish(&self, input: &GateInput<'_>) -> Option<Reason> {
        if input.input_chars > self.limits.input_chars {
            return Some(Reason::InputTooLong);
        }
        (input.time_left < self.limits.least_time).then_some(Reason::NoTimeLeft)
    }

    fn refused_by_the_ledger(&self, input: &GateInput<'_>) -> Option<Reason> {
        let ledger = &self.state.ledger;
        let calls = ledger.calls_of(input.conversation_id, input.now.timestamp(), self.limits.conversation_ttl);
        if calls >= self.limits.calls_per_conversation as usize {
            return Some(Reason::ConversationCallsSpent);
        }
        let set_aside: NanoUsd = self.alive(input.now.timestamp()).map(|call| call.set_aside).sum();
        let needed = set_aside.plus(input.dearest_cost);
        let exceeds =
            |spent: NanoUsd, budget: Option<NanoUsd>| budget.is_some_and(|budget| spent.plus(needed) > budget);
        if exceeds(ledger.spent_today(input.now), self.limits.daily_budget) {
            return Some(Reason::DailyBudgetSpent);
        }
        exceeds(ledger.spent_this_month(input.now), self.limits.monthly_budget).then_some(Reason::MonthlyBudgetSpent)
    }

    fn refused_by_the_provider(&self, now: Timestamp) -> Option<Reason> {
        let probing = self.alive(now).any(|call| call.probe);
        if let Some(reason) = self.state.breaker.refuses(now, probing) {
            return Some(reason);
        }
        (self.alive(now).count() >= self.limits.concurrent_calls).then_some(Reason::TooManyAtOnce)
    }

    fn alive(&self, now: Timestamp) -> impl Iterator<Item = &Call> {
        self.under_way.iter().filter(move |call| call.is_alive(now))
    }

    fn take_place(&mut self, input: &GateInput<'_>, reason: Reason) -> Permit {
        let now = input.now.timestamp();
        let probe = reason == Reason::BreakerProbe;
        self.next_number += 1;
        self.under_way.push(Call { number: self.next_number, since: now, set_aside: input.dearest_cost, probe });
        self.state.ledger.count_call(input.conversation_id, now);
        Permit { number: self.next_number, probe }
    }

    fn give_back(&mut self, permit: &Permit) {
        self.under_way.retain(|call| call.number != permit.number);
    }

    fn turn_page(&mut self, now: &Zoned) {
        match self.state.ledger.turn_page(now, self.limits.conversation_ttl) {
            Turned::Nothing => {}
            Turned::Day => self.forget(&[Notice::DailyBudgetSpent]),
            Turned::Month => self.forget(&[Notice::DailyBudgetSpent, Notice::MonthlyBudgetSpent]),
        }
    }

    fn tell(&mut self, notice: Notice) {
        if !self.state.told.contains(&notice) {
            self.state.untold.insert(notice);
        }
    }

    fn forget(&mut self, over: &[Notice]) {
        self.state.told.retain(|notice| !over.contains(notice));
        self.state.untold.retain(|notice| !over.contains(notice));
    }
}

impl Notice {
    fn of_reason(reason: Reason) -> Option<Self> {
        if reason == Reason::DailyBudgetSpent {
            Some(Self::DailyBudgetSpent)
        } else {
            (reason == Reason::MonthlyBudgetSpent).then_some(Self::MonthlyBudgetSpent)
        }
    }

    fn of_failure(failure: &Failure) -> Option<Self> {
        match failure {
            Failure::QuotaExhausted => Some(Self::QuotaExhausted),
            Failure::Unauthorized { .. } => Some(Self::AccessRefused),
            Failure::NotFound { .. } => Some(Self::ModelGone),
            Failure::RateLimited { .. }
            | Failure::ServerError { .. }
            | Failure::BadRequest { .. }
            | Failure::Timeout
            | Failure::Connect { .. }
            | Failure::Truncated
            | Failure::Empty
            | Failure::RefusedByModel
            | Failure::WrongShape(_)
            | Failure::TooLarge => None,
        }
    }
}

impl Call {
    fn is_alive(&self, now: Timestamp) -> bool {
        now.duration_since(self.since) < LEASE
    }
}

#[cfg(test)]
mod gate_tests;
