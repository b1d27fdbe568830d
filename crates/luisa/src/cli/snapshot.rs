//! `luisa ops snapshot`: the last 60 minutes in figures, read from the configured database.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use anyhow::bail;
use clap::Args;
use luisa_store::Store;

use crate::cli::Verdict;
use crate::cli::paint::Paint;
use crate::runtime::clock::Clock;
use crate::settings::Settings;

/// The figures of the last 60 minutes: messages, shares in per cent, errors, and the decision's time.
#[derive(Debug, Args)]
pub struct Snapshot {
    /// Print JSON, one object per snapshot.
    #[arg(long)]
    json: bool,
    /// Go on until Ctrl-C.
    #[arg(long)]
    watch: bool,
    /// Seconds between snapshots of --watch.
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3600))]
    every: u64,
}

impl Snapshot {
    /// Runs the command.
    ///
    /// # Errors
    /// No database, or one that cannot be read.
    pub async fn run(&self, settings: &Settings) -> anyhow::Result<Verdict> {
        let path = &settings.database.path;
        // Opening would make it, and an empty snapshot of a database that nobody serves misleads.
        if !path.exists() {
            bail!("there is no database at {}: start luisa, run `luisa init-db`, or set DB_PATH", path.display());
        }
        let store = Store::open(path)?;
        if !self.watch {
            self.show(&store).await?;
            return Ok(Verdict::Done);
        }
        let mut beat = tokio::time::interval(Duration::from_secs(self.every));
        loop {
            tokio::select! {
                _ = beat.tick() => self.show(&store).await?,
                stop = tokio::signal::ctrl_c() => {
                    stop?;
                    return Ok(Verdict::Done);
                }
            }
        }
    }

    async fn show(&self, store: &Store) -> anyhow::Result<()> {
        let now = Clock::Real.now();
        let figures = store.snapshot(now).await?;
        let mut out = std::io::stdout();
        if self.json {
            writeln!(out, "{}", serde_json::to_string(&figures)?)?;
            return Ok(());
        }
        if self.watch && out.is_terminal() {
            // Clear the screen and begin at its top.
            write!(out, "\u{1b}[2J\u{1b}[H")?;
        }
        let paint = Paint::of(&out);
        let rows = [
            ("messages", figures.total_msgs_60m.to_string()),
            ("personal", percent(figures.pct_personal)),
            ("handed to a person", percent(figures.pct_handoff)),
            ("asked of the model", percent(figures.pct_openai)),
            ("errors", figures.errores_count.to_string()),
            ("decision time, p95", figures.p95_latency_ms.map_or_else(none, |ms| format!("{ms:.2} ms"))),
            ("notices not delivered", figures.undelivered_notices_60m.to_string()),
        ];
        writeln!(out, "{}", paint.dim(&format!("last 60 minutes, at {} UTC", now.strftime("%Y-%m-%d %H:%M:%S"))))?;
        for (name, value) in rows {
            let value = format!("{value:>10}");
            let bad = matches!(name, "errors" | "notices not delivered") && value.trim() != "0";
            writeln!(out, "{name:<22}{}", if bad { paint.warn(&value) } else { value })?;
        }
        Ok(())
    }
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(none, |share| format!("{share:.2} %"))
}

fn none() -> String {
    "-".to_owned()
}
