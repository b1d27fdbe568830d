//! Answers of the rules while a language model lets many customers wait: they must come as fast as without it.

use std::collections::HashMap;
use std::time::Duration;

use hdrhistogram::Histogram;
use luisa_fakes::openai::Answer;
use luisa_fakes::{FakeMeta, FakeOpenAi, Person, Wamids, payload};
use tokio::time::MissedTickBehavior;

use crate::served::{self, PATIENCE, QUESTIONS, Served, unix_now};
use crate::{histogram, machine, micros, row};

/// Customers who wait for the model.
const CALLS: usize = 50;
/// Questions per second, far from what the service can do: what is measured is waiting, not load.
const RATE: u32 = 100;
/// Well within the model's deadline, so that all of them hang all the time.
const SECONDS: u32 = 10;
const DEADLINE_SECONDS: &str = "20";
/// What the rules serve badly.
const CONSULT: &str = "a cu\u{e1}ntas puntadas por minuto trabaja la KT-D3 y cu\u{e1}nto pesa";

/// Measures without and with the calls, and reports both.
pub(crate) async fn measure() -> anyhow::Result<()> {
    let (meta, openai) = (FakeMeta::start().await, FakeOpenAi::start().await);
    openai.script(|_| Answer::Hang(None));
    let folder = tempfile::tempdir_in(machine::folder()?)?;
    let settings = [
        ("OPENAI_ENABLED", "true"),
        ("OPENAI_API_KEY", "key-of-the-benchmark"),
        ("OPENAI_BASE_URL", openai.base_url()),
        ("OPENAI_TIMEOUT_SECONDS", DEADLINE_SECONDS),
    ];
    let mut served = served::start(folder.path(), meta.base_url(), &settings).await?;
    println!("\n| answers of the rules at {RATE}/s | p50 | p99 | longest | of |\n| --- | --- | --- | --- | --- |");
    let alone = answers(&served, &meta, 0).await?;
    row("no call to the model", &alone);
    let mut wamids = Wamids::new(3);
    for n in 0..CALLS {
        let who = Person::numbered(2_000_000 + u32::try_from(n)?);
        let status = served.webhook.post(&payload::text(&who, &wamids.fresh(), unix_now(), CONSULT)).await?;
        anyhow::ensure!(status.is_success(), "a webhook was answered {status}");
    }
    openai.wait_for_requests(CALLS, PATIENCE).await?;
    let beside = answers(&served, &meta, 1).await?;
    row(&format!("{CALLS} calls hanging"), &beside);
    let ratio = beside.value_at_quantile(0.99) as f64 / alone.value_at_quantile(0.99).max(1) as f64;
    println!("\n99th percentile with {CALLS} calls hanging, against none: {ratio:.2} times");
    served.child.kill().await?;
    Ok(())
}

/// From the moment at which each question was due to its answer at WhatsApp.
async fn answers(served: &Served, meta: &FakeMeta, round: u32) -> anyhow::Result<Histogram<u64>> {
    meta.forget();
    let mut wamids = Wamids::new(10 + u64::from(round));
    let mut beat = tokio::time::interval(Duration::from_secs(1) / RATE);
    beat.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut posts = tokio::task::JoinSet::new();
    let mut written = HashMap::new();
    let count = RATE * SECONDS;
    for n in 0..count {
        let due = beat.tick().await.into_std();
        let who = Person::numbered(3_000_000 + round * count + n);
        written.insert(who.address().to_owned(), due);
        let text = QUESTIONS[n as usize % QUESTIONS.len()];
        let body = payload::text(&who, &wamids.fresh(), unix_now(), text);
        let webhook = served.webhook.clone();
        posts.spawn(async move { webhook.post(&body).await });
    }
    while let Some(post) = posts.join_next().await {
        let status = post??;
        anyhow::ensure!(status.is_success(), "a webhook was answered {status}");
    }
    meta.wait_until(|seen| seen.sent.len() >= count as usize, PATIENCE).await?;
    let mut times = histogram()?;
    for sent in meta.sent() {
        let to = sent.to.or(sent.recipient).unwrap_or_default();
        if let Some(due) = written.get(&to) {
            times.record(micros(sent.at.saturating_duration_since(*due)))?;
        }
    }
    Ok(times)
}
