//! A message in, an answer out: once each, whatever Meta does.

use luisa_fakes::{Person, Wamids, payload};
use serde_json::Value;

use crate::world::{SOON, World, now};

const PRICE: &str = "hola, a cómo la kingter KT-D3?";

#[tokio::test]
async fn a_question_on_whatsapp_is_answered_with_words_photo_and_buttons_in_one_message() {
    let world = World::new().await;
    let luisa = world.serve().await;
    let mut ana = luisa.customer(1);
    let (wamid, status) = ana.says(PRICE).await.unwrap();
    assert_eq!(status, 200);
    let sent = world.meta.wait_for_sent(1, SOON).await.unwrap().remove(0);
    assert!(sent.is_for("573005550001") && sent.text.contains("1.230.000"), "{}", sent.text);
    assert_eq!(sent.kind, "interactive");
    let uploads = world.meta.uploads();
    assert_eq!(sent.image.as_ref(), Some(&uploads[0].media_id), "the photo is the uploaded one");
    assert!(!sent.buttons.is_empty() && sent.opaque.is_some());
    world.meta.wait_until(|seen| seen.reads.iter().any(|read| read.message_id == wamid), SOON).await.unwrap();
    luisa.log().line("whatsapp_send_success", |_| true).await;
    let trace = "SELECT response_text FROM interaction_traces WHERE whatsapp_send_success = 1
        AND whatsapp_send_latency_ms > 0 AND latency_us >= 0 AND length(customer_phone_hash) = 20";
    assert_eq!(world.text(trace).as_deref(), Some(sent.text.as_str()));
}

#[tokio::test]
async fn a_photo_is_uploaded_once_and_known_after_a_restart() {
    let world = World::new().await;
    let mut luisa = world.serve().await;
    for n in 1..=3 {
        luisa.customer(n).says(PRICE).await.unwrap();
    }
    world.meta.wait_for_sent(3, SOON).await.unwrap();
    assert_eq!(luisa.terminate().await, 0);
    let luisa = world.serve().await;
    luisa.customer(4).says(PRICE).await.unwrap();
    let sent = world.meta.wait_for_sent(4, SOON).await.unwrap();
    assert_eq!(world.meta.uploads().len(), 1);
    let photo = Some(world.meta.uploads()[0].media_id.clone());
    assert!(sent.iter().all(|sent| sent.image == photo));
}

#[tokio::test]
async fn fifty_customers_are_answered_once_each_although_every_fifth_webhook_comes_twice() {
    let world = World::new().await;
    let luisa = world.serve().await;
    let mut posts = tokio::task::JoinSet::new();
    for n in 0..50_u32 {
        let webhook = luisa.webhook();
        posts.spawn(async move {
            let body = payload::text(&Person::numbered(n), &Wamids::new(u64::from(n)).fresh(), now(), PRICE);
            let times = if n % 5 == 0 { 2 } else { 1 };
            for _ in 0..times {
                assert_eq!(webhook.post(&body).await.unwrap(), 200);
            }
        });
    }
    posts.join_all().await;
    let sent = world.meta.wait_for_sent(50, SOON).await.unwrap();
    luisa.turns(50).await;
    for n in 0..50 {
        let who = Person::numbered(n);
        assert_eq!(sent.iter().filter(|sent| sent.is_for(who.address())).count(), 1, "customer {n}");
    }
    assert_all_done(&world, 50);
    assert_eq!(world.meta.attempts().len(), 50);
}

#[tokio::test]
async fn a_batch_of_eight_messages_of_eight_people_gets_eight_answers() {
    let world = World::new().await;
    let luisa = world.serve().await;
    let message = |n: u32| payload::text(&Person::numbered(n), &Wamids::new(u64::from(n)).fresh(), now(), PRICE);
    let one_value = payload::merge_messages((0..4).map(message).collect());
    let several = payload::batch((4..8).map(message).chain([one_value]).collect());
    assert_eq!(luisa.webhook().post(&several).await.unwrap(), 200);
    world.meta.wait_for_sent(8, SOON).await.unwrap();
    luisa.turns(8).await;
    for n in 0..8 {
        assert_eq!(world.meta.sent_to(Person::numbered(n).address()).len(), 1, "customer {n}");
    }
}

