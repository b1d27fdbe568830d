//! `luisa costs`: what the model cost per day, intent and conversation, and what the rules saved.

use std::io::Write;

use clap::Args;
use luisa_store::Store;

use super::ledger::Ledger;
use super::report;
use super::since::Moment;
use super::traces::{read, span};
use crate::analysis::Texts;
use crate::cli::Verdict;
use crate::cli::paint::Paint;
use crate::settings::Settings;

/// What the model cost, and what the answers of the rules saved, at the prices noted with each call.
#[derive(Debug, Args)]
pub struct Costs {
    /// From when on: a span (24h, 30d), a day (2026-11-01), a moment, or `all`.
    #[arg(long, value_name = "WHEN", default_value = "30d")]
    since: Moment,
    /// Until when; now if not given.
    #[arg(long, value_name = "WHEN")]
    until: Option<Moment>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Costs {
    /// Runs the command.
    ///
    /// # Errors
    /// No database, or one that cannot be read.
    pub async fn run(&self, settings: &Settings) -> anyhow::Result<Verdict> {
        let span = span(&self.since, self.until.as_ref(), settings)?;
        let cost = read(settings, span, Texts::Never).await?.cost();
        let ledger = Ledger::read(&Store::open(&settings.database.path)?, span).await?;
        let mut out = std::io::stdout();
        if self.json {
            let mut json = serde_json::to_value(&cost)?;
            json["beside_the_model"] = serde_json::to_value(&ledger)?;
            writeln!(out, "{json}")?;
        } else {
            let paint = Paint::of(&out);
            report::cost(&mut out, paint, &cost, usize::MAX)?;
            ledger.write(&mut out)?;
        }
        Ok(Verdict::Done)
    }
}
