//! The whole service: the release binary, customers who write, and the fake Meta that gets the answers.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail};
use luisa_fakes::{FakeMeta, Person, Wamids, Webhook, payload};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::{Bench, histogram, machine, micros, readable, row};

const SECRET: &str = "secret-of-the-benchmark";
/// Webhooks in flight at once while answers per second are measured: what Meta does with a busy number.
const AT_ONCE: usize = 64;
/// Starts of which the median counts.
const STARTS: u32 = 5;
/// Far longer than anything here takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(300);
/// Questions that are always answered, so that answers can be counted.
pub(crate) const QUESTIONS: [&str; 5] = [
    "hola, a c\u{f3}mo la kingter KT-D3?",
    "a que hora abren",
    "busco una industrial para jeans",
    "donde quedan ubicados",
    "manejan fileteadoras?",
];

pub(crate) struct Served {
    pub(crate) child: Child,
    pub(crate) webhook: Webhook,
    pid: u32,
}

/// Measures and reports.
pub(crate) async fn measure(bench: &Bench, messages: Vec<String>) -> anyhow::Result<()> {
    let meta = FakeMeta::start().await;
    let first = first_answers(&meta).await?;
    meta.forget();
    let folder = tempfile::tempdir_in(machine::folder()?)?;
    let mut served = start(folder.path(), meta.base_url(), &[]).await?;
    let idle = served.memory()?;
    steady(bench, &served, &meta, messages).await?;
    meta.forget();
    let before = served.processor_time()?;
    let rate = rush(bench, &served, &meta).await?;
    let spent = (served.processor_time()? - before) / bench.customers;
    let busy = served.memory()?;
    println!("\nanswers per second, end to end, {AT_ONCE} webhooks at once, durable commits: {rate:.0}");
    println!("processor time of luisa per message answered: {}", readable(micros(spent)));
    println!("from the start of the process to the first answer at WhatsApp: {}", readable(micros(first)));
    println!("size of the binary: {:.1} MB", binary()?.metadata()?.len() as f64 / 1e6);
    println!("memory, idle after the start: {idle}; after the load: {busy}");
    served.child.kill().await?;
    Ok(())
}

/// From a machine on which luisa is stopped and has no database yet: she is started, a webhook is posted as soon as she
/// says that she serves, and the fake Meta gets the answer. The median of several starts.
async fn first_answers(meta: &FakeMeta) -> anyhow::Result<Duration> {
    let mut times = Vec::new();
    for n in 0..STARTS {
        let folder = tempfile::tempdir_in(machine::folder()?)?;
        let started = Instant::now();
        let mut served = start(folder.path(), meta.base_url(), &[]).await?;
        let who = Person::numbered(3_000_000 + n);
        let body = payload::text(&who, &Wamids::new(u64::from(n) + 3).fresh(), unix_now(), QUESTIONS[0]);
        let status = served.webhook.post(&body).await?;
        anyhow::ensure!(status.is_success(), "the first webhook was answered {status}");
        meta.wait_until(|seen| seen.sent.iter().any(|sent| sent.is_for(who.address())), PATIENCE).await?;
        let sent = meta.sent().into_iter().find(|sent| sent.is_for(who.address())).context("no first answer")?;
        times.push(sent.at.saturating_duration_since(started));
        served.child.kill().await?;
    }
    times.sort_unstable();
    times.get(times.len() / 2).copied().context("no start was measured")
}

fn binary() -> anyhow::Result<PathBuf> {
    let binary = machine::target()?.join("luisa");
    if !binary.is_file() {
        bail!("{} is not built: run `cargo build --release` first", binary.display());
    }
    Ok(binary)
}

/// The service in a folder, with the settings of the benchmark and these.
pub(crate) async fn start(folder: &Path, meta: &str, more: &[(&str, &str)]) -> anyhow::Result<Served> {
    let binary = binary()?;
    let mut child = Command::new(&binary)
        .arg("serve")
        .env_clear()
        .envs([
            ("WHATSAPP_ENABLED", "true"),
            ("WHATSAPP_ACCESS_TOKEN", "token-of-the-benchmark"),
            ("WHATSAPP_PHONE_NUMBER_ID", payload::PHONE_NUMBER_ID),
            ("WHATSAPP_VERIFY_TOKEN", "word-of-the-benchmark"),
            ("WHATSAPP_APP_SECRET", SECRET),
            ("WHATSAPP_API_BASE_URL", meta),
            ("REPLY_DEBOUNCE_MS", "0"),
            ("LOG_FORMAT", "json"),
            ("PORT", "0"),
            ("DB_PATH", "bench.db"),
        ])
        .envs(more.iter().copied())
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("{} cannot be started", binary.display()))?;
    let stderr = child.stderr.take().context("no log")?;
    let mut log = BufReader::new(stderr).lines();
    let address = loop {
        let line = log.next_line().await?.context("luisa ended before she served")?;
        let event: Value = serde_json::from_str(&line).unwrap_or_default();
        if let Some(address) = event["address"].as_str().filter(|_| event["message"] == "serving") {
            break address.to_owned();
        }
    };
    // Somebody must read the log, or its pipe fills up and luisa waits.
    tokio::spawn(async move { while let Ok(Some(_)) = log.next_line().await {} });
    let pid = child.id().context("luisa has no process")?;
    let webhook = Webhook::new(format!("http://{address}/whatsapp/webhook"), Some(SECRET));
    Ok(Served { child, webhook, pid })
}

