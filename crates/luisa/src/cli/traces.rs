//! `luisa traces analyze`: the report on cost, quality, speed and the way of the customers.
//!
//! Owns the reading with its progress bar and where the report goes. What it says is in `analysis`.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use luisa_store::{Span, Store};

use super::report;
use super::since::Moment;
use crate::analysis::page::{self, Cover};
use crate::analysis::{Analysis, Terms, Texts, audit};
use crate::cli::Verdict;
use crate::cli::paint::Paint;
use crate::packs;
use crate::runtime::clock::Clock;
use crate::settings::Settings;

/// The bar moves after so many rows.
const BEAT: u64 = 8192;

/// What the traces tell.
#[derive(Debug, Subcommand)]
pub enum Traces {
    /// Report on cost, quality, speed, the funnel and the hours. No customer's words, names or numbers, unless --with-texts.
    Analyze(Analyze),
}

#[derive(Debug, Args)]
pub struct Analyze {
    /// From when on: a span (24h, 7d), a day (2026-11-01), a moment, or `all`.
    #[arg(long, value_name = "WHEN", default_value = "24h")]
    since: Moment,
    /// Until when; now if not given.
    #[arg(long, value_name = "WHEN")]
    until: Option<Moment>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Write the report as one page for a browser (in Spanish).
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Show messages that were understood with little confidence, with digits masked: customers' words.
    #[arg(long)]
    with_texts: bool,
}

impl Traces {
    /// Runs the command.
    ///
    /// # Errors
    /// No database, or one that cannot be read; a file that cannot be written.
    pub async fn run(&self, settings: &Settings) -> anyhow::Result<Verdict> {
        match self {
            Self::Analyze(analyze) => analyze.run(settings).await,
        }
    }
}

impl Analyze {
    async fn run(&self, settings: &Settings) -> anyhow::Result<Verdict> {
        let texts = if self.with_texts { Texts::Masked } else { Texts::Never };
        let span = span(&self.since, self.until.as_ref(), settings)?;
        let report = read(settings, span, texts).await?.report();
        if let Some(file) = &self.html {
            let pack = packs::load(settings.business_dir.as_deref())?.pack;
            write_page(file, &page::page(&report, Cover { store: &pack.about.name, texts }))?;
        }
        let mut out = std::io::stdout();
        if self.json {
            writeln!(out, "{}", serde_json::to_string(&report)?)?;
        } else if let Some(file) = &self.html {
            writeln!(out, "{} holds the report on {} messages", file.display(), report.messages.total)?;
        } else {
            let paint = Paint::of(&out);
            report::write(&mut out, paint, &report)?;
        }
        Ok(Verdict::Done)
    }
}

/// The span that was asked for.
pub(super) fn span(since: &Moment, until: Option<&Moment>, settings: &Settings) -> anyhow::Result<Span> {
    let (now, zone) = (Clock::Real.now(), &settings.hours.zone);
    let until = until.map(|until| until.resolved(now, zone)).transpose()?.flatten();
    let since = since.resolved(now, zone)?;
    if since.zip(until).is_some_and(|(since, until)| since >= until) {
        bail!("--until is not later than --since: nothing can be between them");
    }
    Ok(Span { since, until })
}

/// Reads the span once. Whoever watches sees how far it is.
pub(super) async fn read(settings: &Settings, span: Span, texts: Texts) -> anyhow::Result<Analysis> {
    let path = &settings.database.path;
    // Opening would make it, and an empty report on a database that nobody serves misleads.
    if !path.exists() {
        bail!("there is no database at {}: start luisa, run `luisa init-db`, or set DB_PATH", path.display());
    }
    let store = Store::open(path)?;
    let terms = Terms { zone: settings.hours.zone.clone(), texts, gate: gate(settings) };
    // Hidden by itself when standard error is no terminal.
    let bar =
        ProgressBar::new(0).with_style(ProgressStyle::with_template("{bar:30} {pos} of {len} traces, {eta} left")?);
    let shown = bar.clone();
    let analysis = store
        .fold_traces(span, (Analysis::new(terms), 0_u64), move |(analysis, seen), row, rows| {
            analysis.take(row);
            *seen += 1;
            if seen.is_multiple_of(BEAT) {
                shown.set_length(rows);
                shown.set_position(*seen);
            }
        })
        .await;
    bar.finish_and_clear();
    Ok(analysis?.0)
}

fn gate(settings: &Settings) -> audit::Gate {
    let openai = &settings.openai;
    audit::Gate {
        input_chars: i64::from(openai.max_input_chars),
        calls_per_conversation: openai.max_calls_per_conversation,
        ttl_hours: i64::from(openai.conversation_ttl_hours),
    }
}

fn write_page(file: &Path, page: &str) -> anyhow::Result<()> {
    fs::write(file, page).with_context(|| {
        format!("the report cannot be written to {}: check that its folder exists and may be written", file.display())
    })
}
