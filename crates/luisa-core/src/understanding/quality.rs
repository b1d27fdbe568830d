//! How well messages are understood: expected labels against what was read.
//!
//! Owns the measures, the row format of a labelled message and the plain table. Pure: reading files, timing and
//! thresholds are the caller's. Knows no store: families and slots are whatever the rows say.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::calibration::{Calibration, Verdicts};
use super::reading::Reading;
use crate::lexicon::fold::plain;
use crate::taxonomy::{Class, HandoffCall, Intent, Priority, Reason, Team, Verdict};

/// A labelled message: one line of a corpus file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Row {
    #[serde(default)]
    pub id: String,
    pub text: String,
    pub class: Class,
    /// What nobody labelled is not measured.
    #[serde(default)]
    pub intent: Option<Intent>,
    #[serde(default, deserialize_with = "without_nulls")]
    pub slots: Option<BTreeMap<String, Value>>,
    #[serde(default, deserialize_with = "handoff_of_any_form")]
    pub handoff: Option<Wanted>,
}

/// A handoff as a row states it; what it leaves out is not measured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub struct Wanted {
    #[serde(default)]
    pub team: Option<Team>,
    #[serde(default)]
    pub reason: Option<Reason>,
    #[serde(default)]
    pub priority: Option<Priority>,
}

/// What was read from a message, in the terms of a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Got {
    pub class: Class,
    pub intent: Intent,
    pub slots: BTreeMap<String, Value>,
    pub handoff: Option<HandoffCall>,
    pub verdict: Verdict,
    /// How likely it was held to be personal, 0–1.
    pub personal: f32,
}

impl Got {
    /// The labels of a reading; a message that is not the store's states nothing.
    #[must_use]
    pub fn of(reading: &Reading) -> Self {
        Self {
            class: reading.class,
            intent: reading.intent,
            slots: reading.slots(),
            handoff: reading.handoff,
            verdict: reading.verdict,
            personal: reading.personal_score,
        }
    }
}

/// Reads JSON Lines; blank lines are skipped.
///
/// # Errors
/// One sentence with the line that is not a labelled message.
pub fn rows(text: &str) -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    for (n, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        rows.push(serde_json::from_str(line).map_err(|e| {
            format!("line {}: {e}; each line is {{\"id\",\"text\",\"class\",\"intent\",\"slots\",\"handoff\"}}", n + 1)
        })?);
    }
    Ok(rows)
}

fn without_nulls<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<BTreeMap<String, Value>>, D::Error> {
    let slots: Option<BTreeMap<String, Value>> = Option::deserialize(deserializer)?;
    Ok(slots.map(|slots| slots.into_iter().filter(|(_, value)| !value.is_null()).collect()))
}

// `null`, `"none"`, a reason, a team, `reason@team`, or an object with any of team, reason and priority.
fn handoff_of_any_form<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Wanted>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Form {
        Flag(bool),
        Word(String),
        Whole(Wanted),
    }
    let Some(form) = Option::<Form>::deserialize(deserializer)? else { return Ok(None) };
    match form {
        Form::Flag(wanted) => Ok(wanted.then(Wanted::default)),
        Form::Whole(wanted) => Ok(Some(wanted)),
        Form::Word(word) if matches!(word.as_str(), "" | "none" | "null" | "ninguno" | "no") => Ok(None),
        Form::Word(word) => {
            let mut wanted = Wanted::default();
            for part in word.split(['@', ':', '/']) {
                match (Reason::from_id(part), Team::from_id(part)) {
                    (Some(reason), _) => wanted.reason = Some(reason),
                    (None, Some(team)) => wanted.team = Some(team),
                    (None, None) => {
                        return Err(serde::de::Error::custom(format!(
                            "handoff `{word}` is neither a reason nor a team"
                        )));
                    }
                }
            }
            Ok(Some(wanted))
        }
    }
}

/// A share of a whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Share {
    pub hits: usize,
    pub of: usize,
}

impl Share {
    pub(super) fn count(&mut self, hit: bool) {
        self.of += 1;
        self.hits += usize::from(hit);
    }

    /// 0–1; of nothing it is zero.
    #[must_use]
    pub fn rate(self) -> f64 {
        if self.of == 0 { 0.0 } else { self.hits as f64 / self.of as f64 }
    }
}

/// Precision, recall and their harmonic mean.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Found {
    pub right: usize,
    pub expected: usize,
    pub got: usize,
}

impl Found {
    /// Of what was said, how much is so.
    #[must_use]
    pub fn precision(self) -> f64 {
        Share { hits: self.right, of: self.got }.rate()
    }

    /// Of what is so, how much was said.
    #[must_use]
    pub fn recall(self) -> f64 {
        Share { hits: self.right, of: self.expected }.rate()
    }

    /// The harmonic mean of both.
    #[must_use]
    pub fn f1(self) -> f64 {
        let (p, r) = (self.precision(), self.recall());
        if p + r == 0.0 { 0.0 } else { 2.0 * p * r / (p + r) }
    }
}

