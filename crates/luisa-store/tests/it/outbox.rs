//! Sending: in order, one at a time per chat, never blindly twice.

use luisa_store::*;
use serde_json::json;

use crate::shop::*;

async fn claimed_texts(shop: &Shop, second: i64) -> (Vec<OutboxClaim>, Vec<String>) {
    let claims = shop.store.claim_outbox(at(second), 10, LEASE).await.unwrap();
    let texts = claims.iter().map(|claim| claim.row().payload["text"].as_str().unwrap().to_owned()).collect();
    (claims, texts)
}

#[tokio::test]
async fn a_sent_reply_is_sent_in_its_message_and_its_trace() {
    let shop = Shop::open();
    let (chat, _) = shop.answers(at(0), ANA, "m1", "hola").await;
    let sending = shop.claim_send(at(11)).await;
    assert_eq!(sending.row().recipient, json!({"wa_id": ANA}));
    shop.store.outbox_sent(at(12), sending, "w1".into(), 231.5).await.unwrap();
    let detail = shop.store.conversation(&chat, 10).await.unwrap();
    assert_eq!(detail.messages[1].state, MessageState::Sent);
    assert_eq!(detail.messages[1].message_id, Some("w1".into()));
    assert_eq!(detail.conversation.last_outbound_at, Some(at(12)));
    let trace = shop.trace_of("r-m1").await;
    assert_eq!((trace.whatsapp_send_success, trace.whatsapp_send_latency_ms), (Some(true), Some(231.5)));
    assert_eq!(shop.store.next_outbox_due(at(12)).await.unwrap(), None);
}

#[tokio::test]
async fn the_rows_of_one_chat_leave_one_by_one_in_order_and_chats_do_not_wait_for_each_other() {
    let shop = Shop::open();
    let chat = shop.says(at(0), ANA, "m1", "hola").await;
    let claimed = shop.claim(at(5)).await;
    let mut turn = replying(&chat, "m1", "uno");
    turn.outgoing.push(reply("dos"));
    shop.store.commit_turn(at(5), claimed.claim, turn).await.unwrap();
    shop.answers(at(6), LUZ, "m2", "otra").await;
    let (mut claims, texts) = claimed_texts(&shop, 20).await;
    assert_eq!(texts, ["uno", "otra"]);
    assert_eq!(claimed_texts(&shop, 20).await.1, [""; 0], "while one is in flight the next waits");
    shop.store.outbox_retry(at(21), claims.remove(0), at(40), refused("131056")).await.unwrap();
    assert_eq!(claimed_texts(&shop, 30).await.1, [""; 0], "nor does the next overtake one that is retried");
    let (claims, texts) = claimed_texts(&shop, 40).await;
    assert_eq!(texts, ["uno"]);
    assert_eq!((claims[0].row().attempts, claims[0].row().error_code.as_deref()), (2, Some("131056")));
    for claim in claims {
        shop.store.outbox_sent(at(41), claim, "w1".into(), 1.0).await.unwrap();
    }
    assert_eq!(claimed_texts(&shop, 41).await.1, ["dos"]);
}

#[tokio::test]
async fn an_unknown_outcome_holds_the_chat_back_for_thirty_seconds_and_is_never_repeated() {
    let shop = Shop::open();
    let chat = shop.says(at(0), ANA, "m1", "hola").await;
    let claimed = shop.claim(at(5)).await;
    let mut turn = replying(&chat, "m1", "uno");
    turn.outgoing.push(reply("dos"));
    shop.store.commit_turn(at(5), claimed.claim, turn).await.unwrap();
    let sending = shop.claim_send(at(10)).await;
    shop.store.outbox_unknown(at(11), sending, refused("timeout")).await.unwrap();
    assert_eq!(shop.store.next_outbox_due(at(11)).await.unwrap(), Some(at(41)));
    assert_eq!(claimed_texts(&shop, 40).await.1, [""; 0]);
    assert_eq!(claimed_texts(&shop, 41).await.1, ["dos"]);
    assert_eq!(shop.trace_of("r-m1").await.whatsapp_send_success, None);
    assert_eq!(shop.figure("SELECT count(*) FROM messages WHERE state = 'unknown'"), 1);
}

#[tokio::test]
async fn a_sender_that_never_reports_leaves_an_unknown_outcome_and_may_report_late() {
    let shop = Shop::open();
    shop.answers(at(0), ANA, "m1", "hola").await;
    let sending = shop.claim_send(at(10)).await;
    assert_eq!(shop.store.next_outbox_due(at(10)).await.unwrap(), Some(at(70)));
    assert!(shop.store.claim_outbox(at(70), 10, LEASE).await.unwrap().is_empty());
    assert_eq!(shop.text("SELECT state FROM outbox").unwrap(), "unknown");
    shop.store.outbox_sent(at(80), sending, "w1".into(), 70_000.0).await.unwrap();
    assert_eq!(shop.text("SELECT state FROM outbox").unwrap(), "sent");
}

