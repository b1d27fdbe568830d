//! Requests that were refused: counted all, and told of once a minute by kind, so that nobody writes the log full from outside.
//!
//! Owns the rhythm of the lines. May not refuse.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const EVERY: Duration = Duration::from_secs(60);

/// Why a request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    Signature,
    Verification,
    NotJson,
    Key,
    Origin,
    Slow,
    /// Not a request: messages that go to another responder of the number.
    Silence,
}

/// What was refused since the last line about it.
#[derive(Default)]
pub struct Refusals(Mutex<HashMap<Refusal, Kept>>);

struct Kept {
    told: Instant,
    since: u64,
}

impl Refusals {
    /// One more. Says how many there were since the last line, when it is time for another.
    pub fn note(&self, why: Refusal) -> Option<u64> {
        self.note_at(why, Instant::now())
    }

    fn note_at(&self, why: Refusal, now: Instant) -> Option<u64> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(kept) = all.get_mut(&why) else {
            all.insert(why, Kept { told: now, since: 0 });
            return Some(1);
        };
        kept.since += 1;
        if now.duration_since(kept.told) < EVERY {
            return None;
        }
        kept.told = now;
        Some(std::mem::take(&mut kept.since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_a_kind_is_told_at_once_and_the_rest_of_a_minute_together() {
        let (refusals, start) = (Refusals::default(), Instant::now());
        assert_eq!(refusals.note_at(Refusal::Signature, start), Some(1));
        for n in 1..1_000 {
            assert_eq!(refusals.note_at(Refusal::Signature, start + Duration::from_millis(n)), None);
        }
        assert_eq!(refusals.note_at(Refusal::Key, start), Some(1), "another kind");
        assert_eq!(refusals.note_at(Refusal::Signature, start + EVERY), Some(1_000));
        assert_eq!(refusals.note_at(Refusal::Signature, start + EVERY), None);
    }
}
