//! The snapshot as the route and the command show it: what the store counts, and the room on the disk it is on.
//!
//! Owns what belongs together. May not print, and may not change anything.

use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use luisa_store::{ModelUse, Snapshot, Store, StoreError};
use serde::Serialize;

/// One look at a LUISA.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    pub at: Timestamp,
    #[serde(flatten)]
    pub snapshot: Snapshot,
    #[serde(flatten)]
    pub model: ModelUse,
    /// Whether all that has come for an hour is for another responder of the number.
    pub silent_number: bool,
    /// The database and its log.
    pub database_bytes: Option<u64>,
    /// What may still be written beside it.
    pub disk_free_bytes: Option<u64>,
}

impl Figures {
    /// Looks. `zone` says when the shop's day began.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn of(store: &Store, zone: &TimeZone, now: Timestamp) -> Result<Self, StoreError> {
        let today = midnight(zone, now);
        let path = store.path();
        Ok(Self {
            at: now,
            snapshot: store.snapshot(now).await?,
            model: store.model_use(today).await?,
            silent_number: store.is_silent(now).await?,
            database_bytes: size(path),
            disk_free_bytes: free(path),
        })
    }
}

/// When the shop's day began.
pub(crate) fn midnight(zone: &TimeZone, now: Timestamp) -> Timestamp {
    now.to_zoned(zone.clone()).start_of_day().map_or(now, |midnight| midnight.timestamp())
}

pub(crate) fn size(database: &Path) -> Option<u64> {
    let mut log = database.as_os_str().to_owned();
    log.push("-wal");
    // There is no log file while nobody has the database open.
    let log = std::fs::metadata(log).map_or(0, |meta| meta.len());
    Some(std::fs::metadata(database).ok()?.len() + log)
}

/// For this user: what only root may fill does not count.
pub(crate) fn free(database: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(database).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// The memory of this process in bytes, and the seconds that the processor worked for it.
pub(crate) fn process() -> Option<(f64, f64)> {
    let pages: f64 = std::fs::read_to_string("/proc/self/statm").ok()?.split(' ').nth(1)?.parse().ok()?;
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name in parentheses may have spaces; the 14th and 15th fields are the ticks of program and system.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let ticks: f64 = fields.next()?.parse::<f64>().ok()? + fields.next()?.parse::<f64>().ok()?;
    // Counts of a machine: exact in f64.
    let (page, second) = (rustix::param::page_size() as f64, rustix::param::clock_ticks_per_second() as f64);
    Some((pages * page, ticks / second))
}
