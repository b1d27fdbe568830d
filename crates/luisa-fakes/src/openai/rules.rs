//! What the API refuses by itself, whatever answer is scripted.
//!
//! Owns the parameters each model and dialect knows. The models are data: `models.json`.

use super::answer::ApiError;
use serde_json::Value;

/// Reasoning eats the first tokens of the cap: below this nothing is left for the answer.
const REASONING_TOKENS: u64 = 1_000;

/// Which servers the fake stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// OpenAI itself: known models only, `max_completion_tokens`, strict schemas.
    #[default]
    OpenAi,
    /// An older compatible server: any model, `max_tokens`, no schemas, and a 400 for every field it does not know.
    Older,
}

const KNOWN_TO_OLDER: [&str; 12] = [
    "model",
    "messages",
    "max_tokens",
    "temperature",
    "top_p",
    "n",
    "stop",
    "stream",
    "seed",
    "user",
    "presence_penalty",
    "frequency_penalty",
];

pub(super) fn models() -> Vec<Value> {
    serde_json::from_str(include_str!("models.json")).expect("models.json is part of the crate and valid")
}

pub(super) fn model_of(request: &Value) -> &str {
    request["model"].as_str().unwrap_or_default()
}

pub(super) fn check(request: &Value, dialect: Dialect) -> Result<(), ApiError> {
    if model_of(request).is_empty() {
        return Err(ApiError::bad_request("you must provide a model parameter"));
    }
    let messages = request["messages"].as_array().filter(|messages| !messages.is_empty());
    for message in messages.ok_or_else(|| ApiError::bad_request("Missing required parameter: 'messages'."))? {
        if !message["role"].is_string() || message.get("content").is_none_or(Value::is_null) {
            return Err(ApiError::bad_request("Every message needs a role and a content."));
        }
    }
    match dialect {
        Dialect::OpenAi => check_current(request),
        Dialect::Older => check_older(request),
    }
}

fn check_current(request: &Value) -> Result<(), ApiError> {
    let model = model_of(request);
    let reasoning = is_reasoning(model).ok_or_else(|| ApiError::no_such_model(model))?;
    if reasoning && request.get("max_tokens").is_some() {
        let message = "Unsupported parameter: 'max_tokens' is not supported with this model. \
                       Use 'max_completion_tokens' instead.";
        return Err(ApiError::unsupported("unsupported_parameter", message));
    }
    let other_than_default = request.get("temperature").is_some_and(|value| value.as_f64() != Some(1.0));
    if reasoning && other_than_default {
        let message = "Unsupported value: 'temperature' does not support this value with this model.";
        return Err(ApiError::unsupported("unsupported_value", message));
    }
    if !reasoning && request.get("reasoning_effort").is_some() {
        let message = "Unrecognized request argument supplied: reasoning_effort";
        return Err(ApiError::unsupported("unknown_parameter", message));
    }
    let format = &request["response_format"];
    if format["type"] == "json_schema" {
        let named = format["json_schema"]["name"].is_string();
        let strict = format["json_schema"]["strict"] == true;
        let schema = &format["json_schema"]["schema"];
        if !named || !schema.is_object() || (strict && !is_strict(schema)) {
            let message = "Invalid schema for response_format: name, all properties in 'required' and \
                           'additionalProperties': false are needed.";
            return Err(ApiError::bad_request(message));
        }
    }
    Ok(())
}

fn check_older(request: &Value) -> Result<(), ApiError> {
    let keys = request.as_object().into_iter().flat_map(|object| object.keys());
    for key in keys {
        if !KNOWN_TO_OLDER.contains(&key.as_str()) {
            return Err(ApiError::bad_request(&format!("Unrecognized request argument supplied: {key}")));
        }
    }
    Ok(())
}

/// Nothing for a model that is not in the list.
fn is_reasoning(model: &str) -> Option<bool> {
    let models = models();
    let known = models.iter().find(|known| known["id"] == model)?;
    known["reasoning"].as_bool()
}

/// The trap of small caps: all tokens go into reasoning, and the answer is empty.
pub(super) fn reasons_itself_empty(request: &Value, dialect: Dialect) -> bool {
    if dialect != Dialect::OpenAi || is_reasoning(model_of(request)) != Some(true) {
        return false;
    }
    let without_reasoning = matches!(request["reasoning_effort"].as_str(), Some("none" | "minimal"));
    let cap = request["max_completion_tokens"].as_u64();
    !without_reasoning && cap.is_some_and(|cap| cap < REASONING_TOKENS)
}

fn is_strict(schema: &Value) -> bool {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return schema.get("items").is_none_or(is_strict);
    };
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    schema["additionalProperties"] == false
        && properties.keys().all(|key| required.contains(&key.as_str()))
        && properties.values().all(is_strict)
}