/// The measures over a set of messages.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Quality {
    pub messages: usize,
    pub class: Share,
    pub per_class: BTreeMap<&'static str, Found>,
    /// Expected class → got class → how many.
    pub confusion: BTreeMap<&'static str, BTreeMap<&'static str, usize>>,
    /// Customers taken for personal, among the store's messages: the worst error.
    pub silenced: Share,
    /// The store's messages taken for nothing.
    pub customers_taken_for_empty: Share,
    /// Personal messages answered, among the personal ones.
    pub personal_answered: Share,
    pub intent: Share,
    pub slots: Found,
    pub per_slot: BTreeMap<String, Found>,
    /// Handoffs found with the right team, among those expected.
    pub handoff_team: Share,
    pub handoff_reason: Share,
    /// Handoffs made where none was expected.
    pub false_handoffs: Share,
    pub verdicts: Verdicts,
    pub calibration: Calibration,
}

impl Quality {
    /// Measures expected labels against what was read.
    pub fn of<'a>(pairs: impl IntoIterator<Item = (&'a Row, &'a Got)>) -> Self {
        let mut quality = Self::default();
        for class in Class::ALL {
            quality.per_class.insert(class.id(), Found::default());
        }
        for (row, got) in pairs {
            quality.add(row, got);
        }
        quality
    }

    fn add(&mut self, row: &Row, got: &Got) {
        self.messages += 1;
        self.class.count(row.class == got.class);
        *self.confusion.entry(row.class.id()).or_default().entry(got.class.id()).or_default() += 1;
        for class in Class::ALL {
            let found = self.per_class.entry(class.id()).or_default();
            found.expected += usize::from(row.class == *class);
            found.got += usize::from(got.class == *class);
            found.right += usize::from(row.class == *class && got.class == *class);
        }
        let of_store = |class: Class| matches!(class, Class::Faq | Class::Consult);
        if of_store(row.class) {
            self.silenced.count(got.class == Class::NonBusiness);
            self.customers_taken_for_empty.count(got.class == Class::Empty);
        }
        if row.class == Class::NonBusiness {
            self.personal_answered.count(of_store(got.class));
        }
        if let Some(intent) = row.intent {
            self.intent.count(intent == got.intent);
        }
        self.verdicts.add(row.class, got.verdict);
        self.calibration.add(row.class, got.personal);
        self.add_slots(row, got);
        match row.handoff {
            Some(wanted) => {
                let team = |call: HandoffCall| wanted.team.is_none_or(|team| team == call.team);
                let reason = |call: HandoffCall| wanted.reason.is_none_or(|reason| reason == call.reason);
                self.handoff_team.count(got.handoff.is_some_and(team));
                self.handoff_reason.count(got.handoff.is_some_and(reason));
            }
            None => self.false_handoffs.count(got.handoff.is_some()),
        }
    }

    fn add_slots(&mut self, row: &Row, got: &Got) {
        let Some(slots) = &row.slots else { return };
        let names: BTreeSet<&String> = slots.keys().chain(got.slots.keys()).collect();
        for name in names {
            let (wanted, said) = (slots.get(name), got.slots.get(name));
            let right = wanted.zip(said).is_some_and(|(a, b)| same_value(a, b));
            for found in [&mut self.slots, self.per_slot.entry(name.clone()).or_default()] {
                found.expected += usize::from(wanted.is_some());
                found.got += usize::from(said.is_some());
                found.right += usize::from(right);
            }
        }
    }

    /// The figures by name, 0–1, for thresholds and for the regression gate; higher is better for all of them.
    #[must_use]
    pub fn figures(&self) -> BTreeMap<&'static str, f64> {
        BTreeMap::from([
            ("class_accuracy", self.class.rate()),
            ("customers_heard", 1.0 - self.silenced.rate()),
            ("personal_left_alone", 1.0 - self.personal_answered.rate()),
            ("intent_accuracy", self.intent.rate()),
            ("slot_f1", self.slots.f1()),
            ("handoff_team_recall", self.handoff_team.rate()),
            ("handoff_not_false", 1.0 - self.false_handoffs.rate()),
            ("customers_not_silenced_surely", 1.0 - self.verdicts.silenced.rate()),
            ("personal_not_answered_fully", 1.0 - self.verdicts.fully_answered.rate()),
            ("customers_without_neutral_line", 1.0 - self.verdicts.neutral.rate()),
            ("calibrated", 1.0 - self.calibration.error()),
        ])
    }

    /// The shares that matter most, one a line.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut out = String::new();
        let mut share = |name: &str, share: Share| {
            let _ = writeln!(out, "{name:<34}{:>7.2} %  {:>5} of {}", 100.0 * share.rate(), share.hits, share.of);
        };
        share("class", self.class);
        share("customers taken for personal", self.silenced);
        share("customers taken for nothing", self.customers_taken_for_empty);
        share("personal answered", self.personal_answered);
        share("intent", self.intent);
        share("handoff with the right team", self.handoff_team);
        share("handoff with the right reason", self.handoff_reason);
        share("false handoffs", self.false_handoffs);
        share("customers surely personal", self.verdicts.silenced);
        share("personal surely the store's", self.verdicts.fully_answered);
        share("customers met with a neutral line", self.verdicts.neutral);
        share("personal met with a neutral line", self.verdicts.neutral_personal);
        let _ = writeln!(out, "{:<34}{:>7.2} %", "slots, F1", 100.0 * self.slots.f1());
        let _ = writeln!(out, "{:<34}{:>7.2} %", "calibration error", 100.0 * self.calibration.error());
        out
    }

    /// The measures as a plain table.
    #[must_use]
    pub fn table(&self) -> String {
        let mut out = self.summary();
        let _ = writeln!(out, "\n{:<22}{:>11}{:>9}{:>7}", "class", "precision", "recall", "of");
        for (class, found) in &self.per_class {
            let _ = writeln!(
                out,
                "{class:<22}{:>9.2} %{:>7.2} %{:>7}",
                100.0 * found.precision(),
                100.0 * found.recall(),
                found.expected
            );
        }
        let _ = writeln!(out, "\n{:<22}{:>11}{:>9}{:>7}", "slot", "precision", "recall", "of");
        for (slot, found) in &self.per_slot {
            let _ = writeln!(
                out,
                "{slot:<22}{:>9.2} %{:>7.2} %{:>7}",
                100.0 * found.precision(),
                100.0 * found.recall(),
                found.expected
            );
        }
        self.confusion_table(&mut out);
        self.calibration.table(&mut out);
        out
    }

    fn confusion_table(&self, out: &mut String) {
        let _ = write!(out, "\n{:<22}", "expected \\ got");
        for class in Class::ALL {
            let _ = write!(out, "{:>22}", class.id());
        }
        out.push('\n');
        for row in Class::ALL {
            let _ = write!(out, "{:<22}", row.id());
            for class in Class::ALL {
                let count = self.confusion.get(row.id()).and_then(|line| line.get(class.id())).copied().unwrap_or(0);
                let _ = write!(out, "{count:>22}");
            }
            out.push('\n');
        }
    }
}

