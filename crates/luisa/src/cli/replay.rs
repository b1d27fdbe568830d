//! `luisa replay`: stored messages through today's rules, and what would change.
//!
//! Owns the choice of chats and the form of the result. What is compared is `crate::replay`'s.

use std::io::Write;

use anyhow::bail;
use clap::Args;
use luisa_store::{ConversationId, Store, StoreError};

use super::since::Moment;
use super::traces::span;
use crate::catalog;
use crate::cli::Verdict;
use crate::packs;
use crate::replay::{self, Asked, Report, Texts};
use crate::runtime::turn::core_channel;
use crate::settings::Settings;

/// Longest value in the table; JSON has all of it.
const SHOWN: usize = 60;

/// Decide stored messages again by today's rules, and show every decision that would change: class, intent, handoff,
/// slots, reply. A language model is not asked, and its answers are not compared. Changes nothing.
#[derive(Debug, Args)]
pub struct Replay {
    /// Compare what was decided from then on: a span (24h, 7d), a day (2026-11-01), a moment, or `all`.
    #[arg(long, value_name = "WHEN", default_value = "7d")]
    since: Moment,
    /// Only this chat.
    #[arg(long, value_name = "ID")]
    conversation: Option<String>,
    /// Show the customers' words too.
    #[arg(long)]
    with_texts: bool,
    /// Exit with 1 when something would change.
    #[arg(long)]
    fail_on_change: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Replay {
    /// Runs the command.
    ///
    /// # Errors
    /// A pack or a database that cannot be read.
    pub async fn run(&self, settings: &Settings) -> anyhow::Result<Verdict> {
        let report = self.replayed(settings).await?;
        let mut out = std::io::stdout();
        if self.json {
            writeln!(out, "{}", serde_json::to_string(&report)?)?;
        } else {
            write!(out, "{}", table(&report))?;
        }
        Ok(if self.fail_on_change && !report.changed.is_empty() { Verdict::No } else { Verdict::Done })
    }

    async fn replayed(&self, settings: &Settings) -> anyhow::Result<Report> {
        let path = &settings.database.path;
        if !path.exists() {
            bail!("there is no database at {}: start luisa, run `luisa init-db`, or set DB_PATH", path.display());
        }
        let own = packs::load(settings.business_dir.as_deref())?.pack;
        let store = Store::open(path)?;
        // A database that was never served has no products yet.
        let seeded = !store.catalog_items().await?.is_empty();
        let pack = if seeded { catalog::edited(&store, &own).await?.0 } else { own };
        let since = span(&self.since, None, settings)?.since;
        let texts = if self.with_texts { Texts::Shown } else { Texts::Hidden };
        let chats = match &self.conversation {
            Some(id) => vec![ConversationId::from(id.as_str())],
            None => store.decided_chats(since).await?,
        };
        let mut report = Report::default();
        for id in chats {
            let detail = match store.conversation(&id, 0).await {
                Ok(detail) => detail,
                // Erased on a person's wish: its traces stay, without words and under an id of nobody.
                Err(StoreError::NotFound) if self.conversation.is_none() => {
                    report.erased += 1;
                    continue;
                }
                Err(StoreError::NotFound) => bail!("there is no conversation {id}"),
                Err(other) => return Err(other.into()),
            };
            let policy = settings.policy(core_channel(detail.conversation.channel));
            let past = store.past(&id).await?;
            let before = report.changed.len();
            replay::chat(&pack, &policy, &detail, &past, Asked { since, texts }, &mut report);
            report.changed[before..].iter_mut().for_each(|changed| changed.conversation_id = id.to_string());
        }
        Ok(report)
    }
}

fn table(report: &Report) -> String {
    let Report { conversations, messages, skipped, after_gap, erased, by_model, changed } = report;
    let mut text = String::new();
    let mut rows: Vec<[String; 5]> = Vec::new();
    for one in changed {
        for (what, difference) in &one.changes {
            let at = one.at.strftime("%Y-%m-%d %H:%M:%S").to_string();
            let chat = one.conversation_id.clone();
            rows.push([at, chat, (*what).to_owned(), short(&difference.was), short(&difference.is)]);
        }
        if let Some(said) = &one.text {
            rows.push([String::new(), String::new(), "message".to_owned(), short(said), String::new()]);
        }
    }
    if !rows.is_empty() {
        rows.insert(0, ["when (UTC)", "conversation", "what", "was", "would be"].map(str::to_owned));
        let width = |n: usize| rows.iter().map(|row| row[n].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..4).map(width).collect();
        for row in &rows {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect::<Vec<_>>();
            text.push_str(format!("{}  {}", cells.join("  "), row[4]).trim_end());
            text.push('\n');
        }
        text.push('\n');
    }
    text.push_str(&format!(
        "{messages} messages of {conversations} conversations: {} would be decided otherwise; {skipped} skipped, their content is not kept; \
         {after_gap} after one of those not compared; {erased} conversations were erased; {by_model} answers of a model not \
         compared.\n",
        changed.len()
    ));
    text
}

fn short(text: &str) -> String {
    let line = text.replace('\n', " / ");
    if line.chars().count() <= SHOWN {
        return line;
    }
    line.chars().take(SHOWN - 1).chain(std::iter::once('…')).collect()
}
