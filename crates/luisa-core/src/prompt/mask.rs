//! What a model never sees: telephone and identity numbers, e-mails, links, addresses, names.
//!
//! Owns the masking of what customers wrote. It looks at the folded text, so that no alphabet, joiner or sign between
//! digits hides anything, and at runs of digits through any separators, not at words. Money stays where it is money: a
//! question may be about it. Rather one word too many is masked than one too few.

use std::ops::Range;

use crate::lexicon::fold::{plain, sound};
use crate::pack::Pack;

/// From so many digits on, a run is a telephone or an identity number.
const LONG: usize = 7;
/// After a word of identity fewer are.
const LONG_NAMED: usize = 5;
/// Most signs between two digits of one number.
const MOST_BETWEEN: usize = 4;
/// Most digits of an amount without a sign or word of money, in thousands and plain.
const LONGEST_GROUPED: usize = 9;
const LONGEST_PLAIN: usize = 7;
/// Words after the beginning of an address that may belong to it.
const ADDRESS_WORDS: usize = 6;
/// Shorter names would mask everyday words.
const SHORTEST_NAME: usize = 3;
/// Words before a number that say whose it is.
const NEAR: usize = 3;

/// Words of identity, of telephones and of accounts: no number near them is an amount.
const IDENTITY: &[&str] = &[
    "cc",
    "c.c",
    "c.c.",
    "cedula",
    "cedulas",
    "documento",
    "identificacion",
    "identidad",
    "nit",
    "ti",
    "pasaporte",
    "cel",
    "celular",
    "tel",
    "telefono",
    "telefonos",
    "fijo",
    "movil",
    "whatsapp",
    "wasap",
    "wsp",
    "wpp",
    "llamame",
    "llameme",
    "marqueme",
    "cuenta",
    "ahorros",
    "corriente",
    "nequi",
    "daviplata",
    "bancolombia",
    "clave",
    "pin",
    "contraseña",
    "nacimiento",
];
/// Endings of hosts, and what is said for a dot before them.
const ENDINGS: &[&str] = &[
    "com", "co", "net", "org", "info", "io", "me", "app", "xyz", "online", "store", "shop", "site", "tienda", "gl",
    "ly", "bio", "link", "page", "tv", "es", "mx", "us", "edu", "gov", "biz", "dev", "web", "club", "ee", "to", "cc",
    "gg", "art",
];
/// Streets that go by an ordinal.
const ORDINALS: &[&str] = &[
    "primera", "segunda", "tercera", "cuarta", "quinta", "sexta", "septima", "octava", "novena", "decima", "once",
    "doce",
];
const SPOKEN_DIGITS: &[&str] = &["cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve"];

/// The text without what names a person. `names`: what the chat knows the customer by.
#[must_use]
pub fn masked(pack: &Pack, names: &[String], text: &str) -> String {
    let page = Page::of(text);
    let mut spans: Vec<(Range<usize>, &'static str)> = Vec::new();
    spans.extend(page.mails().map(|at| (at, "[correo]")));
    spans.extend(page.links().map(|at| (at, "[enlace]")));
    spans.extend(page.addresses(pack).into_iter().map(|at| (at, "[dirección]")));
    spans.extend(page.numbers(pack).into_iter().map(|at| (at, "[número]")));
    spans.extend(page.dictated().into_iter().map(|at| (at, "[número]")));
    spans.extend(page.names(pack, names).into_iter().map(|at| (at, "[nombre]")));
    page.without(spans)
}

// A text with its folded signs, each with the place of the sign that it came from.
struct Page<'a> {
    text: &'a str,
    folded: Vec<char>,
    from: Vec<usize>,
    // Runs between blanks.
    words: Vec<Range<usize>>,
}

impl<'a> Page<'a> {
    fn of(text: &'a str) -> Self {
        let (mut folded, mut from) = (Vec::new(), Vec::new());
        let mut buffer = [0; 4];
        for (at, c) in text.char_indices() {
            for plain in plain(c.encode_utf8(&mut buffer)).chars() {
                folded.push(digit(plain));
                from.push(at);
            }
        }
        let mut words = Vec::new();
        let mut start = None;
        for (at, c) in folded.iter().enumerate() {
            match (c.is_whitespace(), start) {
                (false, None) => start = Some(at),
                (true, Some(begun)) => {
                    words.push(begun..at);
                    start = None;
                }
                _ => {}
            }
        }
        words.extend(start.map(|begun| begun..folded.len()));
        Self { text, folded, from, words }
    }

