//! What Meta posts: who may, and what becomes of damaged, repeated and unknown things.

use std::collections::BTreeSet;

use luisa_fakes::webhook::{escaped, sign};
use luisa_fakes::{Person, Wamids, Webhook, graph_error, mutate, payload};
use serde_json::Value;

use crate::world::{SECRET, SOON, VERIFY, World, now};

#[tokio::test]
async fn the_subscription_is_confirmed_to_who_knows_the_token() {
    let world = World::new().await;
    let luisa = world.serve().await;
    let webhook = luisa.webhook();
    let (status, body) = webhook.verify(VERIFY, "1158201444").await.unwrap();
    assert_eq!((status.as_u16(), body.as_str()), (200, "1158201444"));
    for wrong in ["", "wrong", &VERIFY[1..]] {
        let (status, body) = webhook.verify(wrong, "1158201444").await.unwrap();
        assert_eq!(status, 403, "{wrong}");
        assert!(!body.contains("1158201444"));
    }
}

#[tokio::test]
async fn a_wrong_signature_gets_401_and_leaves_no_row() {
    let world = World::new().await;
    let luisa = world.serve().await;
    let body = escaped(&payload::text(&Person::numbered(1), "wamid.1", now(), "hola ñ"));
    let webhook = luisa.webhook();
    let stolen = sign(SECRET, b"another body");
    for signature in [None, Some("sha256=00"), Some("sha1=00"), Some(stolen.as_str())] {
        assert_eq!(webhook.post_raw(body.clone(), signature).await.unwrap(), 401);
    }
    let foreign = Webhook::new(webhook.url(), Some("another secret"));
    assert_eq!(foreign.post(&payload::text(&Person::numbered(1), "wamid.2", now(), "hola")).await.unwrap(), 401);
    for table in ["messages", "inbox", "contacts", "conversations", "webhook_unparsed"] {
        assert_eq!(world.count(&format!("SELECT count(*) FROM {table}")), 0, "{table}");
    }
    assert_eq!(webhook.post_raw(body.clone(), Some(&sign(SECRET, &body))).await.unwrap(), 200);
}

#[tokio::test]
async fn what_is_not_json_gets_400_and_what_is_too_large_413() {
    let world = World::new().await;
    let luisa = world.serve().await;
    let webhook = luisa.webhook();
    for bad in ["", "{", "hola", "\u{0}"] {
        assert_eq!(webhook.post_raw(bad, Some(&sign(SECRET, bad.as_bytes()))).await.unwrap(), 400, "{bad:?}");
    }
    let large = vec![b' '; 3 * 1024 * 1024 + 1];
    let signature = sign(SECRET, &large);
    assert_eq!(webhook.post_raw(large, Some(&signature)).await.unwrap(), 413);
    let nearly = format!("{{\"object\":\"{}\"}}", "x".repeat(3 * 1024 * 1024 - 100));
    assert_eq!(webhook.post_raw(nearly.clone(), Some(&sign(SECRET, nearly.as_bytes()))).await.unwrap(), 200);
}

#[tokio::test]
async fn json_of_any_shape_is_taken_and_kept() {
    let world = World::new().await;
    let luisa = world.serve().await;
    for body in ["{}", "[]", "null", "7", r#"{"entry":7}"#, r#"{"entry":[{"changes":[{"value":null}]}]}"#] {
        let status = luisa.webhook().post_raw(body, Some(&sign(SECRET, body.as_bytes()))).await.unwrap();
        assert_eq!(status, 200, "{body}");
    }
    assert!(world.count("SELECT count(*) FROM webhook_unparsed") >= 6);
}

