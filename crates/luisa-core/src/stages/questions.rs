//! The question at the end: what a good seller would ask next.
//!
//! Owns the order of qualification. A question is closed, asks only what is unknown, and is not asked over and over.

use crate::taxonomy::Intent;
use crate::understanding::slots::{CITY, USE, VOLUME};

use super::draft::Draft;
use super::scene::Scene;

/// Asks the next thing a buyer must say; when all is known, whether a person may close the sale.
pub fn next_for_buyer(scene: &Scene<'_>, draft: &mut Draft) {
    let pack = scene.pack;
    let family = scene.family();
    for slot in &pack.about.qualify {
        if scene.memory.slots.contains_key(slot) {
            continue;
        }
        let question = match slot.as_str() {
            s if *s == pack.about.family_slot => {
                if family.is_some() {
                    continue;
                }
                "tipo"
            }
            USE => match family.as_deref().and_then(|f| pack.family(f)) {
                // Who names a model has chosen; ask what closes the sale.
                Some(family) if scene.product().is_none() => family.ask_use.as_str(),
                _ => continue,
            },
            VOLUME => {
                let asks = family.as_deref().and_then(|f| pack.family(f)).is_some_and(|f| f.ask_volume);
                if !asks || scene.product().is_some() {
                    continue;
                }
                "volumen"
            }
            CITY => "ciudad",
            _ => continue,
        };
        if asked_twice(scene, question) {
            continue;
        }
        draft.ask(scene, question, &[]);
        return;
    }
    let product = scene.product().map_or_else(String::new, |item| item.name.clone());
    draft.ask(scene, if product.is_empty() { "asesor" } else { "separar" }, &[("producto", &product)]);
}

// A customer who has twice not answered is not asked again.
fn asked_twice(scene: &Scene<'_>, question: &str) -> bool {
    scene.memory.said.get(&format!("?{question}")).copied().unwrap_or(0) >= 2
}

/// The question after a fixed fact: go on with the sale if there is one, else whether there is more to do.
pub fn after_fact(scene: &Scene<'_>, draft: &mut Draft) {
    let selling = scene.memory.goal.is_some_and(|g| {
        matches!(
            g,
            Intent::Buscar(_)
                | Intent::Precio
                | Intent::Asesoria
                | Intent::Disponibilidad
                | Intent::Fotos
                | Intent::Especificaciones
                | Intent::Promociones
        )
    });
    if selling {
        next_for_buyer(scene, draft);
    } else if scene.memory.goal.is_none() && !asked_twice(scene, "inicio") && scene.memory.turns <= 1 {
        draft.ask(scene, "inicio", &[]);
    } else {
        draft.ask(scene, "algo_mas", &[]);
    }
}

/// Asks for what the team needs, once; with all known, whether anything should be added.
pub fn for_team(scene: &Scene<'_>, missing: &[String], draft: &mut Draft) {
    let id = format!("lead_{}", missing.join("_"));
    let known = crate::symbol::Symbol::known(&id).is_some_and(|id| scene.pack.questions.contains_key(&id));
    draft.ask(scene, if known { &id } else { "mas_para_equipo" }, &[]);
}
