//! One press on an answer of LUISA says what the message was, or what should have been said.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Extension, Path, State};
use axum::response::Redirect;
use luisa_core::taxonomy::{Class, Intent};
use luisa_store::{ConversationId, Correction};
use serde::Deserialize;

use super::access::Staff;
use super::chat;
use super::trouble::Trouble;
use crate::runtime::Station;

const LONGEST: usize = 1_000;

#[derive(Debug, Deserialize)]
pub(super) struct Correcting {
    mensaje: i64,
    #[serde(default)]
    clase: String,
    #[serde(default)]
    intencion: String,
    #[serde(default)]
    respuesta: String,
}

pub(super) async fn correct(
    State(station): State<Arc<Station>>,
    Extension(staff): Extension<Staff>,
    Path(id): Path<String>,
    Form(form): Form<Correcting>,
) -> Result<Redirect, Trouble> {
    let chosen = |text: &str| (!text.trim().is_empty()).then(|| text.trim().to_owned());
    let class = chosen(&form.clase);
    let intent = chosen(&form.intencion);
    let answer: String = form.respuesta.chars().take(LONGEST).collect();
    let right_answer = chosen(&answer);
    let known = class.as_deref().is_none_or(|class| Class::from_id(class).is_some())
        && intent.as_deref().is_none_or(|intent| Intent::from_id(intent).is_some());
    if !known || (class.is_none() && intent.is_none() && right_answer.is_none()) {
        return Err(Trouble::Unusable("Diga qué era el mensaje, o cuál era la respuesta correcta.".to_owned()));
    }
    let said = Correction { answer: form.mensaje, class, intent, right_answer, by: staff.user.name };
    let id = ConversationId(id);
    station.shop.store.correct(station.shop.clock.now(), &id, said).await?;
    Ok(Redirect::to(&chat::path_of(&id)))
}
