//! What a message states about the customer and the matter: family, use, place, brand, model, money, name.
//!
//! Owns the reading of slots from one message. Later statements correct earlier ones; a denied one does not count.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::{Value, json};

use crate::catalog::{Fits, Mention};
use crate::lexicon::matcher::Hit;
use crate::lexicon::tokens::{Normalized, Word};
use crate::money::{Amount, Cop, amounts};
use crate::pack::Pack;
use crate::symbol::Symbol;

/// Slot ids of the contract; the family's slot is named by the pack.
pub const USE: &str = "uso";
pub const VOLUME: &str = "volumen";
pub const CITY: &str = "ciudad";
pub const BRAND: &str = "marca";
pub const MODEL: &str = "modelo";
pub const BUDGET: &str = "presupuesto";
pub const NAME: &str = "nombre";
pub const DISTRICT: &str = "barrio";

/// The concept of words that may stand before an amount that one has: `tengo`, `con`, `hasta`.
pub const HELD: &str = "cuenta_con";

/// Whether a slot holds a value of a closed kind: an id or name of the pack, its catalog or its map, or a number. Only
/// such values may stand where a customer's words may not.
#[must_use]
pub fn is_closed(pack: &Pack, slot: &str, value: &Value) -> bool {
    let Some(text) = value.as_str() else { return slot == BUDGET && value.is_i64() };
    let offered = || {
        let options = pack.questions.values().flat_map(|question| &question.options);
        options.filter_map(|option| option.id.strip_prefix("set:")?.split_once('=')).any(|pair| pair == (slot, text))
    };
    let listed = || {
        let concept = |c: &Symbol| c.as_str().strip_prefix(slot).and_then(|rest| rest.strip_prefix('=')) == Some(text);
        pack.lexicon.concepts.iter().any(concept)
    };
    match slot {
        slot if slot == pack.about.family_slot => pack.family(text).is_some(),
        USE | VOLUME => listed() || offered() || pack.uses.iter().any(|known| known.id.as_str() == text),
        CITY => pack.places.is_municipality(text),
        BRAND => listed() || offered() || pack.catalog.items.iter().any(|item| item.brand == text),
        MODEL => pack.catalog.items.iter().any(|item| item.model == text),
        _ => false,
    }
}

/// What one message states.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stated {
    pub values: BTreeMap<String, Value>,
    /// Items named by model, in order.
    pub mentions: Vec<Mention>,
    /// Products that share words of their names with the message, when none is named whole.
    pub fits: Fits,
    /// A product that is named and no longer offered.
    pub withdrawn: Option<usize>,
    /// Brands named, in order.
    pub brands: Vec<String>,
    /// Families named and not denied, in order, each once.
    pub families: Vec<String>,
    pub amounts: Vec<Amount>,
    /// The place is another than the store's.
    pub elsewhere: bool,
    /// A place where they say that they are not.
    pub not_in: Option<String>,
}

/// Reads the slots of a message.
#[must_use]
pub fn stated(pack: &Pack, n: &Normalized, hits: &[Hit]) -> Stated {
    let mut out = Stated { mentions: pack.catalog.mentions(&n.words), ..Stated::default() };
    if out.mentions.is_empty() {
        out.withdrawn = pack.catalog.withdrawn(&n.words);
        if out.withdrawn.is_none() {
            out.fits = pack.catalog.fitting(&n.words);
        }
    }
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
    if let Some(brand) = one_of(&out.brands, corrected) {
        out.values.insert(BRAND.to_owned(), json!(brand));
    }
    // `la Heavy Duty, la 6705C`: the line is named before the model.
    let items = || out.mentions.iter().map(|m| &pack.catalog.items[m.item]);
    let mut models = items().filter(|item| pack.catalog.is_one_model(item));
    if let Some(item) = if corrected { models.next_back() } else { models.next() } {
        out.values.insert(MODEL.to_owned(), json!(item.model));
    }
    let district = district(pack, &n.words);
    let taken = district.as_ref().map_or(0..0, |(_, words)| words.clone());
    let known = |key: &str| pack.lexicon.matcher.knows(key);
    if let Some(place) = pack.places.find(&n.words, |at| taken.contains(&at) || is_denied_place(&n.words, at), known) {
        out.elsewhere = place.municipality != pack.about.city;
        out.values.insert(CITY.to_owned(), json!(place.municipality));
    }
    let denied = pack.places.find(&n.words, |at| taken.contains(&at) || !is_denied_place(&n.words, at), known);
    out.not_in = denied.map(|place| place.municipality.clone());
    let money = plain_money(pack)..TELEPHONES;
    out.amounts = amounts(&n.punctuated).into_iter().filter(|a| a.explicit || money.contains(&a.cop)).collect();
    out.amounts.iter_mut().for_each(|amount| amount.denied = is_denied_amount(&n.punctuated[..amount.start]));
    if let Some(amount) = budget(pack, &out, n, hits) {
        out.values.insert(BUDGET.to_owned(), json!(amount));
    }
    if let Some(name) = name(pack, &n.words, hits) {
        out.values.insert(NAME.to_owned(), json!(name));
    }
    if let Some((district, _)) = district {
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
        // `cabeza de hogar` says nothing of a machine: the pack names such phrases under `-`.
        if value != NOTHING && !values.iter().any(|v| v == value) {
            values.push(value.to_owned());
        }
    }
    values
}

