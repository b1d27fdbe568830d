//! Files that customers send: fetched at once, kept, told when they cannot be had, and never those of a personal chat.

use std::path::Path;

use luisa_fakes::meta::{Behaviour, Endpoint, graph_error};
use luisa_fakes::payload;

use crate::cli::Desk;
use crate::world::{SOON, World, now};

const JPEG: &[u8] = b"\xFF\xD8\xFF\xE0\0\x10JFIF, and what a camera saw";
const OGG: &[u8] = b"OggS\0\x02 and what somebody said";

/// The names of all files below a folder.
fn files(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let entry = entry.unwrap();
        if entry.path().is_dir() {
            names.extend(files(&entry.path()));
        } else {
            names.push(entry.file_name().into_string().unwrap());
        }
    }
    names
}

fn kept(world: &World) -> Vec<String> {
    files(&world.db().parent().unwrap().join("media"))
}

const STATES: &str = "SELECT group_concat(state || coalesce(':' || reason, '')) FROM media";

#[tokio::test]
async fn a_photo_is_fetched_at_once_kept_by_its_hash_and_erased_with_its_person() {
    let world = World::new().await;
    let luisa = world.serve().await;
    let photo = world.meta.put_media("image/jpeg", JPEG);
    let (mut ana, mut luz) = (luisa.customer(1), luisa.customer(2));
    ana.sends(|who, id, at| payload::image(who, id, at, &photo, Some("a cómo la kingter KT-D3?"))).await.unwrap();
    let sent = world.meta.wait_for_sent(1, SOON).await.unwrap().remove(0);
    assert!(sent.text.contains("1.230.000"), "the caption is the question: {}", sent.text);
    world.eventually(STATES, Some("kept")).await;
    let name = world.text("SELECT sha256 FROM media").unwrap();
    assert_eq!(kept(&world), std::slice::from_ref(&name));
    let own = world.meta.put_media("image/png", &b"\x89PNG\r\n\x1a\n another"[..]);
    for media in [&photo, &own] {
        luz.sends(|who, id, at| payload::image(who, id, at, media, Some("tienen esta máquina?"))).await.unwrap();
    }
    world.eventually(STATES, Some("kept,kept,kept")).await;
    assert_eq!(kept(&world).len(), 2, "the same picture is kept once");
    let desk = Desk::new().with("DB_PATH", world.db().to_str().unwrap());
    desk.run(&["privacy", "erase", "3005550002", "--yes"]).ends_with(0);
    assert_eq!(kept(&world), [name], "what somebody else sent too stays theirs");
    desk.run(&["privacy", "erase", "3005550001", "--yes"]).ends_with(0);
    assert!(kept(&world).is_empty());
}

#[tokio::test]
async fn a_file_that_cannot_be_had_is_told_to_the_customer_and_noted() {
    let world = World::new().await;
    let luisa = world.serve().await;
    let gone = world.meta.put_media("audio/ogg", OGG);
    world.meta.expire_media(&gone.id);
    let broken = world.meta.put_media("image/jpeg", JPEG);
    world.meta.corrupt_media(&broken.id);
    let disguised = world.meta.put_media("image/jpeg", &b"<svg onload=alert(1)>"[..]);
    let huge = world.meta.put_media("image/jpeg", [JPEG, &vec![0; 6 * 1024 * 1024]].concat());
    let mut customers: Vec<_> = (1..=4).map(|n| luisa.customer(n)).collect();
    customers[0].sends(|who, id, at| payload::voice(who, id, at, &gone)).await.unwrap();
    for (customer, media) in customers[1..].iter_mut().zip([&broken, &disguised, &huge]) {
        customer.sends(|who, id, at| payload::image(who, id, at, media, None)).await.unwrap();
    }
    let sent = world.meta.wait_for_sent(4, SOON).await.unwrap();
    for sent in sent {
        assert!(sent.text.contains("no me abrió") || sent.text.contains("No me abrió"), "{}", sent.text);
    }
    let reasons = "SELECT group_concat(reason) FROM (SELECT reason FROM media ORDER BY created_at)";
    world.eventually(reasons, Some("expired,wrong_hash,wrong_type,too_large")).await;
    assert!(kept(&world).is_empty());
}

#[tokio::test]
async fn a_provider_that_fails_holds_the_answer_up_for_its_time_and_the_file_comes_later() {
    let world = World::new().await.with("MEDIA_TIMEOUT_SECONDS", "1");
    world.meta.fail_next_at(Endpoint::MediaLookup, 1, Behaviour::Refuse(graph_error(190)));
    let luisa = world.serve().await;
    let voice = world.meta.put_media("audio/ogg", OGG);
    luisa.customer(1).sends(|who, id, at| payload::voice(who, id, at, &voice)).await.unwrap();
    let sent = world.meta.wait_for_sent(1, SOON).await.unwrap().remove(0);
    assert!(sent.text.contains("texto") || sent.text.contains("escritos"), "{}", sent.text);
    let line = luisa.log().line("media_put_off", |_| true).await;
    assert_eq!(line["reason"], "access_refused");
    world.eventually(STATES, Some("kept")).await;
    assert_eq!(kept(&world).len(), 1, "for the staff");
}

#[tokio::test]
async fn nothing_of_a_personal_chat_is_fetched() {
    let world = World::new().await;
    let luisa = world.serve().await;
    let mut tia = luisa.customer(1);
    luisa.webhook().post(&payload::state_sync(&tia.person, now(), "add")).await.unwrap();
    let voice = world.meta.put_media("audio/ogg", OGG);
    tia.sends(|who, id, at| payload::voice(who, id, at, &voice)).await.unwrap();
    let photo = world.meta.put_media("image/jpeg", JPEG);
    let caption = Some("mija mire cómo amaneció su sobrina, la bendición");
    luisa.customer(2).sends(|who, id, at| payload::image(who, id, at, &photo, caption)).await.unwrap();
    world.eventually(STATES, Some("closed:personal,closed:personal")).await;
    luisa.turns(2).await;
    assert!(world.meta.recorded().downloads.is_empty() && kept(&world).is_empty());
    // Somebody of the address book who asks for the store is a customer.
    let mut ana = luisa.customer(3);
    luisa.webhook().post(&payload::state_sync(&ana.person, now(), "add")).await.unwrap();
    ana.sends(|who, id, at| payload::image(who, id, at, &photo, Some("a cómo la kingter KT-D3?"))).await.unwrap();
    world.eventually("SELECT CAST(count(*) AS TEXT) FROM media WHERE state = 'kept'", Some("1")).await;
}

#[tokio::test]
async fn a_photo_and_its_question_in_two_messages_are_one_matter_and_get_one_answer() {
    let world = World::new().await.with("REPLY_DEBOUNCE_MS", "300");
    let luisa = world.serve().await;
    let photo = world.meta.put_media("image/jpeg", JPEG);
    let mut ana = luisa.customer(1);
    ana.sends(|who, id, at| payload::image(who, id, at, &photo, None)).await.unwrap();
    ana.says("a cómo la kingter KT-D3?").await.unwrap();
    world.meta.wait_for_sent(1, SOON).await.unwrap();
    luisa.turns(1).await;
    let sent = world.meta.sent();
    assert!(sent.len() == 1 && sent[0].text.contains("1.230.000"), "{sent:?}");
}
