//! Damage is real, reproducible, and spares what it says it spares.

use luisa_fakes::payload::{self, Person, StatusOf};
use luisa_fakes::webhook::escaped;
use luisa_fakes::{mutate, mutate::nested};
use serde_json::Value;
use std::collections::BTreeMap;

const AT: u64 = 1_795_000_000;

fn busy_payload() -> Value {
    let say = |n: u32| payload::text(&Person::numbered(n), &format!("wamid.text{n}"), AT, "¿Qué precio tiene?");
    let merged = payload::merge_messages((0..3).map(say).collect());
    let tapped = payload::button_reply(&Person::numbered(9_001), "wamid.tap", AT, "ver", "Ver más");
    let told = [1, 2].map(|n| StatusOf::new(&format!("wamid.status{n}"), "read", AT, &Person::numbered(n)));
    let echo = payload::echo(&Person::numbered(4), "wamid.echo", AT, "Ya le cuento");
    payload::batch(vec![merged, payload::statuses(&told), echo, tapped, say(7)])
}

#[test]
fn the_untouched_are_in_their_place_as_they_were() {
    let payload = busy_payload();
    assert_eq!(found(&payload).len(), 8);
    let (mut changed, mut spared) = (0, 0);
    for seed in 0..2_000 {
        let mutation = mutate(seed, &payload);
        let found = found(&mutation.payload);
        for (id, item) in &mutation.untouched {
            let copies = found.get(id).unwrap_or_else(|| panic!("seed {seed}: {id} is gone; {:?}", mutation.damage));
            assert!(copies.iter().all(|copy| copy == item), "seed {seed}: {id} differs; {:?}", mutation.damage);
        }
        changed += usize::from(mutation.payload != payload);
        spared += mutation.untouched.len();
    }
    assert!(changed > 1_800, "only {changed} of 2,000 were damaged at all");
    assert!(spared > 2_000 * 4, "only {spared} items were spared: a test with them would prove little");
}

#[test]
fn every_damaged_body_is_small_enough_and_not_too_deep_for_a_parser() {
    let payload = busy_payload();
    for seed in 0..300 {
        let raw = escaped(&mutate(seed, &payload).payload);
        assert!(raw.len() < 3_000_000, "seed {seed}: {} bytes", raw.len());
        serde_json::from_slice::<Value>(&raw).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    }
    let too_deep = nested(200).to_string();
    assert!(serde_json::from_str::<Value>(&too_deep).is_err());
}

#[test]
fn the_same_seed_does_the_same_damage() {
    let payload = busy_payload();
    let again = |seed| mutate(seed, &payload).payload;
    assert_eq!(again(5), again(5));
    let different: std::collections::BTreeSet<String> = (0..100).map(|seed| again(seed).to_string()).collect();
    assert!(different.len() > 80, "{}", different.len());
}

#[test]
fn ids_that_were_double_from_the_start_are_not_promised() {
    let say = |n: u32| payload::text(&Person::numbered(n), "wamid.same", AT, "Hola");
    let payload = payload::merge_messages(vec![say(1), say(2)]);
    assert!((0..50).all(|seed| mutate(seed, &payload).untouched.is_empty()));
}

#[test]
fn any_json_can_be_damaged() {
    for odd in [Value::Null, nested(3), serde_json::json!({ "entry": { "changes": 5 } })] {
        for seed in 0..50 {
            assert!(mutate(seed, &odd).untouched.is_empty());
        }
    }
}

/// By id: every item in its place in a change that says what it is and for whom.
fn found(payload: &Value) -> BTreeMap<String, Vec<Value>> {
    let arrays = ["messages", "statuses", "message_echoes"];
    let mut found: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let entries = payload["entry"].as_array().into_iter().flatten();
    for change in entries.filter_map(|entry| entry["changes"].as_array()).flatten() {
        if !change["field"].is_string() || !change["value"]["metadata"]["phone_number_id"].is_string() {
            continue;
        }
        for item in arrays.iter().filter_map(|array| change["value"][array].as_array()).flatten() {
            if let Some(id) = item["id"].as_str() {
                found.entry(id.to_owned()).or_default().push(item.clone());
            }
        }
    }
    found
}
