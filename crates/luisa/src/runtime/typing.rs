//! "Typing…" while a burst is waited for, and the ticks: both tell the customer that LUISA reads, so both are for
//! messages that she will answer.
//!
//! Owns who gets them, and that no answer waits for them. Everything here is best effort: it may be lost, late or refused without harm. May
//! not answer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use luisa_store::{ConversationId, Mode};
use luisa_whatsapp::{Client, Typing};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::{Station, commit, turn};
use crate::telemetry;

/// "Typing…" is seen for so long, or until the answer comes.
const SEEN: Duration = Duration::from_secs(25);
/// A chat of somebody else is anybody's again when nothing has come of it for so long.
const FREED_AFTER: SignedDuration = SignedDuration::from_hours(24);
/// Calls under way at a time.
const AT_ONCE: usize = 8;
/// Chats remembered; the memory is emptied beyond, which costs a tick too many.
const REMEMBERED: usize = 10_000;

/// A message that waits for the end of its burst.
#[derive(Debug)]
pub struct Burst {
    pub conversation: ConversationId,
    pub message_id: String,
}

/// What the customer may see beside an answer.
#[derive(Debug)]
pub enum Courtesy {
    /// "Typing…", if LUISA would answer; the ticks come with it.
    Typing(Burst),
    /// The ticks of a message that has its answer.
    Ticks { message_id: String },
}

/// The last message of each chat that has its ticks.
#[derive(Default)]
pub struct Ticks(Mutex<HashMap<ConversationId, Shown>>);

struct Shown {
    message_id: String,
    at: Instant,
}

impl Ticks {
    /// True for the first of a burst, and then its turn to type.
    fn begin(&self, burst: &Burst) -> bool {
        let mut shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if shown.get(&burst.conversation).is_some_and(|shown| shown.at.elapsed() < SEEN) {
            return false;
        }
        if shown.len() >= REMEMBERED {
            shown.clear();
        }
        let now = Shown { message_id: burst.message_id.clone(), at: Instant::now() };
        shown.insert(burst.conversation.clone(), now);
        true
    }

    /// It came to nothing.
    fn undo(&self, conversation: &ConversationId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(conversation);
    }

    /// The answer leaves: true when this message still needs its ticks.
    pub fn end(&self, conversation: &ConversationId, message_id: &str) -> bool {
        let mut shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let had = shown.remove(conversation);
        had.is_none_or(|shown| shown.message_id != message_id)
    }
}

pub async fn work(
    station: Arc<Station>,
    client: Client,
    mut wanted: mpsc::Receiver<Courtesy>,
    token: CancellationToken,
) {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut calls = JoinSet::new();
    while let Some(Some(courtesy)) = token.run_until_cancelled(wanted.recv()).await {
        while calls.try_join_next().is_some() {}
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let (station, client) = (Arc::clone(&station), client.clone());
        calls.spawn(async move {
            let _place = place;
            match courtesy {
                Courtesy::Typing(burst) => type_for(&station, &client, &burst).await,
                Courtesy::Ticks { message_id } => {
                    if let Err(error) = client.mark_read(&message_id, Typing::No).await {
                        debug!(%error, "message_not_marked_read");
                    }
                }
            }
        });
    }
    // Of the answers sent so far nobody is to miss the ticks because LUISA stops.
    while calls.join_next().await.is_some() {}
}

async fn type_for(station: &Station, client: &Client, burst: &Burst) {
    if !station.ticks.begin(burst) {
        return;
    }
    if !would_answer(station, burst).await {
        return station.ticks.undo(&burst.conversation);
    }
    if let Err(error) = client.mark_read(&burst.message_id, Typing::Show).await {
        debug!(conversation = telemetry::chat(&burst.conversation), %error, "typing_not_shown");
        station.ticks.undo(&burst.conversation);
    }
}

/// Would LUISA, as things stand, answer this chat herself?
async fn would_answer(station: &Station, burst: &Burst) -> bool {
    let Ok(view) = station.shop.store.peek(&burst.conversation).await else { return false };
    let now = station.shop.clock.now();
    let theirs = view.conversation.elsewhere_since.is_some_and(|since| now.duration_since(since) < FREED_AFTER);
    if view.pending.is_empty() || view.conversation.mode == Mode::HumanActive || theirs {
        return false;
    }
    turn::rehearse(station, &view, now).is_ok_and(|decision| commit::wants_ticks(&decision))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn burst(message_id: &str) -> Burst {
        Burst { conversation: "wa_c1".into(), message_id: message_id.to_owned() }
    }

    #[test]
    fn a_burst_is_typed_for_once_and_its_answer_marks_what_came_after_its_first_message() {
        let ticks = Ticks::default();
        assert!(ticks.begin(&burst("m1")));
        assert!(!ticks.begin(&burst("m2")));
        assert!(ticks.end(&"wa_c1".into(), "m2"), "the last message has no ticks yet");
        assert!(ticks.begin(&burst("m3")), "the next burst is another");
        assert!(!ticks.end(&"wa_c1".into(), "m3"), "it has its ticks already");
        assert!(ticks.end(&"wa_c1".into(), "m4"), "nobody typed");
    }

    #[test]
    fn a_message_that_was_not_for_luisa_leaves_the_next_one_its_turn() {
        let ticks = Ticks::default();
        assert!(ticks.begin(&burst("m1")));
        ticks.undo(&"wa_c1".into());
        assert!(ticks.begin(&burst("m2")));
    }
}
