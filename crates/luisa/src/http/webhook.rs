//! WhatsApp's webhook: who calls is checked, what came is stored, and only then Meta is told so.
//!
//! Owns the status codes. Anything but a 2xx is delivered again by Meta for days, so a refusal is for what can never be
//! right or must not be lost. May not think about what came.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::SignedDuration;
use luisa_store::{Arrival, Debounce, MessageState, Receipt, StoreError, Words};
use luisa_whatsapp::webhook::{self, Event, Ours};
use luisa_whatsapp::{Fate, limits, signature};
use secrecy::ExposeSecret;
use serde::Deserialize;
use tokio::task::JoinError;
use tracing::{error, info, warn};

use super::auth::same;
use super::error::Refused;
use crate::runtime::Station;
use crate::runtime::refusals::Refusal;
use crate::runtime::typing::{Burst, Courtesy};
use crate::spans::journey;
use crate::telemetry::{masked, told};
use crate::wire::from_whatsapp::{self, Reception, Word};

const SIGNATURE: &str = "x-hub-signature-256";
/// Meta gives up soon after.
const PATIENCE: Duration = Duration::from_secs(8);
/// A shorter wait is over before "typing…" could be seen.
const SHORTEST_TYPING_MS: u64 = 300;

/// What Meta asks when the webhook is set up.
#[derive(Debug, Deserialize)]
pub struct Subscription {
    #[serde(rename = "hub.mode")]
    mode: Option<String>,
    #[serde(rename = "hub.verify_token")]
    verify_token: Option<String>,
    #[serde(rename = "hub.challenge")]
    challenge: Option<String>,
}

pub async fn verify(State(station): State<Arc<Station>>, Query(asked): Query<Subscription>) -> Response {
    let whatsapp = &station.shop.settings.whatsapp;
    if !whatsapp.enabled {
        return disabled();
    }
    let token = whatsapp.verify_token.expose_secret();
    let given = asked.verify_token.unwrap_or_default();
    let right =
        asked.mode.as_deref() == Some("subscribe") && !token.is_empty() && same(token.as_bytes(), given.as_bytes());
    match asked.challenge.filter(|_| right) {
        Some(challenge) => challenge.into_response(),
        None => {
            if let Some(count) = station.refusals.note(Refusal::Verification) {
                warn!(count, "webhook_verification_refused");
            }
            (StatusCode::FORBIDDEN, "the verify token is not the one of WHATSAPP_VERIFY_TOKEN").into_response()
        }
    }
}

pub async fn receive(State(station): State<Arc<Station>>, headers: HeaderMap, body: Body) -> Response {
    if !station.shop.settings.whatsapp.enabled {
        return disabled();
    }
    station.counters.webhooks.add(1);
    let began = Instant::now();
    let outcome = match to_bytes(body, limits::WEBHOOK_BODY).await {
        Ok(raw) => take_in(&station, &headers, &raw).await,
        Err(_) => Err(StatusCode::PAYLOAD_TOO_LARGE),
    };
    station.counters.webhook.record(began.elapsed());
    match outcome {
        Ok(Stored(())) => StatusCode::OK.into_response(),
        Err(status) => {
            station.counters.webhooks_refused.add(1);
            status.into_response()
        }
    }
}

fn disabled() -> Response {
    Refused::unavailable("WhatsApp is switched off (WHATSAPP_ENABLED=false)").into_response()
}

/// The proof that all of it is on disk: only the store's receipts make one.
struct Stored(());

async fn take_in(station: &Station, headers: &HeaderMap, raw: &[u8]) -> Result<Stored, StatusCode> {
    let shop = &station.shop;
    if let Some(secret) = &shop.settings.whatsapp.app_secret {
        let given = headers.get(SIGNATURE).and_then(|value| value.to_str().ok());
        signature::verify(secret.expose_secret().as_bytes(), raw, given).map_err(|error| {
            if let Some(count) = station.refusals.note(Refusal::Signature) {
                warn!(%error, count, "webhook_signature_refused");
            }
            StatusCode::UNAUTHORIZED
        })?;
    }
    let events = webhook::parse_ours(raw, &ours(station)).map_err(|error| {
        if let Some(count) = station.refusals.note(Refusal::NotJson) {
            warn!(%error, count, "webhook_not_json");
        }
        StatusCode::BAD_REQUEST
    })?;
    alarm(&events);
    let now = shop.clock.now();
    let mut arrivals = from_whatsapp::arrivals(events, &reception(station));
    let journey = journey::Webhook::began(&station.spans, &mut arrivals, now);
    // The few fields that are told of afterwards; the rest goes to the store without a copy.
    let news: Vec<Option<Heard>> = arrivals.iter().map(Heard::of).collect();
    let heard_status = arrivals.iter().any(|arrival| matches!(arrival, Arrival::Status(_)));
    // What is stored after Meta was told to come again, or hung up, is a duplicate then, which is harmless. It runs by itself: who stores
    // must also wake the workers, or a message would be there that nobody answers.
    let store = shop.store.clone();
    let storing = tokio::spawn(async move { store.accept(now, arrivals).await });
    let stored = tokio::time::timeout(PATIENCE, storing).await;
    let receipts = stored.map_or(Err(StoreError::Busy), stopped_is_broken).map_err(|error| {
        error!(%error, "webhook_not_stored");
        StatusCode::INTERNAL_SERVER_ERROR
    })?;
    let is_new = |at: usize| matches!(receipts.get(at), Some(Receipt::Pending(_)));
    journey.stored(&shop.store, shop.clock.now(), is_new);
    if heard_status {
        station.pulse.status(now);
    }
    let kept_raw = receipts.iter().filter(|receipt| **receipt == Receipt::Unparsed).count();
    if kept_raw > 0 {
        station.counters.webhook_items_unparsed.add(u64::try_from(kept_raw).unwrap_or(u64::MAX));
        info!(items = kept_raw, "webhook_items_kept_raw");
    }
    for (receipt, heard) in receipts.into_iter().zip(news) {
        tell(station, receipt, heard);
    }
    Ok(Stored(()))
}

