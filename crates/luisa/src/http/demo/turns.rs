//! Why one turn went as it did: its trace, and the notices that the team got, as they are stored.
//!
//! Owns the shape of this answer. Only turns of the API channel are shown: the page is open, customers' chats are not.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use luisa_core::taxonomy::Team;
use luisa_store::{Channel, NotificationRow, RequestId, TraceFilter};
use serde_json::{Value, json};

use super::super::error::Refused;
use crate::runtime::Station;

pub async fn turn(State(station): State<Arc<Station>>, Path(request): Path<String>) -> Result<Json<Value>, Refused> {
    let store = &station.shop.store;
    let filter = TraceFilter { request: Some(RequestId(request)), limit: 1, ..TraceFilter::default() };
    let found = store.traces(filter).await?.into_iter().next();
    let stored =
        found.filter(|stored| stored.trace.channel == Channel::Api).ok_or_else(|| Refused::not_found("turn"))?;
    let trace = &stored.trace;
    // What a turn writes has one time, and a chat has one turn at a time. What the owner is told of budgets is not the page's.
    let notices = store.notices_since(&trace.conversation_id, stored.created_at).await?;
    let notices: Vec<Value> = notices
        .iter()
        .filter(|row| row.created_at == stored.created_at && Team::from_id(&row.team).is_some())
        .map(notice)
        .collect();
    Ok(Json(json!({
        "reasons": trace.classification_reasons,
        "intent_score": trace.intent_score,
        "classifier_version": trace.classifier_version,
        "model": trace.openai_model,
        "input_tokens": trace.openai_input_tokens,
        "output_tokens": trace.openai_output_tokens,
        "cost_usd": trace.openai_cost_usd,
        "model_latency_ms": trace.openai_latency_ms,
        "fallback": trace.openai_fallback_used,
        "notices": notices,
    })))
}

fn notice(row: &NotificationRow) -> Value {
    json!({
        "id": row.id,
        "team": row.team,
        "text": row.body,
        "state": row.state,
        "error_code": row.error_code,
        "at": row.created_at,
    })
}
