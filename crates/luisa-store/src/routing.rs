//! Chats that somebody else answers: another responder of the same number, as the provider routes them.
//!
//! Owns `elsewhere_since`. What comes in such a chat is stored and shown, and never answered; whose a chat is, is asked in the transaction
//! in which something would leave. May not take a chat: that is a person's act.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, params};
use serde::Serialize;

use crate::Store;
use crate::contacts::{self, Identity};
use crate::error::StoreError;
use crate::ids::ConversationId;
use crate::inbox::{self, EchoedMessage, InboundMessage, Receipt, Record};
use crate::states::{Direction, MessageState, Sender};
use crate::time::{At, before};
use crate::{conversations, outbox};

/// A chat in which nothing happens for so long is anybody's again.
pub const FREED_AFTER: Duration = Duration::from_secs(24 * 60 * 60);
/// A number is silent when for so long all that comes is for others.
const SILENT_AFTER: Duration = Duration::from_secs(60 * 60);

/// What arrived while somebody else has the chat.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub enum Watched {
    /// The customer wrote.
    Message(InboundMessage),
    /// The one who has the chat wrote.
    Echo(EchoedMessage),
}

impl Store {
    /// Whether the number gets nothing but what others answer: for an hour there was traffic of theirs and no message for us.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn is_silent(&self, now: Timestamp) -> Result<bool, StoreError> {
        self.read(move |conn| is_silent(conn, now)).await
    }
}

fn is_silent(conn: &Connection, now: Timestamp) -> Result<bool, StoreError> {
    let since = At(before(now, SILENT_AFTER));
    let watched = "SELECT 1 FROM messages WHERE standby = 1 AND direction = 'in' AND created_at > ?1";
    let ours = "SELECT 1 FROM messages m JOIN conversations c ON c.id = m.conversation_id
        WHERE m.created_at > ?1 AND m.direction = 'in' AND m.standby = 0 AND c.channel = 'whatsapp'";
    Ok(conn.prepare_cached(watched)?.exists([&since])? && !conn.prepare_cached(ours)?.exists([&since])?)
}

/// Stores what came in somebody else's chat. It is theirs from now on.
pub(crate) fn watch(conn: &Connection, now: Timestamp, watched: &Watched) -> Result<Receipt, StoreError> {
    let (identity, id) = match watched {
        Watched::Message(message) => (&message.identity, &message.message_id),
        Watched::Echo(echo) => (&echo.identity, &echo.message_id),
    };
    if inbox::find(conn, id)?.is_some() {
        return Ok(Receipt::Duplicate);
    }
    let contact = contacts::resolve(conn, now, identity)?;
    let chat = conversations::ensure(conn, now, &contact)?;
    let record = match watched {
        Watched::Message(message) => Record {
            message_id: id,
            chat: &chat,
            from: (Direction::In, Sender::Customer),
            kind: &message.kind,
            text: message.text.as_deref(),
            payload: Some(&message.payload),
            quoted: message.quoted.as_ref(),
            state: MessageState::Received,
            provider_at: message.provider_at,
        },
        Watched::Echo(echo) => Record {
            message_id: id,
            chat: &chat,
            from: (Direction::Out, Sender::System),
            kind: &echo.kind,
            text: echo.text.as_deref(),
            payload: Some(&echo.payload),
            quoted: None,
            state: MessageState::Sent,
            provider_at: echo.provider_at,
        },
    };
    inbox::insert(conn, now, &record)?;
    conn.prepare_cached("UPDATE messages SET standby = 1 WHERE message_id = ?1")?.execute([id])?;
    lose(conn, now, &chat)?;
    Ok(Receipt::Applied)
}

/// The provider says whose a chat is from now on.
pub(crate) fn hand_over(
    conn: &Connection,
    now: Timestamp,
    identity: &Identity,
    to_us: bool,
) -> Result<Receipt, StoreError> {
    let contact = contacts::resolve(conn, now, identity)?;
    let chat = conversations::ensure(conn, now, &contact)?;
    if to_us {
        regain(conn, &chat)?
    } else {
        lose(conn, now, &chat)?
    }
    Ok(Receipt::Applied)
}

/// It is ours: the provider gave us a message of it, or said so.
pub(crate) fn regain(conn: &Connection, chat: &ConversationId) -> Result<(), StoreError> {
    let sql = "UPDATE conversations SET elsewhere_since = NULL WHERE id = ?1 AND elsewhere_since IS NOT NULL";
    conn.prepare_cached(sql)?.execute([chat])?;
    Ok(())
}

/// It is somebody else's: what waits for an answer of ours is theirs to answer, and what has not left does not leave.
fn lose(conn: &Connection, now: Timestamp, chat: &ConversationId) -> Result<(), StoreError> {
    let sql = "UPDATE conversations SET elsewhere_since = ?2, updated_at = ?2 WHERE id = ?1";
    conn.prepare_cached(sql)?.execute(params![chat, At(now)])?;
    conversations::void_claim(conn, now, chat)?;
    conn.prepare_cached("DELETE FROM inbox WHERE conversation_id = ?1")?.execute([chat])?;
    conn.prepare_cached("UPDATE conversations SET due_at = NULL, first_pending_at = NULL WHERE id = ?1")?
        .execute([chat])?;
    outbox::cancel_replies(conn, now, chat)
}

/// Whether somebody else has the chat now.
pub(crate) fn is_elsewhere(conn: &Connection, now: Timestamp, chat: &ConversationId) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM conversations WHERE id = ?1 AND elsewhere_since > ?2";
    Ok(conn.prepare_cached(sql)?.exists(params![chat, At(before(now, FREED_AFTER))])?)
}
