//! A copy of the database that is known to be good, and putting one in the database's place.
//!
//! Owns how a copy is made, checked and named complete. A copy never migrates: it is what an operator makes before an upgrade. May not
//! choose where copies are kept nor for how long.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::backup::{Backup as Copying, StepResult};
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use serde::Serialize;
use tempfile::NamedTempFile;

use crate::error::StoreError;
use crate::migrations::{MIGRATIONS, refuse_foreign, version};
use crate::settlement::{Settlement, own_error, settle};
use crate::sqlite::{lock_for_serving, open_writing};
use crate::time::At;
use crate::{PATIENCE, Store, outbox};

/// Where the database remembers that it was copied.
const LAST_BACKUP: &str = "last_backup";
/// Pages per step: 4 MB, so that progress can be told.
const AT_ONCE: i32 = 1024;

/// Whether a file that is there may be lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overwrite {
    /// It stays, and the copy is not made.
    Never,
    /// The copy takes its place, once it is known to be good.
    Replace,
}

/// A copy that was made and checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Backup {
    /// The copy.
    pub file: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// When it shows the database.
    pub at: Timestamp,
    /// The number of the last migration in it.
    pub schema: i64,
    /// Rows by table, the same in the database and in the copy.
    pub rows: BTreeMap<String, i64>,
}

/// A copy that is the database now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Restored {
    /// The database.
    pub database: PathBuf,
    /// Where the database of before was moved; none when there was none.
    pub moved_to: Option<PathBuf>,
    /// Rows by table.
    pub rows: BTreeMap<String, i64>,
}

/// Why there is no copy, or why it was not put in place. Nothing was changed then.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is nothing to copy.
    #[error("there is no database at {0}: set DB_PATH to the file that luisa serves")]
    NoDatabase(PathBuf),
    /// There is no such copy.
    #[error("there is no copy at {0}: name a file that `luisa backup` made")]
    NoCopy(PathBuf),
    /// A file would be lost.
    #[error("{0} exists already: choose another name, or add --force to replace it")]
    Exists(PathBuf),
    /// The copy would be its own source.
    #[error("{0} is the database itself: name another file")]
    Itself(PathBuf),
    /// A copy that is not what it was made of.
    #[error("{path} is damaged ({what}): use another copy, and look at the disk that it is on")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The place cannot be written or read.
    #[error(
        "{path} cannot be written ({reason}): check that its folder exists, has room, and may be written by this user"
    )]
    Place {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        reason: String,
    },
    /// The database itself cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// When the database was last copied by [`back_up`]; none: never.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn last_backup(&self) -> Result<Option<Timestamp>, StoreError> {
        self.read(last_backup).await
    }
}

pub(crate) fn last_backup(conn: &Connection) -> Result<Option<Timestamp>, StoreError> {
    let sql = "SELECT updated_at FROM kv WHERE key = ?1";
    let at: Option<At> = conn.prepare_cached(sql)?.query_row([LAST_BACKUP], |row| row.get(0)).optional()?;
    Ok(at.map(|at| at.0))
}

/// Copies the database as it is at one moment, also while it is served, and checks the copy. `progress` is told the part that is done, 0 to 1.
/// The file has its name only when it is whole and good. Blocks until then.
///
/// # Errors
/// [`BackupError`]; nothing is left behind.
pub fn back_up(
    database: &Path,
    to: &Path,
    overwrite: Overwrite,
    now: Timestamp,
    progress: impl FnMut(f64),
) -> Result<Backup, BackupError> {
    let store = |error: rusqlite::Error| BackupError::Store(StoreError::from(error).at(database));
    if !database.is_file() {
        return Err(BackupError::NoDatabase(database.to_path_buf()));
    }
    if is_same(database, to) {
        return Err(BackupError::Itself(to.to_path_buf()));
    }
    if overwrite == Overwrite::Never && to.exists() {
        return Err(BackupError::Exists(to.to_path_buf()));
    }
    let source = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(store)?;
    source.busy_timeout(PATIENCE).map_err(store)?;
    refuse_foreign(&source, database).map_err(|error| error.at(database))?;
    let place = NamedTempFile::with_prefix_in(".luisa-backup-", folder(to)).map_err(|error| no_place(to, &error))?;
    // Within one read transaction what is copied is what is counted, whatever is written meanwhile.
    let moment = source.unchecked_transaction().map_err(store)?;
    let schema = version(&moment).map_err(|error| error.at(database))?;
    let rows = count(&moment).map_err(store)?;
    copy(&moment, place.path(), progress).map_err(|error| StoreError::from(error).at(to))?;
    drop(moment);
    let copied = inspect(place.path()).map_err(|what| BackupError::Damaged { path: to.to_path_buf(), what })?;
    if copied != rows {
        let what = "its rows are not those of the database".to_owned();
        return Err(BackupError::Damaged { path: to.to_path_buf(), what });
    }
    let bytes = keep(place, to, overwrite)?;
    note(&source, now, to).map_err(store)?;
    Ok(Backup { file: to.to_path_buf(), bytes, at: now, schema, rows })
}

