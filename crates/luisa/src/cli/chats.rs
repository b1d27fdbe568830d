//! `luisa chats show`: one chat as text, found by phone or id.
//!
//! Owns how a chat is printed. What customers wrote is shown without the signs that a terminal obeys.

use std::io::Write;

use anyhow::bail;
use clap::{Args, Subcommand};
use luisa_core::memory::Memory;
use luisa_store::{ConversationDetail, ConversationId, Mode, Sender, Store, StoreError};
use serde::Deserialize;
use serde_json::json;

use super::{database, plain};
use crate::cli::Verdict;
use crate::phone;
use crate::settings::Settings;

#[derive(Debug, Subcommand)]
pub enum Chats {
    /// Show what was said in a chat, who leads it and what is known of the customer.
    Show(Show),
}

#[derive(Debug, Args)]
pub struct Show {
    /// The phone number as people write it, or the id of the conversation.
    #[arg(value_name = "PHONE|ID")]
    chat: String,
    /// At most so many of its latest messages.
    #[arg(long, default_value_t = 50)]
    last: u32,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Chats {
    /// Runs the command.
    ///
    /// # Errors
    /// No database, no such chat.
    pub async fn run(&self, settings: &Settings) -> anyhow::Result<Verdict> {
        let Self::Show(show) = self;
        let store = database::open(settings)?;
        let detail = show.found(&store).await?;
        let mut out = std::io::stdout();
        if show.json {
            let chat =
                json!({ "conversation": detail.conversation, "contact": detail.contact, "messages": detail.messages });
            writeln!(out, "{chat}")?;
            return Ok(Verdict::Done);
        }
        write!(out, "{}", text(&detail, settings))?;
        Ok(Verdict::Done)
    }
}

impl Show {
    async fn found(&self, store: &Store) -> anyhow::Result<ConversationDetail> {
        let given = self.chat.trim();
        let of_phone = match phone::international(given) {
            Some(phone) => store.chat_of_phone(&phone).await?,
            None => None,
        };
        let id = of_phone.unwrap_or_else(|| ConversationId::from(given));
        match store.conversation(&id, self.last).await {
            Ok(detail) => Ok(detail),
            Err(StoreError::NotFound) => bail!("no hay ningún chat de {given}"),
            Err(other) => Err(other.into()),
        }
    }
}

fn text(detail: &ConversationDetail, settings: &Settings) -> String {
    let chat = &detail.conversation;
    let zone = &settings.hours.zone;
    let leads = match chat.mode {
        Mode::HumanActive => {
            format!("lo lleva {}", chat.human_by.as_deref().map_or_else(|| "una persona".to_owned(), plain))
        }
        Mode::AiActive => "lo lleva LUISA".to_owned(),
    };
    let mut text = format!("{}  {leads}\n", chat.id);
    if let Some(contact) = &detail.contact {
        let name = contact.address_book_name.as_ref().or(contact.profile_name.as_ref()).map(|name| plain(name));
        let known: Vec<String> = [name, contact.wa_id.clone()].into_iter().flatten().collect();
        text.push_str(&format!("{}\n", known.join("  ")));
    }
    let slots = Memory::deserialize(&chat.memory).map(|memory| memory.slot_values()).unwrap_or_default();
    let slots: Vec<String> =
        slots.iter().map(|(slot, value)| format!("{slot}={}", plain(&value.to_string()))).collect();
    if !slots.is_empty() {
        text.push_str(&format!("{}\n", slots.join("  ")));
    }
    text.push('\n');
    for message in &detail.messages {
        let at = message.created_at.to_zoned(zone.clone()).strftime("%d/%m %H:%M").to_string();
        let who = match message.sender {
            Sender::Customer => "Cliente",
            Sender::Human => "Equipo",
            _ => "LUISA",
        };
        let said = message.text.as_deref().map_or_else(|| format!("({}, sin texto guardado)", message.kind), plain);
        let state = message.error_code.as_ref().map_or_else(String::new, |code| format!("  [no salió: {code}]"));
        text.push_str(&format!("{at}  {who:<8} {said}{state}\n"));
    }
    text
}
