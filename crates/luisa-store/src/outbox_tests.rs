//! What a claim of the sender costs, counted in the steps of SQLite's machine: a figure that no other program can disturb.

use rusqlite::StatementStatus;

use super::*;
use crate::sqlite::open_writing;

const DUE: &str = "2026-11-20 15:00:00.000";
const LATER: &str = "2026-11-20 15:05:00.000";

/// Steps of a statement while so many rows wait, due then.
fn steps(sql: &str, waiting: u32, due_at: &str) -> i32 {
    let directory = tempfile::tempdir().unwrap();
    let conn = open_writing(&directory.path().join("luisa.db"), Duration::from_secs(1)).unwrap();
    let fill = "INSERT INTO outbox (opaque, lane, purpose, recipient, payload, state, due_at, created_at)
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
        SELECT 'o' || i, 'wa_c' || i, 'reply', '{}', '{}', 'due', ?2, '' FROM n";
    conn.execute(fill, params![waiting, due_at]).unwrap();
    let mut query = conn.prepare(sql).unwrap();
    let now: Timestamp = "2026-11-20T15:00:01Z".parse().unwrap();
    query.raw_bind_parameter(1, At(now)).unwrap();
    if query.parameter_count() > 1 {
        query.raw_bind_parameter(2, 8).unwrap();
    }
    let mut rows = query.raw_query();
    while rows.next().unwrap().is_some() {}
    drop(rows);
    query.get_status(StatementStatus::VmStep)
}

#[test]
fn a_claim_costs_the_same_however_many_answers_wait() {
    assert_eq!(steps(HEADS, 20, DUE), steps(HEADS, 5_000, DUE));
}

#[test]
fn to_know_when_to_look_again_costs_the_same_however_many_answers_wait() {
    assert_eq!(steps(NEXT_DUE, 20, DUE), steps(NEXT_DUE, 5_000, DUE));
    assert_eq!(steps(NEXT_DUE, 20, LATER), steps(NEXT_DUE, 5_000, LATER));
}
