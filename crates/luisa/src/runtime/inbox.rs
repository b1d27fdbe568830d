//! The inbox worker: claims chats whose burst is over, and answers each.
//!
//! Owns when to look. Chats are answered side by side, so that their commits share the disk's one slow moment; the store
//! sees to it that one chat is never in two hands. May not decide.

use std::sync::Arc;
use std::time::Duration;

use luisa_store::{Due, StoreError};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::error;

use super::{Station, turn};
use crate::telemetry;

/// Chats in hand at a time, per worker.
const BATCH: u32 = 32;
/// How long to wait after the database failed.
const AFTER_FAULT: Duration = Duration::from_secs(1);
/// Times are stored in whole milliseconds: a sleep that ends within one would find nothing.
const MARGIN: Duration = Duration::from_millis(1);

pub async fn work(station: Arc<Station>, token: CancellationToken) {
    while !token.is_cancelled() {
        let pause = match answer_due(&station).await {
            Ok(0) => until_due(&station).await,
            Ok(_) => continue,
            Err(error) => {
                error!(%error, "inbox_not_readable");
                Some(AFTER_FAULT)
            }
        };
        let changed = station.shop.store.inbox_changed().notified();
        tokio::select! {
            () = token.cancelled() => {}
            () = changed => {}
            () = sleep(pause) => {}
        }
    }
}

/// Answers what is due; how many chats that were.
async fn answer_due(station: &Arc<Station>) -> Result<usize, StoreError> {
    let now = station.shop.clock.now();
    let Due { chats: claimed, unreadable } = station.shop.store.claim_due(now, BATCH, turn::LEASE).await?;
    for chat in unreadable {
        error!(
            conversation = telemetry::chat(&chat.conversation),
            parked = chat.parked,
            error = chat.error,
            "chat_unreadable"
        );
    }
    let count = claimed.len();
    if count == 0 {
        return Ok(0);
    }
    if count == BATCH as usize {
        // There may be more than one worker can hold: wake the other.
        station.shop.store.inbox_changed().notify_one();
    }
    // Each turn holds the batch until it ends or asks a model: a model's seconds are no other chat's.
    let (hold, mut held) = mpsc::channel::<()>(1);
    for chat in claimed {
        let hold = Some(hold.clone());
        let working = Arc::clone(station);
        station.turns.spawn(async move { turn::run(&working, chat, hold).await });
    }
    drop(hold);
    while held.recv().await.is_some() {}
    Ok(count)
}

async fn until_due(station: &Station) -> Option<Duration> {
    match station.shop.store.next_due().await {
        Ok(None) => None,
        Ok(Some(at)) => {
            let wait = at.duration_since(station.shop.clock.now());
            Some(Duration::try_from(wait).unwrap_or(Duration::ZERO) + MARGIN)
        }
        Err(error) => {
            error!(%error, "inbox_not_readable");
            Some(AFTER_FAULT)
        }
    }
}

/// For ever when there is nothing to wait for.
pub async fn sleep(pause: Option<Duration>) {
    match pause {
        Some(pause) => tokio::time::sleep(pause).await,
        None => std::future::pending().await,
    }
}
