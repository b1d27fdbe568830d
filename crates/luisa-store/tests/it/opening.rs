//! Opening: made when missing, and each thing that can stand in the way is one clear sentence.

use std::fs;
use std::path::Path;
use std::time::Duration;

use luisa_store::{Store, StoreError};

use crate::shop::at;

/// The error, and that its sentence names the file and says what to do.
fn refusal(opened: Result<Store, StoreError>, path: &Path, remedy: &str) -> StoreError {
    let error = opened.err().expect("it must not open");
    let sentence = error.to_string();
    assert!(sentence.contains(&path.display().to_string()), "{sentence}");
    assert!(sentence.contains(remedy), "{sentence}");
    assert!(!sentence.contains('\n') && !sentence.ends_with('.'), "{sentence}");
    error
}

#[tokio::test]
async fn a_missing_directory_is_made_and_opening_twice_is_safe() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a/b/luisa.db");
    let first = Store::open(&path).unwrap();
    let second = Store::open(&path).unwrap();
    first.set_value(at(0), "k", "v").await.unwrap();
    assert_eq!(second.value("k").await.unwrap().as_deref(), Some("v"));
    second.ping().await.unwrap();
    assert_eq!(second.path(), path);
}

#[test]
fn a_directory_in_its_place() {
    let directory = tempfile::tempdir().unwrap();
    let error = refusal(Store::open(directory.path()), directory.path(), "set DB_PATH to a file in it");
    assert!(matches!(error, StoreError::IsDirectory { .. }));
    assert!(error.to_string().contains("luisa.db"));
}

#[test]
fn a_file_in_place_of_its_directory() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("data"), "").unwrap();
    let path = directory.path().join("data/luisa.db");
    let error = refusal(Store::open(&path), &path, "check that the path exists");
    assert!(matches!(error, StoreError::Unopenable { .. }));
}

#[test]
fn a_read_only_file_or_directory() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("luisa.db");
    drop(Store::open(&path).unwrap());
    for place in [path.as_path(), directory.path()] {
        let writable = fs::metadata(place).unwrap().permissions();
        let mut locked = writable.clone();
        locked.set_readonly(true);
        fs::set_permissions(place, locked).unwrap();
        let opened = Store::open(&path);
        fs::set_permissions(place, writable).unwrap();
        assert!(matches!(refusal(opened, &path, "right to write"), StoreError::ReadOnly { .. }));
    }
    Store::open(&path).unwrap();
}

#[test]
fn a_file_that_is_no_database_is_left_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("luisa.db");
    let text = "Lista de precios\n".repeat(100);
    fs::write(&path, &text).unwrap();
    assert!(matches!(refusal(Store::open(&path), &path, "move it away"), StoreError::NotADatabase { .. }));
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn a_database_of_another_program() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("luisa.db");
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE songs (name TEXT)").unwrap();
    assert!(matches!(refusal(Store::open(&path), &path, "move it away"), StoreError::NotADatabase { .. }));
}

#[test]
fn a_newer_schema() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("luisa.db");
    drop(Store::open(&path).unwrap());
    rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 999).unwrap();
    let error = refusal(Store::open(&path), &path, "run the newer luisa");
    assert!(matches!(error, StoreError::NewerSchema { found: 999, .. }));
}

#[test]
fn another_program_that_holds_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("luisa.db");
    drop(Store::open(&path).unwrap());
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; CREATE TABLE held (a)").unwrap();
    let opened = Store::open_within(&path, Duration::from_millis(1));
    assert!(matches!(refusal(opened, &path, "stop that program"), StoreError::Locked { .. }));
    drop(other);
    Store::open(&path).unwrap();
}

#[test]
fn a_second_serving_process_while_tools_may_come_and_go() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("luisa.db");
    let serving = Store::open_for_serving(&path).unwrap();
    let second = refusal(Store::open_for_serving(&path), &path, "stop it first");
    assert!(matches!(second, StoreError::AlreadyServed { .. }));
    drop(Store::open(&path).unwrap());
    drop(serving);
    Store::open_for_serving(&path).unwrap();
}

#[tokio::test]
async fn the_files_are_for_this_user_alone() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("luisa.db");
    fs::write(&path, "").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let store = Store::open_for_serving(&path).unwrap();
    store.set_value(at(0), "k", "v").await.unwrap();
    for entry in fs::read_dir(directory.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        assert!(entry.file_name() == "luisa.db.lock" || mode & 0o077 == 0, "{:?} is {mode:o}", entry.file_name());
    }
}
