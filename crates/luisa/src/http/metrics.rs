//! `/metrics`: the same figures for Prometheus.
//!
//! Owns the names of the series. Counts since the start come from memory, what piles up from the database. The dashboard
//! and the alert rules in `deploy/dashboards` name them: a test compares.

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use jiff::Timestamp;
use luisa_llm::gate::BreakerState;
use luisa_store::{Counts, ModelUse};

use super::error::Refused;
use crate::figures;
use crate::runtime::Station;
use crate::runtime::counters::{Labelled, Times};

const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

pub async fn metrics(State(station): State<Arc<Station>>) -> Result<impl IntoResponse, Refused> {
    let (store, now) = (&station.shop.store, station.shop.clock.now());
    let counts = store.counts().await?;
    let today = figures::midnight(&station.shop.settings.hours.zone, now);
    let spent = store.model_use(today).await?;
    let backup = store.last_backup().await?;
    let mut page = Page(String::new());
    since_the_start(&mut page, &station);
    at_present(&mut page, &station, &counts, now);
    money_and_room(&mut page, &station, &spent, backup);
    of_model(&station, now, &mut page);
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], page.0))
}

// tidy: table
fn since_the_start(page: &mut Page, station: &Station) {
    let c = &station.counters;
    let cache = station.shop.cache.stats();
    page.counter("luisa_webhooks_total", "webhook posts", c.webhooks.value());
    page.counter("luisa_webhooks_refused_total", "webhook posts not answered with 200", c.webhooks_refused.value());
    page.times("luisa_webhook_seconds", "from a webhook post to its acknowledgement", &c.webhook);
    page.counter("luisa_messages_received_total", "messages of customers, each once", c.messages_received.value());
    page.counter("luisa_messages_duplicate_total", "messages delivered again", c.messages_duplicate.value());
    page.counter("luisa_webhook_items_unparsed_total", "parts of webhooks kept raw", c.webhook_items_unparsed.value());
    page.counter("luisa_api_requests_total", "posts to /api/chat", c.api_requests.value());
    page.counter("luisa_api_limited_total", "posts to /api/chat over the limit", c.api_limited.value());
    page.counter("luisa_turns_total", "turns committed", c.turns.value());
    page.counter("luisa_turns_failed_total", "turns put back", c.turns_failed.value());
    page.counter("luisa_turns_silent_total", "turns without an answer", c.silent_turns.value());
    page.labelled("luisa_messages_decided_total", "messages decided, by class", "class", &c.classes);
    page.labelled("luisa_handoffs_total", "handoffs opened, by reason", "reason", &c.handoffs);
    page.counter("luisa_replies_replaced_total", "texts that the fact check replaced", c.replies_replaced.value());
    page.times("luisa_decision_seconds", "time spent deciding a turn", &c.decision);
    page.times("luisa_turn_wait_seconds", "from a message's arrival to its turn's commit", &c.wait);
    page.counter("luisa_sends_ok_total", "messages that WhatsApp took", c.sends_ok.value());
    page.counter("luisa_sends_failed_total", "sends refused, also those tried again", c.sends_failed.value());
    page.counter("luisa_sends_unknown_total", "sends without an answer", c.sends_unknown.value());
    page.counter(
        "luisa_sends_repeated_total",
        "sends without an answer that were sent again",
        c.sends_repeated.value(),
    );
    page.labelled("luisa_send_errors_total", "sends refused, by code", "code", &c.send_errors);
    page.times("luisa_send_seconds", "time that WhatsApp took to accept a message", &c.send);
    page.labelled("luisa_media_total", "files that customers sent, by what became of them", "result", &c.media);
    page.labelled("luisa_model_calls_total", "calls of the model, by what came of them", "result", &c.model_calls);
    page.labelled("luisa_model_tokens_total", "tokens of the model", "direction", &c.model_tokens);
    let usd = c.model_nano_usd.value() as f64 / 1e9;
    page.line("luisa_model_cost_usd_total", "counter", "cost of the model in US dollars", usd);
    page.times("luisa_model_seconds", "time of the model's calls", &c.model);
    page.counter("luisa_cache_hits_total", "answers from the FAQ cache", cache.hits);
    page.counter("luisa_cache_misses_total", "questions not in the FAQ cache", cache.misses);
    page.line("luisa_cache_entries", "gauge", "answers in the FAQ cache", cache.size);
}

