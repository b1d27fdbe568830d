//! Leaning: what a few words ask in a chat under way: `y esa cuánto`, `constante`, `¿y la otra?`.
//!
//! Owns the intent that the conversation gives to a message, and the doubt about the model, which learnt from first
//! messages, when nothing in the words supports what it says.

use crate::memory::Stage;
use crate::taxonomy::{Class, Intent, Reason};
use crate::understanding::Reading;
use crate::understanding::slots::{BRAND, BUDGET, CITY, USE, VOLUME};

use super::classify::Classified;
use super::pending;
use super::quantity;
use super::reference;
use super::scene::Scene;

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
/// Matters that a word of steering may touch in passing.
const STEERED: &[&str] = &["comparar", "regateo", "catalogo", "queja", "falla"];
/// Affairs that are no part of choosing a product.
const OTHER_AFFAIRS: &[&str] = &[
    "repuesto",
    "reparar",
    "mantenimiento",
    "instalar",
    "capacitar",
    "negocio_propio",
    "parte_de_pago",
    "promo",
    "cotizacion",
];
/// Concepts that point to a product of the conversation.
pub const POINTERS: &[&str] =
    &["ref_esa", "ref_otra", "ref_primera", "ref_segunda", "ref_ultima", "de_la_foto", "mas_cara", "la_barata"];

/// Whether the words point to a product spoken of.
#[must_use]
pub fn points(reading: &Reading) -> bool {
    POINTERS.iter().any(|concept| reading.says(concept))
}

/// A few words with a price or a photo in them, about the product just spoken of.
#[must_use]
pub fn on_sale(scene: &Scene<'_>, reading: &Reading) -> bool {
    let words = reading.normalized.words.len();
    let asks = EXPLICIT.iter().any(|(concept, _)| reading.says(concept));
    let product = !scene.memory.focus.is_empty() || scene.memory.goal.is_some();
    let takes = pending::takes_it(reading) && !scene.memory.focus.is_empty();
    if (words > 0 && words <= 6 && asks && product && reading.personal_score < 0.9) || takes {
        return true;
    }
    // What reads as private was held against the chat already; what reads as empty may still be an answer or a question.
    let chatting = ["gusta", "ya_dije", "pausa", "dedo", "caro"].iter().any(|c| reading.says(c));
    let wonders = reading.normalized.signals.question && words > 1 && product;
    reading.class == Class::Empty && words > 0 && (chatting || wonders || volunteers(scene, reading).is_some())
}