#[tokio::test]
async fn a_refused_reply_is_dead_and_its_trace_says_why() {
    let shop = Shop::open();
    let (chat, _) = shop.answers(at(0), ANA, "m1", "hola").await;
    let sending = shop.claim_send(at(11)).await;
    shop.store.outbox_dead(at(12), sending, refused("131026")).await.unwrap();
    assert_eq!(shop.store.conversation(&chat, 9).await.unwrap().messages[1].state, MessageState::Failed);
    let trace = shop.trace_of("r-m1").await;
    assert_eq!((trace.whatsapp_send_success, trace.whatsapp_send_error_code.as_deref()), (Some(false), Some("131026")));
    assert_eq!(shop.store.snapshot(at(20)).await.unwrap().errores_count, 1);
}

#[tokio::test]
async fn a_held_notice_is_visible_and_can_be_resumed_and_does_not_touch_the_reply_s_trace() {
    let shop = Shop::open();
    let chat = shop.says(at(0), ANA, "m1", "comprar").await;
    let claimed = shop.claim(at(5)).await;
    let mut turn = TurnCommit::silent("r-m1".into(), json!({}));
    turn.traces.push(trace(&chat, &"r-m1".into(), "m1"));
    turn.notices.push(notice(Some(LUZ)));
    shop.store.commit_turn(at(5), claimed.claim, turn).await.unwrap();
    let sending = shop.claim_send(at(6)).await;
    shop.store.outbox_hold(at(7), sending, refused("131047")).await.unwrap();
    let row = shop.store.notifications(1).await.unwrap().remove(0);
    assert_eq!((row.state, row.error_code.as_deref()), (NoticeState::Held, Some("131047")));
    assert_eq!(shop.store.snapshot(at(8)).await.unwrap().undelivered_notices_60m, 1);
    assert_eq!(shop.store.resume_held(at(9)).await.unwrap(), 1);
    let sending = shop.claim_send(at(9)).await;
    shop.store.outbox_sent(at(10), sending, "w1".into(), 5.0).await.unwrap();
    let row = shop.store.notifications(1).await.unwrap().remove(0);
    assert_eq!((row.state, row.sent_at), (NoticeState::Sent, Some(at(10))));
    let trace = shop.trace_of("r-m1").await;
    assert_eq!((trace.whatsapp_send_success, trace.whatsapp_send_error_code), (None, None));
}

