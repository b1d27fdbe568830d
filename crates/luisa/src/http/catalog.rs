//! The catalog over HTTP: products, their pictures, and bringing the stored catalog up to date with the pack.
//!
//! Owns the shape of these answers and how long a picture may be kept by others.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use luisa_core::catalog::Item;
use luisa_core::pack::Pack;
use luisa_store::{CatalogItem, Store, StoreError, SyncReport};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::error::Refused;
use crate::runtime::Station;

const KEEP_PICTURES: HeaderValue = HeaderValue::from_static("public, max-age=86400");

pub async fn items(State(station): State<Arc<Station>>) -> Result<Json<Value>, Refused> {
    let rows = station.shop.store.catalog_items().await?;
    let items: Vec<Value> = rows
        .iter()
        .filter(|row| row.item.active)
        .map(|row| {
            let mut item = json!(row);
            let url = row.item.image_id.as_ref().map(|id| format!("/api/assets/{id}"));
            item["asset_url"] = json!(url);
            item
        })
        .collect();
    Ok(Json(json!({ "items": items })))
}

pub async fn asset(State(station): State<Arc<Station>>, Path(id): Path<String>, asked: HeaderMap) -> Response {
    let Some(picture) = station.shop.media(&id) else {
        return Refused::not_found("picture").into_response();
    };
    let tag = format!("\"{}\"", hex::encode(&Sha256::digest(&picture.bytes)[..8]));
    let known = asked.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let tag = HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("\"\""));
    let keep = [(header::CACHE_CONTROL, KEEP_PICTURES), (header::ETAG, tag)];
    if known {
        return (StatusCode::NOT_MODIFIED, keep).into_response();
    }
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static(picture.mime))];
    (keep, kind, picture.bytes).into_response()
}

pub async fn sync(State(station): State<Arc<Station>>) -> Result<Json<SyncReport>, Refused> {
    let shop = &station.shop;
    let report = seed(&shop.store, &shop.pack(), shop.clock.now()).await?;
    shop.cache.clear();
    Ok(Json(report))
}

/// Brings the stored catalog up to date with the pack; rows that the staff edited win.
///
/// # Errors
/// When the database cannot be written.
pub async fn seed(store: &Store, pack: &Pack, now: Timestamp) -> Result<SyncReport, StoreError> {
    let items = pack.catalog.items.iter().map(stored).collect();
    store.sync_catalog(now, items).await
}

fn stored(item: &Item) -> CatalogItem {
    CatalogItem {
        item_id: item.id.clone(),
        brand: item.brand.clone(),
        model: item.model.clone(),
        name: item.name.clone(),
        family: item.family.to_string(),
        features: json!(item.features),
        uses: json!(item.uses.iter().map(ToString::to_string).collect::<Vec<_>>()),
        price_cop: item.price_cop.map(|price| price.0),
        stock: item.stock,
        active: item.active,
        image_id: (!item.image_id.is_empty()).then(|| item.image_id.clone()),
        priority: item.priority,
        notes: None,
    }
}
