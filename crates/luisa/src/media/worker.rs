//! The media worker: every file that is due is fetched, and its message learns what became of it.
//!
//! Owns how many at a time, and when to try again. A hanging provider holds up the turns of its own messages alone, and
//! those only for `MEDIA_TIMEOUT_SECONDS`.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use luisa_core::stages::files;
use luisa_core::turn::Content;
use luisa_store::{Debounce, MediaRow, MediaState, SettledMedia, StoreError};
use luisa_whatsapp::Client;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::ear::{Heard, Note};
use super::fetch::{self, Fetched, Missed};
use super::shelf::Shelf;
use crate::runtime::{Station, inbox, turn};

/// Files in hand at a time: what they weigh together is bounded.
const AT_ONCE: usize = 6;
/// Longer than the client's patience with a file.
const LEASE: Duration = Duration::from_secs(300);
const AFTER_FAULT: Duration = Duration::from_secs(1);
/// How long the next try waits, by the number of those before.
const WAITS: [SignedDuration; 6] = [
    SignedDuration::from_secs(1),
    SignedDuration::from_secs(4),
    SignedDuration::from_secs(15),
    SignedDuration::from_mins(2),
    SignedDuration::from_mins(15),
    SignedDuration::from_hours(1),
];
/// Meta keeps a file for seven days.
const KEPT_BY_META: SignedDuration = SignedDuration::from_hours(7 * 24);

pub async fn work(station: Arc<Station>, client: Client, token: CancellationToken) {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    while !token.is_cancelled() {
        let changed = station.shop.store.media_changed().notified();
        let pause = match take_due(&station, &client, &places).await {
            Ok(0) => until_due(&station, &places).await,
            Ok(_) => continue,
            Err(error) => {
                error!(%error, "media_not_readable");
                Some(AFTER_FAULT)
            }
        };
        tokio::select! {
            () = token.cancelled() => {}
            () = changed => {}
            () = inbox::sleep(pause) => {}
        }
    }
}

/// Begins with what is due, as far as there is room; how many that were.
async fn take_due(station: &Arc<Station>, client: &Client, places: &Arc<Semaphore>) -> Result<usize, StoreError> {
    let room = u32::try_from(places.available_permits()).unwrap_or(0);
    if room == 0 {
        return Ok(0);
    }
    let due = station.shop.store.claim_media(station.shop.clock.now(), room, LEASE).await?;
    let count = due.len();
    for row in due {
        let Ok(place) = Arc::clone(places).try_acquire_owned() else { break };
        let (working, client) = (Arc::clone(station), client.clone());
        station.turns.spawn(async move {
            open(&working, &client, row).await;
            drop(place);
            working.shop.store.media_changed().notify_one();
        });
    }
    Ok(count)
}

/// For ever when all places are taken: whoever frees one wakes us.
async fn until_due(station: &Station, places: &Semaphore) -> Option<Duration> {
    if places.available_permits() == 0 {
        return None;
    }
    let at = station.shop.store.next_media_due().await.ok()??;
    let wait = at.duration_since(station.shop.clock.now());
    Some(Duration::try_from(wait).unwrap_or(Duration::ZERO) + Duration::from_millis(1))
}

/// One file, from its id to its message.
async fn open(station: &Station, client: &Client, row: MediaRow) {
    if stays_closed(station, &row).await {
        let closed = SettledMedia::without_file(MediaState::Closed, Some("personal"), None);
        return settle(station, &row, closed).await;
    }
    let missed = match fetch::fetch(client, &row).await {
        Ok(file) => match take_in(station, &row, file).await {
            Ok(()) => return,
            Err(error) => {
                error!(%error, "media_not_written");
                Missed::Later("disk")
            }
        },
        Err(missed) => missed,
    };
    let now = station.shop.clock.now();
    let wait = WAITS[usize::try_from(row.attempts - 1).unwrap_or(0).min(WAITS.len() - 1)];
    let again = now.checked_add(wait).unwrap_or(now);
    let hopeless = again.duration_since(row.created_at) > KEPT_BY_META;
    let (kind, attempts, reason) = (&row.kind, row.attempts, missed.reason());
    match missed {
        Missed::Later(_) if !hopeless => {
            warn!(conversation = %row.conversation_id, kind, attempts, reason, "media_put_off");
            let store = &station.shop.store;
            let put_off = store.put_off_media(now, &row.message_id, again, reason, debounce(station)).await;
            if let Err(error) = put_off {
                error!(%error, "media_not_stored");
            }
        }
        Missed::Later(_) | Missed::Never(_) => {
            error!(conversation = %row.conversation_id, kind, attempts, reason, "media_not_fetched");
            let lost = serde_json::to_value(Content::Lost).ok();
            settle(station, &row, SettledMedia::without_file(MediaState::Failed, Some(reason), lost)).await;
        }
    }
}

