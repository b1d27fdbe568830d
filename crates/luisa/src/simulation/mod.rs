//! Made-up customers and a fake Meta around a running LUISA: how fast she answers, and whether anybody is forgotten or answered twice.
//!
//! Owns the run: traffic by the clock, what the fake Meta saw, and the end. LUISA is only reached as Meta reaches her; may not look into her
//! database or use her types.

mod traffic;
mod mischief;
mod own;
mod ledger;
mod page;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use luisa_fakes::meta::Account;
use luisa_fakes::{AutoStatuses, FakeMeta, Person, Webhook, payload};
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;

pub use ledger::{Ledger, Report, Second, Spread};
pub use mischief::Trouble;
pub use own::Needs;
pub use page::page;

use mischief::Mischief;
use own::Own;
use traffic::Traffic;

/// How often customers are let write, and what the fake Meta saw is read.
const BEAT: Duration = Duration::from_millis(5);
const LOOK: Duration = Duration::from_millis(100);
/// Statuses of so many messages under way.
const STATUSES_AT_ONCE: usize = 32;
/// The customer of the first message; nobody else has this number.
const FIRST: u32 = u32::MAX;

/// What is to be played.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Messages per second, one step after the other.
    pub rates: Vec<u32>,
    /// How long each step lasts.
    pub step: Duration,
    /// What customers write, in turn.
    pub texts: Vec<String>,
    /// Everything but the text may be asked to go wrong.
    pub troubles: Vec<Trouble>,
    /// Of a hundred messages, so many meet each trouble.
    pub share: u32,
    /// Every answer has its statuses.
    pub statuses: bool,
    /// So long without an answer, and those who wait were forgotten.
    pub patience: Duration,
    pub seed: u64,
}

/// Whom it is played to.
#[derive(Debug, Clone)]
pub enum Target {
    /// A LUISA started for it, from this program, on an empty database in this folder.
    Own { program: PathBuf, folder: PathBuf },
    /// One that runs, or several on one database.
    Running { urls: Vec<String>, meta: SocketAddr, phone_number_id: String, secret: Option<String> },
}

/// Plays it. `told` hears of the ledger now and then.
///
/// # Errors
/// Nobody answers, or not through the fake Meta.
pub async fn run(plan: &Plan, target: &Target, mut told: impl FnMut(&Ledger)) -> anyhow::Result<Report> {
    let (meta, own, reached) = set_up(plan, target).await?;
    let mut ledger = Ledger::default();
    let mischief = Mischief::new(&plan.troubles, plan.share, plan.seed);
    first_answer(&meta, &reached, plan).await?;
    drop(meta.drain());
    let hidden = mischief.at_meta(&meta);
    let before = own.as_ref().map(Own::needs).transpose()?;
    let (acks, mut acknowledged) = mpsc::unbounded_channel();
    let mut traffic = Traffic::new(plan, reached, mischief, acks);
    let started = Instant::now();
    let mut beat = tokio::time::interval(BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut looked = started;
    loop {
        beat.tick().await;
        let over = traffic.write(&mut ledger, started);
        if looked.elapsed() < LOOK {
            continue;
        }
        looked = Instant::now();
        while let Ok(ack) = acknowledged.try_recv() {
            ledger.acknowledged(&ack);
        }
        while let Ok(person) = hidden.try_recv() {
            ledger.hidden(&person);
        }
        for sent in meta.drain().sent {
            let to = sent.recipient.or(sent.to).unwrap_or_default();
            ledger.answered(
                to.trim_start_matches('+'),
                sent.opaque.as_deref(),
                sent.at.saturating_duration_since(started),
            );
        }
        ledger.look(started.elapsed());
        told(&ledger);
        let quiet = started.elapsed().saturating_sub(ledger.last_news());
        if over && (ledger.waiting() == 0 && traffic.under_way() == 0 || quiet > plan.patience) {
            break;
        }
    }
    let needs = own.as_ref().map(Own::needs).transpose()?.zip(before);
    let mut report = ledger.report();
    report.needs = needs.map(|(after, before)| after.since(&before, report.messages));
    report.offered = plan.rates.clone();
    Ok(report)
}

/// Where customers write to.
struct Reached {
    webhooks: Vec<Webhook>,
    phone_number_id: String,
    meta_url: String,
}

async fn set_up(plan: &Plan, target: &Target) -> anyhow::Result<(FakeMeta, Option<Own>, Reached)> {
    let (meta, own, urls, secret) = match target {
        Target::Own { program, folder } => {
            let meta = FakeMeta::start().await;
            let own = Own::start(program, folder, meta.base_url()).await?;
            let urls = vec![own.url.clone()];
            (meta, Some(own), urls, Some(own::SECRET.to_owned()))
        }
        Target::Running { urls, meta, phone_number_id, secret } => {
            let account = Account { phone_number_id: phone_number_id.clone(), ..Account::default() };
            let meta = FakeMeta::start_at(*meta, account).await.with_context(|| {
                format!("the fake Meta cannot listen on {meta}: choose another address with --meta")
            })?;
            (meta, None, urls.clone(), secret.clone())
        }
    };
    let hook = |url: &String| format!("{}/whatsapp/webhook", url.trim_end_matches('/'));
    let webhooks: Vec<Webhook> = urls.iter().map(|url| Webhook::new(hook(url), secret.as_deref())).collect();
    let first = urls.first().context("no LUISA to write to: name one with --url, or none to start one")?;
    if plan.statuses {
        let steps = AutoStatuses::new(hook(first), secret.as_deref(), &["sent", "delivered", "read"]);
        let steps = steps.at_once(STATUSES_AT_ONCE);
        let steps = if plan.troubles.contains(&Trouble::Late) { steps.shuffled(plan.seed) } else { steps };
        meta.auto_statuses(if plan.troubles.contains(&Trouble::Duplicates) { steps.duplicated() } else { steps });
    }
    let phone_number_id = meta.account().phone_number_id.clone();
    let meta_url = meta.base_url().to_owned();
    Ok((meta, own, Reached { webhooks, phone_number_id, meta_url }))
}

/// One message shows that LUISA answers, and that the fake Meta gets it: nobody real may be written to.
async fn first_answer(meta: &FakeMeta, reached: &Reached, plan: &Plan) -> anyhow::Result<()> {
    let who = Person::numbered(FIRST);
    let text = plan.texts.first().context("there is nothing to write: name texts with --texts")?;
    let body = traffic::message(&who, &payload::Wamids::new(plan.seed).fresh(), 0, text, &reached.phone_number_id);
    let webhook = reached.webhooks.first().context("no LUISA to write to")?;
    let taken = webhook.post(&body).await.with_context(|| format!("no LUISA at {}", webhook.url()))?;
    if !taken.is_success() {
        bail!("the webhook {} answered {taken}: the secret must be that of WHATSAPP_APP_SECRET", webhook.url());
    }
    let answered = meta.wait_until(|seen| seen.sent.iter().any(|sent| sent.is_for(who.address())), plan.patience).await;
    if answered.is_err() {
        bail!(
            "LUISA did not answer a first message within {} s at {}: that must be her WHATSAPP_API_BASE_URL, and her service hours open",
            plan.patience.as_secs(),
            reached.meta_url
        );
    }
    Ok(())
}
