//! The listening end: connections accepted, each within limits, and ended in order when the process stops.
//!
//! Owns what one connection may take before a route has been found: how many there are, how long a head may come and how large it may be.
//! May not know a route.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;
use tracing::{debug, warn};

/// Beyond them the slowest gives way; it bounds memory and open files.
const CONNECTIONS: usize = 1024;
/// For a request's head, and for the next request on a connection that is kept open: one that trickles in holds nothing for long.
const HEAD_WITHIN: Duration = Duration::from_secs(20);
/// Of a request's head, in bytes and lines.
const LARGEST_HEAD: usize = 64 * 1024;
const MOST_HEADERS: usize = 64;
/// When the system has no more open files, accepting at once again would only burn time.
const AFTER_FAILURE: Duration = Duration::from_millis(500);

/// A connection, and whether it has shown that it is more than slow: a whole request of it is being answered.
#[derive(Default)]
pub struct Line {
    served: AtomicBool,
    cut: CancellationToken,
}

impl Line {
    /// Its request has come whole.
    pub fn is_served(&self) {
        self.served.store(true, Ordering::Relaxed);
    }
}

/// The connections there are, oldest first.
#[derive(Default)]
struct Lines(Mutex<Vec<Arc<Line>>>);

impl Lines {
    fn open(&self) -> Arc<Line> {
        let line = Arc::<Line>::default();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&line));
        line
    }

    fn close(&self, line: &Arc<Line>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|other| !Arc::ptr_eq(other, line));
    }

    /// Ends the connection that has been silent or slow for longest, to let another in.
    fn make_room(&self) {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = |line: &&Arc<Line>| !line.served.load(Ordering::Relaxed) && !line.cut.is_cancelled();
        if let Some(line) = lines.iter().find(waits) {
            line.cut.cancel();
        }
    }
}

/// Who is at the other end of the connection.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// Serves until the token is cancelled, then until the requests in hand are answered.
pub async fn serve(listener: TcpListener, app: Router, stop: CancellationToken) {
    let (places, connections) = (Arc::new(Semaphore::new(CONNECTIONS)), TaskTracker::new());
    let lines = Arc::new(Lines::default());
    loop {
        if places.available_permits() == 0 {
            lines.make_room();
        }
        let Some(Ok(place)) = stop.run_until_cancelled(Arc::clone(&places).acquire_owned()).await else { break };
        let Some(accepted) = stop.run_until_cancelled(listener.accept()).await else { break };
        match accepted {
            Ok((stream, peer)) => {
                let (app, stop, lines) = (app.clone(), stop.clone(), Arc::clone(&lines));
                let line = lines.open();
                connections.spawn(async move {
                    one((stream, peer), app, stop, &line).await;
                    lines.close(&line);
                    drop(place);
                });
            }
            Err(error) => {
                warn!(%error, "connection_not_accepted");
                tokio::time::sleep(AFTER_FAILURE).await;
            }
        }
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

async fn one((stream, peer): (TcpStream, SocketAddr), app: Router, stop: CancellationToken, line: &Arc<Line>) {
    // Answers are small: waiting to fill a packet only makes them late.
    drop(stream.set_nodelay(true));
    let peer = Peer(peer.ip().to_canonical());
    let served = Arc::clone(line);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(peer);
        request.extensions_mut().insert(Arc::clone(&served));
        let (app, line) = (app.clone(), Arc::clone(&served));
        async move {
            let response = app.oneshot(request.map(Body::new)).await.unwrap_or_else(|never| match never {});
            line.served.store(false, Ordering::Relaxed);
            Ok::<_, Infallible>(response)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_buf_size(LARGEST_HEAD)
        .max_headers(MOST_HEADERS)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = line.cut.cancelled() => {
            debug!("connection_cut_to_let_another_in");
            return;
        }
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        // A caller's doing: it went away, was too slow, or spoke no HTTP.
        debug!(%error, "connection_ended_early");
    }
}