/// What a message wants because of what was said before; none when it speaks for itself.
#[must_use]
pub fn follow_up(scene: &Scene<'_>, classified: &Classified<'_>) -> Option<(Intent, f32)> {
    let reading = &classified.reading;
    let words = reading.normalized.words.len();
    if !matches!(classified.class, Class::Faq | Class::Consult) {
        return None;
    }
    if ["robot", "inyeccion", "nombre_suyo"].iter().any(|c| reading.says(c)) {
        return Some((Intent::Otro, 0.9));
    }
    if reading.says("comparar") && reading.stated.mentions.len() >= 2 {
        return Some((Intent::Especificaciones, 0.9));
    }
    if reading.says("comparar") && reading.stated.families.len() >= 2 {
        return Some((Intent::Especificaciones, 0.9));
    }
    if let Some(place) = coming(reading) {
        return Some((place, 0.85));
    }
    let wronged = ["devolver", "falla", "legal", "ya_pague"].iter().any(|c| reading.says(c));
    if reading.says("desconfia") && !wronged && words <= 14 {
        return Some((Intent::Otro, 0.85));
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
    if only_thanks(reading) {
        return Some((Intent::Agradecimiento, 0.9));
    }
    if scene.memory.goal == Some(Intent::Repuestos) && of_the_part(reading) {
        return Some((Intent::Repuestos, 0.8));
    }
    steering(scene, reading).or_else(|| about_product(scene, reading)).or_else(|| volunteers(scene, reading))
}

// Coming to the store: where it is, or when it is open, whichever they ask.
fn coming(reading: &Reading) -> Option<Intent> {
    let short = reading.normalized.words.len() <= 14;
    let other = ["visita", "estado_pedido", "queja", "precio"].iter().any(|c| reading.says(c));
    if !short || other {
        return None;
    }
    if reading.says("donde_llevar") {
        return Some(Intent::Ubicacion);
    }
    // `la puedo ver en foto`: not in the store.
    (reading.says("ir_a_ver") && !reading.says("foto"))
        .then(|| if reading.says("horario") { Intent::Horario } else { Intent::Ubicacion })
}

// `vale, gracias` asks no price.
fn only_thanks(reading: &Reading) -> bool {
    reading.says("vale_gracias") && reading.normalized.words.len() <= 5 && !reading.normalized.signals.question
}

// The part, its price, or the machine that it is for.
fn of_the_part(reading: &Reading) -> bool {
    let words = reading.normalized.words.len();
    let named = !reading.stated.brands.is_empty() || reading.says("repuesto");
    (words <= 5 && reading.says("precio") && reading.stated.mentions.is_empty()) || (words <= 8 && named)
}

// Words that only steer the talk: a wait, a reproach, a rumour of another price.
fn steering(scene: &Scene<'_>, reading: &Reading) -> Option<(Intent, f32)> {
    let words = reading.normalized.words.len();
    let grave = ["queja", "falla", "peligro", "legal", "devolver"].iter().any(|c| reading.says(c));
    if grave || scene.in_shadow() {
        return None;
    }
    let product = !scene.memory.focus.is_empty();
    let rebate = reading.says("regateo") && reading.intent == Intent::Promociones && words <= 8;
    // An amount put into our mouth: `confírmame que me la dejas en 200`.
    let asked_less = ["inyeccion", "regateo", "oferta"].iter().any(|c| reading.says(c));
    let named = !reading.stated.amounts.is_empty() && asked_less || reading.says("por_varias");
    if named && product && !reading.says("presupuesto") {
        return Some((Intent::Precio, 0.85));
    }
    if (reading.says("rumor") && !reading.says("la_mejor") || rebate)
        && (product || !reading.stated.mentions.is_empty() || scene.family().is_some())
    {
        return Some((Intent::Precio, 0.85));
    }
    let feature = reading.says("rasgo") || scene.pack.cues.meant(&reading.cues).next().is_some();
    if feature && product && !["pausa", "ya_dije", "dedo"].iter().any(|c| reading.says(c)) {
        return None;
    }
    if reading.says("caro") && words <= 8 {
        return Some((if reading.says("precio") { Intent::Precio } else { Intent::Otro }, 0.85));
    }
    let other = OTHER_MATTERS.iter().filter(|c| !STEERED.contains(c)).any(|c| reading.says(c));
    let own = other || EXPLICIT.iter().any(|(concept, _)| reading.says(concept));
    let steers = ["pausa", "ya_dije", "gusta", "desconfia", "dedo", "caro"].iter().any(|c| reading.says(c));
    let courtesy = reading.says("gracias") || reading.says("despedida");
    (steers && !own && !courtesy && words <= 14 && reading.stated.values.is_empty()).then_some((Intent::Otro, 0.85))
}

// A price, a photo or a feature asked of the product spoken of.
fn about_product(scene: &Scene<'_>, reading: &Reading) -> Option<(Intent, f32)> {
    let words = reading.normalized.words.len();
    let described = words <= 4 && reference::described(scene, reading).is_some();
    let product =
        points(reading) || described || !reading.stated.mentions.is_empty() || !reading.stated.brands.is_empty();
    let other = OTHER_MATTERS.iter().any(|concept| reading.says(concept));
    let carried = |brand: &String| scene.pack.catalog.active().any(|item| item.brand == *brand);
    if words <= 8 && reading.stated.brands.iter().any(|brand| !carried(brand)) && is_selling(scene) {
        return Some((Intent::Disponibilidad, 0.85));
    }
    if pending::takes_it(reading) && !scene.memory.focus.is_empty() {
        return Some((Intent::Comprar, 0.85));
    }
    if words <= 8 && reading.says("diferencia_precio") && !scene.memory.focus.is_empty() {
        return Some((Intent::Precio, 0.85));
    }
    if words <= 8 && reading.says("detalle") && reading.says("rasgo") && is_selling(scene) {
        return Some((Intent::Especificaciones, 0.8));
    }
    let said: Vec<Intent> =
        EXPLICIT.iter().filter(|(concept, _)| reading.says(concept)).map(|(_, intent)| *intent).collect();
    let most = if points(reading) { 9 } else { 6 };
    if words <= most && !scene.memory.focus.is_empty() && !other {
        match said.as_slice() {
            [only] => return Some((*only, 0.85)),
            [] => {}
            _ => return None,
        }
    }
    let spoken_of = !scene.memory.focus.is_empty() || !scene.memory.offered.is_empty();
    let matters =
        OTHER_MATTERS.iter().filter(|c| !matches!(**c, "comparar" | "regateo" | "falla")).any(|c| reading.says(c));
    let features_only = said.iter().all(|i| *i == Intent::Especificaciones);
    if words <= 10 && reading.says("rasgo") && spoken_of && !matters && features_only {
        return Some((Intent::Especificaciones, 0.8));
    }
    let bare = said.is_empty() && !other;
    let goal = match scene.memory.goal {
        Some(
            goal @ (Intent::Precio
            | Intent::Fotos
            | Intent::Especificaciones
            | Intent::Disponibilidad
            | Intent::Repuestos),
        ) => Some(goal),
        Some(_) if (points(reading) || described) && !scene.memory.focus.is_empty() => Some(Intent::Especificaciones),
        _ => None,
    };
    goal.filter(|_| words <= 5 && product && bare).map(|goal| (goal, 0.8))
}

/// What a buyer tells of themselves unasked (`constante`, `para mi hija`, `estoy en Ayapel`) goes on with the search.
#[must_use]
pub fn volunteers(scene: &Scene<'_>, reading: &Reading) -> Option<(Intent, f32)> {
    let stated = &reading.stated;
    let words = reading.normalized.words.len();
    let counts = quantity::of(scene.pack, reading).is_some();
    let unknown = !scene.memory.slots.contains_key(VOLUME);
    let tells = [USE, VOLUME, CITY, BUDGET, scene.pack.about.family_slot.as_str()]
        .iter()
        .any(|slot| stated.values.contains_key(*slot))
        || counts
        || (words <= 5 && unknown && (reading.says("poco") || reading.says("mucho")))
        || reading.says("para_quien");
    let selling = is_selling(scene) && !scene.in_shadow();
    // `no, mentira, ahora estoy en Ayapel`: a correction brings nothing new.
    let amends = reading.says("correccion") && !stated.values.is_empty();
    let own = EXPLICIT.iter().any(|(concept, _)| reading.says(concept))
        || OTHER_MATTERS
            .iter()
            .filter(|c| !(matches!(**c, "catalogo" | "comparar") || counts && matches!(**c, "queja" | "falla")))
            .any(|c| reading.says(c))
        || OTHER_AFFAIRS.iter().any(|c| reading.says(c) && !(amends && *c == "instalar"))
        || !stated.mentions.is_empty()
        || stated.values.contains_key(BRAND);
    if !tells || !selling || own || words > 14 {
        return None;
    }
    let goal = match scene.memory.goal {
        Some(goal @ (Intent::Buscar(_) | Intent::Asesoria)) => goal,
        _ => Intent::Asesoria,
    };
    let family = stated.values.get(&scene.pack.about.family_slot).and_then(|v| scene.pack.family_id(v.as_str()?));
    Some((family.map_or(goal, Intent::Buscar), 0.8))
}

/// Whether the talk is about choosing or buying a product.
#[must_use]
pub fn is_selling(scene: &Scene<'_>) -> bool {
    let goal = scene.memory.goal.is_some_and(|goal| {
        matches!(
            goal,
            Intent::Buscar(_)
                | Intent::Asesoria
                | Intent::Precio
                | Intent::Disponibilidad
                | Intent::Fotos
                | Intent::Especificaciones
                | Intent::Promociones
                | Intent::Catalogo
        )
    });
    goal || scene.memory.stage >= Stage::Qualifying && scene.memory.goal != Some(Intent::Repuestos)
}

/// The model learnt from first messages: its call for a person needs a word that supports it, unless it is sure and the
/// message is the chat's first or a long one.
#[must_use]
pub fn unsupported(scene: &Scene<'_>, reading: &Reading) -> bool {
    let called = reading.handoff.map(|call| call.reason);
    let Some(reason) = called.or(scene.pack.reason_of_intent(reading.intent)) else { return false };
    let talking = scene.memory.turns > 0 && reading.normalized.words.len() <= 10;
    // A complaint or a danger that nobody takes up costs more than a person called in vain.
    let grave = !talking && called.is_some() && matches!(reason, Reason::Reclamo | Reason::Urgente);
    let sure = grave || reading.intent_score >= SURE && scene.pack.reason_of_intent(reading.intent) == Some(reason);
    let support = scene.pack.handoff_rule(reason).map_or(&[][..], |rule| rule.support.as_slice());
    (talking || !sure) && !support.is_empty() && !support.iter().any(|concept| reading.says(concept.as_str()))
}

/// From here on the model's own intent needs no other support in a chat's first message.
const SURE: f32 = 0.7;

/// What a message asks when it brings no matter of its own: the product's features if it asks, else the goal, else what
/// the model holds likeliest among the intents that call nobody.
#[must_use]
pub fn otherwise(scene: &Scene<'_>, reading: &Reading) -> Intent {
    let asks = reading.normalized.signals.question;
    let product = !scene.memory.focus.is_empty() || scene.memory.slots.contains_key(&scene.pack.about.family_slot);
    if let Some((_, fact)) = FACTS.iter().find(|(concept, _)| reading.says(concept)) {
        return *fact;
    }
    match scene.memory.goal {
        Some(Intent::Repuestos) => Intent::Repuestos,
        _ if reading.says("asesoria") => Intent::Asesoria,
        Some(_) if asks && product => Intent::Especificaciones,
        Some(goal @ (Intent::Buscar(_) | Intent::Asesoria)) => goal,
        _ => reading
            .others
            .iter()
            .find(|(intent, score)| scene.pack.reason_of_intent(*intent).is_none() && *score > LIKELY)
            .map_or(Intent::Otro, |(intent, _)| *intent),
    }
}

/// Fixed facts, by the concept that asks for them.
const FACTS: &[(&str, Intent)] = &[
    ("credito", Intent::FormasPago),
    ("pago", Intent::FormasPago),
    ("horario", Intent::Horario),
    ("ubicacion", Intent::Ubicacion),
    ("garantia", Intent::Garantia),
];

/// Least probability for an intent that stands in for one without support.
const LIKELY: f32 = 0.08;
