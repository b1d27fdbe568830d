//! A question to a language model as data, and what comes back.
//!
//! Owns the shapes only. The core never waits: it says what it would ask, and the shell resumes it with what was heard.
//! Texts never show in `Debug`: they are a customer's.

use serde_json::Value;

use crate::outcome::Outcome;
use crate::pipeline::Paused;

/// What the core wants next.
pub enum Step<'a> {
    Done(Box<Outcome>),
    /// A model could do better than the rules. Their answer is at hand all the same: `paused` knows it.
    Ask(Ask, Box<Paused<'a>>),
}

/// What a model is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Words for a consultation that the rules serve badly.
    Reply,
    /// Whether a doubtful message is personal.
    Class,
}

/// Why a model is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The rules' answer says that they did not understand.
    NotUnderstood,
    /// What the message wants is a guess.
    UnsureIntent,
    /// A product's data was asked for that its record does not hold.
    DetailNotCovered,
    /// Personal or business: near a coin's toss.
    DoubtfulClass,
}

/// Why none is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhyNot {
    /// No message of the turn is a business consultation.
    NotConsult,
    /// A person leads, or is called.
    WithPerson,
    Cached,
    /// A fixed fact answers it.
    FixedFact,
    /// It answers our own question, or pressed a button.
    AnswersQuestion,
    /// No text to ask about.
    NotText,
    /// It speaks to the assistant, or steers it: that has words of its own.
    SpeaksToAssistant,
    /// It arrived late, or too fast.
    LateOrFast,
    /// The rules' answer is good.
    RobustRule,
}

/// A question, before it is put into words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    pub purpose: Purpose,
    pub why: Why,
    /// Characters of the customer's words that it is about.
    pub input_chars: usize,
}

/// A question in words, ready for any server.
#[derive(Clone, PartialEq)]
pub struct Prompt {
    pub version: String,
    pub system: String,
    /// Oldest first; the last is the customer's.
    pub said: Vec<Said>,
    pub schema_name: &'static str,
    pub schema: Value,
}

/// One message of the chat.
#[derive(Clone, PartialEq, Eq)]
pub struct Said {
    pub who: Who,
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Customer,
    Store,
}

/// What the shell heard.
#[derive(Clone, PartialEq)]
pub enum Heard {
    /// There is no model for this chat. The reason's id.
    NotAsked(&'static str),
    /// There is one, and it may not be asked now. The reason's id.
    Refused(&'static str),
    /// It was asked and gave no answer. The failure's id.
    Failed(&'static str),
    /// JSON that fits the schema; its truth is not known.
    Answer(Value),
}

/// What became of an answer, for the trace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hearing {
    /// A model's words or verdict were used.
    pub used: bool,
    /// Why they were not: `rejected:…`, or the failure's id.
    pub error: Option<String>,
}

impl Why {
    /// Stable, for logs.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::NotUnderstood => "not_understood",
            Self::UnsureIntent => "unsure_intent",
            Self::DetailNotCovered => "detail_not_covered",
            Self::DoubtfulClass => "doubtful_class",
        }
    }
}

impl WhyNot {
    /// Stable: stored in traces.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::NotConsult => "not_consult",
            Self::WithPerson => "with_person",
            Self::Cached => "cached",
            Self::FixedFact => "fixed_fact",
            Self::AnswersQuestion => "answers_question",
            Self::NotText => "not_text",
            Self::SpeaksToAssistant => "speaks_to_assistant",
            Self::LateOrFast => "late_or_fast",
            Self::RobustRule => "robust_rule",
        }
    }
}

impl Purpose {
    /// Stable, for logs.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Reply => "reply",
            Self::Class => "class",
        }
    }
}
