//! What Meta posts to us, flattened into events.
//!
//! Owns the envelope: entries, changes, and which list of which field is what. One bad item never fails its siblings,
//! and nothing is dropped: what cannot be read is an `Unknown` with its raw JSON. Whether a change is about our number is decided once,
//! before any of its items is read. May not decide what is answered.

mod message;
mod body;
mod account;
mod routing;
mod fields;
mod json;

pub use account::{
    AccountError, AccountNews, AppContact, Echo, Preference, Pricing, Problem, State, StateSync, Status, SyncAction,
};
pub use body::{Body, Media, OrderItem, SharedContact, SharedPhone};
pub use json::NotJson;
pub use message::{ContactInfo, Context, Message, ProductRef, Referral, Sender};
pub use routing::{Handover, StandbyEcho};

use fields::text;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// One thing that happened, of every item of every change of every entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    /// A customer wrote in a chat that somebody else answers: we only watch.
    StandbyMessage { contact: Option<ContactInfo>, message: Message },
    /// Whoever has such a chat wrote.
    StandbyEcho(StandbyEcho),
    /// A chat has another owner now.
    Handover(Handover),
    /// A person wants no more of what is sent to many, or wants it again.
    Preference(Preference),
    /// Meta's word about the account or the number.
    AccountError(AccountError),
    /// What became of the account, its number, a template or the payment.
    AccountNews(AccountNews),
    /// A change about another number: so many items of which field. They are nobody's business here.
    Elsewhere { field: Option<String>, items: usize },
    /// Anything else: a field we do not read, or an item that makes no sense.
    Unknown { field: Option<String>, raw: Value },
}

/// Which number and account of Meta's are ours; what is none may be anybody's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ours {
    pub phone_number_id: Option<String>,
    pub business_account_id: Option<String>,
}

impl Ours {
    fn is(known: Option<&String>, told: Option<&String>) -> bool {
        known.is_none() || told.is_none() || known == told
    }
}

/// So many parts that make no sense are kept one by one; the rest of them is one event.
const MOST_UNKNOWN: usize = 100;

/// All events of one webhook body, in order. A JSON object of any shape is `Ok`.
pub fn parse(raw: &[u8]) -> Result<Vec<Event>, NotJson> {
    parse_ours(raw, &Ours::default())
}

/// The same, with what is about another number or account told apart.
pub fn parse_ours(raw: &[u8], ours: &Ours) -> Result<Vec<Event>, NotJson> {
    let body = json::read(raw)?;
    let mut events = Events { ours, list: Vec::new(), unknown: 0, rest: Vec::new() };
    match list(&body.value, "entry") {
        Some(entries) => entries.iter().for_each(|entry| read_entry(entry, &mut events)),
        None => events.push(Event::Unknown { field: None, raw: body.value }),
    }
    for part in body.cut_out {
        events.push(Event::Unknown { field: None, raw: Value::String(part) });
    }
    if !events.rest.is_empty() {
        events.list.push(Event::Unknown { field: None, raw: Value::Array(events.rest) });
    }
    Ok(events.list)
}

/// The events read so far, of which what makes no sense is bounded: a body of a megabyte of it must not become a million rows.
struct Events<'a> {
    ours: &'a Ours,
    list: Vec<Event>,
    unknown: usize,
    rest: Vec<Value>,
}

impl Events<'_> {
    fn push(&mut self, event: Event) {
        match event {
            Event::Unknown { raw, .. } if self.unknown >= MOST_UNKNOWN => self.rest.push(raw),
            event => {
                self.unknown += usize::from(matches!(event, Event::Unknown { .. }));
                self.list.push(event);
            }
        }
    }
}

fn read_entry(entry: &Value, events: &mut Events<'_>) {
    let account = text(entry, "id");
    match list(entry, "changes") {
        Some(changes) => changes.iter().for_each(|change| read_change(account.as_ref(), change, events)),
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

const LISTS: [(&str, ReadItem); 8] = [
    ("messages", read_message),
    ("statuses", read_status),
    ("message_echoes", read_echo),
    ("errors", read_error),
    ("state_sync", read_state_sync),
    ("history", read_history),
    ("user_preferences", read_preference),
    ("messaging_handovers", read_handover),
];

fn read_change(account: Option<&String>, raw: &Value, events: &mut Events<'_>) {
    let field = text(raw, "field");
    // What somebody else answers comes one level deeper, its metadata beside it.
    let value = raw["value"].get("standby").filter(|standby| standby.is_object()).unwrap_or(&raw["value"]);
    let phone_number_id = [&raw["value"]["metadata"], &raw["value"]["recipient"], &value["metadata"]]
        .into_iter()
        .find_map(|part| text(part, "phone_number_id"));
    let ours = events.ours;
    if !Ours::is(ours.business_account_id.as_ref(), account)
        || !Ours::is(ours.phone_number_id.as_ref(), phone_number_id.as_ref())
    {
        let items = LISTS.iter().filter_map(|(name, _)| list(value, name)).map(Vec::len).sum();
        return events.push(Event::Elsewhere { field, items });
    }
    let change = Change { field, value, phone_number_id };
    let unknown = |raw: Value| Event::Unknown { field: change.field.clone(), raw };

    let mut known = false;
    for (name, read) in LISTS {
        let Some(items) = value.get(name).filter(|items| !items.is_null()) else {
            continue;
        };
        known = true;
        match items.as_array() {
            Some(items) => {
                for item in items {
                    events.push(read(&change, item).unwrap_or_else(|| unknown(item.clone())));
                }
            }
            None => events.push(unknown(json!({ name: items }))),
        }
    }
    if !known {
        events.push(read_news(&change).unwrap_or_else(|| unknown(raw.clone())));
    }
}

/// A change that has no list of items: it is one event itself.
fn read_news(change: &Change<'_>) -> Option<Event> {
    let field = change.field.as_deref()?;
    match field {
        "messaging_handovers" => routing::handover(change.value).map(Event::Handover),
        _ => account::news(field, change.value).map(Event::AccountNews),
    }
}

fn read_message(change: &Change<'_>, item: &Value) -> Option<Event> {
    // Media of the synchronised past arrive as ordinary messages under this field.
    if change.field.as_deref() == Some("history") {
        return Some(Event::History(item.clone()));
    }
    let mut message = message::read(item)?;
    let contact = message::contact_of(&mut message, change.value);
    if change.field.as_deref() == Some("standby") {
        return Some(Event::StandbyMessage { contact, message });
    }
    Some(Event::Message { phone_number_id: change.phone_number_id.clone(), contact, message })
}

fn read_status(change: &Change<'_>, item: &Value) -> Option<Event> {
    account::status(item, change.phone_number_id.clone()).map(Event::Status)
}

fn read_echo(change: &Change<'_>, item: &Value) -> Option<Event> {
    if change.field.as_deref() == Some("standby") {
        return routing::echo(item).map(Event::StandbyEcho);
    }
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

fn read_preference(_: &Change<'_>, item: &Value) -> Option<Event> {
    account::preference(item).map(Event::Preference)
}

fn read_handover(_: &Change<'_>, item: &Value) -> Option<Event> {
    routing::handover(item).map(Event::Handover)
}

fn list<'a>(value: &'a Value, key: &str) -> Option<&'a Vec<Value>> {
    value.get(key)?.as_array()
}

#[cfg(test)]
mod webhook_tests;
