//! One person's data: all of it to read, none of it left, and nothing of others touched.

use luisa_store::*;
use serde_json::json;

use crate::shop::*;

fn ana() -> Who {
    Who { wa_id: Some(ANA.to_owned()), id: "300 555 0001".to_owned() }
}

/// Ana in every table, and Luz beside her.
async fn busy_shop() -> (Shop, ConversationId) {
    let shop = Shop::open();
    let named = Identity { profile_name: Some("Ana Sastre".to_owned()), ..by_phone(ANA) };
    let arrival = Arrival::Message(message(at(0), named, "m1", "quiero la azul"));
    let Receipt::Pending(chat) = shop.accept_one(at(0), arrival).await else { panic!("pending") };
    let claimed = shop.claim(at(10)).await;
    let mut turn = replying(&chat, "m1", "Claro, Ana Sastre");
    turn.memory = json!({"slots": {"nombre": "Ana Sastre"}});
    turn.handoff = Some(HandoffChange::Open(NewHandoff {
        team: "comercial".to_owned(),
        priority: "high".to_owned(),
        reason: "cierre".to_owned(),
        summary: "Ana Sastre quiere la azul".to_owned(),
        next_step: None,
        suggested_message: None,
        lead: json!({"nombre": "Ana Sastre"}),
    }));
    turn.notices.push(NewNotice {
        team: "comercial".to_owned(),
        body: "Ana Sastre quiere la azul".to_owned(),
        letter: Some(NoticeLetter {
            recipient: json!({"phone": "573005559001"}),
            payload: json!({"text": "Ana Sastre quiere la azul"}),
            pace: None,
        }),
    });
    shop.store.commit_turn(at(10), claimed.claim, turn).await.unwrap();
    shop.says(at(20), ANA, "m2", "y la azul?").await;
    for n in 0..MAX_ATTEMPTS {
        let claimed = shop.claim(at(100 + n * 100)).await;
        shop.store.release(at(100 + n * 100), claimed.claim, at(110 + n * 100), "boom").await.unwrap();
    }
    shop.says(at(900), ANA, "m3", "sigue la azul?").await;
    let raw =
        Arrival::Unparsed { field: "messages".into(), raw: format!("{{\"from\":\"{ANA}\"}}"), reason: "odd".into() };
    shop.accept_one(at(901), raw).await;
    shop.says(at(902), LUZ, "l1", "a cuánto la roja?").await;
    (shop, chat)
}

fn files_of(shop: &Shop) -> String {
    let mut all = String::new();
    for entry in std::fs::read_dir(shop.directory.path()).unwrap() {
        all.push_str(&String::from_utf8_lossy(&std::fs::read(entry.unwrap().path()).unwrap()));
    }
    all
}

#[tokio::test]
async fn an_export_has_every_row_about_the_person_and_none_about_others() {
    let (shop, _) = busy_shop().await;
    let data = shop.store.person(at(1000), &ana()).await.unwrap().unwrap();
    let counts: Vec<(String, i64)> = data.counts().into_iter().collect();
    let expected = [
        ("changes", 5),
        ("chat_heads", 1),
        ("contacts", 1),
        ("conversations", 1),
        ("handoffs", 1),
        ("inbox", 1),
        ("interaction_traces", 1),
        ("messages", 4),
        ("notifications", 1),
        ("outbox", 2),
        ("parked_inbox", 1),
        ("webhook_unparsed", 1),
    ];
    assert_eq!(counts, expected.map(|(table, rows)| (table.to_owned(), rows)));
    assert_eq!(data.tables["conversations"][0]["memory"]["slots"]["nombre"], "Ana Sastre");
    let text = json!(data).to_string();
    assert!(text.contains("sigue la azul?") && text.contains(ANA) && !text.contains("roja") && !text.contains(LUZ));
}

