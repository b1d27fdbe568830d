//! Statuses on their way back: for every accepted message the webhook hears what became of it.
//!
//! Owns the background task and its bounds. May not decide whether a message is accepted.

use super::record::{Recorded, StatusPost};
use super::refusal::Refusal;
use crate::ledger::Ledger;
use crate::payload::{Person, StatusOf, status};
use crate::webhook::Webhook;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::{Semaphore, mpsc};

/// Which statuses are posted, where and how badly.
#[derive(Clone)]
pub struct AutoStatuses {
    webhook: Webhook,
    steps: Vec<String>,
    shuffle: Option<u64>,
    copies: usize,
    at_once: usize,
    tries: u32,
}

impl AutoStatuses {
    /// For example `&["sent", "delivered", "read"]`; an empty list leaves only the failures of `Behaviour::FailLater`.
    pub fn new(webhook_url: impl Into<String>, secret: Option<&str>, steps: &[&str]) -> Self {
        let steps = steps.iter().map(|step| (*step).to_owned()).collect();
        Self { webhook: Webhook::new(webhook_url, secret), steps, shuffle: None, copies: 1, at_once: 16, tries: 5 }
    }

    /// The statuses of one message arrive in any order.
    #[must_use]
    pub fn shuffled(self, seed: u64) -> Self {
        Self { shuffle: Some(seed), ..self }
    }

    /// Every status arrives twice.
    #[must_use]
    pub fn duplicated(self) -> Self {
        Self { copies: 2, ..self }
    }

    /// How many messages' statuses are posted at the same time (16 unless told).
    #[must_use]
    pub fn at_once(self, messages: usize) -> Self {
        Self { at_once: messages.max(1), ..self }
    }

    /// How often a status is posted before it is given up (5 unless told).
    #[must_use]
    pub fn tries(self, tries: u32) -> Self {
        Self { tries: tries.max(1), ..self }
    }

    fn steps_for(&self, job: &Job, random: &mut StdRng) -> Vec<String> {
        let mut steps: Vec<String> = match &job.failure {
            None => self.steps.clone(),
            // A failure after `sent` is what really happens; without statuses at all there is only the failure.
            Some(_) => self.steps.iter().filter(|step| *step == "sent").cloned().chain(["failed".to_owned()]).collect(),
        };
        if self.copies > 1 {
            steps = steps.iter().flat_map(|step| vec![step.clone(); self.copies]).collect();
        }
        if self.shuffle.is_some() {
            steps.shuffle(random);
        }
        steps
    }
}

/// One message whose fate is to be told.
pub(super) struct Job {
    pub(super) wamid: String,
    pub(super) person: Person,
    pub(super) opaque: Option<String>,
    pub(super) failure: Option<Refusal>,
}

/// Takes jobs without waiting; ends when dropped and everything handed in was posted.
pub(super) struct Postman {
    plan: AutoStatuses,
    random: StdRng,
    round: mpsc::UnboundedSender<(Job, Vec<String>)>,
    ledger: Arc<Ledger<Recorded>>,
}

impl Postman {
    pub(super) fn start(plan: AutoStatuses, ledger: Arc<Ledger<Recorded>>) -> Self {
        let (round, jobs) = mpsc::unbounded_channel();
        tokio::spawn(walk(plan.clone(), jobs, Arc::clone(&ledger)));
        let random = StdRng::seed_from_u64(plan.shuffle.unwrap_or_default());
        Self { plan, random, round, ledger }
    }

    pub(super) fn hand_over(&mut self, job: Job) {
        let steps = self.plan.steps_for(&job, &mut self.random);
        self.ledger.write(|recorded| recorded.statuses_due += steps.len());
        // The receiver lives as long as this sender.
        let _ = self.round.send((job, steps));
    }
}

async fn walk(
    plan: AutoStatuses,
    mut jobs: mpsc::UnboundedReceiver<(Job, Vec<String>)>,
    ledger: Arc<Ledger<Recorded>>,
) {
    let places = Arc::new(Semaphore::new(plan.at_once));
    while let Some((job, steps)) = jobs.recv().await {
        let place = Arc::clone(&places).acquire_owned().await.expect("the semaphore is never closed");
        let (plan, ledger) = (plan.clone(), Arc::clone(&ledger));
        tokio::spawn(async move {
            for step in steps {
                post(&plan, &job, &step, &ledger).await;
            }
            drop(place);
        });
    }
}

async fn post(plan: &AutoStatuses, job: &Job, step: &str, ledger: &Ledger<Recorded>) {
    let mut told = StatusOf::new(&job.wamid, step, unix_now(), &job.person);
    if let Some(opaque) = &job.opaque {
        told = told.opaque(opaque);
    }
    if let (Some(refusal), "failed") = (&job.failure, step) {
        told = told.failed_with(refusal);
    }
    let taken = plan.webhook.post_until_taken(&status(&told), plan.tries).await.is_ok();
    ledger.write(|recorded| {
        recorded.statuses_due -= 1;
        recorded.statuses.push(StatusPost { wamid: job.wamid.clone(), status: step.to_owned(), taken });
    });
}

pub(crate) fn unix_now() -> u64 {
    // A clock before 1970 is no clock worth failing for.
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
