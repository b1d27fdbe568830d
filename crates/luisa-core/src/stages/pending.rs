//! Short answers: what a message means as a reply to the question that LUISA asked last.
//!
//! Owns the matching of options, ordinals, yes and no. A message that plainly brings a matter of its own is not an
//! answer, whatever was asked.

use crate::lexicon::fold::plain;
use crate::lexicon::tokens::normalize;
use crate::memory::Pending;
use crate::options::Press;
use crate::outcome::Choice;
use crate::pack::Pack;
use crate::taxonomy::{Class, Intent};
use crate::understanding::slots::{BRAND, CITY, USE, VOLUME};
use crate::understanding::{Reading, noise};

use super::quantity;

/// An answer to the pending question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answered {
    /// One of the offered options.
    Option(Press),
    Yes,
    No,
    /// The slot that was asked for was given in other words.
    Slot,
    /// `no sé`, `cualquiera`: the question is dropped.
    Unsure,
}

/// Longest message, in words, that is read as a bare answer.
const BARE: usize = 7;

/// What a message answers, if it does.
#[must_use]
pub fn answer(pack: &Pack, pending: &Pending, reading: &Reading) -> Option<Answered> {
    let words = reading.normalized.words.len();
    if words == 0 {
        return thumbs(reading).map(|answer| settled(pack, pending, answer));
    }
    if let Some(option) = exact(pack, pending, reading) {
        return chosen(pack, &option);
    }
    let slot = pack.questions.get(&pending.question).and_then(|q| q.slot.as_deref());
    // How much they sew, in words or pieces: `pocos`, `unas 20 a la semana`.
    let counts = reading.says("poco") || reading.says("mucho") || quantity::of(pack, reading).is_some();
    if slot == Some(VOLUME) && counts && words <= BARE && !brings_own_matter(pack, reading) {
        return Some(Answered::Slot);
    }
    // `no, mejor la familiar` takes back what was said; it refuses nothing.
    if reading.says("correccion") && !reading.stated.values.is_empty() {
        return None;
    }
    if slot == Some(BRAND) && brand_word(pack, reading).is_some() {
        return Some(Answered::Slot);
    }
    let asks = words > 4 && QUESTIONS.iter().any(|concept| reading.says(concept));
    if slot.is_some_and(|slot| reading.stated.values.contains_key(slot)) && !asks {
        return Some(Answered::Slot);
    }
    // A place told to another question is news, not consent: `a Valledupar`.
    let elsewhere = slot != Some(CITY) && reading.stated.values.contains_key(CITY);
    if words > BARE || brings_own_matter(pack, reading) || elsewhere && !reading.says("si") {
        return None;
    }
    if let Some(option) = ordinal(pending, reading) {
        return chosen(pack, &option);
    }
    // `por ratos no más`, `todos los días`: they tell how much; they refuse nothing, and mean not `all of them`.
    let tells = [USE, VOLUME].iter().any(|told| reading.stated.values.contains_key(*told));
    if tells || reading.says("poco") || reading.says("mucho") {
        return named(pack, pending, reading).and_then(|option| chosen(pack, &option));
    }
    if reading.says("no_se") || reading.says("ambas") {
        return Some(Answered::Unsure);
    }
    if let Some(option) = named(pack, pending, reading) {
        return chosen(pack, &option);
    }
    // A question back is not an answer; thanks and farewells are not consent.
    if reading.normalized.signals.question && words > 2 {
        return None;
    }
    if refuses(reading) {
        return Some(settled(pack, pending, Answered::No));
    }
    // `la otra pues` wants another product, not this one.
    (consents(reading) && !reading.says("ref_otra")).then(|| settled(pack, pending, Answered::Yes))
}

/// A brand said in one word, to who asked for the brand: `dice brother`.
#[must_use]
pub fn brand_word(pack: &Pack, reading: &Reading) -> Option<String> {
    let brands = pack.lexicon.concepts.iter().filter_map(|c| c.as_str().strip_prefix("marca="));
    let words = &reading.normalized.words;
    brands.filter(|brand| words.iter().any(|w| w.text == plain(brand))).map(str::to_owned).next()
}

fn has_word(reading: &Reading, list: &[&str]) -> bool {
    reading.normalized.words.iter().any(|w| list.contains(&w.text.as_str()))
}

