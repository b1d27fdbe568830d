//! What leaves: retries where nothing was taken, no repetition where it may have been, and the truth in the trace.

use luisa_fakes::meta::Endpoint;
use luisa_fakes::{AutoStatuses, Behaviour, Fate, graph_error, payload};

use crate::world::{SECRET, SOON, World, now};

const ASK: &str = "a qué hora abren?";

#[tokio::test]
async fn a_passing_fault_is_tried_again_until_it_passes() {
    for fault in [Behaviour::Gateway(503), graph_error(131000).into(), graph_error(2).into()] {
        let world = World::new().await;
        let luisa = world.serve().await;
        world.meta.fail_next(2, fault.clone());
        luisa.customer(1).says(ASK).await.unwrap();
        world.meta.wait_for_sent(1, SOON).await.unwrap();
        luisa.log().line("whatsapp_send_success", |event| event["attempt"] == 3).await;
        assert_eq!(luisa.log().events("whatsapp_send_failed").len(), 2, "{fault:?}");
        assert_eq!(world.meta.attempts().len(), 3);
    }
}

#[tokio::test]
async fn too_fast_for_the_account_makes_everything_wait_and_loses_nothing() {
    for code in [4, 80007, 130429] {
        let world = World::new().await;
        let luisa = world.serve().await;
        world.meta.fail_next(1, graph_error(code));
        for n in 0..5 {
            luisa.customer(n).says(ASK).await.unwrap();
        }
        world.meta.wait_for_sent(5, SOON).await.unwrap();
        luisa.log().line("sending_paused", |_| true).await;
        let code = code.to_string();
        luisa.log().line("whatsapp_send_failed", |event| event["code"] == code).await;
    }
}

#[tokio::test]
async fn too_fast_for_one_person_makes_only_their_chat_wait() {
    let world = World::new().await;
    let luisa = world.serve().await;
    let (mut slow, mut other) = (luisa.customer(1), luisa.customer(2));
    world.meta.fail_next_to("573005550001", 1, graph_error(131056));
    slow.says(ASK).await.unwrap();
    luisa.log().line("whatsapp_send_failed", |event| event["code"] == "131056").await;
    other.says(ASK).await.unwrap();
    let sent = world.meta.wait_for_sent(2, SOON).await.unwrap();
    assert!(sent[0].is_for("573005550002") && sent[1].is_for("573005550001"));
    assert!(luisa.log().events("sending_paused").is_empty());
}

#[tokio::test]
async fn a_refused_token_stops_all_sending_with_an_alarm_and_keeps_the_queue() {
    let world = World::new().await;
    let luisa = world.serve().await;
    world.meta.accept_only_token("another");
    luisa.customer(1).says(ASK).await.unwrap();
    let alarm = luisa.log().line("sending_stopped", |event| event["level"] == "ERROR").await;
    assert!(alarm["remedy"].as_str().unwrap().contains("WHATSAPP_ACCESS_TOKEN"));
    luisa.customer(2).says(ASK).await.unwrap();
    luisa.turns(2).await;
    assert_eq!(world.count("SELECT count(*) FROM outbox WHERE state IN ('due', 'claimed')"), 2);
    assert_eq!(world.meta.sent().len(), 0);
}

#[tokio::test]
async fn a_send_without_an_answer_is_unknown_and_never_repeated() {
    for silence in [Behaviour::Hang(None), Behaviour::Reset(Fate::Taken), Behaviour::Garbage(Fate::Taken)] {
        let world = World::new().await.with("WHATSAPP_TIMEOUT_SECONDS", "1");
        let luisa = world.serve().await;
        world.meta.fail_next(1, silence.clone());
        luisa.customer(1).says(ASK).await.unwrap();
        luisa.log().line("whatsapp_send_failed", |event| event["fate"] == "Unknown").await;
        luisa.customer(2).says(ASK).await.unwrap();
        luisa.log().line("whatsapp_send_success", |event| event["to"] == "\u{2026}0002").await;
        assert_eq!(world.meta.attempts().len(), 2, "{silence:?}");
        let first = "SELECT state FROM outbox ORDER BY id LIMIT 1";
        world.eventually(first, Some("unknown")).await;
        let trace = "SELECT whatsapp_send_success FROM interaction_traces ORDER BY id LIMIT 1";
        assert_eq!(world.look().query_row(trace, [], |row| row.get::<_, Option<i64>>(0)).unwrap(), None);
    }
}

