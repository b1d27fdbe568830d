//! Plain messages printed from the words of the pack: what its phrases, buttons and nouns mean when they are all that is
//! said.
//!
//! Owns the printing; what is printed is `corpus/plain.toml`. The same files give the same messages. They train and
//! measure nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context;
use luisa_core::pack::Pack;
use luisa_core::taxonomy::{Class, Intent, Reason, Team};
use luisa_core::understanding::quality::{Row, Wanted};
use luisa_core::understanding::train::Chance;
use serde::Deserialize;
use toml::Value;

use crate::corpus::{self, Writer};

/// The name under which printed messages stand beside the writers.
pub(crate) const NAME: &str = "printed";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Plain {
    greetings: Vec<String>,
    endings: Vec<String>,
    phrases: Vec<Phrases>,
    nouns: Vec<Sentences>,
}

/// Concepts whose phrases mean one intent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Phrases {
    concepts: Vec<String>,
    intent: Intent,
    #[serde(default)]
    handoff: Option<String>,
}

/// Sentences with a gap for a noun of some classes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sentences {
    classes: Vec<String>,
    say: Vec<String>,
    intent: Intent,
    #[serde(default)]
    handoff: Option<String>,
    /// Sentences per noun.
    each: usize,
}

/// All that is printed for a pack.
pub(crate) fn writer(root: &Path, directory: &Path, pack: &Pack) -> anyhow::Result<Writer> {
    let path = root.join("corpus/plain.toml");
    let text = std::fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    let plain: Plain = toml::from_str(&text).with_context(|| format!("{} is not as it should be", path.display()))?;
    let mut press = Press { rows: BTreeMap::new(), chance: Chance(11), plain: &plain };
    let phrases = phrases(&toml_of(directory, "lexicon.toml")?);
    for group in &plain.phrases {
        for phrase in group.concepts.iter().flat_map(|concept| phrases.get(concept).into_iter().flatten()) {
            press.dressed(phrase, group.intent, group.handoff.as_deref());
        }
    }
    for option in pack.questions.values().flat_map(|question| &question.options) {
        if let Some(intent) = option.id.strip_prefix("act:").and_then(Intent::from_id) {
            let handoff = pack.reason_of_intent(intent).and_then(|reason| pack.handoff_call(reason, None));
            let handoff = handoff.map(|call| format!("{}@{}", call.reason, call.team));
            press.dressed(&option.title, intent, handoff.as_deref());
        }
    }
    let nouns = nouns(&toml_of(directory, "nouns.toml")?);
    for group in &plain.nouns {
        for noun in group.classes.iter().flat_map(|class| nouns.get(class).into_iter().flatten()) {
            for _ in 0..group.each {
                let sentence = &group.say[press.chance.below(group.say.len())];
                press.row(sentence.replace("{}", noun), group.intent, group.handoff.as_deref());
            }
        }
    }
    Ok(press.writer(text))
}

fn toml_of(directory: &Path, file: &str) -> anyhow::Result<toml::Table> {
    let path = directory.join(file);
    let text = std::fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    toml::from_str(&text).with_context(|| format!("{} is no TOML", path.display()))
}

type Lists = BTreeMap<String, Vec<String>>;

fn list(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn lists(table: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    table.and_then(Value::as_table).into_iter().flatten()
}

// Concept → its whole phrases; of a slot's value under `slot=value`.
fn phrases(lexicon: &toml::Table) -> Lists {
    let mut out: Lists = lists(lexicon.get("concept")).map(|(name, phrases)| (name.clone(), list(phrases))).collect();
    for (slot, values) in lists(lexicon.get("slot")) {
        out.extend(lists(Some(values)).map(|(value, phrases)| (format!("{slot}={value}"), list(phrases))));
    }
    out.values_mut().for_each(|phrases| phrases.retain(|phrase| !phrase.ends_with('*')));
    out
}

// Class → its nouns, whosever trade.
fn nouns(file: &toml::Table) -> Lists {
    file.values().flat_map(|side| lists(Some(side))).map(|(class, nouns)| (class.clone(), list(nouns))).collect()
}

/// Messages in the making, each text once.
struct Press<'a> {
    /// Text → what it means; what means two things is not printed.
    rows: BTreeMap<String, BTreeSet<(Intent, Option<String>)>>,
    chance: Chance,
    plain: &'a Plain,
}

impl Press<'_> {
    fn row(&mut self, text: String, intent: Intent, handoff: Option<&str>) {
        self.rows.entry(text).or_default().insert((intent, handoff.map(str::to_owned)));
    }

    // Alone, after a greeting, before a courtesy.
    fn dressed(&mut self, phrase: &str, intent: Intent, handoff: Option<&str>) {
        let greeting = &self.plain.greetings[self.chance.below(self.plain.greetings.len())];
        let ending = &self.plain.endings[self.chance.below(self.plain.endings.len())];
        self.row(phrase.to_owned(), intent, handoff);
        if !matches!(intent, Intent::Saludo | Intent::Despedida | Intent::Agradecimiento) {
            self.row(format!("{greeting} {phrase}"), intent, handoff);
            self.row(format!("{phrase} {ending}"), intent, handoff);
        }
    }

    fn writer(self, text: String) -> Writer {
        let single = self.rows.into_iter().filter_map(|(text, meanings)| {
            let mut meanings = meanings.into_iter();
            Some((text, meanings.next()?)).filter(|_| meanings.next().is_none())
        });
        let rows = single.enumerate().map(|(n, (text, (intent, handoff)))| {
            let handoff = handoff.as_deref().and_then(wanted);
            let class = if handoff.is_some() { Class::Consult } else { intent.class() };
            Row { id: format!("{NAME}-{n:05}"), text, class, intent: Some(intent), slots: None, handoff }
        });
        Writer { name: NAME.to_owned(), rows: rows.collect(), text }
    }
}

fn wanted(label: &str) -> Option<Wanted> {
    let (reason, team) = label.split_once('@')?;
    Some(Wanted { reason: Some(Reason::from_id(reason)?), team: Some(Team::from_id(team)?), priority: None })
}

/// What a printed message counts beside one that a person wrote.
pub(crate) const WEIGHT: f32 = 0.4;

/// Whether a writer is no person.
pub(crate) fn is(writer: &Writer) -> bool {
    writer.name == NAME
}

/// The writers of training: people, and what is printed.
pub(crate) fn with_people(root: &Path, directory: &Path, pack: &Pack) -> anyhow::Result<Vec<Writer>> {
    let mut writers = corpus::writers(&root.join("corpus/train"))?;
    writers.push(writer(root, directory, pack)?);
    Ok(writers)
}
