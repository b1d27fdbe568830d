//! Shadow mode: while a person leads, LUISA is courteous, answers fixed facts, and never sells.
//!
//! Owns the last word on what is said, and the memory of it. Silence happens here only for what wants silence.

use crate::answers::say;
use crate::outcome::{Answer, Desk, Silence};
use crate::taxonomy::{Class, Intent, Mode, Reason};
use crate::turn::{Body, Inbound};
use crate::understanding::noise;
use crate::understanding::slots::CITY;

use super::draft::Draft;
use super::guards::{self, Checked};
use super::order;
use super::reply::fact;
use super::scene::{Scene, View};
use super::verdict;
use super::wish;

/// The answer of the turn.
#[must_use]
pub fn check(scene: &mut Scene<'_>, (checked, draft): (Checked, Draft)) -> Answer {
    let stale = scene.turn.messages.iter().all(|m| m.stale) && scene.memory.turns > 0;
    if stale {
        return Answer::Silence(Silence::Stale);
    }
    let business = scene.business().next().is_some();
    let addressed =
        business || scene.views.iter().any(|v| !v.limited && v.class == Class::Empty && !is_reaction(v.inbound));
    let (checked, draft) = if scene.in_shadow() && addressed {
        let courtesy = courtesy(scene);
        guards::check(scene, courtesy)
    } else {
        (checked, draft)
    };
    if checked.is_silent() || (scene.in_shadow() && !addressed && !scene.views.iter().any(|v| v.limited)) {
        return Answer::Silence(silence(scene));
    }
    scene.path.push(checked.step().to_owned());
    scene
        .path
        .push(checked.failed().map_or_else(|| "guards_ok".to_owned(), |claim| format!("guards_replaced:{claim}")));
    if scene.views.iter().any(|v| v.limited) && !business {
        scene.memory.told_slow_at = Some(scene.turn.now);
    }
    let mut said = std::mem::take(&mut scene.memory.said);
    let asks = draft.remember(scene, &mut said).or_else(|| verdict::question(scene, &draft));
    if scene.waits() {
        scene.memory.neutral_at = Some(scene.turn.now);
    }
    scene.memory.said = said;
    // A personal aside leaves our question open.
    if business || scene.memory.pending.is_none() {
        scene.memory.pending = asks;
    }
    Answer::Say(checked)
}

fn silence(scene: &Scene<'_>) -> Silence {
    if scene.waits() {
        Silence::Unsure
    } else if scene.views.iter().any(|v| v.class == Class::NonBusiness) {
        Silence::Personal
    } else if scene.views.iter().any(|v| v.limited) {
        Silence::RateLimited
    } else if scene.views.iter().all(|v| is_reaction(v.inbound)) {
        Silence::Reaction
    } else {
        Silence::Personal
    }
}

fn is_reaction(inbound: &Inbound) -> bool {
    matches!(inbound.body, Body::Reaction { .. })
}

/// Facts that are the same whoever leads, with the concepts that ask for them.
const STILL_ANSWERED: &[(Intent, &[&str])] = &[
    (Intent::Ubicacion, &["ubicacion"]),
    (Intent::Horario, &["horario"]),
    (Intent::FormasPago, &["pago", "credito"]),
    (Intent::Garantia, &["garantia"]),
    (Intent::Envios, &["envio"]),
    (Intent::Contacto, &["contacto"]),
];

// Thanks, a farewell or a nod; what the model only takes for one is not.
fn thanks(scene: &Scene<'_>, matters: &[Intent]) -> bool {
    let courteous = matters.iter().all(|i| matches!(i, Intent::Agradecimiento | Intent::Despedida));
    let thanked = |v: &View<'_>| ["gracias", "despedida"].iter().any(|c| v.reading.says(c));
    let nods = |v: &View<'_>| noise::emptiness(&v.reading.normalized, &v.reading.hits).is_some();
    courteous && scene.views.iter().any(|v| thanked(v) || nods(v))
}

fn upset(scene: &Scene<'_>) -> bool {
    let complains = scene.call().is_some_and(|call| call.reason == Reason::Reclamo);
    complains || ["queja", "devolver"].iter().any(|concept| scene.says(concept))
}

/// So long the person who took a chat by themselves is left to answer it.
const THEIR_TURN_MINUTES: i64 = 5;

// Somebody who took the chat uncalled, a moment ago, is answering what was asked.
fn answers_itself(scene: &Scene<'_>) -> bool {
    let ttl = jiff::SignedDuration::from_hours(scene.turn.policy.human_ttl_hours);
    let taken = scene.turn.human_until.and_then(|until| until.checked_sub(ttl).ok());
    let lately = taken.is_some_and(|at| scene.turn.now.duration_since(at).as_mins() < THEIR_TURN_MINUTES);
    scene.memory.handoff.is_none() && scene.mode == Mode::HumanActive && lately
}

// What is said over the shoulder of the person who leads.
fn courtesy(scene: &mut Scene<'_>) -> Draft {
    let mut draft = Draft::default();
    scene.settle_desk();
    scene.path.push("shadow".to_owned());
    let matters = scene.matters();
    // Who asks an hour to be called at asks for hours.
    let asks_hours = scene.business().any(|v| v.reading.says("horario") && v.reading.normalized.signals.question);
    if !answers_itself(scene) {
        scene.ledger = say::all(scene, &mut draft);
        draft.question = None;
        // A photo that nobody asked for sells.
        if !scene.ledger.entries.iter().any(|entry| entry.topic == "foto") {
            draft.asset = None;
        }
    }
    let answered = !scene.ledger.is_empty();
    for (intent, concepts) in STILL_ANSWERED {
        let said = concepts.iter().any(|concept| scene.says(concept));
        if !answered && (matters.contains(intent) && said || (*intent == Intent::Horario && asks_hours)) {
            fact(scene, *intent, &mut draft);
        }
    }
    if let Some(wish) = wish::of_turn(scene) {
        draft.said.clear();
        draft.say(scene, wish::acknowledged(wish), &[]);
        return draft;
    }
    order::say(scene, &mut draft);
    if matches!(scene.desk, Desk::Open(_) | Desk::Raise(_)) {
        let first_call = matches!(scene.desk, Desk::Open(_));
        let id = if scene.says("peligro") {
            "traspaso_peligro"
        } else if answered && !first_call {
            "sombra_mas_urgente"
        } else if first_call {
            "sombra"
        } else {
            "sombra_mas_urgente"
        };
        draft.say(scene, id, &[]);
    } else if matches!(scene.desk, Desk::Lead { .. }) {
        let city = scene.memory.slot(CITY).filter(|city| Some(city) != scene.turn.memory.slot(CITY).as_ref());
        if let Some(city) = city {
            draft.say(scene, "anotado_ciudad", &[("ciudad", &city)]);
        }
        draft.say(scene, "datos_recibidos", &[]);
    } else if draft.said.is_empty() && upset(scene) {
        draft.say(scene, "sombra_reclamo", &[]);
        scene.memory.courtesies += 1;
    } else if draft.said.is_empty() && thanks(scene, &matters) {
        draft.say(scene, "sombra_gracias", &[]);
    } else if draft.said.is_empty() {
        draft.say(scene, "sombra", &[]);
        scene.memory.courtesies += 1;
    }
    draft
}
