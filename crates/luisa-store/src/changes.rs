//! What writers do to messages they have already written: they edit and delete them.
//!
//! Owns `early_changes`, and that a deletion follows every copy that was made of the words. A change is bound to the message's writer and
//! chat. May not decide what an edited message is answered.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use serde_json::Value;

use crate::contacts::{self, Identity};
use crate::conversations;
use crate::error::StoreError;
use crate::ids::{ConversationId, MessageId};
use crate::inbox::{self, Debounce, Receipt, Waiting};
use crate::media;
use crate::privacy;
use crate::rows::Json;
use crate::states::{Direction, MessageState};
use crate::time::At;

/// A word shorter than this says nothing about whose text it is.
const SHORTEST_WORD: usize = 4;
/// What is left of a text of which nothing may be.
const NOTHING: &str = "…";

/// Who changed a message. They can only change what they wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Author {
    /// The customer, in their own chat.
    Customer(Identity),
    /// The staff, from the phone, in the chat with this customer.
    Staff(Identity),
}

impl Author {
    fn customer(&self) -> &Identity {
        match self {
            Self::Customer(who) | Self::Staff(who) => who,
        }
    }

    fn direction(&self) -> Direction {
        match self {
            Self::Customer(_) => Direction::In,
            Self::Staff(_) => Direction::Out,
        }
    }
}

/// A message in another form.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EditedMessage {
    /// The message.
    pub message_id: MessageId,
    /// Who changed it.
    pub by: Author,
    /// Its text now.
    pub text: Option<String>,
    /// The whole message in our own form.
    pub payload: Value,
    /// When it was changed, by the provider's clock.
    pub provider_at: Timestamp,
    /// The change was already old when it arrived.
    pub stale: bool,
    /// How long to wait for more of the same burst.
    pub debounce: Debounce,
}

struct Known {
    chat: ConversationId,
    text: Option<String>,
    state: MessageState,
    /// Its words are not kept, or not any more.
    redacted: bool,
}

enum Found {
    Theirs(Known),
    Foreign,
    Unknown,
}

fn find(conn: &Connection, id: &MessageId, by: &Author) -> Result<Found, StoreError> {
    let sql = "SELECT conversation_id, text, state, payload IS NULL, direction FROM messages WHERE message_id = ?1";
    let row = conn
        .prepare_cached(sql)?
        .query_row([id], |row| {
            let known = Known { chat: row.get(0)?, text: row.get(1)?, state: row.get(2)?, redacted: row.get(3)? };
            Ok((known, row.get::<_, Direction>(4)?))
        })
        .optional()?;
    let Some((known, direction)) = row else { return Ok(Found::Unknown) };
    let theirs = contacts::chat_of(conn, by.customer())?.is_some_and(|chat| chat == known.chat);
    Ok(if theirs && direction == by.direction() { Found::Theirs(known) } else { Found::Foreign })
}

/// Applies an edit. An unanswered message is answered as it is now; one that was answered is answered again, when it says something else.
pub(crate) fn edit(conn: &Connection, now: Timestamp, edited: &EditedMessage) -> Result<Receipt, StoreError> {
    let id = &edited.message_id;
    let known = match find(conn, id, &edited.by)? {
        Found::Theirs(known) => known,
        Found::Foreign => return inbox::refuse(conn, now, "edit", id, "the message is not its writer's"),
        Found::Unknown => {
            keep_early(conn, now, &edited.by, id, Some(edited))?;
            return Ok(Receipt::Early);
        }
    };
    // What its writer deleted, or we do not keep, does not come back through an edit.
    if known.redacted || known.state == MessageState::Revoked {
        return Ok(Receipt::Applied);
    }
    let sql = "UPDATE messages SET text = ?2, payload = ?3 WHERE message_id = ?1";
    conn.prepare_cached(sql)?.execute(params![id, edited.text, Json(&edited.payload)])?;
    media::restore_content(conn, id)?;
    if matches!(edited.by, Author::Staff(_)) {
        return Ok(Receipt::Applied);
    }
    let sql = "UPDATE inbox SET payload = ?2 WHERE message_id = ?1";
    if conn.prepare_cached(sql)?.execute(params![id, Json(&edited.payload)])? > 0 {
        conversations::void_claim(conn, now, &known.chat)?;
        return Ok(Receipt::Pending(known.chat));
    }
    if words(known.text.as_deref()) == words(edited.text.as_deref()) {
        return Ok(Receipt::Applied);
    }
    conn.prepare_cached("DELETE FROM parked_inbox WHERE message_id = ?1")?.execute([id])?;
    let waiting = Waiting {
        chat: &known.chat,
        message_id: id,
        payload: &edited.payload,
        stale: edited.stale,
        provider_at: edited.provider_at,
    };
    inbox::wait(conn, now, &waiting)?;
    inbox::pend(conn, now, &known.chat, (edited.debounce, edited.provider_at))?;
    Ok(Receipt::Pending(known.chat))
}

