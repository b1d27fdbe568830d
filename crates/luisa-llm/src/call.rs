//! A question to a model, its answer, and every way of having none.
//!
//! Owns the words the caller uses. Texts never show in `Debug`: they are a customer's.

use crate::money::NanoUsd;
use serde_json::Value;
use std::fmt;
use std::time::Duration;

#[derive(Clone, PartialEq)]
pub struct Request {
    pub model: String,
    pub system: String,
    pub messages: Vec<Message>,
    /// Asks for JSON of this shape.
    pub schema: Option<Schema>,
    pub max_output_tokens: u32,
    /// Left out for models that refuse it.
    pub temperature: Option<f32>,
}

#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    pub role: Role,
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    User,
    Assistant,
}

/// For strict servers: every property required, nullable when optional, `additionalProperties: false`.
#[derive(Debug, Clone, PartialEq)]
pub struct Schema {
    pub name: String,
    pub schema: Value,
}

/// A whole answer. Its shape is checked, its truth is not.
#[derive(Debug, Clone, PartialEq)]
pub struct Completion {
    pub content: Content,
    pub finish: Finish,
    pub spent: Spent,
    pub latency: Duration,
    /// 1, or 2 after a retry.
    pub attempts: u32,
}

#[derive(Clone, PartialEq)]
pub enum Content {
    Text(String),
    /// Fits the schema that was asked for.
    Json(Value),
}

/// Why the model stopped, in a whole answer. Servers invent reasons: an unknown one is no error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finish {
    Stop,
    Other(String),
    Unsaid,
}

/// What a call took, failed ones too when they may be on the bill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spent {
    /// As the server names it: often with a date.
    pub model: String,
    pub usage: Usage,
    pub cost: NanoUsd,
    pub basis: Basis,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Cached ones included.
    pub input: u32,
    pub cached: u32,
    /// Reasoning included.
    pub output: u32,
    pub reasoning: u32,
}

/// How well the cost is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// The server counted, and the price is known.
    Counted,
    /// Tokens or price are the cautious guess.
    Estimated,
    /// No price: a server of one's own. The cost is 0.
    Unpriced,
}

/// A call without an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{failure}")]
pub struct Failed {
    pub failure: Failure,
    /// Present when the provider may have worked, and so may send a bill.
    pub spent: Option<Spent>,
    pub latency: Duration,
    pub attempts: u32,
}

/// Never contains the key or a customer's text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    #[error("the provider's rate limit was reached")]
    RateLimited { retry_after: Option<Duration> },
    #[error("the provider's account has no credit left")]
    QuotaExhausted,
    #[error("the provider failed (HTTP {status})")]
    ServerError { status: u16 },
    #[error("the provider did not understand the request (HTTP {status}): {details}")]
    BadRequest { status: u16, details: String },
    #[error("the provider refused the key (HTTP {status}): {details}")]
    Unauthorized { status: u16, details: String },
    #[error("the provider has no such model or address: {details}")]
    NotFound { details: String },
    #[error("no answer within the deadline")]
    Timeout,
    #[error("the provider was not reached: {details}")]
    Connect { details: String },
    #[error("the answer stops in the middle")]
    Truncated,
    #[error("the answer is empty")]
    Empty,
    #[error("the model refused to answer")]
    RefusedByModel,
    #[error("the answer has the wrong shape: {0}")]
    WrongShape(String),
    #[error("the answer is too large")]
    TooLarge,
}

impl Failure {
    /// Stable, for traces and metrics.
    pub const fn id(&self) -> &'static str {
        match self {
            Self::RateLimited { .. } => "rate_limited",
            Self::QuotaExhausted => "quota_exhausted",
            Self::ServerError { .. } => "server_error",
            Self::BadRequest { .. } => "bad_request",
            Self::Unauthorized { .. } => "unauthorized",
            Self::NotFound { .. } => "not_found",
            Self::Timeout => "timeout",
            Self::Connect { .. } => "connect",
            Self::Truncated => "truncated",
            Self::Empty => "empty",
            Self::RefusedByModel => "refused_by_model",
            Self::WrongShape(_) => "wrong_shape",
            Self::TooLarge => "too_large",
        }
    }

    /// Stays until a person changes a setting or pays.
    pub const fn needs_a_person(&self) -> bool {
        matches!(
            self,
            Self::QuotaExhausted | Self::BadRequest { .. } | Self::Unauthorized { .. } | Self::NotFound { .. }
        )
    }
}

impl Content {
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Json(_) => None,
        }
    }

    pub fn json(&self) -> Option<&Value> {
        match self {
            Self::Text(_) => None,
            Self::Json(json) => Some(json),
        }
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("model", &self.model)
            .field("messages", &self.messages)
            .field("schema", &self.schema.as_ref().map(|schema| &schema.name))
            .field("max_output_tokens", &self.max_output_tokens)
            .field("temperature", &self.temperature)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}({} chars)", self.role, self.text.chars().count())
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "Text({} chars)", text.chars().count()),
            Self::Json(json) => write!(f, "Json({} chars)", json.to_string().chars().count()),
        }
    }
}
