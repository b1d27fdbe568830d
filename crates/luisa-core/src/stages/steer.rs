//! Steering: what is said to words that only steer the talk: a wait, a reproach, a doubt, a compliment.
//!
//! Owns those answers and what is said to a price that is not ours or that seems high. Each goes back to the matter
//! under way; none sells by itself.

use crate::money::Cop;
use crate::pack::Family;

use super::draft::Draft;
use super::questions;
use super::scene::Scene;

/// Answers a message that steers; false when it does not.
pub fn answer(scene: &mut Scene<'_>, draft: &mut Draft) -> bool {
    let says = |concept: &str| scene.says(concept);
    if says("nombre_suyo") {
        draft.say(scene, "me_llamo", &[]);
    } else if says("ya_dije") {
        draft.say(scene, "disculpa_repite", &[]);
    } else if says("desconfia") {
        draft.say(scene, "confianza", &[]);
    } else if says("pausa") {
        draft.say(scene, "con_calma", &[]);
        draft.ask(scene, "aqui_espero", &[]);
        return true;
    } else if says("dedo") {
        draft.say(scene, "no_pasa_nada", &[]);
    } else if says("gusta") {
        match scene.product() {
            Some(item) => draft.say(scene, "gusta_producto", &[("producto", &item.name)]),
            None => draft.say(scene, "gusta", &[]),
        }
    } else if says("caro") {
        doubts(scene, draft);
    } else {
        return false;
    }
    questions::after_fact(scene, draft);
    true
}

/// What comes before a price that was doubted: an amount that is not ours, a rebate asked, a sigh.
pub fn doubts(scene: &Scene<'_>, draft: &mut Draft) {
    if scene.says("rumor") {
        draft.say(scene, "otro_precio", &[]);
        return;
    }
    if scene.says("caro") {
        sigh(scene, draft);
        return;
    }
    if scene.says("regateo") && !scene.says("la_barata") {
        draft.say(scene, "regateo", &[]);
    }
}

// Too dear: the family that begins lowest, when another is spoken of, and paying in parts.
fn sigh(scene: &Scene<'_>, draft: &mut Draft) {
    let lowest: Option<&Family> =
        scene.pack.families.iter().filter(|f| f.price_from.is_some()).min_by_key(|f| f.price_from);
    let current = scene.family();
    match lowest.filter(|f| current.as_deref() != Some(f.id.as_str())) {
        Some(family) => {
            let from = Cop(family.price_from.unwrap_or_default()).to_string();
            draft.say(scene, "economico", &[("familia", &family.plural), ("desde", &from)]);
        }
        None => draft.say(scene, "regateo", &[]),
    }
    draft.say(scene, "a_cuotas", &[]);
}
