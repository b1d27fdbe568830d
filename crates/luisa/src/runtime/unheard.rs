//! Sends of which nobody knows whether they arrived: settled by the statuses that come, by Meta's own list of messages where it tells,
//! and else sent again, once.
//!
//! Owns the wait. A message is repeated only when statuses of other sends flow again, or none could: a provider that took a message says
//! so, and what it says nothing of never reached it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use luisa_store::{StoreError, Unsettled};
use luisa_whatsapp::{Client, Listed};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

use super::Station;

const EVERY: Duration = Duration::from_secs(5);
/// With nothing else sent meanwhile there is no status to wait for: then so many times the wait has to do.
const ALONE: i32 = 3;
/// Meta's clock and ours, and the way between them.
const SLACK: SignedDuration = SignedDuration::from_secs(10);

/// When Meta was last heard of as the deliverer of messages.
#[derive(Default)]
pub struct Pulse {
    /// A status came; milliseconds since 1970.
    status: AtomicI64,
    /// A message was taken.
    taken: AtomicI64,
}

impl Pulse {
    pub fn status(&self, at: Timestamp) {
        self.status.fetch_max(at.as_millisecond(), Ordering::Relaxed);
    }

    pub fn taken(&self, at: Timestamp) {
        self.taken.fetch_max(at.as_millisecond(), Ordering::Relaxed);
    }

    /// Whether a status of a message that was asked at this time would have come by now.
    fn is_over(&self, asked: Timestamp, now: Timestamp, settle: SignedDuration) -> bool {
        let since = |beat: &AtomicI64| beat.load(Ordering::Relaxed) > asked.as_millisecond();
        since(&self.status) || (!since(&self.taken) && now.duration_since(asked) >= settle * ALONE)
    }
}

pub async fn work(station: Arc<Station>, client: Client, token: CancellationToken) {
    // Meta delivers the statuses of the time when nobody listened again; they must be let in first.
    let settle = station.shop.settings.whatsapp.settle;
    if token.run_until_cancelled(tokio::time::sleep(settle)).await.is_none() {
        return;
    }
    match station.shop.store.resend_unheard(station.shop.clock.now()).await {
        Ok(0) => {}
        Ok(count) => warn!(count, "unheard_messages_sent_again"),
        Err(error) => error!(%error, "unheard_messages_not_sent_again"),
    }
    let every = EVERY.min(settle);
    while token.run_until_cancelled(tokio::time::sleep(every)).await.is_some() {
        if let Err(error) = settle_unknown(&station, &client).await {
            error!(%error, "unknown_sends_not_settled");
        }
        // What another process made due (a command) is noticed without anybody's writing.
        station.shop.store.inbox_changed().notify_one();
        station.shop.store.outbox_changed().notify_one();
    }
}

async fn settle_unknown(station: &Station, client: &Client) -> Result<(), StoreError> {
    let (store, now) = (&station.shop.store, station.shop.clock.now());
    let settle = SignedDuration::try_from(station.shop.settings.whatsapp.settle).unwrap_or(SignedDuration::ZERO);
    let asked_before = now.checked_sub(settle).unwrap_or(now);
    let mut open = store.unsettled(asked_before).await?;
    open.retain(|row| station.pulse.is_over(row.asked_at, now, settle));
    if open.is_empty() {
        return Ok(());
    }
    let mut listed = match client.message_history().await {
        Ok(listed) => listed,
        Err(why) => {
            debug!(%why, "message_history_not_read");
            Vec::new()
        }
    };
    let ids = listed.iter().map(|message| message.message_id.as_str().into()).collect();
    let unknown = store.unknown_ids(ids).await?;
    listed.retain(|message| unknown.iter().any(|id| id.as_str() == message.message_id));
    for row in open {
        match take(&mut listed, row, station.shop.settings.whatsapp.timeout) {
            Some(found) => {
                info!(outbox = %row.id, "unknown_send_found");
                store.found_sent(now, row.id, found.message_id.into()).await?;
            }
            None if store.send_again(now, row.id).await? => {
                station.counters.sends_repeated.add(1);
                warn!(outbox = %row.id, "unknown_send_repeated");
            }
            None => {}
        }
    }
    Ok(())
}

/// The listed message that is this send: of its second, and nobody's else.
fn take(listed: &mut Vec<Listed>, row: Unsettled, timeout: Duration) -> Option<Listed> {
    let patience = SignedDuration::try_from(timeout).unwrap_or(SignedDuration::ZERO);
    let is_its = |message: &Listed| {
        let at = message.at.and_then(|seconds| Timestamp::from_second(seconds).ok());
        at.is_some_and(|at| {
            // Asked is when the answer was given up: the message left up to a time-out before.
            let after = at.duration_since(row.asked_at);
            after <= SLACK && after >= -(patience + SLACK)
        })
    };
    let place = listed.iter().position(is_its)?;
    Some(listed.swap_remove(place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_send_is_given_up_when_statuses_of_others_flow_or_none_could() {
        let at = |seconds: i64| Timestamp::from_second(1_800_000_000 + seconds).unwrap();
        let settle = SignedDuration::from_secs(120);
        let over = |pulse: &Pulse, now| pulse.is_over(at(0), at(now), settle);
        let pulse = Pulse::default();
        assert!(!over(&pulse, 120), "nobody else was sent anything");
        assert!(over(&pulse, 360), "nor for a long time");
        pulse.taken(at(10));
        assert!(!over(&pulse, 10_000), "others were, and no status of theirs came either");
        pulse.status(at(11));
        assert!(over(&pulse, 120));
    }
}
