//! Arrivals: stored once, together, each item on its own.

use luisa_store::*;
use serde_json::json;

use crate::shop::*;

#[tokio::test]
async fn a_redelivered_message_is_a_duplicate_and_changes_nothing() {
    let shop = Shop::open();
    let chat = shop.says(at(0), ANA, "m1", "Buenas").await;
    let mut again = message(at(50), by_phone(ANA), "m1", "Buenas");
    again.identity.profile_name = Some("Otra".to_owned());
    assert_eq!(shop.accept_one(at(50), Arrival::Message(again)).await, Receipt::Duplicate);
    let detail = shop.store.conversation(&chat, 10).await.unwrap();
    assert_eq!(detail.messages.len(), 1);
    assert_eq!(detail.contact.unwrap().profile_name, None);
    assert_eq!(detail.conversation.due_at, Some(at(0) + jiff::SignedDuration::from_millis(1_500)));
}

#[tokio::test]
async fn of_many_deliveries_at_once_exactly_one_is_pending() {
    let shop = Shop::open();
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..32 {
        let store = shop.store.clone();
        tries.spawn(async move {
            store.accept(at(0), vec![Arrival::Message(message(at(0), by_phone(ANA), "m1", "hola"))]).await
        });
    }
    let receipts: Vec<Receipt> = tries.join_all().await.into_iter().flat_map(Result::unwrap).collect();
    assert_eq!(receipts.iter().filter(|receipt| matches!(receipt, Receipt::Pending(_))).count(), 1);
    assert_eq!(receipts.iter().filter(|receipt| **receipt == Receipt::Duplicate).count(), 31);
    assert_eq!(shop.figure("SELECT count(*) FROM inbox"), 1);
}

#[tokio::test]
async fn one_bad_item_is_kept_raw_and_its_siblings_are_stored() {
    let shop = Shop::open();
    let nobody = message(at(0), identity(None, None), "m2", "secreto");
    let receipts = shop
        .store
        .accept(
            at(0),
            vec![
                Arrival::Message(message(at(0), by_phone(ANA), "m1", "uno")),
                Arrival::Message(nobody),
                Arrival::Unparsed {
                    field: "flows".to_owned(),
                    raw: "{\"a\":1}".to_owned(),
                    reason: "unknown field".to_owned(),
                },
                Arrival::Message(message(at(0), by_phone(LUZ), "m3", "tres")),
            ],
        )
        .await
        .unwrap();
    assert!(matches!(receipts[0], Receipt::Pending(_)));
    assert_eq!(receipts[1], Receipt::Unparsed);
    assert_eq!(receipts[2], Receipt::Unparsed);
    assert!(matches!(receipts[3], Receipt::Pending(_)));
    assert_eq!(shop.figure("SELECT count(*) FROM inbox"), 2);
    assert_eq!(
        shop.figure("SELECT count(*) FROM webhook_unparsed WHERE raw LIKE '%secreto%' AND reason LIKE '%wa_id%'"),
        1
    );
    assert_eq!(shop.text("SELECT raw FROM webhook_unparsed WHERE field = 'flows'").unwrap(), "{\"a\":1}");
}

#[tokio::test]
async fn a_burst_waits_for_silence_but_not_for_ever() {
    let shop = Shop::open();
    for second in 0..6 {
        shop.says(at(second), ANA, &format!("m{second}"), "y").await;
        let due = shop.store.next_due().await.unwrap().unwrap();
        let quiet = at(second) + jiff::SignedDuration::from_millis(1_500);
        assert_eq!(due, quiet.min(at(6)));
    }
    assert!(shop.store.claim_due(at(5), 10, LEASE).await.unwrap().chats.is_empty());
    assert_eq!(shop.claim(at(6)).await.turn.pending.len(), 6);
}

#[tokio::test]
async fn an_edit_before_the_answer_is_what_gets_answered() {
    let shop = Shop::open();
    let chat = shop.says(at(0), ANA, "m1", "una fileteadora").await;
    let early = shop.claim(at(10)).await;
    let edit = edit(at(11), by_phone(ANA), "m1", "una plana");
    assert_eq!(shop.accept_one(at(11), edit.clone()).await, Receipt::Pending(chat.clone()));
    let lost = shop.store.commit_turn(at(12), early.claim, replying(&chat, "m1", "¡Fileteadora!")).await;
    assert!(matches!(lost, Err(StoreError::Conflict(_))));
    let claimed = shop.claim(at(12)).await;
    assert_eq!(claimed.turn.pending[0].text.as_deref(), Some("una plana"));
    assert_eq!(claimed.turn.pending[0].payload, json!({"text": "una plana"}));
    assert_eq!(claimed.turn.pending[0].attempts, 1, "the voided try does not count against the message");
    shop.store.commit_turn(at(13), claimed.claim, replying(&chat, "m1", "¡Plana!")).await.unwrap();
    assert_eq!(shop.accept_one(at(14), edit).await, Receipt::Applied);
    assert!(
        shop.store.claim_due(at(99), 10, LEASE).await.unwrap().chats.is_empty(),
        "an edit that changes nothing asks for no other answer"
    );
}

#[tokio::test]
async fn a_deleted_message_loses_its_text_everywhere_and_is_not_answered() {
    let shop = Shop::open();
    let (chat, _) = shop.answers(at(0), ANA, "m1", "¿Cuál?").await;
    shop.says(at(20), ANA, "m2", "mi cédula es 99").await;
    let claimed = shop.claim(at(30)).await;
    for id in ["m1", "m2"] {
        assert_eq!(shop.accept_one(at(31), revoke(by_phone(ANA), id)).await, Receipt::Applied);
    }
    assert!(matches!(
        shop.store.commit_turn(at(32), claimed.claim, replying(&chat, "m2", "Gracias")).await,
        Err(StoreError::Conflict(_))
    ));
    assert_eq!(shop.store.next_due().await.unwrap(), None);
    assert!(shop.store.claim_due(at(99), 10, LEASE).await.unwrap().chats.is_empty());
    let left = "SELECT count(*) FROM messages WHERE direction = 'in' AND (text IS NOT NULL OR payload IS NOT NULL OR state <> 'revoked')";
    assert_eq!(shop.figure(left), 0);
    let trace = shop.trace_of("r-m1").await;
    assert_eq!((trace.raw_text, trace.normalized_text), (None, None));
    assert_eq!(trace.response_text.as_deref(), Some("¿Cuál máquina?"), "the rest of the trace stays");
}

#[tokio::test]
async fn a_deletion_that_overtakes_its_message_still_counts() {
    let shop = Shop::open();
    assert_eq!(shop.accept_one(at(0), revoke(by_phone(ANA), "m1")).await, Receipt::Early);
    let late = Arrival::Message(message(at(1), by_phone(ANA), "m1", "perdón, no era"));
    assert_eq!(shop.accept_one(at(1), late.clone()).await, Receipt::Applied);
    assert_eq!(shop.accept_one(at(2), late).await, Receipt::Duplicate);
    assert_eq!(shop.text("SELECT text FROM messages WHERE message_id = 'm1'"), None);
    assert!(shop.store.claim_due(at(99), 10, LEASE).await.unwrap().chats.is_empty());
}

#[tokio::test]
async fn an_arrival_wakes_the_worker_that_sleeps() {
    let shop = Shop::open();
    shop.says(at(0), ANA, "m1", "hola").await;
    shop.store.inbox_changed().notified().await;
}
