//! The team's desk: who waits, who answers, what is found, what is taken back.

use luisa_store::*;
use serde_json::json;

use crate::shop::*;

const CARMEN: UserId = 1;

/// A shop with one user, Carmen.
async fn shop_with_carmen() -> Shop {
    let shop = Shop::open();
    let invitation = Invitation {
        token_hash: "invited".to_owned(),
        name: "Carmen".to_owned(),
        handle: "carmen".to_owned(),
        role: Role::Owner,
        made_by: "test".to_owned(),
        ends_at: at(3600),
    };
    shop.store.invite(at(0), invitation).await.unwrap();
    let session = NewSession { token_hash: "s1".to_owned(), device: "test".to_owned(), ends_at: at(90 * 86_400) };
    shop.store.accept_invitation(at(1), "invited", "hash", session).await.unwrap();
    shop
}

async fn waiting(shop: &Shop, now: jiff::Timestamp) -> Vec<ConversationId> {
    let list = ChatList::Waiting { unanswered_since: later(now, -120), after: None };
    shop.store.chat_lines(CARMEN, list, 50).await.unwrap().into_iter().map(|line| line.id).collect()
}

fn words(send_id: &str, seen_up_to: i64) -> PersonsAnswer {
    PersonsAnswer {
        send_id: send_id.to_owned(),
        seen_up_to,
        by: "Carmen".to_owned(),
        user: Some(CARMEN),
        until: Some(at(99_999)),
        message: reply("Buenas, soy Carmen"),
    }
}

async fn newest(shop: &Shop, chat: &ConversationId) -> i64 {
    shop.store.conversation(chat, 9).await.unwrap().messages.last().unwrap().id
}

#[tokio::test]
async fn who_has_no_answer_waits_and_whom_luisa_answered_does_not() {
    let shop = shop_with_carmen().await;
    shop.answers(at(0), LUZ, "m2", "¿Cuál máquina?").await;
    assert_eq!(waiting(&shop, at(999)).await, []);
    let ana = shop.says(at(1_000), ANA, "m1", "hola").await;
    assert_eq!(waiting(&shop, at(1_060)).await, [], "LUISA has two minutes");
    assert_eq!(waiting(&shop, at(1_130)).await, [ana]);
}

#[tokio::test]
async fn while_a_person_leads_only_a_person_answers() {
    let shop = shop_with_carmen().await;
    let ana = shop.says(at(0), ANA, "m1", "quiero una persona").await;
    shop.store.take_chat(at(1), &ana, "Carmen", Some(at(9_999))).await.unwrap();
    let claimed = shop.claim(at(10)).await;
    shop.store.commit_turn(at(10), claimed.claim, replying(&ana, "m1", "Ya le avisé al equipo")).await.unwrap();
    assert_eq!(waiting(&shop, at(11)).await, std::slice::from_ref(&ana), "a courtesy is no answer");
    let seen = newest(&shop, &ana).await;
    assert_eq!(shop.store.answer_chat(at(12), &ana, words("one", seen)).await.unwrap(), Answering::Queued);
    assert_eq!(waiting(&shop, at(13)).await, []);
    // It does not arrive: the customer waits again.
    let mut claims = shop.store.claim_outbox(at(14), 10, LEASE).await.unwrap();
    while let Some(claim) = claims.pop() {
        shop.store.outbox_dead(at(14), claim, refused("131026")).await.unwrap();
        claims.extend(shop.store.claim_outbox(at(15), 10, LEASE).await.unwrap());
    }
    assert_eq!(waiting(&shop, at(16)).await, std::slice::from_ref(&ana));
    shop.store.return_chat(at(17), &ana, "Carmen").await.unwrap();
    assert_eq!(waiting(&shop, at(18)).await, []);
}

#[tokio::test]
async fn a_persons_answer_is_sent_once_not_over_another_and_not_after_the_window() {
    let shop = shop_with_carmen().await;
    let ana = shop.says(at(0), ANA, "m1", "hola").await;
    let seen = newest(&shop, &ana).await;
    assert_eq!(shop.store.answer_chat(at(5), &ana, words("one", seen)).await.unwrap(), Answering::Queued);
    assert_eq!(shop.store.answer_chat(at(5), &ana, words("one", seen)).await.unwrap(), Answering::Repeated);
    let other = shop.store.answer_chat(at(6), &ana, words("two", seen)).await.unwrap();
    assert_eq!(other, Answering::Overtaken(newest(&shop, &ana).await), "somebody answered since");
    let late = shop.store.answer_chat(at(86_390), &ana, words("three", 99)).await.unwrap();
    assert_eq!(late, Answering::WindowClosed);
    assert_eq!(shop.figure("SELECT count(*) FROM messages WHERE sender = 'human'"), 1);
    assert_eq!(shop.figure("SELECT count(*) FROM outbox WHERE purpose = 'console'"), 1);
}

#[tokio::test]
async fn a_personal_message_makes_nobody_wait() {
    let shop = shop_with_carmen().await;
    let ana = shop.says(at(0), ANA, "m1", "mami ya llegué").await;
    let claimed = shop.claim(at(10)).await;
    let mut turn = TurnCommit::silent("r-m1".into(), json!({"v": 1}));
    let personal = TraceRow { is_personal: true, ..trace(&ana, &"r-m1".into(), "m1") };
    turn.traces.push(personal);
    shop.store.commit_turn(at(10), claimed.claim, turn).await.unwrap();
    assert_eq!(waiting(&shop, at(999)).await, []);
}

