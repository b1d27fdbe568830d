//! A service as the fakes see it: a client of the Graph API, and a webhook that remembers.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use luisa_fakes::FakeMeta;
use luisa_fakes::payload::{PHONE_NUMBER_ID, WABA_ID};
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(crate) const SOON: Duration = Duration::from_secs(20);
pub(crate) const PHONE: &str = "573005550101";
pub(crate) const USER_ID: &str = "CO.1047385771169864";

pub(crate) fn client(timeout: Duration) -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().timeout(timeout).user_agent("test").build().unwrap()
}

/// The service's side of the Graph API.
pub(crate) struct Caller {
    pub(crate) http: reqwest::Client,
    pub(crate) base_url: String,
}

impl Caller {
    pub(crate) fn of(meta: &FakeMeta) -> Self {
        Self { http: client(SOON), base_url: meta.base_url().to_owned() }
    }

    pub(crate) fn impatient(meta: &FakeMeta) -> Self {
        Self { http: client(Duration::from_millis(400)), base_url: meta.base_url().to_owned() }
    }

    pub(crate) fn messages(&self) -> RequestBuilder {
        self.http.post(format!("{}/v26.0/{PHONE_NUMBER_ID}/messages", self.base_url)).bearer_auth("token")
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.http.get(format!("{}/v26.0/{path}", self.base_url)).bearer_auth("token")
    }

    pub(crate) fn account(&self, edge: &str) -> RequestBuilder {
        self.get(&format!("{WABA_ID}/{edge}"))
    }

    /// The HTTP status and the JSON of a send.
    pub(crate) async fn send(&self, message: &Value) -> (u16, Value) {
        answer(self.messages().json(message)).await
    }

    /// The error code of a message that must be refused, with its details.
    pub(crate) async fn refused(&self, message: &Value) -> (i64, String) {
        let (status, body) = self.send(message).await;
        assert!(status >= 400, "{message} was answered {status} {body}");
        let error = &body["error"];
        assert_eq!(error["type"], "OAuthException");
        assert!(error["fbtrace_id"].is_string() && error["message"].is_string());
        (error["code"].as_i64().unwrap(), error["error_data"]["details"].as_str().unwrap().to_owned())
    }
}

pub(crate) async fn answer(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    (status, response.json().await.unwrap())
}

pub(crate) fn text_to(to: &str, body: &str) -> Value {
    let text = json!({ "body": body });
    json!({ "messaging_product": "whatsapp", "recipient_type": "individual", "to": to, "type": "text", "text": text })
}

pub(crate) fn message(kind: &str, body: Value) -> Value {
    let mut message = json!({ "messaging_product": "whatsapp", "to": PHONE, "type": kind });
    message[kind] = body;
    message
}

/// The service's webhook.
pub(crate) struct Service {
    pub(crate) url: String,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    bodies: Vec<(Vec<u8>, Option<String>)>,
    answers: VecDeque<u16>,
}

impl Service {
    /// Answers with these statuses first, then 200.
    pub(crate) async fn answering(first: &[u16]) -> Self {
        let seen = Arc::new(Mutex::new(Seen { answers: first.iter().copied().collect(), ..Seen::default() }));
        let router = Router::new().route("/whatsapp/webhook", post(receive).get(verify)).with_state(Arc::clone(&seen));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/whatsapp/webhook", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, seen }
    }

    pub(crate) fn raw(&self) -> Vec<(Vec<u8>, Option<String>)> {
        self.seen.lock().unwrap().bodies.clone()
    }

    pub(crate) fn bodies(&self) -> Vec<Value> {
        self.raw().iter().map(|(body, _)| serde_json::from_slice(body).unwrap()).collect()
    }
}

async fn receive(State(seen): State<Arc<Mutex<Seen>>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let signature = headers.get("x-hub-signature-256").map(|value| value.to_str().unwrap().to_owned());
    let mut seen = seen.lock().unwrap();
    seen.bodies.push((body.to_vec(), signature));
    StatusCode::from_u16(seen.answers.pop_front().unwrap_or(200)).unwrap()
}

async fn verify(axum::extract::RawQuery(query): axum::extract::RawQuery) -> String {
    query.unwrap_or_default()
}
