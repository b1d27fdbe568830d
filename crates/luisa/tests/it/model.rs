//! The language model beside the rules: asked seldom, bounded always, never trusted.

use std::time::Duration;

use luisa_fakes::FakeOpenAi;
use luisa_fakes::openai::Answer;
use serde_json::{Value, json};

use crate::world::{Luisa, World};

/// Not of OpenAI's form, so that nothing masks it for another reason.
const KEY: &str = "clave-de-prueba-0123456789";
/// A detail that no product's record holds: the rules show the record, a model can say that it does not know.
const CONSULT: &str = "a cuántas puntadas por minuto trabaja la KT-D3 y cuánto pesa";

async fn served(openai: &FakeOpenAi, settings: &[(&str, &str)]) -> (World, Luisa) {
    let mut world = World::new().await.with("WHATSAPP_ENABLED", "false");
    for (name, value) in [("OPENAI_ENABLED", "true"), ("OPENAI_API_KEY", KEY), ("OPENAI_BASE_URL", openai.base_url())] {
        world = world.with(name, value);
    }
    for (name, value) in settings {
        world = world.with(name, value);
    }
    let luisa = world.serve().await;
    (world, luisa)
}

fn ask(id: &str, text: &str) -> Value {
    json!({ "conversation_id": id, "text": text, "sender": "customer" })
}

fn good() -> Answer {
    Answer::Json(json!({
        "reply": "La Kingter KT-D3 es muy buena para trabajo continuo; la velocidad y el peso exactos se los confirma un asesor.",
        "facts": ["I008"],
        "confidence": 0.9
    }))
}

fn trace(world: &World, conversation: &str, column: &str) -> Option<String> {
    world.text(&format!(
        "SELECT CAST({column} AS TEXT) FROM interaction_traces WHERE conversation_id = '{conversation}' ORDER BY id DESC LIMIT 1"
    ))
}

#[tokio::test]
async fn a_consultation_that_the_rules_serve_badly_is_answered_in_a_models_words() {
    let openai = FakeOpenAi::start().await;
    openai.accept_only_key(KEY);
    openai.answer_next(good());
    let (world, luisa) = served(&openai, &[]).await;
    let (status, answer) = luisa.post("/api/chat", &ask("a", CONSULT)).await;
    assert_eq!(status, 200);
    let said = answer["response"].as_str().unwrap();
    assert!(said.starts_with("La Kingter KT-D3 es muy buena"), "{answer}");
    assert!(said.ends_with('?'), "the question at the end is the rules': {said}");
    assert_eq!(answer["openai_called"], true);
    let path = answer["decision_path"].as_str().unwrap();
    assert!(path.contains("->openai:ok->reply:modelo+"), "{path}");
    for (column, wanted) in [
        ("openai_called", "1"),
        ("openai_model", "gpt-6-luna"),
        ("openai_fallback_used", "0"),
        ("openai_canary_allowed", "1"),
        ("prompt_version", "consulta-1"),
    ] {
        assert_eq!(trace(&world, "a", column).as_deref(), Some(wanted), "{column}");
    }
    assert_eq!(
        world.count(
            "SELECT openai_input_tokens > 100 AND openai_cost_usd > 0 AND openai_latency_ms > 0 FROM interaction_traces"
        ),
        1
    );
    let sent = openai.requests()[0].body.to_string();
    assert!(sent.contains(CONSULT) && sent.contains("Kingter KT-D3"), "{sent}");
}

#[tokio::test]
async fn what_the_rules_answer_well_costs_no_call() {
    let openai = FakeOpenAi::start().await;
    let (world, luisa) = served(&openai, &[]).await;
    for text in ["hola", "a qué hora abren?", "cuánto vale la KT-D3", "quiero hablar con una persona"] {
        let (_, answer) = luisa.post("/api/chat", &ask("a", text)).await;
        assert_eq!(answer["openai_called"], false, "{text}: {answer}");
        assert!(answer["decision_path"].as_str().unwrap().contains("openai:no:"), "{answer}");
    }
    assert!(openai.requests().is_empty());
    assert_eq!(world.count("SELECT count(*) FROM interaction_traces WHERE openai_cost_usd IS NOT NULL"), 0);
    luisa.log().line("openai_decision_made", |event| event["reason"] == "not_consult").await;
}

#[tokio::test]
async fn without_a_model_nothing_is_asked_and_nothing_is_said_of_it() {
    let openai = FakeOpenAi::start().await;
    let (_world, luisa) = served(&openai, &[("OPENAI_ENABLED", "false")]).await;
    let (_, answer) = luisa.post("/api/chat", &ask("a", CONSULT)).await;
    assert_eq!(answer["openai_called"], false);
    assert!(!answer["response"].as_str().unwrap().is_empty());
    assert!(!answer["decision_path"].as_str().unwrap().contains("openai"), "{answer}");
    assert!(openai.requests().is_empty());
}

#[tokio::test]
async fn a_slow_model_holds_up_nobody_else() {
    let openai = FakeOpenAi::start().await;
    openai.script(|_| Answer::Hang(None));
    let (world, luisa) = served(&openai, &[("WHATSAPP_ENABLED", "true"), ("OPENAI_TIMEOUT_SECONDS", "20")]).await;
    luisa.customer(1).says(CONSULT).await.unwrap();
    openai.wait_for_requests(1, Duration::from_secs(60)).await.unwrap();
    for n in 2..8 {
        luisa.customer(n).says("a qué hora abren?").await.unwrap();
    }
    luisa.turns(6).await;
    let late = "SELECT count(*) FROM interaction_traces WHERE openai_called = 1";
    assert_eq!(world.count(late), 0, "the others waited for the model");
}
