//! Whose turn it is: a chat and all its pending messages are claimed together, by one worker at a time.
//!
//! Owns claiming, giving up and parking. A claim is a lease: when its holder dies the chat is due again; when what it was told changes, it is
//! void and its commit is refused. May not decide an answer.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use serde_json::Value;

use crate::error::StoreError;
use crate::ids::{ConversationId, MessageId, fresh};
use crate::inbox::{self, Record, Waiting};
use crate::rows::{ContactRow, ConversationRow, HandoffRow, MessageRow, ParkedRow, PendingRow};
use crate::states::{Channel, Direction, MessageState, Sender};
use crate::time::{At, after, before};
use crate::{Store, conversations, handoffs, outbox};

/// After so many failed turns a message is parked.
pub const MAX_ATTEMPTS: i64 = 5;
/// The chats that want a turn, in the order of the index `conversations_queue`: however many wait, only those claimed are visited. At the
/// opening of service many are due at one moment: then who wrote first comes first.
const DUE: &str = "SELECT id FROM conversations WHERE coalesce(claimed_until, due_at) <= ?1
    ORDER BY coalesce(claimed_until, due_at), pending_since LIMIT ?2";
/// So many earlier messages come with a turn.
const RECENT: u32 = 12;
/// The span of `inbound_last_minute`.
const RATE_WINDOW: Duration = Duration::from_secs(60);
/// How far back messages are counted for it: far beyond any limit on a chat.
const RATE_COUNTED: u32 = 200;

/// The right to answer a chat's pending messages once. Consumed by `commit_turn`, `release` or `postpone`.
#[derive(Debug)]
pub struct TurnClaim {
    pub(crate) conversation: ConversationId,
    pub(crate) token: String,
    pub(crate) seqs: Vec<i64>,
}

impl TurnClaim {
    /// The chat.
    pub fn conversation(&self) -> &ConversationId {
        &self.conversation
    }
}

/// A claim and all that is needed to decide.
#[derive(Debug)]
pub struct Claimed {
    /// The right to answer.
    pub claim: TurnClaim,
    /// What to answer, and in the light of what.
    pub turn: TurnView,
}

/// What [`Store::claim_due`] found.
#[derive(Debug)]
pub struct Due {
    /// Claimed: to be answered now.
    pub chats: Vec<Claimed>,
    /// Chats with a row that cannot be read. Their messages were parked, so that they stand in nobody's way.
    pub unreadable: Vec<Unreadable>,
}

/// A chat that cannot be answered as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The chat.
    pub conversation: ConversationId,
    /// Messages parked.
    pub parked: usize,
    /// What cannot be read.
    pub error: String,
}

/// A chat as a turn sees it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TurnView {
    /// The chat and its memory.
    pub conversation: ConversationRow,
    /// Whose it is, on WhatsApp.
    pub contact: Option<ContactRow>,
    /// The messages to answer, in the order of the provider's clock.
    pub pending: Vec<PendingRow>,
    /// The last messages that are not pending, oldest first.
    pub recent: Vec<MessageRow>,
    /// The messages that the pending ones quote, however old.
    pub quoted: Vec<MessageRow>,
    /// The latest handoff that is not closed.
    pub open_handoff: Option<HandoffRow>,
    /// When a team was last notified about this chat.
    pub last_notice_at: Option<Timestamp>,
}

/// A message that came by the API and is answered in the same request.
#[derive(Debug, Clone, PartialEq)]
pub struct DirectMessage {
    /// The id that the client chose for the chat.
    pub conversation_id: ConversationId,
    /// The message's id, made by the caller.
    pub message_id: MessageId,
    /// Its text.
    pub text: String,
    /// The whole message in our own form.
    pub payload: Value,
}

impl Store {
    /// Stores an API message and claims its chat, in one transaction. The same message may be claimed again until its turn is committed.
    ///
    /// # Errors
    /// `Conflict` when the chat is being answered, is not of the API channel, or the message was answered before.
    pub async fn claim_direct(
        &self,
        now: Timestamp,
        message: DirectMessage,
        lease: Duration,
    ) -> Result<Claimed, StoreError> {
        self.write(move |conn| {
            store_direct(conn, now, &message)?;
            let answered = || StoreError::Conflict("this message was answered before".to_owned());
            claim(conn, now, &message.conversation_id, lease)?.ok_or_else(answered)
        })
        .await
    }

