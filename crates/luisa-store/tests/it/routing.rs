//! Chats that somebody else answers: seen, never answered, and given back.

use luisa_store::*;

use crate::shop::*;

fn watched(second: i64, id: &str, text: &str) -> Arrival {
    Arrival::Watched(Watched::Message(message(at(second), by_phone(ANA), id, text)))
}

#[tokio::test]
async fn what_comes_while_another_has_the_chat_is_stored_and_never_answered() {
    let shop = Shop::open();
    assert_eq!(shop.accept_one(at(0), watched(0, "s1", "esto es para el otro")).await, Receipt::Applied);
    assert_eq!(shop.accept_one(at(1), watched(0, "s1", "esto es para el otro")).await, Receipt::Duplicate);
    let theirs = EchoedMessage {
        identity: by_phone(ANA),
        message_id: "s2".into(),
        kind: "text".to_owned(),
        text: Some("con gusto".to_owned()),
        payload: serde_json::json!({}),
        provider_at: at(2),
        human_until: at(2),
        words: Words::Kept,
    };
    shop.accept_one(at(2), Arrival::Watched(Watched::Echo(theirs))).await;
    assert!(shop.store.claim_due(at(99), 10, LEASE).await.unwrap().chats.is_empty());
    let chat = shop.store.conversations(1).await.unwrap().remove(0);
    let shown = shop.store.conversation(&chat.id, 9).await.unwrap().messages;
    assert_eq!(shown.iter().map(|row| row.sender).collect::<Vec<_>>(), [Sender::Customer, Sender::System]);
    assert_eq!(chat.mode, Mode::AiActive, "nobody of the staff has it");
}

#[tokio::test]
async fn what_has_not_left_when_another_takes_the_chat_does_not_leave() {
    let shop = Shop::open();
    let (chat, _) = shop.answers(at(0), ANA, "m1", "¿Cuál?").await;
    shop.says(at(11), ANA, "m2", "y cuánto vale?").await;
    let claimed = shop.claim(at(20)).await;
    shop.accept_one(at(21), watched(21, "s1", "hola?")).await;
    assert!(matches!(
        shop.store.commit_turn(at(22), claimed.claim, replying(&chat, "m2", "$1")).await,
        Err(StoreError::Conflict(_))
    ));
    assert!(shop.store.claim_outbox(at(23), 10, LEASE).await.unwrap().is_empty());
    assert_eq!(shop.text("SELECT group_concat(DISTINCT state) FROM outbox").as_deref(), Some("cancelled"));
}

#[tokio::test]
async fn whose_the_chat_is_is_asked_when_the_answer_leaves() {
    let shop = Shop::open();
    shop.answers(at(0), ANA, "m1", "¿Cuál?").await;
    // As another process that watches the same account would write it.
    shop.sql().execute_batch("UPDATE conversations SET elsewhere_since = '2026-11-20 15:00:15.000'").unwrap();
    assert!(shop.store.claim_outbox(at(20), 10, LEASE).await.unwrap().is_empty());
    assert_eq!(shop.text("SELECT state FROM outbox").as_deref(), Some("cancelled"));
    assert_eq!(shop.trace_of("r-m1").await.error_message.as_deref(), Some("chat_is_elsewhere"));
}

#[tokio::test]
async fn a_chat_is_ours_again_when_it_is_given_us_a_message_comes_or_a_day_has_passed() {
    for way in ["passed", "message", "idle"] {
        let shop = Shop::open();
        shop.accept_one(at(0), watched(0, "s1", "hola")).await;
        let now = match way {
            "passed" => {
                shop.accept_one(at(1), Arrival::Handover { identity: by_phone(ANA), to_us: true }).await;
                at(2)
            }
            "message" => at(2),
            _ => at(24 * 3600 + 1),
        };
        let chat = shop.says(now, ANA, "m1", "y ustedes?").await;
        let claimed = shop.claim(later(now, 10)).await;
        shop.store.commit_turn(later(now, 10), claimed.claim, replying(&chat, "m1", "¡Hola!")).await.unwrap();
        shop.claim_send(later(now, 11)).await;
    }
    let shop = Shop::open();
    shop.answers(at(0), ANA, "m1", "¿Cuál?").await;
    shop.accept_one(at(11), Arrival::Handover { identity: by_phone(ANA), to_us: false }).await;
    assert!(shop.store.claim_outbox(at(12), 10, LEASE).await.unwrap().is_empty(), "it was taken from us");
}

#[tokio::test]
async fn a_number_for_which_nothing_comes_but_what_others_answer_is_silent() {
    let shop = Shop::open();
    assert!(!shop.store.is_silent(at(0)).await.unwrap(), "nobody writes at all");
    shop.says(at(0), LUZ, "m1", "hola").await;
    shop.accept_one(at(10), watched(10, "s1", "hola")).await;
    assert!(!shop.store.is_silent(at(20)).await.unwrap());
    shop.accept_one(at(3_700), watched(3_700, "s2", "hola?")).await;
    assert!(shop.store.is_silent(at(3_701)).await.unwrap());
    shop.says(at(3_800), LUZ, "m2", "hola").await;
    assert!(!shop.store.is_silent(at(3_801)).await.unwrap());
}

#[tokio::test]
async fn who_wants_no_more_is_in_the_register_until_they_want_it_again() {
    let shop = Shop::open();
    let wish = |stopped| Arrival::OptOut { identity: by_phone(ANA), what: "marketing".to_owned(), stopped };
    shop.accept_one(at(0), wish(true)).await;
    let chat = shop.says(at(1), ANA, "m1", "hola").await;
    let wishes = shop.store.opt_outs_of(&chat).await.unwrap();
    assert_eq!((wishes.len(), wishes[0].what.as_str(), wishes[0].stopped_at), (1, "marketing", at(0)));
    shop.store.note_opt_out(at(2), &chat, ("messages", "chat"), true).await.unwrap();
    assert_eq!(shop.store.opt_outs_of(&chat).await.unwrap().len(), 2);
    shop.accept_one(at(3), wish(false)).await;
    let left = shop.store.opt_outs_of(&chat).await.unwrap();
    assert_eq!(left.iter().map(|row| row.what.as_str()).collect::<Vec<_>>(), ["messages"]);
}
