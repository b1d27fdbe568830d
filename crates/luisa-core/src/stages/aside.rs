//! Asides: whether a message is private, in the light of the chat it comes in.
//!
//! Owns the line between a customer and an acquaintance. A chat about a purchase goes on until somebody plainly speaks
//! of private life: silence to a customer is the worst error there is.

use crate::taxonomy::Class;
use crate::understanding::Reading;
use crate::understanding::reading::RATHER;
use crate::understanding::slots::{CITY, DISTRICT};

use super::scene::Scene;

/// A threshold that no probability reaches.
pub const NEVER: f32 = 2.0;

/// How sure a message must be personal here: a private contact's doubtful message is rather personal; in a sale or a
/// service under way it is rather business.
#[must_use]
pub fn threshold(scene: &Scene<'_>) -> f32 {
    let base = RATHER;
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

/// Why a message that reads as personal is the store's after all, in plain words.
#[must_use]
pub fn business_after_all(scene: &Scene<'_>, reading: &Reading) -> Option<&'static str> {
    if reading.class != Class::NonBusiness {
        return None;
    }
    if under_way(scene) && !speaks_of_private_life(scene, reading) {
        return Some("nothing private is mentioned, and a sale is under way");
    }
    introduces(scene, reading).then_some("a stranger says hello and where they are")
}

/// We spoke within the hour, of something of the store.
#[must_use]
pub fn under_way(scene: &Scene<'_>) -> bool {
    let lately = scene.memory.last_turn_at.is_some_and(|at| scene.turn.now.duration_since(at).as_mins() < 60);
    let matter = scene.memory.goal.is_some() || scene.memory.handoff.is_some() || scene.memory.pending.is_some();
    // A neutral line begins nothing.
    let begun = scene.memory.settled.is_some() || scene.memory.neutral_at.is_none();
    lately && matter && begun
}

/// Cues that make sense only as a word in a conversation with the store.
const OF_THE_CHAT: &[&str] =
    &["para_quien", "dedo", "pausa", "ya_dije", "gusta", "nombre_suyo", "rumor", "desconfia", "ir_a_ver"];

fn speaks_of_private_life(scene: &Scene<'_>, reading: &Reading) -> bool {
    let stated = &reading.stated;
    let owner = reading.says("duena");
    if !stated.values.is_empty() || !stated.amounts.is_empty() {
        return false;
    }
    let trade = &scene.pack.cues.trade;
    let mut of_the_store = OF_THE_CHAT.iter().copied().chain(trade.iter().map(String::as_str));
    if !owner && of_the_store.any(|concept| reading.says(concept)) {
        return false;
    }
    let hits = private_hits(scene, reading);
    let near = owner || reading.says("tuteo") || reading.says("afecto");
    hits >= 2 || (hits == 1 && near && reading.personal_score > 0.97)
}

fn private_hits(scene: &Scene<'_>, reading: &Reading) -> usize {
    let private = &scene.pack.lexicon.private;
    reading.hits.iter().filter(|h| private.contains(&h.concept)).count()
}

// `hola, soy de Montería, barrio El Recreo`: no acquaintance says where they live.
fn introduces(scene: &Scene<'_>, reading: &Reading) -> bool {
    let place = [CITY, DISTRICT].iter().any(|slot| reading.stated.values.contains_key(*slot));
    let stranger = !reading.says("duena") && !reading.says("tuteo") && !scene.turn.in_address_book;
    let greets = reading.says("saludo") && reading.normalized.words.len() <= 12;
    place && stranger && greets && private_hits(scene, reading) <= 1
}
