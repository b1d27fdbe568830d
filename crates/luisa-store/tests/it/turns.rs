//! Claims and commits: one answer per message, by one worker, all of it or nothing.

use std::collections::BTreeSet;

use luisa_store::*;
use serde_json::json;

use crate::shop::*;

#[tokio::test]
async fn a_committed_turn_is_true_in_every_table() {
    let shop = Shop::open();
    let chat = shop.says(at(0), ANA, "m1", "quiero comprar").await;
    let claimed = shop.claim(at(5)).await;
    let mut turn = replying(&chat, "m1", "Ya le aviso a Carmen");
    turn.handoff = Some(HandoffChange::Open(new_handoff()));
    turn.notices = vec![notice(Some(LUZ)), notice(None)];
    turn.mode =
        Some(ModeChange { mode: Mode::HumanActive, human_until: Some(at(900)), by: Some("handoff".to_owned()) });
    let receipt = shop.store.commit_turn(at(5), claimed.claim, turn).await.unwrap();
    assert_eq!((receipt.outbox.len(), receipt.more_pending), (2, false));
    let view = shop.store.peek(&chat).await.unwrap();
    assert_eq!(view.conversation.memory, json!({"v": 1, "asked": true}));
    assert_eq!((view.conversation.mode, view.conversation.human_until), (Mode::HumanActive, Some(at(900))));
    assert_eq!(view.conversation.human_since, None, "a handoff is not a person taking over");
    assert_eq!(view.pending, []);
    let recent: Vec<_> = view.recent.iter().map(|row| (row.sender, row.state)).collect();
    assert_eq!(recent, [(Sender::Customer, MessageState::Received), (Sender::Luisa, MessageState::Queued)]);
    assert_eq!(view.open_handoff.as_ref().map(|handoff| handoff.id), receipt.handoff);
    assert_eq!(view.last_notice_at, Some(at(5)));
    let notices = shop.store.notifications(10).await.unwrap();
    assert_eq!((notices[0].state, notices[0].error_code.as_deref()), (NoticeState::Failed, Some("no_number")));
    assert_eq!((notices[1].state, notices[1].handoff_id), (NoticeState::Queued, receipt.handoff));
    assert_eq!(shop.trace_of("r-m1").await, trace(&chat, &"r-m1".into(), "m1"), "a trace reads back as it was written");
}

#[tokio::test]
async fn a_handoff_is_raised_completed_taken_and_closed() {
    let shop = Shop::open();
    let chat = shop.says(at(0), ANA, "m1", "quiero comprar").await;
    let claimed = shop.claim(at(5)).await;
    let mut turn = replying(&chat, "m1", "¿Su nombre?");
    turn.handoff = Some(HandoffChange::Open(new_handoff()));
    let id = shop.store.commit_turn(at(5), claimed.claim, turn).await.unwrap().handoff.unwrap();
    shop.says(at(20), ANA, "m2", "Ana, y apúrense").await;
    let claimed = shop.claim(at(25)).await;
    let mut turn = replying(&chat, "m2", "Gracias, Ana");
    turn.handoff = Some(HandoffChange::Raise { id, priority: "high".to_owned(), summary: None });
    turn.lead = Some((id, json!({"name": "Ana"})));
    shop.store.commit_turn(at(25), claimed.claim, turn).await.unwrap();
    let row = shop.store.handoffs(10).await.unwrap().remove(0);
    assert_eq!((row.priority.as_str(), row.raised, row.lead), ("high", 1, json!({"name": "Ana"})));
    assert_eq!(row.summary, "Quiere comprar una industrial");
    shop.store.take_handoff(at(30), id, "carmen").await.unwrap();
    assert!(matches!(shop.store.take_handoff(at(31), id, "luisa").await, Err(StoreError::Conflict(_))));
    shop.store.close_handoff(at(40), id).await.unwrap();
    assert_eq!(shop.store.peek(&chat).await.unwrap().open_handoff, None);
    assert!(matches!(shop.store.close_handoff(at(40), HandoffId(99)).await, Err(StoreError::NotFound)));
}

#[tokio::test]
async fn concurrent_workers_share_the_chats_without_overlap() {
    let shop = Shop::open();
    for chat in 0..40 {
        shop.says(at(0), &format!("57300555{chat:04}"), &format!("m{chat}"), "hola").await;
    }
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let store = shop.store.clone();
        workers.spawn(async move {
            let mut answered = Vec::new();
            loop {
                let claimed = store.claim_due(at(10), 3, LEASE).await.unwrap().chats;
                if claimed.is_empty() {
                    return answered;
                }
                for Claimed { claim, turn } in claimed {
                    let id = turn.pending[0].message_id.clone();
                    let commit = replying(&turn.conversation.id, id.as_str(), "hola");
                    store.commit_turn(at(10), claim, commit).await.unwrap();
                    answered.push(id);
                }
            }
        });
    }
    let answered: Vec<MessageId> = workers.join_all().await.into_iter().flatten().collect();
    assert_eq!(answered.len(), 40);
    assert_eq!(answered.iter().collect::<BTreeSet<_>>().len(), 40);
    assert_eq!(shop.figure("SELECT count(*) FROM outbox"), 40);
}

