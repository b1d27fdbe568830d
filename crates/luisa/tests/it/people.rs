//! Between LUISA and people: who leads a chat, who is told, and what is nobody's business.

use luisa_fakes::payload;
use serde_json::json;

use crate::world::{Luisa, SOON, TEAM, World, now};

const BUY: &str = "la quiero comprar ya, cómo pago la kingter KT-D3?";
const PERSON: &str = "quiero hablar con una persona por favor";
const PERSONAL: &str = "mami a qué horas llegas a la casa para el almuerzo";

#[tokio::test]
async fn a_handoff_tells_the_team_and_a_question_after_it_gets_the_fact_and_no_sale() {
    let world = World::new().await;
    let luisa = world.serve().await;
    let mut ana = luisa.customer(1);
    ana.says(PERSON).await.unwrap();
    world.meta.wait_until(|seen| seen.sent_to(TEAM).count() == 1 && seen.sent.len() == 2, SOON).await.unwrap();
    luisa.log().line("human_active_triggered", |event| event["team"].is_string()).await;
    assert_eq!(mode(&world), "HUMAN_ACTIVE");
    let reads_before = world.meta.reads().len();
    ana.says("y a cómo la kingter KT-D3?").await.unwrap();
    luisa.turns(2).await;
    world.meta.wait_until(|seen| seen.sent_to("573005550001").count() == 2, SOON).await.unwrap();
    let courtesy = world.meta.sent_to("573005550001").remove(1);
    assert!(courtesy.text.contains("1.230.000") && courtesy.image.is_none(), "{}", courtesy.text);
    assert!(!courtesy.text.contains('?'), "nothing is sold over the person: {}", courtesy.text);
    assert_eq!(world.meta.reads().len(), reads_before, "no ticks while a person leads");
    assert_eq!(world.count("SELECT count(*) FROM handoffs"), 1);
    assert_eq!(world.text("SELECT state FROM notifications").as_deref(), Some("sent"));
}

#[tokio::test]
async fn a_notice_goes_by_template_unless_the_team_wrote_today() {
    let world = World::new().await.with("NOTIFY_TEMPLATE", "aviso_equipo");
    world.meta.add_template(luisa_fakes::meta::Template::approved("aviso_equipo", "es", 1));
    let luisa = world.serve().await;
    luisa.customer(1).says(PERSON).await.unwrap();
    world.meta.wait_until(|seen| seen.sent_to(TEAM).count() == 1, SOON).await.unwrap();
    assert_eq!(world.meta.sent_to(TEAM)[0].template.as_deref(), Some("aviso_equipo"));
    let saleswoman = luisa_fakes::Person::with_phone(TEAM, "Luisa");
    luisa.webhook().post(&payload::text(&saleswoman, "wamid.team", now(), "hola")).await.unwrap();
    luisa.log().line("message_received", |event| event["from"] == "\u{2026}9001").await;
    luisa.customer(2).says(PERSON).await.unwrap();
    let by_text = |sent: &luisa_fakes::meta::Sent| sent.is_for(TEAM) && sent.template.is_none();
    // One is the answer to her, one the notice.
    world.meta.wait_until(|seen| seen.sent.iter().filter(|sent| by_text(sent)).count() == 2, SOON).await.unwrap();
}

#[tokio::test]
async fn an_echo_from_the_phone_takes_the_chat_over_and_a_redelivered_one_does_not() {
    let world = World::new().await;
    let luisa = world.serve().await;
    let mut ana = luisa.customer(1);
    ana.says("a qué hora abren?").await.unwrap();
    world.meta.wait_for_sent(1, SOON).await.unwrap();
    let echo = payload::echo(&ana.person, "wamid.echo", now(), "Hola Ana, con gusto le atiendo");
    assert_eq!(luisa.webhook().post(&echo).await.unwrap(), 200);
    assert_eq!(mode(&world), "HUMAN_ACTIVE");
    luisa.log().line("human_active_triggered", |event| event["by"] == "phone").await;
    assert_eq!(world.count("SELECT count(*) FROM messages WHERE sender = 'human'"), 1);
    give_back(&world, luisa).await;
    let luisa = world.serve().await;
    assert_eq!(luisa.webhook().post(&echo).await.unwrap(), 200);
    assert_eq!(mode(&world), "AI_ACTIVE");
    assert_eq!(world.count("SELECT count(*) FROM messages WHERE sender = 'human'"), 1);
}

