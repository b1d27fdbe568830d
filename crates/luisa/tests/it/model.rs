//! The language model beside the rules: asked seldom, bounded always, never trusted.

use std::time::Duration;

use luisa_fakes::openai::Answer;
use luisa_fakes::{ApiError, FakeOpenAi};
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
    world = world.with("OPENAI_FREE_SENTENCES", "true");
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
        "sentences": [
            { "text": "La Kingter KT-D3 es muy buena para gorras y ropa.", "facts": ["I008"] },
            { "text": "Cuántas puntadas trabaja se lo confirma un asesor.", "facts": [] },
        ],
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
    assert!(said.contains("La Kingter KT-D3 es muy buena"), "{answer}");
    assert_eq!(answer["openai_called"], true);
    let path = answer["decision_path"].as_str().unwrap();
    assert!(path.contains("->openai:ok->reply:modelo"), "{path}");
    for (column, wanted) in [
        ("openai_called", "1"),
        ("openai_model", "gpt-6-luna"),
        ("openai_fallback_used", "0"),
        ("openai_canary_allowed", "1"),
        ("prompt_version", "consulta-2"),
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
    // More than there are workers, one after the other.
    for n in 1..5 {
        luisa.customer(n).says(CONSULT).await.unwrap();
        openai.wait_for_requests(n as usize, Duration::from_secs(60)).await.unwrap();
    }
    for n in 5..11 {
        luisa.customer(n).says("a qué hora abren?").await.unwrap();
    }
    luisa.turns(6).await;
    let late = "SELECT count(*) FROM interaction_traces WHERE openai_called = 1";
    assert_eq!(world.count(late), 0, "the others waited for the model");
}

/// What the model does, and what the trace calls it.
type Fault = (&'static str, Vec<Answer>, &'static str);

fn faults() -> Vec<Fault> {
    let good =
        || json!({ "sentences": [{ "text": "Ese dato se lo confirma un asesor.", "facts": [] }], "confidence": 0.9 });
    let broken = |status| Answer::from(ApiError::server(status));
    let slow = Duration::from_millis(100);
    vec![
        ("500, twice", vec![broken(500), broken(500)], "server_error"),
        ("503, twice", vec![broken(503), broken(503)], "server_error"),
        ("a gateway's page, twice", vec![Answer::Gateway(502), Answer::Gateway(502)], "server_error"),
        ("400", vec![Answer::from(ApiError::bad_request("no"))], "bad_request"),
        ("a refusal", vec![Answer::Refusal("no puedo".to_owned())], "refused_by_model"),
        ("an empty text", vec![Answer::Empty], "empty"),
        ("no content", vec![Answer::NullContent], "empty"),
        ("no choices", vec![Answer::NoChoices], "empty"),
        ("cut short", vec![Answer::CutShort("{\"reply\":\"La Kin".to_owned())], "truncated"),
        ("half a body", vec![Answer::TruncatedJson], "truncated"),
        ("a broken connection", vec![Answer::Reset], "truncated"),
        ("wrong types", vec![Answer::WrongTypes], "wrong_shape"),
        ("no JSON", vec![Answer::NotJson], "wrong_shape"),
        ("JSON of another shape", vec![Answer::Json(json!({ "answer": "hola" }))], "wrong_shape"),
        ("plain words", vec![Answer::from("Claro que sí")], "wrong_shape"),
        ("an answer after the deadline", vec![Answer::Json(good()).after(Duration::from_secs(30))], "timeout"),
        ("a slow drip", vec![Answer::Drip { text: good().to_string(), every: slow }], "timeout"),
        ("nothing at all", vec![Answer::Hang(None)], "timeout"),
    ]
}

