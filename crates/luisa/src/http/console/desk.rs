//! What a person does in a chat: take it, answer, give it back, close its handoff, note something, begin to write.
//!
//! The words leave by the same outbox as LUISA's, with the same promises.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Extension, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::{SignedDuration, Timestamp};
use luisa_core::outcome::{Asset, Reply};
use luisa_store::{Answering, ConversationId, Delivery, Ending, Outgoing, PersonsAnswer};
use serde::Deserialize;

use super::access::Staff;
use super::chat::{self, Problem};
use super::trouble::Trouble;
use crate::runtime::Station;
use crate::telemetry;
use crate::wire::to_whatsapp::{Addressee, Letter};

/// What WhatsApp takes in one message, in letters; with a picture it is less.
const LONGEST: usize = 4_096;
const LONGEST_CAPTION: usize = 1_024;
const LONGEST_NOTE: usize = 2_000;

#[derive(Debug, Deserialize)]
pub(super) struct Writing {
    #[serde(default)]
    texto: String,
    #[serde(default)]
    envio: String,
    #[serde(default)]
    visto: i64,
    #[serde(default)]
    foto: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Closing {
    #[serde(default)]
    resultado: String,
    #[serde(default)]
    motivo: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Words {
    #[serde(default)]
    texto: String,
}

/// Until when a chat is a person's who acts in it now.
pub(super) fn until(station: &Station, now: Timestamp) -> Option<Timestamp> {
    now.checked_add(SignedDuration::from_hours(station.shop.settings.shadow.human_ttl_hours)).ok()
}

pub(super) async fn take(
    State(station): State<Arc<Station>>,
    Extension(staff): Extension<Staff>,
    Path(id): Path<String>,
) -> Result<Redirect, Trouble> {
    let (id, now) = (ConversationId(id), station.shop.clock.now());
    station.shop.store.take_chat(now, &id, &staff.user.name, until(&station, now)).await?;
    tracing::info!(conversation = telemetry::chat(&id), by = "console", "human_active_triggered");
    Ok(Redirect::to(&chat::path_of(&id)))
}

pub(super) async fn give_back(
    State(station): State<Arc<Station>>,
    Extension(staff): Extension<Staff>,
    Path(id): Path<String>,
) -> Result<Redirect, Trouble> {
    let (id, now) = (ConversationId(id), station.shop.clock.now());
    station.shop.store.return_chat(now, &id, &staff.user.name).await?;
    Ok(Redirect::to(&chat::path_of(&id)))
}

pub(super) async fn close(
    State(station): State<Arc<Station>>,
    Extension(staff): Extension<Staff>,
    Path(id): Path<String>,
    Form(form): Form<Closing>,
) -> Result<Redirect, Trouble> {
    if !["vendido", "perdido", "resuelto"].contains(&form.resultado.as_str()) {
        return Err(Trouble::Unusable("Diga cómo terminó: vendido, perdido o resuelto.".to_owned()));
    }
    let why = form.motivo.trim().chars().take(LONGEST_NOTE).collect::<String>();
    let ending = Ending { outcome: form.resultado, why: (!why.is_empty()).then_some(why) };
    let (id, now) = (ConversationId(id), station.shop.clock.now());
    station.shop.store.end_handoffs(now, &id, ending, &staff.user.name).await?;
    Ok(Redirect::to(&chat::path_of(&id)))
}

pub(super) async fn note(
    State(station): State<Arc<Station>>,
    Extension(staff): Extension<Staff>,
    Path(id): Path<String>,
    Form(form): Form<Words>,
) -> Result<Redirect, Trouble> {
    let (id, now) = (ConversationId(id), station.shop.clock.now());
    let text = form.texto.trim();
    if text.is_empty() || text.chars().count() > LONGEST_NOTE {
        return Err(Trouble::Unusable(format!("Escriba la nota, de hasta {LONGEST_NOTE} letras.")));
    }
    station.shop.store.add_note(now, &id, &staff.user.name, text).await?;
    station.shop.store.keep_draft(now, &id, staff.user.id, "").await?;
    Ok(Redirect::to(&chat::path_of(&id)))
}

pub(super) async fn draft(
    State(station): State<Arc<Station>>,
    Extension(staff): Extension<Staff>,
    Path(id): Path<String>,
    Form(form): Form<Words>,
) -> Result<StatusCode, Trouble> {
    let text: String = form.texto.chars().take(LONGEST).collect();
    station.shop.store.keep_draft(station.shop.clock.now(), &ConversationId(id), staff.user.id, &text).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn answer(
    State(station): State<Arc<Station>>,
    Extension(staff): Extension<Staff>,
    Path(id): Path<String>,
    Form(form): Form<Writing>,
) -> Result<Response, Trouble> {
    let (id, now) = (ConversationId(id), station.shop.clock.now());
    let text = form.texto.trim().to_owned();
    let refused = |say: &str| Problem { say: say.to_owned(), text: form.texto.clone() };
    let problem = match (text.is_empty() && form.foto.is_empty(), form.foto.is_empty(), text.chars().count()) {
        (true, _, _) => Some("Escriba algo, o escoja una foto."),
        (_, true, letters) if letters > LONGEST => Some("El mensaje es muy largo: WhatsApp recibe hasta 4.096 letras."),
        (_, false, letters) if letters > LONGEST_CAPTION => {
            Some("Con una foto WhatsApp recibe hasta 1.024 letras: envíe la foto aparte.")
        }
        _ => None,
    };
    if let Some(say) = problem {
        return chat::with_problem(&station, &staff, &id, refused(say)).await;
    }
    let message = message(&station, &id, text, &form.foto, now).await?;
    let answer = PersonsAnswer {
        send_id: form.envio.clone(),
        seen_up_to: form.visto,
        by: staff.user.name.clone(),
        user: Some(staff.user.id),
        until: until(&station, now),
        message,
    };
    match station.shop.store.answer_chat(now, &id, answer).await? {
        Answering::Queued => {
            tracing::info!(conversation = telemetry::chat(&id), by = "console", "human_active_triggered");
            Ok(Redirect::to(&chat::path_of(&id)).into_response())
        }
        Answering::Repeated => Ok(Redirect::to(&chat::path_of(&id)).into_response()),
        Answering::Overtaken(_) => {
            let say = "Mientras usted escribía, alguien más le respondió. Mire el último mensaje; si aún hace falta, envíe otra vez.";
            chat::with_problem(&station, &staff, &id, refused(say)).await
        }
        Answering::WindowClosed => {
            let say = "No se envió: ya pasaron 24 horas desde su último mensaje y WhatsApp no lo deja pasar. Su texto quedó guardado.";
            station.shop.store.keep_draft(now, &id, staff.user.id, &form.texto).await?;
            chat::with_problem(&station, &staff, &id, refused(say)).await
        }
        Answering::NoWay => {
            chat::with_problem(
                &station,
                &staff,
                &id,
                refused("Este chat no es de WhatsApp: no se le puede escribir desde aquí."),
            )
            .await
        }
    }
}

/// A person's words in the sender's form.
async fn message(
    station: &Station,
    id: &ConversationId,
    text: String,
    picture: &str,
    now: Timestamp,
) -> Result<Outgoing, Trouble> {
    let found = station.shop.store.conversation(id, 0).await?;
    let to = found.contact.as_ref().and_then(Addressee::of);
    let pack = station.shop.pack();
    let item = pack.catalog.active().find(|item| !picture.is_empty() && item.image_id == picture);
    if item.is_none() && !picture.is_empty() {
        return Err(Trouble::Unusable("Esa foto ya no está en el catálogo.".to_owned()));
    }
    let asset = item.map(|item| Asset {
        image_id: item.image_id.clone(),
        title: item.name.clone(),
        price_cop: item.price_cop.map(|price| price.0),
    });
    let kind = if asset.is_some() { "image" } else { "text" };
    let reply = Reply { text: text.clone(), options: Vec::new(), asset, question: None };
    let letter = Letter::Reply { reply, list_label: String::new(), mark_read: None };
    let json = |value: serde_json::Result<serde_json::Value>| value.map_err(|_| Trouble::Ours);
    Ok(Outgoing {
        kind: kind.to_owned(),
        text: (!text.is_empty()).then_some(text),
        payload: json(serde_json::to_value(&letter))?,
        reply_to: None,
        delivery: match to {
            Some(to) => Delivery::Queue { recipient: json(serde_json::to_value(&to))?, due_at: now },
            None => Delivery::Answered,
        },
    })
}