/// The value under which the pack lists phrases that only look like one.
const NOTHING: &str = "-";

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
/// So large a number without a sign of money is a telephone or an identity card.
const TELEPHONES: Cop = Cop(100_000_000);
/// A smaller number without a sign of money is a year, an order or a door.
const LEAST_PLAIN: Cop = Cop(10_000);

fn cheapest(pack: &Pack) -> i64 {
    pack.cheapest.unwrap_or(UNKNOWN_PRICE).0
}

// The least that counts as money without a sign or a word of money, against what things cost here.
fn plain_money(pack: &Pack) -> Cop {
    Cop(cheapest(pack) / 4).max(LEAST_PLAIN)
}

// An amount is a budget when the customer says that they have it or that it is their limit, or wants something for it;
// less than a tenth of the cheapest product buys nothing here and is about something else.
fn budget(pack: &Pack, stated: &Stated, n: &Normalized, hits: &[Hit]) -> Option<i64> {
    let says = |concept: &str| hits.iter().any(|h| h.concept.as_str() == concept && !h.negated);
    let spent = stated.amounts.iter().filter(|a| !a.denied && a.cop.0 >= cheapest(pack) / 10);
    let amount = spent.max_by_key(|a| a.cop)?;
    let short = n.words.len() <= 6 && !["precio", "personal", "deuda"].iter().any(|c| says(c));
    let before = n.punctuated[..amount.start].split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).count();
    let held = hits.iter().any(|h| h.concept.as_str() == HELD && h.end <= before + 1 && h.end + BUDGET_REACH > before);
    let wanted = amount.explicit && !stated.families.is_empty() && (says("buscar") || says("asesoria"));
    (says("presupuesto") || short || held || wanted).then_some(amount.cop.0)
}

/// Words that follow `no` where somebody says what they do not have.
const NOT_HAD: &[&str] = &[
    "tengo", "tenemos", "cuento", "contamos", "llego", "alcanzo", "alcanza", "dispongo", "son", "es", "era", "eran",
    "fueron", "puedo", "podemos", "voy", "quiero", "dije", "hay", "me", "le", "te", "se", "los", "consegui", "reuni",
    "junte",
];
/// What makes of a denied amount a limit: `no tengo más de 800`.
const LIMITED: &[&str] = &[
    "mas",
    "sino",
    "pasar",
    "pase",
    "pasa",
    "pasarme",
    "pasen",
    "superar",
    "supere",
    "menos",
    "solo",
    "solamente",
    "apenas",
    "pero",
];
/// Most words between `no` and the amount that it denies.
const DENIED_REACH: usize = 5;

// `no tengo 1.200.000`; not `no, 600 mil`, nor `no puedo gastar más de 600`.
fn is_denied_amount(before: &str) -> bool {
    let clause = before.rsplit([',', ';', '\n', '!', '?', ':']).next().unwrap_or_default();
    // A full stop within a number or an abbreviation ends no clause.
    let clause = clause.rsplit(". ").next().unwrap_or_default();
    let words: Vec<&str> = clause.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
    let Some(no) = words.iter().rposition(|w| matches!(*w, "no" | "ni" | "nunca" | "tampoco")) else { return false };
    let rest = &words[no + 1..];
    let denies = words[no] == "ni" || rest.first().is_some_and(|w| NOT_HAD.contains(w)) || rest.is_empty() && no > 0;
    denies && rest.len() <= DENIED_REACH && !rest.iter().any(|w| LIMITED.contains(w))
}

/// Words that follow `no` where somebody says where they are not.
const NOT_THERE: &[&str] = &[
    "estoy", "estamos", "soy", "somos", "vivo", "vivimos", "es", "era", "queda", "quedo", "me", "nos", "resido", "voy",
    "vengo", "puedo", "para", "pa", "en", "de", "desde", "trabajo", "ando", "sea",
];

