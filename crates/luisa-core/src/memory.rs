//! What a conversation remembers, in a form that a person can read.
//!
//! Owns the shape and its version. It follows from the messages alone, so that a replay rebuilds it; it is stored as
//! JSON, and old rows stay readable: fields are only added, with defaults.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::outcome::Choice;
use crate::symbol::Symbol;
use crate::taxonomy::{HandoffCall, Intent, Verdict};
use crate::turn::OrderLine;

/// The version written by this build.
pub const VERSION: u32 = 1;

/// A conversation's memory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    pub version: u32,
    /// What is known, by slot id.
    pub slots: BTreeMap<String, SlotValue>,
    /// The question that LUISA asked last and that is still open.
    pub pending: Option<Pending>,
    /// Products of the conversation, by id, the one spoken of last first.
    pub focus: Vec<String>,
    /// The products of the last recommendation, in the order shown: `la primera`, `la segunda`.
    pub offered: Vec<String>,
    /// Products whose photo was sent.
    pub shown: Vec<String>,
    /// Which wording of a reply was used how often, so that none is repeated.
    pub said: BTreeMap<String, u32>,
    /// The matter under way: what an answer to our question is about.
    pub goal: Option<Intent>,
    /// The words that carried what the customer wants, oldest first, each with the message that said them.
    pub heard: Vec<Heard>,
    pub stage: Stage,
    /// Turns answered so far.
    pub turns: u32,
    pub last_turn_at: Option<Timestamp>,
    pub handoff: Option<HandoffMemo>,
    /// The customer's own machine, for parts and repairs: what they said of it.
    pub machine: Option<String>,
    /// The cart that the customer sent last.
    pub order: Vec<OrderLine>,
    /// The topic asked last, by id: what `¿y la otra?` asks of the other one.
    pub topic: Option<String>,
    /// Questions put to a team in this chat, so that none is put twice.
    pub put: BTreeSet<String>,
    /// Courtesies said while a person leads.
    pub courtesies: u32,
    /// Until when the customer was told that service is closed.
    pub told_closed_until: Option<Timestamp>,
    /// When the customer was told to slow down.
    pub told_slow_at: Option<Timestamp>,
    /// What the chat was last surely: the store's, or personal.
    pub settled: Option<Verdict>,
    /// When the neutral line was last said.
    pub neutral_at: Option<Timestamp>,
    /// Amounts in pesos that the customer named: they may be repeated, not believed.
    pub amounts_said: Vec<i64>,
}

/// Where a slot came from that nobody said: it follows from what LUISA recommended.
pub const OFFERED: &str = "offered";

/// A slot with where it came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotValue {
    pub value: serde_json::Value,
    /// The message that gave it, or `OFFERED`.
    pub from: String,
}

/// What a message said, for whoever takes the chat over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// The message.
    pub from: String,
    pub words: String,
}

/// An open question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    pub question: Symbol,
    pub options: Vec<Choice>,
}

/// How far the sale is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    #[default]
    New,
    Greeted,
    Qualifying,
    Recommended,
    Priced,
    HandedOver,
}

/// The handoff under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandoffMemo {
    pub call: HandoffCall,
    /// When the team was last told.
    pub told_at: Timestamp,
    /// The lead data was asked for; it is asked once.
    pub lead_asked: bool,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            version: VERSION,
            slots: BTreeMap::new(),
            pending: None,
            focus: Vec::new(),
            offered: Vec::new(),
            shown: Vec::new(),
            said: BTreeMap::new(),
            goal: None,
            heard: Vec::new(),
            stage: Stage::New,
            turns: 0,
            last_turn_at: None,
            handoff: None,
            machine: None,
            order: Vec::new(),
            topic: None,
            put: BTreeSet::new(),
            courtesies: 0,
            told_closed_until: None,
            told_slow_at: None,
            settled: None,
            neutral_at: None,
            amounts_said: Vec::new(),
        }
    }
}

impl Memory {
    /// A slot's value as text; numbers in digits.
    #[must_use]
    pub fn slot(&self, id: &str) -> Option<String> {
        self.slots.get(id).map(|slot| match &slot.value {
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        })
    }

    /// Whether the customer said it: what only follows from an offer gives way to their words.
    #[must_use]
    pub fn was_said(&self, id: &str) -> bool {
        self.slots.get(id).is_some_and(|slot| slot.from != OFFERED)
    }

    /// Slot values by id, as the API and the traces show them.
    #[must_use]
    pub fn slot_values(&self) -> BTreeMap<String, serde_json::Value> {
        self.slots.iter().map(|(id, slot)| (id.clone(), slot.value.clone())).collect()
    }

    /// Puts a product at the front of the focus.
    pub fn focus_on(&mut self, item: &str) {
        self.focus.retain(|known| known != item);
        self.focus.insert(0, item.to_owned());
        self.focus.truncate(6);
    }
}