/// Whether the file is nobody's business: the core judges the chat as it stands.
async fn stays_closed(station: &Station, row: &MediaRow) -> bool {
    let Ok(view) = station.shop.store.peek(&row.conversation_id).await else { return false };
    if !view.pending.iter().any(|pending| pending.message_id == row.message_id) {
        return false;
    }
    let Ok(decision) = turn::rehearse(station, &view, station.shop.clock.now()) else { return false };
    let known = view.contact.as_ref().is_some_and(|contact| contact.in_address_book);
    files::stay_closed(known, &turn::memory_of(&view), &decision.messages, &decision.outcome)
}

/// Keeps a file, looks into it, and tells its message.
async fn take_in(station: &Station, row: &MediaRow, file: Fetched) -> anyhow::Result<()> {
    let shelf = Shelf::new(&station.shop.settings.media.dir);
    let Fetched { bytes, mime } = file;
    let (size, bytes) = (i64::try_from(bytes.len()).ok(), Arc::new(bytes));
    let kept = Arc::clone(&bytes);
    let name = tokio::task::spawn_blocking(move || shelf.keep(&kept)).await??;
    let days = SignedDuration::from_hours(24 * i64::from(station.shop.settings.media.keep_days));
    let settled = SettledMedia {
        state: MediaState::Kept,
        reason: None,
        mime: Some(mime.to_owned()),
        sha256: Some(name.clone()),
        bytes: size,
        content: None,
        text: None,
        keep_until: Some(row.created_at.checked_add(days).unwrap_or(Timestamp::MAX)),
    };
    match &station.ear {
        Some(ear) if row.kind == "audio" => {
            let _alone = ear.alone_with(&name).await;
            let heard = ear.hear(&station.shop, &Note { row, bytes: &bytes, mime, sha256: &name }).await?;
            settle(station, row, with_words(settled, heard)).await;
        }
        _ => settle(station, row, settled).await,
    }
    Ok(())
}

fn with_words(settled: SettledMedia, heard: Heard) -> SettledMedia {
    let text = match &heard.content {
        Content::Speech { text } => Some(text.clone()),
        _ => None,
    };
    let content = serde_json::to_value(&heard.content).ok().filter(|_| heard.content != Content::Unseen);
    SettledMedia { content, text, reason: heard.reason.map(str::to_owned), ..settled }
}

async fn settle(station: &Station, row: &MediaRow, settled: SettledMedia) {
    let (state, reason, bytes) = (settled.state, settled.reason.clone(), settled.bytes);
    let now = station.shop.clock.now();
    match station.shop.store.settle_media(now, &row.message_id, settled, debounce(station)).await {
        Ok(wanted) => {
            station.counters.media.add(reason.as_deref().unwrap_or(state.as_str()), 1);
            info!(conversation = %row.conversation_id, kind = row.kind, %state, reason, bytes, wanted, "media_settled");
        }
        // Its lease ends, and it is due again.
        Err(error) => error!(%error, "media_not_stored"),
    }
}

fn debounce(station: &Station) -> Debounce {
    let pace = &station.shop.settings.pace;
    Debounce { quiet_ms: pace.reply_debounce_ms, max_ms: pace.max_debounce_ms }
}
