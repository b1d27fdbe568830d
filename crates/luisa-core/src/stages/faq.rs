//! Cache check: fixed questions that were answered before, by their normalised text.
//!
//! Owns what may be cached: only fixed facts, and never a message that names a person, a place, money, an order or a
//! complaint. The cache keeps the decision, not the words, so that no two customers' texts can mix.

use crate::outcome::CachedAnswer;
use crate::taxonomy::{Class, Intent};
use crate::turn::Body;

use super::classify::Classified;
use super::scene::{CacheUse, Scene};

/// Mentions that keep a question out of the cache.
const PRIVATE: &[&str] = &["estado_pedido", "queja", "pago", "ya_pague", "deuda", "credito", "personal"];

/// Whether the answer is known already.
#[must_use]
pub fn check(scene: &Scene<'_>, classified: &Classified<'_>) -> (CacheUse, Option<CachedAnswer>) {
    if !may_cache(scene, classified) {
        return (CacheUse::Skipped, None);
    }
    let key = &classified.reading.normalized.text;
    match scene.turn.cache.find(key) {
        Some(kept) => (CacheUse::Hit, Some(kept)),
        None => (CacheUse::Miss(key.clone()), None),
    }
}

fn may_cache(scene: &Scene<'_>, classified: &Classified<'_>) -> bool {
    let reading = &classified.reading;
    let fixed = matches!(
        reading.intent,
        Intent::Horario
            | Intent::Ubicacion
            | Intent::Contacto
            | Intent::Envios
            | Intent::Garantia
            | Intent::Promociones
            | Intent::Catalogo
    );
    scene.turn.policy.cache_enabled
        && classified.class == Class::Faq
        && fixed
        && classified.answered.is_none()
        && !classified.limited
        && matches!(classified.inbound.body, Body::Text { .. })
        && reading.also.is_empty()
        && reading.stated.values.is_empty()
        && reading.stated.amounts.is_empty()
        && reading.normalized.words.len() <= 16
        && !PRIVATE.iter().any(|concept| reading.says(concept))
}