#[tokio::test]
async fn a_person_without_a_phone_number_is_answered_by_recipient_alone() {
    let world = World::new().await;
    let luisa = world.serve().await;
    let mut ana = luisa.customer(9_001);
    assert!(ana.person.wa_id.is_none());
    ana.says("buenas, qué horario tienen?").await.unwrap();
    let sent = world.meta.wait_for_sent(1, SOON).await.unwrap().remove(0);
    assert_eq!((sent.to, sent.recipient.as_deref()), (None, ana.person.user_id.as_deref()));
    assert!(sent.raw.get("to").is_none());
    assert!(world.meta.lost().is_empty());
}

#[tokio::test]
async fn a_burst_is_answered_once_and_each_of_its_messages_has_its_trace() {
    let world = World::new().await.with("REPLY_DEBOUNCE_MS", "1000");
    let luisa = world.serve().await;
    let mut ana = luisa.customer(1);
    let (first, _) = ana.says("hola").await.unwrap();
    ana.says("necesito una máquina").await.unwrap();
    ana.says("industrial, para jeans").await.unwrap();
    let sent = world.meta.wait_for_sent(1, SOON).await.unwrap();
    luisa.turns(1).await;
    assert_eq!(world.meta.sent().len(), sent.len());
    assert_eq!(world.count("SELECT count(*) FROM interaction_traces"), 3);
    assert_eq!(world.count("SELECT count(DISTINCT request_id) FROM interaction_traces"), 1);
    let reads = world.meta.reads();
    let typed: Vec<_> = reads.iter().filter(|read| read.typing).collect();
    assert_eq!(typed.len(), 1, "typing is shown once a burst: {reads:?}");
    assert_eq!(typed[0].message_id, first);
}

#[tokio::test]
async fn two_messages_apart_get_two_answers_in_their_order() {
    let world = World::new().await;
    let luisa = world.serve().await;
    let mut ana = luisa.customer(1);
    for n in 1..=4 {
        ana.says("a qué hora abren?").await.unwrap();
        world.meta.wait_for_sent(n, SOON).await.unwrap();
    }
    assert_eq!(world.count("SELECT count(*) FROM messages WHERE direction = 'in'"), 4);
}

#[tokio::test]
async fn a_pressed_button_is_an_answer_to_the_question() {
    let world = World::new().await;
    let luisa = world.serve().await;
    let mut ana = luisa.customer(1);
    ana.says(PRICE).await.unwrap();
    let first = world.meta.wait_for_sent(1, SOON).await.unwrap().remove(0);
    let (id, title) = first.buttons[0].clone();
    ana.taps(&first.wamid, &id, &title).await.unwrap();
    world.meta.wait_for_sent(2, SOON).await.unwrap();
    luisa.turns(2).await;
    let kind = "SELECT kind FROM messages WHERE direction = 'in' ORDER BY id DESC LIMIT 1";
    assert_eq!(world.text(kind).as_deref(), Some("choice"));
}

#[tokio::test]
async fn the_documented_check_of_the_last_answer_works_as_printed() {
    let world = World::new().await;
    let luisa = world.serve().await;
    luisa.customer(1).says(PRICE).await.unwrap();
    luisa.log().line("whatsapp_send_success", |_| true).await;
    luisa.log().count("turn_committed", 1).await;
    world.meta.wait_until(|seen| !seen.reads.is_empty(), SOON).await.unwrap();
    let sql = "SELECT classification, classification_score, response_text, whatsapp_send_success
  FROM interaction_traces WHERE created_at > datetime('now','-5 minutes') ORDER BY id DESC LIMIT 1;";
    let printed = std::process::Command::new("sqlite3").arg(world.db()).arg(sql).output();
    let row = match printed {
        Ok(output) => {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).unwrap()
        }
        // The program is not on this machine: its engine is in the test.
        Err(_) => world
            .look()
            .query_row(sql, [], |row| {
                let (class, score, text): (String, f64, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
                Ok(format!("{class}|{score}|{text}|{}\n", row.get::<_, i64>(3)?))
            })
            .unwrap(),
    };
    assert!(
        row.starts_with("BUSINESS_CONSULT|") && row.contains("1.230.000") && row.trim_end().ends_with("|1"),
        "{row}"
    );
}

