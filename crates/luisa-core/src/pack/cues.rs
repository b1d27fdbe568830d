//! Cues: phrases that are read within a conversation, and what the store does not carry.
//!
//! Owns `cues.toml`. What a cue says depends on what was said before (`la más cara`, `ya le dije`), so the reading of a
//! single message, and the model that learns it, never see them: they may be changed without training anything again.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::lexicon::matcher::{Hit, Matcher};
use crate::lexicon::tokens::Word;
use crate::symbol::Symbol;

/// The cues of a pack.
#[derive(Debug, Default)]
pub struct Cues {
    matcher: Option<Matcher>,
    /// Every cue that has phrases.
    pub names: BTreeSet<Symbol>,
    pub absent: Vec<Absent>,
    pub traits: Vec<Trait>,
    /// Concepts of the trade itself: a message with one of them is no private matter.
    pub trade: Vec<String>,
    /// The family that `en la casa` means when none is named.
    pub at_home: Option<Symbol>,
    /// From how many pieces a week the work counts as much.
    pub busy_per_week: Option<u32>,
}

/// Something that people ask for and the store does not have.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Absent {
    /// As a reply names it, in the plural: `bordadoras`.
    pub say: String,
    pub phrases: Vec<String>,
    /// The family that comes nearest, if one does.
    #[serde(default)]
    pub near: Option<Symbol>,
}

/// How people ask for something that the catalog says in other words.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trait {
    pub asks: Vec<String>,
    /// Words of the catalog's features: `energía`.
    pub means: Vec<String>,
}

/// `cues.toml` as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CuesFile {
    #[serde(default)]
    cue: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    absent: Vec<Absent>,
    #[serde(default)]
    at_home: Option<Symbol>,
    #[serde(default)]
    trade: Vec<String>,
    #[serde(default, rename = "trait")]
    traits: Vec<Trait>,
    #[serde(default)]
    busy_per_week: Option<u32>,
}

impl CuesFile {
    /// Compiles the phrases; `negations` and `fillers` are the lexicon's.
    ///
    /// # Errors
    /// When there are too many phrases; the text says so.
    pub fn compile(self, negations: &[String], fillers: &[String]) -> Result<Cues, String> {
        let mut phrases: BTreeMap<Symbol, Vec<String>> =
            self.cue.into_iter().map(|(name, phrases)| (Symbol::new(&name), phrases)).collect();
        let names = phrases.keys().copied().collect();
        for (n, absent) in self.absent.iter().enumerate() {
            phrases.insert(absent_name(n), absent.phrases.clone());
        }
        for (n, asked) in self.traits.iter().enumerate() {
            phrases.insert(trait_name(n), asked.asks.clone());
        }
        let matcher = if phrases.is_empty() { None } else { Some(Matcher::new(&phrases, negations, fillers, &[])?) };
        Ok(Cues {
            matcher,
            names,
            absent: self.absent,
            traits: self.traits,
            trade: self.trade,
            at_home: self.at_home,
            busy_per_week: self.busy_per_week,
        })
    }
}

fn absent_name(n: usize) -> Symbol {
    Symbol::new(&format!("absent:{n}"))
}

fn trait_name(n: usize) -> Symbol {
    Symbol::new(&format!("trait:{n}"))
}

impl Cues {
    /// The cues of a message: its words as written, and as the lexicon mends them.
    #[must_use]
    pub fn hits(&self, words: &[Word], mended: &[String]) -> Vec<Hit> {
        let Some(matcher) = &self.matcher else { return Vec::new() };
        let written: Vec<String> = words.iter().map(|w| w.key.clone()).collect();
        let mut hits = matcher.hits(words, &written);
        if written != mended {
            hits.extend(matcher.hits(words, mended));
        }
        hits
    }

    /// The catalog's words for the traits that a message asks for.
    pub fn meant<'a>(&'a self, hits: &'a [Hit]) -> impl Iterator<Item = &'a str> {
        let said = |n: usize| hits.iter().any(|h| h.concept == trait_name(n));
        self.traits
            .iter()
            .enumerate()
            .filter(move |(n, _)| said(*n))
            .flat_map(|(_, t)| t.means.iter().map(String::as_str))
    }

    /// What is asked for and not carried, if anything.
    #[must_use]
    pub fn absent(&self, hits: &[Hit]) -> Option<&Absent> {
        let said = |n: usize| hits.iter().any(|h| h.concept == absent_name(n) && !h.negated);
        self.absent.iter().enumerate().find(|(n, _)| said(*n)).map(|(_, absent)| absent)
    }
}
