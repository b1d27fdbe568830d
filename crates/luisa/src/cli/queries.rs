//! `luisa queries`: what customers ask that nobody has answered, and the answers.
//!
//! Owns the words of the command. An answer goes to the customers who asked, by the same outbox as every reply, and can
//! be kept for all who ask later.

use std::io::Write;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use luisa_store::{Delivery, Outgoing, QueryRow, Store};
use serde_json::json;

use crate::cli::Verdict;
use crate::cli::paint::Paint;
use crate::settings::Settings;
use crate::wire::to_whatsapp::{Addressee, Letter};

/// Questions that LUISA could not answer: list them by count, answer one.
#[derive(Debug, Args)]
pub struct Queries {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// The open questions, those asked most often first.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Answer a question by its number: everybody who asked the same and waits gets the answer.
    Answer {
        /// The number that `list` shows.
        number: i64,
        /// What the customer reads.
        answer: String,
        /// Keep it as a fact: LUISA says it to all who ask later.
        #[arg(long)]
        keep: bool,
        /// Who answers.
        #[arg(long, default_value = "equipo")]
        by: String,
    },
    /// Drop a question that needs no answer.
    Drop {
        /// The number that `list` shows.
        number: i64,
    },
}

/// Most questions of a list.
const LISTED: u32 = 200;

impl Queries {
    /// Runs the command.
    ///
    /// # Errors
    /// No database, a number that is not open, a topic whose answer cannot be kept.
    pub async fn run(&self, settings: &Settings) -> anyhow::Result<Verdict> {
        let path = &settings.database.path;
        if !path.exists() {
            bail!("there is no database at {}: set DB_PATH to the file that luisa serves", path.display());
        }
        let store = Store::open(path)?;
        match &self.what {
            What::List { json } => list(&store, *json).await,
            What::Answer { number, answer, keep, by } => {
                let answer = answer.trim();
                if answer.is_empty() {
                    bail!("the answer is empty; write what the customer shall read");
                }
                self::answer(&store, *number, answer, *keep, by).await
            }
            What::Drop { number } => {
                store.drop_query(Timestamp::now(), *number, "equipo").await.with_context(|| missing(*number))?;
                writeln!(std::io::stdout(), "Pregunta {number} descartada.")?;
                Ok(Verdict::Done)
            }
        }
    }
}

fn missing(number: i64) -> String {
    format!("there is no open question {number}; `luisa queries list` shows those there are")
}

async fn list(store: &Store, json: bool) -> anyhow::Result<Verdict> {
    let rows = store.open_queries(LISTED).await?;
    let mut out = std::io::stdout();
    if json {
        writeln!(out, "{}", serde_json::to_string(&rows)?)?;
        return Ok(Verdict::Done);
    }
    let paint = Paint::of(&out);
    if rows.is_empty() {
        writeln!(out, "No hay preguntas sin responder.")?;
    }
    for row in rows {
        let times = if row.asked == 1 { "1 vez".to_owned() } else { format!("{} veces", row.asked) };
        writeln!(out, "{}  {}  ({times}, {})", paint.bold(&format!("{:>5}", row.latest_id)), row.name, row.team)?;
    }
    Ok(Verdict::Done)
}

async fn answer(store: &Store, number: i64, answer: &str, keep: bool, by: &str) -> anyhow::Result<Verdict> {
    let now = Timestamp::now();
    let same = store.same_queries(number).await.with_context(|| missing(number))?;
    let first = same.first().with_context(|| missing(number))?;
    if keep {
        let Some(topic) = &first.topic else {
            bail!("question {number} is of no topic, so its answer cannot be kept; answer it without --keep");
        };
        let key = luisa_core::answers::source::kept_key(topic, first.item_id.as_deref());
        store.edit_fact(now, &key, Some(answer), by).await?;
    }
    let mut sent = 0;
    for row in &same {
        let letter = letter(store, row, answer, now).await?;
        sent += usize::from(letter.is_some());
        store.answer_query(now, row.id, answer, by, letter).await?;
    }
    writeln!(std::io::stdout(), "{} preguntas respondidas, {sent} por WhatsApp.", same.len())?;
    Ok(Verdict::Done)
}

// The answer as the customer reads it; none for a chat that nobody can write to.
async fn letter(store: &Store, row: &QueryRow, answer: &str, now: Timestamp) -> anyhow::Result<Option<Outgoing>> {
    let chat = store.conversation(&row.conversation_id, 1).await?;
    let Some(to) = chat.contact.as_ref().and_then(Addressee::of) else { return Ok(None) };
    let reply = luisa_core::outcome::Reply { text: answer.to_owned(), ..Default::default() };
    let letter = Letter::Reply { reply, list_label: String::new(), mark_read: None };
    Ok(Some(Outgoing {
        kind: "text".to_owned(),
        text: Some(answer.to_owned()),
        payload: json!(letter),
        reply_to: None,
        delivery: Delivery::Queue { recipient: json!(to), due_at: now },
    }))
}
