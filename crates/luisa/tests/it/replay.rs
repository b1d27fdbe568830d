//! Stored chats decided again: nothing changes by itself, and what changes in the pack is shown, and only that.

use serde_json::{Value, json};

use crate::catalog_edits::own_copy;
use crate::world::{Luisa, World};

async fn say(luisa: &Luisa, chat: &str, texts: &[&str]) {
    for text in texts {
        let body = json!({ "conversation_id": chat, "text": text, "sender": "customer" });
        assert_eq!(luisa.post("/api/chat", &body).await.0, 200);
    }
}

async fn replayed(world: &World, arguments: &[&str]) -> (i32, Value) {
    let (code, out, error) = world.run(&[&["replay", "--json"], arguments].concat()).await;
    (code, serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{error}")))
}

#[tokio::test]
async fn the_same_rules_decide_the_same_over_whole_conversations() {
    let world = World::new().await;
    let luisa = world.serve().await;
    say(&luisa, "sale", &["hola", "busco una industrial", "para jeans", "todos los días", "y esa cuánto vale?"]).await;
    say(&luisa, "sale", &["me la llevo", "soy Ana de Cereté", "a qué hora abren?", "gracias"]).await;
    say(&luisa, "parts", &["necesito un repuesto", "singer", "la 4423", "sí por favor", "me contestan?"]).await;
    say(&luisa, "price", &["cuánto vale la kt-d3", "y en 900 mil?", "y la otra?", "asdfgh", "tengo 300 mil"]).await;
    say(&luisa, "private", &["hola", "mami ya llegaste a la casa? te quiero mucho", "ustedes venden fileteadoras?"])
        .await;
    // On WhatsApp: a burst, a personal message whose text is not kept, and a person who answers by hand.
    let mut customer = luisa.customer(7);
    customer.says("Buenas, ¿a qué hora abren?").await.unwrap();
    luisa.turns(23).await;
    customer.says("mi amor ya vamos saliendo, besos, compra el pan").await.unwrap();
    luisa.turns(24).await;
    let (code, report) = replayed(&world, &["--since", "all", "--fail-on-change"]).await;
    assert_eq!((code, &report["changed"]), (0, &json!([])), "{report:#}");
    assert_eq!((&report["conversations"], &report["messages"]), (&json!(5), &json!(24)), "{report}");
    assert_eq!(
        report["skipped"],
        world.count("SELECT count(*) FROM messages WHERE direction = 'in' AND payload IS NULL")
    );
}

#[tokio::test]
async fn a_changed_pack_shows_exactly_what_it_would_decide_otherwise() {
    let own = own_copy("minimal");
    let world = World::new().await.with("BUSINESS_DIR", own.path().to_str().unwrap());
    let luisa = world.serve().await;
    say(&luisa, "a", &["hola", "a qué hora abren?", "hay promociones?", "quiero hablar con una persona"]).await;
    say(&luisa, "b", &["dónde quedan?"]).await;
    drop(luisa);
    let change = |file: &str, from: &str, to: &str| {
        let path = own.path().join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} has no {from}");
        std::fs::write(path, text.replacen(from, to, 1)).unwrap();
    };
    assert_eq!(replayed(&world, &[]).await.1["changed"], json!([]));
    change("replies.toml", "Horneamos y atendemos", "Abrimos y atendemos");
    change(
        "handoff.toml",
        "reason = \"pide_humano\"\nteam = \"comercial\"",
        "reason = \"pide_humano\"\nteam = \"tecnica\"",
    );
    let (code, report) = replayed(&world, &["--with-texts"]).await;
    assert_eq!(code, 0);
    let changed = report["changed"].as_array().unwrap();
    assert_eq!(changed.len(), 2, "{report:#}");
    assert_eq!((&changed[0]["conversation_id"], &changed[0]["text"]), (&json!("a"), &json!("a qué hora abren?")));
    let reply = &changed[0]["changes"]["reply"];
    assert!(reply["was"].as_str().unwrap().starts_with("Horneamos"), "{reply}");
    assert!(reply["is"].as_str().unwrap().starts_with("Abrimos"), "{reply}");
    assert_eq!(changed[0]["changes"].as_object().unwrap().len(), 1);
    let handoff = json!({ "was": "pide_humano@comercial", "is": "pide_humano@tecnica" });
    assert_eq!(changed[1]["changes"]["handoff"], handoff, "{report:#}");
    // The table says the same, without the customer's words; a chat by itself can be asked for.
    let (code, table, _) = world.run(&["replay", "--fail-on-change"]).await;
    assert!(code == 1 && table.contains("pide_humano@tecnica") && !table.contains("a qué hora abren"), "{table}");
    assert!(table.contains("5 messages of 2 conversations: 2 would be decided otherwise"), "{table}");
    let (code, one) = replayed(&world, &["--conversation", "b", "--fail-on-change"]).await;
    assert_eq!((code, &one["changed"], &one["messages"]), (0, &json!([]), &json!(1)));
    let (code, _, error) = world.run(&["replay", "--conversation", "nobody"]).await;
    assert!(code == 2 && error.contains("there is no conversation nobody"), "{error}");
}
