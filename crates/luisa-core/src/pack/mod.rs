//! The business pack: everything about one store, as data.
//!
//! Owns the loaded form. A pack is a set of files (see `docs/packs.md`); reading them from disk or from the binary is
//! the shell's work, so loading takes names and bytes. All faults are reported at once, each with its file, its line
//! where there is one, the key, and what to do.

pub mod parse;
pub mod facts;
pub mod places;
pub mod template;
pub mod cues;
pub mod topics;
pub mod demo;
pub mod llm;
pub mod checks;
pub mod check;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Deserialize;

use crate::catalog::{Catalog, Item};
use crate::lexicon::constructions::Construction;
use crate::lexicon::matcher::Matcher;
use crate::lexicon::nouns::Nouns;
use crate::money::Cop;
use crate::outcome::Choice;
use crate::schedule::StoreHours;
use crate::stages::guards::Knowledge;
use crate::symbol::Symbol;
use crate::taxonomy::{Class, HandoffCall, Intent, Priority, Reason, Team, Verdict};
use crate::understanding::reading::Understanding;

use checks::Checks;
use cues::Cues;
use demo::DemoCustomer;
use facts::Computed;
pub use parse::{PackFault, PackFiles};
use places::Places;
use template::Template;
use topics::Topics;

/// A loaded, checked pack.
#[derive(Debug, Clone)]
pub struct Pack {
    pub about: About,
    pub families: Vec<Family>,
    pub uses: Vec<UseOf>,
    /// Facts by id, in the words a customer may read; those of the catalog as it stands.
    pub facts: BTreeMap<String, String>,
    /// How the facts of the catalog are worked out.
    pub computed: Arc<BTreeMap<String, Computed>>,
    pub catalog: Arc<Catalog>,
    pub lexicon: Arc<Lexicon>,
    /// What words are words for.
    pub nouns: Arc<Nouns>,
    pub places: Arc<Places>,
    pub cues: Arc<Cues>,
    /// What customers ask about, and where the answer is.
    pub topics: Arc<Topics>,
    pub rules: Arc<Vec<Rule>>,
    pub handoffs: Vec<HandoffRule>,
    pub replies: Arc<BTreeMap<Symbol, Vec<Template>>>,
    pub questions: Arc<BTreeMap<Symbol, Question>>,
    /// What a text to a customer may state, for the guards.
    pub knowledge: Arc<Knowledge>,
    /// What it says to and about a language model, if it may ask one.
    pub llm: Option<Arc<llm::Llm>>,
    /// The statistical model, if the pack has one.
    pub model: Option<Arc<Understanding>>,
    /// `classifier_version` of the traces.
    pub classifier_version: String,
    /// What go/no-go asks, if the pack says it.
    pub checks: Option<Checks>,
    /// Image id → (file name in the pack's `media/`).
    pub media: BTreeMap<String, String>,
    /// Customers who play by themselves on the demo page.
    pub demo: Vec<DemoCustomer>,
    /// When the store is open, day by day.
    pub store_hours: StoreHours,
    /// The lowest price that the pack names: the measure of what is money worth speaking of here.
    pub cheapest: Option<Cop>,
}

/// `pack.toml`: the store and its habits.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// Format of the pack; this build reads 1.
    pub format: u32,
    pub name: String,
    pub short_name: String,
    /// The name under which LUISA presents herself.
    pub assistant: String,
    pub owner: String,
    pub city: String,
    pub department: String,
    pub time_zone: String,
    /// Slot id of the product family.
    pub family_slot: String,
    /// Slots that a buyer is asked for, in order.
    pub qualify: Vec<String>,
    pub personal: PersonalLines,
    /// Team names as customers read them.
    pub teams: BTreeMap<Team, String>,
    /// When the store is open: `lunes = "9:00-18:00"`; a day that is not there is closed, and so are public holidays.
    #[serde(default)]
    pub store_hours: BTreeMap<String, String>,
    /// How urgent a handoff is, as the team reads it.
    pub priorities: BTreeMap<Priority, String>,
    #[serde(rename = "family")]
    families: Vec<Family>,
    #[serde(rename = "use", default)]
    uses: Vec<UseOf>,
}

