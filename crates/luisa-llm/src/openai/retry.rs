//! Whether a failed call is repeated, and after how long. Once at most, and only while there is time for an answer.

use crate::call::Failure;
use std::time::Duration;

const ATTEMPTS: u32 = 2;
/// Less than this is not enough for a model to say anything.
const LEAST_FOR_AN_ANSWER: Duration = Duration::from_millis(300);
/// Servers that break seldom recover at once, and not all callers shall come back together.
const JITTER_MILLIS: std::ops::Range<u64> = 100..400;

pub(super) fn jitter() -> Duration {
    Duration::from_millis(rand::random_range(JITTER_MILLIS))
}

/// `left` is the time to the deadline. Nothing when the failure stands.
pub(super) fn pause(failure: &Failure, attempts: u32, left: Duration, jitter: Duration) -> Option<Duration> {
    let pause = match failure {
        // Without the header nobody knows when, and a guess would only add to the load.
        Failure::RateLimited { retry_after } => (*retry_after)?,
        Failure::ServerError { status: 500 | 502 | 503 | 504 } => jitter,
        Failure::ServerError { .. }
        | Failure::QuotaExhausted
        | Failure::BadRequest { .. }
        | Failure::Unauthorized { .. }
        | Failure::NotFound { .. }
        | Failure::Timeout
        | Failure::Connect { .. }
        | Failure::Truncated
        | Failure::Empty
        | Failure::RefusedByModel
        | Failure::WrongShape(_)
        | Failure::TooLarge => return None,
    };
    let fits = pause.checked_add(LEAST_FOR_AN_ANSWER).is_some_and(|needed| needed <= left);
    (attempts < ATTEMPTS && fits).then_some(pause)
}

#[cfg(test)]
mod tests {
    use super::pause;
    use crate::call::Failure;
    use std::time::Duration;

    const fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn a_rate_limit_waits_as_long_as_it_says_and_only_inside_the_deadline() {
        let limited = |after| Failure::RateLimited { retry_after: after };
        let cases = [
            (Some(millis(1_000)), 1, millis(1_300), Some(millis(1_000))),
            (Some(millis(1_000)), 1, millis(1_299), None),
            (Some(millis(1_000)), 2, millis(8_000), None),
            (Some(Duration::MAX), 1, millis(8_000), None),
            (None, 1, millis(8_000), None),
        ];
        for (after, attempts, left, expected) in cases {
            assert_eq!(pause(&limited(after), attempts, left, millis(200)), expected, "{after:?}");
        }
    }

    #[test]
    fn a_broken_server_gets_one_more_chance_after_a_jitter() {
        for status in [500, 502, 503, 504] {
            let broken = Failure::ServerError { status };
            assert_eq!(pause(&broken, 1, millis(600), millis(200)), Some(millis(200)));
            assert_eq!(pause(&broken, 1, millis(400), millis(200)), None);
            assert_eq!(pause(&broken, 2, millis(600), millis(200)), None);
        }
        assert_eq!(pause(&Failure::ServerError { status: 501 }, 1, millis(600), millis(200)), None);
    }

    #[test]
    fn nothing_else_is_repeated() {
        let details = String::new;
        let others = [
            Failure::QuotaExhausted,
            Failure::BadRequest { status: 400, details: details() },
            Failure::Unauthorized { status: 401, details: details() },
            Failure::NotFound { details: details() },
            Failure::Timeout,
            Failure::Connect { details: details() },
            Failure::Truncated,
            Failure::Empty,
            Failure::RefusedByModel,
            Failure::WrongShape(details()),
            Failure::TooLarge,
        ];
        for failure in others {
            assert_eq!(pause(&failure, 1, millis(8_000), millis(200)), None, "{failure}");
        }
    }
}
