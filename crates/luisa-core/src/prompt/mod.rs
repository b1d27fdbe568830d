//! A question to a model in words: the pack's prompt, the facts that matter by id, what is known, the last turns.
//!
//! Owns what a model is told. Customers' words go as messages of the chat, never into the instructions, and only
//! masked; of what is known, only values that the store itself could have named. May not call anybody.

pub mod mask;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::json;

use crate::ask::{Prompt, Purpose, Said, Who};
use crate::catalog::Item;
use crate::pack::Pack;
use crate::stages::scene::Scene;
use crate::understanding::slots::{DISTRICT, NAME, is_closed};

use mask::masked;

/// Most products that a question names.
const MOST_ITEMS: usize = 6;
/// Most earlier messages: six turns of two.
const MOST_SAID: usize = 12;

/// What a model may state, by id: facts of the pack and products.
#[must_use]
pub fn facts(scene: &Scene<'_>) -> BTreeMap<String, String> {
    let pack = scene.pack;
    let mut told = BTreeMap::new();
    let Some(llm) = &pack.llm else { return told };
    let mut tell = |id: &str| {
        if let Some(text) = pack.facts.get(id) {
            told.insert(id.to_owned(), text.clone());
        }
    };
    llm.reply.always.iter().for_each(|id| tell(id));
    for (concept, ids) in &llm.reply.topics {
        if scene.says(concept.as_str()) {
            ids.iter().for_each(|id| tell(id));
        }
    }
    if let Some(includes) = scene.family().and_then(|id| pack.family(&id)?.includes.clone()) {
        tell(&includes);
    }
    for item in items(scene) {
        told.insert(item.id.clone(), record(pack, item));
    }
    told
}

// Products spoken of, then those of the family, the ones a seller would rather show first.
fn items<'a>(scene: &Scene<'a>) -> Vec<&'a Item> {
    let catalog = &scene.pack.catalog;
    let mut found: Vec<&Item> = Vec::new();
    let mut add = |item: &'a Item| {
        if item.active && found.len() < MOST_ITEMS && !found.iter().any(|known| known.id == item.id) {
            found.push(item);
        }
    };
    let named = scene.business().flat_map(|view| view.products.iter());
    named.filter_map(|at| catalog.items.get(*at)).for_each(&mut add);
    scene.memory.focus.iter().chain(&scene.memory.offered).filter_map(|id| catalog.item(id)).for_each(&mut add);
    let family = scene.family();
    let mut rest: Vec<&Item> = catalog.active().collect();
    rest.sort_by_key(|item| std::cmp::Reverse(item.priority));
    rest.into_iter().filter(|item| family.as_ref().is_none_or(|f| item.family.as_str() == f)).for_each(&mut add);
    found
}

fn record(pack: &Pack, item: &Item) -> String {
    let mut text = format!("{}: {}", item.name, item.kind);
    if !item.features.is_empty() {
        let _ = write!(text, "; {}", item.features.join(", "));
    }
    if !item.good_for.is_empty() {
        let _ = write!(text, "; {}", item.good_for);
    }
    if let Some(price) = item.price_cop {
        let _ = write!(text, "; {price}");
    }
    if let Some(includes) = pack.family(item.family.as_str()).and_then(|family| family.includes.as_ref()) {
        let _ = write!(text, "; {}", pack.fact(includes));
    }
    text
}

/// The question about this scene in words. `earlier`: the chat's last messages, oldest first; what of them fits within
/// `limit` characters beside the turn's own words goes along.
#[must_use]
pub fn write(scene: &Scene<'_>, purpose: Purpose, draft: &str, earlier: &[Said], limit: usize) -> Option<Prompt> {
    let pack = scene.pack;
    let llm = pack.llm.as_ref()?;
    let about = &pack.about;
    let (prompt, schema_name, schema) = match purpose {
        Purpose::Reply => (&llm.reply, "reply", reply_schema()),
        Purpose::Class => (&llm.personal, "class", class_schema()),
    };
    let listed: Vec<String> = match purpose {
        Purpose::Reply => facts(scene).iter().map(|(id, text)| format!("{id}: {text}")).collect(),
        Purpose::Class => Vec::new(),
    };
    let known: Vec<String> = scene
        .memory
        .slots
        .iter()
        .filter(|(slot, known)| is_closed(pack, slot, &known.value))
        .filter_map(|(slot, _)| Some(format!("{slot}: {}", scene.memory.slot(slot)?)))
        .collect();
    let names = names(scene);
    let known = if known.is_empty() { "-".to_owned() } else { known.join("\n") };
    let values = [
        ("asistente", about.assistant.as_str()),
        ("tienda", &about.name),
        ("ciudad", &about.city),
        ("hechos", &listed.join("\n")),
        ("datos", &known),
        ("borrador", draft),
    ];
    let system = prompt.body.fill(&pack.facts, &values);
    let said = said(scene, &names, earlier, limit);
    Some(Prompt { version: prompt.version.clone(), system, said, schema_name, schema })
}

/// The customer's words of the turn.
#[must_use]
pub fn words(scene: &Scene<'_>) -> String {
    let texts: Vec<&str> = scene
        .views
        .iter()
        .filter(|view| !view.limited)
        .map(|view| view.inbound.body.text())
        .filter(|text| !text.is_empty())
        .collect();
    texts.join("\n")
}

// What the customer is known by: said in this chat, or their profile's name.
fn names(scene: &Scene<'_>) -> Vec<String> {
    let said = scene.memory.slot(NAME).into_iter().chain(scene.memory.slot(DISTRICT));
    said.chain(scene.turn.profile_name.map(str::to_owned)).collect()
}

fn said(scene: &Scene<'_>, names: &[String], earlier: &[Said], limit: usize) -> Vec<Said> {
    let now = masked(scene.pack, names, &words(scene));
    let mut left = limit.saturating_sub(now.chars().count());
    let mut back: Vec<Said> = vec![Said { who: Who::Customer, text: now }];
    for message in earlier.iter().rev().take(MOST_SAID) {
        let text = masked(scene.pack, names, &message.text);
        let length = text.chars().count();
        if length > left {
            break;
        }
        left -= length;
        back.push(Said { who: message.who, text });
    }
    back.reverse();
    back
}

fn reply_schema() -> serde_json::Value {
    json!({
        "type": "object",
        "properties": {
            "sentences": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "text": { "type": "string" },
                        "facts": { "type": "array", "items": { "type": "string" } }
                    },
                    "required": ["text", "facts"],
                    "additionalProperties": false
                }
            },
            "confidence": { "type": "number" }
        },
        "required": ["sentences", "confidence"],
        "additionalProperties": false
    })
}

fn class_schema() -> serde_json::Value {
    json!({
        "type": "object",
        "properties": {
            "class": { "type": "string", "enum": ["personal", "business"] },
            "confidence": { "type": "number" }
        },
        "required": ["class", "confidence"],
        "additionalProperties": false
    })
}
