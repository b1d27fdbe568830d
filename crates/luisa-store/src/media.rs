//! Files that customers send: what is known of each, and how long its chat waits for it.
//!
//! Owns the table `media`. A file is expected when its message arrives, fetched by whoever claims it, and settled once; what was found in it
//! becomes part of the message. May not know where files lie, nor what their content means.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;
use serde_json::Value;

use crate::Store;
use crate::conversations;
use crate::error::StoreError;
use crate::ids::{ConversationId, MessageId};
use crate::inbox::Debounce;
use crate::rows::{Json, maybe_json, maybe_time, time};
use crate::states::MediaState;
use crate::time::{At, after};

/// So many rows per call: the writer is not held up for long.
const AT_ONCE: u32 = 500;
/// Where in a message's own form the content of its file stands.
const CONTENT: &str = "$.body.content";

/// A file that a message announces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExpectedMedia {
    /// The provider's id of the file; without one it cannot be fetched.
    pub provider_id: Option<String>,
    /// Its type by the sender's word.
    pub mime: Option<String>,
    /// Its hash by the provider's word.
    pub sha256: Option<String>,
    /// Its name by the sender's word.
    pub file_name: Option<String>,
    /// So long the turn waits for it, in milliseconds.
    pub wait_ms: u64,
}

/// A file as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MediaRow {
    /// The message that carries it.
    pub message_id: MessageId,
    /// Its chat.
    pub conversation_id: ConversationId,
    /// The message's type in our words.
    pub kind: String,
    /// The provider's id.
    pub provider_id: Option<String>,
    /// Its hash by the provider's word.
    pub expected_sha256: Option<String>,
    /// Its type: by the sender's word until it is here, then as it was found to be.
    pub mime: Option<String>,
    /// Its name by the sender's word.
    pub file_name: Option<String>,
    /// What became of it.
    pub state: MediaState,
    /// Why it is not here, or why nothing was found in it.
    pub reason: Option<String>,
    /// How often it was fetched.
    pub attempts: i64,
    /// Until when its turn waits for it.
    pub wait_until: Option<Timestamp>,
    /// In hexadecimal; the file's name.
    pub sha256: Option<String>,
    /// Its size.
    pub bytes: Option<i64>,
    /// What was found in it.
    pub content: Option<Value>,
    /// Until when it is kept.
    pub keep_until: Option<Timestamp>,
    /// When its message came.
    pub created_at: Timestamp,
    /// When it was settled.
    pub settled_at: Option<Timestamp>,
}

impl MediaRow {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            message_id: row.get("message_id")?,
            conversation_id: row.get("conversation_id")?,
            kind: row.get("kind")?,
            provider_id: row.get("provider_id")?,
            expected_sha256: row.get("expected_sha256")?,
            mime: row.get("mime")?,
            file_name: row.get("file_name")?,
            state: row.get("state")?,
            reason: row.get("reason")?,
            attempts: row.get("attempts")?,
            wait_until: maybe_time(row, "wait_until")?,
            sha256: row.get("sha256")?,
            bytes: row.get("bytes")?,
            content: maybe_json(row, "content")?,
            keep_until: maybe_time(row, "keep_until")?,
            created_at: time(row, "created_at")?,
            settled_at: maybe_time(row, "settled_at")?,
        })
    }
}

/// What became of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct SettledMedia {
    /// Not `Due`.
    pub state: MediaState,
    /// Why it is not here, or why nothing was found in it.
    pub reason: Option<String>,
    /// Its type as it was found to be.
    pub mime: Option<String>,
    /// In hexadecimal, when it is here.
    pub sha256: Option<String>,
    /// Its size.
    pub bytes: Option<i64>,
    /// What was found in it, for the decision.
    pub content: Option<Value>,
    /// The words that were found in it: from now on the message's text.
    pub text: Option<String>,
    /// Until when it is kept.
    pub keep_until: Option<Timestamp>,
}

impl SettledMedia {
    /// A file that is not here.
    pub fn without_file(state: MediaState, reason: Option<&str>, content: Option<Value>) -> Self {
        let reason = reason.map(str::to_owned);
        Self { state, reason, mime: None, sha256: None, bytes: None, content, text: None, keep_until: None }
    }
}

