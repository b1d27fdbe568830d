//! Post-processing: what no text to a customer may contain, whoever wrote it.
//!
//! Owns the fact check and the only way to make a reply that can be sent. Every price, hour, day, date, span, address,
//! telephone, link, percentage, offer, model and brand in a text must stand in the pack, or be the customer's own words
//! said back; a claim of an act must match what this turn does. A text that fails is replaced.

mod text;
mod vocabulary;
mod claims;
mod amounts;
mod contacts;
mod hours;
mod terms;
mod names;
mod acts;
mod knowledge;
mod license;

pub use knowledge::{Knowledge, Unheld};
pub use vocabulary::{Act, GuardRules, Need};

use crate::outcome::Reply;
use crate::symbol::Symbol;

use super::draft::Draft;
use super::files;
use super::scene::Scene;
use claims::Search;
use license::License;

/// A reply that passed the guards. Only this module makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    reply: Reply,
    draft_step: String,
    failed: Option<String>,
}

impl Checked {
    /// What may be sent.
    #[must_use]
    pub fn reply(&self) -> &Reply {
        &self.reply
    }

    /// What was said, by reply id, for the decision path.
    #[must_use]
    pub fn step(&self) -> &str {
        &self.draft_step
    }

    /// The claim for which the first text was replaced.
    #[must_use]
    pub fn failed(&self) -> Option<&str> {
        self.failed.as_deref()
    }

    /// Nothing is said.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.reply.text.is_empty() && self.reply.asset.is_none()
    }
}

/// The reply id under which a model's words stand in the decision path and in the memory of what was said.
pub const FREE: &str = "modelo";

/// Checks a draft of the pack's sentences; one that fails becomes the pack's safe reply. What only says the customer's
/// words back is left out before an answer is.
#[must_use]
pub fn check(scene: &Scene<'_>, mut draft: Draft) -> (Checked, Draft) {
    if draft.says(files::UNDERSTOOD) && fault(scene, &draft.reply().text, &License::of_draft(&draft)).is_some() {
        draft.said.retain(|(id, _)| id.as_str() != files::UNDERSTOOD);
    }
    let reply = draft.reply();
    match fault(scene, &reply.text, &License::of_draft(&draft)) {
        None => (Checked { reply, draft_step: draft.step(), failed: None }, draft),
        Some(claim) => {
            let mut safe = Draft::default();
            safe.say(scene, "seguro", &[]);
            safe.ask(scene, "asesor", &[]);
            (Checked { reply: safe.reply(), draft_step: safe.step(), failed: Some(claim) }, safe)
        }
    }
}

/// Checks words that no pack wrote. They stand in place of the sentences of `rules`, whose picture they keep, and whose
/// question too when they ask nothing; when they fail, `rules` is said instead and the claim is noted.
#[must_use]
pub fn check_free(scene: &Scene<'_>, words: &str, rules: Draft) -> (Checked, Draft) {
    let mut free = Draft { said: vec![(Symbol::new(FREE), words.trim().to_owned())], ..rules.clone() };
    if words.trim_end().ends_with('?') {
        free.question = None;
    }
    let reply = free.reply();
    match fault(scene, &reply.text, &License::free()) {
        None => (Checked { reply, draft_step: free.step(), failed: None }, free),
        Some(claim) => {
            let (mut checked, draft) = check(scene, rules);
            checked.failed = Some(claim);
            (checked, draft)
        }
    }
}

// What is wrong with a text, if anything: the claim itself.
fn fault(scene: &Scene<'_>, text: &str, license: &License<'_>) -> Option<String> {
    let known = &scene.pack.knowledge;
    let limit = known.rules.max_chars;
    if limit > 0 && text.chars().count() > limit {
        return Some("length".to_owned());
    }
    let search = Search::of(text, &known.vocabulary);
    let unheld: Vec<_> = search.found.iter().filter(|found| !known.holds(&search, found)).collect();
    if let Some(found) = license.first_unlicensed(scene, &search, &unheld) {
        return Some(license::kind(&found.claim).to_owned());
    }
    let withdrawn = license.is_free().then(|| known.withdrawn(&search).next()).flatten();
    withdrawn.map(|_| "withdrawn".to_owned())
}
