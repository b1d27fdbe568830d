//! `POST /api/chat`: one message in, LUISA's answer and why, out.
//!
//! Owns the request's limits and the answer's shape, which are a contract. Its decisions are those of WhatsApp: the same
//! turn runs. May not decide.

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::body::{Body as HttpBody, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, header};
use luisa_core::outcome::{Asset, Choice, Reply};
use luisa_core::turn::Body;
use luisa_store::ConversationId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::auth;
use super::error::Refused;
use super::router::Http;
use crate::runtime::checks::is_check;
use crate::runtime::commit::{reply_of, rounded};
use crate::runtime::turn::{self, Answered, Question};

/// A text of 4,096 characters, escaped at its longest, and the rest of the object.
const LARGEST_BODY: usize = 64 * 1024;
const LONGEST_ID: usize = 128;
pub(super) const LONGEST_TEXT: usize = 4096;
const LONGEST_OPTION: usize = 256;

#[derive(Debug, Deserialize)]
struct Asked {
    conversation_id: String,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    sender: Option<String>,
    /// A pressed button of the last answer; `text` is then its title.
    #[serde(default)]
    option_id: Option<String>,
}

/// The answer.
#[derive(Debug, Serialize)]
pub struct Said {
    request_id: String,
    conversation_id: String,
    response: String,
    interactive: Option<Interactive>,
    asset: Option<ShownAsset>,
    classification: &'static str,
    classification_score: f64,
    verdict: &'static str,
    is_personal: bool,
    intent: String,
    slots: Value,
    handoff: Option<Value>,
    needs_escalation: bool,
    mode: &'static str,
    cache_hit: bool,
    openai_called: bool,
    decision_path: String,
    latency_ms: f64,
}

#[derive(Debug, Serialize)]
struct Interactive {
    #[serde(rename = "type")]
    kind: &'static str,
    options: Vec<Choice>,
}

#[derive(Debug, Serialize)]
struct ShownAsset {
    image_id: String,
    title: String,
    asset_url: String,
    price_cop: Option<i64>,
}

pub async fn chat(State(http): State<Http>, headers: HeaderMap, body: HttpBody) -> Result<Json<Said>, Refused> {
    let station = Arc::clone(&http.station);
    station.counters.api_requests.add(1);
    let asked = read(&headers, body).await?;
    let question = question(asked)?;
    // In such a conversation nobody is called and no hours are kept.
    if is_check(&question.conversation_id) && !auth::may_read(&station, &headers) {
        return Err(Refused::no_key());
    }
    let conversation_id = question.conversation_id.clone();
    let _turn = http.pace.enter(conversation_id.as_str(), Instant::now()).await.map_err(|seconds| {
        station.counters.api_limited.add(1);
        Refused::too_many(seconds)
    })?;
    // A caller that goes away must not leave a chat half answered: the turn ends by itself.
    let turn = tokio::spawn(async move { turn::answer(&station, question).await });
    let answered = turn.await.map_err(|_| Refused::unavailable("the answer was interrupted: try again"))??;
    Ok(Json(said(conversation_id, &answered)))
}

async fn read(headers: &HeaderMap, body: HttpBody) -> Result<Asked, Refused> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_json = essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"));
    if !is_json {
        return Err(Refused::not_json_content());
    }
    let raw = to_bytes(body, LARGEST_BODY).await.map_err(|_| Refused::too_large(LARGEST_BODY))?;
    serde_json::from_slice(&raw).map_err(|error| {
        // serde's word on the place and the field; it does not repeat the content of texts.
        Refused::bad_input(format!("the body is not what this route takes: {error}"))
    })
}

fn question(asked: Asked) -> Result<Question, Refused> {
    let id = asked.conversation_id;
    if id.trim().is_empty() {
        return Err(Refused::bad_input(
            "`conversation_id` is empty: choose one and keep it for the whole conversation",
        ));
    }
    within("conversation_id", &id, LONGEST_ID)?;
    if id.chars().any(char::is_control) {
        return Err(Refused::bad_input("`conversation_id` has control characters"));
    }
    if asked.sender.as_deref().is_some_and(|sender| sender != "customer") {
        return Err(Refused::bad_input("`sender` can only be `customer`"));
    }
    let body = match (asked.text, asked.option_id) {
        (None, None) => return Err(Refused::bad_input("`text` is missing")),
        (text, Some(id)) => {
            within("option_id", &id, LONGEST_OPTION)?;
            Body::Choice { id, title: text.unwrap_or_default() }
        }
        (Some(text), None) => Body::Text { text },
    };
    within("text", body.text(), LONGEST_TEXT)?;
    Ok(Question { conversation_id: ConversationId(id), body })
}

fn within(field: &str, text: &str, limit: usize) -> Result<(), Refused> {
    let length = text.chars().count();
    if length > limit {
        return Err(Refused::bad_input(format!("`{field}` has {length} characters, of at most {limit}")));
    }
    Ok(())
}

/// The answer in the contract's shape; the terminal chat prints the same.
#[must_use]
pub fn said(conversation_id: ConversationId, answered: &Answered) -> Said {
    let decision = &answered.decision;
    let outcome = &decision.outcome;
    let reply = reply_of(&outcome.answer);
    // The message just sent is the last; others are from a request that was never answered.
    let trace = outcome.traces.last();
    let class = trace.map_or("", |trace| trace.class.id());
    Said {
        request_id: decision.request_id.to_string(),
        conversation_id: conversation_id.0,
        response: reply.map(|reply| reply.text.clone()).unwrap_or_default(),
        interactive: reply.and_then(interactive),
        asset: reply.and_then(|reply| reply.asset.as_ref()).map(shown),
        classification: class,
        classification_score: trace.map_or(0.0, |trace| rounded(trace.class_score)),
        verdict: trace.map_or("", |trace| trace.verdict.id()),
        is_personal: class == "NON_BUSINESS",
        intent: trace.map(|trace| trace.intent.id().to_string()).unwrap_or_default(),
        slots: trace.map_or_else(|| json!({}), |trace| json!(trace.slots)),
        handoff: outcome
            .handoff
            .map(|call| json!({ "team": call.team.id(), "priority": call.priority.id(), "reason": call.reason.id() })),
        needs_escalation: outcome.handoff.is_some(),
        mode: outcome.mode.id(),
        cache_hit: outcome.cache_hit,
        openai_called: decision.model.as_ref().is_some_and(|call| call.called),
        // A message that is put off until opening has no trace yet.
        decision_path: trace.map_or_else(|| "later".to_owned(), |trace| trace.decision_path()),
        latency_ms: decision.latency.as_secs_f64() * 1e3,
    }
}

fn interactive(reply: &Reply) -> Option<Interactive> {
    let kind = match reply.options.len() {
        0 => return None,
        1..=3 => "button",
        _ => "list",
    };
    Some(Interactive { kind, options: reply.options.clone() })
}

fn shown(asset: &Asset) -> ShownAsset {
    ShownAsset {
        image_id: asset.image_id.clone(),
        title: asset.title.clone(),
        asset_url: format!("/api/assets/{}", asset.image_id),
        price_cop: asset.price_cop,
    }
}