    /// Claims up to `limit` chats whose messages are due, the longest waiting first; also those whose claim has outlived its lease.
    /// A chat that cannot be read is parked, and the others are claimed all the same.
    ///
    /// # Errors
    /// `Busy`, `Broken`: never because of a single chat.
    pub async fn claim_due(&self, now: Timestamp, limit: u32, lease: Duration) -> Result<Due, StoreError> {
        self.write(move |conn| {
            let due: Vec<ConversationId> = conn
                .prepare_cached(DUE)?
                .query_map(params![At(now), limit], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            let mut found = Due { chats: Vec::with_capacity(due.len()), unreadable: Vec::new() };
            for id in due {
                match claim(conn, now, &id, lease) {
                    Ok(claimed) => found.chats.extend(claimed),
                    Err(error) if error.is_about_the_file() || conn.is_autocommit() => return Err(error),
                    Err(error) => found.unreadable.push(set_aside(conn, now, id, &error)?),
                }
            }
            Ok(found)
        })
        .await
    }

    /// When `claim_due` will next find something; none when only `inbox_changed` can bring it.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.read(|conn| {
            let sql = "SELECT min(coalesce(claimed_until, due_at)) FROM conversations WHERE coalesce(claimed_until, due_at) IS NOT NULL";
            let at: Option<At> = conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
            Ok(at.map(|at| at.0))
        })
        .await
    }

    /// What a turn would see now, without claiming it.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn peek(&self, id: &ConversationId) -> Result<TurnView, StoreError> {
        let id = id.clone();
        self.read(move |conn| view(conn, &id)).await
    }

    /// The turn failed: its messages are due again at `retry_at`, and parked after [`MAX_ATTEMPTS`]. Says how many were parked.
    /// A claim that is no longer valid has nothing to release, which is not an error.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn release(
        &self,
        now: Timestamp,
        claim: TurnClaim,
        retry_at: Timestamp,
        error: &str,
    ) -> Result<usize, StoreError> {
        let error = error.to_owned();
        let parked = self
            .write(move |conn| {
                if !is_valid(conn, &claim)? {
                    return Ok(0);
                }
                let parked = park(conn, now, &claim.conversation, &error)?;
                free(conn, now, &claim.conversation, retry_at)?;
                Ok(parked)
            })
            .await?;
        self.inbox_changed.notify_one();
        Ok(parked)
    }

    /// The messages are to be answered later, through no fault of theirs (closed hours, shutdown): due again at `until`, this try not counted.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn postpone(&self, now: Timestamp, claim: TurnClaim, until: Timestamp) -> Result<(), StoreError> {
        self.write(move |conn| {
            if !is_valid(conn, &claim)? {
                return Ok(());
            }
            put_off(conn, now, &claim, until)
        })
        .await?;
        self.inbox_changed.notify_one();
        Ok(())
    }

    /// To be called once when serving starts: whatever the process before was doing, it no longer does. Claimed chats are due at once; what
    /// was being sent has an unknown outcome and is not repeated. Says how many chats and how many sendings.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn release_all_claims(&self, now: Timestamp) -> Result<(usize, usize), StoreError> {
        let freed = self
            .write(move |conn| {
                let sql = "UPDATE conversations SET claim_token = NULL, claimed_until = NULL, due_at = ?1
                    WHERE coalesce(claimed_until, due_at) IS NOT NULL AND claim_token IS NOT NULL";
                let chats = conn.prepare_cached(sql)?.execute([At(now)])?;
                conn.prepare_cached("UPDATE media SET due_at = ?1 WHERE due_at > ?1")?.execute([At(now)])?;
                Ok((chats, outbox::forget_claims(conn, now)?))
            })
            .await?;
        self.inbox_changed.notify_one();
        self.outbox_changed.notify_one();
        Ok(freed)
    }

    /// The parked messages, latest first.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn parked(&self, limit: u32) -> Result<Vec<ParkedRow>, StoreError> {
        self.read(move |conn| {
            let mut query = conn.prepare_cached("SELECT * FROM parked_inbox ORDER BY seq DESC LIMIT ?1")?;
            let rows = query.query_map([limit], ParkedRow::read)?.collect::<Result<_, _>>()?;
            Ok(rows)
        })
        .await
    }

    /// Gives these parked messages a fresh start; says how many.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn retry(&self, now: Timestamp, messages: Vec<MessageId>) -> Result<usize, StoreError> {
        let count = self
            .write(move |conn| {
                let mut count = 0;
                for id in &messages {
                    let sql = "INSERT INTO inbox (seq, conversation_id, message_id, payload, stale, provider_at, received_at)
                        SELECT seq, conversation_id, message_id, payload, stale, provider_at, received_at FROM parked_inbox WHERE message_id = ?1";
                    count += conn.prepare_cached(sql)?.execute([id])?;
                    let sql = "UPDATE conversations SET due_at = min(coalesce(due_at, ?1), ?1),
                            pending_since = (SELECT min(provider_at) FROM inbox WHERE conversation_id = conversations.id)
                        WHERE id = (SELECT conversation_id FROM parked_inbox WHERE message_id = ?2)";
                    conn.prepare_cached(sql)?.execute(params![At(now), id])?;
                    conn.prepare_cached("DELETE FROM parked_inbox WHERE message_id = ?1")?.execute([id])?;
                }
                Ok(count)
            })
            .await?;
        self.inbox_changed.notify_one();
        Ok(count)
    }

    /// Gives parked messages up; how many that were. Their record stays.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn drop_parked(&self, messages: Vec<MessageId>) -> Result<usize, StoreError> {
        self.write(move |conn| {
            let mut count = 0;
            for id in &messages {
                count += conn.prepare_cached("DELETE FROM parked_inbox WHERE message_id = ?1")?.execute([id])?;
            }
            Ok(count)
        })
        .await
    }

    /// Gives every parked message a fresh start; says how many.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn retry_parked(&self, now: Timestamp) -> Result<usize, StoreError> {
        let count = self
            .write(move |conn| {
                let sql = "INSERT INTO inbox (seq, conversation_id, message_id, payload, stale, provider_at, received_at)
                    SELECT seq, conversation_id, message_id, payload, stale, provider_at, received_at FROM parked_inbox";
                let count = conn.execute(sql, [])?;
                let sql = "UPDATE conversations SET due_at = min(coalesce(due_at, ?1), ?1),
                        pending_since = (SELECT min(provider_at) FROM inbox WHERE conversation_id = conversations.id)
                    WHERE id IN (SELECT conversation_id FROM parked_inbox)";
                conn.execute(sql, [At(now)])?;
                conn.execute("DELETE FROM parked_inbox", [])?;
                Ok(count)
            })
            .await?;
        self.inbox_changed.notify_one();
        Ok(count)
    }
}

