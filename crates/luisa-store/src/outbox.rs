//! What is to be sent: claimed in order, one at a time per chat, and never repeated when its outcome is not known.
//!
//! Owns `outbox`. May not send, nor decide whether an
//! error is worth a retry.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::Value;

use crate::error::StoreError;
use crate::ids::{ConversationId, MessageId, OutboxId, RequestId, fresh};
use crate::rows::{Json, OutboxRow};
use crate::settlement::{
    SendError, Settlement, UNKNOWN_HOLDS_BACK, learn_wamid, own_error, set_latency, settle, touch_outbound,
};
use crate::states::{Direction, MessageState, OutboxState, Purpose, Sender};
use crate::time::{At, after, before};
use crate::{Store, deliveries, routing};

/// The error of what was being sent when the process stopped.
const PROCESS_STOPPED: &str = "process_stopped";

/// The heads of the lanes that may leave, in the order of the index `outbox_due`: however many wait, the walk ends with those claimed.
const HEADS: &str =
    "SELECT * FROM outbox o WHERE o.state = 'due' AND o.due_at <= ?1 AND NOT EXISTS (SELECT 1 FROM outbox p
        WHERE p.state IN ('due', 'claimed', 'unknown') AND p.lane = o.lane
        AND (p.state = 'claimed' OR (p.id < o.id AND (p.state = 'due' OR p.claimed_until > ?1))))
    ORDER BY o.due_at, o.id LIMIT ?2";
/// The next moment at which a row becomes due, a lease ends, or a row of unknown outcome lets go of its lane. What waits for a row in
/// flight is not looked at: the end of that sending says so.
const NEXT_DUE: &str = "SELECT min(at) FROM (
        SELECT min(due_at) AS at FROM outbox WHERE state = 'due' AND due_at > ?1
    UNION ALL SELECT min(claimed_until) FROM outbox WHERE state = 'claimed' AND claimed_until > ?1
    UNION ALL SELECT min(claimed_until) FROM outbox WHERE state = 'unknown' AND claimed_until > ?1)";

/// A message to a customer.
#[derive(Debug, Clone, PartialEq)]
pub struct Outgoing {
    /// Its type in our words (`text`, `image`…).
    pub kind: String,
    /// Its text, as a person would read it.
    pub text: Option<String>,
    /// The whole message in the sender's form.
    pub payload: Value,
    /// The message it quotes.
    pub reply_to: Option<MessageId>,
    /// How it reaches the customer.
    pub delivery: Delivery,
}

/// How a message reaches the customer.
#[derive(Debug, Clone, PartialEq)]
pub enum Delivery {
    /// By the sender, from `due_at` on.
    Queue {
        /// To whom, in the sender's form.
        recipient: Value,
        /// Not before.
        due_at: Timestamp,
    },
    /// In the answer to the request that asked (API channel): nothing is left to send.
    Answered,
}

/// A row that this process, and no other, is sending. Each `outbox_…` operation consumes it.
#[derive(Debug)]
pub struct OutboxClaim {
    row: OutboxRow,
    token: String,
}

impl OutboxClaim {
    /// What is to be sent.
    pub fn row(&self) -> &OutboxRow {
        &self.row
    }
}

/// A row of unknown outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unsettled {
    /// Its number.
    pub id: OutboxId,
    /// When the provider was asked.
    pub asked_at: Timestamp,
}

