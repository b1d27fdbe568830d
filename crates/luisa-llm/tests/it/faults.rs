//! Every fault of a provider: which failure it becomes, that the call is over by its deadline, and what it may cost.

use crate::world::{SHORT, SOON, ask, ask_within, client, config, patient_client, question, structured};
use luisa_fakes::{Answer, ApiError, FakeOpenAi};
use luisa_llm::{Basis, Client, Failure, NanoUsd, Request};
use serde_json::json;
use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

async fn failure_of(answer: impl Into<Answer>, request: &Request) -> Failure {
    let openai = FakeOpenAi::start().await;
    openai.answer_next(answer);
    let failed = ask(&client(&openai), request).await.unwrap_err();
    assert_eq!((failed.attempts, openai.requests().len()), (1, 1), "{failed}");
    failed.failure
}

#[tokio::test]
async fn errors_that_stand_are_told_apart_by_status_and_code() {
    let cases = [
        (ApiError::insufficient_quota(), "quota_exhausted"),
        (ApiError { status: 402, ..ApiError::bad_request("pay") }, "quota_exhausted"),
        (ApiError::bad_request("no"), "bad_request"),
        (ApiError { status: 422, ..ApiError::bad_request("no") }, "bad_request"),
        (ApiError { status: 413, ..ApiError::bad_request("no") }, "bad_request"),
        (ApiError { status: 308, ..ApiError::bad_request("elsewhere") }, "bad_request"),
        (ApiError::unauthorized(), "unauthorized"),
        (ApiError::forbidden(), "unauthorized"),
        (ApiError::no_such_model("gpt-9"), "not_found"),
        (ApiError::server(501), "server_error"),
        (ApiError { retry_after_seconds: None, ..ApiError::rate_limit(1) }, "rate_limited"),
    ];
    for (error, id) in cases {
        let failure = failure_of(error.clone(), &question()).await;
        assert_eq!(failure.id(), id, "{error:?}");
        let alarm = !matches!(id, "server_error" | "rate_limited");
        assert_eq!(failure.needs_a_person(), alarm, "{id}");
    }
}

#[tokio::test]
async fn an_error_says_what_the_provider_says() {
    let failure = failure_of(ApiError::unsupported("unsupported_parameter", "Use 'max_tokens'."), &question()).await;
    let details = "unsupported_parameter: Use 'max_tokens'.".to_owned();
    assert_eq!(failure, Failure::BadRequest { status: 400, details });
}

#[tokio::test]
async fn an_error_in_the_body_of_a_200_is_an_error() {
    let error = |code: u16| Answer::Raw(json!({ "error": { "message": "upstream", "code": code } }));
    assert_eq!(failure_of(error(401), &question()).await.id(), "unauthorized");
    assert_eq!(failure_of(error(529), &question()).await, Failure::ServerError { status: 529 });
}

#[tokio::test]
async fn answers_of_no_use_are_told_apart() {
    let cut = |text: &str| Answer::CutShort(text.to_owned());
    let cases = [
        (Answer::Empty, "empty"),
        (Answer::NullContent, "empty"),
        (Answer::from(" \n "), "empty"),
        (Answer::NoChoices, "empty"),
        (cut(""), "empty"),
        (cut("Una indus"), "truncated"),
        (Answer::TruncatedJson, "truncated"),
        (Answer::Reset, "truncated"),
        (Answer::Refusal("No puedo".into()), "refused_by_model"),
        (Answer::WrongTypes, "wrong_shape"),
        (Answer::NotJson, "wrong_shape"),
        (Answer::Raw(json!([1])), "wrong_shape"),
        (Answer::Raw(json!({ "choices": [{ "message": { "content": 7 } }] })), "wrong_shape"),
        (Answer::Raw(json!({ "choices": [7] })), "wrong_shape"),
        (Answer::Text("x".repeat(600_000)), "too_large"),
    ];
    for (answer, id) in cases {
        let name = format!("{answer:?}").chars().take(60).collect::<String>();
        assert_eq!(failure_of(answer, &question()).await.id(), id, "{name}");
    }
    let filtered = json!({ "choices": [{ "message": { "content": "x" }, "finish_reason": "content_filter" }] });
    assert_eq!(failure_of(Answer::Raw(filtered), &question()).await, Failure::RefusedByModel);
}

