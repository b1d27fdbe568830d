//! Spans on their way to a collector: OTLP over HTTP, in its JSON form.
//!
//! Owns the form, the batches and what happens when the collector is away: spans are dropped, LUISA goes on.

use std::time::Duration;

use anyhow::Context as _;
use jiff::Timestamp;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{Kind, Span};
use crate::settings::Telemetry;

const BATCH: usize = 256;
/// A span is exported so long after it was noted at the latest.
const PAUSE: Duration = Duration::from_secs(1);
const TIMEOUT: Duration = Duration::from_secs(5);

/// The way to a collector.
pub struct Exporter {
    http: reqwest::Client,
    url: String,
    reachable: bool,
}

impl Exporter {
    /// The collector of the settings; none: no spans are wanted.
    ///
    /// # Errors
    /// Headers that cannot be sent.
    pub fn of(settings: &Telemetry) -> anyhow::Result<Option<Self>> {
        let Some(endpoint) = &settings.endpoint else { return Ok(None) };
        let headers = settings.headers.as_ref().map_or("", ExposeSecret::expose_secret);
        let headers = headers_of(headers)
            .context("OTEL_EXPORTER_OTLP_HEADERS is not a list of headers: write name=value, separated by commas")?;
        // Fails when one is installed already, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .default_headers(headers)
            // A redirected export would take the key to a host nobody configured.
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Some(Self { http, url: format!("{}/v1/traces", endpoint.trim_end_matches('/')), reachable: true }))
    }

    /// Exports what is noted, in batches, until it is told to stop; then what is left.
    pub async fn work(mut self, mut spans: mpsc::Receiver<Span>, token: CancellationToken) {
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            let stopping = token.is_cancelled();
            if !stopping {
                tokio::select! {
                    () = token.cancelled() => {}
                    _ = spans.recv_many(&mut batch, BATCH) => {}
                }
                // Those of the same moment go together.
                if batch.len() < BATCH {
                    tokio::select! {
                        () = token.cancelled() => {}
                        () = tokio::time::sleep(PAUSE) => {}
                    }
                }
            }
            while batch.len() < BATCH
                && let Ok(span) = spans.try_recv()
            {
                batch.push(span);
            }
            if batch.is_empty() && stopping {
                return;
            }
            if !batch.is_empty() {
                self.export(&batch).await;
                batch.clear();
            }
        }
    }

    async fn export(&mut self, batch: &[Span]) {
        let sent = self.http.post(&self.url).json(&body(batch)).send().await;
        let failure = match sent {
            Ok(response) if response.status().is_success() => None,
            Ok(response) => Some(format!("status {}", response.status().as_u16())),
            Err(error) => Some(error.without_url().to_string()),
        };
        // Said once, not with every batch.
        match (failure, self.reachable) {
            (Some(error), true) => {
                warn!(spans = batch.len(), error, "spans_not_exported");
                self.reachable = false;
            }
            (None, false) => {
                info!("spans_exported_again");
                self.reachable = true;
            }
            (Some(_), false) | (None, true) => {}
        }
    }
}

fn headers_of(list: &str) -> anyhow::Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    for pair in list.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').context("a header has no value")?;
        let mut value = HeaderValue::from_str(value.trim())?;
        value.set_sensitive(true);
        headers.insert(HeaderName::try_from(name.trim())?, value);
    }
    Ok(headers)
}

fn body(batch: &[Span]) -> Value {
    let resource =
        [attribute("service.name", &json!("luisa")), attribute("service.version", &json!(env!("CARGO_PKG_VERSION")))];
    let spans: Vec<Value> = batch.iter().map(span).collect();
    json!({ "resourceSpans": [{
        "resource": { "attributes": resource },
        "scopeSpans": [{ "scope": { "name": "luisa" }, "spans": spans }],
    }] })
}

fn span(span: &Span) -> Value {
    let links = span
        .links
        .iter()
        .map(|link| json!({ "traceId": format!("{:032x}", link.trace), "spanId": format!("{:016x}", link.span) }));
    let mut value = json!({
        "traceId": format!("{:032x}", span.context.trace),
        "spanId": format!("{:016x}", span.context.span),
        "name": span.name,
        "kind": match span.kind { Kind::Internal => 1, Kind::Server => 2, Kind::Client => 3 },
        "startTimeUnixNano": nanos(span.start),
        "endTimeUnixNano": nanos(span.end.max(span.start)),
        "attributes": span.attributes.iter().map(|(name, value)| attribute(name, value)).collect::<Vec<_>>(),
        "links": links.collect::<Vec<_>>(),
    });
    if let Some(parent) = span.parent {
        value["parentSpanId"] = json!(format!("{:016x}", parent.span));
    }
    if let Some(error) = &span.error {
        value["status"] = json!({ "code": 2, "message": error });
    }
    value
}

/// 64-bit numbers are text in the JSON form of protocol buffers.
fn attribute(name: &str, value: &Value) -> Value {
    let value = match value {
        Value::Bool(yes) => json!({ "boolValue": yes }),
        Value::Number(n) if n.is_f64() => json!({ "doubleValue": n }),
        Value::Number(n) => json!({ "intValue": n.to_string() }),
        Value::String(text) => json!({ "stringValue": text }),
        other => json!({ "stringValue": other.to_string() }),
    };
    json!({ "key": name, "value": value })
}

fn nanos(at: Timestamp) -> String {
    at.as_nanosecond().to_string()
}
