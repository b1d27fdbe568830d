//! What a message is about: how much of it speaks of the trade, of private life, of things nobody taught us.
//!
//! Owns the counting of the pack's concept groups. `cuánto cuesta` says the same of a sewing machine and of a haircut;
//! what stands beside it decides.

use crate::catalog::Mention;
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
    /// The same in short, for features to stand beside.
    pub signature: String,
    /// Which group speaks at which word.
    pub said: Vec<(Symbol, usize)>,
    /// Per word: what the words right around it speak of, in short.
    pub near: Vec<String>,
}

/// How far a word's company reaches, back and forth.
const BACK: usize = 3;
const FORTH: usize = 6;

impl Topics {
    /// Counts a message; `names_product` says that a model is named.
    #[must_use]
    pub fn of(lexicon: &Lexicon, n: &Normalized, keys: &[String], hits: &[Hit], products: &[Mention]) -> Self {
        let mut names: Vec<Symbol> = lexicon.groups.values().flatten().copied().collect();
        names.sort_unstable();
        names.dedup();
        let strange = |(i, key): (usize, &String)| {
            key.len() >= 4 && !lexicon.matcher.knows(key) && n.words[i].text.bytes().all(|b| !b.is_ascii_digit())
        };
        let unknown: Vec<bool> = keys.iter().enumerate().map(strange).collect();
        // What speaks of what, and where: (group, first word).
        let mut said: Vec<(usize, usize)> = Vec::new();
        let at = |group: &Symbol| names.binary_search(group).ok();
        for hit in widest(hits) {
            let groups = lexicon.groups.get(&hit.concept).into_iter().flatten();
            said.extend(groups.filter_map(at).map(|group| (group, hit.start)));
        }
        if let Some(trade) = names.iter().position(|g| g.as_str() == TRADE) {
            said.extend(products.iter().map(|product| (trade, product.start)));
        }
        let count = |from: usize, to: usize| -> Vec<usize> {
            let of = |group| said.iter().filter(|(g, at)| *g == group && (from..to).contains(at)).count();
            (0..names.len()).map(of).collect()
        };
        let short = |from: usize, to: usize| -> String {
            let counts = count(from, to);
            let mut text: String = counts.iter().map(|n| char::from(b'0' + (*n).min(2) as u8)).collect();
            text.push(if unknown[from..to].contains(&true) { 'u' } else { '-' });
            text
        };
        let whole = keys.len();
        let near = (0..whole).map(|i| {
            let from =
                (i.saturating_sub(BACK)..=i).rev().find(|j| n.words[*j].after_break).unwrap_or(i.saturating_sub(BACK));
            let end = (i + 1 + FORTH).min(whole);
            let to = (i + 1..end).find(|j| n.words[*j].after_break).unwrap_or(end);
            short(from, to)
        });
        Self {
            near: near.collect(),
            signature: short(0, whole),
            groups: names.iter().copied().zip(count(0, whole)).collect(),
            said: said.iter().map(|(group, at)| (names[*group], *at)).collect(),
            unknown: unknown.iter().filter(|u| **u).count(),
        }
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
