//! The catalog over HTTP: products, their pictures, and bringing the stored catalog up to date with the pack.
//!
//! Owns the shape of these answers and how long a picture may be kept by others.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use luisa_store::{CatalogItem, SyncReport};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::error::Refused;
use crate::runtime::Station;
use crate::{catalog, packs};

const KEEP_PICTURES: HeaderValue = HeaderValue::from_static("public, max-age=86400");

pub async fn items(State(station): State<Arc<Station>>) -> Result<Json<Value>, Refused> {
    let rows = station.shop.store.catalog_items().await?;
    let items: Vec<Shown<'_>> = rows.iter().filter(|row| row.item.active).map(|row| Shown::of(&row.item)).collect();
    Ok(Json(json!({ "items": items })))
}

/// A product as anybody may see it: not what the staff note of it, how many there are, nor what is pushed.
#[derive(Serialize)]
struct Shown<'a> {
    item_id: &'a str,
    brand: &'a str,
    model: &'a str,
    name: &'a str,
    family: &'a str,
    kind: &'a str,
    good_for: &'a str,
    features: &'a Value,
    uses: &'a Value,
    price_cop: Option<i64>,
    promo: bool,
    image_id: Option<&'a str>,
    asset_url: Option<String>,
}

impl<'a> Shown<'a> {
    fn of(item: &'a CatalogItem) -> Self {
        let image_id = item.image_id.as_deref();
        Self {
            item_id: &item.item_id,
            brand: &item.brand,
            model: &item.model,
            name: &item.name,
            family: &item.family,
            kind: &item.kind,
            good_for: &item.good_for,
            features: &item.features,
            uses: &item.uses,
            price_cop: item.price_cop,
            promo: item.promo,
            image_id,
            asset_url: image_id.map(|id| format!("/api/assets/{id}")),
        }
    }
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

/// Reads the pack again and brings the stored catalog up to date with it: what changed holds from now on.
pub async fn sync(State(station): State<Arc<Station>>) -> Result<Json<SyncReport>, Refused> {
    let shop = &station.shop;
    let folder = shop.settings.business_dir.clone();
    let loaded = tokio::task::spawn_blocking(move || packs::load(folder.as_deref())).await;
    let loaded = loaded.map_err(|_| Refused::unavailable("the pack could not be read: try again"))?;
    shop.replace_pack(loaded.map_err(|bad| Refused::conflict(bad.to_string()))?);
    let report = catalog::seed(&shop.store, &shop.own_pack(), shop.clock.now()).await?;
    shop.refresh().await?;
    Ok(Json(report))
}
