//! Who may use the console, and with which role.
//!
//! Owns `users`. May not know a password: it keeps what it is given. A change of rights ends the user's sessions, so that no browser goes
//! on with the old ones.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;

use super::audit::{self, Act};
use crate::Store;
use crate::error::StoreError;
use crate::rows::{maybe_time, time};
use crate::states::Role;
use crate::time::At;

/// A user's number.
pub type UserId = i64;

/// A person who may use the console.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct User {
    /// Their number.
    pub id: UserId,
    /// Their name.
    pub name: String,
    /// Their name as it is typed at the door.
    pub handle: String,
    /// What they may do.
    pub role: Role,
    /// Since when.
    pub created_at: Timestamp,
    /// When they were shut out.
    pub disabled_at: Option<Timestamp>,
}

impl User {
    pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            name: row.get("name")?,
            handle: row.get("handle")?,
            role: row.get("role")?,
            created_at: time(row, "created_at")?,
            disabled_at: maybe_time(row, "disabled_at")?,
        })
    }
}

impl Store {
    /// All users, by name.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn users(&self) -> Result<Vec<User>, StoreError> {
        self.read(|conn| {
            let mut query = conn.prepare_cached("SELECT * FROM users ORDER BY handle")?;
            let rows = query.query_map([], User::read)?.collect::<Result<_, _>>()?;
            Ok(rows)
        })
        .await
    }

    /// The user with this handle and the hash of their password; none when there is none who may come in.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn user_at_the_door(&self, handle: &str) -> Result<Option<(User, String)>, StoreError> {
        let handle = handle.to_owned();
        self.read(move |conn| {
            let sql = "SELECT * FROM users WHERE handle = ?1 AND disabled_at IS NULL";
            let read = |row: &Row<'_>| Ok((User::read(row)?, row.get("password_hash")?));
            Ok(conn.prepare_cached(sql)?.query_row([handle], read).optional()?)
        })
        .await
    }

    /// Gives a user another role, and ends their sessions.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` when nobody would be left who may do everything.
    pub async fn set_role(&self, now: Timestamp, id: UserId, role: Role, by: &str) -> Result<(), StoreError> {
        let by = by.to_owned();
        self.write(move |conn| {
            let user = load(conn, id)?;
            conn.prepare_cached("UPDATE users SET role = ?2 WHERE id = ?1")?.execute(params![id, role])?;
            an_owner_is_left(conn)?;
            end_sessions(conn, id)?;
            let (before, after) = (Some(user.role.to_string()), Some(role.to_string()));
            audit::note(
                conn,
                now,
                &Act { who: by.clone(), act: "role", about: Some(user.name), before, after, chat: None },
            )
        })
        .await
    }

    /// Shuts a user out, at once.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` when nobody would be left who may do everything.
    pub async fn shut_out(&self, now: Timestamp, id: UserId, by: &str) -> Result<(), StoreError> {
        let by = by.to_owned();
        self.write(move |conn| {
            let user = load(conn, id)?;
            let sql = "UPDATE users SET disabled_at = coalesce(disabled_at, ?2) WHERE id = ?1";
            conn.prepare_cached(sql)?.execute(params![id, At(now)])?;
            an_owner_is_left(conn)?;
            end_sessions(conn, id)?;
            audit::note(conn, now, &Act { who: by.clone(), act: "shut_out", about: Some(user.name), ..Act::default() })
        })
        .await
    }
}

pub(super) fn load(conn: &Connection, id: UserId) -> Result<User, StoreError> {
    let sql = "SELECT * FROM users WHERE id = ?1";
    conn.prepare_cached(sql)?.query_row([id], User::read).optional()?.ok_or(StoreError::NotFound)
}

pub(super) fn end_sessions(conn: &Connection, user: UserId) -> Result<(), StoreError> {
    conn.prepare_cached("DELETE FROM sessions WHERE user_id = ?1")?.execute([user])?;
    Ok(())
}

fn an_owner_is_left(conn: &Connection) -> Result<(), StoreError> {
    let sql = "SELECT 1 FROM users WHERE role = 'duena' AND disabled_at IS NULL";
    if conn.prepare_cached(sql)?.exists([])? {
        Ok(())
    } else {
        Err(StoreError::Conflict("nobody would be left who may do everything".to_owned()))
    }
}
