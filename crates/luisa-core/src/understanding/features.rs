//! From a message to numbers: hashed features for the linear model.
//!
//! Owns the feature set; the model file records `VERSION`, so that a model is never used with other features. Groups
//! are scaled by their size, so that a long message does not shout.

use std::collections::BTreeSet;

use crate::lexicon::matcher::Hit;
use crate::lexicon::tokens::{Normalized, is_emoji};

/// Changes whenever a message would hash differently.
pub const VERSION: u32 = 3;

/// A hashed feature and its value.
pub type Feature = (u32, f32);

/// Concepts per message whose pairs are counted; more adds noise.
const MAX_PAIRED: usize = 14;

/// What of a message becomes numbers.
pub struct Seen<'a> {
    pub n: &'a Normalized,
    /// The mended sound keys of its words.
    pub keys: &'a [String],
    pub hits: &'a [Hit],
    /// Facts found otherwise, such as a model or an amount.
    pub signs: &'a [&'a str],
}

/// The features of a message, for a table of `1 << bits` rows.
#[must_use]
pub fn features(seen: &Seen<'_>, bits: u32) -> Vec<Feature> {
    let Seen { n, keys, hits, signs } = *seen;
    let mut out = Vec::with_capacity(768);
    let mask = (1u32 << bits) - 1;
    let mut group = |weight: f32, hashes: Vec<u64>| {
        let value = weight / (hashes.len().max(1) as f32).sqrt();
        out.extend(hashes.into_iter().map(|h| ((h as u32 ^ (h >> 32) as u32) & mask, value)));
    };
    let words: Vec<u64> = keys.iter().map(|k| hash(b'w', &[k])).collect();
    group(1.6, words);
    let bounded: Vec<&str> =
        std::iter::once("^").chain(keys.iter().map(String::as_str)).chain(std::iter::once("$")).collect();
    group(1.3, bounded.windows(2).map(|p| hash(b'b', p)).collect());
    group(0.7, bounded.windows(3).map(|p| hash(b't', p)).collect());
    group(2.2, grams(n));
    // A nod says something only when there is little else.
    let hits: Vec<Hit> = hits.iter().filter(|h| keys.len() <= 4 || h.concept.as_str() != NOD).copied().collect();
    let concepts = concept_names(&hits);
    group(2.4, concepts.iter().map(|c| hash(b'c', &[c])).collect());
    group(1.2, pairs(&concepts));
    group(1.0, sequence(&hits));
    group(1.2, signs.iter().map(|s| hash(b's', &[s])).collect());
    group(0.8, shape(n, keys).iter().map(|s| hash(b'm', &[s])).collect());
    out
}

/// The concept of a bare acknowledgement.
const NOD: &str = "acuse";

// Characters of each word, 3 to 5 at a time, with its borders.
fn grams(n: &Normalized) -> Vec<u64> {
    let mut out = Vec::new();
    for word in n.words.iter().take(120) {
        let bounded: Vec<char> =
            std::iter::once('_').chain(word.key.chars().take(24)).chain(std::iter::once('_')).collect();
        for size in 3..=5 {
            for gram in bounded.windows(size) {
                let mut text = [0u8; 24];
                let mut used = 0;
                for c in gram {
                    used += c.encode_utf8(&mut text[used..]).len();
                }
                out.push(hash_bytes(b'g', &text[..used]));
            }
        }
    }
    out
}

fn concept_names(hits: &[Hit]) -> Vec<String> {
    let set: BTreeSet<String> =
        hits.iter().map(|h| if h.negated { format!("no {}", h.concept) } else { h.concept.to_string() }).collect();
    set.into_iter().collect()
}

fn pairs(concepts: &[String]) -> Vec<u64> {
    let few = &concepts[..concepts.len().min(MAX_PAIRED)];
    let mut out = Vec::new();
    for (i, a) in few.iter().enumerate() {
        for b in &few[i + 1..] {
            out.push(hash(b'p', &[a, b]));
        }
    }
    out
}

// Concepts in the order they are said; the first and the last carry most.
fn sequence(hits: &[Hit]) -> Vec<u64> {
    let mut out: Vec<u64> =
        hits.windows(2).map(|p| hash(b'q', &[p[0].concept.as_str(), p[1].concept.as_str()])).collect();
    out.extend(hits.first().map(|h| hash(b'f', &[h.concept.as_str()])));
    out.extend(hits.last().map(|h| hash(b'l', &[h.concept.as_str()])));
    out
}

fn shape(n: &Normalized, keys: &[String]) -> Vec<String> {
    let mut out = vec![format!("len{}", bucket(keys.len()))];
    let s = &n.signals;
    if s.question {
        out.push("question".to_owned());
    }
    if s.exclaims >= 2 {
        out.push("exclaims".to_owned());
    }
    if s.capitals > 0.7 && s.letters > 8 {
        out.push("shouts".to_owned());
    }
    if s.digits > 0 {
        out.push("digits".to_owned());
    }
    if s.letters == 0 {
        out.push("no letters".to_owned());
    }
    out.extend(s.emoji.iter().filter(|c| is_emoji(**c)).take(3).map(|c| format!("emoji {c}")));
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

// FNV-1a over the parts, with a separator that no part contains, then mixed: the low bits choose the row.
fn hash(kind: u8, parts: &[&str]) -> u64 {
    let mut h = 0xcbf2_9ce4_8422_2325u64 ^ u64::from(kind);
    for part in parts {
        for byte in part.bytes().chain(std::iter::once(0x1f)) {
            h = (h ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    h ^ (h >> 29)
}

fn hash_bytes(kind: u8, bytes: &[u8]) -> u64 {
    let mut h = 0xcbf2_9ce4_8422_2325u64 ^ u64::from(kind);
    for byte in bytes {
        h = (h ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    h ^ (h >> 29)
}
