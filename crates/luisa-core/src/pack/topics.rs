//! Topics: what customers ask about, how they ask it, and where the answer is.
//!
//! Owns `topics.toml`. A topic without a source is no fault: that LUISA does not know is then the answer. May not decide
//! what is said.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::template::Template;
use crate::lexicon::fold::{plain, sound};
use crate::lexicon::matcher::{Hit, Matcher};
use crate::lexicon::tokens::Word;
use crate::symbol::Symbol;
use crate::taxonomy::{Reason, Team};

/// What a topic is about: which entity its answer belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// A product that the store sells.
    Product,
    Part,
    /// The customer's own machine.
    OwnMachine,
    Repair,
    Delivery,
    Credit,
    Payment,
    Warranty,
    /// Price, discount, reservation, what a sale needs.
    Deal,
    /// Invoice, tax, certificate.
    Papers,
    Store,
    People,
    Training,
}

/// An answer that code works out from the catalog, the calendar or the chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Computed {
    Hours,
    Price,
    Sum,
    Stock,
    Photo,
    Features,
    Included,
    Compare,
    Cheapest,
    Dearest,
    Models,
    Promotions,
    Delivery,
    Fitness,
    Kind,
    WithPrice,
    ByPrice,
    Above,
    Waiting,
}

/// Where the answer of a topic is.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// A column of the catalog: a value, yes, no, or empty for unknown.
    Column {
        column: Symbol,
        value: Vec<Template>,
        yes: Vec<Template>,
        no: Vec<Template>,
    },
    /// Sentences with facts in them.
    Say(Vec<Template>),
    Computed(Computed),
    /// Nobody has told LUISA.
    Nothing,
}

/// One topic.
#[derive(Debug, Clone)]
pub struct Topic {
    pub id: Symbol,
    pub scope: Scope,
    /// As an admission names it: `el peso`, `si {producto} trae estuche`.
    pub name: Template,
    pub source: Source,
    /// The team that is asked when nobody knows.
    pub team: Team,
    /// It answers the general question alone: what else is said in the sentence stays open.
    pub general: bool,
    /// A cell without a number answers it in part only.
    pub number: bool,
    /// Topics that it replaces in the same clause.
    pub over: BTreeSet<Symbol>,
    /// It holds only in a chat in which this reason called a person.
    pub during: Option<Reason>,
    /// Concepts of the lexicon that play the same parts as its phrases.
    pub concepts: Concepts,
    needs_beside: bool,
}

/// Concepts of `lexicon.toml` and `cues.toml` that a topic names with `@`.
#[derive(Debug, Clone, Default)]
pub struct Concepts {
    pub ask: Vec<Symbol>,
    pub with: Vec<Symbol>,
    pub without: Vec<Symbol>,
}

impl Topic {
    /// Whether something must stand beside what asks.
    #[must_use]
    pub fn wants_beside(&self) -> bool {
        self.needs_beside
    }
}

/// A material or garment, and the broader ones to which it belongs.
#[derive(Debug, Clone)]
pub struct Material {
    pub id: Symbol,
    /// After `para`: `telas gruesas`.
    pub name: String,
    pub broader: Vec<Symbol>,
}

/// Every topic of a pack.
#[derive(Debug, Default)]
pub struct Topics {
    pub topics: Vec<Topic>,
    pub materials: Vec<Material>,
    matcher: Option<Matcher>,
    small: BTreeSet<String>,
    measures: BTreeSet<String>,
}

/// The part that a phrase plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It asks for the topic at this place.
    Ask(usize),
    /// It must stand in the same sentence.
    With(usize),
    /// It may not.
    Without(usize),
    Material(usize),
    /// A word or form that asks.
    Asking,
}

