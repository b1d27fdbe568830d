//! `POST /api/chat`: the contract, its limits, its errors.

use serde_json::{Value, json};

use crate::world::{Luisa, World, http};

async fn served() -> (World, Luisa) {
    let world = World::new().await.with("WHATSAPP_ENABLED", "false");
    let luisa = world.serve().await;
    (world, luisa)
}

fn ask(id: &str, text: &str) -> Value {
    json!({ "conversation_id": id, "text": text, "sender": "customer" })
}

#[tokio::test]
async fn the_answer_has_every_field_of_the_contract() {
    let (world, luisa) = served().await;
    let (status, answer) = luisa.post("/api/chat", &ask("a", "hola, a cómo la kingter KT-D3?")).await;
    assert_eq!(status, 200);
    assert!(answer["response"].as_str().unwrap().contains("1.230.000"));
    let mut fields: Vec<&String> = answer.as_object().unwrap().keys().collect();
    fields.sort();
    let contract = [
        "asset",
        "cache_hit",
        "classification",
        "classification_score",
        "conversation_id",
        "decision_path",
        "handoff",
        "intent",
        "interactive",
        "is_personal",
        "latency_ms",
        "mode",
        "needs_escalation",
        "openai_called",
        "request_id",
        "response",
        "slots",
        "verdict",
    ];
    assert_eq!(fields, contract);
    assert_eq!(answer["asset"]["price_cop"], 1_230_000);
    assert_eq!(answer["interactive"]["type"], "button");
    assert!(answer["interactive"]["options"][0]["id"].is_string());
    assert!(answer["latency_ms"].as_f64().unwrap() > 0.0);
    assert!(answer["decision_path"].as_str().unwrap().starts_with("rate_ok->class:business_consult->"));
    let picture = luisa.url.clone() + answer["asset"]["asset_url"].as_str().unwrap();
    assert_eq!(http().get(picture).send().await.unwrap().status(), 200);
    let request = answer["request_id"].as_str().unwrap();
    assert_eq!(world.count(&format!("SELECT count(*) FROM interaction_traces WHERE request_id = '{request}'")), 1);
}

#[tokio::test]
async fn a_conversation_is_remembered_and_a_button_can_be_pressed() {
    let (_world, luisa) = served().await;
    let (_, first) = luisa.post("/api/chat", &ask("a", "a cómo la kingter KT-D3?")).await;
    let option = &first["interactive"]["options"][0];
    let pressed = json!({ "conversation_id": "a", "text": option["title"], "option_id": option["id"] });
    let (status, second) = luisa.post("/api/chat", &pressed).await;
    assert_eq!(status, 200);
    assert_ne!(second["response"], first["response"]);
    let (status, chat) = luisa.get("/api/conversations/a").await;
    assert_eq!(status, 200);
    assert_eq!(chat["messages"].as_array().unwrap().len(), 4);
    assert_eq!(chat["mode"], second["mode"]);
    assert_eq!(chat["slots"], second["slots"]);
}

#[tokio::test]
async fn a_personal_message_gets_a_short_redirect() {
    let (_world, luisa) = served().await;
    let (_, answer) = luisa.post("/api/chat", &ask("a", "mami a qué horas llegas a la casa para el almuerzo")).await;
    assert_eq!(answer["is_personal"], true, "{answer}");
    assert!(!answer["response"].as_str().unwrap().is_empty());
}

#[tokio::test]
async fn bad_input_is_refused_with_a_clear_sentence() {
    let (world, luisa) = served().await;
    let long_id = "x".repeat(129);
    let long_text = "ñ".repeat(4097);
    let bad = [
        (json!({ "text": "hola" }), "conversation_id"),
        (ask("", "hola"), "conversation_id"),
        (ask("  ", "hola"), "conversation_id"),
        (ask(&long_id, "hola"), "conversation_id"),
        (ask("a", &long_text), "4096"),
        (json!({ "conversation_id": "a" }), "text"),
        (json!({ "conversation_id": 7, "text": "hola" }), "string"),
        (json!({ "conversation_id": "a", "text": "hola", "sender": "luisa" }), "sender"),
        (json!([1, 2]), "body"),
        (json!("hola"), "body"),
    ];
    for (body, word) in bad {
        let (status, answer) = luisa.post("/api/chat", &body).await;
        assert_eq!(status, 400, "{body}");
        assert!(answer["message"].as_str().unwrap().contains(word), "{word}: {answer}");
    }
    assert_eq!(world.count("SELECT count(*) FROM messages"), 0);
    for (id, text) in [("x".repeat(128), "ñ".repeat(4096)), ("con espacio/ñ🧵".to_owned(), String::new())] {
        assert_eq!(luisa.post("/api/chat", &ask(&id, &text)).await.0, 200);
    }
}

#[tokio::test]
async fn other_bodies_have_their_own_errors() {
    let (_world, luisa) = served().await;
    let url = format!("{}/api/chat", luisa.url);
    let json = "application/json";
    let large = format!("{{\"conversation_id\":\"a\",\"text\":\"{}\"}}", "x".repeat(80_000));
    for (content_type, body, status) in [
        (json, "{not json".to_owned(), 400),
        (json, String::new(), 400),
        ("text/plain", "{}".to_owned(), 415),
        ("application/x-www-form-urlencoded", "a=b".to_owned(), 415),
        (json, large, 413),
    ] {
        let answer = http().post(&url).header("content-type", content_type).body(body.clone()).send().await.unwrap();
        assert_eq!(answer.status(), status, "{content_type} {body:.40}");
        let said: Value = answer.json().await.unwrap();
        assert!(said["error"].is_string() && said["message"].is_string(), "{said}");
    }
    let get = http().get(&url).send().await.unwrap();
    assert_eq!(get.status(), 405);
    assert!(get.json::<Value>().await.unwrap()["message"].is_string());
}

#[tokio::test]
async fn the_thirty_first_message_of_a_minute_is_told_when_to_come_back() {
    let (_world, luisa) = served().await;
    for n in 0..30 {
        assert_eq!(luisa.post("/api/chat", &ask("a", "hola")).await.0, 200, "message {n}");
    }
    let over = http().post(format!("{}/api/chat", luisa.url)).json(&ask("a", "hola")).send().await.unwrap();
    assert_eq!(over.status(), 429);
    let wait: u64 = over.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert!(over.json::<Value>().await.unwrap()["message"].is_string());
    assert_eq!(luisa.post("/api/chat", &ask("b", "hola")).await.0, 200, "others are not held up");
}

#[tokio::test]
async fn twenty_messages_of_one_conversation_at_once_are_answered_one_after_the_other() {
    let (world, luisa) = served().await;
    let mut posts = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let url = format!("{}/api/chat", luisa.url);
        posts
            .spawn(async move { http().post(url).json(&ask("a", "a qué hora abren?")).send().await.unwrap().status() });
    }
    for status in posts.join_all().await {
        assert_eq!(status, 200);
    }
    assert_eq!(world.count("SELECT count(*) FROM interaction_traces"), 20);
    assert_eq!(world.count("SELECT count(*) FROM messages"), 40);
}
