//! Payload shapes against the tables of Meta's documentation.

use luisa_fakes::meta::MediaRef;
use luisa_fakes::payload::{self, OrderItem, Person, StatusOf};
use luisa_fakes::{Refusal, graph_error};
use serde_json::{Value, json};

const AT: u64 = 1_795_000_000;
const ID: &str = "wamid.1";

fn ana() -> Person {
    Person::with_phone("573005550101", "Ana").and_user_id("CO.1047385771169864")
}

fn value(payload: &Value) -> &Value {
    &payload["entry"][0]["changes"][0]["value"]
}

fn message(payload: &Value) -> &Value {
    &value(payload)["messages"][0]
}

#[test]
fn a_text_in_its_whole_envelope() {
    let expected = json!({
        "object": "whatsapp_business_account",
        "entry": [{ "id": payload::WABA_ID, "changes": [{ "field": "messages", "value": {
            "messaging_product": "whatsapp",
            "metadata": {
                "display_phone_number": payload::DISPLAY_PHONE_NUMBER,
                "phone_number_id": payload::PHONE_NUMBER_ID,
            },
            "contacts": [{
                "profile": { "name": "Ana" },
                "wa_id": "573005550101",
                "user_id": "CO.1047385771169864",
            }],
            "messages": [{
                "from": "573005550101",
                "from_user_id": "CO.1047385771169864",
                "id": ID,
                "timestamp": "1795000000",
                "type": "text",
                "text": { "body": "Hola" },
            }],
        }}]}],
    });
    assert_eq!(payload::text(&ana(), ID, AT, "Hola"), expected);
}

#[test]
fn somebody_without_phone_has_no_phone_anywhere() {
    let who = Person::without_phone("CO.1047385771169864", "Ana", "ana.m");
    let payload = payload::text(&who, ID, AT, "Hola");
    assert_eq!(
        value(&payload)["contacts"],
        json!([{ "profile": { "name": "Ana", "username": "ana.m" }, "user_id": "CO.1047385771169864" }])
    );
    assert!(message(&payload).get("from").is_none());
    assert_eq!(message(&payload)["from_user_id"], "CO.1047385771169864");
    let status = payload::status(&StatusOf::new(ID, "read", AT, &who));
    assert!(value(&status)["statuses"][0].get("recipient_id").is_none());
    let echo = payload::echo(&who, ID, AT, "Ya le cuento");
    assert!(value(&echo)["message_echoes"][0].get("to").is_none());
}

#[test]
fn every_type_of_message_has_the_body_of_the_table() {
    let photo = MediaRef::of("900", "image/jpeg", b"abc");
    let media = json!({
        "id": "900", "mime_type": "image/jpeg", "sha256": "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=",
    });
    let media_with = |key: &str, extra: Value| {
        let mut body = media.clone();
        body[key] = extra;
        body
    };
    let mut file = media_with("caption", json!("cotización.pdf"));
    file["filename"] = json!("cotización.pdf");
    let items = [OrderItem { retailer_id: "M-1".into(), quantity: 2, price_cop: 950_000 }];
    let order = json!({ "catalog_id": "194836987003835", "text": "para hoy", "product_items": [
        { "product_retailer_id": "M-1", "quantity": 2, "item_price": 950_000, "currency": "COP" },
    ]});
    let card = json!([{
        "name": { "formatted_name": "Luis", "first_name": "Luis" },
        "phones": [{ "phone": "+573005550102", "wa_id": "573005550102", "type": "CELL" }],
    }]);
    let button = json!({ "type": "button_reply", "button_reply": { "id": "a", "title": "Sí" } });
    let row = json!({ "type": "list_reply", "list_reply": { "id": "r", "title": "Uno", "description": "El primero" } });
    let flow = json!({ "type": "nfm_reply", "nfm_reply": {
        "name": "flow", "body": "Sent", "response_json": "{\"barrio\":\"Centro\"}",
    }});
    let edit = json!({ "original_message_id": "wamid.0", "message": { "type": "text", "text": { "body": "mejor" } } });
    let who = &ana();
    let answers = json!({ "barrio": "Centro" });
    let place = json!({ "latitude": 8.75, "longitude": -75.88 });
    let cases = [
        (payload::image(who, ID, AT, &photo, Some("¿y esta?")), "image", media_with("caption", json!("¿y esta?"))),
        (payload::image(who, ID, AT, &photo, None), "image", media.clone()),
        (payload::image_with_url(who, ID, AT, &photo, "u"), "image", media_with("url", json!("u"))),
        (payload::video(who, ID, AT, &photo, None), "video", media.clone()),
        (payload::document(who, ID, AT, &photo, "cotización.pdf"), "document", file),
        (payload::voice(who, ID, AT, &photo), "audio", media_with("voice", json!(true))),
        (payload::audio(who, ID, AT, &photo), "audio", media_with("voice", json!(false))),
        (payload::sticker(who, ID, AT, &photo), "sticker", media_with("animated", json!(false))),
        (payload::location(who, ID, AT, (8.75, -75.88), None), "location", place),
        (payload::contacts(who, ID, AT, "Luis", "573005550102"), "contacts", card),
        (payload::button(who, ID, AT, "p", "Sí"), "button", json!({ "payload": "p", "text": "Sí" })),
        (payload::button_reply(who, ID, AT, "a", "Sí"), "interactive", button),
        (payload::list_reply(who, ID, AT, ("r", "Uno"), Some("El primero")), "interactive", row),
        (payload::flow_reply(who, ID, AT, &answers), "interactive", flow),
        (
            payload::reaction(who, ID, AT, "wamid.0", Some("👍")),
            "reaction",
            json!({ "message_id": "wamid.0", "emoji": "👍" }),
        ),
        (payload::reaction(who, ID, AT, "wamid.0", None), "reaction", json!({ "message_id": "wamid.0" })),
        (payload::order(who, ID, AT, &items, Some("para hoy")), "order", order),
        (payload::edit(who, ID, AT, "wamid.0", "mejor"), "edit", edit),
        (payload::revoke(who, ID, AT, "wamid.0"), "revoke", json!({ "original_message_id": "wamid.0" })),
        (payload::message_of_type(who, ID, AT, "hologram", json!({ "x": 1 })), "hologram", json!({ "x": 1 })),
    ];
    for (payload, kind, body) in &cases {
        let message = message(payload);
        assert_eq!((&message["type"], &message[kind]), (&json!(kind), body));
        assert_eq!((&message["id"], &message["timestamp"]), (&json!(ID), &json!("1795000000")), "{kind}");
        assert_eq!(value(payload)["contacts"][0]["wa_id"], "573005550101", "{kind}");
    }
    let call = payload::call_permission_reply(who, ID, AT, "accept");
    assert_eq!(message(&call)["interactive"]["call_permission_reply"]["response"], "accept");
    let unsupported = payload::unsupported(who, ID, AT);
    assert_eq!(message(&unsupported)["errors"][0]["code"], 131051);
}

