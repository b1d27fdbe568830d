//! Pesos: whole amounts, as the store writes them and as people say them.
//!
//! Owns the type and the reading of amounts in Colombian chat Spanish. Source: `1'230.000`, `1.2 millones`, `un palo
//! doscientos`, `800 mil`, `800 lucas`, `800k` all occur; cents do not.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::lexicon::fold::sound;

/// Whole Colombian pesos. Displays as `$1.230.000`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Cop(pub i64);

impl std::fmt::Display for Cop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let digits = self.0.unsigned_abs().to_string();
        let mut out = String::with_capacity(digits.len() + 4);
        for (i, c) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i).is_multiple_of(3) {
                out.push('.');
            }
            out.push(c);
        }
        write!(f, "{}${out}", if self.0 < 0 { "-" } else { "" })
    }
}

/// An amount found in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount {
    pub cop: Cop,
    /// It was written with a money word or sign, or in the form of thousands: not a model or a phone number.
    pub explicit: bool,
    /// The customer says that it is not theirs: `no tengo 1.200.000`.
    pub denied: bool,
    /// Byte range in the text that was read.
    pub start: usize,
    pub end: usize,
}

const UNITS: &[(&str, i64)] = &[
    ("un", 1),
    ("uno", 1),
    ("una", 1),
    ("dos", 2),
    ("tres", 3),
    ("cuatro", 4),
    ("cinco", 5),
    ("seis", 6),
    ("siete", 7),
    ("ocho", 8),
    ("nueve", 9),
    ("diez", 10),
    ("once", 11),
    ("doce", 12),
    ("trece", 13),
    ("catorce", 14),
    ("quince", 15),
    ("dieciseis", 16),
    ("diecisiete", 17),
    ("dieciocho", 18),
    ("diecinueve", 19),
    ("veinte", 20),
    ("veintiun", 21),
    ("veintiuno", 21),
    ("veintiuna", 21),
    ("veintidos", 22),
    ("veintitres", 23),
    ("veinticuatro", 24),
    ("veinticinco", 25),
    ("veintiseis", 26),
    ("veintisiete", 27),
    ("veintiocho", 28),
    ("veintinueve", 29),
    ("treinta", 30),
    ("cuarenta", 40),
    ("cincuenta", 50),
    ("sesenta", 60),
    ("setenta", 70),
    ("ochenta", 80),
    ("noventa", 90),
    ("cien", 100),
    ("ciento", 100),
    ("doscientos", 200),
    ("trescientos", 300),
    ("cuatrocientos", 400),
    ("quinientos", 500),
    ("seiscientos", 600),
    ("setecientos", 700),
    ("ochocientos", 800),
    ("novecientos", 900),
    ("docientos", 200),
    ("trecientos", 300),
    ("doscientas", 200),
    ("trescientas", 300),
    ("cuatrocientas", 400),
    ("quinientas", 500),
    ("seiscientas", 600),
    ("setecientas", 700),
    ("ochocientas", 800),
    ("novecientas", 900),
    ("docientas", 200),
    ("trecientas", 300),
    ("sien", 100),
];
const MILLION: &[&str] = &[
    "millon",
    "millones",
    "millons",
    "mills",
    "mlls",
    "milloncito",
    "milloncitos",
    "palo",
    "palos",
    "palito",
    "palitos",
    "melon",
    "melones",
];
const THOUSAND: &[&str] =
    &["mil", "lucas", "luca", "luquitas", "k", "barras", "barra", "barritas", "mill", "lukas", "miles"];
