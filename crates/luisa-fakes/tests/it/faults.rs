//! Misbehaviour on command: what the caller sees, and what really became of the message.

use crate::world::{Caller, PHONE, SOON, message, text_to};
use luisa_fakes::{Behaviour, Endpoint, FakeMeta, Fate, graph_error};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn every_code_of_the_table_has_its_http_status() {
    let meta = FakeMeta::start().await;
    let caller = Caller::of(&meta);
    let cases = [
        (0, 401),
        (1, 400),
        (2, 503),
        (3, 500),
        (4, 429),
        (10, 403),
        (100, 400),
        (190, 401),
        (200, 403),
        (299, 403),
        (368, 403),
        (80007, 429),
        (130429, 429),
        (130472, 400),
        (130497, 403),
        (131000, 500),
        (131005, 403),
        (131008, 400),
        (131009, 400),
        (131016, 500),
        (131021, 400),
        (131026, 400),
        (131030, 400),
        (131031, 403),
        (131037, 400),
        (131042, 400),
        (131045, 500),
        (131047, 400),
        (131048, 400),
        (131049, 400),
        (131050, 400),
        (131051, 400),
        (131052, 400),
        (131053, 400),
        (131056, 429),
        (131057, 500),
        (131062, 400),
        (132000, 400),
        (132001, 404),
        (132069, 400),
        (133004, 503),
        (133010, 400),
    ];
    for (code, http) in cases {
        meta.fail_next(1, graph_error(code));
        let (status, body) = caller.send(&text_to(PHONE, "Hola")).await;
        assert_eq!((status, &body["error"]["code"]), (http, &json!(code)));
        assert_ne!(body["error"]["error_data"]["details"], "An unknown error occurred.", "{code} is not in the table");
    }
    assert!(meta.sent().is_empty());
    assert_eq!(meta.attempts().len(), cases.len());
}

#[tokio::test]
async fn a_refusal_can_be_changed() {
    let meta = FakeMeta::start().await;
    let refusal = graph_error(130429).with_status(400).with_retry_after(7).with_details("demasiado").transient();
    meta.fail_next(1, refusal);
    let response = Caller::of(&meta).messages().json(&text_to(PHONE, "Hola")).send().await.unwrap();
    assert_eq!(response.status(), 400);
    assert_eq!(response.headers()["retry-after"], "7");
    let body: serde_json::Value = response.json().await.unwrap();
    assert_eq!(body["error"]["error_data"]["details"], "demasiado");
    assert_eq!(body["error"]["is_transient"], true);
}

#[tokio::test]
async fn faults_are_counted_and_kept_apart_by_recipient() {
    let meta = FakeMeta::start().await;
    let caller = Caller::of(&meta);
    meta.fail_next_to("+573005550102", 2, graph_error(131056));
    let mut seen = Vec::new();
    for to in [PHONE, "573005550102", PHONE, "573005550102", "573005550102"] {
        seen.push(caller.send(&text_to(to, "Hola")).await.0);
    }
    assert_eq!(seen, [200, 429, 200, 429, 200]);
}

#[tokio::test]
async fn a_message_that_meta_refuses_anyway_uses_up_no_fault() {
    let meta = FakeMeta::start().await;
    let caller = Caller::of(&meta);
    meta.fail_next(1, graph_error(131000));
    assert_eq!(caller.refused(&text_to(PHONE, "")).await.0, 100);
    assert_eq!(caller.refused(&text_to(PHONE, "Hola")).await.0, 131000);
    assert_eq!(caller.send(&text_to(PHONE, "Hola")).await.0, 200);
}

#[tokio::test]
async fn a_script_decides_from_the_message_until_the_fake_behaves_again() {
    let meta = FakeMeta::start().await;
    let caller = Caller::of(&meta);
    meta.script(|message| match message["type"].as_str() {
        Some("image") => graph_error(131053).into(),
        _ => Behaviour::Accept,
    });
    let photo = message("image", json!({ "link": "https://example.com/a.jpg" }));
    assert_eq!(caller.send(&photo).await.0, 400);
    assert_eq!(caller.send(&text_to(PHONE, "Hola")).await.0, 200);
    meta.fail_next(1, Behaviour::Gateway(500));
    meta.behave();
    assert_eq!(caller.send(&photo).await.0, 200);
}

