//! Forgets what has been kept long enough: the words of personal messages, and everything about people that is old.
//!
//! Owns the rhythm. What is forgotten, and how, is the store's knowledge.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jiff::{SignedDuration, Timestamp};
use luisa_store::StoreError;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::Station;
use crate::media::shelf::Shelf;

/// A file so young may still be on its way to its message.
const UNCLAIMED: Duration = Duration::from_secs(10 * 60);
const SWEPT_AT_ONCE: usize = 256;
const EVERY: Duration = Duration::from_secs(10 * 60);
/// Meta delivers for seven days what it could not deliver: news about a message that has not come by then is about none.
const EARLY_STATUSES: SignedDuration = SignedDuration::from_hours(8 * 24);

pub async fn work(station: Arc<Station>, token: CancellationToken) {
    while token.run_until_cancelled(forget(&station)).await.is_some() {
        if token.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_none() {
            return;
        }
    }
}

/// Dropped words leave the log beside the database within this time.
const EMPTIED_EVERY: Duration = Duration::from_secs(20);

/// Empties the log of words that were dropped.
pub async fn empty_log(station: Arc<Station>, token: CancellationToken) {
    while token.run_until_cancelled(tokio::time::sleep(EMPTIED_EVERY)).await.is_some() {
        match station.shop.store.empty_log_of_dropped_words().await {
            // Somebody reads in it: the next time.
            Ok(()) | Err(StoreError::Busy) => {}
            Err(error) => warn!(%error, "log_not_emptied"),
        }
    }
}

async fn forget(station: &Station) {
    let (store, privacy) = (&station.shop.store, &station.shop.settings.privacy);
    let before = |kept: SignedDuration| station.shop.clock.now().saturating_sub(kept).unwrap_or(Timestamp::MIN);
    // With a retention of 0 these are not kept in the first place, unless the setting was another one before.
    let personal = before(SignedDuration::from_hours(privacy.personal_text_retention_hours.into()));
    let count = until_none(|| store.forget_personal(personal)).await;
    tell(count, "personal texts");
    if let Some(days) = privacy.retention_days {
        let old = before(SignedDuration::from_hours(24 * i64::from(days)));
        let count = until_none(|| store.forget_old(old)).await;
        tell(count, "rows older than RETENTION_DAYS");
    }
    let now = station.shop.clock.now();
    tell(until_none(|| store.forget_media(now)).await, "files kept for MEDIA_KEEP_DAYS");
    if let Err(error) = sweep(station).await {
        warn!(%error, "files_not_swept");
    }
    tell(store.forget_early_statuses(before(EARLY_STATUSES)).await, "statuses of messages that never came");
}

/// Takes away the files that no message carries any more: of personal, deleted, erased and old messages.
async fn sweep(station: &Station) -> anyhow::Result<()> {
    let shelf = Shelf::new(&station.shop.settings.media.dir);
    let listed = shelf.clone();
    let names = tokio::task::spawn_blocking(move || listed.older_than(UNCLAIMED, SystemTime::now())).await??;
    for names in names.chunks(SWEPT_AT_ONCE) {
        let used = station.shop.store.media_in_use(names).await?;
        for name in names.iter().filter(|name| !used.contains(*name)) {
            shelf.remove(name)?;
        }
    }
    Ok(())
}

/// In small portions, so that customers are answered in between.
async fn until_none<F, R>(portion: F) -> Result<usize, StoreError>
where
    F: Fn() -> R,
    R: Future<Output = Result<usize, StoreError>>,
{
    let mut all = 0;
    loop {
        match portion().await? {
            0 => return Ok(all),
            count => all += count,
        }
    }
}

fn tell(outcome: Result<usize, StoreError>, what: &str) {
    match outcome {
        Ok(0) => {}
        Ok(count) => info!(count, what, "old_data_forgotten"),
        Err(error) => warn!(%error, what, "old_data_not_forgotten"),
    }
}