#[tokio::test]
async fn notices_to_one_number_keep_their_order_whichever_chat_they_tell_of() {
    let shop = Shop::open();
    for (wa_id, id) in [(ANA, "m1"), ("573005550003", "m2")] {
        shop.says(at(0), wa_id, id, "comprar").await;
        let claimed = shop.claim(at(5)).await;
        let mut turn = TurnCommit::silent("r".into(), json!({}));
        turn.notices.push(notice(Some(LUZ)));
        shop.store.commit_turn(at(5), claimed.claim, turn).await.unwrap();
    }
    let first = shop.claim_send(at(6)).await;
    assert_eq!(first.row().id, OutboxId(1));
    assert!(shop.store.claim_outbox(at(6), 10, LEASE).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_delayed_chat_waits_and_the_worker_knows_until_when() {
    let shop = Shop::open();
    let (chat, _) = shop.answers(at(0), ANA, "m1", "hola").await;
    shop.store.delay_chat(&chat, at(300)).await.unwrap();
    assert_eq!(shop.store.next_outbox_due(at(12)).await.unwrap(), Some(at(300)));
    assert!(shop.store.claim_outbox(at(299), 10, LEASE).await.unwrap().is_empty());
    shop.claim_send(at(300)).await;
}

#[tokio::test]
async fn concurrent_senders_never_claim_the_same_row() {
    let shop = Shop::open();
    for chat in 0..30 {
        shop.answers(at(chat * 20), &format!("57300555{chat:04}"), &format!("m{chat}"), "hola").await;
    }
    let mut senders = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let store = shop.store.clone();
        senders.spawn(async move {
            let claims = store.claim_outbox(at(9_000), 7, LEASE).await.unwrap();
            claims.iter().map(|claim| claim.row().id).collect::<Vec<_>>()
        });
    }
    let mut ids: Vec<OutboxId> = senders.join_all().await.into_iter().flatten().collect();
    ids.sort();
    let all: Vec<OutboxId> = (1..=30).map(OutboxId).collect();
    assert_eq!(ids, all);
}

#[tokio::test]
async fn a_committed_answer_wakes_the_sender_that_sleeps() {
    let shop = Shop::open();
    shop.answers(at(0), ANA, "m1", "hola").await;
    shop.store.outbox_changed().notified().await;
}

#[tokio::test]
async fn what_was_refused_for_the_window_leaves_when_the_customer_writes_again() {
    for late in [false, true] {
        let shop = Shop::open();
        let (chat, row) = shop.answers(at(0), ANA, "m1", "Sí hay").await;
        let sending = shop.claim_send(at(11)).await;
        let opaque = sending.row().opaque.clone();
        if late {
            shop.store.outbox_sent(at(11), sending, "w1".into(), 5.0).await.unwrap();
            let Arrival::Status(failed) = status(Some(&opaque), "w1", MessageState::Failed) else { panic!("a status") };
            let reason = Some("more than 24 hours have passed".to_owned());
            let failed = Arrival::Status(StatusUpdate { window_closed: true, reason, ..failed });
            assert_eq!(shop.accept_one(at(12), failed).await, Receipt::Applied);
        } else {
            shop.store.outbox_hold(at(11), sending, refused("131047")).await.unwrap();
        }
        assert_eq!(shop.text("SELECT state FROM outbox").as_deref(), Some("held"), "late: {late}");
        if late {
            assert_eq!(shop.text("SELECT error_text FROM outbox").as_deref(), Some("more than 24 hours have passed"));
        }
        shop.says(at(100), ANA, "m2", "y entonces?").await;
        let again = shop.claim_send(at(101)).await;
        assert_eq!(again.row().id, row);
        assert_ne!(again.row().opaque, opaque, "statuses of the first try are not of this one");
        shop.store.outbox_sent(at(102), again, "w2".into(), 5.0).await.unwrap();
        shop.accept_one(at(103), status(Some(&opaque), "w1", MessageState::Failed)).await;
        shop.accept_one(at(104), status(None, "w2", MessageState::Delivered)).await;
        let messages = shop.store.conversation(&chat, 9).await.unwrap().messages;
        assert_eq!(
            (messages[1].state, messages[1].message_id.as_ref().map(MessageId::as_str)),
            (MessageState::Delivered, Some("w2"))
        );
        assert_eq!(shop.text("SELECT state FROM outbox").as_deref(), Some("sent"));
    }
}

#[tokio::test]
async fn what_nobody_heard_of_is_sent_again_once() {
    let shop = Shop::open();
    let (_, row) = shop.answers(at(0), ANA, "m1", "Sí hay").await;
    let sending = shop.claim_send(at(11)).await;
    let opaque = sending.row().opaque.clone();
    shop.store.outbox_unknown(at(12), sending, refused("timeout")).await.unwrap();
    assert!(shop.store.unsettled(at(12)).await.unwrap().is_empty(), "not before its time");
    let open = shop.store.unsettled(at(13)).await.unwrap();
    assert_eq!((open[0].id, open[0].asked_at), (row, at(12)));
    assert!(shop.store.send_again(at(13), row).await.unwrap());
    let again = shop.claim_send(at(14)).await;
    shop.store.outbox_unknown(at(15), again, refused("timeout")).await.unwrap();
    assert!(shop.store.unsettled(at(9_999)).await.unwrap().is_empty());
    assert!(!shop.store.send_again(at(9_999), row).await.unwrap(), "once");
    shop.accept_one(at(10_000), status(Some(&opaque), "w1", MessageState::Delivered)).await;
    assert_eq!(shop.text("SELECT state FROM outbox").as_deref(), Some("sent"), "a late status still settles it");
}

#[tokio::test]
async fn a_status_of_the_first_try_stops_the_second_and_a_person_does_too() {
    for stop in ["status", "person", "found"] {
        let shop = Shop::open();
        let (chat, row) = shop.answers(at(0), ANA, "m1", "Sí hay").await;
        let sending = shop.claim_send(at(11)).await;
        let opaque = sending.row().opaque.clone();
        shop.store.outbox_unknown(at(12), sending, refused("timeout")).await.unwrap();
        match stop {
            "status" => {
                shop.store.send_again(at(200), row).await.unwrap();
                drop(shop.accept_one(at(201), status(Some(&opaque), "w1", MessageState::Sent)).await);
            }
            "person" => {
                shop.store.take_over(at(100), &chat, "carmen", None).await.unwrap();
                assert!(!shop.store.send_again(at(200), row).await.unwrap());
            }
            _ => {
                assert_eq!(shop.store.unknown_ids(vec!["w1".into(), "m1".into()]).await.unwrap(), ["w1".into()]);
                shop.store.found_sent(at(200), row, "w1".into()).await.unwrap();
            }
        }
        assert!(shop.store.claim_outbox(at(300), 10, LEASE).await.unwrap().is_empty(), "{stop}");
    }
}

#[tokio::test]
async fn what_is_stuck_is_sent_again_or_dropped_by_a_person() {
    let shop = Shop::open();
    let (_, held) = shop.answers(at(0), ANA, "m1", "uno").await;
    let sending = shop.claim_send(at(11)).await;
    shop.store.outbox_hold(at(11), sending, refused("131047")).await.unwrap();
    let (_, dead) = shop.answers(at(20), LUZ, "m2", "dos").await;
    let sending = shop.claim_send(at(31)).await;
    shop.store.outbox_dead(at(31), sending, refused("131026")).await.unwrap();
    let stuck: Vec<_> = shop.store.stuck(9).await.unwrap().iter().map(|row| row.id).collect();
    assert_eq!(stuck, [dead, held]);
    assert_eq!(shop.store.send_stuck(at(40), vec![held]).await.unwrap(), 1);
    assert_eq!(shop.claim_send(at(41)).await.row().id, held);
    assert_eq!(shop.store.drop_stuck(at(42), vec![dead, held]).await.unwrap(), 1, "what is being sent is not stuck");
    assert!(shop.store.stuck(9).await.unwrap().is_empty());
}
