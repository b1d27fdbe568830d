//! The front page: that LUISA runs, and where to look.
//!
//! Owns a page without a script; the demo chat takes its place when it is built.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};

use super::error::Refused;
use crate::runtime::Station;

const PAGE: &str = include_str!("page.html");

pub async fn front(State(station): State<Arc<Station>>) -> Response {
    if !station.shop.settings.server.demo_ui {
        return Refused::not_found("page").into_response();
    }
    let name = escaped(&station.shop.pack().about.name);
    Html(PAGE.replace("{store}", &name).replace("{version}", env!("CARGO_PKG_VERSION"))).into_response()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
