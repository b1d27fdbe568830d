//! The last hour and the present in figures, for the one who looks after LUISA.
//!
//! May only read. What has no data is absent, not zero: a percentage of nothing, the age of what does not wait.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;

use crate::Store;
use crate::backup::last_backup;
use crate::error::StoreError;
use crate::states::Mode;
use crate::time::{At, before};

/// The span of a snapshot.
const SNAPSHOT: Duration = Duration::from_secs(60 * 60);

/// The last 60 minutes, and what waits now. Percentages are 0 to 100 with two decimals, of all messages unless it says otherwise.
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
    /// Of the fixed questions for which the cache was asked, those that it knew.
    pub pct_cache_hit: Option<f64>,
    /// Notices to the teams that did not arrive or wait for a template.
    pub undelivered_notices_60m: i64,
    /// Messages written in these 60 minutes whose sending has failed so far, by error code.
    pub send_failures_60m: BTreeMap<String, i64>,
    /// Messages that wait for their turn now.
    pub unanswered_msgs: i64,
    /// For how long the oldest of them has waited, in seconds.
    pub oldest_unanswered_s: Option<i64>,
    /// Messages whose turn failed too often.
    pub parked_msgs: i64,
    /// Messages to be sent, or being sent.
    pub unsent_msgs: i64,
    /// For how long the oldest of them has waited, in seconds.
    pub oldest_unsent_s: Option<i64>,
    /// Messages given up.
    pub dead_letters: i64,
    /// Sendings of unknown outcome.
    pub unknown_sends: i64,
    /// Messages that wait for a person or a template.
    pub held_sends: i64,
    /// Handoffs that nobody has taken.
    pub handoffs_open: i64,
    /// For how long the oldest of them has waited, in seconds.
    pub longest_handoff_wait_s: Option<i64>,
    /// Chats by who leads them.
    pub modes: BTreeMap<Mode, i64>,
    /// For how long there has been no backup, in seconds; absent: there never was one.
    pub last_backup_age_s: Option<i64>,
}

/// What the model was asked and what it cost.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelUse {
    /// Messages for which it was asked.
    pub model_calls_today: i64,
    /// What they cost, in US dollars; absent when it was asked and nobody knows the price.
    pub model_spend_today_usd: Option<f64>,
}

impl Store {
    /// The figures of the last 60 minutes and of this moment.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn snapshot(&self, now: Timestamp) -> Result<Snapshot, StoreError> {
        self.read(move |conn| snapshot(conn, now)).await
    }

    /// What the model was used for since the beginning of the shop's day.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn model_use(&self, today: Timestamp) -> Result<ModelUse, StoreError> {
        self.read(move |conn| {
            let sql = "SELECT count(*), count(openai_cost_usd), coalesce(sum(openai_cost_usd), 0.0)
                FROM interaction_traces WHERE created_at >= ?1 AND openai_called = 1";
            let (calls, priced, spend): (i64, i64, f64) =
                conn.prepare_cached(sql)?.query_row([At(today)], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            let known = calls == 0 || priced > 0;
            Ok(ModelUse { model_calls_today: calls, model_spend_today_usd: known.then_some(spend) })
        })
        .await
    }
}

fn snapshot(conn: &Connection, now: Timestamp) -> Result<Snapshot, StoreError> {
    let hour = hour(conn, now)?;
    let inbox = waiting(conn, now, "SELECT count(*), min(received_at) FROM inbox")?;
    // Worded as the partial indexes are, so that the whole outbox is not read.
    let outbox = "SELECT count(*), min(created_at) FROM outbox
        WHERE state IN ('due', 'claimed', 'unknown') AND state <> 'unknown'";
    let outbox = waiting(conn, now, outbox)?;
    let handoffs = waiting(conn, now, "SELECT count(*), min(created_at) FROM handoffs WHERE status = 'open'")?;
    let stuck = counts::<String>(
        conn,
        "SELECT state, count(*) FROM outbox WHERE state IN ('unknown', 'held', 'dead') GROUP BY state",
        [],
    )?;
    let stuck = |state: &str| stuck.get(state).copied().unwrap_or(0);
    Ok(Snapshot {
        total_msgs_60m: hour.total,
        pct_personal: percent(hour.personal, hour.total),
        pct_handoff: percent(hour.handoff, hour.total),
        pct_openai: percent(hour.openai, hour.total),
        errores_count: hour.errors,
        p95_latency_ms: p95(conn, now, hour.timed)?,
        pct_cache_hit: percent(hour.cached, hour.cacheable),
        undelivered_notices_60m: undelivered(conn, now)?,
        send_failures_60m: failures(conn, now)?,
        unanswered_msgs: inbox.0,
        oldest_unanswered_s: inbox.1,
        parked_msgs: conn.prepare_cached("SELECT count(*) FROM parked_inbox")?.query_row([], |row| row.get(0))?,
        unsent_msgs: outbox.0,
        oldest_unsent_s: outbox.1,
        dead_letters: stuck("dead"),
        unknown_sends: stuck("unknown"),
        held_sends: stuck("held"),
        handoffs_open: handoffs.0,
        longest_handoff_wait_s: handoffs.1,
        modes: modes(conn)?,
        last_backup_age_s: last_backup(conn)?.map(|at| age(at, now)),
    })
}

