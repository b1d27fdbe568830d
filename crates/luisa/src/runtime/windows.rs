//! To which of the teams' numbers free words may be sent: WhatsApp allows them for a day after the person wrote.
//!
//! Owns what is known since the start; what is not known counts as closed, and a template goes instead.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// A little less than Meta's 24 hours, for clocks that differ.
const OPEN: SignedDuration = SignedDuration::from_mins(23 * 60 + 50);

/// When each number of a team last wrote.
pub struct Windows(Mutex<HashMap<String, Option<Timestamp>>>);

impl Windows {
    /// Of these numbers only: customers have their conversation.
    pub fn of<'a>(numbers: impl Iterator<Item = &'a str>) -> Self {
        Self(Mutex::new(numbers.map(|number| (number.to_owned(), None)).collect()))
    }

    /// This number wrote; nothing when it is no team's.
    pub fn wrote(&self, number: &str, at: Timestamp) {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = last.get_mut(number) {
            *known = (*known).max(Some(at));
        }
    }

    #[must_use]
    pub fn is_open(&self, number: &str, now: Timestamp) -> bool {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.get(number).copied().flatten().is_some_and(|at| now.duration_since(at) < OPEN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_open_for_a_day_after_the_number_wrote_and_never_before() {
        let windows = Windows::of(["573005550101"].into_iter());
        let at: Timestamp = "2026-11-20T08:00:00Z".parse().unwrap();
        assert!(!windows.is_open("573005550101", at));
        windows.wrote("573005550101", at);
        windows.wrote("573005550199", at);
        assert!(windows.is_open("573005550101", at + SignedDuration::from_hours(23)));
        assert!(!windows.is_open("573005550101", at + SignedDuration::from_hours(24)));
        assert!(!windows.is_open("573005550199", at));
    }

    #[test]
    fn a_late_delivery_does_not_close_a_window() {
        let windows = Windows::of(["573005550101"].into_iter());
        let at: Timestamp = "2026-11-20T08:00:00Z".parse().unwrap();
        windows.wrote("573005550101", at);
        windows.wrote("573005550101", at - SignedDuration::from_hours(30));
        assert!(windows.is_open("573005550101", at));
    }
}
