//! What a claim costs, counted in the steps of SQLite's machine: a figure that no other program can disturb.

use std::time::Duration;

use rusqlite::StatementStatus;

use super::*;
use crate::sqlite::open_writing;

/// Steps to find the chats of one claim while so many wait.
fn steps(waiting: u32) -> i32 {
    let directory = tempfile::tempdir().unwrap();
    let conn = open_writing(&directory.path().join("luisa.db"), Duration::from_secs(1)).unwrap();
    let sql = "INSERT INTO conversations (id, channel, due_at, pending_since, created_at, updated_at)
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
        SELECT 'wa_c' || i, 'whatsapp', '2026-11-20 15:00:00.000', '2026-11-20 14:00:00.000', '', '' FROM n";
    conn.execute(sql, [waiting]).unwrap();
    let mut query = conn.prepare(DUE).unwrap();
    let now: Timestamp = "2026-11-20T15:00:01Z".parse().unwrap();
    let found = query.query_map(params![At(now), 8], |row| row.get::<_, ConversationId>(0)).unwrap().count();
    assert_eq!(found, 8);
    query.get_status(StatementStatus::VmStep)
}

#[test]
fn a_claim_costs_the_same_however_many_chats_wait() {
    assert_eq!(steps(20), steps(5_000));
}
