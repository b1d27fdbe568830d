//! Texts that were kept for a while only.
//!
//! Owns their end; rows stay, without words. May not know how long a while is.

use jiff::Timestamp;
use rusqlite::params;

use crate::Store;
use crate::error::StoreError;
use crate::time::At;

/// So many messages per call: the writer is not held up for long.
const AT_ONCE: u32 = 500;

impl Store {
    /// Blanks the text of personal messages whose turn was before `before`, in messages and traces; says how many. Call it again while it
    /// finds some.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn forget_personal(&self, before: Timestamp) -> Result<usize, StoreError> {
        self.write(move |conn| {
            let sql = "SELECT id, message_id FROM interaction_traces
                WHERE is_personal = 1 AND raw_text IS NOT NULL AND created_at < ?1 LIMIT ?2";
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
            }
            Ok(old.len())
        })
        .await
    }
}
