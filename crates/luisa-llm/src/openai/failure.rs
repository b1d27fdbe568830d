//! What an error of the provider means, in words that may be logged.
//!
//! Owns the table from status and code to `Failure`. The key and the customer's text never pass it.

use crate::call::{Failure, Request, Role};
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde_json::Value;
use std::time::Duration;

const LONGEST_DETAILS: usize = 200;
/// So many characters in a row of a customer's text in an error are a quotation, not chance.
const QUOTATION: usize = 10;
/// "ok" is in half of all messages and gives nobody away.
const TOO_SHORT_TO_TELL: usize = 4;
/// Somebody has to pay: the account's words for it.
const UNPAID: [&str; 3] = ["insufficient_quota", "billing_hard_limit_reached", "billing_not_active"];

pub(super) struct Said<'a> {
    pub(super) status: StatusCode,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
}

/// A call that got no HTTP answer.
pub(super) fn unsent(error: reqwest::Error, secret: &str) -> Failure {
    // A connect time-out is both; that the provider was never reached says more.
    if error.is_timeout() && !error.is_connect() {
        return Failure::Timeout;
    }
    let error = error.without_url();
    let mut details = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        details = format!("{details}: {inner}");
        cause = inner.source();
    }
    Failure::Connect { details: tidy(&details, secret) }
}

/// Nothing when it is an answer.
pub(super) fn refusal(said: &Said<'_>, secret: &str, request: Option<&Request>) -> Option<Failure> {
    let json: Value = serde_json::from_slice(said.body).unwrap_or_default();
    let error = &json["error"];
    let status = if !said.status.is_success() {
        said.status.as_u16()
    } else if error.is_object() {
        // Some gateways put the real status into the body of a 200.
        error["code"].as_u64().and_then(|code| code.try_into().ok()).unwrap_or(502)
    } else {
        return None;
    };
    let unpaid = |field: &str| error[field].as_str().is_some_and(|text| UNPAID.contains(&text));
    if status == 402 || unpaid("code") || unpaid("type") {
        return Some(Failure::QuotaExhausted);
    }
    let details = || details(error, secret, request);
    Some(match status {
        429 => Failure::RateLimited { retry_after: retry_after(said.headers) },
        401 | 403 => Failure::Unauthorized { status, details: details() },
        404 => Failure::NotFound { details: details() },
        500.. => Failure::ServerError { status },
        _ => Failure::BadRequest { status, details: details() },
    })
}

/// Once the provider may have begun to work, the worst is assumed.
pub(super) fn may_be_billed(failure: &Failure) -> bool {
    matches!(failure, Failure::Timeout | Failure::Truncated | Failure::TooLarge | Failure::WrongShape(_))
}

/// Milliseconds or seconds. The third form, a date, would need a clock.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<f64>().ok();
    let seconds = number("retry-after-ms").map(|millis| millis / 1_000.0).or_else(|| number(RETRY_AFTER.as_str()))?;
    Duration::try_from_secs_f64(seconds).ok()
}

fn details(error: &Value, secret: &str, request: Option<&Request>) -> String {
    let field = |name: &str| error[name].as_str().filter(|text| !text.is_empty());
    let code = field("code").or_else(|| field("type"));
    // Some servers quote the whole request back in the message.
    let message = field("message").filter(|message| !request.is_some_and(|request| quotes(message, request)));
    let parts: Vec<&str> = [code, field("param"), message].into_iter().flatten().collect();
    if parts.is_empty() { "it does not say why".to_owned() } else { tidy(&parts.join(": "), secret) }
}

fn quotes(message: &str, request: &Request) -> bool {
    let customer = request.messages.iter().filter(|said| said.role == Role::User);
    customer.map(|said| &said.text).any(|text| {
        let letters: Vec<char> = text.chars().collect();
        let mut runs = letters.windows(letters.len().clamp(TOO_SHORT_TO_TELL, QUOTATION));
        runs.any(|run| message.contains(&run.iter().collect::<String>()))
    })
}

/// OpenAI quotes a wrong key, half masked: what looks like one is masked whole.
fn tidy(text: &str, secret: &str) -> String {
    let without_secret = if secret.is_empty() { text.to_owned() } else { text.replace(secret, "***") };
    let words = without_secret.split_whitespace().map(|word| if word.contains("sk-") { "***" } else { word });
    let line = words.collect::<Vec<_>>().join(" ");
    line.chars().take(LONGEST_DETAILS).collect()
}