const MONEY_WORDS: &[&str] = &["pesos", "peso", "cop", "pesitos", "barras"];
/// Letters that mean millions where money is spoken of, and a metre or a millimetre elsewhere.
const MILLION_OR_LENGTH: &[&str] = &["m", "mm"];
/// Words after which such a letter is money: `tengo 2m`, `hasta 1,5M`.
const OF_MONEY: &[&str] = &[
    "tengo",
    "presupuesto",
    "hasta",
    "cuento",
    "maximo",
    "maxima",
    "vale",
    "valen",
    "valia",
    "cuesta",
    "cuestan",
    "por",
    "pague",
    "pago",
    "ahorre",
    "ahorrado",
    "reuni",
    "junte",
    "gastar",
    "invertir",
    "tope",
    "precio",
    "doy",
    "son",
    "plata",
];
/// What is counted or measured: a number before one of these is no money, however it is written.
const MEASURES: &[&str] = &[
    "mm",
    "cm",
    "cms",
    "mt",
    "mts",
    "metro",
    "metros",
    "milimetro",
    "milimetros",
    "centimetro",
    "centimetros",
    "km",
    "kms",
    "pulgada",
    "pulgadas",
    "kg",
    "kgs",
    "kilo",
    "kilos",
    "g",
    "gr",
    "grs",
    "gramo",
    "gramos",
    "lb",
    "lbs",
    "libra",
    "libras",
    "w",
    "watt",
    "watts",
    "vatio",
    "vatios",
    "v",
    "voltio",
    "voltios",
    "hz",
    "hp",
    "rpm",
    "ppm",
    "spm",
    "puntada",
    "puntadas",
    "revoluciones",
    "unidad",
    "unidades",
    "und",
    "unds",
    "prenda",
    "prendas",
    "pieza",
    "piezas",
    "docena",
    "docenas",
    "gorra",
    "gorras",
    "camisa",
    "camisas",
    "pantalon",
    "pantalones",
    "uniforme",
    "uniformes",
    "persona",
    "personas",
    "alumno",
    "alumnos",
    "año",
    "años",
    "mes",
    "meses",
    "dia",
    "dias",
    "semana",
    "semanas",
    "hora",
    "horas",
    "minuto",
    "minutos",
    "cuota",
    "cuotas",
    "hilo",
    "hilos",
    "aguja",
    "agujas",
    "veces",
    "vueltas",
    "pares",
    "seguidores",
];
/// `un millón de gracias` is no money.
const THANKED: &[&str] = &[
    "gracias",
    "bendiciones",
    "besos",
    "abrazos",
    "felicitaciones",
    "felicidades",
    "disculpas",
    "excusas",
    "cosas",
    "veces",
    "puntadas",
    "personas",
    "seguidores",
];
/// A spoken number without `mil` after a million is thousands from here on: `un palo doscientos`; less is a count.
const LEAST_REST: f64 = 100.0;
/// In digits less will do, where nothing follows that it could count: `1 millón 50`.
const LEAST_LONE_REST: f64 = 20.0;

/// The value of one folded number word: `dos`, `cien`.
#[must_use]
pub fn spoken_word(word: &str) -> Option<i64> {
    match word_kind(word) {
        Kind::Spoken(value) => Some(value),
        _ => None,
    }
}

/// Whether a folded word is part of a spoken number or amount: `ochocientos`, `mil`, `palo`, `medio`.
#[must_use]
pub fn is_number_word(word: &str) -> bool {
    matches!(word_kind(word), Kind::Spoken(_) | Kind::Million | Kind::Thousand | Kind::Half)
}

