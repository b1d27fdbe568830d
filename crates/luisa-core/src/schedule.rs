//! Days and hours: Colombian public holidays, service hours, and the next opening in words.
//!
//! Owns the calendar. May not read the clock. Holidays are computed (Ley 51 of 1983, "Ley Emiliani", and Easter), not
//! listed, so no year runs out.

use std::collections::BTreeMap;

use jiff::civil::{Date, Time, Weekday};
use jiff::{Timestamp, ToSpan, Zoned};

use crate::lexicon::fold::plain;
use crate::turn::ServiceHours;

/// Holidays that stay on their day.
const FIXED: &[(i8, i8)] = &[(1, 1), (5, 1), (7, 20), (8, 7), (12, 8), (12, 25)];
/// Holidays that move to the next Monday.
const MOVED: &[(i8, i8)] = &[(1, 6), (3, 19), (6, 29), (8, 15), (10, 12), (11, 1), (11, 11)];
/// Days from Easter Sunday: Maundy Thursday, Good Friday; Ascension, Corpus Christi, Sacred Heart on their Mondays.
const FROM_EASTER: &[i64] = &[-3, -2, 43, 64, 71];

/// Whether `date` is a public holiday in Colombia.
#[must_use]
pub fn is_holiday(date: Date) -> bool {
    if FIXED.contains(&(date.month(), date.day())) {
        return true;
    }
    if date.weekday() == Weekday::Monday {
        let moved =
            MOVED.iter().any(|&(month, day)| Date::new(date.year(), month, day).is_ok_and(|d| on_monday(d) == date));
        if moved {
            return true;
        }
    }
    easter(date.year())
        .is_some_and(|sunday| FROM_EASTER.iter().any(|&days| sunday.checked_add(days.days()).is_ok_and(|d| d == date)))
}

fn on_monday(date: Date) -> Date {
    let ahead = (8 - i64::from(date.weekday().to_monday_one_offset())) % 7;
    date.checked_add(ahead.days()).unwrap_or(date)
}

// Easter Sunday by the anonymous Gregorian computus (Meeus).
fn easter(year: i16) -> Option<Date> {
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let h = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30;
    let l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let sum = h + l - 7 * m + 114;
    Date::new(year, i8::try_from(sum / 31).ok()?, i8::try_from(sum % 31 + 1).ok()?).ok()
}

/// Days that the next opening is looked for.
const LONGEST_CLOSED: usize = 60;

/// Whether LUISA serves at `now`, and from when she does if not.
#[derive(Debug, Clone, PartialEq)]
pub enum Service {
    Open,
    /// Open for conversations under way, closed for new ones; they are answered at the given time.
    NoNewOnes(Zoned),
    Closed(Zoned),
}

impl ServiceHours {
    /// The state of service at `now`.
    #[must_use]
    pub fn at(&self, now: Timestamp) -> Service {
        if !self.enabled {
            return Service::Open;
        }
        let local = now.to_zoned(self.zone.clone());
        let hour = local.hour();
        let served_day = self.is_service_day(local.date());
        if served_day && hour >= self.start && hour < self.end {
            return if hour < self.new_conversation_cutoff {
                Service::Open
            } else {
                Service::NoNewOnes(self.next_opening(&local))
            };
        }
        Service::Closed(self.next_opening(&local))
    }

    /// Whether the store opens at all on that day.
    #[must_use]
    pub fn is_service_day(&self, date: Date) -> bool {
        date.weekday() != Weekday::Sunday && !is_holiday(date) && !self.closed.contains_key(&date)
    }

    /// The next time service begins, strictly after `local` unless today's has not begun.
    #[must_use]
    pub fn next_opening(&self, local: &Zoned) -> Zoned {
        let mut date = local.date();
        if !self.is_service_day(date) || local.hour() >= self.start {
            date = date.tomorrow().unwrap_or(date);
        }
        // A store's own holidays are the longest run of closed days; a store that closes for longer says so itself.
        for _ in 0..LONGEST_CLOSED {
            if self.is_service_day(date) {
                break;
            }
            date = date.tomorrow().unwrap_or(date);
        }
        let opening = Time::new(self.start, 0, 0, 0).unwrap_or(Time::midnight());
        date.to_datetime(opening).to_zoned(self.zone.clone()).unwrap_or_else(|_| local.clone())
    }
}

