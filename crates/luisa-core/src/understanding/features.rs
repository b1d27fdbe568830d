//! From a message to numbers: hashed features for the linear model.
//!
//! Owns the feature set; the model file records `VERSION`, so that a model is never used with other features. Groups
//! are scaled by their size, so that a long message does not shout.

use crate::lexicon::hash::Spelling;
use crate::lexicon::matcher::Hit;
use crate::lexicon::nouns::{Noun, Side};
use crate::lexicon::tokens::{Normalized, is_emoji};
use crate::symbol::Symbol;

use super::slots::HELD;

/// Changes whenever a message would hash differently.
pub const VERSION: u32 = 5;

/// A hashed feature and its value.
pub type Feature = (u32, f32);

/// Concepts per message whose pairs are counted; more adds noise.
const MAX_PAIRED: usize = 14;

/// Nouns per message that are looked at.
const MOST_NOUNS: usize = 24;

/// What of a message becomes numbers.
pub struct Seen<'a> {
    pub n: &'a Normalized,
    /// The mended sound keys of its words.
    pub keys: &'a [String],
    pub hits: &'a [Hit],
    pub nouns: &'a [Noun],
    /// Facts found otherwise, such as a model or an amount.
    pub signs: &'a [&'a str],
}

/// The features of a message, for a table of `1 << bits` rows.
#[must_use]
pub fn features(seen: &Seen<'_>, bits: u32) -> Vec<Feature> {
    let Seen { n, keys, hits, nouns, signs } = *seen;
    let mut out = Groups { features: Vec::with_capacity(768), mask: (1u32 << bits) - 1 };
    out.group(1.6, keys.iter().map(|key| hash(b'w', &[key])));
    let bounded: Vec<&str> =
        std::iter::once("^").chain(keys.iter().map(String::as_str)).chain(std::iter::once("$")).collect();
    out.group(1.3, bounded.windows(2).map(|pair| hash(b'b', pair)));
    out.group(0.7, bounded.windows(3).map(|three| hash(b't', three)));
    out.group(2.2, n.words.iter().take(MOST_WORDS).flat_map(|word| grams(&word.key)));
    // A nod says something only when there is little else; what may stand before an amount is in nearly every message.
    let telling = |h: &&Hit| h.concept.as_str() != HELD && (keys.len() <= 4 || h.concept.as_str() != NOD);
    let hits: Vec<Hit> = hits.iter().filter(telling).copied().collect();
    let concepts = concepts(&hits);
    out.group(2.4, concepts.iter().map(|concept| concept.add_to(Spelling::of_kind(b'c')).finish()));
    out.group(1.2, pairs(&concepts));
    out.group(1.0, sequence(&hits));
    out.group(1.6, classes(nouns, keys));
    out.group(1.2, sides(nouns, &concepts));
    out.group(1.2, signs.iter().map(|sign| hash(b's', &[sign])));
    out.group(0.8, shape(n, keys).into_iter());
    out.features
}

/// Features in the making.
struct Groups {
    features: Vec<Feature>,
    mask: u32,
}

impl Groups {
    // All features of a group weigh the same, and less the more they are.
    fn group(&mut self, weight: f32, hashes: impl Iterator<Item = u64>) {
        let start = self.features.len();
        let mask = self.mask;
        self.features.extend(hashes.map(|h| ((h as u32 ^ (h >> 32) as u32) & mask, 0.0)));
        let group = &mut self.features[start..];
        let value = weight / (group.len().max(1) as f32).sqrt();
        group.iter_mut().for_each(|feature| feature.1 = value);
    }
}

/// Words of a message whose letters are looked at, and letters of such a word.
const MOST_WORDS: usize = 120;
const MOST_LETTERS: usize = 24;

/// The concept of a bare acknowledgement.
const NOD: &str = "acuse";

// Characters of a word, 3 to 5 at a time, with its borders.
fn grams(key: &str) -> impl Iterator<Item = u64> + '_ {
    let cut = key.char_indices().nth(MOST_LETTERS).map_or(key, |(end, _)| &key[..end]);
    let bounded = std::iter::once('_').chain(cut.chars()).chain(std::iter::once('_'));
    (0..cut.chars().count()).flat_map(move |start| {
        let from_here = bounded.clone().skip(start).take(5);
        let grown = from_here.scan(Spelling::of_kind(b'g'), |hash, c| {
            *hash = hash.and(c.encode_utf8(&mut [0; 4]));
            Some(hash.finish())
        });
        grown.skip(2)
    })
}

/// A concept that a message mentions or denies; in the order of `no <name>` and `<name>`.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Mentioned {
    negated: bool,
    name: Symbol,
}

