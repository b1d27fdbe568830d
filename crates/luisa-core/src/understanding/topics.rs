//! What a message is about: how much of it speaks of the trade, of private life, of things nobody taught us.
//!
//! Owns the counting of the pack's concept groups. `cuánto cuesta` says the same of a sewing machine and of a haircut;
//! what stands beside it decides.

use std::collections::BTreeMap;

use crate::lexicon::matcher::Hit;
use crate::lexicon::tokens::Normalized;
use crate::pack::Lexicon;
use crate::symbol::Symbol;

/// The group that a named product belongs to by itself.
const TRADE: &str = "trade";

/// Counts of words by what they speak of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Topics {
    /// Words per group, in the order of the groups' names.
    pub groups: Vec<(Symbol, usize)>,
    /// Longer words that neither the phrases nor everyday speech know.
    pub unknown: usize,
    /// The same in short: `goods1 private0 trade2`, for features to stand beside.
    pub signature: String,
}

impl Topics {
    /// Counts a message; `names_product` says that a model is named.
    #[must_use]
    pub fn of(lexicon: &Lexicon, n: &Normalized, keys: &[String], hits: &[Hit], names_product: bool) -> Self {
        let mut counts: BTreeMap<Symbol, usize> = lexicon.groups.values().flatten().map(|g| (*g, 0)).collect();
        for hit in widest(hits) {
            for group in lexicon.groups.get(&hit.concept).into_iter().flatten() {
                *counts.entry(*group).or_default() += 1;
            }
        }
        if names_product && let Some(trade) = counts.iter_mut().find(|(g, _)| g.as_str() == TRADE) {
            *trade.1 += 1;
        }
        let strange = |(i, key): &(usize, &String)| {
            key.len() >= 4 && !lexicon.matcher.knows(key) && n.words[*i].text.bytes().all(|b| !b.is_ascii_digit())
        };
        let unknown = keys.iter().enumerate().filter(strange).count();
        let groups: Vec<(Symbol, usize)> = counts.into_iter().collect();
        let mut signature: String = groups.iter().map(|(_, n)| char::from(b'0' + (*n).min(2) as u8)).collect();
        signature.push(if unknown > 0 { 'u' } else { '-' });
        Self { groups, unknown, signature }
    }
}

// Mentions that no longer mention of another concept contains: `máquina de café` is no machine of the trade.
fn widest(hits: &[Hit]) -> Vec<&Hit> {
    let mut out: Vec<&Hit> = Vec::with_capacity(hits.len());
    for (i, hit) in hits.iter().enumerate() {
        // Hits come by start, the longest first: only earlier ones can contain this one.
        let inside = hits[..i].iter().rev().take(40).any(|other| {
            other.start <= hit.start && other.end >= hit.end && other.end - other.start > hit.end - hit.start
        });
        if !inside {
            out.push(hit);
        }
    }
    out
}