#[tokio::test]
async fn an_answer_after_the_time_out_is_settled_by_the_status() {
    let world = World::new().await.with("WHATSAPP_TIMEOUT_SECONDS", "1");
    let luisa = world.serve().await;
    world.meta.fail_next(1, Behaviour::Reset(Fate::Taken));
    luisa.customer(1).says(ASK).await.unwrap();
    luisa.log().line("whatsapp_send_failed", |event| event["fate"] == "Unknown").await;
    let taken = world.meta.wait_for_sent(1, SOON).await.unwrap().remove(0);
    let who = luisa.customer(1).person;
    let status =
        payload::StatusOf::new(&taken.wamid, "delivered", now(), &who).opaque(taken.opaque.as_deref().unwrap());
    luisa.webhook().post(&payload::status(&status)).await.unwrap();
    assert_eq!(world.text("SELECT state FROM outbox").as_deref(), Some("sent"));
    assert_eq!(world.text("SELECT state FROM messages WHERE direction = 'out'").as_deref(), Some("delivered"));
    assert_eq!(world.count("SELECT whatsapp_send_success FROM interaction_traces"), 1);
    assert_eq!(world.meta.attempts().len(), 1);
}

#[tokio::test]
async fn statuses_move_the_message_up_and_a_late_failure_reaches_the_trace() {
    let world = World::new().await;
    let luisa = world.serve().await;
    let plan = AutoStatuses::new(luisa.webhook().url(), Some(SECRET), &["sent", "delivered", "read"]).duplicated();
    world.meta.auto_statuses(plan.shuffled(7));
    luisa.customer(1).says(ASK).await.unwrap();
    world.meta.wait_for_sent(1, SOON).await.unwrap();
    world.meta.wait_for_statuses(SOON).await.unwrap();
    assert_eq!(world.text("SELECT state FROM messages WHERE direction = 'out'").as_deref(), Some("read"));
    world.meta.fail_next(1, Behaviour::FailLater(graph_error(131026)));
    luisa.customer(2).says(ASK).await.unwrap();
    world.meta.wait_for_sent(2, SOON).await.unwrap();
    world.meta.wait_for_statuses(SOON).await.unwrap();
    let last = "SELECT whatsapp_send_success || '/' || whatsapp_send_error_code FROM interaction_traces ORDER BY id DESC LIMIT 1";
    world.eventually(last, Some("0/131026")).await;
}

#[tokio::test]
async fn what_cannot_be_delivered_is_set_aside_with_its_code() {
    let world = World::new().await;
    let luisa = world.serve().await;
    for (n, (code, state)) in [(131026, "dead"), (100, "dead"), (131047, "held")].into_iter().enumerate() {
        world.meta.fail_next(1, graph_error(code));
        luisa.customer(u32::try_from(n).unwrap()).says(ASK).await.unwrap();
        let code = code.to_string();
        luisa.log().line("whatsapp_send_failed", |event| event["code"] == code).await;
        let row = format!("SELECT max(state) FROM outbox WHERE error_code = '{code}'");
        world.eventually(&row, Some(state)).await;
    }
    assert_eq!(world.meta.attempts().len(), 3, "none is tried again");
    luisa.log().line("message_set_aside", |event| event["code"] == "100" && event["level"] == "ERROR").await;
}

#[tokio::test]
async fn without_the_photo_the_words_go_alone() {
    let price = "a cómo la kingter KT-D3?";
    let world = World::new().await;
    let luisa = world.serve().await;
    world.meta.fail_next_at(Endpoint::MediaUpload, 1, graph_error(131053));
    luisa.customer(1).says(price).await.unwrap();
    let sent = world.meta.wait_for_sent(1, SOON).await.unwrap().remove(0);
    assert!(sent.image.is_none() && sent.text.contains("1.230.000"));
    let world = World::new().await;
    let luisa = world.serve().await;
    world.meta.fail_next(1, graph_error(131052));
    luisa.customer(1).says(price).await.unwrap();
    let sent = world.meta.wait_for_sent(1, SOON).await.unwrap().remove(0);
    assert!(sent.image.is_none() && sent.text.contains("1.230.000"));
    luisa.customer(2).says(price).await.unwrap();
    let sent = world.meta.wait_for_sent(2, SOON).await.unwrap();
    assert!(sent[1].image.is_some(), "the next one has a photo again");
    assert_eq!(world.meta.uploads().len(), 2);
}
