//! What a server said with a 200, read with tolerance and checked with none.
//!
//! Owns the reading of answers. May not fail on a field nobody needs: servers leave out and add what they like.

use crate::call::{Content, Failure, Finish, Schema, Usage};
use crate::price::estimate_tokens;
use crate::shape;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value;
use std::borrow::Cow;

/// A name the server gives is stored, so it may not be of any length.
const LONGEST_NAME: usize = 80;

/// A body that is an answer, good or bad: bad ones cost too.
pub(super) struct Reading {
    pub(super) said: Result<(Content, Finish), Failure>,
    pub(super) model: Option<String>,
    /// As counted by the server.
    pub(super) usage: Option<Usage>,
    /// From the text, for servers that do not count.
    pub(super) estimated_output: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelInfo {
    pub id: String,
    pub shutdown_date: Option<Date>,
}

pub(super) fn completion(body: &[u8], schema: Option<&Schema>) -> Result<Reading, Failure> {
    let json: Value = serde_json::from_slice(body).map_err(|error| unreadable(&error, "the body"))?;
    let text = json.pointer("/choices/0/message/content").and_then(written);
    Ok(Reading {
        said: said(&json, schema),
        model: json["model"].as_str().map(name),
        usage: usage(&json["usage"]),
        estimated_output: text.as_deref().map(estimate_tokens),
    })
}

pub(super) fn models(body: &[u8]) -> Result<Vec<ModelInfo>, Failure> {
    let json: Value = serde_json::from_slice(body).map_err(|error| unreadable(&error, "the body"))?;
    let listed = json["data"].as_array();
    let listed = listed.ok_or_else(|| Failure::WrongShape("there is no list of models".to_owned()))?;
    let info = |model: &Value| {
        Some(ModelInfo { id: model["id"].as_str()?.to_owned(), shutdown_date: day(&model["shutdown_date"]) })
    };
    Ok(listed.iter().filter_map(info).collect())
}

fn said(json: &Value, schema: Option<&Schema>) -> Result<(Content, Finish), Failure> {
    let wrong = |what: &str| Failure::WrongShape(what.to_owned());
    let choices = json["choices"].as_array().ok_or_else(|| wrong("there are no choices"))?;
    let choice = choices.first().ok_or(Failure::Empty)?;
    let message = &choice["message"];
    if !message.is_object() {
        return Err(wrong("there is no message"));
    }
    let finish = choice["finish_reason"].as_str();
    let refuses = |part: &Value| part["refusal"].as_str().is_some_and(|why| !why.trim().is_empty());
    let refused = refuses(message) || message["content"].as_array().is_some_and(|parts| parts.iter().any(refuses));
    if refused || finish == Some("content_filter") {
        return Err(Failure::RefusedByModel);
    }
    let text = written(&message["content"]).ok_or_else(|| wrong("the content is not a text"))?;
    let text = text.trim();
    if text.is_empty() {
        return Err(Failure::Empty);
    }
    if finish == Some("length") {
        return Err(Failure::Truncated);
    }
    let content = match schema {
        None => Content::Text(text.to_owned()),
        Some(schema) => Content::Json(structured(text, schema)?),
    };
    let finish = match finish {
        Some("stop") => Finish::Stop,
        Some(other) => Finish::Other(name(other)),
        None => Finish::Unsaid,
    };
    Ok((content, finish))
}

// The words of a content: a text, or a list of parts of which those of another kind (thoughts, pictures) say nothing. Some
// servers put the asked JSON there as it is.
fn written(content: &Value) -> Option<Cow<'_, str>> {
    match content {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Null => Some(Cow::Borrowed("")),
        Value::Array(parts) => {
            let words: Option<Vec<Cow<'_, str>>> = parts.iter().map(part).collect();
            words.map(|words| Cow::Owned(words.concat()))
        }
        Value::Object(_) => Some(Cow::Owned(content.to_string())),
        Value::Bool(_) | Value::Number(_) => None,
    }
}

fn part(part: &Value) -> Option<Cow<'_, str>> {
    if let Value::String(text) = part {
        return Some(Cow::Borrowed(text));
    }
    match part["type"].as_str() {
        None | Some("text" | "output_text") => {
            let text = part["text"].as_str().or_else(|| part.pointer("/text/value")?.as_str());
            text.map(Cow::Borrowed)
        }
        Some(_) => Some(Cow::Borrowed("")),
    }
}

fn structured(text: &str, schema: &Schema) -> Result<Value, Failure> {
    let value = serde_json::from_str(unfenced(text)).map_err(|error| unreadable(&error, "the content"))?;
    shape::fit(&schema.schema, &value).map_err(Failure::WrongShape)?;
    Ok(value)
}

fn name(given: &str) -> String {
    given.chars().take(LONGEST_NAME).collect()
}

/// Models that are asked in words like to put their JSON into a block of Markdown.
fn unfenced(text: &str) -> &str {
    let inner = text.strip_prefix("```json").or_else(|| text.strip_prefix("```"));
    let inner = inner.and_then(|inner| inner.strip_suffix("```"));
    inner.unwrap_or(text).trim()
}

fn unreadable(error: &serde_json::Error, what: &str) -> Failure {
    if error.is_eof() { Failure::Truncated } else { Failure::WrongShape(format!("{what} is not JSON")) }
}

fn usage(json: &Value) -> Option<Usage> {
    let count = |value: &Value| value.as_u64().map(|tokens| u32::try_from(tokens).unwrap_or(u32::MAX));
    Some(Usage {
        input: count(&json["prompt_tokens"])?,
        output: count(&json["completion_tokens"])?,
        cached: count(&json["prompt_tokens_details"]["cached_tokens"]).unwrap_or(0),
        reasoning: count(&json["completion_tokens_details"]["reasoning_tokens"]).unwrap_or(0),
    })
}

/// A date as text, with or without a time, or a Unix time as `created` has it.
fn day(value: &Value) -> Option<Date> {
    if let Some(text) = value.as_str() {
        return text.get(..10)?.parse().ok();
    }
    let at = Timestamp::from_second(value.as_i64()?).ok()?;
    Some(at.to_zoned(TimeZone::UTC).date())
}
