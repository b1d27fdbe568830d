//! Counts of what may pile up, for metrics, and whether the database works at all.
//!
//! May only read.

use jiff::Timestamp;
use rusqlite::Connection;
use serde::Serialize;

use crate::Store;
use crate::error::StoreError;
use crate::time::At;

/// How much there is of everything that may pile up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Chats.
    pub conversations: i64,
    /// Chats that a person has.
    pub human_active: i64,
    /// Messages that wait for their turn.
    pub inbox_pending: i64,
    /// When the oldest of them arrived.
    pub inbox_oldest_at: Option<Timestamp>,
    /// Messages whose turn failed too often.
    pub parked: i64,
    /// Messages to be sent, or being sent.
    pub outbox_waiting: i64,
    /// When the oldest of them was written.
    pub outbox_oldest_at: Option<Timestamp>,
    /// Sendings of unknown outcome.
    pub outbox_unknown: i64,
    /// Messages that wait for a person or a template.
    pub outbox_held: i64,
    /// Messages given up.
    pub outbox_dead: i64,
    /// Handoffs that nobody has taken.
    pub handoffs_open: i64,
    /// When the oldest of them was opened.
    pub handoffs_oldest_at: Option<Timestamp>,
    /// Products that may be offered.
    pub catalog_items: i64,
    /// Parts of webhooks kept raw.
    pub webhook_unparsed: i64,
}

impl Store {
    /// How much there is of everything that may pile up.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn counts(&self) -> Result<Counts, StoreError> {
        self.read(|conn| {
            // Worded as the partial indexes are, so that these counts do not read the whole outbox.
            let waiting = "FROM outbox WHERE state IN ('due', 'claimed', 'unknown') AND state <> 'unknown'";
            let stuck = "SELECT count(*) FROM outbox WHERE state IN ('unknown', 'held', 'dead') AND state =";
            Ok(Counts {
                conversations: count(conn, "SELECT count(*) FROM conversations")?,
                human_active: count(conn, "SELECT count(*) FROM conversations WHERE mode = 'HUMAN_ACTIVE'")?,
                inbox_pending: count(conn, "SELECT count(*) FROM inbox")?,
                inbox_oldest_at: oldest(conn, "SELECT min(received_at) FROM inbox")?,
                parked: count(conn, "SELECT count(*) FROM parked_inbox")?,
                outbox_waiting: count(conn, &format!("SELECT count(*) {waiting}"))?,
                outbox_oldest_at: oldest(conn, &format!("SELECT min(created_at) {waiting}"))?,
                outbox_unknown: count(conn, &format!("{stuck} 'unknown'"))?,
                outbox_held: count(conn, &format!("{stuck} 'held'"))?,
                outbox_dead: count(conn, &format!("{stuck} 'dead'"))?,
                handoffs_open: count(conn, "SELECT count(*) FROM handoffs WHERE status = 'open'")?,
                handoffs_oldest_at: oldest(conn, "SELECT min(created_at) FROM handoffs WHERE status = 'open'")?,
                catalog_items: count(conn, "SELECT count(*) FROM catalog_items WHERE active = 1")?,
                webhook_unparsed: count(conn, "SELECT count(*) FROM webhook_unparsed")?,
            })
        })
        .await
    }

    /// Since when the chat that has waited longest could have been answered and is in nobody's hands; none when nobody waits.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn overdue_since(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        self.read(move |conn| {
            let sql = "SELECT min(coalesce(claimed_until, due_at)) FROM conversations WHERE coalesce(claimed_until, due_at) <= ?1";
            let at: Option<At> = conn.prepare_cached(sql)?.query_row([At(now)], |row| row.get(0))?;
            Ok(at.map(|at| at.0))
        })
        .await
    }

    /// Proves that the database can be read and written.
    ///
    /// # Errors
    /// Whatever stands in the way.
    pub async fn ping(&self) -> Result<(), StoreError> {
        // SQLite would go on with a file that has no name any more, and all of it would be lost with the process.
        if !self.path().exists() {
            let gone = format!("{} is no longer there: stop luisa and put a backup back", self.path().display());
            return Err(StoreError::Broken(gone));
        }
        self.write(|conn| count(conn, "SELECT count(*) FROM kv").map(drop)).await?;
        self.read(|conn| count(conn, "SELECT count(*) FROM kv").map(drop)).await
    }
}

fn count(conn: &Connection, sql: &str) -> Result<i64, StoreError> {
    Ok(conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}

fn oldest(conn: &Connection, sql: &str) -> Result<Option<Timestamp>, StoreError> {
    let at: Option<At> = conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
    Ok(at.map(|at| at.0))
}
