//! What a model never sees: telephone and identity numbers, e-mails, links, addresses, names.
//!
//! Owns the masking of what customers wrote. Amounts of money stay: a question may be about them. Rather one word too
//! many is masked than one too few.

use crate::lexicon::fold::plain;
use crate::pack::Pack;

/// From so many digits on, a run is a telephone or an identity number; an amount in thousands has at most eight.
const LONG: usize = 7;
const LONGEST_AMOUNT: usize = 8;
/// Words after the beginning of an address that may belong to it.
const ADDRESS_WORDS: usize = 6;
/// Shorter names would mask everyday words.
const SHORTEST_NAME: usize = 3;

/// The text without what names a person. `names`: what the chat knows the customer by.
#[must_use]
pub fn masked(pack: &Pack, names: &[String], text: &str) -> String {
    let mut kept: Vec<String> = Vec::new();
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut at = 0;
    while at < words.len() {
        let (mask, took) = private(pack, names, &words[at..]);
        match mask {
            Some(mask) => kept.push(mask.to_owned()),
            None => kept.push(words[at].to_owned()),
        }
        at += took;
    }
    kept.join(" ")
}

// What stands for the words at the front, and how many they are.
fn private(pack: &Pack, names: &[String], words: &[&str]) -> (Option<&'static str>, usize) {
    let word = words[0];
    let folded = plain(word);
    if word.contains('@') {
        return (Some("[correo]"), 1);
    }
    if folded.contains("://") || folded.starts_with("www.") {
        return (Some("[enlace]"), 1);
    }
    let bare = folded.trim_matches(|c: char| !c.is_alphanumeric());
    let is_name = |name: &String| plain(name).split_whitespace().any(|part| part == bare);
    if bare.chars().count() >= SHORTEST_NAME && names.iter().any(is_name) {
        return (Some("[nombre]"), 1);
    }
    if let Some(took) = address(pack, words, bare) {
        return (Some("[dirección]"), took);
    }
    match number(words) {
        Some(took) => (Some("[número]"), took),
        None => (None, 1),
    }
}

// `Cra 7 # 12 - 34 apto 201`: a street word, then pieces until the last one with a digit.
fn address(pack: &Pack, words: &[&str], bare: &str) -> Option<usize> {
    let llm = pack.llm.as_ref()?;
    let digits = |word: &&str| word.chars().any(|c| c.is_ascii_digit());
    let is_street = llm.words.streets.iter().any(|street| street == bare);
    if !is_street || !words.get(1).is_some_and(digits) && !words.get(2).is_some_and(digits) {
        return None;
    }
    let piece = |word: &&&str| digits(word) || word.chars().count() <= 4;
    let run = words[1..].iter().take(ADDRESS_WORDS).take_while(piece).count();
    let last = words[1..=run].iter().rposition(digits).map_or(1, |at| at + 1);
    Some(1 + last)
}

// `300 555 0001`, `1.067.845.123`: digits that stand together, however they are grouped.
fn number(words: &[&str]) -> Option<usize> {
    let mut digits = 0;
    let mut took = 0;
    for word in words {
        let core = word.trim_matches(|c: char| matches!(c, ',' | '.' | ';' | ':' | '?' | '!' | ')' | '('));
        let only = !core.is_empty() && core.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | '\''));
        if !only {
            break;
        }
        took += 1;
        digits += core.chars().filter(char::is_ascii_digit).count();
        if core.len() < word.len() && word.ends_with(|c: char| !c.is_ascii_digit()) {
            break;
        }
    }
    let first = words[0].trim_matches(|c: char| !c.is_ascii_digit());
    let amount = took == 1 && digits <= LONGEST_AMOUNT && (in_thousands(first) || first.ends_with("000"));
    (digits >= LONG && !amount).then_some(took)
}

fn in_thousands(text: &str) -> bool {
    let mut groups = text.split(['.', '\'']);
    let first = groups.next().unwrap_or_default();
    let rest: Vec<&str> = groups.collect();
    (1..=3).contains(&first.len()) && !rest.is_empty() && rest.iter().all(|group| group.len() == 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masks(text: &str) -> bool {
        number(&text.split_whitespace().collect::<Vec<_>>()).is_some()
    }

    #[test]
    fn telephone_and_identity_numbers_are_long_runs_of_digits() {
        for text in [
            "3005550001",
            "300 555 0001",
            "+57 300 555 0001",
            "300-555-0001",
            "1.067.845.123",
            "1067845",
            "604.555.0001,",
        ] {
            assert!(masks(text), "{text}");
        }
    }

    #[test]
    fn amounts_models_and_counts_stay() {
        for text in ["1.230.000", "1230000", "500000", "12.500.000", "8802", "20 gorras", "6705c", "100.000,"] {
            assert!(!masks(text), "{text}");
        }
    }
}
