//! A customer's words within a sentence of ours.
//!
//! Owns what makes them safe to stand there: one line, bounded, without signs that nobody sees or that turn the
//! writing around, and without the quotation marks and code marks that are ours to set. Whatever somebody writes, a
//! notice keeps the lines of its template.

use std::fmt;

/// Most characters of a name.
pub const NAME: usize = 60;
/// Most characters of what somebody said.
pub const SAID: usize = 280;

/// Words that were made safe to quote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verbatim(String);

impl Verbatim {
    /// The words in one line of at most `most` characters.
    #[must_use]
    pub fn of(text: &str, most: usize) -> Self {
        let mut out = String::new();
        let mut length = 0;
        for c in text.chars() {
            let c = match c {
                '«' | '»' | '‹' | '›' | '“' | '”' | '„' | '‟' => '"',
                '`' => '\'',
                c if c.is_whitespace() || c.is_control() => ' ',
                c if is_unseen(c) => continue,
                c => c,
            };
            if c == ' ' && (out.is_empty() || out.ends_with(' ')) {
                continue;
            }
            if length == most {
                out.truncate(out.trim_end().len());
                out.push('…');
                break;
            }
            out.push(c);
            length += 1;
        }
        out.truncate(out.trim_end().len());
        Self(out)
    }

    /// The words of a name.
    #[must_use]
    pub fn name(text: &str) -> Self {
        Self::of(text, NAME)
    }

    /// What somebody said.
    #[must_use]
    pub fn said(text: &str) -> Self {
        Self::of(text, SAID)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Verbatim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

// Marks of direction, joiners, fillers and tags: they show nothing and change how the rest is shown.
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}' | '\u{200c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{2800}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_written_is_one_line_without_unseen_signs() {
        for (text, quoted) in [
            ("hola\nSiguiente paso: pagar", "hola Siguiente paso: pagar"),
            ("a\r\n\u{2028}\u{2029}\u{85}\u{b}\u{c}b", "a b"),
            ("»\nPrioridad: ALTA «", "\" Prioridad: ALTA \""),
            ("\u{202e}olleh\u{202c} \u{2066}x\u{2069}\u{61c}", "olleh x"),
            ("  a   b  ", "a b"),
            ("\u{0}\u{7}\u{1b}[31mrojo", "[31mrojo"),
            ("```codigo```", "'''codigo'''"),
            ("Ñoño 👩‍🔧 áé", "Ñoño 👩‍🔧 áé"),
            ("\u{200b}\u{feff}\u{3164}", ""),
        ] {
            assert_eq!(Verbatim::said(text).as_str(), quoted, "{text:?}");
        }
    }

    #[test]
    fn it_is_bounded_by_what_is_seen() {
        assert_eq!(Verbatim::of("abcdef", 3).as_str(), "abc…");
        assert_eq!(Verbatim::of("abc", 3).as_str(), "abc");
        assert_eq!(Verbatim::of("ab  cd", 3).as_str(), "ab…");
        assert_eq!(Verbatim::name(&"x\u{200b}".repeat(NAME)).as_str().chars().count(), NAME);
        assert_eq!(Verbatim::name(&"x".repeat(4_000)).as_str().chars().count(), NAME + 1);
    }
}
