//! US dollars as whole billionths: a token of a cheap model costs ten of them, and sums stay exact.
//!
//! May not round silently: a cost rounds up, a setting to the nearest.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::iter::Sum;
use std::str::FromStr;

const NANOS: u64 = 1_000_000_000;
const DECIMALS: usize = 9;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NanoUsd(pub u64);

impl NanoUsd {
    pub const ZERO: Self = Self(0);

    /// Of a setting. Nothing for what is no amount: negative, not a number, or more than all the money there is.
    pub fn from_usd(usd: f64) -> Option<Self> {
        let nanos = (usd * NANOS as f64).round();
        (0.0..=u64::MAX as f64 / 2.0).contains(&nanos).then_some(Self(nanos as u64))
    }

    /// For the trace's column and for reports, not for sums.
    pub fn as_usd(self) -> f64 {
        self.0 as f64 / NANOS as f64
    }

    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sum for NanoUsd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Self::plus)
    }
}

/// `0.0000235`: dollars, without trailing zeros.
impl fmt::Display for NanoUsd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}.{:09}", self.0 / NANOS, self.0 % NANOS);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an amount of dollars with at most nine decimals")]
pub struct NotDollars;

/// Exact: `0.075` never passes through a binary fraction.
impl FromStr for NanoUsd {
    type Err = NotDollars;

    fn from_str(text: &str) -> Result<Self, NotDollars> {
        let (whole, decimals) = text.trim().split_once('.').unwrap_or((text.trim(), "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(decimals) || decimals.len() > DECIMALS {
            return Err(NotDollars);
        }
        let whole: u64 = whole.parse().map_err(|_| NotDollars)?;
        let nanos: u64 = format!("{decimals:0<DECIMALS$}").parse().map_err(|_| NotDollars)?;
        whole.checked_mul(NANOS).and_then(|whole| whole.checked_add(nanos)).map(Self).ok_or(NotDollars)
    }
}
