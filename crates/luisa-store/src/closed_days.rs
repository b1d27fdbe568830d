//! Days on which the shop does not open, as its staff keep them.
//!
//! Owns `closed_days`. May not know Sundays and public holidays: the core computes those.

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Row, params};
use serde::Serialize;

use crate::Store;
use crate::error::StoreError;
use crate::time::At;

/// A day off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClosedDay {
    /// Of the shop's calendar.
    pub day: Date,
    /// Why, as customers may read it.
    pub reason: Option<String>,
}

impl Store {
    /// The days off from `since` on, in their order.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn closed_days(&self, since: Date) -> Result<Vec<ClosedDay>, StoreError> {
        self.read(move |conn| {
            let read = |row: &Row<'_>| Ok((row.get::<_, String>("day")?, row.get("reason")?));
            let mut query = conn.prepare_cached("SELECT day, reason FROM closed_days WHERE day >= ?1 ORDER BY day")?;
            let rows: Vec<(String, Option<String>)> =
                query.query_map([since.to_string()], read)?.collect::<Result<_, _>>()?;
            // What another program wrote there and is no day closes nothing.
            let day = |(day, reason): (String, _)| Some(ClosedDay { day: day.parse().ok()?, reason });
            Ok(rows.into_iter().filter_map(day).collect())
        })
        .await
    }

    /// Closes the shop on a day; a second time changes the reason.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn close_day(&self, now: Timestamp, day: Date, reason: Option<&str>) -> Result<(), StoreError> {
        let reason = reason.map(str::to_owned);
        self.write(move |conn| {
            let sql = "INSERT INTO closed_days (day, reason, created_at) VALUES (?1, ?2, ?3)
                ON CONFLICT (day) DO UPDATE SET reason = excluded.reason";
            conn.prepare_cached(sql)?.execute(params![day.to_string(), reason, At(now)])?;
            Ok(())
        })
        .await
    }

    /// The shop opens on that day after all. False when it was not closed.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn open_day(&self, day: Date) -> Result<bool, StoreError> {
        self.write(move |conn| {
            let gone = conn.prepare_cached("DELETE FROM closed_days WHERE day = ?1")?.execute([day.to_string()])?;
            Ok(gone > 0)
        })
        .await
    }
}
