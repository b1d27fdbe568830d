//! The one HTTP client of the traffic makers.

use std::time::Duration;

/// Every call is bounded: a test that hangs tells nothing.
pub(crate) fn http_client(timeout: Duration) -> reqwest::Client {
    // reqwest is built without a TLS provider and refuses to build a client, even for plain HTTP, until one is
    // installed. Somebody else may have been first: that is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .timeout(timeout)
        .user_agent("facebookexternalua")
        .pool_max_idle_per_host(64)
        .build()
        .expect("a client with a TLS provider and plain settings always builds")
}
