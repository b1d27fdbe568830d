//! The log: one line per event on standard error, as JSON or as text, without the person.
//!
//! Owns the log's form and the two ways to keep people out of it: [`masked`] for an id that must be recognisable, and
//! [`Private`] for what must never be written. What the events mean is in `docs/logging.md`. May not decide what is logged.

use std::io::IsTerminal;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tracing_subscriber::EnvFilter;

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
    fn what_is_private_is_stored_whole_and_never_printed() {
        let name = Private::new("Ana P\u{e9}rez".to_owned());
        assert_eq!(format!("{name:?}"), "***");
        assert_eq!(serde_json::to_string(&name).unwrap(), "\"Ana P\u{e9}rez\"");
    }
}
