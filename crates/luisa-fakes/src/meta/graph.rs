//! The routes of the Graph API.
//!
//! Owns admission (version, token, account) and the shape of the answers. May not hold rules about messages: those are
//! in `check`.

use super::behaviour::{Behaviour, Endpoint};
use super::check::{check, invalid, missing, product, required};
use super::record::{Attempt, Read};
use super::refusal::{Refusal, graph_error};
use super::world::World;
use crate::ledger::locked;
use crate::server::json_text;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, OriginalUri, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

pub(super) fn router(world: Arc<World>) -> Router {
    Router::new()
        .route("/{version}/{id}/messages", post(messages))
        .route("/{version}/{id}/media", post(super::media::upload))
        .route("/{version}/{id}/message_templates", get(templates))
        .route("/{version}/{id}/subscribed_apps", get(subscribed_apps))
        .route("/{version}/{id}/subscriptions", get(subscriptions))
        .route("/{version}/{id}", get(object))
        .route("/media/download/{ticket}/{id}", get(super::media::download))
        .fallback(unknown_path)
        .layer(DefaultBodyLimit::disable())
        .with_state(world)
}

/// The app that is subscribed to the account.
const APP_ID: &str = "100000000000009";

/// Where a call goes: `/{version}/{id}`.
pub(super) type Target = Path<(String, String)>;

async fn messages(State(world): State<Arc<World>>, target: Target, headers: HeaderMap, body: Bytes) -> Response {
    let raw = match admitted_message(&world, &target, &headers, &body) {
        Ok(raw) => raw,
        Err(refusal) => return refusal.response(),
    };
    if raw.get("status").is_some() {
        return mark_read(&world, &raw).await;
    }
    let checked = check(&raw, &locked(&world.shelf));
    let checked = match checked {
        Ok(checked) => checked,
        Err(refusal) => {
            note_attempt(&world, &raw, &Behaviour::Refuse(refusal.clone()));
            return refusal.response();
        }
    };
    let behaviour = world.behaviour(Endpoint::Send, &raw);
    note_attempt(&world, &raw, &behaviour);
    let failure = match &behaviour {
        Behaviour::FailLater(refusal) => Some(refusal.clone()),
        Behaviour::Accept
        | Behaviour::Refuse(_)
        | Behaviour::Gateway(_)
        | Behaviour::Hang(_)
        | Behaviour::AnswerAfter(_)
        | Behaviour::Reset(_)
        | Behaviour::Garbage(_) => None,
    };
    behaviour.play(|| ok(&world.take(raw, checked, failure))).await
}

fn admitted_message(world: &World, target: &Target, headers: &HeaderMap, body: &[u8]) -> Result<Value, Refusal> {
    admit(world, target, headers)?;
    let known = &world.account.phone_number_id;
    if target.1 != *known {
        return Err(no_such_object(&target.1, &format!("the phone number id of this fake is {known}")));
    }
    let raw: Value =
        serde_json::from_slice(body).map_err(|error| invalid(format!("The body is not valid JSON: {error}")))?;
    product(&raw)?;
    Ok(raw)
}

fn note_attempt(world: &World, raw: &Value, behaviour: &Behaviour) {
    let attempt =
        Attempt { at: Instant::now(), raw: raw.clone(), taken: behaviour.takes(), code: behaviour.refused_with() };
    world.ledger.write(|recorded| recorded.attempts.push(attempt));
}

async fn mark_read(world: &World, raw: &Value) -> Response {
    let read = match read_mark(raw) {
        Ok(read) => read,
        Err(refusal) => return refusal.response(),
    };
    let behaviour = world.behaviour(Endpoint::Read, raw);
    behaviour
        .play(|| {
            world.ledger.write(|recorded| recorded.reads.push(read));
            ok(&json!({ "success": true }))
        })
        .await
}

fn read_mark(raw: &Value) -> Result<Read, Refusal> {
    if raw["status"].as_str() != Some("read") {
        return Err(invalid("Param status must be one of {READ}."));
    }
    let message_id = required(raw, "message_id", "message_id")?;
    let typing = match raw.get("typing_indicator") {
        None => false,
        Some(indicator) if indicator["type"].as_str() == Some("text") => true,
        Some(_) => return Err(missing("typing_indicator['type']")),
    };
    Ok(Read { at: Instant::now(), message_id, typing })
}

/// The phone number itself, or a medium: both are objects under their id.
async fn object(
    State(world): State<Arc<World>>,
    target: Target,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    if let Err(refusal) = admit(&world, &target, &headers) {
        return refusal.response();
    }
    let id = target.1.as_str();
    if id != world.account.phone_number_id {
        return super::media::lookup(&world, id).await;
    }
    let phone = locked(&world.shelf).phone(id, &world.account.display_phone_number);
    let phone = chosen_fields(phone, query.get("fields"));
    world.behaviour(Endpoint::PhoneNumber, &Value::Null).play(|| ok(&phone)).await
}

