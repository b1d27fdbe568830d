//! The end of a turn: everything it decided becomes true together, or not at all.
//!
//! Owns `commit_turn`. May not send, and may not commit for a claim that is no longer valid.

use jiff::Timestamp;
use rusqlite::{Connection, params};
use serde_json::Value;

use crate::claims::{self, TurnClaim};
use crate::conversations::ModeChange;
use crate::error::StoreError;
use crate::handoffs::{self, Cause, HandoffChange, NewNotice};
use crate::ids::{ConversationId, HandoffId, MessageId, OutboxId, RequestId};
use crate::media;
use crate::outbox::{self, Origin, Outgoing};
use crate::queries::{self, NewQuery};
use crate::rows::Json;
use crate::states::{Purpose, Sender};
use crate::time::At;
use crate::traces::{self, TraceRow};
use crate::{Store, conversations};

/// What a turn decided.
#[derive(Debug, Clone, PartialEq)]
pub struct TurnCommit {
    /// The decision's name, in its answers and traces.
    pub request_id: RequestId,
    /// The core's memory of the conversation from now on.
    pub memory: Value,
    /// A change of who answers; none: as it was.
    pub mode: Option<ModeChange>,
    /// What the customer is told, in this order.
    pub outgoing: Vec<Outgoing>,
    /// One for each message answered.
    pub traces: Vec<TraceRow>,
    /// A person is needed, or needed more.
    pub handoff: Option<HandoffChange>,
    /// What the customer told about themselves, for a handoff opened before.
    pub lead: Option<(HandoffId, Value)>,
    /// What the teams are told; about this turn's handoff, or the one whose lead it completes.
    pub notices: Vec<NewNotice>,
    /// Questions that nobody can answer yet.
    pub queries: Vec<NewQuery>,
    /// Messages whose text and payload are not kept (personal ones).
    pub redactions: Vec<MessageId>,
}

impl TurnCommit {
    /// A turn that says nothing and changes nothing but the memory.
    pub fn silent(request_id: RequestId, memory: Value) -> Self {
        let (mode, handoff, lead) = (None, None, None);
        let (outgoing, traces, notices, redactions) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let queries = Vec::new();
        Self { request_id, memory, mode, outgoing, traces, handoff, lead, notices, queries, redactions }
    }
}

/// What a committed turn brought about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnReceipt {
    /// The rows that the sender will send: answers first, then notices.
    pub outbox: Vec<OutboxId>,
    /// The handoff opened or raised.
    pub handoff: Option<HandoffId>,
    /// More messages came meanwhile, and are due.
    pub more_pending: bool,
}

impl Store {
    /// Makes the turn's decision true: memory, mode, answers, handoff, notices and traces, with its messages done, in one transaction.
    ///
    /// # Errors
    /// `Conflict` when the claim is no longer valid: its lease ended and another worker has the chat, a person took it over, or a message was
    /// edited or deleted. Nothing was stored; drop the decision, the messages will be claimed again.
    pub async fn commit_turn(
        &self,
        now: Timestamp,
        claim: TurnClaim,
        turn: TurnCommit,
    ) -> Result<TurnReceipt, StoreError> {
        self.end_turn(now, claim, turn, None).await
    }

    /// Makes the turn's decision true like [`Store::commit_turn`], but its messages stay pending and are due again at `until`, this try not
    /// counted: the customer was told to wait.
    ///
    /// # Errors
    /// As [`Store::commit_turn`].
    pub async fn commit_and_postpone(
        &self,
        now: Timestamp,
        claim: TurnClaim,
        turn: TurnCommit,
        until: Timestamp,
    ) -> Result<TurnReceipt, StoreError> {
        self.end_turn(now, claim, turn, Some(until)).await
    }

