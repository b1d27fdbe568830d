//! Every route, and what all answers share: headers, limits of time, the log line.
//!
//! Owns the list. A route that is not here does not exist.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, FromRef, MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{BoxError, Router};
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;
use tracing::{Span, debug_span};

use super::address::Addresses;
use super::bodies::Senders;
use super::console::{self, Console};
use super::error::Refused;
use super::pace::Pace;
use super::{address, auth, bodies, catalog, chat, checks, demo, host, metrics, ops, records, webhook};
use crate::runtime::Station;

/// No honest request takes so long, and no dishonest one holds a connection longer.
const LONGEST_REQUEST: Duration = Duration::from_secs(30);

/// Of a body, unless its route says otherwise: the webhook's is larger.
const LARGEST_BODY: usize = 64 * 1024;

/// What handlers share.
#[derive(Clone)]
pub struct Http {
    pub station: Arc<Station>,
    pub pace: Arc<Pace>,
    pub addresses: Arc<Addresses>,
    pub console: Arc<Console>,
    pub senders: Arc<Senders>,
}

impl FromRef<Http> for Arc<Station> {
    fn from_ref(http: &Http) -> Self {
        Arc::clone(&http.station)
    }
}

/// All of LUISA's HTTP. Answers that go on for ever end when `stop` is cancelled.
pub fn router(station: Arc<Station>, stop: CancellationToken) -> Router {
    let addresses = Arc::new(Addresses::new(station.shop.settings.server.trusted_proxies.clone()));
    let http = Http {
        station: Arc::clone(&station),
        pace: Arc::default(),
        addresses,
        console: Arc::new(Console::new(stop)),
        senders: Arc::default(),
    };
    // Never limited: Meta would deliver again.
    let webhook = Router::new().route("/whatsapp/webhook", get(webhook::verify).post(webhook::receive));
    let open = Router::new()
        .route("/health", get(ops::health))
        .route("/ready", get(ops::ready))
        .route("/api/chat", post(chat::chat))
        .route("/api/catalog/items", get(catalog::items))
        .route("/api/assets/{image_id}", get(catalog::asset));
    let page = Router::new()
        .route("/", get(demo::page))
        .route("/demo/{file}", get(demo::file))
        .route("/api/demo", get(demo::store))
        .route("/api/demo/turns/{request_id}", get(demo::turn))
        .route_layer(from_fn_with_state(Arc::clone(&station), demo::when_on));
    let data = Router::new()
        .route("/api/conversations/{id}", get(records::conversation))
        .route("/api/handoffs", get(records::handoffs))
        .route("/api/unsure", get(records::unsure))
        .route("/api/queries", get(records::queries))
        .route("/api/cache/stats", get(ops::cache))
        .route("/ops/snapshot", get(ops::snapshot))
        .route("/ops/checks", get(checks::script))
        .route("/ops/checks/{run}", get(checks::traces).delete(checks::remove))
        .route("/metrics", get(metrics::metrics))
        .route_layer(from_fn_with_state(Arc::clone(&station), auth::in_production));
    let changes = Router::new()
        .route("/api/catalog/sync", post(catalog::sync))
        .route_layer(from_fn_with_state(Arc::clone(&station), auth::always));
    let bodies = from_fn_with_state(http.clone(), bodies::whole);
    open.merge(page)
        .route_layer(from_fn_with_state(http.clone(), address::limited))
        .merge(webhook)
        .merge(data)
        .merge(changes)
        .merge(console::router(&http))
        .fallback(|| async { Refused::not_found("route") })
        .method_not_allowed_fallback(|| async { Refused::wrong_method() })
        .with_state(http)
        .layer(bodies)
        .layer(from_fn_with_state(Arc::clone(&station), host::of_this_machine))
        // For what reads a body without a limit of its own.
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, LONGEST_REQUEST))
        .layer(cors(&station.shop.settings.server.allowed_origins))
        .layer(map_response(guarded))
        .layer(TraceLayer::new_for_http().make_span_with(span).on_failure(()))
}

fn panicked(_: Box<dyn std::any::Any + Send + 'static>) -> Response {
    let error: BoxError = "a handler panicked, which is a bug".into();
    tracing::error!(%error, "request_failed");
    Refused::unavailable("something went wrong on our side; it has been logged").into_response()
}

/// The route, not the path: ids of conversations and tokens in queries do not belong in a log.
fn span(request: &Request) -> Span {
    let route = request.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str);
    debug_span!("http", method = %request.method(), route)
}

async fn guarded(mut response: Response) -> Response {
    const GUARDS: [(HeaderName, HeaderValue); 6] = [
        // What is not said to be everybody's is somebody's: no proxy and no browser keeps it.
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"),
        ),
    ];
    for (name, value) in GUARDS {
        response.headers_mut().entry(name).or_insert(value);
    }
    response
}

fn cors(origins: &[String]) -> CorsLayer {
    let allowed = if origins.iter().any(|origin| origin == "*") {
        AllowOrigin::any()
    } else {
        AllowOrigin::list(origins.iter().filter_map(|origin| origin.parse().ok()))
    };
    CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([header::CONTENT_TYPE, HeaderName::from_static("x-luisa-api-key")])
}
