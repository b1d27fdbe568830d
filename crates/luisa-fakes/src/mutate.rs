//! Random damage to a valid payload, and which of its items must survive it.
//!
//! Owns the kinds of damage and the bookkeeping of what they spoil. May not judge what a service makes of the damaged
//! part: only that its siblings are as valid as before.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The arrays of a value whose items stand for themselves.
const ITEM_ARRAYS: [&str; 6] = ["messages", "statuses", "message_echoes", "errors", "state_sync", "history"];
/// Below the recursion limit of common parsers (128), wherever in a payload it lands.
const DEEPEST: usize = 90;
/// Escaped it is six times as long, and may be doubled twice: still below Meta's 3 MB.
const LONGEST: usize = 60_000;
/// Damage to what is nested already would nest beyond `DEEPEST`.
const DEEPEST_DAMAGE: usize = 12;

/// A damaged payload.
#[derive(Clone, Debug)]
pub struct Mutation {
    pub payload: Value,
    /// By id: messages, statuses and echoes that are still in the payload, unharmed and in their place.
    pub untouched: BTreeMap<String, Value>,
    /// What was done, for the message of a failing test.
    pub damage: Vec<String>,
}

/// One to three kinds of damage; the same seed and payload give the same result. Ids that occur more than once in the
/// payload are in no case among the untouched.
pub fn mutate(seed: u64, payload: &Value) -> Mutation {
    let mut random = StdRng::seed_from_u64(seed);
    let mut work = Work { payload: payload.clone(), spoiled: BTreeSet::new(), damage: Vec::new() };
    let whole = items_by_id(payload);
    for _ in 0..random.random_range(1..=3) {
        work.damage_once(&mut random);
    }
    let untouched = whole.into_iter().filter(|(id, _)| !work.spoiled.contains(id)).collect();
    Mutation { payload: work.payload, untouched, damage: work.damage }
}

/// Arrays in arrays; beyond 127 levels common parsers refuse the whole body.
pub fn nested(levels: usize) -> Value {
    (0..levels).fold(json!("deep"), |inner, _| json!([inner]))
}

struct Work {
    payload: Value,
    spoiled: BTreeSet<String>,
    damage: Vec<String>,
}

/// Where something is: entry, change, and for an item the array and the place in it.
#[derive(Clone, Debug)]
struct Item {
    change: String,
    array: &'static str,
    place: usize,
}

impl Work {
    fn damage_once(&mut self, random: &mut StdRng) {
        // Most real damage is in one item, so that is what is tried most.
        match random.random_range(0..10) {
            0..=4 => self.inside_an_item(random),
            5 => self.a_contact(random),
            6 => self.strangers_among_the_items(random),
            7 => self.an_item_twice(random),
            8 => self.unknown_keys_around(random),
            _ => self.a_whole_change(random),
        }
    }

    fn inside_an_item(&mut self, random: &mut StdRng) {
        let Some(item) = self.items().choose(random).cloned() else {
            return;
        };
        let array = self.array_mut(&item);
        let Some(victim) = array.and_then(|array| array.get_mut(item.place)) else {
            return;
        };
        let spoiled = id_of(victim);
        let what = damage_somewhere(victim, random);
        self.spoiled.extend(spoiled);
        self.note(format!("{}/value/{}/{}: {what}", item.change, item.array, item.place));
    }

    /// Messages without a readable contact are messages all the same.
    fn a_contact(&mut self, random: &mut StdRng) {
        let Some(change) = self.changes().choose(random).cloned() else {
            return;
        };
        let Some(contacts) = self.payload.pointer_mut(&format!("{change}/value/contacts")) else {
            return;
        };
        let what = damage_somewhere(contacts, random);
        self.note(format!("{change}/value/contacts: {what}"));
    }

