//! Gives chats back to LUISA when a person's time with them has passed.
//!
//! Owns the rhythm. Whose time has passed, the store knows; a message that comes earlier is decided right anyway.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::Station;
use crate::telemetry;

const EVERY: Duration = Duration::from_secs(30);

pub async fn work(station: Arc<Station>, token: CancellationToken) {
    while token.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_some() {
        let now = station.shop.clock.now();
        match station.shop.store.revert_expired(now).await {
            Ok(chats) => {
                for conversation in chats {
                    info!(conversation = telemetry::chat(&conversation), "mode_auto_reverted_to_ai");
                }
            }
            Err(error) => warn!(%error, "modes_not_reverted"),
        }
    }
}