impl Store {
    /// Claims what may be sent now: the head of each chat's queue, unless something of the chat is in flight or was asked within the
    /// last [`crate::UNKNOWN_HOLDS_BACK`] without an answer. Rows whose lease has ended become `unknown`.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn claim_outbox(
        &self,
        now: Timestamp,
        limit: u32,
        lease: Duration,
    ) -> Result<Vec<OutboxClaim>, StoreError> {
        self.write(move |conn| {
            let expired = "SELECT id FROM outbox WHERE state = 'claimed' AND claimed_until <= ?1";
            for id in ids(conn, expired, [At(now)])? {
                settle(conn, now, id, &Settlement::unknown(now, &own_error("lease_expired", "the sender did not report back")))?;
            }
            let mut claims = Vec::new();
            for mut row in heads(conn, now, limit)? {
                // A chat may have become somebody else's since: whoever sends into it takes it from them.
                if row.purpose == Purpose::Reply
                    && let Some(chat) = &row.conversation_id
                    && routing::is_elsewhere(conn, now, chat)?
                {
                    settle(conn, now, row.id, &Settlement::cancelled_for("chat_is_elsewhere"))?;
                    continue;
                }
                let token = fresh("", now);
                let sql = "UPDATE outbox SET state = 'claimed', claim_token = ?2, claimed_until = ?3, attempts = attempts + 1 WHERE id = ?1";
                conn.prepare_cached(sql)?.execute(params![row.id, token, At(after(now, lease))])?;
                row.state = OutboxState::Claimed;
                row.attempts += 1;
                claims.push(OutboxClaim { row, token });
            }
            Ok(claims)
        })
        .await
    }

    /// The provider took it, under this id, after so many milliseconds.
    ///
    /// # Errors
    /// `Conflict` when another claim followed this one.
    pub async fn outbox_sent(
        &self,
        now: Timestamp,
        claim: OutboxClaim,
        wamid: MessageId,
        latency_ms: f64,
    ) -> Result<(), StoreError> {
        self.finish(claim, move |conn, sending| {
            let id = sending.id;
            learn_wamid(conn, id, &wamid)?;
            if sending.settled {
                // A status was faster and knows more; only the latency is news.
                set_latency(conn, id, latency_ms)?;
            } else {
                settle(conn, now, id, &Settlement::sent().taking(latency_ms))?;
            }
            deliveries::apply_early(conn, now, &wamid)
        })
        .await
    }

    /// Asked without an answer. It is never sent again by itself: a status settles it.
    ///
    /// # Errors
    /// `Conflict` when another claim followed this one.
    pub async fn outbox_unknown(&self, now: Timestamp, claim: OutboxClaim, error: SendError) -> Result<(), StoreError> {
        self.finish_unless_settled(claim, now, move |_, _| Ok(Settlement::unknown(now, &error))).await
    }

    /// Refused for now: due again at `due_at`, or cancelled when a person has taken the chat over meanwhile.
    ///
    /// # Errors
    /// `Conflict` when another claim followed this one.
    pub async fn outbox_retry(
        &self,
        now: Timestamp,
        claim: OutboxClaim,
        due_at: Timestamp,
        error: SendError,
    ) -> Result<(), StoreError> {
        self.finish_unless_settled(claim, now, move |conn, id| {
            let overtaken = is_overtaken(conn, id)?;
            Ok(if overtaken { Settlement::cancelled() } else { Settlement::retry(due_at, &error) })
        })
        .await
    }

    /// Refused for good.
    ///
    /// # Errors
    /// `Conflict` when another claim followed this one.
    pub async fn outbox_dead(&self, now: Timestamp, claim: OutboxClaim, error: SendError) -> Result<(), StoreError> {
        self.finish_unless_settled(claim, now, move |_, _| Ok(Settlement::dead(&error))).await
    }

    /// Refused until a person or a template changes something: kept, visible, not tried again until [`Store::resume_held`].
    ///
    /// # Errors
    /// `Conflict` when another claim followed this one.
    pub async fn outbox_hold(&self, now: Timestamp, claim: OutboxClaim, error: SendError) -> Result<(), StoreError> {
        self.finish_unless_settled(claim, now, move |_, _| Ok(Settlement::held(&error))).await
    }

    /// Makes every held row due now; says how many.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn resume_held(&self, now: Timestamp) -> Result<usize, StoreError> {
        let resumed = self
            .write(move |conn| {
                let held = ids(
                    conn,
                    "SELECT id FROM outbox WHERE state IN ('unknown', 'held', 'dead') AND state = 'held'",
                    [],
                )?;
                for id in &held {
                    settle(conn, now, *id, &Settlement::resumed(now))?;
                }
                Ok(held.len())
            })
            .await?;
        self.outbox_changed.notify_one();
        Ok(resumed)
    }

    /// Makes due again what a stopped process was sending and no status has settled since; says how many. Only to be asked when statuses have
    /// had time to come: a provider that took a message says so, and what it says nothing of never reached it. Sendings that timed out are
    /// not touched.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn resend_unheard(&self, now: Timestamp) -> Result<usize, StoreError> {
        let resent = self
            .write(move |conn| {
                let sql = "SELECT id FROM outbox WHERE state = 'unknown' AND error_code = ?1 AND status_rank = 0";
                let unheard = ids(conn, sql, [PROCESS_STOPPED])?;
                for id in &unheard {
                    let settlement =
                        if is_overtaken(conn, *id)? { Settlement::cancelled() } else { Settlement::resumed(now) };
                    settle(conn, now, *id, &settlement)?;
                }
                Ok(unheard.len())
            })
            .await?;
        self.outbox_changed.notify_one();
        Ok(resent)
    }

    /// Rows of unknown outcome that were asked before this time, that no status has mentioned and that were never sent again.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn unsettled(&self, asked_before: Timestamp) -> Result<Vec<Unsettled>, StoreError> {
        self.read(move |conn| {
            let sql = "SELECT id, claimed_until FROM outbox
                WHERE state IN ('unknown', 'held', 'dead') AND state = 'unknown' AND status_rank = 0 AND resends = 0 AND claimed_until < ?1
                ORDER BY id";
            let read = |row: &Row<'_>| {
                let held_until: At = row.get(1)?;
                Ok(Unsettled { id: row.get(0)?, asked_at: before(held_until.0, UNKNOWN_HOLDS_BACK) })
            };
            let mut query = conn.prepare_cached(sql)?;
            let rows = query.query_map([At(after(asked_before, UNKNOWN_HOLDS_BACK))], read)?.collect::<Result<_, _>>()?;
            Ok(rows)
        })
        .await
    }

    /// Sends a row of unknown outcome again, once; false when a status or a person was faster. A status of the first try that comes before
    /// it leaves still settles it.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn send_again(&self, now: Timestamp, id: OutboxId) -> Result<bool, StoreError> {
        let again = self
            .write(move |conn| {
                let sql = "UPDATE outbox SET resends = resends + 1, claim_token = NULL
                    WHERE id = ?1 AND state = 'unknown' AND status_rank = 0 AND resends = 0";
                if conn.prepare_cached(sql)?.execute([id])? == 0 {
                    return Ok(false);
                }
                let overtaken = is_overtaken(conn, id)?;
                settle(conn, now, id, &if overtaken { Settlement::cancelled() } else { Settlement::resumed(now) })?;
                Ok(!overtaken)
            })
            .await?;
        self.outbox_changed.notify_one();
        Ok(again)
    }

    /// The provider has a message under an id that nobody here knew: it is this row.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn found_sent(&self, now: Timestamp, id: OutboxId, wamid: MessageId) -> Result<(), StoreError> {
        self.write(move |conn| {
            learn_wamid(conn, id, &wamid)?;
            settle(conn, now, id, &Settlement::sent())?;
            deliveries::apply_early(conn, now, &wamid)
        })
        .await
    }

    /// Those of the provider's ids that stand for no message here.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn unknown_ids(&self, ids: Vec<MessageId>) -> Result<Vec<MessageId>, StoreError> {
        self.read(move |conn| {
            let mut query = conn.prepare_cached(
                "SELECT 1 FROM messages WHERE message_id = ?1 UNION SELECT 1 FROM outbox WHERE wamid = ?1",
            )?;
            let mut unknown = Vec::new();
            for id in ids {
                if !query.exists([&id])? {
                    unknown.push(id);
                }
            }
            Ok(unknown)
        })
        .await
    }

    /// Held, dead and unknown rows, latest first.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn stuck(&self, limit: u32) -> Result<Vec<OutboxRow>, StoreError> {
        self.read(move |conn| {
            let sql = "SELECT * FROM outbox WHERE state IN ('unknown', 'held', 'dead') ORDER BY id DESC LIMIT ?1";
            let mut query = conn.prepare_cached(sql)?;
            let rows = query.query_map([limit], OutboxRow::read)?.filter_map(Result::ok).collect();
            Ok(rows)
        })
        .await
    }

    /// A person wants held, dead or unknown rows sent again, however often they were; how many that were.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn send_stuck(&self, now: Timestamp, rows: Vec<OutboxId>) -> Result<usize, StoreError> {
        let sent = self
            .write(move |conn| {
                let mut count = 0;
                for id in &rows {
                    if is_stuck(conn, *id)? {
                        send_afresh(conn, now, *id)?;
                        settle(conn, now, *id, &Settlement::resumed(now))?;
                        count += 1;
                    }
                }
                Ok(count)
            })
            .await?;
        self.outbox_changed.notify_one();
        Ok(sent)
    }

    /// A person gives held, dead or unknown rows up; how many that were.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn drop_stuck(&self, now: Timestamp, rows: Vec<OutboxId>) -> Result<usize, StoreError> {
        self.write(move |conn| {
            let mut count = 0;
            for id in &rows {
                if is_stuck(conn, *id)? {
                    settle(conn, now, *id, &Settlement::cancelled_for("dropped"))?;
                    count += 1;
                }
            }
            Ok(count)
        })
        .await
    }

    /// Nothing that waits for this chat leaves before `until`.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn delay_chat(&self, id: &ConversationId, until: Timestamp) -> Result<(), StoreError> {
        let id = id.clone();
        self.write(move |conn| {
            conn.prepare_cached(
                "UPDATE outbox SET due_at = max(due_at, ?2) WHERE conversation_id = ?1 AND state = 'due'",
            )?
            .execute(params![id, At(until)])?;
            Ok(())
        })
        .await
    }

    /// When [`Store::claim_outbox`], which has just claimed all that could be at `now`, may next find something; none when only a
    /// notification of `outbox_changed` can bring it.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn next_outbox_due(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        self.read(move |conn| {
            let at: Option<At> = conn.prepare_cached(NEXT_DUE)?.query_row([At(now)], |row| row.get(0))?;
            Ok(at.map(|at| at.0))
        })
        .await
    }

    async fn finish_unless_settled<F>(
        &self,
        claim: OutboxClaim,
        now: Timestamp,
        settlement: F,
    ) -> Result<(), StoreError>
    where
        F: Fn(&Connection, OutboxId) -> Result<Settlement, StoreError> + Send + 'static,
    {
        self.finish(claim, move |conn, sending| {
            if sending.settled {
                return Ok(());
            }
            let settlement = settlement(conn, sending.id)?;
            settle(conn, now, sending.id, &settlement)
        })
        .await
    }

    async fn finish<F>(&self, claim: OutboxClaim, op: F) -> Result<(), StoreError>
    where
        F: Fn(&Connection, &Sending) -> Result<(), StoreError> + Send + 'static,
    {
        self.write(move |conn| {
            let sending = check(conn, &claim)?;
            op(conn, &sending)
        })
        .await?;
        self.outbox_changed.notify_one();
        Ok(())
    }
}

