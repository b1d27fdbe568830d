//! Claims: what a text states that can be true or false.
//!
//! Owns the list of kinds and the order in which they are looked for: each number belongs to the first kind that fits,
//! and what no kind takes is a count. Pack and replies are read by the same finders, so that a fact and a claim of it
//! meet. Whether a claim holds is `knowledge`'s to say.

use std::ops::Range;

use super::text::{Kind, Text};
use super::vocabulary::{Hit, Need, Role, Vocabulary};
use super::{amounts, contacts, hours, names, terms};

/// A statement with its type.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Claim {
    /// Whole pesos.
    Money(i64),
    /// Hundredths of a percent.
    Percent(i64),
    /// Minutes after midnight; `vague` when it may be morning or afternoon.
    Hour {
        minute: u16,
        vague: bool,
    },
    /// The same on a day of the week, Monday first; 7 is a holiday.
    DayHour {
        day: u8,
        minute: u16,
        vague: bool,
    },
    /// Open on that day, or not.
    Open {
        day: u8,
        open: bool,
    },
    /// Day and month.
    Date {
        day: u8,
        month: u8,
    },
    /// A delivery or repair by a day, in the word that names it.
    Promise(String),
    /// So many months, days, hours or minutes.
    Term {
        count: i64,
        unit: char,
    },
    /// The same, in the past: `hace 3 meses`.
    Ago {
        count: i64,
        unit: char,
    },
    Address(String),
    Phone(String),
    Link(String),
    /// A model: letters and digits.
    Code(String),
    /// A number of something; `of` are the words beside it.
    Count {
        digits: String,
        of: Vec<String>,
    },
    /// A brand that the store does not carry.
    Brand(usize),
    /// A discount or gift, by its place in `offers`.
    Offer(usize),
    /// Something was done.
    Act(Need, String),
}

/// A claim and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) claim: Claim,
    /// Bytes of the folded text.
    pub(super) at: Range<usize>,
    pub(super) sentence: u16,
}

/// A text that was searched.
pub(super) struct Search {
    pub(super) text: Text,
    pub(super) hits: Vec<Hit>,
    pub(super) found: Vec<Found>,
}

impl Search {
    /// Everything that a text claims.
    pub(super) fn of(text: &str, vocabulary: &Vocabulary) -> Self {
        let text = Text::read(text);
        let hits = vocabulary.find(&text.folded);
        let mut search = Self { text, hits, found: Vec::new() };
        contacts::find(&mut search);
        names::codes(&mut search);
        amounts::money(&mut search);
        amounts::percents(&mut search);
        hours::find(&mut search);
        terms::find(&mut search);
        amounts::counts(&mut search);
        names::brands(&mut search);
        super::acts::find(&mut search);
        search
    }

    /// Notes a claim of the tokens `from..to`, which are no other claim's then.
    pub(super) fn claim(&mut self, claim: Claim, from: usize, to: usize) {
        self.note(claim, from, to);
        self.text.take(from, to);
    }

    /// The same without taking the tokens.
    pub(super) fn note(&mut self, claim: Claim, from: usize, to: usize) {
        let (first, last) = (&self.text.tokens[from], &self.text.tokens[to - 1]);
        let found = Found { claim, at: first.start..last.end, sentence: first.sentence };
        self.found.push(found);
    }

    /// Whether a phrase of this role stands in the same sentence as token `at`.
    pub(super) fn in_sentence(&self, at: usize, is: impl Fn(Role) -> bool) -> bool {
        let sentence = self.text.tokens[at].sentence;
        self.hits.iter().any(|hit| is(hit.role) && self.sentence_of(hit) == sentence)
    }

    /// Whether the part of the sentence in which token `at` stands is denied.
    pub(super) fn denied(&self, at: usize) -> bool {
        let part = self.text.tokens[at].part;
        let denies = |hit: &Hit| hit.role == Role::Denial && self.part_of(hit) == part;
        self.hits.iter().any(denies)
    }

    pub(super) fn sentence_of(&self, hit: &Hit) -> u16 {
        self.text.tokens.get(self.text.token_at(hit.start)).map_or(u16::MAX, |t| t.sentence)
    }

    fn part_of(&self, hit: &Hit) -> u16 {
        self.text.tokens.get(self.text.token_at(hit.start)).map_or(u16::MAX, |t| t.part)
    }

    /// Whether a phrase of this role ends right before token `at`.
    pub(super) fn follows(&self, at: usize, is: impl Fn(Role) -> bool) -> bool {
        let Some(start) = self.text.tokens.get(at).map(|t| t.start) else { return false };
        let between = |hit: &Hit| self.text.folded.get(hit.end..start);
        self.hits.iter().any(|hit| {
            let near = between(hit).is_some_and(|gap| gap.len() <= 4 && gap.trim_matches(['$', ':', ' ']).is_empty());
            is(hit.role) && near
        })
    }

    /// The words of a sentence, by which a fact and a claim of it are compared.
    pub(super) fn words_of(&self, sentence: u16) -> impl Iterator<Item = &str> {
        self.text
            .tokens
            .iter()
            .filter(move |t| t.sentence == sentence && t.kind == Kind::Word)
            .map(|t| &self.text.folded[t.start..t.end])
    }
}

/// The beginning of a word, so that its endings meet; short words have none.
pub(super) fn stem(word: &str) -> Option<&str> {
    let end = word.char_indices().nth(5).map_or(word.len(), |(at, _)| at);
    (word.chars().count() >= 4).then_some(&word[..end])
}
