//! The engine alone: what is grouped, what fails alone, and what survives.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

struct Place {
    _directory: tempfile::TempDir,
    path: PathBuf,
}

fn place() -> Place {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("luisa.db");
    Place { _directory: directory, path }
}

fn writer(place: &Place) -> Arc<Writer> {
    Arc::new(Writer::start(&place.path, Duration::from_secs(5)).unwrap())
}

fn put(conn: &Connection, key: &str) -> Result<(), StoreError> {
    conn.execute("INSERT INTO kv VALUES (?1, '', '')", [key])?;
    Ok(())
}

fn keys(conn: &Connection) -> Result<i64, StoreError> {
    Ok(conn.query_row("SELECT count(*) FROM kv", [], |row| row.get(0))?)
}

/// Keeps the writer busy until the returned sender is used, so that everything sent meanwhile waits together.
async fn hold(writer: &Arc<Writer>) -> (std::sync::mpsc::Sender<()>, tokio::task::JoinHandle<Result<(), StoreError>>) {
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let (tell, mut begun) = mpsc::channel(1);
    let held = Arc::clone(writer);
    let holding = tokio::spawn(async move {
        held.run(move |_| {
            tell.try_send(()).unwrap();
            wait.recv().unwrap();
            Ok(())
        })
        .await
    });
    begun.recv().await.unwrap();
    (go, holding)
}

#[tokio::test]
async fn operations_that_wait_together_share_one_transaction_and_answer_after_it() {
    let place = place();
    let writer = writer(&place);
    let (go, holding) = hold(&writer).await;
    let first = writer.run(|conn| put(conn, "a"));
    let path = place.path.clone();
    // The second sees the first's row on the writer's connection, and nobody else does yet.
    let second = writer.run(move |conn| {
        let outside = open_reading(&path, Duration::from_secs(1))?;
        Ok((keys(conn)?, keys(&outside)?))
    });
    let release = async { go.send(()).unwrap() };
    let (first, second, ()) = tokio::join!(biased; first, second, release);
    first.unwrap();
    assert_eq!(second.unwrap(), (1, 0));
    holding.await.unwrap().unwrap();
    assert_eq!(keys(&open_reading(&place.path, Duration::from_secs(1)).unwrap()).unwrap(), 1);
}

#[tokio::test]
async fn a_failing_and_a_panicking_operation_undo_only_themselves() {
    let place = place();
    let writer = writer(&place);
    let (go, holding) = hold(&writer).await;
    let good = writer.run(|conn| put(conn, "good"));
    let failing = writer.run(|conn| {
        put(conn, "half")?;
        Err::<(), _>(StoreError::NotFound)
    });
    let panicking = writer.run(|conn| {
        put(conn, "half again")?;
        panic!("on purpose, by a test");
        #[expect(unreachable_code, reason = "names the type of the answer")]
        Ok(())
    });
    let release = async { go.send(()).unwrap() };
    let (good, failing, panicking, ()) = tokio::join!(biased; good, failing, panicking, release);
    good.unwrap();
    assert!(matches!(failing, Err(StoreError::NotFound)));
    assert!(matches!(panicking, Err(StoreError::Broken(_))));
    holding.await.unwrap().unwrap();
    assert_eq!(writer.run(|conn| keys(conn)).await.unwrap(), 1, "the writer lives on, with the good row alone");
}

