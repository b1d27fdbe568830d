//! What the staff write from the phone: they have taken the chat, unless it was the phone itself that wrote.
//!
//! Owns the difference between a person and an automatic greeting, and when the staff's words are kept. May not decide how long a person
//! keeps a chat.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use crate::changes::{self, Author, Overtaken};
use crate::conversations::{self, Taking};
use crate::error::StoreError;
use crate::ids::ConversationId;
use crate::inbox::{self, EchoedMessage, Receipt, Record, Words};
use crate::states::{Direction, MessageState, Sender};
use crate::time::{At, before};
use crate::{contacts, deliveries};

/// Nobody reads a message and types so much in so few seconds.
const FASTEST: Duration = Duration::from_secs(3);
const TYPED: usize = 20;
const TYPED_AFTER_ALL: usize = 40;
/// The phone's greetings come within this time, and are the same for everybody.
const GREETED_WITHIN: Duration = Duration::from_secs(20);
const GREETED_OTHERS: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Who wrote in the chat so lately is there, and may be quick.
const PRESENT: Duration = Duration::from_secs(30 * 60);

/// Stores what was written, and lets the person have the chat.
pub(crate) fn record(conn: &Connection, now: Timestamp, echo: &EchoedMessage) -> Result<Receipt, StoreError> {
    // A redelivered echo must not take back a chat that was given back meanwhile.
    if inbox::find(conn, &echo.message_id)?.is_some() {
        return Ok(Receipt::Duplicate);
    }
    let contact = contacts::resolve(conn, now, &echo.identity)?;
    let chat = conversations::ensure(conn, now, &contact)?;
    let takes_over = echo.human_until > now && !is_past(conn, &chat, echo)? && !is_automatic(conn, &chat, echo)?;
    let overtaken = changes::overtaken(conn, &echo.message_id, &Author::Staff(echo.identity.clone()))?;
    let (text, payload) = match &overtaken {
        Overtaken::No => (echo.text.as_deref(), Some(&echo.payload)),
        Overtaken::Edited { text, payload } => (text.as_deref(), Some(payload)),
        Overtaken::Deleted => (None, None),
    };
    let kept = echo.words == Words::Kept || is_about_business(conn, &chat)?;
    let record = Record {
        message_id: &echo.message_id,
        chat: &chat,
        from: (Direction::Out, Sender::Human),
        kind: &echo.kind,
        text: text.filter(|_| kept),
        payload: payload.filter(|_| kept),
        quoted: None,
        state: if matches!(overtaken, Overtaken::Deleted) { MessageState::Revoked } else { MessageState::Sent },
        provider_at: echo.provider_at,
    };
    inbox::insert(conn, now, &record)?;
    let sql = "UPDATE conversations SET last_outbound_at = max(coalesce(last_outbound_at, ''), ?2), updated_at = ?3 WHERE id = ?1";
    conn.prepare_cached(sql)?.execute(params![chat, At(echo.provider_at), At(now)])?;
    deliveries::apply_early(conn, now, &echo.message_id)?;
    if !takes_over {
        return Ok(Receipt::Applied);
    }
    let until = longer(conn, &chat, echo.human_until)?;
    conversations::take_over(conn, now, &chat, &Taking { by: "phone", until })?;
    Ok(Receipt::TakenOver(chat))
}

/// A late copy: the chat was given back after it was written, so it has had its person.
fn is_past(conn: &Connection, chat: &ConversationId, echo: &EchoedMessage) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM conversations WHERE id = ?1 AND given_back_at > ?2";
    Ok(conn.prepare_cached(sql)?.exists(params![chat, At(echo.provider_at)])?)
}

/// The greetings and absences that the phone writes by itself: seconds after the customer, longer than anybody types in that time, or in
/// words that others were told too. Where a person is present, it is the person.
fn is_automatic(conn: &Connection, chat: &ConversationId, echo: &EchoedMessage) -> Result<bool, StoreError> {
    let at = echo.provider_at;
    let sql = "SELECT last_inbound_at, EXISTS (SELECT 1 FROM messages WHERE conversation_id = ?1 AND sender = 'human' AND created_at > ?2),
            EXISTS (SELECT 1 FROM messages WHERE conversation_id = ?1 AND sender = 'luisa' AND created_at >= last_inbound_at)
        FROM conversations WHERE id = ?1";
    let (asked, present, answered): (Option<At>, bool, bool) = conn
        .prepare_cached(sql)?
        .query_row(params![chat, At(before(at, PRESENT))], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let Some(asked) = asked.filter(|_| !present) else { return Ok(false) };
    let after = |span: Duration| at >= asked.0 && before(at, span) <= asked.0;
    let letters = echo.text.as_deref().unwrap_or_default().chars().count();
    let typed = if answered { TYPED_AFTER_ALL } else { TYPED };
    if after(FASTEST) && letters >= typed {
        return Ok(true);
    }
    if letters < TYPED || !after(GREETED_WITHIN) {
        return Ok(false);
    }
    let sql =
        "SELECT 1 FROM messages WHERE created_at > ?3 AND sender = 'human' AND text = ?2 AND conversation_id <> ?1";
    Ok(conn.prepare_cached(sql)?.exists(params![chat, echo.text, At(before(at, GREETED_OTHERS))])?)
}

/// Whether the last that was understood of the chat was no private matter.
fn is_about_business(conn: &Connection, chat: &ConversationId) -> Result<bool, StoreError> {
    let sql = "SELECT is_personal FROM interaction_traces WHERE conversation_id = ?1 ORDER BY id DESC LIMIT 1";
    let personal: Option<bool> = conn.prepare_cached(sql)?.query_row([chat], |row| row.get(0)).optional()?;
    Ok(personal == Some(false))
}

/// A person who already has the chat for longer, or without end, keeps it so.
fn longer(conn: &Connection, chat: &ConversationId, until: Timestamp) -> Result<Option<Timestamp>, StoreError> {
    let sql = "SELECT human_until FROM conversations WHERE id = ?1 AND mode = 'HUMAN_ACTIVE'";
    let now: Option<Option<At>> = conn.prepare_cached(sql)?.query_row([chat], |row| row.get(0)).optional()?;
    Ok(match now {
        None => Some(until),
        Some(None) => None,
        Some(Some(at)) => Some(at.0.max(until)),
    })
}
