//! For operators and their machines: is it up, can it work, how was the last hour.
//!
//! Owns the shape of these answers, which are a contract. May not change anything.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::error::Refused;
use crate::cache::CacheStats;
use crate::figures::{Figures, free};
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

/// A chat that could have been answered for so long shows that nobody is being answered.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_secs(120);
/// Below it the next message may find no room.
const LEAST_ROOM: u64 = 50_000_000;

/// Says that it can work and does: the database is read and written, nobody waits who could have been answered, and there is room.
pub async fn ready(State(station): State<Arc<Station>>) -> Result<Json<Value>, Refused> {
    let shop = &station.shop;
    if let Err(error) = shop.store.ping().await {
        tracing::error!(%error, "not_ready");
        return Err(Refused::unavailable("the database cannot be used; the log says why"));
    }
    // Without WhatsApp nobody is answered but in the request that asks.
    if shop.settings.whatsapp.enabled {
        let now = shop.clock.now();
        let waits = shop.store.overdue_since(now).await?.map(|since| now.duration_since(since));
        if let Some(waits) = waits.filter(|waits| *waits > LONGEST_WAIT) {
            let waits = waits.as_secs();
            tracing::error!(seconds = waits, "customers_wait");
            return Err(Refused::unavailable(format!(
                "a customer has waited for {waits} s to be answered; the log says why"
            )));
        }
    }
    match free(shop.store.path()) {
        Some(room) if room < LEAST_ROOM => {
            tracing::error!(bytes = room, "disk_almost_full");
            Err(Refused::unavailable("the disk of the database is almost full: make room"))
        }
        _ => Ok(Json(json!({ "status": "ready" }))),
    }
}

pub async fn snapshot(State(station): State<Arc<Station>>) -> Result<Json<Figures>, Refused> {
    let shop = &station.shop;
    Ok(Json(Figures::of(&shop.store, &shop.settings.hours.zone, shop.clock.now()).await?))
}

pub async fn cache(State(station): State<Arc<Station>>) -> Json<CacheStats> {
    Json(station.shop.cache.stats())
}
