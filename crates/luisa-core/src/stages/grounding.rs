//! Whether a model's text says only what the facts that it cites say.
//!
//! Owns the strictest check there is, for the one text that nobody wrote: whatever has a digit, whatever names a
//! product, and every word of days, discounts and terms must stand in a cited fact, as it stands there. What passes
//! still meets the guards of every text.

use std::collections::BTreeSet;

use crate::lexicon::fold::plain;
use crate::lexicon::tokens::normalize;
use crate::pack::Pack;
use crate::pack::llm::Words;

use super::style::has_phrase;

/// Under this no run of digits is money.
const LEAST_AMOUNT: i64 = 10_000;

/// The text against the facts that it cites, by id and in words.
///
/// # Errors
/// The claim that stands in none, as the trace names it.
pub fn check(pack: &Pack, words: &Words, ids: &[String], cited: &[&str], text: &str) -> Result<(), String> {
    let folded = plain(text);
    if let Some(act) = words.acts.iter().find(|act| has_phrase(&folded, act)) {
        return Err(format!("act:{act}"));
    }
    // A fact is also about what its id names: `garantia` need not say the word.
    let about = |(id, fact): (&String, &&str)| plain(&format!("{}: {fact}", id.replace('_', " ")));
    let facts: Vec<String> = ids.iter().zip(cited).map(about).collect();
    let stands = |phrase: &str| facts.iter().any(|fact| has_phrase(fact, phrase));
    let loose = |word: &&String| has_phrase(&folded, word) && !stands(word);
    if let Some(word) = words.grounded.iter().find(loose) {
        return Err(format!("word:{word}"));
    }
    let known: BTreeSet<String> = facts.iter().flat_map(|fact| tokens(fact)).collect();
    let digits = |token: &String| token.chars().any(|c| c.is_ascii_digit());
    if let Some(token) = tokens(&folded).into_iter().find(|token| digits(token) && !known.contains(token)) {
        return Err(format!("number:{token}"));
    }
    products(pack, ids, text)
}

// A product that is named is a cited one, and an amount beside it is its own.
fn products(pack: &Pack, ids: &[String], text: &str) -> Result<(), String> {
    let named = |text: &str| {
        let words = normalize(text, &pack.lexicon.abbreviations).words;
        let items = pack.catalog.mentions(&words);
        items.into_iter().filter_map(|mention| pack.catalog.items.get(mention.item)).collect::<Vec<_>>()
    };
    for sentence in sentences(text) {
        let items = named(sentence);
        if let Some(item) = items.iter().find(|item| !ids.contains(&item.id)) {
            return Err(format!("product:{}", item.id));
        }
        let own = |amount: &i64| items.iter().any(|item| item.price_cop.is_some_and(|price| price.0 == *amount));
        let other = |amount: &i64| pack.catalog.items.iter().any(|i| i.price_cop.is_some_and(|p| p.0 == *amount));
        let strange = amounts(sentence).into_iter().find(|amount| !items.is_empty() && !own(amount) && other(amount));
        if let Some(amount) = strange {
            return Err(format!("price:{amount}"));
        }
    }
    Ok(())
}

// A full stop within an amount ends no sentence.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(['.', '!', ';', '\n'])
        .scan((0, 0), move |(start, end), piece| {
            *end += piece.len();
            let inside = piece.ends_with('.') && text[*end..].starts_with(|c: char| c.is_ascii_digit());
            if inside {
                return Some(None);
            }
            let whole = &text[*start..*end];
            *start = *end;
            Some(Some(whole))
        })
        .flatten()
}

// Words and numbers as they stand, without the punctuation around them.
fn tokens(folded: &str) -> Vec<String> {
    let edge = |c: char| !c.is_alphanumeric() && c != '%';
    folded.split_whitespace().map(|word| word.trim_matches(edge).to_owned()).filter(|word| !word.is_empty()).collect()
}

fn amounts(text: &str) -> Vec<i64> {
    let digits = |token: String| token.chars().filter(char::is_ascii_digit).collect::<String>();
    let found = tokens(&plain(text)).into_iter().filter(|token| token.chars().all(|c| c.is_ascii_digit() || c == '.'));
    found.filter_map(|token| digits(token).parse().ok()).filter(|amount| *amount >= LEAST_AMOUNT).collect()
}
