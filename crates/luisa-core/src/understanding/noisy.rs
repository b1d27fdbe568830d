//! Noisy copies of labelled messages, for training: the same words as another hand would type them.
//!
//! Owns the slips: accents off, a letter lost or swapped, a greeting before it, another spelling of the same sound.
//! Chance comes from a fixed seed. May not change what a message says.

use super::quality::Row;
use super::train::Chance;
use crate::taxonomy::Class;

/// How much noise.
#[derive(Debug, Clone, Copy)]
pub struct Noise {
    /// Copies of each message.
    pub copies: u32,
    /// What a copy counts beside its original.
    pub weight: f32,
    pub seed: u64,
}

impl Default for Noise {
    fn default() -> Self {
        Self { copies: 1, weight: 0.5, seed: 7 }
    }
}

/// A copy of message `of`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    pub of: usize,
    pub text: String,
}

const GREETINGS: &[&str] = &[
    "hola",
    "buenas",
    "buenos dias",
    "buenas tardes",
    "hola buenas",
    "buenas noches",
    "hola carmen",
    "seño buenas",
    "doña carmen",
    "ola",
    "hola luisa",
    "vecina",
    "buen dia",
    "disculpe",
    "oye",
    "mira",
    "hola como estas",
    "hola como esta",
    "bendiciones",
    "amiga",
];

/// The noisy copies of messages, always the same for the same messages.
#[must_use]
pub fn copies(rows: &[Row], noise: Noise) -> Vec<Copied> {
    let mut chance = Chance(noise.seed);
    let mut out = Vec::new();
    for (of, row) in rows.iter().enumerate() {
        for _ in 0..noise.copies {
            let mut text = slips(&row.text, &mut chance);
            let greets = !matches!(row.class, Class::Empty) && row.text.split_whitespace().count() >= 3;
            if greets && chance.below(3) == 0 {
                text = format!("{} {text}", GREETINGS[chance.below(GREETINGS.len())]);
            }
            if text != row.text {
                out.push(Copied { of, text });
            }
        }
    }
    out
}

// One word in six is mistyped; short words are left alone.
fn slips(text: &str, chance: &mut Chance) -> String {
    let words: Vec<String> = text
        .split(' ')
        .map(|word| {
            let letters: Vec<char> = word.chars().collect();
            if letters.len() < 5 || !letters.iter().all(|c| c.is_alphabetic()) || chance.below(6) != 0 {
                return word.to_owned();
            }
            slip(letters, chance)
        })
        .collect();
    words.join(" ")
}

fn slip(mut letters: Vec<char>, chance: &mut Chance) -> String {
    let at = 1 + chance.below(letters.len() - 2);
    match chance.below(3) {
        0 => {
            letters.remove(at);
        }
        1 => letters.swap(at, at + 1),
        _ => letters.insert(at, letters[at]),
    }
    letters.into_iter().collect()
}
