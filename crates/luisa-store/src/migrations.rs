//! Brings a database file to the schema of this binary.
//!
//! Our own runner, not `refinery`: `user_version` is one integer that commits with its migration, needs no table, and the whole is shorter
//! than the glue to a library. Owns `migrations/sqlite`. May not touch rows except through a migration.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use crate::error::StoreError;

/// `LUIS` in the file's header: tells our databases from those of other programs.
const APPLICATION_ID: i64 = 0x4C55_4953;

/// All migrations; the first is number 1.
pub(crate) const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/sqlite/0001_start.sql"),
    include_str!("../migrations/sqlite/0002_erasures.sql"),
    include_str!("../migrations/sqlite/0003_catalog_edits.sql"),
    include_str!("../migrations/sqlite/0004_media.sql"),
    include_str!("../migrations/sqlite/0005_console_users.sql"),
    include_str!("../migrations/sqlite/0006_queues.sql"),
    include_str!("../migrations/sqlite/0007_verdicts.sql"),
    include_str!("../migrations/sqlite/0008_closed_days.sql"),
    include_str!("../migrations/sqlite/0009_owners_and_changes.sql"),
    include_str!("../migrations/sqlite/0010_console_desk.sql"),
    include_str!("../migrations/sqlite/0011_shop_edits.sql"),
    include_str!("../migrations/sqlite/0012_charges.sql"),
    include_str!("../migrations/sqlite/0013_answers.sql"),
];

/// Applies what is missing. Safe to repeat, and to run in two processes at once.
pub(crate) fn migrate(conn: &mut Connection, path: &Path) -> Result<(), StoreError> {
    refuse_foreign(conn, path)?;
    while apply_next(conn, path)? {}
    Ok(())
}

/// A database that has tables but not our mark belongs to someone else.
pub(crate) fn refuse_foreign(conn: &Connection, path: &Path) -> Result<(), StoreError> {
    let mark: i64 = conn.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 = conn.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0))?;
    if mark != APPLICATION_ID && tables > 0 {
        return Err(StoreError::NotADatabase { path: path.to_path_buf() });
    }
    Ok(())
}

/// Applies one migration; false when there was none to apply.
fn apply_next(conn: &mut Connection, path: &Path) -> Result<bool, StoreError> {
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if version(conn)? == known {
        return Ok(false);
    }
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Asked again under the lock: another process may have been faster.
    let found = version(&tx)?;
    if found > known {
        return Err(StoreError::NewerSchema { path: path.to_path_buf(), found, known });
    }
    let Some(sql) = usize::try_from(found).ok().and_then(|index| MIGRATIONS.get(index)) else {
        return Ok(false);
    };
    tx.execute_batch(sql)?;
    tx.pragma_update(None, "application_id", APPLICATION_ID)?;
    tx.pragma_update(None, "user_version", found + 1)?;
    tx.commit()?;
    Ok(true)
}

pub(crate) fn version(conn: &Connection) -> Result<i64, StoreError> {
    Ok(conn.pragma_query_value(None, "user_version", |row| row.get(0))?)
}