/// Drops the text wherever it was copied; what was not answered yet is not answered any more.
pub(crate) fn revoke(conn: &Connection, now: Timestamp, id: &MessageId, by: &Author) -> Result<Receipt, StoreError> {
    let known = match find(conn, id, by)? {
        Found::Theirs(known) => known,
        Found::Foreign => return inbox::refuse(conn, now, "revoke", id, "the message is not its writer's"),
        Found::Unknown => {
            keep_early(conn, now, by, id, None)?;
            return Ok(Receipt::Early);
        }
    };
    let sql = "UPDATE messages SET text = NULL, payload = NULL, state = ?2, state_rank = ?3 WHERE message_id = ?1";
    conn.prepare_cached(sql)?.execute(params![id, MessageState::Revoked, MessageState::Revoked.rank()])?;
    conn.prepare_cached("DELETE FROM parked_inbox WHERE message_id = ?1")?.execute([id])?;
    media::drop_of(conn, id)?;
    let pending = conn.prepare_cached("DELETE FROM inbox WHERE message_id = ?1")?.execute([id])?;
    // A turn under way has read the words, whichever message it answers.
    conversations::void_claim(conn, now, &known.chat)?;
    if pending > 0 {
        let sql = "UPDATE conversations SET due_at = NULL, first_pending_at = NULL
            WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM inbox WHERE conversation_id = ?1)";
        conn.prepare_cached(sql)?.execute([&known.chat])?;
    }
    forget_copies(conn, now, &known.chat, id, known.text.as_deref().unwrap_or_default())?;
    Ok(Receipt::Applied)
}

/// What became of a message before it arrived.
pub(crate) enum Overtaken {
    No,
    Edited { text: Option<String>, payload: Value },
    Deleted,
}

/// A message arrives: what its writer changed before is taken along, and what others claimed of it is dropped.
pub(crate) fn overtaken(conn: &Connection, id: &MessageId, by: &Author) -> Result<Overtaken, StoreError> {
    let sql = "DELETE FROM early_changes WHERE message_id = ?1 RETURNING direction, wa_id, user_id, text, payload";
    let mut query = conn.prepare_cached(sql)?;
    let mut rows = query.query([id])?;
    let mut found = Overtaken::No;
    while let Some(row) = rows.next()? {
        let (direction, wa_id, user_id): (Direction, Option<String>, Option<String>) =
            (row.get(0)?, row.get(1)?, row.get(2)?);
        let who = by.customer();
        let same = |one: &Option<String>, other: &Option<String>| one.is_some() && one == other;
        let theirs = direction == by.direction() && (same(&wa_id, &who.wa_id) || same(&user_id, &who.user_id));
        if !theirs || matches!(found, Overtaken::Deleted) {
            continue;
        }
        found = match row.get::<_, Option<Json<Value>>>(4)? {
            Some(payload) => Overtaken::Edited { text: row.get(3)?, payload: payload.0 },
            None => Overtaken::Deleted,
        };
    }
    Ok(found)
}

/// The change of a message that has not arrived: of several by one writer the last counts, and a deletion ends them all.
fn keep_early(
    conn: &Connection,
    now: Timestamp,
    by: &Author,
    id: &MessageId,
    edited: Option<&EditedMessage>,
) -> Result<(), StoreError> {
    let who = by.customer();
    let writer = who.user_id.as_ref().or(who.wa_id.as_ref());
    let sql = "INSERT INTO early_changes (message_id, writer, direction, wa_id, user_id, text, payload, received_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
        ON CONFLICT (message_id, writer) DO UPDATE SET text = excluded.text, payload = excluded.payload WHERE payload IS NOT NULL";
    conn.prepare_cached(sql)?.execute(params![
        id,
        writer,
        by.direction(),
        who.wa_id,
        who.user_id,
        edited.and_then(|edited| edited.text.as_deref()),
        edited.map(|edited| Json(&edited.payload)),
        At(now)
    ])?;
    Ok(())
}