    fn strangers_among_the_items(&mut self, random: &mut StdRng) {
        let Some(item) = self.items().choose(random).cloned() else {
            return;
        };
        let stranger =
            [json!(null), json!(7), json!("text"), json!([]), json!({}), json!({ "type": "from_the_future" })]
                .choose(random)
                .cloned()
                .unwrap_or_default();
        self.note(format!("{}/value/{}: {stranger} added", item.change, item.array));
        if let Some(array) = self.array_mut(&item) {
            array.insert(random.random_range(0..=array.len()), stranger);
        }
    }

    /// At least once means: the same item twice is as good as once.
    fn an_item_twice(&mut self, random: &mut StdRng) {
        let Some(item) = self.items().choose(random).cloned() else {
            return;
        };
        self.note(format!("{}/value/{}/{} twice", item.change, item.array, item.place));
        if let Some(array) = self.array_mut(&item)
            && let Some(copy) = array.get(item.place).cloned()
        {
            array.push(copy);
        }
    }

    fn unknown_keys_around(&mut self, random: &mut StdRng) {
        let change = self.changes().choose(random).cloned().unwrap_or_default();
        let entry = change.split("/changes").next().unwrap_or_default().to_owned();
        let places = [String::new(), entry, change.clone(), format!("{change}/value")];
        let place = places.choose(random).cloned().unwrap_or_default();
        let junk = any_junk(random);
        if let Some(Value::Object(object)) = self.payload.pointer_mut(&place) {
            object.insert("key_from_the_future".to_owned(), junk);
            self.note(format!("{place}: an unknown key"));
        }
    }

    /// The change, its value or one of its other parts becomes junk: nothing in it needs to survive.
    fn a_whole_change(&mut self, random: &mut StdRng) {
        let Some(change) = self.changes().choose(random).cloned() else {
            return;
        };
        let part = ["", "/value", "/field", "/value/metadata", "/value/messages", "/value/statuses"]
            .choose(random)
            .copied()
            .unwrap_or_default();
        let place = format!("{change}{part}");
        let in_it: Vec<String> =
            self.payload.pointer(&change).map(items_of_change).into_iter().flatten().map(|item| item.0).collect();
        let Some(target) = self.payload.pointer_mut(&place) else {
            return;
        };
        *target = any_junk(random);
        self.spoiled.extend(in_it);
        self.note(format!("{place} is junk"));
    }

    fn note(&mut self, what: String) {
        self.damage.push(what);
    }

    fn changes(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (e, entry) in array_of(&self.payload, "entry").iter().enumerate() {
            for c in 0..array_of(entry, "changes").len() {
                found.push(format!("/entry/{e}/changes/{c}"));
            }
        }
        found
    }

    fn items(&self) -> Vec<Item> {
        let mut found = Vec::new();
        for change in self.changes() {
            let Some(value) = self.payload.pointer(&format!("{change}/value")) else {
                continue;
            };
            for array in ITEM_ARRAYS {
                let places = 0..array_of(value, array).len();
                found.extend(places.map(|place| Item { change: change.clone(), array, place }));
            }
        }
        found
    }

    fn array_mut(&mut self, item: &Item) -> Option<&mut Vec<Value>> {
        self.payload.pointer_mut(&format!("{}/value/{}", item.change, item.array))?.as_array_mut()
    }
}

/// Items with an id of their own.
fn items_by_id(payload: &Value) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    let mut repeated = BTreeSet::new();
    for entry in array_of(payload, "entry") {
        for change in array_of(entry, "changes") {
            for (id, item) in items_of_change(change) {
                if found.insert(id.clone(), item).is_some() {
                    repeated.insert(id);
                }
            }
        }
    }
    found.retain(|id, _| !repeated.contains(id));
    found
}

fn items_of_change(change: &Value) -> Vec<(String, Value)> {
    let Some(value) = change.get("value") else {
        return Vec::new();
    };
    let items = ITEM_ARRAYS.iter().flat_map(|array| array_of(value, array));
    items.filter_map(|item| Some((id_of(item)?, item.clone()))).collect()
}

fn id_of(item: &Value) -> Option<String> {
    item.get("id").and_then(Value::as_str).map(str::to_owned)
}

