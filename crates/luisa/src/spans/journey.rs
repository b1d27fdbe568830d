//! Where on a message's way its spans begin and end: webhook, wait, turn, model, sending, status.
//!
//! Owns the names of the spans and their attributes, none of which is of a person: no id of a conversation either, since
//! programs choose theirs. `luisa.request_id` finds the row of `interaction_traces`. May not decide or store.

use std::time::Duration;

use jiff::Timestamp;
use luisa_core::outcome::Answer;
use luisa_store::{Arrival, OutboxRow, StatusUpdate, Store, TurnCommit, TurnView};

use super::{Context, Kind, Span, Spans, before};
use crate::runtime::turn::Decision;

/// The messages and statuses of one webhook.
pub struct Webhook {
    spans: Spans,
    began: Timestamp,
    /// In the order of the arrivals.
    messages: Vec<Option<Context>>,
    statuses: Vec<StatusUpdate>,
}

impl Webhook {
    /// Gives each message a trace of its own, which it carries from here on.
    #[must_use]
    pub fn began(spans: &Spans, arrivals: &mut [Arrival], began: Timestamp) -> Self {
        let mut webhook = Self { spans: spans.clone(), began, messages: Vec::new(), statuses: Vec::new() };
        if !spans.are_on() {
            return webhook;
        }
        for arrival in arrivals {
            let mut context = None;
            if let Arrival::Message(message) = arrival {
                let root = Context::root();
                root.ride_on(&mut message.payload);
                context = Some(root);
            }
            webhook.messages.push(context);
            if let Arrival::Status(status) = arrival {
                webhook.statuses.push(status.clone());
            }
        }
        webhook
    }

    /// All of it is on disk. `is_new` says of an arrival's place whether it was stored as a message to answer.
    pub fn stored(self, store: &Store, end: Timestamp, is_new: impl Fn(usize) -> bool) {
        for (at, context) in self.messages.iter().enumerate() {
            if let Some(context) = context.filter(|_| is_new(at)) {
                self.spans.note(Span::new("whatsapp webhook", context, self.began, end).as_kind(Kind::Server));
            }
        }
        if !self.statuses.is_empty() {
            let store = store.clone();
            // Meta does not wait for this.
            tokio::spawn(async move { self.delivered(&store, end).await });
        }
    }

    async fn delivered(self, store: &Store, end: Timestamp) {
        for status in self.statuses {
            let (state, code) = (status.state, status.error_code.clone());
            let Ok(Some(row)) = store.sending_of(status).await else { continue };
            let Some(turn) = Context::carried_by(&row.payload) else { continue };
            let span = Span::new("delivery status", turn.child(), self.began, end)
                .under(turn.of_sending(&row.opaque, row.attempts))
                .as_kind(Kind::Server)
                .with("luisa.state", state.to_string())
                .with("luisa.purpose", row.purpose.to_string());
            self.spans.note(Span { error: code, ..span });
        }
    }
}

/// A turn, from the moment it has been decided.
pub struct Turn {
    context: Context,
    parent: Option<Context>,
    links: Vec<Context>,
    decided: Timestamp,
}

impl Turn {
    /// Continues the trace of its first message; the others of a burst are linked. A message of the API begins one.
    #[must_use]
    pub fn of(spans: &Spans, view: &TurnView, decided: Timestamp) -> Option<Self> {
        if !spans.are_on() {
            return None;
        }
        let mut carried = view.pending.iter().filter_map(|row| Context::carried_by(&row.payload));
        let parent = carried.next();
        let context = parent.map_or_else(Context::root, Context::child);
        Some(Self { context, parent, links: carried.collect(), decided })
    }

    /// Its answers and notices carry the trace on.
    pub fn ride_on(&self, turn: &mut TurnCommit) {
        let letters = turn.notices.iter_mut().filter_map(|notice| notice.letter.as_mut());
        let payloads = turn.outgoing.iter_mut().map(|message| &mut message.payload);
        for payload in payloads.chain(letters.map(|letter| &mut letter.payload)) {
            self.context.ride_on(payload);
        }
    }

    /// It is on disk.
    pub fn committed(self, spans: &Spans, view: &TurnView, decision: &Decision, end: Timestamp) {
        let began = before(self.decided, decision.latency);
        let arrived = view.pending.iter().map(|row| row.received_at).min();
        if let (Some(parent), Some(arrived)) = (self.parent, arrived) {
            spans.note(Span::new("inbox wait", parent.child(), arrived, began).under(parent));
        }
        let step = |name, start, end| Span::new(name, self.context.child(), start, end).under(self.context);
        spans.note(step("decide", began, self.decided));
        spans.note(step("commit", self.decided, end));
        if let Some(call) = decision.model.as_ref().filter(|call| call.called) {
            let spent = call.spent.as_ref();
            let span = step("model call", before(self.decided, call.latency), self.decided)
                .as_kind(Kind::Client)
                .with("gen_ai.response.model", spent.map(|spent| spent.model.clone()))
                .with("gen_ai.usage.input_tokens", spent.map(|spent| spent.usage.input))
                .with("gen_ai.usage.output_tokens", spent.map(|spent| spent.usage.output));
            spans.note(Span { error: call.error.clone(), ..span });
        }
        let outcome = &decision.outcome;
        let trace = outcome.traces.last();
        let span = Span::new("turn", self.context, began, end)
            .with("luisa.request_id", decision.request_id.to_string())
            .with("luisa.messages", decision.messages.len())
            .with("luisa.class", trace.map(|trace| trace.class.id()))
            .with("luisa.intent", trace.map(|trace| trace.intent.id().to_string()))
            .with("luisa.handoff", outcome.handoff.map(|call| call.reason.id()))
            .with("luisa.answered", !matches!(outcome.answer, Answer::Silence(_)));
        spans.note(Span { parent: self.parent, links: self.links, ..span });
    }
}

/// WhatsApp was asked to take a message, and took it or not.
pub fn sending(spans: &Spans, row: &OutboxRow, (end, took): (Timestamp, Duration), error: Option<String>) {
    let Some(turn) = Context::carried_by(&row.payload).filter(|_| spans.are_on()) else { return };
    let span = Span::new("whatsapp send", turn.of_sending(&row.opaque, row.attempts), before(end, took), end)
        .under(turn)
        .as_kind(Kind::Client)
        .with("luisa.purpose", row.purpose.to_string())
        .with("luisa.attempt", row.attempts)
        .with("luisa.request_id", row.request_id.as_ref().map(ToString::to_string));
    spans.note(Span { error, ..span });
}