#[tokio::test]
async fn a_gateway_answers_html() {
    let meta = FakeMeta::start().await;
    meta.fail_next(1, Behaviour::Gateway(503));
    let response = Caller::of(&meta).messages().json(&text_to(PHONE, "Hola")).send().await.unwrap();
    assert_eq!(response.status(), 503);
    assert!(response.text().await.unwrap().starts_with("<html>"));
    assert!(meta.sent().is_empty());
}

#[tokio::test]
async fn a_hanging_call_is_never_taken() {
    let meta = FakeMeta::start().await;
    meta.fail_next(1, Behaviour::Hang(None));
    let error = Caller::impatient(&meta).messages().json(&text_to(PHONE, "Hola")).send().await.unwrap_err();
    assert!(error.is_timeout() && !error.is_connect());
    meta.wait_until(|recorded| recorded.attempts.len() == 1, SOON).await.unwrap();
    assert!(meta.sent().is_empty() && !meta.attempts()[0].taken);
    meta.fail_next(1, Behaviour::Hang(Some(Duration::from_millis(1))));
    let response = Caller::of(&meta).messages().json(&text_to(PHONE, "Hola")).send().await.unwrap();
    assert_eq!(response.status(), 504);
}

#[tokio::test]
async fn a_late_answer_was_taken_although_the_caller_gave_up() {
    let meta = FakeMeta::start().await;
    meta.fail_next(1, Behaviour::AnswerAfter(SOON));
    let error = Caller::impatient(&meta).messages().json(&text_to(PHONE, "Hola")).send().await.unwrap_err();
    assert!(error.is_timeout());
    assert_eq!(meta.wait_for_sent(1, SOON).await.unwrap()[0].text, "Hola");
    meta.fail_next(1, Behaviour::AnswerAfter(Duration::from_millis(1)));
    assert_eq!(Caller::of(&meta).send(&text_to(PHONE, "Hola")).await.0, 200);
}

#[tokio::test]
async fn a_reset_breaks_off_in_the_body_of_a_200() {
    let meta = FakeMeta::start().await;
    for (fate, taken) in [(Fate::Lost, 0), (Fate::Taken, 1)] {
        meta.fail_next(1, Behaviour::Reset(fate));
        let response = Caller::of(&meta).messages().json(&text_to(PHONE, "Hola")).send().await.unwrap();
        assert_eq!(response.status(), 200);
        response.bytes().await.unwrap_err();
        assert_eq!(meta.sent().len(), taken);
    }
}

#[tokio::test]
async fn garbage_is_a_200_without_json() {
    let meta = FakeMeta::start().await;
    for (fate, taken) in [(Fate::Lost, 0), (Fate::Taken, 1)] {
        meta.fail_next(1, Behaviour::Garbage(fate));
        let response = Caller::of(&meta).messages().json(&text_to(PHONE, "Hola")).send().await.unwrap();
        assert_eq!(response.status(), 200);
        response.json::<serde_json::Value>().await.unwrap_err();
        assert_eq!(meta.sent().len(), taken);
    }
}

#[tokio::test]
async fn faults_of_other_endpoints_leave_sends_alone() {
    let meta = FakeMeta::start().await;
    let caller = Caller::of(&meta);
    meta.fail_next_at(Endpoint::Read, 1, graph_error(131009));
    meta.fail_next_at(Endpoint::PhoneNumber, 1, graph_error(190));
    meta.fail_next_at(Endpoint::Templates, 1, graph_error(4));
    meta.fail_next_at(Endpoint::SubscribedApps, 1, Behaviour::Gateway(502));
    assert_eq!(caller.send(&text_to(PHONE, "Hola")).await.0, 200);
    let read = json!({ "messaging_product": "whatsapp", "status": "read", "message_id": "wamid.1" });
    assert_eq!(caller.refused(&read).await.0, 131009);
    assert!(meta.reads().is_empty());
    let phone = caller.get(&meta.account().phone_number_id);
    assert_eq!(phone.send().await.unwrap().status(), 401);
    assert_eq!(caller.account("message_templates").send().await.unwrap().status(), 429);
    assert_eq!(caller.account("subscribed_apps").send().await.unwrap().status(), 502);
    assert_eq!(caller.account("subscribed_apps").send().await.unwrap().status(), 200);
}