// `no`, `todavía no`, `después`; not `hasta luego`, nor a `no` deep in a sentence.
fn refuses(reading: &Reading) -> bool {
    let first_no = reading
        .normalized
        .words
        .iter()
        .take(3)
        .any(|w| matches!(w.text.as_str(), "no" | "nop" | "nope" | "nel" | "tampoco"));
    let later = reading.says("no")
        && !reading.says("despedida")
        && !reading.says("gracias")
        && reading.normalized.words.len() <= 3;
    first_no || later
}

/// `quiero esa`, `me la llevo`: the product just spoken of, taken.
#[must_use]
pub fn takes_it(reading: &Reading) -> bool {
    let wants = reading.says("comprar")
        || reading.says("apartar")
        || reading.says("compra_ya")
        || has_word(reading, &["quiero", "llevo", "quedo", "deme", "dame"]);
    let points = ["ref_esa", "ref_primera", "ref_segunda", "ref_otra", "ref_ultima"].iter().any(|c| reading.says(c));
    let short = reading.normalized.words.len() <= 5;
    if reading.says("compra_ya") && reading.normalized.words.len() <= 12 {
        return !reading.says("no") && !reading.normalized.signals.question;
    }
    let asks = ["foto", "precio", "especificaciones", "incluye"].iter().any(|c| reading.says(c))
        || has_word(reading, &["ver", "saber"]);
    wants && points && short && !asks && !reading.normalized.signals.question && !reading.says("no")
}

// Nearly all of it is assent; with thanks or a farewell only an outspoken yes counts.
fn consents(reading: &Reading) -> bool {
    let assent = reading.says("si") || reading.says("acuse");
    let covered = noise::covered(reading.normalized.words.len(), &reading.hits, &["si", "acuse", "gracias", "saludo"]);
    let outspoken =
        has_word(reading, &["si", "claro", "dale", "hagale", "obvio", "favor", "porfa", "quiero", "confirmeme"]);
    let leaves = reading.says("gracias") || reading.says("despedida");
    // `¿y cuál sí hace?` asks.
    if reading.says("cual") {
        return false;
    }
    // `la primera me gustó más` likes, and takes nothing yet.
    if reading.says("gusta") && !outspoken {
        return false;
    }
    // `ah, ya entendí` is not yet consent.
    if has_word(reading, &["entendi", "entiendo", "veo", "pienso", "pensarlo", "aviso", "averiguo"]) {
        return false;
    }
    let rest = reading.normalized.words.len().saturating_sub(covered);
    assent && rest <= 3 && (!leaves || outspoken)
}

// On a yes-or-no question, a yes is its first option and a no its refusal.
fn settled(pack: &Pack, pending: &Pending, answer: Answered) -> Answered {
    let refusal = pending.options.iter().find(|o| o.id == "no");
    let option = match (&answer, refusal) {
        (Answered::Yes, Some(_)) => pending.options.iter().find(|o| o.id != "no"),
        (Answered::No, Some(no)) => Some(no),
        _ => None,
    };
    option.and_then(|option| chosen(pack, option)).unwrap_or(answer)
}

// What an option does; one that the store no longer offers does nothing.
fn chosen(pack: &Pack, option: &Choice) -> Option<Answered> {
    Press::offered(pack, &option.id).map(Answered::Option)
}

fn thumbs(reading: &Reading) -> Option<Answered> {
    let emoji = &reading.normalized.signals.emoji;
    if emoji.iter().any(|c| matches!(c, '👍' | '👌' | '✅' | '🙌' | '✔')) {
        return Some(Answered::Yes);
    }
    emoji.contains(&'👎').then_some(Answered::No)
}

// The message is the title of an option, or one of its other wordings.
fn exact(pack: &Pack, pending: &Pending, reading: &Reading) -> Option<Choice> {
    let said: Vec<&str> = reading.normalized.words.iter().map(|w| w.key.as_str()).collect();
    let keys = |text: &str| -> Vec<String> {
        normalize(text, &pack.lexicon.abbreviations).words.into_iter().map(|w| w.key).collect()
    };
    let question = pack.questions.get(&pending.question);
    pending
        .options
        .iter()
        .find(|option| {
            let also = question
                .and_then(|q| q.options.iter().find(|o| o.id == option.id))
                .map_or(&[][..], |o| o.also.as_slice());
            std::iter::once(&option.title).chain(also).any(|text| keys(text) == said)
        })
        .cloned()
}

