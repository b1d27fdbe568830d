//! The HTTP client: one question, one deadline, at most one retry.
//!
//! Owns the connections, the key and the time. The key never leaves it: not in `Debug`, not in an error, not to another
//! host. May not judge an answer beyond its shape, nor decide whether to ask: that is `gate`.

mod answer;
mod failure;
mod retry;
mod transcription;

pub use answer::ModelInfo;

use crate::call::{Basis, Completion, Failed, Failure, Request, Spent, Usage};
use crate::dialect::{Dialect, is_openai};
use crate::price::{Model, Prices, estimate_request};
use answer::Reading;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{RequestBuilder, Response, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::timeout_at;

const USER_AGENT: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));
const LONGEST_CONNECT: Duration = Duration::from_secs(3);
/// Answers are a few kilobytes; a list of models is the largest.
const LARGEST_ANSWER: usize = 512 * 1024;

#[derive(Debug, Clone)]
pub struct Config {
    /// Up to and with `/v1`.
    pub base_url: String,
    /// Servers of one's own need none.
    pub api_key: Option<SecretString>,
    /// Of a whole turn: connecting, reading and the retry included.
    pub timeout: Duration,
    /// For a server that is unlike the known ones; otherwise found from server and model.
    pub dialect: Option<Dialect>,
    pub prices: Arc<Prices>,
}

/// A setting that can never work. Never contains the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    #[error("the base URL is not an http(s) URL without user and password")]
    BaseUrl,
    #[error("the API key is empty or has characters that cannot be in a header")]
    Key,
    #[error("the HTTP client could not be made: {0}")]
    Http(String),
}

#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    key: Option<SecretString>,
    timeout: Duration,
    dialect: Option<Dialect>,
    prices: Arc<Prices>,
}

/// What came back of one HTTP call.
struct Answered {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Client {
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        // Fails when one is installed already, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        let base = Url::parse(config.base_url.trim()).map_err(|_| ConfigError::BaseUrl)?;
        let bare = base.username().is_empty() && base.password().is_none();
        if !matches!(base.scheme(), "http" | "https") || !bare {
            return Err(ConfigError::BaseUrl);
        }
        let key = config.api_key.map(checked_key).transpose()?;
        let http = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .timeout(config.timeout)
            .connect_timeout((config.timeout / 2).min(LONGEST_CONNECT))
            // A redirected question would take the customer's text to a host nobody configured.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| ConfigError::Http(error.to_string()))?;
        Ok(Self { http, base, key, timeout: config.timeout, dialect: config.dialect, prices: config.prices })
    }

    /// When a turn that begins now must be over.
    pub fn deadline(&self) -> Instant {
        Instant::now() + self.timeout
    }

    /// Asks, and has an answer or a reason by `until`, or by the client's own deadline when that is earlier. What comes
    /// later is never seen.
    pub async fn complete(&self, request: &Request, until: Instant) -> Result<Completion, Failed> {
        let started = Instant::now();
        let deadline = until.min(started + self.timeout);
        let mut attempts = 0;
        if deadline <= started {
            return Err(Failed { failure: Failure::Timeout, spent: None, latency: Duration::ZERO, attempts });
        }
        let tries = self.tries(request, deadline, &mut attempts);
        let outcome = timeout_at(deadline.into(), tries).await;
        let latency = started.elapsed();
        let reading = match outcome.unwrap_or(Err(Failure::Timeout)) {
            Ok(reading) => reading,
            Err(failure) => {
                let spent = failure::may_be_billed(&failure).then(|| self.dearest_case(request));
                return Err(Failed { failure, spent, latency, attempts });
            }
        };
        let spent = self.spent(request, &reading);
        match reading.said {
            Ok((content, finish)) => Ok(Completion { content, finish, spent, latency, attempts }),
            Err(failure) => Err(Failed { failure, spent: Some(spent), latency, attempts }),
        }
    }

    /// The models the key may use, and when they end. No retry: a check can be repeated.
    pub async fn models(&self, until: Instant) -> Result<Vec<ModelInfo>, Failure> {
        let deadline = until.min(self.deadline());
        let call = async {
            let answered = self.call(self.http.get(self.url(&["models"]))).await?;
            let body = self.good_body(&answered, None)?;
            answer::models(body)
        };
        timeout_at(deadline.into(), call).await.unwrap_or(Err(Failure::Timeout))
    }

    /// The most this request can cost: what a budget sets aside before the call.
    pub fn dearest_case(&self, request: &Request) -> Spent {
        self.priced(request, &request.model, estimate_request(request), Basis::Estimated)
    }

