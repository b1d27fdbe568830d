//! What `luisa go-no-go` needs of a running LUISA beside her chat: what to ask, the traces of its conversations, and
//! their removal.
//!
//! Owns these answers' shape. May not touch a conversation that is not a check's.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use jiff::ToSpan;
use luisa_core::pack::Pack;
use luisa_core::pack::check::stale_prices;
use serde_json::{Value, json};

use super::error::Refused;
use crate::runtime::Station;
use crate::runtime::checks::{BEGINNING, Run};

/// A check that was stopped left its conversations behind; the next one takes them along when they are so old.
const LEFT_BEHIND_HOURS: i64 = 1;

/// What the pack that is being served wants to be asked.
pub async fn script(State(station): State<Arc<Station>>) -> Result<Json<Value>, Refused> {
    let pack = station.shop.pack();
    let Some(checks) = &pack.checks else { return Err(Refused::not_found("checks.toml in the business pack")) };
    let faq: Vec<Value> = checks
        .faq
        .iter()
        .map(|faq| {
            let fact = faq.fact.as_deref().map(|fact| pack.fact(fact));
            json!({ "say": faq.say, "intent": faq.intent, "holds": fact })
        })
        .collect();
    // What the staff withdrew or sold out is no longer asked for.
    let offered = |item: &str| pack.catalog.active().any(|known| known.id == item && !known.is_sold_out());
    let product = checks.product.as_ref().filter(|shown| offered(&shown.item));
    let product = product.map(|shown| json!({ "say": shown.say, "picture": picture(&pack, &shown.item) }));
    Ok(Json(json!({
        "stale_prices": stale_prices(&pack),
        "greeting": { "say": checks.greeting.say },
        "personal": { "say": checks.personal.say },
        "faq": faq,
        "product": product,
        "handoff": checks.handoff.as_ref().map(|called| json!({ "say": called.say, "reason": called.reason })),
    })))
}

fn picture(pack: &Pack, item: &str) -> Option<String> {
    pack.catalog.item(item).map(|item| item.image_id.clone()).filter(|id| !id.is_empty())
}

pub async fn traces(State(station): State<Arc<Station>>, Path(run): Path<String>) -> Result<Json<Value>, Refused> {
    let traces = station.shop.store.traces_of(&named(&run)?.beginning()).await?;
    let rows = traces.iter().map(|row| {
        json!({ "request_id": row.request_id, "conversation_id": row.conversation_id, "decision_path": row.decision_path })
    });
    Ok(Json(json!({ "traces": rows.collect::<Vec<_>>() })))
}

pub async fn remove(
    State(station): State<Arc<Station>>,
    Path(run): Path<String>,
) -> Result<Json<BTreeMap<String, i64>>, Refused> {
    let run = named(&run)?;
    let now = station.shop.clock.now();
    let before = now.checked_sub(LEFT_BEHIND_HOURS.hours()).unwrap_or(now);
    Ok(Json(station.shop.store.remove_chats(now, &run.beginning(), BEGINNING, before).await?))
}

fn named(run: &str) -> Result<Run, Refused> {
    Run::named(run).ok_or_else(|| Refused::bad_input("a run is named with 8 to 40 letters and digits"))
}