#[tokio::test]
async fn a_thousand_damaged_payloads_are_never_a_5xx_and_lose_no_sibling() {
    let world = World::new().await;
    let luisa = world.serve().await;
    let webhook = luisa.webhook();
    let mut wanted: BTreeSet<String> = BTreeSet::new();
    let mut posts = tokio::task::JoinSet::new();
    for seed in 0..1000_u64 {
        let mutation = mutate(seed, &whole(seed));
        let messages = mutation.untouched.iter().filter(|(id, item)| is_message(id, item));
        wanted.extend(messages.map(|(id, _)| id.clone()));
        let webhook = webhook.clone();
        posts.spawn(async move { (webhook.post(&mutation.payload).await.unwrap(), mutation.damage) });
        if posts.len() >= 16 {
            let (status, damage) = posts.join_next().await.unwrap().unwrap();
            assert!(status.is_success(), "{status} after {damage:?}");
        }
    }
    for (status, damage) in posts.join_all().await {
        assert!(status.is_success(), "{status} after {damage:?}");
    }
    let conn = world.look();
    let mut known = conn.prepare("SELECT 1 FROM messages WHERE message_id = ?1").unwrap();
    let lost: Vec<&String> = wanted.iter().filter(|id| !known.exists([id]).unwrap()).collect();
    assert!(wanted.len() > 2000, "{}", wanted.len());
    assert!(lost.is_empty(), "{} of {} lost: {lost:?}", lost.len(), wanted.len());
    assert_eq!(luisa.get("/health").await.0, 200);
}

/// Four people's messages, a status and an echo in one body.
fn whole(seed: u64) -> Value {
    let mut wamids = Wamids::new(seed);
    let person = |n: u64| Person::numbered(u32::try_from((seed * 4 + n) % 9_500).unwrap());
    let photo = luisa_fakes::meta::MediaRef::of("900", "image/jpeg", b"abc");
    let messages = payload::merge_messages(vec![
        payload::text(&person(0), &wamids.fresh(), now(), "hola, qué máquinas tienen?"),
        payload::image(&person(1), &wamids.fresh(), now(), &photo, Some("tienen esta?")),
        payload::button_reply(&person(2), &wamids.fresh(), now(), "act:precio", "Precio"),
    ]);
    let status = payload::StatusOf::new(&wamids.fresh(), "delivered", now(), &person(0));
    payload::batch(vec![
        messages,
        payload::text(&person(3), &wamids.fresh(), now(), "buenas tardes"),
        payload::status(&status),
        payload::echo(&person(3), &wamids.fresh(), now(), "ya le cuento"),
    ])
}

fn is_message(_: &str, item: &Value) -> bool {
    item.get("status").is_none() && item.get("type").is_some()
}

#[tokio::test]
async fn an_old_message_is_stored_and_marked_and_not_answered_in_an_answered_chat() {
    let world = World::new().await;
    let luisa = world.serve().await;
    let mut ana = luisa.customer(1);
    ana.says("a qué hora abren?").await.unwrap();
    world.meta.wait_for_sent(1, SOON).await.unwrap();
    let hours_ago = now() - 5 * 3600;
    let old = payload::text(&ana.person, "wamid.old", hours_ago, "a qué hora abren?");
    assert_eq!(luisa.webhook().post(&old).await.unwrap(), 200);
    luisa.turns(2).await;
    let heard = luisa.log().line("message_received", |event| event["stale"] == true).await;
    assert_eq!(heard["from"], "\u{2026}0001");
    assert_eq!(world.count("SELECT count(*) FROM messages WHERE direction = 'out'"), 1);
    assert!(world.meta.reads().iter().all(|read| read.message_id != "wamid.old"));
}

#[tokio::test]
async fn an_edit_before_the_answer_replaces_the_question_and_a_deletion_leaves_no_text() {
    let world = World::new().await.with("REPLY_DEBOUNCE_MS", "1500");
    let luisa = world.serve().await;
    let ana = Person::numbered(1);
    let webhook = luisa.webhook();
    webhook.post(&payload::text(&ana, "wamid.1", now(), "tienen fileteadoras?")).await.unwrap();
    webhook.post(&payload::edit(&ana, "wamid.2", now(), "wamid.1", "a qué hora abren?")).await.unwrap();
    world.meta.wait_for_sent(1, SOON).await.unwrap();
    luisa.turns(1).await;
    assert_eq!(world.text("SELECT raw_text FROM interaction_traces").as_deref(), Some("a qué hora abren?"));
    webhook.post(&payload::revoke(&ana, "wamid.3", now(), "wamid.1")).await.unwrap();
    assert_eq!(world.text("SELECT text FROM messages WHERE message_id = 'wamid.1'"), None);
    assert_eq!(world.text("SELECT raw_text FROM interaction_traces"), None);
}

