//! One person: their data to hand over, or to erase.
//!
//! What belongs to a person is the store's knowledge; both are kept in the audit log, an erasure without whom it was.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Extension, Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use luisa_store::{Act, ConversationId, Who};
use serde::Deserialize;

use super::access::Staff;
use super::frame::{Frame, Tab};
use super::trouble::{Trouble, rendered};
use super::{chat, words};
use crate::runtime::Station;

/// What must be typed to erase.
const CONFIRMATION: &str = "BORRAR";

#[derive(Template)]
#[template(path = "console/person.html")]
struct PersonPage {
    frame: Frame,
    path: String,
    chat: String,
    name: String,
    phone: Option<String>,
    held: Vec<(String, i64)>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Erasing {
    #[serde(default)]
    confirmo: String,
}

fn who(id: &str) -> Who {
    Who { wa_id: None, id: id.to_owned() }
}

pub(super) async fn page(
    State(station): State<Arc<Station>>,
    Extension(staff): Extension<Staff>,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let (store, now) = (&station.shop.store, station.shop.clock.now());
    let mut frame = Frame::of(&station, &staff, Tab::Inbox, "").await?;
    let line = store.chat_line(staff.user.id, &ConversationId(id.clone())).await?;
    let data = store.person(now, &who(&id)).await?.ok_or(Trouble::NotFound)?;
    let name = words::person(&line.name, line.phone.as_deref());
    frame.title.clone_from(&name);
    let held = data.counts().into_iter().filter_map(|(table, rows)| Some((words::held(&table)?.to_owned(), rows)));
    let path = format!("/console/persona/{}", words::encoded(&id));
    let phone = line.phone.as_deref().map(words::phone);
    let page = PersonPage { frame, path, chat: chat::path_of(&line.id), name, phone, held: held.collect() };
    Ok(rendered(&page))
}

pub(super) async fn export(
    State(station): State<Arc<Station>>,
    Extension(staff): Extension<Staff>,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let (store, now) = (&station.shop.store, station.shop.clock.now());
    let data = store.person(now, &who(&id)).await?.ok_or(Trouble::NotFound)?;
    let chat = Some(ConversationId(id));
    store.note_act(now, Act { who: staff.user.name, act: "export", chat, ..Act::default() }).await?;
    let text = serde_json::to_string_pretty(&data).map_err(|_| Trouble::Ours)?;
    let kind = [
        (header::CONTENT_TYPE, "application/json; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"datos-de-la-persona.json\""),
    ];
    Ok((kind, text).into_response())
}

pub(super) async fn erase(
    State(station): State<Arc<Station>>,
    Extension(staff): Extension<Staff>,
    Path(id): Path<String>,
    Form(form): Form<Erasing>,
) -> Result<Redirect, Trouble> {
    if form.confirmo.trim() != CONFIRMATION {
        return Err(Trouble::Unusable(format!(
            "Para borrar escriba {CONFIRMATION}, así, en mayúsculas. Nada se borró."
        )));
    }
    let (store, now) = (&station.shop.store, station.shop.clock.now());
    store.erase(now, &who(&id)).await?.ok_or(Trouble::NotFound)?;
    store.note_act(now, Act { who: staff.user.name, act: "erase", ..Act::default() }).await?;
    if let Err(error) = store.scrub().await {
        tracing::warn!(%error, "erased_rows_not_scrubbed: run luisa privacy erase or wait for the next");
    }
    Ok(Redirect::to("/console"))
}