impl Served {
    /// In user and system mode, of all threads. It says what a message costs, whatever else runs on the machine.
    fn processor_time(&self) -> anyhow::Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid)).context("no processor figure")?;
        // The program's name, in brackets, may hold blanks; utime and stime are the 12th and 13th field after it.
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        let ticks: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
        // Linux counts in hundredths of a second for programs.
        Ok(Duration::from_millis(ticks * 10))
    }

    fn memory(&self) -> anyhow::Result<String> {
        let kilobytes = machine::field(&format!("/proc/{}/status", self.pid), "VmRSS").context("no memory figure")?;
        let number: f64 = kilobytes.trim_end_matches("kB").trim().parse()?;
        Ok(format!("{:.1} MB", number / 1024.0))
    }
}

/// Webhooks at a steady rate, timed from the moment at which each was due: a slow service cannot slow the clock.
async fn steady(bench: &Bench, served: &Served, meta: &FakeMeta, messages: Vec<String>) -> anyhow::Result<()> {
    let mut wamids = Wamids::new(1);
    let mut beat = tokio::time::interval(Duration::from_secs(1) / bench.rate);
    beat.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut posts = JoinSet::new();
    let mut written = HashMap::new();
    for n in 0..bench.rate * bench.seconds {
        let due = beat.tick().await.into_std();
        let who = Person::numbered(n);
        written.insert(who.address().to_owned(), due);
        let text = &messages[n as usize % messages.len()];
        let body = payload::text(&who, &wamids.fresh(), unix_now(), text);
        let webhook = served.webhook.clone();
        posts.spawn(async move {
            let status = webhook.post(&body).await?;
            anyhow::ensure!(status.is_success(), "a webhook was answered {status}");
            Ok(due.elapsed())
        });
    }
    let mut acknowledged = histogram()?;
    while let Some(post) = posts.join_next().await {
        acknowledged.record(micros(post??))?;
    }
    let rate = bench.rate;
    row(&format!("acknowledgement of a webhook at {rate}/s"), &acknowledged);
    // Personal messages get no answer; the last one that does is followed by a question that always gets one.
    let last = Person::numbered(bench.rate * bench.seconds);
    let body = payload::text(&last, &wamids.fresh(), unix_now(), QUESTIONS[0]);
    served.webhook.post(&body).await?;
    let address = last.address().to_owned();
    meta.wait_until(|seen| seen.sent.iter().rev().any(|sent| sent.is_for(&address)), PATIENCE).await?;
    let mut answered = histogram()?;
    for sent in meta.sent() {
        let to = sent.to.or(sent.recipient).unwrap_or_default();
        if let Some(due) = written.get(&to) {
            answered.record(micros(sent.at.saturating_duration_since(*due)))?;
        }
    }
    row(&format!("answer at WhatsApp, from the webhook, at {rate}/s"), &answered);
    Ok(())
}

/// Answers per second while everybody writes at once: from the first webhook to the last answer.
async fn rush(bench: &Bench, served: &Served, meta: &FakeMeta) -> anyhow::Result<f64> {
    let mut wamids = Wamids::new(2);
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut posts = JoinSet::new();
    let started = Instant::now();
    for n in 0..bench.customers {
        let place = Arc::clone(&places).acquire_owned().await?;
        // Not those of the steady hour: everyone is new, and written to once.
        let who = Person::numbered(1_000_000 + n);
        let text = QUESTIONS[n as usize % QUESTIONS.len()];
        let body = payload::text(&who, &wamids.fresh(), unix_now(), text);
        let webhook = served.webhook.clone();
        posts.spawn(async move {
            let status = webhook.post(&body).await;
            drop(place);
            status
        });
    }
    while let Some(post) = posts.join_next().await {
        let status = post??;
        anyhow::ensure!(status.is_success(), "a webhook was answered {status}");
    }
    let taken = started.elapsed();
    let expected = bench.customers as usize;
    meta.wait_until(|seen| seen.sent.len() >= expected, PATIENCE).await?;
    let took = meta.sent().iter().map(|sent| sent.at).max().map_or(started.elapsed(), |last| last - started);
    let (all, webhooks) = (readable(micros(took)), readable(micros(taken)));
    println!("\n{expected} customers wrote within {webhooks}, the last answer was out after {all}");
    Ok(f64::from(bench.customers) / took.as_secs_f64())
}

pub(crate) fn unix_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}
