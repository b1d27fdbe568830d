//! `checks.toml`: what `luisa go-no-go` asks a running LUISA, and what the answers of this store must be.
//!
//! Owns the form of the file, which a pack may leave out (go/no-go then says so). May not touch a decision: they are
//! asked like anybody's messages.

use serde::Deserialize;

use super::Pack;
use crate::taxonomy::{Class, Intent, Reason};

/// `checks.toml` as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checks {
    pub greeting: Said,
    /// A message that is surely private.
    pub personal: Said,
    /// Fixed questions. The first is asked twice: its answer must be one that the cache may keep.
    pub faq: Vec<Faq>,
    /// A message after which a product is shown.
    pub product: Option<Shown>,
    /// A message after which a person is called.
    pub handoff: Option<Called>,
}

/// A message whose class is known.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said {
    pub say: String,
}

/// A fixed question.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Faq {
    pub say: String,
    pub intent: Intent,
    /// The fact that the answer must state.
    #[serde(default)]
    pub fact: Option<String>,
}

/// A message and the picture that comes with its answer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shown {
    pub say: String,
    /// The product, by its id in the catalog.
    pub item: String,
}

/// A message and why a person is called.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Called {
    pub say: String,
    pub reason: Reason,
}

/// What is wrong with them: the text to look for in the file, and a sentence.
pub(super) fn problems(checks: &Checks, pack: &Pack) -> Vec<(String, String)> {
    let mut found = Vec::new();
    if checks.faq.is_empty() {
        found.push(("faq".to_owned(), "there is no [[faq]]; write at least one fixed question".to_owned()));
    }
    for faq in &checks.faq {
        if faq.intent.class() != Class::Faq {
            let problem = format!("`{}` is not the intent of a fixed question; use one such as `horario`", faq.intent);
            found.push((faq.say.clone(), problem));
        }
        if let Some(fact) = faq.fact.as_ref().filter(|fact| !pack.facts.contains_key(*fact)) {
            let problem =
                format!("the fact `{fact}` is not in facts.toml; write [fact.{fact}], or take this question out");
            found.push((fact.clone(), problem));
        }
    }
    if let Some(shown) = checks.product.as_ref().filter(|shown| pack.catalog.item(&shown.item).is_none()) {
        let problem = format!("`{}` is not in catalog.csv; write the id of a product", shown.item);
        found.push((shown.item.clone(), problem));
    }
    found
}