/// Every amount in a folded text that keeps its punctuation.
#[must_use]
pub fn amounts(text: &str) -> Vec<Amount> {
    let tokens = lex(text);
    let mut found = Vec::new();
    let mut i = 0;
    while i < tokens.len() {
        match amount_at(text, &tokens, i) {
            Some((amount, next)) => {
                found.push(amount);
                i = next.max(i + 1);
            }
            None => i += 1,
        }
    }
    found
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    /// A number and whether its form is that of thousands (`1.230.000`, `1'200`).
    Number(f64, Form),
    Spoken(i64),
    Million,
    /// `m`, `mm`: a million, if anything around it says that it is money.
    MillionOrLength,
    Thousand,
    And,
    With,
    Half,
    MoneyWord,
    Measure,
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Form {
    Plain,
    Grouped,
    Decimal,
}

struct Token {
    kind: Kind,
    signed: bool,
    start: usize,
    end: usize,
}

fn lex(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let bytes = text.as_bytes();
    let mut i = 0;
    let mut signed = false;
    while i < bytes.len() {
        let c = bytes[i];
        if c == b'$' {
            signed = true;
            i += 1;
        } else if c.is_ascii_digit() {
            let start = i;
            i = number_end(bytes, i);
            let (value, form) = number(&text[start..i]);
            tokens.push(Token { kind: Kind::Number(value, form), signed, start, end: i });
            signed = false;
        } else if c.is_ascii_alphabetic() || c >= 0x80 {
            let start = i;
            while i < bytes.len() && (bytes[i].is_ascii_alphabetic() || bytes[i] >= 0x80) {
                i += 1;
            }
            let kind = word_kind(&text[start..i]);
            tokens.push(Token { kind, signed: false, start, end: i });
            // `COP 1.200.000`, `pesos 800.000`.
            signed = kind == Kind::MoneyWord && !tokens.len().checked_sub(2).is_some_and(|at| counts(tokens[at].kind));
        } else {
            if !c.is_ascii_whitespace() {
                signed = false;
                tokens.push(Token { kind: Kind::Other, signed: false, start: i, end: i + 1 });
            }
            i += 1;
        }
    }
    unmoney_chains(text, &mut tokens);
    letters_of_money(text, &mut tokens);
    // A number stuck to letters that are no money word (`6705c`, `ktd3`) is a model.
    for n in 0..tokens.len() {
        let glued_after = tokens.get(n + 1).is_some_and(|t| {
            t.start == tokens[n].end
                && t.kind == Kind::Other
                && text[t.start..t.end].bytes().all(|b| b.is_ascii_alphabetic())
        });
        let glued_before = n > 0
            && tokens[n - 1].end == tokens[n].start
            && text[tokens[n - 1].start..tokens[n - 1].end].bytes().all(|b| b.is_ascii_alphabetic());
        if matches!(tokens[n].kind, Kind::Number(..)) && (glued_after || glued_before) {
            tokens[n].kind = Kind::Other;
        }
    }
    tokens
}

fn counts(kind: Kind) -> bool {
    matches!(kind, Kind::Number(..) | Kind::Spoken(_) | Kind::Thousand | Kind::Million)
}

// `123-456789-01`, `12/11/2026`, `300-555-0001`: digits tied together are an account, a date or a telephone; `800-900 mil`
// is a span.
fn unmoney_chains(text: &str, tokens: &mut [Token]) {
    let tied = |tokens: &[Token], n: usize| {
        let (Some(mark), Some(next)) = (tokens.get(n + 1), tokens.get(n + 2)) else { return false };
        let touches = tokens[n].end == mark.start && mark.end == next.start;
        touches && matches!(&text[mark.start..mark.end], "-" | "/") && matches!(next.kind, Kind::Number(..))
    };
    let mut n = 0;
    while n < tokens.len() {
        let mut last = n;
        while matches!(tokens[last].kind, Kind::Number(..)) && tied(tokens, last) {
            last += 2;
        }
        let (links, long) =
            ((last - n) / 2, |t: &Token| t.end - t.start > 3 && matches!(t.kind, Kind::Number(_, Form::Plain)));
        if links > 1 || links == 1 && (n..=last).step_by(2).any(|at| long(&tokens[at])) {
            (n..=last).step_by(2).for_each(|at| tokens[at].kind = Kind::Other);
        }
        n = last + 1;
    }
}

// `tengo 2m`, `$ 4 MM`, `1,5M` alone are millions; `cuero de 4 mm` and `mesa de 2m` are lengths.
fn letters_of_money(text: &str, tokens: &mut [Token]) {
    for n in 0..tokens.len() {
        if tokens[n].kind != Kind::MillionOrLength {
            continue;
        }
        let Some(number) = n.checked_sub(1).filter(|at| matches!(tokens[*at].kind, Kind::Number(..))) else {
            tokens[n].kind = Kind::Other;
            continue;
        };
        let before = number.checked_sub(1).map(|at| &text[tokens[at].start..tokens[at].end]);
        let alone = number == 0 && n + 1 == tokens.len() && tokens[number].end == tokens[n].start;
        let sold = tokens.get(n + 1).is_some_and(|t| t.kind == Kind::MoneyWord);
        let money = tokens[number].signed || sold || alone || before.is_some_and(|word| OF_MONEY.contains(&word));
        tokens[n].kind = if money { Kind::Million } else { Kind::Measure };
    }
}

fn number_end(bytes: &[u8], mut i: usize) -> usize {
    while i < bytes.len() {
        let joins =
            matches!(bytes[i], b'.' | b',' | b'\'' | b'`' | b'"') && bytes.get(i + 1).is_some_and(u8::is_ascii_digit);
        if !bytes[i].is_ascii_digit() && !joins {
            break;
        }
        i += 1;
    }
    i
}

fn number(text: &str) -> (f64, Form) {
    let marks = ['.', ',', '\'', '`', '"'];
    let groups: Vec<&str> = text.split(marks).collect();
    // `1.200.000,00`: cents, which nobody pays.
    let cents = groups.len() > 2
        && groups[groups.len() - 1].len() <= 2
        && groups[1..groups.len() - 1].iter().all(|g| g.len() == 3);
    if cents {
        return number(&text[..text.len() - groups[groups.len() - 1].len() - 1]);
    }
    let joined: String = groups.concat();
    if groups.len() == 1 {
        return (joined.parse().unwrap_or(0.0), Form::Plain);
    }
    if groups[1..].iter().all(|g| g.len() == 3) && groups[0].len() <= 3 {
        return (joined.parse().unwrap_or(0.0), Form::Grouped);
    }
    if groups.len() == 2 && groups[1].len() <= 2 {
        return (format!("{}.{}", groups[0], groups[1]).parse().unwrap_or(0.0), Form::Decimal);
    }
    (joined.parse().unwrap_or(0.0), Form::Grouped)
}

fn word_kind(word: &str) -> Kind {
    let misspelt = || (word.len() >= LEAST_MISSPELT).then(|| SOUNDS.get(sound(word).as_str()).copied()).flatten();
    WORDS.get(word).copied().or_else(misspelt).unwrap_or(Kind::Other)
}

/// Shorter words that sound like a number are words: `siento`.
const LEAST_MISSPELT: usize = 7;

/// The same words by their sound: `kinientos`, `setesiento`, `miyones`.
static SOUNDS: LazyLock<HashMap<String, Kind>> =
    LazyLock::new(|| WORDS.iter().map(|(word, kind)| (sound(word), *kind)).collect());

/// Every word that bears on an amount: looked up for each word of each message.
static WORDS: LazyLock<HashMap<&'static str, Kind>> = LazyLock::new(|| {
    let mut words: HashMap<&'static str, Kind> =
        UNITS.iter().map(|(word, value)| (*word, Kind::Spoken(*value))).collect();
    words.extend(MONEY_WORDS.iter().map(|word| (*word, Kind::MoneyWord)));
    words.extend(THOUSAND.iter().map(|word| (*word, Kind::Thousand)));
    words.extend(MILLION.iter().map(|word| (*word, Kind::Million)));
    words.extend(MEASURES.iter().map(|word| (*word, Kind::Measure)));
    words.extend(MILLION_OR_LENGTH.iter().map(|word| (*word, Kind::MillionOrLength)));
    words.extend([("y", Kind::And), ("con", Kind::With), ("medio", Kind::Half)]);
    words
});

