//! The engine: one thread that writes, a few connections that read.
//!
//! The writer takes every operation that waits, runs them in one transaction, commits once, and only then answers. When one of them fails
//! half done, the transaction is undone and run again with a savepoint for each. Owns connections, transactions and the lock file. May not
//! know a table.

use std::cell::Cell;
use std::fs::{self, File, TryLockError};
use std::ops::Deref;
use std::os::unix::fs::PermissionsExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::error::StoreError;
use crate::migrations::migrate;

/// At most so many operations share one commit: it bounds how long the first of them waits.
const GROUP_LIMIT: usize = 64;
/// At most so many operations wait for the writer; further callers wait for a place.
const QUEUE_LIMIT: usize = 1024;
const READERS: usize = 4;
const CACHED_STATEMENTS: usize = 128;
/// Pages in the log before they are copied into the file: 16 MB.
const WAL_PAGES: i64 = 4000;
/// The writer's page cache; negative is KiB to SQLite.
const CACHE_KIB: i64 = -8192;

/// The transaction under way, as an operation sees it.
pub(crate) struct Tx<'a> {
    conn: &'a Connection,
    guard: Guard,
    /// Something failed half done, and only the end of the whole transaction can undo it.
    spoilt: Cell<bool>,
}

/// How the failure of a part is kept from its neighbours.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Guard {
    /// Not at all: the transaction is undone and run again with savepoints. A savepoint makes SQLite copy every page that is touched
    /// after it, which was most of what a message cost; and hardly ever does anything fail half done.
    Redo,
    Savepoint,
}

impl Deref for Tx<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.conn
    }
}

impl Tx<'_> {
    /// Runs a part that fails alone: on an error or a panic only its own changes are undone.
    pub(crate) fn part<T>(&self, part: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
        match self.guard {
            Guard::Savepoint => in_savepoint(self.conn, part),
            Guard::Redo => {
                let before = self.conn.total_changes();
                let outcome = caught(part);
                if outcome.is_err() && self.conn.total_changes() != before {
                    self.spoilt.set(true);
                }
                outcome
            }
        }
    }

    /// What was done cannot be kept as it is.
    fn is_lost(&self) -> bool {
        self.spoilt.get() || self.conn.is_autocommit()
    }
}

