//! Source: where the answer of an ask is: a cell of the catalog, a fact, the calendar, the chat, or nowhere.
//!
//! Owns the search for it. It is total: what stands nowhere becomes an open question for a team, by name. The words are
//! the pack's; a yes needs a cell that says yes.

use crate::catalog::{Cell, Item};
use crate::outcome::Query;
use crate::pack::template::Template;
use crate::pack::topics::{Source, Topic};
use crate::stages::draft::Draft;
use crate::stages::reference;
use crate::stages::scene::{Scene, View};
use crate::symbol::Symbol;
use crate::taxonomy::Team;

use super::heard::Ask;
use super::products;

/// What became of an ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answered {
    /// Said from a source.
    Known,
    /// Said, but what narrows it is open.
    Partly(Open),
    /// Nobody knows.
    Unknown(Open),
    /// The words ask something that no topic knows.
    Missed(Open),
    /// Asked back: the answer depends on the product.
    WhichOne,
}

/// A question that stays open, as it is named to the customer and put to a team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// `el peso`, `si la Union UN300 trae estuche`.
    pub name: String,
    /// Whose: `la Union UN300`; none when the name says it or it is the store's.
    pub of: Option<String>,
    pub query: Query,
}

/// Says the answer of an ask in the draft.
pub fn answer(scene: &mut Scene<'_>, at: usize, ask: &Ask, draft: &mut Draft) -> Answered {
    let pack = scene.pack;
    let Some(topic) = ask.topic.and_then(|n| pack.topics.topics.get(n)) else {
        return Answered::Missed(missed(scene, at, ask));
    };
    let items = items(scene, at, ask);
    if let Some(text) = kept(scene, topic, &items) {
        draft.say_text(Symbol::new(&format!("tema:{}", topic.id)), text);
        return Answered::Known;
    }
    match &topic.source {
        Source::Nothing => Answered::Unknown(open(scene, at, ask, topic, items.first().copied())),
        Source::Say(texts) => {
            say(scene, draft, topic.id, texts, &[]);
            if ask.limited { Answered::Partly(open(scene, at, ask, topic, None)) } else { Answered::Known }
        }
        Source::Column { column, value, yes, no } => {
            column_of(scene, at, ask, topic, &Column { id: *column, value, yes, no }, &items, draft)
        }
        Source::Computed(computed) => products::computed(scene, at, ask, topic, *computed, &items, draft),
    }
}

/// Where an answer that the staff keep stands among the facts.
#[must_use]
pub fn kept_key(topic: &str, item: Option<&str>) -> String {
    let of = item.map(|item| format!("/{item}")).unwrap_or_default();
    format!("{}{topic}{of}", crate::pack::KEPT)
}

// The answer that a person gave to this question before, about this product or in general.
fn kept(scene: &Scene<'_>, topic: &Topic, items: &[&Item]) -> Option<String> {
    let facts = &scene.pack.facts;
    let of_item = items.first().and_then(|item| facts.get(&kept_key(topic.id.as_str(), Some(&item.id))));
    let general = || facts.get(&kept_key(topic.id.as_str(), None)).filter(|_| items.len() < 2);
    of_item.or_else(general).cloned()
}

/// Adds a sentence of a topic: the wording least used in this chat.
pub fn say(scene: &Scene<'_>, draft: &mut Draft, id: Symbol, texts: &[Template], values: &[(&str, &str)]) {
    let key = Symbol::new(&format!("tema:{id}"));
    let used = scene.memory.said.get(key.as_str()).copied().unwrap_or(0) as usize;
    let city = scene.memory.slot(crate::understanding::slots::CITY).unwrap_or_default();
    let values: Vec<(&str, &str)> = values.iter().copied().chain(std::iter::once(("ciudad", city.as_str()))).collect();
    let Some(text) = texts.get(used % texts.len().max(1)) else { return };
    let text = text.fill(&scene.pack.facts, &values);
    // Asked again, and every wording is used: said again, in so many words.
    let again = (used >= texts.len()).then(|| crate::stages::draft::text_of(scene, "repite", &[("texto", &text)]));
    draft.say_text(key, again.filter(|again| !again.is_empty()).unwrap_or(text));
}