/// As the console will: the chat is LUISA's again.
async fn give_back(world: &World, mut luisa: Luisa) {
    assert_eq!(luisa.terminate().await, 0);
    let store = luisa_store::Store::open(&world.db()).unwrap();
    let chat = store.conversations(1).await.unwrap().remove(0);
    store.give_back(jiff::Timestamp::now(), &chat.id).await.unwrap();
}

#[tokio::test]
async fn an_echo_between_question_and_answer_stops_the_answer() {
    let world = World::new().await.with("REPLY_DEBOUNCE_MS", "1500");
    let luisa = world.serve().await;
    let mut ana = luisa.customer(1);
    ana.says("a cómo la kingter KT-D3?").await.unwrap();
    luisa.webhook().post(&payload::echo(&ana.person, "wamid.echo", now(), "ya le digo")).await.unwrap();
    luisa.turns(1).await;
    let sold = "SELECT count(*) FROM messages WHERE sender = 'luisa' AND text LIKE '%1.230.000%'";
    assert_eq!(world.count(sold), 0);
}

#[tokio::test]
async fn a_personal_message_gets_no_reply_no_ticks_no_typing_and_its_text_is_not_kept() {
    let world = World::new().await.with("REPLY_DEBOUNCE_MS", "500");
    let luisa = world.serve().await;
    let (mut carmen, mut ana) = (luisa.customer(1), luisa.customer(2));
    let (personal, _) = carmen.says(PERSONAL).await.unwrap();
    let (business, _) = ana.says("a qué hora abren?").await.unwrap();
    luisa.turns(2).await;
    world.meta.wait_until(|seen| seen.reads.iter().any(|read| read.message_id == business), SOON).await.unwrap();
    assert!(world.meta.sent_to("573005550001").is_empty());
    assert!(world.meta.reads().iter().all(|read| read.message_id != personal));
    let trace =
        "SELECT coalesce(raw_text, normalized_text, response_text) FROM interaction_traces WHERE is_personal = 1";
    assert_eq!(world.text(trace), None);
    let kept = "SELECT coalesce(text, payload) FROM messages WHERE direction = 'in' ORDER BY id LIMIT 1";
    assert_eq!(world.text(kept), None);
    assert_eq!(world.count("SELECT count(*) FROM inbox"), 0);
}

#[tokio::test]
async fn a_chat_whose_time_with_a_person_has_passed_is_luisas_again() {
    let world = World::new().await;
    let luisa = world.serve().await;
    let mut ana = luisa.customer(1);
    ana.says("hola").await.unwrap();
    world.meta.wait_for_sent(1, SOON).await.unwrap();
    // A person wrote thirteen hours ago, and keeps a chat for twelve.
    let long_ago = payload::echo(&ana.person, "wamid.echo", now() - 13 * 3600, "hola");
    luisa.webhook().post(&long_ago).await.unwrap();
    assert_eq!(mode(&world), "AI_ACTIVE");
    let recent = payload::echo(&ana.person, "wamid.echo2", now() - 12 * 3600 + 2, "hola");
    luisa.webhook().post(&recent).await.unwrap();
    assert_eq!(mode(&world), "HUMAN_ACTIVE");
    let over =
        "SELECT CASE WHEN human_until <= strftime('%Y-%m-%d %H:%M:%f', 'now') THEN 'over' END FROM conversations";
    world.eventually(over, Some("over")).await;
    ana.says("a cómo la kingter KT-D3?").await.unwrap();
    world.meta.wait_until(|seen| seen.sent.iter().any(|sent| sent.text.contains("1.230.000")), SOON).await.unwrap();
    luisa.log().line("mode_auto_reverted_to_ai", |_| true).await;
    assert_eq!(mode(&world), "AI_ACTIVE");
}