#[tokio::test]
async fn whatever_the_model_does_every_customer_is_answered_by_the_rules_and_the_trace_says_why() {
    let openai = FakeOpenAi::start().await;
    openai.script(|_| good());
    let (world, luisa) = served(&openai, &[("OPENAI_TIMEOUT_SECONDS", "1")]).await;
    let (_, rules) = luisa.post("/api/chat", &ask("reglas", "a cuántas puntadas por minuto trabaja la KT-D3")).await;
    assert!(rules["openai_called"] == true);
    for (n, (name, answers, error)) in faults().into_iter().enumerate() {
        // What works in between keeps the breaker closed.
        let (_, fine) = luisa.post("/api/chat", &ask(&format!("bien-{n}"), CONSULT)).await;
        assert!(fine["decision_path"].as_str().unwrap().contains("openai:ok"), "before {name}: {fine}");
        answers.into_iter().for_each(|answer| openai.answer_next(answer));
        let id = format!("mal-{n}");
        let (status, answer) = luisa.post("/api/chat", &ask(&id, CONSULT)).await;
        let said = answer["response"].as_str().unwrap();
        assert!(
            status == 200 && !said.is_empty() && !said.contains("muy buena para trabajo continuo"),
            "{name}: {answer}"
        );
        assert_eq!(trace(&world, &id, "openai_error").as_deref(), Some(error), "{name}");
        assert_eq!(trace(&world, &id, "openai_fallback_used").as_deref(), Some("1"), "{name}");
        let path = answer["decision_path"].as_str().unwrap();
        assert!(path.contains(&format!("->openai:failed:{error}->")), "{name}: {path}");
        assert!(answer["latency_ms"].as_f64().unwrap() < 9_000.0, "{name}: {answer}");
        assert_eq!((&answer["mode"], &answer["handoff"]), (&fine["mode"], &fine["handoff"]), "{name}");
        assert_eq!(answer["slots"], fine["slots"], "{name}");
    }
    let log = luisa.log().all().join("\n");
    assert!(!log.contains(KEY) && !log.contains("puntadas"), "a key or a customer's words are in the log");
}

#[tokio::test]
async fn a_server_that_is_down_is_left_alone_after_some_failures_and_customers_are_answered_at_once() {
    let openai = FakeOpenAi::start().await;
    let down = openai.base_url().to_owned();
    drop(openai);
    let spare = FakeOpenAi::start().await;
    let (world, luisa) = served(&spare, &[("OPENAI_BASE_URL", &down)]).await;
    for n in 0..7 {
        let (_, answer) = luisa.post("/api/chat", &ask(&format!("c{n}"), CONSULT)).await;
        assert!(!answer["response"].as_str().unwrap().is_empty());
    }
    assert_eq!(trace(&world, "c4", "openai_error").as_deref(), Some("connect"));
    assert_eq!(trace(&world, "c6", "openai_called").as_deref(), Some("0"));
    assert!(trace(&world, "c6", "decision_path").unwrap().contains("openai:no:breaker_open"));
}

const OWNER: &str = "573005559003";

#[tokio::test]
async fn an_account_without_credit_pages_the_owner_once_and_is_not_asked_again() {
    let openai = FakeOpenAi::start().await;
    openai.script(|_| Answer::from(ApiError::insufficient_quota()));
    let settings = [("WHATSAPP_ENABLED", "true"), ("TEST_NOTIFY_NUMBER", OWNER)];
    let (world, luisa) = served(&openai, &settings).await;
    for n in 1..4 {
        luisa.customer(n).says(CONSULT).await.unwrap();
        luisa.turns(n as usize).await;
    }
    assert_eq!(openai.requests().len(), 1);
    assert_eq!(world.count("SELECT count(*) FROM interaction_traces WHERE openai_error = 'quota_exhausted'"), 1);
    assert_eq!(
        world.count("SELECT count(*) FROM interaction_traces WHERE decision_path LIKE '%openai:no:quota_exhausted%'"),
        2
    );
    let told = "SELECT n.body FROM notifications n JOIN outbox o ON o.id = n.outbox_id
        WHERE n.team = 'interno' AND o.recipient LIKE '%573005559003%'";
    assert!(world.text(told).unwrap().contains("saldo"));
    assert_eq!(world.count("SELECT count(*) FROM notifications WHERE team = 'interno'"), 1);
}

