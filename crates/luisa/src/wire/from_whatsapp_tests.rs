//! Every event of Meta's becomes an arrival of ours, and none is dropped.

use jiff::{SignedDuration, Timestamp};
use luisa_core::turn::{Body, Call, Inbound, MediaKind, OrderLine};
use luisa_fakes::meta::MediaRef;
use luisa_fakes::{Person, graph_error, payload};
use luisa_store::{
    Arrival, Author, Debounce, EchoedMessage, EditedMessage, InboundMessage, MessageState, Watched, Words,
};
use luisa_whatsapp::webhook::{self, Ours};
use serde::Deserialize;
use serde_json::Value;

use super::from_whatsapp::{Reception, Word, arrivals, typed_phone, words_of_meta};

const NOW: i64 = 1_795_000_000;

fn reception() -> Reception {
    Reception {
        now: Timestamp::from_second(NOW).unwrap(),
        stale_after: SignedDuration::from_mins(30),
        human_ttl: SignedDuration::from_hours(12),
        debounce: Debounce { quiet_ms: 1500, max_ms: 6000 },
        media_wait_ms: 20_000,
        words: Words::OfBusiness,
    }
}

fn read(body: &Value) -> Vec<Arrival> {
    let ours = Ours { phone_number_id: Some(payload::PHONE_NUMBER_ID.to_owned()), business_account_id: None };
    arrivals(webhook::parse_ours(body.to_string().as_bytes(), &ours).unwrap(), &reception())
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
    let Arrival::Edit(EditedMessage { message_id, by, text, payload, .. }) =
        one(&payload::edit(&ana(), "wamid.2", at(1), "wamid.1", "otra cosa"))
    else {
        panic!("not an edit")
    };
    assert!(matches!(&by, Author::Customer(who) if who.wa_id.as_deref() == Some("573005550101")));
    assert_eq!((message_id.as_str(), text.as_deref()), ("wamid.1", Some("otra cosa")));
    let inbound = Inbound::deserialize(&payload).unwrap();
    assert_eq!((inbound.message_id.as_str(), inbound.body.text()), ("wamid.1", "otra cosa"));
    let revoke = one(&payload::revoke(&ana(), "wamid.2", at(1), "wamid.1"));
    assert_eq!(revoke, Arrival::Revoke { message_id: "wamid.1".into(), by });
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
    assert_eq!(words_of_meta(&events(&payload::account_error(&graph_error(131031)))).count(), 1);
    assert_eq!(words_of_meta(&events(&payload::text(&ana(), "wamid.1", at(1), "hola"))).count(), 0);
    let disabled = events(&payload::other_field("account_update", serde_json::json!({ "event": "DISABLED_UPDATE" })));
    let Some(Word::News(news)) = words_of_meta(&disabled).next() else { panic!("{disabled:?}") };
    assert!(news.alarms());
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

/// Every place in which Meta may put the id of before and the one of now.
#[test]
fn the_previous_user_id_wins_in_every_shape() {
    let system = |mut message: Value, system: Value| {
        message["id"] = "wamid.s".into();
        message["timestamp"] = NOW.to_string().into();
        message["type"] = "system".into();
        message["system"] = system;
        payload::envelope("messages", payload::value_of("messages", serde_json::json!([message])))
    };
    let json = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let change = r#"{"type":"user_changed_user_id","user_id":"CO.NEW","previous_user_id":"CO.OLD"}"#;
    let without_new = r#"{"type":"user_changed_user_id","previous_user_id":"CO.OLD"}"#;
    let without_old = r#"{"type":"user_changed_user_id","user_id":"CO.NEW"}"#;
    for (message, told) in [
        ("{}", change),
        (r#"{"from":"573005550101"}"#, change),
        (r#"{"from_user_id":"CO.OLD"}"#, change),
        (r#"{"from_user_id":"CO.NEW"}"#, change),
        (r#"{"from":"573005550101","from_user_id":"CO.NEW"}"#, change),
        (r#"{"from_user_id":"CO.NEW"}"#, without_new),
        (r#"{"from_user_id":"CO.OLD"}"#, without_old),
        ("{}", r#"{"type":"user_changed_user_id","new_user_id":"CO.NEW","previous_user_id":"CO.OLD"}"#),
        ("{}", r#"{"type":"from_the_future","user_id":"CO.NEW","previous_user_id":"CO.OLD"}"#),
    ] {
        let Arrival::IdentityChange { old, new } = one(&system(json(message), json(told))) else {
            panic!("{message} {told}")
        };
        assert_eq!(
            (old.user_id.as_deref(), new.user_id.as_deref()),
            (Some("CO.OLD"), Some("CO.NEW")),
            "{message} {told}"
        );
    }
    for (message, told) in [("{}", without_old), ("{}", r#"{"type":"user_changed_number","wa_id":"573005550777"}"#)] {
        assert!(matches!(one(&system(json(message), json(told))), Arrival::Unparsed { .. }), "of nobody: {told}");
    }
}

#[test]
fn only_a_message_of_its_own_from_the_phone_takes_a_chat() {
    let text = serde_json::json!({ "type": "text", "text": { "body": "Vale 1.230.000" } });
    let edit = serde_json::json!({ "original_message_id": "E1", "message": text });
    assert!(matches!(
        one(&payload::echo_of(&ana(), "E2", at(1), "edit", edit)),
        Arrival::Edit(EditedMessage { by: Author::Staff(_), .. })
    ));
    let revoke = serde_json::json!({ "original_message_id": "E1" });
    let revoked = one(&payload::echo_of(&ana(), "E2", at(1), "revoke", revoke));
    assert!(matches!(revoked, Arrival::Revoke { by: Author::Staff(_), .. }));
    let thumb = serde_json::json!({ "message_id": "wamid.1", "emoji": "👍" });
    assert!(matches!(one(&payload::echo_of(&ana(), "E2", at(1), "reaction", thumb)), Arrival::Unparsed { .. }));
    for kind in ["unsupported", "from_the_future"] {
        let Arrival::Echo(echo) = one(&payload::echo_of(&ana(), "E2", at(1), kind, serde_json::json!({}))) else {
            panic!("{kind}")
        };
        assert!(echo.human_until < reception().now, "{kind}");
    }
}

#[test]
fn what_is_not_for_us_leaves_no_word() {
    let secret = "llevo TAMARINDO y el remedio";
    let group = payload::with_field(payload::text(&ana(), "wamid.1", at(1), secret), "group_id", "g1".into());
    let elsewhere = payload::addressed_to(payload::text(&ana(), "wamid.1", at(1), secret), "106000000000999", "1");
    for body in [
        payload::history(&ana(), &[("wamid.h", at(9000), secret), ("wamid.i", at(8000), secret)]),
        payload::app_echo(&ana(), "wamid.a", at(1), secret),
        group,
        elsewhere,
    ] {
        for arrival in read(&body) {
            let Arrival::Unparsed { raw, .. } = arrival else { panic!("{arrival:?}") };
            assert!(!raw.contains("TAMARINDO"), "{raw}");
        }
    }
}

#[test]
fn chats_of_others_are_watched_and_wishes_are_noted() {
    let text = payload::text(&ana(), "wamid.1", at(1), "hola");
    let value = text["entry"][0]["changes"][0]["value"].clone();
    let (metadata, mut inside) = (value["metadata"].clone(), value);
    inside.as_object_mut().unwrap().remove("metadata");
    let standby = payload::other_field("standby", serde_json::json!({ "metadata": metadata, "standby": inside }));
    assert!(
        matches!(one(&standby), Arrival::Watched(Watched::Message(message)) if message.text.as_deref() == Some("hola"))
    );
    let passed = serde_json::json!({ "type": "control_taken", "sender": { "phone_number": "573005550101" } });
    assert!(matches!(
        one(&payload::other_field("messaging_handovers", passed)),
        Arrival::Handover { to_us: false, .. }
    ));
    for (value, wanted) in [("stop", true), ("resume", false)] {
        let wish = serde_json::json!({ "user_preferences": [{ "user_id": "CO.1", "category": "marketing_messages", "value": value }] });
        assert!(
            matches!(one(&payload::other_field("user_preferences", wish)), Arrival::OptOut { stopped, .. } if stopped == wanted)
        );
    }
}
