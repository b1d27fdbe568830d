//! OpenTelemetry: one trace from a message's webhook to what became of its answer, across workers and restarts.
//!
//! Owns ids, spans and the way in which a context travels: as `traceparent` in the stored form of a message and of an
//! answer, so that whoever takes it up, and when, continues the same trace. No attribute is of a person. Why this is our
//! own: `docs/decisions/0007-spans.md`.

pub mod journey;
mod otlp;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

pub use otlp::Exporter;

/// The key of a stored form under which the context travels.
const KEY: &str = "traceparent";
/// Spans that wait to be exported; more than these are dropped.
const WAITING: usize = 4096;

/// A span within its trace, as W3C's `traceparent` has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context {
    trace: u128,
    span: u64,
}

impl Context {
    /// A trace of its own.
    #[must_use]
    pub fn root() -> Self {
        // Zero is no id.
        Self { trace: rand::random::<u128>() | 1, span: rand::random::<u64>() | 1 }
    }

    /// Another span of the same trace.
    #[must_use]
    pub fn child(self) -> Self {
        Self { span: rand::random::<u64>() | 1, ..self }
    }

    /// The span of one attempt to send: a status that comes days later finds the same id.
    #[must_use]
    pub fn of_sending(self, opaque: &str, attempt: i64) -> Self {
        let digest = Sha256::digest(format!("{opaque}/{attempt}"));
        let bytes = digest.first_chunk::<8>().copied().unwrap_or([1; 8]);
        Self { span: u64::from_be_bytes(bytes) | 1, ..self }
    }

    /// The context that a stored form carries.
    #[must_use]
    pub fn carried_by(stored: &Value) -> Option<Self> {
        stored.get(KEY)?.as_str()?.parse().ok()
    }

    /// Lets a stored form carry it.
    pub fn ride_on(self, stored: &mut Value) {
        if let Some(object) = stored.as_object_mut() {
            object.insert(KEY.to_owned(), Value::String(self.to_string()));
        }
    }
}

impl fmt::Display for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-01", self.trace, self.span)
    }
}

impl FromStr for Context {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.split('-').skip(1);
        let (trace, span) = parts.next().zip(parts.next()).ok_or(())?;
        let trace = u128::from_str_radix(trace, 16).map_err(drop)?;
        let span = u64::from_str_radix(span, 16).map_err(drop)?;
        Ok(Self { trace, span })
    }
}

/// What a span is to those outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Internal,
    /// Somebody asked us.
    Server,
    /// We asked somebody.
    Client,
}

/// A piece of work that is over.
#[derive(Debug, Clone)]
pub struct Span {
    pub context: Context,
    pub parent: Option<Context>,
    pub name: &'static str,
    pub kind: Kind,
    pub start: Timestamp,
    pub end: Timestamp,
    /// Ids, classes, codes and numbers; nothing of a person.
    pub attributes: Vec<(&'static str, Value)>,
    /// Other traces that led here: the earlier messages of a burst.
    pub links: Vec<Context>,
    pub error: Option<String>,
}

impl Span {
    /// Work of ours between two moments.
    #[must_use]
    pub fn new(name: &'static str, context: Context, start: Timestamp, end: Timestamp) -> Self {
        let (attributes, links) = (Vec::new(), Vec::new());
        Self { context, parent: None, name, kind: Kind::Internal, start, end, attributes, links, error: None }
    }

    #[must_use]
    pub fn under(self, parent: Context) -> Self {
        Self { parent: Some(parent), ..self }
    }

    #[must_use]
    pub fn as_kind(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }

    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        let value = value.into();
        if !value.is_null() {
            self.attributes.push((name, value));
        }
        self
    }
}

/// Where spans are noted; one that is off notes nothing and makes no contexts.
#[derive(Debug, Clone, Default)]
pub struct Spans(Option<Arc<mpsc::Sender<Span>>>);

impl Spans {
    /// On, with what waits to be exported.
    #[must_use]
    pub fn open() -> (Self, mpsc::Receiver<Span>) {
        let (spans, waiting) = mpsc::channel(WAITING);
        (Self(Some(Arc::new(spans))), waiting)
    }

    #[must_use]
    pub fn are_on(&self) -> bool {
        self.0.is_some()
    }

    /// Notes a span; one too many is dropped, for no customer waits for a collector.
    pub fn note(&self, span: Span) {
        if let Some(spans) = &self.0 {
            drop(spans.try_send(span));
        }
    }
}

/// `took` before `end`.
#[must_use]
pub fn before(end: Timestamp, took: Duration) -> Timestamp {
    end.saturating_sub(took).unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_rides_on_a_stored_form_and_is_read_back() {
        let context = Context::root();
        let mut stored = serde_json::json!({ "letter": "notice", "text": "hola" });
        context.ride_on(&mut stored);
        assert_eq!(Context::carried_by(&stored), Some(context));
        assert_eq!(context.to_string().len(), 55);
        assert_eq!(Context::carried_by(&serde_json::json!({ "traceparent": "00-zz-1-01" })), None);
    }

    #[test]
    fn each_attempt_to_send_has_one_id_whenever_it_is_asked_for() {
        let context = Context::root();
        assert_eq!(context.of_sending("o1", 1), context.child().of_sending("o1", 1));
        assert_ne!(context.of_sending("o1", 1), context.of_sending("o1", 2));
    }
}
