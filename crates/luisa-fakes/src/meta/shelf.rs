//! What the account owns on Meta's side: media, templates, the phone number's own data.
//!
//! Owns the stored bytes and how they are looked up. May not know about HTTP.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rand::Rng;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// A message template of the account.
#[derive(Clone, Debug)]
pub struct Template {
    pub name: String,
    pub language: String,
    /// APPROVED, PENDING, REJECTED, PAUSED, DISABLED.
    pub status: String,
    /// How many `{{n}}` its body has.
    pub body_parameters: usize,
}

/// Media as a webhook names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaRef {
    pub id: String,
    pub mime_type: String,
    /// Base64, as in webhooks; the lookup answers the same hash in hex.
    pub sha256: String,
}

impl MediaRef {
    /// A reference to something that the fake does not hold.
    pub fn of(id: &str, mime_type: &str, bytes: &[u8]) -> Self {
        let sha256 = STANDARD.encode(Sha256::digest(bytes));
        Self { id: id.to_owned(), mime_type: mime_type.to_owned(), sha256 }
    }
}

pub(super) struct Stored {
    pub(super) mime_type: String,
    pub(super) bytes: Vec<u8>,
    pub(super) sha256_hex: String,
}

pub(super) struct Shelf {
    media: HashMap<String, Stored>,
    /// Download URLs carry it, and die when it changes.
    pub(super) ticket: u64,
    pub(super) templates: Vec<Template>,
    /// Fields of the phone number that differ from the usual ones.
    pub(super) phone_fields: HashMap<String, Value>,
    pub(super) unsubscribed: bool,
    /// What the app is told of.
    pub(super) webhook_fields: Vec<String>,
}

impl Default for Shelf {
    fn default() -> Self {
        let fields = ["messages", "smb_message_echoes", "smb_app_state_sync"];
        Self {
            media: HashMap::new(),
            ticket: 0,
            templates: Vec::new(),
            phone_fields: HashMap::new(),
            unsubscribed: false,
            webhook_fields: fields.map(str::to_owned).to_vec(),
        }
    }
}

impl Shelf {
    pub(super) fn put(&mut self, mime_type: &str, bytes: Vec<u8>) -> MediaRef {
        let mut random = rand::rng();
        // Drawn, not counted: a service that outlives a fake must never see an id again.
        let id = format!("9{:015}", random.random_range(0..1_000_000_000_000_000_u64));
        let reference = MediaRef::of(&id, mime_type, &bytes);
        let stored = Stored { mime_type: mime_type.to_owned(), sha256_hex: hex::encode(Sha256::digest(&bytes)), bytes };
        self.media.insert(id, stored);
        reference
    }

    pub(super) fn has_media(&self, id: &str) -> bool {
        self.media.contains_key(id)
    }

    pub(super) fn media(&self, id: &str) -> Option<&Stored> {
        self.media.get(id)
    }

    pub(super) fn forget_media(&mut self, id: &str) {
        self.media.remove(id);
    }

    /// The bytes no longer fit the hash.
    pub(super) fn corrupt(&mut self, id: &str) {
        if let Some(stored) = self.media.get_mut(id) {
            stored.bytes.push(0);
        }
    }

    pub(super) fn template(&self, name: &str, language: &str) -> Option<&Template> {
        self.templates.iter().find(|template| template.name == name && template.language == language)
    }

    pub(super) fn phone(&self, id: &str, display: &str) -> Value {
        let mut phone = json!({
            "verified_name": "El Sastre",
            "code_verification_status": "VERIFIED",
            "display_phone_number": display,
            "quality_rating": "GREEN",
            "platform_type": "CLOUD_API",
            "throughput": { "level": "STANDARD" },
            "name_status": "APPROVED",
            "messaging_limit_tier": "TIER_1K",
            "is_official_business_account": false,
            "id": id,
        });
        for (field, value) in &self.phone_fields {
            phone[field] = value.clone();
        }
        phone
    }
}

impl Template {
    pub fn approved(name: &str, language: &str, body_parameters: usize) -> Self {
        Self { name: name.to_owned(), language: language.to_owned(), status: "APPROVED".to_owned(), body_parameters }
    }

    pub(super) fn listed(&self) -> Value {
        let holes: Vec<String> = (1..=self.body_parameters).map(|n| format!("{{{{{n}}}}}")).collect();
        json!({
            "name": self.name,
            "language": self.language,
            "status": self.status,
            "category": "UTILITY",
            "components": [{ "type": "BODY", "text": holes.join(" ") }],
            "id": hex::encode(&Sha256::digest(self.name.as_bytes())[..8]),
        })
    }
}