/// When the store itself is open: by day of the week, never on public holidays nor on days that the owner closes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoreHours {
    /// Monday first.
    days: [Option<Span>; 7],
    /// Days off, with the reason in the owner's words, which may be empty.
    pub closed: BTreeMap<Date, String>,
}

/// From when to when, in minutes after midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub from: i16,
    pub to: i16,
}

/// What a day is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Day {
    Open(Span),
    /// Never open on this day of the week.
    Off,
    Holiday,
    /// The owner closes it.
    Closed(String),
}

impl StoreHours {
    /// Reads `lunes = "9:00-18:00"`.
    ///
    /// # Errors
    /// The entry that is not a day or not a span, and how to write it.
    pub fn parse(rows: &BTreeMap<String, String>) -> Result<Self, String> {
        let mut hours = Self::default();
        for (day, text) in rows {
            let name = plain(day);
            let Some(place) = WEEKDAYS.iter().position(|known| plain(known) == name) else {
                return Err(format!("store_hours: `{day}` is no day of the week; write lunes to domingo"));
            };
            let span = span(text).ok_or_else(|| {
                format!("store_hours: `{day} = \"{text}\"` is no span; write for example \"9:00-18:00\"")
            })?;
            hours.days[place] = Some(span);
        }
        Ok(hours)
    }

    /// Whether any day is known.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.days.iter().any(Option::is_some)
    }

    /// What a date is.
    #[must_use]
    pub fn on(&self, date: Date) -> Day {
        if let Some(reason) = self.closed.get(&date) {
            return Day::Closed(reason.clone());
        }
        match self.of_weekday(date.weekday()) {
            None => Day::Off,
            Some(_) if is_holiday(date) => Day::Holiday,
            Some(span) => Day::Open(span),
        }
    }

    /// The span of a day of the week.
    #[must_use]
    pub fn of_weekday(&self, weekday: Weekday) -> Option<Span> {
        self.days[usize::from(weekday.to_monday_zero_offset().unsigned_abs())]
    }

    /// The first open day after `date`.
    #[must_use]
    pub fn next_open(&self, date: Date) -> Option<(Date, Span)> {
        date.series(1.day()).skip(1).take(30).find_map(|day| match self.on(day) {
            Day::Open(span) => Some((day, span)),
            Day::Off | Day::Holiday | Day::Closed(_) => None,
        })
    }
}

fn span(text: &str) -> Option<Span> {
    let minutes = |clock: &str| -> Option<i16> {
        let (hour, minute) = clock.trim().split_once(':')?;
        let (hour, minute): (i16, i16) = (hour.parse().ok()?, minute.parse().ok()?);
        ((0..=24).contains(&hour) && (0..60).contains(&minute)).then_some(hour * 60 + minute)
    };
    let (from, to) = text.split_once('-')?;
    let span = Span { from: minutes(from)?, to: minutes(to)? };
    (span.from < span.to).then_some(span)
}

/// The name of a day of the week.
#[must_use]
pub fn weekday_name(weekday: Weekday) -> &'static str {
    WEEKDAYS[usize::from(weekday.to_monday_zero_offset().unsigned_abs())]
}

/// `9:00 a. m.`.
#[must_use]
pub fn spoken_minutes(minutes: i16) -> String {
    let (hour, minute) = (minutes / 60, minutes % 60);
    let (shown, half) = match hour {
        0 | 24 => (12, "a. m."),
        12 => (12, "m."),
        h if h < 12 => (h, "a. m."),
        h => (h - 12, "p. m."),
    };
    format!("{shown}:{minute:02} {half}")
}

