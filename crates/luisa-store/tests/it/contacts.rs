//! One person, whichever id came along.

use luisa_store::*;
use serde_json::json;

use crate::shop::*;

const USER: &str = "CO.1047385771169864";

async fn says_as(shop: &Shop, second: i64, who: Identity, id: &str) -> ConversationId {
    match shop.accept_one(at(second), Arrival::Message(message(at(second), who, id, "hola"))).await {
        Receipt::Pending(chat) => chat,
        other => panic!("{other:?}"),
    }
}

/// The phone's chat and the user id's chat, each with a turn behind it, in the order asked for.
async fn two_chats(shop: &Shop, phone_first: bool) -> (ConversationId, ConversationId) {
    let phone = identity(Some(ANA), None);
    let user = identity(None, Some(USER));
    let (first, second) = if phone_first { (phone, user) } else { (user, phone) };
    let older = says_as(shop, 0, first.clone(), "a1").await;
    let claimed = shop.claim(at(10)).await;
    shop.store.commit_turn(at(10), claimed.claim, replying(&older, "a1", "uno")).await.unwrap();
    let younger = says_as(shop, 20, second.clone(), "b1").await;
    let claimed = shop.claim(at(30)).await;
    let mut turn = replying(&younger, "b1", "dos");
    turn.memory = json!({"v": 1, "later": true});
    turn.handoff = Some(HandoffChange::Open(new_handoff()));
    turn.notices.push(notice(Some(LUZ)));
    shop.store.commit_turn(at(30), claimed.claim, turn).await.unwrap();
    says_as(shop, 40, first, "c1").await;
    says_as(shop, 41, second, "c2").await;
    (older, younger)
}

async fn merge_keeps_everything(phone_first: bool) {
    let shop = Shop::open();
    let (older, younger) = two_chats(&shop, phone_first).await;
    assert_ne!(older, younger);
    let merged = says_as(&shop, 50, identity(Some(ANA), Some(USER)), "d1").await;
    assert_eq!(merged, older, "the older contact survives");
    for table in ["messages", "inbox", "outbox", "handoffs", "notifications", "interaction_traces"] {
        let stray = format!("SELECT count(*) FROM {table} WHERE conversation_id = '{younger}'");
        assert_eq!(shop.figure(&stray), 0, "{table}");
    }
    let detail = shop.store.conversation(&younger, 50).await.unwrap();
    assert_eq!(detail.conversation.id, older, "the old id still finds the chat");
    assert_eq!(
        detail.conversation.memory,
        json!({"v": 1, "later": true}),
        "the memory of the chat written in last wins"
    );
    assert_eq!(detail.messages.len(), 7);
    let contact = detail.contact.unwrap();
    assert_eq!((contact.wa_id.as_deref(), contact.user_id.as_deref()), (Some(ANA), Some(USER)));
    let claimed = shop.claim(at(60)).await;
    let pending: Vec<_> = claimed.turn.pending.iter().map(|row| row.message_id.as_str()).collect();
    assert_eq!(pending, ["c1", "c2", "d1"]);
    assert!(claimed.turn.open_handoff.is_some());
    assert_eq!(claimed.turn.last_notice_at, Some(at(30)));
    for who in [identity(Some(ANA), None), identity(None, Some(USER))] {
        let id = format!("e{:?}", who.wa_id);
        assert_eq!(says_as(&shop, 70, who, &id).await, older, "both ids lead to it from now on");
    }
}

#[tokio::test]
async fn a_phone_and_a_later_user_id_become_one_contact() {
    merge_keeps_everything(true).await;
}

#[tokio::test]
async fn a_user_id_and_a_later_phone_become_one_contact() {
    merge_keeps_everything(false).await;
}

