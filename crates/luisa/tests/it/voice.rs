//! Voice notes: asked and answered like texts, paid for once, and never invented.

use luisa_fakes::openai::{Answer, Ears};
use luisa_fakes::{ApiError, Customer, FakeOpenAi, payload};
use serde_json::json;

use crate::world::{Luisa, SOON, World, now};

const VOICE: &[u8] = include_bytes!("../fixtures/voice.ogg");
const SILENCE: &[u8] = include_bytes!("../fixtures/silence.ogg");
const ASKED: &str = "Buenas, ¿a cómo la Kingter KT-D3?";

async fn world(openai: &FakeOpenAi) -> World {
    World::new()
        .await
        .with("TRANSCRIPTION_ENABLED", "true")
        .with("TRANSCRIPTION_API_KEY", "clave-de-prueba-0123456789")
        .with("TRANSCRIPTION_BASE_URL", openai.base_url())
}

/// The same words in another recording: another file.
fn note(n: u8) -> Vec<u8> {
    [VOICE, &[n]].concat()
}

async fn speaks(world: &World, customer: &mut Customer, bytes: Vec<u8>) {
    let media = world.meta.put_media("audio/ogg", bytes);
    customer.sends(|who, id, at| payload::voice(who, id, at, &media)).await.unwrap();
}

/// A customer says something; what they are answered.
async fn answer(world: &World, luisa: &Luisa, n: u8) -> String {
    let mut ana = luisa.customer(n.into());
    speaks(world, &mut ana, note(n)).await;
    let address = ana.person.address().to_owned();
    world.meta.wait_until(|seen| seen.sent.iter().any(|sent| sent.is_for(&address)), SOON).await.unwrap();
    world.meta.sent_to(&address).remove(0).text
}

#[tokio::test]
async fn a_voice_note_is_asked_and_answered_and_what_was_understood_is_said_back() {
    let openai = FakeOpenAi::start().await;
    openai.transcribe_next(ASKED);
    let world = world(&openai).await;
    let luisa = world.serve().await;
    let said = answer(&world, &luisa, 1).await;
    assert!(said.contains("1.230.000") && said.contains("Entendí: «Buenas, ¿a cómo la Kingter KT-D3?»"), "{said}");
    let asked = openai.transcriptions().remove(0);
    assert_eq!((asked.languages.as_slice(), asked.filename.as_str()), (&["es".to_owned()][..], "nota.ogg"));
    assert!(asked.keywords.iter().any(|word| word == "Kingter") && asked.prompt.unwrap().contains("El Sastre"));
    let kept = "SELECT kind || ' ' || text FROM messages WHERE direction = 'in'";
    assert_eq!(world.text(kept).as_deref(), Some("audio Buenas, ¿a cómo la Kingter KT-D3?"));
    assert_eq!(world.count("SELECT nano_usd FROM charges WHERE service = 'transcription'") / 1_000, 331);
}

#[tokio::test]
async fn the_team_reads_a_transcript_as_one() {
    let openai = FakeOpenAi::start().await;
    openai.transcribe_next("necesito hablar con una persona, la máquina que me vendieron bota chispas");
    let world = world(&openai).await;
    let luisa = world.serve().await;
    answer(&world, &luisa, 1).await;
    let notice = "SELECT body FROM notifications";
    assert!(world.text(notice).unwrap().contains("(nota de voz) necesito hablar"), "{:?}", world.text(notice));
}

#[tokio::test]
async fn a_note_in_a_burst_with_text_is_one_matter_and_gets_one_answer() {
    let openai = FakeOpenAi::start().await;
    openai.transcribe_next("y dónde quedan ustedes?");
    let world = world(&openai).await.with("REPLY_DEBOUNCE_MS", "300");
    let luisa = world.serve().await;
    let mut ana = luisa.customer(1);
    ana.says("a cómo la kingter KT-D3?").await.unwrap();
    speaks(&world, &mut ana, note(1)).await;
    world.meta.wait_for_sent(1, SOON).await.unwrap();
    luisa.turns(1).await;
    let sent = world.meta.sent();
    assert!(sent.len() == 1 && sent[0].text.contains("1.230.000") && sent[0].text.contains("Calle"), "{sent:?}");
}