#[tokio::test]
async fn an_operation_that_refuses_before_it_has_written_makes_no_neighbour_run_again() {
    let place = place();
    let writer = writer(&place);
    let (go, holding) = hold(&writer).await;
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let good = writer.run(move |conn| {
        counted.fetch_add(1, Ordering::SeqCst);
        put(conn, "good")
    });
    let refusing = writer.run(|conn| {
        keys(conn)?;
        Err::<(), _>(StoreError::NotFound)
    });
    let release = async { go.send(()).unwrap() };
    let (good, refusing, ()) = tokio::join!(biased; good, refusing, release);
    good.unwrap();
    assert!(matches!(refusing, Err(StoreError::NotFound)));
    holding.await.unwrap().unwrap();
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_part_that_fails_half_done_is_undone_and_the_rest_of_its_operation_stays() {
    let place = place();
    let writer = writer(&place);
    let neighbour = writer.run(|conn| put(conn, "neighbour"));
    let parted = writer.run(|conn| {
        put(conn, "before")?;
        let failed = conn.part(|| {
            put(conn, "half")?;
            Err::<(), _>(StoreError::NotFound)
        });
        assert!(failed.is_err());
        put(conn, "after")
    });
    let (neighbour, parted) = tokio::join!(biased; neighbour, parted);
    neighbour.unwrap();
    parted.unwrap();
    assert_eq!(writer.run(|conn| keys(conn)).await.unwrap(), 3, "neighbour, before and after");
}

#[tokio::test]
async fn a_statement_is_planned_once_whatever_it_is_asked() {
    let place = place();
    let conn = open_writing(&place.path, Duration::from_secs(1)).unwrap();
    let mut query =
        conn.prepare("SELECT count(*) FROM messages WHERE created_at < ?1 AND conversation_id = ?2").unwrap();
    for n in 0..20 {
        let _: i64 = query.query_row([n.to_string(), n.to_string()], |row| row.get(0)).unwrap();
    }
    assert_eq!(query.get_status(rusqlite::StatementStatus::RePrepare), 0);
}

#[tokio::test]
async fn a_full_disk_is_named_and_what_was_stored_stays() {
    let place = place();
    let writer = writer(&place);
    writer.run(|conn| put(conn, "before")).await.unwrap();
    let full = writer
        .run(|conn| {
            let pages: i64 = conn.pragma_query_value(None, "page_count", |row| row.get(0))?;
            conn.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
            put(conn, &"x".repeat(1_000_000))
        })
        .await
        .unwrap_err();
    assert!(matches!(&full, StoreError::DiskFull { path } if *path == place.path), "{full}");
    assert!(full.to_string().contains("no space left for"));
    assert_eq!(writer.run(|conn| keys(conn)).await.unwrap(), 1);
}

#[tokio::test]
async fn what_shared_the_transaction_of_a_full_disk_is_told_that_it_was_not_stored() {
    let place = place();
    let writer = writer(&place);
    let (go, holding) = hold(&writer).await;
    let neighbour = writer.run(|conn| put(conn, "neighbour"));
    let filling = writer.run(|conn| {
        let pages: i64 = conn.pragma_query_value(None, "page_count", |row| row.get(0))?;
        conn.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
        put(conn, &"x".repeat(1_000_000))
    });
    let release = async { go.send(()).unwrap() };
    let (neighbour, filling, ()) = tokio::join!(biased; neighbour, filling, release);
    holding.await.unwrap().unwrap();
    assert!(matches!(filling, Err(StoreError::DiskFull { .. })));
    let stored = writer.run(|conn| keys(conn)).await.unwrap();
    assert_eq!(neighbour.is_ok(), stored == 1, "{neighbour:?}");
}

#[tokio::test]
async fn a_lock_held_too_long_by_another_program_makes_operations_busy_and_no_worse() {
    let place = place();
    let writer = Writer::start(&place.path, Duration::from_millis(1)).unwrap();
    let other = Connection::open(&place.path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert!(matches!(writer.run(|conn| put(conn, "a")).await, Err(StoreError::Busy)));
    other.execute_batch("ROLLBACK").unwrap();
    writer.run(|conn| put(conn, "a")).await.unwrap();
}

#[tokio::test]
async fn readers_cannot_write() {
    let place = place();
    let _writer = writer(&place);
    let readers = Arc::new(Readers::new(&place.path, Duration::from_secs(1)));
    assert!(matches!(readers.run(|conn| put(conn, "a")).await, Err(StoreError::ReadOnly { .. })));
    assert_eq!(readers.run(keys).await.unwrap(), 0);
}