#[tokio::test]
async fn messages_of_a_turn_come_in_the_order_they_were_written() {
    let shop = Shop::open();
    for (id, written) in [("m3", 3), ("m1", 1), ("m2", 2)] {
        let mut late = message(at(4), by_phone(ANA), id, id);
        late.provider_at = at(written);
        shop.accept_one(at(4), Arrival::Message(late)).await;
    }
    let pending = shop.claim(at(20)).await.turn.pending;
    let order: Vec<_> = pending.iter().map(|row| row.message_id.as_str()).collect();
    assert_eq!(order, ["m1", "m2", "m3"]);
}

#[tokio::test]
async fn what_arrives_during_a_turn_gets_a_turn_of_its_own() {
    let shop = Shop::open();
    let chat = shop.says(at(0), ANA, "m1", "hola").await;
    let claimed = shop.claim(at(5)).await;
    shop.says(at(6), ANA, "m2", "¿está?").await;
    assert!(shop.store.claim_due(at(20), 10, LEASE).await.unwrap().chats.is_empty(), "the chat is claimed");
    let receipt = shop.store.commit_turn(at(20), claimed.claim, replying(&chat, "m1", "hola")).await.unwrap();
    assert!(receipt.more_pending);
    let next = shop.claim(at(20)).await;
    assert_eq!(next.turn.pending.len(), 1);
    assert_eq!(next.turn.pending[0].message_id.as_str(), "m2");
}

#[tokio::test]
async fn a_claim_that_outlived_its_lease_goes_to_another_and_the_first_cannot_commit() {
    let shop = Shop::open();
    let chat = shop.says(at(0), ANA, "m1", "hola").await;
    let slow = shop.claim(at(5)).await;
    assert_eq!(shop.store.next_due().await.unwrap(), Some(at(65)));
    let fast = shop.claim(at(65)).await;
    let lost = shop.store.commit_turn(at(66), slow.claim, replying(&chat, "m1", "tarde")).await;
    assert!(matches!(lost, Err(StoreError::Conflict(_))));
    shop.store.commit_turn(at(66), fast.claim, replying(&chat, "m1", "a tiempo")).await.unwrap();
    assert_eq!(shop.figure("SELECT count(*) FROM outbox"), 1);
    assert_eq!(shop.figure("SELECT count(*) FROM interaction_traces"), 1);
}

#[tokio::test]
async fn a_turn_that_cannot_be_stored_whole_is_not_stored_at_all() {
    let shop = Shop::open();
    let chat = shop.says(at(0), ANA, "m1", "hola").await;
    let claimed = shop.claim(at(5)).await;
    let mut turn = replying(&chat, "m1", "hola");
    turn.lead = Some((HandoffId(77), json!({})));
    assert!(matches!(shop.store.commit_turn(at(5), claimed.claim, turn).await, Err(StoreError::NotFound)));
    assert_eq!(shop.figure("SELECT count(*) FROM outbox"), 0);
    assert_eq!(shop.figure("SELECT count(*) FROM interaction_traces"), 0);
    assert_eq!(shop.store.peek(&chat).await.unwrap().conversation.memory, json!({}));
    assert_eq!(shop.claim(at(70)).await.turn.pending.len(), 1, "its message is answered after the lease");
}

#[tokio::test]
async fn a_message_that_fails_five_turns_is_parked_and_can_be_tried_again() {
    let shop = Shop::open();
    let chat = shop.says(at(0), ANA, "m1", "hola").await;
    for attempt in 1..=5 {
        let now = at(attempt * 100);
        let claimed = shop.claim(now).await;
        assert_eq!(claimed.turn.pending[0].attempts, attempt);
        let parked = shop.store.release(now, claimed.claim, later(now, 100), "boom").await.unwrap();
        assert_eq!(parked, usize::from(attempt == 5));
        assert!(shop.store.claim_due(later(now, 99), 10, LEASE).await.unwrap().chats.is_empty(), "not before its time");
    }
    assert_eq!(shop.store.next_due().await.unwrap(), None);
    let parked = shop.store.parked(10).await.unwrap();
    assert_eq!((parked[0].message_id.as_str(), parked[0].error.as_str(), parked[0].attempts), ("m1", "boom", 5));
    assert_eq!(shop.store.retry_parked(at(900)).await.unwrap(), 1);
    let claimed = shop.claim(at(900)).await;
    assert_eq!((claimed.turn.pending[0].attempts, &claimed.turn.conversation.id), (1, &chat));
}

