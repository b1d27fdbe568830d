//! Where the store is found: addresses, telephones, links.

use super::claims::{Claim, Search};
use super::text::{Kind, Text};

/// Words that begin an address, with the one that they are compared as.
const STREETS: &[(&str, &str)] = &[
    ("calle", "calle"),
    ("cll", "calle"),
    ("cl", "calle"),
    ("carrera", "carrera"),
    ("cra", "carrera"),
    ("kra", "carrera"),
    ("cr", "carrera"),
    ("kr", "carrera"),
    ("avenida", "avenida"),
    ("av", "avenida"),
    ("transversal", "transversal"),
    ("tv", "transversal"),
    ("diagonal", "diagonal"),
    ("dg", "diagonal"),
    ("local", "local"),
    ("piso", "piso"),
    ("oficina", "oficina"),
    ("manzana", "manzana"),
    ("kilometro", "kilometro"),
    ("km", "kilometro"),
];

pub(super) fn find(search: &mut Search) {
    let mut at = 0;
    while at < search.text.tokens.len() {
        at = link(search, at).or_else(|| address(search, at)).or_else(|| phone(search, at)).unwrap_or(at + 1);
    }
}

fn link(search: &mut Search, at: usize) -> Option<usize> {
    if search.text.kind(at)? != Kind::Link {
        return None;
    }
    let word = search.text.word(at);
    let bare = word.trim_start_matches("https://").trim_start_matches("http://").trim_start_matches("www.");
    let link = bare.trim_end_matches('/').to_owned();
    search.claim(Claim::Link(link), at, at + 1);
    Some(at + 1)
}

// A street with its numbers: `Calle 34 #1-30`, `cra 20 no. 25 - 14`.
fn address(search: &mut Search, at: usize) -> Option<usize> {
    let text = &search.text;
    let street = STREETS.iter().find(|(written, _)| *written == text.word(at))?.1;
    let mut parts: Vec<String> = vec![street.to_owned()];
    let (mut next, mut end) = (at + 1, at + 1);
    let comma = |next: usize| text.folded[text.tokens[next - 1].end..text.tokens[next].start].contains(',');
    while let Some(kind) = text.kind(next).filter(|_| !comma(next)) {
        match kind {
            Kind::Number(_) => parts.push(text.word(next).to_owned()),
            // `12b`, `1-30b`
            Kind::Code => parts.extend(text.word(next).split('-').map(str::to_owned)),
            Kind::Mark('#' | '-' | '°') => {}
            // `Cra.`, `No.`; behind a number it ends the sentence.
            Kind::Mark('.') if text.kind(next - 1) == Some(Kind::Word) => {}
            Kind::Word if matches!(text.word(next), "no" | "n" | "nro" | "numero" | "con" | "bis") => {}
            Kind::Word if text.word(next).len() == 1 && parts.len() > 1 && !matches!(text.word(next), "y" | "a") => {
                parts.push(text.word(next).to_owned());
            }
            _ => break,
        }
        next += 1;
        if matches!(kind, Kind::Number(_) | Kind::Code) {
            end = next;
        }
    }
    if parts.len() < 2 {
        return None;
    }
    search.claim(Claim::Address(parts.join(" ")), at, end);
    Some(end)
}

// Seven, ten or twelve digits, in groups or in one: `300 555 1234`, `+57 300 5551234`.
fn phone(search: &mut Search, at: usize) -> Option<usize> {
    let text = &search.text;
    text.number(at)?;
    if at > 0 && text.is_mark(at - 1, '$') {
        return None;
    }
    let (digits, end) = digit_groups(text, at);
    let toll_free = digits.len() == 11 && digits.starts_with("018000");
    let long_enough = matches!(digits.len(), 10 | 12) || (digits.len() == 7 && end - at > 1);
    let begins = digits.starts_with(['3', '6']) || digits.starts_with("57");
    if !(toll_free || (long_enough && begins)) {
        return None;
    }
    // Compared without the country.
    let national = if digits.len() == 12 { digits[2..].to_owned() } else { digits };
    search.claim(Claim::Phone(national), at, end);
    Some(end)
}

// Digits from here, through single spaces and hyphens.
fn digit_groups(text: &Text, at: usize) -> (String, usize) {
    let mut digits = String::new();
    let mut end = at;
    let mut next = at;
    while let Some(token) = text.tokens.get(next) {
        let near = next == at || token.start - text.tokens[next - 1].end <= 1;
        match token.kind {
            Kind::Number(_) if near => {
                digits.extend(text.folded[token.start..token.end].chars().filter(char::is_ascii_digit));
                next += 1;
                end = next;
            }
            Kind::Mark('-' | '(' | ')') if near => next += 1,
            _ => break,
        }
    }
    (digits, end)
}
