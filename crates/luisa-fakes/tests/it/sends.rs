//! What an accepted send looks like, on the wire and in the record.

use crate::world::{Caller, PHONE, SOON, USER_ID, message, text_to};
use luisa_fakes::FakeMeta;
use luisa_fakes::meta::Template;
use luisa_fakes::payload::PHONE_NUMBER_ID;
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn a_text_is_accepted_with_exactly_metas_answer() {
    let meta = FakeMeta::start().await;
    let (status, body) = Caller::of(&meta).send(&text_to("+57 300 555 0101", "Hola")).await;
    assert_eq!(status, 200);
    let sent = &meta.sent()[0];
    let expected = json!({
        "messaging_product": "whatsapp",
        "contacts": [{ "input": "+57 300 555 0101", "wa_id": PHONE }],
        "messages": [{ "id": sent.wamid }],
    });
    assert_eq!(body, expected);
    assert!(sent.wamid.starts_with("wamid."));
}

#[tokio::test]
async fn everything_of_a_buttons_message_is_recorded() {
    let meta = FakeMeta::start().await;
    let photo = meta.put_media("image/jpeg", b"jpeg".to_vec());
    let mut send = message(
        "interactive",
        json!({
            "type": "button",
            "header": { "type": "image", "image": { "id": photo.id } },
            "body": { "text": "¿Cuál le sirve?" },
            "footer": { "text": "El Sastre" },
            "action": { "buttons": [
                { "type": "reply", "reply": { "id": "a", "title": "Familiar" } },
                { "type": "reply", "reply": { "id": "b", "title": "Industrial" } },
            ]},
        }),
    );
    send["context"] = json!({ "message_id": "wamid.quoted" });
    send["biz_opaque_callback_data"] = json!("outbox-7");
    assert_eq!(Caller::of(&meta).send(&send).await.0, 200);
    let sent = &meta.sent()[0];
    assert_eq!(sent.text, "¿Cuál le sirve?");
    assert_eq!(sent.buttons, [("a".into(), "Familiar".into()), ("b".into(), "Industrial".into())]);
    assert_eq!(sent.image, Some(photo.id));
    assert_eq!(sent.context.as_deref(), Some("wamid.quoted"));
    assert_eq!(sent.opaque.as_deref(), Some("outbox-7"));
    assert_eq!(sent.raw, send);
    assert!(sent.is_for("+573005550101") && !sent.is_for("573005550102"));
}

#[tokio::test]
async fn the_rows_of_a_list_and_the_caption_of_a_photo_are_recorded() {
    let meta = FakeMeta::start().await;
    let caller = Caller::of(&meta);
    let rows = json!([{ "id": "r1", "title": "Overlock", "description": "Tres hilos" }]);
    let list = json!({
        "type": "list",
        "body": { "text": "Elija" },
        "action": { "button": "Ver", "sections": [{ "title": "Máquinas", "rows": rows }] },
    });
    assert_eq!(caller.send(&message("interactive", list)).await.0, 200);
    let photo = json!({ "link": "https://example.com/i007.jpg", "caption": "La negra" });
    assert_eq!(caller.send(&message("image", photo)).await.0, 200);
    let sent = meta.sent();
    assert_eq!(sent[0].buttons, [("r1".into(), "Overlock".into())]);
    assert_eq!((sent[1].kind.as_str(), sent[1].text.as_str()), ("image", "La negra"));
    assert_eq!(sent[1].image.as_deref(), Some("https://example.com/i007.jpg"));
}

#[tokio::test]
async fn a_user_id_goes_into_recipient_and_is_answered_as_a_user_id() {
    let meta = FakeMeta::start().await;
    let mut send = text_to("", "Hola");
    send.as_object_mut().unwrap().remove("to");
    send["recipient"] = json!(USER_ID);
    let (status, body) = Caller::of(&meta).send(&send).await;
    assert_eq!(status, 200);
    assert_eq!(body["contacts"], json!([{ "input": USER_ID, "user_id": USER_ID }]));
    assert_eq!(meta.sent()[0].recipient.as_deref(), Some(USER_ID));
    assert_eq!(meta.sent_to(USER_ID).len(), 1);
}

