//! Spans of time and dates: `6 meses`, `un año`, `el 15 de diciembre`, `15/12`.

use super::amounts::value;
use super::claims::{Claim, Search};
use super::text::{Kind, Text};

/// Units, as what they are compared, and how many of those they are.
const UNITS: &[(&str, char, i64)] = &[
    ("minuto", 'm', 1),
    ("minutos", 'm', 1),
    ("min", 'm', 1),
    ("hora", 'h', 1),
    ("horas", 'h', 1),
    ("h", 'h', 1),
    ("hs", 'h', 1),
    ("hrs", 'h', 1),
    ("dia", 'd', 1),
    ("dias", 'd', 1),
    ("semana", 'd', 7),
    ("semanas", 'd', 7),
    ("quincena", 'd', 15),
    ("mes", 'M', 1),
    ("meses", 'M', 1),
    ("ano", 'M', 12),
    ("anos", 'M', 12),
    ("año", 'M', 12),
    ("años", 'M', 12),
];
const MONTHS: [&str; 12] = [
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
];

pub(super) fn find(search: &mut Search) {
    for at in 0..search.text.tokens.len() {
        let found = date(&search.text, at).or_else(|| term(&search.text, at));
        if let Some((claim, to)) = found {
            search.claim(claim, at, to);
        }
    }
}

fn term(text: &Text, at: usize) -> Option<(Claim, usize)> {
    let count = value(text, at)?;
    // `3 a 5 días`, `3 o 5 días`: both.
    let last = if matches!(text.word(at + 1), "a" | "o" | "y") && value(text, at + 2).is_some() { at + 2 } else { at };
    let unit_at = if matches!(text.word(last + 1), "de" | "buenos" | "largos") { last + 2 } else { last + 1 };
    let (_, unit, size) = UNITS.iter().find(|(word, _, _)| *word == text.word(unit_at))?;
    // `deme un minuto` promises nothing.
    if *unit == 'm' && matches!(text.word(at), "un" | "uno") {
        return None;
    }
    let count = count * size / 100;
    let ago = at > 0 && matches!(text.word(at - 1), "hace" | "lleva" | "llevan");
    let to = if last == at { unit_at + 1 } else { at + 1 };
    let claim = if ago { Claim::Ago { count, unit: *unit } } else { Claim::Term { count, unit: *unit } };
    Some((claim, to))
}

fn date(text: &Text, at: usize) -> Option<(Claim, usize)> {
    let day = whole(text, at).filter(|d| (1..=31).contains(d))?;
    let month_word = |n: usize| MONTHS.iter().position(|m| *m == text.word(n)).map(|m| m + 1);
    let (month, to) = if text.is_mark(at + 1, '/') {
        (usize::try_from(whole(text, at + 2)?).ok()?, at + 3)
    } else if text.word(at + 1) == "de" {
        (month_word(at + 2)?, at + 3)
    } else if at > 0 && text.word(at - 1) == "el" && !matches!(text.kind(at + 1), Some(Kind::Word | Kind::Mark('%'))) {
        // `el 15`: of some month.
        (0, at + 1)
    } else {
        return None;
    };
    let (day, month) = (u8::try_from(day).ok()?, u8::try_from(month).ok()?);
    Some((Claim::Date { day, month }, to))
}

fn whole(text: &Text, at: usize) -> Option<i64> {
    text.number(at)?.whole()
}
