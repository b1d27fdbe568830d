//! The store's clock for times as the database keeps them.
//!
//! Owns the conversion. Rows come in the order of time, so that the zone is asked once a minute of traces and not for each.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Up to here a stored time names its minute: `2026-11-25 14:03`.
const MINUTE: usize = 16;

/// A moment in the store's time.
#[derive(Debug, Clone, Default)]
pub struct Moment {
    /// `2026-11-25`
    pub day: String,
    pub hour: usize,
    /// Monday is 0.
    pub weekday: usize,
}

/// A zone and the last minute that was asked of it.
pub struct LocalTime {
    zone: TimeZone,
    minute: String,
    moment: Moment,
}

impl LocalTime {
    #[must_use]
    pub fn of(zone: TimeZone) -> Self {
        Self { zone, minute: String::new(), moment: Moment::default() }
    }

    /// What the store's clock showed.
    pub fn read(&mut self, stored: &str) -> Moment {
        let minute = stored.get(..MINUTE).unwrap_or(stored);
        if minute != self.minute {
            minute.clone_into(&mut self.minute);
            self.moment = self.moment_of(stored);
        }
        self.moment.clone()
    }

    fn moment_of(&self, stored: &str) -> Moment {
        let Some(at) = timestamp(stored) else { return Moment::default() };
        let local = at.to_zoned(self.zone.clone());
        Moment {
            day: local.date().to_string(),
            hour: usize::try_from(local.hour()).unwrap_or_default(),
            weekday: usize::try_from(local.weekday().to_monday_zero_offset()).unwrap_or_default(),
        }
    }

    /// For people: `2026-11-25 09:03:07`.
    #[must_use]
    pub fn shown(&self, stored: &str) -> String {
        timestamp(stored).map_or_else(
            || stored.to_owned(),
            |at| at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        )
    }
}

fn timestamp(stored: &str) -> Option<Timestamp> {
    luisa_store::time::from_text(stored).ok()
}
