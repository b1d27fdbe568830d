//! Bodies are read before a route sees them: quickly enough, and so many at once from one caller.
//!
//! Owns how slow a body may come and how many one caller may be sending. The webhook has places of its own, so that nobody's slowness holds
//! Meta off. May not look into a body.

use std::collections::HashMap;
use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use luisa_whatsapp::limits;
use tokio::time::{Instant, timeout_at};
use tracing::warn;

use super::error::Refused;
use super::router::Http;
use super::server::{Line, Peer};
use crate::runtime::refusals::Refusal;

/// Bodies that one caller may be sending at a time.
const OF_ONE_CALLER: usize = 32;
/// The same for the webhook, which Meta calls from few addresses.
const OF_THE_WEBHOOK: usize = 256;
/// After this a body must have come at the least rate.
const AT_ONCE: Duration = Duration::from_secs(2);
/// Bytes a second.
const LEAST_RATE: u64 = 16 * 1024;
/// Of a body that no route lets be larger.
const LARGEST: usize = 64 * 1024;
const WEBHOOK: &str = "/whatsapp/webhook";

/// Its own routes bound what they take, from who is logged in.
const CONSOLE: &str = "/console";

/// Who is sending how many bodies.
#[derive(Default)]
pub struct Senders(Mutex<HashMap<(IpAddr, bool), usize>>);

/// A place, given up when dropped.
struct Place {
    senders: Arc<Senders>,
    of: (IpAddr, bool),
}

impl Senders {
    fn enter(self: &Arc<Self>, of: (IpAddr, bool)) -> Option<Place> {
        let most = if of.1 { OF_THE_WEBHOOK } else { OF_ONE_CALLER };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = all.entry(of).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Place { senders: Arc::clone(self), of })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut all = self.senders.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = all.get_mut(&self.of) {
            *count -= 1;
            if *count == 0 {
                all.remove(&self.of);
            }
        }
    }
}

pub async fn whole(State(http): State<Http>, request: Request, next: Next) -> Response {
    let to_webhook = request.uri().path() == WEBHOOK;
    let Some(Peer(peer)) = request.extensions().get().copied() else { return next.run(request).await };
    let caller = http.addresses.caller(peer, request.headers());
    let line: Option<Arc<Line>> = request.extensions().get().cloned();
    if request.uri().path().starts_with(CONSOLE) {
        let Some(_place) = http.senders.enter((caller, to_webhook)) else { return refused(&http) };
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let limit = if to_webhook { limits::WEBHOOK_BODY } else { LARGEST };
    let read = match http.senders.enter((caller, to_webhook)) {
        Some(_place) => read(body, limit).await,
        None => Err(Trouble::Slow),
    };
    match read {
        Ok(bytes) => {
            if let Some(line) = line {
                line.is_served();
            }
            next.run(Request::from_parts(parts, Body::from(bytes))).await
        }
        Err(Trouble::Large) if to_webhook => closing(StatusCode::PAYLOAD_TOO_LARGE.into_response()),
        Err(Trouble::Large) => closing(Refused::too_large(limit).into_response()),
        Err(Trouble::Slow) => refused(&http),
    }
}

fn refused(http: &Http) -> Response {
    if let Some(count) = http.station.refusals.note(Refusal::Slow) {
        warn!(count, "slow_request_refused");
    }
    closing(Refused::slow().into_response())
}

enum Trouble {
    Slow,
    Large,
}

async fn read(mut body: Body, limit: usize) -> Result<Bytes, Trouble> {
    let began = Instant::now();
    let mut bytes = Vec::new();
    loop {
        let read = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let due = began + AT_ONCE + Duration::from_millis(read.saturating_mul(1000) / LEAST_RATE);
        let frame = match timeout_at(due, poll_fn(|cx| Pin::new(&mut body).poll_frame(cx))).await {
            Err(_) | Ok(Some(Err(_))) => return Err(Trouble::Slow),
            Ok(None) => return Ok(bytes.into()),
            Ok(Some(Ok(frame))) => frame,
        };
        let Ok(data) = frame.into_data() else { continue };
        if bytes.len() + data.len() > limit {
            return Err(Trouble::Large);
        }
        bytes.extend_from_slice(&data);
    }
}

/// What is left of the body is not waited for.
fn closing(mut response: Response) -> Response {
    response.headers_mut().insert(header::CONNECTION, header::HeaderValue::from_static("close"));
    response
}
