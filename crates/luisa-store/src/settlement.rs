//! What a sending's outcome means: for its row, its message, its notice and the trace of its decision, all at once.
//!
//! Both the sender's own report and the provider's statuses end here. May not decide the outcome.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, params};

use crate::error::StoreError;
use crate::ids::{ConversationId, MessageId, OutboxId, RequestId};
use crate::states::{MessageState, NoticeState, OutboxState, Purpose};
use crate::time::{At, after};

/// How long a row of unknown outcome holds back what comes after it in the same chat.
pub const UNKNOWN_HOLDS_BACK: Duration = Duration::from_secs(30);

/// The provider's or our own word on why a sending failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendError {
    /// For example `131047`.
    pub code: Option<String>,
    /// In words; no personal data.
    pub text: String,
}

/// What the outcome of a sending means for the row and for all that hangs on it.
pub(crate) struct Settlement {
    state: OutboxState,
    message: MessageState,
    notice: NoticeState,
    /// For the trace; none: not known yet.
    success: Option<bool>,
    error: Option<SendError>,
    /// For the trace's `error_message`.
    remark: Option<&'static str>,
    due_at: Option<Timestamp>,
    holds_back_until: Option<Timestamp>,
    latency_ms: Option<f64>,
}

impl Settlement {
    fn new(state: OutboxState, message: MessageState, notice: NoticeState) -> Self {
        let (success, error, remark) = (None, None, None);
        Self { state, message, notice, success, error, remark, due_at: None, holds_back_until: None, latency_ms: None }
    }

    pub(crate) fn sent() -> Self {
        Self { success: Some(true), ..Self::new(OutboxState::Sent, MessageState::Sent, NoticeState::Sent) }
    }

    /// With how long the sending took.
    pub(crate) fn taking(self, latency_ms: f64) -> Self {
        Self { latency_ms: Some(latency_ms), ..self }
    }

    pub(crate) fn dead(error: &SendError) -> Self {
        let error = Some(error.clone());
        Self { success: Some(false), error, ..Self::new(OutboxState::Dead, MessageState::Failed, NoticeState::Failed) }
    }

    pub(crate) fn unknown(now: Timestamp, error: &SendError) -> Self {
        let (error, holds_back_until) = (Some(error.clone()), Some(after(now, UNKNOWN_HOLDS_BACK)));
        Self { error, holds_back_until, ..Self::new(OutboxState::Unknown, MessageState::Unknown, NoticeState::Unknown) }
    }

    pub(crate) fn retry(due_at: Timestamp, error: &SendError) -> Self {
        let (error, due_at) = (Some(error.clone()), Some(due_at));
        Self { error, due_at, ..Self::new(OutboxState::Due, MessageState::Queued, NoticeState::Queued) }
    }

    pub(crate) fn held(error: &SendError) -> Self {
        Self { error: Some(error.clone()), ..Self::new(OutboxState::Held, MessageState::Queued, NoticeState::Held) }
    }

    pub(crate) fn resumed(now: Timestamp) -> Self {
        Self { due_at: Some(now), ..Self::new(OutboxState::Due, MessageState::Queued, NoticeState::Queued) }
    }

    pub(crate) fn cancelled() -> Self {
        Self::cancelled_for("human_took_over")
    }

    pub(crate) fn cancelled_for(remark: &'static str) -> Self {
        let remark = Some(remark);
        Self { remark, ..Self::new(OutboxState::Cancelled, MessageState::Cancelled, NoticeState::Failed) }
    }
}

/// Writes the outcome to the row, its message, its notice and, for a reply, the traces of its decision.
pub(crate) fn settle(conn: &Connection, now: Timestamp, id: OutboxId, s: &Settlement) -> Result<(), StoreError> {
    let code = s.error.as_ref().and_then(|error| error.code.as_deref());
    let text = s.error.as_ref().map(|error| error.text.as_str());
    let sent_at = (s.state == OutboxState::Sent).then_some(At(now));
    // The token stays: a slow sender that reports after its lease still tells the truth about this row.
    let sql = "UPDATE outbox SET state = ?2, due_at = coalesce(?3, due_at), claimed_until = ?4, error_code = ?5, error_text = ?6,
            sent_at = coalesce(sent_at, ?7) WHERE id = ?1
        RETURNING message_row, request_id, purpose, conversation_id";
    let row = params![id, s.state, s.due_at.map(At), s.holds_back_until.map(At), code, text, sent_at];
    let (message_row, request, purpose, chat) = conn.prepare_cached(sql)?.query_row(row, |row| {
        let key: (Option<i64>, Option<RequestId>, Purpose, Option<ConversationId>) =
            (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        Ok(key)
    })?;
    let sql = "UPDATE messages SET state = ?2, state_rank = ?3, error_code = ?4 WHERE id = ?1 AND state_rank <= ?3";
    conn.prepare_cached(sql)?.execute(params![message_row, s.message, s.message.rank(), code])?;
    let sent_at = (s.state == OutboxState::Sent).then_some(At(now));
    let sql =
        "UPDATE notifications SET state = ?2, error_code = ?3, sent_at = coalesce(sent_at, ?4) WHERE outbox_id = ?1";
    conn.prepare_cached(sql)?.execute(params![id, s.notice, code, sent_at])?;
    if s.state == OutboxState::Sent
        && let Some(chat) = &chat
    {
        touch_outbound(conn, now, chat)?;
    }
    if purpose == Purpose::Reply
        && let Some(request) = &request
    {
        let sql = "UPDATE interaction_traces SET whatsapp_send_success = ?2, whatsapp_send_error_code = ?3,
                whatsapp_send_latency_ms = coalesce(?4, whatsapp_send_latency_ms), error_message = coalesce(error_message, ?5)
            WHERE request_id = ?1";
        conn.prepare_cached(sql)?.execute(params![request, s.success, code, s.latency_ms, s.remark])?;
    }
    Ok(())
}

/// The provider's id of a sent row, for the statuses and quotes to come.
pub(crate) fn learn_wamid(conn: &Connection, id: OutboxId, wamid: &MessageId) -> Result<(), StoreError> {
    conn.prepare_cached("UPDATE outbox SET wamid = ?2 WHERE id = ?1 AND wamid IS NULL")?.execute(params![id, wamid])?;
    // Ignored when the id is already in the record, which only a provider that repeats ids could bring about.
    let sql = "UPDATE OR IGNORE messages SET message_id = ?2
        WHERE id = (SELECT message_row FROM outbox WHERE id = ?1) AND message_id IS NULL";
    conn.prepare_cached(sql)?.execute(params![id, wamid])?;
    Ok(())
}

/// An error that the provider did not name.
pub(crate) fn own_error(code: &str, text: &str) -> SendError {
    SendError { code: Some(code.to_owned()), text: text.to_owned() }
}
pub(crate) fn set_latency(conn: &Connection, id: OutboxId, latency_ms: f64) -> Result<(), StoreError> {
    let sql = "UPDATE interaction_traces SET whatsapp_send_latency_ms = ?2
        WHERE request_id = (SELECT request_id FROM outbox WHERE id = ?1 AND purpose = 'reply')";
    conn.prepare_cached(sql)?.execute(params![id, latency_ms])?;
    Ok(())
}

pub(crate) fn touch_outbound(conn: &Connection, now: Timestamp, chat: &ConversationId) -> Result<(), StoreError> {
    conn.prepare_cached("UPDATE conversations SET last_outbound_at = ?2, updated_at = ?2 WHERE id = ?1")?
        .execute(params![chat, At(now)])?;
    Ok(())
}
