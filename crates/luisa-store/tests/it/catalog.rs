//! The pack's catalog with the staff's edits over it, and edited facts.

use luisa_store::*;
use serde_json::json;

use crate::shop::*;

fn item(code: &str, price: i64) -> CatalogItem {
    CatalogItem {
        item_id: code.to_owned(),
        brand: "KINGTER".to_owned(),
        model: "KT-D3".to_owned(),
        name: "Industrial KT-D3".to_owned(),
        family: "industrial".to_owned(),
        features: json!(["motor ahorrador"]),
        uses: json!(["jeans"]),
        kind: "industrial de costura recta".to_owned(),
        good_for: "producción constante".to_owned(),
        volume: "alto".to_owned(),
        promo: false,
        price_cop: Some(price),
        stock: None,
        active: true,
        image_id: Some(code.to_owned()),
        priority: 0,
        aliases: json!(["d3"]),
        traits: "luz=sí".to_owned(),
        notes: None,
    }
}

#[tokio::test]
async fn the_staff_s_edit_wins_over_the_pack_and_what_left_the_pack_is_not_offered() {
    let shop = Shop::open();
    let pack = vec![item("I001", 100), item("I002", 200), item("I003", 300)];
    let report = shop.store.sync_catalog(at(0), pack.clone()).await.unwrap();
    assert_eq!(report, SyncReport { added: 3, changed: 0, unchanged: 0, kept_edits: 0, deactivated: 0 });
    shop.store.edit_catalog(at(1), vec![item("I001", 90), item("S001", 50)]).await.unwrap();
    let report = shop.store.sync_catalog(at(2), vec![item("I001", 110), item("I002", 210)]).await.unwrap();
    assert_eq!(report, SyncReport { added: 0, changed: 1, unchanged: 0, kept_edits: 1, deactivated: 1 });
    let rows = shop.store.catalog_items().await.unwrap();
    let seen: Vec<_> =
        rows.iter().map(|row| (row.item.item_id.as_str(), row.item.price_cop, row.item.active)).collect();
    let expected =
        [("I001", Some(90), true), ("I002", Some(210), true), ("I003", Some(300), false), ("S001", Some(50), true)];
    assert_eq!(seen, expected);
    assert_eq!(shop.store.counts().await.unwrap().catalog_items, 3);
    let report = shop.store.sync_catalog(at(3), pack).await.unwrap();
    assert_eq!((report.changed, report.deactivated), (2, 0), "what returns to the pack is offered again");
}

#[tokio::test]
async fn an_edited_fact_is_remembered_until_it_is_given_back_to_the_pack() {
    let shop = Shop::open();
    shop.store.edit_fact(at(0), "hours", Some("8 a 6"), "carmen").await.unwrap();
    shop.store.edit_fact(at(1), "hours", Some("8 a 5"), "luisa").await.unwrap();
    let edits = shop.store.fact_edits().await.unwrap();
    let expected = FactEdit {
        key: "hours".to_owned(),
        value: "8 a 5".to_owned(),
        updated_at: at(1),
        updated_by: "luisa".to_owned(),
    };
    assert_eq!(edits, [expected]);
    shop.store.edit_fact(at(2), "hours", None, "carmen").await.unwrap();
    assert_eq!(shop.store.fact_edits().await.unwrap(), []);
}

#[tokio::test]
async fn a_value_is_remembered_under_its_key() {
    let shop = Shop::open();
    assert_eq!(shop.store.value("sender.paused").await.unwrap(), None);
    shop.store.set_value(at(0), "sender.paused", "190").await.unwrap();
    shop.store.set_value(at(1), "sender.paused", "no").await.unwrap();
    assert_eq!(shop.store.value("sender.paused").await.unwrap().as_deref(), Some("no"));
}

#[tokio::test]
async fn every_change_of_a_product_or_fact_raises_the_revision_also_from_another_program() {
    let shop = Shop::open();
    let mut seen = vec![shop.store.shop_revision().await.unwrap()];
    shop.store.edit_catalog(at(0), vec![item("S001", 50)]).await.unwrap();
    seen.push(shop.store.shop_revision().await.unwrap());
    shop.store.edit_fact(at(1), "hours", Some("8 a 6"), "carmen").await.unwrap();
    seen.push(shop.store.shop_revision().await.unwrap());
    let by_hand = rusqlite::Connection::open(shop.store.path()).unwrap();
    by_hand.execute("UPDATE catalog_items SET price_cop = 60 WHERE item_id = 'S001'", []).unwrap();
    seen.push(shop.store.shop_revision().await.unwrap());
    shop.store.edit_fact(at(2), "hours", None, "carmen").await.unwrap();
    seen.push(shop.store.shop_revision().await.unwrap());
    assert!(seen.is_sorted_by(|a, b| a < b), "{seen:?}");
    let report = shop.store.sync_catalog(at(3), vec![]).await.unwrap();
    assert_eq!(report.changed + report.added + report.deactivated, 0);
    assert_eq!(shop.store.shop_revision().await.unwrap(), seen[4], "what changes nothing is no change");
}
