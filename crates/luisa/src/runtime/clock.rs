//! The clock of the shell: the one place that reads the time, so that tests may stop it.
//!
//! May not sleep or schedule.

use jiff::Timestamp;

/// Where the time comes from.
#[derive(Debug, Clone, Copy, Default)]
pub enum Clock {
    /// The machine's.
    #[default]
    Real,
    /// Always this moment.
    Fixed(Timestamp),
}

impl Clock {
    /// What time it is.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::Real => Timestamp::now(),
            Self::Fixed(at) => *at,
        }
    }
}
