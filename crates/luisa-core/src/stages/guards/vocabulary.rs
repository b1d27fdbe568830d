//! The words by which a claim is known: those of `guards.toml`, and the names of products, families and brands.
//!
//! Owns the automaton that finds all of them in one pass. Whether a claim holds is not decided here.

use std::collections::HashSet;

use aho_corasick::AhoCorasick;
use serde::Deserialize;

use crate::catalog::Catalog;
use crate::lexicon::fold::plain;
use crate::pack::Family;

/// `guards.toml`: what no text to a customer may contain, and the words by which claims are known.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GuardRules {
    /// Longest reply, in characters; 0 is no limit.
    pub max_chars: usize,
    /// Words that deny what stands in the same part of a sentence.
    pub denials: Vec<String>,
    /// Words after which a number is a price.
    pub prices: Vec<String>,
    /// Words after which a price is the lowest of several.
    pub from: Vec<String>,
    /// Words after which an amount is the customer's own.
    pub budget: Vec<String>,
    /// Words that say the store is open.
    pub opening: Vec<String>,
    /// Words that promise a delivery or a finished repair; with a day they are a promise.
    pub arrival: Vec<String>,
    /// Words of a discount or a gift.
    pub offers: Vec<String>,
    /// Brands that the store does not carry.
    pub not_carried: Vec<String>,
    /// Claims that something was done.
    pub act: Vec<Act>,
}

/// A claim of an act, and the row that must be written in the same turn.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Act {
    pub needs: Need,
    pub say: Vec<String>,
}

/// What makes a claim of an act true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// A handoff is opened or raised: the team is told.
    Handoff,
    /// The customer's data go to the team.
    Lead,
    /// Nothing that LUISA does makes it true.
    Nothing,
}

/// What a found phrase is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Denial,
    Price,
    From,
    Budget,
    Opening,
    Arrival,
    Offer(usize),
    NotCarried(usize),
    Act(Need),
    Item(usize),
    Family(usize),
}

/// A phrase found in a text: bytes `start..end`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hit {
    pub(super) role: Role,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// All phrases, compiled.
#[derive(Debug, Clone)]
pub(super) struct Vocabulary {
    automaton: AhoCorasick,
    roles: Vec<(Role, bool)>,
}

impl Vocabulary {
    /// Compiles the phrases; a last `*` matches any ending.
    pub(super) fn new(rules: &GuardRules, catalog: &Catalog, families: &[Family]) -> Result<Self, String> {
        let mut phrases: Vec<(Role, String)> = Vec::new();
        let mut add = |role: Role, texts: &[String]| phrases.extend(texts.iter().map(|text| (role, text.clone())));
        add(Role::Denial, &rules.denials);
        add(Role::Price, &rules.prices);
        add(Role::From, &rules.from);
        add(Role::Budget, &rules.budget);
        add(Role::Opening, &rules.opening);
        add(Role::Arrival, &rules.arrival);
        rules.offers.iter().enumerate().for_each(|(i, offer)| add(Role::Offer(i), std::slice::from_ref(offer)));
        // What the store sells by now it carries, whatever the list says.
        let carried: HashSet<String> = catalog.active().map(|item| plain(&item.brand)).collect();
        let absent = rules.not_carried.iter().enumerate().filter(|(_, brand)| !carried.contains(&plain(brand)));
        absent.for_each(|(i, brand)| add(Role::NotCarried(i), std::slice::from_ref(brand)));
        rules.act.iter().for_each(|act| add(Role::Act(act.needs), &act.say));
        for (i, family) in families.iter().enumerate() {
            let last = family.plural.rsplit(' ').next().unwrap_or_default().to_owned();
            add(Role::Family(i), &[family.name.clone(), family.plural.clone(), last]);
        }
        for (i, item) in catalog.items.iter().enumerate() {
            add(Role::Item(i), &[item.name.clone(), item.model.clone()]);
        }
        let mut patterns = Vec::new();
        let mut roles = Vec::new();
        for (role, phrase) in phrases {
            let folded = plain(phrase.trim());
            let open = folded.ends_with('*');
            let pattern = folded.trim_end_matches('*').to_owned();
            if !pattern.is_empty() {
                patterns.push(pattern);
                roles.push((role, open));
            }
        }
        let automaton = AhoCorasick::new(&patterns).map_err(|e| e.to_string())?;
        Ok(Self { automaton, roles })
    }

    /// Every phrase of a folded text that stands as whole words, in order of its end.
    pub(super) fn find(&self, folded: &str) -> Vec<Hit> {
        let ends_word = |at: usize| !folded[at..].starts_with(char::is_alphanumeric);
        let begins_word = |at: usize| !folded[..at].ends_with(char::is_alphanumeric);
        self.automaton
            .find_overlapping_iter(folded)
            .filter_map(|found| {
                let (role, open) = self.roles[found.pattern().as_usize()];
                let whole = begins_word(found.start()) && (open || ends_word(found.end()));
                whole.then(|| Hit { role, start: found.start(), end: found.end() })
            })
            .collect()
    }
}
