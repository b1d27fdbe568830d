//! One turn: what was claimed is decided and made true, once. Workers, the API and the terminal chat all come through
//! here.
//!
//! Owns the order load → decide → commit. Deciding is arithmetic of microseconds and runs in place; where the core would
//! rather have a model's words, the turn waits for them alone, within its deadline. May not send.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{Timestamp, ToSpan};
use luisa_core::ask::{Ask, Heard, Said, Step, Who};
use luisa_core::memory::{Memory, Pending};
use luisa_core::outcome::{Answer, Outcome, Shift};
use luisa_core::pack::Pack;
use luisa_core::pipeline::{self, Paused};
use luisa_core::taxonomy;
use luisa_core::turn::{Body, FaqLookup, Inbound, NoCache, Policy, Quoted, Turn};
use luisa_store::{
    Channel, Claimed, ConversationId, DirectMessage, MessageId, MessageRow, Mode, PendingRow, RequestId, Sender,
    StoreError, TurnReceipt, TurnView,
};
use serde::Deserialize;
use tokio::sync::mpsc;
use tracing::{error, info, warn};
use uuid::Uuid;

use super::Station;
use super::counters::TurnNote;
use super::model::{ModelCall, Wisher};
use super::{checks, commit, staff};
use crate::spans::journey;
use crate::telemetry::chat;
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
    /// The wish to ask a model, and what came of it.
    pub model: Option<ModelCall>,
}