/// Whose words they are and what made them.
pub(crate) struct Origin<'a> {
    pub(crate) conversation: &'a ConversationId,
    pub(crate) request: Option<&'a RequestId>,
    pub(crate) sender: Sender,
    pub(crate) purpose: Purpose,
}

/// Writes a message to the customer: its record, and the outbox row unless it has already been answered.
pub(crate) fn put(
    conn: &Connection,
    now: Timestamp,
    origin: &Origin<'_>,
    message: &Outgoing,
) -> Result<Option<OutboxId>, StoreError> {
    let state = match message.delivery {
        Delivery::Queue { .. } => MessageState::Queued,
        Delivery::Answered => MessageState::Sent,
    };
    let sql = "INSERT INTO messages (conversation_id, direction, sender, kind, text, payload, quoted_message_id, state, state_rank, created_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    conn.prepare_cached(sql)?.execute(params![
        origin.conversation,
        Direction::Out,
        origin.sender,
        message.kind,
        message.text,
        Json(&message.payload),
        message.reply_to,
        state,
        state.rank(),
        At(now)
    ])?;
    let message_row = conn.last_insert_rowid();
    let Delivery::Queue { recipient, due_at } = &message.delivery else {
        touch_outbound(conn, now, origin.conversation)?;
        return Ok(None);
    };
    let letter = Letter {
        conversation: Some(origin.conversation),
        request: origin.request,
        purpose: origin.purpose,
        recipient,
        payload: &message.payload,
        reply_to: message.reply_to.as_ref(),
        due_at: *due_at,
        message_row: Some(message_row),
    };
    enqueue(conn, now, &letter).map(Some)
}

