//! The LUISA that is checked, over HTTP as everybody else reaches her.
//!
//! Owns the calls and what a missing answer is called. May not judge an answer.

use std::error::Error;
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use luisa_store::ConversationId;
use reqwest::{RequestBuilder, Response, header};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::runtime::checks::Run;

/// A database that is locked answers after five seconds; whatever takes longer is no answer to a customer.
const PATIENCE: Duration = Duration::from_secs(8);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error("nothing answers at {0} ({1})")]
    Unreachable(String, String),
    #[error("{path} is answered {status}: {message}")]
    Refused { path: String, status: u16, message: String },
}

pub(super) struct Running {
    http: reqwest::Client,
    pub(super) base: String,
    key: Option<SecretString>,
    pub(super) run: Run,
}

/// An answer and the clock of the machine that gave it.
pub(super) struct Dated {
    pub(super) body: Value,
    pub(super) clock: Option<Timestamp>,
}

impl Running {
    pub(super) fn new(base: String, key: Option<SecretString>, run: Run) -> reqwest::Result<Self> {
        // Fails when one is installed already, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder().timeout(PATIENCE).build()?;
        Ok(Self { http, base, key, run })
    }

    /// Writes a message as a customer would.
    pub(super) async fn ask(&self, chat: &str, say: &str) -> Result<Value, Trouble> {
        let id = ConversationId(self.run.conversation(chat));
        let body = json!({ "conversation_id": id, "text": say, "sender": "customer" });
        let path = "/api/chat";
        Ok(self.call(path, self.http.post(self.url(path)).json(&body)).await?.body)
    }

    pub(super) async fn get(&self, path: &str) -> Result<Value, Trouble> {
        Ok(self.dated(path).await?.body)
    }

    pub(super) async fn dated(&self, path: &str) -> Result<Dated, Trouble> {
        self.call(path, self.http.get(self.url(path))).await
    }

    /// The traces of this run's conversations.
    pub(super) async fn traces(&self) -> Result<Value, Trouble> {
        self.get(&self.own()).await
    }

    /// Removes this run's conversations; rows by table.
    pub(super) async fn remove(&self) -> Result<Value, Trouble> {
        let path = self.own();
        Ok(self.call(&path, self.http.delete(self.url(&path))).await?.body)
    }

    fn own(&self) -> String {
        format!("/ops/checks/{}", self.run.name())
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    async fn call(&self, path: &str, request: RequestBuilder) -> Result<Dated, Trouble> {
        let request = match &self.key {
            Some(key) => request.header("X-LUISA-API-KEY", key.expose_secret()),
            None => request,
        };
        let unreachable = |error: reqwest::Error| Trouble::Unreachable(self.base.clone(), reason(&error));
        let response = request.send().await.map_err(unreachable)?;
        let (status, clock) = (response.status(), clock(&response));
        let body = response.text().await.map_err(unreachable)?;
        let json: Value = serde_json::from_str(&body).unwrap_or_default();
        if status.is_success() && !json.is_null() {
            return Ok(Dated { body: json, clock });
        }
        let message = json["message"].as_str().unwrap_or("not in LUISA's words; is it she?").to_owned();
        Err(Trouble::Refused { path: path.to_owned(), status: status.as_u16(), message })
    }
}

impl Trouble {
    /// What to do about it.
    pub(super) fn remedy(&self) -> &'static str {
        match self {
            Self::Unreachable(..) => "start luisa, or name her address with --base-url",
            Self::Refused { status: 401, .. } => "set LUISA_API_KEY to her key, as in her .env",
            Self::Refused { status: 404, .. } => {
                "is it a LUISA of this version, with checks.toml in her business pack?"
            }
            Self::Refused { status: 429, .. } => "wait a minute and check again",
            Self::Refused { .. } => "look at her log: it says why",
        }
    }
}

/// The time by which a server answered.
pub(super) fn clock(response: &Response) -> Option<Timestamp> {
    let date = response.headers().get(header::DATE)?.to_str().ok()?;
    // HTTP writes GMT where RFC 2822 has an offset.
    rfc2822::DateTimeParser::new().parse_timestamp(date).ok()
}

/// The innermost words: the outer ones only say that a request failed.
pub(super) fn reason(error: &reqwest::Error) -> String {
    let mut inner: &dyn Error = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}