#[test]
fn system_messages_come_without_contacts() {
    let who = &ana();
    let cases = [
        (payload::user_changed_number(who, ID, AT, "573005550199"), "user_changed_number", "wa_id", "573005550199"),
        (
            payload::customer_changed_number(who, ID, AT, "573005550199"),
            "customer_changed_number",
            "new_wa_id",
            "573005550199",
        ),
        (payload::user_changed_user_id(who, ID, AT, "CO.2"), "user_changed_user_id", "user_id", "CO.2"),
    ];
    for (payload, kind, key, new) in &cases {
        let system = &message(payload)["system"];
        assert_eq!((&system["type"], &system[key]), (&json!(kind), &json!(new)));
        assert_eq!(message(payload)["from"], "573005550101");
        assert!(value(payload).get("contacts").is_none());
    }
}

#[test]
fn additions_to_a_message() {
    let text = || payload::text(&ana(), ID, AT, "¿y esta cuánto?");
    let quoted = payload::quoting(text(), "wamid.shop");
    assert_eq!(message(&quoted)["context"], json!({ "from": payload::DISPLAY_PHONE_NUMBER, "id": "wamid.shop" }));
    assert_eq!(message(&payload::forwarded(text()))["context"]["forwarded"], true);
    let product = payload::with_referred_product(text(), "c", "M-1");
    assert_eq!(message(&product)["context"]["referred_product"]["product_retailer_id"], "M-1");
    let ad = payload::with_referral(text(), "Fileteadora", "Desde hoy");
    assert_eq!(message(&ad)["referral"]["headline"], "Fileteadora");
    assert!(value(&payload::without_contacts(text())).get("contacts").is_none());
    let moved = payload::addressed_to(text(), "555", "777");
    assert_eq!(
        (&value(&moved)["metadata"]["phone_number_id"], &moved["entry"][0]["id"]),
        (&json!("555"), &json!("777"))
    );
    assert_eq!(message(&payload::with_field(text(), "timestamp", json!(5)))["timestamp"], 5);
}

