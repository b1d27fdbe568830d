//! Nouns by class: what a word is a word for, whether or not a message of the corpus has it.
//!
//! Owns the look-up. Only the model reads it: `venden empanadas` and `venden agujas` are one sentence about two trades.
//! The nouns are the pack's.

use std::collections::{BTreeMap, HashMap};

use super::fold::{plain, sound};
use crate::symbol::Symbol;

/// Whose trade a class of nouns belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The store's own.
    Own,
    /// Anybody's: garments are sewn and worn.
    Either,
    /// Another trade's, or no trade's.
    Other,
}

impl Side {
    /// Its name in a feature.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Either => "either",
            Self::Other => "other",
        }
    }
}

/// A noun of a message: words `start..end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Noun {
    pub class: Symbol,
    pub side: Side,
    pub start: usize,
    pub end: usize,
}

/// Class → its nouns.
pub type Classes = BTreeMap<String, Vec<String>>;

/// Every noun of a pack.
#[derive(Debug, Clone, Default)]
pub struct Nouns {
    /// Sound keys of one to three words, side by side.
    by_keys: HashMap<String, (Symbol, Side)>,
}

/// The most words of a noun.
const LONGEST: usize = 3;

impl Nouns {
    /// Indexes classes of nouns; a noun of several is of the first.
    #[must_use]
    pub fn new(own: &Classes, either: &Classes, other: &Classes) -> Self {
        let mut by_keys = HashMap::new();
        let sides = [(Side::Own, own), (Side::Either, either), (Side::Other, other)];
        for (side, classes) in sides {
            for (class, nouns) in classes {
                let class = Symbol::new(class);
                for noun in nouns {
                    for keys in spellings(noun) {
                        by_keys.entry(keys).or_insert((class, side));
                    }
                }
            }
        }
        Self { by_keys }
    }

    /// Whether a word by itself is a noun of some class.
    #[must_use]
    pub fn knows(&self, key: &str) -> bool {
        self.by_keys.contains_key(key)
    }

    /// The nouns of a message, the longest at each place.
    #[must_use]
    pub fn find(&self, keys: &[String]) -> Vec<Noun> {
        let mut found = Vec::new();
        let mut start = 0;
        while start < keys.len() && !self.by_keys.is_empty() {
            let longest = (1..=LONGEST.min(keys.len() - start)).rev().find_map(|words| {
                let end = start + words;
                let joined;
                let key = if words == 1 {
                    keys[start].as_str()
                } else {
                    joined = keys[start..end].join(" ");
                    &joined
                };
                let (class, side) = *self.by_keys.get(key)?;
                Some(Noun { class, side, start, end })
            });
            start = longest.map_or(start + 1, |noun| noun.end);
            found.extend(longest);
        }
        found
    }
}

// As it stands and, where that sounds otherwise, in the plural: `flor`, `flores`.
fn spellings(noun: &str) -> Vec<String> {
    let folded = plain(noun);
    let key = folded.split_whitespace().map(sound).collect::<Vec<_>>().join(" ");
    let consonant = folded.ends_with(|c: char| matches!(c, 'b'..='z') && !matches!(c, 'e' | 'i' | 'o' | 'u' | 's'));
    let stem = folded.strip_suffix('z').map_or(folded.clone(), |stem| format!("{stem}c"));
    let plural = (consonant && !folded.contains(' ')).then(|| sound(&format!("{stem}es")));
    std::iter::once(key).chain(plural).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_noun_is_found_however_many_there_are_and_the_longest_wins() {
        let classes = |class: &str, nouns: &[&str]| {
            BTreeMap::from([(class.to_owned(), nouns.iter().map(|n| (*n).to_owned()).collect())])
        };
        let own = classes("pieza", &["aguja"]);
        let other = classes("comida", &["empanada", "flor", "perro caliente", "lápiz"]);
        let nouns = Nouns::new(&own, &BTreeMap::new(), &other);
        let of = |text: &str| -> Vec<(Side, usize)> {
            let keys: Vec<String> = text.split(' ').map(|w| sound(&plain(w))).collect();
            nouns.find(&keys).into_iter().map(|n| (n.side, n.end - n.start)).collect()
        };
        assert_eq!(of("benden enpanadas"), [(Side::Other, 1)]);
        assert_eq!(of("agujas y flores y lapices"), [(Side::Own, 1), (Side::Other, 1), (Side::Other, 1)]);
        assert_eq!(of("un perro caliente"), [(Side::Other, 2)]);
        assert_eq!(of("una máquina"), []);
    }
}
