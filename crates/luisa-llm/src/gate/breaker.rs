//! The breaker: after failures in a row nobody asks for a while, then one call finds out.
//!
//! Owns which failure counts how much. May not count a failure of an earlier time against a later one.

use super::reason::Reason;
use crate::call::Failure;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A rest that would last longer was written by a clock that was wrong.
const LONGEST_REST: SignedDuration = SignedDuration::from_hours(24);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerLimits {
    /// In a row.
    pub failures: u32,
    /// The first rest; every failed probe doubles it, up to `long_rest`.
    pub rest: Duration,
    /// When only a person can mend it. At most a day.
    pub long_rest: Duration,
}

/// There is no setting for them.
impl Default for BreakerLimits {
    fn default() -> Self {
        Self { failures: 5, rest: Duration::from_secs(30), long_rest: Duration::from_secs(3_600) }
    }
}

/// Why nobody asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    Failures,
    RateLimit,
    Quota,
    Access,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    Closed,
    Open { cause: Cause, until: Timestamp },
    HalfOpen { cause: Cause },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub(super) enum Breaker {
    Closed { failures: u32 },
    Open { cause: Cause, until: Timestamp, probes: u32 },
}

/// What a failure does.
enum Toll {
    /// The provider works: it answered.
    Free,
    Counts,
    Opens(Cause, Rest),
}

enum Rest {
    Long,
    AsTold(Duration),
}

impl Default for Breaker {
    fn default() -> Self {
        Self::Closed { failures: 0 }
    }
}

impl Breaker {
    pub(super) fn state(&self, now: Timestamp) -> BreakerState {
        let rests = |until: Timestamp| now < until && until.duration_since(now) <= LONGEST_REST;
        match *self {
            Self::Closed { .. } => BreakerState::Closed,
            Self::Open { cause, until, .. } if rests(until) => BreakerState::Open { cause, until },
            Self::Open { cause, .. } => BreakerState::HalfOpen { cause },
        }
    }

    pub(super) fn is_resting_over(&self, now: Timestamp) -> bool {
        matches!(self.state(now), BreakerState::HalfOpen { .. })
    }

    pub(super) fn refuses(&self, now: Timestamp, probing: bool) -> Option<Reason> {
        match self.state(now) {
            BreakerState::Closed => None,
            BreakerState::Open { cause, .. } => Some(cause.reason()),
            BreakerState::HalfOpen { .. } => probing.then_some(Reason::BreakerProbing),
        }
    }

    /// True when it is closed afterwards. Late answers to calls from before the rest prove nothing.
    pub(super) fn succeeded(&mut self, probe: bool, now: Timestamp) -> bool {
        let rests = matches!(self.state(now), BreakerState::Open { .. });
        let closes = matches!(self, Self::Closed { .. }) || (probe && !rests);
        if closes {
            *self = Self::default();
        }
        closes
    }

    pub(super) fn failed(&mut self, probe: bool, failure: &Failure, limits: &BreakerLimits, now: Timestamp) {
        match (toll(failure), &*self) {
            (Toll::Free, _) => {
                self.succeeded(probe, now);
            }
            (Toll::Opens(cause, rest), _) => {
                let rest = match rest {
                    Rest::Long => limits.long_rest,
                    Rest::AsTold(rest) => rest.min(limits.long_rest),
                };
                // A shorter rest never cuts a longer one.
                let longer = match self.state(now) {
                    BreakerState::Open { until, .. } => until > after(now, rest),
                    BreakerState::Closed | BreakerState::HalfOpen { .. } => false,
                };
                if !longer {
                    self.open(cause, rest, 0, now);
                }
            }
            (Toll::Counts, Self::Closed { failures }) => {
                let failures = failures + 1;
                if failures >= limits.failures {
                    self.open(Cause::Failures, limits.rest, 0, now);
                } else {
                    *self = Self::Closed { failures };
                }
            }
            (Toll::Counts, Self::Open { probes, .. }) if probe => {
                let probes = (probes + 1).min(16);
                let rest = limits.rest.saturating_mul(1 << probes).min(limits.long_rest);
                self.open(Cause::Failures, rest, probes, now);
            }
            (Toll::Counts, Self::Open { .. }) => {}
        }
    }

    fn open(&mut self, cause: Cause, rest: Duration, probes: u32, now: Timestamp) {
        *self = Self::Open { cause, until: after(now, rest), probes };
    }
}

impl Cause {
    const fn reason(self) -> Reason {
        match self {
            Self::Failures => Reason::BreakerOpen,
            Self::RateLimit => Reason::RateLimited,
            Self::Quota => Reason::QuotaExhausted,
            Self::Access => Reason::AccessRefused,
        }
    }
}

fn toll(failure: &Failure) -> Toll {
    match failure {
        Failure::RefusedByModel => Toll::Free,
        Failure::QuotaExhausted => Toll::Opens(Cause::Quota, Rest::Long),
        Failure::Unauthorized { .. } | Failure::NotFound { .. } => Toll::Opens(Cause::Access, Rest::Long),
        Failure::RateLimited { retry_after: Some(rest) } => Toll::Opens(Cause::RateLimit, Rest::AsTold(*rest)),
        // An answer that is never of use is paid for: a row of them counts like a row of errors.
        Failure::RateLimited { retry_after: None }
        | Failure::ServerError { .. }
        | Failure::BadRequest { .. }
        | Failure::Timeout
        | Failure::Connect { .. }
        | Failure::Truncated
        | Failure::Empty
        | Failure::WrongShape(_)
        | Failure::TooLarge => Toll::Counts,
    }
}

fn after(now: Timestamp, rest: Duration) -> Timestamp {
    let rest = SignedDuration::try_from(rest).map_or(LONGEST_REST, |rest| rest.min(LONGEST_REST));
    now.checked_add(rest).unwrap_or(Timestamp::MAX)
}