#[tokio::test]
async fn the_same_note_is_paid_for_once_whoever_sends_it() {
    let openai = FakeOpenAi::start().await;
    openai.transcribe_next(ASKED);
    let world = world(&openai).await;
    let luisa = world.serve().await;
    for n in 1..=3 {
        speaks(&world, &mut luisa.customer(n), VOICE.to_vec()).await;
    }
    let sent = world.meta.wait_for_sent(3, SOON).await.unwrap();
    assert!(sent.iter().all(|sent| sent.text.contains("1.230.000")), "{sent:?}");
    assert_eq!((openai.transcriptions().len(), world.count("SELECT count(*) FROM charges")), (1, 1));
    let (code, out, _) = world.run(&["costs", "--since", "all", "--json"]).await;
    let costs: serde_json::Value = serde_json::from_str(&out).unwrap();
    let line = &costs["beside_the_model"]["lines"][0];
    assert_eq!((code, &line["service"], &line["count"]), (0, &json!("transcription"), &json!(1)), "{costs}");
    assert!(line["usd"].as_f64().unwrap() > 0.0003, "{costs}");
}

#[tokio::test]
async fn what_was_not_said_is_not_answered_and_silence_is_not_paid_for() {
    let openai = FakeOpenAi::start().await;
    let world = world(&openai).await;
    let luisa = world.serve().await;
    let mut ana = luisa.customer(90);
    speaks(&world, &mut ana, SILENCE.to_vec()).await;
    let said = world.meta.wait_for_sent(1, SOON).await.unwrap().remove(0).text;
    assert!(said.contains("nota de voz") && said.contains("escribe"), "{said}");
    assert!(openai.transcriptions().is_empty());
    let invented =
        ["", "Subtítulos realizados por la comunidad de Amara.org", "la la la la la la la la la la la la la"];
    for (n, text) in (1..).zip(invented) {
        openai.transcribe_next(Answer::Raw(json!({ "text": text })));
        let said = answer(&world, &luisa, n).await;
        assert!(said.contains("nota de voz") && said.contains("escribe"), "{text}: {said}");
    }
}

#[tokio::test]
async fn whatever_the_server_does_the_customer_is_answered_and_asked_to_write() {
    let openai = FakeOpenAi::start().await;
    let world = world(&openai).await.with("MEDIA_TIMEOUT_SECONDS", "1");
    let luisa = world.serve().await;
    let faults = [
        Answer::Error(ApiError::insufficient_quota()),
        Answer::Error(ApiError::unauthorized()),
        Answer::Error(ApiError::bad_request("no")),
        Answer::NotJson,
        Answer::Reset,
        Answer::WrongTypes,
        Answer::Hang(None),
    ];
    for (n, fault) in (1..).zip(faults) {
        openai.transcribe_next(fault);
        let said = answer(&world, &luisa, n).await;
        assert!(said.contains("texto") || said.contains("escritos"), "{n}: {said}");
    }
    // One that fails once is asked once more.
    openai.transcribe_next(ApiError::server(500));
    openai.transcribe_next(ASKED);
    let world = world.with("MEDIA_TIMEOUT_SECONDS", "20");
    let mut luisa = luisa;
    luisa.terminate().await;
    let luisa = world.serve().await;
    assert!(answer(&world, &luisa, 50).await.contains("1.230.000"));
}

