//! Files that customers send: waited for, settled once, and gone with what they belong to.

use luisa_store::*;
use serde_json::json;

use crate::shop::*;

const HASH: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

fn voice(now: jiff::Timestamp, id: &str) -> Arrival {
    let media = ExpectedMedia {
        provider_id: Some("900000000000001".to_owned()),
        mime: Some("audio/ogg".to_owned()),
        sha256: None,
        file_name: None,
        wait_ms: 20_000,
    };
    let payload = json!({"body": {"kind": "media", "media": "audio"}});
    let message = message(now, by_phone(ANA), id, "");
    let message = InboundMessage { kind: "audio".to_owned(), text: None, payload, media: Some(media), ..message };
    Arrival::Message(message)
}

fn heard(text: &str) -> SettledMedia {
    SettledMedia {
        state: MediaState::Kept,
        reason: None,
        mime: Some("audio/ogg".to_owned()),
        sha256: Some(HASH.to_owned()),
        bytes: Some(3),
        content: Some(json!({"is": "speech", "text": text})),
        text: Some(text.to_owned()),
        keep_until: Some(at(86_400)),
    }
}

async fn settle(shop: &Shop, now: jiff::Timestamp, id: &str, settled: SettledMedia) -> bool {
    shop.store.settle_media(now, &id.into(), settled, DEBOUNCE).await.unwrap()
}

#[tokio::test]
async fn a_turn_waits_for_the_file_and_is_due_with_its_content_as_soon_as_it_is_known() {
    let shop = Shop::open();
    shop.accept_one(at(0), voice(at(0), "m1")).await;
    shop.says(at(1), ANA, "m2", "y el precio?").await;
    assert!(shop.store.claim_due(at(10), 9, LEASE).await.unwrap().chats.is_empty(), "the note is not known yet");
    let claimed = shop.store.claim_media(at(10), 9, LEASE).await.unwrap();
    assert_eq!((claimed.len(), claimed[0].kind.as_str()), (1, "audio"));
    assert!(settle(&shop, at(10), "m1", heard("buenas tardes")).await);
    let claimed = shop.claim(at(10)).await;
    let pending = &claimed.turn.pending;
    assert_eq!(pending.len(), 2, "the burst is one matter");
    assert_eq!(pending[0].payload["body"]["content"]["text"], "buenas tardes");
    assert_eq!(shop.text("SELECT text FROM messages WHERE message_id = 'm1'").as_deref(), Some("buenas tardes"));
}

#[tokio::test]
async fn a_burst_that_is_not_over_is_waited_for_although_the_file_is_known() {
    let shop = Shop::open();
    shop.accept_one(at(0), voice(at(0), "m1")).await;
    assert!(settle(&shop, at(0), "m1", heard("buenas")).await);
    assert!(shop.store.claim_due(at(1), 9, LEASE).await.unwrap().chats.is_empty());
    assert_eq!(shop.claim(at(2)).await.turn.pending.len(), 1);
}

#[tokio::test]
async fn a_file_that_never_comes_holds_the_turn_up_for_its_time_and_no_longer() {
    let shop = Shop::open();
    shop.accept_one(at(0), voice(at(0), "m1")).await;
    assert!(shop.store.claim_due(at(19), 9, LEASE).await.unwrap().chats.is_empty());
    assert_eq!(shop.claim(at(20)).await.turn.pending.len(), 1);
}

#[tokio::test]
async fn a_fetch_put_off_beyond_the_wait_lets_the_turn_go_on_at_once() {
    let shop = Shop::open();
    shop.accept_one(at(0), voice(at(0), "m1")).await;
    shop.store.claim_media(at(0), 9, LEASE).await.unwrap();
    shop.store.put_off_media(at(3), &"m1".into(), at(5), "unreachable", DEBOUNCE).await.unwrap();
    assert!(shop.store.claim_due(at(4), 9, LEASE).await.unwrap().chats.is_empty(), "it may still come in time");
    assert_eq!(shop.store.claim_media(at(5), 9, LEASE).await.unwrap()[0].attempts, 2);
    shop.store.put_off_media(at(6), &"m1".into(), at(120), "unreachable", DEBOUNCE).await.unwrap();
    assert_eq!(shop.claim(at(6)).await.turn.pending.len(), 1);
    assert_eq!(shop.store.next_media_due().await.unwrap(), Some(at(120)));
}

#[tokio::test]
async fn words_that_come_while_the_turn_is_decided_without_them_void_it() {
    let shop = Shop::open();
    shop.accept_one(at(0), voice(at(0), "m1")).await;
    let claimed = shop.claim(at(20)).await;
    assert!(settle(&shop, at(21), "m1", heard("buenas")).await);
    let chat = claimed.turn.conversation.id.clone();
    let late = shop.store.commit_turn(at(21), claimed.claim, replying(&chat, "m1", "Escríbame")).await;
    assert!(matches!(late, Err(StoreError::Conflict(_))));
    assert_eq!(shop.claim(at(21)).await.turn.pending[0].payload["body"]["content"]["text"], "buenas");
}

#[tokio::test]
async fn a_file_is_settled_once_and_not_after_its_message_was_deleted() {
    let shop = Shop::open();
    shop.accept_one(at(0), voice(at(0), "m1")).await;
    assert!(settle(&shop, at(1), "m1", heard("buenas")).await);
    assert!(!settle(&shop, at(2), "m1", heard("otra cosa")).await);
    shop.accept_one(at(3), voice(at(3), "m2")).await;
    shop.accept_one(at(4), revoke(by_phone(ANA), "m2")).await;
    assert!(!settle(&shop, at(5), "m2", heard("borrada")).await);
    assert_eq!(shop.figure("SELECT count(*) FROM messages WHERE text = 'borrada'"), 0);
}

#[tokio::test]
async fn a_message_that_is_not_kept_leaves_no_file_and_no_content() {
    let shop = Shop::open();
    shop.accept_one(at(0), voice(at(0), "m1")).await;
    settle(&shop, at(1), "m1", heard("ya llegué a la casa")).await;
    let claimed = shop.claim(at(2)).await;
    let chat = claimed.turn.conversation.id.clone();
    let mut turn = replying(&chat, "m1", "");
    turn.redactions = vec!["m1".into()];
    shop.store.commit_turn(at(2), claimed.claim, turn).await.unwrap();
    assert!(shop.store.media_in_use(&[HASH.to_owned()]).await.unwrap().is_empty());
    assert_eq!(shop.figure("SELECT count(*) FROM media WHERE content IS NOT NULL"), 0);
}

#[tokio::test]
async fn files_kept_long_enough_go_and_those_that_another_message_carries_stay() {
    let shop = Shop::open();
    for (id, until) in [("m1", 100), ("m2", 200)] {
        shop.accept_one(at(0), voice(at(0), id)).await;
        settle(&shop, at(1), id, SettledMedia { keep_until: Some(at(until)), ..heard("buenas") }).await;
    }
    assert_eq!(shop.store.same_media(HASH, &"m1".into()).await.unwrap().len(), 1);
    assert_eq!(shop.store.forget_media(at(150)).await.unwrap(), 1);
    let files = [HASH.to_owned(), "other".to_owned()];
    assert_eq!(shop.store.media_in_use(&files).await.unwrap().len(), 1);
    assert_eq!(shop.store.forget_media(at(250)).await.unwrap(), 1);
    assert!(shop.store.media_in_use(&files).await.unwrap().is_empty());
    assert_eq!(shop.store.forget_media(at(250)).await.unwrap(), 0);
}