#[tokio::test]
async fn a_user_id_in_to_is_accepted_and_silently_lost() {
    let meta = FakeMeta::start().await;
    let (status, body) = Caller::of(&meta).send(&text_to(USER_ID, "Hola")).await;
    assert_eq!(status, 200);
    assert!(body["messages"][0]["id"].is_string());
    assert!(meta.sent().is_empty());
    assert_eq!(meta.lost().len(), 1);
}

#[tokio::test]
async fn an_approved_template_is_accepted() {
    let meta = FakeMeta::start().await;
    meta.add_template(Template::approved("aviso", "es_CO", 2));
    let components = json!([{ "type": "body", "parameters": [
        { "type": "text", "text": "Ana" }, { "type": "text", "text": "0101" },
    ]}]);
    let template = json!({ "name": "aviso", "language": { "code": "es_CO" }, "components": components });
    let (status, body) = Caller::of(&meta).send(&message("template", template)).await;
    assert_eq!((status, &body["messages"][0]["message_status"]), (200, &json!("accepted")));
    let sent = &meta.sent()[0];
    assert_eq!((sent.template.as_deref(), sent.text.as_str()), (Some("aviso"), "Ana\n0101"));
}

#[tokio::test]
async fn reads_are_recorded_with_and_without_typing_and_are_not_sends() {
    let meta = FakeMeta::start().await;
    let caller = Caller::of(&meta);
    let mut read = json!({ "messaging_product": "whatsapp", "status": "read", "message_id": "wamid.1" });
    let success = (200, json!({ "success": true }));
    assert_eq!(caller.send(&read).await, success);
    read["typing_indicator"] = json!({ "type": "text" });
    assert_eq!(caller.send(&read).await, success);
    let reads: Vec<_> = meta.reads().into_iter().map(|read| (read.message_id, read.typing)).collect();
    assert_eq!(reads, [("wamid.1".to_owned(), false), ("wamid.1".to_owned(), true)]);
    assert!(meta.sent().is_empty() && meta.attempts().is_empty());
    read["message_id"] = json!("");
    assert_eq!(caller.refused(&read).await.0, 100);
}

#[tokio::test]
async fn without_a_token_nothing_is_taken() {
    let meta = FakeMeta::start().await;
    let caller = Caller::of(&meta);
    let url = format!("{}/v26.0/{PHONE_NUMBER_ID}/messages", meta.base_url());
    let response = caller.http.post(url).json(&text_to(PHONE, "Hola")).send().await.unwrap();
    assert_eq!(response.status(), 401);
    let body: serde_json::Value = response.json().await.unwrap();
    assert_eq!((&body["error"]["code"], &body["error"]["error_subcode"]), (&json!(190), &json!(463)));
    meta.accept_only_token("the good one");
    assert_eq!(caller.refused(&text_to(PHONE, "Hola")).await.0, 190);
    assert!(meta.sent().is_empty());
}

#[tokio::test]
async fn a_waiter_wakes_when_the_message_arrives() {
    let meta = FakeMeta::start().await;
    let caller = Caller::of(&meta);
    let (first, second) = (text_to(PHONE, "uno"), text_to(PHONE, "dos"));
    let (waited, ..) = tokio::join!(meta.wait_for_sent(2, SOON), caller.send(&first), caller.send(&second));
    assert_eq!(waited.unwrap().len(), 2);
    meta.wait_until(|recorded| recorded.sent_to(PHONE).any(|sent| sent.text == "dos"), SOON).await.unwrap();
}

#[tokio::test]
async fn a_waiter_that_gives_up_says_what_it_saw() {
    let meta = FakeMeta::start().await;
    Caller::of(&meta).send(&text_to(PHONE, "solo este")).await;
    let error = meta.wait_for_sent(2, Duration::from_millis(1)).await.unwrap_err().to_string();
    assert!(error.contains("2 sent messages") && error.contains("solo este"), "{error}");
    meta.forget();
    assert!(meta.sent().is_empty());
}
