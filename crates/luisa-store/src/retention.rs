//! What is kept for a while only: personal texts, and everything about people when it has grown old.
//!
//! Owns their end. Traces stay as figures, without words and without the person. May not know how long a while is.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use crate::Store;
use crate::error::StoreError;
use crate::media;
use crate::privacy::{self, WORDS_OF_A_TRACE};
use crate::time::At;

/// So many rows per call and table: the writer is not held up for long.
const AT_ONCE: u32 = 500;
/// The last trace that lost its words to age.
const TRACES_DONE: &str = "retention_traces_done";

/// Which rows of a table have grown old, in an order in which they can be deleted. `?1` is the time before which they are old. What still
/// waits for an answer or to be sent is kept whatever its age. Rows grow old in the order of their ids, so that the first young one ends the search.
const OLD: &[(&str, &str)] = &[
    (
        "notifications",
        "id < (SELECT coalesce((SELECT id FROM notifications WHERE created_at >= ?1 ORDER BY id LIMIT 1), 1 << 62))
            AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.id = outbox_id AND state IN ('due', 'claimed'))",
    ),
    (
        "outbox",
        "id < (SELECT coalesce((SELECT id FROM outbox WHERE created_at >= ?1 ORDER BY id LIMIT 1), 1 << 62))
            AND state NOT IN ('due', 'claimed') AND NOT EXISTS (SELECT 1 FROM notifications WHERE outbox_id = outbox.id)",
    ),
    ("handoffs", "updated_at < ?1 AND NOT EXISTS (SELECT 1 FROM notifications WHERE handoff_id = handoffs.id)"),
    ("parked_inbox", "parked_at < ?1"),
    (
        "media",
        "created_at < ?1 AND due_at IS NULL AND coalesce(keep_until < ?1, 1)
            AND NOT EXISTS (SELECT 1 FROM inbox WHERE inbox.message_id = media.message_id)",
    ),
    (
        "messages",
        "created_at < ?1 AND NOT EXISTS (SELECT 1 FROM inbox WHERE inbox.message_id = messages.message_id)
            AND NOT EXISTS (SELECT 1 FROM outbox WHERE message_row = messages.id)",
    ),
    ("webhook_unparsed", "received_at < ?1"),
    // Quiet for so long, with nothing left in it, and not in the hands of a person who wanted it without end.
    (
        "conversations",
        "updated_at < ?1 AND claim_token IS NULL AND (mode = 'AI_ACTIVE' OR human_until IS NOT NULL)
            AND NOT EXISTS (SELECT 1 FROM messages WHERE conversation_id = conversations.id)
            AND NOT EXISTS (SELECT 1 FROM inbox WHERE conversation_id = conversations.id)
            AND NOT EXISTS (SELECT 1 FROM parked_inbox WHERE conversation_id = conversations.id)
            AND NOT EXISTS (SELECT 1 FROM media WHERE conversation_id = conversations.id)
            AND NOT EXISTS (SELECT 1 FROM outbox WHERE conversation_id = conversations.id)
            AND NOT EXISTS (SELECT 1 FROM handoffs WHERE conversation_id = conversations.id)
            AND NOT EXISTS (SELECT 1 FROM notifications WHERE conversation_id = conversations.id)",
    ),
    // Whoever is in the store phone's address book is still known there.
    (
        "contacts",
        "updated_at < ?1 AND in_address_book = 0
            AND NOT EXISTS (SELECT 1 FROM opt_outs WHERE contact_id = contacts.id)
            AND NOT EXISTS (SELECT 1 FROM conversations WHERE contact_id = contacts.id)
            AND NOT EXISTS (SELECT 1 FROM contacts other WHERE other.merged_into = contacts.id)",
    ),
];

