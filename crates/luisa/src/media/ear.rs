//! Voice notes become words: measured first, paid for once, judged, and their names put right.
//!
//! Owns when a server is asked and what its answer comes to. Whatever it does, the message is answered: a note that was not
//! heard is as it always was. May not decide what the words ask.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::anyhow;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use luisa_core::heard;
use luisa_core::turn::Content;
use luisa_llm::{Client, Config, NanoUsd, Prices, Recording, Transcript};
use luisa_store::{Charge, MediaRow, StoreError};
use serde::Deserialize;
use tokio::sync::{OwnedMutexGuard, Semaphore};
use tracing::{error, warn};

use super::judgement;
use super::recording::{self, Measured};
use crate::settings::Transcription;
use crate::shop::Shop;

/// What it is called in the ledger.
pub const SERVICE: &str = "transcription";
/// The longest that a server may take: the chat is answered before, the staff read it later.
const PATIENCE: Duration = Duration::from_secs(60);
/// Less is a slip of the finger.
const SHORTEST: f64 = 1.0;
const LEAST_SPEECH: f64 = 0.4;
/// What cannot be measured is taken to be as long as its bytes at this many a second.
const THINNEST: f64 = 2_000.0;
const LANGUAGE: &str = "es";

/// Who writes voice notes down.
pub struct Ear {
    client: Client,
    settings: Transcription,
    zone: TimeZone,
    /// One recording is decoded at a time.
    decoding: Semaphore,
    in_hand: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

/// What came of a note.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    pub content: Content,
    /// Why there are no words.
    pub reason: Option<&'static str>,
}

impl Heard {
    fn not(reason: &'static str) -> Self {
        Self { content: Content::Unseen, reason: Some(reason) }
    }
}

/// A note that is here.
pub struct Note<'a> {
    pub row: &'a MediaRow,
    pub bytes: &'a Arc<Vec<u8>>,
    pub mime: &'static str,
    /// The file's name.
    pub sha256: &'a str,
}

impl Ear {
    /// None when voice notes are not to be written down.
    ///
    /// # Errors
    /// Settings that can never work.
    pub fn open(shop: &Shop) -> anyhow::Result<Option<Self>> {
        let settings = &shop.settings.transcription;
        if !settings.enabled {
            return Ok(None);
        }
        let config = Config {
            base_url: settings.base_url.clone(),
            api_key: settings.api_key.clone(),
            timeout: PATIENCE,
            dialect: None,
            prices: Arc::new(Prices::embedded()),
        };
        let client = Client::new(config).map_err(|error| {
            anyhow!(
                "voice notes cannot be written down ({error}): check TRANSCRIPTION_BASE_URL and TRANSCRIPTION_API_KEY"
            )
        })?;
        Ok(Some(Self {
            client,
            settings: settings.clone(),
            zone: shop.settings.hours.service().zone,
            decoding: Semaphore::new(1),
            in_hand: Mutex::default(),
        }))
    }

    /// Alone with a file, until what was heard in it is stored: who sends the same one meanwhile waits, and pays nothing.
    pub async fn alone_with(&self, sha256: &str) -> OwnedMutexGuard<()> {
        let place = {
            let mut in_hand = self.in_hand.lock().unwrap_or_else(PoisonError::into_inner);
            in_hand.retain(|_, place| Arc::strong_count(place) > 1);
            Arc::clone(in_hand.entry(sha256.to_owned()).or_default())
        };
        place.lock_owned().await
    }

