//! Tells a team again of an urgent customer whom nobody has answered.
//!
//! Owns the rhythm and the patience. Who still waits, the store knows; the words are the pack's.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use luisa_core::stages::desk::{Unanswered, reminder};
use luisa_core::taxonomy::Team;
use luisa_store::{Channel, HandoffRow, StoreError};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::refusals::Refusal;
use super::{Station, commit};
use crate::telemetry;

const EVERY: Duration = Duration::from_secs(30);
/// An urgent customer waits no longer than this before the team hears of them again.
const PATIENCE: SignedDuration = SignedDuration::from_mins(15);
/// After so long a reminder says nothing new: the handoff is in the list and in the console.
const GIVEN_UP: SignedDuration = SignedDuration::from_hours(1);

pub async fn work(station: Arc<Station>, token: CancellationToken) {
    loop {
        if let Err(error) = remind(&station).await {
            warn!(%error, "teams_not_reminded");
        }
        match station.shop.store.is_silent(station.shop.clock.now()).await {
            Ok(true) => {
                if let Some(count) = station.refusals.note(Refusal::Silence) {
                    error!(count, "number_silent");
                }
            }
            Ok(false) => {}
            Err(error) => warn!(%error, "silence_not_known"),
        }
        if token.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_none() {
            return;
        }
    }
}

async fn remind(station: &Station) -> Result<(), StoreError> {
    let (store, now) = (&station.shop.store, station.shop.clock.now());
    let told_before = now.checked_sub(PATIENCE).unwrap_or(now);
    let opened_since = now.checked_sub(GIVEN_UP).unwrap_or(now);
    for handoff in store.urgent_waiting(told_before, opened_since).await? {
        let Some(notice) = notice(station, &handoff, now) else { continue };
        if store.remind(now, &handoff, told_before, notice).await? {
            info!(conversation = telemetry::chat(&handoff.conversation_id), team = %handoff.team, "team_reminded");
        }
    }
    Ok(())
}

fn notice(station: &Station, handoff: &HandoffRow, now: Timestamp) -> Option<luisa_store::NewNotice> {
    let waits = Unanswered {
        team: Team::from_id(&handoff.team)?,
        reason: &handoff.reason,
        summary: &handoff.summary,
        next_step: handoff.next_step.as_deref().unwrap_or_default(),
        minutes: now.duration_since(handoff.created_at).as_mins(),
    };
    // Reminded are only urgent calls of those who can be answered.
    let channel = if handoff.conversation_id.as_str().starts_with("wa_c") { Channel::Whatsapp } else { Channel::Api };
    let about = commit::About {
        chat: &handoff.conversation_id,
        channel,
        urgent: true,
        reachable: channel == Channel::Whatsapp,
    };
    Some(commit::notice(station, &about, &reminder(&station.shop.pack(), waits)))
}
