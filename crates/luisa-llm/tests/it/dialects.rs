//! What goes out for each model and server: the fake refuses every field it would not know.

use crate::world::{ask, client, config, question, structured};
use luisa_fakes::openai::Dialect as Server;
use luisa_fakes::{Answer, FakeOpenAi};
use luisa_llm::dialect::{Effort, OutputCap, Structure, Temperature};
use luisa_llm::{Client, Config, Dialect, Message, Prices, Request, Role};
use serde_json::{Value, json};

/// The body that a server took. Its answer fits the schema when one was asked for.
async fn taken(server: Server, request: &Request) -> Value {
    let openai = FakeOpenAi::start().await;
    openai.speak(server);
    openai.script(|_| Answer::Json(json!({ "reply": "Hola", "sure": null })));
    ask(&client(&openai), request).await.unwrap();
    openai.requests()[0].body.clone()
}

#[tokio::test]
async fn the_default_model_takes_the_default_settings() {
    let body = taken(Server::OpenAi, &question()).await;
    let expected = json!({
        "model": "gpt-6-luna",
        "messages": [
            { "role": "system", "content": "Eres LUISA." },
            { "role": "user", "content": "¿Qué máquina me sirve para coser jeans?" },
        ],
        "max_completion_tokens": 180,
        "reasoning_effort": "none",
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn every_model_of_the_table_takes_a_question_and_a_schema() {
    for model in Prices::embedded().models() {
        for request in [question(), structured()] {
            let body = taken(Server::OpenAi, &Request { model: model.id.clone(), ..request }).await;
            assert_eq!(body.get("temperature").is_some(), !model.reasoning, "{body}");
            assert_eq!(body.get("reasoning_effort").is_some(), model.reasoning, "{body}");
        }
    }
}

#[tokio::test]
async fn a_schema_goes_out_strict_and_a_temperature_as_it_was_written() {
    let request = Request { model: "gpt-4o-mini".into(), ..structured() };
    let body = taken(Server::OpenAi, &request).await;
    assert_eq!(body["temperature"].to_string(), "0.3");
    let format = &body["response_format"];
    assert_eq!((&format["type"], &format["json_schema"]["strict"]), (&json!("json_schema"), &json!(true)));
    assert_eq!(format["json_schema"]["schema"], request.schema.unwrap().schema);
}

#[tokio::test]
async fn an_older_server_gets_only_what_it_knows_and_the_schema_in_words() {
    let mut request = Request { model: "llama".into(), ..structured() };
    request.messages.insert(0, Message { role: Role::Assistant, text: "Buenas".into() });
    let body = taken(Server::Older, &request).await;
    let keys: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["max_tokens", "messages", "model", "temperature"]);
    let system = body["messages"][0]["content"].as_str().unwrap();
    assert!(system.starts_with("Eres LUISA.") && system.contains(r#""additionalProperties":false"#), "{system}");
    assert_eq!(body["messages"][1]["role"], "assistant");
}

#[tokio::test]
async fn a_dialect_set_by_hand_is_spoken() {
    let openai = FakeOpenAi::start().await;
    openai.speak(Server::Older);
    let config = Config { dialect: Some(Dialect::OLDER), ..config(openai.base_url()) };
    ask(&Client::new(config).unwrap(), &question()).await.unwrap();
    assert_eq!(openai.requests()[0].body["max_tokens"], 180);
}

#[test]
fn the_dialect_follows_the_table_then_the_server() {
    let prices = Prices::embedded();
    let openai = "api.openai.com";
    let cases = [
        ("gateway.example", "gpt-6-luna", Dialect::reasoning(Some(Effort::None))),
        (openai, "gpt-6-luna-2026-09-01", Dialect::reasoning(Some(Effort::None))),
        (openai, "gpt-5-nano", Dialect::reasoning(Some(Effort::Minimal))),
        (openai, "gpt-4o-mini", Dialect::CURRENT),
        (openai, "gpt-4-turbo", Dialect::CURRENT),
        (openai, "gpt-7-sol", Dialect::reasoning(Some(Effort::None))),
        ("localhost", "qwen3:8b", Dialect::OLDER),
    ];
    for (host, model, dialect) in cases {
        assert_eq!(Dialect::of(host, model, &prices), dialect, "{model} at {host}");
    }
    assert_eq!((Dialect::OLDER.output_cap, Dialect::OLDER.temperature), (OutputCap::MaxTokens, Temperature::Sent));
    assert_eq!(Dialect::CURRENT.structure, Structure::JsonSchema);
}
