//! The memory of a fake: a state behind a lock, and waiting for it to become what a test expects.
//!
//! Owns the wake-ups. May not poll: a waiter sleeps until something was written.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// What was waited for did not happen in time; `seen` says what did.
#[derive(Debug, thiserror::Error)]
#[error("waited {within:?} for {wanted}; seen so far: {seen}")]
pub struct TimedOut {
    pub wanted: String,
    pub within: Duration,
    pub seen: String,
}

pub(crate) struct Ledger<T> {
    state: Mutex<T>,
    written: watch::Sender<()>,
}

impl<T> Ledger<T> {
    pub(crate) fn new(state: T) -> Self {
        Self { state: Mutex::new(state), written: watch::Sender::new(()) }
    }

    pub(crate) fn read<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        look(&locked(&self.state))
    }

    pub(crate) fn write<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        let result = change(&mut locked(&self.state));
        self.written.send_replace(());
        result
    }

    /// Returns at once when the state is already as wanted; `describe` is only called for the error.
    pub(crate) async fn wait_until(
        &self,
        mut as_wanted: impl FnMut(&T) -> bool,
        within: Duration,
        describe: impl FnOnce(&T) -> (String, String),
    ) -> Result<(), TimedOut> {
        let mut written = self.written.subscribe();
        let waiting = async {
            while !self.read(&mut as_wanted) {
                // The sender lives in `self`, so this only ends by a write.
                let _ = written.changed().await;
            }
        };
        if tokio::time::timeout(within, waiting).await.is_ok() {
            return Ok(());
        }
        let (wanted, seen) = self.read(describe);
        Err(TimedOut { wanted, within, seen })
    }
}

/// A test that panicked while looking must not hide the state from the next look.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
