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
    /// How many of a hundred copies tell something private beside their matter.
    pub asides: usize,
    pub seed: u64,
}

impl Default for Noise {
    fn default() -> Self {
        Self { copies: 2, weight: 0.5, asides: 40, seed: 7 }
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
    let private: Vec<&str> =
        rows.iter().filter(|r| r.class == Class::NonBusiness).flat_map(|r| asides(&r.text)).collect();
    let mut out = Vec::new();
    for (of, row) in rows.iter().enumerate() {
        for _ in 0..noise.copies {
            let mut text = slips(&row.text, &mut chance);
            let words = row.text.split_whitespace().count();
            if !matches!(row.class, Class::Empty) && words >= 3 {
                if chance.below(3) == 0 {
                    text = format!("{} {text}", GREETINGS[chance.below(GREETINGS.len())]);
                }
                if !private.is_empty() && chance.below(100) < noise.asides {
                    text = with_aside(&text, private[chance.below(private.len())], &mut chance);
                }
            }
            if text != row.text {
                out.push(Copied { of, text });
            }
        }
    }
    out
}

// Whoever tells of the family and then asks the price is a customer all the same.
fn with_aside(text: &str, aside: &str, chance: &mut Chance) -> String {
    const JOINTS: &[&str] = &[", ", " ", ". ", "\n", " y ", " pero ", " ah y "];
    let joint = JOINTS[chance.below(JOINTS.len())];
    if chance.below(2) == 0 { format!("{aside}{joint}{text}") } else { format!("{text}{joint}{aside}") }
}

// The sentences of a private message that can stand beside another matter.
fn asides(text: &str) -> Vec<&str> {
    text.split(['.', '?', '\n', '!', ','])
        .map(str::trim)
        .filter(|part| (3..=12).contains(&part.split_whitespace().count()))
        .collect()
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