#[tokio::test]
async fn a_team_hears_again_of_an_urgent_customer_who_waited_a_quarter_of_an_hour() {
    let world = World::new().await;
    let luisa = world.serve().await;
    luisa.customer(1).says("URGENTE la máquina está botando chispas y humo").await.unwrap();
    world.eventually("SELECT max(state) FROM notifications WHERE state = 'sent'", Some("sent")).await;
    luisa.kill().await;
    // Sixteen minutes pass.
    rusqlite::Connection::open(world.db())
        .unwrap()
        .execute_batch(
            "UPDATE handoffs SET created_at = strftime('%Y-%m-%d %H:%M:%f', 'now', '-16 minutes');
             UPDATE handoffs SET updated_at = created_at;
             UPDATE notifications SET created_at = strftime('%Y-%m-%d %H:%M:%f', 'now', '-16 minutes');",
        )
        .unwrap();
    let luisa = world.serve().await;
    luisa.log().line("team_reminded", |_| true).await;
    world.eventually("SELECT count(*) || '' FROM notifications WHERE state = 'sent'", Some("2")).await;
    let told = world.text("SELECT body FROM notifications ORDER BY id DESC LIMIT 1").unwrap();
    assert!(told.contains("16 minutos") && told.contains("chispas"), "{told}");
    assert_eq!(world.count("SELECT raised FROM handoffs"), 1);
}

#[tokio::test]
async fn a_closing_sale_on_the_api_is_a_handoff_too() {
    let world = World::new().await;
    let luisa = world.serve().await;
    let ask = |text: &str| json!({ "conversation_id": "demo", "text": text, "sender": "customer" });
    let (_, answer) = luisa.post("/api/chat", &ask(BUY)).await;
    assert_eq!(answer["handoff"]["team"], "comercial", "{answer}");
    assert_eq!(answer["needs_escalation"], true);
    assert_eq!(answer["mode"], "HUMAN_ACTIVE");
    let (_, list) = luisa.get("/api/handoffs").await;
    assert_eq!(list["handoffs"][0]["conversation_id"], "demo");
}

#[tokio::test]
async fn while_the_store_is_closed_the_customer_is_told_once_and_the_messages_wait() {
    let hour = jiff::Timestamp::now().in_tz("America/Bogota").unwrap().hour();
    // An hour of service that is not this one; Sundays and holidays are closed anyway.
    let start = if hour >= 12 { 1 } else { 20 };
    let world = World::new()
        .await
        .with("BUSINESS_HOURS_ENABLED", "true")
        .with("BUSINESS_HOURS_START", &start.to_string())
        .with("BUSINESS_HOURS_END", &(start + 2).to_string())
        .with("BUSINESS_HOURS_NEW_CONVERSATION_CUTOFF", &(start + 1).to_string());
    let luisa = world.serve().await;
    let mut ana = luisa.customer(1);
    ana.says("a cómo la kingter KT-D3?").await.unwrap();
    luisa.turns(1).await;
    ana.says("hola?").await.unwrap();
    luisa.turns(2).await;
    let told = world.meta.wait_for_sent(1, SOON).await.unwrap();
    assert!(!told[0].text.contains("1.230.000"), "{}", told[0].text);
    assert_eq!(world.count("SELECT count(*) FROM messages WHERE direction = 'out'"), 1);
    assert_eq!(world.count("SELECT count(*) FROM inbox WHERE attempts = 0"), 2);
    let due = "SELECT due_at > strftime('%Y-%m-%d %H:%M:%f', 'now') FROM conversations";
    assert_eq!(world.count(due), 1, "both wait for the opening");
    assert_eq!(world.count("SELECT count(*) FROM interaction_traces"), 0);
}

fn mode(world: &World) -> String {
    world.text("SELECT mode FROM conversations ORDER BY created_at LIMIT 1").unwrap()
}
