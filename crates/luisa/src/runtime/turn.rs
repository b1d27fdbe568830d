//! One turn: what was claimed is decided and made true, once. Workers, the API and the terminal chat all come through
//! here.
//!
//! Owns the order load → decide → commit. Deciding is arithmetic of microseconds and runs in place. May not send.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use jiff::{Timestamp, ToSpan};
use luisa_core::memory::Memory;
use luisa_core::outcome::{Answer, Outcome, Shift};
use luisa_core::pack::Pack;
use luisa_core::pipeline;
use luisa_core::taxonomy;
use luisa_core::turn::{Body, FaqLookup, Inbound, NoCache, Quoted, Turn};
use luisa_store::{
    Channel, Claimed, ConversationId, DirectMessage, MessageId, Mode, PendingRow, RequestId, StoreError, TurnReceipt,
    TurnView,
};
use serde::Deserialize;
use tracing::{error, info, warn};
use uuid::Uuid;

use super::Station;
use super::commit;
use crate::wire::from_whatsapp::ASKED_PRODUCT;
use crate::wire::to_whatsapp::Letter;

/// A claim outlives a slow commit, not a dead process.
pub const LEASE: Duration = Duration::from_secs(30);
/// How long a failed turn waits, times the number of its failures.
const RETRY_AFTER_SECONDS: i64 = 2;

/// A decision and what it took.
pub struct Decision {
    pub request_id: RequestId,
    pub outcome: Outcome,
    pub latency: Duration,
    /// The messages it was made of, in the core's form.
    pub messages: Vec<Inbound>,
}

