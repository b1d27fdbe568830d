//! What can go wrong when remembering, in terms of what the caller does next.
//!
//! Every sentence names the file where it can, and the remedy. May not decide whether to retry.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// The store's only error.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// No such row. Answer 404, or create it.
    #[error("nothing is stored under this id")]
    NotFound,
    /// The row is not what the caller believed: load again and decide again.
    #[error("{0}")]
    Conflict(String),
    /// Another program kept the write lock longer than our patience. Retry.
    #[error(
        "the database is busy: another program is writing to it; end long sqlite3 sessions or copies and try again"
    )]
    Busy,
    /// The file or its directory may not be written.
    #[error(
        "{path} is read-only: give the user that runs luisa the right to write the file and its directory, or set DB_PATH to another file"
    )]
    ReadOnly {
        /// The database file.
        path: PathBuf,
    },
    /// Another program holds the whole database when it is opened.
    #[error(
        "{path} is locked by another program: stop that program (another luisa, a sqlite3 session, a backup), then start again"
    )]
    Locked {
        /// The database file.
        path: PathBuf,
    },
    /// A second `serve` on the same file.
    #[error("{path} is already served by another luisa process: stop it first, or set DB_PATH to another file")]
    AlreadyServed {
        /// The database file.
        path: PathBuf,
    },
    /// The path is a directory.
    #[error("{path} is a directory: set DB_PATH to a file in it, for example {}", .path.join("luisa.db").display())]
    IsDirectory {
        /// What was given as the database file.
        path: PathBuf,
    },
    /// The file is something else, or damaged in its first page.
    #[error("{path} is not a LUISA database: move it away or set DB_PATH to another file, or restore a backup")]
    NotADatabase {
        /// The database file.
        path: PathBuf,
    },
    /// A newer luisa has migrated the file.
    #[error(
        "{path} has schema {found}, this luisa knows up to {known}: run the newer luisa, or restore a backup made before the upgrade"
    )]
    NewerSchema {
        /// The database file.
        path: PathBuf,
        /// The number of the last migration applied to the file.
        found: i64,
        /// The number of the last migration in this binary.
        known: i64,
    },
    /// No room left where the file lives.
    #[error("no space left for {path}: free some space on its disk, then try again; nothing stored so far is lost")]
    DiskFull {
        /// The database file.
        path: PathBuf,
    },
    /// The file or its directory could not be made or opened for another reason.
    #[error(
        "{path} cannot be opened ({reason}): check that the path exists and that the user that runs luisa may use it"
    )]
    Unopenable {
        /// The database file.
        path: PathBuf,
        /// What the operating system or SQLite said.
        reason: String,
    },
    /// A bug or a failing disk. Log it; do not repeat blindly.
    #[error("the database failed ({0}): look at the disk and at the log, and restore a backup if it repeats")]
    Broken(String),
}

impl StoreError {
    /// True when the failure says nothing about the item that met it, so that the whole operation must be repeated later.
    pub(crate) fn is_about_the_file(&self) -> bool {
        match self {
            Self::NotFound | Self::Conflict(_) | Self::Broken(_) => false,
            Self::Busy
            | Self::ReadOnly { .. }
            | Self::Locked { .. }
            | Self::AlreadyServed { .. }
            | Self::IsDirectory { .. }
            | Self::NotADatabase { .. }
            | Self::NewerSchema { .. }
            | Self::DiskFull { .. }
            | Self::Unopenable { .. } => true,
        }
    }

    /// Fills in the file's name, which operations do not know.
    pub(crate) fn at(self, file: &Path) -> Self {
        let path = file.to_path_buf();
        match self {
            Self::ReadOnly { .. } => Self::ReadOnly { path },
            Self::NotADatabase { .. } => Self::NotADatabase { path },
            Self::DiskFull { .. } => Self::DiskFull { path },
            Self::Unopenable { reason, .. } => Self::Unopenable { path, reason },
            other => other,
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let path = PathBuf::new();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::ReadOnly) => Self::ReadOnly { path },
            Some(ErrorCode::NotADatabase) => Self::NotADatabase { path },
            Some(ErrorCode::DiskFull) => Self::DiskFull { path },
            Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                Self::Unopenable { path, reason: error.to_string() }
            }
            Some(ErrorCode::ConstraintViolation) => {
                Self::Conflict(format!("a stored row contradicts this one: {error}"))
            }
            _ if matches!(error, rusqlite::Error::QueryReturnedNoRows) => Self::NotFound,
            _ => Self::Broken(error.to_string()),
        }
    }
}
