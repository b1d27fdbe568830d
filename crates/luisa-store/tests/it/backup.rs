//! Copies that can be trusted, and the database that one of them becomes.

use std::fs;
use std::path::PathBuf;

use luisa_store::*;

use crate::shop::*;

fn copy_of(shop: &Shop) -> PathBuf {
    shop.directory.path().join("copy.db")
}

fn take(shop: &Shop, overwrite: Overwrite) -> Result<Backup, BackupError> {
    back_up(&shop.path, &copy_of(shop), overwrite, at(1000), |_| ())
}

#[tokio::test]
async fn a_copy_of_a_served_database_is_one_whole_file_and_the_database_knows_when_it_was_made() {
    let shop = Shop::open();
    shop.says(at(0), ANA, "m1", "hola").await;
    assert_eq!(shop.store.last_backup().await.unwrap(), None);
    let mut told = Vec::new();
    let made = back_up(&shop.path, &copy_of(&shop), Overwrite::Never, at(1000), |part| told.push(part)).unwrap();
    assert_eq!((made.rows["contacts"], made.rows["messages"], made.rows["outbox"]), (1, 1, 0));
    assert_eq!(made.bytes, fs::metadata(copy_of(&shop)).unwrap().len());
    assert_eq!(told.last(), Some(&1.0));
    let files: Vec<_> = fs::read_dir(shop.directory.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(files.iter().filter(|name| name.to_string_lossy().contains("copy")).count(), 1, "{files:?}");
    assert!(files.iter().all(|name| !name.to_string_lossy().starts_with(".luisa")), "{files:?}");
    assert_eq!(shop.store.last_backup().await.unwrap(), Some(at(1000)));
}

#[tokio::test]
async fn writers_do_not_wait_for_a_copy_and_do_not_spoil_it() {
    let shop = Shop::open();
    for n in 0..50 {
        shop.says(at(n), ANA, &format!("m{n}"), &"hilo ".repeat(500)).await;
    }
    let writing = shop.store.clone();
    let runtime = tokio::runtime::Handle::current();
    let mut n = 0;
    let (path, copy) = (shop.path.clone(), copy_of(&shop));
    let made = tokio::task::spawn_blocking(move || {
        back_up(&path, &copy, Overwrite::Never, at(1000), |_| {
            n += 1;
            let late = Arrival::Message(message(at(900), by_phone(LUZ), &format!("late{n}"), "hola"));
            runtime.block_on(writing.accept(at(900), vec![late])).unwrap();
        })
    });
    let made = made.await.unwrap().unwrap();
    assert_eq!(made.rows["messages"], 50, "as it was when the copy began");
    assert!(shop.figure("SELECT count(*) FROM messages") > 50, "and what was written meanwhile is stored");
}

#[tokio::test]
async fn nothing_is_lost_to_a_copy_by_mistake() {
    let shop = Shop::open();
    fs::write(copy_of(&shop), "fotos del taller").unwrap();
    let refused = take(&shop, Overwrite::Never).unwrap_err().to_string();
    assert!(refused.contains("copy.db exists already") && refused.contains("--force"), "{refused}");
    assert_eq!(fs::read_to_string(copy_of(&shop)).unwrap(), "fotos del taller");
    take(&shop, Overwrite::Replace).unwrap();
    let itself = back_up(&shop.path, &shop.path, Overwrite::Replace, at(0), |_| ()).unwrap_err();
    assert!(matches!(itself, BackupError::Itself(_)), "{itself}");
    let nothing = back_up(&shop.directory.path().join("none.db"), &copy_of(&shop), Overwrite::Replace, at(0), |_| ());
    assert!(nothing.unwrap_err().to_string().contains("set DB_PATH"));
    let nowhere = back_up(&shop.path, &shop.directory.path().join("usb/copy.db"), Overwrite::Never, at(0), |_| ());
    assert!(nowhere.unwrap_err().to_string().contains("check that its folder exists"));
    fs::write(copy_of(&shop), "no database, but as long as one. ".repeat(100)).unwrap();
    let foreign = back_up(&copy_of(&shop), &shop.directory.path().join("b.db"), Overwrite::Never, at(0), |_| ());
    assert!(matches!(foreign, Err(BackupError::Store(StoreError::NotADatabase { .. }))));
}

#[tokio::test]
async fn a_damaged_database_gives_no_copy_that_looks_good() {
    let shop = Shop::open();
    for n in 0..50 {
        shop.says(at(n), ANA, &format!("m{n}"), &"hilo ".repeat(500)).await;
    }
    let Shop { store, path, directory } = shop;
    drop(store);
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 6000].fill(0xAA);
    fs::write(&path, bytes).unwrap();
    let copy = directory.path().join("copy.db");
    let refused = back_up(&path, &copy, Overwrite::Never, at(0), |_| ()).unwrap_err();
    assert!(matches!(refused, BackupError::Damaged { .. } | BackupError::Store(StoreError::Broken(_))), "{refused}");
    assert!(!copy.exists());
}

