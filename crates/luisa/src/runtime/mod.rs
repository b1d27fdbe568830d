//! The workers: what runs beside the HTTP server, how it starts and how it stops.
//!
//! Owns the list of workers and what they share. May not know a route or a command.

pub mod clock;
pub mod turn;
pub mod commit;
pub mod staff;
pub mod model;
pub mod checks;
pub mod inbox;
pub mod typing;
pub mod sender;
pub mod gate;
pub mod pictures;
pub mod windows;
pub mod reversal;
pub mod reminders;
pub mod ladder;
pub mod edits;
pub mod retention;
pub mod room;
pub mod unheard;
pub mod person_key;
pub mod counters;
pub mod refusals;

#[cfg(test)]
mod gate_tests;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use crate::media::ear::Ear;
use crate::media::worker;
use crate::shop::Shop;
use crate::spans::{Exporter, Span, Spans};
use counters::Counters;
use model::Model;
use person_key::PersonKey;
use pictures::Pictures;
use refusals::Refusals;
use typing::{Courtesy, Ticks};
use unheard::Pulse;
use windows::Windows;

/// Work in hand has so long to end when the process is told to stop.
pub const GRACE: Duration = Duration::from_secs(10);
/// How long the last spans may take to leave.
const LAST_SPANS: Duration = Duration::from_secs(3);
const INBOX_WORKERS: usize = 2;
/// Courtesies that wait for their turn; what is more is left out: no answer is late for one.
const COURTESIES: usize = 512;

/// What all workers and handlers share.
pub struct Station {
    pub shop: Arc<Shop>,
    pub phone_key: PersonKey,
    pub counters: Counters,
    pub refusals: Refusals,
    pub pulse: Pulse,
    pub ticks: Ticks,
    pub pictures: Pictures,
    pub windows: Windows,
    /// None when no model may be asked.
    pub model: Option<Model>,
    /// None when voice notes are not written down.
    pub ear: Option<Ear>,
    /// Turns in hand, those that wait for a model among them.
    pub turns: TaskTracker,
    pub spans: Spans,
    /// Until the workers take it.
    exporter: Mutex<Option<(Exporter, mpsc::Receiver<Span>)>>,
    courtesies: mpsc::Sender<Courtesy>,
}

impl Station {
    /// Ready to decide. The receiver is for the typing worker; without one, nobody types.
    ///
    /// # Errors
    /// When the database cannot be read, or the settings of the model cannot be used.
    pub async fn new(shop: Arc<Shop>) -> anyhow::Result<(Arc<Self>, mpsc::Receiver<Courtesy>)> {
        let phone_key = PersonKey::of(&shop.store, shop.clock.now()).await?;
        let (courtesies, waiting) = mpsc::channel(COURTESIES);
        let notify = &shop.settings.whatsapp.notify;
        let numbers = notify.comercial.iter().chain(&notify.tecnica).chain(&notify.internal);
        let windows = Windows::of(numbers.map(String::as_str));
        let model = Model::open(&shop).await?;
        let ear = Ear::open(&shop)?;
        let exporter = Exporter::of(&shop.settings.telemetry)?;
        let (spans, exporter) = match exporter {
            Some(exporter) => {
                let (spans, noted) = Spans::open();
                (spans, Some((exporter, noted)))
            }
            None => (Spans::default(), None),
        };
        let station = Self {
            shop,
            phone_key,
            counters: Counters::default(),
            refusals: Refusals::default(),
            pulse: Pulse::default(),
            ticks: Ticks::default(),
            pictures: Pictures::default(),
            windows,
            model,
            ear,
            turns: TaskTracker::new(),
            spans,
            exporter: Mutex::new(exporter),
            courtesies,
        };
        Ok((Arc::new(station), waiting))
    }

    /// Asks for "typing…" or ticks, if there is time for it.
    pub fn courtesy(&self, courtesy: Courtesy) {
        // Full: the customer does without.
        drop(self.courtesies.try_send(courtesy));
    }
}

/// The workers of a serving process.
pub struct Workers {
    token: CancellationToken,
    tasks: TaskTracker,
    /// What the workers began and do not wait for.
    turns: TaskTracker,
    /// The exporter of spans, which is the last to stop.
    exporter: Option<(CancellationToken, JoinHandle<()>)>,
}

impl Workers {
    /// Starts all of them. Without WhatsApp nothing comes in or goes out by itself.
    #[must_use]
    pub fn start(station: &Arc<Station>, wanted: mpsc::Receiver<Courtesy>, token: CancellationToken) -> Self {
        let tasks = TaskTracker::new();
        tasks.spawn(reversal::work(Arc::clone(station), token.clone()));
        tasks.spawn(reminders::work(Arc::clone(station), token.clone()));
        tasks.spawn(ladder::work(Arc::clone(station), token.clone()));
        tasks.spawn(edits::work(Arc::clone(station), token.clone()));
        tasks.spawn(retention::work(Arc::clone(station), token.clone()));
        tasks.spawn(room::work(Arc::clone(station), token.clone()));
        tasks.spawn(retention::empty_log(Arc::clone(station), token.clone()));
        if let Some(client) = station.shop.whatsapp.clone() {
            for _ in 0..INBOX_WORKERS {
                tasks.spawn(inbox::work(Arc::clone(station), token.clone()));
            }
            tasks.spawn(worker::work(Arc::clone(station), client.clone(), token.clone()));
            tasks.spawn(typing::work(Arc::clone(station), client.clone(), wanted, token.clone()));
            tasks.spawn(unheard::work(Arc::clone(station), client.clone(), token.clone()));
            tasks.spawn(sender::work(Arc::clone(station), client, token.clone()));
        }
        tasks.close();
        let exporter = station.exporter.lock().unwrap_or_else(PoisonError::into_inner).take();
        let exporter = exporter.map(|(exporter, noted)| {
            let stop = CancellationToken::new();
            (stop.clone(), tokio::spawn(exporter.work(noted, stop)))
        });
        Self { token, tasks, turns: station.turns.clone(), exporter }
    }

    /// Takes no new work and waits for the work in hand; what does not end in time stays in the database for the next
    /// start.
    pub async fn stop(self, within: Duration) {
        self.token.cancel();
        let ended = async {
            self.tasks.wait().await;
            self.turns.close();
            self.turns.wait().await;
        };
        match tokio::time::timeout(within, ended).await {
            Ok(()) => info!("workers_stopped"),
            Err(_) => warn!(left = self.tasks.len() + self.turns.len(), "workers_left_behind"),
        }
        if let Some((stop, exporting)) = self.exporter {
            stop.cancel();
            drop(tokio::time::timeout(LAST_SPANS, exporting).await);
        }
    }
}