#[tokio::test]
async fn a_postponed_message_waits_without_its_tries_being_counted() {
    let shop = Shop::open();
    shop.says(at(0), ANA, "m1", "hola").await;
    for night in 1..=8 {
        let claimed = shop.claim(at(night * 1_000)).await;
        assert_eq!(claimed.turn.pending[0].attempts, 1);
        shop.store.postpone(at(night * 1_000), claimed.claim, at((night + 1) * 1_000)).await.unwrap();
        assert_eq!(shop.store.next_due().await.unwrap(), Some(at((night + 1) * 1_000)));
    }
}

#[tokio::test]
async fn each_pending_message_knows_how_many_came_in_its_last_minute() {
    let shop = Shop::open();
    for second in [0, 30, 61, 62] {
        shop.says(at(second), ANA, &format!("m{second}"), "hola").await;
    }
    let pending = shop.claim(at(90)).await.turn.pending;
    let counts: Vec<_> = pending.iter().map(|row| row.inbound_last_minute).collect();
    assert_eq!(counts, [1, 2, 2, 3]);
}

#[tokio::test]
async fn a_turn_sees_the_last_twelve_messages_before_it_oldest_first() {
    let shop = Shop::open();
    for turn in 0..8 {
        shop.answers(at(turn * 100), ANA, &format!("m{turn}"), &format!("answer {turn}")).await;
    }
    let chat = shop.says(at(900), ANA, "last", "y entonces").await;
    let view = shop.store.peek(&chat).await.unwrap();
    assert_eq!(view.recent.len(), 12);
    assert_eq!(view.recent[11].text.as_deref(), Some("answer 7"));
    assert_eq!(view.recent[0].message_id.as_ref().map(MessageId::as_str), Some("m2"));
    assert_eq!(view.pending.len(), 1);
}

#[tokio::test]
async fn a_personal_message_leaves_no_text_behind() {
    let shop = Shop::open();
    let chat = shop.says(at(0), ANA, "m1", "mi amor, ¿vienes?").await;
    let claimed = shop.claim(at(5)).await;
    let mut turn = TurnCommit::silent("r1".into(), json!({}));
    turn.redactions.push("m1".into());
    let mut personal = trace(&chat, &"r1".into(), "m1");
    (personal.raw_text, personal.normalized_text) = (None, None);
    turn.traces.push(personal);
    shop.store.commit_turn(at(5), claimed.claim, turn).await.unwrap();
    assert_eq!(shop.text("SELECT coalesce(text, payload) FROM messages"), None);
    assert_eq!(shop.figure("SELECT count(*) FROM inbox"), 0);
    shop.accept_one(at(6), edit(at(6), by_phone(ANA), "m1", "mi vida")).await;
    assert_eq!(shop.text("SELECT text FROM messages"), None, "nor does an edit bring it back");
}

#[tokio::test]
async fn an_api_message_is_claimed_answered_and_needs_no_sending() {
    let shop = Shop::open();
    let claimed = shop.store.claim_direct(at(0), direct("x1", "hola"), LEASE).await.unwrap();
    assert_eq!(claimed.turn.conversation.channel, Channel::Api);
    assert_eq!(claimed.turn.pending[0].text.as_deref(), Some("hola"));
    let busy = shop.store.claim_direct(at(1), direct("x2", "¿hola?"), LEASE).await;
    assert!(matches!(busy, Err(StoreError::Conflict(_))), "one answer at a time");
    let mut turn = TurnCommit::silent("r1".into(), json!({}));
    turn.outgoing.push(Outgoing { delivery: Delivery::Answered, ..reply("¡Hola!") });
    let receipt = shop.store.commit_turn(at(1), claimed.claim, turn).await.unwrap();
    assert_eq!(receipt.outbox, []);
    let detail = shop.store.conversation(&"demo".into(), 10).await.unwrap();
    let states: Vec<_> = detail.messages.iter().map(|row| row.state).collect();
    assert_eq!(states, [MessageState::Received, MessageState::Sent]);
    assert_eq!(detail.conversation.last_outbound_at, Some(at(1)));
    let again = shop.store.claim_direct(at(2), direct("x1", "hola"), LEASE).await;
    assert!(matches!(again, Err(StoreError::Conflict(_))), "answered messages are not answered twice");
    assert_eq!(shop.store.next_due().await.unwrap(), None);
}

#[tokio::test]
async fn the_api_cannot_speak_in_a_whatsapp_chat() {
    let shop = Shop::open();
    let chat = shop.says(at(0), ANA, "m1", "hola").await;
    let intruder = DirectMessage { conversation_id: chat, ..direct("x1", "hola") };
    assert!(matches!(shop.store.claim_direct(at(9), intruder, LEASE).await, Err(StoreError::Conflict(_))));
    assert_eq!(shop.figure("SELECT count(*) FROM messages"), 1);
}

