//! The day and the days before it in figures: what came, who was called, how it ended, what it cost.
//!
//! May not change anything.

use jiff::Timestamp;
use rusqlite::{Connection, params};
use serde::Serialize;

use crate::Store;
use crate::error::StoreError;
use crate::time::At;

/// What happened from one moment until another.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Figures {
    /// Messages of customers.
    pub messages: i64,
    /// Customers who wrote.
    pub chats: i64,
    /// Calls for a person.
    pub handoffs: i64,
    /// Of those that ended in this time: sold.
    pub sold: i64,
    /// Lost.
    pub lost: i64,
    /// Solved.
    pub solved: i64,
    /// Minutes from the call until a person took it, in the middle of all that were taken.
    pub minutes_to_person: Option<i64>,
    /// What the language model cost, in US dollars.
    pub model_usd: f64,
    /// Products that were asked for most: name of the picture's product, and how often.
    pub products: Vec<(String, i64)>,
}

impl Store {
    /// The figures from `since` until `until`.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn day_figures(&self, since: Timestamp, until: Timestamp) -> Result<Figures, StoreError> {
        self.read(move |conn| figures(conn, since, until)).await
    }
}

fn figures(conn: &Connection, since: Timestamp, until: Timestamp) -> Result<Figures, StoreError> {
    let span = params![At(since), At(until)];
    let sql = "SELECT count(*), count(DISTINCT conversation_id) FROM messages
        WHERE created_at >= ?1 AND created_at < ?2 AND direction = 'in'";
    let (messages, chats) = conn.prepare_cached(sql)?.query_row(span, |row| Ok((row.get(0)?, row.get(1)?)))?;
    let sql = "SELECT count(*) FILTER (WHERE created_at >= ?1 AND created_at < ?2),
            count(*) FILTER (WHERE closed_at >= ?1 AND closed_at < ?2 AND outcome = 'vendido'),
            count(*) FILTER (WHERE closed_at >= ?1 AND closed_at < ?2 AND outcome = 'perdido'),
            count(*) FILTER (WHERE closed_at >= ?1 AND closed_at < ?2 AND outcome = 'resuelto')
        FROM handoffs WHERE updated_at >= ?1";
    let (handoffs, sold, lost, solved) =
        conn.prepare_cached(sql)?.query_row(span, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    let sql = "SELECT CAST(round((julianday(taken_at) - julianday(created_at)) * 1440) AS INTEGER) FROM handoffs
        WHERE updated_at >= ?1 AND created_at >= ?1 AND created_at < ?2 AND taken_at IS NOT NULL ORDER BY 1";
    let waits: Vec<i64> = conn.prepare_cached(sql)?.query_map(span, |row| row.get(0))?.collect::<Result<_, _>>()?;
    let sql =
        "SELECT coalesce(sum(openai_cost_usd), 0.0) FROM interaction_traces WHERE created_at >= ?1 AND created_at < ?2";
    let model_usd = conn.prepare_cached(sql)?.query_row(span, |row| row.get(0))?;
    let sql = "SELECT coalesce(c.name, t.selected_asset_id), count(DISTINCT t.conversation_id) AS times FROM interaction_traces t
        LEFT JOIN catalog_items c ON c.image_id = t.selected_asset_id
        WHERE t.created_at >= ?1 AND t.created_at < ?2 AND t.selected_asset_id IS NOT NULL
        GROUP BY t.selected_asset_id ORDER BY times DESC, 1 LIMIT 6";
    let products =
        conn.prepare_cached(sql)?.query_map(span, |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    let minutes_to_person = waits.get(waits.len() / 2).copied();
    Ok(Figures { messages, chats, handoffs, sold, lost, solved, minutes_to_person, model_usd, products })
}
