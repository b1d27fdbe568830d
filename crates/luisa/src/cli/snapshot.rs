//! `luisa ops snapshot`: the last 60 minutes and the present in figures, read from the configured database.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use anyhow::bail;
use clap::Args;
use luisa_store::Store;

use crate::cli::Verdict;
use crate::cli::paint::Paint;
use crate::figures::Figures;
use crate::runtime::clock::Clock;
use crate::settings::Settings;

/// The last 60 minutes in figures, and what waits now: messages, handoffs, sends, the model's cost, backup and disk.
/// "no data" is not zero: it says that nothing was there to be counted.
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
            self.show(&store, settings).await?;
            return Ok(Verdict::Done);
        }
        let mut beat = tokio::time::interval(Duration::from_secs(self.every));
        loop {
            tokio::select! {
                _ = beat.tick() => self.show(&store, settings).await?,
                stop = tokio::signal::ctrl_c() => {
                    stop?;
                    return Ok(Verdict::Done);
                }
            }
        }
    }

    async fn show(&self, store: &Store, settings: &Settings) -> anyhow::Result<()> {
        let figures = Figures::of(store, &settings.hours.zone, Clock::Real.now()).await?;
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
        let time = figures.at.to_zoned(settings.hours.zone.clone()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string();
        write!(out, "{}", table(&figures, &time, paint))?;
        Ok(())
    }
}

/// A line of the table.
struct Line {
    name: &'static str,
    value: String,
    /// Somebody should look at it.
    bad: bool,
}

fn table(figures: &Figures, time: &str, paint: Paint) -> String {
    let mut text = String::new();
    for (title, lines) in [("last 60 minutes", hour(figures)), ("now", present(figures)), ("today", today(figures))] {
        let title = if title == "now" { format!("now, {time}") } else { title.to_owned() };
        text.push_str(&paint.dim(&title));
        text.push('\n');
        for Line { name, value, bad } in lines {
            let value = if bad { paint.warn(&value) } else { value };
            text.push_str(&format!("  {name:<26}{value}\n"));
        }
    }
    text
}

// tidy: table
fn hour(figures: &Figures) -> Vec<Line> {
    let s = &figures.snapshot;
    let failures = s.send_failures_60m.iter().map(|(code, count)| format!("{code}: {count}")).collect::<Vec<_>>();
    let failed = if failures.is_empty() { "0".to_owned() } else { failures.join(", ") };
    vec![
        fine("messages", s.total_msgs_60m.to_string()),
        fine("personal", percent(s.pct_personal)),
        fine("handed to a person", percent(s.pct_handoff)),
        fine("asked of the model", percent(s.pct_openai)),
        fine("questions from the cache", percent(s.pct_cache_hit)),
        zero("errors", s.errores_count),
        fine("decision time, p95", s.p95_latency_ms.map_or_else(no_data, |ms| format!("{ms:.2} ms"))),
        Line { name: "failed sends, by code", value: failed, bad: !failures.is_empty() },
        zero("notices not delivered", s.undelivered_notices_60m),
    ]
}

// tidy: table
fn present(figures: &Figures) -> Vec<Line> {
    let s = &figures.snapshot;
    let modes = s.modes.iter().map(|(mode, count)| format!("{count} {mode}")).collect::<Vec<_>>().join(", ");
    let backup = s.last_backup_age_s.map_or_else(|| "never".to_owned(), |age| format!("{} ago", span(age)));
    vec![
        fine("messages unanswered", waiting(s.unanswered_msgs, s.oldest_unanswered_s)),
        zero("messages parked", s.parked_msgs),
        fine("messages to be sent", waiting(s.unsent_msgs, s.oldest_unsent_s)),
        zero("dead letters", s.dead_letters),
        zero("sends of unknown outcome", s.unknown_sends),
        zero("sends held back", s.held_sends),
        fine("handoffs open", waiting(s.handoffs_open, s.longest_handoff_wait_s)),
        fine("chats", modes),
        Line { name: "last backup", value: backup, bad: s.last_backup_age_s.is_none() },
        fine("database", bytes(figures.database_bytes)),
        fine("free on its disk", bytes(figures.disk_free_bytes)),
    ]
}

fn today(figures: &Figures) -> Vec<Line> {
    let model = &figures.model;
    vec![
        fine("asked of the model", model.model_calls_today.to_string()),
        fine("spent on them", model.model_spend_today_usd.map_or_else(no_data, |usd| format!("US$ {usd:.4}"))),
    ]
}

fn fine(name: &'static str, value: String) -> Line {
    Line { name, value, bad: false }
}

/// What should be zero.
fn zero(name: &'static str, value: i64) -> Line {
    Line { name, value: value.to_string(), bad: value != 0 }
}

fn waiting(count: i64, oldest: Option<i64>) -> String {
    match oldest {
        Some(seconds) => format!("{count}, the oldest for {}", span(seconds)),
        None => count.to_string(),
    }
}

/// As a person says it: the two largest units are enough.
fn span(seconds: i64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, ..) => format!("{hours} h {} min", minutes % 60),
        (1.., ..) => format!("{days} d {} h", hours % 24),
        (..0, ..) => "0 s".to_owned(),
    }
}

fn bytes(count: Option<u64>) -> String {
    count.map_or_else(no_data, |count| {
        let megabytes = count as f64 / 1e6;
        if megabytes < 1_000.0 { format!("{megabytes:.1} MB") } else { format!("{:.1} GB", megabytes / 1e3) }
    })
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(no_data, |share| format!("{share:.2} %"))
}

fn no_data() -> String {
    "no data".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_said_in_its_two_largest_units() {
        let said = [0, 59, 60, 3_599, 3_600, 7_384, 86_400, 273_000].map(span);
        assert_eq!(said, ["0 s", "59 s", "1 min", "59 min", "1 h 0 min", "2 h 3 min", "1 d 0 h", "3 d 3 h"]);
    }

    #[test]
    fn what_is_not_known_is_not_zero() {
        assert_eq!((percent(None), percent(Some(0.0))), ("no data".to_owned(), "0.00 %".to_owned()));
        assert_eq!((bytes(None), bytes(Some(0))), ("no data".to_owned(), "0.0 MB".to_owned()));
        assert_eq!(bytes(Some(12_345_678_901)), "12.3 GB");
    }
}
