//! Webhook payloads as Meta writes them, field by field.
//!
//! Owns the envelope, the people in it and how several events share one body. May not send anything, and may not use
//! real phone numbers: people are 57300555xxxx.

mod messages;
mod interactive;
mod changes;
mod events;
mod wamids;

pub use changes::{
    addressed_to, first_message_mut, first_value_mut, forwarded, quoting, with_field, with_referral,
    with_referred_product, without_contacts,
};
pub use events::{
    StatusOf, account_error, app_echo, echo, echo_of, history, other_field, state_sync, status, statuses,
};
pub use interactive::{button_reply, call_permission_reply, flow_reply, list_reply};
pub use messages::{
    OrderItem, audio, button, contacts, customer_changed_number, document, edit, image, image_with_url, location,
    message_of_type, order, reaction, revoke, sticker, text, unsupported, user_changed_number, user_changed_user_id,
    video, voice,
};
pub use wamids::Wamids;

use serde_json::{Value, json};

pub const PHONE_NUMBER_ID: &str = "106000000000001";
pub const WABA_ID: &str = "102000000000001";
/// The shop's own number.
pub const DISPLAY_PHONE_NUMBER: &str = "573005559999";

/// Numbers up to here are people with a phone in `Person::numbered`.
const PEOPLE_WITH_PHONE: u32 = 9_000;

/// Somebody on WhatsApp. Either id may be missing, not both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    pub wa_id: Option<String>,
    /// The business-scoped id.
    pub user_id: Option<String>,
    pub parent_user_id: Option<String>,
    pub name: Option<String>,
    pub username: Option<String>,
}

impl Person {
    pub fn with_phone(wa_id: &str, name: &str) -> Self {
        Self { wa_id: Some(wa_id.to_owned()), name: Some(name.to_owned()), ..Self::default() }
    }

    /// Somebody with a username, whose phone the shop does not get to see.
    pub fn without_phone(user_id: &str, name: &str, username: &str) -> Self {
        Self {
            user_id: Some(user_id.to_owned()),
            name: Some(name.to_owned()),
            username: Some(username.to_owned()),
            ..Self::default()
        }
    }

    #[must_use]
    pub fn and_user_id(self, user_id: &str) -> Self {
        Self { user_id: Some(user_id.to_owned()), ..self }
    }

    /// The same number is always the same person; beyond 9,000 they have no phone.
    pub fn numbered(n: u32) -> Self {
        if n < PEOPLE_WITH_PHONE {
            return Self::with_phone(&format!("57300555{n:04}"), &format!("Cliente {n}"));
        }
        Self::without_phone(&format!("CO.1{n:015}"), &format!("Cliente {n}"), &format!("cliente.{n}"))
    }

    /// What the shop addresses this person by: the phone if there is one.
    pub fn address(&self) -> &str {
        self.wa_id.as_deref().or(self.user_id.as_deref()).unwrap_or_default()
    }

    fn contact(&self) -> Value {
        let mut contact = json!({ "profile": {} });
        let mut set = |key: &str, value: &Option<String>| {
            if let Some(value) = value {
                contact[key] = json!(value);
            }
        };
        set("wa_id", &self.wa_id);
        set("user_id", &self.user_id);
        set("parent_user_id", &self.parent_user_id);
        if let Some(name) = &self.name {
            contact["profile"]["name"] = json!(name);
        }
        if let Some(username) = &self.username {
            contact["profile"]["username"] = json!(username);
        }
        contact
    }
}

/// One POST body with one change.
pub fn envelope(field: &str, value: Value) -> Value {
    json!({
        "object": "whatsapp_business_account",
        "entry": [{ "id": WABA_ID, "changes": [{ "value": value, "field": field }] }],
    })
}

pub fn value_of(key: &str, items: Value) -> Value {
    let mut value = json!({
        "messaging_product": "whatsapp",
        "metadata": { "display_phone_number": DISPLAY_PHONE_NUMBER, "phone_number_id": PHONE_NUMBER_ID },
    });
    value[key] = items;
    value
}

/// Several bodies in one POST. Meta does both: the first half share one entry as its changes, the others keep their own
/// entries.
pub fn batch(payloads: Vec<Value>) -> Value {
    let shared = payloads.len().div_ceil(2);
    let mut entries: Vec<Value> = Vec::new();
    for (place, mut payload) in payloads.into_iter().enumerate() {
        for mut entry in taken_array(&mut payload["entry"]) {
            match entries.first_mut() {
                Some(first) if place < shared => {
                    let mut changes = taken_array(&mut first["changes"]);
                    changes.extend(taken_array(&mut entry["changes"]));
                    first["changes"] = Value::Array(changes);
                }
                _ => entries.push(entry),
            }
        }
    }
    json!({ "object": "whatsapp_business_account", "entry": entries })
}

/// Several messages in the value of the first. Its contacts are each person once, last first: not aligned with the
/// messages.
pub fn merge_messages(payloads: Vec<Value>) -> Value {
    let mut merged = payloads.first().cloned().unwrap_or_else(|| envelope("messages", value_of("messages", json!([]))));
    let mut contacts: Vec<Value> = Vec::new();
    let mut messages = Vec::new();
    for mut payload in payloads {
        for mut entry in taken_array(&mut payload["entry"]) {
            for mut change in taken_array(&mut entry["changes"]) {
                messages.extend(taken_array(&mut change["value"]["messages"]));
                for contact in taken_array(&mut change["value"]["contacts"]) {
                    if !contacts.contains(&contact) {
                        contacts.insert(0, contact);
                    }
                }
            }
        }
    }
    let value = first_value_mut(&mut merged);
    value["messages"] = Value::Array(messages);
    if !contacts.is_empty() {
        value["contacts"] = Value::Array(contacts);
    }
    merged
}

fn taken_array(value: &mut Value) -> Vec<Value> {
    match value.take() {
        Value::Array(items) => items,
        _ => Vec::new(),
    }
}
