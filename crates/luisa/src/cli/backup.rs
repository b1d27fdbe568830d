//! `luisa backup`: a verified copy of the database, and the way back.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use clap::Args;
use luisa_store::{Overwrite, back_up, restore};
use serde::Serialize;

use crate::cli::Verdict;
use crate::runtime::clock::Clock;
use crate::settings::Settings;

/// Copy the configured database into FILE, also while it is served. FILE gets its name when it has been read back and
/// found whole.
///
/// It holds customers' messages and numbers: keep it like the database itself.
#[derive(Debug, Args)]
pub struct Backup {
    /// The copy: one file, readable by this user alone.
    file: PathBuf,
    /// Replace FILE if it exists.
    #[arg(long, conflicts_with = "restore")]
    force: bool,
    /// The other way round: put the copy FILE in the place of the database, which is moved aside. LUISA must be stopped.
    #[arg(long)]
    restore: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Backup {
    /// Runs the command.
    ///
    /// # Errors
    /// No database, a place that cannot be written, a damaged file, a database that is being served (to restore).
    pub fn run(&self, settings: &Settings) -> anyhow::Result<Verdict> {
        if self.restore { self.put_back(settings) } else { self.copy(settings) }
    }

    fn copy(&self, settings: &Settings) -> anyhow::Result<Verdict> {
        let overwrite = if self.force { Overwrite::Replace } else { Overwrite::Never };
        let watched = std::io::stderr().is_terminal();
        let progress = |part: f64| {
            if watched {
                // A line that rewrites itself; whoever does not watch does not get it.
                eprint!("\r{:3.0} % copied", part * 100.0);
            }
        };
        let made = back_up(&settings.database.path, &self.file, overwrite, Clock::Real.now(), progress);
        if watched {
            eprintln!();
        }
        let made = made?;
        let rows: i64 = made.rows.values().sum();
        let kib = made.bytes.div_ceil(1024);
        self.say(&made, &format!("{} is a whole copy: {rows} rows, {kib} KiB, checked.", made.file.display()))
    }

    fn put_back(&self, settings: &Settings) -> anyhow::Result<Verdict> {
        let done = restore(&self.file, &settings.database.path, Clock::Real.now())?;
        let rows: i64 = done.rows.values().sum();
        let mut text = format!("{} is now the copy: {rows} rows, checked.", done.database.display());
        if let Some(aside) = &done.moved_to {
            text.push_str(&format!("\nThe database of before is {}; delete it when all is well.", aside.display()));
        }
        text.push_str("\nWhoever was erased since the copy was made is in it again: erase them again.");
        self.say(&done, &text)
    }

    fn say(&self, report: &impl Serialize, text: &str) -> anyhow::Result<Verdict> {
        let mut out = std::io::stdout();
        if self.json {
            writeln!(out, "{}", serde_json::to_string(report)?)?;
        } else {
            writeln!(out, "{text}")?;
        }
        Ok(Verdict::Done)
    }
}
