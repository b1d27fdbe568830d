//! Why the gate says yes or no: the ids that traces and logs keep.

use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GateDecision {
    pub allowed: bool,
    pub reason: Reason,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Nobody is excluded, and nothing is spent.
    WithinLimits,
    CanaryListed,
    CanaryShare,
    /// The one call that finds out whether the provider is back.
    BreakerProbe,
    Disabled,
    NotInCanary,
    InputTooLong,
    NoTimeLeft,
    ConversationCallsSpent,
    DailyBudgetSpent,
    MonthlyBudgetSpent,
    BreakerOpen,
    BreakerProbing,
    QuotaExhausted,
    AccessRefused,
    RateLimited,
    TooManyAtOnce,
}

impl GateDecision {
    pub(super) const fn of(reason: Reason) -> Self {
        Self { allowed: reason.allows(), reason }
    }
}

impl Reason {
    pub const ALL: [Self; 17] = [
        Self::WithinLimits,
        Self::CanaryListed,
        Self::CanaryShare,
        Self::BreakerProbe,
        Self::Disabled,
        Self::NotInCanary,
        Self::InputTooLong,
        Self::NoTimeLeft,
        Self::ConversationCallsSpent,
        Self::DailyBudgetSpent,
        Self::MonthlyBudgetSpent,
        Self::BreakerOpen,
        Self::BreakerProbing,
        Self::QuotaExhausted,
        Self::AccessRefused,
        Self::RateLimited,
        Self::TooManyAtOnce,
    ];

    pub const fn allows(self) -> bool {
        matches!(self, Self::WithinLimits | Self::CanaryListed | Self::CanaryShare | Self::BreakerProbe)
    }

    /// Stable: stored in traces.
    pub const fn id(self) -> &'static str {
        match self {
            Self::WithinLimits => "within_limits",
            Self::CanaryListed => "canary_listed",
            Self::CanaryShare => "canary_share",
            Self::BreakerProbe => "breaker_probe",
            Self::Disabled => "disabled",
            Self::NotInCanary => "not_in_canary",
            Self::InputTooLong => "input_too_long",
            Self::NoTimeLeft => "no_time_left",
            Self::ConversationCallsSpent => "conversation_calls_spent",
            Self::DailyBudgetSpent => "daily_budget_spent",
            Self::MonthlyBudgetSpent => "monthly_budget_spent",
            Self::BreakerOpen => "breaker_open",
            Self::BreakerProbing => "breaker_probing",
            Self::QuotaExhausted => "quota_exhausted",
            Self::AccessRefused => "access_refused",
            Self::RateLimited => "rate_limited",
            Self::TooManyAtOnce => "too_many_at_once",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}
