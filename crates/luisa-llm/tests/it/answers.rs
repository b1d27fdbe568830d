//! Good answers: what they say, what they cost, and which fields may be missing.

use crate::world::{ask, client, config, question, structured};
use luisa_fakes::{Answer, FakeOpenAi};
use luisa_llm::{Basis, Client, Config, ConfigError, Finish, NanoUsd, Usage};
use serde_json::{Value, json};
use std::time::Duration;

fn saying(content: &str, usage: Value) -> Answer {
    Answer::Raw(json!({
        "model": "gpt-6-luna-2026-09-01",
        "choices": [{ "message": { "content": content }, "finish_reason": "stop" }],
        "usage": usage,
    }))
}

#[tokio::test]
async fn a_text_comes_back_trimmed_with_its_cost_to_the_billionth() {
    let openai = FakeOpenAi::start().await;
    let usage = json!({
        "prompt_tokens": 1_000,
        "completion_tokens": 50,
        "prompt_tokens_details": { "cached_tokens": 400 },
        "completion_tokens_details": { "reasoning_tokens": 10 },
    });
    openai.answer_next(saying("  Una industrial.\n", usage));
    let answer = ask(&client(&openai), &question()).await.unwrap();
    assert_eq!(answer.content.text(), Some("Una industrial."));
    assert_eq!((answer.finish, answer.attempts), (Finish::Stop, 1));
    assert_eq!(answer.spent.usage, Usage { input: 1_000, cached: 400, output: 50, reasoning: 10 });
    // 600 × 0.10 + 400 × 0.01 + 50 × 0.50 dollars per million
    assert_eq!(answer.spent.cost, NanoUsd(60_000 + 4_000 + 25_000));
    assert_eq!(answer.spent.cost.to_string(), "0.000089");
    assert_eq!((answer.spent.basis, answer.spent.model.as_str()), (Basis::Counted, "gpt-6-luna-2026-09-01"));
}

#[tokio::test]
async fn json_comes_back_parsed() {
    let openai = FakeOpenAi::start().await;
    let reply = json!({ "reply": "Una industrial", "sure": 0.8 });
    openai.answer_next(Answer::Json(reply.clone()));
    openai.answer_next(Answer::Text(format!("```json\n{reply}\n```")));
    for _ in 0..2 {
        let answer = ask(&client(&openai), &structured()).await.unwrap();
        assert_eq!(answer.content.json(), Some(&reply));
    }
}

#[tokio::test]
async fn a_valid_answer_has_many_shapes() {
    let openai = FakeOpenAi::start().await;
    let reply = json!({ "reply": "Una industrial", "sure": 0.8 });
    let text = reply.to_string();
    let (head, tail) = text.split_at(10);
    let shapes = [
        json!([{ "type": "text", "text": text }]),
        json!([{ "type": "text", "text": head }, { "type": "text", "text": tail }]),
        json!([{ "type": "thinking", "thinking": "mm" }, { "type": "output_text", "text": text }]),
        json!([{ "type": "text", "text": { "value": text, "annotations": [] } }]),
        json!([text]),
        json!([{ "text": text }]),
        reply.clone(),
    ];
    for content in shapes {
        let choice = json!({ "message": { "content": content }, "finish_reason": "stop" });
        openai.answer_next(Answer::Raw(json!({ "choices": [choice] })));
        let answer = ask(&client(&openai), &structured()).await.unwrap();
        assert_eq!(answer.content.json(), Some(&reply), "{content}");
        assert!(answer.spent.usage.output > 0, "{content}");
    }
    for content in [json!(7), json!(true), json!([]), json!([{ "type": "refusal", "refusal": "no" }])] {
        let choice = json!({ "message": { "content": content }, "finish_reason": "stop" });
        openai.answer_next(Answer::Raw(json!({ "choices": [choice] })));
        assert!(ask(&client(&openai), &structured()).await.is_err(), "{content}");
    }
}

