//! How users come in: one-time invitations, and the browsers that are in.
//!
//! Owns `invitations` and `sessions`. May not know a token, only its hash.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;

use super::audit::{self, Act};
use super::users::{self, User, UserId};
use crate::Store;
use crate::error::StoreError;
use crate::rows::time;
use crate::states::Role;
use crate::time::{At, before};

/// A browser that asked for nothing for so long has to come in again.
const IDLE: Duration = Duration::from_secs(14 * 24 * 3600);
/// A session's last sign of life is written at most so often.
const SEEN_EVERY: Duration = Duration::from_secs(5 * 60);

/// A link by which somebody sets their password, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Of the token in the link.
    pub token_hash: String,
    /// Who is invited.
    pub name: String,
    /// Their name as it is typed at the door. When a user has it already, they get a new password and this role.
    pub handle: String,
    /// What they may do.
    pub role: Role,
    /// Who invites.
    pub made_by: String,
    /// When the link is worth nothing any more.
    pub ends_at: Timestamp,
}

/// A browser that comes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSession {
    /// Of the token that the browser gets.
    pub token_hash: String,
    /// The browser in words.
    pub device: String,
    /// When it has to come in again, however busy it is.
    pub ends_at: Timestamp,
}

/// A browser that is in, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The session's number.
    pub id: i64,
    /// Whose it is.
    pub user: User,
}

/// A browser that is in, as the list of them shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SessionRow {
    /// The session's number.
    pub id: i64,
    /// Whose it is.
    pub user_id: UserId,
    /// Their name.
    pub user_name: String,
    /// The browser in words.
    pub device: String,
    /// Since when.
    pub created_at: Timestamp,
    /// Its last sign of life, give or take a few minutes.
    pub seen_at: Timestamp,
}

impl Store {
    /// Keeps an invitation; an older one of the same handle is worth nothing from now on.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn invite(&self, now: Timestamp, invitation: Invitation) -> Result<(), StoreError> {
        self.write(move |conn| {
            let Invitation { token_hash, name, handle, role, made_by, ends_at } = &invitation;
            let sql = "DELETE FROM invitations WHERE handle = ?1 OR ends_at <= ?2";
            conn.prepare_cached(sql)?.execute(params![handle, At(now)])?;
            let sql = "INSERT INTO invitations (token_hash, name, handle, role, made_by, created_at, ends_at)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
            conn.prepare_cached(sql)?.execute(params![
                token_hash,
                name,
                handle,
                role,
                made_by,
                At(now),
                At(*ends_at)
            ])?;
            let after = Some(role.to_string());
            audit::note(
                conn,
                now,
                &Act { who: made_by.clone(), act: "invite", about: Some(name.clone()), after, ..Act::default() },
            )
        })
        .await
    }

    /// The invitation of this token, while it is good.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn invitation(&self, now: Timestamp, token_hash: &str) -> Result<Option<Invitation>, StoreError> {
        let token_hash = token_hash.to_owned();
        self.read(move |conn| invitation(conn, now, &token_hash)).await
    }

    /// Whoever holds the invitation becomes a user with this password, or a known user gets it, and comes in. Other sessions of the same
    /// user end.
    ///
    /// # Errors
    /// `NotFound` when the invitation is not good any more.
    pub async fn accept_invitation(
        &self,
        now: Timestamp,
        token_hash: &str,
        password_hash: &str,
        session: NewSession,
    ) -> Result<User, StoreError> {
        let (token_hash, password_hash) = (token_hash.to_owned(), password_hash.to_owned());
        self.write(move |conn| {
            let invited = invitation(conn, now, &token_hash)?.ok_or(StoreError::NotFound)?;
            conn.prepare_cached("DELETE FROM invitations WHERE token_hash = ?1")?.execute([&token_hash])?;
            let sql = "INSERT INTO users (name, handle, role, password_hash, created_at) VALUES (?1, ?2, ?3, ?4, ?5)
                ON CONFLICT (handle) DO UPDATE SET name = excluded.name, role = excluded.role, password_hash = excluded.password_hash,
                    disabled_at = NULL
                RETURNING id";
            let row = params![invited.name, invited.handle, invited.role, password_hash, At(now)];
            let id: UserId = conn.prepare_cached(sql)?.query_row(row, |row| row.get(0))?;
            users::end_sessions(conn, id)?;
            open(conn, now, id, &session)?;
            let user = users::load(conn, id)?;
            let (who, after) = (user.name.clone(), Some(user.role.to_string()));
            audit::note(conn, now, &Act { who, act: "password_set", after, ..Act::default() })?;
            Ok(user)
        })
        .await
    }

    /// A user has shown their password and comes in.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn open_session(&self, now: Timestamp, user: &User, session: NewSession) -> Result<(), StoreError> {
        let (id, who) = (user.id, user.name.clone());
        self.write(move |conn| {
            open(conn, now, id, &session)?;
            audit::note(
                conn,
                now,
                &Act { who: who.clone(), act: "login", about: Some(session.device.clone()), ..Act::default() },
            )
        })
        .await
    }

    /// The session of this token, while it is good; its sign of life is noted.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn session(&self, now: Timestamp, token_hash: &str) -> Result<Option<Session>, StoreError> {
        let token_hash = token_hash.to_owned();
        let found = self.read(move |conn| session(conn, now, &token_hash)).await?;
        let Some((session, seen_at)) = found else { return Ok(None) };
        if seen_at < before(now, SEEN_EVERY) {
            let id = session.id;
            self.write(move |conn| {
                conn.prepare_cached("UPDATE sessions SET seen_at = ?2 WHERE id = ?1")?.execute(params![id, At(now)])?;
                Ok(())
            })
            .await?;
        }
        Ok(Some(session))
    }

    /// The browsers that are in, latest sign of life first.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn sessions(&self, now: Timestamp) -> Result<Vec<SessionRow>, StoreError> {
        self.read(move |conn| {
            let sql = "SELECT s.*, u.name AS user_name FROM sessions s JOIN users u ON u.id = s.user_id
                WHERE s.ends_at > ?1 AND s.seen_at > ?2 ORDER BY s.seen_at DESC, s.id DESC";
            let read = |row: &Row<'_>| {
                Ok(SessionRow {
                    id: row.get("id")?,
                    user_id: row.get("user_id")?,
                    user_name: row.get("user_name")?,
                    device: row.get("device")?,
                    created_at: time(row, "created_at")?,
                    seen_at: time(row, "seen_at")?,
                })
            };
            let rows = conn
                .prepare_cached(sql)?
                .query_map(params![At(now), At(before(now, IDLE))], read)?
                .collect::<Result<_, _>>()?;
            Ok(rows)
        })
        .await
    }

    /// Ends a session; ending it twice is nothing.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn end_session(&self, now: Timestamp, id: i64, by: &str) -> Result<(), StoreError> {
        let by = by.to_owned();
        self.write(move |conn| {
            let sql = "DELETE FROM sessions WHERE id = ?1 RETURNING (SELECT name FROM users WHERE users.id = user_id)";
            let ended: Option<String> = conn.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()?;
            let Some(name) = ended else { return Ok(()) };
            audit::note(conn, now, &Act { who: by.clone(), act: "session_ended", about: Some(name), ..Act::default() })
        })
        .await
    }
}

