//! The commands by which a shop is looked after, beside a LUISA in service.

use serde_json::{Value, json};

use crate::world::{Luisa, World};

async fn answer(luisa: &Luisa, chat: &str, text: &str) -> String {
    let body = json!({ "conversation_id": chat, "text": text, "sender": "customer" });
    luisa.post("/api/chat", &body).await.1["response"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn who_waits_is_listed_with_the_phone_taken_closed_and_given_back() {
    let world = World::new().await;
    let luisa = world.serve().await;
    luisa.customer(4).says("quiero hablar con una persona").await.unwrap();
    luisa.turns(1).await;
    let (code, list, error) = world.run(&["handoffs", "list"]).await;
    assert_eq!(code, 0, "{error}");
    assert!(list.contains("https://wa.me/57300555") && list.contains("nadie lo tiene"), "{list}");
    let (_, json, _) = world.run(&["handoffs", "list", "--json"]).await;
    let id = serde_json::from_str::<Value>(&json).unwrap()[0]["handoff"]["id"].to_string();
    assert_eq!(world.run(&["handoffs", "take", &id, "--by", "Luisa"]).await.0, 0);
    assert!(world.run(&["handoffs", "list"]).await.1.contains("lo tiene Luisa"));
    assert_eq!(world.text("SELECT mode || ' ' || human_by FROM conversations").as_deref(), Some("HUMAN_ACTIVE Luisa"));
    let (code, _, error) = world.run(&["handoffs", "take", &id, "--by", "Ana"]).await;
    assert!(code == 2 && error.contains("somebody else has it"), "{error}");
    assert_eq!(world.run(&["handoffs", "give-back", &id]).await.0, 0);
    assert_eq!(world.text("SELECT mode FROM conversations").as_deref(), Some("AI_ACTIVE"));
    assert_eq!(world.run(&["handoffs", "list"]).await.1, "Nadie espera.\n");
    let (code, _, error) = world.run(&["handoffs", "close", "999"]).await;
    assert!(code == 2 && error.contains("no hay un caso 999"), "{error}");
}

#[tokio::test]
async fn a_chat_is_shown_by_the_phone_as_people_write_it_and_its_text_commands_no_terminal() {
    let world = World::new().await;
    let luisa = world.serve().await;
    let mut customer = luisa.customer(5);
    customer.says("Buenas \u{1b}[31m, ¿a qué hora abren?").await.unwrap();
    luisa.turns(1).await;
    let phone = world.text("SELECT wa_id FROM contacts").unwrap();
    let (code, chat, error) = world.run(&["chats", "show", &phone[2..]]).await;
    assert_eq!(code, 0, "{error}");
    assert!(chat.contains("Cliente") && chat.contains("¿a qué hora abren?") && chat.contains("LUISA"), "{chat}");
    assert!(!chat.contains('\u{1b}'), "{chat}");
    let (code, _, error) = world.run(&["chats", "show", "3005559999"]).await;
    assert!(code == 2 && error.contains("no hay ningún chat"), "{error}");
}

#[tokio::test]
async fn a_fact_is_changed_by_a_command_checked_and_said_next() {
    let world = World::new().await;
    let luisa = world.serve().await;
    let hours = "lunes a viernes de 7:00 a 17:00; sábados, domingos y festivos no abrimos";
    assert_eq!(world.run(&["facts", "set", "horario", hours]).await.0, 0);
    luisa.log().count("catalog_changed", 1).await;
    assert!(answer(&luisa, "a", "a qué hora abren?").await.contains("7:00 a 17:00"));
    for (key, value, why) in [
        ("horas", "de 7 a 5", "no hay un dato «horas»"),
        ("promociones", "la KT-D3 en $1", "sale del catálogo"),
        ("pagos", "  ", "está vacío"),
        ("pagos", "efectivo; la Kingter KT-D3 está en $900.000", "ningún producto cuesta eso"),
        ("ver_opciones", "Ver todas las opciones que hay", "20 letras"),
    ] {
        let (code, _, error) = world.run(&["facts", "set", key, value]).await;
        assert!(code == 2 && error.contains(why), "{key}: {error}");
    }
    let (_, list, _) = world.run(&["facts", "list"]).await;
    assert!(list.contains(&format!("horario: {hours}  (cambiado por el equipo)")), "{list}");
    assert!(
        list.contains("promociones: la Kingter KT-D3 en $1.230.000") && list.contains("(sale del catálogo)"),
        "{list}"
    );
    assert_eq!(world.run(&["facts", "unset", "horario"]).await.0, 0);
    luisa.log().count("catalog_changed", 2).await;
    assert!(answer(&luisa, "b", "a qué hora abren?").await.contains("9:00 a 18:00"));
}

#[tokio::test]
async fn a_day_off_closes_the_service_while_she_serves() {
    let today = jiff::Zoned::now().with_time_zone(jiff::tz::TimeZone::get("America/Bogota").unwrap()).date();
    let world = World::new()
        .await
        .with("BUSINESS_HOURS_ENABLED", "true")
        .with("BUSINESS_HOURS_START", "0")
        .with("BUSINESS_HOURS_END", "24")
        .with("BUSINESS_HOURS_NEW_CONVERSATION_CUTOFF", "24");
    let luisa = world.serve().await;
    assert_eq!(world.run(&["closed", &today.to_string(), "--reason", "inventario"]).await.0, 0);
    luisa.log().count("catalog_changed", 1).await;
    let closed = answer(&luisa, "a", "cuánto vale la kt-d3?").await;
    assert!(!closed.is_empty() && !closed.contains('$'), "she says when the shop opens: {closed}");
    let (_, list, _) = world.run(&["closed"]).await;
    assert_eq!(list, format!("{today}  inventario\n"));
    assert_eq!(world.run(&["closed", &today.to_string(), "--open"]).await.0, 0);
    assert!(world.run(&["closed"]).await.1.contains("Ningún día"));
    let (code, _, _) = world.run(&["closed", "mañana"]).await;
    assert_eq!(code, 2);
}

#[tokio::test]
async fn the_pack_comes_out_as_files_that_can_be_served() {
    let world = World::new().await;
    let folder = world.folder.path().join("negocio");
    let folder = folder.to_str().unwrap();
    let (code, said, error) = world.run(&["pack", "export", folder]).await;
    assert!(code == 0 && said.contains("BUSINESS_DIR="), "{said}{error}");
    let (code, _, error) = world.run(&["pack", "export", folder]).await;
    assert!(code == 2 && error.contains("no está vacía"), "{error}");
    let world = world.with("BUSINESS_DIR", folder);
    let luisa = world.serve().await;
    assert!(answer(&luisa, "a", "cuánto vale la KT-D3?").await.contains("$1.230.000"));
}

#[tokio::test]
async fn no_command_of_a_shop_makes_a_database_where_there_is_none() {
    let world = World::new().await;
    for command in [&["handoffs", "list"][..], &["chats", "show", "3005550001"], &["facts", "list"], &["closed"]] {
        let (code, _, error) = world.run(command).await;
        assert!(code == 2 && error.contains("no hay base de datos"), "{command:?}: {error}");
    }
    assert!(!world.db().exists());
}

#[tokio::test]
async fn a_replay_survives_an_erasure_and_compares_no_further_than_it_can_know() {
    let world = World::new().await;
    let luisa = world.serve().await;
    luisa.customer(6).says("a qué hora abren?").await.unwrap();
    luisa.turns(1).await;
    answer(&luisa, "a", "cuánto vale la kt-d3?").await;
    answer(&luisa, "b", "mami ya llegaste a la casa? te quiero mucho").await;
    answer(&luisa, "b", "ustedes venden fileteadoras?").await;
    drop(luisa);
    let phone = world.text("SELECT wa_id FROM contacts").unwrap();
    assert_eq!(world.run(&["privacy", "erase", &phone, "--yes"]).await.0, 0);
    let (code, out, error) = world.run(&["replay", "--since", "all", "--json", "--fail-on-change"]).await;
    let report: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{error}"));
    assert_eq!((code, &report["changed"]), (0, &json!([])), "{report:#}");
    assert_eq!((&report["erased"], &report["after_gap"]), (&json!(1), &json!(1)), "{report:#}");
}