/// Why a turn has no outcome.
#[derive(Debug, thiserror::Error)]
pub enum TurnError {
    #[error("the decision panicked, which is a bug: {0}")]
    Panicked(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Holds a batch of chats back until this turn has ended or waits for a model; none where nobody waits but its customer.
pub type Hold = Option<mpsc::Sender<()>>;

/// Decides a claimed chat and commits. A failure leaves the messages in the inbox; it is logged here.
pub async fn run(station: &Station, claimed: Claimed, hold: Hold) {
    let Claimed { claim, turn: view } = claimed;
    let id = view.conversation.id.clone();
    let now = station.shop.clock.now();
    // Somebody of the team asks for something of their own: nothing is decided.
    match staff::turn(station, &view, now).await {
        Ok(None) => {}
        Ok(Some(turn)) => return report(&id, station.shop.store.commit_turn(now, claim, turn).await.map(|_| ())),
        Err(error) => return put_back(station, claim, &view, &error.to_string()).await,
    }
    let decision = match decide(station, &view, now, hold).await {
        Ok(decision) => decision,
        Err(error) => return put_back(station, claim, &view, &error.to_string()).await,
    };
    report(&id, finish(station, claim, &view, &decision).await.map(|_| ()));
}

fn report(id: &ConversationId, stored: Result<(), StoreError>) {
    match stored {
        Ok(()) => {}
        // A person took over or a message was edited meanwhile: the chat is due again by itself.
        Err(StoreError::Conflict(why)) => info!(conversation = chat(id), why, "turn_voided"),
        // The claim ends with its lease, and the chat is due again.
        Err(why) => error!(conversation = chat(id), error = %why, "turn_not_stored"),
    }
}

async fn put_back(station: &Station, claim: luisa_store::TurnClaim, view: &TurnView, error: &str) {
    let tries = view.pending.iter().map(|row| row.attempts).max().unwrap_or(1);
    let now = station.shop.clock.now();
    let wait = (RETRY_AFTER_SECONDS * tries).seconds();
    let retry_at = now.checked_add(wait).unwrap_or(now);
    error!(conversation = chat(&view.conversation.id), tries, error, "turn_failed");
    station.counters.turns_failed.add(1);
    match station.shop.store.release(now, claim, retry_at, error).await {
        Ok(0) => {}
        Ok(parked) => error!(conversation = chat(&view.conversation.id), parked, "messages_parked"),
        Err(why) => error!(conversation = chat(&view.conversation.id), error = %why, "turn_not_released"),
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
    let mut turn = commit::of_decision(station, view, decision, now);
    let owner = station.model.as_ref().map(|model| (model, model.take_notices())).filter(|(_, told)| !told.is_empty());
    if let Some((_, told)) = &owner {
        turn.notices.extend(told.iter().map(|notice| commit::owner_notice(station, *notice)));
    }
    let journey = journey::Turn::of(&station.spans, view, now);
    if let Some(journey) = &journey {
        journey.ride_on(&mut turn);
    }
    let note = TurnNote::of(&turn);
    let committed = match (&decision.outcome.answer, view.conversation.channel) {
        (Answer::Later { until, .. }, Channel::Whatsapp) => store.commit_and_postpone(now, claim, turn, *until).await,
        (Answer::Later { .. } | Answer::Say(_) | Answer::Silence(_), _) => store.commit_turn(now, claim, turn).await,
    };
    if let Some((model, told)) = owner {
        if committed.is_err() {
            model.give_back(&told);
        }
        model.save(store, now).await;
    }
    let receipt = committed?;
    // Waiting for a model is no time of deciding.
    let asked = decision.model.as_ref().map_or(Duration::ZERO, |call| call.latency);
    station.counters.count(&note, decision.latency.saturating_sub(asked), waited(view, now));
    if let Some(journey) = journey {
        journey.committed(&station.spans, view, decision, station.shop.clock.now());
    }
    if let Some((key, answer)) = &decision.outcome.cacheable {
        station.shop.cache.insert(key.clone(), answer.clone());
    }
    log_turn(view, decision);
    log_model(station, view, decision);
    log_shift(view, decision);
    Ok(receipt)
}

/// For how long the first of its messages has waited.
fn waited(view: &TurnView, now: Timestamp) -> Duration {
    let arrived = view.pending.iter().map(|row| row.received_at).min().unwrap_or(now);
    Duration::try_from(now.duration_since(arrived)).unwrap_or_default()
}

fn log_turn(view: &TurnView, decision: &Decision) {
    let outcome = &decision.outcome;
    let step = match &outcome.answer {
        Answer::Say(_) => "said",
        Answer::Silence(_) => "silent",
        Answer::Later { .. } => "later",
    };
    info!(
        conversation = chat(&view.conversation.id),
        request_id = %decision.request_id,
        messages = decision.messages.len(),
        class = outcome.traces.last().map(|trace| trace.class.id()),
        intent = outcome.traces.last().map(|trace| tracing::field::display(trace.intent)),
        answer = step,
        latency_us = u64::try_from(decision.latency.as_micros()).unwrap_or(u64::MAX),
        "turn_committed"
    );
}

/// Every decision for or against a model, with its reason.
fn log_model(station: &Station, view: &TurnView, decision: &Decision) {
    if station.model.is_none() {
        return;
    }
    let conversation = chat(&view.conversation.id);
    let request_id = tracing::field::display(&decision.request_id);
    let Some(call) = &decision.model else {
        let path = decision.outcome.traces.last().map_or(&[][..], |trace| trace.path.as_slice());
        let reason = path.iter().find_map(|step| step.strip_prefix("openai:no:"));
        if let Some(reason) = reason {
            info!(%conversation, request_id, allowed = false, reason, "openai_decision_made");
        }
        return;
    };
    let spent = call.spent.as_ref();
    info!(
        %conversation,
        request_id,
        allowed = call.decision.allowed,
        reason = call.decision.reason.id(),
        purpose = call.ask.purpose.id(),
        why = call.ask.why.id(),
        used = call.used,
        error = call.error,
        model = spent.map(|spent| spent.model.as_str()),
        cost_usd = spent.map(|spent| spent.cost.as_usd()),
        latency_ms = u64::try_from(call.latency.as_millis()).unwrap_or(u64::MAX),
        "openai_decision_made"
    );
}

fn log_shift(view: &TurnView, decision: &Decision) {
    let conversation = chat(&view.conversation.id);
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
    let decision = match decide(station, &view, now, None).await {
        Ok(decision) => decision,
        Err(error) => {
            put_back(station, claim, &view, &error.to_string()).await;
            return Err(error);
        }
    };
    finish(station, claim, &view, &decision).await?;
    Ok(Answered { mode: decision.outcome.mode, decision })
}

/// Decides, and asks the model where the core would rather have its words; whatever happens there, the customer is
/// answered by the deadline.
async fn decide(station: &Station, view: &TurnView, now: Timestamp, hold: Hold) -> Result<Decision, TurnError> {
    let started = Instant::now();
    let ready = Ready::of(station, view);
    let turn = ready.turn(view, now, &station.shop.cache);
    let step = caught(|| pipeline::begin(&ready.pack, &turn))?;
    let (ask, paused) = match step {
        Step::Done(outcome) => return Ok(ready.decided(*outcome, started, None)),
        Step::Ask(ask, paused) => (ask, paused),
    };
    drop(hold);
    let (heard, mut call) = hear(station, view, now, ask, &paused).await;
    let (outcome, hearing) = caught(|| pipeline::resume(*paused, &heard))?;
    if let Some(call) = &mut call {
        call.used = hearing.used;
        call.error = hearing.error;
    }
    Ok(ready.decided(outcome, started, call))
}

/// What the model says to it, if there is one and it may be asked.
async fn hear(
    station: &Station,
    view: &TurnView,
    now: Timestamp,
    ask: Ask,
    paused: &Paused<'_>,
) -> (Heard, Option<ModelCall>) {
    let Some(model) = &station.model else { return (Heard::NotAsked("no_model"), None) };
    let until = model.deadline();
    let earlier: Vec<Said> = view.recent.iter().filter_map(said).collect();
    let Some(prompt) = paused.prompt(ask, &earlier, model.input_chars()) else {
        return (Heard::NotAsked("no_prompt"), None);
    };
    let phone = view.contact.as_ref().and_then(|contact| contact.wa_id.as_deref());
    let wisher = Wisher {
        conversation_id: view.conversation.id.as_str(),
        phone_last_four: phone.and_then(|phone| phone.get(phone.len().saturating_sub(4)..)),
    };
    let (heard, call) = model.ask(&station.shop.store, wisher, (ask, prompt), now, until).await;
    (heard, Some(call))
}

/// An earlier message of the chat as a model may see it; what was redacted has no text.
fn said(row: &MessageRow) -> Option<Said> {
    let who = match row.sender {
        Sender::Customer => Who::Customer,
        Sender::Luisa | Sender::Human | Sender::System => Who::Store,
    };
    row.text.clone().filter(|text| !text.trim().is_empty()).map(|text| Said { who, text })
}

/// What would be decided now. Changes nothing: nobody needs to have claimed the chat, the cache is not asked, nor is a
/// model.
///
/// # Errors
/// `Panicked`.
pub fn rehearse(station: &Station, view: &TurnView, now: Timestamp) -> Result<Decision, TurnError> {
    let started = Instant::now();
    let ready = Ready::of(station, view);
    let turn = ready.turn(view, now, &NoCache);
    let outcome = caught(|| pipeline::decide(&ready.pack, &turn))?;
    Ok(ready.decided(outcome, started, None))
}

/// What a decision rests on, as long as it takes.
struct Ready {
    pack: Arc<Pack>,
    channel: taxonomy::Channel,
    memory: Memory,
    messages: Vec<Inbound>,
    policy: Policy,
    reach: String,
}

impl Ready {
    fn of(station: &Station, view: &TurnView) -> Self {
        let pack = station.shop.pack();
        let channel = core_channel(view.conversation.channel);
        let messages = view.pending.iter().map(|row| inbound(row, view, &pack)).collect();
        let policy = checks::policy(station.shop.policy(channel), &view.conversation.id);
        Self { channel, memory: memory_of(view), messages, policy, pack, reach: reach(view) }
    }

    fn turn<'a>(&'a self, view: &'a TurnView, now: Timestamp, cache: &'a dyn FaqLookup) -> Turn<'a> {
        let contact = view.contact.as_ref();
        Turn {
            channel: self.channel,
            now,
            mode: core_mode(view.conversation.mode),
            human_until: view.conversation.human_until,
            memory: &self.memory,
            messages: &self.messages,
            in_address_book: contact.is_some_and(|contact| contact.in_address_book),
            recent_inbound: recent_inbound(view),
            profile_name: contact.and_then(|contact| contact.profile_name.as_deref()),
            reach: Some(&self.reach),
            policy: &self.policy,
            cache,
        }
    }

    fn decided(&self, outcome: Outcome, started: Instant, model: Option<ModelCall>) -> Decision {
        let request_id = RequestId(Uuid::now_v7().to_string());
        Decision { request_id, outcome, latency: started.elapsed(), messages: self.messages.clone(), model }
    }
}

/// How the team reaches the customer: by number and link where there is one, else by the chat.
fn reach(view: &TurnView) -> String {
    let phone = view.contact.as_ref().and_then(|contact| contact.wa_id.as_deref());
    phone.map_or_else(|| view.conversation.id.to_string(), |id| format!("+{id} https://wa.me/{id}"))
}

fn caught<T>(decide: impl FnOnce() -> T) -> Result<T, TurnError> {
    catch_unwind(AssertUnwindSafe(decide)).map_err(|panic| TurnError::Panicked(words_of(panic.as_ref())))
}

// Only words that are the program's own: a formatted message may quote the customer, and this one is logged and kept.
fn words_of(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&'static str>()
        .map_or_else(|| "see the log's `panic` for its place".to_owned(), |text| (*text).to_owned())
}

/// The stored memory. One that cannot be read is worse than none, and must not stop the chat.
#[must_use]
pub fn memory_of(view: &TurnView) -> Memory {
    Memory::deserialize(&view.conversation.memory).unwrap_or_else(|error| {
        warn!(conversation = chat(&view.conversation.id), %error, "memory_unreadable");
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
            inbound.quoted = Some(Quoted { message_id: String::new(), image_id: asked, text: None, asked: None });
        }
        None => {}
    }
    inbound
}

/// What a quoted message of ours said and showed.
fn look_up(quoted: &mut Quoted, asked: Option<String>, view: &TurnView) {
    let is_quoted = |id: &MessageId| id.as_str() == quoted.message_id;
    let ours = view.quoted.iter().find(|known| known.message_id.as_ref().is_some_and(is_quoted));
    quoted.image_id = asked;
    if let Some(ours) = ours {
        quote(quoted, ours.text.clone(), ours.payload.as_ref());
    }
}

/// Notes in a quotation what the quoted message of ours said, showed and asked.
pub fn quote(quoted: &mut Quoted, text: Option<String>, payload: Option<&serde_json::Value>) {
    quoted.text = text;
    let letter = payload.and_then(|payload| Letter::deserialize(payload).ok());
    let Some(Letter::Reply { reply, .. }) = letter else { return };
    if let Some(asset) = reply.asset {
        quoted.image_id = Some(asset.image_id);
    }
    quoted.asked = reply.question.map(|question| Pending { question, options: reply.options });
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
