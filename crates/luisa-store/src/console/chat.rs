//! One chat as its page shows it: messages with who wrote them, why LUISA said it, notes, handoffs, the user's draft.
//!
//! May not change anything.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;

use super::users::UserId;
use crate::Store;
use crate::conversations;
use crate::error::StoreError;
use crate::ids::{ConversationId, RequestId};
use crate::rows::{ContactRow, ConversationRow, HandoffRow, MessageRow, time};
use crate::time::At;

/// A chat before a person.
#[derive(Debug, Clone, PartialEq)]
pub struct ChatView {
    /// The chat.
    pub conversation: ConversationRow,
    /// Whose it is, on WhatsApp.
    pub contact: Option<ContactRow>,
    /// Messages, oldest first.
    pub messages: Vec<SaidMessage>,
    /// There are older ones.
    pub older: bool,
    /// Notes of the team since the oldest of these messages, oldest first.
    pub notes: Vec<Note>,
    /// The chat's handoffs, newest first.
    pub handoffs: Vec<ChatHandoff>,
    /// What the user has begun to write.
    pub draft: Option<String>,
    /// Since when the customer waits.
    pub waiting_since: Option<Timestamp>,
}

/// A message, and what made it.
#[derive(Debug, Clone, PartialEq)]
pub struct SaidMessage {
    /// The message.
    pub message: MessageRow,
    /// The user who wrote it, when it was one.
    pub who: Option<String>,
    /// The decision that said it.
    pub request: Option<RequestId>,
}

/// What the team tells each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// Its number.
    pub id: i64,
    /// Who wrote it.
    pub who: String,
    /// What.
    pub text: String,
    /// When.
    pub at: Timestamp,
}

/// A handoff with its end.
#[derive(Debug, Clone, PartialEq)]
pub struct ChatHandoff {
    /// The handoff.
    pub handoff: HandoffRow,
    /// How it ended.
    pub outcome: Option<String>,
    /// Who ended it.
    pub closed_by: Option<String>,
}

impl Store {
    /// A chat with at most `limit` messages before `before` (none: the latest). The id of a chat that was merged away finds the one it became.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn chat_view(
        &self,
        user: UserId,
        chat: &ConversationId,
        before: Option<i64>,
        limit: u32,
    ) -> Result<ChatView, StoreError> {
        let chat = chat.clone();
        self.read(move |conn| view(conn, user, &chat, before, limit)).await
    }
}

fn view(
    conn: &Connection,
    user: UserId,
    chat: &ConversationId,
    before: Option<i64>,
    limit: u32,
) -> Result<ChatView, StoreError> {
    let conversation = conversations::find(conn, chat)?.ok_or(StoreError::NotFound)?;
    let contact = conversations::contact_of(conn, &conversation)?;
    let id = &conversation.id;
    let sql = "SELECT m.*, s.who, (SELECT request_id FROM outbox WHERE message_row = m.id LIMIT 1) AS request_id
        FROM messages m LEFT JOIN console_sends s ON s.message_row = m.id
        WHERE m.conversation_id = ?1 AND m.id < ?2 ORDER BY m.id DESC LIMIT ?3";
    let read = |row: &Row<'_>| {
        Ok(SaidMessage { message: MessageRow::read(row)?, who: row.get("who")?, request: row.get("request_id")? })
    };
    let mut messages: Vec<SaidMessage> = conn
        .prepare_cached(sql)?
        .query_map(params![id, before.unwrap_or(i64::MAX), limit + 1], read)?
        .collect::<Result<_, _>>()?;
    let older = messages.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    messages.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    messages.reverse();
    let from = if older { messages.first().map(|said| said.message.created_at) } else { None };
    let draft = "SELECT text FROM drafts WHERE conversation_id = ?1 AND user_id = ?2";
    let draft = conn.prepare_cached(draft)?.query_row(params![id, user], |row| row.get(0)).optional()?;
    let waiting = "SELECT waiting_since FROM chat_heads WHERE conversation_id = ?1";
    let waiting: Option<Option<At>> = conn.prepare_cached(waiting)?.query_row([id], |row| row.get(0)).optional()?;
    let notes = notes(conn, id, from)?;
    let handoffs = handoffs(conn, id)?;
    let waiting_since = waiting.flatten().map(|at| at.0);
    Ok(ChatView { contact, messages, older, notes, handoffs, draft, waiting_since, conversation })
}

fn notes(conn: &Connection, chat: &ConversationId, from: Option<Timestamp>) -> Result<Vec<Note>, StoreError> {
    let sql = "SELECT * FROM notes WHERE conversation_id = ?1 AND created_at >= ?2 ORDER BY id";
    let read = |row: &Row<'_>| {
        Ok(Note { id: row.get("id")?, who: row.get("who")?, text: row.get("text")?, at: time(row, "created_at")? })
    };
    let from = At(from.unwrap_or(Timestamp::UNIX_EPOCH));
    Ok(conn.prepare_cached(sql)?.query_map(params![chat, from], read)?.collect::<Result<_, _>>()?)
}

fn handoffs(conn: &Connection, chat: &ConversationId) -> Result<Vec<ChatHandoff>, StoreError> {
    let sql = "SELECT * FROM handoffs WHERE conversation_id = ?1 ORDER BY id DESC LIMIT 20";
    let read = |row: &Row<'_>| {
        Ok(ChatHandoff {
            handoff: HandoffRow::read(row)?,
            outcome: row.get("outcome")?,
            closed_by: row.get("closed_by")?,
        })
    };
    Ok(conn.prepare_cached(sql)?.query_map([chat], read)?.collect::<Result<_, _>>()?)
}