/// A new outbox row.
pub(crate) struct Letter<'a> {
    pub(crate) conversation: Option<&'a ConversationId>,
    pub(crate) request: Option<&'a RequestId>,
    pub(crate) purpose: Purpose,
    pub(crate) recipient: &'a Value,
    pub(crate) payload: &'a Value,
    pub(crate) reply_to: Option<&'a MessageId>,
    pub(crate) due_at: Timestamp,
    pub(crate) message_row: Option<i64>,
}

pub(crate) fn enqueue(conn: &Connection, now: Timestamp, letter: &Letter<'_>) -> Result<OutboxId, StoreError> {
    let lane = letter.conversation.map_or_else(|| letter.recipient.to_string(), ToString::to_string);
    let sql = "INSERT INTO outbox (opaque, lane, conversation_id, request_id, purpose, recipient, payload, reply_to, state, due_at,
            created_at, message_row) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'due', ?9, ?10, ?11)";
    conn.prepare_cached(sql)?.execute(params![
        fresh("o", now),
        lane,
        letter.conversation,
        letter.request,
        letter.purpose,
        Json(letter.recipient),
        Json(letter.payload),
        letter.reply_to,
        At(letter.due_at),
        At(now),
        letter.message_row
    ])?;
    Ok(OutboxId(conn.last_insert_rowid()))
}