/// Whether what narrows an ask is more than what the product is called or has.
#[must_use]
pub fn narrowed(scene: &Scene<'_>, at: usize, ask: &Ask, item: &Item) -> bool {
    let words = &scene.views[at].reading.normalized.words;
    let abbreviations = &scene.pack.lexicon.abbreviations;
    let texts =
        [item.name.as_str(), &item.kind, &item.good_for].into_iter().chain(item.features.iter().map(String::as_str));
    let known: Vec<String> =
        texts.flat_map(|text| crate::lexicon::tokens::normalize(text, abbreviations).words).map(|w| w.key).collect();
    ask.limited && words.get(ask.residue.clone()).is_none_or(|left| !left.iter().all(|word| known.contains(&word.key)))
}

/// The products that an ask is about: named in its sentence, pointed at, or under discussion.
pub fn items<'a>(scene: &Scene<'a>, at: usize, ask: &Ask) -> Vec<&'a Item> {
    let pack = scene.pack;
    let view = &scene.views[at];
    let named: Vec<usize> =
        view.reading.stated.mentions.iter().filter(|m| ask.sentence.contains(&m.start)).map(|m| m.item).fold(
            Vec::new(),
            |mut all, item| {
                if !all.contains(&item) {
                    all.push(item);
                }
                all
            },
        );
    // `precio de la KS-8800; perdón, de la KT-D3`: the last one.
    let amended = view.reading.says("correccion") && !view.reading.says("comparar");
    let named = if amended { named.into_iter().next_back().into_iter().collect() } else { named };
    if !named.is_empty() {
        return named.into_iter().map(|item| &pack.catalog.items[item]).collect();
    }
    let several = ["ambas", "diferencia_precio"].iter().any(|c| view.reading.says(c));
    if several && scene.memory.offered.len() >= 2 {
        return scene.memory.offered.iter().take(4).filter_map(|id| pack.catalog.item(id)).collect();
    }
    if !view.products.is_empty() {
        return view.products.iter().map(|item| &pack.catalog.items[*item]).collect();
    }
    let referred = reference::asked(scene, view);
    referred.into_iter().map(|item| &pack.catalog.items[item]).collect()
}

struct Column<'a> {
    id: Symbol,
    value: &'a [Template],
    yes: &'a [Template],
    no: &'a [Template],
}

fn column_of(
    scene: &mut Scene<'_>,
    at: usize,
    ask: &Ask,
    topic: &Topic,
    column: &Column<'_>,
    items: &[&Item],
    draft: &mut Draft,
) -> Answered {
    let has = |item: &&Item| matches!(item.cell(column.id.as_str()), Some(Cell::Yes | Cell::Value(_)));
    if ask.which || items.is_empty() {
        let among = products::among(scene, &scene.views[at], items);
        let having: Vec<&Item> = among.into_iter().filter(has).take(3).collect();
        if having.is_empty() {
            return Answered::Unknown(open(scene, at, ask, topic, None));
        }
        for item in &having {
            cell(scene, draft, topic, column, item);
        }
        products::spoken_of(scene, &having);
        crate::stages::recommend::show(scene, having[0], draft);
        return Answered::Known;
    }
    let mut unknown: Option<&Item> = None;
    let mut vague = false;
    for item in items.iter().take(3) {
        match item.cell(column.id.as_str()) {
            Some(Cell::Value(text)) => {
                vague |= (ask.count || topic.number) && !text.bytes().any(|b| b.is_ascii_digit());
                cell(scene, draft, topic, column, item);
            }
            Some(Cell::Yes | Cell::No) => cell(scene, draft, topic, column, item),
            None => unknown = unknown.or(Some(item)),
        }
    }
    if let Some(item) = unknown {
        let open = open(scene, at, ask, topic, Some(item));
        let other = products::relatives(scene, item).into_iter().find(has);
        if let Some(other) = other.filter(|_| items.len() == 1) {
            draft.later(scene, "otra_si_trae", &[("producto", &other.name), ("valor", &value_of(other, column.id))]);
        }
        return Answered::Unknown(open);
    }
    if vague || ask.limited {
        return Answered::Partly(open(scene, at, ask, topic, items.first().copied()));
    }
    Answered::Known
}

fn value_of(item: &Item, column: Symbol) -> String {
    match item.cell(column.as_str()) {
        Some(Cell::Value(text)) => text.clone(),
        Some(Cell::Yes | Cell::No) | None => String::new(),
    }
}

