//! What the fake model says, and every way in which it does not.
//!
//! Owns the shape of a completion and the errors. May not decide which answer is whose turn.

use crate::server::{cut_off, dripping, gateway_page, json_text};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};
use std::pin::Pin;
use std::time::Duration;

#[derive(Clone, Debug)]
pub enum Answer {
    Text(String),
    /// Structured output: the JSON goes into `content` as text.
    Json(Value),
    /// A compatible server that counts no tokens.
    WithoutUsage(String),
    Refusal(String),
    /// `content` is an empty string.
    Empty,
    /// `content` is null and there is no refusal either.
    NullContent,
    /// `finish_reason` is `length`: the text stops where it stops.
    CutShort(String),
    /// Strings where numbers belong and the other way round.
    WrongTypes,
    /// `choices` is an empty array.
    NoChoices,
    /// The body ends in the middle, properly closed.
    TruncatedJson,
    NotJson,
    /// The connection breaks in the middle of the body.
    Reset,
    /// A whole body of any shape.
    Raw(Value),
    Error(ApiError),
    /// A proxy's HTML page.
    Gateway(u16),
    /// No answer, for ever or until a 504 at the end.
    Hang(Option<Duration>),
    /// The text, a few bytes at a time with a pause after each: the first byte is early, the last one is not.
    Drip {
        text: String,
        every: Duration,
    },
    After(Duration, Box<Answer>),
}

/// An error of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    pub status: u16,
    pub kind: String,
    pub code: Option<String>,
    pub message: String,
    pub retry_after_seconds: Option<u64>,
}

impl ApiError {
    /// 429 that passes.
    pub fn rate_limit(retry_after_seconds: u64) -> Self {
        let message = format!("Rate limit reached. Please try again in {retry_after_seconds}s.");
        let error = Self::new(429, "requests", Some("rate_limit_exceeded"), &message);
        Self { retry_after_seconds: Some(retry_after_seconds), ..error }
    }

    /// 429 that does not pass: somebody has to pay.
    pub fn insufficient_quota() -> Self {
        let message = "You exceeded your current quota, please check your plan and billing details.";
        Self::new(429, "insufficient_quota", Some("insufficient_quota"), message)
    }

    /// 500, 502, 503 or 504 as JSON (see `Answer::Gateway` for HTML).
    pub fn server(status: u16) -> Self {
        Self::new(status, "server_error", None, "The server had an error while processing your request.")
    }

    pub fn bad_request(message: &str) -> Self {
        Self::new(400, "invalid_request_error", None, message)
    }

    pub fn unsupported(code: &str, message: &str) -> Self {
        Self::new(400, "invalid_request_error", Some(code), message)
    }

    pub fn unauthorized() -> Self {
        Self::new(401, "invalid_request_error", Some("invalid_api_key"), "Incorrect API key provided.")
    }

    pub fn forbidden() -> Self {
        Self::new(403, "invalid_request_error", Some("unsupported_country_region_territory"), "Country not supported.")
    }

    pub fn no_such_model(model: &str) -> Self {
        let message = format!("The model `{model}` does not exist or you do not have access to it.");
        Self::new(404, "invalid_request_error", Some("model_not_found"), &message)
    }

    fn new(status: u16, kind: &str, code: Option<&str>, message: &str) -> Self {
        let (kind, code) = (kind.to_owned(), code.map(str::to_owned));
        Self { status, kind, code, message: message.to_owned(), retry_after_seconds: None }
    }

    pub(super) fn response(&self) -> Response {
        let body = json!({ "error": { "message": self.message, "type": self.kind, "param": null, "code": self.code } });
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = json_text(status, body.to_string());
        if let Some(seconds) = self.retry_after_seconds {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<&str> for Answer {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<ApiError> for Answer {
    fn from(error: ApiError) -> Self {
        Self::Error(error)
    }
}

impl Answer {
    #[must_use]
    pub fn after(self, time: Duration) -> Self {
        Self::After(time, Box::new(self))
    }

    /// A late answer plays itself again inside, and only a box has a size that does not depend on itself.
    fn play_boxed<'a>(
        self,
        body_of: impl Fn(Said) -> Value + Send + 'a,
    ) -> Pin<Box<dyn Future<Output = Response> + Send + 'a>> {
        Box::pin(self.play(body_of))
    }

    /// `body_of` puts a message and a reason to stop into the body that this endpoint has.
    pub(super) async fn play(self, body_of: impl Fn(Said) -> Value + Send) -> Response {
        let body = match self {
            Self::Text(text) => body_of(Said::text(&text)),
            Self::Json(value) => body_of(Said::text(&value.to_string())),
            Self::CutShort(text) => body_of(Said { finish_reason: "length", ..Said::text(&text) }),
            Self::Empty => body_of(Said::text("")),
            Self::NullContent => body_of(Said { content: Value::Null, ..Said::text("") }),
            Self::Refusal(why) => body_of(Said { content: Value::Null, refusal: json!(why), ..Said::text("") }),
            Self::WithoutUsage(text) => without_usage(body_of(Said::text(&text))),
            Self::WrongTypes => json!({ "id": 7, "choices": { "message": ["text"] }, "usage": "many", "text": 12 }),
            Self::NoChoices => json!({ "id": "chatcmpl-empty", "object": "chat.completion", "choices": [] }),
            Self::Raw(body) => body,
            Self::TruncatedJson => return json_text(StatusCode::OK, halved(&body_of(Said::text("cut")))),
            Self::NotJson => return json_text(StatusCode::OK, "upstream says hello"),
            Self::Reset => return cut_off(halved(&body_of(Said::text("cut")))),
            Self::Error(error) => return error.response(),
            Self::Gateway(status) => return gateway_page(status),
            Self::After(time, later) => {
                tokio::time::sleep(time).await;
                return later.play_boxed(body_of).await;
            }
            Self::Hang(None) => std::future::pending().await,
            Self::Hang(Some(time)) => {
                tokio::time::sleep(time).await;
                return gateway_page(504);
            }
            Self::Drip { text, every } => return dripping(body_of(Said::text(&text)).to_string(), 8, every),
        };
        json_text(StatusCode::OK, body.to_string())
    }
}

/// What the model says in one choice.
pub(super) struct Said {
    pub(super) content: Value,
    pub(super) refusal: Value,
    pub(super) finish_reason: &'static str,
}

impl Said {
    fn text(text: &str) -> Self {
        Self { content: json!(text), refusal: Value::Null, finish_reason: "stop" }
    }
}

fn without_usage(mut body: Value) -> Value {
    if let Some(object) = body.as_object_mut() {
        object.remove("usage");
    }
    body
}

fn halved(body: &Value) -> String {
    let text = body.to_string();
    text.chars().take(text.chars().count() / 2).collect()
}
