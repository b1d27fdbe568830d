//! Every event of Meta's becomes an arrival of ours, and none is dropped.

use jiff::{SignedDuration, Timestamp};
use luisa_core::turn::{Body, Call, Inbound, MediaKind, OrderLine};
use luisa_fakes::meta::MediaRef;
use luisa_fakes::{Person, graph_error, payload};
use luisa_store::{Arrival, Debounce, EchoedMessage, InboundMessage, MessageState};
use luisa_whatsapp::webhook;
use serde::Deserialize;
use serde_json::Value;

use super::from_whatsapp::{Reception, alarms, arrivals, typed_phone};

const NOW: i64 = 1_795_000_000;

fn reception() -> Reception {
    Reception {
        now: Timestamp::from_second(NOW).unwrap(),
        stale_after: SignedDuration::from_mins(30),
        human_ttl: SignedDuration::from_hours(12),
        debounce: Debounce { quiet_ms: 1500, max_ms: 6000 },
        media_wait_ms: 20_000,
        phone_number_id: payload::PHONE_NUMBER_ID.to_owned(),
    }
}

fn read(body: &Value) -> Vec<Arrival> {
    arrivals(webhook::parse(body.to_string().as_bytes()).unwrap(), &reception())
}

fn one(body: &Value) -> Arrival {
    let mut all = read(body);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

fn message(body: &Value) -> (InboundMessage, Inbound) {
    let Arrival::Message(message) = one(body) else { panic!("not a message: {body}") };
    let inbound = Inbound::deserialize(&message.payload).unwrap();
    (message, inbound)
}

fn at(seconds_ago: i64) -> u64 {
    u64::try_from(NOW - seconds_ago).unwrap()
}

fn ana() -> Person {
    Person::with_phone("573005550101", "Ana").and_user_id("CO.1047385771169864")
}

#[test]
fn a_text_keeps_who_when_and_what() {
    let (message, inbound) = message(&payload::text(&ana(), "wamid.1", at(10), "¿Qué máquinas tienen?"));
    assert_eq!(message.identity.wa_id.as_deref(), Some("573005550101"));
    assert_eq!(message.identity.user_id.as_deref(), Some("CO.1047385771169864"));
    assert_eq!(message.identity.profile_name.as_deref(), Some("Ana"));
    assert_eq!((message.kind.as_str(), message.text.as_deref()), ("text", Some("¿Qué máquinas tienen?")));
    assert_eq!(message.provider_at.as_second(), NOW - 10);
    assert!(!message.stale && !inbound.stale);
    assert_eq!(inbound.body, Body::Text { text: "¿Qué máquinas tienen?".to_owned() });
}

#[test]
fn a_message_is_stale_past_the_limit_and_one_from_the_future_is_of_now() {
    assert!(message(&payload::text(&ana(), "wamid.1", at(30 * 60 + 1), "hola")).0.stale);
    assert!(!message(&payload::text(&ana(), "wamid.1", at(30 * 60), "hola")).0.stale);
    assert_eq!(message(&payload::text(&ana(), "wamid.1", at(-900), "hola")).0.provider_at.as_second(), NOW);
}

#[test]
fn every_type_has_its_form() {
    let photo = MediaRef::of("900", "image/jpeg", b"abc");
    let body = |payload: Value| message(&payload).1.body;
    let media = |media, caption: Option<&str>| Body::file(media, caption.map(str::to_owned));
    let choice = |id: &str, title: &str| Body::Choice { id: id.to_owned(), title: title.to_owned() };
    let (who, id, at) = (ana(), "wamid.1", at(1));
    assert_eq!(body(payload::image(&who, id, at, &photo, Some("¿esta?"))), media(MediaKind::Image, Some("¿esta?")));
    assert_eq!(body(payload::voice(&who, id, at, &photo)), media(MediaKind::Audio, None));
    assert_eq!(body(payload::video(&who, id, at, &photo, None)), media(MediaKind::Video, None));
    assert_eq!(body(payload::sticker(&who, id, at, &photo)), media(MediaKind::Sticker, None));
    assert_eq!(body(payload::contacts(&who, id, at, "Eva", "573005550102")), Body::Contact);
    assert_eq!(body(payload::button(&who, id, at, "act:precio", "Precio")), choice("act:precio", "Precio"));
    assert_eq!(body(payload::button_reply(&who, id, at, "yes", "Sí")), choice("yes", "Sí"));
    assert_eq!(body(payload::list_reply(&who, id, at, ("no", "No"), None)), choice("no", "No"));
    assert_eq!(body(payload::unsupported(&who, id, at)), Body::Unsupported);
    let order = serde_json::json!({ "catalog_id": "1", "product_items": [
        { "product_retailer_id": "I008", "quantity": 2, "item_price": 1, "currency": "COP" },
        { "product_retailer_id": "I004", "quantity": -3, "item_price": 1, "currency": "COP" },
        { "product_retailer_id": "I005" },
        { "quantity": 7 },
    ] });
    let line = |item: &str, quantity| OrderLine { item: item.to_owned(), quantity };
    let items = vec![line("I008", 2), line("I004", 1), line("I005", 1)];
    assert_eq!(body(payload::message_of_type(&who, id, at, "order", order)), Body::Order { items, text: None });
    let form = |response: &str| {
        let reply = serde_json::json!({ "type": "nfm_reply", "nfm_reply": { "response_json": response } });
        body(payload::message_of_type(&who, id, at, "interactive", reply))
    };
    let filled = r#"{"flow_token":"x","modelo":"KT-D3","cuántas":2,"usos":["ropa","gorras"],"nota":"a\nb","vacío":""}"#;
    let Body::Form { text } = form(filled) else { panic!("a form is read") };
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["cuántas: 2", "modelo: KT-D3", "nota: a b", "usos: ropa, gorras"]);
    for broken in ["", "[]", "7", "{", r#"{"flow_token":"x"}"#] {
        assert_eq!(form(broken), Body::Unsupported, "{broken}");
    }
    let permission = |said: &str| {
        let reply =
            serde_json::json!({ "type": "call_permission_reply", "call_permission_reply": { "response": said } });
        body(payload::message_of_type(&who, id, at, "interactive", reply))
    };
    assert_eq!(permission("accept"), Body::Call { call: Call::Allowed });
    assert_eq!(permission("reject"), Body::Call { call: Call::Refused });
    assert_eq!(body(payload::message_of_type(&who, id, at, "request_welcome", Value::Null)), Body::Welcome);
    assert_eq!(body(payload::message_of_type(&who, id, at, "call", Value::Null)), Body::Call { call: Call::Missed });
    let reaction = message(&payload::reaction(&who, id, at, "wamid.0", Some("👍"))).1;
    assert_eq!(reaction.body, Body::Reaction { emoji: Some("👍".to_owned()) });
    assert_eq!(reaction.quoted.unwrap().message_id, "wamid.0");
    let place = body(payload::location(&who, id, at, (8.7, -75.8), Some("Mi taller")));
    assert!(matches!(place, Body::Location { name: Some(name), .. } if name == "Mi taller"));
    let future = payload::message_of_type(&who, id, at, "hologram", serde_json::json!({ "depth": 3 }));
    let (kept, inbound) = message(&future);
    assert_eq!(inbound.body, Body::Unsupported);
    assert!(kept.payload.to_string().contains("depth"), "what is not understood is kept whole: {}", kept.payload);
}