/// What is wrong in a reading, one phrase per fault; empty when all is right.
#[must_use]
pub fn faults(row: &Row, got: &Got) -> Vec<String> {
    let mut out = Vec::new();
    if row.class != got.class {
        out.push(format!("class {} instead of {}", got.class, row.class));
    }
    if let Some(intent) = row.intent.filter(|intent| *intent != got.intent) {
        out.push(format!("intent {} instead of {intent}", got.intent));
    }
    match (row.class, got.verdict) {
        (_, Verdict::Unsure) => out.push(format!("unsure at {:.3}", got.personal)),
        (Class::Faq | Class::Consult, Verdict::Personal) => out.push("surely personal".to_owned()),
        (Class::NonBusiness, Verdict::Business) => out.push("surely the store's".to_owned()),
        _ => {}
    }
    let label = |team: Option<Team>, reason: Option<Reason>| {
        format!("{}@{}", reason.map_or("any", Reason::id), team.map_or("any", Team::id))
    };
    match (row.handoff, got.handoff) {
        (Some(wanted), Some(call)) if wanted.team.is_some_and(|t| t != call.team) => {
            out.push(format!(
                "handoff {} instead of {}",
                label(Some(call.team), Some(call.reason)),
                label(wanted.team, wanted.reason)
            ));
        }
        (Some(wanted), None) => out.push(format!("no handoff instead of {}", label(wanted.team, wanted.reason))),
        (None, Some(call)) => {
            out.push(format!("handoff {} instead of none", label(Some(call.team), Some(call.reason))))
        }
        _ => {}
    }
    let none = BTreeMap::new();
    let slots = row.slots.as_ref().unwrap_or(&none);
    let names: BTreeSet<&String> = slots.keys().chain(got.slots.keys().filter(|_| row.slots.is_some())).collect();
    for name in names {
        let (wanted, said) = (slots.get(name), got.slots.get(name));
        if !wanted.zip(said).is_some_and(|(a, b)| same_value(a, b)) {
            let text = |value: Option<&Value>| value.map_or_else(|| "nothing".to_owned(), Value::to_string);
            out.push(format!("{name} {} instead of {}", text(said), text(wanted)));
        }
    }
    out
}

// Case and accents of a text do not make another value.
fn same_value(a: &Value, b: &Value) -> bool {
    match (a.as_str(), b.as_str()) {
        (Some(a), Some(b)) => plain(a).trim() == plain(b).trim(),
        _ => a == b || (a.as_f64().is_some() && a.as_f64() == b.as_f64()),
    }
}

#[cfg(test)]
#[path = "quality_tests.rs"]
mod tests;