#[tokio::test]
async fn a_spent_budget_is_remembered_across_a_restart_and_said_once() {
    let openai = FakeOpenAi::start().await;
    openai.script(|_| good());
    let (world, luisa) = served(&openai, &[("OPENAI_DAILY_BUDGET_USD", "0.0006")]).await;
    let mut asked = 0;
    for n in 0..20 {
        let (_, answer) = luisa.post("/api/chat", &ask(&format!("c{n}"), CONSULT)).await;
        asked += i64::from(answer["openai_called"] == true);
    }
    assert!((1..20).contains(&asked), "{asked} calls");
    let spent = "SELECT count(*) FROM interaction_traces WHERE openai_called";
    assert_eq!(world.count(spent), asked);
    let page = crate::world::http().get(format!("{}/metrics", luisa.url)).send().await.unwrap().text().await.unwrap();
    let today = page.lines().find_map(|line| line.strip_prefix("luisa_model_budget_used_month_usd ")).unwrap();
    let spent_so_far: f64 = today.parse().unwrap();
    assert!(spent_so_far > 0.0 && spent_so_far <= 0.0006, "{today}");
    assert_eq!(luisa.get("/health").await.1["modules"]["openai"], true);
    assert_eq!(world.count("SELECT sum(openai_cost_usd) <= 0.0006 FROM interaction_traces"), 1);
    luisa.kill().await;
    let luisa = world.serve().await;
    let (_, answer) = luisa.post("/api/chat", &ask("nueva", CONSULT)).await;
    assert!(answer["decision_path"].as_str().unwrap().contains("openai:no:daily_budget_spent"), "{answer}");
    assert_eq!(world.count(spent), asked);
    assert_eq!(world.count("SELECT count(*) FROM notifications WHERE team = 'interno'"), 1, "the owner is told once");
}

#[tokio::test]
async fn the_calls_of_a_conversation_and_the_canary_are_kept_to() {
    let openai = FakeOpenAi::start().await;
    openai.script(|_| good());
    let settings = [("OPENAI_MAX_CALLS_PER_CONVERSATION", "1"), ("OPENAI_CANARY_ALLOWLIST", "a,b")];
    let (world, luisa) = served(&openai, &settings).await;
    for (id, step) in [
        ("a", "openai:ok"),
        ("a", "openai:no:conversation_calls_spent"),
        ("b", "openai:ok"),
        ("c", "openai:no:not_in_canary"),
    ] {
        let (_, answer) = luisa.post("/api/chat", &ask(id, CONSULT)).await;
        assert!(answer["decision_path"].as_str().unwrap().contains(step), "{id}: {answer}");
    }
    assert_eq!(trace(&world, "a", "openai_canary_allowed").as_deref(), Some("1"));
    assert_eq!(trace(&world, "c", "openai_canary_allowed").as_deref(), Some("0"));
}

#[tokio::test]
async fn a_hundred_bad_answers_reach_no_customer() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus/replies/malas.jsonl");
    let text = std::fs::read_to_string(path).unwrap();
    let bad: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(bad.len() >= 100);
    let openai = FakeOpenAi::start().await;
    let (world, luisa) = served(&openai, &[]).await;
    for row in &bad {
        openai.answer_next(Answer::Json(
            json!({ "sentences": [{ "text": row["reply"], "facts": row["facts"] }], "confidence": 0.95 }),
        ));
        let (_, answer) = luisa.post("/api/chat", &ask(row["id"].as_str().unwrap(), CONSULT)).await;
        let said = answer["response"].as_str().unwrap();
        assert_eq!(answer["openai_called"], true, "{row}");
        assert!(!said.contains(row["reply"].as_str().unwrap()) && !said.is_empty(), "{row}: {said}");
    }
    let rejected =
        "SELECT count(*) FROM interaction_traces WHERE openai_error LIKE 'rejected:%' AND openai_fallback_used";
    assert_eq!(world.count(rejected), i64::try_from(bad.len()).unwrap());
}

