//! What changed of what pages show, by a growing number.
//!
//! Owns the reading of `changes`; triggers write it. A reader asks for what came after a number, never after a time.

use rusqlite::{Row, params};
use serde::Serialize;

use crate::Store;
use crate::error::StoreError;
use crate::ids::ConversationId;

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Its number.
    pub id: i64,
    /// `in`, `out`, `state`, `mode`, `handoff`, `note`, `shop`.
    pub what: String,
    /// In which chat.
    pub conversation_id: Option<ConversationId>,
}

/// What came after a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changes {
    /// These, in order.
    Since(Vec<Change>),
    /// Too much or too long ago to tell: look at everything anew, and ask from this number on.
    Lost(i64),
}

impl Store {
    /// The number of the latest change.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn last_change(&self) -> Result<i64, StoreError> {
        self.read(|conn| {
            // The sequence survives when all rows are gone.
            let sql = "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'changes'), 0)";
            Ok(conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
        })
        .await
    }

    /// What changed after this number.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn changes_since(&self, after: i64, limit: u32) -> Result<Changes, StoreError> {
        self.read(move |conn| {
            let sql = "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'changes'), 0),
                coalesce((SELECT min(id) FROM changes), 0)";
            let (last, first): (i64, i64) =
                conn.prepare_cached(sql)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let all_there = after == last || (first > 0 && after + 1 >= first);
            if after > last || !all_there || last - after > i64::from(limit) {
                return Ok(Changes::Lost(last));
            }
            let sql = "SELECT * FROM changes WHERE id > ?1 ORDER BY id LIMIT ?2";
            let read = |row: &Row<'_>| {
                Ok(Change { id: row.get("id")?, what: row.get("what")?, conversation_id: row.get("conversation_id")? })
            };
            let rows = conn.prepare_cached(sql)?.query_map(params![after, limit], read)?.collect::<Result<_, _>>()?;
            Ok(Changes::Since(rows))
        })
        .await
    }
}