struct Hour {
    total: i64,
    personal: i64,
    handoff: i64,
    openai: i64,
    errors: i64,
    timed: i64,
    cacheable: i64,
    cached: i64,
}

fn hour(conn: &Connection, now: Timestamp) -> Result<Hour, StoreError> {
    let sql = "SELECT count(*), coalesce(sum(is_personal), 0), count(handoff_reason), coalesce(sum(openai_called), 0),
            coalesce(sum(coalesce(whatsapp_send_success = 0, 0) OR openai_error IS NOT NULL
                OR coalesce(error_message, 'human_took_over') <> 'human_took_over'), 0),
            count(latency_ms), coalesce(sum(decision_path LIKE '%->cache_hit%' OR decision_path LIKE '%->cache_miss%'), 0),
            coalesce(sum(decision_path LIKE '%->cache_hit%'), 0)
        FROM interaction_traces WHERE created_at > ?1";
    Ok(conn.prepare_cached(sql)?.query_row([since(now)], |row| {
        Ok(Hour {
            total: row.get(0)?,
            personal: row.get(1)?,
            handoff: row.get(2)?,
            openai: row.get(3)?,
            errors: row.get(4)?,
            timed: row.get(5)?,
            cacheable: row.get(6)?,
            cached: row.get(7)?,
        })
    })?)
}

fn p95(conn: &Connection, now: Timestamp, timed: i64) -> Result<Option<f64>, StoreError> {
    // Nearest rank: the smallest value that at least 95 % of all values do not exceed.
    let rank = (timed * 95 + 99) / 100;
    let sql = "SELECT latency_ms FROM interaction_traces WHERE created_at > ?1 AND latency_ms IS NOT NULL
        ORDER BY latency_ms LIMIT 1 OFFSET ?2";
    Ok(conn.prepare_cached(sql)?.query_row(params![since(now), rank - 1], |row| row.get(0)).optional()?)
}

fn undelivered(conn: &Connection, now: Timestamp) -> Result<i64, StoreError> {
    let sql = "SELECT count(*) FROM notifications WHERE created_at > ?1 AND state IN ('failed', 'held')";
    Ok(conn.prepare_cached(sql)?.query_row([since(now)], |row| row.get(0))?)
}

/// Those that are tried again too: a refused token kills no message, and every one of them waits.
fn failures(conn: &Connection, now: Timestamp) -> Result<BTreeMap<String, i64>, StoreError> {
    let sql = "SELECT code, count(*) FROM (
            SELECT error_code AS code FROM outbox
                WHERE state IN ('due', 'claimed', 'unknown') AND created_at > ?1 AND error_code IS NOT NULL
            UNION ALL SELECT coalesce(error_code, 'no_code') FROM outbox
                WHERE state IN ('unknown', 'held', 'dead') AND state <> 'unknown' AND created_at > ?1)
        GROUP BY code";
    counts(conn, sql, [since(now)])
}

fn modes(conn: &Connection) -> Result<BTreeMap<Mode, i64>, StoreError> {
    let mut modes: BTreeMap<Mode, i64> = Mode::ALL.iter().map(|mode| (*mode, 0)).collect();
    modes.extend(counts::<Mode>(conn, "SELECT mode, count(*) FROM conversations GROUP BY mode", [])?);
    Ok(modes)
}

fn counts<K: Ord + rusqlite::types::FromSql>(
    conn: &Connection,
    sql: &str,
    given: impl rusqlite::Params,
) -> Result<BTreeMap<K, i64>, StoreError> {
    let mut query = conn.prepare_cached(sql)?;
    let rows = query.query_map(given, |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How much waits, and for how long the oldest has.
fn waiting(conn: &Connection, now: Timestamp, sql: &str) -> Result<(i64, Option<i64>), StoreError> {
    let (count, oldest): (i64, Option<At>) =
        conn.prepare_cached(sql)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok((count, oldest.map(|at| age(at.0, now))))
}

fn since(now: Timestamp) -> At {
    At(before(now, SNAPSHOT))
}

fn age(at: Timestamp, now: Timestamp) -> i64 {
    now.duration_since(at).as_secs().max(0)
}

/// With two decimals.
fn percent(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| (part as f64 * 10_000.0 / whole as f64).round() / 100.0)
}
