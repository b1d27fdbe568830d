//! Says in the log that the disk fills up, before it is full.
//!
//! Owns the threshold and the rhythm. May not delete anything.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::Station;
use crate::figures;

const EVERY: Duration = Duration::from_secs(60);
/// Days of a busy shop; enough to act in peace.
const LOW: u64 = 500 * 1024 * 1024;

pub async fn work(station: Arc<Station>, token: CancellationToken) {
    let mut told = false;
    loop {
        let free = figures::free(station.shop.store.path());
        match free {
            Some(free) if free < LOW && !told => {
                warn!(free, path = %station.shop.store.path().display(), "disk_low");
                told = true;
            }
            Some(free) if free >= LOW && told => {
                info!(free, "disk_has_room");
                told = false;
            }
            _ => {}
        }
        if token.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_none() {
            return;
        }
    }
}
