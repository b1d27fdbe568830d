//! What strangers on the network can and cannot do to her.

use luisa_fakes::payload;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::world::{Luisa, SOON, TEAM, World, http, now};

const KEY: &str = "0123456789abcdef0123456789abcdef";

async fn in_production() -> World {
    World::new().await.with("PRODUCTION_MODE", "true").with("HOST", "127.0.0.1").with("LUISA_API_KEY", KEY)
}

async fn status(luisa: &Luisa, path: &str, forwarded: Option<&str>) -> u16 {
    let mut request = http().get(format!("{}{path}", luisa.url));
    if let Some(address) = forwarded {
        request = request.header("X-Forwarded-For", address);
    }
    request.send().await.unwrap().status().as_u16()
}

/// Asks until she has had enough; how often she answered before.
async fn until_refused(luisa: &Luisa, path: &str, forwarded: Option<&str>) -> usize {
    let client = http();
    for n in 0..2000 {
        let mut request = client.get(format!("{}{path}", luisa.url));
        if let Some(address) = forwarded {
            request = request.header("X-Forwarded-For", address);
        }
        let answer = request.send().await.unwrap();
        if answer.status() == 429 {
            assert!(answer.headers()["retry-after"].to_str().unwrap().parse::<u64>().unwrap() >= 1);
            return n;
        }
        assert_eq!(answer.status(), 200);
    }
    panic!("never refused");
}

