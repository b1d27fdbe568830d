//! The staff's edits of the business's facts, and small values that must survive a restart.
//!
//! Owns `fact_edits` and `kv`. May not know what a key means.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};
use serde::Serialize;

use crate::Store;
use crate::error::StoreError;
use crate::rows::time;
use crate::time::At;

/// A fact as the staff changed it; wins over the pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FactEdit {
    /// Which fact.
    pub key: String,
    /// Its value, in the caller's form.
    pub value: String,
    /// When it was changed.
    pub updated_at: Timestamp,
    /// Who changed it.
    pub updated_by: String,
}

impl Store {
    /// All edited facts, by key.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn fact_edits(&self) -> Result<Vec<FactEdit>, StoreError> {
        self.read(|conn| {
            let read = |row: &Row<'_>| {
                Ok(FactEdit {
                    key: row.get("key")?,
                    value: row.get("value")?,
                    updated_at: time(row, "updated_at")?,
                    updated_by: row.get("updated_by")?,
                })
            };
            let mut query = conn.prepare_cached("SELECT * FROM fact_edits ORDER BY key")?;
            let rows = query.query_map([], read)?.collect::<Result<_, _>>()?;
            Ok(rows)
        })
        .await
    }

    /// Changes a fact; without a value, gives it back to the pack.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn edit_fact(&self, now: Timestamp, key: &str, value: Option<&str>, by: &str) -> Result<(), StoreError> {
        let (key, value, by) = (key.to_owned(), value.map(str::to_owned), by.to_owned());
        self.write(move |conn| {
            let Some(value) = &value else {
                conn.prepare_cached("DELETE FROM fact_edits WHERE key = ?1")?.execute([&key])?;
                return Ok(());
            };
            let sql = "INSERT OR REPLACE INTO fact_edits (key, value, updated_at, updated_by) VALUES (?1, ?2, ?3, ?4)";
            conn.prepare_cached(sql)?.execute(params![key, value, At(now), by])?;
            Ok(())
        })
        .await
    }

    /// A remembered value.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn value(&self, key: &str) -> Result<Option<String>, StoreError> {
        let key = key.to_owned();
        self.read(move |conn| {
            Ok(conn
                .prepare_cached("SELECT value FROM kv WHERE key = ?1")?
                .query_row([key], |row| row.get(0))
                .optional()?)
        })
        .await
    }

    /// Remembers a value under a key.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn set_value(&self, now: Timestamp, key: &str, value: &str) -> Result<(), StoreError> {
        let (key, value) = (key.to_owned(), value.to_owned());
        self.write(move |conn| {
            conn.prepare_cached("INSERT OR REPLACE INTO kv (key, value, updated_at) VALUES (?1, ?2, ?3)")?
                .execute(params![key, value, At(now)])?;
            Ok(())
        })
        .await
    }
}
