//! The pack's rules: what mentions of concepts say for sure.
//!
//! Owns the evaluation, not the rules: those are `rules.toml`, tried in order, each with a sentence that the trace
//! shows. A rule fires when all of `all`, one of `any` and none of `none` are mentioned.

use crate::lexicon::matcher::Hit;
use crate::pack::Rule;
use crate::symbol::Symbol;

/// The first rule that fires and satisfies `wanted`.
#[must_use]
pub fn first<'a>(rules: &'a [Rule], hits: &[Hit], words: usize, wanted: impl Fn(&Rule) -> bool) -> Option<&'a Rule> {
    rules.iter().find(|rule| wanted(rule) && fires(rule, hits, words))
}

/// Whether a rule fires on these mentions; denied mentions count only as `no <concept>`.
#[must_use]
pub fn fires(rule: &Rule, hits: &[Hit], words: usize) -> bool {
    let said = |concept: &Symbol| {
        let name = concept.as_str();
        match name.strip_prefix("no ") {
            Some(denied) => hits.iter().any(|h| h.negated && h.concept.as_str() == denied),
            None => hits.iter().any(|h| !h.negated && matches_name(h.concept.as_str(), name)),
        }
    };
    words <= rule.at_most_words
        && rule.all.iter().all(said)
        && (rule.any.is_empty() || rule.any.iter().any(said))
        && !rule.none.iter().any(said)
}

// `uso=` stands for any value of the slot.
fn matches_name(concept: &str, name: &str) -> bool {
    if name.ends_with('=') { concept.starts_with(name) } else { concept == name }
}
