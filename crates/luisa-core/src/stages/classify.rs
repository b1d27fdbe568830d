//! Message classification and intent analysis, within the conversation.
//!
//! Owns what the conversation adds to the reading of a single message: a pending question turns `ok` into an answer, a
//! chat under way or a known private contact moves the line of what is personal. Silence is decided from here only.

use crate::outcome::CachedAnswer;
use crate::symbol::Symbol;
use crate::taxonomy::{Class, Intent, Reason};
use crate::turn::{Body, Inbound};
use crate::understanding::reading::read_at;
use crate::understanding::{Reading, read};

use super::burst;
use super::pending::{self, Answered, answer};
use super::rate::Rate;
use super::scene::{CacheUse, Scene};

/// A classified message.
pub struct Classified<'a> {
    pub inbound: &'a Inbound,
    pub reading: Reading,
    pub class: Class,
    pub class_score: f32,
    pub answered: Option<Answered>,
    pub limited: bool,
    /// Part of a longer utterance of the same burst, which speaks for it.
    pub fragment: bool,
    pub path: Vec<String>,
}

/// A message with its intent.
pub struct Intended<'a> {
    pub classified: Classified<'a>,
    pub intent: Intent,
    pub intent_score: f32,
    pub cache: CacheUse,
}

/// The class of one message.
#[must_use]
pub fn classify<'a>(scene: &Scene<'_>, inbound: &'a Inbound, rate: Rate) -> Classified<'a> {
    let pack = scene.pack;
    let limited = rate == Rate::Over;
    let mut path = vec![if limited { "rate_limited" } else { "rate_ok" }.to_owned()];
    let threshold = personal_threshold(scene);
    let text = inbound.body.text();
    let (utterance, fragment) = burst::utterance(scene.turn.messages, inbound);
    let mut reading = if text.is_empty() { read(pack, text) } else { read_at(pack, &utterance, threshold) };
    if reading.class == Class::NonBusiness && under_way(scene) && !speaks_of_private_life(scene, &reading) {
        reading = read_at(pack, &utterance, NEVER);
        reading.reasons.insert(0, "nothing private is mentioned, and a sale is under way".to_owned());
    }
    let pending = scene.memory.pending.as_ref().filter(|_| !scene.in_shadow());
    let mut answered = pending.and_then(|p| answer(pack, p, &reading));
    let (mut class, mut class_score) = (reading.class, reading.class_score);
    if answered.is_some() {
        (class, class_score) = (Class::Consult, 0.95);
        reading.reasons.insert(0, "it answers the pending question".to_owned());
    }
    if answered.is_none() && gives_lead(scene, &reading) {
        (class, class_score) = (Class::Consult, 0.8);
        reading.reasons.insert(0, "it gives the data that the team asked for".to_owned());
    }
    if matches!(class, Class::Empty | Class::NonBusiness) && leans_on_sale(scene, &reading) {
        (class, class_score) = (Class::Consult, 0.7);
        reading.reasons.insert(0, "it leans on the sale under way".to_owned());
    }
    if matches!(class, Class::Empty | Class::NonBusiness) && (reading.says("robot") || reading.says("inyeccion")) {
        (class, class_score) = (Class::Consult, 0.8);
        reading.reasons.insert(0, "it speaks to the assistant".to_owned());
    }
    match &inbound.body {
        Body::Text { .. } => {}
        Body::Choice { id, .. } => {
            (class, class_score) = (Class::Consult, 1.0);
            answered = pressed(id, inbound);
            reading.reasons.insert(0, format!("pressed `{id}`"));
        }
        // A picture, a place or a file without words is for the store until the contrary is plain.
        Body::Media { .. } if !text.is_empty() => {}
        Body::Media { media, .. } => {
            let sticker = *media == crate::turn::MediaKind::Sticker;
            (class, class_score) = if sticker { (Class::Empty, 0.9) } else { (Class::Consult, 0.6) };
            reading.reasons = vec![format!("{media:?} without words").to_lowercase()];
        }
        Body::Location { .. } | Body::Contact | Body::Unsupported | Body::Order { .. } => {
            (class, class_score) = (Class::Consult, 0.8);
            reading.reasons = vec!["not a text".to_owned()];
        }
        Body::Reaction { .. } => {
            (class, class_score) = (Class::Empty, 1.0);
            reading.reasons = vec!["a reaction".to_owned()];
        }
    }
    path.push(format!("class:{}", class.id().to_lowercase()));
    if fragment {
        path.push("fragment".to_owned());
    }
    Classified { inbound, reading, class, class_score, answered, limited, fragment, path }
}