// `no estoy en Montería`, `fuera de Montería`; not `no, en Montería`.
fn is_denied_place(words: &[Word], at: usize) -> bool {
    let clause = (0..at).rev().find(|n| words[n + 1].after_break).map_or(0, |n| n + 1);
    let before: Vec<&str> = words[clause..at].iter().map(|w| w.text.as_str()).collect();
    if before.ends_with(&["fuera", "de"]) || before.ends_with(&["afuera", "de"]) || before.ends_with(&["lejos", "de"]) {
        return true;
    }
    let Some(no) = before.iter().rposition(|w| matches!(*w, "no" | "ni" | "tampoco" | "nunca")) else { return false };
    let rest = &before[no + 1..];
    let turns = rest.iter().any(|w| matches!(*w, "pero" | "sino" | "que" | "porque" | "y" | "si"));
    rest.len() <= 4 && rest.first().is_none_or(|w| NOT_THERE.contains(w)) && !turns
}

/// How many words may stand between `tengo` and the amount.
const BUDGET_REACH: usize = 4;

// `me llamo Ana María`, `soy Ana`, `le habla Ana`: what follows the cue, up to three words that look like a name.
fn name(pack: &Pack, words: &[Word], hits: &[Hit]) -> Option<String> {
    let brand = |i: usize| hits.iter().any(|h| h.concept.as_str().starts_with(BRAND) && (h.start..h.end).contains(&i));
    for i in 0..words.len() {
        let stands = |cue: &&Vec<String>| words[i..].iter().map(|w| &w.key).take(cue.len()).eq(cue.iter());
        let cues = pack.lexicon.name_cues.iter().filter(stands);
        let Some(after) = cues.map(Vec::len).max().map(|length| i + length) else {
            continue;
        };
        // `el modelo es KT-D3`, `el color es Blanco`: who a thing is said to be is no person.
        if names_a_thing(words, i) {
            continue;
        }
        let after = after + usize::from(words.get(after).is_some_and(|w| w.text == "es"));
        let soft = matches!(words[after - 1].text.as_str(), "soy" | "soi" | "es");
        let titles = words[after..].iter().take(2).take_while(|w| pack.lexicon.titles.contains(&w.text)).count();
        let after = after + titles;
        let mut found: Vec<String> = Vec::new();
        for (at, word) in words.iter().enumerate().skip(after).take(3) {
            let proper = word.raw.chars().next().is_some_and(char::is_uppercase);
            let known = pack.lexicon.given_names.contains(&word.key);
            let stops = pack.lexicon.not_names.contains(&word.text)
                || word.text.len() < 2
                || brand(at)
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

// A bare `es` introduces a name only after a word for one, or first in a clause: `es Marta`.
fn names_a_thing(words: &[Word], at: usize) -> bool {
    if words[at].text != "es" || words[at].after_break || at == 0 {
        return false;
    }
    let before = &words[at - 1].text;
    !matches!(
        before.as_str(),
        "nombre"
            | "apellido"
            | "hola"
            | "buenas"
            | "buenos"
            | "dias"
            | "tardes"
            | "noches"
            | "gracias"
            | "si"
            | "claro"
            | "habla"
            | "escribe"
            | "quien"
    )
}

fn shouted(words: &[Word]) -> bool {
    words.iter().filter(|w| w.raw.chars().all(char::is_uppercase)).count() * 2 > words.len()
}

// A known district, or after `barrio` up to three words as written.
fn district(pack: &Pack, words: &[Word]) -> Option<(String, Range<usize>)> {
    if let Some((name, at)) = pack.places.district(words) {
        return Some((name.to_owned(), at));
    }
    let cue = words.iter().position(|w| matches!(w.text.as_str(), "barrio" | "urbanizacion"))?;
    let mut found: Vec<String> = Vec::new();
    for (i, word) in words.iter().enumerate().skip(cue + 1).take(3) {
        let joins =
            i == cue + 1 && matches!(word.text.as_str(), "el" | "la" | "los" | "las" | "san" | "santa" | "villa");
        let proper = word.raw.chars().next().is_some_and(char::is_uppercase);
        let known = pack.lexicon.matcher.knows(&word.key) && !proper && !joins;
        if word.after_break || known || pack.lexicon.not_names.contains(&word.text) && !joins {
            break;
        }
        found.push(capitalised(&word.raw));
    }
    let end = cue + 1 + found.len();
    (!found.is_empty()).then(|| (found.join(" "), cue + 1..end))
}

/// A word with its first letter large and the rest small.
#[must_use]
pub fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(chars.flat_map(char::to_lowercase)).collect())
}