impl Store {
    /// Blanks the text of personal messages whose turn was before `before`, in messages and traces; says how many. Call it again while it
    /// finds some.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn forget_personal(&self, before: Timestamp) -> Result<usize, StoreError> {
        let touched = self
            .write(move |conn| {
                let sql = "SELECT id, message_id FROM interaction_traces
                WHERE is_personal = 1 AND raw_text IS NOT NULL AND created_at < ?1
                AND coalesce(verdict, '') <> 'unsure' LIMIT ?2";
                let old: Vec<(i64, Option<String>)> = conn
                    .prepare_cached(sql)?
                    .query_map(params![At(before), AT_ONCE], |row| Ok((row.get(0)?, row.get(1)?)))?
                    .collect::<Result<_, _>>()?;
                for (trace, message) in &old {
                    conn.prepare_cached(
                        "UPDATE interaction_traces SET raw_text = NULL, normalized_text = NULL WHERE id = ?1",
                    )?
                    .execute([trace])?;
                    conn.prepare_cached("UPDATE messages SET text = NULL, payload = NULL WHERE message_id = ?1")?
                        .execute([message])?;
                    if let Some(message) = message {
                        media::close(conn, &[message.as_str().into()])?;
                    }
                }
                Ok(old.len())
            })
            .await?;
        if touched > 0 {
            self.words_were_dropped();
        }
        Ok(touched)
    }

    /// Deletes what is about people and older than `before`, and takes the words and the person from traces; says how many rows it touched.
    /// Call it again while it finds some.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn forget_old(&self, before: Timestamp) -> Result<usize, StoreError> {
        let touched = self
            .write(move |conn| {
                let mut touched = blank_traces(conn, before)?;
                for (table, old) in OLD {
                    let sql = format!(
                        "DELETE FROM {table} WHERE rowid IN (SELECT rowid FROM {table} WHERE {old} LIMIT {AT_ONCE})"
                    );
                    touched += conn.prepare_cached(&sql)?.execute([At(before)])?;
                }
                Ok(touched)
            })
            .await?;
        if touched > 0 {
            self.words_were_dropped();
        }
        Ok(touched)
    }

    /// Drops news about and changes of messages that never came; says how many.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn forget_early_statuses(&self, before: Timestamp) -> Result<usize, StoreError> {
        self.write(move |conn| {
            let changes =
                conn.prepare_cached("DELETE FROM early_changes WHERE received_at < ?1")?.execute([At(before)])?;
            let statuses =
                conn.prepare_cached("DELETE FROM early_statuses WHERE received_at < ?1")?.execute([At(before)])?;
            Ok(changes + statuses)
        })
        .await
    }
}

fn blank_traces(conn: &Connection, before: Timestamp) -> Result<usize, StoreError> {
    let sql = "SELECT CAST(value AS INTEGER) FROM kv WHERE key = ?1";
    let done: i64 = conn.prepare_cached(sql)?.query_row([TRACES_DONE], |row| row.get(0)).optional()?.unwrap_or(0);
    let sql = "SELECT max(id) FROM (SELECT id FROM interaction_traces WHERE id > ?1 AND id <
            (SELECT coalesce((SELECT id FROM interaction_traces WHERE id > ?1 AND created_at >= ?2 ORDER BY id LIMIT 1), 1 << 62))
        ORDER BY id LIMIT ?3)";
    let last: Option<i64> =
        conn.prepare_cached(sql)?.query_row(params![done, At(before), AT_ONCE], |row| row.get(0))?;
    let Some(last) = last else { return Ok(0) };
    let sql = format!("UPDATE interaction_traces SET {WORDS_OF_A_TRACE} WHERE id > ?1 AND id <= ?2");
    let touched = conn.prepare_cached(&sql)?.execute([done, last])?;
    let sql = "SELECT id FROM interaction_traces WHERE id > ?1 AND id <= ?2";
    let ids: Vec<i64> =
        conn.prepare_cached(sql)?.query_map([done, last], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for id in ids {
        privacy::plain_steps(conn, id)?;
    }
    conn.prepare_cached("INSERT OR REPLACE INTO kv (key, value, updated_at) VALUES (?1, ?2, ?3)")?.execute(params![
        TRACES_DONE,
        last.to_string(),
        At(before)
    ])?;
    Ok(touched)
}