#[tokio::test]
async fn an_unknown_chat_is_not_found() {
    let shop = Shop::open();
    for id in ["nadie", "wa_c0"] {
        assert!(matches!(shop.store.conversation(&id.into(), 1).await, Err(StoreError::NotFound)));
        assert!(matches!(shop.store.peek(&id.into()).await, Err(StoreError::NotFound)));
        assert!(matches!(shop.store.take_over(at(0), &id.into(), "x", None).await, Err(StoreError::NotFound)));
    }
}

#[tokio::test]
async fn a_turn_that_tells_the_customer_to_wait_keeps_its_messages_for_later() {
    let shop = Shop::open();
    let chat = shop.says(at(0), ANA, "m1", "hola").await;
    let claimed = shop.claim(at(5)).await;
    let mut closed = replying(&chat, "m1", "Abrimos a las ocho");
    closed.traces.clear();
    let receipt = shop.store.commit_and_postpone(at(5), claimed.claim, closed, at(9_000)).await.unwrap();
    assert_eq!((receipt.outbox.len(), receipt.more_pending), (1, true));
    assert_eq!(shop.store.next_due().await.unwrap(), Some(at(9_000)));
    assert!(shop.store.claim_due(at(8_999), 10, LEASE).await.unwrap().chats.is_empty());
    let claimed = shop.claim(at(9_000)).await;
    assert_eq!(claimed.turn.conversation.memory["asked"], true);
    assert_eq!((claimed.turn.pending.len(), claimed.turn.pending[0].attempts), (1, 1));
}

#[tokio::test]
async fn of_chats_that_waited_for_one_opening_the_one_that_wrote_first_is_answered_first() {
    let shop = Shop::open();
    // Luz's chat is the older one; tonight Ana wrote before her.
    shop.answers(at(0), LUZ, "m0", "hola").await;
    let ana = shop.says(at(100), ANA, "m1", "hola").await;
    let luz = shop.says(at(200), LUZ, "m2", "hola").await;
    for claimed in shop.store.claim_due(at(300), 10, LEASE).await.unwrap().chats {
        let wait = TurnCommit::silent("r-closed".into(), json!({}));
        shop.store.commit_and_postpone(at(300), claimed.claim, wait, at(9_000)).await.unwrap();
    }
    let due = shop.store.claim_due(at(9_000), 10, LEASE).await.unwrap().chats;
    let order: Vec<_> = due.iter().map(|claimed| claimed.turn.conversation.id.clone()).collect();
    assert_eq!(order, [ana, luz]);
}

#[tokio::test]
async fn a_turn_sees_what_its_messages_quote_however_old() {
    let shop = Shop::open();
    for n in 0..20 {
        shop.answers(at(n * 100), ANA, &format!("m{n}"), "hola").await;
    }
    let mut asking = message(at(5_000), by_phone(ANA), "m99", "y esta?");
    asking.quoted = Some("m0".into());
    shop.accept_one(at(5_000), Arrival::Message(asking)).await;
    let turn = shop.claim(at(5_010)).await.turn;
    assert_eq!(turn.quoted.len(), 1);
    assert_eq!(turn.quoted[0].message_id.as_ref().unwrap().as_str(), "m0");
    assert!(!turn.recent.contains(&turn.quoted[0]));
}

#[tokio::test]
async fn personal_words_kept_for_a_while_are_forgotten_and_others_are_not() {
    let shop = Shop::open();
    for (wa_id, id, personal) in [(ANA, "m1", true), (LUZ, "m2", false)] {
        let chat = shop.says(at(0), wa_id, id, "hola").await;
        let claimed = shop.claim(at(5)).await;
        let mut turn = replying(&chat, id, "hola");
        turn.traces[0].is_personal = personal;
        shop.store.commit_turn(at(5), claimed.claim, turn).await.unwrap();
    }
    assert_eq!(shop.store.forget_personal(at(5)).await.unwrap(), 0);
    assert_eq!(shop.store.forget_personal(at(6)).await.unwrap(), 1);
    assert_eq!(shop.store.forget_personal(at(6)).await.unwrap(), 0);
    let kept = "SELECT group_concat(message_id) FROM interaction_traces WHERE raw_text IS NOT NULL AND normalized_text IS NOT NULL";
    assert_eq!(shop.text(kept).as_deref(), Some("m2"));
    let kept = "SELECT group_concat(message_id) FROM messages WHERE direction = 'in' AND text IS NOT NULL";
    assert_eq!(shop.text(kept).as_deref(), Some("m2"));
}
