//! Stored chats decided again by today's rules: what would be different.
//!
//! Owns the way from rows to turns and the comparison. The memory is made of the messages alone; what people did (taking
//! a chat over, giving it back) is taken from the record. May not write or send.

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan};
use luisa_core::memory::Memory;
use luisa_core::outcome::{Answer, Outcome};
use luisa_core::pack::Pack;
use luisa_core::pipeline;
use luisa_core::taxonomy::{Channel, Mode};
use luisa_core::turn::{Body, Inbound, NoCache, Policy, Turn};
use luisa_store::{ConversationDetail, PastMessage};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::runtime::turn::{core_mode, quote};

/// What a replay showed.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    pub conversations: usize,
    pub messages: usize,
    /// Messages whose content is not kept: personal ones, erased ones.
    pub skipped: usize,
    /// Messages after such a one in their chat: what LUISA knew then is not known any more, so they are not compared.
    pub after_gap: usize,
    /// Conversations that were erased whole.
    pub erased: usize,
    /// Answers of a language model, which are not compared.
    pub by_model: usize,
    pub changed: Vec<Changed>,
}

/// A message that would be decided otherwise.
#[derive(Debug, Serialize)]
pub struct Changed {
    pub conversation_id: String,
    pub message_id: String,
    pub at: Timestamp,
    /// The customer's words, when they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Class, intent, handoff, slots, reply: what was, and what would be.
    pub changes: BTreeMap<&'static str, Difference>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    pub was: String,
    pub is: String,
}

/// Which messages are compared; all of a chat are decided, because the later rest on the earlier.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    pub since: Option<Timestamp>,
    pub texts: Texts,
}

/// Whether customers' words are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Texts {
    Shown,
    Hidden,
}

/// Decides a chat again.
pub fn chat(
    pack: &Pack,
    policy: &Policy,
    detail: &ConversationDetail,
    past: &[PastMessage],
    asked: Asked,
    report: &mut Report,
) {
    report.conversations += 1;
    let channel = match detail.conversation.channel {
        luisa_store::Channel::Whatsapp => Channel::Whatsapp,
        luisa_store::Channel::Api => Channel::Api,
    };
    let contact = detail.contact.as_ref();
    let mut state = State { memory: Memory::default(), mode: Mode::AiActive, human_until: None };
    let mut arrivals: Vec<Timestamp> = Vec::new();
    let mut led_before = Mode::AiActive;
    let mut whole = true;
    for rows in past.chunk_by(|a, b| a.request_id == b.request_id) {
        let now = rows[0].decided_at;
        let counted = asked.since.is_none_or(|since| now >= since);
        let (kept, messages): (Vec<&PastMessage>, Vec<Inbound>) =
            rows.iter().filter_map(|row| Some((row, inbound(row)?))).unzip();
        if counted {
            report.messages += rows.len();
            report.skipped += rows.len() - kept.len();
            report.after_gap += if whole { 0 } else { kept.len() };
        }
        let comparable = whole && counted;
        whole &= rows.len() == kept.len();
        state.follow_people(&rows[0], led_before, now, policy);
        led_before = core_mode(rows[0].mode);
        let Some(first) = messages.first() else { continue };
        let minute_ago = first.at.saturating_sub(60.seconds()).unwrap_or(Timestamp::MIN);
        let recent = arrivals.iter().filter(|at| **at > minute_ago).count();
        let turn = Turn {
            channel,
            now,
            mode: state.mode,
            human_until: state.human_until,
            memory: &state.memory,
            messages: &messages,
            in_address_book: contact.is_some_and(|contact| contact.in_address_book),
            recent_inbound: u32::try_from(recent).unwrap_or(u32::MAX),
            profile_name: contact.and_then(|contact| contact.profile_name.as_deref()),
            reach: None,
            policy,
            cache: &NoCache,
        };
        let outcome = pipeline::decide(pack, &turn);
        arrivals.extend(messages.iter().map(|message| message.at));
        if comparable {
            compare(&kept, &outcome, asked.texts, report);
        }
        state = State { memory: outcome.memory, mode: outcome.mode, human_until: outcome.human_until };
    }
}