fn invitation(conn: &Connection, now: Timestamp, token_hash: &str) -> Result<Option<Invitation>, StoreError> {
    let read = |row: &Row<'_>| {
        Ok(Invitation {
            token_hash: row.get("token_hash")?,
            name: row.get("name")?,
            handle: row.get("handle")?,
            role: row.get("role")?,
            made_by: row.get("made_by")?,
            ends_at: time(row, "ends_at")?,
        })
    };
    let sql = "SELECT * FROM invitations WHERE token_hash = ?1 AND ends_at > ?2";
    Ok(conn.prepare_cached(sql)?.query_row(params![token_hash, At(now)], read).optional()?)
}

fn open(conn: &Connection, now: Timestamp, user: UserId, session: &NewSession) -> Result<(), StoreError> {
    let sql = "DELETE FROM sessions WHERE ends_at <= ?1 OR seen_at <= ?2";
    conn.prepare_cached(sql)?.execute(params![At(now), At(before(now, IDLE))])?;
    let sql = "INSERT INTO sessions (token_hash, user_id, device, created_at, seen_at, ends_at) VALUES (?1, ?2, ?3, ?4, ?4, ?5)";
    conn.prepare_cached(sql)?.execute(params![
        session.token_hash,
        user,
        session.device,
        At(now),
        At(session.ends_at)
    ])?;
    Ok(())
}

fn session(conn: &Connection, now: Timestamp, token_hash: &str) -> Result<Option<(Session, Timestamp)>, StoreError> {
    let sql = "SELECT u.*, s.id AS session, s.seen_at FROM sessions s JOIN users u ON u.id = s.user_id
        WHERE s.token_hash = ?1 AND s.ends_at > ?2 AND s.seen_at > ?3 AND u.disabled_at IS NULL";
    let read = |row: &Row<'_>| {
        let session = Session { id: row.get("session")?, user: User::read(row)? };
        Ok((session, time(row, "seen_at")?))
    };
    let key = params![token_hash, At(now), At(before(now, IDLE))];
    Ok(conn.prepare_cached(sql)?.query_row(key, read).optional()?)
}