/// An operation that waits for the writer, or has run and waits for the commit.
trait Job: Send {
    /// Runs it, once more if need be; why it failed, if it did.
    fn run(&mut self, tx: &Tx<'_>) -> Option<StoreError>;
    /// It cannot run.
    fn refuse(&mut self, error: StoreError);
    /// Tells the caller, now that the commit's outcome is known.
    fn answer(self: Box<Self>, commit: Result<(), StoreError>);
}

struct Operation<T, F> {
    op: F,
    outcome: Result<T, StoreError>,
    tell: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Job for Operation<T, F>
where
    T: Send,
    F: Fn(&Tx<'_>) -> Result<T, StoreError> + Send,
{
    fn run(&mut self, tx: &Tx<'_>) -> Option<StoreError> {
        self.outcome = tx.part(|| (self.op)(tx));
        self.outcome.as_ref().err().cloned()
    }

    fn refuse(&mut self, error: StoreError) {
        self.outcome = Err(error);
    }

    fn answer(self: Box<Self>, commit: Result<(), StoreError>) {
        // The caller may have gone away; what it asked for is stored all the same.
        drop(self.tell.send(self.outcome.and_then(|value| commit.map(|()| value))));
    }
}

/// The thread that owns the one writing connection.
pub(crate) struct Writer {
    path: PathBuf,
    jobs: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Opens and migrates the file, and starts the thread.
    pub(crate) fn start(path: &Path, patience: Duration) -> Result<Self, StoreError> {
        let conn = open_writing(path, patience)?;
        let (jobs, waiting) = mpsc::channel(QUEUE_LIMIT);
        let thread = std::thread::Builder::new()
            .name("luisa-store".to_owned())
            .spawn(move || write_loop(&conn, waiting))
            .map_err(|error| StoreError::Broken(format!("the writer thread could not start: {error}")))?;
        Ok(Self { path: path.to_path_buf(), jobs: Some(jobs), thread: Some(thread) })
    }

    /// Runs the operation; the answer comes after the commit, or says that nothing was stored. It may be run twice, of which only the last
    /// counts.
    pub(crate) async fn run<T, F>(&self, op: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Fn(&Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let (tell, told) = oneshot::channel();
        let stopped = || StoreError::Broken("the writer has stopped".to_owned());
        let job = Box::new(Operation { op, outcome: Err(stopped()), tell });
        let jobs = self.jobs.as_ref().ok_or_else(stopped)?;
        jobs.send(job).await.map_err(|_| stopped())?;
        told.await.map_err(|_| stopped())?.map_err(|error| error.at(&self.path))
    }
}

impl Drop for Writer {
    /// Waits for the operations under way, so that a lock released afterwards is released in truth.
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn write_loop(conn: &Connection, mut waiting: mpsc::Receiver<Box<dyn Job>>) {
    while let Some(first) = waiting.blocking_recv() {
        let mut group: Vec<Box<dyn Job>> = vec![first];
        while group.len() < GROUP_LIMIT
            && let Ok(job) = waiting.try_recv()
        {
            group.push(job);
        }
        let committed = commit_together(conn, &mut group);
        for job in group {
            job.answer(committed.clone());
        }
    }
}

/// Runs all of them and commits once. Each job keeps its own outcome; what is returned is that of the commit.
fn commit_together(conn: &Connection, group: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
    run(conn, "BEGIN IMMEDIATE").inspect_err(|error| refuse(group, error))?;
    let tx = Tx { conn, guard: Guard::Redo, spoilt: Cell::new(false) };
    for job in group.iter_mut() {
        job.run(&tx);
        if tx.is_lost() {
            return commit_apart(conn, group);
        }
    }
    commit(conn)
}

/// The same once more, with each guarded against the others.
fn commit_apart(conn: &Connection, group: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
    if !conn.is_autocommit() {
        run(conn, "ROLLBACK").inspect_err(|error| refuse(group, error))?;
    }
    run(conn, "BEGIN IMMEDIATE").inspect_err(|error| refuse(group, error))?;
    let tx = Tx { conn, guard: Guard::Savepoint, spoilt: Cell::new(false) };
    let mut jobs = group.iter_mut();
    while let Some(job) = jobs.next() {
        let error = job.run(&tx);
        // A full or failing disk makes SQLite end the transaction by itself: nothing of the group is stored.
        if tx.is_lost() {
            let unexplained = || StoreError::Broken("the transaction was rolled back by the database".to_owned());
            let error = error.unwrap_or_else(unexplained);
            refuse(jobs.into_slice(), &error);
            return Err(error);
        }
    }
    commit(conn)
}

fn refuse(group: &mut [Box<dyn Job>], error: &StoreError) {
    for job in group {
        job.refuse(error.clone());
    }
}

fn commit(conn: &Connection) -> Result<(), StoreError> {
    run(conn, "COMMIT").inspect_err(|_| drop(run(conn, "ROLLBACK")))
}

fn in_savepoint<T>(conn: &Connection, part: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    run(conn, "SAVEPOINT part")?;
    let outcome = caught(part);
    if conn.is_autocommit() {
        return outcome;
    }
    if outcome.is_err() && run(conn, "ROLLBACK TO part").is_err() {
        // Half an operation must never be committed with its neighbours.
        drop(run(conn, "ROLLBACK"));
        return outcome;
    }
    run(conn, "RELEASE part")?;
    outcome
}

fn caught<T>(part: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(part))
        .unwrap_or_else(|_| Err(StoreError::Broken("an operation panicked, which is a bug".to_owned())))
}

fn run(conn: &Connection, sql: &str) -> Result<(), StoreError> {
    conn.prepare_cached(sql)?.execute([])?;
    Ok(())
}

/// Connections that only read, opened as they are needed.
pub(crate) struct Readers {
    path: PathBuf,
    patience: Duration,
    idle: Mutex<Vec<Connection>>,
    places: Semaphore,
}

impl Readers {
    pub(crate) fn new(path: &Path, patience: Duration) -> Self {
        let idle = Mutex::new(Vec::new());
        Self { path: path.to_path_buf(), patience, idle, places: Semaphore::new(READERS) }
    }

    /// Runs the operation on one consistent view of what is committed.
    pub(crate) async fn run<T, F>(self: &Arc<Self>, op: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let _place = self.places.acquire().await.map_err(|error| StoreError::Broken(error.to_string()))?;
        let readers = Arc::clone(self);
        let reading = tokio::task::spawn_blocking(move || readers.read(op));
        let outcome = reading.await.map_err(|error| StoreError::Broken(format!("a read did not finish: {error}")))?;
        outcome.map_err(|error| error.at(&self.path))
    }

    fn read<T>(&self, op: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let conn = kept.map_or_else(|| open_reading(&self.path, self.patience), Ok)?;
        let view = conn.unchecked_transaction()?;
        let outcome = op(&view);
        drop(view);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(conn);
        outcome
    }
}

fn open_reading(path: &Path, patience: Duration) -> Result<Connection, StoreError> {
    let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    conn.busy_timeout(patience)?;
    tune(&conn)?;
    Ok(conn)
}

/// Statements are planned once, whatever values they are given: without this SQLite plans again for many a new value.
fn tune(conn: &Connection) -> Result<(), StoreError> {
    conn.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// Copies the write-ahead log into the file and empties it.
pub(crate) fn empty_log(path: &Path, patience: Duration) -> Result<(), StoreError> {
    let conn = open_beside(path, patience)?;
    let busy: i64 = conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if busy == 0 { Ok(()) } else { Err(StoreError::Busy) }
}

/// A connection of its own beside the writer's, for what cannot be done within a transaction.
pub(crate) fn open_beside(path: &Path, patience: Duration) -> Result<Connection, StoreError> {
    let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    conn.busy_timeout(patience)?;
    Ok(conn)
}

/// Opens the file for writing at this binary's schema, or says in one sentence why it cannot.
pub(crate) fn open_writing(path: &Path, patience: Duration) -> Result<Connection, StoreError> {
    prepare_place(path)?;
    try_open_writing(path, patience).map_err(|error| match error.at(path) {
        // Nothing of ours is running yet, so whoever holds the lock is another program.
        StoreError::Busy => StoreError::Locked { path: path.to_path_buf() },
        other => other,
    })
}

fn try_open_writing(path: &Path, patience: Duration) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(patience)?;
    tune(&conn)?;
    conn.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0))?;
    conn.pragma_update(None, "synchronous", "FULL")?;
    // Both only matter under load: fewer copies from the log into the file, and the busy pages stay in memory.
    conn.pragma_update_and_check(None, "wal_autocheckpoint", WAL_PAGES, |row| row.get::<_, i64>(0))?;
    conn.pragma_update(None, "cache_size", CACHE_KIB)?;
    conn.pragma_update(None, "foreign_keys", "ON")?;
    // What is deleted or redacted is overwritten, not only forgotten.
    conn.pragma_update_and_check(None, "secure_delete", "ON", |row| row.get::<_, i64>(0))?;
    migrate(&mut conn, path)?;
    Ok(conn)
}

/// Makes the directory, and refuses what SQLite would explain badly or, run by root, not at all.
fn prepare_place(path: &Path) -> Result<(), StoreError> {
    let owned = path.to_path_buf();
    if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        fs::create_dir_all(directory)
            .map_err(|error| StoreError::Unopenable { path: owned.clone(), reason: error.to_string() })?;
        if fs::metadata(directory).is_ok_and(|meta| meta.permissions().readonly()) {
            return Err(StoreError::ReadOnly { path: owned });
        }
    }
    let Ok(meta) = fs::metadata(path) else { return Ok(()) };
    for suffix in ["", "-wal", "-shm", ".lock"] {
        let mut file = path.as_os_str().to_owned();
        file.push(suffix);
        close_to_others(Path::new(&file));
    }
    if meta.is_dir() {
        return Err(StoreError::IsDirectory { path: owned });
    }
    if meta.permissions().readonly() {
        return Err(StoreError::ReadOnly { path: owned });
    }
    Ok(())
}

/// Customers' words are for this user alone. A file of somebody else's stays as it is: opening it will say what is wrong.
fn close_to_others(file: &Path) {
    if let Ok(meta) = fs::metadata(file)
        && meta.is_file()
        && meta.permissions().mode() & 0o077 != 0
    {
        drop(fs::set_permissions(file, fs::Permissions::from_mode(meta.permissions().mode() & 0o700)));
    }
}

/// Takes the advisory lock of the one process that serves this file; it ends with the returned file, however the process ends.
pub(crate) fn lock_for_serving(path: &Path) -> Result<File, StoreError> {
    prepare_place(path)?;
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let unopenable =
        |error: std::io::Error| StoreError::Unopenable { path: PathBuf::from(&name), reason: error.to_string() };
    let file = File::options().create(true).append(true).open(&name).map_err(unopenable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::AlreadyServed { path: path.to_path_buf() }),
        Err(TryLockError::Error(error)) => Err(unopenable(error)),
    }
}

#[cfg(test)]
#[path = "sqlite_tests.rs"]
mod tests;
