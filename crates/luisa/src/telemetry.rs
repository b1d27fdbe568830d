//! The log: one line per event on standard error, as JSON or as text, without the person.
//!
//! Owns the log's form and the two ways to keep people out of it: [`masked`] for an id that must be recognisable, and
//! [`Private`] for what must never be written. What the events mean is in `docs/logging.md`. May not decide what is logged.

use std::hash::{BuildHasher, RandomState};
use std::io::IsTerminal;
use std::sync::OnceLock;

use luisa_store::ConversationId;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tracing_subscriber::EnvFilter;

use crate::runtime::checks::is_check;
use crate::settings::{Log, LogFormat};

/// Crates whose own news is noise below a warning.
const QUIET: &str = "hyper=warn,hyper_util=warn,reqwest=warn,rustls=warn,h2=warn,mio=warn";

/// Starts the log of this process. A second call changes nothing.
pub fn start(log: &Log) {
    let at_terminal = std::io::stderr().is_terminal();
    let filter = EnvFilter::new(format!("{},{QUIET}", log.level));
    // Nobody may be there to read the log any more, which is no reason to stop serving: a complaint about it would panic.
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).log_internal_errors(false);
    let format = log.format.unwrap_or(if at_terminal { LogFormat::Text } else { LogFormat::Json });
    let started = match format {
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init(),
        LogFormat::Text => builder.with_ansi(at_terminal).with_target(false).try_init(),
    };
    // Only a test starts it twice.
    if started.is_ok() {
        std::panic::set_hook(Box::new(log_panic));
    }
}

// Where a panic happened, and its words only when they are the program's own: a formatted message may quote a customer.
fn log_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let at = panic.location().map(ToString::to_string).unwrap_or_default();
    let words = panic.payload().downcast_ref::<&'static str>().copied().unwrap_or_default();
    tracing::error!(at, words, "panic");
}

/// The last four characters of a phone number or user id: `…0101`. Shorter ids show nothing.
#[must_use]
pub fn masked(id: &str) -> String {
    let count = id.chars().count();
    let tail: String = id.chars().skip(count.saturating_sub(4)).collect();
    if count > 4 { format!("\u{2026}{tail}") } else { "\u{2026}".to_owned() }
}

/// So much of another's words is told.
const LONGEST_TOLD: usize = 300;
/// So many digits in a row could be a number of somebody's.
const FEWEST_DIGITS: usize = 6;

/// Words of a provider, which may quote what it was sent: without what stands in quotation marks, without numbers, on one line.
#[must_use]
pub fn told(words: &str) -> String {
    let mut told = String::new();
    let mut closing = None;
    let mut digits = String::new();
    for letter in words.chars().take(LONGEST_TOLD).chain([' ']) {
        if closing == Some(letter) {
            closing = None;
        } else if closing.is_none() {
            if letter.is_ascii_digit() {
                digits.push(letter);
                continue;
            }
            told.push_str(if digits.len() < FEWEST_DIGITS { &digits } else { "\u{2026}" });
            digits.clear();
            closing = match letter {
                '"' => Some('"'),
                '`' => Some('`'),
                '«' => Some('»'),
                '“' => Some('”'),
                _ => None,
            };
            told.push(if closing.is_some() {
                '\u{2026}'
            } else if letter.is_control() {
                ' '
            } else {
                letter
            });
        }
    }
    told.trim_end().to_owned()
}

/// A conversation in the log: ours by its id, one of the API by a name that holds for this process, because its caller may have named it
/// after a person.
#[must_use]
pub fn chat(id: &ConversationId) -> String {
    static KEY: OnceLock<RandomState> = OnceLock::new();
    let ours = id.as_str().starts_with("wa_c") || is_check(id);
    if ours { id.to_string() } else { format!("api_{:016x}", KEY.get_or_init(RandomState::new).hash_one(id.as_str())) }
}

/// A value that may be kept and sent but never logged: it has no `Display`, and its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Private<T>(T);

impl<T> Private<T> {
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The value, for storing or sending it.
    pub fn reveal(&self) -> &T {
        &self.0
    }

    /// The value itself.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> From<T> for Private<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T> std::fmt::Debug for Private<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl<T: Serialize> Serialize for Private<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Private<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_shows_its_last_four_characters_and_a_short_one_none() {
        assert_eq!(masked("573005550101"), "\u{2026}0101");
        assert_eq!(masked("CO.1047385771169864"), "\u{2026}9864");
        assert_eq!(masked("0101"), "\u{2026}");
        assert_eq!(masked(""), "\u{2026}");
    }

    #[test]
    fn a_providers_words_lose_what_they_quote() {
        for (said, expected) in [
            (
                "(#131030) Recipient 573005550001 not in allowed list",
                "(#\u{2026}) Recipient \u{2026} not in allowed list",
            ),
            ("Param text['body'] \"mi cédula es 123\" is bad", "Param text['body'] \u{2026} is bad"),
            ("two\nlines \u{7}", "two lines"),
            ("an \"open quotation 573005550001", "an \u{2026}"),
            ("more than 24 hours have passed", "more than 24 hours have passed"),
        ] {
            assert_eq!(told(said), expected);
        }
        assert!(told(&"x".repeat(5_000)).len() <= LONGEST_TOLD);
    }

    #[test]
    fn a_chat_of_the_api_is_recognisable_and_names_nobody() {
        let (one, other): (ConversationId, ConversationId) = ("573005550001".into(), "ana@example.com".into());
        assert_eq!(chat(&one), chat(&one));
        assert_ne!(chat(&one), chat(&other));
        assert!(!chat(&one).contains("5550001") && !chat(&other).contains("ana"));
        assert_eq!(chat(&"wa_c0190".into()), "wa_c0190");
    }

    #[test]
    fn what_is_private_is_stored_whole_and_never_printed() {
        let name = Private::new("Ana P\u{e9}rez".to_owned());
        assert_eq!(format!("{name:?}"), "***");
        assert_eq!(serde_json::to_string(&name).unwrap(), "\"Ana P\u{e9}rez\"");
    }
}