/// True while the claim is the chat's.
pub(crate) fn is_valid(conn: &Connection, claim: &TurnClaim) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM conversations WHERE id = ?1 AND claim_token = ?2";
    Ok(conn.prepare_cached(sql)?.exists(params![claim.conversation, claim.token])?)
}

fn store_direct(conn: &Connection, now: Timestamp, message: &DirectMessage) -> Result<(), StoreError> {
    let chat = &message.conversation_id;
    conversations::create(conn, now, chat, Channel::Api, None)?;
    let sql = "SELECT channel, claimed_until > ?2 FROM conversations WHERE id = ?1";
    let (channel, claimed): (Channel, Option<bool>) =
        conn.prepare_cached(sql)?.query_row(params![chat, At(now)], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if channel != Channel::Api {
        return Err(StoreError::Conflict("this conversation belongs to another channel".to_owned()));
    }
    if claimed == Some(true) {
        return Err(StoreError::Conflict("this conversation is being answered".to_owned()));
    }
    match inbox::find(conn, &message.message_id)? {
        Some(known) if known == *chat => return Ok(()),
        Some(_) => {
            return Err(StoreError::Conflict("this message id is of another conversation".to_owned()));
        }
        None => {}
    }
    let record = Record {
        message_id: &message.message_id,
        chat,
        from: (Direction::In, Sender::Customer),
        kind: "text",
        text: Some(&message.text),
        payload: Some(&message.payload),
        quoted: None,
        state: MessageState::Received,
        provider_at: now,
    };
    inbox::insert(conn, now, &record)?;
    let waiting =
        Waiting { chat, message_id: &message.message_id, payload: &message.payload, stale: false, provider_at: now };
    inbox::wait(conn, now, &waiting)?;
    conn.prepare_cached("UPDATE conversations SET last_inbound_at = ?2, updated_at = ?2 WHERE id = ?1")?
        .execute(params![chat, At(now)])?;
    Ok(())
}

/// Claims the chat; none when nothing of it is left to answer.
fn claim(
    conn: &Connection,
    now: Timestamp,
    id: &ConversationId,
    lease: Duration,
) -> Result<Option<Claimed>, StoreError> {
    park(conn, now, id, "the process stopped during every turn of this message")?;
    conn.prepare_cached("UPDATE inbox SET attempts = attempts + 1 WHERE conversation_id = ?1")?.execute([id])?;
    // What arrives from here on starts a burst of its own.
    let token = fresh("", now);
    let sql = "UPDATE conversations SET claim_token = ?2, claimed_until = ?3, due_at = NULL, first_pending_at = NULL WHERE id = ?1";
    conn.prepare_cached(sql)?.execute(params![id, token, At(after(now, lease))])?;
    let turn = view(conn, id)?;
    if turn.pending.is_empty() {
        conn.prepare_cached("UPDATE conversations SET claim_token = NULL, claimed_until = NULL WHERE id = ?1")?
            .execute([id])?;
        return Ok(None);
    }
    let seqs = turn.pending.iter().map(|row| row.seq).collect();
    Ok(Some(Claimed { claim: TurnClaim { conversation: id.clone(), token, seqs }, turn }))
}

/// Ends a valid claim whose messages are answered later: this try does not count against them.
pub(crate) fn put_off(
    conn: &Connection,
    now: Timestamp,
    claim: &TurnClaim,
    until: Timestamp,
) -> Result<(), StoreError> {
    let sql = "UPDATE inbox SET attempts = max(attempts - 1, 0) WHERE seq = ?1";
    for seq in &claim.seqs {
        conn.prepare_cached(sql)?.execute([seq])?;
    }
    free(conn, now, &claim.conversation, until)
}

/// Ends the claim; what is pending is due at `due_at`, or earlier when something newer is.
fn free(conn: &Connection, now: Timestamp, id: &ConversationId, due_at: Timestamp) -> Result<(), StoreError> {
    let sql = "UPDATE conversations SET claim_token = NULL, claimed_until = NULL, updated_at = ?3,
            due_at = CASE WHEN EXISTS (SELECT 1 FROM inbox WHERE conversation_id = ?1) THEN min(coalesce(due_at, ?2), ?2) END
        WHERE id = ?1";
    conn.prepare_cached(sql)?.execute(params![id, At(due_at), At(now)])?;
    Ok(())
}

/// Puts the messages that failed too often out of the way.
fn park(conn: &Connection, now: Timestamp, id: &ConversationId, error: &str) -> Result<usize, StoreError> {
    let spent = "SELECT 1 FROM inbox WHERE conversation_id = ?1 AND attempts >= ?2";
    if !conn.prepare_cached(spent)?.exists(params![id, MAX_ATTEMPTS])? {
        return Ok(0);
    }
    let sql = "INSERT INTO parked_inbox (seq, conversation_id, message_id, payload, stale, provider_at, received_at, attempts, error, parked_at)
        SELECT seq, conversation_id, message_id, payload, stale, provider_at, received_at, attempts, ?3, ?4
        FROM inbox WHERE conversation_id = ?1 AND attempts >= ?2";
    conn.prepare_cached(sql)?.execute(params![id, MAX_ATTEMPTS, error, At(now)])?;
    let sql = "DELETE FROM inbox WHERE conversation_id = ?1 AND attempts >= ?2";
    Ok(conn.prepare_cached(sql)?.execute(params![id, MAX_ATTEMPTS])?)
}

/// Parks all that waits in a chat that cannot be read, whatever the claim had already done to it.
fn set_aside(
    conn: &Connection,
    now: Timestamp,
    id: ConversationId,
    error: &StoreError,
) -> Result<Unreadable, StoreError> {
    let error = format!("a row of this chat cannot be read: {error}");
    let sql = "INSERT INTO parked_inbox (seq, conversation_id, message_id, payload, stale, provider_at, received_at, attempts, error, parked_at)
        SELECT seq, conversation_id, message_id, payload, stale, provider_at, received_at, attempts, ?2, ?3
        FROM inbox WHERE conversation_id = ?1";
    let parked = conn.prepare_cached(sql)?.execute(params![id, error, At(now)])?;
    conn.prepare_cached("DELETE FROM inbox WHERE conversation_id = ?1")?.execute([&id])?;
    let sql = "UPDATE conversations SET claim_token = NULL, claimed_until = NULL, due_at = NULL, first_pending_at = NULL WHERE id = ?1";
    conn.prepare_cached(sql)?.execute([&id])?;
    Ok(Unreadable { conversation: id, parked, error })
}

fn view(conn: &Connection, id: &ConversationId) -> Result<TurnView, StoreError> {
    let conversation = conversations::find(conn, id)?.ok_or(StoreError::NotFound)?;
    let id = &conversation.id;
    let contact = conversations::contact_of(conn, &conversation)?;
    let sql = "SELECT i.*, m.id AS message_row, m.kind, m.text, m.quoted_message_id FROM inbox i
        JOIN messages m ON m.message_id = i.message_id WHERE i.conversation_id = ?1 ORDER BY i.provider_at, i.seq";
    let mut pending: Vec<PendingRow> =
        conn.prepare_cached(sql)?.query_map([id], PendingRow::read)?.collect::<Result<_, _>>()?;
    count_rate(conn, id, &mut pending)?;
    let sql = "SELECT * FROM messages m WHERE conversation_id = ?1
            AND NOT EXISTS (SELECT 1 FROM inbox i WHERE i.message_id = m.message_id)
        ORDER BY id DESC LIMIT ?2";
    let mut recent: Vec<MessageRow> =
        conn.prepare_cached(sql)?.query_map(params![id, RECENT], MessageRow::read)?.collect::<Result<_, _>>()?;
    recent.reverse();
    let quoted = quoted(conn, id, &pending)?;
    let open_handoff = handoffs::latest_open(conn, id)?;
    let sql = "SELECT created_at FROM notifications WHERE conversation_id = ?1 ORDER BY id DESC LIMIT 1";
    let last_notice: Option<At> = conn.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()?;
    let last_notice_at = last_notice.map(|at| at.0);
    Ok(TurnView { contact, pending, recent, quoted, open_handoff, last_notice_at, conversation })
}

fn quoted(conn: &Connection, id: &ConversationId, pending: &[PendingRow]) -> Result<Vec<MessageRow>, StoreError> {
    let sql = "SELECT * FROM messages WHERE message_id = ?1 AND conversation_id = ?2";
    let mut found = Vec::new();
    for quoted in pending.iter().filter_map(|row| row.quoted_message_id.as_ref()) {
        let row = conn.prepare_cached(sql)?.query_row(params![quoted, id], MessageRow::read);
        found.extend(row.optional()?);
    }
    Ok(found)
}

/// Counts, for each pending message, what came in during the minute before it.
fn count_rate(conn: &Connection, id: &ConversationId, pending: &mut [PendingRow]) -> Result<(), StoreError> {
    let Some(first) = pending.iter().map(|row| row.received_at).min() else {
        return Ok(());
    };
    let sql =
        "SELECT id, created_at FROM messages WHERE conversation_id = ?1 AND direction = 'in' ORDER BY id DESC LIMIT ?2";
    let mut query = conn.prepare_cached(sql)?;
    let mut rows = query.query(params![id, RATE_COUNTED])?;
    let mut arrived: Vec<(i64, Timestamp)> = Vec::new();
    while let Some(row) = rows.next()? {
        let at = row.get::<_, At>(1)?.0;
        if at < before(first, RATE_WINDOW) {
            break;
        }
        arrived.push((row.get(0)?, at));
    }
    for row in pending {
        let since = before(row.received_at, RATE_WINDOW);
        let count = arrived.iter().filter(|(id, at)| *id <= row.message_row && *at > since).count();
        row.inbound_last_minute = i64::try_from(count).unwrap_or(i64::MAX);
    }
    Ok(())
}

#[cfg(test)]
#[path = "claims_tests.rs"]
mod tests;
