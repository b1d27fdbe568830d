//! Time rules of a chat: the 24-hour window, and how long to leave a person alone.
//!
//! Pure. May not read a clock: times are Unix seconds and come as arguments.

use std::time::Duration;

/// Free-form messages may be sent for so long after the customer's last message.
pub const FREE_FORM: i64 = 24 * 60 * 60;

const LONGEST_BACKOFF: Duration = Duration::from_secs(60 * 60);

/// When free-form messages end, given the customer's last message.
pub fn closes_at(last_customer_message: i64) -> i64 {
    last_customer_message.saturating_add(FREE_FORM)
}

/// May a free-form message be sent now? To someone who never wrote, only a template.
pub fn is_open(last_customer_message: Option<i64>, now: i64) -> bool {
    last_customer_message.is_some_and(|last| now < closes_at(last))
}

/// How long to leave one chat alone after its `failures`-th 131056: 4ⁿ seconds, an hour at most.
pub fn chat_backoff(failures: u32) -> Duration {
    let seconds = 4_u64.checked_pow(failures).unwrap_or(u64::MAX);
    Duration::from_secs(seconds).min(LONGEST_BACKOFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_is_open_until_the_last_second_of_the_day() {
        let last = 1_780_000_000;
        assert!(is_open(Some(last), last));
        assert!(is_open(Some(last), last + FREE_FORM - 1));
        assert!(!is_open(Some(last), last + FREE_FORM));
        assert!(!is_open(None, last));
    }

    #[test]
    fn clocks_that_disagree_and_absurd_times_do_no_harm() {
        assert!(is_open(Some(1_780_000_100), 1_780_000_000));
        assert!(is_open(Some(i64::MAX), 0));
        assert!(!is_open(Some(i64::MIN), 0));
    }

    #[test]
    fn the_backoff_of_a_chat_grows_by_four_up_to_an_hour() {
        let seconds: Vec<u64> = [0, 1, 2, 3, 5, 6, 99].map(|n| chat_backoff(n).as_secs()).to_vec();
        assert_eq!(seconds, [1, 4, 16, 64, 1024, 3600, 3600]);
    }
}