    async fn end_turn(
        &self,
        now: Timestamp,
        claim: TurnClaim,
        turn: TurnCommit,
        postponed: Option<Timestamp>,
    ) -> Result<TurnReceipt, StoreError> {
        let redacts = !turn.redactions.is_empty();
        let receipt = self
            .write(move |conn| {
                let mut receipt = commit(conn, now, &claim, &turn)?;
                receipt.more_pending = match postponed {
                    None => finish(conn, now, &claim, &turn.memory)?,
                    Some(until) => {
                        remember(conn, now, &claim.conversation, &turn.memory)?;
                        claims::put_off(conn, now, &claim, until)?;
                        true
                    }
                };
                Ok(receipt)
            })
            .await?;
        if redacts {
            self.words_were_dropped();
        }
        if !receipt.outbox.is_empty() {
            self.outbox_changed.notify_one();
        }
        if receipt.more_pending {
            self.inbox_changed.notify_one();
        }
        Ok(receipt)
    }
}

fn remember(conn: &Connection, now: Timestamp, chat: &ConversationId, memory: &Value) -> Result<(), StoreError> {
    conn.prepare_cached("UPDATE conversations SET memory = ?2, updated_at = ?3 WHERE id = ?1")?.execute(params![
        chat,
        Json(memory),
        At(now)
    ])?;
    Ok(())
}

/// All of a turn but the end of its messages.
fn commit(conn: &Connection, now: Timestamp, claim: &TurnClaim, turn: &TurnCommit) -> Result<TurnReceipt, StoreError> {
    if !claims::is_valid(conn, claim)? {
        return Err(StoreError::Conflict(format!("the claim on {} is no longer valid", claim.conversation)));
    }
    let chat = &claim.conversation;
    let cause = Cause { chat, request: &turn.request_id };
    if let Some(mode) = &turn.mode {
        conversations::set_mode(conn, now, chat, mode)?;
    }
    for trace in &turn.traces {
        traces::insert(conn, now, trace)?;
    }
    let origin =
        Origin { conversation: chat, request: Some(&turn.request_id), sender: Sender::Luisa, purpose: Purpose::Reply };
    let mut queued = Vec::new();
    for message in &turn.outgoing {
        queued.extend(outbox::put(conn, now, &origin, message)?);
    }
    let handoff = match &turn.handoff {
        Some(change) => Some(handoffs::change(conn, now, &cause, change)?),
        None => None,
    };
    if let Some((id, lead)) = &turn.lead {
        handoffs::set_lead(conn, now, *id, lead)?;
    }
    let about = handoff.or(turn.lead.as_ref().map(|(id, _)| *id));
    for notice in &turn.notices {
        queued.extend(handoffs::notify(conn, now, &cause, about, notice)?);
    }
    for asked in &turn.queries {
        queries::note(conn, now, chat, &turn.request_id, asked)?;
    }
    redact(conn, &turn.redactions)?;
    Ok(TurnReceipt { outbox: queued, handoff, more_pending: false })
}

fn redact(conn: &Connection, messages: &[MessageId]) -> Result<(), StoreError> {
    for id in messages {
        conn.prepare_cached("UPDATE messages SET text = NULL, payload = NULL WHERE message_id = ?1")?.execute([id])?;
    }
    media::close(conn, messages)
}

/// The claim's messages are done and the claim ends; true when others wait.
fn finish(conn: &Connection, now: Timestamp, claim: &TurnClaim, memory: &Value) -> Result<bool, StoreError> {
    for seq in &claim.seqs {
        conn.prepare_cached("DELETE FROM inbox WHERE seq = ?1")?.execute([seq])?;
    }
    let chat = &claim.conversation;
    let more = conn.prepare_cached("SELECT 1 FROM inbox WHERE conversation_id = ?1")?.exists([chat])?;
    // What arrived during the turn has set its own time; it only lacks one if it was there before and unclaimed, which is due now.
    let sql = "UPDATE conversations SET memory = ?2, claim_token = NULL, claimed_until = NULL, updated_at = ?3,
            due_at = CASE WHEN ?4 THEN coalesce(due_at, ?3) END, first_pending_at = CASE WHEN ?4 THEN first_pending_at END,
            pending_since = CASE WHEN ?4 THEN (SELECT min(provider_at) FROM inbox WHERE conversation_id = ?1) END
        WHERE id = ?1";
    conn.prepare_cached(sql)?.execute(params![chat, Json(memory), At(now), more])?;
    Ok(more)
}
