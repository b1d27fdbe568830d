//! Phrases: which of the pack's concepts a message mentions, found in one pass over its sounds.
//!
//! Owns the automaton over every phrase of the pack. A phrase is words; a last word that ends in `*` matches its
//! beginnings (`repar*`). Words one slip away from the vocabulary are read as the word they are.

use std::collections::BTreeMap;

use aho_corasick::{AhoCorasick, MatchKind};

use super::fold::{plain, sound};
use super::near::Near;
use super::tokens::Word;
use crate::symbol::Symbol;

/// One mention of a concept: words `start..end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    pub concept: Symbol,
    pub start: usize,
    pub end: usize,
    /// A negation stands right before it: `no es una queja`.
    pub negated: bool,
}

/// Every phrase of a pack, compiled.
pub struct Matcher {
    automaton: AhoCorasick,
    owners: Vec<Symbol>,
    near: Near,
    negations: Vec<String>,
    fillers: Vec<String>,
}

impl std::fmt::Debug for Matcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Matcher").field("phrases", &self.owners.len()).finish_non_exhaustive()
    }
}

impl Matcher {
    /// Compiles `concept → phrases`. Phrases are folded here, so the pack writes them as people would.
    ///
    /// # Errors
    /// When the automaton would be too large; the text says so.
    pub fn new(
        concepts: &BTreeMap<Symbol, Vec<String>>,
        negations: &[String],
        fillers: &[String],
        known_words: &[String],
    ) -> Result<Self, String> {
        let mut patterns = Vec::new();
        let mut owners = Vec::new();
        let mut vocabulary = Vec::new();
        for (concept, phrases) in concepts {
            for phrase in phrases {
                let open_end = phrase.trim_end().ends_with('*');
                let keys = phrase_keys(phrase, open_end);
                if keys.is_empty() {
                    continue;
                }
                vocabulary.extend(keys.iter().take(keys.len() - usize::from(open_end)).cloned());
                let closing = if open_end { "" } else { " " };
                patterns.push(format!(" {}{closing}", keys.join(" ")));
                owners.push(*concept);
            }
        }
        let automaton =
            AhoCorasick::builder().match_kind(MatchKind::Standard).build(&patterns).map_err(|e| e.to_string())?;
        vocabulary.extend(known_words.iter().map(|w| sound(&plain(w))));
        let keyed = |words: &[String]| words.iter().map(|w| sound(&plain(w))).collect();
        Ok(Self {
            automaton,
            owners,
            near: Near::new(vocabulary),
            negations: keyed(negations),
            fillers: keyed(fillers),
        })
    }

    /// The keys of a message's words with slips mended.
    #[must_use]
    pub fn mended_keys(&self, words: &[Word]) -> Vec<String> {
        words.iter().map(|w| self.near.correct(&w.key).map_or_else(|| w.key.clone(), str::to_owned)).collect()
    }

    /// Whether a word's key occurs in any phrase or among the everyday words.
    #[must_use]
    pub fn knows(&self, key: &str) -> bool {
        self.near.knows(key)
    }

    /// Every mention in words with these keys, in order of where it begins; the longest first at one place.
    #[must_use]
    pub fn hits(&self, words: &[Word], keys: &[String]) -> Vec<Hit> {
        let mut text = String::with_capacity(keys.iter().map(|k| k.len() + 1).sum::<usize>() + 1);
        let mut starts = Vec::with_capacity(keys.len());
        for key in keys {
            text.push(' ');
            starts.push(text.len() - 1);
            text.push_str(key);
        }
        text.push(' ');
        let mut hits: Vec<Hit> = self
            .automaton
            .find_overlapping_iter(&text)
            .map(|m| {
                let start = starts.partition_point(|&s| s < m.start());
                let end = starts.partition_point(|&s| s < m.end().saturating_sub(1)).max(start + 1);
                Hit {
                    concept: self.owners[m.pattern().as_usize()],
                    start,
                    end,
                    negated: self.negated(words, keys, start),
                }
            })
            .collect();
        hits.sort_by(|a, b| (a.start, b.end, a.concept).cmp(&(b.start, a.end, b.concept)));
        hits.dedup();
        hits
    }

    // Fillers such as `es una` may stand between the negation and what it negates, but no full stop or comma: `no, la
    // familiar` is wanted.
    fn negated(&self, words: &[Word], keys: &[String], start: usize) -> bool {
        for back in 1..=4 {
            if words.get(start + 1 - back).is_some_and(|word| word.after_break) {
                return false;
            }
            let Some(key) = start.checked_sub(back).and_then(|i| keys.get(i)) else {
                return false;
            };
            if self.negations.contains(key) {
                return true;
            }
            if !self.fillers.contains(key) {
                return false;
            }
        }
        false
    }
}

/// The sound keys of a phrase's words; the last one of an open phrase keeps its ending as written.
fn phrase_keys(phrase: &str, open_end: bool) -> Vec<String> {
    let folded = plain(phrase);
    let words: Vec<&str> = folded.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
    let last = words.len().saturating_sub(1);
    words.iter().enumerate().map(|(i, w)| if open_end && i == last { open_key(w) } else { sound(w) }).collect()
}

// The final s of a stem is part of it, so it must not be dropped as a plural.
fn open_key(stem: &str) -> String {
    let mut key = sound(&format!("{stem}o"));
    key.pop();
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexicon::tokens::normalize;

    fn found(text: &str) -> Vec<(String, bool)> {
        let concepts = BTreeMap::from([
            (Symbol::new("precio"), vec!["cuánto vale".to_owned(), "a cómo".to_owned()]),
            (Symbol::new("reparar"), vec!["repar*".to_owned()]),
            (Symbol::new("queja"), vec!["queja".to_owned()]),
        ]);
        let words = |list: &[&str]| list.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
        let matcher = Matcher::new(&concepts, &words(&["no"]), &words(&["es", "una"]), &[]).expect("small");
        let n = normalize(text, &BTreeMap::new());
        let keys = matcher.mended_keys(&n.words);
        matcher.hits(&n.words, &keys).into_iter().map(|h| (h.concept.to_string(), h.negated)).collect()
    }

    #[test]
    fn phrases_are_found_as_people_write_them() {
        assert_eq!(found("Kuanto bale la makina"), [("precio".to_owned(), false)]);
        assert_eq!(found("a komo es?"), [("precio".to_owned(), false)]);
        assert_eq!(found("reparan? la reparacion"), [("reparar".to_owned(), false), ("reparar".to_owned(), false)]);
        assert_eq!(found("no es una queja"), [("queja".to_owned(), true)]);
        assert_eq!(found("no, una queja"), [("queja".to_owned(), false)]);
        assert_eq!(found("valecuanto"), []);
    }
}