fn stopped_is_broken<T>(ended: Result<Result<T, StoreError>, JoinError>) -> Result<T, StoreError> {
    ended.unwrap_or_else(|error| Err(StoreError::Broken(format!("storing did not finish: {error}"))))
}

fn reception(station: &Station) -> Reception {
    let settings = &station.shop.settings;
    let pace = &settings.pace;
    Reception {
        now: station.shop.clock.now(),
        stale_after: SignedDuration::from_mins(pace.stale_message_minutes),
        human_ttl: SignedDuration::from_hours(settings.shadow.human_ttl_hours),
        debounce: Debounce { quiet_ms: pace.reply_debounce_ms, max_ms: pace.max_debounce_ms },
        media_wait_ms: settings.media.wait_ms(),
        words: if settings.privacy.personal_text_retention_hours == 0 { Words::OfBusiness } else { Words::Kept },
    }
}

fn ours(station: &Station) -> Ours {
    let whatsapp = &station.shop.settings.whatsapp;
    Ours {
        phone_number_id: Some(whatsapp.phone_number_id.clone()).filter(|id| !id.is_empty()),
        business_account_id: whatsapp.business_account_id.clone(),
    }
}

fn alarm(events: &[Event]) {
    for word in from_whatsapp::words_of_meta(events) {
        match word {
            Word::Error(error) => {
                let problem = &error.problem;
                let (title, details) = (problem.title.as_deref().map(told), problem.details.as_deref().map(told));
                error!(code = problem.code, title, details, "whatsapp_account_error");
            }
            Word::News(news) if news.alarms() => {
                error!(field = news.field, event = news.event, template = news.about, "whatsapp_account_alarm");
            }
            Word::News(news) => {
                info!(field = news.field, event = news.event, template = news.about, "whatsapp_account_news")
            }
        }
    }
}

/// What is said of an arrival after it is stored.
enum Heard {
    Message {
        message_id: String,
        who: String,
        kind: String,
        stale: bool,
    },
    /// A message of ours that was accepted has failed after all.
    Failure {
        code: String,
        reason: Option<String>,
    },
}

impl Heard {
    fn of(arrival: &Arrival) -> Option<Self> {
        match arrival {
            Arrival::Message(message) => {
                let identity = &message.identity;
                Some(Self::Message {
                    message_id: message.message_id.0.clone(),
                    who: identity.wa_id.clone().or_else(|| identity.user_id.clone()).unwrap_or_default(),
                    kind: message.kind.clone(),
                    stale: message.stale,
                })
            }
            Arrival::Status(status) if status.state == MessageState::Failed => {
                let code = status.error_code.clone().unwrap_or_default();
                Some(Self::Failure { code, reason: status.reason.clone() })
            }
            Arrival::Status(_) | Arrival::Echo(_) | Arrival::IdentityChange { .. } | Arrival::AddressBook { .. } => {
                None
            }
            Arrival::Edit(_) | Arrival::Revoke { .. } | Arrival::Unparsed { .. } => None,
            Arrival::Watched(_) | Arrival::Handover { .. } | Arrival::OptOut { .. } => None,
        }
    }
}

fn tell(station: &Station, receipt: Receipt, heard: Option<Heard>) {
    match (receipt, heard) {
        (Receipt::Pending(conversation), Some(Heard::Message { message_id, who, kind, stale })) => {
            station.counters.messages_received.add(1);
            info!(%conversation, from = %masked(&who), kind, stale, "message_received");
            station.windows.wrote(&who, station.shop.clock.now());
            let worth_typing = station.shop.settings.pace.reply_debounce_ms >= SHORTEST_TYPING_MS;
            if worth_typing && !stale && kind != "reaction" {
                station.courtesy(Courtesy::Typing(Burst { conversation, message_id }));
            }
        }
        (Receipt::TakenOver(conversation), _) => info!(%conversation, by = "phone", "human_active_triggered"),
        (Receipt::Duplicate, _) => station.counters.messages_duplicate.add(1),
        (Receipt::Applied | Receipt::Early, Some(Heard::Failure { code, reason })) => {
            failed_late(station, &code, reason.as_deref())
        }
        (Receipt::Pending(_) | Receipt::Applied | Receipt::Early | Receipt::Unparsed, _) => {}
    }
}

/// It is settled already; a person hears of it when it is not one message's trouble.
fn failed_late(station: &Station, code: &str, reason: Option<&str>) {
    station.counters.refused(Some(code));
    warn!(code, reason, late = true, "whatsapp_send_failed");
    let fate = code.parse().ok().and_then(Fate::of_code);
    if fate.is_some_and(|fate| fate.alarms()) {
        error!(code, ?fate, "message_set_aside");
    }
}