    pub fn dialect_of(&self, model: &str) -> Dialect {
        let found = || Dialect::of(self.base.host_str().unwrap_or_default(), model, &self.prices);
        self.dialect.unwrap_or_else(found)
    }

    async fn tries(&self, request: &Request, deadline: Instant, attempts: &mut u32) -> Result<Reading, Failure> {
        let body = self.dialect_of(&request.model).body(request);
        loop {
            *attempts += 1;
            let failure = match self.ask(request, body.clone()).await {
                Ok(reading) => return Ok(reading),
                Err(failure) => failure,
            };
            let left = deadline.saturating_duration_since(Instant::now());
            let Some(pause) = retry::pause(&failure, *attempts, left, retry::jitter()) else {
                return Err(failure);
            };
            tokio::time::sleep(pause).await;
        }
    }

    async fn ask(&self, request: &Request, body: Vec<u8>) -> Result<Reading, Failure> {
        let url = self.url(&["chat", "completions"]);
        let call = self.http.post(url).header(CONTENT_TYPE, "application/json").body(body);
        let answered = self.call(call).await?;
        let body = self.good_body(&answered, Some(request))?;
        answer::completion(body, request.schema.as_ref())
    }

    async fn call(&self, call: RequestBuilder) -> Result<Answered, Failure> {
        let call = match &self.key {
            Some(key) => call.bearer_auth(key.expose_secret()),
            None => call,
        };
        let response = call.send().await.map_err(|error| failure::unsent(error, self.secret()))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = match read_body(response).await {
            Ok(body) => body,
            // Its status was read: whatever the rest would have said, it was no answer.
            Err(_) if !status.is_success() => Vec::new(),
            Err(failure) => return Err(failure),
        };
        Ok(Answered { status, headers, body })
    }

    fn good_body<'a>(&self, answered: &'a Answered, request: Option<&Request>) -> Result<&'a [u8], Failure> {
        let said = failure::Said { status: answered.status, headers: &answered.headers, body: &answered.body };
        match failure::refusal(&said, self.secret(), request) {
            Some(failure) => Err(failure),
            None => Ok(&answered.body),
        }
    }

    fn spent(&self, request: &Request, reading: &Reading) -> Spent {
        let model = reading.model.as_deref().unwrap_or(&request.model);
        match reading.usage {
            Some(usage) => self.priced(request, model, usage, Basis::Counted),
            None => {
                let guess = Usage {
                    output: reading.estimated_output.unwrap_or(request.max_output_tokens),
                    ..estimate_request(request)
                };
                self.priced(request, model, guess, Basis::Estimated)
            }
        }
    }

    fn priced(&self, request: &Request, model: &str, usage: Usage, basis: Basis) -> Spent {
        let (price, basis) = match self.price(&request.model, model) {
            Price::Known(price) => (Some(price), basis),
            Price::Feared(price) => (Some(price), Basis::Estimated),
            Price::None => (None, Basis::Unpriced),
        };
        Spent { model: model.to_owned(), usage, cost: price.map(|price| price.cost(&usage)).unwrap_or_default(), basis }
    }

    fn price(&self, asked: &str, answered: &str) -> Price<'_> {
        if let Some(known) = self.prices.find(asked).or_else(|| self.prices.find(answered)) {
            return Price::Known(known);
        }
        let sends_bills = self.base.host_str().is_some_and(is_openai);
        let dearest = self.prices.dearest().filter(|_| sends_bills);
        dearest.map_or(Price::None, Price::Feared)
    }

    fn url(&self, path: &[&str]) -> Url {
        let mut url = self.base.clone();
        url.path_segments_mut().expect("an http URL has a path").pop_if_empty().extend(path);
        url
    }

    fn secret(&self) -> &str {
        self.key.as_ref().map(ExposeSecret::expose_secret).unwrap_or_default()
    }
}

enum Price<'a> {
    Known(&'a Model),
    /// Of another model: the dearest there is.
    Feared(&'a Model),
    None,
}

fn checked_key(key: SecretString) -> Result<SecretString, ConfigError> {
    let trimmed = key.expose_secret().trim();
    let sendable = trimmed.bytes().all(|byte| byte.is_ascii_graphic());
    if trimmed.is_empty() || !sendable { Err(ConfigError::Key) } else { Ok(trimmed.into()) }
}

async fn read_body(mut response: Response) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(None) => return Ok(body),
            Ok(Some(chunk)) if body.len() + chunk.len() > LARGEST_ANSWER => return Err(Failure::TooLarge),
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Err(error) if error.is_timeout() => return Err(Failure::Timeout),
            Err(_) => return Err(Failure::Truncated),
        }
    }
}