/// Puts a copy in the database's place; what was there is moved aside, not deleted. The copy stays as it is. Nobody may be serving.
///
/// # Errors
/// [`BackupError`]; `AlreadyServed` and `NewerSchema` among those of the store.
pub fn restore(from: &Path, database: &Path, now: Timestamp) -> Result<Restored, BackupError> {
    if !from.is_file() {
        return Err(BackupError::NoCopy(from.to_path_buf()));
    }
    if is_same(database, from) {
        return Err(BackupError::Itself(from.to_path_buf()));
    }
    let _alone = lock_for_serving(database)?;
    let rows = check(from)?;
    let place = NamedTempFile::with_prefix_in(".luisa-restore-", folder(database))
        .map_err(|error| no_place(database, &error))?;
    let source = open_copy(from).map_err(|error| StoreError::from(error).at(from))?;
    copy(&source, place.path(), |_| ()).map_err(|error| StoreError::from(error).at(database))?;
    if inspect(place.path()).as_ref() != Ok(&rows) {
        let what = "it could not be copied whole".to_owned();
        return Err(BackupError::Damaged { path: from.to_path_buf(), what });
    }
    settle_what_waits(place.path(), now).map_err(|error| error.at(database))?;
    give_to_owner(place.path(), database).map_err(|error| no_place(database, &error))?;
    let moved_to = move_aside(database, now).map_err(|error| no_place(database, &error))?;
    keep(place, database, Overwrite::Never)?;
    Ok(Restored { database: database.to_path_buf(), moved_to, rows })
}

/// What waited when the copy was made may have been answered and sent since: nothing of it is sent by itself, and what is unanswered counts as old.
fn settle_what_waits(copy: &Path, now: Timestamp) -> Result<(), StoreError> {
    let mut conn = open_writing(copy, PATIENCE)?;
    let change = conn.transaction()?;
    for id in outbox::ids(&change, "SELECT id FROM outbox WHERE state IN ('due', 'claimed', 'unknown', 'held')", [])? {
        let error = own_error("restored", "the database was restored; this may have been sent before");
        settle(&change, now, id, &Settlement::unknown(now, &error))?;
    }
    change.execute("UPDATE inbox SET stale = 1", [])?;
    change.commit()?;
    seal(conn)?;
    Ok(())
}

/// One file without companions, which may be copied like any other.
fn seal(conn: Connection) -> rusqlite::Result<()> {
    conn.pragma_update_and_check(None, "journal_mode", "DELETE", |row| row.get::<_, String>(0))?;
    conn.close().map_err(|(_, error)| error)
}

/// A copy that this binary can serve, and its rows.
fn check(from: &Path) -> Result<BTreeMap<String, i64>, BackupError> {
    let conn = open_copy(from).map_err(|error| StoreError::from(error).at(from))?;
    refuse_foreign(&conn, from).map_err(|error| error.at(from))?;
    let found = version(&conn).map_err(|error| error.at(from))?;
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if found == 0 {
        return Err(StoreError::NotADatabase { path: from.to_path_buf() }.into());
    }
    if found > known {
        return Err(StoreError::NewerSchema { path: from.to_path_buf(), found, known }.into());
    }
    inspect(from).map_err(|what| BackupError::Damaged { path: from.to_path_buf(), what })
}

