//! The console's own style, script and pictures, as the binary carries them.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use super::trouble::Trouble;

/// Name, type, content.
type Source = (&'static str, &'static str, &'static str);

const FILES: &[Source] = &[
    ("console.css", "text/css; charset=utf-8", include_str!("assets/console.css")),
    ("console.js", "text/javascript; charset=utf-8", include_str!("assets/console.js")),
    ("console.webmanifest", "application/manifest+json", include_str!("assets/console.webmanifest")),
    ("icon.svg", "image/svg+xml", include_str!("../demo/assets/icon.svg")),
];

static TAGS: LazyLock<Vec<HeaderValue>> = LazyLock::new(|| {
    let tag = |&(_, _, content): &Source| {
        let tag = format!("\"{}\"", hex::encode(&Sha256::digest(content)[..8]));
        HeaderValue::from_str(&tag).expect("hex digits are fit for a header")
    };
    FILES.iter().map(tag).collect()
});

pub(super) async fn file(Path(name): Path<String>, asked: HeaderMap) -> Response {
    let found = FILES.iter().zip(TAGS.iter()).find(|((known, _, _), _)| *known == name);
    let Some((&(_, kind, content), tag)) = found else { return Trouble::NotFound.into_response() };
    // Asked again each time: the files belong together and change together.
    let keep = [(header::CACHE_CONTROL, HeaderValue::from_static("no-cache")), (header::ETAG, tag.clone())];
    if asked.get(header::IF_NONE_MATCH) == Some(tag) {
        return (StatusCode::NOT_MODIFIED, keep).into_response();
    }
    (keep, [(header::CONTENT_TYPE, kind)], content).into_response()
}