// Reads one amount that begins at token `i`, and says where it ends.
fn amount_at(text: &str, tokens: &[Token], i: usize) -> Option<(Amount, usize)> {
    let (head, mut next) = spoken_or_number(tokens, i)?;
    let signed = tokens[i].signed;
    if let Some((value, end)) =
        spaced(tokens, i).filter(|(_, end)| signed || kind(tokens, *end) == Some(Kind::MoneyWord))
    {
        let amount =
            Amount { cop: Cop(value), explicit: true, denied: false, start: tokens[i].start, end: tokens[end - 1].end };
        return Some((amount, end));
    }
    let mut explicit = tokens[i].signed || head.form == Form::Grouped;
    let mut total = head.value;
    let mut scaled = false;
    let millions_meant = kind(tokens, next) == Some(Kind::Thousand)
        && tokens[next].end - tokens[next].start == "mill".len()
        && (head.form == Form::Decimal || head.value < 10.0);
    if kind(tokens, next) == Some(Kind::Million) || millions_meant {
        if thanked(text, tokens, next + 1) {
            return None;
        }
        (total, next) = millions(tokens, total * 1_000_000.0, next + 1);
        (explicit, scaled) = (true, true);
    } else if kind(tokens, next) == Some(Kind::Thousand) {
        total *= 1_000.0;
        next += 1;
        (explicit, scaled) = (true, true);
    }
    match kind(tokens, next) {
        Some(Kind::MoneyWord) => {
            explicit = true;
            next += 1;
        }
        Some(Kind::Measure) if !signed => return None,
        _ => {}
    }
    // `$900` and `1.200` said of money in a shop are thousands; a bare spoken `dos` is no amount at all.
    if !scaled && head.form == Form::Grouped && total < 10_000.0 {
        total *= 1_000.0;
    }
    if head.spoken && !scaled {
        return None;
    }
    let end = tokens[next - 1].end;
    let cop = Cop(total.round() as i64);
    (cop.0 > 0).then_some((Amount { cop, explicit, denied: false, start: tokens[i].start, end }, next))
}

