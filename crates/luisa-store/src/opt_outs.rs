//! Who wants no more of what: the register that is read before anything is sent that nobody asked for.
//!
//! Owns `opt_outs`. May not decide what falls under a wish.

use jiff::Timestamp;
use rusqlite::{Connection, params};
use serde::Serialize;

use crate::error::StoreError;
use crate::ids::{ContactId, ConversationId};
use crate::rows::time;
use crate::time::At;
use crate::{Store, conversations};

/// A wish that holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OptOutRow {
    /// Whose.
    pub contact_id: ContactId,
    /// Of what they want no more: `marketing`, `messages`, `data`.
    pub what: String,
    /// Where they said so: `whatsapp` (its own switch), `chat`, `console`.
    pub source: String,
    /// Since when.
    pub stopped_at: Timestamp,
}

/// A wish as it is said.
pub(crate) struct Wish<'a> {
    pub(crate) what: &'a str,
    pub(crate) source: &'a str,
    pub(crate) stopped: bool,
}

impl Store {
    /// Notes that the person of a chat wants no more of something, or wants it again.
    ///
    /// # Errors
    /// `NotFound` when the chat is nobody's.
    pub async fn note_opt_out(
        &self,
        now: Timestamp,
        chat: &ConversationId,
        (what, source): (&str, &str),
        stopped: bool,
    ) -> Result<(), StoreError> {
        let (chat, what, source) = (chat.clone(), what.to_owned(), source.to_owned());
        self.write(move |conn| {
            let found = conversations::find(conn, &chat)?.ok_or(StoreError::NotFound)?;
            let contact = found.contact_id.ok_or(StoreError::NotFound)?;
            note(conn, now, &contact, &Wish { what: &what, source: &source, stopped })
        })
        .await
    }

    /// What the person of a chat wants no more of.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn opt_outs_of(&self, chat: &ConversationId) -> Result<Vec<OptOutRow>, StoreError> {
        let chat = chat.clone();
        self.read(move |conn| {
            let sql = "SELECT o.* FROM opt_outs o JOIN conversations c ON c.contact_id = o.contact_id
                WHERE c.id = ?1 AND o.resumed_at IS NULL ORDER BY o.what";
            let mut query = conn.prepare_cached(sql)?;
            let rows = query.query_map([chat], OptOutRow::read)?.collect::<Result<_, _>>()?;
            Ok(rows)
        })
        .await
    }
}

impl OptOutRow {
    fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            contact_id: row.get("contact_id")?,
            what: row.get("what")?,
            source: row.get("source")?,
            stopped_at: time(row, "stopped_at")?,
        })
    }
}

pub(crate) fn note(conn: &Connection, now: Timestamp, contact: &ContactId, wish: &Wish<'_>) -> Result<(), StoreError> {
    if wish.stopped {
        let sql = "INSERT INTO opt_outs (contact_id, what, source, stopped_at) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (contact_id, what) DO UPDATE SET source = excluded.source, stopped_at = excluded.stopped_at, resumed_at = NULL
                WHERE resumed_at IS NOT NULL";
        conn.prepare_cached(sql)?.execute(params![contact, wish.what, wish.source, At(now)])?;
    } else {
        let sql = "UPDATE opt_outs SET resumed_at = ?3 WHERE contact_id = ?1 AND what = ?2 AND resumed_at IS NULL";
        conn.prepare_cached(sql)?.execute(params![contact, wish.what, At(now)])?;
    }
    Ok(())
}

/// Two contacts are one person: the wish of either is theirs.
pub(crate) fn merge(conn: &Connection, older: &ContactId, younger: &ContactId) -> Result<(), StoreError> {
    let sql = "UPDATE OR REPLACE opt_outs SET contact_id = ?1 WHERE contact_id = ?2";
    conn.prepare_cached(sql)?.execute(params![older, younger])?;
    Ok(())
}
