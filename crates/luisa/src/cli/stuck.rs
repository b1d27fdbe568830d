//! `luisa stuck`: what has not left and does not leave by itself, and messages whose turn failed: to see, to send again, to drop.
//!
//! Owns the names under which they are asked for: `o` and the number of a letter, `m` and the place of a message. May not decide which are
//! worth it.

use std::io::Write;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use luisa_store::{MessageId, OutboxId, OutboxRow, ParkedRow, Store};
use serde_json::json;

use crate::cli::Verdict;
use crate::runtime::clock::Clock;
use crate::settings::Settings;

const MOST: u32 = 10_000;

/// What does not leave by itself.
#[derive(Debug, Subcommand)]
pub enum Stuck {
    /// Show what is held, given up, of unknown outcome or parked.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Send again, or let LUISA try again.
    Send(Chosen),
    /// Give up; the record stays.
    Drop(Chosen),
}

/// Which of them.
#[derive(Debug, Args)]
pub struct Chosen {
    /// As `luisa stuck list` names them: o12, m34.
    names: Vec<String>,
    /// All answers and notices that are held.
    #[arg(long)]
    held: bool,
    /// All that were given up.
    #[arg(long)]
    dead: bool,
    /// All messages whose turn failed too often.
    #[arg(long)]
    parked: bool,
}

impl Stuck {
    /// Runs the command.
    ///
    /// # Errors
    /// A name that is none; a database that cannot be used.
    pub async fn run(&self, settings: &Settings) -> anyhow::Result<Verdict> {
        let store = Store::open(&settings.database.path)?;
        let (letters, parked) = (store.stuck(MOST).await?, store.parked(MOST).await?);
        match self {
            Self::List { json } => list(&letters, &parked, *json),
            Self::Send(chosen) => {
                let (letters, parked) = chosen.among(&letters, &parked)?;
                let now = Clock::Real.now();
                let count = store.send_stuck(now, letters).await? + store.retry(now, parked).await?;
                told(count, "will be tried again")
            }
            Self::Drop(chosen) => {
                let (letters, parked) = chosen.among(&letters, &parked)?;
                let count = store.drop_stuck(Clock::Real.now(), letters).await? + store.drop_parked(parked).await?;
                told(count, "dropped")
            }
        }
    }
}

impl Chosen {
    fn among(&self, letters: &[OutboxRow], parked: &[ParkedRow]) -> anyhow::Result<(Vec<OutboxId>, Vec<MessageId>)> {
        if self.names.is_empty() && !(self.held || self.dead || self.parked) {
            bail!("name what is meant (see `luisa stuck list`), or say --held, --dead or --parked");
        }
        let of_state = |row: &&OutboxRow| match row.state.as_str() {
            "held" => self.held,
            "dead" => self.dead,
            _ => false,
        };
        let mut ids: Vec<OutboxId> = letters.iter().filter(of_state).map(|row| row.id).collect();
        let all = parked.iter().filter(|_| self.parked);
        let mut messages: Vec<MessageId> = all.map(|row| row.message_id.clone()).collect();
        for name in &self.names {
            let (kind, number) = name.split_at_checked(1).context("a name is empty")?;
            let number: i64 =
                number.parse().with_context(|| format!("`{name}` is no name: write it as in the list"))?;
            match kind {
                "o" => ids.push(OutboxId(number)),
                "m" => messages.extend(parked.iter().filter(|row| row.seq == number).map(|row| row.message_id.clone())),
                _ => bail!("`{name}` is no name: write it as in the list, for example o12 or m34"),
            }
        }
        Ok((ids, messages))
    }
}

fn list(letters: &[OutboxRow], parked: &[ParkedRow], as_json: bool) -> anyhow::Result<Verdict> {
    let mut out = std::io::stdout();
    if as_json {
        let letters = letters.iter().map(|row| {
            json!({ "name": format!("o{}", row.id), "state": row.state, "purpose": row.purpose, "conversation_id": row.conversation_id,
                "error_code": row.error_code, "error": row.error_text, "created_at": row.created_at })
        });
        let parked = parked.iter().map(|row| {
            json!({ "name": format!("m{}", row.seq), "state": "parked", "conversation_id": row.conversation_id, "error": row.error,
                "created_at": row.received_at })
        });
        let all: Vec<_> = letters.chain(parked).collect();
        writeln!(out, "{}", serde_json::to_string(&all)?)?;
        return Ok(Verdict::Done);
    }
    for row in letters {
        let chat = row.conversation_id.as_ref().map_or("a team", |id| id.as_str());
        let (code, why) = (row.error_code.as_deref().unwrap_or("-"), row.error_text.as_deref().unwrap_or("-"));
        let at = row.created_at.strftime("%Y-%m-%d %H:%M");
        writeln!(
            out,
            "o{:<6} {:<8} {:<8} {at}  {chat}  {code}: {why}",
            row.id.0,
            row.state.as_str(),
            row.purpose.as_str()
        )?;
    }
    for row in parked {
        let at = row.received_at.strftime("%Y-%m-%d %H:%M");
        writeln!(out, "m{:<6} parked   message  {at}  {}  {}", row.seq, row.conversation_id, row.error)?;
    }
    if letters.is_empty() && parked.is_empty() {
        writeln!(out, "nothing is stuck")?;
    }
    Ok(Verdict::Done)
}

fn told(count: usize, what: &str) -> anyhow::Result<Verdict> {
    writeln!(std::io::stdout(), "{count} {what}")?;
    Ok(if count > 0 { Verdict::Done } else { Verdict::No })
}
