//! Taps: answers to buttons, lists and flows.

use super::{Person, message_of_type};
use serde_json::{Value, json};

pub fn button_reply(who: &Person, wamid: &str, at: u64, id: &str, title: &str) -> Value {
    let reply = json!({ "id": id, "title": title });
    message_of_type(who, wamid, at, "interactive", json!({ "type": "button_reply", "button_reply": reply }))
}

/// A row's description comes back with it.
pub fn list_reply(who: &Person, wamid: &str, at: u64, (id, title): (&str, &str), description: Option<&str>) -> Value {
    let mut reply = json!({ "id": id, "title": title });
    if let Some(description) = description {
        reply["description"] = json!(description);
    }
    message_of_type(who, wamid, at, "interactive", json!({ "type": "list_reply", "list_reply": reply }))
}

/// The answers of a flow are JSON inside a string.
pub fn flow_reply(who: &Person, wamid: &str, at: u64, answers: &Value) -> Value {
    let reply = json!({ "name": "flow", "body": "Sent", "response_json": answers.to_string() });
    message_of_type(who, wamid, at, "interactive", json!({ "type": "nfm_reply", "nfm_reply": reply }))
}

/// `response` is `accept` or `reject`.
pub fn call_permission_reply(who: &Person, wamid: &str, at: u64, response: &str) -> Value {
    let reply = json!({ "response": response, "is_permanent": false, "response_source": "user_action" });
    let body = json!({ "type": "call_permission_reply", "call_permission_reply": reply });
    message_of_type(who, wamid, at, "interactive", body)
}
