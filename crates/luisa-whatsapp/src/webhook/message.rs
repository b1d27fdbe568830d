//! A customer's message: who, when, in reply to what, from which advertisement.
//!
//! Owns the matching of messages to contacts, which is by id and never by position.

use super::body::{self, Body};
use super::fields::{flag, int, items, object, text};
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    pub id: String,
    pub from: Sender,
    /// Unix seconds, of when it was written: a redelivery may come days later.
    pub timestamp: Option<i64>,
    /// Set when it was written in a group.
    pub group_id: Option<String>,
    pub context: Option<Context>,
    pub referral: Option<Box<Referral>>,
    pub body: Body,
}

/// Who wrote. Since 2026 a person may come without a telephone number.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender {
    pub wa_id: Option<String>,
    pub user_id: Option<String>,
    pub parent_user_id: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactInfo {
    pub name: Option<String>,
    pub username: Option<String>,
    pub wa_id: Option<String>,
    pub user_id: Option<String>,
    pub parent_user_id: Option<String>,
}

/// The message it quotes, and the product it asks about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Context {
    pub id: Option<String>,
    pub from: Option<String>,
    pub from_user_id: Option<String>,
    pub forwarded: bool,
    pub referred_product: Option<ProductRef>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductRef {
    pub catalog_id: Option<String>,
    pub product_retailer_id: Option<String>,
}

/// The advertisement the customer came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Referral {
    pub source_url: Option<String>,
    pub source_type: Option<String>,
    pub source_id: Option<String>,
    pub headline: Option<String>,
    pub body: Option<String>,
    pub media_type: Option<String>,
    pub image_url: Option<String>,
    pub video_url: Option<String>,
    pub thumbnail_url: Option<String>,
    pub ctwa_clid: Option<String>,
}

impl Sender {
    fn is_nobody(&self) -> bool {
        self.wa_id.is_none() && self.user_id.is_none()
    }

    fn is(&self, contact: &ContactInfo) -> bool {
        let same = |mine: &Option<String>, theirs: &Option<String>| mine.is_some() && mine == theirs;
        same(&self.wa_id, &contact.wa_id) || same(&self.user_id, &contact.user_id)
    }

    /// What the contact knows of this person and the message does not say.
    fn learn(&mut self, contact: &ContactInfo) {
        let known = |mine: &mut Option<String>, theirs: &Option<String>| {
            if mine.is_none() {
                mine.clone_from(theirs);
            }
        };
        known(&mut self.wa_id, &contact.wa_id);
        known(&mut self.user_id, &contact.user_id);
        known(&mut self.parent_user_id, &contact.parent_user_id);
    }
}

/// Reads one item of `messages[]`. Without an id it could be neither deduplicated nor quoted, so that is no message.
pub(super) fn read(item: &Value) -> Option<Message> {
    Some(Message {
        id: text(item, "id")?,
        from: sender(item),
        timestamp: int(item, "timestamp"),
        group_id: text(item, "group_id"),
        context: object(item, "context").map(context),
        referral: object(item, "referral").map(|raw| Box::new(referral(raw))),
        body: body::read(item),
    })
}

/// Finds the contact of a message and completes its sender from it.
pub(super) fn contact_of(message: &mut Message, value: &Value) -> Option<ContactInfo> {
    let contacts: Vec<ContactInfo> = items(value, "contacts").iter().filter_map(contact).collect();
    let named = contacts.iter().find(|contact| message.from.is(contact));
    let found = match named {
        Some(contact) => contact,
        None if message.from.is_nobody() => only_one_present(&contacts, value)?,
        None => return None,
    };
    message.from.learn(found);
    Some(found.clone())
}

/// The single contact of a value in which no other person wrote.
fn only_one_present<'a>(contacts: &'a [ContactInfo], value: &Value) -> Option<&'a ContactInfo> {
    let [contact] = contacts else { return None };
    let alone = items(value, "messages").iter().map(sender).all(|from| from.is_nobody() || from.is(contact));
    alone.then_some(contact)
}

fn sender(item: &Value) -> Sender {
    Sender {
        wa_id: text(item, "from"),
        user_id: text(item, "from_user_id"),
        parent_user_id: text(item, "from_parent_user_id"),
    }
}

fn contact(item: &Value) -> Option<ContactInfo> {
    if !item.is_object() {
        return None;
    }
    let profile = &item["profile"];
    Some(ContactInfo {
        name: text(profile, "name"),
        username: text(profile, "username"),
        wa_id: text(item, "wa_id"),
        user_id: text(item, "user_id"),
        parent_user_id: text(item, "parent_user_id"),
    })
}

fn context(item: &Value) -> Context {
    let forwarded = ["forwarded", "frequently_forwarded"].iter().any(|key| flag(item, key) == Some(true));
    Context {
        id: text(item, "id"),
        from: text(item, "from"),
        from_user_id: text(item, "from_user_id"),
        forwarded,
        referred_product: object(item, "referred_product").map(|product| ProductRef {
            catalog_id: text(product, "catalog_id"),
            product_retailer_id: text(product, "product_retailer_id"),
        }),
    }
}

fn referral(item: &Value) -> Referral {
    Referral {
        source_url: text(item, "source_url"),
        source_type: text(item, "source_type"),
        source_id: text(item, "source_id"),
        headline: text(item, "headline"),
        body: text(item, "body"),
        media_type: text(item, "media_type"),
        image_url: text(item, "image_url"),
        video_url: text(item, "video_url"),
        thumbnail_url: text(item, "thumbnail_url"),
        ctwa_clid: text(item, "ctwa_clid"),
    }
}
