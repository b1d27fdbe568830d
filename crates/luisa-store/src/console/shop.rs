//! What people change in the shop, with what it was before, so that the last step can be taken back.
//!
//! Owns `shop_edits`. A change and its line are one transaction. May not know what a price or a fact means.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;
use serde_json::{Value, json};

use super::audit::{self, Act};
use crate::Store;
use crate::catalog::{self, CatalogItem};
use crate::error::StoreError;
use crate::rows::{Json, time};
use crate::states::CatalogSource;
use crate::time::At;

/// A change that people made, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telling {
    /// Who made it.
    pub by: String,
    /// As it was.
    pub before: String,
    /// As it is.
    pub after: String,
}

/// One change, as it was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShopEdit {
    /// Its number.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub who: String,
    /// `product` or `fact`.
    pub kind: String,
    /// A product's code, or a fact's name.
    pub key: String,
    /// As it was, in words.
    pub before: String,
    /// As it is since, in words.
    pub after: String,
    /// It is the latest of its kind and key and was not taken back.
    pub undoable: bool,
}

impl Store {
    /// The staff's version of a product, with its line.
    ///
    /// # Errors
    /// `Conflict` when somebody has changed the product since `known` was read.
    pub async fn edit_product(
        &self,
        now: Timestamp,
        known: CatalogItem,
        item: CatalogItem,
        telling: Telling,
    ) -> Result<(), StoreError> {
        self.write(move |conn| {
            let row = catalog::find(conn, &item.item_id)?;
            if row.as_ref().map(|row| &row.item) != Some(&known) {
                return Err(StoreError::Conflict("the product has changed meanwhile".to_owned()));
            }
            let source = row.map_or(CatalogSource::Pack, |row| row.source);
            catalog::upsert(conn, now, &item, CatalogSource::Store)?;
            let was = json!({ "item": known, "source": source });
            line(conn, now, &Line { kind: "product", key: &item.item_id, was, telling: &telling })
        })
        .await
    }

    /// The staff's version of a fact (none: the pack's again), with its line.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn edit_fact_as(
        &self,
        now: Timestamp,
        key: &str,
        value: Option<&str>,
        telling: Telling,
    ) -> Result<(), StoreError> {
        let (key, value) = (key.to_owned(), value.map(str::to_owned));
        self.write(move |conn| {
            let known: Option<String> = fact(conn, &key)?;
            put_fact(conn, now, &key, value.as_deref(), &telling.by)?;
            line(conn, now, &Line { kind: "fact", key: &key, was: json!(known), telling: &telling })
        })
        .await
    }

    /// The latest changes, newest first.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn shop_edits(&self, limit: u32) -> Result<Vec<ShopEdit>, StoreError> {
        self.read(move |conn| {
            let sql = "SELECT *, undone_at IS NULL AND NOT EXISTS (SELECT 1 FROM shop_edits later
                    WHERE later.kind = e.kind AND later.key = e.key AND later.id > e.id AND later.undone_at IS NULL) AS undoable
                FROM shop_edits e ORDER BY id DESC LIMIT ?1";
            let read = |row: &Row<'_>| {
                Ok(ShopEdit {
                    id: row.get("id")?,
                    at: time(row, "at")?,
                    who: row.get("who")?,
                    kind: row.get("kind")?,
                    key: row.get("key")?,
                    before: row.get("before")?,
                    after: row.get("after")?,
                    undoable: row.get("undoable")?,
                })
            };
            let rows = conn.prepare_cached(sql)?.query_map([limit], read)?.collect::<Result<_, _>>()?;
            Ok(rows)
        })
        .await
    }

    /// Takes a change back: the product or fact is again as it was before it.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` when it was taken back already or is not the latest.
    pub async fn undo_shop_edit(&self, now: Timestamp, id: i64, by: &str) -> Result<(), StoreError> {
        let by = by.to_owned();
        self.write(move |conn| undo(conn, now, id, &by)).await
    }
}

struct Line<'a> {
    kind: &'static str,
    key: &'a str,
    was: Value,
    telling: &'a Telling,
}

fn line(conn: &Connection, now: Timestamp, line: &Line<'_>) -> Result<(), StoreError> {
    let Telling { by, before, after } = line.telling;
    let sql = "INSERT INTO shop_edits (at, who, kind, key, was, before, after) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    conn.prepare_cached(sql)?.execute(params![At(now), by, line.kind, line.key, Json(&line.was), before, after])?;
    let act = Act {
        who: by.clone(),
        act: "shop",
        about: Some(line.key.to_owned()),
        before: Some(before.clone()),
        after: Some(after.clone()),
        chat: None,
    };
    audit::note(conn, now, &act)
}

fn undo(conn: &Connection, now: Timestamp, id: i64, by: &str) -> Result<(), StoreError> {
    let sql = "SELECT kind, key, was, before, after, undone_at IS NULL AND NOT EXISTS (SELECT 1 FROM shop_edits later
            WHERE later.kind = e.kind AND later.key = e.key AND later.id > e.id AND later.undone_at IS NULL) AS undoable
        FROM shop_edits e WHERE id = ?1";
    let read = |row: &Row<'_>| {
        let was: Json<Value> = row.get("was")?;
        let words: (String, String) = (row.get("before")?, row.get("after")?);
        Ok((row.get::<_, String>("kind")?, row.get::<_, String>("key")?, was.0, words, row.get::<_, bool>("undoable")?))
    };
    let found = conn.prepare_cached(sql)?.query_row([id], read).optional()?;
    let (kind, key, was, (before, after), undoable) = found.ok_or(StoreError::NotFound)?;
    if !undoable {
        return Err(StoreError::Conflict("this change cannot be taken back any more".to_owned()));
    }
    let unreadable = |error: serde_json::Error| StoreError::Broken(error.to_string());
    if kind == "product" {
        let item: CatalogItem = serde_json::from_value(was["item"].clone()).map_err(unreadable)?;
        let source: CatalogSource = serde_json::from_value(was["source"].clone()).map_err(unreadable)?;
        catalog::upsert(conn, now, &item, source)?;
    } else {
        put_fact(conn, now, &key, was.as_str(), by)?;
    }
    conn.prepare_cached("UPDATE shop_edits SET undone_at = ?2 WHERE id = ?1")?.execute(params![id, At(now)])?;
    let act =
        Act { who: by.to_owned(), act: "undo", about: Some(key), before: Some(after), after: Some(before), chat: None };
    audit::note(conn, now, &act)
}

fn fact(conn: &Connection, key: &str) -> Result<Option<String>, StoreError> {
    let sql = "SELECT value FROM fact_edits WHERE key = ?1";
    Ok(conn.prepare_cached(sql)?.query_row([key], |row| row.get(0)).optional()?)
}

fn put_fact(conn: &Connection, now: Timestamp, key: &str, value: Option<&str>, by: &str) -> Result<(), StoreError> {
    let Some(value) = value else {
        conn.prepare_cached("DELETE FROM fact_edits WHERE key = ?1")?.execute([key])?;
        return Ok(());
    };
    let sql = "INSERT OR REPLACE INTO fact_edits (key, value, updated_at, updated_by) VALUES (?1, ?2, ?3, ?4)";
    conn.prepare_cached(sql)?.execute(params![key, value, At(now), by])?;
    Ok(())
}
