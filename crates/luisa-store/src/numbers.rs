//! Figures for health, snapshot, metrics and go/no-go.
//!
//! May only read. A percentage or percentile without data is absent, not zero.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;

use crate::Store;
use crate::error::StoreError;
use crate::time::{At, before};

/// The span of a snapshot.
const SNAPSHOT: Duration = Duration::from_secs(60 * 60);

/// The last 60 minutes. Percentages are 0 to 100 with two decimals, of all messages.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Snapshot {
    /// Messages that had a turn.
    pub total_msgs_60m: i64,
    /// Of them, personal.
    pub pct_personal: Option<f64>,
    /// Of them, those for which a person was called.
    pub pct_handoff: Option<f64>,
    /// Of them, those for which a model was asked.
    pub pct_openai: Option<f64>,
    /// Of them, those with an error in the decision, in the model or in the sending.
    pub errores_count: i64,
    /// 95th percentile (nearest rank) of the decision's time, in milliseconds.
    pub p95_latency_ms: Option<f64>,
    /// Notices to the teams that did not arrive or wait for a template.
    pub undelivered_notices_60m: i64,
}

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
    /// Products that may be offered.
    pub catalog_items: i64,
    /// Parts of webhooks kept raw.
    pub webhook_unparsed: i64,
}

impl Store {
    /// The six figures of the last 60 minutes, and the notices that did not arrive.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn snapshot(&self, now: Timestamp) -> Result<Snapshot, StoreError> {
        self.read(move |conn| snapshot(conn, now)).await
    }

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
                catalog_items: count(conn, "SELECT count(*) FROM catalog_items WHERE active = 1")?,
                webhook_unparsed: count(conn, "SELECT count(*) FROM webhook_unparsed")?,
            })
        })
        .await
    }

    /// Proves that the database can be read and written.
    ///
    /// # Errors
    /// Whatever stands in the way.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.write(|conn| count(conn, "SELECT count(*) FROM kv").map(drop)).await?;
        self.read(|conn| count(conn, "SELECT count(*) FROM kv").map(drop)).await
    }
}

fn snapshot(conn: &Connection, now: Timestamp) -> Result<Snapshot, StoreError> {
    let since = || At(before(now, SNAPSHOT));
    let sql = "SELECT count(*), coalesce(sum(is_personal), 0), count(handoff_reason), coalesce(sum(openai_called), 0),
            coalesce(sum(coalesce(whatsapp_send_success = 0, 0) OR openai_error IS NOT NULL
                OR coalesce(error_message, 'human_took_over') <> 'human_took_over'), 0), count(latency_ms)
        FROM interaction_traces WHERE created_at > ?1";
    let (total, personal, handoff, openai, errors, timed): (i64, i64, i64, i64, i64, i64) =
        conn.prepare_cached(sql)?.query_row([since()], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))
        })?;
    // Nearest rank: the smallest value that at least 95 % of all values do not exceed.
    let rank = (timed * 95 + 99) / 100;
    let sql = "SELECT latency_ms FROM interaction_traces WHERE created_at > ?1 AND latency_ms IS NOT NULL
        ORDER BY latency_ms LIMIT 1 OFFSET ?2";
    let p95 = conn.prepare_cached(sql)?.query_row(params![since(), rank - 1], |row| row.get(0)).optional()?;
    let sql = "SELECT count(*) FROM notifications WHERE created_at > ?1 AND state IN ('failed', 'held')";
    let undelivered = conn.prepare_cached(sql)?.query_row([since()], |row| row.get(0))?;
    Ok(Snapshot {
        total_msgs_60m: total,
        pct_personal: percent(personal, total),
        pct_handoff: percent(handoff, total),
        pct_openai: percent(openai, total),
        errores_count: errors,
        p95_latency_ms: p95,
        undelivered_notices_60m: undelivered,
    })
}

/// With two decimals.
fn percent(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| (part as f64 * 10_000.0 / whole as f64).round() / 100.0)
}

fn count(conn: &Connection, sql: &str) -> Result<i64, StoreError> {
    Ok(conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}

fn oldest(conn: &Connection, sql: &str) -> Result<Option<Timestamp>, StoreError> {
    let at: Option<At> = conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
    Ok(at.map(|at| at.0))
}
