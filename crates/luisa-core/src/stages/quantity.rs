//! Quantities: how much work `unas 20 a la semana` is.
//!
//! Owns the counting of pieces per week. What counts as much is the pack's to say (`busy_per_week` of `cues.toml`).

use crate::pack::Pack;
use crate::understanding::Reading;

/// Whether the pieces that a message speaks of make much work or little.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pieces {
    Many,
    Few,
}

impl Pieces {
    /// The value of the slot `volumen`.
    #[must_use]
    pub fn volume(self) -> &'static str {
        match self {
            Self::Many => "alto",
            Self::Few => "bajo",
        }
    }
}

/// How much work a message states in pieces per day, week or month, if it does.
#[must_use]
pub fn of(pack: &Pack, reading: &Reading) -> Option<Pieces> {
    let busy = pack.cues.busy_per_week?;
    let words = &reading.normalized.words;
    let at = words.iter().position(|w| w.text.len() <= 4 && w.text.bytes().all(|b| b.is_ascii_digit()))?;
    let count: u32 = words[at].text.parse().ok()?;
    let per = words[at + 1..].iter().take(REACH).find_map(|w| period(&w.text))?;
    Some(if count * per >= busy * 4 { Pieces::Many } else { Pieces::Few })
}

/// How many words may stand between the number and `a la semana`.
const REACH: usize = 6;

// How often a period comes in four weeks.
fn period(word: &str) -> Option<u32> {
    match word {
        "dia" | "dias" | "diario" | "diarios" | "diaria" | "diarias" => Some(24),
        "semana" | "semanas" | "semanal" | "semanales" => Some(4),
        "quincena" | "quincenal" | "quincenales" => Some(2),
        "mes" | "meses" | "mensual" | "mensuales" => Some(1),
        _ => None,
    }
}
