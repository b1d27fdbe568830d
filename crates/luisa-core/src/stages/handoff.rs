//! Handoff detection: whether a person must take this, why, how soon.
//!
//! Owns what the conversation adds to the reading: consent to an adviser, a price asked when city and product are
//! known, delivery of something wanted to another town. The order of reasons is the taxonomy's: the first one wins.

use crate::options::Press;
use crate::taxonomy::{Class, HandoffCall, Intent, Reason, Team};
use crate::understanding::slots::{CITY, MODEL};

use super::pending::Answered;
use super::scene::{Scene, View};
use super::verdict;
use super::wish;

/// Completes the view with the call for a person, if there is one.
#[must_use]
pub fn detect<'a>(scene: &Scene<'a>, mut view: View<'a>) -> View<'a> {
    let waits = verdict::waits(scene, view.verdict);
    if view.limited || waits || matches!(view.class, Class::Empty | Class::NonBusiness) {
        view.path.push("handoff:none".to_owned());
        return view;
    }
    let pack = scene.pack;
    let mut calls: Vec<HandoffCall> = Vec::new();
    let own = if view.answered.is_some() { None } else { view.reading.handoff.filter(|c| !haggles(&view, c.reason)) };
    calls.extend(own);
    calls.extend(
        pack.reason_of_intent(view.intent)
            .and_then(|reason| pack.handoff_call(reason, own.filter(|o| o.reason == reason).map(|o| o.team))),
    );
    calls.extend(wish::of(&view.reading).and_then(|_| pack.handoff_call(Reason::PideHumano, None)));
    calls.extend(consent(scene, &view));
    if informs_only(&view) {
        // `la segunda`, after a choice was shown, is no second-hand machine.
        let implied = view.asks.iter().all(|ask| ask.hits.is_empty()) && view.reading.normalized.words.len() <= 4;
        let grave = |reason: Reason| matches!(reason, Reason::Urgente | Reason::Reclamo | Reason::PideHumano);
        // A complaint that no word speaks of is the model's guess about a question.
        let guessed = |reason: Reason| asked_about(reason) || reason == Reason::Reclamo;
        calls.retain(|call| !guessed(call.reason) && (!implied || grave(call.reason)));
    }
    calls.extend(closing(scene, &view));
    calls.extend(delivery(scene, &view));
    view.call = calls.into_iter().min_by_key(|call| call.reason);
    // What a person must take, or what asks of a product, is no mere fixed question.
    if view.class == Class::Faq && (view.call.is_some() || view.intent.class() == Class::Consult) {
        view.class = Class::Consult;
    }
    view.path.push(view.call.map_or_else(|| "handoff:none".to_owned(), |call| format!("handoff:{}", call.reason)));
    view
}

// A question about a fact calls nobody: `¿la instalación va incluida?`, `¿qué piden para Addi?`.
fn informs_only(view: &View<'_>) -> bool {
    !view.asks.is_empty() && !wants_done(view)
}

/// Whether the words want something done or tell that something happened.
#[must_use]
pub fn wants_done(view: &View<'_>) -> bool {
    const ACTS: &[&str] = &[
        "pide_hacer",
        "comprar",
        "apartar",
        "compra_ya",
        "cotizacion",
        "ya_pague",
        "humano",
        "falla",
        "peligro",
        "queja",
        "devolver",
    ];
    let asked = |at: usize| view.asks.iter().any(|ask| ask.hits.iter().any(|hit| hit.contains(&at)));
    let hits = view.reading.hits.iter().chain(&view.reading.cues);
    let words = &view.reading.normalized.words;
    let wanted = |at: usize| {
        words[at.saturating_sub(3)..at]
            .iter()
            .any(|w| matches!(w.text.as_str(), "quiero" | "necesito" | "deseo" | "quisiera"))
    };
    // `me la instalan en mi casa`, `la mía lleva dos años`: asked for themselves, and not in general.
    let own = words.iter().any(|w| {
        matches!(w.text.as_str(), "me" | "mi" | "mia" | "mio" | "necesito" | "necesitamos" | "vivo" | "vivimos" | "nos")
    });
    let served = view
        .reading
        .handoff
        .is_some_and(|call| matches!(call.reason, Reason::ServicioDiferencial | Reason::Reparacion));
    if served && own && view.asks.iter().any(|ask| ask.topic.is_some()) {
        return true;
    }
    let mut acts = hits.filter(|hit| !hit.negated && ACTS.contains(&hit.concept.as_str()));
    acts.any(|hit| !asked(hit.start) || wanted(hit.start))
}

/// Reasons that a mere question names without wanting anything done.
#[must_use]
pub fn asked_about(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::ServicioDiferencial | Reason::Reparacion | Reason::Cierre | Reason::Logistica | Reason::EstadoPedido
    )
}

// Asking for a lower price is not yet buying.
fn haggles(view: &View<'_>, reason: Reason) -> bool {
    let buys = ["comprar", "apartar", "ya_pague", "cotizacion"].iter().any(|c| view.reading.says(c));
    reason == Reason::Cierre && !buys && (view.reading.says("regateo") || view.reading.says("inyeccion"))
}

// `sí` to `¿quiere que un asesor…?`: the option says for what.
fn consent(scene: &Scene<'_>, view: &View<'_>) -> Option<HandoffCall> {
    let Some(Answered::Option(Press::Human(reason))) = &view.answered else {
        return None;
    };
    scene.pack.handoff_call(*reason, None)
}

// Price, payment or delivery asked once city and product are known: the sale is a person's to close.
fn closing(scene: &Scene<'_>, view: &View<'_>) -> Option<HandoffCall> {
    let asks = |intent: &Intent| matches!(intent, Intent::Precio | Intent::FormasPago | Intent::Envios);
    let asked = asks(&view.intent) || view.reading.also.iter().any(asks);
    let city = scene.memory.slots.contains_key(CITY);
    let product = scene.memory.slots.contains_key(MODEL)
        || !view.products.is_empty()
        || scene.memory.focus.len() == 1 && !view.ambiguous;
    let named = view.products.first().and_then(|at| scene.pack.catalog.items.get(*at));
    let gone = named.or_else(|| scene.product()).is_some_and(crate::catalog::Item::is_sold_out);
    (asked && city && product && !gone).then(|| scene.pack.handoff_call(Reason::Cierre, None)).flatten()
}

// Delivery to another town of something they want to buy.
fn delivery(scene: &Scene<'_>, view: &View<'_>) -> Option<HandoffCall> {
    let elsewhere = scene.memory.slot(CITY).is_some_and(|city| city != scene.pack.about.city);
    let wants =
        scene.family().is_some() || scene.memory.goal == Some(Intent::Repuestos) && scene.memory.machine.is_some();
    let asked = view.intent == Intent::Envios || view.reading.also.contains(&Intent::Envios);
    (asked && elsewhere && wants).then(|| scene.pack.handoff_call(Reason::Logistica, Some(Team::Comercial))).flatten()
}