    fn word(&self, at: usize) -> String {
        self.words.get(at).map_or_else(String::new, |range| self.folded[range.clone()].iter().collect())
    }

    fn bare(&self, at: usize) -> String {
        self.word(at).trim_matches(|c: char| !c.is_alphanumeric()).to_owned()
    }

    // The word that holds a place, or the last one before it.
    fn word_at(&self, place: usize) -> usize {
        self.words.partition_point(|range| range.start <= place).saturating_sub(1)
    }

    fn mails(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        (0..self.words.len()).filter_map(|at| {
            let word = self.word(at);
            let bare = self.bare(at);
            let spoken = matches!(bare.as_str(), "arroba" | "at") && (bare == "arroba" || word != bare);
            if !word.contains('@') && !spoken {
                return None;
            }
            let open = word.starts_with('@') || spoken;
            let first = if open { at.saturating_sub(1) } else { at };
            let mut last = if word.ends_with('@') || spoken { at + 1 } else { at };
            // `gmail punto com`
            while matches!(self.bare(last + 1).as_str(), "punto" | "dot") && last + 2 < self.words.len() {
                last += 2;
            }
            let last = last.min(self.words.len() - 1);
            Some(self.words[first].start..self.words[last].end)
        })
    }

    fn links(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        (0..self.words.len()).filter_map(|at| {
            let word = self.word(at);
            if word.contains("://") || word.contains("www.") || is_host(&word) {
                return Some(self.words[at].clone());
            }
            let ends = |n: usize| ENDINGS.contains(&self.bare(n).as_str());
            let spoken = self.bare(at + 1) == "punto" && at + 2 < self.words.len() && ends(at + 2);
            spoken.then(|| self.words[at].start..self.words[at + 2].end)
        })
    }

    // `Cra 7 # 12 - 34 apto 201`, `cra7#12-34`, `carrera septima 12`, `la 34 con 12`.
    fn addresses(&self, pack: &Pack) -> Vec<Range<usize>> {
        let streets = pack.llm.as_ref().map_or(&[][..], |llm| llm.words.streets.as_slice());
        let digits = |at: usize| self.word(at).contains(|c: char| c.is_ascii_digit());
        let mut found = Vec::new();
        for at in 0..self.words.len() {
            let word = self.word(at);
            let word = word.trim_start_matches(|c: char| !c.is_alphanumeric());
            let rest = streets
                .iter()
                .filter_map(|street| word.strip_prefix(street.as_str()))
                .find(|rest| !rest.starts_with(char::is_alphabetic));
            let near = |n: usize| n < self.words.len() && digits(n);
            let named = rest.is_some_and(|rest| {
                let ordinal = ORDINALS.contains(&self.bare(at + 1).as_str());
                rest.contains(|c: char| c.is_ascii_digit()) || near(at + 1) || near(at + 2) || ordinal
            });
            let number =
                |n: usize| self.bare(n).chars().all(|c| c.is_ascii_digit()) && (1..=3).contains(&self.bare(n).len());
            let crossing = number(at + 1) && self.bare(at + 2) == "con" && number(at + 3);
            if !named && !crossing {
                continue;
            }
            let piece = |n: &usize| {
                digits(*n) || self.bare(*n).chars().count() <= 4 || ORDINALS.contains(&self.bare(*n).as_str())
            };
            let run = (at + 1..self.words.len()).take(ADDRESS_WORDS).take_while(piece);
            let last = run.filter(|n| digits(*n) || ORDINALS.contains(&self.bare(*n).as_str())).last().unwrap_or(at);
            found.push(self.words[at].start..self.words[last].end);
        }
        found
    }

