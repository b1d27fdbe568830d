//! Typos: the word of a vocabulary that a misspelt one most likely is.
//!
//! Owns a dictionary of single deletions, so that a look-up costs a handful of hashes. May not change a word that the
//! vocabulary knows, nor a short one: `peso` and `beso` are both words.

use std::collections::{HashMap, HashSet};

/// Words shorter than this are never corrected.
const MIN_LEN: usize = 5;

/// Known words and their one-letter neighbourhood.
#[derive(Debug, Clone, Default)]
pub struct Near {
    words: Vec<String>,
    known: HashSet<String>,
    by_deletion: HashMap<String, Vec<u32>>,
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
                for cut in deletions(&word) {
                    near.by_deletion.entry(cut).or_default().push(index);
                }
                near.by_deletion.entry(word.clone()).or_default().push(index);
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
        for probe in std::iter::once(word.to_owned()).chain(deletions(word)) {
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

fn deletions(word: &str) -> Vec<String> {
    word.char_indices()
        .map(|(i, c)| {
            let mut cut = String::with_capacity(word.len());
            cut.push_str(&word[..i]);
            cut.push_str(&word[i + c.len_utf8()..]);
            cut
        })
        .collect()
}

// Damerau distance of exactly one, on short words.
fn one_slip(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let common = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let (ra, rb) = (&a[common..], &b[common..]);
    match ra.len() as i64 - rb.len() as i64 {
        0 => {
            let differing = ra.iter().zip(rb).filter(|(x, y)| x != y).count();
            let swapped = ra.len() >= 2 && ra[0] == rb[1] && ra[1] == rb[0] && ra[2..] == rb[2..];
            differing == 1 || swapped
        }
        1 => ra[1..] == *rb,
        -1 => *ra == rb[1..],
        _ => false,
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
