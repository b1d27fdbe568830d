//! `/metrics` against what happened, and the dashboard and alert rules against `/metrics`.

use std::collections::BTreeSet;

use luisa_fakes::graph_error;
use serde_json::{Value, json};

use crate::world::{Luisa, SOON, World, http};

const DASHBOARD: &str = include_str!("../../../../deploy/dashboards/luisa.json");
const ALERTS: &str = include_str!("../../../../deploy/dashboards/alerts.yml");

async fn page(luisa: &Luisa) -> String {
    http().get(format!("{}/metrics", luisa.url)).send().await.unwrap().text().await.unwrap()
}

/// The value of one series, by its name with its labels.
#[track_caller]
fn value(page: &str, series: &str) -> f64 {
    let line = page.lines().find(|line| line.rsplit_once(' ').is_some_and(|(name, _)| name == series));
    let line = line.unwrap_or_else(|| panic!("no {series} in\n{page}"));
    line.rsplit_once(' ').unwrap().1.parse().unwrap()
}

#[tokio::test]
async fn what_happened_is_counted_by_class_reason_and_code() {
    let world = World::new().await;
    let luisa = world.serve().await;
    world.meta.fail_next_to("573005550002", 1, graph_error(131026));
    luisa.customer(1).says("quiero hablar con un asesor por favor").await.unwrap();
    world.meta.wait_for_sent(2, SOON).await.unwrap();
    luisa.customer(2).says("a qué hora abren?").await.unwrap();
    luisa.log().line("whatsapp_send_failed", |event| event["code"] == "131026").await;
    luisa.post("/api/chat", &json!({ "conversation_id": "a", "text": "a qué hora abren?" })).await;
    let page = page(&luisa).await;
    for (series, sql) in [
        ("luisa_turns_total", "SELECT count(DISTINCT request_id) FROM interaction_traces"),
        (
            "luisa_messages_decided_total{class=\"BUSINESS_FAQ\"}",
            "SELECT count(*) FROM interaction_traces WHERE classification = 'BUSINESS_FAQ'",
        ),
        (
            "luisa_messages_decided_total{class=\"BUSINESS_CONSULT\"}",
            "SELECT count(*) FROM interaction_traces WHERE classification = 'BUSINESS_CONSULT'",
        ),
        ("luisa_handoffs_total{reason=\"pide_humano\"}", "SELECT count(*) FROM handoffs WHERE reason = 'pide_humano'"),
        ("luisa_handoffs_open", "SELECT count(*) FROM handoffs WHERE status = 'open'"),
        ("luisa_send_errors_total{code=\"131026\"}", "SELECT count(*) FROM outbox WHERE error_code = '131026'"),
        ("luisa_decision_seconds_count", "SELECT count(DISTINCT request_id) FROM interaction_traces"),
        ("luisa_decision_seconds_bucket{le=\"+Inf\"}", "SELECT count(DISTINCT request_id) FROM interaction_traces"),
        ("luisa_turn_wait_seconds_count", "SELECT count(DISTINCT request_id) FROM interaction_traces"),
        ("luisa_send_seconds_count", "SELECT count(*) FROM outbox WHERE state = 'sent'"),
        ("luisa_cache_hits_total", "SELECT count(*) FROM interaction_traces WHERE cache_hit"),
    ] {
        let wanted = world.count(sql) as f64;
        assert!(wanted > 0.0, "{sql} counts nothing");
        assert_eq!(value(&page, series), wanted, "{series}");
    }
    assert!(value(&page, "luisa_handoffs_oldest_seconds") > 0.0);
    assert!(value(&page, "luisa_disk_free_bytes") > 0.0 && value(&page, "luisa_database_bytes") > 0.0);
    assert!(!page.contains("57300555"), "a label or a help text shows a number:\n{page}");
}

#[tokio::test]
async fn the_page_is_what_prometheus_reads() {
    let world = World::new().await;
    let luisa = world.serve().await;
    luisa.post("/api/chat", &json!({ "conversation_id": "a", "text": "hola" })).await;
    let page = page(&luisa).await;
    assert!(
        !page.contains("\nluisa_last_backup_timestamp_seconds "),
        "there was no backup, so there is no time of one"
    );
    let mut told = BTreeSet::new();
    let mut last = (String::new(), 0.0);
    for line in page.lines() {
        if let Some(head) = line.strip_prefix("# TYPE ") {
            assert!(told.insert(head.split(' ').next().unwrap().to_owned()), "told twice: {line}");
        } else if !line.starts_with('#') {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let value: f64 = value.parse().unwrap();
            let name = series.split('{').next().unwrap();
            assert!(told.contains(family(name, &told)), "no type before {line}");
            // Buckets hold all that is in the ones before.
            if name.ends_with("_bucket") {
                assert!(last.0 != name || value >= last.1, "{line} after {last:?}");
                last = (name.to_owned(), value);
            }
        }
    }
}

/// The name under which a series is told: a histogram's parts have endings of their own.
fn family<'a>(name: &'a str, told: &BTreeSet<String>) -> &'a str {
    let part = ["_bucket", "_sum", "_count"].iter().find_map(|ending| name.strip_suffix(ending));
    part.filter(|part| told.contains(*part)).unwrap_or(name)
}

#[tokio::test]
async fn the_dashboard_and_the_alerts_name_only_series_and_labels_that_exist() {
    let world = World::new().await;
    let luisa = world.serve().await;
    let page = page(&luisa).await;
    let types = page.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let told: BTreeSet<String> = types.map(|line| line.split(' ').next().unwrap().to_owned()).collect();
    let dashboard: Value = serde_json::from_str(DASHBOARD).expect("the dashboard is JSON");
    let mut asked = Vec::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().into_iter().flatten() {
            asked.push((panel["title"].as_str().unwrap(), target["expr"].as_str().unwrap()));
        }
    }
    assert!(asked.len() > 30, "the dashboard asks for {}", asked.len());
    asked.extend(ALERTS.lines().map(|line| ("alerts.yml", line)).filter(|(_, line)| line.contains("luisa_")));
    let mut named = BTreeSet::new();
    for (place, text) in asked {
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        for name in words.filter(|word| word.starts_with("luisa_")) {
            assert!(told.contains(family(name, &told)), "{place} asks for {name}, which /metrics does not have");
            named.insert(family(name, &told).to_owned());
        }
    }
    let unseen: Vec<_> = told.difference(&named).collect();
    let may_be_unseen =
        ["luisa_api_limited_total", "luisa_cache_entries", "luisa_catalog_items", "luisa_conversations"];
    let may_be_unseen =
        [&may_be_unseen[..], &["luisa_model_calls_today", "luisa_model_tokens_total", "luisa_media_total"]].concat();
    assert!(unseen.iter().all(|name| may_be_unseen.contains(&name.as_str())), "in no chart and no alert: {unseen:?}");
}