impl Store {
    /// Claims up to `limit` files that are due, the longest due first. Whoever has one settles it or puts it off within the lease.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn claim_media(&self, now: Timestamp, limit: u32, lease: Duration) -> Result<Vec<MediaRow>, StoreError> {
        self.write(move |conn| {
            let sql = "UPDATE media SET due_at = ?2, attempts = attempts + 1 WHERE message_id IN
                (SELECT message_id FROM media WHERE due_at <= ?1 ORDER BY due_at LIMIT ?3) RETURNING *";
            let mut query = conn.prepare_cached(sql)?;
            let rows = query.query_map(params![At(now), At(after(now, lease)), limit], MediaRow::read)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// When `claim_media` will next find something; none when only `media_changed` can bring it.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn next_media_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.read(|conn| {
            let sql = "SELECT min(due_at) FROM media WHERE due_at IS NOT NULL";
            let at: Option<At> = conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
            Ok(at.map(|at| at.0))
        })
        .await
    }

    /// What became of a file: its message has its content from now on, and a turn that waits for it waits no longer. False when nobody waits
    /// for it any more: the message was deleted, its person erased, or it was settled before.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn settle_media(
        &self,
        now: Timestamp,
        message: &MessageId,
        settled: SettledMedia,
        debounce: Debounce,
    ) -> Result<bool, StoreError> {
        let message = message.clone();
        let (known, woke) = self
            .write(move |conn| {
                let sql = "UPDATE media SET state = ?2, reason = ?3, mime = coalesce(?4, mime), sha256 = ?5, bytes = ?6, content = ?7,
                    keep_until = ?8, settled_at = ?9, due_at = NULL, wait_until = NULL WHERE message_id = ?1 AND state = 'due'";
                let updated = conn.prepare_cached(sql)?.execute(params![
                    message,
                    settled.state,
                    settled.reason,
                    settled.mime,
                    settled.sha256,
                    settled.bytes,
                    settled.content.as_ref().map(Json),
                    settled.keep_until.map(At),
                    At(now)
                ])?;
                if updated == 0 {
                    return Ok((false, false));
                }
                put_content(conn, &message, settled.content.as_ref(), settled.text.as_deref())?;
                Ok((true, wait_no_longer(conn, now, &message, debounce)?))
            })
            .await?;
        if woke {
            self.inbox_changed.notify_one();
        }
        Ok(known)
    }

    /// It could not be fetched yet: it is due again at `at`. A turn that would wait longer than that waits no longer.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn put_off_media(
        &self,
        now: Timestamp,
        message: &MessageId,
        at: Timestamp,
        reason: &str,
        debounce: Debounce,
    ) -> Result<(), StoreError> {
        let (message, reason) = (message.clone(), reason.to_owned());
        let woke = self
            .write(move |conn| {
                let sql = "UPDATE media SET due_at = ?2, reason = ?3 WHERE message_id = ?1 AND state = 'due'";
                conn.prepare_cached(sql)?.execute(params![message, At(at), reason])?;
                let sql = "UPDATE media SET wait_until = NULL WHERE message_id = ?1 AND wait_until <= ?2";
                let gave_up = conn.prepare_cached(sql)?.execute(params![message, At(at)])?;
                if gave_up > 0 { wait_no_longer(conn, now, &message, debounce) } else { Ok(false) }
            })
            .await?;
        if woke {
            self.inbox_changed.notify_one();
        }
        self.media_changed.notify_one();
        Ok(())
    }

    /// The file of a message.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn media(&self, message: &MessageId) -> Result<Option<MediaRow>, StoreError> {
        let message = message.clone();
        self.read(move |conn| {
            let sql = "SELECT * FROM media WHERE message_id = ?1";
            Ok(conn.prepare_cached(sql)?.query_row([message], MediaRow::read).optional()?)
        })
        .await
    }

    /// The earlier messages that carried the same file, and what was found in it, latest first.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn same_media(&self, sha256: &str, but: &MessageId) -> Result<Vec<MediaRow>, StoreError> {
        let (sha256, but) = (sha256.to_owned(), but.clone());
        self.read(move |conn| {
            let sql = "SELECT * FROM media WHERE sha256 = ?1 AND message_id <> ?2 ORDER BY created_at DESC LIMIT 8";
            let mut query = conn.prepare_cached(sql)?;
            let rows = query.query_map(params![sha256, but], MediaRow::read)?.collect::<Result<_, _>>()?;
            Ok(rows)
        })
        .await
    }

    /// Lets go of files that were kept long enough; says how many. Their rows stay as figures. Call it again while it finds some.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn forget_media(&self, now: Timestamp) -> Result<usize, StoreError> {
        self.write(move |conn| {
            let sql =
                "UPDATE media SET state = 'gone', sha256 = NULL, content = NULL, file_name = NULL, keep_until = NULL
                WHERE message_id IN (SELECT message_id FROM media WHERE keep_until < ?1 LIMIT ?2)";
            Ok(conn.prepare_cached(sql)?.execute(params![At(now), AT_ONCE])?)
        })
        .await
    }

    /// Which of these files some message still carries.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn media_in_use(&self, files: &[String]) -> Result<BTreeSet<String>, StoreError> {
        let files = serde_json::to_string(files).unwrap_or_default();
        self.read(move |conn| {
            let sql = "SELECT DISTINCT sha256 FROM media WHERE sha256 IN (SELECT value FROM json_each(?1))";
            let mut query = conn.prepare_cached(sql)?;
            let rows = query.query_map([files], |row| row.get(0))?.collect::<Result<_, _>>()?;
            Ok(rows)
        })
        .await
    }
}

