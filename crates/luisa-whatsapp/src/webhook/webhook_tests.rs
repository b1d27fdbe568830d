//! The envelope: what is flattened into what, and that nothing is dropped.

use super::{Body, Event, MOST_UNKNOWN, Ours, parse, parse_ours};
use serde_json::{Value, json};

fn events(body: &Value) -> Vec<Event> {
    parse(&serde_json::to_vec(body).unwrap()).unwrap()
}

fn change(field: &str, value: &Value) -> Value {
    json!({ "entry": [{ "changes": [{ "field": field, "value": value }] }] })
}

#[test]
fn what_is_not_an_envelope_is_one_unknown_event() {
    for body in [json!(null), json!(7), json!([]), json!({}), json!({ "entry": 3 }), json!("text")] {
        assert_eq!(events(&body), [Event::Unknown { field: None, raw: body.clone() }]);
    }
}

#[test]
fn an_envelope_without_items_has_no_events() {
    assert_eq!(events(&json!({ "entry": [] })), []);
    assert_eq!(events(&json!({ "entry": [{ "changes": [] }] })), []);
    assert_eq!(events(&change("messages", &json!({ "messages": [] }))), []);
}

#[test]
fn a_change_of_an_unread_field_keeps_its_field_and_everything_in_it() {
    let body = change("calls", &json!({ "calls": [{ "wa_id": "573005550001", "event": "connect" }] }));
    let raw = body["entry"][0]["changes"][0].clone();
    assert_eq!(events(&body), [Event::Unknown { field: Some("calls".into()), raw }]);
}

#[test]
fn a_list_that_is_no_list_is_kept_beside_its_readable_siblings() {
    let body = change("messages", &json!({ "messages": "x", "statuses": [{ "id": "wamid.A", "status": "sent" }] }));
    let [Event::Unknown { raw, .. }, Event::Status(status)] = &events(&body)[..] else { panic!() };
    assert_eq!((raw, status.id.as_str()), (&json!({ "messages": "x" }), "wamid.A"));
}

#[test]
fn ids_and_times_are_read_as_numbers_or_strings() {
    let message = json!({ "id": 12, "from": 573_005_550_001_i64, "timestamp": 1_793_541_600, "type": "text", "text": { "body": "" } });
    let body = change("messages", &json!({ "messages": [message] }));
    let [Event::Message { message, .. }] = &events(&body)[..] else { panic!() };
    assert_eq!((message.id.as_str(), message.from.wa_id.as_deref()), ("12", Some("573005550001")));
    assert_eq!(message.timestamp, Some(1_793_541_600));
}

#[test]
fn a_single_contact_names_a_nameless_message_only_when_nobody_else_wrote() {
    let contact = json!({ "profile": { "name": "Ana" }, "wa_id": "573005550001" });
    let nameless = json!({ "id": "a", "type": "text", "text": { "body": "hola" } });
    let of = |from: &str| json!({ "id": "b", "from": from, "type": "text", "text": { "body": "hola" } });
    let first_sender = |messages: Value| {
        let found = events(&change("messages", &json!({ "contacts": [contact], "messages": messages })));
        let Event::Message { message, .. } = &found[0] else { panic!() };
        message.from.wa_id.clone()
    };
    assert_eq!(first_sender(json!([nameless])).as_deref(), Some("573005550001"));
    assert_eq!(first_sender(json!([nameless, of("573005550001")])).as_deref(), Some("573005550001"));
    assert_eq!(first_sender(json!([nameless, of("573005550002")])), None);
}

fn ours() -> Ours {
    Ours { phone_number_id: Some("1".into()), business_account_id: Some("9".into()) }
}

fn from(account: Value, field: &str, value: &Value) -> Vec<Event> {
    let body = json!({ "entry": [{ "id": account, "changes": [{ "field": field, "value": value }] }] });
    parse_ours(&serde_json::to_vec(&body).unwrap(), &ours()).unwrap()
}

#[test]
fn what_is_about_another_number_is_told_apart_before_any_item_is_read() {
    let message = json!({ "id": "a", "from": "573005550001", "type": "text", "text": { "body": "hola" } });
    let echo = json!({ "id": "e", "to": "573005550001", "type": "text", "text": { "body": "hola" } });
    let status = json!({ "id": "s", "status": "failed" });
    let sync = json!({ "type": "contact", "action": "add", "contact": { "phone_number": "573005550001" } });
    for (field, list, item) in [
        ("messages", "messages", &message),
        ("messages", "statuses", &status),
        ("messages", "errors", &json!({ "code": 131_031 })),
        ("smb_message_echoes", "message_echoes", &echo),
        ("smb_app_state_sync", "state_sync", &sync),
        ("history", "history", &json!({ "threads": [] })),
    ] {
        let value = |number: &str| json!({ "metadata": { "phone_number_id": number }, list: [item, item] });
        let elsewhere = [Event::Elsewhere { field: Some(field.to_owned()), items: 2 }];
        assert_eq!(from(json!("9"), field, &value("2")), elsewhere, "{field}: another number");
        assert_eq!(from(json!("8"), field, &value("1")), elsewhere, "{field}: another account");
        assert_eq!(from(json!("9"), field, &value("1")).len(), 2, "{field}: ours");
        assert!(!from(json!("9"), field, &value("1")).contains(&elsewhere[0]));
        assert_eq!(from(json!("9"), field, &json!({ list: [item] })).len(), 1, "without metadata it is ours");
    }
    let handover = json!({ "type": "control_taken", "sender": { "phone_number": "573005550001" }, "recipient": { "phone_number_id": "2" } });
    assert!(matches!(from(json!("9"), "messaging_handovers", &handover)[..], [Event::Elsewhere { .. }]));
}

