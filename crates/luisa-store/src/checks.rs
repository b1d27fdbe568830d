//! Conversations that an operator's check made, and their end.
//!
//! Owns nothing else than finding them by how their ids begin. May not know who checks, nor what for.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Connection, params};
use serde_json::json;

use crate::Store;
use crate::error::StoreError;
use crate::ids::{ConversationId, RequestId};
use crate::privacy;
use crate::time::At;

/// A trace in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShortTrace {
    /// The decision.
    pub request_id: RequestId,
    /// Its chat.
    pub conversation_id: ConversationId,
    /// What was done.
    pub decision_path: String,
}

impl Store {
    /// The traces of all chats whose ids begin so, in the order in which they were written.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn traces_of(&self, beginning: &str) -> Result<Vec<ShortTrace>, StoreError> {
        let beginning = beginning.to_owned();
        self.read(move |conn| {
            let sql = "SELECT request_id, conversation_id, decision_path FROM interaction_traces
                WHERE conversation_id >= ?1 AND substr(conversation_id, 1, length(?1)) = ?1 ORDER BY id";
            let mut query = conn.prepare_cached(sql)?;
            let rows = query.query_map([beginning], |row| {
                Ok(ShortTrace { request_id: row.get(0)?, conversation_id: row.get(1)?, decision_path: row.get(2)? })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Removes all chats whose ids begin with `beginning`, and those that begin with `kin` and are older than `before`: from every table, traces
    /// too. Rows by table.
    ///
    /// # Errors
    /// `Busy`, `Broken`; nothing was removed then.
    pub async fn remove_chats(
        &self,
        now: Timestamp,
        beginning: &str,
        kin: &str,
        before: Timestamp,
    ) -> Result<BTreeMap<String, i64>, StoreError> {
        let (beginning, kin) = (beginning.to_owned(), kin.to_owned());
        self.write(move |conn| {
            let chats = begin_so(conn, &beginning, &kin, before)?;
            privacy::remove(conn, now, json!(chats).to_string())
        })
        .await
    }
}

fn begin_so(conn: &Connection, beginning: &str, kin: &str, before: Timestamp) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT id FROM conversations WHERE channel = 'api' AND (substr(id, 1, length(?1)) = ?1
        OR (substr(id, 1, length(?2)) = ?2 AND updated_at < ?3)) AND id >= min(?1, ?2)";
    let mut query = conn.prepare_cached(sql)?;
    let rows = query.query_map(params![beginning, kin, At(before)], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
