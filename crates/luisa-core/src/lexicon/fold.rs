//! Letters: one spelling for what sounds or looks alike.
//!
//! Two foldings. `plain` keeps the word readable (lower case, no accents, look-alike scripts made Latin); `sound` is
//! the key under which words are compared: Caribbean Colombian Spanish confuses s/c/z, b/v, ll/y, drops h and the
//! final s, and writes k for qu.

use unicode_normalization::UnicodeNormalization;

/// Letters of other alphabets that are used to write Latin words.
const LOOKALIKES: &[(char, char)] = &[
    ('а', 'a'),
    ('в', 'b'),
    ('с', 'c'),
    ('е', 'e'),
    ('н', 'h'),
    ('і', 'i'),
    ('ј', 'j'),
    ('к', 'k'),
    ('м', 'm'),
    ('о', 'o'),
    ('р', 'p'),
    ('ѕ', 's'),
    ('т', 't'),
    ('у', 'y'),
    ('х', 'x'),
    ('α', 'a'),
    ('ε', 'e'),
    ('ι', 'i'),
    ('κ', 'k'),
    ('ν', 'v'),
    ('ο', 'o'),
    ('ρ', 'p'),
    ('τ', 't'),
    ('υ', 'u'),
    ('χ', 'x'),
    ('ı', 'i'),
    ('ł', 'l'),
    ('ø', 'o'),
    ('ß', 's'),
];

/// Lower case, compatibility forms resolved, accents off (ñ stays), zero-width and control characters gone.
#[must_use]
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // Nearly every message has only letters that need no decomposition; the first other one sends it the long way.
    for c in text.chars() {
        match easy(c) {
            Some(folded) => out.push(folded),
            None => return decomposed(text),
        }
    }
    out
}

// A letter or sign of written Spanish, folded.
fn easy(c: char) -> Option<char> {
    match c {
        ' '..='~' | '\n' | '\t' => Some(c.to_ascii_lowercase()),
        'á' | 'Á' => Some('a'),
        'é' | 'É' => Some('e'),
        'í' | 'Í' => Some('i'),
        'ó' | 'Ó' => Some('o'),
        'ú' | 'Ú' | 'ü' | 'Ü' => Some('u'),
        'ñ' | 'Ñ' => Some('ñ'),
        '¿' | '¡' => Some(c),
        // However an apostrophe is typed: `1’200.000`, `1´200.000`.
        '’' | '‘' | '´' | '′' | 'ʼ' | '＇' => Some('\''),
        _ => None,
    }
}

// One sign may stand for eighteen letters; a text never grows by more than a few of those.
const MOST_GROWTH: usize = 128;

fn decomposed(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut last_base = ' ';
    let mut left = text.chars().count() + MOST_GROWTH;
    let apostrophes = text.chars().map(|c| easy(c).filter(|folded| *folded == '\'').unwrap_or(c));
    for c in apostrophes.nfkd() {
        if left == 0 {
            break;
        }
        if c == '\u{303}' && (last_base == 'n' || last_base == 'N') && out.ends_with('n') {
            out.pop();
            out.push('ñ');
            continue;
        }
        if unicode_normalization::char::is_combining_mark(c) || is_invisible(c) {
            continue;
        }
        last_base = c;
        left -= 1;
        if c.is_ascii() {
            out.push(c.to_ascii_lowercase());
            continue;
        }
        for lower in c.to_lowercase() {
            let latin = LOOKALIKES.iter().find(|(other, _)| *other == lower).map_or(lower, |(_, latin)| *latin);
            out.push(latin);
        }
    }
    out
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{ad}' | '\u{fe0e}' | '\u{fe0f}')
        || (c.is_control() && !c.is_whitespace())
}

/// A word without what people add for emphasis: `holaaaa` → `hola`, `siiii` → `si`.
#[must_use]
pub fn squeeze(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    let mut rest = word.chars().peekable();
    while let Some(c) = rest.next() {
        let mut run = 1;
        while rest.next_if_eq(&c).is_some() {
            run += 1;
        }
        let kept = match run {
            _ if c.is_ascii_digit() => run,
            1 => 1,
            2 if matches!(c, 'l' | 'r' | 'c' | 'n' | 'e' | 'o' | 's') => 2,
            2 => 1,
            // Three or more are emphasis, but `perrro` still has two.
            _ if matches!(c, 'r' | 'l') && !out.is_empty() => 2,
            _ => 1,
        };
        out.extend(std::iter::repeat_n(c, kept));
    }
    out
}

