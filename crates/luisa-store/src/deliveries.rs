//! What the provider says became of our messages: statuses, duplicated and in any order.
//!
//! Owns `early_statuses`. A status settles a sending of unknown outcome; it never lowers a message's state. May not send or retry.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use serde_json::Value;

use crate::Store;
use crate::error::StoreError;
use crate::ids::{MessageId, OutboxId};
use crate::rows::{Json, OutboxRow};
use crate::settlement::{self, SendError, Settlement};
use crate::states::{MessageState, OutboxState};
use crate::time::At;

/// The provider's word on a message that we or the staff sent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StatusUpdate {
    /// What we gave along with the message, when it comes back: finds the row even before we know the provider's id.
    pub opaque: Option<String>,
    /// The provider's id.
    pub message_id: MessageId,
    /// `Sent`, `Delivered`, `Read`, `Played` or `Failed`.
    pub state: MessageState,
    /// Why it failed.
    pub error_code: Option<String>,
    /// The same in the provider's words.
    pub reason: Option<String>,
    /// It failed because the customer wrote too long ago: it waits until they write again.
    pub window_closed: bool,
    /// What it costs, in the provider's words.
    pub pricing: Option<Value>,
}

impl Store {
    /// The sending that a status speaks of; none when it is not one of ours.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn sending_of(&self, status: StatusUpdate) -> Result<Option<OutboxRow>, StoreError> {
        self.read(move |conn| {
            let Some(id) = find_sending(conn, &status)? else { return Ok(None) };
            let sql = "SELECT * FROM outbox WHERE id = ?1";
            Ok(conn.prepare_cached(sql)?.query_row([id], OutboxRow::read).optional()?)
        })
        .await
    }
}

/// Applies the status; false when the message is not known yet, and the status was kept for it.
pub(crate) fn apply(conn: &Connection, now: Timestamp, status: &StatusUpdate) -> Result<bool, StoreError> {
    if let Some(id) = find_sending(conn, status)? {
        settlement::learn_wamid(conn, id, &status.message_id)?;
        settle_by_status(conn, now, id, status)?;
        raise_message(conn, status)?;
        return Ok(true);
    }
    if raise_message(conn, status)? {
        return Ok(true);
    }
    keep_early(conn, now, status)?;
    Ok(false)
}

/// A message has just become known: what came too early for it is applied.
pub(crate) fn apply_early(conn: &Connection, now: Timestamp, id: &MessageId) -> Result<(), StoreError> {
    let sql = "DELETE FROM early_statuses WHERE message_id = ?1 RETURNING state, error_code, pricing";
    let early = conn
        .prepare_cached(sql)?
        .query_row([id], |row| {
            let pricing = row.get::<_, Option<Json<Value>>>(2)?.map(|json| json.0);
            Ok(StatusUpdate {
                opaque: None,
                message_id: id.clone(),
                state: row.get(0)?,
                error_code: row.get(1)?,
                reason: None,
                window_closed: false,
                pricing,
            })
        })
        .optional()?;
    match early {
        Some(status) => apply(conn, now, &status).map(drop),
        None => Ok(()),
    }
}

fn keep_early(conn: &Connection, now: Timestamp, status: &StatusUpdate) -> Result<(), StoreError> {
    let sql = "INSERT INTO early_statuses (message_id, state, state_rank, error_code, pricing, received_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
        ON CONFLICT (message_id) DO UPDATE SET state = excluded.state, state_rank = excluded.state_rank,
            error_code = excluded.error_code, pricing = coalesce(excluded.pricing, pricing) WHERE excluded.state_rank > state_rank";
    let pricing = status.pricing.as_ref().map(Json);
    let row = params![status.message_id, status.state, status.state.rank(), status.error_code, pricing, At(now)];
    conn.prepare_cached(sql)?.execute(row)?;
    Ok(())
}

fn find_sending(conn: &Connection, status: &StatusUpdate) -> Result<Option<OutboxId>, StoreError> {
    if let Some(opaque) = &status.opaque {
        let sql = "SELECT id FROM outbox WHERE opaque = ?1";
        let found = conn.prepare_cached(sql)?.query_row([opaque], |row| row.get(0)).optional()?;
        if found.is_some() {
            return Ok(found);
        }
    }
    let sql = "SELECT id FROM outbox WHERE wamid = ?1";
    Ok(conn.prepare_cached(sql)?.query_row([&status.message_id], |row| row.get(0)).optional()?)
}

fn settle_by_status(conn: &Connection, now: Timestamp, id: OutboxId, status: &StatusUpdate) -> Result<(), StoreError> {
    let sql = "UPDATE outbox SET status_rank = ?2 WHERE id = ?1 AND status_rank < ?2 RETURNING state";
    let news: Option<OutboxState> =
        conn.prepare_cached(sql)?.query_row(params![id, status.state.rank()], |row| row.get(0)).optional()?;
    let Some(state_before) = news else { return Ok(()) };
    if status.state == MessageState::Failed {
        let told = "the provider reported that it failed";
        let text = status.reason.clone().unwrap_or_else(|| told.to_owned());
        let error = SendError { code: status.error_code.clone(), text };
        let settlement = if status.window_closed { Settlement::held(&error) } else { Settlement::dead(&error) };
        settlement::settle(conn, now, id, &settlement)
    } else if state_before == OutboxState::Sent {
        Ok(())
    } else {
        settlement::settle(conn, now, id, &Settlement::sent())
    }
}

/// Raises the message's state, never lowers it; false when there is no such message.
fn raise_message(conn: &Connection, status: &StatusUpdate) -> Result<bool, StoreError> {
    let sql = "UPDATE messages SET pricing = coalesce(?2, pricing) WHERE message_id = ?1";
    let known = conn.prepare_cached(sql)?.execute(params![status.message_id, status.pricing.as_ref().map(Json)])? > 0;
    let sql = "UPDATE messages SET state = ?2, state_rank = ?3, error_code = ?4
        WHERE message_id = ?1 AND state_rank < ?3 AND state <> 'received'";
    conn.prepare_cached(sql)?.execute(params![
        status.message_id,
        status.state,
        status.state.rank(),
        status.error_code
    ])?;
    Ok(known)
}
