//! OpenTelemetry: the spans that a collector gets, over real HTTP, in the form that OTLP has.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use luisa_fakes::{AutoStatuses, Person, payload};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::world::{SECRET, SOON, World, now};

/// A collector that keeps what it gets.
struct Collector {
    address: String,
    got: Arc<watch::Sender<Vec<Value>>>,
}

impl Collector {
    async fn start() -> Self {
        let got = Arc::new(watch::Sender::new(Vec::new()));
        let kept = Arc::clone(&got);
        let take = |State(kept): State<Arc<watch::Sender<Vec<Value>>>>, headers: HeaderMap, body: String| async move {
            // As a hosted one: without its key it takes nothing.
            if headers.get("x-key").is_none_or(|key| key != "of the tests")
                || headers["content-type"] != "application/json"
            {
                return StatusCode::UNAUTHORIZED;
            }
            kept.send_modify(|all| all.push(serde_json::from_str(&body).unwrap()));
            StatusCode::OK
        };
        let app = axum::Router::new().route("/v1/traces", post(take)).with_state(kept);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(axum::serve(listener, app).into_future());
        Self { address, got }
    }

    fn spans(bodies: &[Value]) -> Vec<Value> {
        let scopes = bodies.iter().map(|body| &body["resourceSpans"][0]["scopeSpans"][0]["spans"]);
        scopes.flat_map(|spans| spans.as_array().unwrap().clone()).collect()
    }

    /// Waits until a span of this name has come so often; all spans so far.
    async fn until(&self, name: &str, times: usize) -> Vec<Value> {
        let mut got = self.got.subscribe();
        let enough =
            |bodies: &Vec<Value>| Self::spans(bodies).iter().filter(|span| span["name"] == name).count() >= times;
        let seen = tokio::time::timeout(SOON, got.wait_for(enough)).await;
        assert!(seen.is_ok(), "no {times} times `{name}` among {:#?}", Self::spans(&self.got.borrow()));
        Self::spans(&self.got.borrow())
    }

    fn text(&self) -> String {
        Value::from(self.got.borrow().clone()).to_string()
    }
}

async fn world(collector: &Collector) -> World {
    World::new()
        .await
        .with("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.address)
        .with("OTEL_EXPORTER_OTLP_HEADERS", "x-key=of the tests")
}

/// The names from this span up to the one without a parent.
fn way_up(spans: &[Value], from: &Value) -> Vec<String> {
    let by_id: BTreeMap<&str, &Value> = spans.iter().map(|span| (span["spanId"].as_str().unwrap(), span)).collect();
    let mut names = Vec::new();
    let mut next = Some(from);
    while let Some(span) = next {
        assert_eq!(span["traceId"], from["traceId"], "{span}");
        names.push(span["name"].as_str().unwrap().to_owned());
        next = span.get("parentSpanId").map(|id| *by_id.get(id.as_str().unwrap()).expect("the parent was exported"));
    }
    names
}

fn named<'a>(spans: &'a [Value], name: &str) -> &'a Value {
    spans.iter().find(|span| span["name"] == name).unwrap_or_else(|| panic!("no {name} in {spans:#?}"))
}

fn attribute<'a>(span: &'a Value, key: &str) -> &'a Value {
    let all = span["attributes"].as_array().unwrap();
    &all.iter().find(|a| a["key"] == key).unwrap_or_else(|| panic!("no {key} in {span}"))["value"]
}