fn array_of<'a>(object: &'a Value, key: &str) -> &'a [Value] {
    object.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Damages one node, at any depth; says which and how.
fn damage_somewhere(root: &mut Value, random: &mut StdRng) -> String {
    let paths = paths_within(root);
    let path = paths.choose(random).cloned().unwrap_or_default();
    if random.random_bool(0.25)
        && let Some((parent, key)) = path.rsplit_once('/')
        && remove(root, parent, key)
    {
        return format!("'{path}' removed");
    }
    let Some(node) = root.pointer_mut(&path) else {
        return "nothing".to_owned();
    };
    let (how, damaged) = damaged(node, random);
    *node = damaged;
    format!("'{path}' {how}")
}

fn remove(root: &mut Value, parent: &str, key: &str) -> bool {
    match root.pointer_mut(parent) {
        Some(Value::Object(object)) => object.remove(key).is_some(),
        Some(Value::Array(array)) => match key.parse::<usize>() {
            Ok(place) if place < array.len() => {
                array.remove(place);
                true
            }
            _ => false,
        },
        _ => false,
    }
}

fn damaged(node: &Value, random: &mut StdRng) -> (&'static str, Value) {
    match random.random_range(0..9) {
        0 => ("null", Value::Null),
        1 => ("of another type", another_type(node)),
        2 => ("a huge string", json!("ñ".repeat(random.random_range(5_000..LONGEST)))),
        3 => ("nested deeply", nested(random.random_range(8..DEEPEST))),
        4 => {
            ("an odd number", [json!(-1), json!(u64::MAX), json!(1e308), json!(0.5)][random.random_range(0..4)].clone())
        }
        5 => ("an empty string", json!("")),
        6 => ("with an unknown key", with_unknown_key(node, random)),
        7 => ("in an array", json!([node, node])),
        _ => ("of an unknown kind", unknown_kind(node)),
    }
}

fn another_type(node: &Value) -> Value {
    match node {
        Value::String(text) => text.parse::<i64>().map_or_else(|_| json!({ "text": text }), |number| json!(number)),
        Value::Number(number) => json!(number.to_string()),
        Value::Array(items) => items.first().cloned().unwrap_or(json!("")),
        Value::Object(object) => json!(object.keys().collect::<Vec<_>>()),
        Value::Bool(_) | Value::Null => json!("true"),
    }
}

fn with_unknown_key(node: &Value, random: &mut StdRng) -> Value {
    let mut object = node.as_object().cloned().unwrap_or_else(Map::new);
    object.insert("key_from_the_future".to_owned(), any_junk(random));
    Value::Object(object)
}

fn unknown_kind(node: &Value) -> Value {
    let mut changed = node.clone();
    match &mut changed {
        Value::Object(object) if object.contains_key("type") => {
            object.insert("type".to_owned(), json!("from_the_future"));
        }
        other => *other = json!("from_the_future"),
    }
    changed
}

fn any_junk(random: &mut StdRng) -> Value {
    match random.random_range(0..7) {
        0 => Value::Null,
        1 => json!([]),
        2 => json!({}),
        3 => json!(-17),
        4 => json!("junk \u{0} \u{202e} 🧵"),
        5 => json!([null, {}, [[]], "x"]),
        _ => nested(random.random_range(8..DEEPEST)),
    }
}

fn paths_within(root: &Value) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut next = 0;
    while let Some(path) = found.get(next).cloned() {
        next += 1;
        if path.matches('/').count() >= DEEPEST_DAMAGE {
            continue;
        }
        match root.pointer(&path) {
            // Keys of payloads hold neither `/` nor `~`, so they need no escaping.
            Some(Value::Object(object)) => found.extend(object.keys().map(|key| format!("{path}/{key}"))),
            Some(Value::Array(array)) => found.extend((0..array.len()).map(|place| format!("{path}/{place}"))),
            _ => {}
        }
    }
    found
}
