//! Forgets the words of personal messages when they have been kept long enough.
//!
//! Owns the rhythm. With a retention of 0 nothing is kept in the first place, and this has nothing to do.

use std::sync::Arc;
use std::time::Duration;

use jiff::ToSpan;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::Station;

const EVERY: Duration = Duration::from_secs(10 * 60);

pub async fn work(station: Arc<Station>, token: CancellationToken) {
    let hours = i64::from(station.shop.settings.privacy.personal_text_retention_hours);
    while token.run_until_cancelled(forget(&station, hours)).await.is_some() {
        if token.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_none() {
            return;
        }
    }
}

async fn forget(station: &Station, hours: i64) {
    let Ok(before) = station.shop.clock.now().checked_sub(hours.hours()) else { return };
    loop {
        match station.shop.store.forget_personal(before).await {
            Ok(0) => return,
            Ok(count) => info!(count, "personal_texts_forgotten"),
            Err(error) => return warn!(%error, "personal_texts_not_forgotten"),
        }
    }
}
