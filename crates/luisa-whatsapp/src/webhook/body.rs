//! What a message says, of every type Meta has.
//!
//! Owns the table of types. A type it does not know, or one without what makes it that type, is `Other` with its raw
//! JSON. Echoes and edits share it. May not judge prices, captions or ids.

use super::account::{self, Problem};
use super::fields::{flag, float, int, items, object, text};
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Body {
    Text(String),
    Image(Media),
    Video(Media),
    Document(Media),
    Audio(Media),
    Sticker(Media),
    Location {
        latitude: f64,
        longitude: f64,
        name: Option<String>,
        address: Option<String>,
    },
    /// Cards of the address book; also how a person with only a username gives a telephone number.
    Contacts(Vec<SharedContact>),
    /// The quick reply of a template.
    Button {
        payload: Option<String>,
        text: Option<String>,
    },
    /// Choices may come days later, or twice: route on the id.
    ButtonReply {
        id: String,
        title: String,
    },
    ListReply {
        id: String,
        title: String,
        description: Option<String>,
    },
    FlowReply {
        response_json: String,
    },
    CallPermissionReply(Value),
    /// Without an emoji, the reaction was taken back.
    Reaction {
        message_id: String,
        emoji: Option<String>,
    },
    /// The prices are the client's word: price the order again.
    Order {
        catalog_id: Option<String>,
        text: Option<String>,
        items: Vec<OrderItem>,
    },
    /// A change of number or of user id, among others.
    System {
        kind: Option<String>,
        body: Option<String>,
        wa_id: Option<String>,
        new_wa_id: Option<String>,
        user_id: Option<String>,
        parent_user_id: Option<String>,
        previous_user_id: Option<String>,
        previous_parent_user_id: Option<String>,
    },
    Edit {
        original_message_id: String,
        message: Option<Box<Body>>,
    },
    Revoke {
        original_message_id: String,
    },
    /// Something Meta does not hand on. May be a new customer's first message.
    Unsupported {
        errors: Vec<Problem>,
    },
    Other {
        kind: String,
        raw: Value,
    },
}

/// A file in Meta's hands: the id lives 7 days, its URL 5 minutes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    pub id: Option<String>,
    pub mime_type: Option<String>,
    /// Base64, for [`crate::client::verify_sha256`].
    pub sha256: Option<String>,
    pub url: Option<String>,
    /// Often the customer's question.
    pub caption: Option<String>,
    pub filename: Option<String>,
    /// Recorded on the spot, rather than a file.
    pub voice: bool,
    pub animated: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedContact {
    pub name: Option<String>,
    pub phones: Vec<SharedPhone>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedPhone {
    pub phone: Option<String>,
    pub wa_id: Option<String>,
    pub user_id: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrderItem {
    pub product_retailer_id: Option<String>,
    pub quantity: Option<i64>,
    pub item_price: Option<f64>,
    pub currency: Option<String>,
}

/// The body of anything with a `type` and a key of that name.
pub(super) fn read(item: &Value) -> Body {
    let kind = text(item, "type").unwrap_or_default();
    known(&kind, item).unwrap_or_else(|| Body::Other { kind, raw: item.clone() })
}

fn known(kind: &str, item: &Value) -> Option<Body> {
    if kind == "unsupported" {
        return Some(Body::Unsupported { errors: account::problems(item) });
    }
    if kind == "contacts" {
        let cards = item.get("contacts")?.as_array()?;
        return Some(Body::Contacts(cards.iter().map(shared_contact).collect()));
    }
    let part = object(item, kind)?;
    match kind {
        "text" => part.get("body")?.as_str().map(|body| Body::Text(body.to_owned())),
        "image" => Some(Body::Image(media(part))),
        "video" => Some(Body::Video(media(part))),
        "document" => Some(Body::Document(media(part))),
        "audio" => Some(Body::Audio(media(part))),
        "sticker" => Some(Body::Sticker(media(part))),
        "location" => location(part),
        "button" => button(part),
        "interactive" => interactive(part),
        "reaction" => Some(Body::Reaction { message_id: text(part, "message_id")?, emoji: text(part, "emoji") }),
        "order" => Some(order(part)),
        "system" => Some(system(part)),
        "edit" => Some(Body::Edit {
            original_message_id: text(part, "original_message_id")?,
            message: object(part, "message").map(|message| Box::new(read(message))),
        }),
        "revoke" => Some(Body::Revoke { original_message_id: text(part, "original_message_id")? }),
        _ => None,
    }
}

fn media(part: &Value) -> Media {
    Media {
        id: text(part, "id"),
        mime_type: text(part, "mime_type"),
        sha256: text(part, "sha256"),
        url: text(part, "url"),
        caption: text(part, "caption"),
        filename: text(part, "filename"),
        voice: flag(part, "voice").unwrap_or(false),
        animated: flag(part, "animated").unwrap_or(false),
    }
}

fn location(part: &Value) -> Option<Body> {
    Some(Body::Location {
        latitude: float(part, "latitude")?,
        longitude: float(part, "longitude")?,
        name: text(part, "name"),
        address: text(part, "address"),
    })
}

fn shared_contact(card: &Value) -> SharedContact {
    let phone = |phone: &Value| SharedPhone {
        phone: text(phone, "phone"),
        wa_id: text(phone, "wa_id"),
        user_id: text(phone, "user_id"),
    };
    let name = &card["name"];
    SharedContact {
        name: text(name, "formatted_name").or_else(|| text(name, "first_name")),
        phones: items(card, "phones").iter().map(phone).collect(),
    }
}

fn button(part: &Value) -> Option<Body> {
    let (payload, text) = (text(part, "payload"), text(part, "text"));
    let says_something = payload.is_some() || text.is_some();
    says_something.then_some(Body::Button { payload, text })
}

fn interactive(part: &Value) -> Option<Body> {
    let kind = text(part, "type")?;
    let reply = object(part, &kind)?;
    let title = || text(reply, "title").unwrap_or_default();
    match kind.as_str() {
        "button_reply" => Some(Body::ButtonReply { id: text(reply, "id")?, title: title() }),
        "list_reply" => {
            Some(Body::ListReply { id: text(reply, "id")?, title: title(), description: text(reply, "description") })
        }
        "nfm_reply" => Some(Body::FlowReply { response_json: text(reply, "response_json")? }),
        "call_permission_reply" => Some(Body::CallPermissionReply(reply.clone())),
        _ => None,
    }
}

fn order(part: &Value) -> Body {
    let item = |item: &Value| OrderItem {
        product_retailer_id: text(item, "product_retailer_id"),
        quantity: int(item, "quantity"),
        item_price: float(item, "item_price"),
        currency: text(item, "currency"),
    };
    Body::Order {
        catalog_id: text(part, "catalog_id"),
        text: text(part, "text"),
        items: items(part, "product_items").iter().map(item).collect(),
    }
}

fn system(part: &Value) -> Body {
    Body::System {
        kind: text(part, "type"),
        body: text(part, "body"),
        wa_id: text(part, "wa_id"),
        new_wa_id: text(part, "new_wa_id"),
        user_id: text(part, "user_id").or_else(|| text(part, "new_user_id")),
        parent_user_id: text(part, "parent_user_id"),
        previous_user_id: text(part, "previous_user_id"),
        previous_parent_user_id: text(part, "previous_parent_user_id"),
    }
}
