//! Typos: the word of a vocabulary that a misspelt one most likely is.
//!
//! Owns a dictionary of single deletions, so that a look-up costs a handful of hashes. May not change a word that the
//! vocabulary knows, nor a short one: `peso` and `beso` are both words.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasherDefault;

use super::hash::{Spelling, Unhashed};

/// Words shorter than this are never corrected.
const MIN_LEN: usize = 5;

/// Known words and their one-letter neighbourhood.
#[derive(Debug, Clone, Default)]
pub struct Near {
    words: Vec<String>,
    known: HashSet<String>,
    /// Hash of a word with one letter or none taken out → places in `words`; what meets by its hash is compared.
    by_deletion: HashMap<u64, Vec<u32>, BuildHasherDefault<Unhashed>>,
}

impl Near {
    /// Indexes a vocabulary of sound keys.
    #[must_use]
    pub fn new(vocabulary: impl IntoIterator<Item = String>) -> Self {
        let mut near = Self::default();
        let mut words: Vec<String> = vocabulary.into_iter().collect();
        words.sort_unstable();
        words.dedup();
        for word in words {
            let index = u32::try_from(near.words.len()).unwrap_or(u32::MAX);
            if word.len() >= MIN_LEN {
                for probe in probes(&word) {
                    near.by_deletion.entry(probe).or_default().push(index);
                }
            }
            near.known.insert(word.clone());
            near.words.push(word);
        }
        near
    }

    /// Whether the vocabulary has this word.
    #[must_use]
    pub fn knows(&self, word: &str) -> bool {
        self.known.contains(word)
    }

    /// The known word one slip away (a letter more, less, wrong, or two swapped), when there is exactly one.
    #[must_use]
    pub fn correct(&self, word: &str) -> Option<&str> {
        if word.len() < MIN_LEN
            || word.len() > 24
            || self.known.contains(word)
            || word.bytes().any(|b| b.is_ascii_digit())
        {
            return None;
        }
        let mut best: Option<&str> = None;
        for probe in probes(word) {
            for &index in self.by_deletion.get(&probe).map_or(&[][..], Vec::as_slice) {
                let candidate = self.words[index as usize].as_str();
                // The first letter is rarely the slip; keeping it avoids most false friends.
                if candidate.as_bytes()[0] != word.as_bytes()[0] || !one_slip(word, candidate) {
                    continue;
                }
                match best {
                    Some(other) if other != candidate => return None,
                    _ => best = Some(candidate),
                }
            }
        }
        best
    }
}

// The hashes of a word and of what is left of it without one letter.
fn probes(word: &str) -> impl Iterator<Item = u64> + '_ {
    let mut before = Spelling::default();
    let without_one = word.char_indices().map(move |(i, c)| {
        let cut = before.and(&word[i + c.len_utf8()..]);
        before = before.and(&word[i..i + c.len_utf8()]);
        cut.finish()
    });
    std::iter::once(Spelling::default().and(word).finish()).chain(without_one)
}

// Damerau distance of exactly one, on short words.
fn one_slip(a: &str, b: &str) -> bool {
    let common: usize = a.chars().zip(b.chars()).take_while(|(x, y)| x == y).map(|(c, _)| c.len_utf8()).sum();
    let (mut ra, mut rb) = (a[common..].chars(), b[common..].chars());
    let (whole_a, whole_b) = (ra.as_str(), rb.as_str());
    match (ra.next(), rb.next()) {
        (Some(x), Some(y)) => {
            let (rest_a, rest_b) = (ra.as_str(), rb.as_str());
            let swapped = ra.next() == Some(y) && rb.next() == Some(x) && ra.as_str() == rb.as_str();
            rest_a == rest_b || swapped || rest_a == whole_b || whole_a == rest_b
        }
        (Some(_), None) => ra.as_str().is_empty(),
        (None, Some(_)) => rb.as_str().is_empty(),
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slip_is_mended_and_known_words_are_left() {
        let near = Near::new(["fileteadora", "industrial", "maquina", "marina", "marisa"].map(String::from));
        assert_eq!(near.correct("fileteadroa"), Some("fileteadora"));
        assert_eq!(near.correct("industrail"), Some("industrial"));
        assert_eq!(near.correct("maquna"), Some("maquina"));
        assert_eq!(near.correct("maquina"), None);
        assert_eq!(near.correct("casa"), None);
        // Between two words nothing is guessed.
        assert_eq!(near.correct("marima"), None);
    }
}
