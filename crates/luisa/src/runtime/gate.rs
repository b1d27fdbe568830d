//! The gate that all sends pass: shut when Meta wants fewer of them, or none until a person has mended something.
//!
//! Owns how long it stays shut and that a single message tries first when it opens. Pure: the time is an argument.

use std::time::{Duration, Instant};

/// Sends under way at a time. Meta takes 80 a second, and answers in a fraction of one; when one in twenty hangs until its time-out, 40 places
/// are taken by those, and everybody else must still be answered.
pub const AT_ONCE: usize = 64;
const LONGEST_BACKOFF: Duration = Duration::from_secs(60);
/// Between two tries while nothing can be sent.
pub const PROBE_EVERY: Duration = Duration::from_secs(60);

/// What a send means for those that follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// Meta takes messages.
    Passed,
    /// Nothing learned.
    Nothing,
    /// Too fast; how long Meta wants us to wait, if it says.
    TooFast(Option<Duration>),
    /// Nothing can be sent until somebody acts.
    Stopped,
}

/// The gate.
#[derive(Debug, Default)]
pub struct Gate {
    shut_until: Option<Instant>,
    /// Times it was shut since the last message that passed.
    times: u32,
}

impl Gate {
    /// How many more messages may set out now.
    #[must_use]
    pub fn places(&self, now: Instant, under_way: usize) -> usize {
        match self.shut_until {
            None => AT_ONCE.saturating_sub(under_way),
            Some(until) if now < until => 0,
            // Shut until now: one tries for all.
            Some(_) => 1_usize.saturating_sub(under_way),
        }
    }

    /// How long it is still shut.
    #[must_use]
    pub fn shut_for(&self, now: Instant) -> Option<Duration> {
        self.shut_until.map(|until| until.saturating_duration_since(now)).filter(|left| !left.is_zero())
    }

    /// A send came back. Says for how long that has shut the gate, when it was open.
    pub fn hear(&mut self, news: News, now: Instant) -> Option<Duration> {
        let shut_for = match news {
            News::Nothing => return None,
            News::Passed => {
                // Those that set out before it was shut prove nothing about now.
                if self.shut_for(now).is_none() {
                    *self = Self::default();
                }
                return None;
            }
            News::TooFast(after) => {
                let own = Duration::from_secs(1 << self.times.min(6)).min(LONGEST_BACKOFF);
                after.map_or(own, |after| after.max(own))
            }
            News::Stopped => PROBE_EVERY,
        };
        // Many refusals of one moment are one refusal.
        if self.shut_for(now).is_some() {
            return None;
        }
        self.times += 1;
        self.shut_until = Some(now + shut_for);
        Some(shut_for)
    }
}
