//! Migrations, each met by a database that has something in it.

use luisa_store::*;
use rusqlite::Connection;

use crate::shop::*;

const SAMPLES: [&str; 13] = [
    include_str!("../../migrations/samples/0001.sql"),
    include_str!("../../migrations/samples/0002.sql"),
    include_str!("../../migrations/samples/0003.sql"),
    include_str!("../../migrations/samples/0004.sql"),
    include_str!("../../migrations/samples/0005.sql"),
    include_str!("../../migrations/samples/0006.sql"),
    include_str!("../../migrations/samples/0007.sql"),
    include_str!("../../migrations/samples/0008.sql"),
    include_str!("../../migrations/samples/0009.sql"),
    include_str!("../../migrations/samples/0010.sql"),
    include_str!("../../migrations/samples/0011.sql"),
    include_str!("../../migrations/samples/0012.sql"),
    include_str!("../../migrations/samples/0013.sql"),
];

#[tokio::test]
async fn every_migration_has_a_sample_and_its_rows_are_read() {
    let shop = Shop::open();
    let version = shop.figure("SELECT user_version FROM pragma_user_version");
    assert_eq!(usize::try_from(version).unwrap(), SAMPLES.len());
    for sample in SAMPLES {
        shop.sql().execute_batch(sample).unwrap();
    }
    let mut check = shop.sql();
    assert!(!check.transaction().unwrap().prepare("PRAGMA foreign_key_check").unwrap().exists([]).unwrap());
    let Shop { store, path, directory } = shop;
    drop(store);
    let shop = Shop { store: Store::open(&path).unwrap(), path, directory };
    let claimed = shop.claim(at(600)).await;
    assert_eq!(claimed.turn.contact.as_ref().unwrap().profile_name.as_deref(), Some("Ana"));
    assert_eq!(claimed.turn.recent.len(), 3);
    assert_eq!(shop.store.conversation(&"wa_c2".into(), 9).await.unwrap().conversation.id, "wa_c1".into());
    assert_eq!(shop.store.traces(TraceFilter { limit: 9, ..TraceFilter::default() }).await.unwrap().len(), 2);
    let items = shop.store.catalog_items().await.unwrap();
    assert_eq!(items.len(), 2);
    assert!(items.iter().any(|row| row.item.kind == "de costura recta" && row.item.promo));
    assert_eq!(shop.store.parked(9).await.unwrap().len(), 1);
    assert_eq!(shop.store.fact_edits().await.unwrap()[0].updated_by, "carmen");
    assert_eq!(shop.store.closed_days(jiff::civil::Date::MIN).await.unwrap()[0].reason.as_deref(), Some("inventario"));
}

#[test]
fn the_columns_of_the_traces_are_the_promised_ones_in_their_order() {
    let shop = Shop::open();
    let promised = "id, request_id, message_id, conversation_id, channel, customer_phone_hash, raw_text, normalized_text, classification, \
        classification_score, classification_reasons, classifier_version, is_personal, intent, intent_score, slots, routed_team, \
        handoff_reason, handoff_priority, selected_asset_id, cache_hit, openai_called, openai_model, openai_input_tokens, \
        openai_output_tokens, openai_cost_usd, openai_latency_ms, openai_error, openai_fallback_used, openai_canary_allowed, \
        prompt_version, response_text, response_len_chars, decision_path, conversation_mode, latency_ms, latency_us, \
        whatsapp_send_success, whatsapp_send_latency_ms, whatsapp_send_error_code, error_message, created_at, \
        verdict, asks, known, unknown, missed";
    let columns = shop.text("SELECT group_concat(name, ', ') FROM pragma_table_info('interaction_traces')").unwrap();
    assert_eq!(columns, promised);
}

#[tokio::test]
async fn the_documented_check_of_the_last_answer_works_as_it_stands() {
    let shop = Shop::open();
    let now = jiff::Timestamp::now();
    let (_, _) = shop.answers(later(now, -20), ANA, "m1", "hola").await;
    let sending = shop.claim_send(now).await;
    shop.store.outbox_sent(now, sending, "w1".into(), 5.0).await.unwrap();
    let documented = "SELECT classification, classification_score, response_text, whatsapp_send_success
        FROM interaction_traces WHERE created_at > datetime('now','-5 minutes') ORDER BY id DESC LIMIT 1;";
    let operator = Connection::open(&shop.path).unwrap();
    let row: (String, f64, String, i64) =
        operator.query_row(documented, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))).unwrap();
    assert_eq!(row, ("BUSINESS_CONSULT".to_owned(), 0.97, "¿Cuál máquina?".to_owned(), 1));
    let old = "SELECT count(*) FROM interaction_traces WHERE created_at < datetime('now','-5 minutes')";
    assert_eq!(shop.figure(old), 0);
}
