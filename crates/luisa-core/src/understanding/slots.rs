//! What a message states about the customer and the matter: family, use, place, brand, model, money, name.
//!
//! Owns the reading of slots from one message. Later statements correct earlier ones; a denied one does not count.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::catalog::Mention;
use crate::lexicon::matcher::Hit;
use crate::lexicon::tokens::{Normalized, Word};
use crate::money::{Amount, Cop, amounts};
use crate::pack::Pack;

/// Slot ids of the contract; the family's slot is named by the pack.
pub const USE: &str = "uso";
pub const VOLUME: &str = "volumen";
pub const CITY: &str = "ciudad";
pub const BRAND: &str = "marca";
pub const MODEL: &str = "modelo";
pub const BUDGET: &str = "presupuesto";
pub const NAME: &str = "nombre";
pub const DISTRICT: &str = "barrio";

/// What one message states.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stated {
    pub values: BTreeMap<String, Value>,
    /// Items named by model, in order.
    pub mentions: Vec<Mention>,
    /// Brands named, in order.
    pub brands: Vec<String>,
    /// Families named and not denied, in order, each once.
    pub families: Vec<String>,
    pub amounts: Vec<Amount>,
    /// The place is another than the store's.
    pub elsewhere: bool,
}

/// Reads the slots of a message.
#[must_use]
pub fn stated(pack: &Pack, n: &Normalized, hits: &[Hit]) -> Stated {
    let mut out = Stated { mentions: pack.catalog.mentions(&n.words), ..Stated::default() };
    let corrected = hits.iter().any(|h| h.concept.as_str() == "correccion");
    out.families = slot_values(hits, &pack.about.family_slot, false);
    if let Some(family) = one_of(&out.families, corrected) {
        out.values.insert(pack.about.family_slot.clone(), json!(family));
    }
    for slot in [USE, VOLUME] {
        let values = slot_values(hits, slot, false);
        let chosen = if corrected { values.last() } else { values.first() };
        if let Some(value) = chosen {
            out.values.insert(slot.to_owned(), json!(value));
        }
    }
    out.brands = slot_values(hits, BRAND, true);
    let brand = if corrected { out.brands.last() } else { out.brands.first() };
    if let Some(brand) = brand {
        out.values.insert(BRAND.to_owned(), json!(brand));
    }
    let wanted = if corrected { out.mentions.last() } else { out.mentions.first() };
    if let Some(item) = wanted.map(|m| &pack.catalog.items[m.item]).filter(|item| !item.model.is_empty()) {
        out.values.insert(MODEL.to_owned(), json!(item.model));
    }
    if let Some(place) = pack.places.find(&n.words) {
        out.elsewhere = place.municipality != pack.about.city;
        out.values.insert(CITY.to_owned(), json!(place.municipality));
    }
    out.amounts = amounts(&n.punctuated).into_iter().filter(|a| a.explicit || a.cop >= plain_money(pack)).collect();
    if let Some(amount) = budget(pack, &out, n, hits) {
        out.values.insert(BUDGET.to_owned(), json!(amount));
    }
    if let Some(name) = name(pack, &n.words) {
        out.values.insert(NAME.to_owned(), json!(name));
    }
    if let Some(district) = district(&n.words) {
        out.values.insert(DISTRICT.to_owned(), json!(district));
    }
    out
}

fn slot_values(hits: &[Hit], slot: &str, even_denied: bool) -> Vec<String> {
    let mut values: Vec<String> = Vec::new();
    let mut taken = 0;
    for hit in hits.iter().filter(|h| even_denied || !h.negated) {
        let Some(value) = hit.concept.as_str().strip_prefix(slot).and_then(|rest| rest.strip_prefix('=')) else {
            continue;
        };
        // The longest phrase at a place wins: `fileteadora industrial` is a serger.
        if hit.start < taken {
            continue;
        }
        taken = hit.end;
        if !values.iter().any(|v| v == value) {
            values.push(value.to_owned());
        }
    }
    values
}