#[tokio::test]
async fn a_turn_under_way_in_the_chat_that_goes_is_refused_and_planned_again() {
    let shop = Shop::open();
    let older = says_as(&shop, 0, by_phone(ANA), "a1").await;
    let first = shop.claim(at(5)).await;
    shop.store.commit_turn(at(5), first.claim, replying(&older, "a1", "uno")).await.unwrap();
    let younger = says_as(&shop, 10, identity(None, Some(USER)), "b1").await;
    let claimed = shop.claim(at(20)).await;
    says_as(&shop, 21, identity(Some(ANA), Some(USER)), "b2").await;
    let lost = shop.store.commit_turn(at(22), claimed.claim, replying(&younger, "b1", "dos")).await;
    assert!(matches!(lost, Err(StoreError::Conflict(_))));
    assert_eq!(shop.claim(at(30)).await.turn.pending.len(), 2);
}

#[tokio::test]
async fn a_person_in_either_chat_is_a_person_in_the_merged_one() {
    let shop = Shop::open();
    says_as(&shop, 0, by_phone(ANA), "a1").await;
    let younger = says_as(&shop, 10, identity(None, Some(USER)), "b1").await;
    shop.store.take_over(at(11), &younger, "carmen", Some(at(9_000))).await.unwrap();
    let merged = says_as(&shop, 20, identity(Some(ANA), Some(USER)), "b2").await;
    let chat = shop.store.conversation(&merged, 1).await.unwrap().conversation;
    assert_eq!((chat.mode, chat.human_until, chat.human_since), (Mode::HumanActive, Some(at(9_000)), Some(at(11))));
}

#[tokio::test]
async fn a_changed_number_keeps_the_chat() {
    let shop = Shop::open();
    let chat = says_as(&shop, 0, by_phone(ANA), "a1").await;
    let change = Arrival::IdentityChange { old: by_phone(ANA), new: by_phone(LUZ) };
    assert_eq!(shop.accept_one(at(1), change.clone()).await, Receipt::Applied);
    assert_eq!(shop.accept_one(at(2), change).await, Receipt::Applied, "told twice is told once");
    assert_eq!(says_as(&shop, 3, by_phone(LUZ), "a2").await, chat);
    assert_ne!(says_as(&shop, 4, by_phone(ANA), "a3").await, chat, "the old number is someone else's now");
}

#[tokio::test]
async fn a_number_that_changed_hands_does_not_mix_two_known_people() {
    let shop = Shop::open();
    let first = says_as(&shop, 0, identity(Some(ANA), Some("CO.1")), "a1").await;
    let second = says_as(&shop, 1, identity(Some(LUZ), Some("CO.2")), "b1").await;
    assert_eq!(says_as(&shop, 2, identity(Some(ANA), Some("CO.2")), "b2").await, second);
    assert_eq!(says_as(&shop, 3, identity(None, Some("CO.1")), "a2").await, first);
    assert_eq!(says_as(&shop, 4, by_phone(ANA), "b3").await, second);
}

#[tokio::test]
async fn the_address_book_marks_a_contact_and_forgets_again() {
    let shop = Shop::open();
    let add = Arrival::AddressBook { identity: by_phone(ANA), name: Some("Ana prima".to_owned()) };
    shop.accept_one(at(0), add).await;
    let chat = says_as(&shop, 1, by_phone(ANA), "a1").await;
    let contact = shop.store.peek(&chat).await.unwrap().contact.unwrap();
    assert!(contact.in_address_book);
    assert_eq!(contact.address_book_name.as_deref(), Some("Ana prima"));
    shop.accept_one(at(2), Arrival::AddressBook { identity: by_phone(ANA), name: None }).await;
    shop.accept_one(at(2), Arrival::AddressBook { identity: by_phone(LUZ), name: None }).await;
    let contact = shop.store.peek(&chat).await.unwrap().contact.unwrap();
    assert_eq!((contact.in_address_book, contact.address_book_name), (false, None));
    assert_eq!(shop.figure("SELECT count(*) FROM contacts"), 1, "removing a stranger makes no contact");
}

