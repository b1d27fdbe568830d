//! One person's right to their data and to be forgotten, exercised with the commands while she serves.

use std::path::Path;

use serde_json::Value;

use crate::cli::Desk;
use crate::world::{SOON, World};

const ANA: &str = "573005550001";

fn bytes_under(folder: &Path) -> String {
    let mut all = String::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        all.push_str(&String::from_utf8_lossy(&std::fs::read(entry.unwrap().path()).unwrap()));
    }
    all
}

#[tokio::test]
async fn a_person_gets_their_data_is_erased_and_may_come_back_as_somebody_new() {
    let world = World::new().await;
    let luisa = world.serve().await;
    let (mut ana, mut luz) = (luisa.customer(1), luisa.customer(2));
    ana.says("busco una industrial para cuero").await.unwrap();
    world.meta.wait_for_sent(1, SOON).await.unwrap();
    ana.says("quiero hablar con una persona por favor").await.unwrap();
    luz.says("a qué hora abren?").await.unwrap();
    world.meta.wait_for_sent(4, SOON).await.unwrap();
    let open = Some("0");
    world.eventually("SELECT CAST(count(*) AS TEXT) FROM outbox WHERE state <> 'sent'", open).await;
    let before = world.text("SELECT id FROM contacts ORDER BY id LIMIT 1");

    let desk = Desk::new().with("DB_PATH", world.db().to_str().unwrap());
    let exported = desk.run(&["privacy", "export", "300 555 0001"]).ends_with(0).out();
    let data: Value = serde_json::from_str(&exported).unwrap();
    assert_eq!(data["tables"]["contacts"][0]["wa_id"], ANA);
    assert!(exported.contains("busco una industrial para cuero") && !exported.contains("a qué hora abren?"));
    desk.run(&["privacy", "export", "3005550001", "--out", "ana.json"]).ends_with(0);
    assert!(std::fs::read_to_string(desk.folder().join("ana.json")).unwrap().contains(ANA));

    let err = desk.run(&["privacy", "erase", "3005550001"]).ends_with(2).err();
    assert!(err.contains("add --yes"), "{err}");
    let traces = world.count("SELECT count(*) FROM interaction_traces");
    let receipt = desk.run(&["privacy", "erase", "+57 300 555 0001", "--yes", "--json"]).ends_with(0).out();
    let receipt: Value = serde_json::from_str(&receipt).unwrap();
    assert_eq!(receipt["rows"]["contacts"], 1, "{receipt}");
    assert_eq!(receipt["rows"]["handoffs"], 1, "{receipt}");
    let files = bytes_under(world.db().parent().unwrap());
    for gone in [ANA, "3005550001", "Cliente 1\"", "para cuero", "una persona por favor"] {
        assert!(!files.contains(gone), "{gone} is still in the files");
    }
    assert!(files.contains("a qué hora abren?"), "the other customer's words stay");
    assert_eq!(world.count("SELECT count(*) FROM interaction_traces"), traces, "traces stay as rows");
    let kept = world.text("SELECT rows FROM erasures").unwrap();
    assert_eq!(serde_json::from_str::<Value>(&kept).unwrap(), receipt["rows"]);
    let err = desk.run(&["privacy", "erase", "3005550001", "--yes"]).ends_with(1).err();
    assert!(err.contains("Nothing is stored about \u{2026}0001"), "{err}");

    ana.says("hola").await.unwrap();
    world.meta.wait_for_sent(5, SOON).await.unwrap();
    let after = world.text("SELECT id FROM contacts WHERE wa_id = '573005550001'");
    assert!(after.is_some() && after != before);
    assert_eq!(world.count("SELECT count(*) FROM messages WHERE text LIKE '%industrial para cuero%'"), 0);
}

#[test]
fn a_conversation_of_the_api_is_erased_by_its_id() {
    let desk = Desk::new();
    desk.type_in(&["chat", "--conversation", "mostrador"], "busco una industrial\n").ends_with(0);
    desk.type_in(&["chat", "--conversation", "vitrina"], "hola\n").ends_with(0);
    let out = desk.run(&["privacy", "erase", "mostrador", "--yes"]).ends_with(0).out();
    assert!(out.contains("conversations             1 deleted") && out.contains("receipt e"), "{out}");
    let files = bytes_under(&desk.folder().join("data"));
    assert!(!files.contains("mostrador") && files.contains("vitrina"));
}

#[tokio::test]
async fn what_is_older_than_its_days_goes_by_itself_and_the_rest_stays() {
    let world = World::new().await.with("RETENTION_DAYS", "30");
    let mut luisa = world.serve().await;
    luisa.customer(1).says("busco una industrial para cuero").await.unwrap();
    luisa.customer(2).says("a qué hora abren?").await.unwrap();
    world.meta.wait_for_sent(2, SOON).await.unwrap();
    world.eventually("SELECT CAST(count(*) AS TEXT) FROM outbox WHERE state <> 'sent'", Some("0")).await;
    assert_eq!(luisa.terminate().await, 0);
    let chat = "(SELECT id FROM conversations ORDER BY id LIMIT 1)";
    let month = "datetime('now', '-31 days') || '.000'";
    let mut age = String::new();
    for table in ["messages", "outbox", "interaction_traces"] {
        age.push_str(&format!("UPDATE {table} SET created_at = {month} WHERE conversation_id = {chat};"));
    }
    age.push_str(&format!("UPDATE contacts SET updated_at = {month} WHERE wa_id = '{ANA}';"));
    age.push_str(&format!("UPDATE conversations SET updated_at = {month} WHERE id = {chat};"));
    rusqlite::Connection::open(world.db()).unwrap().execute_batch(&age).unwrap();
    let luisa = world.serve().await;
    let line = luisa.log().line("old_data_forgotten", |_| true).await;
    assert!(line["what"].as_str().unwrap().contains("RETENTION_DAYS"), "{line}");
    assert_eq!(world.count("SELECT count(*) FROM contacts"), 1);
    assert_eq!(
        world.text("SELECT group_concat(text) FROM messages WHERE direction = 'in'").unwrap(),
        "a qué hora abren?"
    );
    assert_eq!(world.count("SELECT count(*) FROM interaction_traces"), 2);
    let words = "SELECT group_concat(raw_text) FROM interaction_traces";
    assert_eq!(world.text(words).unwrap(), "a qué hora abren?");
}
