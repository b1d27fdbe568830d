//! Spans of time on the command line: `24h`, `7d`, `2026-11-01`, a moment, or `all`.
//!
//! Owns how they are written. Days begin when they begin at the store.

use std::str::FromStr;

use anyhow::anyhow;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// One end of a span, as it was written.
#[derive(Debug, Clone)]
pub(super) enum Moment {
    /// No limit.
    All,
    /// So long before now.
    Ago(jiff::Span),
    /// The beginning of a day.
    Day(Date),
    At(Timestamp),
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "all" {
            return Ok(Self::All);
        }
        if let Ok(at) = text.parse::<Timestamp>() {
            return Ok(Self::At(at));
        }
        if let Ok(day) = text.parse::<Date>() {
            return Ok(Self::Day(day));
        }
        match text.parse::<jiff::Span>() {
            Ok(span) if span.is_positive() => Ok(Self::Ago(span)),
            Ok(_) | Err(_) => {
                Err("write a span (24h, 7d, 2w), a day (2026-11-01), a moment (2026-11-01T08:00-05:00), or all"
                    .to_owned())
            }
        }
    }
}

impl Moment {
    /// The moment that was meant; none: no limit.
    pub(super) fn resolved(&self, now: Timestamp, zone: &TimeZone) -> anyhow::Result<Option<Timestamp>> {
        let too_far = |_| anyhow!("that time is out of range: write a smaller span, or `all`");
        match self {
            Self::All => Ok(None),
            Self::At(at) => Ok(Some(*at)),
            Self::Day(day) => Ok(Some(day.to_zoned(zone.clone()).map_err(too_far)?.timestamp())),
            Self::Ago(span) => {
                let local = Zoned::new(now, zone.clone());
                Ok(Some(local.checked_sub(*span).map_err(too_far)?.timestamp()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(text: &str) -> Option<String> {
        let now = "2026-11-25T14:00:00Z".parse().unwrap();
        let zone = TimeZone::get("America/Bogota").unwrap();
        let moment: Moment = text.parse().unwrap();
        moment.resolved(now, &zone).unwrap().map(|at| at.to_string())
    }

    #[test]
    fn spans_days_and_moments_are_read_by_the_clock_of_the_store() {
        assert_eq!(resolved("24h").as_deref(), Some("2026-11-24T14:00:00Z"));
        assert_eq!(resolved("7d").as_deref(), Some("2026-11-18T14:00:00Z"));
        assert_eq!(resolved("90m").as_deref(), Some("2026-11-25T12:30:00Z"));
        assert_eq!(resolved("2026-11-01").as_deref(), Some("2026-11-01T05:00:00Z"));
        assert_eq!(resolved("2026-11-01T08:00:00-05:00").as_deref(), Some("2026-11-01T13:00:00Z"));
        assert_eq!(resolved("all"), None);
    }

    #[test]
    fn what_is_no_time_is_refused_with_examples() {
        for text in ["yesterday", "", "-3h", "24"] {
            assert!(text.parse::<Moment>().unwrap_err().contains("24h"), "{text}");
        }
    }
}
