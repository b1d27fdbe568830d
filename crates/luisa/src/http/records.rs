//! What is stored, to read: a conversation, the latest handoffs, the chats to look at.
//!
//! Owns the shape of these answers. May not change anything.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use luisa_core::memory::Memory;
use luisa_store::{ConversationId, MessageRow, Mode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::Refused;
use crate::runtime::Station;

const MESSAGES: u32 = 200;
const HANDOFFS: u32 = 50;
const UNSURE: u32 = 100;
const QUERIES: u32 = 200;

pub async fn conversation(State(station): State<Arc<Station>>, Path(id): Path<String>) -> Result<Json<Value>, Refused> {
    let found = station.shop.store.conversation(&ConversationId(id), MESSAGES).await?;
    let chat = &found.conversation;
    // A person's time that has passed is over, also before anybody writes.
    let now = station.shop.clock.now();
    let expired = chat.human_until.is_some_and(|until| until <= now);
    let mode = if expired { Mode::AiActive } else { chat.mode };
    let slots = Memory::deserialize(&chat.memory).map(|memory| memory.slot_values()).unwrap_or_default();
    let messages: Vec<Value> = found.messages.iter().map(message).collect();
    Ok(Json(json!({
        "conversation_id": chat.id,
        "channel": chat.channel,
        "mode": mode,
        "human_until": chat.human_until.filter(|_| !expired),
        "customer_name": found.contact.as_ref().and_then(|contact| contact.profile_name.as_deref()),
        "slots": slots,
        "messages": messages,
        "created_at": chat.created_at,
        "updated_at": chat.updated_at,
    })))
}

fn message(row: &MessageRow) -> Value {
    json!({
        "id": row.id,
        "message_id": row.message_id,
        "direction": row.direction,
        "sender": row.sender,
        "kind": row.kind,
        "text": row.text,
        "state": row.state,
        "error_code": row.error_code,
        "created_at": row.created_at,
    })
}

/// What customers ask that nobody has answered, by how often.
pub async fn queries(State(station): State<Arc<Station>>) -> Result<Json<Value>, Refused> {
    let queries = station.shop.store.open_queries(QUERIES).await?;
    Ok(Json(json!({ "queries": queries })))
}

pub async fn handoffs(State(station): State<Arc<Station>>) -> Result<Json<Value>, Refused> {
    let handoffs = station.shop.store.handoffs(HANDOFFS).await?;
    Ok(Json(json!({ "handoffs": handoffs })))
}

pub async fn unsure(State(station): State<Arc<Station>>) -> Result<Json<Value>, Refused> {
    let chats = station.shop.store.unsure(UNSURE).await?;
    Ok(Json(json!({ "chats": chats })))
}
