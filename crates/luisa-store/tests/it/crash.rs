//! The process dies: what was answered as done is there, what was under way is taken up or known to be unknown.

use std::fs;

use luisa_store::*;

use crate::shop::*;

#[tokio::test]
async fn messages_accepted_together_are_on_disk_when_their_receipts_are_given() {
    let shop = Shop::open();
    let mut arriving = tokio::task::JoinSet::new();
    for chat in 0..64 {
        let store = shop.store.clone();
        let arrival =
            Arrival::Message(message(at(0), by_phone(&format!("57300555{chat:04}")), &format!("m{chat}"), "hola"));
        arriving.spawn(async move { store.accept(at(0), vec![arrival]).await });
    }
    for receipts in arriving.join_all().await {
        assert!(matches!(receipts.unwrap()[0], Receipt::Pending(_)));
    }
    // The files as a power cut would leave them: nothing was closed, no checkpoint was made.
    let after = tempfile::tempdir().unwrap();
    for name in ["luisa.db", "luisa.db-wal"] {
        fs::copy(shop.directory.path().join(name), after.path().join(name)).unwrap();
    }
    let reopened = Store::open(&after.path().join("luisa.db")).unwrap();
    assert_eq!(reopened.claim_due(at(10), 100, LEASE).await.unwrap().chats.len(), 64);
    assert_eq!(reopened.counts().await.unwrap().inbox_pending, 64);
}

#[tokio::test]
async fn a_turn_under_way_is_taken_up_by_the_next_process() {
    let shop = Shop::open();
    let chat = shop.says(at(0), ANA, "m1", "hola").await;
    drop(shop.claim(at(5)).await);
    let Shop { store, path, directory } = shop;
    drop(store);
    let shop = Shop { store: Store::open(&path).unwrap(), path, directory };
    assert!(shop.store.claim_due(at(6), 10, LEASE).await.unwrap().chats.is_empty(), "its lease has not ended");
    assert_eq!(shop.store.release_all_claims(at(6)).await.unwrap(), (1, 0));
    let claimed = shop.claim(at(6)).await;
    assert_eq!(claimed.turn.pending[0].attempts, 2);
    shop.store.commit_turn(at(7), claimed.claim, replying(&chat, "m1", "hola")).await.unwrap();
    assert_eq!(shop.figure("SELECT count(*) FROM outbox"), 1);
}

#[tokio::test]
async fn a_message_that_kills_the_process_every_time_is_parked() {
    let shop = Shop::open();
    shop.says(at(0), ANA, "killer", "hola").await;
    for life in 1..=5 {
        drop(shop.claim(at(life * 10)).await);
        shop.store.release_all_claims(at(life * 10)).await.unwrap();
    }
    assert!(shop.store.claim_due(at(100), 10, LEASE).await.unwrap().chats.is_empty());
    assert_eq!(shop.store.parked(10).await.unwrap().len(), 1);
    assert_eq!(shop.store.next_due().await.unwrap(), None);
}

#[tokio::test]
async fn what_was_being_sent_is_unknown_and_not_repeated() {
    let shop = Shop::open();
    shop.answers(at(0), ANA, "m1", "hola").await;
    let opaque = shop.claim_send(at(11)).await.row().opaque.clone();
    assert_eq!(shop.store.release_all_claims(at(12)).await.unwrap(), (0, 1));
    assert!(shop.store.claim_outbox(at(500), 10, LEASE).await.unwrap().is_empty());
    assert_eq!(shop.store.counts().await.unwrap().outbox_unknown, 1);
    shop.accept_one(at(501), status(Some(&opaque), "w1", MessageState::Delivered)).await;
    assert_eq!(shop.store.counts().await.unwrap().outbox_unknown, 0);
}

#[tokio::test]
async fn operations_still_waiting_when_the_store_is_dropped_are_stored() {
    let shop = Shop::open();
    let store = shop.store.clone();
    let task = tokio::spawn(async move { store.set_value(at(0), "k", "v").await });
    tokio::task::yield_now().await;
    let Shop { store, path, directory: _directory } = shop;
    drop(store);
    task.await.unwrap().unwrap();
    assert_eq!(Store::open(&path).unwrap().value("k").await.unwrap().as_deref(), Some("v"));
}

#[tokio::test]
async fn what_no_status_mentions_after_a_crash_is_sent_again_and_the_rest_is_not() {
    let shop = Shop::open();
    for (wa_id, id) in [(ANA, "m1"), (LUZ, "m2"), ("573005550003", "m3")] {
        shop.answers(at(0), wa_id, id, "hola").await;
    }
    let claims = shop.store.claim_outbox(at(20), 10, LEASE).await.unwrap();
    let rows: Vec<OutboxRow> = claims.iter().map(|claim| claim.row().clone()).collect();
    shop.store.release_all_claims(at(30)).await.unwrap();
    let heard = status(Some(&rows[0].opaque), "wamid.1", MessageState::Sent);
    shop.accept_one(at(40), heard).await;
    let chat = rows[1].conversation_id.clone().unwrap();
    shop.store.take_over(at(41), &chat, "carmen", None).await.unwrap();
    assert_eq!(shop.store.resend_unheard(at(150)).await.unwrap(), 2);
    let claim = shop.claim_send(at(150)).await;
    assert_eq!(claim.row().id, rows[2].id, "one was heard of, over the other a person took");
    assert_eq!(shop.text("SELECT state FROM outbox ORDER BY id").as_deref(), Some("sent"));
    assert_eq!(shop.store.resend_unheard(at(151)).await.unwrap(), 0);
}

#[tokio::test]
async fn a_send_that_timed_out_in_a_living_process_is_not_sent_again() {
    let shop = Shop::open();
    shop.answers(at(0), ANA, "m1", "hola").await;
    let claim = shop.claim_send(at(20)).await;
    let error = SendError { code: Some("timeout".to_owned()), text: "no answer".to_owned() };
    shop.store.outbox_unknown(at(35), claim, error).await.unwrap();
    assert_eq!(shop.store.resend_unheard(at(500)).await.unwrap(), 0);
    assert!(shop.store.claim_outbox(at(500), 10, LEASE).await.unwrap().is_empty());
}
