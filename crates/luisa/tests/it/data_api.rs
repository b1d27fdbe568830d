//! The endpoints for programs and operators, and who may ask them.

use serde_json::{Value, json};

use crate::world::{World, http};

const KEY: &str = "0123456789abcdef0123456789abcdef";

async fn with_key(url: &str, path: &str, key: Option<&str>) -> u16 {
    let mut request = http().get(format!("{url}{path}"));
    if let Some(key) = key {
        request = request.header("X-LUISA-API-KEY", key);
    }
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn in_production_data_needs_the_key_and_the_public_part_does_not() {
    let world = World::new().await.with("PRODUCTION_MODE", "true").with("HOST", "127.0.0.1").with("LUISA_API_KEY", KEY);
    let luisa = world.serve().await;
    luisa.post("/api/chat", &json!({ "conversation_id": "a", "text": "hola" })).await;
    for path in ["/api/conversations/a", "/api/handoffs", "/api/cache/stats", "/ops/snapshot", "/metrics"] {
        assert_eq!(with_key(&luisa.url, path, None).await, 401, "{path}");
        assert_eq!(with_key(&luisa.url, path, Some("wrong")).await, 401, "{path}");
        assert_eq!(with_key(&luisa.url, path, Some(KEY)).await, 200, "{path}");
    }
    for path in ["/health", "/ready", "/api/catalog/items", "/api/assets/I007"] {
        assert_eq!(with_key(&luisa.url, path, None).await, 200, "{path}");
    }
    assert_eq!(with_key(&luisa.url, "/", None).await, 404, "the demo page is off in production");
}

#[tokio::test]
async fn the_catalog_is_listed_with_its_pictures_and_synced_with_the_key_only() {
    let world = World::new().await.with("LUISA_API_KEY", KEY);
    let luisa = world.serve().await;
    let (_, list) = luisa.get("/api/catalog/items").await;
    let items = list["items"].as_array().unwrap();
    assert!(items.len() >= 5);
    for item in items {
        let picture = http().get(luisa.url.clone() + item["asset_url"].as_str().unwrap()).send().await.unwrap();
        let kind = picture.headers()["content-type"].to_str().unwrap().to_owned();
        assert!(kind == "image/png" || kind == "image/jpeg", "{kind}");
        assert!(picture.headers()["cache-control"].to_str().unwrap().contains("max-age"));
        assert!(picture.bytes().await.unwrap().len() > 1000);
    }
    let sync = |key: &'static str| {
        http().post(format!("{}/api/catalog/sync", luisa.url)).header("X-LUISA-API-KEY", key).send()
    };
    assert_eq!(sync("wrong").await.unwrap().status(), 401);
    let report: Value = sync(KEY).await.unwrap().json().await.unwrap();
    assert_eq!(report["unchanged"].as_u64(), Some(items.len() as u64), "{report}");
}

#[tokio::test]
async fn a_picture_that_is_known_is_not_sent_again() {
    let world = World::new().await;
    let luisa = world.serve().await;
    let url = format!("{}/api/assets/I007", luisa.url);
    let tag = http().get(&url).send().await.unwrap().headers()["etag"].clone();
    let again = http().get(&url).header("if-none-match", tag).send().await.unwrap();
    assert_eq!(again.status(), 304);
}

#[tokio::test]
async fn what_is_not_there_is_a_404_in_json() {
    let world = World::new().await;
    let luisa = world.serve().await;
    for path in ["/api/assets/nada", "/api/conversations/nadie", "/nada", "/api/nada"] {
        let (status, body) = luisa.get(path).await;
        assert_eq!(status, 404, "{path}");
        assert_eq!(body["error"], "not_found", "{path}: {body}");
    }
}

#[tokio::test]
async fn health_snapshot_cache_and_metrics_tell_what_happened() {
    let world = World::new().await;
    let luisa = world.serve().await;
    for id in ["a", "b", "c"] {
        luisa.post("/api/chat", &json!({ "conversation_id": id, "text": "a qué hora abren?" })).await;
    }
    let (_, health) = luisa.get("/health").await;
    assert_eq!((&health["status"], &health["service"]), (&json!("healthy"), &json!("luisa")));
    assert!(health["catalog_items"].as_u64().unwrap() > 0 && health["modules"]["openai"] == false);
    assert_eq!((&health["whatsapp_enabled"], &health["version"]), (&json!(true), &json!(env!("CARGO_PKG_VERSION"))));
    let (_, snapshot) = luisa.get("/ops/snapshot").await;
    assert_eq!(snapshot["total_msgs_60m"], 3);
    for field in ["pct_personal", "pct_handoff", "pct_openai", "errores_count", "p95_latency_ms"] {
        assert!(snapshot[field].is_number(), "{field}: {snapshot}");
    }
    assert_eq!(snapshot["pct_cache_hit"], 66.67, "{snapshot}");
    assert_eq!(snapshot["modes"], json!({ "AI_ACTIVE": 3, "HUMAN_ACTIVE": 0 }));
    assert!(snapshot["disk_free_bytes"].as_u64() > Some(0) && snapshot["database_bytes"].as_u64() > Some(0));
    let (_, cache) = luisa.get("/api/cache/stats").await;
    assert_eq!(cache["hits"], 2, "{cache}");
    let metrics = http().get(format!("{}/metrics", luisa.url)).send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains("\nluisa_turns_total 3\n"), "{metrics}");
    for line in metrics.lines().filter(|line| !line.starts_with('#')) {
        assert!(line.split(' ').nth(1).unwrap().parse::<f64>().is_ok(), "{line}");
    }
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let world = World::new().await;
    let luisa = world.serve().await;
    for path in ["/", "/health", "/nada", "/api/assets/I007"] {
        let answer = http().get(format!("{}{path}", luisa.url)).send().await.unwrap();
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(answer.headers()["x-frame-options"], "DENY", "{path}");
        assert!(answer.headers().contains_key("content-security-policy"), "{path}");
    }
}
