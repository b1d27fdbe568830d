//! The fake of OpenAI: its rules, its answers and its faults.

use crate::world::{SOON, answer, client};
use luisa_fakes::openai::{Dialect, Ears};
use luisa_fakes::{Answer, ApiError, FakeOpenAi};
use reqwest::RequestBuilder;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use std::time::Duration;

fn question() -> Value {
    json!({
        "model": "gpt-6-luna",
        "messages": [{ "role": "user", "content": "¿Qué máquina sirve para jeans?" }],
        "max_completion_tokens": 180,
        "reasoning_effort": "none",
    })
}

fn ask(openai: &FakeOpenAi, body: &Value) -> RequestBuilder {
    client(SOON).post(format!("{}/chat/completions", openai.base_url())).bearer_auth("key").json(body)
}

#[tokio::test]
async fn answers_come_from_the_queue_then_from_the_script() {
    let openai = FakeOpenAi::start().await;
    openai.answer_next("Una industrial");
    openai.script(|request| Answer::Json(json!({ "asked": request["messages"][0]["content"] })));
    let (status, body) = answer(ask(&openai, &question())).await;
    assert_eq!(status, 200);
    let choice = &body["choices"][0];
    assert_eq!((&choice["message"]["content"], &choice["finish_reason"]), (&json!("Una industrial"), &json!("stop")));
    assert_eq!(body["model"], "gpt-6-luna");
    let usage = &body["usage"];
    assert!(usage["prompt_tokens"].as_u64().unwrap() > 0 && usage["completion_tokens"].as_u64().unwrap() > 0);
    assert_eq!(usage["prompt_tokens_details"]["cached_tokens"], 0);
    assert_eq!(usage["completion_tokens_details"]["reasoning_tokens"], 0);
    let (_, body) = answer(ask(&openai, &question())).await;
    let content = body["choices"][0]["message"]["content"].as_str().unwrap();
    assert!(content.contains("jeans"), "{content}");
    assert_eq!(openai.wait_for_requests(2, SOON).await.unwrap()[0].body, question());
}

#[tokio::test]
async fn every_error_has_its_status_and_code() {
    let openai = FakeOpenAi::start().await;
    let cases = [
        (ApiError::rate_limit(3), 429, json!("rate_limit_exceeded")),
        (ApiError::insufficient_quota(), 429, json!("insufficient_quota")),
        (ApiError::server(500), 500, Value::Null),
        (ApiError::server(503), 503, Value::Null),
        (ApiError::bad_request("no"), 400, Value::Null),
        (ApiError::unauthorized(), 401, json!("invalid_api_key")),
        (ApiError::forbidden(), 403, json!("unsupported_country_region_territory")),
        (ApiError::no_such_model("x"), 404, json!("model_not_found")),
    ];
    for (error, status, code) in cases {
        let retry_after = error.retry_after_seconds;
        openai.answer_next(error);
        let response = ask(&openai, &question()).send().await.unwrap();
        assert_eq!(response.status(), status);
        let header = response.headers().get("retry-after").map(|value| value.to_str().unwrap().parse().unwrap());
        assert_eq!(header, retry_after);
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["error"]["code"], code);
    }
    openai.answer_next(Answer::Gateway(502));
    let html = ask(&openai, &question()).send().await.unwrap();
    assert_eq!(html.status(), 502);
    assert!(html.json::<Value>().await.is_err());
}

#[tokio::test]
async fn odd_answers_are_odd_in_the_way_they_say() {
    let openai = FakeOpenAi::start().await;
    let mut seen = Vec::new();
    let odd = [
        Answer::Empty,
        Answer::NullContent,
        Answer::Refusal("No puedo".into()),
        Answer::CutShort("Una ind".into()),
        Answer::WithoutUsage("Hola".into()),
        Answer::WrongTypes,
        Answer::NoChoices,
        Answer::Raw(json!([1])),
    ];
    for odd in odd {
        openai.answer_next(odd);
        let (status, body) = answer(ask(&openai, &question())).await;
        assert_eq!(status, 200);
        seen.push(body);
    }
    let message = |n: usize| seen[n]["choices"][0]["message"].clone();
    assert_eq!(message(0)["content"], "");
    assert_eq!((&message(1)["content"], &message(1)["refusal"]), (&Value::Null, &Value::Null));
    assert_eq!((&message(2)["content"], &message(2)["refusal"]), (&Value::Null, &json!("No puedo")));
    assert_eq!(seen[3]["choices"][0]["finish_reason"], "length");
    assert!(message(4)["content"] == "Hola" && seen[4].get("usage").is_none());
    assert!(seen[5]["id"].is_number() && seen[5]["usage"].is_string());
    assert_eq!(seen[6]["choices"], json!([]));
    assert_eq!(seen[7], json!([1]));
}

