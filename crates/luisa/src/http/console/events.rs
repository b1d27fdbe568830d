//! What changed, told to every open page at once: server-sent events, numbered, so that a page that was away asks for what came after the
//! last it heard, and misses nothing.
//!
//! Owns the rhythm. May not tell what was said: a page that wants it asks for it, with its rights.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Extension, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use hyper::body::Frame;
use luisa_store::{Changes, StoreError};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::{Mutex, mpsc};

use super::access::{self, Staff};
use super::inbox::unanswered_since;
use super::trouble::Trouble;
use crate::http::router::Http;
use crate::runtime::Station;

/// How often the database is asked, by all pages together.
const EVERY: Duration = Duration::from_millis(400);
/// A sign of life; a page that hears none for longer knows that it is cut off.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// More changes than these at once, and a page rather looks anew.
const MOST: u32 = 500;
/// Open pages; a further one does without.
const PAGES: usize = 200;

/// The number of the latest change, as it was a moment ago.
#[derive(Default)]
pub(super) struct Latest(Mutex<Option<(Instant, i64)>>);

impl Latest {
    async fn number(&self, station: &Station) -> Result<i64, StoreError> {
        // Whoever comes second waits here for the first one's look.
        let mut known = self.0.lock().await;
        if let Some((at, number)) = *known
            && at.elapsed() < EVERY
        {
            return Ok(number);
        }
        let number = station.shop.store.last_change().await?;
        *known = Some((Instant::now(), number));
        Ok(number)
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Since {
    #[serde(default)]
    desde: i64,
}

pub(super) async fn stream(
    State(http): State<Http>,
    Extension(_): Extension<Staff>,
    Query(since): Query<Since>,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let heard = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok()).unwrap_or(since.desde);
    let Ok(place) = Arc::clone(&http.console.pages).try_acquire_owned() else { return Err(Trouble::Ours) };
    let (tell, told) = mpsc::channel(16);
    let stop = http.console.stop.clone();
    tokio::spawn(async move {
        stop.run_until_cancelled(tell_page(&http, &headers, heard, &tell)).await;
        drop(place);
    });
    let kind = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
    Ok((kind, Body::new(Events(told))).into_response())
}

pub(super) fn places() -> Arc<tokio::sync::Semaphore> {
    Arc::new(tokio::sync::Semaphore::new(PAGES))
}

/// Tells one page until it goes away, its session ends or the database cannot be read.
async fn tell_page(http: &Http, headers: &HeaderMap, mut heard: i64, page: &mpsc::Sender<Bytes>) {
    let mut alive = Instant::now();
    let first = waiting(&http.station).await.unwrap_or_default();
    let hello = format!("retry: 2000\nevent: latido\ndata: {}\n\n", json!({ "waiting": first }));
    if page.send(hello.into()).await.is_err() {
        return;
    }
    loop {
        let latest = http.console.latest.number(&http.station).await;
        let Ok(latest) = latest else { return };
        if latest != heard {
            let Ok((number, event)) = news(&http.station, heard).await else { return };
            heard = number;
            if page.send(event.into()).await.is_err() {
                return;
            }
        }
        if alive.elapsed() >= HEARTBEAT {
            alive = Instant::now();
            let still_in = matches!(access::staff(http, headers).await, Ok(Some(_)));
            if !still_in || page.send(Bytes::from_static(b"event: latido\ndata: {}\n\n")).await.is_err() {
                return;
            }
        }
        if page.is_closed() {
            return;
        }
        tokio::time::sleep(EVERY).await;
    }
}

async fn waiting(station: &Station) -> Result<u32, StoreError> {
    station.shop.store.how_many_wait(unanswered_since(station.shop.clock.now()), 100).await
}

/// What came after a number, as one event, and the number that it ends with.
async fn news(station: &Station, heard: i64) -> Result<(i64, String), StoreError> {
    let waiting = waiting(station).await?;
    Ok(match station.shop.store.changes_since(heard, MOST).await? {
        Changes::Lost(last) => {
            (last, format!("id: {last}\nevent: recargar\ndata: {}\n\n", json!({ "waiting": waiting })))
        }
        Changes::Since(changes) => {
            let last = changes.last().map_or(heard, |change| change.id);
            let mut chats: Vec<&str> =
                changes.iter().filter_map(|change| change.conversation_id.as_ref().map(|id| id.as_str())).collect();
            chats.sort_unstable();
            chats.dedup();
            let mut what: Vec<&str> = changes.iter().map(|change| change.what.as_str()).collect();
            what.sort_unstable();
            what.dedup();
            let data = json!({ "waiting": waiting, "chats": chats, "what": what });
            (last, format!("id: {last}\nevent: cambio\ndata: {data}\n\n"))
        }
    })
}

/// The body of an answer that goes on for as long as there is something to tell.
struct Events(mpsc::Receiver<Bytes>);

impl HttpBody for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(cx).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}
