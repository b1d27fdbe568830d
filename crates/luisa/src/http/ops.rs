//! For operators and their machines: is it up, can it work, how was the last hour.
//!
//! Owns the shape of these answers, which are a contract. May not change anything.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::error::Refused;
use crate::cache::CacheStats;
use crate::figures::{self, Figures};
use crate::runtime::Station;

/// Says that the process runs. It does not touch the database: a slow disk is no reason to be restarted.
pub async fn health(State(station): State<Arc<Station>>) -> Json<Value> {
    let shop = &station.shop;
    let settings = &shop.settings;
    Json(json!({
        "status": "healthy",
        "service": "luisa",
        "version": env!("CARGO_PKG_VERSION"),
        "whatsapp_enabled": settings.whatsapp.enabled,
        "modules": {
            "openai": settings.openai.enabled,
            "whatsapp": settings.whatsapp.enabled,
            "cache": settings.cache.enabled,
            "business_hours": settings.hours.enabled,
            "demo_ui": settings.server.demo_ui,
        },
        "catalog_items": shop.pack().catalog.active().count(),
    }))
}

/// Below this, the next messages may not fit on the disk.
const LEAST_ROOM: u64 = 20 * 1024 * 1024;

/// Says that it can work: the database is read and written, and there is room for what comes.
pub async fn ready(State(station): State<Arc<Station>>) -> Result<Json<Value>, Refused> {
    match station.shop.store.ping().await {
        Ok(()) => match figures::free(station.shop.store.path()).filter(|free| *free < LEAST_ROOM) {
            None => Ok(Json(json!({ "status": "ready" }))),
            Some(free) => {
                tracing::error!(free, "not_ready");
                Err(Refused::unavailable("the disk of the database is full: free some space"))
            }
        },
        Err(error) => {
            tracing::error!(%error, "not_ready");
            Err(Refused::unavailable("the database cannot be used; the log says why"))
        }
    }
}

pub async fn snapshot(State(station): State<Arc<Station>>) -> Result<Json<Figures>, Refused> {
    let shop = &station.shop;
    Ok(Json(Figures::of(&shop.store, &shop.settings.hours.zone, shop.clock.now()).await?))
}

pub async fn cache(State(station): State<Arc<Station>>) -> Json<CacheStats> {
    Json(station.shop.cache.stats())
}
