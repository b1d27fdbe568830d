//! Times as they are stored: UTC text `YYYY-MM-DD HH:MM:SS.SSS`, whose alphabetical order is their order in time.
//!
//! The one place that writes and reads them. May not read a clock: every operation is told what time it is.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};

/// The beginning of year 0. The form has no sign: an earlier time would neither read back nor sort.
const FIRST: Timestamp = Timestamp::constant(-62_167_219_200, 0);

/// The stored form of a time; what is finer than a millisecond is cut off, and what is before year 0 is its beginning.
pub fn to_text(at: Timestamp) -> String {
    at.max(FIRST).strftime("%Y-%m-%d %H:%M:%S%.3f").to_string()
}

/// Reads the stored form.
///
/// # Errors
/// When the text is not a date and time.
pub fn from_text(text: &str) -> Result<Timestamp, jiff::Error> {
    // Databases of before this rule may hold one; it must not keep a chat from being read.
    if text.starts_with('-') {
        return Ok(FIRST);
    }
    let civil: DateTime = text.parse()?;
    TimeZone::UTC.to_timestamp(civil)
}

/// `now` plus a duration, or the end of time.
pub(crate) fn after(now: Timestamp, wait: Duration) -> Timestamp {
    now.saturating_add(wait).unwrap_or(Timestamp::MAX)
}

/// `now` less a duration, or the beginning of time.
pub(crate) fn before(now: Timestamp, span: Duration) -> Timestamp {
    now.saturating_sub(span).unwrap_or(Timestamp::MIN)
}

/// A time on its way to or from a column.
pub(crate) struct At(pub(crate) Timestamp);

impl ToSql for At {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(to_text(self.0)))
    }
}

impl FromSql for At {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let at = from_text(value.as_str()?).map_err(FromSqlError::other)?;
        Ok(Self(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stored_form_is_utc_with_milliseconds_and_reads_back() {
        let at: Timestamp = "2026-11-20T08:05:09.0427-05:00".parse().unwrap();
        assert_eq!(to_text(at), "2026-11-20 13:05:09.042");
        assert_eq!(to_text(from_text("2026-11-20 13:05:09.042").unwrap()), "2026-11-20 13:05:09.042");
    }

    #[test]
    fn whole_seconds_keep_their_zeros_so_that_text_order_is_time_order() {
        let at: Timestamp = "2026-11-20T13:05:09Z".parse().unwrap();
        assert_eq!(to_text(at), "2026-11-20 13:05:09.000");
    }

    #[test]
    fn a_time_before_year_0_that_was_stored_once_is_read_as_the_first_one() {
        for text in ["-001-12-31 23:59:59.000", "-9999-01-02 01:59:59.000"] {
            assert_eq!(to_text(from_text(text).unwrap()), "0000-01-01 00:00:00.000");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_time_reads_back_and_keeps_its_order(
            one in Timestamp::MIN.as_second()..=Timestamp::MAX.as_second(),
            other in Timestamp::MIN.as_second()..=Timestamp::MAX.as_second(),
            nanos in 0..1_000_000_000_i32,
        ) {
            let [one, other] = [one, other].map(|s| Timestamp::new(s, nanos).unwrap_or(Timestamp::MAX));
            for at in [one, other, Timestamp::MIN, Timestamp::MAX] {
                let stored = to_text(at);
                proptest::prop_assert_eq!(to_text(from_text(&stored).unwrap()), stored);
            }
            let order = to_text(one).cmp(&to_text(other));
            proptest::prop_assert!(order == one.cmp(&other) || order.is_eq());
        }
    }

    #[test]
    fn what_is_not_a_time_is_refused() {
        assert!(from_text("mañana").is_err());
        assert!(from_text("").is_err());
    }
}
