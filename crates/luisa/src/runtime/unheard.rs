//! After a crash: what was being sent when the process stopped is settled by the statuses that come; what they do not
//! mention never reached Meta, and is sent again.
//!
//! Owns the wait. A send that timed out in a living process is never repeated: that is not a crash.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use super::Station;

pub async fn work(station: Arc<Station>, token: CancellationToken) {
    // Meta delivers the statuses of the time when nobody listened again; they must be let in first.
    let wait = station.shop.settings.whatsapp.settle;
    if token.run_until_cancelled(tokio::time::sleep(wait)).await.is_none() {
        return;
    }
    match station.shop.store.resend_unheard(station.shop.clock.now()).await {
        Ok(0) => {}
        Ok(count) => warn!(count, "unheard_messages_sent_again"),
        Err(error) => error!(%error, "unheard_messages_not_sent_again"),
    }
}