#[tokio::test]
async fn one_trace_leads_from_the_webhook_to_what_became_of_the_answer() {
    let collector = Collector::start().await;
    let world = world(&collector).await;
    let luisa = world.serve().await;
    world.meta.auto_statuses(AutoStatuses::new(luisa.webhook().url(), Some(SECRET), &["sent", "delivered", "read"]));
    luisa.customer(1).says("a qué hora abren?").await.unwrap();
    let spans = collector.until("delivery status", 3).await;
    for status in spans.iter().filter(|span| span["name"] == "delivery status") {
        assert_eq!(way_up(&spans, status), ["delivery status", "whatsapp send", "turn", "whatsapp webhook"]);
    }
    for name in ["inbox wait", "decide", "commit"] {
        assert_eq!(way_up(&spans, named(&spans, name)).last().unwrap(), "whatsapp webhook");
    }
    let turn = named(&spans, "turn");
    let request = world.text("SELECT request_id FROM interaction_traces").unwrap();
    assert_eq!(attribute(turn, "luisa.request_id"), &json!({ "stringValue": request }));
    assert_eq!(attribute(turn, "luisa.class"), &json!({ "stringValue": "BUSINESS_FAQ" }));
    assert_eq!(attribute(named(&spans, "whatsapp send"), "luisa.attempt"), &json!({ "intValue": "1" }));
    for span in &spans {
        let time = |key: &str| span[key].as_str().unwrap().parse::<u64>().unwrap();
        assert!(
            time("startTimeUnixNano") <= time("endTimeUnixNano")
                && time("startTimeUnixNano") > 1_700_000_000 * 1_000_000_000
        );
        assert_eq!((span["traceId"].as_str().unwrap().len(), span["spanId"].as_str().unwrap().len()), (32, 16));
    }
    let chat = world.text("SELECT id FROM conversations").unwrap();
    for person in ["57300555", "abren", "Cliente", chat.as_str()] {
        assert!(!collector.text().contains(person), "{person}: {}", collector.text());
    }
}

#[tokio::test]
async fn a_status_that_comes_after_a_restart_continues_the_same_trace() {
    let collector = Collector::start().await;
    let world = world(&collector).await;
    let luisa = world.serve().await;
    luisa.customer(1).says("a qué hora abren?").await.unwrap();
    let before = collector.until("whatsapp send", 1).await;
    let sending = named(&before, "whatsapp send").clone();
    world.eventually("SELECT state FROM outbox", Some("sent")).await;
    luisa.kill().await;
    let luisa = world.serve().await;
    let sent = world.meta.sent().remove(0);
    let who = Person::with_phone(sent.to.as_deref().unwrap(), "Cliente");
    let status = payload::StatusOf::new(&sent.wamid, "delivered", now(), &who);
    assert_eq!(luisa.webhook().post(&payload::status(&status)).await.unwrap(), 200);
    let spans = collector.until("delivery status", 1).await;
    let status = named(&spans, "delivery status");
    assert_eq!((&status["traceId"], &status["parentSpanId"]), (&sending["traceId"], &sending["spanId"]));
}

#[tokio::test]
async fn a_burst_is_one_turn_that_links_to_its_other_messages() {
    let collector = Collector::start().await;
    let world = world(&collector).await.with("REPLY_DEBOUNCE_MS", "2500");
    let mut luisa = world.serve().await;
    let mut customer = luisa.customer(1);
    customer.says("hola").await.unwrap();
    customer.says("a qué hora abren?").await.unwrap();
    luisa.turns(1).await;
    assert_eq!(luisa.terminate().await, 0);
    // What was noted is exported before she is gone.
    let spans = collector.until("turn", 1).await;
    let turn = named(&spans, "turn");
    let roots: Vec<&Value> = spans.iter().filter(|span| span["name"] == "whatsapp webhook").collect();
    assert_eq!(roots.len(), 2);
    assert_eq!((&turn["traceId"], &turn["links"][0]["traceId"]), (&roots[0]["traceId"], &roots[1]["traceId"]));
}

#[tokio::test]
async fn a_collector_that_is_away_is_said_once_and_holds_up_nobody() {
    let world = World::new().await.with("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9");
    let luisa = world.serve().await;
    luisa.customer(1).says("a qué hora abren?").await.unwrap();
    world.meta.wait_for_sent(1, SOON).await.unwrap();
    luisa.log().line("spans_not_exported", |event| event["level"] == "WARN").await;
    luisa.customer(2).says("a qué hora abren?").await.unwrap();
    world.meta.wait_for_sent(2, SOON).await.unwrap();
    assert_eq!(luisa.log().events("spans_not_exported").len(), 1);
}