/// Why a turn has no outcome.
#[derive(Debug, thiserror::Error)]
pub enum TurnError {
    #[error("the decision panicked, which is a bug: {0}")]
    Panicked(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Decides a claimed chat and commits. A failure leaves the messages in the inbox; it is logged here.
pub async fn run(station: &Station, claimed: Claimed) {
    let Claimed { claim, turn: view } = claimed;
    let id = view.conversation.id.clone();
    let now = station.shop.clock.now();
    let decision = match decide(station, &view, now) {
        Ok(decision) => decision,
        Err(error) => return put_back(station, claim, &view, &error.to_string()).await,
    };
    match finish(station, claim, &view, &decision).await {
        Ok(_) => {}
        // A person took over or a message was edited meanwhile: the chat is due again by itself.
        Err(StoreError::Conflict(why)) => info!(conversation = %id, why, "turn_voided"),
        // The claim ends with its lease, and the chat is due again.
        Err(why) => error!(conversation = %id, error = %why, "turn_not_stored"),
    }
}

async fn put_back(station: &Station, claim: luisa_store::TurnClaim, view: &TurnView, error: &str) {
    let tries = view.pending.iter().map(|row| row.attempts).max().unwrap_or(1);
    let now = station.shop.clock.now();
    let wait = (RETRY_AFTER_SECONDS * tries).seconds();
    let retry_at = now.checked_add(wait).unwrap_or(now);
    error!(conversation = %view.conversation.id, tries, error, "turn_failed");
    station.counters.turns_failed.add(1);
    match station.shop.store.release(now, claim, retry_at, error).await {
        Ok(0) => {}
        Ok(parked) => error!(conversation = %view.conversation.id, parked, "messages_parked"),
        Err(why) => error!(conversation = %view.conversation.id, error = %why, "turn_not_released"),
    }
}

/// Commits a decision under its claim, and tells the cache and the log.
async fn finish(
    station: &Station,
    claim: luisa_store::TurnClaim,
    view: &TurnView,
    decision: &Decision,
) -> Result<TurnReceipt, StoreError> {
    let store = &station.shop.store;
    let now = station.shop.clock.now();
    let turn = commit::of_decision(station, view, decision, now);
    let receipt = match (&decision.outcome.answer, view.conversation.channel) {
        (Answer::Later { until, .. }, Channel::Whatsapp) => store.commit_and_postpone(now, claim, turn, *until).await?,
        (Answer::Later { .. } | Answer::Say(_) | Answer::Silence(_), _) => store.commit_turn(now, claim, turn).await?,
    };
    station.counters.turns.add(1);
    station.counters.decision_us.record(decision.latency);
    if let Some((key, answer)) = &decision.outcome.cacheable {
        station.shop.cache.insert(key.clone(), answer.clone());
    }
    log_turn(view, decision);
    log_shift(view, decision);
    Ok(receipt)
}

fn log_turn(view: &TurnView, decision: &Decision) {
    let outcome = &decision.outcome;
    let step = match &outcome.answer {
        Answer::Say(_) => "said",
        Answer::Silence(_) => "silent",
        Answer::Later { .. } => "later",
    };
    info!(
        conversation = %view.conversation.id,
        request_id = %decision.request_id,
        messages = decision.messages.len(),
        class = outcome.traces.last().map(|trace| trace.class.id()),
        intent = outcome.traces.last().map(|trace| tracing::field::display(trace.intent)),
        answer = step,
        latency_us = u64::try_from(decision.latency.as_micros()).unwrap_or(u64::MAX),
        "turn_committed"
    );
}

fn log_shift(view: &TurnView, decision: &Decision) {
    let conversation = &view.conversation.id;
    let request_id = tracing::field::display(&decision.request_id);
    match decision.outcome.shift {
        Shift::None => {}
        Shift::ToHuman => {
            let call = decision.outcome.handoff;
            let team = call.map(|call| call.team.id());
            let reason = call.map(|call| call.reason.id());
            let until = decision.outcome.human_until.map(tracing::field::display);
            info!(%conversation, request_id, team, reason, until, "human_active_triggered");
        }
        Shift::BackToAi => info!(%conversation, request_id, "mode_auto_reverted_to_ai"),
    }
}

/// A message that is answered in the same breath: from the API or the terminal.
pub struct Question {
    pub conversation_id: ConversationId,
    pub body: Body,
}

/// What became of it.
pub struct Answered {
    pub decision: Decision,
    pub mode: taxonomy::Mode,
}

/// Stores, decides and commits one message of the API channel.
///
/// # Errors
/// `Store(Conflict)` when the chat is being answered at this moment or belongs to another channel.
pub async fn answer(station: &Station, question: Question) -> Result<Answered, TurnError> {
    let now = station.shop.clock.now();
    let message_id = format!("api.{}", Uuid::now_v7().simple());
    let inbound = Inbound {
        message_id: message_id.clone(),
        at: now,
        stale: false,
        body: question.body,
        quoted: None,
        referral: None,
    };
    let message = DirectMessage {
        conversation_id: question.conversation_id,
        message_id: message_id.into(),
        text: inbound.body.text().to_owned(),
        payload: serde_json::to_value(&inbound).unwrap_or_default(),
    };
    let Claimed { claim, turn: view } = station.shop.store.claim_direct(now, message, LEASE).await?;
    let decision = match decide(station, &view, now) {
        Ok(decision) => decision,
        Err(error) => {
            put_back(station, claim, &view, &error.to_string()).await;
            return Err(error);
        }
    };
    finish(station, claim, &view, &decision).await?;
    Ok(Answered { mode: decision.outcome.mode, decision })
}

fn decide(station: &Station, view: &TurnView, now: Timestamp) -> Result<Decision, TurnError> {
    decide_with(station, view, now, &station.shop.cache)
}

/// What would be decided now. Changes nothing: nobody needs to have claimed the chat, and the cache is not asked.
///
/// # Errors
/// `Panicked`.
pub fn rehearse(station: &Station, view: &TurnView, now: Timestamp) -> Result<Decision, TurnError> {
    decide_with(station, view, now, &NoCache)
}

fn decide_with(
    station: &Station,
    view: &TurnView,
    now: Timestamp,
    cache: &dyn FaqLookup,
) -> Result<Decision, TurnError> {
    let pack = station.shop.pack();
    let conversation = &view.conversation;
    let channel = core_channel(conversation.channel);
    let memory = memory_of(view);
    let messages: Vec<Inbound> = view.pending.iter().map(|row| inbound(row, view, &pack)).collect();
    let policy = station.shop.settings.policy(channel);
    let contact = view.contact.as_ref();
    let turn = Turn {
        channel,
        now,
        mode: core_mode(conversation.mode),
        human_until: conversation.human_until,
        memory: &memory,
        messages: &messages,
        in_address_book: contact.is_some_and(|contact| contact.in_address_book),
        recent_inbound: recent_inbound(view),
        profile_name: contact.and_then(|contact| contact.profile_name.as_deref()),
        policy: &policy,
        cache,
    };
    let started = Instant::now();
    let outcome = catch_unwind(AssertUnwindSafe(|| pipeline::decide(&pack, &turn)))
        .map_err(|panic| TurnError::Panicked(words_of(panic.as_ref())))?;
    let latency = started.elapsed();
    Ok(Decision { request_id: RequestId(Uuid::now_v7().to_string()), outcome, latency, messages })
}

// Only words that are the program's own: a formatted message may quote the customer, and this one is logged and kept.
fn words_of(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&'static str>()
        .map_or_else(|| "see the log's `panic` for its place".to_owned(), |text| (*text).to_owned())
}

/// The stored memory. One that cannot be read is worse than none, and must not stop the chat.
fn memory_of(view: &TurnView) -> Memory {
    Memory::deserialize(&view.conversation.memory).unwrap_or_else(|error| {
        warn!(conversation = %view.conversation.id, %error, "memory_unreadable");
        Memory::default()
    })
}

/// A pending message in the core's form, with what it quotes looked up.
fn inbound(row: &PendingRow, view: &TurnView, pack: &Pack) -> Inbound {
    let mut inbound = Inbound::deserialize(&row.payload).unwrap_or_else(|_| Inbound {
        message_id: row.message_id.0.clone(),
        at: row.provider_at,
        stale: row.stale,
        body: row.text.clone().map_or(Body::Unsupported, |text| Body::Text { text }),
        quoted: None,
        referral: None,
    });
    inbound.stale = row.stale;
    let asked = row.payload.get(ASKED_PRODUCT).and_then(|id| pack.catalog.item(id.as_str()?));
    let asked = asked.map(|item| item.image_id.clone());
    match &mut inbound.quoted {
        Some(quoted) => look_up(quoted, asked, view),
        // Written from a product's page: no message is quoted, and yet it is about that product.
        None if asked.is_some() => {
            inbound.quoted = Some(Quoted { message_id: String::new(), image_id: asked, text: None });
        }
        None => {}
    }
    inbound
}

/// What a quoted message of ours said and showed.
fn look_up(quoted: &mut Quoted, asked: Option<String>, view: &TurnView) {
    let is_quoted = |id: &MessageId| id.as_str() == quoted.message_id;
    let ours = view.quoted.iter().find(|known| known.message_id.as_ref().is_some_and(is_quoted));
    let picture = ours.and_then(|message| message.payload.as_ref()).and_then(picture_of);
    quoted.text = ours.and_then(|message| message.text.clone());
    quoted.image_id = picture.or(asked);
}

/// The picture that a message of ours showed.
fn picture_of(payload: &serde_json::Value) -> Option<String> {
    match Letter::deserialize(payload).ok()? {
        Letter::Reply { reply, .. } => reply.asset.map(|asset| asset.image_id),
        Letter::Notice { .. } => None,
    }
}

/// Messages of the minute before the turn's first one.
fn recent_inbound(view: &TurnView) -> u32 {
    let with_first = view.pending.first().map_or(0, |row| row.inbound_last_minute);
    u32::try_from(with_first.saturating_sub(1)).unwrap_or(0)
}

/// The core's word for a channel.
#[must_use]
pub fn core_channel(channel: Channel) -> taxonomy::Channel {
    match channel {
        Channel::Whatsapp => taxonomy::Channel::Whatsapp,
        Channel::Api => taxonomy::Channel::Api,
    }
}

/// The core's word for who leads.
#[must_use]
pub fn core_mode(mode: Mode) -> taxonomy::Mode {
    match mode {
        Mode::AiActive => taxonomy::Mode::AiActive,
        Mode::HumanActive => taxonomy::Mode::HumanActive,
    }
}

/// The store's word for who leads.
#[must_use]
pub fn store_mode(mode: taxonomy::Mode) -> Mode {
    match mode {
        taxonomy::Mode::AiActive => Mode::AiActive,
        taxonomy::Mode::HumanActive => Mode::HumanActive,
    }
}
