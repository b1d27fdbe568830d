//! Dictated numbers: a phone writes `seis cincuenta y tres` where a customer says the model 653.
//!
//! Owns the reading of spoken numbers as digits. What they are the number of is for others to find.

use std::ops::Range;

use super::tokens::Word;
use crate::money::spoken_word;

/// A message with its spoken numbers as digits.
#[derive(Debug)]
pub struct Dictated {
    pub words: Vec<Word>,
    /// Which words of the message each of them was.
    pub from: Vec<Range<usize>>,
}

/// The words with every spoken number as digits; nothing when none is spoken.
#[must_use]
pub fn dictated(words: &[Word]) -> Option<Dictated> {
    let mut out = Dictated { words: Vec::with_capacity(words.len()), from: Vec::with_capacity(words.len()) };
    let mut at = 0;
    while at < words.len() {
        let (digits, end) = number_at(words, at);
        let word = &words[at];
        if digits.is_empty() {
            out.words.push(word.clone());
        } else {
            out.words.push(Word { text: digits.clone(), key: digits, ..word.clone() });
        }
        out.from.push(at..end);
        at = end;
    }
    (out.words.len() < words.len() || out.words.iter().zip(words).any(|(new, old)| new.text != old.text)).then_some(out)
}

// The digits that are said from word `at` on, and where they end; none when it is no number. `una` is an article.
fn number_at(words: &[Word], at: usize) -> (String, usize) {
    let mut digits = String::new();
    let mut end = at;
    if matches!(words[at].text.as_str(), "un" | "una") {
        return (digits, at + 1);
    }
    while let Some((value, next)) = below_a_thousand(words, end) {
        let thousands = words.get(next).is_some_and(|w| w.text == "mil");
        let (value, next) = if thousands {
            below_a_thousand(words, next + 1).map_or((value * 1_000, next + 1), |(rest, n)| (value * 1_000 + rest, n))
        } else {
            (value, next)
        };
        digits.push_str(&value.to_string());
        end = next;
    }
    (digits, end.max(at + 1))
}

// `seiscientos cincuenta y tres`, `cincuenta y tres`, `siete`, `cero`.
fn below_a_thousand(words: &[Word], at: usize) -> Option<(i64, usize)> {
    let said = |at: usize| words.get(at).and_then(|w| if w.text == "cero" { Some(0) } else { spoken_word(&w.text) });
    let first = said(at)?;
    if first >= 100 {
        let rest = below_a_thousand(words, at + 1).filter(|(rest, _)| (1..100).contains(rest));
        return Some(rest.map_or((first, at + 1), |(rest, end)| (first + rest, end)));
    }
    let unit =
        words.get(at + 1).filter(|w| w.text == "y").and_then(|_| said(at + 2)).filter(|unit| (1..10).contains(unit));
    match unit {
        Some(unit) if first >= 20 && first % 10 == 0 => Some((first + unit, at + 3)),
        _ => Some((first, at + 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexicon::tokens::normalize;

    #[test]
    fn spoken_numbers_are_read_as_the_digits_that_are_meant() {
        for (said, digits) in [
            ("la ks seis cincuenta y tres", "la ks 653"),
            ("la sesenta y siete cero cinco c", "la 6705 c"),
            ("la s cero uno cero cinco", "la s 0105"),
            ("la ochenta y ocho cero cero", "la 8800"),
            ("la ocho mil ochocientos", "la 8800"),
            ("la union trescientos", "la union 300"),
            ("la seiscientos cincuenta y tres", "la 653"),
            ("la kt d tres", "la kt d 3"),
        ] {
            let words = normalize(said, &std::collections::BTreeMap::new()).words;
            let read = dictated(&words).expect("a number is said");
            let texts: Vec<&str> = read.words.iter().map(|w| w.text.as_str()).collect();
            assert_eq!(texts.join(" "), digits, "{said}");
            assert_eq!(read.from.last().map(|from| from.end), Some(words.len()), "{said}");
        }
        assert!(dictated(&normalize("quiero una familiar", &std::collections::BTreeMap::new()).words).is_none());
    }
}