#[tokio::test]
async fn a_name_is_found_without_accents_and_not_after_it_was_erased() {
    let shop = shop_with_carmen().await;
    let named = Identity { profile_name: Some("José Núñez".to_owned()), ..by_phone(ANA) };
    shop.accept_one(at(0), Arrival::Message(message(at(0), named, "m1", "hola"))).await;
    let found = async |words: &str| {
        shop.store.chat_lines(CARMEN, ChatList::Found { words: words.to_owned() }, 9).await.unwrap().len()
    };
    for typed in ["nunez", "JOSE", "jo nu", "0001", "300 555 0001", "573005550001"] {
        assert_eq!(found(typed).await, 1, "{typed}");
    }
    assert_eq!(found("pedro").await, 0);
    shop.store.erase(at(5), &Who { wa_id: Some(ANA.to_owned()), id: ANA.to_owned() }).await.unwrap();
    assert_eq!(found("nunez").await, 0);
    shop.store.scrub().await.unwrap();
    let file = std::fs::read(&shop.path).unwrap();
    let text = String::from_utf8_lossy(&file);
    assert!(!text.contains("nunez") && !text.contains("Núñez"), "no byte of the name is left");
}

#[tokio::test]
async fn what_changed_is_told_by_number_and_too_old_a_number_is_told_to_look_anew() {
    let shop = shop_with_carmen().await;
    let start = shop.store.last_change().await.unwrap();
    let ana = shop.says(at(0), ANA, "m1", "hola").await;
    shop.store.take_chat(at(1), &ana, "Carmen", None).await.unwrap();
    let Changes::Since(changes) = shop.store.changes_since(start, 100).await.unwrap() else { panic!("all are there") };
    let what: Vec<&str> = changes.iter().map(|change| change.what.as_str()).collect();
    assert_eq!(what, ["in", "mode"]);
    assert!(changes.iter().all(|change| change.conversation_id.as_ref() == Some(&ana)));
    let last = shop.store.last_change().await.unwrap();
    assert_eq!(shop.store.changes_since(last, 100).await.unwrap(), Changes::Since(Vec::new()));
    assert_eq!(shop.store.changes_since(last + 5, 100).await.unwrap(), Changes::Lost(last), "from another database");
    assert_eq!(shop.store.changes_since(start, 1).await.unwrap(), Changes::Lost(last), "too much at once");
}

#[tokio::test]
async fn the_last_change_of_a_product_is_taken_back_and_an_older_one_is_not() {
    let shop = shop_with_carmen().await;
    let item = CatalogItem {
        item_id: "I008".to_owned(),
        brand: "Kingter".to_owned(),
        model: "KT-D3".to_owned(),
        name: "Kingter KT-D3".to_owned(),
        family: "industrial".to_owned(),
        features: json!([]),
        uses: json!([]),
        kind: String::new(),
        good_for: String::new(),
        volume: String::new(),
        price_cop: Some(1_230_000),
        promo: true,
        stock: None,
        active: true,
        image_id: None,
        priority: 5,
        aliases: json!([]),
        traits: String::new(),
        notes: None,
    };
    shop.store.sync_catalog(at(0), vec![item.clone()]).await.unwrap();
    let dearer = CatalogItem { price_cop: Some(1_300_000), ..item.clone() };
    let gone = CatalogItem { stock: Some(0), ..dearer.clone() };
    let told = |text: &str| Telling { by: "Carmen".to_owned(), before: String::new(), after: text.to_owned() };
    shop.store.edit_product(at(1), item.clone(), dearer.clone(), told("precio")).await.unwrap();
    let stale = shop.store.edit_product(at(2), item.clone(), gone.clone(), told("otra")).await;
    assert!(matches!(stale, Err(StoreError::Conflict(_))), "somebody was faster");
    shop.store.edit_product(at(3), dearer.clone(), gone, told("agotada")).await.unwrap();
    let edits = shop.store.shop_edits(9).await.unwrap();
    assert_eq!(edits.iter().map(|edit| edit.undoable).collect::<Vec<_>>(), [true, false]);
    assert!(matches!(shop.store.undo_shop_edit(at(4), edits[1].id, "Carmen").await, Err(StoreError::Conflict(_))));
    shop.store.undo_shop_edit(at(4), edits[0].id, "Carmen").await.unwrap();
    assert_eq!(shop.store.catalog_items().await.unwrap()[0].item, dearer);
    shop.store.undo_shop_edit(at(5), edits[1].id, "Carmen").await.unwrap();
    let row = shop.store.catalog_items().await.unwrap().remove(0);
    assert_eq!((row.item, row.source), (item, CatalogSource::Pack), "the pack's again, as it was");
}

#[tokio::test]
async fn a_session_ends_when_it_is_idle_old_or_its_user_has_other_rights() {
    let shop = shop_with_carmen().await;
    assert!(shop.store.session(at(10), "s1").await.unwrap().is_some());
    assert!(shop.store.session(at(15 * 86_400), "s1").await.unwrap().is_none(), "idle for two weeks");
    assert!(shop.store.session(at(91 * 86_400), "s1").await.unwrap().is_none());
    assert!(matches!(shop.store.set_role(at(20), CARMEN, Role::Reader, "x").await, Err(StoreError::Conflict(_))));
    assert!(shop.store.session(at(21), "s1").await.unwrap().is_some(), "nothing of it was done");
    shop.store.set_role(at(22), CARMEN, Role::Owner, "x").await.unwrap();
    assert!(shop.store.session(at(23), "s1").await.unwrap().is_none());
}
