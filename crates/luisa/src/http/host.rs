//! A developer's LUISA has no key: she answers this machine alone, and no page of another site.
//!
//! Owns whom a request must name and where it may come from. In production the proxy in front knows the name, and the key guards.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::warn;

use super::error::Refused;
use crate::runtime::Station;
use crate::runtime::refusals::Refusal;

pub async fn of_this_machine(State(station): State<Arc<Station>>, request: Request, next: Next) -> Response {
    let server = &station.shop.settings.server;
    if server.production || (is_ours(request.headers()) && !is_cross_site(&request, &server.allowed_origins)) {
        return next.run(request).await;
    }
    // What is signed proves by itself whose it is: a tunnel for Meta's webhooks has a name of its own.
    let signed = request.uri().path() == "/whatsapp/webhook" && station.shop.settings.whatsapp.app_secret.is_some();
    if signed {
        return next.run(request).await;
    }
    if let Some(count) = station.refusals.note(Refusal::Origin) {
        warn!(count, "foreign_request_refused");
    }
    Refused::foreign().into_response()
}

/// An address, or a name that only this machine or its network has: another one may lead here by a stranger's DNS.
fn is_ours(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST) else { return true };
    let host = host.to_str().unwrap_or(".").to_ascii_lowercase();
    let name = match host.strip_prefix('[') {
        Some(six) => six.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.parse::<IpAddr>().is_ok() || name.ends_with(".localhost") || !name.contains('.')
}

/// A page of another site has sent it, and not a person who followed a link.
fn is_cross_site(request: &Request, allowed: &[String]) -> bool {
    let text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let origin = text("origin");
    if !origin.is_empty() && allowed.iter().any(|known| known == "*" || known == origin) {
        return false;
    }
    let followed = request.method() == Method::GET && text("sec-fetch-mode") == "navigate";
    text("sec-fetch-site") == "cross-site" && !followed
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[test]
    fn only_names_of_this_machine_are_ours() {
        let ours = |host: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().unwrap());
            is_ours(&headers)
        };
        for host in [
            "localhost:8000",
            "127.0.0.1",
            "127.0.0.1:9",
            "[::1]:8000",
            "192.168.1.7:8000",
            "luisa:8000",
            "a.localhost",
        ] {
            assert!(ours(host), "{host}");
        }
        for host in
            ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "localhost.evil.example:8000", "\u{e9}.x"]
        {
            assert!(!ours(host), "{host}");
        }
        assert!(is_ours(&HeaderMap::new()), "a program that speaks HTTP/1.0");
    }

    #[test]
    fn a_page_of_another_site_sends_nothing_and_a_link_may_be_followed() {
        let cross = |method: &str, headers: &[(&str, &str)], allowed: &[String]| {
            let mut request = axum::http::Request::builder().method(method);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            is_cross_site(&request.body(Body::empty()).unwrap(), allowed)
        };
        let site = ("sec-fetch-site", "cross-site");
        assert!(cross("POST", &[site, ("sec-fetch-mode", "no-cors")], &[]));
        assert!(cross("GET", &[site, ("sec-fetch-mode", "cors")], &[]));
        assert!(cross("POST", &[site, ("sec-fetch-mode", "navigate")], &[]));
        assert!(!cross("GET", &[site, ("sec-fetch-mode", "navigate")], &[]));
        assert!(!cross("POST", &[("sec-fetch-site", "same-origin")], &[]));
        assert!(!cross("POST", &[], &[]));
        let origin = "https://www.example.com".to_owned();
        assert!(!cross("POST", &[site, ("origin", &origin)], std::slice::from_ref(&origin)));
    }
}
