//! What a caller is told when something is wrong: one JSON shape, a clear sentence, nothing of our inside.
//!
//! Owns the shape. The cause of a 5xx is logged here and stays here.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use luisa_store::StoreError;
use serde_json::json;
use tracing::error;

use crate::catalog::CatalogError;
use crate::runtime::turn::TurnError;

/// A refusal.
#[derive(Debug)]
pub struct Refused {
    status: StatusCode,
    error: &'static str,
    message: String,
    retry_after: Option<u64>,
}

impl Refused {
    fn new(status: StatusCode, error: &'static str, message: impl Into<String>) -> Self {
        Self { status, error, message: message.into(), retry_after: None }
    }

    pub fn bad_input(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    pub fn too_large(limit: usize) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", format!("the body is larger than {limit} bytes"))
    }

    pub fn not_json_content() -> Self {
        let message = "send the body as JSON, with the header `Content-Type: application/json`";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message)
    }

    pub fn too_many(retry_after_seconds: u64) -> Self {
        let message = format!("too many messages in this conversation: try again in {retry_after_seconds} s");
        let retry_after = Some(retry_after_seconds);
        Self { retry_after, ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", message) }
    }

    pub fn too_fast(retry_after_seconds: u64) -> Self {
        let message = format!("too many requests from this address: try again in {retry_after_seconds} s");
        let retry_after = Some(retry_after_seconds);
        Self { retry_after, ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", message) }
    }

    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("there is no such {what}"))
    }

    pub fn wrong_method() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "this route does not take this method")
    }

    pub fn no_key() -> Self {
        let message = "send the key of LUISA_API_KEY in the header `X-LUISA-API-KEY`";
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", message)
    }

    pub fn foreign() -> Self {
        let message = "this LUISA answers her own machine only: set PRODUCTION_MODE=true and a key to let others in";
        Self::new(StatusCode::FORBIDDEN, "forbidden", message)
    }

    pub fn slow() -> Self {
        let message = "the body came too slowly, or too much of it at once from this address";
        Self::new(StatusCode::REQUEST_TIMEOUT, "too_slow", message)
    }

    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", message)
    }

    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message)
    }

    fn internal() -> Self {
        let message = "something went wrong on our side; it has been logged";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let body = Json(json!({ "error": self.error, "message": self.message }));
        let mut response = (self.status, body).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::not_found("record"),
            StoreError::Conflict(why) => Self::conflict(why),
            StoreError::Busy => {
                error!(error = %StoreError::Busy, "request_failed");
                Self::unavailable("the database is busy: try again in a moment")
            }
            other => {
                error!(error = %other, "request_failed");
                Self::internal()
            }
        }
    }
}

impl From<CatalogError> for Refused {
    fn from(error: CatalogError) -> Self {
        match error {
            CatalogError::Store(error) => error.into(),
            CatalogError::Unusable(_) => Self::conflict(error.to_string()),
        }
    }
}

impl From<TurnError> for Refused {
    fn from(error: TurnError) -> Self {
        match error {
            TurnError::Store(error) => error.into(),
            // Logged where the turn was put back.
            TurnError::Panicked(_) => Self::internal(),
        }
    }
}
