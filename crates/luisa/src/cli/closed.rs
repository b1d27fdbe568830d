//! `luisa closed`: the store's days off beside Sundays and public holidays.

use std::io::Write;

use clap::Args;
use jiff::civil::Date;
use serde_json::json;

use super::database;
use crate::cli::Verdict;
use crate::runtime::clock::Clock;
use crate::settings::Settings;

/// Without a day: which days off there are from today on.
#[derive(Debug, Args)]
pub struct Closed {
    /// The day, as 2026-12-24.
    #[arg(value_name = "DATE")]
    day: Option<Date>,
    /// Why, in the words that a customer may read.
    #[arg(long, requires = "day")]
    reason: Option<String>,
    /// The store opens on that day after all.
    #[arg(long, requires = "day", conflicts_with = "reason")]
    open: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Closed {
    /// Runs the command.
    ///
    /// # Errors
    /// No database.
    pub async fn run(&self, settings: &Settings) -> anyhow::Result<Verdict> {
        let store = database::open(settings)?;
        let now = Clock::Real.now();
        let mut out = std::io::stdout();
        match self.day {
            Some(day) if self.open => {
                let was = store.open_day(day).await?;
                writeln!(out, "{day}: {}", if was { "se abre." } else { "no estaba cerrado." })?;
            }
            Some(day) => {
                store.close_day(now, day, self.reason.as_deref().map(str::trim)).await?;
                writeln!(out, "{day}: cerrado.")?;
            }
            None => {
                let days = store.closed_days(now.to_zoned(settings.hours.zone.clone()).date()).await?;
                if self.json {
                    writeln!(out, "{}", json!(days))?;
                    return Ok(Verdict::Done);
                }
                if days.is_empty() {
                    writeln!(out, "Ningún día cerrado, fuera de domingos y festivos.")?;
                }
                for day in days {
                    writeln!(out, "{}  {}", day.day, day.reason.unwrap_or_default())?;
                }
            }
        }
        Ok(Verdict::Done)
    }
}
