//! Post-processing: what no text to a customer may contain, whoever wrote it.
//!
//! Owns the fact check and the only way to make a reply that can be sent. Every number in a text must stand in the
//! pack, the catalog, the service's clock or the customer's own words; a claim of an act must match what this turn
//! does; a reply ends with a question. A text that fails is replaced by the pack's safe one.

use std::collections::HashSet;

use crate::lexicon::fold::plain;
use crate::money::Cop;
use crate::outcome::Reply;
use crate::pack::Pack;

use super::draft::Draft;
use super::scene::Scene;

/// A reply that passed the guards. Only this module makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    reply: Reply,
    draft_step: String,
    failed: Option<String>,
}

impl Checked {
    /// What may be sent.
    #[must_use]
    pub fn reply(&self) -> &Reply {
        &self.reply
    }

    /// What was said, by reply id, for the decision path.
    #[must_use]
    pub fn step(&self) -> &str {
        &self.draft_step
    }

    /// The claim for which the first text was replaced.
    #[must_use]
    pub fn failed(&self) -> Option<&str> {
        self.failed.as_deref()
    }

    /// Nothing is said.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.reply.text.is_empty() && self.reply.asset.is_none()
    }
}

/// Checks a draft; a text that fails becomes the pack's safe reply.
#[must_use]
pub fn check(scene: &Scene<'_>, draft: Draft) -> (Checked, Draft) {
    let reply = draft.reply();
    let step = draft.step();
    match fault(scene, &reply.text) {
        None => (Checked { reply, draft_step: step, failed: None }, draft),
        Some(claim) => {
            let mut safe = Draft::default();
            safe.say(scene, "seguro", &[]);
            safe.ask(scene, "asesor", &[]);
            (Checked { reply: safe.reply(), draft_step: safe.step(), failed: Some(claim) }, safe)
        }
    }
}

// What is wrong with a text, if anything: the claim itself.
fn fault(scene: &Scene<'_>, text: &str) -> Option<String> {
    let rules = &scene.pack.guards;
    if rules.max_chars > 0 && text.chars().count() > rules.max_chars {
        return Some(format!("length:{}", text.chars().count()));
    }
    let folded = plain(text);
    if let Some(promise) = rules.promises.iter().find(|p| folded.contains(plain(p).as_str())) {
        return Some(format!("promise:{promise}"));
    }
    let stated = numbers(text);
    if stated.iter().all(|n| scene.pack.numbers.contains(n)) {
        return None;
    }
    let said = said_numbers(scene);
    stated.into_iter().find(|n| !scene.pack.numbers.contains(n) && !said.contains(n)).map(|n| format!("number:{n}"))
}

/// The numbers of a text: runs of digits with their separators taken out.
fn numbers(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut current = String::new();
    let chars: Vec<char> = text.chars().collect();
    for (i, c) in chars.iter().enumerate() {
        let joins =
            matches!(c, '.' | '\'') && !current.is_empty() && chars.get(i + 1).is_some_and(char::is_ascii_digit);
        if c.is_ascii_digit() {
            current.push(*c);
        } else if !joins && !current.is_empty() {
            found.push(std::mem::take(&mut current));
        }
    }
    if !current.is_empty() {
        found.push(current);
    }
    found
}

/// Every number that a pack states; found once, when it is loaded.
#[must_use]
pub fn pack_numbers(pack: &Pack) -> HashSet<String> {
    let mut known: HashSet<String> = HashSet::new();
    let mut learn = |text: &str| known.extend(numbers(text));
    pack.facts.values().for_each(|f| learn(f));
    for item in &pack.catalog.items {
        learn(&item.name);
        learn(&item.kind);
        learn(&item.good_for);
        item.features.iter().for_each(|f| learn(f));
        if let Some(price) = item.price_cop {
            learn(&price.to_string());
        }
    }
    for from in pack.families.iter().filter_map(|family| family.price_from) {
        learn(&Cop(from).to_string());
    }
    known
}

// What the customer said may be said back; the hour of opening comes from the settings.
fn said_numbers(scene: &Scene<'_>) -> HashSet<String> {
    let mut known: HashSet<String> = HashSet::new();
    let mut learn = |text: &str| known.extend(numbers(text));
    scene.turn.messages.iter().for_each(|m| learn(m.body.text()));
    scene.memory.slots.values().for_each(|slot| learn(&slot.value.to_string()));
    if let Some(machine) = &scene.memory.machine {
        learn(machine);
    }
    let hours = &scene.turn.policy.hours;
    for hour in [hours.start, hours.end] {
        learn(&hour.to_string());
        learn(&(hour % 12).to_string());
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_without_their_separators() {
        assert_eq!(numbers("Está en $1.230.000, de 9:00 a 18:00 (70 %)."), ["1230000", "9", "00", "18", "00", "70"]);
    }
}