// `1 200 000`: groups of three digits after one of at most three.
fn spaced(tokens: &[Token], i: usize) -> Option<(i64, usize)> {
    let group = |at: usize| {
        let token = tokens.get(at)?;
        let Kind::Number(value, Form::Plain) = token.kind else { return None };
        Some((value as i64, token.end - token.start))
    };
    let (mut total, first) = group(i)?;
    let mut end = i + 1;
    while let Some((value, 3)) = group(end).filter(|_| tokens[end].start == tokens[end - 1].end + 1) {
        total = total.checked_mul(1_000)?.checked_add(value)?;
        end += 1;
    }
    (first <= 3 && (2..=3).contains(&(end - i)) && total >= 10_000).then_some((total, end))
}

// `un millón de gracias`.
fn thanked(text: &str, tokens: &[Token], next: usize) -> bool {
    let word = |at: usize| tokens.get(at).map(|t| &text[t.start..t.end]);
    word(next) == Some("de") && word(next + 1).is_some_and(|word| THANKED.contains(&word))
}

struct Head {
    value: f64,
    form: Form,
    spoken: bool,
}

fn spoken_or_number(tokens: &[Token], i: usize) -> Option<(Head, usize)> {
    match kind(tokens, i)? {
        Kind::Number(value, form) => Some((Head { value, form, spoken: false }, i + 1)),
        Kind::Spoken(_) => {
            let (value, next) = spoken(tokens, i);
            Some((Head { value: value as f64, form: Form::Plain, spoken: true }, next))
        }
        // `millon y medio`, `medio palo`.
        Kind::Half if kind(tokens, i + 1) == Some(Kind::Million) => {
            Some((Head { value: 0.5, form: Form::Plain, spoken: true }, i + 1))
        }
        Kind::Million if i == 0 || !matches!(kind(tokens, i - 1), Some(Kind::Number(..) | Kind::Spoken(_))) => {
            Some((Head { value: 1.0, form: Form::Plain, spoken: true }, i))
        }
        Kind::Million | Kind::Half | Kind::Thousand | Kind::And | Kind::With | Kind::MoneyWord => None,
        Kind::MillionOrLength | Kind::Measure | Kind::Other => None,
    }
}

// `doscientos cincuenta`, `treinta y cinco`.
fn spoken(tokens: &[Token], mut i: usize) -> (i64, usize) {
    let mut total = 0;
    while let Some(Kind::Spoken(n)) = kind(tokens, i) {
        total += n;
        i += 1;
        if kind(tokens, i) == Some(Kind::And) && matches!(kind(tokens, i + 1), Some(Kind::Spoken(_))) {
            i += 1;
        }
    }
    (total, i)
}

// What follows `un palo`: `doscientos`, `200`, `y medio`, `con 300 mil`.
fn millions(tokens: &[Token], base: f64, mut i: usize) -> (f64, usize) {
    let whole = i;
    if matches!(kind(tokens, i), Some(Kind::And | Kind::With)) {
        if kind(tokens, i + 1) == Some(Kind::Half) {
            return (base + 500_000.0, i + 2);
        }
        i += usize::from(matches!(kind(tokens, i + 1), Some(Kind::Number(..) | Kind::Spoken(_))));
    }
    let (rest, next) = match kind(tokens, i) {
        Some(Kind::Number(value, _)) => (value, i + 1),
        Some(Kind::Spoken(_)) => {
            let (value, next) = spoken(tokens, i);
            (value as f64, next)
        }
        _ => return (base, whole),
    };
    let thousand = kind(tokens, next) == Some(Kind::Thousand);
    let next = next + usize::from(thousand);
    // `3 millones una industrial`, `2 millones con 20 cuotas`: what comes after is counted.
    let ends =
        !matches!(kind(tokens, next), Some(Kind::Measure)) && tokens.get(next).is_none_or(|t| t.kind != Kind::Other);
    let counts = rest < LEAST_REST && !(rest >= LEAST_LONE_REST && ends);
    if !thousand && (counts || kind(tokens, next) == Some(Kind::Measure)) {
        return (base, whole);
    }
    if (1_000.0..1_000_000.0).contains(&rest) && !thousand {
        return (base + rest, next);
    }
    if rest < 1_000.0 {
        return (base + rest * 1_000.0, next);
    }
    (base, whole)
}

