//! What the service manager is told: ready, alive, stopping. Without one (`NOTIFY_SOCKET`) nothing is told.

use sd_notify::NotifyState;
use tokio_util::sync::CancellationToken;
use tracing::warn;

/// LUISA takes requests. From now on a sign of life follows as often as the unit's `WatchdogSec` asks, as long as the
/// event loop turns.
pub(super) fn ready(token: &CancellationToken) {
    tell(&[NotifyState::Ready]);
    let Some(limit) = sd_notify::watchdog_enabled() else { return };
    let token = token.clone();
    tokio::spawn(async move {
        // Twice in that time, so that one late sign kills nobody.
        while token.run_until_cancelled(tokio::time::sleep(limit / 2)).await.is_some() {
            tell(&[NotifyState::Watchdog]);
        }
    });
}

/// The stop has begun: it takes as long as the work in hand.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        warn!(%error, "supervisor_not_told");
    }
}