// A few words with a price or a photo in them, about the product just spoken of.
fn leans_on_sale(scene: &Scene<'_>, reading: &Reading) -> bool {
    let words = reading.normalized.words.len();
    let asks = EXPLICIT.iter().any(|(concept, _)| reading.says(concept));
    let product = !scene.memory.focus.is_empty() || scene.memory.goal.is_some();
    let takes = pending::takes_it(reading) && !scene.memory.focus.is_empty();
    (words > 0 && words <= 6 && asks && product && reading.personal_score < 0.9) || takes
}

// After `¿me regala su nombre?` a short message that says little else is the name.
fn gives_lead(scene: &Scene<'_>, reading: &Reading) -> bool {
    let asked = scene.memory.handoff.as_ref().is_some_and(|memo| memo.lead_asked);
    let words = reading.normalized.words.len();
    let unknown = !scene.memory.slots.contains_key(crate::understanding::slots::NAME);
    let blank = matches!(reading.class, Class::Empty | Class::NonBusiness);
    let small = reading.says("acuse") || reading.says("gracias") || reading.says("si");
    let letters = reading.normalized.signals.letters > 2;
    let laughs = reading.reasons.first().is_some_and(|r| r == "laughter");
    asked && unknown && blank && (1..=8).contains(&words) && !small && letters && !laughs
}

/// A threshold that no probability reaches.
const NEVER: f32 = 2.0;

// We spoke within the hour, of something of the store.
fn under_way(scene: &Scene<'_>) -> bool {
    let lately = scene.memory.last_turn_at.is_some_and(|at| scene.turn.now.duration_since(at).as_mins() < 60);
    let matter = scene.memory.goal.is_some() || scene.memory.handoff.is_some() || scene.memory.pending.is_some();
    lately && matter
}

fn speaks_of_private_life(scene: &Scene<'_>, reading: &Reading) -> bool {
    let stated = &reading.stated;
    if !stated.values.is_empty() || !stated.amounts.is_empty() {
        return false;
    }
    let private = &scene.pack.lexicon.private;
    let hits = reading.hits.iter().filter(|h| private.contains(&h.concept)).count();
    hits >= 2 || (hits == 1 && reading.personal_score > 0.97)
}

// A private contact's doubtful message is rather personal; in a sale or a service under way it is rather business.
fn personal_threshold(scene: &Scene<'_>) -> f32 {
    let base = scene.pack.about.personal_threshold;
    let under_way = (scene.memory.goal.is_some() && scene.memory.turns > 0) || scene.memory.handoff.is_some();
    // Minutes after our own question the next words are most likely its answer.
    let asked = scene.memory.pending.is_some()
        && scene.memory.last_turn_at.is_some_and(|at| scene.turn.now.duration_since(at).as_mins() < 30);
    match (scene.turn.in_address_book, under_way, asked) {
        (true, false, _) => (base - 0.15).max(0.35),
        (false, true, true) => 0.93,
        (false, true, false) => 0.85,
        _ => base,
    }
}

fn pressed(id: &str, inbound: &Inbound) -> Option<Answered> {
    let title = inbound.body.text().to_owned();
    match id {
        "yes" => Some(Answered::Yes),
        "no" => Some(Answered::No),
        _ => Some(Answered::Option(crate::outcome::Choice { id: id.to_owned(), title })),
    }
}