const WEEKDAYS: [&str; 7] = ["lunes", "martes", "mi\u{e9}rcoles", "jueves", "viernes", "s\u{e1}bado", "domingo"];

/// `hoy a las 8`, `mañana martes a las 8`, `el lunes a las 8`: how a person says when.
#[must_use]
pub fn spoken_when(now: &Zoned, then: &Zoned) -> String {
    let day = WEEKDAYS[usize::from(then.weekday().to_monday_zero_offset().unsigned_abs())];
    let hour = spoken_hour(then.hour());
    let days = (then.date() - now.date()).get_days();
    match days {
        0 => format!("hoy a {hour}"),
        1 => format!("ma\u{f1}ana {day} a {hour}"),
        _ => format!("el {day} a {hour}"),
    }
}

fn spoken_hour(hour: i8) -> String {
    match hour {
        1 => "la 1 a. m.".to_owned(),
        13 => "la 1 p. m.".to_owned(),
        h if h < 12 => format!("las {h} a. m."),
        12 => "las 12 m.".to_owned(),
        h => format!("las {} p. m.", h - 12),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_holidays_of_2026_and_2027_are_the_official_ones() {
        let official_2026 = [
            date(2026, 1, 1),
            date(2026, 1, 12),
            date(2026, 3, 23),
            date(2026, 4, 2),
            date(2026, 4, 3),
            date(2026, 5, 1),
            date(2026, 5, 18),
            date(2026, 6, 8),
            date(2026, 6, 15),
            date(2026, 6, 29),
            date(2026, 7, 20),
            date(2026, 8, 7),
            date(2026, 8, 17),
            date(2026, 10, 12),
            date(2026, 11, 2),
            date(2026, 11, 16),
            date(2026, 12, 8),
            date(2026, 12, 25),
        ];
        let computed: Vec<Date> = date(2026, 1, 1).series(1.day()).take(365).filter(|d| is_holiday(*d)).collect();
        assert_eq!(computed, official_2026);
        for day in [
            date(2027, 1, 11),
            date(2027, 3, 25),
            date(2027, 3, 26),
            date(2027, 5, 10),
            date(2027, 5, 31),
            date(2027, 6, 7),
        ] {
            assert!(is_holiday(day), "{day}");
        }
    }

    fn at(hours: &ServiceHours, text: &str) -> Service {
        hours.at(text
            .parse::<jiff::civil::DateTime>()
            .expect("datetime")
            .to_zoned(hours.zone.clone())
            .expect("zone")
            .timestamp())
    }

    #[test]
    fn service_knows_sundays_holidays_and_the_cutoff() {
        let hours = ServiceHours { enabled: true, ..ServiceHours::default() };
        assert_eq!(at(&hours, "2026-11-20T09:00"), Service::Open);
        let Service::NoNewOnes(opening) = at(&hours, "2026-11-20T18:30") else { panic!("cutoff") };
        assert_eq!(opening.date(), date(2026, 11, 21));
        // Saturday night before a Sunday and a Monday holiday: Tuesday.
        let Service::Closed(opening) = at(&hours, "2026-11-14T22:00") else { panic!("closed") };
        assert_eq!(opening.date(), date(2026, 11, 17));
        let Service::Closed(opening) = at(&hours, "2026-11-20T06:00") else { panic!("early") };
        assert_eq!(opening.date(), date(2026, 11, 20));
        // The store's own days off: the night before the 24th, the 26th is next.
        let off = [(date(2026, 12, 24), "inventario".to_owned())];
        let hours = ServiceHours { closed: std::sync::Arc::new(off.into_iter().collect()), ..hours };
        let Service::Closed(opening) = at(&hours, "2026-12-24T10:00") else { panic!("day off") };
        assert_eq!(opening.date(), date(2026, 12, 26));
        let now = date(2026, 11, 16).at(22, 0, 0, 0).to_zoned(hours.zone.clone()).expect("zone");
        assert_eq!(spoken_when(&now, &hours.next_opening(&now)), "mañana martes a las 8 a. m.");
    }
}