#[tokio::test]
async fn an_erased_person_is_in_no_table_and_no_byte_of_the_files_and_a_receipt_stays() {
    let (shop, chat) = busy_shop().await;
    let erasure = shop.store.erase(at(1000), &ana()).await.unwrap().unwrap();
    shop.store.scrub().await.unwrap();
    assert_eq!((erasure.rows["messages"], erasure.rows["outbox"], erasure.rows["interaction_traces"]), (4, 2, 1));
    assert_eq!(shop.store.person(at(1001), &ana()).await.unwrap(), None);
    let files = files_of(&shop);
    for gone in [ANA, "3005550001", "Ana Sastre", "azul", "\"m1\"", chat.as_str()] {
        assert!(!files.contains(gone), "{gone} is still in the files");
    }
    for kept in [LUZ, "a cuánto la roja?"] {
        assert!(files.contains(kept), "{kept}");
    }
    let trace = "SELECT classification || ' ' || decision_path FROM interaction_traces WHERE raw_text IS NULL AND message_id IS NULL";
    assert!(shop.text(trace).unwrap().starts_with("BUSINESS_CONSULT"), "what was decided stays");
    let kept = shop.store.erasures(9).await.unwrap();
    assert_eq!((kept.len(), &kept[0].rows, kept[0].erased_at), (1, &erasure.rows, at(1000)));
    assert!(!shop.sql().prepare("PRAGMA foreign_key_check").unwrap().exists([]).unwrap());
    assert_eq!(shop.store.erase(at(1002), &ana()).await.unwrap(), None, "there is nothing left to erase");
    assert_eq!(shop.store.erasures(9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_erased_person_who_writes_again_is_somebody_new() {
    let (shop, before) = busy_shop().await;
    shop.store.erase(at(1000), &ana()).await.unwrap();
    let after = shop.says(at(1100), ANA, "m9", "hola").await;
    assert_ne!(before, after);
    let view = shop.store.peek(&after).await.unwrap();
    assert!(view.recent.is_empty() && view.contact.unwrap().profile_name.is_none());
}

#[tokio::test]
async fn a_turn_and_a_sending_under_way_of_an_erased_person_come_to_nothing() {
    let shop = Shop::open();
    shop.answers(at(0), ANA, "m1", "¿Cuál máquina?").await;
    let sending = shop.claim_send(at(11)).await;
    let chat = shop.says(at(20), ANA, "m2", "la azul").await;
    let claimed = shop.claim(at(30)).await;
    shop.store.erase(at(31), &ana()).await.unwrap();
    let lost = shop.store.commit_turn(at(32), claimed.claim, replying(&chat, "m2", "Claro")).await;
    assert!(matches!(lost, Err(StoreError::Conflict(_))), "{lost:?}");
    let lost = shop.store.outbox_sent(at(33), sending, "w1".into(), 5.0).await;
    assert!(matches!(lost, Err(StoreError::Conflict(_))), "{lost:?}");
    assert_eq!(shop.store.person(at(34), &ana()).await.unwrap(), None);
}

#[tokio::test]
async fn both_ids_of_a_person_and_contacts_that_became_one_lead_to_all_of_it() {
    let shop = Shop::open();
    shop.says(at(0), ANA, "m1", "por el número").await;
    let by_user = message(at(1), identity(None, Some("CO.111222333444")), "m2", "por el otro id");
    shop.accept_one(at(1), Arrival::Message(by_user)).await;
    let both = message(at(2), identity(Some(ANA), Some("CO.111222333444")), "m3", "soy la misma");
    shop.accept_one(at(2), Arrival::Message(both)).await;
    for who in [ana(), Who { wa_id: None, id: "CO.111222333444".to_owned() }] {
        let data = shop.store.person(at(3), &who).await.unwrap().unwrap();
        assert_eq!((data.tables["contacts"].len(), data.tables["messages"].len()), (2, 3), "{who:?}");
    }
    let stranger = Who { wa_id: None, id: "CO.999".to_owned() };
    assert_eq!(shop.store.person(at(3), &stranger).await.unwrap(), None);
    shop.store.erase(at(4), &Who { wa_id: None, id: "CO.111222333444".to_owned() }).await.unwrap().unwrap();
    assert_eq!(shop.figure("SELECT (SELECT count(*) FROM contacts) + (SELECT count(*) FROM conversations)"), 0);
}

#[tokio::test]
async fn a_number_that_another_person_wrote_is_theirs_and_is_pointed_out() {
    let shop = Shop::open();
    shop.says(at(0), ANA, "m1", "hola").await;
    let luz = shop.says(at(1), LUZ, "l1", "mi hermana es 300 555 0001").await;
    let erasure = shop.store.erase(at(2), &ana()).await.unwrap().unwrap();
    assert_eq!(erasure.mentioned_in, [luz.to_string()]);
    assert_eq!(shop.figure("SELECT count(*) FROM messages"), 1);
}

#[tokio::test]
async fn a_number_of_the_team_takes_the_notices_that_were_sent_to_it_along() {
    let (shop, _) = busy_shop().await;
    let team = Who { wa_id: Some("573005559001".to_owned()), id: "573005559001".to_owned() };
    let erasure = shop.store.erase(at(1000), &team).await.unwrap().unwrap();
    assert_eq!(erasure.rows.into_iter().collect::<Vec<_>>(), [("outbox".to_owned(), 1)]);
    assert_eq!(shop.figure("SELECT count(*) FROM notifications WHERE outbox_id IS NULL"), 1, "the notice stays");
}
