//! Settings of where spans for OpenTelemetry go. The names are OpenTelemetry's own.

use secrecy::SecretString;

use super::reader::Reader;

/// The collector.
#[derive(Debug, Clone)]
pub struct Telemetry {
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`: unset, no spans are made.
    pub endpoint: Option<String>,
    /// `OTEL_EXPORTER_OTLP_HEADERS`: keys of a hosted collector, so they are a secret.
    pub headers: Option<SecretString>,
}

impl Telemetry {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let name = "OTEL_EXPORTER_OTLP_ENDPOINT";
        let endpoint = reader.text(name);
        if let Some(value) = &endpoint
            && !reqwest::Url::parse(value).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        {
            let remedy = "Write for example OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318, or remove the line.";
            reader.fault(name, value, "an address that begins with http:// or https://", remedy);
        }
        // A header may hold spaces, as in `Bearer …`, which other secrets may not.
        let headers = reader.text("OTEL_EXPORTER_OTLP_HEADERS").map(SecretString::from);
        Self { endpoint, headers }
    }
}
