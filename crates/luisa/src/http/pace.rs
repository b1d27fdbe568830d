//! One conversation of the API at a time, and at most so many of its messages a minute.
//!
//! Owns the two, in memory: a restart forgets both, and the store still keeps turns apart.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::OwnedMutexGuard;

/// Messages of one conversation per minute.
pub const PER_MINUTE: usize = 30;
const MINUTE: Duration = Duration::from_secs(60);
/// Beyond so many conversations those that are quiet are forgotten.
const REMEMBERED: usize = 4096;

#[derive(Default)]
struct Lane {
    /// When its messages of the last minute came, oldest first.
    came: VecDeque<Instant>,
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// The lanes of all conversations.
#[derive(Default)]
pub struct Pace(Mutex<HashMap<String, Lane>>);

/// The right to answer a conversation; others wait until it is dropped.
pub struct TurnToSpeak(#[expect(dead_code, reason = "held, not read")] OwnedMutexGuard<()>);

impl Pace {
    /// Waits for the conversation's turn.
    ///
    /// # Errors
    /// The seconds to wait, when it had its messages of this minute.
    pub async fn enter(&self, conversation: &str, now: Instant) -> Result<TurnToSpeak, u64> {
        let turn = self.admit(conversation, now)?;
        Ok(TurnToSpeak(turn.lock_owned().await))
    }

    fn admit(&self, conversation: &str, now: Instant) -> Result<Arc<tokio::sync::Mutex<()>>, u64> {
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lanes.len() >= REMEMBERED {
            lanes.retain(|_, lane| {
                let quiet = lane.came.back().is_none_or(|last| now.duration_since(*last) >= MINUTE);
                !quiet || Arc::strong_count(&lane.turn) > 1
            });
        }
        let lane = lanes.entry(conversation.to_owned()).or_default();
        while lane.came.front().is_some_and(|first| now.duration_since(*first) >= MINUTE) {
            lane.came.pop_front();
        }
        if let Some(first) = lane.came.front().filter(|_| lane.came.len() >= PER_MINUTE) {
            let wait = MINUTE.saturating_sub(now.duration_since(*first));
            return Err(wait.as_secs() + 1);
        }
        lane.came.push_back(now);
        Ok(Arc::clone(&lane.turn))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_minute_slides_and_each_conversation_has_its_own() {
        let (pace, start) = (Pace::default(), Instant::now());
        for n in 0..PER_MINUTE {
            assert!(pace.admit("a", start + Duration::from_secs(n as u64)).is_ok(), "message {n}");
        }
        let after = start + Duration::from_secs(PER_MINUTE as u64);
        assert_eq!(pace.admit("a", after).unwrap_err(), 31, "until the first is a minute old");
        assert!(pace.admit("b", after).is_ok());
        assert!(pace.admit("a", start + MINUTE).is_ok(), "one place is free again");
        assert!(pace.admit("a", start + MINUTE).is_err(), "and only one");
    }

    #[test]
    fn quiet_conversations_are_forgotten_and_busy_ones_are_not() {
        let (pace, start) = (Pace::default(), Instant::now());
        for n in 0..REMEMBERED {
            pace.admit(&format!("c{n}"), start).unwrap();
        }
        let later = start + MINUTE;
        let held = pace.admit("held", later).unwrap();
        assert_eq!(pace.0.lock().unwrap().len(), 1);
        drop(held);
    }
}
