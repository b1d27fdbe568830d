//! What a pack says to and about a language model: `llm.toml` and the prompts.
//!
//! Owns their loaded form, their reading and their check. A pack without `llm.toml` never asks a model. May not decide
//! whether one is asked: that is `stages::asking`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Pack;
use super::parse::PackFiles;
use super::template::Template;
use crate::lexicon::fold::plain;
use crate::symbol::Symbol;

/// The file of words.
pub const WORDS: &str = "llm.toml";
/// The prompt that asks for a reply.
pub const REPLY: &str = "prompts/consulta.md";
/// The prompt that asks whether a message is personal.
pub const PERSONAL: &str = "prompts/personal.md";

const FENCE: &str = "+++";
/// What the code fills in each prompt.
const REPLY_GAPS: &[&str] = &["asistente", "tienda", "ciudad", "hechos", "datos", "borrador"];
const PERSONAL_GAPS: &[&str] = &["asistente", "tienda", "ciudad"];
/// What the owner is told of, by id.
const NOTICES: &[&str] =
    &["quota_exhausted", "access_refused", "model_gone", "daily_budget_spent", "monthly_budget_spent"];

/// All of it.
#[derive(Debug, Clone)]
pub struct Llm {
    pub words: Words,
    pub reply: Prompt,
    pub personal: Prompt,
}

/// `llm.toml`: what a model's text must not be, and what the owner is told.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// Longest text of a model, in characters, without the question that the code adds.
    pub max_chars: usize,
    /// Under this confidence its text is not used, 0–1.
    pub least_confidence: f64,
    /// Phrases that give away how LUISA works.
    pub never: Vec<String>,
    /// Claims of acts: a model does nothing.
    pub acts: Vec<String>,
    /// Words that may stand only where a fact it cites says them: discounts, days, warranty terms.
    pub grounded: Vec<String>,
    /// Words that tie what facts say into a sentence and state nothing by themselves.
    #[serde(default)]
    pub connecting: Vec<String>,
    /// Words of courtesy.
    #[serde(default)]
    pub courtesy: Vec<String>,
    /// Phrases that leave what was asked to a person: only beside one may the customer's own words stand.
    #[serde(default)]
    pub defers: Vec<String>,
    /// Short words by which the customer's language is known, and those of others.
    pub own_language: Vec<String>,
    pub other_languages: Vec<String>,
    /// Words that begin an address, which a model never sees.
    pub streets: Vec<String>,
    /// Notices to the owner, by id.
    pub notice: BTreeMap<String, String>,
}

impl Words {
    /// With every list as texts are compared: folded once, when the pack is loaded.
    #[must_use]
    pub fn folded(mut self) -> Self {
        let lists = [&mut self.never, &mut self.acts, &mut self.grounded, &mut self.streets];
        let tied = [&mut self.connecting, &mut self.courtesy, &mut self.defers];
        for list in lists.into_iter().chain([&mut self.own_language, &mut self.other_languages]).chain(tied) {
            list.iter_mut().for_each(|word| *word = plain(word));
        }
        self
    }
}

/// A prompt.
#[derive(Debug, Clone)]
pub struct Prompt {
    /// `prompt_version` of the traces.
    pub version: String,
    /// Facts that go with every question.
    pub always: Vec<String>,
    /// Facts that go with a question that mentions a concept.
    pub topics: BTreeMap<Symbol, Vec<String>>,
    pub body: Template,
    /// Its words, to tell when a model gives them away.
    pub plain: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Front {
    purpose: String,
    version: String,
    #[serde(default)]
    always: Vec<String>,
    #[serde(default)]
    topics: BTreeMap<Symbol, Vec<String>>,
}

/// A fault of these files: which, and what is wrong.
pub type Fault = (&'static str, String);

/// Reads a prompt: front matter in TOML between two lines `+++`, then the text.
///
/// # Errors
/// What is wrong with it, in one sentence.
pub fn prompt(files: &PackFiles, file: &'static str, purpose: &str) -> Result<Prompt, Fault> {
    let bytes = files.get(file).ok_or_else(|| (file, format!("the file is missing; {WORDS} is there and needs it")))?;
    let text =
        std::str::from_utf8(bytes).map_err(|e| (file, format!("it is not UTF-8 text ({e}); save it as UTF-8")))?;
    let parts = text.trim_start().strip_prefix(FENCE).and_then(|rest| rest.split_once(&format!("\n{FENCE}")));
    let (front, body) =
        parts.ok_or_else(|| (file, format!("it must begin with a line {FENCE}, TOML, and another line {FENCE}")))?;
    let front: Front = toml::from_str(front).map_err(|e| (file, format!("its front matter: {}", e.message())))?;
    if front.purpose != purpose {
        return Err((file, format!("purpose is `{}`; this file's is `{purpose}`", front.purpose)));
    }
    let body = body.trim();
    let template = Template::parse(body).map_err(|problem| (file, problem))?;
    Ok(Prompt {
        version: front.version,
        always: front.always,
        topics: front.topics,
        body: template,
        plain: plain(body),
    })
}

/// What these files say of the rest of the pack that is not so.
#[must_use]
pub fn faults(pack: &Pack) -> Vec<Fault> {
    let Some(llm) = &pack.llm else { return Vec::new() };
    let mut found = Vec::new();
    let words = &llm.words;
    if !(0.0..=1.0).contains(&words.least_confidence) {
        found.push((WORDS, format!("least_confidence {} must be between 0 and 1", words.least_confidence)));
    }
    for id in NOTICES.iter().filter(|id| !words.notice.contains_key(**id)) {
        found.push((WORDS, format!("notice `{id}` is missing; write it under [notice]")));
    }
    for (file, prompt, gaps) in [(REPLY, &llm.reply, REPLY_GAPS), (PERSONAL, &llm.personal, PERSONAL_GAPS)] {
        if prompt.version.trim().is_empty() {
            found.push((file, "version is empty; the traces need one, for example consulta-1".to_owned()));
        }
        for gap in prompt.body.gaps().filter(|gap| !gaps.contains(gap)) {
            found.push((file, format!("nothing is known to fill {{{gap}}}; use {{{}}}", gaps.join("}, {"))));
        }
        let named = prompt.always.iter().chain(prompt.topics.values().flatten());
        for fact in named.filter(|fact| !pack.facts.contains_key(*fact)) {
            found.push((file, format!("fact `{fact}` is not in facts.toml; write [fact.{fact}]")));
        }
        for concept in prompt.topics.keys().filter(|concept| !pack.lexicon.concepts.contains(concept)) {
            found.push((file, format!("topic `{concept}` is no concept of lexicon.toml; correct its name")));
        }
    }
    found
}
