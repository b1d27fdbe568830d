//! The listening end: connections accepted, each within limits, and ended in order when the process stops.
//!
//! Owns what one connection may take before a route has been found: how many there are, how long a head may come and how large it may be.
//! May not know a route.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
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

/// Further callers wait to be accepted; it bounds memory and open files.
const CONNECTIONS: usize = 1024;
/// For a request's head, and for the next request on a connection that is kept open: one that trickles in holds nothing for long.
const HEAD_WITHIN: Duration = Duration::from_secs(20);
/// Of a request's head, in bytes and lines.
const LARGEST_HEAD: usize = 64 * 1024;
const MOST_HEADERS: usize = 64;
/// When the system has no more open files, accepting at once again would only burn time.
const AFTER_FAILURE: Duration = Duration::from_millis(500);

/// Who is at the other end of the connection.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// Serves until the token is cancelled, then until the requests in hand are answered.
pub async fn serve(listener: TcpListener, app: Router, stop: CancellationToken) {
    let (places, connections) = (Arc::new(Semaphore::new(CONNECTIONS)), TaskTracker::new());
    while let Some(Ok(place)) = stop.run_until_cancelled(Arc::clone(&places).acquire_owned()).await {
        let Some(accepted) = stop.run_until_cancelled(listener.accept()).await else { break };
        match accepted {
            Ok((stream, peer)) => {
                let (app, stop) = (app.clone(), stop.clone());
                connections.spawn(async move {
                    one(stream, peer, app, stop).await;
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

async fn one(stream: TcpStream, peer: SocketAddr, app: Router, stop: CancellationToken) {
    // Answers are small: waiting to fill a packet only makes them late.
    drop(stream.set_nodelay(true));
    let peer = Peer(peer.ip().to_canonical());
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(peer);
        let app = app.clone();
        async move { Ok::<_, Infallible>(app.oneshot(request.map(Body::new)).await.unwrap_or_else(|never| match never {})) }
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
