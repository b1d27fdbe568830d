//! Where customers go: from the greeting to a product to a person.
//!
//! Owns the stages. A conversation is counted once at each stage it reached within the span.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use luisa_core::taxonomy::Intent;
use luisa_store::Figures;
use serde::Serialize;

use super::percent;

/// What a conversation has reached.
#[derive(Debug, Clone, Copy, Default)]
struct Reached {
    greeting: bool,
    product: bool,
    handoff: bool,
    /// A person was called when a product had been spoken of.
    product_then_handoff: bool,
}

/// Conversations under way.
#[derive(Debug, Default)]
pub struct Journey {
    chats: HashMap<u64, Reached>,
}

/// The stages.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Funnel {
    /// Conversations with a message about the store.
    pub conversations: u64,
    /// Of them, those with a greeting as a matter of its own.
    pub greeting: u64,
    /// Of them, those that spoke of a product or were shown one.
    pub product: u64,
    pub pct_product: Option<f64>,
    /// Of those that spoke of a product, those for which a person was called then or later.
    pub product_then_handoff: u64,
    pub pct_product_then_handoff: Option<f64>,
    /// For which a person was called, with or without a product.
    pub handoff: u64,
    pub pct_handoff: Option<f64>,
    /// All three, in whatever order the customer chose.
    pub greeting_product_handoff: u64,
}

impl Journey {
    pub(super) fn take(&mut self, row: &Figures<'_>) {
        let business = matches!(row.classification, "BUSINESS_FAQ" | "BUSINESS_CONSULT");
        if !business {
            return;
        }
        let reached = self.chats.entry(key(row.conversation_id)).or_default();
        reached.greeting |= row.intent == Some("saludo");
        reached.product |= row.selected_asset_id.is_some() || row.intent.is_some_and(is_of_a_product);
        reached.handoff |= row.handoff_reason.is_some();
        reached.product_then_handoff |= reached.product && row.handoff_reason.is_some();
    }

    pub(super) fn report(&self) -> Funnel {
        let count = |stage: fn(&Reached) -> bool| self.chats.values().filter(|reached| stage(reached)).count() as u64;
        let conversations = self.chats.len() as u64;
        let product = count(|reached| reached.product);
        let product_then_handoff = count(|reached| reached.product_then_handoff);
        let handoff = count(|reached| reached.handoff);
        Funnel {
            conversations,
            greeting: count(|reached| reached.greeting),
            product,
            pct_product: percent(product, conversations),
            product_then_handoff,
            pct_product_then_handoff: percent(product_then_handoff, product),
            handoff,
            pct_handoff: percent(handoff, conversations),
            greeting_product_handoff: count(|r| r.greeting && r.product_then_handoff),
        }
    }
}

/// Conversations are told apart by a number, so that the report holds none of their ids.
pub(super) fn key(conversation: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    conversation.hash(&mut hasher);
    hasher.finish()
}

fn is_of_a_product(intent: &str) -> bool {
    let Some(intent) = Intent::from_id(intent) else { return false };
    matches!(intent, Intent::Buscar(_) | Intent::Precio | Intent::Disponibilidad | Intent::Fotos)
        || matches!(intent, Intent::Especificaciones | Intent::Comprar | Intent::Cotizacion)
}