#[tokio::test]
async fn json_that_is_not_what_was_asked_for_is_no_answer() {
    let cases = [
        (Answer::from("Claro que sí"), "wrong_shape"),
        (Answer::from(r#"{"reply":"Una indu"#), "truncated"),
        (Answer::Json(json!({ "reply": "Hola" })), "wrong_shape"),
        (Answer::Json(json!({ "reply": 7, "sure": 1 })), "wrong_shape"),
        (Answer::Json(json!({ "reply": "Hola", "sure": 1, "price": 2 })), "wrong_shape"),
    ];
    for (answer, id) in cases {
        let name = format!("{answer:?}");
        assert_eq!(failure_of(answer, &structured()).await.id(), id, "{name}");
    }
}

#[tokio::test]
async fn slow_answers_end_at_the_deadline_wherever_they_are_slow() {
    let openai = FakeOpenAi::start().await;
    let client = patient_client(&openai);
    let slow = [
        Answer::Hang(None),
        Answer::from("Hola").after(SOON),
        Answer::Drip { text: "Hola".into(), every: Duration::from_millis(300) },
    ];
    for slow in slow {
        openai.answer_next(slow);
        let failed = ask_within(&client, &question(), SHORT).await.unwrap_err();
        assert_eq!((failed.failure, failed.attempts), (Failure::Timeout, 1));
        let spent = failed.spent.unwrap();
        assert_eq!(spent, client.dearest_case(&question()), "it may be on the bill");
    }
    // What comes after a deadline is not taken for the next answer.
    openai.answer_next("Buenas");
    assert_eq!(ask(&client, &question()).await.unwrap().content.text(), Some("Buenas"));
}

#[tokio::test]
async fn the_clients_own_deadline_holds_when_the_callers_is_later() {
    let openai = FakeOpenAi::start().await;
    openai.answer_next(Answer::Hang(None));
    let config = luisa_llm::Config { timeout: SHORT, ..config(openai.base_url()) };
    let failed = ask_within(&Client::new(config).unwrap(), &question(), 2 * SOON).await.unwrap_err();
    assert_eq!(failed.failure, Failure::Timeout);
}

#[tokio::test]
async fn a_turn_without_time_left_asks_nobody() {
    let openai = FakeOpenAi::start().await;
    let client = client(&openai);
    let failed = client.complete(&question(), Instant::now()).await.unwrap_err();
    assert_eq!(failed.failure, Failure::Timeout);
    assert_eq!((failed.attempts, failed.spent), (0, None));
    assert!(openai.requests().is_empty());
}

#[tokio::test]
async fn a_drip_that_ends_in_time_is_an_answer() {
    let openai = FakeOpenAi::start().await;
    openai.answer_next(Answer::Drip { text: "Hola".into(), every: Duration::from_millis(1) });
    assert_eq!(ask(&client(&openai), &question()).await.unwrap().content.text(), Some("Hola"));
}

#[tokio::test]
async fn a_provider_that_is_not_there_costs_nothing() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let client = Client::new(config(&format!("http://{address}/v1"))).unwrap();
    let failed = ask(&client, &question()).await.unwrap_err();
    assert_eq!((failed.failure.id(), failed.spent, failed.attempts), ("connect", None, 1));
    assert_eq!(client.models(client.deadline()).await.unwrap_err().id(), "connect");
}

#[tokio::test]
async fn useless_answers_are_paid_for_and_refused_requests_are_not() {
    let openai = FakeOpenAi::start().await;
    let client = client(&openai);
    for (answer, basis) in [
        (Answer::Refusal("No".into()), Basis::Counted),
        (Answer::CutShort("Una".into()), Basis::Counted),
        (Answer::Reset, Basis::Estimated),
        (Answer::NotJson, Basis::Estimated),
    ] {
        openai.answer_next(answer);
        let spent = ask(&client, &question()).await.unwrap_err().spent.unwrap();
        assert_eq!(spent.basis, basis);
        assert!(spent.cost > NanoUsd::ZERO);
    }
    for error in [ApiError::insufficient_quota(), ApiError::bad_request("no"), ApiError::server(501)] {
        openai.answer_next(error);
        assert_eq!(ask(&client, &question()).await.unwrap_err().spent, None);
    }
}

#[tokio::test]
async fn a_list_of_models_that_is_none_says_so_in_time() {
    let openai = FakeOpenAi::start().await;
    let client = client(&openai);
    let cases = [
        (Answer::from(ApiError::server(500)), "server_error"),
        (Answer::Gateway(502), "server_error"),
        (Answer::Raw(json!({ "data": 1 })), "wrong_shape"),
        (Answer::NotJson, "wrong_shape"),
        (Answer::Hang(None), "timeout"),
    ];
    for (answer, id) in cases {
        openai.answer_models(answer);
        let call = client.models(Instant::now() + SHORT);
        assert_eq!(tokio::time::timeout(SOON, call).await.unwrap().unwrap_err().id(), id);
    }
}

#[tokio::test]
async fn a_redirection_is_a_wrong_address_and_nobody_else_is_asked() {
    let elsewhere = FakeOpenAi::start().await;
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
    let location = format!("{}/chat/completions", elsewhere.base_url());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 4_096];
        let _ = stream.read(&mut request).await.unwrap();
        let head = format!("HTTP/1.1 307 Temporary Redirect\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
    });
    let failed = ask(&Client::new(config(&base_url)).unwrap(), &question()).await.unwrap_err();
    assert_eq!(failed.failure.id(), "bad_request");
    assert!(elsewhere.requests().is_empty());
}
