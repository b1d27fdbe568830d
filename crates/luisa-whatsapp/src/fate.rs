//! What an error of Meta's leads to: one table, for the answer to a send and for a failed status alike.
//!
//! Owns the table of codes. Pure: may not wait, count attempts, or write to a log.

use crate::client::{NO_CODE, SendError};
use crate::webhook::{State, Status};
use std::time::Duration;

/// What becomes of a message that was not simply accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// A passing fault: again with jitter, [`crate::limits::RETRIES`] times at most, not before `after`.
    Retry { after: Option<Duration> },
    /// Too fast for the whole account: everything waits.
    GlobalBackoff { after: Option<Duration> },
    /// Too fast for this person: this chat alone waits [`crate::window::chat_backoff`].
    ChatBackoff,
    /// Maintenance: again in minutes.
    RetryLater,
    /// Nothing can be sent until a person acts: keep the queue, raise the alarm.
    StopAll(StopReason),
    /// The 24 hours are over: hold it for a template or a person.
    NeedsTemplate,
    /// This person cannot be reached: no retry, a note on the chat.
    GiveUp,
    /// The file is the trouble: send the text alone.
    WithoutMedia,
    /// Our mistake, or a code nobody has seen: set aside, raise the alarm.
    DeadLetter,
    /// The template cannot be used: set aside, raise the alarm.
    TemplateBroken,
    /// It may have been accepted: wait for a status, never repeat blindly.
    Unknown,
}

/// What a person has to mend before anything can be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    Token,
    Permission,
    /// Restricted, locked or disabled by Meta.
    Account,
    DisplayName,
    Payment,
    /// The number is not registered, or its certificate is not right.
    Registration,
    /// No messages to people of that country.
    Country,
    /// There is no such number, or the token may not see it.
    NoSuchNumber,
    /// Something else than Graph answers at the base URL.
    NotGraph,
}

impl Fate {
    /// Of the error of a call.
    pub fn of_error(error: &SendError) -> Self {
        match error {
            SendError::Connect(_) => Self::Retry { after: None },
            SendError::Timeout | SendError::Broken(_) => Self::Unknown,
            // "Object with that id does not exist, cannot be loaded due to missing permissions": no message could be sent.
            SendError::Api { code: 100, subcode: Some(33), .. } => Self::StopAll(StopReason::NoSuchNumber),
            SendError::Api { http_status, code, is_transient, retry_after, .. } => {
                let passing = *is_transient || matches!(http_status, 408 | 500..);
                Self::of_answer(*http_status, *code, passing, *retry_after)
            }
        }
    }

    /// Of a status, when it is a failure.
    pub fn of_status(status: &Status) -> Option<Self> {
        let failed = status.state == State::Failed;
        let code = status.errors.iter().find_map(|error| error.code);
        failed.then(|| code.and_then(Self::of_code).unwrap_or(Self::DeadLetter))
    }

    fn of_answer(http_status: u16, code: i64, passing: bool, after: Option<Duration>) -> Self {
        let known = match Self::of_code(code) {
            // Meta's own word that it passes outweighs a code that blames the message.
            Some(Self::DeadLetter | Self::TemplateBroken) | None if passing => Self::Retry { after },
            Some(known) => known,
            None if http_status == 429 => Self::GlobalBackoff { after },
            None if code == NO_CODE && http_status == 401 => Self::StopAll(StopReason::Token),
            None if code == NO_CODE && matches!(http_status, 300..400 | 403 | 404 | 407) => {
                Self::StopAll(StopReason::NotGraph)
            }
            None => Self::DeadLetter,
        };
        match known {
            Self::Retry { .. } => Self::Retry { after },
            Self::GlobalBackoff { .. } => Self::GlobalBackoff { after },
            other => other,
        }
    }

    /// The table. `None` is a code it does not have.
    pub fn of_code(code: i64) -> Option<Self> {
        // tidy: table
        Some(match code {
            1 | 2 | 131_000 | 131_016 => Self::Retry { after: None },
            4 | 80_007 | 130_429 => Self::GlobalBackoff { after: None },
            131_056 => Self::ChatBackoff,
            131_057 | 133_004 | 132_069 => Self::RetryLater,
            0 | 190 => Self::StopAll(StopReason::Token),
            3 | 10 | 200..=299 | 131_005 => Self::StopAll(StopReason::Permission),
            368 | 131_031 => Self::StopAll(StopReason::Account),
            131_037 => Self::StopAll(StopReason::DisplayName),
            131_042 => Self::StopAll(StopReason::Payment),
            131_045 | 133_010 => Self::StopAll(StopReason::Registration),
            130_497 => Self::StopAll(StopReason::Country),
            131_047 => Self::NeedsTemplate,
            131_026 | 131_021 | 131_030 | 131_048 | 131_049 | 131_050 | 130_472 | 131_062 => Self::GiveUp,
            131_051..=131_053 => Self::WithoutMedia,
            100 | 131_008 | 131_009 => Self::DeadLetter,
            132_000..=132_999 => Self::TemplateBroken,
            _ => return None,
        })
    }

