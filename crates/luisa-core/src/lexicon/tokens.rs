//! Words: a message as the rest of the core reads it.
//!
//! Owns the split into words, the expansion of chat abbreviations, and the signals that are not words (emoji, capitals,
//! question marks). The text that keeps punctuation is kept too: amounts of money need it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::fold::{plain, sound, squeeze};

/// A word, and the sound under which it is compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Word {
    /// Folded, without emphasis, abbreviations expanded.
    pub text: String,
    #[serde(skip)]
    pub key: String,
    /// As the customer wrote it, for names and places.
    #[serde(skip)]
    pub raw: String,
    /// A full stop, comma, line end or question mark comes before it.
    #[serde(skip)]
    pub after_break: bool,
    /// A sentence ends before it: a full stop, a question or exclamation mark, a semicolon, a line end.
    #[serde(skip)]
    pub after_stop: bool,
}

/// A message, normalised.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Normalized {
    /// The words joined by single spaces.
    pub text: String,
    #[serde(skip)]
    pub words: Vec<Word>,
    /// Folded text with its punctuation.
    #[serde(skip)]
    pub punctuated: String,
    #[serde(skip)]
    pub signals: Signals,
}

/// What a message says without words.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Signals {
    pub question: bool,
    pub exclaims: u32,
    /// Share of capital letters among letters, 0–1.
    pub capitals: f32,
    pub emoji: Vec<char>,
    pub digits: u32,
    pub letters: u32,
}

/// Most characters of a message that are read; WhatsApp's own limit is 4,096.
pub const MAX_CHARS: usize = 4_096;

/// Normalises a message. `abbreviations` maps a folded chat spelling to its words (`q` → `que`).
#[must_use]
pub fn normalize(raw: &str, abbreviations: &BTreeMap<String, String>) -> Normalized {
    let bounded: String = raw.chars().take(MAX_CHARS).collect();
    let mut words = Vec::new();
    let (mut broken, mut stopped) = (true, true);
    for piece in split_words(&bounded) {
        match piece {
            Piece::Break => broken = true,
            Piece::Stop => (broken, stopped) = (true, true),
            Piece::Word(raw_word) => {
                let folded = squeeze(&plain(raw_word));
                let folded = folded.trim_matches(|c: char| !c.is_alphanumeric());
                if folded.is_empty() {
                    continue;
                }
                let expanded = abbreviations.get(folded).map_or(folded, String::as_str);
                for text in expanded.split(' ') {
                    words.push(Word {
                        text: text.to_owned(),
                        key: sound(text),
                        raw: raw_word.to_owned(),
                        after_break: broken,
                        after_stop: stopped,
                    });
                    (broken, stopped) = (false, false);
                }
            }
        }
    }
    let text = words.iter().map(|w| w.text.as_str()).collect::<Vec<_>>().join(" ");
    Normalized { text, words, punctuated: plain(&bounded), signals: signals(&bounded) }
}

enum Piece<'a> {
    Word(&'a str),
    Break,
    Stop,
}

// Letters and digits make words; an accent or joiner inside a word does not end it; the rest separates.
fn split_words(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut start: Option<usize> = None;
    for (i, c) in text.char_indices() {
        let inside = c.is_alphanumeric()
            || unicode_normalization::char::is_combining_mark(c)
            || c == '\u{200b}'
            || c == '\u{200d}'
            || c == '\u{ad}';
        if inside {
            start.get_or_insert(i);
            continue;
        }
        if let Some(s) = start.take() {
            pieces.push(Piece::Word(&text[s..i]));
        }
        match c {
            ',' | ':' => pieces.push(Piece::Break),
            // `1.230.000` is one amount.
            '.' if text[i + 1..].starts_with(|next: char| next.is_ascii_digit()) => pieces.push(Piece::Break),
            // `soy de Lorica, ¿y el envío?` is one sentence.
            '¿' | '¡' if text[..i].trim_end().ends_with(',') => pieces.push(Piece::Break),
            '.' | ';' | '?' | '¿' | '!' | '¡' | '\n' => pieces.push(Piece::Stop),
            _ => {}
        }
    }
    if let Some(s) = start {
        pieces.push(Piece::Word(&text[s..]));
    }
    pieces
}

fn signals(text: &str) -> Signals {
    let mut signals = Signals::default();
    let mut upper = 0u32;
    for c in text.chars() {
        match c {
            '?' | '¿' => signals.question = true,
            '!' | '¡' => signals.exclaims += 1,
            c if c.is_ascii_digit() => signals.digits += 1,
            c if c.is_alphabetic() => {
                signals.letters += 1;
                upper += u32::from(c.is_uppercase());
            }
            c if is_emoji(c) => signals.emoji.push(c),
            _ => {}
        }
    }
    if signals.letters > 0 {
        // Counts of a bounded message: exact in f32.
        signals.capitals = upper as f32 / signals.letters as f32;
    }
    signals
}

/// A pictograph, as WhatsApp's keyboard offers them.
#[must_use]
pub fn is_emoji(c: char) -> bool {
    matches!(c, '\u{1f300}'..='\u{1faff}' | '\u{2600}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}' | '\u{1f1e6}'..='\u{1f1ff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn abbreviations() -> BTreeMap<String, String> {
        [("q", "que"), ("xfa", "por favor")].map(|(k, v)| (k.to_owned(), v.to_owned())).into()
    }

    #[test]
    fn a_chat_message_becomes_words() {
        let n = normalize("Holaaa!! q precio xfa la KT-D3?", &abbreviations());
        assert_eq!(n.text, "hola que precio por favor la kt d3");
        assert!(n.signals.question);
        assert_eq!(n.signals.exclaims, 2);
    }

    #[test]
    fn nothing_is_left_of_punctuation_and_emoji() {
        let n = normalize("...👍🏽 !!", &abbreviations());
        assert_eq!(n.text, "");
        assert!(n.signals.emoji.contains(&'👍'));
    }
}