/// `topics.toml` as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TopicsFile {
    /// Words and phrases that make a sentence a question without a question mark.
    #[serde(default)]
    asking: Vec<String>,
    /// Words that ask and narrow nothing.
    #[serde(default)]
    small: Vec<String>,
    /// Units and words of measure: what stands beside them narrows a question.
    #[serde(default)]
    measures: Vec<String>,
    #[serde(default, rename = "material")]
    materials: Vec<MaterialRow>,
    #[serde(default, rename = "topic")]
    topics: Vec<TopicRow>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MaterialRow {
    id: Symbol,
    name: String,
    say: Vec<String>,
    #[serde(default)]
    broader: Vec<Symbol>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TopicRow {
    id: Symbol,
    scope: Scope,
    name: String,
    ask: Vec<String>,
    #[serde(default)]
    with: Vec<String>,
    #[serde(default)]
    without: Vec<String>,
    #[serde(default)]
    over: Vec<Symbol>,
    #[serde(default)]
    general: bool,
    #[serde(default)]
    number: bool,
    #[serde(default)]
    during: Option<Reason>,
    #[serde(default)]
    team: Option<Team>,
    #[serde(default)]
    column: Option<Symbol>,
    #[serde(default)]
    value: Vec<String>,
    #[serde(default)]
    yes: Vec<String>,
    #[serde(default)]
    no: Vec<String>,
    #[serde(default)]
    say: Vec<String>,
    #[serde(default)]
    computed: Option<Computed>,
}

impl TopicsFile {
    /// Compiles the phrases.
    ///
    /// # Errors
    /// A sentence with a broken gap, a topic with two sources, a name that does not exist; the text says which.
    pub fn compile(self) -> Result<Topics, String> {
        let mut phrases: BTreeMap<Symbol, Vec<String>> = BTreeMap::new();
        let mut add = |role: Role, list: &[String]| {
            let own: Vec<String> = list.iter().filter(|p| !p.starts_with('@')).cloned().collect();
            if !own.is_empty() {
                phrases.insert(role.symbol(), own);
            }
        };
        for (n, row) in self.topics.iter().enumerate() {
            add(Role::Ask(n), &row.ask);
            add(Role::With(n), &row.with);
            add(Role::Without(n), &row.without);
        }
        for (n, row) in self.materials.iter().enumerate() {
            add(Role::Material(n), &row.say);
        }
        add(Role::Asking, &self.asking);
        let matcher = if phrases.is_empty() { None } else { Some(Matcher::new(&phrases, &[], &[], &[])?) };
        let materials: Vec<Material> = self
            .materials
            .into_iter()
            .map(|row| Material { id: row.id, name: row.name, broader: row.broader })
            .collect();
        let topics = self.topics.into_iter().map(topic).collect::<Result<Vec<_>, _>>()?;
        let known = |id: &Symbol| topics.iter().any(|t| t.id == *id);
        if let Some((of, missing)) =
            topics.iter().find_map(|t| t.over.iter().find(|id| !known(id)).map(|id| (t.id, *id)))
        {
            return Err(format!("topic `{of}`: over `{missing}` is no topic; write its id or take it out"));
        }
        let keyed = |words: Vec<String>| words.iter().map(|w| sound(&plain(w))).collect();
        Ok(Topics { topics, materials, matcher, small: keyed(self.small), measures: keyed(self.measures) })
    }
}

fn topic(row: TopicRow) -> Result<Topic, String> {
    let id = row.id;
    let parsed = |list: &[String]| -> Result<Vec<Template>, String> {
        list.iter().map(|text| Template::parse(text).map_err(|e| format!("topic `{id}`: {e}"))).collect()
    };
    let source = match (row.column, row.say.is_empty(), row.computed) {
        (Some(column), true, None) => {
            Source::Column { column, value: parsed(&row.value)?, yes: parsed(&row.yes)?, no: parsed(&row.no)? }
        }
        (None, false, None) => Source::Say(parsed(&row.say)?),
        (None, true, Some(computed)) => Source::Computed(computed),
        (None, true, None) => Source::Nothing,
        _ => return Err(format!("topic `{id}` has two sources; keep one of column, say and computed")),
    };
    let usual = match row.scope {
        Scope::Product | Scope::Part | Scope::OwnMachine | Scope::Repair | Scope::Training => Team::Tecnica,
        _ => Team::Comercial,
    };
    let concepts = |list: &[String]| list.iter().filter_map(|p| p.strip_prefix('@')).map(Symbol::new).collect();
    Ok(Topic {
        concepts: Concepts { ask: concepts(&row.ask), with: concepts(&row.with), without: concepts(&row.without) },
        needs_beside: !row.with.is_empty(),
        id,
        scope: row.scope,
        name: Template::parse(&row.name).map_err(|e| format!("topic `{id}`: {e}"))?,
        source,
        team: row.team.unwrap_or(usual),
        general: row.general,
        number: row.number,
        over: row.over.into_iter().collect(),
        during: row.during,
    })
}

impl Role {
    fn symbol(self) -> Symbol {
        match self {
            Self::Ask(n) => Symbol::new(&format!("ask:{n}")),
            Self::With(n) => Symbol::new(&format!("with:{n}")),
            Self::Without(n) => Symbol::new(&format!("without:{n}")),
            Self::Material(n) => Symbol::new(&format!("material:{n}")),
            Self::Asking => Symbol::new("asking"),
        }
    }

    /// The role of a phrase that was found.
    #[must_use]
    pub fn of(hit: &Hit) -> Option<Self> {
        let (role, n) = hit.concept.as_str().split_once(':').unwrap_or((hit.concept.as_str(), "0"));
        let n = n.parse().ok()?;
        match role {
            "ask" => Some(Self::Ask(n)),
            "with" => Some(Self::With(n)),
            "without" => Some(Self::Without(n)),
            "material" => Some(Self::Material(n)),
            "asking" => Some(Self::Asking),
            _ => None,
        }
    }
}

impl Topics {
    /// What the words of a message play in which topic, as written and as the lexicon mends them.
    #[must_use]
    pub fn hits(&self, words: &[Word], mended: &[String]) -> Vec<(Role, Hit)> {
        let Some(matcher) = &self.matcher else { return Vec::new() };
        let written: Vec<String> = words.iter().map(|w| w.key.clone()).collect();
        let mut hits = matcher.hits(words, &written);
        if written != mended {
            for hit in matcher.hits(words, mended) {
                if !hits.contains(&hit) {
                    hits.push(hit);
                }
            }
        }
        hits.into_iter().filter_map(|hit| Some((Role::of(&hit)?, hit))).collect()
    }

    /// Whether a word narrows no question.
    #[must_use]
    pub fn is_small(&self, word: &Word) -> bool {
        word.text.chars().count() < 3 && !word.text.bytes().all(|b| b.is_ascii_digit())
            || self.small.contains(&word.key)
    }

    /// Whether a word is a measure: `milímetros`, `onzas`.
    #[must_use]
    pub fn is_measure(&self, word: &Word) -> bool {
        self.measures.contains(&word.key)
    }

    /// The topic with this id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Topic> {
        self.topics.iter().find(|topic| topic.id.as_str() == id)
    }

    /// The columns of the catalog that topics read.
    pub fn columns(&self) -> impl Iterator<Item = Symbol> {
        self.topics.iter().filter_map(|topic| match &topic.source {
            Source::Column { column, .. } => Some(*column),
            Source::Say(_) | Source::Computed(_) | Source::Nothing => None,
        })
    }
}