#[tokio::test]
async fn a_server_of_ones_own_is_asked_in_its_dialect_and_costs_nothing() {
    let openai = FakeOpenAi::start().await;
    openai.hear_as(Ears::WhisperWithoutSegments);
    openai.transcribe_next(ASKED);
    let world = world(&openai).await.with("TRANSCRIPTION_DIALECT", "whisper").with("TRANSCRIPTION_MODEL", "base");
    let luisa = world.serve().await;
    assert!(answer(&world, &luisa, 1).await.contains("1.230.000"));
    openai.hear_as(Ears::Whisper);
    let doubts = json!([{ "no_speech_prob": 0.9, "avg_logprob": -1.7, "compression_ratio": 1.0 }]);
    openai.transcribe_next(Answer::Raw(json!({ "text": "a cómo la Kingter", "segments": doubts })));
    assert!(answer(&world, &luisa, 2).await.contains("escribe"));
    let asked = openai.transcriptions();
    assert_eq!(asked[0].response_format.as_deref(), Some("json"), "segments were refused");
    assert!(asked[0].prompt.as_ref().unwrap().contains("Kingter") && asked[0].language.as_deref() == Some("es"));
    assert_eq!(world.count("SELECT sum(nano_usd) FROM charges"), 0);
}

#[tokio::test]
async fn limits_of_a_contact_and_of_the_day_end_in_a_courtesy_and_not_in_a_bill() {
    let openai = FakeOpenAi::start().await;
    openai.transcribe_next(ASKED);
    let world = world(&openai).await.with("TRANSCRIPTION_DAILY_BUDGET_USD", "0.0005");
    let luisa = world.serve().await;
    assert!(answer(&world, &luisa, 1).await.contains("1.230.000"));
    let said = answer(&world, &luisa, 2).await;
    assert!(said.contains("texto") || said.contains("escritos"), "{said}");
    assert_eq!(openai.transcriptions().len(), 1);
    world.eventually("SELECT reason FROM media WHERE reason IS NOT NULL", Some("budget_spent")).await;
}

#[tokio::test]
async fn a_personal_note_never_leaves_the_machine_and_a_led_chat_is_heard() {
    let openai = FakeOpenAi::start().await;
    openai.transcribe_next("¿a qué hora abren mañana?");
    let world = world(&openai).await;
    let luisa = world.serve().await;
    let mut tia = luisa.customer(1);
    luisa.webhook().post(&payload::state_sync(&tia.person, now(), "add")).await.unwrap();
    speaks(&world, &mut tia, note(1)).await;
    world.eventually("SELECT state FROM media", Some("closed")).await;
    // A person who was called took this chat over from the phone: facts are answered still.
    let mut ana = luisa.customer(2);
    let address = ana.person.address().to_owned();
    ana.says("páseme con una persona por favor").await.unwrap();
    world.meta.wait_until(|seen| seen.sent.iter().any(|sent| sent.is_for(&address)), SOON).await.unwrap();
    luisa.webhook().post(&payload::echo(&ana.person, "wamid.carmen", now(), "Hola, soy Carmen")).await.unwrap();
    speaks(&world, &mut ana, note(2)).await;
    let answered = |said: &str| said.contains("9:00");
    world
        .meta
        .wait_until(|seen| seen.sent.iter().any(|sent| sent.is_for(&address) && answered(&sent.text)), SOON)
        .await
        .unwrap();
    assert_eq!(openai.transcriptions().len(), 1);
}

#[tokio::test]
async fn words_that_come_after_the_wait_are_kept_for_the_staff() {
    let openai = FakeOpenAi::start().await;
    openai.transcribe_next(Answer::from(ASKED).after(std::time::Duration::from_secs(3)));
    let world = world(&openai).await.with("MEDIA_TIMEOUT_SECONDS", "1");
    let luisa = world.serve().await;
    let said = answer(&world, &luisa, 1).await;
    assert!(said.contains("texto") || said.contains("escritos"), "{said}");
    world.eventually("SELECT text FROM messages WHERE direction = 'in'", Some(ASKED)).await;
    assert_eq!(world.meta.sent().len(), 1);
}