#[tokio::test]
async fn a_quoted_photo_is_the_subject_whatever_was_spoken_of_since() {
    let world = World::new().await;
    let luisa = world.serve().await;
    let mut ana = luisa.customer(1);
    ana.says("me muestra una foto de la kingter KT-D3?").await.unwrap();
    let photo = world.meta.wait_for_sent(1, SOON).await.unwrap().remove(0);
    assert!(photo.image.is_some());
    ana.says("y una foto de la union UN300?").await.unwrap();
    let other = world.meta.wait_for_sent(2, SOON).await.unwrap().remove(1);
    assert!(other.image.is_some() && other.image != photo.image);
    ana.sends(|who, wamid, at| payload::quoting(payload::text(who, wamid, at, "esta a cómo?"), &photo.wamid))
        .await
        .unwrap();
    let answer = world.meta.wait_for_sent(3, SOON).await.unwrap().remove(2);
    assert!(answer.text.contains("1.230.000"), "{}", answer.text);
}

#[tokio::test]
async fn every_kind_of_message_gets_a_turn_and_none_breaks_one() {
    let world = World::new().await;
    let luisa = world.serve().await;
    let photo = world.meta.put_media("image/jpeg", b"jpeg".to_vec());
    let voice = world.meta.put_media("audio/ogg", b"ogg".to_vec());
    type Make<'a> = Box<dyn Fn(&Person, &str, u64) -> Value + 'a>;
    let kinds: Vec<Make<'_>> = vec![
        Box::new(|who, id, at| payload::image(who, id, at, &photo, Some("tienen esta?"))),
        Box::new(|who, id, at| payload::voice(who, id, at, &voice)),
        Box::new(|who, id, at| payload::video(who, id, at, &photo, None)),
        Box::new(|who, id, at| payload::document(who, id, at, &photo, "lista.pdf")),
        Box::new(|who, id, at| payload::sticker(who, id, at, &photo)),
        Box::new(|who, id, at| payload::location(who, id, at, (8.75, -75.88), Some("Mi taller"))),
        Box::new(|who, id, at| payload::contacts(who, id, at, "Ana", "573005550101")),
        Box::new(|who, id, at| payload::button(who, id, at, "act:precio", "Precio")),
        Box::new(|who, id, at| payload::list_reply(who, id, at, ("act:precio", "Precio"), None)),
        Box::new(|who, id, at| payload::order(who, id, at, &[], Some("quiero esto"))),
        Box::new(payload::unsupported),
        Box::new(|who, id, at| payload::message_of_type(who, id, at, "from_the_future", serde_json::json!({}))),
    ];
    let count = kinds.len();
    for (n, make) in kinds.iter().enumerate() {
        let who = Person::numbered(u32::try_from(n).unwrap());
        let body = make(&who, &format!("wamid.kind{n}"), now());
        assert_eq!(luisa.webhook().post(&body).await.unwrap(), 200);
    }
    luisa.turns(count).await;
    assert_all_done(&world, i64::try_from(count).unwrap());
    world.meta.wait_for_sent(count, SOON).await.unwrap();
}

/// Nothing is left over, parked or unread.
fn assert_all_done(world: &World, messages: i64) {
    assert_eq!(world.count("SELECT count(*) FROM inbox"), 0);
    assert_eq!(world.count("SELECT count(*) FROM parked_inbox"), 0);
    assert_eq!(world.count("SELECT count(*) FROM webhook_unparsed"), 0);
    assert_eq!(world.count("SELECT count(*) FROM messages WHERE direction = 'in'"), messages);
    assert_eq!(world.count("SELECT count(*) FROM interaction_traces"), messages);
}