#[tokio::test]
async fn a_turn_under_way_in_the_chat_that_stays_sees_the_other_chat_before_it_answers() {
    let shop = Shop::open();
    says_as(&shop, 0, identity(None, Some(USER)), "b1").await;
    let younger = says_as(&shop, 1, by_phone(ANA), "a1").await;
    let claims = shop.store.claim_due(at(10), 10, LEASE).await.unwrap().chats;
    let older = claims.into_iter().find(|claimed| claimed.turn.conversation.id != younger).unwrap();
    let chat = says_as(&shop, 11, identity(Some(ANA), Some(USER)), "a2").await;
    let lost = shop.store.commit_turn(at(12), older.claim, replying(&chat, "b1", "uno")).await;
    assert!(matches!(lost, Err(StoreError::Conflict(_))));
    let pending = shop.claim(at(20)).await.turn.pending;
    let order: Vec<_> = pending.iter().map(|row| row.message_id.as_str()).collect();
    assert_eq!(order, ["b1", "a1", "a2"]);
}

/// Who is known, who comes, and whether they are the same.
#[tokio::test]
async fn two_user_ids_are_two_people_however_they_meet() {
    let (n1, n2) = (Some(ANA), Some(LUZ));
    let (u1, u2) = (Some("CO.1"), Some("CO.2"));
    // (known before, writes now, is the known one, what the known one has afterwards)
    let table = [
        ((n1, None), (n1, None), true, (n1, None)),
        ((n1, None), (n1, u1), true, (n1, u1)),
        ((n1, u1), (n1, None), true, (n1, u1)),
        ((n1, u1), (n1, u1), true, (n1, u1)),
        ((n1, u1), (n1, u2), false, (None, u1)),
        ((n1, u1), (n2, u1), true, (n2, u1)),
        ((n1, u1), (None, u1), true, (n1, u1)),
        ((n1, u1), (None, u2), false, (n1, u1)),
        ((n1, u1), (n2, None), false, (n1, u1)),
        ((n1, u1), (n2, u2), false, (n1, u1)),
        ((None, u1), (n1, None), false, (None, u1)),
        ((None, u1), (n1, u1), true, (n1, u1)),
        ((None, u1), (n1, u2), false, (None, u1)),
        ((None, u1), (None, u2), false, (None, u1)),
        ((n1, None), (None, u1), false, (n1, None)),
        ((n1, None), (n2, u1), false, (n1, None)),
    ];
    for (case, (before, now, same, after)) in table.into_iter().enumerate() {
        let shop = Shop::open();
        let known = says_as(&shop, 0, identity(before.0, before.1), "a").await;
        let comes = says_as(&shop, 1, identity(now.0, now.1), "b").await;
        assert_eq!(known == comes, same, "case {case}: {before:?} then {now:?}");
        let contact = shop.store.peek(&known).await.unwrap().contact.unwrap();
        assert_eq!((contact.wa_id.as_deref(), contact.user_id.as_deref()), after, "case {case}");
    }
}

#[tokio::test]
async fn a_number_that_comes_with_a_known_user_joins_them_only_when_neither_has_more() {
    let (n1, n2) = (Some(ANA), Some(LUZ));
    let (u1, u2) = (Some("CO.1"), Some("CO.2"));
    // (holder of the number, holder of the user id, do they become one)
    let table = [
        ((n1, None), (None, u1), true),
        ((n1, None), (n2, u1), false),
        ((n1, u2), (None, u1), false),
        ((n1, u2), (n2, u1), false),
    ];
    for (case, (phone, user, joined)) in table.into_iter().enumerate() {
        let shop = Shop::open();
        let with_number = says_as(&shop, 0, identity(phone.0, phone.1), "a").await;
        let with_user = says_as(&shop, 1, identity(user.0, user.1), "b").await;
        let comes = says_as(&shop, 2, identity(n1, u1), "c").await;
        assert_eq!(comes == with_number, joined, "case {case}: the older one survives a merge");
        assert_eq!(comes == with_user, !joined, "case {case}");
        let texts = shop.store.conversation(&comes, 9).await.unwrap().messages.len();
        assert_eq!(texts, if joined { 3 } else { 2 }, "case {case}: whose history it is");
        if !joined {
            let contact = shop.store.peek(&with_number).await.unwrap().contact.unwrap();
            assert_eq!((contact.wa_id, contact.user_id.as_deref()), (None, phone.1), "case {case}");
        }
    }
}

