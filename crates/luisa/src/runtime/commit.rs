//! A decision as the rows that make it true.
//!
//! Owns the mapping of an outcome to memory, mode, messages, handoffs, notices and traces. Pure: may not store or send.

use std::time::Duration;

use jiff::Timestamp;
use luisa_core::outcome::{Answer, Asked, Desk, Handoff, MessageTrace, Notice, Reply, Shift};
use luisa_core::stages::desk::many;
use luisa_core::taxonomy::{Class, Mode, Priority};
use luisa_store::{
    Channel, ConversationId, Delivery, HOW_MANY, HandoffChange, MessageId, ModeChange, NewHandoff, NewNotice, NewQuery,
    NoticeLetter, Outgoing, Pace, TraceRow, TurnCommit, TurnView,
};
use serde::Serialize;
use serde_json::{Value, json};

use super::Station;
use super::checks::is_check;
use super::turn::{Decision, store_mode};
use crate::wire::to_whatsapp::{Addressee, Letter};

/// What the button that opens a list says: a fact of the pack.
pub use luisa_core::pack::check::LIST_LABEL;
/// Whom a notice is for that concerns the service and no team.
const OWNER: &str = "interno";

/// The rows of a decided turn.
#[must_use]
pub fn of_decision(station: &Station, view: &TurnView, decision: &Decision, now: Timestamp) -> TurnCommit {
    let outcome = &decision.outcome;
    let mut turn = TurnCommit::silent(decision.request_id.clone(), json(&outcome.memory));
    turn.mode = mode_change(view, decision);
    turn.traces = outcome.traces.iter().map(|trace| trace_row(station, view, decision, trace)).collect();
    turn.queries = queries(decision);
    turn.redactions = forgotten(station, decision);
    turn.outgoing.extend(reply_of(&outcome.answer).map(|reply| outgoing(station, view, decision, reply, now)));
    let open = view.open_handoff.as_ref();
    match &outcome.desk {
        Desk::Nothing => {}
        Desk::Open(handoff) => {
            turn.handoff = Some(HandoffChange::Open(new_handoff(handoff)));
            turn.notices.push(notice(station, &About::of(view, handoff.call.priority), &handoff.notice));
        }
        Desk::Raise(handoff) => {
            let same_team = open.filter(|row| row.team == handoff.call.team.id());
            turn.handoff = Some(match same_team {
                Some(row) => HandoffChange::Raise {
                    id: row.id,
                    priority: handoff.call.priority.id().to_owned(),
                    summary: Some(handoff.summary.clone()),
                },
                // Another team has nothing yet that it could work on.
                None => HandoffChange::Open(new_handoff(handoff)),
            });
            turn.notices.push(notice(station, &About::of(view, handoff.call.priority), &handoff.notice));
        }
        Desk::Lead { lead, notice: told } => {
            turn.lead = open.map(|row| (row.id, json(lead)));
            turn.notices.push(notice(station, &About::of(view, Priority::Medium), told));
        }
    }
    if let (Desk::Nothing, Some(told)) = (&outcome.desk, &outcome.asks_team) {
        turn.notices.push(notice(station, &About::of(view, Priority::Low), told));
    }
    turn
}

// What nobody knows becomes a question for a team; a check asks nobody.
fn queries(decision: &Decision) -> Vec<NewQuery> {
    let asked = decision.outcome.queries.iter();
    asked
        .map(|query| NewQuery {
            team: query.team.id().to_owned(),
            topic: query.topic.clone(),
            item_id: query.item.clone(),
            name: query.name.clone(),
            words: query.words.clone(),
        })
        .collect()
}

/// What the customer reads, if anything.
#[must_use]
pub fn reply_of(answer: &Answer) -> Option<&Reply> {
    let checked = match answer {
        Answer::Say(checked) => Some(checked),
        Answer::Later { notice, .. } => notice.as_ref(),
        Answer::Silence(_) => None,
    };
    checked.map(|checked| checked.reply()).filter(|reply| !reply.text.is_empty())
}

fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

fn mode_change(view: &TurnView, decision: &Decision) -> Option<ModeChange> {
    let outcome = &decision.outcome;
    let mode = store_mode(outcome.mode);
    let was = &view.conversation;
    let same = was.mode == mode && (outcome.mode == Mode::AiActive || was.human_until == outcome.human_until);
    if same {
        return None;
    }
    // A person who has the chat keeps their name on it when LUISA only prolongs it.
    let by = match outcome.shift {
        Shift::ToHuman => Some("luisa".to_owned()),
        Shift::None | Shift::BackToAi => was.human_by.clone(),
    };
    Some(ModeChange { mode, human_until: outcome.human_until, by })
}

fn forgotten(station: &Station, decision: &Decision) -> Vec<MessageId> {
    let kept_for = station.shop.settings.privacy.personal_text_retention_hours;
    if kept_for > 0 {
        return Vec::new();
    }
    decision.outcome.forget.iter().map(|id| MessageId::from(id.as_str())).collect()
}