/// The intent of a classified message; the cache's when it had the answer.
#[must_use]
pub fn intent<'a>(
    scene: &Scene<'_>,
    mut classified: Classified<'a>,
    cached: (CacheUse, Option<CachedAnswer>),
) -> Intended<'a> {
    let (cache, kept) = cached;
    let step = match &cache {
        CacheUse::Skipped => "cache_skip",
        CacheUse::Miss(_) => "cache_miss",
        CacheUse::Hit => "cache_hit",
    };
    classified.path.push(step.to_owned());
    let (intent, intent_score) = match (kept, classified.answered.clone()) {
        (Some(kept), _) => (kept.intent, kept.intent_score),
        (None, Some(answered)) => (meaning(scene, &answered, &classified.reading), 0.95),
        (None, None) => match follow_up(scene, &classified) {
            Some((intent, score)) => {
                // The model's call was for another reading of the words; danger and threats stand.
                classified.reading.handoff = classified.reading.handoff.filter(|call| call.reason == Reason::Urgente);
                (intent, score)
            }
            None => plain(scene, &mut classified),
        },
    };
    classified.path.push(format!("intent:{intent}"));
    Intended { classified, intent, intent_score, cache }
}

// In a chat under way a few words lean on what was said: `y esa cuánto`, `¿y la otra?`.
fn follow_up(scene: &Scene<'_>, classified: &Classified<'_>) -> Option<(Intent, f32)> {
    let reading = &classified.reading;
    let words = reading.normalized.words.len();
    if !matches!(classified.class, Class::Faq | Class::Consult) {
        return None;
    }
    if reading.says("robot") || reading.says("inyeccion") {
        return Some((Intent::Otro, 0.9));
    }
    if reading.says("comparar") && reading.stated.mentions.len() >= 2 {
        return Some((Intent::Especificaciones, 0.9));
    }
    if scene.memory.turns == 0 {
        return None;
    }
    if words <= 6 && reading.says("incluye") && (reading.says("instalar") || reading.says("capacitar")) {
        return Some((Intent::Especificaciones, 0.85));
    }
    if words <= 6 && reading.says("humano") && !reading.says("acuse") && !reading.says("contacto") {
        return Some((Intent::HablarConHumano, 0.85));
    }
    if scene.memory.goal == Some(Intent::Repuestos)
        && words <= 5
        && reading.says("precio")
        && reading.stated.mentions.is_empty()
    {
        return Some((Intent::Repuestos, 0.8));
    }
    let points = ["ref_esa", "ref_otra", "ref_primera", "ref_segunda", "ref_ultima"].iter().any(|c| reading.says(c));
    let product = points || !reading.stated.mentions.is_empty() || !reading.stated.brands.is_empty();
    let other = OTHER_MATTERS.iter().any(|concept| reading.says(concept));
    if pending::takes_it(reading) && !scene.memory.focus.is_empty() {
        return Some((Intent::Comprar, 0.85));
    }
    if words <= 6 && !scene.memory.focus.is_empty() && !other {
        let said: Vec<Intent> =
            EXPLICIT.iter().filter(|(concept, _)| reading.says(concept)).map(|(_, intent)| *intent).collect();
        match said.as_slice() {
            [only] => return Some((*only, 0.85)),
            [] => {}
            _ => return None,
        }
    }
    let bare = !EXPLICIT.iter().any(|(concept, _)| reading.says(concept))
        && !OTHER_MATTERS.iter().any(|concept| reading.says(concept));
    let goal = match scene.memory.goal {
        Some(
            goal @ (Intent::Precio
            | Intent::Fotos
            | Intent::Especificaciones
            | Intent::Disponibilidad
            | Intent::Repuestos),
        ) => Some(goal),
        Some(_) if points && !scene.memory.focus.is_empty() => Some(Intent::Especificaciones),
        _ => None,
    };
    goal.filter(|_| words <= 5 && product && bare).map(|goal| (goal, 0.8))
}

const EXPLICIT: &[(&str, Intent)] = &[
    ("precio", Intent::Precio),
    ("foto", Intent::Fotos),
    ("incluye", Intent::Especificaciones),
    ("especificaciones", Intent::Especificaciones),
    ("disponible", Intent::Disponibilidad),
];
const OTHER_MATTERS: &[&str] = &[
    "garantia",
    "envio",
    "credito",
    "pago",
    "comprar",
    "apartar",
    "humano",
    "queja",
    "falla",
    "horario",
    "ubicacion",
    "comparar",
    "regateo",
    "catalogo",
    "usada",
    "gracias",
    "despedida",
];

