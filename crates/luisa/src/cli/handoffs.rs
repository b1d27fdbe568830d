//! `luisa handoffs`: who waits for a person, and the end of it.
//!
//! Owns the list's words, for the team. The states are the store's.

use std::io::Write;

use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp, ToSpan};
use luisa_store::{ContactRow, HandoffId, HandoffRow, HandoffStatus, Store};
use serde_json::json;

use super::{database, plain};
use crate::cli::Verdict;
use crate::runtime::clock::Clock;
use crate::settings::Settings;

#[derive(Debug, Subcommand)]
pub enum Handoffs {
    /// Who waits for a person, the most urgent first, with the phone to call.
    List(Listing),
    /// Take a handoff and its chat: LUISA leaves it to you until HUMAN_TTL_HOURS have passed.
    Take(Take),
    /// Say that a handoff is done; who leads the chat stays as it is.
    Close(One),
    /// Give the chat of a handoff back to LUISA; the handoff is done.
    GiveBack(One),
}

#[derive(Debug, Args)]
pub struct Listing {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct Take {
    /// The number of the handoff, as `luisa handoffs list` shows it.
    id: i64,
    /// Who takes it.
    #[arg(long, default_value = "equipo")]
    by: String,
}

#[derive(Debug, Args)]
pub struct One {
    /// The number of the handoff, as `luisa handoffs list` shows it.
    id: i64,
}

impl Handoffs {
    /// Runs the command.
    ///
    /// # Errors
    /// No database, no such handoff, one that somebody else has.
    pub async fn run(&self, settings: &Settings) -> anyhow::Result<Verdict> {
        let store = database::open(settings)?;
        let now = Clock::Real.now();
        match self {
            Self::List(listing) => return listing.run(&store, now).await,
            Self::Take(take) => {
                let id = HandoffId(take.id);
                let handoff = found(&store, id).await?;
                store.take_handoff(now, id, &take.by).await?;
                let until = now.saturating_add(settings.shadow.human_ttl_hours.hours()).ok();
                store.take_over(now, &handoff.conversation_id, &take.by, until).await?;
                say(&format!("{id}: lo tiene {}. LUISA no vende en ese chat mientras tanto.", take.by))?;
            }
            Self::Close(one) => {
                let id = HandoffId(one.id);
                found(&store, id).await?;
                store.close_handoff(now, id).await?;
                say(&format!("{id}: cerrado."))?;
            }
            Self::GiveBack(one) => {
                let handoff = found(&store, HandoffId(one.id)).await?;
                store.give_back(now, &handoff.conversation_id).await?;
                say(&format!("{}: cerrado; LUISA vuelve a atender ese chat.", one.id))?;
            }
        }
        Ok(Verdict::Done)
    }
}

async fn found(store: &Store, id: HandoffId) -> anyhow::Result<HandoffRow> {
    store.handoff(id).await.map_err(|error| match error {
        luisa_store::StoreError::NotFound => anyhow::anyhow!("no hay un caso {id}; mire `luisa handoffs list`"),
        other => other.into(),
    })
}

fn say(text: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{text}")?;
    Ok(())
}

impl Listing {
    async fn run(&self, store: &Store, now: Timestamp) -> anyhow::Result<Verdict> {
        let mut rows = Vec::new();
        for handoff in store.open_handoffs().await? {
            let contact = store.conversation(&handoff.conversation_id, 0).await.ok().and_then(|chat| chat.contact);
            rows.push((handoff, contact));
        }
        let mut out = std::io::stdout();
        if self.json {
            let rows = rows.iter().map(|(handoff, contact)| json!({ "handoff": handoff, "contact": contact }));
            writeln!(out, "{}", serde_json::to_string(&rows.collect::<Vec<_>>())?)?;
            return Ok(Verdict::Done);
        }
        if rows.is_empty() {
            writeln!(out, "Nadie espera.")?;
        }
        for (handoff, contact) in &rows {
            write!(out, "{}", text(handoff, contact.as_ref(), now))?;
        }
        Ok(Verdict::Done)
    }
}

fn text(handoff: &HandoffRow, contact: Option<&ContactRow>, now: Timestamp) -> String {
    let HandoffRow { id, team, priority, reason, summary, status, .. } = handoff;
    let waits = waited(now.duration_since(handoff.created_at));
    let state = match (status, &handoff.taken_by) {
        (HandoffStatus::Taken, Some(by)) => format!("lo tiene {}", plain(by)),
        _ => "nadie lo tiene".to_owned(),
    };
    let name = contact.and_then(|c| c.address_book_name.as_ref().or(c.profile_name.as_ref())).map(|name| plain(name));
    let phone = contact.and_then(|contact| contact.wa_id.as_ref()).map(|phone| format!("https://wa.me/{phone}"));
    let who: Vec<String> = [name, phone].into_iter().flatten().collect();
    let who = if who.is_empty() { handoff.conversation_id.to_string() } else { who.join("  ") };
    let summary: String = summary.lines().map(|line| format!("    {}\n", plain(line))).collect();
    format!("{id}  {priority}  {team}  {reason}  hace {waits}  {state}\n    {who}\n{summary}")
}

fn waited(time: SignedDuration) -> String {
    match time.as_mins() {
        minutes @ ..60 => format!("{} min", minutes.max(0)),
        minutes @ 60..2_880 => format!("{} h", minutes / 60),
        minutes => format!("{} días", minutes / 1_440),
    }
}