#[tokio::test]
async fn a_reaction_is_kept_and_not_answered() {
    let world = World::new().await;
    let luisa = world.serve().await;
    let mut ana = luisa.customer(1);
    ana.says("a qué hora abren?").await.unwrap();
    let answer = world.meta.wait_for_sent(1, SOON).await.unwrap().remove(0);
    ana.sends(|who, wamid, at| payload::reaction(who, wamid, at, &answer.wamid, Some("👍"))).await.unwrap();
    luisa.turns(2).await;
    assert_eq!(world.count("SELECT count(*) FROM messages WHERE direction = 'out'"), 1);
    assert_eq!(world.count("SELECT count(*) FROM interaction_traces"), 2);
}

#[tokio::test]
async fn a_person_who_changes_number_or_user_id_stays_the_same_person() {
    let world = World::new().await;
    let luisa = world.serve().await;
    let webhook = luisa.webhook();
    let old = Person::numbered(1).and_user_id("CO.1000000000000001");
    webhook.post(&payload::text(&old, "wamid.1", now(), "a qué hora abren?")).await.unwrap();
    world.meta.wait_for_sent(1, SOON).await.unwrap();
    let moved = payload::user_changed_number(&old, "wamid.2", now(), "573005550777");
    assert_eq!(webhook.post(&moved).await.unwrap(), 200);
    let new = Person::with_phone("573005550777", "Cliente 1");
    webhook.post(&payload::text(&new, "wamid.3", now(), "y dónde quedan?")).await.unwrap();
    let sent = world.meta.wait_for_sent(2, SOON).await.unwrap();
    assert!(sent[1].is_for("573005550777"));
    let changed = payload::user_changed_user_id(&old, "wamid.4", now(), "CO.1000000000000002");
    webhook.post(&changed).await.unwrap();
    let nameless = Person::without_phone("CO.1000000000000002", "Cliente 1", "cliente.1");
    webhook.post(&payload::text(&nameless, "wamid.5", now(), "gracias")).await.unwrap();
    luisa.turns(3).await;
    assert_eq!(world.count("SELECT count(DISTINCT conversation_id) FROM interaction_traces"), 1);
}

#[tokio::test]
async fn what_meta_says_of_the_account_is_an_alarm_and_history_is_only_kept() {
    let world = World::new().await;
    let luisa = world.serve().await;
    let webhook = luisa.webhook();
    webhook.post(&payload::account_error(&graph_error(131031))).await.unwrap();
    luisa.log().line("whatsapp_account_error", |event| event["code"] == 131_031 && event["level"] == "ERROR").await;
    let past = payload::history(
        &Person::numbered(1),
        &[("wamid.h1", now() - 9000, "hola"), ("wamid.h2", now() - 8000, "hola!")],
    );
    webhook.post(&past).await.unwrap();
    webhook.post(&payload::app_echo(&Person::numbered(1), "wamid.app", now(), "promo")).await.unwrap();
    assert_eq!(world.count("SELECT count(*) FROM webhook_unparsed"), 3);
    assert_eq!(world.count("SELECT count(*) FROM messages"), 0);
}

#[tokio::test]
async fn a_message_to_another_number_of_the_account_is_not_ours_to_answer() {
    let world = World::new().await;
    let luisa = world.serve().await;
    let body = payload::text(&Person::numbered(1), "wamid.1", now(), "hola");
    let elsewhere = payload::addressed_to(body, "106000000000999", payload::WABA_ID);
    assert_eq!(luisa.webhook().post(&elsewhere).await.unwrap(), 200);
    assert_eq!(world.count("SELECT count(*) FROM messages"), 0);
    assert_eq!(world.count("SELECT count(*) FROM webhook_unparsed"), 1);
}

