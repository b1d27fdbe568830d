//! The handoffs that wait, oldest first, by team.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Extension, Query, State};
use axum::response::Response;
use jiff::Timestamp;
use luisa_store::{HandoffStatus, WaitingHandoff};
use serde::Deserialize;

use super::access::Staff;
use super::frame::{Frame, Tab};
use super::trouble::{Trouble, rendered};
use super::{chat, words};
use crate::runtime::Station;

const PAGE: u32 = 40;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    equipo: String,
    #[serde(default)]
    despues: i64,
    parte: Option<u8>,
}

#[derive(Template)]
#[template(path = "console/handoffs.html")]
struct HandoffsPage {
    frame: Frame,
    list: List,
}

#[derive(Template)]
#[template(path = "console/handoffs_part.html")]
struct HandoffsPart {
    list: List,
}

struct List {
    team: String,
    cards: Vec<Card>,
    more: Option<String>,
}

struct Card {
    href: String,
    name: String,
    waits: String,
    team: String,
    priority: String,
    urgent: bool,
    taken_by: Option<String>,
    summary: String,
}

pub(super) async fn page(
    State(station): State<Arc<Station>>,
    Extension(staff): Extension<Staff>,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    if asked.parte.is_some() {
        return Ok(rendered(&HandoffsPart { list: list(&station, &asked).await? }));
    }
    let frame = Frame::of(&station, &staff, Tab::Handoffs, "Traspasos").await?;
    let list = list(&station, &asked).await?;
    Ok(rendered(&HandoffsPage { frame, list }))
}

async fn list(station: &Station, asked: &Asked) -> Result<List, Trouble> {
    let team = ["comercial", "tecnica"].into_iter().find(|known| *known == asked.equipo);
    let rows = station.shop.store.waiting_handoffs(team, asked.despues, PAGE + 1).await?;
    let page = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let last = rows.get(page.saturating_sub(1)).filter(|_| rows.len() > page);
    let more = last.map(|row| format!("equipo={}&despues={}", asked.equipo, row.handoff.id));
    let now = station.shop.clock.now();
    let cards = rows.iter().take(page).map(|row| card(row, now)).collect();
    Ok(List { team: team.unwrap_or_default().to_owned(), cards, more })
}

fn card(row: &WaitingHandoff, now: Timestamp) -> Card {
    let handoff = &row.handoff;
    Card {
        href: chat::path_of(&handoff.conversation_id),
        name: words::person(&row.name, row.phone.as_deref()),
        waits: words::span(handoff.created_at, now),
        team: words::team(&handoff.team).to_owned(),
        priority: words::priority(&handoff.priority).to_owned(),
        urgent: handoff.priority == "urgent" && handoff.status == HandoffStatus::Open,
        taken_by: handoff.taken_by.clone().filter(|_| handoff.status == HandoffStatus::Taken),
        summary: handoff.summary.clone(),
    }
}
