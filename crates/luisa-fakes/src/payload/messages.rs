//! What customers send: one function per type of message.
//!
//! Owns the bodies of `messages[]`. Arguments are always: who, the id, when (seconds since 1970), then what.

use super::{Person, envelope, value_of};
use crate::meta::{MediaRef, Refusal, graph_error};
use serde_json::{Value, json};

pub fn text(who: &Person, wamid: &str, at: u64, body: &str) -> Value {
    message_of_type(who, wamid, at, "text", json!({ "body": body }))
}

pub fn image(who: &Person, wamid: &str, at: u64, media: &MediaRef, caption: Option<&str>) -> Value {
    message_of_type(who, wamid, at, "image", with_caption(media, caption))
}

/// With the download URL that newer payloads carry.
pub fn image_with_url(who: &Person, wamid: &str, at: u64, media: &MediaRef, url: &str) -> Value {
    let mut body = media_body(media);
    body["url"] = json!(url);
    message_of_type(who, wamid, at, "image", body)
}

pub fn video(who: &Person, wamid: &str, at: u64, media: &MediaRef, caption: Option<&str>) -> Value {
    message_of_type(who, wamid, at, "video", with_caption(media, caption))
}

/// A file; its caption, as the app does it, is its name.
pub fn document(who: &Person, wamid: &str, at: u64, media: &MediaRef, filename: &str) -> Value {
    let mut body = with_caption(media, Some(filename));
    body["filename"] = json!(filename);
    message_of_type(who, wamid, at, "document", body)
}

/// A voice note.
pub fn voice(who: &Person, wamid: &str, at: u64, media: &MediaRef) -> Value {
    let mut body = media_body(media);
    body["voice"] = json!(true);
    message_of_type(who, wamid, at, "audio", body)
}

/// A sound file, not recorded in the chat.
pub fn audio(who: &Person, wamid: &str, at: u64, media: &MediaRef) -> Value {
    let mut body = media_body(media);
    body["voice"] = json!(false);
    message_of_type(who, wamid, at, "audio", body)
}

pub fn sticker(who: &Person, wamid: &str, at: u64, media: &MediaRef) -> Value {
    let mut body = media_body(media);
    body["animated"] = json!(false);
    message_of_type(who, wamid, at, "sticker", body)
}

pub fn location(who: &Person, wamid: &str, at: u64, (latitude, longitude): (f64, f64), name: Option<&str>) -> Value {
    let mut body = json!({ "latitude": latitude, "longitude": longitude });
    if let Some(name) = name {
        body["name"] = json!(name);
        body["address"] = json!("Calle 30 # 5-20, Montería");
    }
    message_of_type(who, wamid, at, "location", body)
}

/// A contact card; also how somebody with a username gives a phone.
pub fn contacts(who: &Person, wamid: &str, at: u64, name: &str, phone: &str) -> Value {
    let digits = phone.trim_start_matches('+');
    let card = json!({
        "name": { "formatted_name": name, "first_name": name },
        "phones": [{ "phone": format!("+{digits}"), "wa_id": digits, "type": "CELL" }],
    });
    message_of_type(who, wamid, at, "contacts", json!([card]))
}

/// A tap on a template's quick reply.
pub fn button(who: &Person, wamid: &str, at: u64, payload: &str, text: &str) -> Value {
    message_of_type(who, wamid, at, "button", json!({ "payload": payload, "text": text }))
}

/// Without an emoji: the reaction was taken back.
pub fn reaction(who: &Person, wamid: &str, at: u64, to: &str, emoji: Option<&str>) -> Value {
    let mut body = json!({ "message_id": to });
    if let Some(emoji) = emoji {
        body["emoji"] = json!(emoji);
    }
    message_of_type(who, wamid, at, "reaction", body)
}

/// A line of an order; the price is what the customer's app says.
#[derive(Clone, Debug)]
pub struct OrderItem {
    pub retailer_id: String,
    pub quantity: u32,
    pub price_cop: u64,
}