/// Takes the words of a deleted message out of what was made of them.
fn forget_copies(
    conn: &Connection,
    now: Timestamp,
    chat: &ConversationId,
    id: &MessageId,
    text: &str,
) -> Result<(), StoreError> {
    let sql = "SELECT id FROM interaction_traces WHERE message_id = ?1";
    let traces: Vec<i64> = conn.prepare_cached(sql)?.query_map([id], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for trace in traces {
        let sql = "UPDATE interaction_traces SET raw_text = NULL, normalized_text = NULL, slots = '{}', classification_reasons = '[]'
            WHERE id = ?1";
        conn.prepare_cached(sql)?.execute([trace])?;
        privacy::plain_steps(conn, trace)?;
    }
    let said = words(Some(text));
    let of_chat = "conversation_id = ?1";
    without_lines(conn, chat, &said, ("handoffs", "summary", of_chat))?;
    without_lines(conn, chat, &said, ("notifications", "body", of_chat))?;
    let told = "id IN (SELECT outbox_id FROM notifications WHERE conversation_id = ?1)";
    without_lines(conn, chat, &said, ("outbox", "payload ->> '$.text'", told))?;
    let sql = "SELECT id, lead FROM handoffs WHERE conversation_id = ?1 AND lead <> '{}'";
    let leads: Vec<(i64, Json<Value>)> =
        conn.prepare_cached(sql)?.query_map([chat], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    for (handoff, Json(mut lead)) in leads {
        forget_in(&mut lead, id, &said);
        conn.prepare_cached("UPDATE handoffs SET lead = ?2 WHERE id = ?1")?.execute(params![handoff, Json(&lead)])?;
    }
    let sql = "SELECT memory FROM conversations WHERE id = ?1";
    let Json(mut memory): Json<Value> = conn.prepare_cached(sql)?.query_row([chat], |row| row.get(0))?;
    forget_in(&mut memory, id, &said);
    conn.prepare_cached("UPDATE conversations SET memory = ?2, updated_at = ?3 WHERE id = ?1")?.execute(params![
        chat,
        Json(&memory),
        At(now)
    ])?;
    Ok(())
}

/// Takes out of a text column of the chat every line that repeats one of the words.
fn without_lines(
    conn: &Connection,
    chat: &ConversationId,
    said: &BTreeSet<String>,
    (table, column, whose): (&str, &str, &str),
) -> Result<(), StoreError> {
    let sql = format!("SELECT id, {column} FROM {table} WHERE {whose}");
    let texts: Vec<(i64, Option<String>)> = conn
        .prepare_cached(&sql)?
        .query_map([chat], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let set = match column {
        "summary" => "summary = ?2",
        "body" => "body = ?2",
        _ => "payload = json_set(payload, '$.text', ?2)",
    };
    for (row, text) in texts {
        let Some(text) = text.filter(|text| shares(text, said)) else { continue };
        let kept: Vec<&str> = text.lines().filter(|line| !shares(line, said)).collect();
        let kept = if kept.is_empty() { NOTHING.to_owned() } else { kept.join("\n") };
        conn.prepare_cached(&format!("UPDATE {table} SET {set} WHERE id = ?1"))?.execute(params![row, kept])?;
    }
    Ok(())
}

/// Takes out of a remembered object what names the message as its source, and texts of its own that repeat the words.
fn forget_in(remembered: &mut Value, id: &MessageId, said: &BTreeSet<String>) {
    let Value::Object(fields) = remembered else { return };
    for field in fields.values_mut() {
        match field {
            Value::Object(inner) => {
                inner.retain(|_, value| value.get("from").and_then(Value::as_str) != Some(id.as_str()));
            }
            Value::String(text) if shares(text, said) => *field = Value::Null,
            Value::String(_) | Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    // Amounts stand there as numbers, which are words of the message too.
    if let Some(Value::Array(amounts)) = fields.get_mut("amounts_said") {
        amounts.clear();
    }
}

fn shares(text: &str, said: &BTreeSet<String>) -> bool {
    words(Some(text)).iter().any(|word| word.chars().count() >= SHORTEST_WORD && said.contains(word))
}

/// The words of a text, without case and accents.
fn words(text: Option<&str>) -> BTreeSet<String> {
    let plain = |letter: char| match letter {
        'á' => 'a',
        'é' => 'e',
        'í' => 'i',
        'ó' => 'o',
        'ú' | 'ü' => 'u',
        other => other,
    };
    let text: String = text.unwrap_or_default().to_lowercase().chars().map(plain).collect();
    text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}
