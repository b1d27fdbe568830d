//! Who may read: a key in a header, compared in constant time.
//!
//! Owns the rule which routes ask for it: always those that change something, in production those that show data.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tracing::warn;

use super::error::Refused;
use crate::runtime::Station;
use crate::runtime::refusals::Refusal;

const HEADER: &str = "x-luisa-api-key";

/// Data is everybody's on a developer's machine, and the key's in production.
pub async fn in_production(State(station): State<Arc<Station>>, request: Request, next: Next) -> Response {
    if !may_read(&station, request.headers()) {
        noted(&station, request.headers());
        return Refused::no_key().into_response();
    }
    next.run(request).await
}

/// Whether whoever sent these headers may see data.
pub(super) fn may_read(station: &Station, headers: &HeaderMap) -> bool {
    !station.shop.settings.server.production || has_key(station, headers)
}

/// Changes ask for the key everywhere. Without a key in the settings nobody has it.
pub async fn always(State(station): State<Arc<Station>>, request: Request, next: Next) -> Response {
    if !has_key(&station, request.headers()) {
        noted(&station, request.headers());
        return Refused::no_key().into_response();
    }
    next.run(request).await
}

/// A key that is not ours is somebody's try.
fn noted(station: &Station, headers: &HeaderMap) {
    if headers.contains_key(HEADER)
        && let Some(count) = station.refusals.note(Refusal::Key)
    {
        warn!(count, "api_key_refused");
    }
}

fn has_key(station: &Station, headers: &HeaderMap) -> bool {
    let key = station.shop.settings.server.api_key.as_ref();
    let given = headers.get(HEADER).map(|value| value.as_bytes());
    match (key, given) {
        (Some(key), Some(given)) => same(key.expose_secret().as_bytes(), given),
        (None, _) | (_, None) => false,
    }
}

/// Equal, in a time that tells neither where they differ nor how long the secret is.
#[must_use]
pub fn same(secret: &[u8], given: &[u8]) -> bool {
    let (secret, given) = (Sha256::digest(secret), Sha256::digest(given));
    bool::from(secret.as_slice().ct_eq(given.as_slice()))
}
