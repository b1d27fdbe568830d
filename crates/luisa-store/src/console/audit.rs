//! What people did, in the order in which they did it.
//!
//! Owns `audit_log`: rows are added and never changed.

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};
use serde::Serialize;

use crate::Store;
use crate::error::StoreError;
use crate::ids::ConversationId;
use crate::rows::time;
use crate::time::At;

/// One act, to be kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Act {
    /// Who acted: a user's name, `luisa` on the command line, a team's number without its middle.
    pub who: String,
    /// What kind of act.
    pub act: &'static str,
    /// In which chat.
    pub chat: Option<ConversationId>,
    /// On what: a product's code, a fact, a user's name.
    pub about: Option<String>,
    /// As it was.
    pub before: Option<String>,
    /// As it is now.
    pub after: Option<String>,
}

/// One act, as it was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditRow {
    /// Its number, growing.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub who: String,
    /// What kind of act.
    pub act: String,
    /// In which chat.
    pub conversation_id: Option<ConversationId>,
    /// On what.
    pub about: Option<String>,
    /// As it was.
    pub before: Option<String>,
    /// As it is since.
    pub after: Option<String>,
}

impl Store {
    /// Keeps an act that changes nothing else in the database.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn note_act(&self, now: Timestamp, act: Act) -> Result<(), StoreError> {
        self.write(move |conn| note(conn, now, &act)).await
    }

    /// Acts before `before` (none: the latest), newest first.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn audit_log(&self, before: Option<i64>, limit: u32) -> Result<Vec<AuditRow>, StoreError> {
        self.read(move |conn| {
            let sql = "SELECT * FROM audit_log WHERE id < ?1 ORDER BY id DESC LIMIT ?2";
            let rows = conn
                .prepare_cached(sql)?
                .query_map(params![before.unwrap_or(i64::MAX), limit], read)?
                .collect::<Result<_, _>>()?;
            Ok(rows)
        })
        .await
    }
}

pub(crate) fn note(conn: &Connection, now: Timestamp, act: &Act) -> Result<(), StoreError> {
    let sql = "INSERT INTO audit_log (at, who, act, conversation_id, about, before, after) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    conn.prepare_cached(sql)?.execute(params![
        At(now),
        act.who,
        act.act,
        act.chat,
        act.about,
        act.before,
        act.after
    ])?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<AuditRow> {
    Ok(AuditRow {
        id: row.get("id")?,
        at: time(row, "at")?,
        who: row.get("who")?,
        act: row.get("act")?,
        conversation_id: row.get("conversation_id")?,
        about: row.get("about")?,
        before: row.get("before")?,
        after: row.get("after")?,
    })
}