    // Runs of digits through any separators, unless they are amounts.
    fn numbers(&self, pack: &Pack) -> Vec<Range<usize>> {
        let is_digit = |at: usize| self.folded[at].is_ascii_digit();
        let mut found = Vec::new();
        let mut at = 0;
        while at < self.folded.len() {
            if !is_digit(at) {
                at += 1;
                continue;
            }
            let (start, mut end, mut between) = (at, at + 1, 0);
            let mut next = at + 1;
            while next < self.folded.len() && between <= MOST_BETWEEN {
                if is_digit(next) {
                    (end, between) = (next + 1, 0);
                } else if self.folded[next].is_alphanumeric() && !self.stands_for_digit(next) {
                    break;
                } else {
                    between += 1;
                }
                next += 1;
            }
            if self.is_private(pack, start..end) {
                found.push(start..end);
            }
            at = end;
        }
        found
    }

    // `3OO555O123`: a letter between digits that looks like one.
    fn stands_for_digit(&self, at: usize) -> bool {
        let beside = |n: Option<usize>| {
            n.and_then(|n| self.folded.get(n)).is_some_and(|c| c.is_ascii_digit() || matches!(c, 'o' | 'l' | 'i'))
        };
        matches!(self.folded[at], 'o' | 'l' | 'i') && beside(at.checked_sub(1)) && beside(Some(at + 1))
    }

    fn is_private(&self, pack: &Pack, run: Range<usize>) -> bool {
        let digits = self.folded[run.clone()].iter().filter(|c| c.is_ascii_digit()).count();
        let looks = self.folded[run.clone()].iter().filter(|c| c.is_alphanumeric()).count();
        let named = self.is_named(run.start);
        if looks < if named { LONG_NAMED } else { LONG } {
            return false;
        }
        named || looks != digits || !self.is_money(pack, run)
    }

    // A word of identity stands shortly before: `mi cédula es la 1.230.000`, `cc1067845123`.
    fn is_named(&self, start: usize) -> bool {
        let here = self.word_at(start);
        let word = self.word(here);
        let glued: String = word.chars().take_while(|c| !c.is_ascii_digit()).filter(|c| c.is_alphanumeric()).collect();
        let before = (here.saturating_sub(NEAR)..here).map(|at| self.bare(at));
        before.chain([glued]).any(|word| IDENTITY.contains(&word.as_str()))
    }

    // Every piece of the run is an amount as amounts are written, with at most a small count beside it.
    fn is_money(&self, pack: &Pack, run: Range<usize>) -> bool {
        let text: String = self.folded[run.clone()].iter().collect();
        let signed = run.start > 0 && self.folded[..run.start].iter().rev().find(|c| !c.is_whitespace()) == Some(&'$');
        let after: String = self.folded[run.end..].iter().take(12).collect();
        let after = after.trim_start().split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned();
        let worded = matches!(after.as_str(), "pesos" | "mil" | "cop" | "lucas" | "k" | "millones" | "barras");
        let pieces: Vec<&str> = text
            .split(|c: char| c.is_whitespace() || matches!(c, '/' | ';' | '$' | '-'))
            .filter(|p| !p.is_empty())
            .collect();
        let (mut amounts, mut others) = (0, 0);
        for piece in pieces {
            let piece = piece.trim_matches(|c: char| !c.is_ascii_digit());
            if is_amount(pack, piece, signed || worded) {
                amounts += 1;
            } else {
                others += piece.chars().filter(char::is_ascii_digit).count();
            }
        }
        amounts > 0 && others <= 2
    }