/// Ids × what the system says of them.
#[tokio::test]
async fn a_system_message_moves_ids_and_never_mixes_histories() {
    let (n1, n2) = (Some(ANA), Some(LUZ));
    let (u1, u2, u3) = (Some("CO.1"), Some("CO.2"), Some("CO.3"));
    // (Andrés, somebody else if anybody, old ids, new ids, Andrés afterwards, the other afterwards; none: they became one)
    type Ids = (Option<&'static str>, Option<&'static str>);
    type Case = (Ids, Option<Ids>, Ids, Ids, Ids, Option<Ids>);
    let table: [Case; 9] = [
        ((n1, None), None, (n1, None), (n2, None), (n2, None), None),
        ((n1, u1), None, (n1, u1), (n2, None), (n2, u1), None),
        ((n1, u1), None, (None, u1), (None, u2), (n1, u2), None),
        ((n1, u1), Some((n2, u2)), (n1, u1), (n2, None), (n2, u1), Some((None, u2))),
        ((n1, None), Some((n2, None)), (n1, None), (n2, None), (n2, None), Some((None, None))),
        ((None, u1), Some((None, u2)), (None, u1), (None, u2), (None, u2), None),
        ((n1, u1), Some((n2, u2)), (n1, None), (None, u3), (n1, u1), Some((n2, u2))),
        ((n1, u1), Some((n2, u2)), (None, u3), (n2, None), (n1, u1), Some((None, u2))),
        ((n1, u1), Some((n2, None)), (n1, u1), (n2, u3), (n2, u3), Some((None, None))),
    ];
    for (case, (andres, other, old, new, andres_after, other_after)) in table.into_iter().enumerate() {
        let shop = Shop::open();
        let a = says_as(&shop, 0, identity(andres.0, andres.1), "a").await;
        let b = match other {
            Some(other) => Some(says_as(&shop, 1, identity(other.0, other.1), "b").await),
            None => None,
        };
        let change = Arrival::IdentityChange { old: identity(old.0, old.1), new: identity(new.0, new.1) };
        assert_eq!(shop.accept_one(at(2), change).await, Receipt::Applied, "case {case}");
        let ids = async |chat: &ConversationId| {
            let contact = shop.store.peek(chat).await.unwrap().contact.unwrap();
            (contact.wa_id, contact.user_id)
        };
        let owned = |ids: Ids| (ids.0.map(str::to_owned), ids.1.map(str::to_owned));
        assert_eq!(ids(&a).await, owned(andres_after), "case {case}: Andrés");
        let (Some(b), Some(after)) = (b, other_after) else { continue };
        assert_eq!(ids(&b).await, owned(after), "case {case}: the other");
        for (chat, message) in [(&a, "a"), (&b, "b")] {
            let mine = shop.store.conversation(chat, 9).await.unwrap().messages;
            let mine: Vec<_> = mine.iter().filter_map(|row| row.message_id.as_ref()).map(MessageId::as_str).collect();
            assert_eq!(mine, [message], "case {case}: each keeps their own history");
        }
    }
}

#[tokio::test]
async fn what_waits_for_the_old_owner_of_a_number_does_not_reach_the_new_one() {
    let shop = Shop::open();
    let (_, row) = {
        let chat = says_as(&shop, 0, identity(Some(ANA), Some("CO.1")), "a1").await;
        let claimed = shop.claim(at(10)).await;
        let receipt = shop.store.commit_turn(at(10), claimed.claim, replying(&chat, "a1", "$900.000")).await.unwrap();
        (chat, receipt.outbox[0])
    };
    says_as(&shop, 11, identity(Some(ANA), Some("CO.2")), "b1").await;
    assert!(shop.store.claim_outbox(at(12), 10, LEASE).await.unwrap().is_empty());
    let state = format!("SELECT state || ' ' || error_code FROM outbox WHERE id = {row}");
    assert_eq!(shop.text(&state).as_deref(), Some("dead number_changed_hands"));
}
