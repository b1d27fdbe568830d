//! `/metrics`: the same figures for Prometheus.
//!
//! Owns the names of the series. Counts since the start come from memory, what piles up from the database.

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use jiff::Timestamp;
use luisa_store::Counts;

use super::error::Refused;
use crate::runtime::Station;

const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

pub async fn metrics(State(station): State<Arc<Station>>) -> Result<impl IntoResponse, Refused> {
    let counts = station.shop.store.counts().await?;
    let text = exposition(&station, &counts, station.shop.clock.now());
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], text))
}

// tidy: table
fn exposition(station: &Station, counts: &Counts, now: Timestamp) -> String {
    let c = &station.counters;
    let cache = station.shop.cache.stats();
    let mut page = Page(String::new());
    page.counter("luisa_webhooks_total", "webhook posts", c.webhooks.value());
    page.counter("luisa_webhooks_refused_total", "webhook posts not answered with 200", c.webhooks_refused.value());
    page.counter("luisa_messages_received_total", "messages of customers, each once", c.messages_received.value());
    page.counter("luisa_messages_duplicate_total", "messages delivered again", c.messages_duplicate.value());
    page.counter("luisa_webhook_items_unparsed_total", "parts of webhooks kept raw", c.webhook_items_unparsed.value());
    page.counter("luisa_api_requests_total", "posts to /api/chat", c.api_requests.value());
    page.counter("luisa_api_limited_total", "posts to /api/chat over the limit", c.api_limited.value());
    page.counter("luisa_turns_total", "turns committed", c.turns.value());
    page.counter("luisa_turns_failed_total", "turns put back", c.turns_failed.value());
    page.line("luisa_decision_seconds_total", "counter", "time spent deciding", c.decision_us.seconds());
    page.counter("luisa_sends_ok_total", "messages that WhatsApp took", c.sends_ok.value());
    page.counter("luisa_sends_failed_total", "sends refused, also those tried again", c.sends_failed.value());
    page.counter("luisa_sends_unknown_total", "sends without an answer", c.sends_unknown.value());
    page.counter("luisa_cache_hits_total", "answers from the FAQ cache", cache.hits);
    page.counter("luisa_cache_misses_total", "questions not in the FAQ cache", cache.misses);
    page.gauge("luisa_conversations", "conversations", counts.conversations);
    page.gauge("luisa_human_active", "conversations that a person leads", counts.human_active);
    page.gauge("luisa_inbox_pending", "messages that wait for their turn", counts.inbox_pending);
    page.line("luisa_inbox_oldest_seconds", "gauge", "age of the oldest of them", age(counts.inbox_oldest_at, now));
    page.gauge("luisa_inbox_parked", "messages whose turn failed too often", counts.parked);
    page.gauge("luisa_outbox_waiting", "messages to be sent", counts.outbox_waiting);
    page.line("luisa_outbox_oldest_seconds", "gauge", "age of the oldest of them", age(counts.outbox_oldest_at, now));
    page.gauge("luisa_outbox_unknown", "sends of unknown outcome", counts.outbox_unknown);
    page.gauge("luisa_outbox_held", "messages that wait for a person or a template", counts.outbox_held);
    page.gauge("luisa_outbox_dead", "messages given up", counts.outbox_dead);
    page.gauge("luisa_handoffs_open", "handoffs that nobody has taken", counts.handoffs_open);
    page.gauge("luisa_catalog_items", "products that may be offered", counts.catalog_items);
    page.line("luisa_uptime_seconds", "gauge", "since the start", age(Some(station.shop.started_at), now));
    page.0
}

fn age(since: Option<Timestamp>, now: Timestamp) -> f64 {
    since.map_or(0.0, |at| now.duration_since(at).as_secs_f64().max(0.0))
}

struct Page(String);

impl Page {
    fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.line(name, "counter", help, value);
    }

    fn gauge(&mut self, name: &str, help: &str, value: i64) {
        self.line(name, "gauge", help, value);
    }

    fn line(&mut self, name: &str, kind: &str, help: &str, value: impl std::fmt::Display) {
        writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}")
            .expect("writing to a string cannot fail");
    }
}
