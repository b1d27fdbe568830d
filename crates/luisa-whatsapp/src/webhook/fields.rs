//! Tolerant readers of JSON fields: a field of the wrong type is a missing field.
//!
//! May not fail and may not know field names.

use serde_json::Value;

/// A string, or a number as a string. Ids have come as both. Empty is missing.
pub(super) fn text(item: &Value, key: &str) -> Option<String> {
    match item.get(key)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A whole number, or a string of one. Timestamps come as strings.
pub(super) fn int(item: &Value, key: &str) -> Option<i64> {
    match item.get(key)? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A number, or a string of one, that is finite.
pub(super) fn float(item: &Value, key: &str) -> Option<f64> {
    let number = match item.get(key)? {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    number.is_finite().then_some(number)
}

pub(super) fn flag(item: &Value, key: &str) -> Option<bool> {
    item.get(key)?.as_bool()
}

/// The items of a list; of anything else, none.
pub(super) fn items<'a>(item: &'a Value, key: &str) -> &'a [Value] {
    item.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

pub(super) fn object<'a>(item: &'a Value, key: &str) -> Option<&'a Value> {
    item.get(key).filter(|value| value.is_object())
}
