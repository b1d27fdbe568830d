//! The products as the store sells them: the pack's rows, with the staff's own edits over them.
//!
//! Owns `catalog_items`. May not read a pack or know what a product means.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Store;
use crate::error::StoreError;
use crate::rows::{Json, json, time};
use crate::states::CatalogSource;
use crate::time::At;

/// A product.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CatalogItem {
    /// Its code.
    pub item_id: String,
    /// Who makes it.
    pub brand: String,
    /// The maker's name for it.
    pub model: String,
    /// The name that customers see.
    pub name: String,
    /// What kind of product it is.
    pub family: String,
    /// What it has, as a JSON list.
    pub features: Value,
    /// What it is good for, as a JSON list.
    pub uses: Value,
    /// What it is, as a sentence names it.
    pub kind: String,
    /// What it is good for, in words.
    pub good_for: String,
    /// How much work it stands.
    pub volume: String,
    /// Price in whole Colombian pesos; none: ask.
    pub price_cop: Option<i64>,
    /// The price is that of a promotion.
    pub promo: bool,
    /// Pieces in stock; none: not counted.
    pub stock: Option<i64>,
    /// It may be offered.
    pub active: bool,
    /// Its photo.
    pub image_id: Option<String>,
    /// Higher is offered first.
    pub priority: i64,
    /// Other spellings, as a JSON list.
    pub aliases: Value,
    /// What is known of it by column: `peso=12 kg|luz=sí`.
    pub traits: String,
    /// For the staff.
    pub notes: Option<String>,
}

/// A product as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CatalogRow {
    /// The product.
    #[serde(flatten)]
    pub item: CatalogItem,
    /// Who wrote it last.
    pub source: CatalogSource,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What a sync with the pack did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SyncReport {
    /// New rows.
    pub added: usize,
    /// Rows that were different.
    pub changed: usize,
    /// Rows that were the same.
    pub unchanged: usize,
    /// Rows left alone because the staff edited them.
    pub kept_edits: usize,
    /// Rows that the pack no longer has, now inactive.
    pub deactivated: usize,
}

impl Store {
    /// Every product, also inactive ones: by priority, then code.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn catalog_items(&self) -> Result<Vec<CatalogRow>, StoreError> {
        self.read(|conn| {
            let mut query = conn.prepare_cached("SELECT * FROM catalog_items ORDER BY priority DESC, item_id")?;
            let rows = query.query_map([], read)?.collect::<Result<_, _>>()?;
            Ok(rows)
        })
        .await
    }

    /// A number that grows with every change of the catalog or of a fact, whoever makes it: the process that serves
    /// compares it with the one that it last read.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn shop_revision(&self) -> Result<i64, StoreError> {
        self.read(|conn| Ok(conn.query_row("SELECT number FROM shop_revision", [], |row| row.get(0))?)).await
    }

    /// Brings the pack's rows up to date with the pack. Rows that the staff edited win; pack rows that are not in `items` are deactivated.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn sync_catalog(&self, now: Timestamp, items: Vec<CatalogItem>) -> Result<SyncReport, StoreError> {
        self.write(move |conn| sync(conn, now, &items)).await
    }

    /// Writes the staff's own version of products (console, import): it wins over the pack from now on.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn edit_catalog(&self, now: Timestamp, items: Vec<CatalogItem>) -> Result<(), StoreError> {
        self.write(move |conn| items.iter().try_for_each(|item| upsert(conn, now, item, CatalogSource::Store))).await
    }
}

fn sync(conn: &Connection, now: Timestamp, items: &[CatalogItem]) -> Result<SyncReport, StoreError> {
    let mut report = SyncReport { added: 0, changed: 0, unchanged: 0, kept_edits: 0, deactivated: 0 };
    for item in items {
        let known = find(conn, &item.item_id)?;
        let count = match &known {
            None => &mut report.added,
            Some(row) if row.source == CatalogSource::Store => {
                report.kept_edits += 1;
                continue;
            }
            Some(row) if row.item == *item => {
                report.unchanged += 1;
                continue;
            }
            Some(_) => &mut report.changed,
        };
        *count += 1;
        upsert(conn, now, item, CatalogSource::Pack)?;
    }
    let codes = Value::from(items.iter().map(|item| item.item_id.as_str()).collect::<Vec<_>>());
    let sql = "UPDATE catalog_items SET active = 0, updated_at = ?2
        WHERE source = 'pack' AND active = 1 AND item_id NOT IN (SELECT value FROM json_each(?1))";
    report.deactivated = conn.prepare_cached(sql)?.execute(params![Json(&codes), At(now)])?;
    Ok(report)
}

pub(crate) fn find(conn: &Connection, code: &str) -> Result<Option<CatalogRow>, StoreError> {
    let sql = "SELECT * FROM catalog_items WHERE item_id = ?1";
    Ok(conn.prepare_cached(sql)?.query_row([code], read).optional()?)
}

pub(crate) fn upsert(
    conn: &Connection,
    now: Timestamp,
    item: &CatalogItem,
    source: CatalogSource,
) -> Result<(), StoreError> {
    let sql = "INSERT OR REPLACE INTO catalog_items (item_id, brand, model, name, family, features, uses, price_cop, stock, active,
            image_id, priority, notes, source, updated_at, kind, good_for, volume, promo, aliases, traits)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)";
    conn.prepare_cached(sql)?.execute(params![
        item.item_id,
        item.brand,
        item.model,
        item.name,
        item.family,
        Json(&item.features),
        Json(&item.uses),
        item.price_cop,
        item.stock,
        item.active,
        item.image_id,
        item.priority,
        item.notes,
        source,
        At(now),
        item.kind,
        item.good_for,
        item.volume,
        item.promo,
        Json(&item.aliases),
        item.traits
    ])?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<CatalogRow> {
    let item = CatalogItem {
        item_id: row.get("item_id")?,
        brand: row.get("brand")?,
        model: row.get("model")?,
        name: row.get("name")?,
        family: row.get("family")?,
        features: json(row, "features")?,
        uses: json(row, "uses")?,
        kind: row.get("kind")?,
        good_for: row.get("good_for")?,
        volume: row.get("volume")?,
        price_cop: row.get("price_cop")?,
        promo: row.get("promo")?,
        stock: row.get("stock")?,
        active: row.get("active")?,
        image_id: row.get("image_id")?,
        priority: row.get("priority")?,
        aliases: json(row, "aliases")?,
        traits: row.get("traits")?,
        notes: row.get("notes")?,
    };
    Ok(CatalogRow { item, source: row.get("source")?, updated_at: time(row, "updated_at")? })
}