#[test]
fn a_million_parts_that_make_no_sense_are_a_hundred_events_and_one() {
    let body = format!(r#"{{"entry":[{}]}}"#, vec!["0"; 1_000_000].join(","));
    let events = parse(body.as_bytes()).unwrap();
    assert_eq!(events.len(), MOST_UNKNOWN + 1);
    let Some(Event::Unknown { raw, .. }) = events.last() else { panic!() };
    assert_eq!(raw.as_array().map(Vec::len), Some(1_000_000 - MOST_UNKNOWN));
}

#[test]
fn a_message_whose_sibling_breaks_the_json_is_read() {
    let good = r#"{"id":"a","from":"573005550001","type":"text","text":{"body":"hola"}}"#;
    let deep = format!("{}1{}", "[".repeat(300), "]".repeat(300));
    for bad in [
        "1e400",
        &deep,
        "\"x\u{1}y\"",
        r#"{"id":"b","from":"573005550002","timestamp":1e400,"type":"text","text":{"body":"dos"}}"#,
    ] {
        let body = format!(
            r#"{{"entry":[{{"changes":[{{"field":"messages","value":{{"messages":[{good},{bad},{good}]}}}}]}}]}}"#
        );
        let events = parse(body.as_bytes()).unwrap();
        let messages =
            events.iter().filter(|event| matches!(event, Event::Message { message, .. } if message.id == "a"));
        assert_eq!(messages.count(), 2, "{bad}: {events:?}");
        assert!(events.iter().any(|event| matches!(event, Event::Unknown { .. })), "{bad} is kept");
    }
    let mut body = format!(r#"{{"entry":[{{"changes":[{{"value":{{"messages":[{good}]}},"x":"?"}}]}}]}}"#).into_bytes();
    let at = body.iter().position(|byte| *byte == b'?').unwrap();
    body[at] = 0xff;
    assert!(matches!(parse(&body).unwrap()[..], [Event::Message { .. }]), "bad UTF-8");
}

#[test]
fn chats_of_others_are_watched_and_their_hand_overs_heard() {
    let inside = json!({ "contacts": [{ "profile": { "name": "Ana" }, "wa_id": "573005550001" }],
        "messages": [{ "id": "a", "from": "573005550001", "type": "text", "text": { "body": "hola" } }],
        "message_echoes": [{ "id": "e", "timestamp": "1793541600", "message": { "to": "573005550001", "type": "text", "text": { "body": "con gusto" } } }],
        "statuses": [{ "id": "s", "status": "sent" }] });
    let found = events(&change("standby", &json!({ "metadata": { "phone_number_id": "1" }, "standby": inside })));
    let [Event::StandbyMessage { contact, message }, Event::Status(_), Event::StandbyEcho(echo)] = &found[..] else {
        panic!("{found:?}")
    };
    assert_eq!((message.id.as_str(), contact.as_ref().unwrap().name.as_deref()), ("a", Some("Ana")));
    assert_eq!((echo.to.as_deref(), &echo.body), (Some("573005550001"), &Body::Text("con gusto".into())));
    for (kind, to_us) in [("control_passed", true), ("control_taken", false)] {
        let told = json!({ "type": kind, "sender": { "phone_number": "+573005550001" }, "recipient": { "phone_number_id": "1" },
            "new_owner_app_role": "ai_agent" });
        let found = events(&change("messaging_handovers", &told));
        let [Event::Handover(handover)] = &found[..] else { panic!("{found:?}") };
        assert_eq!((handover.to_us, handover.wa_id.as_deref()), (to_us, Some("573005550001")));
        assert_eq!(handover.new_role.as_deref(), Some("ai_agent"));
    }
}

#[test]
fn news_of_the_account_are_alarms_unless_they_are_known_to_be_good() {
    for (field, value, event, alarms) in [
        ("account_update", json!({ "event": "DISABLED_UPDATE" }), "DISABLED_UPDATE", true),
        ("account_update", json!({ "event": "VERIFIED_ACCOUNT" }), "VERIFIED_ACCOUNT", false),
        ("account_update", json!({ "event": "SOMETHING_NEW" }), "SOMETHING_NEW", true),
        ("account_update", json!({}), "UNKNOWN", true),
        ("account_alerts", json!({ "alert_info": { "alert_type": "OBA_APPROVED" } }), "OBA_APPROVED", true),
        ("phone_number_quality_update", json!({ "event": "FLAGGED", "current_limit": "TIER_50" }), "FLAGGED", true),
        (
            "message_template_status_update",
            json!({ "event": "REJECTED", "message_template_name": "aviso" }),
            "REJECTED",
            true,
        ),
        ("message_template_status_update", json!({ "event": "APPROVED" }), "APPROVED", false),
        ("account_update", json!({ "event": "un texto con 573005550001" }), "UNKNOWN", true),
    ] {
        let found = events(&change(field, &value));
        let [Event::AccountNews(news)] = &found[..] else { panic!("{found:?}") };
        assert_eq!((news.event.as_str(), news.alarms()), (event, alarms), "{field} {value}");
    }
}