#[tokio::test]
async fn what_a_model_says_is_void_when_a_person_took_the_chat_meanwhile() {
    let openai = FakeOpenAi::start().await;
    openai.script(|_| good().after(Duration::from_secs(2)));
    let (world, luisa) = served(&openai, &[("WHATSAPP_ENABLED", "true")]).await;
    luisa.customer(1).says(CONSULT).await.unwrap();
    openai.wait_for_requests(1, Duration::from_secs(60)).await.unwrap();
    let who = luisa_fakes::Person::numbered(1);
    let echo = luisa_fakes::payload::echo(&who, "wamid.staff.1", crate::world::now(), "Hola, le atiendo yo");
    assert_eq!(luisa.webhook().post(&echo).await.unwrap(), 200);
    luisa.log().line("turn_voided", |_| true).await;
    luisa.turns(1).await;
    assert_eq!(
        world.count("SELECT count(*) FROM interaction_traces WHERE openai_called"),
        0,
        "what was decided before is void"
    );
    assert_eq!(world.text("SELECT mode FROM conversations").as_deref(), Some("HUMAN_ACTIVE"));
}

#[tokio::test]
async fn a_doubtful_message_is_put_to_the_model_for_classes() {
    let openai = FakeOpenAi::start().await;
    openai.script(|request| match request["response_format"]["json_schema"]["name"].as_str() {
        Some("class") => Answer::Json(json!({ "class": "business", "confidence": 0.9 })),
        _ => good(),
    });
    let (world, luisa) = served(&openai, &[("OPENAI_MODEL_CLASSIFIER", "gpt-6.1-terra")]).await;
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus/test/dictado.jsonl");
    let text = std::fs::read_to_string(path).unwrap();
    let rows = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    for row in rows {
        let (_, answer) =
            luisa.post("/api/chat", &ask(row["id"].as_str().unwrap(), row["text"].as_str().unwrap())).await;
        if answer["decision_path"].as_str().unwrap().contains("openai:class:business") {
            assert_eq!((&answer["is_personal"], &answer["openai_called"]), (&json!(false), &json!(true)), "{answer}");
            let id = row["id"].as_str().unwrap();
            assert_eq!(trace(&world, id, "openai_model").as_deref(), Some("gpt-6.1-terra"));
            assert_eq!(trace(&world, id, "prompt_version").as_deref(), Some("personal-1"));
            return;
        }
    }
    panic!("no message of the test set is doubtful");
}

#[tokio::test]
async fn whoever_waits_for_a_model_when_she_is_stopped_or_killed_is_answered_once() {
    let openai = FakeOpenAi::start().await;
    openai.script(|_| Answer::Hang(None));
    let settings = [("WHATSAPP_ENABLED", "true"), ("OPENAI_TIMEOUT_SECONDS", "2")];
    let (world, mut luisa) = served(&openai, &settings).await;
    let soon = Duration::from_secs(60);
    luisa.customer(1).says(CONSULT).await.unwrap();
    openai.wait_for_requests(1, soon).await.unwrap();
    assert_eq!(luisa.terminate().await, 0);
    assert!(luisa.log().events("workers_left_behind").is_empty());
    assert_eq!(world.count("SELECT count(*) FROM interaction_traces WHERE openai_error = 'timeout'"), 1);
    let luisa = world.serve().await;
    world.meta.wait_for_sent(1, soon).await.unwrap();
    luisa.customer(2).says(CONSULT).await.unwrap();
    openai.wait_for_requests(2, soon).await.unwrap();
    luisa.kill().await;
    let luisa = world.serve().await;
    luisa.turns(1).await;
    world.meta.wait_for_sent(2, soon).await.unwrap();
    assert_eq!(world.count("SELECT count(*) FROM interaction_traces"), 2);
    assert_eq!(world.count("SELECT count(*) FROM outbox WHERE purpose = 'reply'"), 2);
}
