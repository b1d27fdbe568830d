//! Whether a model's sentence says only what the facts that it cites say.
//!
//! Owns the strictest check there is, for the one text that nobody wrote. It is a list of what may be said, not of what
//! may not: each clause is made of words of its facts, tied with the pack's connecting words; or it says that somebody
//! will confirm what was asked, in the customer's words; or it is a courtesy. What passes still meets the guards of
//! every text. What is refused is named by its kind, never by its words.

use std::collections::BTreeSet;

use crate::lexicon::fold::plain;
use crate::lexicon::tokens::normalize;
use crate::money;
use crate::pack::Pack;
use crate::pack::llm::Words;

use super::style::has_phrase;

/// Under this no run of digits is money.
const LEAST_AMOUNT: i64 = 10_000;
/// Words as long as this must begin alike to be of one stem; shorter ones must be the same.
const LEAST_STEM: usize = 4;
/// By so many letters at most two words of one stem may end differently.
const ENDING: usize = 3;
/// A clause that states something takes so many words from its facts.
const LEAST_FROM_FACTS: usize = 2;

/// A sentence of a model, with what it rests on.
pub struct Sentence<'a> {
    pub text: &'a str,
    /// Ids of the facts that it cites, and what they say.
    pub facts: &'a [(&'a str, &'a str)],
    /// What the customer wrote.
    pub asked: &'a str,
}

/// The sentence against its facts.
///
/// # Errors
/// The kind of claim that stands in none.
pub fn check(pack: &Pack, words: &Words, sentence: &Sentence<'_>) -> Result<(), &'static str> {
    // `٨`, `⁶`, `Ⅳ`: numbers that folding does not make plain digits.
    if plain(sentence.text).chars().any(|c| c.is_numeric() && !c.is_ascii_digit()) {
        return Err("numeral");
    }
    let folded = plain(sentence.text);
    if words.acts.iter().any(|act| has_phrase(&folded, act)) {
        return Err("act");
    }
    let ground = Ground::of(words, sentence);
    let stands = |phrase: &str| ground.texts.iter().any(|fact| has_phrase(fact, phrase));
    if words.grounded.iter().any(|word| has_phrase(&folded, word) && !stands(word)) {
        return Err("word");
    }
    let number = |token: &String| token.chars().any(|c| c.is_ascii_digit()) || is_number_word(token);
    if tokens(&folded).into_iter().any(|token| number(&token) && !ground.tokens.contains(&token)) {
        return Err("number");
    }
    clauses(&folded).into_iter().try_for_each(|clause| ground.holds(&clause))?;
    products(pack, sentence)
}

// `ochocientos`, `veinticuatro`, `lucas`; not the articles.
fn is_number_word(token: &str) -> bool {
    !matches!(token, "un" | "una" | "uno") && money::is_number_word(token)
}

/// What a sentence may be made of.
struct Ground<'a> {
    words: &'a Words,
    /// The facts, folded, each with the words of its id.
    texts: Vec<String>,
    tokens: BTreeSet<String>,
    stated: Vec<String>,
    asked: Vec<String>,
}

impl<'a> Ground<'a> {
    fn of(words: &'a Words, sentence: &Sentence<'_>) -> Self {
        // A fact is also about what its id names: `garantia` need not say the word.
        let about = |(id, fact): &(&str, &str)| plain(&format!("{}: {fact}", id.replace('_', " ")));
        let texts: Vec<String> = sentence.facts.iter().map(about).collect();
        let tokens = texts.iter().flat_map(|fact| tokens(fact)).collect();
        let stated = texts.iter().flat_map(|fact| words_of(fact)).collect();
        Self { words, texts, tokens, stated, asked: words_of(&plain(sentence.asked)) }
    }