    /// A person should hear of it now.
    pub fn alarms(&self) -> bool {
        match self {
            Self::StopAll(_) | Self::DeadLetter | Self::TemplateBroken => true,
            Self::Retry { .. } | Self::GlobalBackoff { .. } | Self::ChatBackoff | Self::RetryLater => false,
            Self::NeedsTemplate | Self::GiveUp | Self::WithoutMedia | Self::Unknown => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::webhook::Problem;
    use Fate::*;

    fn answer(http_status: u16, code: i64) -> SendError {
        let details = String::new();
        SendError::Api { http_status, code, subcode: None, details, is_transient: false, retry_after: None }
    }

    fn failed(code: Option<i64>) -> Status {
        let problem = |code| Problem { code: Some(code), title: None, message: None, details: None };
        Status {
            phone_number_id: None,
            id: "wamid.A".into(),
            state: State::Failed,
            timestamp: None,
            recipient_id: None,
            recipient_user_id: None,
            opaque: None,
            pricing: None,
            errors: code.map(problem).into_iter().collect(),
        }
    }

    #[test]
    fn every_code_of_the_table_leads_to_the_same_by_answer_and_by_status() {
        use StopReason::*;
        let retry = Retry { after: None };
        let backoff = GlobalBackoff { after: None };
        let table: &[(Fate, &[i64])] = &[
            (retry, &[1, 2, 131_000, 131_016]),
            (backoff, &[4, 80_007, 130_429]),
            (ChatBackoff, &[131_056]),
            (RetryLater, &[131_057, 133_004, 132_069]),
            (StopAll(Token), &[0, 190]),
            (StopAll(Permission), &[3, 10, 200, 250, 299, 131_005]),
            (StopAll(Account), &[368, 131_031]),
            (StopAll(DisplayName), &[131_037]),
            (StopAll(Payment), &[131_042]),
            (StopAll(Registration), &[131_045, 133_010]),
            (StopAll(Country), &[130_497]),
            (NeedsTemplate, &[131_047]),
            (GiveUp, &[131_026, 131_021, 131_030, 131_048, 131_049, 131_050, 130_472, 131_062]),
            (WithoutMedia, &[131_051, 131_052, 131_053]),
            (DeadLetter, &[100, 131_008, 131_009]),
            (TemplateBroken, &[132_000, 132_001, 132_005, 132_007, 132_012, 132_015, 132_016, 132_068, 132_999]),
            (DeadLetter, &[5, 199, 300, 131_999, 133_000, i64::MAX, i64::MIN]),
        ];
        for (fate, codes) in table {
            for &code in *codes {
                assert_eq!(Fate::of_error(&answer(400, code)), *fate, "answer {code}");
                assert_eq!(Fate::of_status(&failed(Some(code))), Some(*fate), "status {code}");
            }
        }
    }

    #[test]
    fn a_number_that_is_not_there_stops_the_queue_whatever_the_status() {
        for http_status in [400, 404] {
            let details = String::new();
            let (code, subcode) = (100, Some(33));
            let error = SendError::Api { http_status, code, subcode, details, is_transient: false, retry_after: None };
            assert_eq!(Fate::of_error(&error), StopAll(StopReason::NoSuchNumber));
        }
        assert_eq!(Fate::of_error(&answer(400, 100)), DeadLetter);
    }

    #[test]
    fn a_fault_of_the_server_passes_whatever_it_blames() {
        for code in [NO_CODE, 100, 132_000, 999_999] {
            for http_status in [500, 502, 503, 504, 408] {
                assert_eq!(Fate::of_error(&answer(http_status, code)), Retry { after: None }, "{http_status} {code}");
            }
        }
    }

    #[test]
    fn a_transient_error_is_retried_unless_its_code_says_how_to_wait() {
        let transient = |code| SendError::Api {
            http_status: 400,
            code,
            subcode: None,
            details: String::new(),
            is_transient: true,
            retry_after: Some(Duration::from_secs(7)),
        };
        let after = Some(Duration::from_secs(7));
        assert_eq!(Fate::of_error(&transient(999_999)), Retry { after });
        assert_eq!(Fate::of_error(&transient(100)), Retry { after });
        assert_eq!(Fate::of_error(&transient(2)), Retry { after });
        assert_eq!(Fate::of_error(&transient(4)), GlobalBackoff { after });
        assert_eq!(Fate::of_error(&transient(131_056)), ChatBackoff);
        assert_eq!(Fate::of_error(&transient(190)), StopAll(StopReason::Token));
    }

    #[test]
    fn answers_that_are_not_graphs_are_judged_by_their_status() {
        assert_eq!(Fate::of_error(&answer(429, NO_CODE)), GlobalBackoff { after: None });
        assert_eq!(Fate::of_error(&answer(401, NO_CODE)), StopAll(StopReason::Token));
        assert_eq!(Fate::of_error(&answer(404, NO_CODE)), StopAll(StopReason::NotGraph));
        assert_eq!(Fate::of_error(&answer(413, NO_CODE)), DeadLetter);
    }

    #[test]
    fn only_what_never_reached_meta_is_sent_again_without_an_answer() {
        assert_eq!(Fate::of_error(&SendError::Connect("refused".into())), Retry { after: None });
        assert_eq!(Fate::of_error(&SendError::Timeout), Unknown);
        assert_eq!(Fate::of_error(&SendError::Broken("cut".into())), Unknown);
    }

    #[test]
    fn a_status_without_a_reason_is_an_alarm_and_one_that_is_no_failure_is_nothing() {
        assert_eq!(Fate::of_status(&failed(None)), Some(DeadLetter));
        assert_eq!(Fate::of_status(&Status { state: State::Read, ..failed(Some(190)) }), None);
    }

    #[test]
    fn a_person_is_called_only_for_what_a_person_can_mend() {
        for fate in [StopAll(StopReason::Payment), DeadLetter, TemplateBroken] {
            assert!(fate.alarms(), "{fate:?}");
        }
        for fate in [Retry { after: None }, ChatBackoff, NeedsTemplate, GiveUp, WithoutMedia, Unknown] {
            assert!(!fate.alarms(), "{fate:?}");
        }
    }
}
