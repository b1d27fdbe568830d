//! Settings of where data is kept, and which business pack is served.

use std::path::PathBuf;

use super::reader::Reader;

/// The database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// `DB_PATH`: the SQLite file.
    pub path: PathBuf,
}

impl Database {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let path = PathBuf::from(reader.text_or("DB_PATH", "data/luisa.db"));
        // Its value holds a password as a rule, so it is treated as a secret.
        if reader.text("DATABASE_URL").is_some() {
            reader.secret_fault(
                "DATABASE_URL",
                "is set, but this version keeps its data in SQLite and does not speak PostgreSQL yet",
                "Unset DATABASE_URL; the data is kept in the file that DB_PATH names.",
            );
        }
        Self { path }
    }
}

/// `BUSINESS_DIR`: the folder of a business pack other than the built-in one.
pub(super) fn business_dir(reader: &mut Reader) -> Option<PathBuf> {
    reader.text("BUSINESS_DIR").map(PathBuf::from)
}