    /// The words of a note.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn hear(&self, shop: &Shop, note: &Note<'_>) -> Result<Heard, StoreError> {
        if let Some(content) = before(shop, note).await? {
            return Ok(Heard { content, reason: Some("heard_before") });
        }
        let measured = self.measure(note).await;
        if measured.seconds > f64::from(self.settings.max_seconds) {
            return Ok(Heard { content: Content::TooLong, reason: Some("too_long") });
        }
        if measured.seconds < SHORTEST || measured.speech < LEAST_SPEECH {
            return Ok(Heard { content: Content::Unclear, reason: Some("no_speech") });
        }
        let recording = self.recording(shop, note, measured);
        if let Some(refused) = self.refused(shop, note, self.client.speech_cost(&recording)).await? {
            warn!(conversation = %note.row.conversation_id, reason = refused, "voice_note_not_heard");
            return Ok(Heard::not(refused));
        }
        let outcome = self.client.transcribe(&recording, Instant::now() + PATIENCE).await;
        let cost = match &outcome {
            Ok(transcript) => Some(transcript.cost),
            Err(failed) => failed.spent.as_ref().map(|spent| spent.cost),
        };
        if let Some(cost) = cost {
            self.charge(shop, note, measured, cost).await?;
        }
        Ok(match outcome {
            Ok(transcript) => judged(shop, &transcript, measured),
            Err(failed) => {
                let reason = failed.failure.id();
                if failed.failure.needs_a_person() {
                    error!(failure = reason, details = %failed.failure, "transcription_needs_a_person");
                } else {
                    warn!(conversation = %note.row.conversation_id, reason, "voice_note_not_heard");
                }
                Heard::not(reason)
            }
        })
    }

    async fn measure(&self, note: &Note<'_>) -> Measured {
        let by_size = note.bytes.len() as f64 / THINNEST;
        let unknown = Measured { seconds: by_size.max(SHORTEST), speech: by_size.max(SHORTEST) };
        // Another form than WhatsApp's own is a file that somebody chose to send.
        if note.mime != "audio/ogg" {
            return Measured { seconds: (by_size / 8.0).max(SHORTEST), ..unknown };
        }
        let Ok(_place) = self.decoding.acquire().await else { return unknown };
        let (bytes, limit) = (Arc::clone(note.bytes), f64::from(self.settings.max_seconds));
        let measuring = tokio::task::spawn_blocking(move || recording::measure(&bytes, limit));
        measuring.await.ok().flatten().unwrap_or(Measured { seconds: 0.0, speech: 0.0 })
    }

    fn recording(&self, shop: &Shop, note: &Note<'_>, measured: Measured) -> Recording {
        let pack = shop.pack();
        let ending = match note.mime {
            "audio/ogg" => "ogg",
            "audio/mpeg" => "mp3",
            "audio/wav" => "wav",
            _ => "m4a",
        };
        Recording {
            bytes: note.bytes.to_vec(),
            file_name: format!("nota.{ending}"),
            mime: note.mime.to_owned(),
            seconds: measured.seconds,
            model: self.settings.model.clone(),
            dialect: self.settings.dialect,
            language: LANGUAGE.to_owned(),
            names: heard::names(&pack),
            setting: format!("{}, {}", pack.about.name, pack.about.city),
        }
    }

    /// Why this note may not be paid for.
    async fn refused(&self, shop: &Shop, note: &Note<'_>, cost: NanoUsd) -> Result<Option<&'static str>, StoreError> {
        let now = shop.clock.now();
        let (day, month) = self.begun(now);
        let chat = Some(&note.row.conversation_id);
        if shop.store.spending(SERVICE, day, chat).await?.charges >= i64::from(self.settings.per_contact_per_day) {
            return Ok(Some("contact_limit"));
        }
        let budgets = [(day, self.settings.daily_budget_usd), (month, self.settings.monthly_budget_usd)];
        for (since, budget) in budgets {
            let spent = shop.store.spending(SERVICE, since, None).await?.nano_usd;
            let after = u64::try_from(spent).unwrap_or(0).saturating_add(cost.0);
            if cost > NanoUsd::ZERO && NanoUsd::from_usd(budget).is_some_and(|budget| after > budget.0) {
                return Ok(Some("budget_spent"));
            }
        }
        Ok(None)
    }

    /// The shop's midnight, and that of the first day of its month.
    fn begun(&self, now: Timestamp) -> (Timestamp, Timestamp) {
        let local = now.to_zoned(self.zone.clone());
        let day = local.start_of_day();
        let month = local.first_of_month().and_then(|first| first.start_of_day());
        let yesterday = || now.saturating_sub(24.hours()).unwrap_or(now);
        (
            day.as_ref().map_or_else(|_| yesterday(), |day| day.timestamp()),
            month.map_or_else(|_| yesterday(), |month| month.timestamp()),
        )
    }

    async fn charge(&self, shop: &Shop, note: &Note<'_>, measured: Measured, cost: NanoUsd) -> Result<(), StoreError> {
        let charge = Charge {
            conversation_id: note.row.conversation_id.clone(),
            service: SERVICE.to_owned(),
            model: self.settings.model.clone(),
            key: Some(note.sha256.to_owned()),
            units: measured.seconds,
            nano_usd: i64::try_from(cost.0).unwrap_or(i64::MAX),
        };
        shop.store.charge(shop.clock.now(), charge).await
    }
}

/// What was heard when the same file came before.
async fn before(shop: &Shop, note: &Note<'_>) -> Result<Option<Content>, StoreError> {
    let rows = shop.store.same_media(note.sha256, &note.row.message_id).await?;
    let contents = rows.into_iter().filter_map(|row| Content::deserialize(row.content?).ok());
    Ok(contents.into_iter().find(|content| matches!(content, Content::Speech { .. } | Content::Unclear)))
}

fn judged(shop: &Shop, transcript: &Transcript, measured: Measured) -> Heard {
    match judgement::spoken(transcript, measured.seconds) {
        Ok(text) => {
            let text = heard::corrected(&shop.pack(), &text);
            Heard { content: Content::Speech { text }, reason: None }
        }
        Err(reason) => Heard { content: Content::Unclear, reason: Some(reason) },
    }
}
