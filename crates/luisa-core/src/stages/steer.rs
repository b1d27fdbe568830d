//! Steering: what is said to words that only steer the talk: a wait, a reproach, a doubt, a compliment.
//!
//! Owns those answers and what is said to a price that is not ours or that seems high. Each goes back to the matter
//! under way; none sells by itself.

use crate::catalog::Item;
use crate::money::Cop;
use crate::pack::Family;

use super::draft::Draft;
use super::questions;
use super::scene::Scene;
use super::traits;

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
    // `y si ahorra luz, que el recibo viene carísimo`: something else is dear.
    let feature = scene.says("rasgo") || traits::asked(scene);
    if scene.says("caro") && !feature {
        sigh(scene, draft);
        return;
    }
    let less = ["regateo", "oferta", "por_varias"].iter().any(|concept| scene.says(concept));
    if less && !scene.says("la_barata") && !feature {
        draft.say(scene, "regateo", &[]);
    }
}

/// A product of the same family that costs less than the one spoken of.
#[must_use]
pub fn cheaper<'a>(scene: &Scene<'a>) -> Option<&'a Item> {
    let current = scene.product()?;
    let price = current.price_cop?;
    let family = scene.pack.catalog.active().filter(|i| i.family == current.family && i.stock != Some(0));
    family.filter(|i| i.price_cop.is_some_and(|p| p < price)).min_by_key(|i| i.price_cop)
}

// Too dear: the family that begins lowest, when another is spoken of, and paying in parts.
fn sigh(scene: &Scene<'_>, draft: &mut Draft) {
    let lowest: Option<&Family> =
        scene.pack.families.iter().filter(|f| f.price_from.is_some()).min_by_key(|f| f.price_from);
    if let Some(item) = cheaper(scene) {
        let price = item.price_cop.map(|p| p.to_string()).unwrap_or_default();
        draft.say(scene, "economica_otra", &[("producto", &item.name), ("precio", &price)]);
    } else if let Some((family, from)) = lowest.and_then(|f| f.price_from.map(|from| (f, from))) {
        draft.say(scene, "economico", &[("familia", &family.plural), ("desde", &Cop(from).to_string())]);
    }
    // Beside a whole data sheet it would be too much to read.
    if !draft.says("ficha") {
        draft.say(scene, "a_cuotas", &[]);
    }
}
