//! Whether JSON fits a schema, as far as strict schemas go.
//!
//! Owns the keywords that strict mode allows; others are not looked at. Older servers guarantee no shape, and the rest
//! are checked again all the same.

use serde_json::Value;

/// Otherwise the place of the first misfit: a path of the schema's own names, never the model's words.
pub(crate) fn fit(schema: &Value, value: &Value) -> Result<(), String> {
    check(schema, value, "the answer")
}

fn check(schema: &Value, value: &Value, place: &str) -> Result<(), String> {
    if !is_of_type(&schema["type"], value) {
        return Err(format!("{place} is of another type"));
    }
    let listed = schema["enum"].as_array().is_none_or(|allowed| allowed.contains(value));
    let constant = schema.get("const").is_none_or(|only| only == value);
    if !listed || !constant {
        return Err(format!("{place} is not an allowed value"));
    }
    if let Some(choices) = schema["anyOf"].as_array()
        && !choices.iter().any(|choice| check(choice, value, place).is_ok())
    {
        return Err(format!("{place} fits none of its shapes"));
    }
    if let (Some(items), Some(elements)) = (schema.get("items"), value.as_array()) {
        for (position, element) in elements.iter().enumerate() {
            check(items, element, &format!("{place}[{position}]"))?;
        }
    }
    check_object(schema, value, place)
}

fn check_object(schema: &Value, value: &Value, place: &str) -> Result<(), String> {
    let Some(object) = value.as_object() else {
        return Ok(());
    };
    let required = schema["required"].as_array().into_iter().flatten();
    for name in required.filter_map(Value::as_str) {
        if !object.contains_key(name) {
            return Err(format!("{place}.{name} is missing"));
        }
    }
    let properties = schema["properties"].as_object();
    for (name, inner) in object {
        match properties.and_then(|properties| properties.get(name)) {
            Some(schema) => check(schema, inner, &format!("{place}.{name}"))?,
            None if schema["additionalProperties"] == false => {
                return Err(format!("{place} has a property of its own"));
            }
            None => {}
        }
    }
    Ok(())
}

fn is_of_type(wanted: &Value, value: &Value) -> bool {
    match wanted {
        Value::String(name) => is_a(name, value),
        Value::Array(names) => names.iter().filter_map(Value::as_str).any(|name| is_a(name, value)),
        _ => true,
    }
}

fn is_a(name: &str, value: &Value) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::fit;
    use serde_json::{Value, json};

    fn schema() -> Value {
        json!({
            "type": "object",
            "properties": {
                "reply": { "type": "string" },
                "sure": { "type": "number" },
                "class": { "type": "string", "enum": ["personal", "business"] },
                "facts": { "type": "array", "items": { "type": "string" } },
                "note": { "anyOf": [{ "type": "string" }, { "type": "null" }] },
                "count": { "type": ["integer", "null"] },
            },
            "required": ["reply", "sure", "class", "facts", "note", "count"],
            "additionalProperties": false,
        })
    }

    fn good() -> Value {
        json!({ "reply": "Hola", "sure": 1, "class": "business", "facts": ["F1"], "note": null, "count": null })
    }

    #[test]
    fn what_was_asked_for_fits() {
        assert_eq!(fit(&schema(), &good()), Ok(()));
    }

    #[test]
    fn each_misfit_is_named_by_its_place() {
        let cases = [
            ("/reply", json!(7), "the answer.reply is of another type"),
            ("/sure", json!("0.9"), "the answer.sure is of another type"),
            ("/class", json!("other"), "the answer.class is not an allowed value"),
            ("/facts", json!(["F1", 2]), "the answer.facts[1] is of another type"),
            ("/note", json!(1), "the answer.note fits none of its shapes"),
            ("/count", json!(1.5), "the answer.count is of another type"),
        ];
        for (place, value, misfit) in cases {
            let mut answer = good();
            *answer.pointer_mut(place).unwrap() = value;
            assert_eq!(fit(&schema(), &answer), Err(misfit.to_owned()));
        }
        let mut extra = good();
        extra["secret"] = json!(1);
        assert_eq!(fit(&schema(), &extra), Err("the answer has a property of its own".to_owned()));
        let mut less = good();
        less.as_object_mut().unwrap().remove("note");
        assert_eq!(fit(&schema(), &less), Err("the answer.note is missing".to_owned()));
        assert_eq!(fit(&schema(), &json!([])), Err("the answer is of another type".to_owned()));
    }
}