#[tokio::test]
async fn without_whatsapp_the_webhook_says_so() {
    let world = World::new().await.with("WHATSAPP_ENABLED", "false");
    let luisa = world.serve().await;
    assert_eq!(luisa.webhook().verify(VERIFY, "1").await.unwrap().0, 503);
    let body = payload::text(&Person::numbered(1), "wamid.1", now(), "hola");
    assert_eq!(luisa.webhook().post(&body).await.unwrap(), 503);
}

#[tokio::test]
async fn no_telephone_name_or_text_of_a_customer_is_in_the_log() {
    let world = World::new().await;
    let luisa = world.serve().await;
    let ana = Person::with_phone("573005550042", "Yolima Berrocal");
    let body = payload::text(&ana, "wamid.1", now(), "hola, venden una máquina para un xilofonista?");
    luisa.webhook().post(&body).await.unwrap();
    world.meta.wait_for_sent(1, SOON).await.unwrap();
    luisa.log().line("whatsapp_send_success", |event| event["to"] == "\u{2026}0042").await;
    let log = luisa.log().all().join("\n");
    for private in ["573005550042", "Yolima", "Berrocal", "xilofonista", "token-of-the-tests", SECRET] {
        assert!(!log.contains(private), "{private} is in the log:\n{log}");
    }
}

#[tokio::test]
async fn what_cannot_be_stored_is_not_acknowledged_and_is_taken_when_it_comes_again() {
    let world = World::new().await;
    let luisa = world.serve().await;
    let holder = rusqlite::Connection::open(world.db()).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let body = payload::text(&Person::numbered(1), "wamid.1", now(), "a qué hora abren?");
    assert_eq!(luisa.webhook().post(&body).await.unwrap(), 500);
    holder.execute_batch("ROLLBACK").unwrap();
    assert_eq!(luisa.webhook().post(&body).await.unwrap(), 200);
    world.meta.wait_for_sent(1, SOON).await.unwrap();
    luisa.turns(1).await;
    assert_eq!(world.count("SELECT count(*) FROM messages WHERE direction = 'in'"), 1);
}

#[tokio::test]
async fn a_message_that_is_stored_after_meta_hung_up_is_answered() {
    let world = World::new().await;
    let luisa = world.serve().await;
    let holder = rusqlite::Connection::open(world.db()).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let body = payload::text(&Person::numbered(1), "wamid.1", now(), "a qué hora abren?");
    let webhook = luisa.webhook();
    let posting = tokio::spawn(async move { webhook.post(&body).await });
    luisa.log().count("started processing request", 1).await;
    posting.abort();
    luisa.log().line("connection_ended_early", |_| true).await;
    holder.execute_batch("ROLLBACK").unwrap();
    world.meta.wait_for_sent(1, SOON).await.unwrap();
}

#[tokio::test]
async fn a_time_of_before_whatsapp_stops_nobody_not_even_its_writer() {
    let world = World::new().await;
    let luisa = world.serve().await;
    for (n, bad) in
        ["-62167219201", "-377705023201", "0", "253402300800", "9223372036854775807"].into_iter().enumerate()
    {
        let who = Person::numbered(u32::try_from(n).unwrap());
        let body = payload::text(&who, &format!("wamid.bad{n}"), now(), "a qué hora abren?");
        let body = payload::with_field(body, "timestamp", Value::from(bad));
        assert_eq!(luisa.webhook().post(&body).await.unwrap(), 200);
    }
    for n in 10..15 {
        luisa.customer(n).says("a qué hora abren?").await.unwrap();
    }
    let sent = world.meta.wait_for_sent(10, SOON).await.unwrap();
    let answered: BTreeSet<_> = sent.iter().filter_map(|sent| sent.to.clone()).collect();
    assert_eq!(answered.len(), 10);
}
