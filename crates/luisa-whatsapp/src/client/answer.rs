//! What came back of a call, or that nothing did.
//!
//! Owns the difference that matters most: never reached Meta, refused by Meta, or nobody knows. May not retry.

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use serde_json::Value;
use std::time::Duration;

/// The code of an answer that is not in Graph's error format. 0 is a code of its own: a bad token.
pub const NO_CODE: i64 = -1;

const LONGEST_DETAILS: usize = 500;
/// Answers are a few kilobytes. A page of templates is the largest.
const LONGEST_ANSWER: usize = 4 * 1024 * 1024;

/// Why a call has no good answer. Never contains the token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    #[error("WhatsApp refused (HTTP {http_status}, code {code}): {details}")]
    Api {
        http_status: u16,
        /// [`NO_CODE`] when it was not Graph that answered.
        code: i64,
        subcode: Option<i64>,
        details: String,
        is_transient: bool,
        retry_after: Option<Duration>,
    },
    #[error("WhatsApp did not answer in time: the message may have been accepted")]
    Timeout,
    #[error("WhatsApp was not reached: {0}")]
    Connect(String),
    #[error("WhatsApp's answer was lost, the message may have been accepted: {0}")]
    Broken(String),
}

impl SendError {
    /// The message may be on its way: only a status with its opaque data settles it, never a repetition.
    pub fn outcome_unknown(&self) -> bool {
        match self {
            Self::Timeout | Self::Broken(_) => true,
            Self::Api { .. } | Self::Connect(_) => false,
        }
    }
}

/// The error of a request without an answer.
pub(super) fn lost(error: reqwest::Error, secret: &str) -> SendError {
    // A connect time-out is both; the connection decides, for nothing was written.
    let never_sent = error.is_connect() || error.is_builder();
    if never_sent {
        SendError::Connect(describe(error, secret))
    } else if error.is_timeout() {
        SendError::Timeout
    } else {
        SendError::Broken(describe(error, secret))
    }
}

/// The JSON of a good answer, or what the bad one says.
pub(super) async fn read(response: Response, secret: &str) -> Result<Value, SendError> {
    let status = response.status();
    let retry_after = retry_after(response.headers());
    let body = read_body(response, LONGEST_ANSWER).await;
    if !status.is_success() {
        // Its status was read: even when the rest is missing, the message was refused.
        return Err(refusal(status, retry_after, &body.unwrap_or_default(), secret));
    }
    let body = match body {
        Ok(body) => body,
        Err(Unread::TooLong) => return Err(SendError::Broken("the answer is too long".into())),
        Err(Unread::Cut(error)) => return Err(lost(error, secret)),
    };
    let json: Value =
        serde_json::from_slice(&body).map_err(|_| SendError::Broken(format!("HTTP {status}, but not JSON")))?;
    if json.get("error").is_some_and(Value::is_object) {
        return Err(refusal(status, retry_after, &body, secret));
    }
    Ok(json)
}

/// Why a body could not be read to its end.
pub(super) enum Unread {
    TooLong,
    Cut(reqwest::Error),
}

pub(super) async fn read_body(mut response: Response, limit: usize) -> Result<Vec<u8>, Unread> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(Unread::Cut)? {
        if body.len() + chunk.len() > limit {
            return Err(Unread::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn refusal(status: StatusCode, retry_after: Option<Duration>, body: &[u8], secret: &str) -> SendError {
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    let error = &json["error"];
    let details = [&error["error_data"]["details"], &error["message"]].into_iter().find_map(Value::as_str);
    SendError::Api {
        http_status: status.as_u16(),
        code: error["code"].as_i64().unwrap_or(NO_CODE),
        subcode: error["error_subcode"].as_i64(),
        details: safe(details.unwrap_or("the answer does not say why"), secret),
        is_transient: error["is_transient"].as_bool().unwrap_or(false),
        retry_after,
    }
}

/// In seconds. The other form, a date, would need a clock.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

fn describe(error: reqwest::Error, secret: &str) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    safe(&text, secret)
}

/// Meta quotes a malformed token in its message; errors are logged and stored.
fn safe(text: &str, secret: &str) -> String {
    crate::send::cut(&text.replace(secret, "***"), LONGEST_DETAILS)
}
