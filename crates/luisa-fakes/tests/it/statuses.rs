//! Statuses that come back by themselves.

use crate::world::{Caller, PHONE, SOON, Service, USER_ID, text_to};
use luisa_fakes::webhook::sign;
use luisa_fakes::{AutoStatuses, Behaviour, FakeMeta, graph_error};
use serde_json::{Value, json};

#[tokio::test]
async fn an_accepted_message_is_followed_by_signed_statuses_in_order() {
    let (meta, service) = (FakeMeta::start().await, Service::answering(&[]).await);
    meta.auto_statuses(AutoStatuses::new(&service.url, Some("secreto"), &["sent", "delivered", "read"]));
    let mut message = text_to(PHONE, "Hola");
    message["biz_opaque_callback_data"] = json!("outbox-7");
    Caller::of(&meta).send(&message).await;
    meta.wait_for_statuses(SOON).await.unwrap();
    assert_eq!(told(&service), ["sent", "delivered", "read"]);
    for (body, signature) in service.raw() {
        assert_eq!(signature, Some(sign("secreto", &body)));
    }
    let status = &statuses(&service)[0];
    assert_eq!((&status["id"], &status["recipient_id"]), (&json!(meta.sent()[0].wamid), &json!(PHONE)));
    assert_eq!(status["biz_opaque_callback_data"], "outbox-7");
    assert_eq!(status["pricing"]["pricing_model"], "PMP");
    assert!(status["timestamp"].is_string());
}

#[tokio::test]
async fn a_status_to_a_person_without_phone_names_the_user_id() {
    let (meta, service) = (FakeMeta::start().await, Service::answering(&[]).await);
    meta.auto_statuses(AutoStatuses::new(&service.url, None, &["sent"]));
    let message =
        json!({ "messaging_product": "whatsapp", "recipient": USER_ID, "type": "text", "text": { "body": "Hola" } });
    Caller::of(&meta).send(&message).await;
    meta.wait_for_statuses(SOON).await.unwrap();
    let status = &statuses(&service)[0];
    assert_eq!((&status["recipient_user_id"], status.get("recipient_id")), (&json!(USER_ID), None));
    assert_eq!(service.raw()[0].1, None, "no secret, no signature");
}

#[tokio::test]
async fn an_accepted_message_can_fail_later() {
    let (meta, service) = (FakeMeta::start().await, Service::answering(&[]).await);
    meta.auto_statuses(AutoStatuses::new(&service.url, None, &["sent", "delivered"]));
    meta.fail_next(1, Behaviour::FailLater(graph_error(131047)));
    assert_eq!(Caller::of(&meta).send(&text_to(PHONE, "Hola")).await.0, 200);
    meta.wait_for_statuses(SOON).await.unwrap();
    assert_eq!(told(&service), ["sent", "failed"]);
    let failed = &statuses(&service)[1];
    assert_eq!(failed["errors"][0]["code"], 131047);
    assert!(failed["errors"][0]["error_data"]["details"].is_string() && failed.get("pricing").is_none());
}

#[tokio::test]
async fn statuses_can_be_doubled_and_out_of_order() {
    let (meta, service) = (FakeMeta::start().await, Service::answering(&[]).await);
    let plan = AutoStatuses::new(&service.url, None, &["sent", "delivered", "read"]).duplicated().shuffled(3);
    meta.auto_statuses(plan.at_once(1));
    let caller = Caller::of(&meta);
    for _ in 0..10 {
        caller.send(&text_to(PHONE, "Hola")).await;
    }
    meta.wait_for_statuses(SOON).await.unwrap();
    let told = told(&service);
    assert_eq!(told.len(), 60);
    for step in ["sent", "delivered", "read"] {
        assert_eq!(told.iter().filter(|told| *told == step).count(), 20);
    }
    let in_order = ["sent", "sent", "delivered", "delivered", "read", "read"];
    assert!(told.chunks(6).any(|message| message != in_order));
}

#[tokio::test]
async fn statuses_are_posted_again_until_taken_or_given_up() {
    let (meta, service) = (FakeMeta::start().await, Service::answering(&[500, 503, 200, 500, 500]).await);
    meta.auto_statuses(AutoStatuses::new(&service.url, None, &["sent"]).tries(3));
    let caller = Caller::of(&meta);
    caller.send(&text_to(PHONE, "uno")).await;
    assert!(meta.wait_for_statuses(SOON).await.unwrap()[0].taken);
    assert_eq!(service.raw().len(), 3);
    meta.auto_statuses(AutoStatuses::new(&service.url, None, &["sent"]).tries(2));
    caller.send(&text_to(PHONE, "dos")).await;
    assert!(!meta.wait_for_statuses(SOON).await.unwrap()[1].taken);
}

#[tokio::test]
async fn a_lost_message_has_no_status() {
    let (meta, service) = (FakeMeta::start().await, Service::answering(&[]).await);
    meta.auto_statuses(AutoStatuses::new(&service.url, None, &["sent"]));
    let caller = Caller::of(&meta);
    caller.send(&text_to(USER_ID, "perdido")).await;
    caller.send(&text_to(PHONE, "llega")).await;
    meta.wait_for_statuses(SOON).await.unwrap();
    assert_eq!(told(&service).len(), 1);
    assert_eq!(statuses(&service)[0]["id"], meta.sent()[0].wamid);
}

fn statuses(service: &Service) -> Vec<Value> {
    service.bodies().iter().map(|body| body["entry"][0]["changes"][0]["value"]["statuses"][0].clone()).collect()
}

fn told(service: &Service) -> Vec<String> {
    statuses(service).iter().map(|status| status["status"].as_str().unwrap().to_owned()).collect()
}
