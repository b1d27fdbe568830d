//! Meta's side of the webhook: signs and posts payloads, and redelivers what was not taken.
//!
//! Owns the signature and the escaping of the raw body. May not know what a payload means.

use crate::http_client::http_client;
use hmac::{Hmac, KeyInit, Mac};
pub use reqwest::StatusCode;
use serde_json::Value;
use sha2::Sha256;
use std::fmt::Write;
use std::time::Duration;

/// A service that takes longer than this is, for Meta, a service that did not answer.
const TIMEOUT: Duration = Duration::from_secs(10);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

#[derive(Debug, thiserror::Error)]
pub enum NotDelivered {
    #[error("the webhook could not be reached: {0}")]
    Unreachable(#[from] reqwest::Error),
    #[error("the webhook did not take the payload in {tries} tries; the last answer was {last}")]
    Refused { tries: u32, last: StatusCode },
}

#[derive(Clone)]
pub struct Webhook {
    url: String,
    secret: Option<String>,
    client: reqwest::Client,
}

impl Webhook {
    /// Without a secret nothing is signed.
    pub fn new(url: impl Into<String>, secret: Option<&str>) -> Self {
        Self { url: url.into(), secret: secret.map(str::to_owned), client: http_client(TIMEOUT) }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// One delivery, signed over exactly the bytes that go out.
    pub async fn post(&self, payload: &Value) -> Result<StatusCode, NotDelivered> {
        let body = escaped(payload);
        let signature = self.secret.as_deref().map(|secret| sign(secret, &body));
        self.post_raw(body, signature.as_deref()).await
    }

    /// Any bytes with any signature header, or none.
    pub async fn post_raw(
        &self,
        body: impl Into<Vec<u8>>,
        signature: Option<&str>,
    ) -> Result<StatusCode, NotDelivered> {
        let body: Vec<u8> = body.into();
        let mut request = self.client.post(&self.url).header("content-type", "application/json").body(body);
        if let Some(signature) = signature {
            request = request.header("x-hub-signature-256", signature);
        }
        Ok(request.send().await?.status())
    }

    /// Delivers again, with growing pauses, until a 2xx; answers how many tries it took.
    pub async fn post_until_taken(&self, payload: &Value, tries: u32) -> Result<u32, NotDelivered> {
        let mut pause = FIRST_PAUSE;
        let mut attempt = 1;
        loop {
            let outcome = self.post(payload).await;
            match outcome {
                Ok(status) if status.is_success() => return Ok(attempt),
                Ok(last) if attempt >= tries => return Err(NotDelivered::Refused { tries: attempt, last }),
                Err(error) if attempt >= tries => return Err(error),
                Ok(_) | Err(_) => {}
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
            attempt += 1;
        }
    }

    /// The subscription check: what was answered, and the body (the challenge, when all is well).
    pub async fn verify(&self, token: &str, challenge: &str) -> Result<(StatusCode, String), NotDelivered> {
        let query = [("hub.mode", "subscribe"), ("hub.verify_token", token), ("hub.challenge", challenge)];
        let response = self.client.get(&self.url).query(&query).send().await?;
        let status = response.status();
        Ok((status, response.text().await?))
    }
}

/// The value of `X-Hub-Signature-256`.
pub fn sign(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

/// The payload as Meta writes it: `\u00f1` for everything beyond ASCII, and `\/`. Whoever parses and serialises it
/// again gets other bytes, and another signature.
pub fn escaped(payload: &Value) -> Vec<u8> {
    let plain = payload.to_string();
    let mut out = String::with_capacity(plain.len() + plain.len() / 8);
    let mut units = [0; 2];
    for letter in plain.chars() {
        match letter {
            // Outside strings JSON has neither slashes nor letters beyond ASCII, so no parsing is needed.
            '/' => out.push_str("\\/"),
            ascii if ascii.is_ascii() => out.push(ascii),
            beyond => {
                for unit in beyond.encode_utf16(&mut units) {
                    write!(out, "\\u{unit:04x}").expect("writing to a string cannot fail");
                }
            }
        }
    }
    out.into_bytes()
}
