//! A local HTTP server and the odd answers that a framework does not offer: broken off, trickling, not JSON.
//!
//! Owns sockets and bodies. May not know whose API it serves.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::serve::ListenerExt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::io::ReaderStream;

/// Stops accepting when dropped.
pub(crate) struct Server {
    task: JoinHandle<()>,
}

impl Server {
    /// The address is known before the router is built, because answers carry URLs of the server itself.
    pub(crate) async fn listen(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    }

    pub(crate) fn serve(listener: TcpListener, router: Router) -> Server {
        let listener = listener.tap_io(|stream| {
            // Without it small answers wait for the peer's delayed acknowledgement; a failure costs only speed.
            let _ = stream.set_nodelay(true);
        });
        let task = tokio::spawn(async move {
            // `axum::serve` only returns an error type for form's sake.
            let _ = axum::serve(listener, router).await;
        });
        Server { task }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A 200 that promises more bytes than it sends before the connection is closed.
pub(crate) fn cut_off(head: impl Into<Bytes>) -> Response {
    let head: Bytes = head.into();
    let promised = head.len() + 512;
    let body = Body::from_stream(ReaderStream::new(CutOff { head: Some(head), flushed: false }));
    let mut response = json_text(StatusCode::OK, body);
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(promised));
    response
}

/// A 200 whose body arrives a few bytes at a time.
pub(crate) fn dripping(text: String, bytes_at_once: usize, every: Duration) -> Response {
    let (mut tap, basin) = tokio::io::duplex(64);
    tokio::spawn(async move {
        for drop in text.as_bytes().chunks(bytes_at_once.max(1)) {
            // The reader is gone when the client gave up: nothing left to do.
            if tap.write_all(drop).await.is_err() {
                return;
            }
            tokio::time::sleep(every).await;
        }
    });
    json_text(StatusCode::OK, Body::from_stream(ReaderStream::new(basin)))
}

/// What a proxy in front of the real server says: HTML, whatever was asked.
pub(crate) fn gateway_page(status: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    let page = format!("<html><head><title>{status}</title></head><body>{status}</body></html>");
    (status, [(header::CONTENT_TYPE, "text/html")], page).into_response()
}

pub(crate) fn json_text(status: StatusCode, body: impl Into<Body>) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body.into()).into_response()
}

struct CutOff {
    head: Option<Bytes>,
    flushed: bool,
}

impl AsyncRead for CutOff {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if let Some(head) = self.head.take() {
            into.put_slice(&head);
            return Poll::Ready(Ok(()));
        }
        if !self.flushed {
            // One idle round lets the server flush what it has, so that the client sees a 200 that breaks off.
            self.flushed = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
    }
}