// In a chat under way the model, which learnt from first messages, needs a word that supports a call for a person.
fn unsupported(scene: &Scene<'_>, reading: &Reading) -> bool {
    let called = reading.handoff.map(|call| call.reason);
    let Some(reason) = called.or(scene.pack.reason_of_intent(reading.intent)) else { return false };
    let short = reading.normalized.words.len() <= 10;
    let support = scene.pack.handoff_rule(reason).map_or(&[][..], |rule| rule.support.as_slice());
    scene.memory.turns > 0
        && short
        && !support.is_empty()
        && !support.iter().any(|concept| reading.says(concept.as_str()))
}

// What a few words ask when they bring no matter of their own: the product's features if they ask, else the goal.
fn leaning(scene: &Scene<'_>, reading: &Reading) -> Intent {
    let asks = reading.normalized.signals.question;
    let product = !scene.memory.focus.is_empty() || scene.memory.slots.contains_key(&scene.pack.about.family_slot);
    match scene.memory.goal {
        Some(Intent::Repuestos) => Intent::Repuestos,
        _ if reading.says("asesoria") => Intent::Asesoria,
        Some(_) if asks && product => Intent::Especificaciones,
        Some(goal @ (Intent::Buscar(_) | Intent::Asesoria)) => goal,
        _ => Intent::Otro,
    }
}

fn plain(scene: &Scene<'_>, classified: &mut Classified<'_>) -> (Intent, f32) {
    if matches!(classified.class, Class::Faq | Class::Consult) && unsupported(scene, &classified.reading) {
        let own = scene.pack.reason_of_intent(classified.reading.intent).is_some();
        classified.reading.handoff = None;
        classified.reading.reasons.insert(0, "no word supports calling a person".to_owned());
        if own {
            return (leaning(scene, &classified.reading), 0.5);
        }
    }
    let reading = &classified.reading;
    match (&classified.inbound.body, classified.class) {
        (_, Class::Empty | Class::NonBusiness) => (Intent::Ninguno, reading.intent_score),
        (Body::Order { .. }, _) => (Intent::Comprar, 1.0),
        (Body::Media { caption: None, .. } | Body::Location { .. } | Body::Contact | Body::Unsupported, _) => {
            (Intent::Otro, 0.6)
        }
        _ => (reading.intent, reading.intent_score),
    }
}

// What an answer wants: the option's own act, else the matter under way goes on.
fn meaning(scene: &Scene<'_>, answered: &Answered, reading: &Reading) -> Intent {
    let goal = || scene.memory.goal.unwrap_or(Intent::Asesoria);
    match answered {
        Answered::Yes => Intent::Confirmar,
        Answered::No => Intent::Negar,
        Answered::Unsure => goal(),
        Answered::Slot => {
            family_search(scene, reading.stated.values.get(&scene.pack.about.family_slot).and_then(|v| v.as_str()))
                .unwrap_or_else(goal)
        }
        Answered::Option(choice) => {
            if let Some(act) = choice.id.strip_prefix("act:") {
                return Intent::from_id(act).unwrap_or_else(goal);
            }
            if choice.id.starts_with("human") {
                return Intent::Confirmar;
            }
            if choice.id == "yes" {
                return Intent::Confirmar;
            }
            if choice.id == "no" {
                return Intent::Negar;
            }
            let family = choice
                .id
                .strip_prefix("set:")
                .and_then(|rest| rest.split_once('='))
                .filter(|(slot, _)| *slot == scene.pack.about.family_slot);
            family_search(scene, family.map(|(_, value)| value)).unwrap_or_else(goal)
        }
    }
}

fn family_search(scene: &Scene<'_>, family: Option<&str>) -> Option<Intent> {
    let family = family?;
    // A family given for a price question is still a price question.
    match scene.memory.goal {
        Some(Intent::Buscar(_) | Intent::Asesoria | Intent::Catalogo) | None => {
            Some(Intent::Buscar(Symbol::new(family)))
        }
        Some(_) => None,
    }
}