pub fn order(who: &Person, wamid: &str, at: u64, items: &[OrderItem], note: Option<&str>) -> Value {
    let items: Vec<Value> = items
        .iter()
        .map(|item| {
            json!({
                "product_retailer_id": item.retailer_id,
                "quantity": item.quantity,
                "item_price": item.price_cop,
                "currency": "COP",
            })
        })
        .collect();
    let mut body = json!({ "catalog_id": "194836987003835", "product_items": items });
    if let Some(note) = note {
        body["text"] = json!(note);
    }
    message_of_type(who, wamid, at, "order", body)
}

/// The person has another phone number; `old` is the person as known so far.
pub fn user_changed_number(old: &Person, wamid: &str, at: u64, new_wa_id: &str) -> Value {
    let body = format!("User A changed from {} to {new_wa_id}", old.address());
    system(old, wamid, at, json!({ "body": body, "type": "user_changed_number", "wa_id": new_wa_id }))
}

/// The same news under its older name and key.
pub fn customer_changed_number(old: &Person, wamid: &str, at: u64, new_wa_id: &str) -> Value {
    let body = format!("User A changed from {} to {new_wa_id}", old.address());
    system(old, wamid, at, json!({ "body": body, "type": "customer_changed_number", "new_wa_id": new_wa_id }))
}

/// The business-scoped id is another one, as it is after a change of number.
pub fn user_changed_user_id(old: &Person, wamid: &str, at: u64, new_user_id: &str) -> Value {
    let body = format!("User A changed from {} to {new_user_id}", old.address());
    system(old, wamid, at, json!({ "body": body, "type": "user_changed_user_id", "user_id": new_user_id }))
}

pub fn edit(who: &Person, wamid: &str, at: u64, original: &str, new_body: &str) -> Value {
    let message = json!({ "type": "text", "text": { "body": new_body } });
    message_of_type(who, wamid, at, "edit", json!({ "original_message_id": original, "message": message }))
}

pub fn revoke(who: &Person, wamid: &str, at: u64, original: &str) -> Value {
    message_of_type(who, wamid, at, "revoke", json!({ "original_message_id": original }))
}

/// What Meta cannot show to a business: polls, view-once photos…
pub fn unsupported(who: &Person, wamid: &str, at: u64) -> Value {
    let error: Refusal = graph_error(131051).with_details("Message type is currently not supported.");
    let mut message = bare(who, wamid, at, "unsupported");
    message["errors"] = json!([error.item()]);
    message["unsupported"] = json!({ "type": "poll_creation" });
    inbound(who, message)
}

/// Any type, also one that does not exist yet, with any body.
pub fn message_of_type(who: &Person, wamid: &str, at: u64, kind: &str, body: Value) -> Value {
    let mut message = bare(who, wamid, at, kind);
    message[kind] = body;
    inbound(who, message)
}

fn media_body(media: &MediaRef) -> Value {
    json!({ "id": media.id, "mime_type": media.mime_type, "sha256": media.sha256 })
}

fn with_caption(media: &MediaRef, caption: Option<&str>) -> Value {
    let mut body = media_body(media);
    if let Some(caption) = caption {
        body["caption"] = json!(caption);
    }
    body
}

/// System messages come without `contacts[]`.
fn system(old: &Person, wamid: &str, at: u64, body: Value) -> Value {
    let mut message = bare(old, wamid, at, "system");
    message["system"] = body;
    envelope("messages", value_of("messages", json!([message])))
}

fn inbound(who: &Person, message: Value) -> Value {
    let mut value = value_of("messages", json!([message]));
    value["contacts"] = json!([who.contact()]);
    envelope("messages", value)
}

fn bare(who: &Person, wamid: &str, at: u64, kind: &str) -> Value {
    let mut message = json!({ "id": wamid, "timestamp": at.to_string(), "type": kind });
    if let Some(wa_id) = &who.wa_id {
        message["from"] = json!(wa_id);
    }
    if let Some(user_id) = &who.user_id {
        message["from_user_id"] = json!(user_id);
    }
    message
}
