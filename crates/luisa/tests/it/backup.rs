//! Losing a machine and not the customers: a copy made while she serves, and LUISA going on from it.

use serde_json::Value;

use crate::cli::Desk;
use crate::world::{SOON, World};

#[tokio::test]
async fn a_copy_made_while_she_serves_is_what_she_goes_on_from_on_another_day() {
    let world = World::new().await;
    let mut luisa = world.serve().await;
    luisa.customer(1).says("busco una industrial para jeans").await.unwrap();
    world.meta.wait_for_sent(1, SOON).await.unwrap();
    world.eventually("SELECT state FROM outbox", Some("sent")).await;
    let db = world.db();
    let desk = Desk::new().with("DB_PATH", db.to_str().unwrap());
    let made: Value = serde_json::from_str(&desk.run(&["backup", "copy.db", "--json"]).ends_with(0).out()).unwrap();
    assert_eq!(made["rows"]["messages"], world.count("SELECT count(*) FROM messages"), "{made}");
    let err = desk.run(&["backup", "copy.db"]).ends_with(2).err();
    assert!(err.contains("copy.db exists already") && err.contains("--force"), "{err}");
    desk.run(&["backup", "copy.db", "--force"]).ends_with(0);
    let err = desk.run(&["backup", "--restore", "copy.db"]).ends_with(2).err();
    assert!(err.contains("already served") && err.contains("stop it first"), "{err}");
    luisa.customer(2).says("hola").await.unwrap();
    world.meta.wait_for_sent(2, SOON).await.unwrap();
    assert_eq!(luisa.terminate().await, 0);

    let out = desk.run(&["backup", "--restore", "copy.db"]).ends_with(0).out();
    assert!(out.contains("is now the copy") && out.contains(".before-restore-"), "{out}");
    let luisa = world.serve().await;
    assert_eq!(world.count("SELECT count(*) FROM contacts"), 1, "the second customer came after the copy");
    let memory = world.text("SELECT memory FROM conversations").unwrap();
    assert!(memory.contains("industrial"), "{memory}");
    luisa.customer(2).says("a qué hora abren?").await.unwrap();
    world.meta.wait_for_sent(3, SOON).await.unwrap();
    assert_eq!(world.meta.sent_to("573005550001").len(), 1, "what was answered before is not answered again");
}

#[test]
fn no_database_no_copy() {
    let desk = Desk::new();
    let err = desk.run(&["backup", "copy.db"]).ends_with(2).err();
    assert!(err.contains("no database at data/luisa.db") && err.contains("DB_PATH"), "{err}");
    assert!(!desk.folder().join("copy.db").exists() && !desk.folder().join("data").exists());
}