struct State {
    memory: Memory,
    mode: Mode,
    human_until: Option<Timestamp>,
}

impl State {
    // Between two turns a person may have taken the chat or given it back: the record shows it where the mode at the
    // end of one turn is not the mode in which the next was decided.
    fn follow_people(&mut self, row: &PastMessage, led_before: Mode, now: Timestamp, policy: &Policy) {
        // A silent turn does not show who led.
        if row.decision_path.contains("silent:") {
            return;
        }
        let led = if row.decision_path.contains("->shadow->") { Mode::HumanActive } else { Mode::AiActive };
        if led != led_before && led != self.mode {
            self.mode = led;
            self.human_until = match led {
                Mode::HumanActive => now.saturating_add(policy.human_ttl_hours.hours()).ok(),
                Mode::AiActive => None,
            };
        }
    }
}

// The message in the core's form; none when its content is not kept.
fn inbound(row: &PastMessage) -> Option<Inbound> {
    let payload = row.payload.as_ref()?;
    let mut inbound = Inbound::deserialize(payload).ok().or_else(|| {
        let text = row.text.clone()?;
        let body = Body::Text { text };
        let message_id = row.message_id.clone();
        Some(Inbound { message_id, at: row.decided_at, stale: false, body, quoted: None, referral: None })
    })?;
    inbound.stale = row.decision_path.contains("silent:stale");
    if let (Some(quoted), Some((text, payload))) = (&mut inbound.quoted, &row.quoted) {
        quote(quoted, text.clone(), payload.as_ref());
    }
    Some(inbound)
}

fn compare(rows: &[&PastMessage], outcome: &Outcome, texts: Texts, report: &mut Report) {
    let reply = reply_of(outcome);
    for (n, row) in rows.iter().enumerate() {
        let Some(trace) = outcome.traces.get(n) else { continue };
        let mut changes = BTreeMap::new();
        let mut differ = |what: &'static str, was: String, is: String| {
            if was != is {
                changes.insert(what, Difference { was, is });
            }
        };
        differ("class", row.classification.clone(), trace.class.id().to_owned());
        differ("intent", row.intent.clone().unwrap_or_default(), trace.intent.id().to_string());
        let called = row.handoff_reason.as_ref().zip(row.routed_team.as_ref());
        let now_called = trace.handoff.map(|call| format!("{}@{}", call.reason, call.team));
        let nobody = || "none".to_owned();
        differ(
            "handoff",
            called.map_or_else(nobody, |(reason, team)| format!("{reason}@{team}")),
            now_called.unwrap_or_else(nobody),
        );
        let slots = serde_json::to_value(&trace.slots).unwrap_or_default();
        differ("slots", written(&row.slots), written(&slots));
        // One reply answers the whole turn: it is told once, with its last message.
        if n + 1 == rows.len() {
            if row.by_model {
                report.by_model += 1;
            } else {
                differ("reply", row.response_text.clone().unwrap_or_default(), reply.clone());
            }
        }
        if !changes.is_empty() {
            report.changed.push(Changed {
                conversation_id: String::new(),
                message_id: row.message_id.clone(),
                at: row.decided_at,
                text: (texts == Texts::Shown).then(|| row.text.clone().unwrap_or_default()),
                changes,
            });
        }
    }
}

fn reply_of(outcome: &Outcome) -> String {
    match &outcome.answer {
        Answer::Say(checked) => checked.reply().text.clone(),
        Answer::Later { notice, .. } => notice.as_ref().map_or_else(String::new, |n| n.reply().text.clone()),
        Answer::Silence(_) => String::new(),
    }
}

// Slots in one line, the same for the same content.
fn written(slots: &Value) -> String {
    let sorted: BTreeMap<String, Value> = slots
        .as_object()
        .map(|slots| slots.iter().map(|(id, value)| (id.clone(), value.clone())).collect())
        .unwrap_or_default();
    serde_json::to_string(&sorted).unwrap_or_default()
}