/// A person took over: LUISA's replies that have not left will not leave.
pub(crate) fn cancel_replies(conn: &Connection, now: Timestamp, chat: &ConversationId) -> Result<(), StoreError> {
    let sql = "SELECT id FROM outbox WHERE conversation_id = ?1 AND purpose = 'reply' AND state IN ('due', 'held')";
    for id in ids(conn, sql, [chat])? {
        settle(conn, now, id, &Settlement::cancelled())?;
    }
    Ok(())
}

/// The customer has written: what was held because they had not for a day leaves, before whatever is answered now.
pub(crate) fn resume_of_chat(conn: &Connection, now: Timestamp, chat: &ConversationId) -> Result<(), StoreError> {
    let sql = "SELECT id FROM outbox WHERE conversation_id = ?1 AND state = 'held'";
    for id in ids(conn, sql, [chat])? {
        let settlement = if is_overtaken(conn, id)? { Settlement::cancelled() } else { Settlement::resumed(now) };
        send_afresh(conn, now, id)?;
        settle(conn, now, id, &settlement)?;
    }
    Ok(())
}

/// Whatever was heard of an earlier try is not of the next one: statuses of that try must not find this row.
pub(crate) fn send_afresh(conn: &Connection, now: Timestamp, id: OutboxId) -> Result<(), StoreError> {
    let sql = "UPDATE messages SET message_id = NULL, state_rank = 0 WHERE id = (SELECT message_row FROM outbox WHERE id = ?1)
        AND direction = 'out'";
    conn.prepare_cached(sql)?.execute([id])?;
    let sql =
        "UPDATE outbox SET opaque = ?2, wamid = NULL, status_rank = 0, attempts = 0, claim_token = NULL WHERE id = ?1";
    conn.prepare_cached(sql)?.execute(params![id, fresh("o", now)])?;
    Ok(())
}