// Two families wanted at once are none, unless the second corrects the first.
fn one_of(values: &[String], corrected: bool) -> Option<&String> {
    match values {
        [only] => Some(only),
        [.., last] if corrected => Some(last),
        _ => None,
    }
}

/// Where no price is known, this stands for the lowest one.
const UNKNOWN_PRICE: Cop = Cop(100_000);
/// A smaller number without a sign of money is a year, an order or a door.
const LEAST_PLAIN: Cop = Cop(10_000);

fn cheapest(pack: &Pack) -> i64 {
    pack.cheapest.unwrap_or(UNKNOWN_PRICE).0
}

// The least that counts as money without a sign or a word of money, against what things cost here.
fn plain_money(pack: &Pack) -> Cop {
    Cop(cheapest(pack) / 4).max(LEAST_PLAIN)
}

// An amount is a budget when the customer says that they have it or that it is their limit; less than a tenth of the
// cheapest product buys nothing here and is about something else.
fn budget(pack: &Pack, stated: &Stated, n: &Normalized, hits: &[Hit]) -> Option<i64> {
    let says_budget = hits.iter().any(|h| h.concept.as_str() == "presupuesto" && !h.negated);
    let amount = stated.amounts.iter().filter(|a| a.cop.0 >= cheapest(pack) / 10).max_by_key(|a| a.cop)?;
    let short =
        n.words.len() <= 6 && !hits.iter().any(|h| matches!(h.concept.as_str(), "precio" | "personal" | "deuda"));
    (says_budget || short).then_some(amount.cop.0)
}

// `me llamo Ana María`, `soy Ana`, `le habla Ana`: what follows the cue, up to three words that look like a name.
fn name(pack: &Pack, words: &[Word]) -> Option<String> {
    for (i, _) in words.iter().enumerate() {
        let Some(after) = pack.lexicon.name_cues.iter().find_map(|cue| cue_ends(words, i, cue)) else {
            continue;
        };
        let soft = words[after - 1].text == "soy" || words[after - 1].text == "es";
        let mut found: Vec<String> = Vec::new();
        for word in words[after..].iter().take(3) {
            let proper = word.raw.chars().next().is_some_and(char::is_uppercase);
            let known = pack.lexicon.given_names.contains(&word.key);
            let stops = pack.lexicon.not_names.contains(&word.text)
                || word.text.len() < 2
                || word.text.bytes().any(|b| b.is_ascii_digit());
            let joined = found.is_empty() || !word.after_break;
            if stops || !joined || !(known || (proper && (!soft || !found.is_empty() || !shouted(words)))) {
                break;
            }
            found.push(capitalised(&word.raw));
        }
        if !found.is_empty() {
            return Some(found.join(" "));
        }
    }
    None
}

fn shouted(words: &[Word]) -> bool {
    words.iter().filter(|w| w.raw.chars().all(char::is_uppercase)).count() * 2 > words.len()
}

// The index after `cue` when it stands at word `i`.
fn cue_ends(words: &[Word], i: usize, cue: &str) -> Option<usize> {
    let mut at = i;
    for part in cue.split(' ') {
        if words.get(at)?.text != part {
            return None;
        }
        at += 1;
    }
    Some(at)
}

// `barrio La Granja`: up to three words after the cue, as written.
fn district(words: &[Word]) -> Option<String> {
    let cue = words.iter().position(|w| matches!(w.text.as_str(), "barrio" | "urbanizacion"))?;
    let mut found: Vec<String> = Vec::new();
    for word in words[cue + 1..].iter().take(3) {
        let stops = matches!(
            word.text.as_str(),
            "de" | "en" | "y" | "por" | "cerca" | "que" | "para" | "frente" | "aqui" | "a" | "necesito" | "quiero"
        );
        if stops || word.after_break {
            break;
        }
        found.push(capitalised(&word.raw));
    }
    (!found.is_empty()).then(|| found.join(" "))
}

/// A word with its first letter large and the rest small.
#[must_use]
pub fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(chars.flat_map(char::to_lowercase)).collect())
}
