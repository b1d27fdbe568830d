//! The envelope: what is flattened into what, and that nothing is dropped.

use super::{Event, parse};
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
    let body =
        change("user_preferences", &json!({ "user_preferences": [{ "wa_id": "573005550001", "value": "stop" }] }));
    let raw = body["entry"][0]["changes"][0].clone();
    assert_eq!(events(&body), [Event::Unknown { field: Some("user_preferences".into()), raw }]);
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