/// What waits for the old owner of a number does not reach the new one.
pub(crate) fn number_has_changed_hands(
    conn: &Connection,
    now: Timestamp,
    chat: &ConversationId,
    number: &str,
) -> Result<(), StoreError> {
    let sql =
        "SELECT id FROM outbox WHERE conversation_id = ?1 AND state IN ('due', 'held') AND instr(recipient, ?2) > 0";
    let error = own_error("number_changed_hands", "the number belongs to somebody else now");
    for id in ids(conn, sql, params![chat, number])? {
        settle(conn, now, id, &Settlement::dead(&error))?;
    }
    Ok(())
}

/// Rows that a stopped process was sending: nobody knows whether they left.
pub(crate) fn forget_claims(conn: &Connection, now: Timestamp) -> Result<usize, StoreError> {
    let left = ids(conn, "SELECT id FROM outbox WHERE state = 'claimed'", [])?;
    for id in &left {
        settle(
            conn,
            now,
            *id,
            &Settlement::unknown(now, &own_error(PROCESS_STOPPED, "the process stopped while sending")),
        )?;
    }
    Ok(left.len())
}

/// A claimed row as it is now.
struct Sending {
    id: OutboxId,
    /// A status has already told its outcome.
    settled: bool,
}

fn check(conn: &Connection, claim: &OutboxClaim) -> Result<Sending, StoreError> {
    let sql = "SELECT status_rank > 0 FROM outbox WHERE id = ?1 AND claim_token = ?2";
    let read = |row: &Row<'_>| Ok(Sending { id: claim.row.id, settled: row.get(0)? });
    let found = conn.prepare_cached(sql)?.query_row(params![claim.row.id, claim.token], read).optional()?;
    found.ok_or_else(|| StoreError::Conflict(format!("outbox row {} is no longer this sender's", claim.row.id)))
}

fn heads(conn: &Connection, now: Timestamp, limit: u32) -> Result<Vec<OutboxRow>, StoreError> {
    let found: Vec<(OutboxId, rusqlite::Result<OutboxRow>)> = conn
        .prepare_cached(HEADS)?
        .query_map(params![At(now), limit], |row| Ok((row.get("id")?, OutboxRow::read(row))))?
        .collect::<Result<_, _>>()?;
    let (mut rows, mut unreadable) = (Vec::with_capacity(found.len()), false);
    for (id, row) in found {
        match row {
            Ok(row) => rows.push(row),
            // It stands in the way of its own chat only for as long as this takes, and in nobody else's.
            Err(_) => {
                settle(conn, now, id, &Settlement::dead(&own_error("unreadable", "the row cannot be read")))?;
                unreadable = true;
            }
        }
    }
    // What waited behind one is a head now, and nothing else would say so.
    if unreadable { heads(conn, now, limit) } else { Ok(rows) }
}

pub(crate) fn ids(conn: &Connection, sql: &str, key: impl rusqlite::Params) -> Result<Vec<OutboxId>, StoreError> {
    Ok(conn.prepare_cached(sql)?.query_map(key, |row| row.get(0))?.collect::<Result<_, _>>()?)
}

fn is_stuck(conn: &Connection, id: OutboxId) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM outbox WHERE id = ?1 AND state IN ('unknown', 'held', 'dead')";
    Ok(conn.prepare_cached(sql)?.exists([id])?)
}

fn is_overtaken(conn: &Connection, id: OutboxId) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM outbox o JOIN conversations c ON c.id = o.conversation_id
        WHERE o.id = ?1 AND o.purpose = 'reply' AND c.human_since > o.created_at";
    Ok(conn.prepare_cached(sql)?.exists([id])?)
}

#[cfg(test)]
#[path = "outbox_tests.rs"]
mod tests;
