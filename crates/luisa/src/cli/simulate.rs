//! `luisa simulate`: made-up customers and a fake Meta against a LUISA, and what came of it in figures and plots.

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use indicatif::ProgressBar;
use secrecy::ExposeSecret;

use super::Verdict;
use crate::packs;
use crate::settings::Settings;
use crate::simulation::{self, Plan, Report, Spread, Target, Trouble, page};

/// Let made-up customers write to a LUISA and watch what the fake Meta gets. Without --url one is started for it, on an empty database.
#[derive(Debug, Args)]
pub struct Simulate {
    /// Messages per second; several: one step after the other.
    #[arg(long, value_name = "N,N", value_delimiter = ',', default_value = "100", value_parser = clap::value_parser!(u32).range(1..))]
    rate: Vec<u32>,
    /// How long each step lasts.
    #[arg(long, value_name = "N", default_value_t = 10)]
    seconds: u32,
    /// A running LUISA; more than once: several on one database. Its WHATSAPP_API_BASE_URL must be the address of --meta.
    #[arg(long, value_name = "URL")]
    url: Vec<String>,
    /// Where the fake Meta listens for a running LUISA.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9980")]
    meta: SocketAddr,
    /// What goes wrong on purpose.
    #[arg(long, value_name = "KIND,KIND", value_delimiter = ',')]
    trouble: Vec<Trouble>,
    /// Of a hundred messages, so many meet each of these troubles.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    share: u32,
    /// No statuses come for the answers.
    #[arg(long)]
    no_statuses: bool,
    /// What customers write: a file with a text in each line, or labelled messages (JSONL). Without it: the questions of the pack's checks.
    #[arg(long, value_name = "FILE")]
    texts: Option<PathBuf>,
    /// So long without news, and who still waits was forgotten.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    patience: u64,
    /// The same seed meets the same troubles.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// The program that is started; this one if not given.
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Where the started LUISA keeps its database; a temporary folder if not given.
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Write a page with plots.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

impl Simulate {
    /// Runs the command. The verdict is no when somebody was forgotten, answered twice or in the wrong order.
    ///
    /// # Errors
    /// No LUISA to write to, or one that does not send to the fake Meta.
    pub async fn run(&self, settings: &Settings) -> anyhow::Result<Verdict> {
        let plan = Plan {
            rates: self.rate.clone(),
            step: Duration::from_secs(self.seconds.into()),
            texts: self.texts(settings)?,
            troubles: self.trouble.clone(),
            share: self.share,
            statuses: !self.no_statuses,
            patience: Duration::from_secs(self.patience),
            seed: self.seed,
        };
        // Kept until the end: the database of the started LUISA is in it.
        let temporary = tempfile::tempdir().context("no temporary folder can be made: name one with --folder")?;
        let target = self.target(settings, temporary.path())?;
        // Hidden by itself when standard error is no terminal.
        let bar = ProgressBar::new_spinner();
        let report = simulation::run(&plan, &target, |ledger| bar.set_message(ledger.in_short())).await;
        bar.finish_and_clear();
        let report = report?;
        if let Some(file) = &self.html {
            fs::write(file, page(&report))
                .with_context(|| format!("the page cannot be written to {}", file.display()))?;
        }
        let mut out = std::io::stdout();
        if self.json {
            writeln!(out, "{}", serde_json::to_string(&report)?)?;
        } else {
            write(&mut out, &report)?;
        }
        Ok(if report.is_clean() { Verdict::Done } else { Verdict::No })
    }

    fn target(&self, settings: &Settings, temporary: &Path) -> anyhow::Result<Target> {
        if self.url.is_empty() {
            let this = std::env::current_exe().context("this program has no path: name one with --program")?;
            let program = self.program.clone().unwrap_or(this);
            let folder = self.folder.clone().unwrap_or_else(|| temporary.to_path_buf());
            return Ok(Target::Own { program, folder });
        }
        let whatsapp = &settings.whatsapp;
        let secret = whatsapp.app_secret.as_ref().map(|secret| secret.expose_secret().to_owned());
        let phone_number_id = whatsapp.phone_number_id.clone();
        if phone_number_id.is_empty() {
            bail!("WHATSAPP_PHONE_NUMBER_ID is not set: run this with the settings of the LUISA that it writes to");
        }
        Ok(Target::Running { urls: self.url.clone(), meta: self.meta, phone_number_id, secret })
    }

    fn texts(&self, settings: &Settings) -> anyhow::Result<Vec<String>> {
        let Some(file) = &self.texts else {
            let pack = packs::load(settings.business_dir.as_deref())?.pack;
            let checks = pack.checks.context("the pack has no checks.toml: name texts with --texts")?;
            let faq = checks.faq.into_iter().map(|faq| faq.say);
            return Ok(std::iter::once(checks.greeting.say).chain(faq).collect());
        };
        let text = fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
        let texts: Vec<String> = text.lines().map(said).filter(|line| !line.trim().is_empty()).collect();
        if texts.is_empty() {
            bail!("{} has no texts: write one in each line", file.display());
        }
        Ok(texts)
    }
}

/// The text of a line: of a labelled message, or the line itself.
fn said(line: &str) -> String {
    let labelled: Option<serde_json::Value> = serde_json::from_str(line).ok();
    let text = labelled.as_ref().and_then(|row| row["text"].as_str());
    text.unwrap_or(line).to_owned()
}

fn write(out: &mut impl Write, report: &Report) -> std::io::Result<()> {
    let offered: Vec<String> = report.offered.iter().map(ToString::to_string).collect();
    writeln!(out, "{} messages at {} a second", report.messages, offered.join(", then "))?;
    writeln!(out, "{} answered in {:.1} s: {}/s", report.answered, report.seconds, report.answers_per_second)?;
    writeln!(out, "acknowledgement  {}", spread(&report.ack))?;
    writeln!(out, "answer at Meta   {}", spread(&report.answer))?;
    writeln!(
        out,
        "lost {}, doubled {}, out of order {}, never let in {}; delivered again {}, swallowed by Meta {}",
        report.lost, report.doubled, report.out_of_order, report.refused, report.redelivered, report.hidden
    )?;
    let Some(needs) = &report.needs else { return Ok(()) };
    writeln!(
        out,
        "for each message: {} µs of processor time, {} bytes written, {} bytes on disk; memory {} MB",
        needs.processor_us, needs.written_bytes, needs.disk_bytes, needs.memory_mb
    )
}

fn spread(spread: &Spread) -> String {
    let at = |value: Option<f64>| value.map_or_else(|| "no data".to_owned(), |value| format!("{value:.1} ms"));
    format!("p50 {}, p95 {}, p99 {}, longest {}", at(spread.p50), at(spread.p95), at(spread.p99), at(spread.longest))
}
