//! `luisa eval --replies`: what a model is worth to this store, before customers find out.

use luisa_fakes::openai::Answer;
use luisa_fakes::{ApiError, FakeOpenAi};
use serde_json::{Value, json};

use crate::cli::Desk;

const KEY: &str = "clave-de-prueba-0123456789";

fn desk(openai: &FakeOpenAi) -> Desk {
    let desk = Desk::new()
        .with("OPENAI_ENABLED", "true")
        .with("OPENAI_FREE_SENTENCES", "true")
        .with("OPENAI_API_KEY", KEY)
        .with("OPENAI_BASE_URL", openai.base_url());
    let rows = [
        json!({ "id": "detalle", "say": ["a cuántas puntadas por minuto trabaja la KT-D3"], "must": ["asesor"], "must_not": ["5.500"] }),
        json!({ "id": "regla", "say": ["hola", "a qué hora abren"], "must": ["9:00"], "must_not": [] }),
    ];
    desk.write("consultas.jsonl", &rows.map(|row| row.to_string()).join("\n"));
    desk
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_model_is_used_and_its_cost_and_time_are_told() {
    let openai = FakeOpenAi::start().await;
    openai.script(|_| {
        Answer::Json(json!({ "sentences": [{ "text": "Ese dato de la Kingter KT-D3 se lo confirma un asesor.", "facts": ["I008"] }], "confidence": 0.9 }))
    });
    let desk = desk(&openai);
    let ended =
        desk.run(&["eval", "--replies", "--json", "--fail-under", "grounded_rate=1", "consultas.jsonl"]).ends_with(0);
    let report: Value = serde_json::from_str(&ended.out()).unwrap();
    assert_eq!((&report["consultations"], &report["asked"]), (&json!(2), &json!(1)), "{report}");
    assert_eq!(report["figures"], json!({ "grounded_rate": 1.0, "right_rate": 1.0, "without_call": 0.5 }));
    assert!(report["cost_usd"].as_f64().unwrap() > 0.0 && report["latency_ms"]["p50"].as_f64().unwrap() > 0.0);
    assert_eq!(openai.requests().len(), 1);
    let text = desk.run(&["eval", "--replies", "consultas.jsonl"]).ends_with(0).out();
    assert!(text.contains("detalle [model]") && text.contains("regla [rules]"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_invents_or_fails_is_found_out() {
    let openai = FakeOpenAi::start().await;
    openai.answer_next(Answer::Json(
        json!({ "sentences": [{ "text": "La KT-D3 trabaja a 5.500 puntadas.", "facts": ["I008"] }], "confidence": 1 }),
    ));
    openai.answer_next(ApiError::unauthorized());
    let desk = desk(&openai);
    let ended =
        desk.run(&["eval", "--replies", "--json", "--fail-under", "grounded_rate=0.5", "consultas.jsonl"]).ends_with(1);
    let report: Value = serde_json::from_str(&ended.out()).unwrap();
    assert_eq!(report["figures"]["grounded_rate"], 0.0);
    assert_eq!(report["not_used"], json!({ "rejected:number": 1 }), "{report}");
    assert!(!report["replies"][0]["reply"].as_str().unwrap().contains("5.500"));
    let ended = desk.run(&["eval", "--replies", "consultas.jsonl"]).ends_with(0);
    assert!(ended.out().contains("1 for unauthorized") && !ended.out().contains(KEY) && !ended.err().contains(KEY));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_model_or_with_a_broken_file_it_says_what_to_do() {
    let openai = FakeOpenAi::start().await;
    let off = Desk::new();
    off.write("x.jsonl", "{\"id\":\"a\",\"say\":[\"hola\"]}\n");
    assert!(off.run(&["eval", "--replies", "x.jsonl"]).ends_with(2).err().contains("OPENAI_ENABLED=true"));
    let desk = desk(&openai);
    desk.write("bad.jsonl", "{\"id\":\"a\",\"say\":[\"hola\"]}\n{\"id\":1}\n");
    assert!(desk.run(&["eval", "--replies", "bad.jsonl"]).ends_with(2).err().contains("bad.jsonl, line 2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stores_own_consultations_pass_with_a_model_that_keeps_to_the_facts() {
    let openai = FakeOpenAi::start().await;
    openai.script(|_| {
        Answer::Json(json!({ "sentences": [{ "text": "Ese dato no lo tengo a la mano; un asesor se lo confirma.", "facts": [] }], "confidence": 0.9 }))
    });
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/replies/consultas.jsonl");
    let floors = ["--fail-under", "grounded_rate=1", "--fail-under", "right_rate=0.8"];
    let ended = desk(&openai).run(&[&["eval", "--replies", "--json", file][..], &floors].concat()).ends_with(0);
    let report: Value = serde_json::from_str(&ended.out()).unwrap();
    assert!(report["asked"].as_u64().unwrap() >= 6, "{report}");
}