fn outgoing(station: &Station, view: &TurnView, decision: &Decision, reply: &Reply, now: Timestamp) -> Outgoing {
    let letter = Letter::Reply {
        reply: reply.clone(),
        list_label: station.shop.pack().fact(LIST_LABEL).to_owned(),
        mark_read: wants_ticks(decision).then(|| last_message(decision)).flatten(),
    };
    let addressee = view.contact.as_ref().and_then(Addressee::of);
    let delivery = match (view.conversation.channel, addressee) {
        (Channel::Whatsapp, Some(to)) => Delivery::Queue { recipient: json(&to), due_at: now },
        (Channel::Whatsapp, None) | (Channel::Api, _) => Delivery::Answered,
    };
    Outgoing {
        kind: kind(reply).to_owned(),
        text: Some(reply.text.clone()),
        payload: json(&letter),
        reply_to: None,
        delivery,
    }
}

fn kind(reply: &Reply) -> &'static str {
    match (&reply.asset, reply.options.is_empty()) {
        (_, false) => "interactive",
        (Some(_), true) => "image",
        (None, true) => "text",
    }
}

fn last_message(decision: &Decision) -> Option<String> {
    decision.messages.last().map(|message| message.message_id.clone())
}

/// Ticks and "typing…" are LUISA's own, in chats she leads: never on a personal message, never over a person, and a late
/// message is not made to look just read.
#[must_use]
pub fn wants_ticks(decision: &Decision) -> bool {
    let outcome = &decision.outcome;
    let leads = outcome.mode == Mode::AiActive;
    let personal = outcome.traces.iter().any(|trace| trace.class == Class::NonBusiness);
    let fresh = decision.messages.iter().all(|message| !message.stale);
    leads && !personal && fresh && matches!(outcome.answer, Answer::Say(_))
}

fn new_handoff(handoff: &Handoff) -> NewHandoff {
    NewHandoff {
        team: handoff.call.team.id().to_owned(),
        priority: handoff.call.priority.id().to_owned(),
        reason: handoff.call.reason.id().to_owned(),
        summary: handoff.summary.clone(),
        next_step: Some(handoff.next_step.clone()),
        suggested_message: Some(handoff.suggested_message.clone()),
        lead: json(&handoff.lead),
    }
}

/// The chat that a notice tells of.
pub struct About<'a> {
    pub chat: &'a ConversationId,
    pub channel: Channel,
    pub urgent: bool,
    /// Whether anybody could write or call back.
    pub reachable: bool,
}

impl<'a> About<'a> {
    fn of(view: &'a TurnView, priority: Priority) -> Self {
        let conversation = &view.conversation;
        let said = view.pending.iter().map(|row| &row.text).chain(view.recent.iter().map(|row| &row.text));
        // On the API nobody is known but by what they say of themselves.
        let names_a_way =
            |text: &str| text.contains('@') || text.chars().filter(char::is_ascii_digit).count() >= DIGITS_OF_A_PHONE;
        let reachable = conversation.channel == Channel::Whatsapp
            || names_a_way(conversation.id.as_str())
            || said.flatten().any(|text| names_a_way(text));
        let urgent = priority == Priority::Urgent;
        Self { chat: &conversation.id, channel: conversation.channel, urgent, reachable }
    }
}

const DIGITS_OF_A_PHONE: usize = 10;

/// How many a team is told one by one. Strangers cost it less than customers: an API call costs nobody anything.
fn pace(station: &Station, about: &About<'_>) -> Option<Pace> {
    let (singles, within) = match about.channel {
        Channel::Whatsapp if about.urgent => return None,
        Channel::Whatsapp => (6, Duration::from_secs(60)),
        Channel::Api => (6, Duration::from_secs(60 * 60)),
    };
    let digest = json(&Letter::Notice { text: many(&station.shop.pack(), HOW_MANY) });
    Some(Pace { singles, within, digest })
}

/// A notice as the store takes it: with a letter when the team has a number, and the customer can be reached.
#[must_use]
pub fn notice(station: &Station, about: &About<'_>, told: &Notice) -> NewNotice {
    let whatsapp = &station.shop.settings.whatsapp;
    let sent = whatsapp.enabled && !is_check(about.chat) && about.reachable;
    let number = whatsapp.notify.of(told.team).filter(|_| sent);
    let letter = number.map(|number| NoticeLetter {
        recipient: json(&Addressee::Phone(number.to_owned())),
        payload: json(&Letter::Notice { text: told.text.clone() }),
        pace: pace(station, about),
    });
    NewNotice { team: told.team.id().to_owned(), body: told.text.clone(), letter }
}

/// What the owner is told of the model: the pack's words.
#[must_use]
pub fn owner_notice(station: &Station, told: luisa_llm::Notice) -> NewNotice {
    let id = json(&told);
    let pack = station.shop.pack();
    let words = pack.llm.as_ref().and_then(|llm| llm.words.notice.get(id.as_str().unwrap_or_default()));
    let body = words.cloned().unwrap_or_default();
    let whatsapp = &station.shop.settings.whatsapp;
    let number = whatsapp.notify.internal.as_ref().filter(|_| whatsapp.enabled);
    let letter = number.map(|number| NoticeLetter {
        recipient: json(&Addressee::Phone(number.clone())),
        payload: json(&Letter::Notice { text: body.clone() }),
        pace: None,
    });
    NewNotice { team: OWNER.to_owned(), body, letter }
}