    fn holds(&self, clause: &str) -> Result<(), &'static str> {
        let said = words_of(clause);
        let listed = |list: &[String], word: &String| list.contains(word);
        let ties = |word: &String| listed(&self.words.connecting, word);
        let courteous = |word: &String| listed(&self.words.courtesy, word) || ties(word);
        if said.iter().all(courteous) && !said.iter().any(|word| is_polar(word)) {
            return Ok(());
        }
        let from_facts = |word: &String| self.stated.iter().any(|own| one_stem(own, word));
        if self.words.defers.iter().any(|phrase| has_phrase(clause, phrase)) {
            // `un asesor le confirma que sí sirve` says it already.
            if has_phrase(clause, "que si") || has_phrase(clause, "confirma que") || has_phrase(clause, "confirme que")
            {
                return Err("loose");
            }
            let deferring = |word: &String| {
                self.words.defers.iter().any(|phrase| words_of(phrase).contains(word))
                    || courteous(word)
                    || is_polar(word)
                    || from_facts(word)
                    || self.asked.iter().any(|own| one_stem(own, word)) && !is_affirmed(clause, word)
            };
            return if said.iter().all(deferring) { Ok(()) } else { Err("loose") };
        }
        // A yes or a no to what was asked belongs to what a fact says.
        let stated = said.iter().filter(|word| !ties(word) && !is_polar(word) && from_facts(word)).count();
        let denied = said.iter().any(|word| word == "no") && !self.stated.iter().any(|own| own == "no");
        let whole = said.iter().all(|word| courteous(word) || from_facts(word) || is_polar(word));
        if whole && stated >= LEAST_FROM_FACTS && !denied { Ok(()) } else { Err("loose") }
    }
}

fn is_polar(word: &str) -> bool {
    matches!(word, "si" | "no" | "claro" | "tambien" | "siempre" | "nunca" | "tampoco")
}

// `sí tiene velocidad, un asesor la confirma` says yes to what only the customer named.
fn is_affirmed(clause: &str, word: &str) -> bool {
    let begins = clause.split(word).next().unwrap_or_default();
    words_of(begins).iter().any(|before| matches!(before.as_str(), "si" | "claro" | "siempre"))
}

fn one_stem(own: &str, word: &str) -> bool {
    if own == word {
        return true;
    }
    let (a, b) = (own.chars().count(), word.chars().count());
    let alike = own.chars().zip(word.chars()).take_while(|(x, y)| x == y).count();
    let letters = |text: &str| text.chars().all(char::is_alphabetic);
    letters(own) && letters(word) && alike >= LEAST_STEM && alike + ENDING >= a.max(b)
}

// A product that is named is a cited one, and an amount stands beside exactly one, whose price it is.
fn products(pack: &Pack, sentence: &Sentence<'_>) -> Result<(), &'static str> {
    let cited = |id: &str| sentence.facts.iter().any(|(known, _)| *known == id);
    for part in sentences(sentence.text) {
        let words = normalize(part, &pack.lexicon.abbreviations).words;
        let mentions = pack.catalog.mentions(&words);
        let mut items: Vec<_> = mentions.into_iter().filter_map(|m| pack.catalog.items.get(m.item)).collect();
        items.dedup_by(|a, b| a.id == b.id);
        if items.iter().any(|item| !cited(&item.id)) {
            return Err("product");
        }
        let amounts = amounts(part);
        if amounts.is_empty() {
            continue;
        }
        let of_item = |amount: &i64| pack.catalog.items.iter().any(|i| i.price_cop.is_some_and(|p| p.0 == *amount));
        let wrong = match items.as_slice() {
            [only] => amounts.iter().any(|amount| only.price_cop.is_none_or(|price| price.0 != *amount)),
            [] => {
                let facts = || sentence.facts.iter().filter(|(id, _)| pack.catalog.item(id).is_none());
                amounts
                    .iter()
                    .any(|amount| of_item(amount) && !facts().any(|(_, fact)| self::amounts(fact).contains(amount)))
            }
            _ => true,
        };
        if wrong {
            return Err("price");
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

// Sentences, and their parts between semicolons and colons.
fn clauses(folded: &str) -> Vec<String> {
    let parts = sentences(folded).flat_map(|sentence| sentence.split("; ").flat_map(|part| part.split(": ")));
    parts.map(str::to_owned).filter(|part| !words_of(part).is_empty()).collect()
}

fn words_of(folded: &str) -> Vec<String> {
    folded.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_owned).collect()
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
