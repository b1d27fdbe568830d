//! Money, percentages and counts.

use crate::money;

use super::claims::{Claim, Search, stem};
use super::text::{Form, Kind, Number, Text};
use super::vocabulary::Role;

/// Amounts of money: signed, scaled, grouped in thousands, or after a word of price.
pub(super) fn money(search: &mut Search) {
    let folded = &search.text.folded;
    if !folded.contains(['$', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']) && !folded.contains("mil") {
        return;
    }
    for amount in money::amounts(folded) {
        let (from, to) = (search.text.token_at(amount.start), search.text.token_at(amount.end.saturating_sub(1)) + 1);
        if from >= to || to > search.text.tokens.len() || search.text.tokens[from..to].iter().any(|t| t.used) {
            continue;
        }
        let lone = (to - from == 1).then(|| search.text.number(from)).flatten();
        match lone.map(|n| unsigned(search, from, n)) {
            Some(None) => {}
            Some(Some(cop)) => search.claim(Claim::Money(cop), from, to),
            None if amount.explicit => search.claim(Claim::Money(amount.cop.0), from, to),
            None => {}
        }
    }
}

// A number by itself: what it is as money, if it is money.
fn unsigned(search: &Search, at: usize, n: Number) -> Option<i64> {
    let whole = n.whole()?;
    let signed = search.text.is_mark(at.wrapping_sub(1), '$') || is_money_word(&search.text, at + 1);
    let priced = search.follows(at, |role| matches!(role, Role::Price | Role::From | Role::Budget));
    let large = n.form == Form::Grouped && whole >= 10_000;
    (signed || priced || large).then_some(whole)
}

fn is_money_word(text: &Text, at: usize) -> bool {
    matches!(text.word(at), "pesos" | "cop" | "pesitos" | "$")
}

/// `70 %`, `setenta por ciento`.
pub(super) fn percents(search: &mut Search) {
    for at in 0..search.text.tokens.len() {
        let Some(value) = value(&search.text, at) else { continue };
        let sign = search.text.is_mark(at + 1, '%');
        let words = search.text.word(at + 1) == "por" && search.text.word(at + 2) == "ciento";
        if sign || words {
            search.claim(Claim::Percent(value), at, at + if sign { 2 } else { 3 });
        }
    }
}

/// The value in hundredths of a number in digits or in one word.
pub(super) fn value(text: &Text, at: usize) -> Option<i64> {
    if let Some(number) = text.number(at) {
        return Some(number.hundredths);
    }
    text.tokens.get(at).filter(|t| !t.used)?.spoken.map(|n| n * 100)
}

/// What is left: numbers of things, with the words beside them.
pub(super) fn counts(search: &mut Search) {
    for at in 0..search.text.tokens.len() {
        let Some(number) = search.text.number(at) else { continue };
        if is_list_mark(&search.text, at) {
            continue;
        }
        let of: Vec<String> = beside(&search.text, at).collect();
        let digits = match number.form {
            Form::Decimal => format!("{}.{:02}", number.hundredths / 100, number.hundredths % 100),
            Form::Plain | Form::Grouped => (number.hundredths / 100).to_string(),
        };
        search.claim(Claim::Count { digits, of }, at, at + 1);
    }
}

// The next words of the sentence, up to three.
fn beside(text: &Text, at: usize) -> impl Iterator<Item = String> {
    let sentence = text.tokens[at].sentence;
    let next = text.tokens[at + 1..].iter().take(4).take_while(move |t| t.sentence == sentence);
    next.filter(|t| t.kind == Kind::Word)
        .filter_map(|t| stem(&text.folded[t.start..t.end]))
        .take(3)
        .map(str::to_owned)
        .collect::<Vec<_>>()
        .into_iter()
}

// `1.`, `2)` at the beginning of a line.
fn is_list_mark(text: &Text, at: usize) -> bool {
    let token = text.tokens[at];
    let begins = text.folded[..token.start].trim_end_matches([' ', '*', '-']).is_empty()
        || text.folded[..token.start].trim_end_matches([' ', '*', '-']).ends_with('\n');
    let marked = text.folded[token.end..].starts_with(['.', ')']);
    begins && marked && token.end - token.start == 1
}
