//! Notices what the staff change in the catalog and the facts, whoever writes it: the console, a command, another process.
//!
//! Owns the rhythm. What is made of an edit is the shop's.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::Station;

/// One look is one small read.
const EVERY: Duration = Duration::from_secs(1);

pub async fn work(station: Arc<Station>, token: CancellationToken) {
    let mut told = false;
    while token.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_some() {
        match station.shop.refresh().await {
            Ok(changed) => {
                if changed {
                    info!(products = station.shop.pack().catalog.active().count(), "catalog_changed");
                }
                told = false;
            }
            // Once, and not every second.
            Err(error) if !told => {
                warn!(%error, "catalog_not_refreshed");
                told = true;
            }
            Err(_) => {}
        }
    }
}
