//! A text as the guards read it: words, numbers, codes and marks, in sentences and their parts.
//!
//! Owns the one pass over the letters. What the tokens claim is found by the files beside this one.

use crate::lexicon::fold::plain;
use crate::money::spoken_word;

/// A folded text with its tokens.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) folded: String,
    pub(super) tokens: Vec<Token>,
}

/// A word, number, code or mark: bytes `start..end` of the folded text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// The value of a number word.
    pub(super) spoken: Option<i64>,
    pub(super) start: usize,
    pub(super) end: usize,
    /// What stands between full stops.
    pub(super) sentence: u16,
    /// What stands between commas.
    pub(super) part: u16,
    /// A claim has been made of it.
    pub(super) used: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Word,
    Number(Number),
    /// Letters and digits in one: `kt-d3`.
    Code,
    /// `a. m.`, `pm`, and `m.` after a twelve.
    Meridiem(Half),
    /// A web or mail address.
    Link,
    Mark(char),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Half {
    Am,
    Pm,
}

/// A number in digits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Number {
    /// The value in hundredths: `1,5` is 150.
    pub(super) hundredths: i64,
    pub(super) form: Form,
    /// Digits as written, separators not counted.
    pub(super) digits: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Plain,
    /// `1.230.000`
    Grouped,
    /// `1,5`
    Decimal,
}

impl Number {
    /// The value, when it is whole.
    pub(super) fn whole(self) -> Option<i64> {
        (self.hundredths % 100 == 0).then_some(self.hundredths / 100)
    }
}

/// Letters after a number that are a word of their own: `9am`, `100k`.
const SUFFIXES: &[&str] =
    &["am", "pm", "k", "mil", "lucas", "h", "hs", "hrs", "min", "cop", "pesos", "millones", "dias", "meses", "anos"];
/// Ends of names on the web.
const DOMAINS: &[&str] = &["com", "co", "net", "org", "info", "shop", "store", "site", "app", "io", "ly", "link"];

impl Text {
    pub(super) fn read(text: &str) -> Self {
        let folded = plain(text);
        let mut reader = Reader { tokens: Vec::with_capacity(folded.len() / 4), sentence: 0, part: 0 };
        reader.run(&folded);
        let tokens = reader.tokens;
        Self { folded, tokens }
    }

    pub(super) fn word(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |t| &self.folded[t.start..t.end])
    }

    pub(super) fn kind(&self, at: usize) -> Option<Kind> {
        self.tokens.get(at).map(|t| t.kind)
    }

    /// The unused number at a place.
    pub(super) fn number(&self, at: usize) -> Option<Number> {
        match self.tokens.get(at)? {
            Token { kind: Kind::Number(n), used: false, .. } => Some(*n),
            _ => None,
        }
    }

    pub(super) fn is_mark(&self, at: usize, mark: char) -> bool {
        self.kind(at) == Some(Kind::Mark(mark))
    }

    pub(super) fn take(&mut self, from: usize, to: usize) {
        self.tokens[from..to].iter_mut().for_each(|t| t.used = true);
    }

    /// The token in which a byte stands, or the next one.
    pub(super) fn token_at(&self, byte: usize) -> usize {
        self.tokens.partition_point(|t| t.end <= byte)
    }

    /// Whether the sentence of a token asks.
    pub(super) fn asks(&self, at: usize) -> bool {
        let Some(sentence) = self.tokens.get(at).map(|t| t.sentence) else { return false };
        let last = self.tokens.partition_point(|t| t.sentence <= sentence);
        self.is_mark(last.saturating_sub(1), '?')
    }
}

struct Reader {
    tokens: Vec<Token>,
    sentence: u16,
    part: u16,
}

impl Reader {
    fn push(&mut self, kind: Kind, start: usize, end: usize) {
        let (sentence, part) = (self.sentence, self.part);
        self.tokens.push(Token { kind, spoken: None, start, end, sentence, part, used: false });
    }

    fn run(&mut self, text: &str) {
        let mut at = 0;
        while let Some(c) = text[at..].chars().next() {
            at = if c.is_whitespace() {
                if c == '\n' {
                    self.end_sentence();
                }
                at + c.len_utf8()
            } else if c.is_alphanumeric() || (c == '@' && text[at + 1..].starts_with(char::is_alphanumeric)) {
                match link_end(text, at) {
                    Some(end) => {
                        self.push(Kind::Link, at, end);
                        end
                    }
                    None if c == '@' => at + 1,
                    None => self.alphanumeric(text, at),
                }
            } else {
                self.mark(c, at);
                at + c.len_utf8()
            };
        }
    }

    fn end_sentence(&mut self) {
        self.sentence = self.sentence.saturating_add(1);
        self.part = self.part.saturating_add(1);
    }

    fn mark(&mut self, c: char, at: usize) {
        match c {
            // What it opens is another sentence than what came before.
            '¿' | '¡' => self.end_sentence(),
            '.' | ';' | '?' | '!' | '…' => {
                self.push(Kind::Mark(c), at, at + c.len_utf8());
                self.end_sentence();
            }
            ',' => self.part = self.part.saturating_add(1),
            _ => self.push(Kind::Mark(c), at, at + c.len_utf8()),
        }
    }

