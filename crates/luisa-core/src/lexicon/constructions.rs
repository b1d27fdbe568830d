//! Constructions: what two kinds of words say together, in any order, with whatever stands between them.
//!
//! Owns the pairing. A phrase says `la tela no avanza`; a construction says that a part of the trade beside a verb of
//! failing is a fault. Which kinds and how near is the pack's.

use serde::Deserialize;

use super::matcher::Hit;
use super::nouns::Noun;
use crate::symbol::Symbol;

/// One construction of `lexicon.toml`: a word of `one` near a word of `other` mentions the concept.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Construction {
    pub concept: Symbol,
    /// Concepts, or classes of nouns as `noun:class`.
    pub one: Vec<Symbol>,
    pub other: Vec<Symbol>,
    /// The most words between the two.
    pub within: usize,
}

const NOUN: &str = "noun:";

impl Construction {
    /// What it names that is a concept and no class of nouns.
    pub fn concepts(&self) -> impl Iterator<Item = Symbol> + '_ {
        let parts = self.one.iter().chain(&self.other).copied();
        parts.filter(|part| !part.as_str().starts_with(NOUN))
    }

    // Where its two words stand nearest, if they stand near enough.
    fn found(&self, hits: &[Hit], nouns: &[Noun]) -> Option<Hit> {
        let others = places(&self.other, hits, nouns);
        let pairs = places(&self.one, hits, nouns)
            .into_iter()
            .flat_map(|one| others.iter().map(move |other| (one, *other)))
            .filter(|(one, other)| one.1 <= other.0 || other.1 <= one.0)
            .map(|(one, other)| (one.0.min(other.0), one.1.max(other.1), gap(one, other)));
        let (start, end, _) = pairs.filter(|pair| pair.2 <= self.within).min_by_key(|pair| pair.2)?;
        Some(Hit { concept: self.concept, start, end, negated: false })
    }
}

type Place = (usize, usize);

fn gap(one: Place, other: Place) -> usize {
    if one.1 <= other.0 { other.0 - one.1 } else { one.0 - other.1 }
}

// What is denied is not said.
fn places(parts: &[Symbol], hits: &[Hit], nouns: &[Noun]) -> Vec<Place> {
    let is_part = |class: Symbol| parts.iter().any(|p| p.as_str().strip_prefix(NOUN) == Some(class.as_str()));
    let said = hits.iter().filter(|h| !h.negated && parts.contains(&h.concept)).map(|h| (h.start, h.end));
    let named = nouns.iter().filter(|n| is_part(n.class)).map(|n| (n.start, n.end));
    said.chain(named).collect()
}

/// Adds what the constructions find to the mentions, each where its phrase says nothing yet.
pub fn add(constructions: &[Construction], hits: &mut Vec<Hit>, nouns: &[Noun]) {
    let found: Vec<Hit> = constructions
        .iter()
        .filter(|c| !hits.iter().any(|h| h.concept == c.concept && !h.negated))
        .filter_map(|c| c.found(hits, nouns))
        .collect();
    if !found.is_empty() {
        hits.extend(found);
        hits.sort_by(|a, b| (a.start, b.end, a.concept).cmp(&(b.start, a.end, b.concept)));
        hits.dedup();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexicon::nouns::Side;

    fn fault() -> Construction {
        Construction {
            concept: Symbol::new("falla"),
            one: vec![Symbol::new("noun:pieza")],
            other: vec![Symbol::new("averia")],
            within: 2,
        }
    }

    fn read(part: Option<usize>, failing: Place, negated: bool) -> bool {
        let noun = |at| Noun { class: Symbol::new("pieza"), side: Side::Own, start: at, end: at + 1 };
        let nouns: Vec<Noun> = part.map(noun).into_iter().collect();
        let mut hits = vec![Hit { concept: Symbol::new("averia"), start: failing.0, end: failing.1, negated }];
        add(&[fault()], &mut hits, &nouns);
        hits.iter().any(|h| h.concept.as_str() == "falla")
    }

    #[test]
    fn the_two_words_are_found_in_any_order_and_near_enough() {
        assert!(read(Some(0), (1, 3), false), "el motor no arranca");
        assert!(read(Some(4), (0, 2), false), "no arranca … el motor");
        assert!(!read(Some(9), (0, 2), false), "too far apart");
        assert!(!read(None, (0, 2), false), "nothing of the trade");
        assert!(!read(Some(3), (0, 2), true), "denied");
    }
}
