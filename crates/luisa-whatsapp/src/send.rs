//! What we post to Meta: messages as types, and their exact JSON.
//!
//! Owns the wire form. `checked` makes a message fit Meta's limits; without it the JSON is whatever was put in. May not
//! know why something is said.

mod check;
mod cut;

pub use check::Unsendable;
pub use cut::cut;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// One message to one person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    pub to: Recipient,
    pub message: Outgoing,
    /// The message it quotes.
    pub reply_to: Option<String>,
    /// Comes back in the statuses: the only way to settle a send whose answer was lost.
    pub opaque: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Recipient {
    Phone(String),
    /// A business-scoped id. It never goes in `to`: Meta would accept the message and lose it.
    User(String),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Outgoing {
    Text { body: String, preview_url: bool },
    Image { source: MediaSource, caption: Option<String> },
    Buttons { header_image: Option<MediaSource>, body: String, footer: Option<String>, buttons: Vec<ReplyButton> },
    List { body: String, footer: Option<String>, button: String, sections: Vec<Section> },
    Location { latitude: f64, longitude: f64, name: Option<String>, address: Option<String> },
    Template { name: String, language: String, body_params: Vec<String> },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum MediaSource {
    MediaId(String),
    Link(String),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyButton {
    pub id: String,
    pub title: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// Required when there are several.
    pub title: Option<String>,
    pub rows: Vec<Row>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    pub id: String,
    pub title: String,
    pub description: Option<String>,
}

impl Outgoing {
    pub fn text(body: impl Into<String>) -> Self {
        Self::Text { body: body.into(), preview_url: false }
    }
}

impl Envelope {
    pub fn new(to: Recipient, message: Outgoing) -> Self {
        Self { to, message, reply_to: None, opaque: None }
    }

    /// The body of `POST /{phone_number_id}/messages`.
    pub fn to_json(&self) -> Value {
        let mut json = Map::new();
        json.insert("messaging_product".into(), "whatsapp".into());
        json.insert("recipient_type".into(), "individual".into());
        match &self.to {
            Recipient::Phone(phone) => json.insert("to".into(), phone.as_str().into()),
            Recipient::User(user) => json.insert("recipient".into(), user.as_str().into()),
        };
        let (kind, content) = self.message.to_json();
        json.insert("type".into(), kind.into());
        json.insert(kind.into(), content);
        if let Some(quoted) = &self.reply_to {
            json.insert("context".into(), json!({ "message_id": quoted }));
        }
        put(&mut json, "biz_opaque_callback_data", self.opaque.as_deref());
        Value::Object(json)
    }
}

impl Outgoing {
    /// Its `type`, and the object under the key of that name.
    fn to_json(&self) -> (&'static str, Value) {
        match self {
            Self::Text { body, preview_url } => ("text", json!({ "body": body, "preview_url": preview_url })),
            Self::Image { source, caption } => {
                let mut image = source.to_json();
                put(&mut image, "caption", caption.as_deref());
                ("image", Value::Object(image))
            }
            Self::Buttons { header_image, body, footer, buttons } => {
                let header = header_image.as_ref().map(|image| json!({ "type": "image", "image": image.to_json() }));
                let buttons: Vec<Value> = buttons.iter().map(ReplyButton::to_json).collect();
                ("interactive", interactive("button", header, body, footer.as_deref(), json!({ "buttons": buttons })))
            }
            Self::List { body, footer, button, sections } => {
                let sections: Vec<Value> = sections.iter().map(Section::to_json).collect();
                let action = json!({ "button": button, "sections": sections });
                ("interactive", interactive("list", None, body, footer.as_deref(), action))
            }
            Self::Location { latitude, longitude, name, address } => {
                let mut place = Map::new();
                place.insert("latitude".into(), json!(latitude));
                place.insert("longitude".into(), json!(longitude));
                put(&mut place, "name", name.as_deref());
                put(&mut place, "address", address.as_deref());
                ("location", Value::Object(place))
            }
            Self::Template { name, language, body_params } => ("template", template(name, language, body_params)),
        }
    }
}

fn interactive(kind: &str, header: Option<Value>, body: &str, footer: Option<&str>, action: Value) -> Value {
    let mut json = Map::new();
    json.insert("type".into(), kind.into());
    if let Some(header) = header {
        json.insert("header".into(), header);
    }
    json.insert("body".into(), json!({ "text": body }));
    if let Some(footer) = footer {
        json.insert("footer".into(), json!({ "text": footer }));
    }
    json.insert("action".into(), action);
    Value::Object(json)
}

fn template(name: &str, language: &str, body_params: &[String]) -> Value {
    let mut json = Map::new();
    json.insert("name".into(), name.into());
    json.insert("language".into(), json!({ "code": language }));
    if !body_params.is_empty() {
        let params: Vec<Value> = body_params.iter().map(|text| json!({ "type": "text", "text": text })).collect();
        json.insert("components".into(), json!([{ "type": "body", "parameters": params }]));
    }
    Value::Object(json)
}

impl MediaSource {
    fn to_json(&self) -> Map<String, Value> {
        let (key, value) = match self {
            Self::MediaId(id) => ("id", id),
            Self::Link(link) => ("link", link),
        };
        Map::from_iter([(key.to_owned(), value.as_str().into())])
    }
}

impl ReplyButton {
    fn to_json(&self) -> Value {
        json!({ "type": "reply", "reply": { "id": self.id, "title": self.title } })
    }
}

impl Section {
    fn to_json(&self) -> Value {
        let row = |row: &Row| {
            let mut json = Map::new();
            put(&mut json, "id", Some(&row.id));
            put(&mut json, "title", Some(&row.title));
            put(&mut json, "description", row.description.as_deref());
            Value::Object(json)
        };
        let mut json = Map::new();
        put(&mut json, "title", self.title.as_deref());
        json.insert("rows".into(), self.rows.iter().map(row).collect());
        Value::Object(json)
    }
}

fn put(json: &mut Map<String, Value>, key: &str, value: Option<&str>) {
    if let Some(value) = value {
        json.insert(key.into(), value.into());
    }
}

#[cfg(test)]
mod send_tests;