    fn alphanumeric(&mut self, text: &str, start: usize) -> usize {
        let end = run_end(text, start);
        let run = &text[start..end];
        let letters = run.find(|c: char| !c.is_ascii_digit());
        match letters {
            None => self.digits(text, start),
            Some(0) if !run.bytes().any(|b| b.is_ascii_digit()) => self.letters(text, start, end),
            Some(split) if split > 0 && SUFFIXES.contains(&&run[split..]) => {
                self.push(Kind::Number(number(&run[..split])), start, start + split);
                self.letters(text, start + split, end)
            }
            // `9.30am` and `1.5k` begin with a number too.
            Some(_) => {
                self.push(Kind::Code, start, end);
                end
            }
        }
    }

    fn digits(&mut self, text: &str, start: usize) -> usize {
        let bytes = text.as_bytes();
        let mut end = start;
        while end < bytes.len() {
            let joins = matches!(bytes[end], b'.' | b',' | b'\'') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
            if !bytes[end].is_ascii_digit() && !joins {
                break;
            }
            end += 1;
        }
        self.push(Kind::Number(number(&text[start..end])), start, end);
        end
    }

    fn letters(&mut self, text: &str, start: usize, end: usize) -> usize {
        let after_number = matches!(self.tokens.last(), Some(Token { kind: Kind::Number(_), .. }));
        match meridiem(text, start, end).filter(|_| after_number) {
            Some((half, end)) => {
                self.push(Kind::Meridiem(half), start, end);
                end
            }
            None => {
                self.push(Kind::Word, start, end);
                if let Some(token) = self.tokens.last_mut() {
                    token.spoken = spoken_word(&text[start..end]);
                }
                end
            }
        }
    }
}

// Letters and digits, joined by hyphens when both occur; digits alone are joined by nothing.
fn run_end(text: &str, start: usize) -> usize {
    let word_end =
        |from: usize| text[from..].find(|c: char| !c.is_alphanumeric()).map_or(text.len(), |length| from + length);
    let mut end = word_end(start);
    while text[end..].starts_with('-') && text[end + 1..].starts_with(char::is_alphanumeric) {
        let next = word_end(end + 1);
        let joined = &text[start..next];
        let mixed = joined.bytes().any(|b| b.is_ascii_digit()) && joined.bytes().any(|b| b.is_ascii_alphabetic());
        if !mixed {
            break;
        }
        end = next;
    }
    end
}

// `am`, `a.m.`, `a. m.`, and where the last of it ends.
fn meridiem(text: &str, start: usize, end: usize) -> Option<(Half, usize)> {
    let word = &text[start..end];
    let half = match word.as_bytes() {
        [b'a'] | b"am" => Half::Am,
        [b'p'] | b"pm" => Half::Pm,
        // `12 m.` is noon.
        [b'm'] if text[..start].trim_end().ends_with("12") => Half::Pm,
        _ => return None,
    };
    let stop = |at: usize| if text[at..].starts_with('.') { at + 1 } else { at };
    if word.len() == 2 || word == "m" {
        return Some((half, stop(end)));
    }
    let dotted = stop(end);
    let m = dotted + usize::from(text[dotted..].starts_with(' '));
    let closed = text[m..].starts_with('m') && !text[m + 1..].starts_with(char::is_alphanumeric);
    (closed && m > end).then(|| (half, stop(m + 1)))
}

// Where a web or mail address ends that begins here.
fn link_end(text: &str, start: usize) -> Option<usize> {
    let piece_end = text[start..].find(char::is_whitespace).map_or(text.len(), |length| start + length);
    let piece = text[start..piece_end].trim_end_matches(|c: char| !c.is_alphanumeric() && c != '/');
    let named = |host: &str| {
        let mut labels = host.rsplit('.');
        let top = labels.next().unwrap_or_default();
        (DOMAINS.contains(&top) || (top == "me" && piece.contains('/')))
            && labels.next().is_some_and(|label| label.bytes().any(|b| b.is_ascii_alphabetic()))
    };
    let host = piece.split(['/', '?', ':']).next().unwrap_or_default();
    let is_link = piece.contains("://") || piece.starts_with("www.") || piece.contains('@') || named(host);
    (is_link && !piece.is_empty()).then_some(start + piece.len())
}

fn number(text: &str) -> Number {
    let groups: Vec<&str> = text.split(['.', ',', '\'']).collect();
    let digits: String = groups.concat();
    let count = u8::try_from(digits.len()).unwrap_or(u8::MAX);
    // Longer numbers than an account's are no amount of anything; they are compared as what they saturate to.
    let whole: i64 = digits.parse().unwrap_or(i64::MAX / 100).min(i64::MAX / 100);
    if groups.len() == 1 {
        return Number { hundredths: whole * 100, form: Form::Plain, digits: count };
    }
    if groups[1..].iter().all(|g| g.len() == 3) && groups[0].len() <= 3 {
        return Number { hundredths: whole * 100, form: Form::Grouped, digits: count };
    }
    if groups.len() == 2 && groups[1].len() <= 2 {
        let scale = if groups[1].len() == 1 { 10 } else { 1 };
        return Number { hundredths: whole.saturating_mul(scale), form: Form::Decimal, digits: count };
    }
    Number { hundredths: whole * 100, form: Form::Grouped, digits: count }
}