#[test]
fn a_quoted_message_and_the_product_asked_about_are_kept() {
    let text = payload::text(&ana(), "wamid.2", at(1), "¿y esta?");
    let (quoting, inbound) = message(&payload::quoting(text.clone(), "wamid.1"));
    assert_eq!(quoting.quoted.unwrap().as_str(), "wamid.1");
    assert_eq!(inbound.quoted.unwrap().message_id, "wamid.1");
    let (asking, _) = message(&payload::with_referred_product(text, "1", "I007"));
    assert_eq!(asking.payload[super::from_whatsapp::ASKED_PRODUCT], "I007");
}

#[test]
fn an_advertisement_comes_along() {
    let text = payload::text(&ana(), "wamid.2", at(1), "info");
    let (_, inbound) = message(&payload::with_referral(text, "Fileteadoras", "Desde ya"));
    assert_eq!(inbound.referral.as_deref(), Some("Fileteadoras\nDesde ya"));
}

#[test]
fn edits_and_deletions_name_the_message_they_change() {
    let Arrival::Edit { message_id, text, payload } =
        one(&payload::edit(&ana(), "wamid.2", at(1), "wamid.1", "otra cosa"))
    else {
        panic!("not an edit")
    };
    assert_eq!((message_id.as_str(), text.as_deref()), ("wamid.1", Some("otra cosa")));
    let inbound = Inbound::deserialize(&payload).unwrap();
    assert_eq!((inbound.message_id.as_str(), inbound.body.text()), ("wamid.1", "otra cosa"));
    let revoke = one(&payload::revoke(&ana(), "wamid.2", at(1), "wamid.1"));
    assert_eq!(revoke, Arrival::Revoke { message_id: "wamid.1".into() });
}

