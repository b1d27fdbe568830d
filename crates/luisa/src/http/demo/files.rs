//! The page's files, as the binary carries them.
//!
//! Owns their list, and that a browser asks for each again without loading it again.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use super::super::error::Refused;

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

const PAGE: Source = ("page.html", HTML, include_str!("assets/page.html"));

/// Everything that the page loads beside itself.
const FILES: &[Source] = &[
    ("page.css", CSS, include_str!("assets/page.css")),
    ("panel.css", CSS, include_str!("assets/panel.css")),
    ("theme.js", JS, include_str!("assets/theme.js")),
    ("app.js", JS, include_str!("assets/app.js")),
    ("api.js", JS, include_str!("assets/api.js")),
    ("chat.js", JS, include_str!("assets/chat.js")),
    ("element.js", JS, include_str!("assets/element.js")),
    ("panel.js", JS, include_str!("assets/panel.js")),
    ("player.js", JS, include_str!("assets/player.js")),
    ("words.js", JS, include_str!("assets/words.js")),
    ("icon.svg", SVG, include_str!("assets/icon.svg")),
    ("paper.svg", SVG, include_str!("assets/paper.svg")),
];

/// Name, type, content.
type Source = (&'static str, &'static str, &'static str);

struct File {
    name: &'static str,
    kind: &'static str,
    content: &'static str,
    /// Changes with the content, so that an update is seen at once.
    tag: HeaderValue,
}

static SERVED: LazyLock<Vec<File>> = LazyLock::new(|| {
    let file = |&(name, kind, content): &Source| {
        let tag = format!("\"{}\"", hex::encode(&Sha256::digest(content)[..8]));
        File { name, kind, content, tag: HeaderValue::from_str(&tag).expect("hex digits are fit for a header") }
    };
    std::iter::once(&PAGE).chain(FILES).map(file).collect()
});

pub async fn page(asked: HeaderMap) -> Response {
    served(PAGE.0, &asked)
}

pub async fn file(Path(name): Path<String>, asked: HeaderMap) -> Response {
    if name == PAGE.0 {
        return Refused::not_found("file").into_response();
    }
    served(&name, &asked)
}

fn served(name: &str, asked: &HeaderMap) -> Response {
    let Some(file) = SERVED.iter().find(|file| file.name == name) else {
        return Refused::not_found("file").into_response();
    };
    let known = asked.get(header::IF_NONE_MATCH) == Some(&file.tag);
    // Asked again each time: the files belong together and change together.
    let keep = [(header::CACHE_CONTROL, HeaderValue::from_static("no-cache")), (header::ETAG, file.tag.clone())];
    if known {
        return (StatusCode::NOT_MODIFIED, keep).into_response();
    }
    (keep, [(header::CONTENT_TYPE, file.kind)], file.content).into_response()
}
