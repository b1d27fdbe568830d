//! Settings of the files that customers send: where they lie, how long they are kept and waited for.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::reader::Reader;

/// The folder's name beside the database.
const FOLDER: &str = "media";

/// What becomes of the files that customers send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// `MEDIA_DIR`: `media` beside the database unless given.
    pub dir: PathBuf,
    /// `MEDIA_TIMEOUT_SECONDS`: so long an answer waits for the file.
    pub timeout: Duration,
    /// `MEDIA_KEEP_DAYS`
    pub keep_days: u32,
}

impl Media {
    pub(super) fn read(reader: &mut Reader) -> Self {
        Self {
            dir: reader.text("MEDIA_DIR").map(PathBuf::from).unwrap_or_default(),
            timeout: Duration::from_secs(reader.number("MEDIA_TIMEOUT_SECONDS", 20, 0..=120, "seconds")),
            keep_days: reader.number("MEDIA_KEEP_DAYS", 30, 1..=3_650, "days"),
        }
    }

    /// Unset, the folder lies beside the database.
    pub(super) fn settle(&mut self, database: &Path) {
        if self.dir.as_os_str().is_empty() {
            self.dir = database.parent().unwrap_or(Path::new("")).join(FOLDER);
        }
    }

    /// How long an answer waits for the file, in milliseconds.
    #[must_use]
    pub fn wait_ms(&self) -> u64 {
        u64::try_from(self.timeout.as_millis()).unwrap_or(u64::MAX)
    }
}
