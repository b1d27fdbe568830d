//! Remembers everything LUISA must not forget, and decides nothing.
//!
//! Each operation is one task and one transaction: what it returns as done is on disk (`synchronous=FULL`). One thread writes and commits
//! what waits together; reads run beside it. Operations are told the time; nothing here reads a clock. May not know HTTP, WhatsApp's words
//! or a rule of the business.
//!
//! In the order of a message's way: `inbox` (it arrives), `claims` (its chat is claimed), `turns` (the decision becomes true), `outbox` (the
//! answer leaves), `deliveries` (what became of it).
#![warn(missing_docs)]

pub mod ids;
pub mod time;
mod states;
mod rows;
mod error;
mod inbox;
mod media;
mod changes;
mod phone;
mod routing;
mod charges;
mod contacts;
mod opt_outs;
mod conversations;
mod claims;
mod turns;
mod handoffs;
mod queries;
mod traces;
mod unsure;
mod scan;
mod past;
mod outbox;
mod settlement;
mod deliveries;
mod catalog;
mod facts;
mod closed_days;
mod console;
mod retention;
mod privacy;
mod backup;
mod numbers;
mod snapshot;
mod checks;
mod sqlite;
mod migrations;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::Notify;

pub use backup::{Backup, BackupError, Overwrite, Restored, back_up, restore};
pub use catalog::{CatalogItem, CatalogRow, SyncReport};
pub use changes::{Author, EditedMessage};
pub use charges::{Billed, Charge, ServiceSpending, Spending};
pub use checks::ShortTrace;
pub use claims::{Claimed, DirectMessage, Due, MAX_ATTEMPTS, TurnClaim, TurnView, Unreadable};
pub use closed_days::ClosedDay;
pub use console::audit::{Act, AuditRow};
pub use console::changes::{Change, Changes};
pub use console::chat::{ChatHandoff, ChatView, Note, SaidMessage};
pub use console::corrections::{Correction, CorrectionRow};
pub use console::desk::{ANSWER_WINDOW, Answering, Ending, PersonsAnswer};
pub use console::handoffs::WaitingHandoff;
pub use console::ladder::Climb;
pub use console::lists::{ChatLine, ChatList, LastWords, OpenHandoff, Place};
pub use console::sessions::{Invitation, NewSession, Session, SessionRow};
pub use console::shop::{ShopEdit, Telling};
pub use console::today::Figures as DayFigures;
pub use console::users::{User, UserId};
pub use contacts::Identity;
pub use conversations::{ConversationDetail, ModeChange};
pub use deliveries::StatusUpdate;
pub use error::StoreError;
pub use facts::FactEdit;
pub use handoffs::{HOW_MANY, HandoffChange, NewHandoff, NewNotice, NoticeLetter, Pace};
pub use ids::{ContactId, ConversationId, HandoffId, MessageId, OutboxId, RequestId};
pub use inbox::{Arrival, Debounce, EchoedMessage, InboundMessage, Receipt, Words};
pub use media::{ExpectedMedia, MediaRow, SettledMedia};
pub use numbers::Counts;
pub use opt_outs::OptOutRow;
pub use outbox::{Delivery, OutboxClaim, Outgoing, Unsettled};
pub use past::PastMessage;
pub use privacy::{Erasure, PersonData, Who};
pub use queries::{NewQuery, QueryCount, QueryRow};
pub use routing::{FREED_AFTER, Watched};
pub use rows::{
    ContactRow, ConversationRow, HandoffRow, MessageRow, NotificationRow, OutboxRow, ParkedRow, PendingRow,
};
pub use scan::{Figures, Span};
pub use settlement::{SendError, UNKNOWN_HOLDS_BACK};
pub use snapshot::{ModelUse, Snapshot};
pub use states::{
    CatalogSource, Channel, Direction, HandoffStatus, MediaState, MessageState, Mode, NoticeState, OutboxState,
    Purpose, Role, Sender,
};
pub use traces::{StoredTrace, TraceFilter, TraceRow};
pub use turns::{TurnCommit, TurnReceipt};
pub use unsure::UnsureChat;

