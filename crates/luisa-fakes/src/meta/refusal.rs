//! How the Graph API says no: code, HTTP status, words.
//!
//! Owns the table of codes. May not decide when to refuse.

use crate::server::json_text;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};

/// An error of Meta, in the HTTP answer or in a status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub status: u16,
    pub code: i64,
    pub subcode: Option<i64>,
    pub title: String,
    pub details: String,
    pub is_transient: Option<bool>,
    pub retry_after_seconds: Option<u64>,
}

/// The documented error of that number; an unknown number is a 400 without much to say.
pub fn graph_error(code: i64) -> Refusal {
    let known = TABLE.iter().find(|row| row.0.contains(&code));
    let (status, title, details) =
        known.map_or((400, "Unknown error", "An unknown error occurred."), |row| (row.1, row.2, row.3));
    Refusal {
        status,
        code,
        subcode: (code == 190).then_some(463),
        title: title.to_owned(),
        details: details.to_owned(),
        is_transient: (code == 2).then_some(true),
        retry_after_seconds: None,
    }
}

impl Refusal {
    #[must_use]
    pub fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    #[must_use]
    pub fn with_subcode(self, subcode: i64) -> Self {
        Self { subcode: Some(subcode), ..self }
    }

    #[must_use]
    pub fn with_details(self, details: impl Into<String>) -> Self {
        Self { details: details.into(), ..self }
    }

    #[must_use]
    pub fn transient(self) -> Self {
        Self { is_transient: Some(true), ..self }
    }

    #[must_use]
    pub fn with_retry_after(self, seconds: u64) -> Self {
        Self { retry_after_seconds: Some(seconds), ..self }
    }

    /// The body of the HTTP answer.
    pub fn body(&self) -> Value {
        let mut error = json!({
            "message": format!("(#{}) {}", self.code, self.title),
            "type": "OAuthException",
            "code": self.code,
            "error_data": { "messaging_product": "whatsapp", "details": self.details },
            "fbtrace_id": "AbCdEfGhIjKlMnOpQrStUvW",
        });
        if let Some(subcode) = self.subcode {
            error["error_subcode"] = json!(subcode);
        }
        if let Some(is_transient) = self.is_transient {
            error["is_transient"] = json!(is_transient);
        }
        json!({ "error": error })
    }

    /// The same error as an item of `statuses[].errors`, `messages[].errors` or `value.errors`.
    pub fn item(&self) -> Value {
        json!({
            "code": self.code,
            "title": self.title,
            "message": self.title,
            "error_data": { "details": self.details },
            "href": "https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes",
        })
    }

    pub(super) fn response(&self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        let mut response = json_text(status, self.body().to_string());
        if let Some(seconds) = self.retry_after_seconds {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

type Row = (std::ops::RangeInclusive<i64>, u16, &'static str, &'static str);

const fn row(code: i64, status: u16, title: &'static str, details: &'static str) -> Row {
    (code..=code, status, title, details)
}

const TABLE: &[Row] = &[
    row(0, 401, "AuthException", "The app user could not be authenticated."),
    row(1, 400, "API Unknown", "Invalid request or possible server error."),
    row(2, 503, "API Service", "Temporary due to downtime or due to being overloaded."),
    row(3, 500, "API Method", "Capability or permissions issue."),
    row(4, 429, "API Too Many Calls", "The app has reached its API call rate limit."),
    row(10, 403, "Permission Denied", "Permission is either not granted or has been removed."),
    row(33, 400, "Parameter value is not valid", "The business phone number has been deleted."),
    row(100, 400, "Invalid parameter", "The request included one or more unsupported or misspelled parameters."),
    row(190, 401, "Access token has expired", "The access token has expired or was never valid."),
    (200..=299, 403, "API Permission", "Permission is either not granted or has been removed."),
    row(368, 403, "Temporarily blocked for policies violations", "The account has been restricted or disabled."),
    row(80007, 429, "Rate limit issues", "The WhatsApp Business Account has reached its rate limit."),
    row(130429, 429, "Rate limit hit", "Cloud API message throughput has been reached."),
    row(130472, 400, "User's number is part of an experiment", "Message was not sent as part of an experiment."),
    row(130497, 403, "Account restricted in this country", "The account may not message people in this country."),
    row(131000, 500, "Something went wrong", "Message failed to send due to an unknown error."),
    row(131005, 403, "Access denied", "Permission is either not granted or has been removed."),
    row(131008, 400, "Required parameter is missing", "The request is missing a required parameter."),
    row(131009, 400, "Parameter value is not valid", "One or more parameter values are invalid."),
    row(131016, 500, "Service unavailable", "A service is temporarily unavailable."),
    row(131021, 400, "Recipient cannot be sender", "Sender and recipient phone number is the same."),
    row(131026, 400, "Message undeliverable", "Unable to deliver message."),
    row(131030, 400, "Recipient phone number not in allowed list", "Add the number to the recipient list."),
    row(131031, 403, "Account has been locked", "The account has been restricted or disabled."),
    row(131037, 400, "Display name approval needed", "The number needs an approved display name."),
    row(131042, 400, "Business eligibility payment issue", "Message failed to send because of the payment method."),
    row(131045, 500, "Incorrect certificate", "Message failed to send due to a phone number registration error."),
    row(131047, 400, "Re-engagement message", "More than 24 hours have passed since the customer last replied."),
    row(131048, 400, "Spam rate limit hit", "Too many previous messages were blocked or flagged as spam."),
    row(131049, 400, "Meta chose not to deliver", "Not delivered to maintain healthy ecosystem engagement."),
    row(131050, 400, "User stopped marketing messages", "The person opted out of marketing messages."),
    row(131051, 400, "Unsupported message type", "Unsupported message type."),
    row(131052, 400, "Media download error", "Unable to download the media sent by the user."),
    row(131053, 400, "Media upload error", "Unable to upload the media used in the message."),
    row(131056, 429, "Pair rate limit hit", "Too many messages to the same person in a short period of time."),
    row(131057, 500, "Account in maintenance mode", "The business account is in maintenance mode."),
    row(131062, 400, "Recipient not reachable by this id", "The business-scoped user id cannot be messaged."),
    row(132000, 400, "Template Param Count Mismatch", "The number of parameters does not match the template."),
    row(132001, 404, "Template does not exist", "The template does not exist in that language or is not approved."),
    row(132005, 400, "Template Hydrated Text Too Long", "The translated text is too long."),
    row(132007, 400, "Template Format Character Policy Violated", "The template violates a policy."),
    row(132012, 400, "Template Parameter Format Mismatch", "A parameter is formatted incorrectly."),
    row(132015, 400, "Template is Paused", "The template is paused due to low quality."),
    row(132016, 400, "Template is Disabled", "The template was paused too many times."),
    row(132018, 400, "Template Parameter Issue", "There was an issue with the parameters of the template."),
    row(132069, 400, "Flow is throttled", "The flow is throttled."),
    row(133004, 503, "Server Temporarily Unavailable", "Server is temporarily unavailable."),
    row(133010, 400, "Phone number not registered", "Phone number not registered on the platform."),
];
