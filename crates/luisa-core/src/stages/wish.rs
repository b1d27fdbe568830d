//! Wishes to be left alone: no more messages, no more use of personal data.
//!
//! Owns when words are such a wish. It is acknowledged, noted for the register and put before a person; nothing is sold.

use crate::taxonomy::Wish;
use crate::understanding::Reading;

use super::scene::Scene;

/// Longest message, in words, in which a bare `stop` or `no autorizo` is a wish.
const BARE: usize = 3;

/// What a message wants no more of.
#[must_use]
pub fn of(reading: &Reading) -> Option<Wish> {
    let bare = reading.normalized.words.len() <= BARE;
    if reading.says("mis_datos") || bare && reading.says("no_autorizo") {
        return Some(Wish::Data);
    }
    let words = &reading.normalized.words;
    // `no me escriba más tarde` names a time.
    let put_off =
        |end: usize| words.get(end).is_some_and(|w| matches!(w.text.as_str(), "tarde" | "tardecito" | "noche"));
    let ends =
        reading.cues.iter().any(|hit| hit.concept.as_str() == "no_mas_mensajes" && !hit.negated && !put_off(hit.end));
    (ends || bare && reading.says("alto_mensajes")).then_some(Wish::Messages)
}

/// What the customer of this turn wants no more of.
#[must_use]
pub fn of_turn(scene: &Scene<'_>) -> Option<Wish> {
    scene.business().filter_map(|view| of(&view.reading)).max()
}

/// The reply that acknowledges it.
#[must_use]
pub fn acknowledged(wish: Wish) -> &'static str {
    match wish {
        Wish::Messages => "baja_recibida",
        Wish::Data => "datos_solicitud",
    }
}

/// The reply that tells the team what to do.
#[must_use]
pub fn step(wish: Wish) -> &'static str {
    match wish {
        Wish::Messages => "paso_baja",
        Wish::Data => "paso_datos",
    }
}
