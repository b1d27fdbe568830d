//! Rows that cannot be read stop their own chat, are told, and stand in nobody else's way.

use luisa_store::*;

use crate::shop::*;

/// Two customers wait; the first one's rows are spoilt.
async fn spoilt(sql: &str) -> (Shop, ConversationId, ConversationId) {
    let shop = Shop::open();
    let (ana, _) = shop.answers(at(0), ANA, "a1", "¿Cuál máquina?").await;
    shop.says(at(20), ANA, "a2", "la azul").await;
    let luz = shop.says(at(21), LUZ, "l1", "hola").await;
    shop.sql().execute_batch(sql).unwrap();
    (shop, ana, luz)
}

#[tokio::test]
async fn a_chat_that_cannot_be_read_is_parked_and_told_and_the_others_go_on() {
    for sql in [
        "UPDATE messages SET provider_at = 'ayer' WHERE message_id = 'a1'",
        "UPDATE messages SET created_at = '2026-13-45 99:00:00.000' WHERE message_id = 'a1'",
        "UPDATE messages SET state = 'from_the_future' WHERE message_id = 'a1'",
        "UPDATE inbox SET provider_at = '' WHERE message_id = 'a2'",
        "UPDATE conversations SET mode = 'ROBOT' WHERE id = (SELECT conversation_id FROM messages WHERE message_id = 'a1')",
        "UPDATE contacts SET updated_at = 'x' WHERE wa_id = '573005550001'",
    ] {
        let (shop, ana, luz) = spoilt(sql).await;
        let due = shop.store.claim_due(at(30), 10, LEASE).await.unwrap();
        let claimed: Vec<_> = due.chats.iter().map(|claimed| claimed.claim.conversation().clone()).collect();
        assert_eq!(claimed, [luz], "{sql}");
        let told: Vec<_> = due.unreadable.iter().map(|chat| (chat.conversation.clone(), chat.parked)).collect();
        assert_eq!(told, [(ana, 1)], "{sql}");
        let parked = shop.store.parked(10).await.unwrap();
        assert_eq!(parked[0].message_id.as_str(), "a2");
        assert!(parked[0].error.contains("cannot be read"), "{}", parked[0].error);
        let again = shop.store.claim_due(at(31), 10, LEASE).await.unwrap();
        assert!(again.chats.is_empty() && again.unreadable.is_empty(), "it does not come back by itself");
    }
}

#[tokio::test]
async fn a_mended_chat_is_answered_when_its_messages_are_taken_up_again() {
    let (shop, ana, _) = spoilt("UPDATE messages SET provider_at = 'ayer' WHERE message_id = 'a1'").await;
    shop.store.claim_due(at(30), 10, LEASE).await.unwrap();
    shop.sql().execute_batch("UPDATE messages SET provider_at = NULL WHERE message_id = 'a1'").unwrap();
    shop.store.retry_parked(at(40)).await.unwrap();
    let due = shop.store.claim_due(at(40), 10, LEASE).await.unwrap();
    assert_eq!(due.chats.len(), 1);
    assert_eq!(due.chats[0].claim.conversation(), &ana);
}

#[tokio::test]
async fn json_that_cannot_be_read_stops_not_even_its_own_chat() {
    for sql in [
        "UPDATE conversations SET memory = '{{'",
        "UPDATE inbox SET payload = 'x'",
        "UPDATE messages SET payload = '', pricing = '['",
    ] {
        let (shop, ..) = spoilt(sql).await;
        let due = shop.store.claim_due(at(30), 10, LEASE).await.unwrap();
        assert_eq!((due.chats.len(), due.unreadable.len()), (2, 0), "{sql}");
        assert_eq!(due.chats[0].turn.pending[0].text.as_deref(), Some("la azul"));
    }
}

#[tokio::test]
async fn a_time_before_year_0_is_stored_and_answered_like_any_other() {
    let shop = Shop::open();
    let mut old = message(at(0), by_phone(ANA), "a1", "hola");
    old.provider_at = "-001990-01-01T00:00:00Z".parse().unwrap();
    shop.accept_one(at(0), Arrival::Message(old)).await;
    shop.says(at(1), LUZ, "l1", "hola").await;
    // As versions that did not know better have left it.
    shop.sql()
        .execute_batch("UPDATE inbox SET provider_at = '-001-12-31 00:00:00.000' WHERE message_id = 'l1'")
        .unwrap();
    let due = shop.store.claim_due(at(30), 10, LEASE).await.unwrap();
    assert_eq!((due.chats.len(), due.unreadable.len()), (2, 0));
}

#[tokio::test]
async fn a_letter_that_cannot_be_read_is_set_aside_and_the_others_leave() {
    let shop = Shop::open();
    let (_, bad) = shop.answers(at(0), ANA, "a1", "uno").await;
    let (_, good) = shop.answers(at(1), LUZ, "l1", "dos").await;
    shop.sql().execute_batch("UPDATE outbox SET created_at = 'nunca' WHERE id = 1").unwrap();
    let claims = shop.store.claim_outbox(at(20), 10, LEASE).await.unwrap();
    let claimed: Vec<_> = claims.iter().map(|claim| claim.row().id).collect();
    assert_eq!(claimed, [good]);
    let state = format!("SELECT state || ' ' || error_code FROM outbox WHERE id = {bad}");
    assert_eq!(shop.text(&state).as_deref(), Some("dead unreadable"));
}