// tidy: table
fn at_present(page: &mut Page, station: &Station, counts: &Counts, now: Timestamp) {
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
    let oldest = age(counts.handoffs_oldest_at, now);
    page.line("luisa_handoffs_oldest_seconds", "gauge", "age of the oldest of them", oldest);
    page.gauge("luisa_catalog_items", "products that may be offered", counts.catalog_items);
    page.line("luisa_uptime_seconds", "gauge", "since the start", age(Some(station.shop.started_at), now));
    page.head("luisa_build_info", "gauge", "the version that runs");
    page.sample("luisa_build_info", &format!("version=\"{}\"", env!("CARGO_PKG_VERSION")), 1);
}

/// What is not known has no sample: a zero would look like an answer.
fn money_and_room(page: &mut Page, station: &Station, spent: &ModelUse, backup: Option<Timestamp>) {
    let path = station.shop.store.path();
    let some = |page: &mut Page, name: &str, help: &str, value: Option<f64>| match value {
        Some(value) => page.line(name, "gauge", help, value),
        None => page.head(name, "gauge", help),
    };
    page.gauge("luisa_model_calls_today", "calls of the model since the shop's midnight", spent.model_calls_today);
    some(page, "luisa_model_spend_today_usd", "what they cost in US dollars", spent.model_spend_today_usd);
    let backup = backup.map(|at| at.as_second() as f64);
    some(page, "luisa_last_backup_timestamp_seconds", "when the last backup was made", backup);
    let process = figures::process();
    some(page, "luisa_process_memory_bytes", "memory of the process", process.map(|(memory, _)| memory));
    let help = "time that the processor worked for the process";
    match process {
        Some((_, seconds)) => page.line("luisa_process_cpu_seconds_total", "counter", help, seconds),
        None => page.head("luisa_process_cpu_seconds_total", "counter", help),
    }
    let bytes = |bytes: Option<u64>| bytes.map(|bytes| bytes as f64);
    some(page, "luisa_database_bytes", "size of the database and its log", bytes(figures::size(path)));
    some(page, "luisa_disk_free_bytes", "what may still be written beside it", bytes(figures::free(path)));
}

// What only a process that may ask a model can tell.
fn of_model(station: &Station, now: Timestamp, page: &mut Page) {
    let Some(model) = &station.model else { return };
    let (month, breaker) = model.standing(now);
    let open = i64::from(breaker != BreakerState::Closed);
    page.line("luisa_model_budget_used_month_usd", "gauge", "what the month's budget has gone down by", month);
    page.gauge("luisa_model_breaker_open", "1 while the model is left alone", open);
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

    fn labelled(&mut self, name: &str, help: &str, label: &str, counts: &Labelled) {
        self.head(name, "counter", help);
        for (value, count) in counts.values() {
            // Codes come from outside: what would end the quotes is left out.
            let value: String = value.chars().filter(|c| c.is_ascii_alphanumeric() || "_-.".contains(*c)).collect();
            self.sample(name, &format!("{label}=\"{value}\""), count);
        }
    }

    fn times<const N: usize>(&mut self, name: &str, help: &str, times: &Times<N>) {
        let (within, count, seconds) = times.values();
        self.head(name, "histogram", help);
        let bucket = format!("{name}_bucket");
        for (bound, count) in within {
            self.sample(&bucket, &format!("le=\"{bound}\""), count);
        }
        self.sample(&bucket, "le=\"+Inf\"", count);
        self.put(&format!("{name}_sum {seconds}\n{name}_count {count}"));
    }

    fn line(&mut self, name: &str, kind: &str, help: &str, value: impl std::fmt::Display) {
        self.head(name, kind, help);
        self.put(&format!("{name} {value}"));
    }

    fn sample(&mut self, name: &str, labels: &str, value: u64) {
        self.put(&format!("{name}{{{labels}}} {value}"));
    }

    fn head(&mut self, name: &str, kind: &str, help: &str) {
        self.put(&format!("# HELP {name} {help}\n# TYPE {name} {kind}"));
    }

    fn put(&mut self, line: &str) {
        writeln!(self.0, "{line}").expect("writing to a string cannot fail");
    }
}