fn cell(scene: &Scene<'_>, draft: &mut Draft, topic: &Topic, column: &Column<'_>, item: &Item) {
    let Some(cell) = item.cell(column.id.as_str()) else { return };
    let value = value_of(item, column.id);
    let values = [("producto", item.name.as_str()), ("valor", value.as_str())];
    let texts = match cell {
        Cell::Yes => column.yes,
        Cell::No => column.no,
        Cell::Value(_) => column.value,
    };
    let used = scene.memory.said.get(&format!("tema:{}", topic.id)).copied().unwrap_or(0) as usize;
    if !value.is_empty() && used >= texts.len() && used > 0 {
        draft.say(scene, "rasgo_valor", &[("producto", &item.name), ("rasgo", &value)]);
        return;
    }
    if texts.is_empty() {
        let id = if *cell == Cell::No { "rasgo_no" } else { "rasgo_si" };
        let name = topic.name.fill(&scene.pack.facts, &values);
        let what = if value.is_empty() { name } else { value };
        draft.say(scene, id, &[("producto", &item.name), ("rasgo", &what)]);
    } else {
        say(scene, draft, topic.id, texts, &values);
    }
}

/// The open question of a topic nobody can answer.
#[must_use]
pub fn open(scene: &Scene<'_>, at: usize, ask: &Ask, topic: &Topic, item: Option<&Item>) -> Open {
    let product = item.map_or_else(|| "la máquina".to_owned(), |item| format!("la {}", item.name));
    let clause = topic.name.gaps().any(|gap| gap == "producto");
    let material = ask.materials.first().and_then(|n| scene.pack.topics.materials.get(*n)).map_or("eso", |m| &m.name);
    let name = match quoted(scene, &scene.views[at], ask).filter(|_| topic.general) {
        Some(words) => format!("lo de «{words}»"),
        None => topic.name.fill(&scene.pack.facts, &[("producto", &product), ("material", material)]),
    };
    let of = item.filter(|_| !clause && topic.scope == crate::pack::topics::Scope::Product);
    Open {
        of: of.map(|item| format!("la {}", item.name)),
        query: Query {
            topic: Some(topic.id.to_string()),
            item: item.map(|item| item.id.clone()),
            team: topic.team,
            name: of.map_or_else(|| name.clone(), |item| format!("{name} de la {}", item.name)),
            words: words(&scene.views[at], ask),
        },
        name,
    }
}

fn missed(scene: &Scene<'_>, at: usize, ask: &Ask) -> Open {
    let view = &scene.views[at];
    let words = words(view, ask);
    // A number that the customer names is not said back: it could be taken for ours.
    let said = quoted(scene, view, ask).unwrap_or_else(|| shortened(&words));
    let name = if claims_nothing(scene, &said) { format!("lo de «{said}»") } else { "eso".to_owned() };
    let query = Query { topic: None, item: None, team: Team::Comercial, name: words.clone(), words };
    Open { name, of: None, query }
}

// The customer's own words for the ask: its sentence as written.
fn words(view: &View<'_>, ask: &Ask) -> String {
    let words = &view.reading.normalized.words;
    let raw: Vec<&str> = words[ask.sentence.clone()].iter().map(|w| w.raw.as_str()).collect();
    let mut text = String::new();
    for word in raw.iter().enumerate().filter(|(n, word)| *n == 0 || raw[n - 1] != **word).map(|(_, w)| *w) {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(word);
    }
    text.chars().take(200).collect()
}

// The words that nothing explains, as written; a few, so that they can be said back.
fn quoted(scene: &Scene<'_>, view: &View<'_>, ask: &Ask) -> Option<String> {
    let words = view.reading.normalized.words.get(ask.residue.clone()).filter(|words| !words.is_empty())?;
    let mut raw: Vec<&str> = words.iter().map(|w| w.raw.as_str()).collect();
    raw.dedup();
    let text = raw.join(" ");
    (raw.len() <= QUOTED && claims_nothing(scene, &text)).then_some(text)
}

fn claims_nothing(scene: &Scene<'_>, text: &str) -> bool {
    !text.bytes().any(|b| b.is_ascii_digit()) && scene.pack.knowledge.unheld(text).is_empty()
}

/// Longest quotation in a reply, in words.
const QUOTED: usize = 8;

fn shortened(words: &str) -> String {
    let all: Vec<&str> = words.split(' ').collect();
    let from = all.len().saturating_sub(QUOTED);
    all[from..].join(" ")
}
