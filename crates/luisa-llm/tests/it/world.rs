//! A client, a fake provider and a question, as most tests need them.

use luisa_fakes::FakeOpenAi;
use luisa_llm::{Client, Completion, Config, Failed, Message, Prices, Request, Role, Schema};
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Not of OpenAI's form, so that nothing masks it for another reason.
pub(crate) const KEY: &str = "test-key-0123456789";
/// Far more than anything here takes: reaching it means that something hangs.
pub(crate) const SOON: Duration = Duration::from_secs(20);
/// For what must end by the deadline and not before.
pub(crate) const SHORT: Duration = Duration::from_millis(700);

pub(crate) fn config(base_url: &str) -> Config {
    Config {
        base_url: base_url.to_owned(),
        api_key: Some(KEY.into()),
        timeout: Duration::from_secs(8),
        dialect: None,
        prices: Arc::new(Prices::embedded()),
    }
}

pub(crate) fn client(openai: &FakeOpenAi) -> Client {
    Client::new(config(openai.base_url())).unwrap()
}

/// Only the caller's deadline ends its calls in time.
pub(crate) fn patient_client(openai: &FakeOpenAi) -> Client {
    Client::new(Config { timeout: 3 * SOON, ..config(openai.base_url()) }).unwrap()
}

/// With the product's default settings.
pub(crate) fn question() -> Request {
    Request {
        model: "gpt-6-luna".into(),
        system: "Eres LUISA.".into(),
        messages: vec![Message { role: Role::User, text: "¿Qué máquina me sirve para coser jeans?".into() }],
        schema: None,
        max_output_tokens: 180,
        temperature: Some(0.3),
    }
}

pub(crate) fn structured() -> Request {
    let schema = json!({
        "type": "object",
        "properties": { "reply": { "type": "string" }, "sure": { "type": ["number", "null"] } },
        "required": ["reply", "sure"],
        "additionalProperties": false,
    });
    Request { schema: Some(Schema { name: "reply".into(), schema }), ..question() }
}

pub(crate) async fn ask(client: &Client, request: &Request) -> Result<Completion, Failed> {
    ask_within(client, request, Duration::from_secs(8)).await
}

/// The outer limit is what a customer would notice: without it a test of a hanging call would hang itself.
pub(crate) async fn ask_within(client: &Client, request: &Request, time: Duration) -> Result<Completion, Failed> {
    let call = client.complete(request, Instant::now() + time);
    tokio::time::timeout(SOON, call).await.expect("a call outlived its deadline")
}
