//! Data that has grown old: what goes, what stays as figures, and what is kept whatever its age.

use luisa_store::*;
use serde_json::json;

use crate::shop::*;

async fn forget_all(shop: &Shop, before: jiff::Timestamp) -> usize {
    let mut all = 0;
    loop {
        match shop.store.forget_old(before).await.unwrap() {
            0 => return all,
            count => all += count,
        }
    }
}

/// A customer who was answered and handed over, and whose answer and notice were sent.
async fn served(shop: &Shop, start: i64, wa_id: &str, id: &str) -> ConversationId {
    let chat = shop.says(at(start), wa_id, id, "quiero la azul").await;
    let claimed = shop.claim(at(start + 10)).await;
    let mut turn = replying(&chat, id, "Claro que sí");
    turn.handoff = Some(HandoffChange::Open(NewHandoff {
        team: "comercial".to_owned(),
        priority: "high".to_owned(),
        reason: "cierre".to_owned(),
        summary: "quiere la azul".to_owned(),
        next_step: None,
        suggested_message: None,
        lead: json!({}),
    }));
    turn.notices.push(NewNotice {
        team: "comercial".to_owned(),
        body: "quiere la azul".to_owned(),
        letter: Some(NoticeLetter { recipient: json!({"phone": "573005559001"}), payload: json!({}), pace: None }),
    });
    shop.store.commit_turn(at(start + 10), claimed.claim, turn).await.unwrap();
    for sending in shop.store.claim_outbox(at(start + 11), 10, LEASE).await.unwrap() {
        let wamid = format!("w{}-{id}", sending.row().id);
        shop.store.outbox_sent(at(start + 12), sending, wamid.as_str().into(), 5.0).await.unwrap();
    }
    chat
}

const ROWS: [&str; 6] = ["contacts", "conversations", "messages", "outbox", "handoffs", "notifications"];

fn rows(shop: &Shop) -> Vec<i64> {
    ROWS.iter().map(|table| shop.figure(&format!("SELECT count(*) FROM {table}"))).collect()
}

#[tokio::test]
async fn old_chats_go_with_all_that_hangs_on_them_and_their_traces_stay_as_figures() {
    let shop = Shop::open();
    served(&shop, 0, ANA, "m1").await;
    let raw = Arrival::Unparsed { field: "messages".into(), raw: "{}".into(), reason: "odd".into() };
    shop.accept_one(at(1), raw).await;
    let luz = served(&shop, 5000, LUZ, "m2").await;
    assert_eq!(rows(&shop), [2, 2, 4, 4, 2, 2]);
    assert!(forget_all(&shop, at(4000)).await > 0);
    assert_eq!(rows(&shop), [1, 1, 2, 2, 1, 1]);
    assert_eq!(shop.figure("SELECT count(*) FROM webhook_unparsed"), 0);
    assert_eq!(shop.store.peek(&luz).await.unwrap().recent.len(), 2);
    let (old, young) = (shop.trace_of("r-m1").await, shop.trace_of("r-m2").await);
    assert_eq!((old.raw_text, old.response_text, old.message_id, old.customer_phone_hash), (None, None, None, None));
    assert_eq!((old.classification.as_str(), old.whatsapp_send_success), ("BUSINESS_CONSULT", Some(true)));
    assert!(young.raw_text.is_some() && young.message_id.is_some());
    assert_eq!(forget_all(&shop, at(4000)).await, 0, "once is enough");
    forget_all(&shop, at(9000)).await;
    assert_eq!(rows(&shop), [0; 6]);
    assert_eq!(shop.trace_of("r-m2").await.raw_text, None);
}

#[tokio::test]
async fn what_still_waits_is_kept_whatever_its_age() {
    let shop = Shop::open();
    let (ana, _) = shop.answers(at(0), ANA, "m1", "¿Cuál máquina?").await;
    let luz = shop.says(at(20), LUZ, "m2", "hola").await;
    forget_all(&shop, at(9000)).await;
    assert_eq!(shop.figure("SELECT count(*) FROM outbox WHERE state = 'due'"), 1, "it has yet to be sent");
    assert_eq!(shop.store.conversation(&ana, 9).await.unwrap().messages.len(), 1, "and its message stays with it");
    assert_eq!(shop.store.peek(&luz).await.unwrap().pending.len(), 1, "it has yet to be answered");
}

#[tokio::test]
async fn a_customer_of_today_loses_only_what_is_old() {
    let shop = Shop::open();
    let chat = served(&shop, 0, ANA, "m1").await;
    shop.says(at(9000), ANA, "m2", "sigo pensando").await;
    forget_all(&shop, at(5000)).await;
    let view = shop.store.peek(&chat).await.unwrap();
    assert_eq!((view.pending.len(), view.recent.len()), (1, 0));
    assert_eq!(view.contact.unwrap().wa_id.as_deref(), Some(ANA), "the same person as before");
}

#[tokio::test]
async fn an_address_book_and_a_chat_that_a_person_holds_without_end_are_kept() {
    let shop = Shop::open();
    shop.accept_one(at(0), Arrival::AddressBook { identity: by_phone(ANA), name: Some("Mamá".to_owned()) }).await;
    let luz = served(&shop, 0, LUZ, "m1").await;
    shop.store.take_over(at(100), &luz, "carmen", None).await.unwrap();
    forget_all(&shop, at(9000)).await;
    assert_eq!(shop.figure("SELECT count(*) FROM contacts"), 2);
    assert_eq!(shop.store.peek(&luz).await.unwrap().conversation.mode, Mode::HumanActive);
}

#[tokio::test]
async fn many_rows_go_in_portions_and_what_is_gone_is_overwritten() {
    let shop = Shop::open();
    let write = |n| Arrival::Message(message(at(n), by_phone(ANA), &format!("m{n}"), "una consulta muy privada"));
    shop.store.accept(at(1100), (0..1100).map(write).collect()).await.unwrap();
    let answered = "PRAGMA secure_delete = ON; DELETE FROM inbox; UPDATE conversations SET due_at = NULL";
    shop.sql().execute_batch(answered).unwrap();
    assert_eq!(shop.store.forget_old(at(9000)).await.unwrap(), 500);
    forget_all(&shop, at(9000)).await;
    assert_eq!(rows(&shop), [0; 6]);
    let Shop { store, path, directory: _directory } = shop;
    drop(store);
    let file = String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
    assert_eq!(file.matches("muy privada").count(), 0);
}

#[tokio::test]
async fn news_about_messages_that_never_came_is_dropped() {
    let shop = Shop::open();
    shop.accept_one(at(0), revoke(by_phone(ANA), "w1")).await;
    assert_eq!(shop.store.forget_early_statuses(at(0)).await.unwrap(), 0);
    assert_eq!(shop.store.forget_early_statuses(at(1)).await.unwrap(), 1);
}