#[tokio::test]
async fn a_copy_put_back_is_the_database_of_then_and_that_of_now_is_kept_aside() {
    let shop = Shop::open();
    let (ana, _) = shop.answers(at(0), ANA, "m1", "¿Cuál máquina?").await;
    shop.says(at(20), ANA, "m2", "la industrial").await;
    take(&shop, Overwrite::Never).unwrap();
    shop.says(at(30), LUZ, "m3", "hola").await;
    let copy = copy_of(&shop);
    let Shop { store, path, directory } = shop;
    let serving = Store::open_for_serving(&path).unwrap();
    let served = restore(&copy, &path, at(2000)).unwrap_err();
    assert!(matches!(served, BackupError::Store(StoreError::AlreadyServed { .. })), "{served}");
    drop((store, serving));
    let restored = restore(&copy, &path, at(2000)).unwrap();
    assert_eq!(restored.rows["messages"], 3);
    let shop = Shop { store: Store::open(&path).unwrap(), path, directory };
    assert_eq!(shop.figure("SELECT count(*) FROM messages"), 3);
    assert_eq!(shop.store.conversation(&ana, 9).await.unwrap().messages.len(), 3);
    assert!(copy.exists(), "a copy may be needed again");
    let aside = Store::open(&restored.moved_to.unwrap()).unwrap();
    assert_eq!(aside.conversations(9).await.unwrap().len(), 2, "with what was written last");
}

#[tokio::test]
async fn what_waited_when_the_copy_was_made_is_not_sent_again_after_it_is_put_back() {
    let shop = Shop::open();
    shop.answers(at(0), ANA, "m1", "¿Cuál máquina?").await;
    shop.says(at(20), LUZ, "m2", "hola").await;
    take(&shop, Overwrite::Never).unwrap();
    let copy = copy_of(&shop);
    let Shop { store, path, directory } = shop;
    drop(store);
    restore(&copy, &path, at(2000)).unwrap();
    let shop = Shop { store: Store::open(&path).unwrap(), path, directory };
    shop.store.release_all_claims(at(2001)).await.unwrap();
    assert_eq!(shop.store.resend_unheard(at(3000)).await.unwrap(), 0);
    assert!(shop.store.claim_outbox(at(3000), 10, LEASE).await.unwrap().is_empty());
    assert_eq!(shop.text("SELECT state || ' ' || error_code FROM outbox").unwrap(), "unknown restored");
    assert!(shop.claim(at(3000)).await.turn.pending[0].stale);
}

#[tokio::test]
async fn a_copy_that_cannot_be_trusted_or_served_is_not_put_back() {
    let shop = Shop::open();
    for n in 0..50 {
        shop.says(at(n), ANA, &format!("m{n}"), &"hilo ".repeat(500)).await;
    }
    take(&shop, Overwrite::Never).unwrap();
    let copy = copy_of(&shop);
    let Shop { store, path, directory } = shop;
    drop(store);
    let good = fs::read(&copy).unwrap();
    let mut bad = good.clone();
    let middle = bad.len() / 2;
    bad[middle..middle + 6000].fill(0xAA);
    fs::write(&copy, bad).unwrap();
    let damaged = restore(&copy, &path, at(0)).unwrap_err();
    assert!(matches!(damaged, BackupError::Damaged { .. }), "{damaged}");
    fs::write(&copy, good).unwrap();
    rusqlite::Connection::open(&copy).unwrap().pragma_update(None, "user_version", 999).unwrap();
    let newer = restore(&copy, &path, at(0)).unwrap_err();
    assert!(matches!(newer, BackupError::Store(StoreError::NewerSchema { .. })), "{newer}");
    assert!(restore(&directory.path().join("none.db"), &path, at(0)).unwrap_err().to_string().contains("no copy at"));
    let store = Store::open(&path).unwrap();
    assert_eq!(store.conversations(9).await.unwrap().len(), 1, "and the database is as it was");
}