fn open_copy(path: &Path) -> rusqlite::Result<Connection> {
    let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    conn.busy_timeout(PATIENCE)?;
    Ok(conn)
}

fn copy(source: &Connection, to: &Path, mut progress: impl FnMut(f64)) -> rusqlite::Result<()> {
    let mut target = Connection::open(to)?;
    let copying = Copying::new(source, &mut target)?;
    loop {
        let step = copying.step(AT_ONCE)?;
        let left = copying.progress();
        progress(1.0 - f64::from(left.remaining) / f64::from(left.pagecount.max(1)));
        match step {
            StepResult::Done => break,
            StepResult::Busy | StepResult::Locked => std::thread::sleep(Duration::from_millis(20)),
            _ => {}
        }
    }
    drop(copying);
    seal(target)
}

/// The rows of a file whose every page is sound, or what is wrong with it.
fn inspect(path: &Path) -> Result<BTreeMap<String, i64>, String> {
    let conn = open_copy(path).map_err(|error| error.to_string())?;
    let verdict: String =
        conn.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0)).map_err(|error| error.to_string())?;
    if verdict != "ok" {
        return Err(verdict);
    }
    count(&conn).map_err(|error| error.to_string())
}

fn count(conn: &Connection) -> rusqlite::Result<BTreeMap<String, i64>> {
    let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let tables: Vec<String> = conn.prepare(sql)?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let rows = |table: String| {
        let rows = conn.query_row(&format!("SELECT count(*) FROM \"{table}\""), [], |row| row.get(0))?;
        Ok((table, rows))
    };
    tables.into_iter().map(rows).collect()
}

/// Gives the finished file its name, with all of it and the name on the disk.
fn keep(place: NamedTempFile, to: &Path, overwrite: Overwrite) -> Result<u64, BackupError> {
    place.as_file().sync_all().map_err(|error| no_place(to, &error))?;
    let named = match overwrite {
        Overwrite::Never => place.persist_noclobber(to),
        Overwrite::Replace => place.persist(to),
    };
    let file = named.map_err(|failed| match failed.error.kind() {
        io::ErrorKind::AlreadyExists => BackupError::Exists(to.to_path_buf()),
        _ => no_place(to, &failed.error),
    })?;
    let synced = File::open(folder(to)).and_then(|folder| folder.sync_all());
    synced.map_err(|error| no_place(to, &error))?;
    Ok(file.metadata().map_err(|error| no_place(to, &error))?.len())
}

fn note(conn: &Connection, now: Timestamp, to: &Path) -> rusqlite::Result<()> {
    conn.execute(
        "INSERT OR REPLACE INTO kv (key, value, updated_at) VALUES (?1, ?2, ?3)",
        params![LAST_BACKUP, to.display().to_string(), At(now)],
    )?;
    Ok(())
}

/// Root may restore; the user that serves must be able to write what root put there.
fn give_to_owner(file: &Path, database: &Path) -> io::Result<()> {
    let model = fs::metadata(database).or_else(|_| fs::metadata(folder(database)))?;
    let own = fs::metadata(file)?;
    if (own.uid(), own.gid()) == (model.uid(), model.gid()) {
        return Ok(());
    }
    chown(file, Some(model.uid()), Some(model.gid()))
}

/// The database with its log, under a name that says when and why. Its log must not meet another database.
fn move_aside(database: &Path, now: Timestamp) -> io::Result<Option<PathBuf>> {
    if !database.exists() {
        return Ok(None);
    }
    let aside = beside(database, &format!(".before-restore-{}", now.strftime("%Y%m%dT%H%M%SZ")));
    fs::rename(database, &aside)?;
    for companion in ["-wal", "-shm"] {
        match fs::rename(beside(database, companion), beside(&aside, companion)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(Some(aside))
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    name.into()
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn is_same(one: &Path, other: &Path) -> bool {
    let (Ok(one), Ok(other)) = (fs::metadata(one), fs::metadata(other)) else { return false };
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

fn no_place(path: &Path, error: &io::Error) -> BackupError {
    BackupError::Place { path: path.to_path_buf(), reason: error.to_string() }
}