impl About {
    // The families with their lowest prices in this catalog.
    fn families_priced(&self, catalog: &Catalog) -> Vec<Family> {
        let priced = |family: &Family| Family {
            price_from: facts::price_from(family.price_from, family.id, catalog),
            ..family.clone()
        };
        self.families.iter().map(priced).collect()
    }
}

/// How likely a message must be personal, 0–1: below `doubt_from` it is surely the store's, from `sure_from` on surely
/// personal.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonalLines {
    pub doubt_from: f32,
    pub sure_from: f32,
}

impl PersonalLines {
    /// What a probability of being personal comes to.
    #[must_use]
    pub fn verdict(self, personal: f32) -> Verdict {
        match personal {
            p if p >= self.sure_from => Verdict::Personal,
            p if p >= self.doubt_from => Verdict::Unsure,
            _ => Verdict::Business,
        }
    }
}

/// A family of products.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Family {
    pub id: Symbol,
    /// `máquina industrial`.
    pub name: String,
    pub plural: String,
    /// What it is for, after `para`: `coser en casa`.
    #[serde(default)]
    pub good_for: Option<String>,
    /// The lowest price in whole pesos, when one is known. `pack.toml` states it for products without a price of their own.
    #[serde(default)]
    pub price_from: Option<i64>,
    /// Fact id of what comes with it.
    #[serde(default)]
    pub includes: Option<String>,
    /// The item to name as the next better one.
    #[serde(default)]
    pub step_up: Option<String>,
    /// Question that finds out the use.
    pub ask_use: Symbol,
    /// Whether the volume of work is asked.
    #[serde(default)]
    pub ask_volume: bool,
}

/// A use of products.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UseOf {
    pub id: Symbol,
    /// As a reply names it: `coser jeans`.
    pub name: String,
    /// The family to suggest when the customer does not say one.
    pub family: Symbol,
    /// It says less than other uses: named later, it does not replace one.
    #[serde(default)]
    pub general: bool,
}

/// What the lexicon files give.
#[derive(Debug)]
pub struct Lexicon {
    pub abbreviations: BTreeMap<String, String>,
    pub matcher: Matcher,
    /// Sound keys of the words that introduce a name: `me llamo`.
    pub name_cues: Vec<Vec<String>>,
    /// Words that may stand between a cue and the name.
    pub titles: BTreeSet<String>,
    /// Sound keys of given names.
    pub given_names: BTreeSet<String>,
    /// Words that follow a cue without being a name: `soy de`.
    pub not_names: BTreeSet<String>,
    /// Concepts of private life.
    pub private: BTreeSet<Symbol>,
    /// Concept names, for the check of rules.
    pub concepts: BTreeSet<Symbol>,
    /// Concepts that two kinds of words mention together.
    pub constructions: Vec<Construction>,
}

/// One rule of `rules.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What it recognises, in plain words; the trace shows it.
    pub say: String,
    #[serde(default)]
    pub all: Vec<Symbol>,
    #[serde(default)]
    pub any: Vec<Symbol>,
    #[serde(default)]
    pub none: Vec<Symbol>,
    /// Longer messages are left to the model.
    #[serde(default = "no_limit")]
    pub at_most_words: usize,
    #[serde(default)]
    pub class: Option<Class>,
    #[serde(default)]
    pub intent: Option<Intent>,
    #[serde(default)]
    pub handoff: Option<Reason>,
    #[serde(default)]
    pub team: Option<Team>,
    /// It wins over the model.
    #[serde(default)]
    pub sure: bool,
    /// It finds a second matter beside the main one.
    #[serde(default)]
    pub also: bool,
}

fn no_limit() -> usize {
    usize::MAX
}

/// One row of `handoff.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandoffRule {
    pub reason: Reason,
    /// The team when nothing in the message says otherwise.
    pub team: Team,
    pub priority: Priority,
    /// Intents that mean this reason by themselves.
    #[serde(default)]
    pub intents: Vec<Intent>,
    /// For the team: what to do next.
    pub next_step: String,
    /// For the customer: a first message that staff may send.
    pub suggested: String,
    /// Slots the team needs; what is unknown is asked once.
    #[serde(default)]
    pub lead: Vec<String>,
    /// Concepts one of which a short message in a chat under way must mention for this reason to be believed.
    #[serde(default)]
    pub support: Vec<Symbol>,
}