/// The sound of a folded word: the key under which spellings of one word meet.
#[must_use]
pub fn sound(word: &str) -> String {
    if word.bytes().any(|b| b.is_ascii_digit()) {
        return word.to_owned();
    }
    let mut out = String::with_capacity(word.len());
    let mut rest = word.chars();
    while let Some(c) = rest.next() {
        let mut ahead = rest.clone();
        let next = ahead.next().unwrap_or(' ');
        let (sound, used) = one_sound(c, next, ahead.next().unwrap_or(' '));
        if !out.ends_with(sound) {
            out.push_str(sound);
        }
        if used == 2 {
            rest.next();
        }
    }
    // The coast drops the plural's s; so does the key.
    if out.len() >= 4 && out.ends_with('s') {
        out.pop();
    }
    if out.is_empty() { word.to_owned() } else { out }
}

// One sound from up to three letters: what it is written as in the key, and how many letters it took.
fn one_sound(c: char, next: char, third: char) -> (&'static str, usize) {
    let soft = |v: char| matches!(v, 'e' | 'i');
    match c {
        'c' if next == 'h' => ("C", 2),
        's' if next == 'h' => ("C", 2),
        'c' if soft(next) => ("s", 1),
        'c' => ("k", 1),
        'q' if next == 'u' && soft(third) => ("k", 2),
        'q' | 'k' => ("k", 1),
        'z' | 'x' | 's' => ("s", 1),
        'v' | 'b' => ("b", 1),
        'h' => ("", 1),
        'l' if next == 'l' => ("y", 2),
        'l' => ("l", 1),
        'y' if next == ' ' => ("i", 1),
        'y' => ("y", 1),
        'g' if next == 'u' && soft(third) => ("g", 2),
        'g' if soft(next) => ("j", 1),
        'p' if next == 'h' => ("f", 2),
        'm' if matches!(next, 'p' | 'b' | 'v') => ("n", 1),
        'ñ' | 'n' => ("n", 1),
        'w' => ("u", 1),
        'a' => ("a", 1),
        'd' => ("d", 1),
        'e' => ("e", 1),
        'f' => ("f", 1),
        'g' => ("g", 1),
        'i' => ("i", 1),
        'j' => ("j", 1),
        'm' => ("m", 1),
        'o' => ("o", 1),
        'p' => ("p", 1),
        'r' => ("r", 1),
        't' => ("t", 1),
        'u' => ("u", 1),
        _ => ("", 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_keeps_the_words() {
        assert_eq!(plain("¿Cuánto VALE la Máquina, señora?"), "¿cuanto vale la maquina, señora?");
        assert_eq!(plain("h\u{200b}ola"), "hola");
        assert_eq!(plain("ｈｏｌａ 𝐪𝐮𝐞 тal"), "hola que tal");
    }

    #[test]
    fn emphasis_is_squeezed() {
        assert_eq!(squeeze("holaaaa"), "hola");
        assert_eq!(squeeze("buenasss"), "buenas");
        assert_eq!(squeeze("perrro"), "perro");
        assert_eq!(squeeze("8800"), "8800");
        assert_eq!(squeeze("llave"), "llave");
    }

    #[test]
    fn spellings_of_one_word_meet() {
        for (a, b) in [
            ("cuanto", "kuanto"),
            ("vale", "bale"),
            ("hacen", "asen"),
            ("maquina", "makina"),
            ("llega", "yega"),
            ("cose", "cosse"),
            ("comprar", "conprar"),
            ("zapato", "sapato"),
            ("gracias", "grasias"),
            ("precio", "presio"),
            ("hilo", "ilo"),
            ("garantia", "garantias"),
            ("quiero", "kiero"),
        ] {
            assert_eq!(sound(a), sound(b), "{a} {b}");
        }
        assert_ne!(sound("precio"), sound("preso"));
    }
}