#[tokio::test]
async fn broken_bodies_do_not_parse() {
    let openai = FakeOpenAi::start().await;
    for broken in [Answer::TruncatedJson, Answer::NotJson] {
        openai.answer_next(broken);
        let response = ask(&openai, &question()).send().await.unwrap();
        assert_eq!(response.status(), 200);
        let text = response.text().await.expect("the body itself is complete");
        assert!(serde_json::from_str::<Value>(&text).is_err());
    }
    openai.answer_next(Answer::Reset);
    let response = ask(&openai, &question()).send().await.unwrap();
    response.text().await.unwrap_err();
}

#[tokio::test]
async fn slow_answers_outlast_a_short_deadline_and_arrive_within_a_long_one() {
    let openai = FakeOpenAi::start().await;
    let impatient = client(Duration::from_millis(400));
    let url = format!("{}/chat/completions", openai.base_url());
    let drip = |every| Answer::Drip { text: "Hola".into(), every };
    let slow_ones = [Answer::Hang(None), Answer::from("Hola").after(SOON), drip(Duration::from_millis(100))];
    for (place, slow) in slow_ones.into_iter().enumerate() {
        openai.answer_next(slow);
        let sent = impatient.post(&url).bearer_auth("key").json(&question()).send().await;
        let error = match sent {
            Ok(response) => response.bytes().await.unwrap_err(),
            Err(error) => error,
        };
        assert!(error.is_timeout(), "{error}");
        openai.wait_for_requests(place + 1, SOON).await.unwrap();
    }
    let short = Duration::from_millis(1);
    for slow in [Answer::from("Hola").after(short), drip(short)] {
        openai.answer_next(slow);
        assert_eq!(answer(ask(&openai, &question())).await.1["choices"][0]["message"]["content"], "Hola");
    }
    openai.answer_next(Answer::Hang(Some(short)));
    assert_eq!(ask(&openai, &question()).send().await.unwrap().status(), 504);
}

#[tokio::test]
async fn a_reasoning_model_with_a_small_cap_answers_nothing() {
    let openai = FakeOpenAi::start().await;
    let mut request = question();
    request.as_object_mut().unwrap().remove("reasoning_effort");
    let (_, body) = answer(ask(&openai, &request)).await;
    assert_eq!(body["choices"][0]["message"]["content"], "");
    assert_eq!(body["choices"][0]["finish_reason"], "length");
    assert_eq!(body["usage"]["completion_tokens_details"]["reasoning_tokens"], 180);
    request["max_completion_tokens"] = json!(4_000);
    let (_, body) = answer(ask(&openai, &request)).await;
    assert_eq!(body["choices"][0]["message"]["content"], "Hola");
}

