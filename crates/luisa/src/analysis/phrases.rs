//! Messages that were understood with little confidence, in groups that share words: material for a rule.
//!
//! Owns the grouping and what of a customer's words may be shown: words that at least three conversations share, never a
//! word with a digit; whole messages only when asked for, with digits masked. Personal messages have no part in it.

use std::collections::{HashMap, HashSet};

use luisa_store::Figures;
use serde::Serialize;

use super::journey::key;
use super::{Counts, percent};

/// Below this the class, or the intent, is little better than a guess.
const UNSURE_CLASS: f64 = 0.7;
const UNSURE_INTENT: f64 = 0.5;
/// So many unsure messages are compared; more would not find other groups.
const KEPT: usize = 20_000;
/// Of the sure messages one in so many tells which words are common to all.
const SAMPLE: u64 = 16;
const LONGEST_PHRASE: usize = 3;
/// A group has messages of so many conversations: what fewer share could be one person's words.
const CONVERSATIONS: usize = 3;
const GROUPS: usize = 12;
const EXAMPLES: usize = 3;
/// A phrase of a group is so many times as frequent as among sure messages.
const LIFT: f64 = 2.0;

/// Whether whole messages are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Texts {
    #[default]
    Never,
    /// Normalised, with digits masked.
    Masked,
}

/// Messages under way.
pub struct Phrases {
    texts: Texts,
    business: u64,
    unsure: u64,
    kept: Vec<Message>,
    sure: u64,
    sampled: u64,
    common: HashMap<String, u32>,
}

struct Message {
    chat: u64,
    words: Vec<String>,
    intent: String,
    score: f64,
    reason: String,
}

/// What the unsure messages have in common.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Unsure {
    /// Messages about the store whose class scored below 0.7 or whose intent scored below 0.5.
    pub messages: u64,
    pub pct_of_business: Option<f64>,
    /// Disjoint, the largest first.
    pub groups: Vec<Group>,
    /// In no group.
    pub ungrouped: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    /// The words that they share.
    pub phrase: String,
    pub messages: u64,
    pub conversations: u64,
    pub mean_score: f64,
    /// What they were taken for.
    pub intents: Vec<super::Count>,
    /// What decided.
    pub reasons: Vec<super::Count>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<String>,
}

impl Phrases {
    pub(super) fn new(texts: Texts) -> Self {
        Self { texts, business: 0, unsure: 0, kept: Vec::new(), sure: 0, sampled: 0, common: HashMap::new() }
    }

    pub(super) fn take(&mut self, row: &Figures<'_>) {
        if row.is_personal || !matches!(row.classification, "BUSINESS_FAQ" | "BUSINESS_CONSULT") {
            return;
        }
        self.business += 1;
        let score = row.classification_score.unwrap_or(1.0);
        let unsure = score < UNSURE_CLASS || row.intent_score.is_some_and(|score| score < UNSURE_INTENT);
        self.unsure += u64::from(unsure);
        let Some(text) = row.normalized_text.filter(|text| !text.is_empty()) else { return };
        if unsure && self.kept.len() < KEPT {
            self.kept.push(Message {
                chat: key(row.conversation_id),
                words: words(text),
                intent: row.intent.unwrap_or("-").to_owned(),
                score,
                reason: first_reason(row.classification_reasons),
            });
        } else if !unsure {
            if self.sure.is_multiple_of(SAMPLE) {
                self.sampled += 1;
                for phrase in phrases(&words(text)) {
                    *self.common.entry(phrase).or_default() += 1;
                }
            }
            self.sure += 1;
        }
    }

    pub(super) fn report(self) -> Unsure {
        let groups = self.groups();
        let grouped: u64 = groups.iter().map(|group| group.messages).sum();
        Unsure {
            messages: self.unsure,
            pct_of_business: percent(self.unsure, self.business),
            ungrouped: self.unsure - grouped,
            groups,
        }
    }

