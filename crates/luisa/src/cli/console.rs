//! `luisa console`: who may use the console, from the server's own shell.
//!
//! Owns the first way in: there is no default password, but a one-time link that somebody with the server makes.

use std::io::Write;

use anyhow::bail;
use clap::{Args, Subcommand, ValueEnum};
use luisa_store::{Invitation, Role, Store};
use serde_json::json;

use crate::cli::Verdict;
use crate::http::console::{INVITATION_KEPT, Token, handle_of};
use crate::runtime::clock::Clock;
use crate::settings::Settings;

#[derive(Debug, Subcommand)]
pub enum Console {
    /// Make a one-time link by which NAME sets a password: a new user, or a known one who forgot it.
    Invite(Invite),
    /// Who may use the console.
    Users(Listing),
    /// Which browsers are in; with --end, end one.
    Sessions(Sessions),
    /// What people said was wrong, as labelled messages (JSONL), for the corpus.
    Corrections,
}

#[derive(Debug, Args)]
pub struct Invite {
    name: String,
    /// duena: everything; equipo: chats and catalog; taller: chats; lectura: look only.
    #[arg(long, value_enum)]
    role: RoleName,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct Listing {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct Sessions {
    /// End the session with this number.
    #[arg(long, value_name = "NUMBER")]
    end: Option<i64>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// The roles as they are typed.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum RoleName {
    Duena,
    Equipo,
    Taller,
    Lectura,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Duena => Self::Owner,
            RoleName::Equipo => Self::Team,
            RoleName::Taller => Self::Workshop,
            RoleName::Lectura => Self::Reader,
        }
    }
}

impl Console {
    /// Runs the command.
    ///
    /// # Errors
    /// No database, or one that cannot be used.
    pub async fn run(&self, settings: &Settings) -> anyhow::Result<Verdict> {
        let path = &settings.database.path;
        if !path.exists() {
            bail!(
                "there is no database at {}: set DB_PATH to the file that luisa serves, or run luisa init-db",
                path.display()
            );
        }
        let store = Store::open(path)?;
        match self {
            Self::Invite(invite) => invite.run(&store).await,
            Self::Users(listing) => listing.run(&store).await,
            Self::Sessions(sessions) => sessions.run(&store).await,
            Self::Corrections => corrections(&store).await,
        }
    }
}

impl Invite {
    async fn run(&self, store: &Store) -> anyhow::Result<Verdict> {
        let name = self.name.split_whitespace().collect::<Vec<_>>().join(" ");
        let handle = handle_of(&name);
        if handle.is_empty() || name.chars().count() > 40 {
            bail!("`{name}` is no name for a user: give one of 1 to 40 letters");
        }
        let now = Clock::Real.now();
        let token = Token::fresh();
        let invitation = Invitation {
            token_hash: token.hash(),
            name: name.clone(),
            handle,
            role: self.role.into(),
            made_by: "luisa console".to_owned(),
            ends_at: now.saturating_add(INVITATION_KEPT)?,
        };
        store.invite(now, invitation).await?;
        let path = format!("/console/invitacion/{}", token.text());
        let mut out = std::io::stdout();
        if self.json {
            writeln!(out, "{}", json!({ "name": name, "path": path }))?;
        } else {
            writeln!(
                out,
                "Open this once, within three days, at the address where LUISA is reached (https://…):\n{path}"
            )?;
        }
        Ok(Verdict::Done)
    }
}

impl Listing {
    async fn run(&self, store: &Store) -> anyhow::Result<Verdict> {
        let users = store.users().await?;
        let mut out = std::io::stdout();
        if self.json {
            writeln!(out, "{}", serde_json::to_string(&users)?)?;
            return Ok(Verdict::Done);
        }
        if users.is_empty() {
            writeln!(out, "Nobody yet: luisa console invite NAME --role duena")?;
        }
        for user in users {
            let shut_out = if user.disabled_at.is_some() { " (shut out)" } else { "" };
            writeln!(out, "{}  {}{shut_out}", user.name, user.role)?;
        }
        Ok(Verdict::Done)
    }
}

impl Sessions {
    async fn run(&self, store: &Store) -> anyhow::Result<Verdict> {
        let now = Clock::Real.now();
        let sessions = store.sessions(now).await?;
        let mut out = std::io::stdout();
        if let Some(id) = self.end {
            if !sessions.iter().any(|session| session.id == id) {
                writeln!(out, "There is no session {id}.")?;
                return Ok(Verdict::No);
            }
            store.end_session(now, id, "luisa console").await?;
            writeln!(out, "Session {id} has ended.")?;
            return Ok(Verdict::Done);
        }
        if self.json {
            writeln!(out, "{}", serde_json::to_string(&sessions)?)?;
            return Ok(Verdict::Done);
        }
        if sessions.is_empty() {
            writeln!(out, "No browser is in.")?;
        }
        for session in sessions {
            let seen = session.seen_at.strftime("%Y-%m-%d %H:%M UTC");
            writeln!(out, "{}  {}  {}  last seen {seen}", session.id, session.user_name, session.device)?;
        }
        Ok(Verdict::Done)
    }
}

/// Messages as the corpus has them; what should have been said stands beside.
async fn corrections(store: &Store) -> anyhow::Result<Verdict> {
    let mut out = std::io::stdout();
    let mut after = 0;
    loop {
        let rows = store.corrections(after, 500).await?;
        let Some(last) = rows.last() else { return Ok(Verdict::Done) };
        after = last.id;
        for row in rows {
            let line = json!({
                "id": format!("correccion-{:04}", row.id),
                "text": row.text,
                "class": row.class,
                "intent": row.intent,
                "slots": {},
                "handoff": null,
                "right_answer": row.right_answer,
            });
            writeln!(out, "{line}")?;
        }
    }
}