#[tokio::test]
async fn a_server_that_counts_nothing_is_estimated() {
    let openai = FakeOpenAi::start().await;
    openai.answer_next(Answer::WithoutUsage("Una industrial".into()));
    openai.answer_next(saying("Una industrial", json!("many")));
    for _ in 0..2 {
        let spent = ask(&client(&openai), &question()).await.unwrap().spent;
        assert_eq!(spent.basis, Basis::Estimated);
        assert_eq!(spent.usage.output, 4, "14 characters");
        assert!(spent.usage.input > 10 && spent.cost > NanoUsd::ZERO);
    }
}

#[tokio::test]
async fn an_unknown_reason_to_stop_or_none_is_no_error() {
    let openai = FakeOpenAi::start().await;
    for (reason, finish) in [(json!("eos"), Finish::Other("eos".into())), (Value::Null, Finish::Unsaid)] {
        let choice = json!({ "message": { "content": "Hola" }, "finish_reason": reason });
        openai.answer_next(Answer::Raw(json!({ "choices": [choice] })));
        assert_eq!(ask(&client(&openai), &question()).await.unwrap().finish, finish);
    }
}

#[tokio::test]
async fn a_model_of_ones_own_costs_nothing_and_needs_no_price() {
    let openai = FakeOpenAi::start().await;
    openai.speak(luisa_fakes::openai::Dialect::Older);
    let mut request = question();
    request.model = "llama".into();
    let spent = ask(&client(&openai), &request).await.unwrap().spent;
    assert_eq!((spent.cost, spent.basis), (NanoUsd::ZERO, Basis::Unpriced));
}

#[tokio::test]
async fn an_unknown_model_on_openais_bill_is_feared_to_be_the_dearest() {
    let client = Client::new(config("https://api.openai.com/v1")).unwrap();
    let mut request = question();
    request.model = "gpt-7-sol".into();
    let feared = client.dearest_case(&request);
    request.model = "gpt-4o".into();
    assert_eq!(feared.cost, client.dearest_case(&request).cost);
    request.model = "gpt-6-luna".into();
    let known = client.dearest_case(&request);
    assert!(known.cost >= NanoUsd(180 * 500) && known.cost < feared.cost);
}

#[tokio::test]
async fn models_tell_when_they_end() {
    let openai = FakeOpenAi::start().await;
    let client = client(&openai);
    let models = client.models(client.deadline()).await.unwrap();
    let end_of = |id: &str| models.iter().find(|model| model.id == id).unwrap().shutdown_date;
    assert_eq!(end_of("gpt-4o-mini"), Some(jiff::civil::date(2027, 1, 14)));
    assert_eq!(end_of("gpt-6-luna"), None);
    let odd = json!({ "data": [{ "id": "a", "shutdown_date": 1_800_000_000 }, { "id": "b", "shutdown_date": "soon" }, { "id": 3 }, 4] });
    openai.answer_models(Answer::Raw(odd));
    let models = client.models(client.deadline()).await.unwrap();
    let ends: Vec<_> = models.iter().map(|model| model.shutdown_date).collect();
    assert_eq!(ends, [Some(jiff::civil::date(2027, 1, 15)), None]);
}

#[test]
fn settings_that_can_never_work_are_refused_at_once() {
    let with = |base_url: &str| Client::new(config(base_url)).unwrap_err();
    for base_url in ["", "api.openai.com/v1", "ftp://api.openai.com/v1", "https://me:secret@api.openai.com/v1"] {
        assert_eq!(with(base_url), ConfigError::BaseUrl, "{base_url}");
    }
    for key in ["", "  ", "sk-a b", "sk-ñ"] {
        let config = Config { api_key: Some(key.into()), ..config("http://localhost/v1") };
        assert_eq!(Client::new(config).unwrap_err(), ConfigError::Key);
    }
}

#[tokio::test]
async fn a_slash_at_the_end_of_the_address_and_space_around_the_key_do_no_harm() {
    let openai = FakeOpenAi::start().await;
    openai.accept_only_key("the-key");
    let config = Config {
        api_key: Some(" the-key\n".into()),
        timeout: Duration::from_secs(5),
        ..config(&format!("{}/", openai.base_url()))
    };
    ask(&Client::new(config).unwrap(), &question()).await.unwrap();
}