#[tokio::test]
async fn parameters_that_a_model_does_not_know_are_refused() {
    let openai = FakeOpenAi::start().await;
    let with = |key: &str, value: Value| {
        let mut request = question();
        request[key] = value;
        request
    };
    let loose = json!({ "type": "object", "properties": { "a": { "type": "string" } }, "required": [] });
    let strict = json!({
        "type": "object",
        "properties": { "a": { "type": ["string", "null"] } },
        "required": ["a"],
        "additionalProperties": false,
    });
    let format = |schema: &Value| json!({ "type": "json_schema", "json_schema": { "name": "n", "strict": true, "schema": schema } });
    let mut for_4o = with("model", json!("gpt-4o-mini"));
    let cases = [
        (with("max_tokens", json!(180)), 400),
        (with("temperature", json!(0.3)), 400),
        (with("model", json!("gpt-9")), 404),
        (with("model", json!("")), 400),
        (with("messages", json!([])), 400),
        (with("messages", json!([{ "role": "user" }])), 400),
        (with("response_format", format(&loose)), 400),
        (with("response_format", format(&strict)), 200),
        (for_4o.clone(), 400),
    ];
    for (request, status) in cases {
        assert_eq!(ask(&openai, &request).send().await.unwrap().status(), status, "{request}");
    }
    for_4o.as_object_mut().unwrap().remove("reasoning_effort");
    for_4o["temperature"] = json!(0.3);
    assert_eq!(ask(&openai, &for_4o).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn an_older_server_knows_other_parameters_and_any_model() {
    let openai = FakeOpenAi::start().await;
    openai.speak(Dialect::Older);
    assert_eq!(ask(&openai, &question()).send().await.unwrap().status(), 400);
    let older = json!({
        "model": "llama",
        "messages": [{ "role": "user", "content": "Hola" }],
        "max_tokens": 180,
        "temperature": 0.3,
    });
    assert_eq!(ask(&openai, &older).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_key_is_needed_and_may_have_to_be_the_right_one() {
    let openai = FakeOpenAi::start().await;
    let url = format!("{}/chat/completions", openai.base_url());
    assert_eq!(client(SOON).post(url).json(&question()).send().await.unwrap().status(), 401);
    openai.accept_only_key("the good one");
    assert_eq!(ask(&openai, &question()).send().await.unwrap().status(), 401);
    assert!(openai.requests().is_empty());
}

#[tokio::test]
async fn models_tell_when_they_end() {
    let openai = FakeOpenAi::start().await;
    let list = || client(SOON).get(format!("{}/models", openai.base_url())).bearer_auth("key");
    let (_, body) = answer(list()).await;
    let end_of = |id: &str| {
        let all = body["data"].as_array().unwrap();
        all.iter().find(|model| model["id"] == id).unwrap()["shutdown_date"].clone()
    };
    assert_eq!(end_of("gpt-4o-mini"), "2027-01-14");
    assert_eq!(end_of("gpt-6-luna"), Value::Null);
    openai.answer_models(ApiError::server(500));
    assert_eq!(list().send().await.unwrap().status(), 500);
}

#[tokio::test]
async fn transcriptions_are_recorded_and_answered() {
    let openai = FakeOpenAi::start().await;
    let upload = |filename: &str, bytes: Vec<u8>| {
        let file = Part::bytes(bytes).file_name(filename.to_owned()).mime_str("audio/ogg").unwrap();
        let form = Form::new().part("file", file).text("model", "whisper-1").text("language", "es");
        let form = form.text("prompt", "Singer, Juki").text("response_format", "json");
        client(SOON).post(format!("{}/audio/transcriptions", openai.base_url())).bearer_auth("key").multipart(form)
    };
    openai.hear_as(Ears::Whisper);
    openai.transcribe_next("cuánto vale la fileteadora");
    openai.transcribe_next(ApiError::rate_limit(1));
    let (status, body) = answer(upload("nota.ogg", vec![1; 50])).await;
    assert_eq!((status, &body["text"]), (200, &json!("cuánto vale la fileteadora")));
    let heard = &openai.transcriptions()[0];
    assert_eq!((heard.filename.as_str(), heard.size, heard.model.as_str()), ("nota.ogg", 50, "whisper-1"));
    assert_eq!((heard.language.as_deref(), heard.prompt.as_deref()), (Some("es"), Some("Singer, Juki")));
    assert_eq!(upload("nota.ogg", vec![1]).send().await.unwrap().status(), 429);
    assert_eq!(upload("nota.oga", vec![1]).send().await.unwrap().status(), 400);
    assert_eq!(upload("nota.ogg", vec![]).send().await.unwrap().status(), 400);
    assert_eq!(upload("nota.ogg", vec![0; 25 * 1024 * 1024 + 1]).send().await.unwrap().status(), 413);
}

#[tokio::test]
async fn each_dialect_of_speech_refuses_what_only_the_other_knows() {
    let openai = FakeOpenAi::start().await;
    let upload = |fields: &[(&'static str, &'static str)]| {
        let file = Part::bytes(vec![1; 50]).file_name("nota.ogg").mime_str("audio/ogg").unwrap();
        let form = Form::new().part("file", file).text("model", "gpt-transcribe");
        let form = fields.iter().fold(form, |form, (name, value)| form.text(*name, *value));
        client(SOON).post(format!("{}/audio/transcriptions", openai.base_url())).bearer_auth("key").multipart(form)
    };
    let (current, older) = ([("languages[]", "es"), ("keywords[]", "Juki")], [("language", "es")]);
    assert_eq!(upload(&current).send().await.unwrap().status(), 200);
    for wrong in [&older[..], &[("response_format", "json")], &[("temperature", "0")], &[("keywords[]", "a<b")]] {
        assert_eq!(upload(wrong).send().await.unwrap().status(), 400, "{wrong:?}");
    }
    openai.hear_as(Ears::WhisperWithoutSegments);
    assert_eq!(upload(&current).send().await.unwrap().status(), 400);
    assert_eq!(upload(&older).send().await.unwrap().status(), 200);
    assert_eq!(upload(&[("response_format", "verbose_json")]).send().await.unwrap().status(), 400);
    openai.hear_as(Ears::Whisper);
    let (_, body) = answer(upload(&[("response_format", "verbose_json")])).await;
    assert!(body["segments"][0]["avg_logprob"].is_number(), "{body}");
}
