//! Whether a score means what it says: of what is called personal with 0.8, eight of ten should be.
//!
//! Owns the counts of verdicts and the reliability table. Pure: the messages are the caller's.

use std::fmt::Write as _;

use serde::Serialize;

use super::quality::Share;
use crate::taxonomy::{Class, Verdict};

/// What verdicts come to, among messages whose class is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Verdicts {
    /// Customers held surely personal: met with silence.
    pub silenced: Share,
    /// Personal messages held surely the store's.
    pub fully_answered: Share,
    /// Customers between the lines.
    pub neutral: Share,
    /// Personal messages between the lines.
    pub neutral_personal: Share,
}

impl Verdicts {
    /// Counts one message.
    pub fn add(&mut self, class: Class, verdict: Verdict) {
        match class {
            Class::Faq | Class::Consult => {
                self.silenced.count(verdict == Verdict::Personal);
                self.neutral.count(verdict == Verdict::Unsure);
            }
            Class::NonBusiness => {
                self.fully_answered.count(verdict == Verdict::Business);
                self.neutral_personal.count(verdict == Verdict::Unsure);
            }
            Class::Empty => {}
        }
    }
}

/// The upper ends of the bins; the ends are where verdicts fall, so they are finer there.
const ENDS: [f32; 8] = [0.02, 0.05, 0.2, 0.5, 0.8, 0.95, 0.98, 1.0];

/// Scores of being personal against what the messages were.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Calibration {
    bins: [Bin; ENDS.len()],
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
struct Bin {
    messages: usize,
    personal: usize,
    /// The sum of their scores.
    said: f64,
}

impl Calibration {
    /// Counts one message; one that says nothing is neither.
    pub fn add(&mut self, class: Class, personal: f32) {
        if class == Class::Empty {
            return;
        }
        let at = ENDS.iter().position(|end| personal <= *end).unwrap_or(ENDS.len() - 1);
        let bin = &mut self.bins[at];
        bin.messages += 1;
        bin.personal += usize::from(class == Class::NonBusiness);
        bin.said += f64::from(personal);
    }

    /// The expected calibration error, 0–1: how far on average the score is from the share.
    #[must_use]
    pub fn error(&self) -> f64 {
        let all: usize = self.bins.iter().map(|bin| bin.messages).sum();
        let off: f64 = self.bins.iter().map(|bin| (bin.said - bin.personal as f64).abs()).sum();
        off / all.max(1) as f64
    }

    /// The reliability table as plain text.
    pub fn table(&self, out: &mut String) {
        let _ = writeln!(out, "\n{:<22}{:>9}{:>9}{:>9}", "score of personal", "messages", "said", "is");
        let mut from = 0.0;
        for (end, bin) in ENDS.iter().zip(&self.bins) {
            let n = bin.messages.max(1) as f64;
            let (said, is) = (100.0 * bin.said / n, 100.0 * bin.personal as f64 / n);
            let _ = writeln!(out, "{:<22}{:>9}{said:>7.1} %{is:>7.1} %", format!("{from:.2} – {end:.2}"), bin.messages);
            from = *end;
        }
        let _ = writeln!(out, "{:<22}{:>25.2} %", "calibration error", 100.0 * self.error());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_that_is_kept_has_no_error_and_a_boast_has() {
        let mut honest = Calibration::default();
        let mut boast = Calibration::default();
        for n in 0..10 {
            let class = if n < 7 { Class::NonBusiness } else { Class::Faq };
            honest.add(class, 0.7);
            boast.add(class, 0.97);
        }
        assert!(honest.error() < 1e-6, "{}", honest.error());
        assert!((boast.error() - 0.27).abs() < 1e-6, "{}", boast.error());
    }

    #[test]
    fn a_neutral_line_silences_nobody_and_answers_nobody_fully() {
        let mut verdicts = Verdicts::default();
        verdicts.add(Class::Consult, Verdict::Unsure);
        verdicts.add(Class::NonBusiness, Verdict::Unsure);
        verdicts.add(Class::Faq, Verdict::Personal);
        verdicts.add(Class::NonBusiness, Verdict::Business);
        assert_eq!((verdicts.silenced.hits, verdicts.silenced.of), (1, 2));
        assert_eq!((verdicts.fully_answered.hits, verdicts.fully_answered.of), (1, 2));
        assert_eq!((verdicts.neutral.hits, verdicts.neutral_personal.hits), (1, 1));
    }
}