use sqlite::{Readers, Tx, Writer};

/// How long an operation waits for another program's lock.
const PATIENCE: Duration = Duration::from_secs(5);

/// The database. Clones share it; the last one dropped waits for what is being written, then closes it.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
    inbox_changed: Arc<Notify>,
    outbox_changed: Arc<Notify>,
    media_changed: Arc<Notify>,
    /// Words were dropped that may still stand in the log beside the file.
    dropped: Arc<AtomicBool>,
}

/// In the order in which it must be dropped: the lock is given up when nothing is written any more.
struct Inner {
    writer: Writer,
    readers: Arc<Readers>,
    path: PathBuf,
    patience: Duration,
    _serving: Option<File>,
}

impl Store {
    /// Opens the file for a tool beside a serving process: makes it and its directory if missing, and brings it to this schema. Blocks shortly.
    ///
    /// # Errors
    /// One sentence that names the file and the remedy: `ReadOnly`, `IsDirectory`, `Locked`, `NotADatabase`, `NewerSchema`, `DiskFull`,
    /// `Unopenable`, `Broken`.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_within(path, PATIENCE)
    }

    /// Like [`Store::open`], waiting at most `patience` for other programs' locks in place of five seconds, now and in every operation.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_within(path: &Path, patience: Duration) -> Result<Self, StoreError> {
        Self::start(path, patience, None)
    }

    /// Opens the file for the one process that serves it, held by a lock on `<file>.lock` for as long as the store lives.
    ///
    /// # Errors
    /// As [`Store::open`], and `AlreadyServed`.
    pub fn open_for_serving(path: &Path) -> Result<Self, StoreError> {
        let lock = sqlite::lock_for_serving(path)?;
        Self::start(path, PATIENCE, Some(lock))
    }

    fn start(path: &Path, patience: Duration, serving: Option<File>) -> Result<Self, StoreError> {
        let writer = Writer::start(path, patience)?;
        let readers = Arc::new(Readers::new(path, patience));
        let inner = Arc::new(Inner { writer, readers, path: path.to_path_buf(), patience, _serving: serving });
        let (inbox_changed, outbox_changed, media_changed) = Default::default();
        Ok(Self { inner, inbox_changed, outbox_changed, media_changed, dropped: Arc::default() })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// Wakes one waiting worker when `claim_due` may find something new. A wake-up while nobody waits is kept for the next who does.
    pub fn inbox_changed(&self) -> &Notify {
        &self.inbox_changed
    }

    /// The same for `claim_outbox`.
    pub fn outbox_changed(&self) -> &Notify {
        &self.outbox_changed
    }

    /// The same for `claim_media`.
    pub fn media_changed(&self) -> &Notify {
        &self.media_changed
    }

    /// To be called after an operation that redacts: the log is emptied soon.
    fn words_were_dropped(&self) {
        self.dropped.store(true, Ordering::Relaxed);
    }

    /// Empties the log when words were dropped since the last time. Call it again when it says `Busy`.
    ///
    /// # Errors
    /// `Busy` while somebody reads what is in the log.
    pub async fn empty_log_of_dropped_words(&self) -> Result<(), StoreError> {
        if !self.dropped.swap(false, Ordering::Relaxed) {
            return Ok(());
        }
        self.empty_log().await.inspect_err(|_| self.words_were_dropped())
    }

    /// Copies the log into the file and empties it: what was overwritten is in neither any more.
    ///
    /// # Errors
    /// `Busy` while somebody reads what is in the log.
    pub async fn empty_log(&self) -> Result<(), StoreError> {
        let (path, patience) = (self.path().to_path_buf(), self.inner.patience);
        let emptying = tokio::task::spawn_blocking(move || sqlite::empty_log(&path, patience));
        emptying.await.map_err(|error| StoreError::Broken(format!("the log was not emptied: {error}")))?
    }

    async fn write<T, F>(&self, op: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Fn(&Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        self.inner.writer.run(op).await
    }

    async fn read<T, F>(&self, op: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        self.inner.readers.run(op).await
    }
}