#[test]
fn changes_of_number_and_of_user_id_name_the_old_and_the_new() {
    for body in [
        payload::user_changed_number(&ana(), "wamid.1", at(1), "573005550777"),
        payload::customer_changed_number(&ana(), "wamid.1", at(1), "573005550777"),
    ] {
        let Arrival::IdentityChange { old, new } = one(&body) else { panic!("not a change: {body}") };
        assert_eq!((old.wa_id.as_deref(), new.wa_id.as_deref()), (Some("573005550101"), Some("573005550777")));
    }
    let body = payload::user_changed_user_id(&ana(), "wamid.1", at(1), "CO.2");
    let Arrival::IdentityChange { old, new } = one(&body) else { panic!("not a change: {body}") };
    assert_eq!((old.user_id.as_deref(), new.user_id.as_deref()), (Some("CO.1047385771169864"), Some("CO.2")));
}

#[test]
fn an_echo_takes_over_for_as_long_as_a_person_keeps_a_chat_from_when_it_was_written() {
    let Arrival::Echo(EchoedMessage { identity, human_until, text, .. }) =
        one(&payload::echo(&ana(), "wamid.1", at(3600), "Ya le cuento"))
    else {
        panic!("not an echo")
    };
    assert_eq!(identity.wa_id.as_deref(), Some("573005550101"));
    assert_eq!(human_until.as_second(), NOW - 3600 + 12 * 3600);
    assert_eq!(text.as_deref(), Some("Ya le cuento"));
    assert!(matches!(one(&payload::app_echo(&ana(), "wamid.1", at(1), "promo")), Arrival::Unparsed { .. }));
}

#[test]
fn a_status_keeps_what_settles_a_send() {
    let told =
        payload::StatusOf::new("wamid.1", "failed", at(1), &ana()).opaque("o7").failed_with(&graph_error(131026));
    let Arrival::Status(status) = one(&payload::status(&told)) else { panic!("not a status") };
    assert_eq!((status.opaque.as_deref(), status.state), (Some("o7"), MessageState::Failed));
    assert_eq!(status.error_code.as_deref(), Some("131026"));
}

#[test]
fn the_address_book_names_people_by_phone_or_id() {
    let Arrival::AddressBook { identity, name } = one(&payload::state_sync(&ana(), at(1), "add")) else {
        panic!("no book")
    };
    assert_eq!((identity.wa_id.as_deref(), name.as_deref()), (Some("573005550101"), Some("Ana")));
    assert!(matches!(one(&payload::state_sync(&ana(), at(1), "remove")), Arrival::AddressBook { name: None, .. }));
}

#[test]
fn what_has_no_place_in_a_conversation_is_kept_raw() {
    let elsewhere = payload::addressed_to(payload::text(&ana(), "wamid.1", at(1), "hola"), "106000000000999", "1");
    let odd = [
        payload::history(&ana(), &[("wamid.h", at(9000), "hola")]),
        payload::account_error(&graph_error(131031)),
        payload::other_field("calls", serde_json::json!({ "calls": [] })),
        elsewhere,
    ];
    for body in odd {
        assert!(read(&body).iter().all(|arrival| matches!(arrival, Arrival::Unparsed { .. })), "{body}");
        assert!(!read(&body).is_empty(), "{body}");
    }
}

#[test]
fn only_words_about_the_account_are_alarms() {
    let events = |body: &Value| webhook::parse(body.to_string().as_bytes()).unwrap();
    assert_eq!(alarms(&events(&payload::account_error(&graph_error(131031)))).count(), 1);
    assert_eq!(alarms(&events(&payload::text(&ana(), "wamid.1", at(1), "hola"))).count(), 0);
}

#[test]
fn a_typed_phone_gets_its_country_only_when_it_is_a_colombian_mobile() {
    for (typed, expected) in [
        ("300 555 0101", Some("573005550101")),
        ("+57 300 555 0101", Some("573005550101")),
        ("(604) 555 0101", Some("6045550101")),
        ("1 555 010 1234", Some("15550101234")),
        ("", None),
        ("Ana", None),
    ] {
        assert_eq!(typed_phone(typed).as_deref(), expected, "{typed}");
    }
}