#[tokio::test]
async fn in_production_one_address_is_limited_on_what_is_open_and_metas_webhook_never_is() {
    let world = in_production().await;
    let luisa = world.serve().await;
    assert!(until_refused(&luisa, "/health", None).await >= 300, "generous");
    // A few may have become free meanwhile; an address with a limit of its own would have 300.
    for path in ["/api/catalog/items", "/api/assets/I007"] {
        assert!(until_refused(&luisa, path, None).await < 300, "{path}");
    }
    let foreign = until_refused(&luisa, "/health", Some("198.51.100.7")).await;
    assert!(foreign < 300, "a stranger's header is not believed");
    let warning = "forwarded_addresses_not_believed: all who come by a proxy count as one; name it in TRUSTED_PROXIES";
    luisa.log().line(warning, |_| true).await;
    let hello = payload::text(&luisa.customer(1).person, "wamid.hola", now(), "hola");
    assert_eq!(luisa.webhook().post(&hello).await.unwrap(), 200);
    let snapshot =
        http().get(format!("{}/ops/snapshot", luisa.url)).header("X-LUISA-API-KEY", KEY).send().await.unwrap();
    assert_eq!(snapshot.status(), 200, "who has the key is not limited");
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_caller_has_a_limit_of_their_own() {
    let world = in_production().await.with("TRUSTED_PROXIES", "127.0.0.1");
    let luisa = world.serve().await;
    until_refused(&luisa, "/health", Some("198.51.100.7")).await;
    assert_eq!(status(&luisa, "/health", Some("198.51.100.8")).await, 200);
    let claimed = until_refused(&luisa, "/health", Some("203.0.113.1, 198.51.100.7")).await;
    assert!(claimed < 300, "their own claim changes nothing");
}

#[tokio::test]
async fn on_a_developers_machine_nobody_is_limited() {
    let world = World::new().await;
    let luisa = world.serve().await;
    let client = http();
    for _ in 0..400 {
        assert_eq!(client.get(format!("{}/health", luisa.url)).send().await.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn answers_say_what_browsers_and_proxies_may_do_with_them() {
    let world = World::new().await;
    let luisa = world.serve().await;
    luisa.post("/api/chat", &json!({ "conversation_id": "a", "text": "hola" })).await;
    for path in ["/api/conversations/a", "/health", "/nada"] {
        let answer = http().get(format!("{}{path}", luisa.url)).send().await.unwrap();
        for (name, value) in [
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(answer.headers()[name], value, "{path}");
        }
        assert!(answer.headers()["content-security-policy"].to_str().unwrap().contains("default-src 'self'"), "{path}");
    }
}

#[tokio::test]
async fn pages_of_other_sites_may_ask_only_when_they_are_on_the_list() {
    let world = World::new().await.with("ALLOWED_ORIGINS", "https://tienda.example.com");
    let luisa = world.serve().await;
    let ask = |origin: &'static str| {
        let preflight = http().request(reqwest::Method::OPTIONS, format!("{}/api/chat", luisa.url));
        preflight.header("Origin", origin).header("Access-Control-Request-Method", "POST").send()
    };
    let allowed = ask("https://tienda.example.com").await.unwrap();
    assert_eq!(allowed.headers()["access-control-allow-origin"], "https://tienda.example.com");
    let other = ask("https://otra.example.com").await.unwrap();
    assert!(other.headers().get("access-control-allow-origin").is_none());
}

/// What she says to bytes that no decent client sends.
async fn says_to(luisa: &Luisa, bytes: &[u8]) -> String {
    let address = luisa.url.strip_prefix("http://").unwrap();
    let mut line = TcpStream::connect(address).await.unwrap();
    // She may have answered and closed before all of it is written.
    drop(line.write_all(bytes).await);
    drop(line.shutdown().await);
    let mut said = Vec::new();
    drop(line.read_to_end(&mut said).await);
    String::from_utf8_lossy(&said).into_owned()
}

#[tokio::test]
async fn heads_that_are_too_large_or_no_http_are_refused_and_she_goes_on() {
    let world = World::new().await;
    let luisa = world.serve().await;
    let many = "X-Some: value\r\n".repeat(100);
    let many = says_to(&luisa, format!("GET /health HTTP/1.1\r\nHost: luisa\r\n{many}\r\n").as_bytes()).await;
    assert!(many.starts_with("HTTP/1.1 431"), "{many}");
    let large = "a".repeat(200 * 1024);
    let large =
        says_to(&luisa, format!("GET /health HTTP/1.1\r\nHost: luisa\r\nX-Large: {large}\r\n\r\n").as_bytes()).await;
    assert!(large.is_empty() || large.starts_with("HTTP/1.1 431"), "{large}");
    let nonsense = says_to(&luisa, b"\x16\x03\x01 hola LUISA\r\n\r\n").await;
    assert!(nonsense.starts_with("HTTP/1.1 400"), "{nonsense}");
    assert_eq!(luisa.get("/health").await.0, 200);
}

#[tokio::test]
async fn a_flood_of_calls_by_the_api_does_not_fill_the_teams_telephone() {
    let world = World::new().await;
    let luisa = world.serve().await;
    for n in 0..40 {
        let text = format!("quiero que me llame un asesor ya, urgente, al 30055500{n:02}");
        let body = serde_json::json!({ "conversation_id": format!("flood-{n}"), "text": text });
        assert_eq!(luisa.post("/api/chat", &body).await.0, 200);
    }
    luisa.customer(1).says("quiero que me llame un asesor ya, urgente").await.unwrap();
    let ours = |seen: &luisa_fakes::meta::Recorded| seen.sent_to("573005550001").count() == 1;
    world.meta.wait_until(ours, SOON).await.unwrap();
    let whatsapp = "SELECT count(*) FROM notifications n JOIN conversations c ON c.id = n.conversation_id WHERE c.channel = 'whatsapp' AND n.state = 'sent'";
    world.eventually(&format!("SELECT CAST(({whatsapp}) AS TEXT)"), Some("1")).await;
    assert!(
        world.meta.sent_to(TEAM).len() <= 7,
        "six of strangers, one of the customer: {}",
        world.meta.sent_to(TEAM).len()
    );
    assert_eq!(world.count("SELECT count(*) FROM handoffs"), 41, "none is lost");
}

#[tokio::test]
async fn nobody_is_called_for_a_chat_to_which_no_way_leads() {
    let world = World::new().await;
    let luisa = world.serve().await;
    let body = serde_json::json!({ "conversation_id": "nobody", "text": "quiero que me llame un asesor ya, urgente" });
    assert_eq!(luisa.post("/api/chat", &body).await.0, 200);
    assert_eq!(world.count("SELECT count(*) FROM handoffs"), 1);
    assert_eq!(world.count("SELECT count(*) FROM outbox"), 0);
}

#[tokio::test]
async fn the_open_catalog_shows_what_a_customer_may_see() {
    let world = World::new().await;
    let luisa = world.serve().await;
    let (_, list) = luisa.get("/api/catalog/items").await;
    for secret in ["notes", "stock", "priority", "source", "updated_at", "active", "aliases", "volume"] {
        assert!(list["items"].as_array().unwrap().iter().all(|item| item.get(secret).is_none()), "{secret}");
    }
}

#[tokio::test]
async fn a_developers_luisa_answers_this_machine_and_no_page_of_another_site() {
    let world = World::new().await.with("WHATSAPP_ENABLED", "false");
    let luisa = world.serve().await;
    let get = |name: &'static str, value: &'static str| {
        let request = http().get(format!("{}/api/handoffs", luisa.url)).header(name, value);
        async move { request.send().await.unwrap().status().as_u16() }
    };
    assert_eq!(get("host", "localhost").await, 200);
    assert_eq!(get("host", "evil.example").await, 403);
    assert_eq!(get("sec-fetch-site", "cross-site").await, 403);
    assert_eq!(get("sec-fetch-site", "same-origin").await, 200);
    let line = luisa.log().line("foreign_request_refused", |_| true).await;
    assert_eq!(line["count"], 1);
    assert_eq!(luisa.log().events("foreign_request_refused").len(), 1, "once a minute");
}

#[tokio::test]
async fn slow_bodies_of_one_caller_do_not_hold_metas_webhook_off() {
    use tokio::io::AsyncWriteExt;
    let world = World::new().await;
    let luisa = world.serve().await;
    let address = luisa.url.trim_start_matches("http://").to_owned();
    let mut slow = Vec::new();
    for _ in 0..1100 {
        let mut line = tokio::net::TcpStream::connect(&address).await.unwrap();
        let head = "POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9000\r\n\r\n{";
        drop(line.write_all(head.as_bytes()).await);
        slow.push(line);
    }
    luisa.customer(1).says("a qué hora abren?").await.unwrap();
    world.meta.wait_for_sent(1, SOON).await.unwrap();
    luisa.log().line("slow_request_refused", |_| true).await;
}
