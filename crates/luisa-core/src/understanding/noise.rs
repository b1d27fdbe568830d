//! Messages that say nothing: punctuation, emoji, laughter, keyboard mash, a bare acknowledgement.
//!
//! Owns the judgement of emptiness. When in doubt it says nothing and lets the rest of the reading decide: a customer
//! must not be lost here.

use crate::lexicon::matcher::Hit;
use crate::lexicon::tokens::Normalized;

/// Why there is nothing to act on, in plain words; none when there may be.
#[must_use]
pub fn emptiness(n: &Normalized, hits: &[Hit]) -> Option<&'static str> {
    if n.words.is_empty() {
        return Some(if n.signals.emoji.is_empty() { "no words" } else { "only emoji" });
    }
    if n.words.iter().all(|w| is_laughter(&w.text)) {
        return Some("laughter");
    }
    let covered = covered(n.words.len(), hits, &["acuse"]);
    if covered == n.words.len() && n.words.len() <= 4 && !n.signals.question {
        return Some("a bare acknowledgement");
    }
    let held = n.words.iter().all(|w| is_held(&w.text));
    if n.words.len() <= 3 && (held || hits.is_empty() && n.words.iter().all(|w| is_mash(&w.text))) {
        return Some("keys at random");
    }
    None
}

// One key held down, or touched once: no word is spelt so.
fn is_held(word: &str) -> bool {
    let mut letters = word.chars();
    let first = letters.next();
    let long = word.chars().count();
    (long >= 3 || long == 1)
        && first.is_some_and(|f| f.is_alphabetic() && !matches!(f, 'q' | 'k'))
        && letters.all(|c| Some(c) == first)
}

/// How many words are inside mentions of these concepts.
#[must_use]
pub fn covered(words: usize, hits: &[Hit], concepts: &[&str]) -> usize {
    let mut inside = vec![false; words];
    for hit in hits.iter().filter(|h| concepts.contains(&h.concept.as_str())) {
        inside[hit.start..hit.end.min(words)].fill(true);
    }
    inside.iter().filter(|w| **w).count()
}

// jajaja, jejeje, jsjsjs, jaja, lol, xd.
fn is_laughter(word: &str) -> bool {
    let letters = word.chars().filter(|c| matches!(c, 'j' | 'h' | 's' | 'a' | 'e' | 'i' | 'o' | 'u' | 'k')).count();
    let j = word.chars().filter(|c| matches!(c, 'j' | 'k')).count();
    matches!(word, "lol" | "xd" | "xdd" | "ja" | "je")
        || matches!(word, "juas" | "jua")
        || (letters == word.chars().count() && j >= 2 && word.len() >= 3 && word.starts_with(['j', 'a', 'k', 'h']))
}

// No vowels, or a run of consonants that Spanish does not have.
fn is_mash(word: &str) -> bool {
    if word.bytes().any(|b| b.is_ascii_digit()) {
        return false;
    }
    let vowels = word.chars().filter(|c| "aeiouy".contains(*c)).count();
    let mut run = 0;
    let mut longest = 0;
    for c in word.chars() {
        run = if "aeiouy".contains(c) { 0 } else { run + 1 };
        longest = longest.max(run);
    }
    word.len() >= 4 && (vowels == 0 || longest >= 4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn laughter_mash_and_signs_are_empty_and_words_are_not() {
        let empty = |text: &str| emptiness(&crate::lexicon::tokens::normalize(text, &BTreeMap::new()), &[]).is_some();
        for text in
            ["", "...", "👍", "jajaja", "JAJAJAJ", "jsjsjs", "asdfgh", "???", "jkjkjk", "juas juas", "tttt", "p"]
        {
            assert!(empty(text), "{text}");
        }
        for text in ["hola", "precio", "ktd3", "?? precio", "jabón", "seseo", "q?", "si", "kk que"] {
            assert!(!empty(text), "{text}");
        }
    }
}