    /// The phrase that most messages share makes a group; then the same among what is left.
    fn groups(&self) -> Vec<Group> {
        let mut groups = Vec::new();
        let mut holders: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, message) in self.kept.iter().enumerate() {
            for phrase in phrases(&message.words) {
                holders.entry(phrase).or_default().push(at);
            }
        }
        holders.retain(|phrase, held| held.len() >= CONVERSATIONS && self.is_telling(phrase, held.len()));
        let mut taken = vec![false; self.kept.len()];
        while groups.len() < GROUPS {
            for held in holders.values_mut() {
                held.retain(|at| !taken[*at]);
            }
            holders.retain(|_, held| self.conversations(held) >= CONVERSATIONS);
            // More words say more: of equal groups the longer phrase names it.
            let best = holders.iter().max_by(|(a, x), (b, y)| {
                let rank = |phrase: &String, held: &Vec<usize>| (held.len(), phrase.split(' ').count());
                rank(a, x).cmp(&rank(b, y)).then_with(|| b.cmp(a))
            });
            let Some((phrase, held)) = best.map(|(phrase, held)| (phrase.clone(), held.clone())) else { break };
            for at in &held {
                taken[*at] = true;
            }
            groups.push(self.group(phrase, &held));
        }
        groups
    }

    /// Much more frequent here than among the messages that were understood.
    fn is_telling(&self, phrase: &str, held: usize) -> bool {
        let here = held as f64 / self.kept.len() as f64;
        let elsewhere = f64::from(self.common.get(phrase).copied().unwrap_or(0)) / (self.sampled.max(1) as f64);
        here >= LIFT * elsewhere
    }

    fn conversations(&self, held: &[usize]) -> usize {
        held.iter().map(|at| self.kept[*at].chat).collect::<HashSet<u64>>().len()
    }

    fn group(&self, phrase: String, held: &[usize]) -> Group {
        let (mut intents, mut reasons) = (Counts::default(), Counts::default());
        let mut examples: Vec<String> = Vec::new();
        for message in held.iter().map(|at| &self.kept[*at]) {
            intents.add(&message.intent);
            reasons.add(&message.reason);
            let text = message.words.join(" ");
            if self.texts == Texts::Masked && examples.len() < EXAMPLES && !examples.contains(&text) {
                examples.push(text);
            }
        }
        let sum: f64 = held.iter().map(|at| self.kept[*at].score).sum();
        Group {
            phrase,
            messages: held.len() as u64,
            conversations: self.conversations(held) as u64,
            mean_score: (sum / held.len() as f64 * 100.0).round() / 100.0,
            intents: intents.most(3),
            reasons: reasons.most(2),
            examples,
        }
    }
}

/// The words, those with a digit or an address in them as a mark.
fn words(text: &str) -> Vec<String> {
    let masked = |word: &str| word.contains(|c: char| c.is_ascii_digit() || c == '@' || c == '/');
    text.split_whitespace().map(|word| if masked(word) { "#".to_owned() } else { word.to_owned() }).collect()
}

/// Runs of one to three words, each once. A single short word names nothing.
fn phrases(words: &[String]) -> HashSet<String> {
    let mut found = HashSet::new();
    for length in 1..=LONGEST_PHRASE {
        for run in words.windows(length) {
            let telling = length > 1 || run[0].chars().count() > 3;
            if telling && !run.iter().any(|word| word == "#") {
                found.insert(run.join(" "));
            }
        }
    }
    found
}

/// `rule: speaks of a repair` as it stands; of the model's verdict and of what is mentioned, only that it was so.
fn first_reason(reasons: &str) -> String {
    let list: Vec<String> = serde_json::from_str(reasons).unwrap_or_default();
    let first = list.into_iter().next().unwrap_or_else(|| "-".to_owned());
    if first.starts_with("model:") || first.starts_with("pressed ") {
        first.split([':', ' ']).next().unwrap_or_default().to_owned()
    } else {
        first
    }
}