/// A closed question.
#[derive(Debug, Clone)]
pub struct Question {
    /// Its wordings.
    pub ask: Vec<Template>,
    pub options: Vec<QuestionOption>,
    /// The slot it asks for, if any.
    pub slot: Option<String>,
}

/// One closed answer of a question.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuestionOption {
    /// What pressing it does: `set:uso=jeans`, `act:precio`, `yes`, `no`.
    pub id: String,
    pub title: String,
    /// Other words for it, as concepts or phrases.
    #[serde(default)]
    pub also: Vec<String>,
}

impl QuestionOption {
    /// As a reply offers it.
    #[must_use]
    pub fn choice(&self) -> Choice {
        Choice { id: self.id.clone(), title: self.title.clone() }
    }
}

/// Under this stand the answers that the staff keep, by topic and product: `respuesta.peso/I002`.
pub const KEPT: &str = "respuesta.";

impl Pack {
    /// The same store with the products and facts that its staff keep. A product of an unknown family is kept but not
    /// offered, a picture that is not there is not shown, and a fact that the pack does not have is left out.
    ///
    /// # Errors
    /// When the guards' phrases cannot be compiled; the text says why.
    pub fn edited<'a>(
        &self,
        items: Vec<Item>,
        facts: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, String> {
        let mut pack = self.clone();
        for (id, say) in facts.filter(|(id, _)| !self.computed.contains_key(*id)) {
            if self.keeps_answer(id) {
                pack.facts.insert(id.to_owned(), say.to_owned());
            } else if let Some(fact) = pack.facts.get_mut(id) {
                say.clone_into(fact);
            }
        }
        let mut items = items;
        for item in &mut items {
            item.active &= self.family(item.family.as_str()).is_some();
            if !self.media.contains_key(&item.image_id) {
                item.image_id.clear();
            }
        }
        let mut catalog = Catalog::new(items);
        catalog.unname(self.families.iter().flat_map(|family| [family.name.as_str(), &family.plural]));
        parse::name_words(&mut catalog, &self.lexicon, &self.families);
        pack.families = self.about.families_priced(&catalog);
        pack.cheapest = parse::cheapest(&pack.families, &catalog);
        for (id, fact) in self.computed.iter() {
            pack.facts.insert(id.clone(), fact.text(&catalog, &pack.families));
        }
        let facts = pack.facts.values().map(String::as_str);
        pack.knowledge = Arc::new(Knowledge::of(pack.knowledge.rules(), &catalog, &pack.families, facts)?);
        pack.catalog = Arc::new(catalog);
        Ok(pack)
    }

    // An answer that the staff keep belongs to a topic of this pack.
    fn keeps_answer(&self, id: &str) -> bool {
        let topic = id.strip_prefix(KEPT).map(|rest| rest.split('/').next().unwrap_or_default());
        topic.is_some_and(|topic| self.topics.get(topic).is_some())
    }

    /// The family with this id.
    #[must_use]
    pub fn family(&self, id: &str) -> Option<&Family> {
        self.families.iter().find(|f| f.id.as_str() == id)
    }

    /// The id as a symbol, when a family has it.
    #[must_use]
    pub fn family_id(&self, id: &str) -> Option<Symbol> {
        self.family(id).map(|family| family.id)
    }

    /// A fact's text; the check at load proves those that code asks for.
    #[must_use]
    pub fn fact(&self, id: &str) -> &str {
        self.facts.get(id).map_or("", String::as_str)
    }

    /// The row of a reason.
    #[must_use]
    pub fn handoff_rule(&self, reason: Reason) -> Option<&HandoffRule> {
        self.handoffs.iter().find(|rule| rule.reason == reason)
    }

    /// The call for a reason, with another team than the usual one when the message says so.
    #[must_use]
    pub fn handoff_call(&self, reason: Reason, team: Option<Team>) -> Option<HandoffCall> {
        let rule = self.handoff_rule(reason)?;
        Some(HandoffCall { team: team.unwrap_or(rule.team), priority: rule.priority, reason })
    }

    /// The reason that an intent means by itself.
    #[must_use]
    pub fn reason_of_intent(&self, intent: Intent) -> Option<Reason> {
        self.handoffs.iter().find(|rule| rule.intents.contains(&intent)).map(|rule| rule.reason)
    }
}