    // `tres cero cero cinco cinco cinco…`
    fn dictated(&self) -> Vec<Range<usize>> {
        let spoken = |at: usize| {
            let word = self.bare(at);
            SPOKEN_DIGITS.contains(&word.as_str())
                || word.len() <= 3 && !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit())
        };
        let mut found = Vec::new();
        let mut at = 0;
        while at < self.words.len() {
            let end = (at..self.words.len()).find(|n| !spoken(*n)).unwrap_or(self.words.len());
            if end - at >= LONG {
                found.push(self.words[at].start..self.words[end - 1].end);
            }
            at = end.max(at + 1);
        }
        found
    }

    // What the customer is known by, and a given name with the names that follow it.
    fn names(&self, pack: &Pack, names: &[String]) -> Vec<Range<usize>> {
        let known: Vec<String> = names
            .iter()
            .flat_map(|name| plain(name).split_whitespace().map(str::to_owned).collect::<Vec<_>>())
            .collect();
        let large = |at: usize| {
            let first = self.words.get(at).map(|range| self.from[range.start]);
            first.and_then(|first| self.text[first..].chars().next()).is_some_and(char::is_uppercase)
        };
        let mut found = Vec::new();
        let mut follows: usize = 0;
        for at in 0..self.words.len() {
            let bare = self.bare(at);
            let long = bare.chars().count() >= SHORTEST_NAME;
            let given = large(at) && long && pack.lexicon.given_names.contains(&sound(&bare));
            let surname = follows > 0 && large(at) && bare.chars().all(char::is_alphabetic) && !bare.is_empty();
            if long && known.contains(&bare) || given || surname {
                found.push(self.words[at].clone());
                follows = if given { 3 } else { follows.saturating_sub(1) };
            } else {
                follows = 0;
            }
        }
        found
    }

    // The text with each span replaced; overlapping ones are one.
    fn without(&self, mut spans: Vec<(Range<usize>, &'static str)>) -> String {
        spans.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
        let mut out = String::new();
        let (mut at, mut masked_to) = (0, 0);
        for (range, mask) in spans {
            if range.start < masked_to && masked_to > 0 {
                masked_to = masked_to.max(range.end);
                at = at.max(self.place(masked_to));
                continue;
            }
            out.push_str(&self.text[at..self.from[range.start].max(at)]);
            out.push_str(mask);
            masked_to = range.end;
            at = self.place(range.end).max(at);
        }
        out.push_str(&self.text[at..]);
        out.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    // Where in the text the sign after a folded one begins.
    fn place(&self, folded_end: usize) -> usize {
        let last = folded_end.checked_sub(1).map(|at| self.from[at]);
        let next = folded_end..self.from.len();
        let after = next.map(|at| self.from[at]).find(|from| Some(*from) != last);
        after.unwrap_or(self.text.len())
    }
}

// Digits of other scripts are digits.
fn digit(c: char) -> char {
    match c {
        '٠'..='٩' => char::from(b'0' + (c as u32 - '٠' as u32) as u8),
        '۰'..='۹' => char::from(b'0' + (c as u32 - '۰' as u32) as u8),
        '०'..='९' => char::from(b'0' + (c as u32 - '०' as u32) as u8),
        c => c,
    }
}

// `wa.me/57…`, `instagram.com/ana`, `mitienda.xyz`.
fn is_host(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    let (host, path) = word.split_once('/').map_or((word, false), |(host, _)| (host, true));
    let Some((name, ending)) = host.rsplit_once('.') else { return false };
    let letters = ending.len() >= 2 && ending.chars().all(char::is_alphabetic);
    let named = name.contains(char::is_alphabetic) && !name.ends_with('.');
    letters && named && (path || ENDINGS.contains(&ending))
}

// `1.230.000`, `$899.900`, `1230000`; and whatever the catalog asks.
fn is_amount(pack: &Pack, piece: &str, said: bool) -> bool {
    let digits: String = piece.chars().filter(char::is_ascii_digit).collect();
    let priced =
        || pack.catalog.items.iter().filter_map(|item| item.price_cop).any(|price| price.0.to_string() == digits);
    let marks = ['.', '\'', ',', '`'];
    let groups: Vec<&str> = piece.split(marks).collect();
    let only = piece.chars().all(|c| c.is_ascii_digit() || marks.contains(&c));
    let cents = groups.len() > 2 && groups[groups.len() - 1].len() == 2;
    let body = if cents { &groups[..groups.len() - 1] } else { &groups[..] };
    let grouped = body.len() > 1 && (1..=3).contains(&body[0].len()) && body[1..].iter().all(|group| group.len() == 3);
    let whole: String = body.concat();
    let round = whole.ends_with("00");
    let formed = match (grouped, groups.len()) {
        (true, _) => whole.len() <= LONGEST_GROUPED && (round || said),
        (false, 1) => {
            whole.len() <= LONGEST_PLAIN && whole.ends_with("000") || said && whole.len() <= LONGEST_GROUPED && round
        }
        (false, _) => false,
    };
    only && (formed || priced())
}

#[cfg(test)]
#[path = "mask_tests.rs"]
mod tests;
