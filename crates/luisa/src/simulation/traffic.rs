//! Customers who write by the clock: a slow service cannot slow them.
//!
//! Owns who writes what when. Each customer writes once, so that each message has an answer of its own. May not judge what comes back.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use luisa_fakes::{Person, Wamids, Webhook, payload};
use serde_json::Value;
use tokio::sync::{Semaphore, mpsc};

use super::Plan;
use super::ledger::{Ack, Ledger};
use super::mischief::{Mischief, Trouble};

/// Webhooks under way; what waits for a place is late by the clock all the same.
const AT_ONCE: usize = 128;
/// Deliveries of one webhook before it is given up, as Meta repeats what is not taken.
const TRIES: u32 = 8;
const BATCH: usize = 12;
const WEEK: u64 = 7 * 24 * 3_600;
/// Every so manieth customer has a telephone number to be seen, as long as there are made-up ones.
const WITH_PHONE: u32 = 5;
const PHONES: u32 = 9_000;
/// The others, apart from those.
const OTHERS: u32 = 1_000_000;

pub(super) struct Traffic {
    steps: Vec<u32>,
    step: Duration,
    texts: Vec<String>,
    phone_number_id: String,
    webhooks: Vec<Webhook>,
    mischief: Mischief,
    wamids: Wamids,
    places: Arc<Semaphore>,
    acks: mpsc::UnboundedSender<Ack>,
    written: u32,
    /// Where this run's customers begin, so that a second run on the same database has others.
    first: u32,
}

impl Traffic {
    pub(super) fn new(
        plan: &Plan,
        reached: super::Reached,
        mischief: Mischief,
        acks: mpsc::UnboundedSender<Ack>,
    ) -> Self {
        Self {
            steps: plan.rates.clone(),
            step: plan.step,
            texts: plan.texts.clone(),
            phone_number_id: reached.phone_number_id,
            webhooks: reached.webhooks,
            mischief,
            wamids: Wamids::new(plan.seed ^ unix_now()),
            places: Arc::new(Semaphore::new(AT_ONCE)),
            acks,
            written: 0,
            first: OTHERS + u32::try_from(unix_now() % 3_600).unwrap_or(0) * 1_000_000,
        }
    }

    /// Webhooks that wait for their 200.
    pub(super) fn under_way(&self) -> usize {
        AT_ONCE - self.places.available_permits()
    }

    /// Lets everybody write whose time has come; true when all have written.
    pub(super) fn write(&mut self, ledger: &mut Ledger, started: Instant) -> bool {
        let now = started.elapsed();
        let mut batch = Vec::new();
        while let Some(due) = self.due(self.written)
            && due <= now
        {
            let n = self.written;
            self.written += 1;
            let who = self.customer(n);
            let body = self.body(ledger, &who, due);
            if self.mischief.strikes(Trouble::Batches) && batch.len() < BATCH {
                batch.push((due, body));
            } else {
                self.post(vec![due], body, started);
            }
        }
        if !batch.is_empty() {
            let (dues, bodies) = batch.into_iter().unzip();
            self.post(dues, payload::batch(bodies), started);
        }
        self.due(self.written).is_none()
    }

    /// When the message of that number is written; none when there is no such message.
    fn due(&self, n: u32) -> Option<Duration> {
        let (mut before, mut begins) = (0, Duration::ZERO);
        for rate in &self.steps {
            let count = (f64::from(*rate) * self.step.as_secs_f64()) as u32;
            if n < before + count {
                return Some(begins + self.step.mul_f64(f64::from(n - before) / f64::from(count)));
            }
            before += count;
            begins += self.step;
        }
        None
    }

    fn customer(&self, n: u32) -> Person {
        let phone = n / WITH_PHONE;
        if n.is_multiple_of(WITH_PHONE) && phone < PHONES {
            return Person::numbered(phone);
        }
        Person::numbered(self.first.wrapping_add(n).max(PHONES))
    }

    fn body(&mut self, ledger: &mut Ledger, who: &Person, due: Duration) -> Value {
        let text = &self.texts[self.written as usize % self.texts.len()];
        let old = self.mischief.strikes(Trouble::WeekOld);
        let age = if old { WEEK } else { 0 };
        let body = message(who, &self.wamids.fresh(), age, text, &self.phone_number_id);
        let echoed = self.mischief.strikes(Trouble::Echoes);
        if old || echoed {
            ledger.wrote_without_claim(who.address());
        } else {
            ledger.wrote(who.address(), due);
        }
        if !echoed {
            return body;
        }
        let echo = payload::echo(who, &self.wamids.fresh(), unix_now(), "Ya le atiendo yo");
        payload::batch(vec![body, payload::addressed_to(echo, &self.phone_number_id, payload::WABA_ID)])
    }

    fn post(&mut self, dues: Vec<Duration>, body: Value, started: Instant) {
        let twice = self.mischief.strikes(Trouble::Duplicates);
        let delay = if self.mischief.strikes(Trouble::Late) { self.mischief.delay() } else { Duration::ZERO };
        let hooks = self.webhooks.len();
        let at = self.written as usize;
        let webhook = self.webhooks[at % hooks].clone();
        let again = twice.then(|| self.webhooks[(at + 1) % hooks].clone());
        let (places, acks) = (Arc::clone(&self.places), self.acks.clone());
        tokio::spawn(async move {
            tokio::time::sleep(delay).await;
            // The semaphore is never closed.
            let Ok(_place) = places.acquire_owned().await else { return };
            let taken = webhook.post_until_taken(&body, TRIES).await;
            let at = started.elapsed();
            let tries = taken.as_ref().ok().copied();
            drop(acks.send(Ack { dues, delay, at, tries }));
            if let Some(again) = again {
                drop(again.post(&body).await);
            }
        });
    }
}

/// A text message as Meta posts it, so many seconds old.
pub(super) fn message(who: &Person, wamid: &str, age: u64, text: &str, phone_number_id: &str) -> Value {
    let body = payload::text(who, wamid, unix_now().saturating_sub(age), text);
    payload::addressed_to(body, phone_number_id, payload::WABA_ID)
}

fn unix_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