impl Mentioned {
    fn prefix(self) -> &'static str {
        if self.negated { "no " } else { "" }
    }

    fn spelt(self) -> impl Iterator<Item = u8> {
        self.prefix().bytes().chain(self.name.as_str().bytes())
    }

    fn add_to(self, hash: Spelling) -> Spelling {
        hash.and(self.prefix()).and(self.name.as_str()).and_byte(SEPARATOR)
    }
}

// Each concept once.
fn concepts(hits: &[Hit]) -> Vec<Mentioned> {
    let mut out: Vec<Mentioned> = hits.iter().map(|h| Mentioned { negated: h.negated, name: h.concept }).collect();
    out.sort_unstable_by(|a, b| a.spelt().cmp(b.spelt()));
    out.dedup();
    out
}

fn pairs(concepts: &[Mentioned]) -> impl Iterator<Item = u64> + '_ {
    let few = &concepts[..concepts.len().min(MAX_PAIRED)];
    few.iter().enumerate().flat_map(move |(i, a)| {
        let first = a.add_to(Spelling::of_kind(b'p'));
        few[i + 1..].iter().map(move |b| b.add_to(first).finish())
    })
}

// Concepts in the order they are said; the first and the last carry most.
fn sequence(hits: &[Hit]) -> impl Iterator<Item = u64> + '_ {
    let pairs = hits.windows(2).map(|p| hash(b'q', &[p[0].concept.as_str(), p[1].concept.as_str()]));
    let first = hits.first().map(|h| hash(b'f', &[h.concept.as_str()]));
    let last = hits.last().map(|h| hash(b'l', &[h.concept.as_str()]));
    pairs.chain(first).chain(last)
}

// Each noun as its class, alone and after the words before it: `venden <comida>`.
fn classes<'a>(nouns: &'a [Noun], keys: &'a [String]) -> impl Iterator<Item = u64> + 'a {
    nouns.iter().take(MOST_NOUNS).flat_map(move |noun| {
        let class = noun.class.as_str();
        let before = |back: usize| noun.start.checked_sub(back).map_or("^", |at| keys[at].as_str());
        let after = keys.get(noun.end).map_or("$", String::as_str);
        [
            hash(b'n', &[class]),
            hash(b'n', &[before(1), class]),
            hash(b'n', &[before(2), before(1), class]),
            hash(b'n', &[before(1), noun.side.id()]),
            hash(b'N', &[class, after]),
        ]
    })
}

// Whose trade the nouns are of, as a whole and beside each concept.
fn sides<'a>(nouns: &'a [Noun], concepts: &'a [Mentioned]) -> impl Iterator<Item = u64> + 'a {
    let there = |side: Side| nouns.iter().any(|noun| noun.side == side);
    let whole = match (there(Side::Own), there(Side::Either), there(Side::Other)) {
        (true, _, false) => "own",
        (true, _, true) => "own and other",
        (false, true, false) => "either",
        (false, true, true) => "either and other",
        (false, false, true) => "other",
        (false, false, false) => "none",
    };
    let few = &concepts[..concepts.len().min(MAX_PAIRED)];
    let alone = hash(b'S', &[whole]);
    let paired = few.iter().map(move |c| c.add_to(Spelling::of_kind(b'S')).and(whole).and_byte(SEPARATOR).finish());
    std::iter::once(alone).chain(paired)
}

fn shape(n: &Normalized, keys: &[String]) -> Vec<u64> {
    let mut out = vec![hash(b'm', &[&format!("len{}", bucket(keys.len()))])];
    let s = &n.signals;
    let signs = [
        ("question", s.question),
        ("exclaims", s.exclaims >= 2),
        ("shouts", s.capitals > 0.7 && s.letters > 8),
        ("digits", s.digits > 0),
        ("no letters", s.letters == 0),
    ];
    out.extend(signs.iter().filter(|(_, there)| *there).map(|(name, _)| hash(b'm', &[name])));
    let emoji = s.emoji.iter().filter(|c| is_emoji(**c)).take(3);
    out.extend(emoji.map(|c| hash(b'm', &[&format!("emoji {c}")])));
    out
}

fn bucket(words: usize) -> usize {
    match words {
        0..=4 => words,
        5..=7 => 5,
        8..=12 => 8,
        13..=20 => 13,
        21..=40 => 21,
        _ => 41,
    }
}

/// After each part of a feature; no part contains it.
const SEPARATOR: u8 = 0x1f;

fn hash(kind: u8, parts: &[&str]) -> u64 {
    parts.iter().fold(Spelling::of_kind(kind), |hash, part| hash.and(part).and_byte(SEPARATOR)).finish()
}