/// A message announces a file: it is due at once.
pub(crate) fn expect(
    conn: &Connection,
    now: Timestamp,
    chat: &ConversationId,
    (message, kind): (&MessageId, &str),
    media: &ExpectedMedia,
) -> Result<(), StoreError> {
    let sql = "INSERT OR IGNORE INTO media (message_id, conversation_id, kind, provider_id, expected_sha256, mime, file_name, state, due_at,
        wait_until, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'due', ?8, ?9, ?8)";
    let wait_until = (media.wait_ms > 0).then(|| At(after(now, Duration::from_millis(media.wait_ms))));
    conn.prepare_cached(sql)?.execute(params![
        message,
        chat,
        kind,
        media.provider_id,
        media.sha256,
        media.mime,
        media.file_name,
        At(now),
        wait_until
    ])?;
    Ok(())
}

/// Until when a chat's turn waits for files.
pub(crate) fn awaited_until(conn: &Connection, chat: &ConversationId) -> Result<Option<Timestamp>, StoreError> {
    let sql = "SELECT max(wait_until) FROM media WHERE conversation_id = ?1 AND state = 'due'";
    let at: Option<At> = conn.prepare_cached(sql)?.query_row([chat], |row| row.get(0))?;
    Ok(at.map(|at| at.0))
}

/// The message was written anew: what was found in its file still belongs to it.
pub(crate) fn restore_content(conn: &Connection, message: &MessageId) -> Result<(), StoreError> {
    let sql = "SELECT content FROM media WHERE message_id = ?1 AND content IS NOT NULL";
    let content = conn.prepare_cached(sql)?.query_row([message], |row| maybe_json(row, "content")).optional()?;
    put_content(conn, message, content.flatten().as_ref(), None)
}

/// The words of these messages are not kept: nor are their files.
pub(crate) fn close(conn: &Connection, messages: &[MessageId]) -> Result<(), StoreError> {
    let sql = "UPDATE media SET state = 'closed', provider_id = NULL, expected_sha256 = NULL, file_name = NULL, sha256 = NULL, content = NULL,
        keep_until = NULL, due_at = NULL, wait_until = NULL WHERE message_id = ?1";
    for message in messages {
        conn.prepare_cached(sql)?.execute([message])?;
    }
    Ok(())
}

/// The message was deleted by its writer.
pub(crate) fn drop_of(conn: &Connection, message: &MessageId) -> Result<(), StoreError> {
    conn.prepare_cached("DELETE FROM media WHERE message_id = ?1")?.execute([message])?;
    Ok(())
}

fn put_content(
    conn: &Connection,
    message: &MessageId,
    content: Option<&Value>,
    text: Option<&str>,
) -> Result<(), StoreError> {
    let Some(content) = content else { return Ok(()) };
    let sql = format!("UPDATE inbox SET payload = json_set(payload, '{CONTENT}', json(?2)) WHERE message_id = ?1");
    conn.prepare_cached(&sql)?.execute(params![message, Json(content)])?;
    let sql = format!(
        "UPDATE messages SET payload = json_set(payload, '{CONTENT}', json(?2)), text = coalesce(?3, text)
        WHERE message_id = ?1 AND payload IS NOT NULL AND state <> 'revoked'"
    );
    conn.prepare_cached(&sql)?.execute(params![message, Json(content), text])?;
    Ok(())
}

/// The chat is due when its burst is over, unless it waits for another file; a turn under way that did not know this one is void. True when
/// somebody should look.
fn wait_no_longer(
    conn: &Connection,
    now: Timestamp,
    message: &MessageId,
    debounce: Debounce,
) -> Result<bool, StoreError> {
    let sql = "SELECT c.id, c.first_pending_at, (SELECT max(received_at) FROM inbox WHERE conversation_id = c.id)
        FROM inbox i JOIN conversations c ON c.id = i.conversation_id WHERE i.message_id = ?1";
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get::<_, Option<At>>(1)?, row.get::<_, Option<At>>(2)?));
    let chat: Option<(ConversationId, Option<At>, Option<At>)> =
        conn.prepare_cached(sql)?.query_row([message], read).optional()?;
    let Some((chat, first, last)) = chat else { return Ok(false) };
    conversations::void_claim(conn, now, &chat)?;
    if awaited_until(conn, &chat)?.is_some_and(|until| until > now) {
        return Ok(true);
    }
    let last = last.map_or(now, |at| at.0);
    let first = first.map_or(last, |at| at.0);
    let over = after(last, Duration::from_millis(debounce.quiet_ms))
        .min(after(first, Duration::from_millis(debounce.max_ms)))
        .max(now);
    let sql = "UPDATE conversations SET due_at = min(due_at, ?2) WHERE id = ?1 AND due_at IS NOT NULL";
    conn.prepare_cached(sql)?.execute(params![chat, At(over)])?;
    Ok(true)
}
