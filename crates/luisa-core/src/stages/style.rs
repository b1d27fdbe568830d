//! How a model's text may look: plain Spanish in a few lines, without a word about how LUISA works.
//!
//! Owns form alone; whether it is true is `grounding`'s and the guards' to say. The words are the pack's.

use crate::lexicon::fold::plain;
use crate::pack::llm::Llm;

/// Marks of a text that is laid out and not said.
const MARKUP: &[&str] = &["**", "__", "~~", "`", "](", "</", "<br", "{", "}", "|", "\t", "•", "#"];
/// So many words in a row of the prompt are no chance.
const QUOTATION: usize = 6;
/// Most lines, most emoji.
const MOST_LINES: usize = 3;
const MOST_EMOJI: usize = 1;
/// Fewer words are too few to tell a language.
const FEW: usize = 4;
/// Least share of everyday words of the customer's language, in percent.
const OWN_SHARE: usize = 20;

/// The text without a question at its end: the code asks its own.
#[must_use]
pub fn without_closing_question(text: &str) -> String {
    let text = text.trim();
    if !text.ends_with('?') {
        return text.to_owned();
    }
    let before = text.rfind('¿').map_or("", |at| &text[..at]);
    before.trim().to_owned()
}

/// The text's form.
///
/// # Errors
/// What is wrong with it, as the trace names it.
pub fn check(llm: &Llm, text: &str) -> Result<(), String> {
    let length = text.chars().count();
    if length == 0 {
        return Err("empty".to_owned());
    }
    if length > llm.words.max_chars {
        return Err("length".to_owned());
    }
    let list = |line: &str| {
        let line = line.trim_start();
        let numbered = line
            .split_once(['.', ')'])
            .is_some_and(|(n, rest)| !n.is_empty() && n.chars().all(|c| c.is_ascii_digit()) && rest.starts_with(' '));
        line.starts_with("- ") || line.starts_with("* ") || line.starts_with('>') || numbered
    };
    if MARKUP.iter().any(|mark| text.contains(mark)) || text.lines().any(list) || emphasised(text) {
        return Err("markup".to_owned());
    }
    if text.contains(['?', '¿']) {
        return Err("question".to_owned());
    }
    if text.lines().filter(|line| !line.trim().is_empty()).count() > MOST_LINES {
        return Err("lines".to_owned());
    }
    if text.chars().filter(|c| is_emoji(*c)).count() > MOST_EMOJI {
        return Err("emoji".to_owned());
    }
    if !is_own_language(llm, text) {
        return Err("language".to_owned());
    }
    Ok(())
}

/// Whether the text tells what only the prompt says. `ids`: names of facts.
///
/// # Errors
/// `leak`
pub fn gives_away<'a>(llm: &Llm, ids: impl Iterator<Item = &'a String>, text: &str) -> Result<(), String> {
    let folded = plain(text);
    if llm.words.never.iter().any(|word| has_phrase(&folded, word)) {
        return Err("leak".to_owned());
    }
    let internal = |id: &String| id.contains('_') || id.chars().any(|c| c.is_ascii_digit());
    let mut ids = ids;
    if ids.any(|id| internal(id) && has_phrase(&folded, &plain(id))) {
        return Err("leak".to_owned());
    }
    let words: Vec<&str> = folded.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
    let prompt = [llm.reply.plain.as_str(), &llm.personal.plain].join(" ");
    let prompt: Vec<&str> = prompt.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
    let quoted = words.windows(QUOTATION).any(|run| prompt.windows(QUOTATION).any(|told| told == run));
    if quoted { Err("leak".to_owned()) } else { Ok(()) }
}

/// Whether a phrase stands in a folded text, as whole words.
#[must_use]
pub fn has_phrase(folded: &str, phrase: &str) -> bool {
    let whole = |at: usize| {
        let before = folded[..at].chars().next_back();
        let after = folded[at + phrase.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    };
    !phrase.is_empty() && folded.match_indices(phrase).any(|(at, _)| whole(at))
}

// `*Kingter*`, `_hoy_`: WhatsApp would show it bold or slanted.
fn emphasised(text: &str) -> bool {
    text.split_whitespace().any(|word| {
        let word = word.trim_matches(|c: char| matches!(c, ',' | '.' | ';' | ':' | '!'));
        word.len() > 2 && (word.starts_with(['*', '_']) || word.ends_with(['*', '_']))
    })
}

fn is_emoji(c: char) -> bool {
    matches!(c, '\u{2600}'..='\u{27bf}' | '\u{1f000}'..='\u{1faff}')
}

fn is_own_language(llm: &Llm, text: &str) -> bool {
    let folded = plain(text);
    let words: Vec<&str> = folded.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
    let count = |list: &[String]| words.iter().filter(|word| list.iter().any(|own| own == *word)).count();
    let (own, other) = (count(&llm.words.own_language), count(&llm.words.other_languages));
    let latin = text.chars().filter(|c| c.is_alphabetic()).all(|c| (c as u32) < 0x250);
    latin && (words.len() < FEW || own * 100 >= words.len() * OWN_SHARE) && other < 2
}
