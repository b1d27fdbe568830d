//! The provider's statuses: duplicated, out of order, sometimes before our own answer.

use luisa_store::*;

use crate::shop::*;

async fn state_of(shop: &Shop, chat: &ConversationId) -> MessageState {
    shop.store.conversation(chat, 10).await.unwrap().messages[1].state
}

/// A reply that was sent as `w1`.
async fn sent(shop: &Shop) -> ConversationId {
    let (chat, _) = shop.answers(at(0), ANA, "m1", "hola").await;
    let sending = shop.claim_send(at(11)).await;
    shop.store.outbox_sent(at(12), sending, "w1".into(), 5.0).await.unwrap();
    chat
}

#[tokio::test]
async fn statuses_in_any_order_never_lower_the_state() {
    use MessageState::{Delivered, Failed, Played, Read, Sent};
    let table: [(&[MessageState], MessageState); 9] = [
        (&[Sent], Sent),
        (&[Delivered, Sent], Delivered),
        (&[Read, Delivered, Sent], Read),
        (&[Sent, Delivered, Read, Played, Read], Played),
        (&[Sent, Failed], Failed),
        (&[Failed, Sent], Failed),
        (&[Delivered, Failed], Delivered),
        (&[Read, Failed], Read),
        (&[Failed, Delivered], Delivered),
    ];
    for (arriving, expected) in table {
        let shop = Shop::open();
        let chat = sent(&shop).await;
        for state in arriving {
            shop.accept_one(at(20), status(None, "w1", *state)).await;
        }
        assert_eq!(state_of(&shop, &chat).await, expected, "{arriving:?}");
        let succeeded = shop.trace_of("r-m1").await.whatsapp_send_success;
        assert_eq!(succeeded, Some(expected != Failed), "{arriving:?}");
    }
}

#[tokio::test]
async fn the_ranks_are_the_order_of_a_message_s_way() {
    let ranks: Vec<i64> = MessageState::ALL.iter().map(|state| state.rank()).collect();
    assert_eq!(ranks, [0, 0, 1, 3, 4, 5, 2, 0, 0, 9]);
}

#[tokio::test]
async fn a_failure_told_later_is_in_the_trace_and_the_outbox() {
    let shop = Shop::open();
    sent(&shop).await;
    shop.accept_one(at(20), status(None, "w1", MessageState::Failed)).await;
    let trace = shop.trace_of("r-m1").await;
    assert_eq!((trace.whatsapp_send_success, trace.whatsapp_send_error_code.as_deref()), (Some(false), Some("131047")));
    assert_eq!(shop.text("SELECT state || ' ' || error_code FROM outbox").unwrap(), "dead 131047");
    assert_eq!(shop.store.snapshot(at(30)).await.unwrap().errores_count, 1);
}

#[tokio::test]
async fn a_sending_of_unknown_outcome_is_settled_by_its_status() {
    for (told, expected) in [(MessageState::Delivered, "sent"), (MessageState::Failed, "dead")] {
        let shop = Shop::open();
        let (chat, _) = shop.answers(at(0), ANA, "m1", "hola").await;
        let sending = shop.claim_send(at(11)).await;
        let opaque = sending.row().opaque.clone();
        shop.store.outbox_unknown(at(12), sending, refused("timeout")).await.unwrap();
        let receipt = shop.accept_one(at(13), status(Some(&opaque), "w1", told)).await;
        assert_eq!(receipt, Receipt::Applied);
        assert_eq!(shop.text("SELECT state FROM outbox").unwrap(), expected);
        assert_eq!(state_of(&shop, &chat).await, told);
        let messages = shop.store.conversation(&chat, 10).await.unwrap().messages;
        assert_eq!(messages[1].message_id, Some("w1".into()), "quotes of it will be understood");
        assert_eq!(shop.trace_of("r-m1").await.whatsapp_send_success, Some(expected == "sent"));
    }
}

#[tokio::test]
async fn a_status_faster_than_our_own_answer_is_believed() {
    let shop = Shop::open();
    let (chat, _) = shop.answers(at(0), ANA, "m1", "hola").await;
    let sending = shop.claim_send(at(11)).await;
    let opaque = sending.row().opaque.clone();
    shop.accept_one(at(12), status(Some(&opaque), "w1", MessageState::Read)).await;
    shop.store.outbox_sent(at(13), sending, "w1".into(), 900.0).await.unwrap();
    assert_eq!(state_of(&shop, &chat).await, MessageState::Read);
    assert_eq!(shop.trace_of("r-m1").await.whatsapp_send_latency_ms, Some(900.0));
}

#[tokio::test]
async fn a_time_out_reported_after_the_status_does_not_unsettle_it() {
    let shop = Shop::open();
    shop.answers(at(0), ANA, "m1", "hola").await;
    let sending = shop.claim_send(at(11)).await;
    let opaque = sending.row().opaque.clone();
    shop.accept_one(at(12), status(Some(&opaque), "w1", MessageState::Sent)).await;
    shop.store.outbox_retry(at(13), sending, at(14), refused("500")).await.unwrap();
    assert_eq!(shop.text("SELECT state FROM outbox").unwrap(), "sent");
    assert!(shop.store.claim_outbox(at(20), 10, LEASE).await.unwrap().is_empty(), "it is not sent twice");
}

#[tokio::test]
async fn a_status_for_a_row_that_waits_to_be_retried_stops_the_retry() {
    let shop = Shop::open();
    shop.answers(at(0), ANA, "m1", "hola").await;
    let sending = shop.claim_send(at(11)).await;
    let opaque = sending.row().opaque.clone();
    shop.store.outbox_retry(at(12), sending, at(60), refused("500")).await.unwrap();
    shop.accept_one(at(13), status(Some(&opaque), "w1", MessageState::Delivered)).await;
    assert!(shop.store.claim_outbox(at(99), 10, LEASE).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_status_without_our_word_waits_for_its_message() {
    let shop = Shop::open();
    let (chat, _) = shop.answers(at(0), ANA, "m1", "hola").await;
    let sending = shop.claim_send(at(11)).await;
    for state in [MessageState::Delivered, MessageState::Sent] {
        assert_eq!(shop.accept_one(at(12), status(None, "w1", state)).await, Receipt::Early);
    }
    shop.store.outbox_sent(at(13), sending, "w1".into(), 5.0).await.unwrap();
    assert_eq!(state_of(&shop, &chat).await, MessageState::Delivered);
    assert_eq!(shop.figure("SELECT count(*) FROM early_statuses"), 0);
    assert_eq!(shop.text("SELECT pricing FROM messages WHERE message_id = 'w1'").unwrap(), "{\"billable\":true}");
}

#[tokio::test]
async fn what_staff_wrote_from_the_phone_has_statuses_too() {
    let shop = Shop::open();
    assert_eq!(shop.accept_one(at(0), status(None, "e1", MessageState::Delivered)).await, Receipt::Early);
    shop.accept_one(at(1), echo(at(1), ANA, "e1")).await;
    assert_eq!(shop.text("SELECT state FROM messages").unwrap(), "delivered");
    shop.accept_one(at(2), status(None, "e1", MessageState::Read)).await;
    assert_eq!(shop.text("SELECT state FROM messages").unwrap(), "read");
}

#[tokio::test]
async fn a_read_receipt_is_not_a_new_message_of_ours() {
    let shop = Shop::open();
    let chat = sent(&shop).await;
    shop.accept_one(at(500), status(None, "w1", MessageState::Read)).await;
    assert_eq!(shop.store.peek(&chat).await.unwrap().conversation.last_outbound_at, Some(at(12)));
}
