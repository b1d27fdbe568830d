//! What Meta posts to us, flattened into events.
//!
//! Owns the envelope: entries, changes, and which list of which field is what. One bad item never fails its siblings,
//! and nothing is dropped: what cannot be read is an `Unknown` with its raw JSON. May not decide what is answered.

mod message;
mod body;
mod account;
mod fields;
mod json;

pub use account::{AccountError, AppContact, Echo, Pricing, Problem, State, StateSync, Status, SyncAction};
pub use body::{Body, Media, OrderItem, SharedContact, SharedPhone};
pub use json::NotJson;
pub use message::{ContactInfo, Context, Message, ProductRef, Referral, Sender};

use fields::text;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// One thing that happened, of every item of every change of every entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(clippy::large_enum_variant, reason = "a webhook has a few events, which live for a moment")]
pub enum Event {
    /// A customer wrote.
    Message { phone_number_id: Option<String>, contact: Option<ContactInfo>, message: Message },
    /// What became of a message of ours.
    Status(Status),
    /// A person wrote from the WhatsApp Business app.
    Echo(Echo),
    /// Another app wrote through the API: nobody of the staff.
    AppEcho(Echo),
    /// The address book of the business's telephone.
    StateSync(StateSync),
    /// Old messages of before the number was connected, never to be answered.
    History(Value),
    /// Meta's word about the account or the number.
    AccountError(AccountError),
    /// Anything else: a field we do not read, or an item that makes no sense.
    Unknown { field: Option<String>, raw: Value },
}

/// All events of one webhook body, in order. JSON of any shape is `Ok`.
pub fn parse(raw: &[u8]) -> Result<Vec<Event>, NotJson> {
    let body = json::read(raw)?;
    let mut events = Vec::new();
    match list(&body, "entry") {
        Some(entries) => entries.iter().for_each(|entry| read_entry(entry, &mut events)),
        None => events.push(Event::Unknown { field: None, raw: body }),
    }
    Ok(events)
}

fn read_entry(entry: &Value, events: &mut Vec<Event>) {
    match list(entry, "changes") {
        Some(changes) => changes.iter().for_each(|change| read_change(change, events)),
        None => events.push(Event::Unknown { field: None, raw: entry.clone() }),
    }
}

/// One change while it is read: its field, and the value all its items share.
struct Change<'a> {
    field: Option<String>,
    value: &'a Value,
    phone_number_id: Option<String>,
}

type ReadItem = fn(&Change<'_>, &Value) -> Option<Event>;

const LISTS: [(&str, ReadItem); 6] = [
    ("messages", read_message),
    ("statuses", read_status),
    ("message_echoes", read_echo),
    ("errors", read_error),
    ("state_sync", read_state_sync),
    ("history", read_history),
];

fn read_change(raw: &Value, events: &mut Vec<Event>) {
    let value = &raw["value"];
    let phone_number_id = text(&value["metadata"], "phone_number_id");
    let change = Change { field: text(raw, "field"), value, phone_number_id };
    let unknown = |raw: Value| Event::Unknown { field: change.field.clone(), raw };

    let mut known = false;
    for (name, read) in LISTS {
        let Some(items) = value.get(name).filter(|items| !items.is_null()) else {
            continue;
        };
        known = true;
        match items.as_array() {
            Some(items) => {
                events.extend(items.iter().map(|item| read(&change, item).unwrap_or_else(|| unknown(item.clone()))));
            }
            None => events.push(unknown(json!({ name: items }))),
        }
    }
    if !known {
        events.push(unknown(raw.clone()));
    }
}

fn read_message(change: &Change<'_>, item: &Value) -> Option<Event> {
    match change.field.as_deref() {
        // Media of the synchronised past arrive as ordinary messages under this field.
        Some("history") => return Some(Event::History(item.clone())),
        // Another agent holds the conversation and we only watch.
        Some("standby") => return None,
        _ => {}
    }
    let mut message = message::read(item)?;
    let contact = message::contact_of(&mut message, change.value);
    Some(Event::Message { phone_number_id: change.phone_number_id.clone(), contact, message })
}

fn read_status(change: &Change<'_>, item: &Value) -> Option<Event> {
    account::status(item, change.phone_number_id.clone()).map(Event::Status)
}

fn read_echo(change: &Change<'_>, item: &Value) -> Option<Event> {
    let echo = account::echo(item, change.phone_number_id.clone())?;
    match change.field.as_deref() {
        Some("smb_message_echoes") => Some(Event::Echo(echo)),
        _ => Some(Event::AppEcho(echo)),
    }
}

fn read_error(change: &Change<'_>, item: &Value) -> Option<Event> {
    let phone_number_id = change.phone_number_id.clone();
    let problem = account::problem(item)?;
    Some(Event::AccountError(AccountError { phone_number_id, problem }))
}

fn read_state_sync(change: &Change<'_>, item: &Value) -> Option<Event> {
    account::state_sync(item, change.phone_number_id.clone()).map(Event::StateSync)
}

fn read_history(_: &Change<'_>, item: &Value) -> Option<Event> {
    Some(Event::History(item.clone()))
}

fn list<'a>(value: &'a Value, key: &str) -> Option<&'a Vec<Value>> {
    value.get(key)?.as_array()
}

#[cfg(test)]
mod webhook_tests;