/// What a call was, in the trace of the turn's last message: a turn asks once.
fn with_model(decision: &Decision, trace: &MessageTrace, row: TraceRow) -> TraceRow {
    let last = decision.outcome.traces.last().is_some_and(|last| std::ptr::eq(last, trace));
    let Some(call) = decision.model.as_ref().filter(|_| last) else { return row };
    let spent = call.spent.as_ref();
    TraceRow {
        openai_called: call.called,
        openai_model: spent.map(|spent| spent.model.clone()),
        openai_input_tokens: spent.map(|spent| i64::from(spent.usage.input)),
        openai_output_tokens: spent.map(|spent| i64::from(spent.usage.output)),
        openai_cost_usd: spent.map(|spent| spent.cost.as_usd()),
        openai_latency_ms: call.called.then_some(call.latency.as_secs_f64() * 1e3),
        openai_error: call.error.clone(),
        openai_fallback_used: call.called && !call.used,
        openai_canary_allowed: call.canary_allowed(),
        prompt_version: call.called.then(|| call.prompt_version.clone()),
        ..row
    }
}

// tidy: table
fn trace_row(station: &Station, view: &TurnView, decision: &Decision, trace: &MessageTrace) -> TraceRow {
    let outcome = &decision.outcome;
    let is_personal = trace.class == Class::NonBusiness;
    let forget =
        station.shop.settings.privacy.personal_text_retention_hours == 0 && outcome.forget.contains(&trace.message_id);
    let text = |text: &str| (!forget).then(|| text.to_owned());
    let reply = reply_of(&outcome.answer);
    let identity = view.contact.as_ref().and_then(|contact| contact.wa_id.as_ref().or(contact.user_id.as_ref()));
    let row = TraceRow {
        request_id: decision.request_id.clone(),
        message_id: Some(trace.message_id.as_str().into()),
        conversation_id: view.conversation.id.clone(),
        channel: view.conversation.channel,
        customer_phone_hash: identity.map(|id| station.phone_key.hash(id)),
        raw_text: text(&trace.raw_text),
        normalized_text: text(&trace.normalized_text),
        classification: trace.class.id().to_owned(),
        classification_score: Some(rounded(trace.class_score)),
        classification_reasons: json!(trace.reasons),
        classifier_version: Some(trace.classifier_version.clone()),
        is_personal,
        intent: Some(trace.intent.id().to_string()),
        intent_score: Some(rounded(trace.intent_score)),
        slots: json!(trace.slots),
        routed_team: trace.handoff.map(|call| call.team.id().to_owned()),
        handoff_reason: trace.handoff.map(|call| call.reason.id().to_owned()),
        handoff_priority: trace.handoff.map(|call| call.priority.id().to_owned()),
        selected_asset_id: reply.and_then(|reply| reply.asset.as_ref()).map(|asset| asset.image_id.clone()),
        cache_hit: outcome.cache_hit,
        openai_called: false,
        openai_model: None,
        openai_input_tokens: None,
        openai_output_tokens: None,
        openai_cost_usd: None,
        openai_latency_ms: None,
        openai_error: None,
        openai_fallback_used: false,
        openai_canary_allowed: false,
        prompt_version: None,
        response_text: reply.map(|reply| reply.text.clone()),
        response_len_chars: reply.map(|reply| i64::try_from(reply.text.chars().count()).unwrap_or(i64::MAX)),
        decision_path: trace.decision_path(),
        conversation_mode: store_mode(outcome.mode),
        latency_ms: Some(decision.latency.as_secs_f64() * 1e3),
        latency_us: i64::try_from(decision.latency.as_micros()).ok(),
        whatsapp_send_success: None,
        whatsapp_send_latency_ms: None,
        whatsapp_send_error_code: None,
        error_message: None,
        verdict: Some(trace.verdict.id().to_owned()),
        asks: (!outcome.asked.is_empty()).then(|| json!(outcome.asked)),
        known: topics(&outcome.asked, &["known", "partly", "which"]),
        unknown: topics(&outcome.asked, &["unknown", "partly"]),
        missed: topics(&outcome.asked, &["missed"]),
    };
    with_model(decision, trace, row)
}

// The topics that became one of these, as a list; none when nothing was asked.
fn topics(asked: &[Asked], states: &[&str]) -> Option<Value> {
    let found: Vec<&str> =
        asked.iter().filter(|ask| states.contains(&ask.state)).map(|ask| ask.topic.as_str()).collect();
    (!asked.is_empty()).then(|| json!(found))
}

/// A score as a person reads it: a single as a double would show its rounding.
#[must_use]
pub fn rounded(score: f32) -> f64 {
    (f64::from(score) * 1e4).round() / 1e4
}
