//! The demo page at `/`: a chat as on WhatsApp, and beside it why LUISA answered so.
//!
//! Owns the page's routes, its content security policy, and that it is there only when the settings want it. The page
//! talks to `/api/chat` like every other caller. May not decide, and shows nothing of WhatsApp's customers.

mod files;
mod turns;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::chat::LONGEST_TEXT;
use super::error::Refused;
use crate::runtime::Station;
use crate::runtime::commit::LIST_LABEL;

pub use files::{file, page};
pub use turns::turn;

/// Only what the binary carries: no inline code, no other site, and no HTML made of text.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
);

/// With the demo page off none of its routes exists.
pub async fn when_on(State(station): State<Arc<Station>>, request: Request, next: Next) -> Response {
    if !station.shop.settings.server.demo_ui {
        return Refused::not_found("route").into_response();
    }
    let mut response = next.run(request).await;
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, POLICY);
    response
}

/// What the page says about the store, all of it from the pack.
pub async fn store(State(station): State<Arc<Station>>) -> Json<Value> {
    let pack = station.shop.pack();
    let about = &pack.about;
    let whatsapp = &station.shop.settings.whatsapp;
    let has_number = whatsapp.notify.comercial.is_some() || whatsapp.notify.tecnica.is_some();
    Json(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "name": about.name,
        "short_name": about.short_name,
        "assistant": about.assistant,
        "city": about.city,
        "teams": about.teams,
        "list_label": pack.fact(LIST_LABEL),
        "longest_text": LONGEST_TEXT,
        "tells_team": whatsapp.enabled && has_number,
        "customers": pack.demo,
    }))
}
