//! The output of a decision: what to say, what to remember, whom to call, and why.
//!
//! Owns the shapes only. The shell stores an outcome in one transaction and sends later; nothing here has happened yet.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::memory::Memory;
use crate::stages::guards::Checked;
use crate::symbol::Symbol;
use crate::taxonomy::{Class, HandoffCall, Intent, Mode, Team, Verdict, Wish};

/// All that follows from one turn.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The conversation after the turn.
    pub memory: Memory,
    pub mode: Mode,
    /// Until when a person leads, when `mode` is `HumanActive`.
    pub human_until: Option<Timestamp>,
    /// What happened to the mode in this turn.
    pub shift: Shift,
    /// The one answer of the turn, or why there is none.
    pub answer: Answer,
    /// The need for a person that the messages show, whether or not the team is told again.
    pub handoff: Option<HandoffCall>,
    /// What is done about it: a new handoff, one raised, more data for the open one.
    pub desk: Desk,
    /// Of what the customer wants no more, said in this turn: for the register.
    pub wish: Option<Wish>,
    /// One per message of the turn, in order.
    pub traces: Vec<MessageTrace>,
    /// Messages whose text must not be kept: personal ones.
    pub forget: Vec<String>,
    /// What was asked, in order, and what became of it.
    pub asked: Vec<Asked>,
    /// Questions that nobody can answer yet, for the teams.
    pub queries: Vec<Query>,
    /// What a team reads of them, when the turn tells it nothing else.
    pub asks_team: Option<Notice>,
    /// What the FAQ cache should keep, with its key.
    pub cacheable: Option<(String, CachedAnswer)>,
    pub cache_hit: bool,
}

/// One ask of a turn, as the trace keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// Topic id; `?` for words that no topic knows.
    pub topic: String,
    /// `known`, `partly`, `which`, `unknown` or `missed`.
    pub state: &'static str,
}

/// A question that LUISA cannot answer, for a team to answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Query {
    /// Topic id; none when no topic knows the words.
    pub topic: Option<String>,
    /// The product it is about, by id.
    pub item: Option<String>,
    pub team: Team,
    /// What is asked, named: `el peso de la Union UN300`.
    pub name: String,
    /// In the customer's words.
    pub words: String,
}

impl Query {
    /// What tells it from other questions of a chat.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}/{}", self.topic.as_deref().unwrap_or(&self.name), self.item.as_deref().unwrap_or_default())
    }
}

/// How the mode changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shift {
    None,
    /// LUISA handed over (`human_active_triggered`).
    ToHuman,
    /// The person's time had passed (`mode_auto_reverted_to_ai`).
    BackToAi,
}

/// The answer of a turn.
#[derive(Debug, Clone)]
pub enum Answer {
    /// Say this. It has passed the guards: there is no other way to make one.
    Say(Checked),
    /// Wanted silence: a personal message in `silent` mode, a reaction, a stale message in an answered chat.
    Silence(Silence),
    /// Outside service hours: the messages stay queued and are decided again at `until`. No trace is written yet.
    Later {
        until: Timestamp,
        /// What the customer is told now; nothing when they were told already.
        notice: Option<Checked>,
    },
}

/// Why nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    Personal,
    /// Nobody knows yet whether it is for the store, and the neutral line was said.
    Unsure,
    Reaction,
    Stale,
    /// The contact wrote more than the limit allows and was already told.
    RateLimited,
}

impl Silence {
    /// The step in the decision path.
    #[must_use]
    pub fn step(self) -> &'static str {
        match self {
            Self::Personal => "silent:personal",
            Self::Unsure => "silent:unsure",
            Self::Reaction => "silent:reaction",
            Self::Stale => "silent:stale",
            Self::RateLimited => "silent:rate_limited",
        }
    }
}

/// A reply before it is checked: text, choices, one picture.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    pub text: String,
    /// Closed answers to the question at the end; three or fewer are buttons, more are a list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<Choice>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<Asset>,
    /// The question at the end: what an option of it, pressed later, answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<Symbol>,
}

/// A closed answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    pub id: String,
    /// At most 20 characters as a button, 24 as a list row.
    pub title: String,
}

/// A catalog picture that goes with a reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asset {
    pub image_id: String,
    pub title: String,
    /// Whole pesos; unknown when absent.
    pub price_cop: Option<i64>,
}

/// What reaches the team.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Desk {
    #[default]
    Nothing,
    /// Open a handoff and tell the team.
    Open(Handoff),
    /// The open handoff got more urgent, or a different matter: update it and tell the team again.
    Raise(Handoff),
    /// The customer gave what the team needs: add it to the open handoff and send it on.
    Lead { lead: BTreeMap<String, String>, notice: Notice },
}

/// A handoff as a person will read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handoff {
    pub call: HandoffCall,
    /// Who, what, product, city, budget, last words.
    pub summary: String,
    pub next_step: String,
    /// A first message that staff may send as it stands.
    pub suggested_message: String,
    /// What is known of the customer, by slot id.
    pub lead: BTreeMap<String, String>,
    pub notice: Notice,
}

/// A message for a team's number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    pub team: Team,
    pub text: String,
}

/// A FAQ answer as the cache keeps it: what was decided, and the reply's id; the words are chosen per conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct CachedAnswer {
    pub class: Class,
    pub score: f32,
    pub intent: Intent,
    pub intent_score: f32,
}

/// Why one message was decided as it was: the row of `interaction_traces` as far as the core knows it.
#[derive(Debug, Clone, Serialize)]
pub struct MessageTrace {
    pub message_id: String,
    pub raw_text: String,
    pub normalized_text: String,
    pub class: Class,
    /// Calibrated probability of the class, 0–1.
    pub class_score: f32,
    pub verdict: Verdict,
    /// What decided, in plain words.
    pub reasons: Vec<String>,
    pub classifier_version: String,
    pub intent: Intent,
    pub intent_score: f32,
    /// The conversation's slots after this message.
    pub slots: BTreeMap<String, serde_json::Value>,
    pub handoff: Option<HandoffCall>,
    /// The steps taken, in order.
    pub path: Vec<String>,
}

impl MessageTrace {
    /// The stored form of the path: `rate_ok->class:business_faq->…`.
    #[must_use]
    pub fn decision_path(&self) -> String {
        self.path.join("->")
    }
}