fn chosen_fields(object: Value, fields: Option<&String>) -> Value {
    let Some(fields) = fields else { return object };
    let mut chosen = Map::new();
    for field in fields.split(',').map(str::trim).chain(["id"]) {
        if let Some(value) = object.get(field) {
            chosen.insert(field.to_owned(), value.clone());
        }
    }
    Value::Object(chosen)
}

async fn templates(
    State(world): State<Arc<World>>,
    target: Target,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    if let Err(refusal) = admitted_account(&world, &target, &headers) {
        return refusal.response();
    }
    let wanted = query.get("name");
    let listed: Vec<Value> = locked(&world.shelf)
        .templates
        .iter()
        .filter(|template| wanted.is_none_or(|name| template.name.contains(name.as_str())))
        .map(super::shelf::Template::listed)
        .collect();
    let page = json!({ "data": listed, "paging": { "cursors": { "before": "MAZDZD", "after": "MAZDZD" } } });
    world.behaviour(Endpoint::Templates, &Value::Null).play(|| ok(&page)).await
}

async fn subscribed_apps(State(world): State<Arc<World>>, target: Target, headers: HeaderMap) -> Response {
    if let Err(refusal) = admitted_account(&world, &target, &headers) {
        return refusal.response();
    }
    let app = json!({ "whatsapp_business_api_data": { "id": APP_ID, "name": "LUISA", "link": "" } });
    let apps = if locked(&world.shelf).unsubscribed { json!([]) } else { json!([app]) };
    world.behaviour(Endpoint::SubscribedApps, &Value::Null).play(|| ok(&json!({ "data": apps }))).await
}

/// An app's own webhook, which only a token made of its id and secret may see.
async fn subscriptions(State(world): State<Arc<World>>, target: Target, headers: HeaderMap) -> Response {
    if let Err(refusal) = admitted_app(&world, &target, &headers) {
        return refusal.response();
    }
    // Not held while the answer is awaited.
    let fields = locked(&world.shelf).webhook_fields.clone();
    let fields: Vec<Value> = fields.iter().map(|name| json!({ "name": name, "version": "v26.0" })).collect();
    let webhook = json!({ "object": "whatsapp_business_account", "callback_url": "https://luisa.example/whatsapp/webhook",
        "active": true, "fields": fields });
    let all = if fields.is_empty() { json!([]) } else { json!([webhook]) };
    world.behaviour(Endpoint::SubscribedApps, &Value::Null).play(|| ok(&json!({ "data": all }))).await
}

fn admitted_app(world: &World, target: &Target, headers: &HeaderMap) -> Result<(), Refusal> {
    admit_version(target)?;
    if target.1 != APP_ID {
        return Err(no_such_object(&target.1, &format!("the app id of this fake is {APP_ID}")));
    }
    let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let secret = header.strip_prefix("Bearer ").and_then(|token| token.strip_prefix(&format!("{APP_ID}|")));
    let expected = locked(&world.controls).app_secret.clone();
    if secret.is_some() && (expected.is_none() || secret == expected.as_deref()) {
        return Ok(());
    }
    Err(graph_error(190).with_details("Invalid OAuth access token signature."))
}

fn admitted_account(world: &World, target: &Target, headers: &HeaderMap) -> Result<(), Refusal> {
    admit(world, target, headers)?;
    let known = &world.account.waba_id;
    if target.1 == *known {
        return Ok(());
    }
    Err(no_such_object(&target.1, &format!("the business account id of this fake is {known}")))
}

/// What every call needs: a version that looks like one, and a token.
pub(super) fn admit(world: &World, target: &Target, headers: &HeaderMap) -> Result<(), Refusal> {
    admit_version(target)?;
    bearer(world, headers)
}

fn admit_version(target: &Target) -> Result<(), Refusal> {
    let version = target.0.0.as_str();
    let numbered = version.strip_prefix('v').and_then(|number| number.split_once('.'));
    let is_version = numbered.is_some_and(|(major, minor)| major.parse::<u8>().is_ok() && minor.parse::<u8>().is_ok());
    if is_version {
        Ok(())
    } else {
        Err(graph_error(2500).with_details(format!("Unknown path components: /{version}")))
    }
}

pub(super) fn bearer(world: &World, headers: &HeaderMap) -> Result<(), Refusal> {
    let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = header.and_then(|value| value.strip_prefix("Bearer ")).filter(|token| !token.trim().is_empty());
    let expected = world.expected_token();
    match (token, expected) {
        (None, _) => Err(graph_error(190).with_details("An access token is required to request this resource.")),
        (Some(token), Some(expected)) if token != expected => {
            Err(graph_error(190).with_details("Invalid OAuth access token - Cannot parse access token"))
        }
        (Some(_), _) => Ok(()),
    }
}

pub(super) fn no_such_object(id: &str, hint: &str) -> Refusal {
    let details = format!("Unsupported request. Object with ID '{id}' does not exist ({hint}).");
    invalid(details).with_subcode(33)
}

pub(super) fn ok(answer: &Value) -> Response {
    json_text(StatusCode::OK, answer.to_string())
}

async fn unknown_path(OriginalUri(uri): OriginalUri) -> Response {
    let refusal = graph_error(2500).with_details(format!("Unknown path components: {}", uri.path()));
    refusal.response().into_response()
}
