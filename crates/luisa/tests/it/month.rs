//! A month of the store's chats beside a model: what it costs, as `luisa costs` tells it.

use std::path::Path;

use luisa_fakes::FakeOpenAi;
use luisa_fakes::openai::Answer;
use rusqlite::{Connection, params};
use serde_json::{Value, json};

use crate::world::World;

/// The scripted chats of the corpus, which are a store's everyday: what each customer writes, in order.
fn chats() -> Vec<Vec<String>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus/conversations");
    let mut chats = Vec::new();
    for file in ["desarrollo.jsonl", "desarrollo2.jsonl"] {
        let lines = std::fs::read_to_string(folder.join(file)).unwrap();
        for line in lines.lines() {
            let script: Value = serde_json::from_str(line).unwrap();
            let turns = script["turns"].as_array().unwrap();
            let said = turns.iter().flat_map(|turn| turn["say"].as_array().unwrap());
            // Buttons and files need WhatsApp; words are what costs.
            let words = said.map(|text| text.as_str().unwrap().to_owned()).filter(|text| !text.starts_with(['[', '(']));
            chats.push(words.collect());
        }
    }
    chats
}

#[tokio::test]
async fn a_month_of_chats_costs_less_than_a_tenth_of_a_cent_each_and_rules_answer_four_of_five() {
    let openai = FakeOpenAi::start().await;
    openai.script(|_| {
        Answer::Json(json!({
            "sentences": [{ "text": "Ese detalle se lo confirma un asesor del almacén, con mucho gusto.", "facts": [] }],
            "confidence": 0.9
        }))
    });
    let world = World::new()
        .await
        .with("WHATSAPP_ENABLED", "false")
        .with("OPENAI_ENABLED", "true")
        .with("OPENAI_FREE_SENTENCES", "true")
        .with("OPENAI_API_KEY", "clave-de-prueba-0123456789")
        .with("OPENAI_BASE_URL", openai.base_url());
    let mut luisa = world.serve().await;
    let chats = chats();
    for (n, chat) in chats.iter().enumerate() {
        for text in chat {
            let asked = json!({ "conversation_id": format!("mes-{n}"), "text": text, "sender": "customer" });
            let (status, answer) = luisa.post("/api/chat", &asked).await;
            assert_eq!(status, 200, "{text}: {answer}");
        }
    }
    assert_eq!(luisa.terminate().await, 0);
    // The clock of a served process cannot be turned: its traces are spread over the month afterwards.
    let conn = Connection::open(world.db()).unwrap();
    for n in 0..chats.len() {
        let days = format!("-{:.3} days", 29.0 * n as f64 / chats.len() as f64);
        let sql = "UPDATE interaction_traces SET created_at = strftime('%Y-%m-%d %H:%M:%f', created_at, ?1)
            WHERE conversation_id = ?2";
        conn.execute(sql, params![days, format!("mes-{n}")]).unwrap();
    }
    drop(conn);
    let (code, out, err) = world.run(&["costs", "--since", "30d", "--json"]).await;
    assert_eq!(code, 0, "{err}");
    let costs: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(costs["conversations"], chats.len(), "{out}");
    assert!(costs["days"].as_array().unwrap().len() > 10, "the calls are spread over the month: {out}");
    let mean = costs["mean_per_conversation_usd"].as_f64().unwrap();
    assert!(mean > 0.0 && mean < 0.001, "{mean} USD per conversation");
    let called = world.count("SELECT count(*) FROM interaction_traces WHERE openai_called = 1");
    let answered = world.count("SELECT count(*) FROM interaction_traces WHERE response_text IS NOT NULL");
    println!("{answered} answers, {called} with a call; {mean:.6} USD per conversation of {}", chats.len());
    assert!(called * 5 <= answered, "{called} of {answered} answers asked the model");
}
