//! Additions to a payload: quotes, ads, other accounts, missing parts.
//!
//! Each takes a payload with one message, as `payload::text` makes it, and gives it back changed.

use super::DISPLAY_PHONE_NUMBER;
use serde_json::{Value, json};

/// A reply that quotes the shop's message `quoted`; taps on buttons carry this too.
#[must_use]
pub fn quoting(mut payload: Value, quoted: &str) -> Value {
    first_message_mut(&mut payload)["context"] = json!({ "from": DISPLAY_PHONE_NUMBER, "id": quoted });
    payload
}

#[must_use]
pub fn forwarded(mut payload: Value) -> Value {
    first_message_mut(&mut payload)["context"] = json!({ "forwarded": true });
    payload
}

/// A question asked from a product of the catalog.
#[must_use]
pub fn with_referred_product(mut payload: Value, catalog_id: &str, retailer_id: &str) -> Value {
    let product = json!({ "catalog_id": catalog_id, "product_retailer_id": retailer_id });
    first_message_mut(&mut payload)["context"] = json!({ "referred_product": product });
    payload
}

/// A first message after a tap on an ad.
#[must_use]
pub fn with_referral(mut payload: Value, headline: &str, body: &str) -> Value {
    first_message_mut(&mut payload)["referral"] = json!({
        "source_url": "https://fb.me/made-up",
        "source_id": "120000000000001",
        "source_type": "ad",
        "headline": headline,
        "body": body,
        "media_type": "image",
        "image_url": "https://example.com/ad.jpg",
        "ctwa_clid": "ARmadeUpClickId",
    });
    payload
}

#[must_use]
pub fn without_contacts(mut payload: Value) -> Value {
    if let Some(value) = first_value_mut(&mut payload).as_object_mut() {
        value.remove("contacts");
    }
    payload
}

/// Any field of the first message, set to anything.
#[must_use]
pub fn with_field(mut payload: Value, key: &str, value: Value) -> Value {
    first_message_mut(&mut payload)[key] = value;
    payload
}

/// For a service whose ids are not those of this module; every change of every entry.
#[must_use]
pub fn addressed_to(mut payload: Value, phone_number_id: &str, waba_id: &str) -> Value {
    for entry in payload["entry"].as_array_mut().into_iter().flatten() {
        entry["id"] = json!(waba_id);
        for change in entry["changes"].as_array_mut().into_iter().flatten() {
            change["value"]["metadata"]["phone_number_id"] = json!(phone_number_id);
        }
    }
    payload
}

/// The first change's value, to do anything with.
pub fn first_value_mut(payload: &mut Value) -> &mut Value {
    &mut payload["entry"][0]["changes"][0]["value"]
}

pub fn first_message_mut(payload: &mut Value) -> &mut Value {
    &mut first_value_mut(payload)["messages"][0]
}
