//! The catalog and the facts as the staff change them, while she serves.

use serde_json::json;

use crate::world::{Luisa, World, http};

const KEY: &str = "key-of-the-tests";

async fn answer(luisa: &Luisa, chat: &str, text: &str) -> String {
    let (status, answer) =
        luisa.post("/api/chat", &json!({ "conversation_id": chat, "text": text, "sender": "customer" })).await;
    assert_eq!(status, 200, "{answer}");
    answer["response"].as_str().unwrap().to_owned()
}

fn by_hand(world: &World, sql: &str) {
    let conn = rusqlite::Connection::open(world.db()).unwrap();
    conn.busy_timeout(crate::world::SOON).unwrap();
    conn.execute_batch(sql).unwrap();
}

#[tokio::test]
async fn a_price_changed_in_the_database_is_what_she_says_next_and_the_old_one_is_gone() {
    let world = World::new().await;
    let luisa = world.serve().await;
    assert!(answer(&luisa, "a", "cuánto vale la KT-D3?").await.contains("$1.230.000"));
    by_hand(&world, "UPDATE catalog_items SET price_cop = 1180000, source = 'store' WHERE item_id = 'I008'");
    luisa.log().count("catalog_changed", 1).await;
    let now = answer(&luisa, "b", "cuánto vale la KT-D3?").await;
    assert!(now.contains("$1.180.000") && !now.contains("1.230.000"), "{now}");
    // The lowest price of its family follows, and a fact that still names the old price is not said.
    let family = answer(&luisa, "c", "qué precio tienen las industriales?").await;
    assert!(family.contains("$1.180.000"), "{family}");
    let promotions = answer(&luisa, "d", "qué promociones tienen?").await;
    assert!(!promotions.contains("1.230.000"), "{promotions}");
    let path = world.text("SELECT decision_path FROM interaction_traces ORDER BY id DESC LIMIT 1").unwrap();
    assert!(path.contains("guards_replaced:money:$1.230.000"), "{path}");
}

#[tokio::test]
async fn what_is_sold_out_or_withdrawn_is_not_offered() {
    let world = World::new().await;
    let luisa = world.serve().await;
    by_hand(
        &world,
        "UPDATE catalog_items SET stock = 0, source = 'store' WHERE item_id = 'I008';
         UPDATE catalog_items SET active = 0, source = 'store' WHERE item_id = 'I009'",
    );
    luisa.log().count("catalog_changed", 1).await;
    let sold_out = answer(&luisa, "a", "tienen la KT-D3?").await;
    assert!(sold_out.contains("agotada") || sold_out.contains("no nos queda"), "{sold_out}");
    let families = answer(&luisa, "b", "qué industriales tienen?").await;
    assert!(!families.contains("KS-8800"), "{families}");
    let (_, items) = luisa.get("/api/catalog/items").await;
    assert!(items["items"].as_array().unwrap().iter().all(|item| item["item_id"] != "I009"));
}

#[tokio::test]
async fn a_changed_fact_empties_the_faq_cache_and_its_counts_stay() {
    let world = World::new().await;
    let luisa = world.serve().await;
    for chat in ["a", "b"] {
        assert!(answer(&luisa, chat, "a qué hora abren?").await.contains("9:00"));
    }
    let (_, before) = luisa.get("/api/cache/stats").await;
    assert_eq!((&before["hits"], &before["misses"], &before["size"]), (&json!(1), &json!(1), &json!(1)));
    by_hand(
        &world,
        "INSERT INTO fact_edits VALUES ('horario', 'lunes a viernes de 7:00 a 17:00; sábados y domingos no abrimos',
         '2026-11-25 10:00:00.000', 'carmen')",
    );
    luisa.log().count("catalog_changed", 1).await;
    let (_, emptied) = luisa.get("/api/cache/stats").await;
    assert_eq!((&emptied["hits"], &emptied["misses"], &emptied["size"]), (&json!(1), &json!(1), &json!(0)));
    let now = answer(&luisa, "c", "a qué hora abren?").await;
    assert!(now.contains("7:00 a 17:00"), "{now}");
    let (_, after) = luisa.get("/api/cache/stats").await;
    assert_eq!((&after["hits"], &after["misses"]), (&json!(1), &json!(2)));
}

#[tokio::test]
async fn a_changed_file_of_the_pack_holds_after_a_sync_and_a_broken_one_changes_nothing() {
    let pack = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs/minimal");
    let own = tempfile::tempdir().unwrap();
    std::fs::create_dir(own.path().join("media")).unwrap();
    for folder in ["", "media"] {
        for entry in std::fs::read_dir(pack.join(folder)).unwrap().map(Result::unwrap) {
            if entry.path().is_file() {
                std::fs::copy(entry.path(), own.path().join(folder).join(entry.file_name())).unwrap();
            }
        }
    }
    let world = World::new().await.with("BUSINESS_DIR", own.path().to_str().unwrap()).with("LUISA_API_KEY", KEY);
    let luisa = world.serve().await;
    let sync = || http().post(format!("{}/api/catalog/sync", luisa.url)).header("X-LUISA-API-KEY", KEY).send();
    assert!(answer(&luisa, "a", "a qué hora abren?").await.contains("5:30"));
    let facts = own.path().join("facts.toml");
    let text = std::fs::read_to_string(&facts).unwrap();
    std::fs::write(&facts, text.replace("5:30", "6:30")).unwrap();
    assert_eq!(sync().await.unwrap().status(), 200);
    assert!(answer(&luisa, "b", "a qué hora abren?").await.contains("6:30"));
    std::fs::write(&facts, "nothing").unwrap();
    let refused = sync().await.unwrap();
    assert_eq!(refused.status(), 409);
    let why = refused.text().await.unwrap();
    assert!(why.contains("facts.toml line 1"), "{why}");
    assert!(answer(&luisa, "c", "a qué hora abren?").await.contains("6:30"));
}