#[test]
fn statuses_carry_what_the_table_says() {
    let told = StatusOf::new(ID, "delivered", AT, &ana()).opaque("outbox-7");
    let expected = json!({
        "id": ID, "status": "delivered", "timestamp": "1795000000",
        "recipient_id": "573005550101", "recipient_user_id": "CO.1047385771169864",
        "biz_opaque_callback_data": "outbox-7",
        "pricing": { "billable": true, "pricing_model": "PMP", "category": "service", "type": "regular" },
    });
    assert_eq!(value(&payload::status(&told))["statuses"], json!([expected]));
    let refusal: Refusal = graph_error(131026);
    let failed = payload::statuses(&[
        StatusOf::new(ID, "failed", AT, &ana()).failed_with(&refusal),
        StatusOf::new("wamid.2", "sent", AT, &ana()).without_pricing(),
    ]);
    let items = &value(&failed)["statuses"];
    assert_eq!((&items[0]["errors"][0]["code"], items[0].get("pricing")), (&json!(131026), None));
    assert_eq!((&items[1]["id"], items[1].get("pricing")), (&json!("wamid.2"), None));
}

#[test]
fn what_people_do_on_the_phone_comes_under_its_own_fields() {
    let who = &ana();
    let echo = payload::echo(who, ID, AT, "Ya le cuento");
    assert_eq!(echo["entry"][0]["changes"][0]["field"], "smb_message_echoes");
    let expected = json!([{
        "from": payload::DISPLAY_PHONE_NUMBER, "to": "573005550101", "to_user_id": "CO.1047385771169864",
        "id": ID, "timestamp": "1795000000", "type": "text", "text": { "body": "Ya le cuento" },
    }]);
    assert_eq!(value(&echo)["message_echoes"], expected);
    let app = payload::app_echo(who, ID, AT, "Ya le cuento");
    assert_eq!(app["entry"][0]["changes"][0]["field"], "message_echoes");
    let photo = payload::echo_of(who, ID, AT, "image", json!({ "id": "900" }));
    assert_eq!(value(&photo)["message_echoes"][0]["image"]["id"], "900");
    let sync = payload::state_sync(who, AT, "remove");
    assert_eq!(sync["entry"][0]["changes"][0]["field"], "smb_app_state_sync");
    let item = &value(&sync)["state_sync"][0];
    assert_eq!((&item["action"], &item["contact"]["full_name"]), (&json!("remove"), &json!("Ana")));
    assert_eq!(item["contact"]["phone_number"], "573005550101");
    let history = payload::history(who, &[("wamid.a", AT, "Buenas"), ("wamid.b", AT + 1, "A la orden")]);
    let thread = &value(&history)["history"][0]["threads"][0];
    assert_eq!((&thread["id"], &thread["messages"][0]["from"]), (&json!("573005550101"), &json!("573005550101")));
    assert_eq!(thread["messages"][1]["from"], payload::DISPLAY_PHONE_NUMBER);
    let error = payload::account_error(&graph_error(130429));
    assert_eq!(value(&error)["errors"][0]["code"], 130429);
    let other = payload::other_field("account_update", json!({ "event": "DISABLED_UPDATE" }));
    assert_eq!(other["entry"][0]["changes"][0]["field"], "account_update");
}

#[test]
fn a_batch_has_several_changes_and_several_entries() {
    let all: Vec<Value> =
        (0..5).map(|n| payload::text(&Person::numbered(n), &format!("wamid.{n}"), AT, "Hola")).collect();
    let batch = payload::batch(all);
    let changes: Vec<usize> =
        batch["entry"].as_array().unwrap().iter().map(|entry| entry["changes"].as_array().unwrap().len()).collect();
    assert_eq!(changes, [3, 1, 1]);
}

#[test]
fn merged_messages_have_contacts_in_another_order() {
    let say = |n: u32, id: &str| payload::text(&Person::numbered(n), id, AT, "Hola");
    let merged = payload::merge_messages(vec![say(1, "wamid.a"), say(2, "wamid.b"), say(1, "wamid.c")]);
    let ids: Vec<&Value> = value(&merged)["messages"].as_array().unwrap().iter().map(|item| &item["id"]).collect();
    assert_eq!(ids, ["wamid.a", "wamid.b", "wamid.c"]);
    let contacts: Vec<&Value> =
        value(&merged)["contacts"].as_array().unwrap().iter().map(|item| &item["wa_id"]).collect();
    assert_eq!(contacts, ["573005550002", "573005550001"]);
    let moved = |n: u32| payload::addressed_to(say(n, &format!("wamid.{n}")), "555", "777");
    for together in [payload::merge_messages(vec![moved(1), moved(2)]), payload::batch(vec![moved(1), moved(2)])] {
        assert_eq!(together["entry"][0]["id"], "777");
        assert_eq!(value(&together)["metadata"]["phone_number_id"], "555");
    }
}

#[test]
fn numbered_people_are_made_up_and_all_different() {
    let all: std::collections::HashSet<String> =
        (0..20_000).map(|n| Person::numbered(n).address().to_owned()).collect();
    assert_eq!(all.len(), 20_000);
    assert!(all.iter().all(|id| id.starts_with("57300555") && id.len() == 12 || id.starts_with("CO.")));
    assert!(!all.contains(payload::DISPLAY_PHONE_NUMBER));
}
