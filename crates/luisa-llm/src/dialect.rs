//! Which fields a server and a model take, and a request written in them.
//!
//! Owns every name that goes out. Servers answer 400 for a field they do not know, so none is sent on chance.

use crate::call::{Request, Role, Schema};
use crate::price::Prices;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::borrow::Cow;

const OPENAI_HOST: &str = "api.openai.com";
/// Families of OpenAI that answer at once. Everything newer thinks first.
const FAMILIES_WITHOUT_REASONING: [&str; 3] = ["gpt-3.5", "gpt-4", "chatgpt-4"];
const SHAPE_IN_WORDS: &str = "Answer with one JSON object that fits this JSON schema, and with nothing else:";

/// How to ask one model on one server. Every field may be set by hand for a server that is unlike the known ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    pub output_cap: OutputCap,
    pub temperature: Temperature,
    /// Sent when the model knows the field. Without it a reasoning model spends a small cap on thoughts.
    pub effort: Option<Effort>,
    pub structure: Structure,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputCap {
    MaxCompletionTokens,
    MaxTokens,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Temperature {
    Sent,
    /// Reasoning models refuse any but their own.
    LeftOut,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effort {
    None,
    Minimal,
    Low,
}

/// How a schema is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Structure {
    JsonSchema,
    /// In words, at the end of the system text: for servers without `response_format`.
    InWords,
}

impl Dialect {
    /// What every compatible server understands, old ones too.
    pub const OLDER: Self = Self {
        output_cap: OutputCap::MaxTokens,
        temperature: Temperature::Sent,
        effort: None,
        structure: Structure::InWords,
    };

    /// OpenAI's models that answer at once; also what most current compatible servers take.
    pub const CURRENT: Self = Self {
        output_cap: OutputCap::MaxCompletionTokens,
        temperature: Temperature::Sent,
        effort: None,
        structure: Structure::JsonSchema,
    };

    /// OpenAI's reasoning models.
    pub const fn reasoning(effort: Option<Effort>) -> Self {
        Self { temperature: Temperature::LeftOut, effort, ..Self::CURRENT }
    }

    /// By the table first, so that a gateway in front of OpenAI is asked like OpenAI; then by the server.
    pub fn of(host: &str, model: &str, prices: &Prices) -> Self {
        if let Some(known) = prices.find(model) {
            return if known.reasoning { Self::reasoning(known.least_effort) } else { Self::CURRENT };
        }
        if !is_openai(host) {
            return Self::OLDER;
        }
        let answers_at_once = FAMILIES_WITHOUT_REASONING.iter().any(|family| model.starts_with(family));
        if answers_at_once { Self::CURRENT } else { Self::reasoning(Some(Effort::None)) }
    }

    /// The body of a call.
    pub(crate) fn body(self, request: &Request) -> Vec<u8> {
        let cap = Some(request.max_output_tokens);
        let (current_cap, older_cap) = match self.output_cap {
            OutputCap::MaxCompletionTokens => (cap, None),
            OutputCap::MaxTokens => (None, cap),
        };
        let mut system = Cow::Borrowed(request.system.as_str());
        let mut format = None;
        match (self.structure, &request.schema) {
            (_, None) => {}
            (Structure::JsonSchema, Some(schema)) => format = Some(response_format(schema)),
            (Structure::InWords, Some(schema)) => {
                system = format!("{system}\n\n{SHAPE_IN_WORDS}\n{}", schema.schema).into();
            }
        }
        let mut messages = Vec::with_capacity(request.messages.len() + 1);
        if !system.is_empty() {
            messages.push(Said { role: "system", content: &system });
        }
        messages.extend(request.messages.iter().map(|message| Said {
            role: match message.role {
                Role::User => "user",
                Role::Assistant => "assistant",
            },
            content: &message.text,
        }));
        let body = Body {
            model: &request.model,
            messages,
            max_completion_tokens: current_cap,
            max_tokens: older_cap,
            temperature: request.temperature.filter(|_| self.temperature == Temperature::Sent),
            reasoning_effort: self.effort,
            response_format: format,
        };
        serde_json::to_vec(&body).expect("texts, numbers and JSON values always serialise")
    }
}

/// Whose bills are OpenAI's.
pub(crate) fn is_openai(host: &str) -> bool {
    host.eq_ignore_ascii_case(OPENAI_HOST)
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<Said<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_effort: Option<Effort>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<Value>,
}

#[derive(Serialize)]
struct Said<'a> {
    role: &'static str,
    content: &'a str,
}

fn response_format(schema: &Schema) -> Value {
    json!({
        "type": "json_schema",
        "json_schema": { "name": schema.name, "strict": true, "schema": schema.schema },
    })
}
