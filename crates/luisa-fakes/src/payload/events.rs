//! What is not a customer's message: statuses, echoes, the address book, history, troubles of the account.

use super::{DISPLAY_PHONE_NUMBER, Person, envelope, value_of};
use crate::meta::Refusal;
use serde_json::{Value, json};

/// What became of a message that the shop sent.
#[derive(Clone, Debug)]
pub struct StatusOf {
    wamid: String,
    status: String,
    at: u64,
    person: Person,
    opaque: Option<String>,
    errors: Vec<Value>,
    with_pricing: bool,
}

impl StatusOf {
    /// `status` is sent, delivered, read, played or failed.
    pub fn new(wamid: &str, status: &str, at: u64, person: &Person) -> Self {
        Self {
            wamid: wamid.to_owned(),
            status: status.to_owned(),
            at,
            person: person.clone(),
            opaque: None,
            errors: Vec::new(),
            with_pricing: status != "failed",
        }
    }

    /// The `biz_opaque_callback_data` of the send.
    #[must_use]
    pub fn opaque(self, opaque: &str) -> Self {
        Self { opaque: Some(opaque.to_owned()), ..self }
    }

    #[must_use]
    pub fn failed_with(mut self, refusal: &Refusal) -> Self {
        self.errors.push(refusal.item());
        self
    }

    #[must_use]
    pub fn without_pricing(self) -> Self {
        Self { with_pricing: false, ..self }
    }

    fn item(&self) -> Value {
        let mut item = json!({ "id": self.wamid, "status": self.status, "timestamp": self.at.to_string() });
        if let Some(wa_id) = &self.person.wa_id {
            item["recipient_id"] = json!(wa_id);
        }
        if let Some(user_id) = &self.person.user_id {
            item["recipient_user_id"] = json!(user_id);
        }
        if let Some(opaque) = &self.opaque {
            item["biz_opaque_callback_data"] = json!(opaque);
        }
        if self.with_pricing {
            item["pricing"] =
                json!({ "billable": true, "pricing_model": "PMP", "category": "service", "type": "regular" });
        }
        if !self.errors.is_empty() {
            item["errors"] = json!(self.errors);
        }
        item
    }
}

pub fn status(told: &StatusOf) -> Value {
    statuses(std::slice::from_ref(told))
}

/// Several in one value, as they come after a burst.
pub fn statuses(told: &[StatusOf]) -> Value {
    let items: Vec<Value> = told.iter().map(StatusOf::item).collect();
    envelope("messages", value_of("statuses", json!(items)))
}

/// A text that a person wrote to `to` on the shop's phone.
pub fn echo(to: &Person, wamid: &str, at: u64, body: &str) -> Value {
    echo_of(to, wamid, at, "text", json!({ "body": body }))
}

/// Anything else sent from the shop's phone.
pub fn echo_of(to: &Person, wamid: &str, at: u64, kind: &str, body: Value) -> Value {
    envelope("smb_message_echoes", value_of("message_echoes", json!([outgoing(to, wamid, at, kind, body)])))
}

/// A text that another app sent through the API: not a person.
pub fn app_echo(to: &Person, wamid: &str, at: u64, body: &str) -> Value {
    let item = outgoing(to, wamid, at, "text", json!({ "body": body }));
    envelope("message_echoes", value_of("message_echoes", json!([item])))
}

/// The phone's address book: `action` is `add` (also for changes) or `remove`.
pub fn state_sync(person: &Person, at: u64, action: &str) -> Value {
    let mut contact = json!({});
    if let Some(name) = &person.name {
        contact["full_name"] = json!(name);
        contact["first_name"] = json!(name.split(' ').next());
    }
    if let Some(wa_id) = &person.wa_id {
        contact["phone_number"] = json!(wa_id);
    }
    if let Some(user_id) = &person.user_id {
        contact["user_id"] = json!(user_id);
    }
    let metadata = json!({ "timestamp": at.to_string() });
    let item = json!({ "type": "contact", "contact": contact, "action": action, "metadata": metadata });
    envelope("smb_app_state_sync", value_of("state_sync", json!([item])))
}

/// One chat from before the connection, oldest first: what was said, and when; every second line is the shop's.
pub fn history(with: &Person, lines: &[(&str, u64, &str)]) -> Value {
    let mut messages = Vec::new();
    for (place, (wamid, at, body)) in lines.iter().enumerate() {
        let body = json!({ "body": body });
        let mut message = outgoing(with, wamid, *at, "text", body);
        if place % 2 == 0 {
            message["from"] = json!(with.address());
            message["to"] = json!(DISPLAY_PHONE_NUMBER);
        }
        message["history_context"] = json!({ "status": "READ" });
        messages.push(message);
    }
    let chunk = json!({
        "metadata": { "phase": 0, "chunk_order": 1, "progress": 100 },
        "threads": [{ "id": with.address(), "messages": messages }],
    });
    envelope("history", value_of("history", json!([chunk])))
}

/// An error of the account itself: nobody's message.
pub fn account_error(refusal: &Refusal) -> Value {
    envelope("messages", value_of("errors", json!([refusal.item()])))
}

/// A change of a field that the service did not ask for, or that does not exist yet.
pub fn other_field(field: &str, value: Value) -> Value {
    envelope(field, value)
}

fn outgoing(to: &Person, wamid: &str, at: u64, kind: &str, body: Value) -> Value {
    let mut item = json!({ "from": DISPLAY_PHONE_NUMBER, "id": wamid, "timestamp": at.to_string(), "type": kind });
    if let Some(wa_id) = &to.wa_id {
        item["to"] = json!(wa_id);
    }
    if let Some(user_id) = &to.user_id {
        item["to_user_id"] = json!(user_id);
    }
    item[kind] = body;
    item
}