// A few of the option's own words, and of no other option's: `la de producción`.
fn named(pack: &Pack, pending: &Pending, reading: &Reading) -> Option<Choice> {
    if reading.says("ref_otra") {
        return None;
    }
    let said: Vec<&str> = reading.keys.iter().map(String::as_str).collect();
    let score = |option: &Choice| {
        let also = pack
            .questions
            .get(&pending.question)
            .and_then(|q| q.options.iter().find(|o| o.id == option.id))
            .map_or(&[][..], |o| o.also.as_slice());
        std::iter::once(&option.title)
            .chain(also)
            .map(|text| {
                let words = normalize(text, &pack.lexicon.abbreviations).words;
                words
                    .iter()
                    .filter(|w| {
                        w.key.len() >= 4 && w.text != "gracias" && w.text != "favor" && said.contains(&w.key.as_str())
                    })
                    .count()
            })
            .max()
            .unwrap_or(0)
    };
    // An act of its own is chosen by name alone: `busco una máquina para jeans` says more than its button.
    let wordy = reading.normalized.words.len() > 3;
    let scored: Vec<(usize, &Choice)> = pending
        .options
        .iter()
        .filter(|o| !(wordy && o.id.starts_with("act:")))
        .map(|o| (score(o), o))
        .filter(|(s, _)| *s > 0)
        .collect();
    match scored.as_slice() {
        [(_, only)] => Some((*only).clone()),
        _ => None,
    }
}

fn ordinal(pending: &Pending, reading: &Reading) -> Option<Choice> {
    // `la primera` is no answer to a yes-or-no question: it points at a product.
    if !pending.options.iter().any(|o| o.id.starts_with("set:") || o.id.starts_with("act:")) {
        return None;
    }
    let digit = |n: &str| reading.normalized.words.iter().any(|w| w.text == n);
    let place = if reading.says("ref_primera") || digit("1") {
        0
    } else if reading.says("ref_segunda") || digit("2") {
        1
    } else if reading.says("ref_tercera") || digit("3") {
        2
    } else if reading.says("ref_ultima") {
        pending.options.len().checked_sub(1)?
    } else {
        return None;
    };
    pending.options.get(place).cloned()
}

/// Concepts that ask something beside the answer: `soy de Lorica, ¿y el envío?`.
const QUESTIONS: &[&str] =
    &["precio", "credito", "pago", "envio", "humano", "robot", "garantia", "horario", "ubicacion", "foto"];

/// Concepts that are matters of their own, whatever was asked.
const MATTERS: &[&str] = &[
    "precio",
    "foto",
    "horario",
    "ubicacion",
    "contacto",
    "credito",
    "pago",
    "envio",
    "garantia",
    "promo",
    "repuesto",
    "falla",
    "humano",
    "robot",
    "inyeccion",
    "queja",
    "usada",
    "cotizacion",
    "incluye",
    "especificaciones",
    "disponible",
    "regateo",
    "caro",
    "estado_pedido",
    "legal",
    "peligro",
];

// A question or a request of its own that is not just another way to answer.
fn brings_own_matter(pack: &Pack, reading: &Reading) -> bool {
    let named = !reading.stated.mentions.is_empty() || !reading.stated.brands.is_empty();
    if MATTERS.iter().any(|concept| reading.says(concept)) || named || takes_it(reading) {
        return true;
    }
    if reading.class == Class::NonBusiness {
        return reading.personal_score > 0.9;
    }
    let vague = matches!(
        reading.intent,
        Intent::Otro
            | Intent::Ninguno
            | Intent::Asesoria
            | Intent::Buscar(_)
            | Intent::Saludo
            | Intent::Agradecimiento
            | Intent::Confirmar
            | Intent::Negar
    );
    let sure = pack.model.is_none() || reading.intent_score > 0.6;
    !vague && sure && key_words(reading) > 1
}

// Words that are not yes, no or a courtesy.
fn key_words(reading: &Reading) -> usize {
    let small = ["si", "no", "acuse", "gracias", "saludo"];
    let covered = noise::covered(reading.normalized.words.len(), &reading.hits, &small);
    reading.normalized.words.len().saturating_sub(covered)
}
