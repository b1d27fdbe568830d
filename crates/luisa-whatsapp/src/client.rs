//! The HTTP client of the Cloud API: one call, one answer, no retry.
//!
//! Owns the connection pool, the time-outs and the access token, which never leaves it: not in `Debug`, not in an
//! error, not to a host that is not Meta's. May not decide what an error leads to: that is `fate`.

mod answer;
mod health;
mod media;

pub use answer::{NO_CODE, SendError};
pub use health::{Listed, PhoneNumberInfo, SubscribedApp, TemplateInfo, WebhookSubscription};
pub use media::{HashMismatch, MediaError, MediaId, MediaLocation, verify_sha256};

use crate::send::Envelope;
use reqwest::{RequestBuilder, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use std::time::Duration;

const USER_AGENT: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));
const LONGEST_CONNECT: Duration = Duration::from_secs(5);
/// Files are larger than messages.
const MEDIA_PATIENCE: u32 = 4;

#[derive(Debug, Clone)]
pub struct Config {
    /// `https://graph.facebook.com`, or a provider's or a fake's.
    pub base_url: String,
    /// `v26.0`.
    pub api_version: String,
    pub phone_number_id: String,
    pub access_token: SecretString,
    /// Of a whole call, connecting included.
    pub timeout: Duration,
}

/// A setting that can never work. Never contains the token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    #[error("the base URL is not an http(s) URL")]
    BaseUrl,
    #[error("the {0} is empty")]
    Empty(&'static str),
    #[error("the access token has characters that cannot be in a header")]
    Token,
    #[error("the HTTP client could not be made: {0}")]
    Http(String),
}

#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    version: String,
    phone_number_id: String,
    token: SecretString,
    timeout: Duration,
}

/// Meta took the message. Whether it arrives, the statuses tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    pub message_id: String,
    /// The recipient's ids as Meta knows them.
    pub wa_id: Option<String>,
    pub user_id: Option<String>,
    /// Of templates: `accepted`, `held_for_quality_assessment`, `paused`.
    pub message_status: Option<String>,
}

/// Showing "typing…" marks the message as read too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typing {
    Show,
    No,
}

impl Client {
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        // Fails when one is installed already, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        let base = Url::parse(config.base_url.trim()).map_err(|_| ConfigError::BaseUrl)?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(ConfigError::BaseUrl);
        }
        let version = filled("API version", &config.api_version)?;
        let phone_number_id = filled("phone number id", &config.phone_number_id)?;
        let token = filled("access token", config.access_token.expose_secret())?;
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(ConfigError::Token);
        }
        let http = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .timeout(config.timeout)
            .connect_timeout((config.timeout / 2).min(LONGEST_CONNECT))
            // Followed, a redirect would carry the customer's number and the words to another host.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| ConfigError::Http(error.to_string()))?;
        Ok(Self { http, base, version, phone_number_id, token: token.into(), timeout: config.timeout })
    }

    /// Sends one message. Use [`Envelope::checked`] first.
    pub async fn send(&self, envelope: &Envelope) -> Result<Accepted, SendError> {
        let answer = self.post_message(&envelope.to_json()).await?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let (message, contact) = (&answer["messages"][0], &answer["contacts"][0]);
        Ok(Accepted {
            message_id: text(&message["id"]).ok_or(SendError::Broken("no message id in the answer".into()))?,
            wa_id: text(&contact["wa_id"]),
            user_id: text(&contact["user_id"]),
            message_status: text(&message["message_status"]),
        })
    }

    /// Two blue ticks, and for at most 25 s "typing…". Never towards a message that is not for us.
    pub async fn mark_read(&self, message_id: &str, typing: Typing) -> Result<(), SendError> {
        let mut body = json!({ "messaging_product": "whatsapp", "status": "read", "message_id": message_id });
        if typing == Typing::Show {
            body["typing_indicator"] = json!({ "type": "text" });
        }
        self.post_message(&body).await.map(drop)
    }

    async fn post_message(&self, body: &Value) -> Result<Value, SendError> {
        let url = self.url(&[&self.phone_number_id, "messages"]);
        self.call(self.http.post(url).json(body)).await
    }

    fn url(&self, path: &[&str]) -> Url {
        let mut url = self.base.clone();
        url.path_segments_mut().expect("an http URL has a path").pop_if_empty().push(&self.version).extend(path);
        url
    }

    async fn call(&self, request: RequestBuilder) -> Result<Value, SendError> {
        self.call_as(request, &self.token).await
    }

    async fn call_as(&self, request: RequestBuilder, token: &SecretString) -> Result<Value, SendError> {
        let secret = token.expose_secret();
        let response = request.bearer_auth(secret).send().await.map_err(|error| answer::lost(error, secret))?;
        answer::read(response, secret).await
    }
}

fn filled(what: &'static str, setting: &str) -> Result<String, ConfigError> {
    let setting = setting.trim();
    if setting.is_empty() { Err(ConfigError::Empty(what)) } else { Ok(setting.to_owned()) }
}
