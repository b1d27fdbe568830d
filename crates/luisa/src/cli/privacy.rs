//! `luisa privacy`: one person's data, to hand over or to erase.
//!
//! Owns how the person is named and how the operator confirms. What belongs to a person is the store's knowledge.

use std::fs::OpenOptions;
use std::io::{BufRead, IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use luisa_store::{Erasure, PersonData, Store, Who};

use crate::cli::Verdict;
use crate::media::shelf::Shelf;
use crate::phone;
use crate::runtime::clock::Clock;
use crate::settings::Settings;
use crate::telemetry::masked;

/// What must be typed to erase.
const CONFIRMATION: &str = "ERASE";

/// Give one person their data, or erase it, in every table and trace.
#[derive(Debug, Subcommand)]
pub enum Privacy {
    /// Write everything about a person as JSON.
    Export(Export),
    /// Erase everything about a person. Traces stay as figures, without words and without the person.
    Erase(Erase),
}

#[derive(Debug, Args)]
pub struct Export {
    /// The phone number as people write it; or WhatsApp's id of the person, or the id of a conversation.
    #[arg(value_name = "PHONE")]
    person: String,
    /// Write to a file that only this user can read, in place of standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Erase {
    /// The phone number as people write it; or WhatsApp's id of the person, or the id of a conversation.
    #[arg(value_name = "PHONE")]
    person: String,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
    /// Print the receipt as JSON.
    #[arg(long)]
    json: bool,
}

impl Privacy {
    /// Runs the command. The answer is no when nothing is stored about the person.
    ///
    /// # Errors
    /// No database, a file that exists already, an erasure that nobody confirmed.
    pub async fn run(&self, settings: &Settings) -> anyhow::Result<Verdict> {
        let path = &settings.database.path;
        if !path.exists() {
            bail!("there is no database at {}: set DB_PATH to the file that luisa serves", path.display());
        }
        let store = Store::open(path)?;
        match self {
            Self::Export(export) => export.run(&store).await,
            Self::Erase(erase) => erase.run(&store, &Shelf::new(&settings.media.dir)).await,
        }
    }
}

impl Export {
    async fn run(&self, store: &Store) -> anyhow::Result<Verdict> {
        let Some(data) = store.person(Clock::Real.now(), &who(&self.person)).await? else {
            return nothing(&self.person);
        };
        let mut text = serde_json::to_string_pretty(&data)?;
        text.push('\n');
        match &self.out {
            None => std::io::stdout().write_all(text.as_bytes())?,
            Some(file) => {
                write_for_owner(file, &text)?;
                writeln!(std::io::stdout(), "{} has everything: {}.", file.display(), listed(&data))?;
            }
        }
        Ok(Verdict::Done)
    }
}

impl Erase {
    async fn run(&self, store: &Store, shelf: &Shelf) -> anyhow::Result<Verdict> {
        let who = who(&self.person);
        let Some(data) = store.person(Clock::Real.now(), &who).await? else {
            return nothing(&self.person);
        };
        if !self.yes && !confirmed(&self.person, &data)? {
            writeln!(std::io::stderr(), "Nothing was erased.")?;
            return Ok(Verdict::No);
        }
        let Some(erasure) = store.erase(Clock::Real.now(), &who).await? else {
            return nothing(&self.person);
        };
        take_away(store, shelf, &data).await?;
        self.hand_over(&erasure)?;
        store.scrub().await.context(
            "the rows are erased, but remains may be left in the database's files until they are overwritten: \
             end long sqlite3 sessions and copies, then run `sqlite3 DB_PATH 'VACUUM; PRAGMA wal_checkpoint(TRUNCATE);'`",
        )?;
        Ok(Verdict::Done)
    }

    fn hand_over(&self, erasure: &Erasure) -> anyhow::Result<()> {
        let mut out = std::io::stdout();
        if self.json {
            writeln!(out, "{}", serde_json::to_string(erasure)?)?;
            return Ok(());
        }
        writeln!(out, "Erased on {} UTC, receipt {}:", erasure.erased_at.strftime("%Y-%m-%d %H:%M:%S"), erasure.id)?;
        for (table, rows) in &erasure.rows {
            let what = if table == "interaction_traces" { "without words and person" } else { "deleted" };
            writeln!(out, "  {table:<20} {rows:>6} {what}")?;
        }
        if !erasure.mentioned_in.is_empty() {
            writeln!(out, "Others wrote this number in {}; what they wrote stays.", erasure.mentioned_in.join(", "))?;
        }
        writeln!(out, "Copies made before (luisa backup) and exports still hold it: delete them.")?;
        Ok(())
    }
}

/// The files that only this person sent.
async fn take_away(store: &Store, shelf: &Shelf, data: &PersonData) -> anyhow::Result<()> {
    let rows = data.tables.get("media").into_iter().flatten();
    let files: Vec<String> = rows.filter_map(|row| row["sha256"].as_str().map(str::to_owned)).collect();
    let used = store.media_in_use(&files).await?;
    for file in files.iter().filter(|file| !used.contains(*file)) {
        shelf.remove(file).with_context(|| format!("the file {file} is left in MEDIA_DIR: delete it by hand"))?;
    }
    Ok(())
}

fn who(person: &str) -> Who {
    let id = person.trim().to_owned();
    Who { wa_id: phone::international(&id), id }
}

fn nothing(person: &str) -> anyhow::Result<Verdict> {
    writeln!(std::io::stderr(), "Nothing is stored about {}.", masked(person.trim()))?;
    Ok(Verdict::No)
}

fn listed(data: &PersonData) -> String {
    let counts = data.counts();
    counts.iter().map(|(table, rows)| format!("{table} {rows}")).collect::<Vec<_>>().join(", ")
}

fn confirmed(person: &str, data: &PersonData) -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        bail!("nobody can confirm the erasure: add --yes");
    }
    let mut asked = std::io::stderr();
    write!(
        asked,
        "Everything about {} will be erased for ever: {}.\nType {CONFIRMATION} to go on: ",
        masked(person.trim()),
        listed(data)
    )?;
    asked.flush()?;
    let mut typed = String::new();
    std::io::stdin().lock().read_line(&mut typed)?;
    Ok(typed.trim() == CONFIRMATION)
}

fn write_for_owner(file: &Path, text: &str) -> anyhow::Result<()> {
    let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    let mut opened =
        opened.with_context(|| format!("{} cannot be made: choose another name or folder", file.display()))?;
    opened.write_all(text.as_bytes()).with_context(|| format!("{} cannot be written", file.display()))
}
