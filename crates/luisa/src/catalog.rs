//! The catalog as the store keeps it: the pack's products with the staff's edits over them, in the database.
//!
//! Owns the translation between a product of the core and a row, and the pack that both make together. May not read
//! files or know HTTP.

use jiff::Timestamp;
use luisa_core::catalog::{Item, traits_of, traits_text};
use luisa_core::money::Cop;
use luisa_core::pack::Pack;
use luisa_core::symbol::Symbol;
use luisa_store::{CatalogItem, Store, StoreError, SyncReport};
use serde_json::{Value, json};

/// Why the catalog of the moment cannot be served; what was served before goes on.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the edited catalog cannot be prepared ({0}): undo the last edit")]
    Unusable(String),
}

/// Brings the stored catalog up to date with the pack; rows that the staff edited win.
///
/// # Errors
/// When the database cannot be written.
pub async fn seed(store: &Store, pack: &Pack, now: Timestamp) -> Result<SyncReport, StoreError> {
    let items = pack.catalog.items.iter().map(stored).collect();
    store.sync_catalog(now, items).await
}

/// The pack with what the staff changed, and the revision of the database that it shows.
///
/// # Errors
/// When the database cannot be read, or what it holds cannot be prepared.
pub async fn edited(store: &Store, pack: &Pack) -> Result<(Pack, i64), CatalogError> {
    // Read first: what changes meanwhile raises it, and is read at the next look.
    let revision = store.shop_revision().await?;
    let rows = store.catalog_items().await?;
    let facts = store.fact_edits().await?;
    let items = rows.into_iter().map(|row| item(row.item)).collect();
    let facts = facts.iter().map(|edit| (edit.key.as_str(), edit.value.as_str()));
    let pack = pack.edited(items, facts).map_err(CatalogError::Unusable)?;
    Ok((pack, revision))
}

/// A product as a row.
#[must_use]
pub fn stored(item: &Item) -> CatalogItem {
    CatalogItem {
        item_id: item.id.clone(),
        brand: item.brand.clone(),
        model: item.model.clone(),
        name: item.name.clone(),
        family: item.family.to_string(),
        features: json!(item.features),
        uses: json!(item.uses.iter().map(ToString::to_string).collect::<Vec<_>>()),
        kind: item.kind.clone(),
        good_for: item.good_for.clone(),
        volume: item.volume.clone(),
        price_cop: item.price_cop.map(|price| price.0),
        promo: item.promo,
        stock: item.stock,
        active: item.active,
        image_id: (!item.image_id.is_empty()).then(|| item.image_id.clone()),
        priority: item.priority,
        aliases: json!(item.aliases),
        traits: traits_text(&item.traits),
        notes: None,
    }
}

/// A row as a product.
#[must_use]
pub fn item(row: CatalogItem) -> Item {
    Item {
        id: row.item_id,
        brand: row.brand,
        model: row.model,
        name: row.name,
        family: Symbol::new(&row.family),
        kind: row.kind,
        features: texts(&row.features),
        uses: texts(&row.uses).iter().map(|text| Symbol::new(text)).collect(),
        good_for: row.good_for,
        volume: row.volume,
        price_cop: row.price_cop.map(Cop),
        promo: row.promo,
        stock: row.stock,
        active: row.active,
        image_id: row.image_id.unwrap_or_default(),
        priority: row.priority,
        aliases: texts(&row.aliases),
        traits: traits_of(&row.traits),
    }
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(|text| Some(text.as_str()?.to_owned())).collect()
}
