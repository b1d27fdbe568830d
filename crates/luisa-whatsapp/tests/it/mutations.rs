//! Bodies no one documented: any bytes, and fixtures with something broken in them.

use crate::fixtures;
use luisa_whatsapp::webhook::{Event, parse};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        "[a-z_]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((key(), inner), 0..5).prop_map(|pairs| Value::Object(Map::from_iter(pairs))),
        ]
    })
}

/// Field names that mean something, more often than not.
fn key() -> impl Strategy<Value = String> {
    let known = [
        "entry",
        "changes",
        "value",
        "field",
        "messages",
        "statuses",
        "message_echoes",
        "errors",
        "state_sync",
        "history",
        "contacts",
        "profile",
        "id",
        "type",
        "text",
        "body",
        "from",
        "from_user_id",
        "interactive",
        "button_reply",
        "edit",
        "message",
        "original_message_id",
        "metadata",
        "status",
        "timestamp",
        "code",
        "error_data",
    ];
    prop_oneof![4 => prop::sample::select(known.to_vec()).prop_map(str::to_owned), 1 => "[a-z]{0,6}"]
}

/// Every place in a JSON tree, as a pointer.
fn places(value: &Value, here: &str, found: &mut Vec<String>) {
    found.push(here.to_owned());
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                places(item, &format!("{here}/{index}"), found);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                places(field, &format!("{here}/{name}"), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn text(id: &str, body: &str) -> Value {
    json!({ "from": "573005550001", "id": id, "timestamp": "1793541600", "type": "text", "text": { "body": body } })
}

fn batch(messages: Vec<Value>) -> Vec<u8> {
    let status = json!({ "id": "wamid.S", "status": "read", "timestamp": "1793541600" });
    let contact = json!({ "profile": { "name": "Ana" }, "wa_id": "573005550001" });
    let value = json!({ "contacts": [contact], "messages": messages, "statuses": [status] });
    serde_json::to_vec(&json!({ "entry": [{ "changes": [{ "field": "messages", "value": value }] }] })).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_bytes_panic(raw in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(&raw);
    }

    #[test]
    fn any_json_of_any_shape_is_read(body in any_json()) {
        prop_assert!(parse(&serde_json::to_vec(&body).unwrap()).is_ok());
    }

    #[test]
    fn a_fixture_cut_or_bitten_anywhere_does_no_harm(
        which in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>(),
    ) {
        let fixtures = fixtures::all();
        let mut raw = fixtures[which.index(fixtures.len())].1.clone();
        let at = at.index(raw.len());
        if cut { raw.truncate(at) } else { raw[at] = byte }
        let _ = parse(&raw);
    }

    #[test]
    fn a_fixture_with_anything_anywhere_is_read(
        which in any::<prop::sample::Index>(), place in any::<prop::sample::Index>(), instead in any_json(),
    ) {
        let fixtures = fixtures::all();
        let mut body: Value = serde_json::from_slice(&fixtures[which.index(fixtures.len())].1).unwrap();
        let mut all = Vec::new();
        places(&body, "", &mut all);
        *body.pointer_mut(&all[place.index(all.len())]).unwrap() = instead;
        prop_assert!(parse(&serde_json::to_vec(&body).unwrap()).is_ok());
    }

    #[test]
    fn siblings_of_a_broken_message_survive(
        broken in any_json(), place in any::<prop::sample::Index>(), whole in any::<bool>(),
    ) {
        let mut victim = text("wamid.B", "dos");
        if whole {
            victim = broken;
        } else {
            let mut all = Vec::new();
            places(&victim, "", &mut all);
            *victim.pointer_mut(&all[place.index(all.len())]).unwrap() = broken;
        }
        let events = parse(&batch(vec![text("wamid.A", "uno"), victim, text("wamid.C", "tres")])).unwrap();
        let unharmed = parse(&batch(vec![text("wamid.A", "uno"), text("wamid.B", "dos"), text("wamid.C", "tres")])).unwrap();
        prop_assert_eq!(events.len(), 4);
        prop_assert_eq!([&events[0], &events[2], &events[3]], [&unharmed[0], &unharmed[2], &unharmed[3]]);
    }
}

#[test]
fn nesting_beyond_reason_is_refused_and_less_is_read() {
    let deep = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
    assert!(parse(deep(100_000).as_bytes()).is_err());
    assert!(matches!(parse(deep(100).as_bytes()).unwrap()[..], [Event::Unknown { .. }]));

    let edits = 50;
    let nested = r#"{"id":"a","type":"edit","edit":{"original_message_id":"b","message":"#.repeat(edits);
    let body = format!(r#"{{"entry":[{{"changes":[{{"value":{{"messages":[{nested}1{}]}}}}]}}]}}"#, "}}".repeat(edits));
    assert!(matches!(parse(body.as_bytes()).unwrap()[..], [Event::Message { .. }]));
}

#[test]
fn half_an_emoji_in_one_name_does_not_lose_the_batch() {
    let raw = String::from_utf8(batch(vec![text("wamid.A", "uno"), text("wamid.B", "dos")])).unwrap();
    let cut = raw.replace("\"Ana\"", "\"Ana \\ud83d\"");
    let events = parse(cut.as_bytes()).unwrap();
    let Event::Message { contact: Some(contact), .. } = &events[0] else { panic!("{events:?}") };
    assert_eq!((events.len(), contact.name.as_deref()), (3, Some("Ana \u{fffd}")));
}