fn kind(tokens: &[Token], i: usize) -> Option<Kind> {
    tokens.get(i).map(|t| t.kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_people_say_them() {
        for (text, cop) in [
            ("tengo un palo doscientos", 1_200_000),
            ("1'200.000", 1_200_000),
            ("hasta 1.2 millones", 1_200_000),
            ("1,2 millones", 1_200_000),
            ("800 mil", 800_000),
            ("800 lucas", 800_000),
            ("800k", 800_000),
            ("como $1.230.000 pesos", 1_230_000),
            ("1230000 pesos", 1_230_000),
            ("un millon y medio", 1_500_000),
            ("millon y medio", 1_500_000),
            ("dos palos", 2_000_000),
            ("un millon trescientos cincuenta mil", 1_350_000),
            ("quinientos mil", 500_000),
            ("medio palo", 500_000),
            ("1 millon 300", 1_300_000),
            ("ciento cincuenta mil", 150_000),
            ("setesiento mil", 700_000),
            ("kinientos mil", 500_000),
            ("dos miyones", 2_000_000),
            // Apostrophes, cents and words of the currency.
            ("tengo 1'200.000", 1_200_000),
            ("1`200.000", 1_200_000),
            ("1\"200.000", 1_200_000),
            ("cop 1.200.000,00", 1_200_000),
            ("1,200,000.00 cop", 1_200_000),
            ("$ 1.200.000.00", 1_200_000),
            ("$1 200 000", 1_200_000),
            ("850 000 pesos", 850_000),
            ("cop 850000", 850_000),
            // Letters for millions, where money is spoken of.
            ("1,5m", 1_500_000),
            ("tengo 2m", 2_000_000),
            ("hasta 1.2m", 1_200_000),
            ("$4 mm", 4_000_000),
            ("presupuesto 3 mm", 3_000_000),
            ("1.5 mill", 1_500_000),
            ("500 mill", 500_000),
            ("2 mlls", 2_000_000),
            // Spoken amounts.
            ("ochocientas lucas", 800_000),
            ("novecientas mil", 900_000),
            ("un millon con doscientos mil", 1_200_000),
            ("un palo con 300", 1_300_000),
            ("dos millones con cien", 2_100_000),
            ("3 millones una industrial", 3_000_000),
            ("dos millones dos maquinas", 2_000_000),
            ("un millon y una familiar", 1_000_000),
            ("2 millones con 20 cuotas", 2_000_000),
            ("1 millon 50", 1_050_000),
            ("veintidos mil", 22_000),
            ("diecisiete mil pesos", 17_000),
            ("un palito y medio", 1_500_000),
        ] {
            let found = amounts(text);
            assert_eq!(found.first().map(|a| a.cop.0), Some(cop), "{text}");
            assert!(found[0].explicit, "{text}");
        }
    }

    #[test]
    fn models_and_small_counts_are_not_money() {
        assert!(amounts("la 6705c y la kt-d3").is_empty());
        assert!(amounts("quiero dos maquinas").is_empty());
        assert!(amounts("lo siento mil veces").is_empty());
        assert!(amounts("hace 3 meses").iter().all(|a| !a.explicit));
        for text in [
            "cuero de 4 mm",
            "aguja de 2mm",
            "mesa de 2m",
            "necesito 3 m de tela",
            "trabaja a 5.000 puntadas por minuto",
            "4.500 rpm",
            "hago 1.000 unidades al mes",
            "20 mil puntadas",
            "un millon de gracias",
            "mil gracias",
            "cuenta 123-456789-01",
            "el 12/11/2026",
            "300-555-0001",
            "110 v",
        ] {
            assert!(amounts(text).iter().all(|a| !a.explicit && a.cop.0 < 10_000), "{text}: {:?}", amounts(text));
        }
    }

    #[test]
    fn pesos_are_written_with_points() {
        assert_eq!(Cop(1_230_000).to_string(), "$1.230.000");
        assert_eq!(Cop(400_000).to_string(), "$400.000");
        assert_eq!(Cop(950).to_string(), "$950");
    }
}
