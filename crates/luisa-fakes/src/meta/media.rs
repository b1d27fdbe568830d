//! Media: upload, lookup and download.
//!
//! Owns the limits per kind and the life of download URLs. May not know which message uses a medium.

use super::behaviour::Endpoint;
use super::check::{invalid, missing, product};
use super::graph::{Target, admit, bearer, no_such_object, ok};
use super::record::Upload;
use super::refusal::{Refusal, graph_error};
use super::world::World;
use crate::ledger::locked;
use axum::body::Bytes;
use axum::extract::multipart::{Multipart, MultipartRejection};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Instant;

const MIB: usize = 1024 * 1024;

pub(super) async fn upload(
    State(world): State<Arc<World>>,
    target: Target,
    headers: HeaderMap,
    form: Result<Multipart, MultipartRejection>,
) -> Response {
    let form = match admit(&world, &target, &headers) {
        Ok(()) if target.1 != world.account.phone_number_id => {
            let hint = format!("the phone number id of this fake is {}", world.account.phone_number_id);
            Err(no_such_object(&target.1, &hint))
        }
        Ok(()) => read_form(form).await,
        Err(refusal) => Err(refusal),
    };
    let form = match form.and_then(Form::checked) {
        Ok(form) => form,
        Err(refusal) => return refusal.response(),
    };
    let behaviour = world.behaviour(Endpoint::MediaUpload, &Value::Null);
    behaviour.play(|| store(&world, form)).await
}

/// What arrived in the multipart form.
#[derive(Default)]
struct Form {
    product: Option<String>,
    mime_type: Option<String>,
    filename: Option<String>,
    bytes: Option<Bytes>,
}

async fn read_form(form: Result<Multipart, MultipartRejection>) -> Result<Form, Refusal> {
    let mut parts = form.map_err(|error| invalid(format!("A multipart form is expected: {error}")))?;
    let mut form = Form::default();
    let unreadable = |error| invalid(format!("The multipart form cannot be read: {error}"));
    while let Some(part) = parts.next_field().await.map_err(unreadable)? {
        let name = part.name().unwrap_or_default().to_owned();
        match name.as_str() {
            "messaging_product" => form.product = Some(part.text().await.map_err(unreadable)?),
            "type" => form.mime_type = Some(part.text().await.map_err(unreadable)?),
            "file" => {
                form.filename = part.file_name().map(str::to_owned);
                form.mime_type = form.mime_type.or_else(|| part.content_type().map(str::to_owned));
                form.bytes = Some(part.bytes().await.map_err(unreadable)?);
            }
            _ => {}
        }
    }
    Ok(form)
}

impl Form {
    fn checked(self) -> Result<Self, Refusal> {
        product(&json!({ "messaging_product": self.product }))?;
        let bytes = self.bytes.as_ref().filter(|bytes| !bytes.is_empty()).ok_or_else(|| missing("file"))?;
        let mime_type = self.mime_type.as_deref().ok_or_else(|| missing("type"))?;
        let limit = size_limit(mime_type).ok_or_else(|| {
            invalid(format!("Param file must be a file with one of the supported types; received {mime_type}."))
        })?;
        if bytes.len() > limit {
            let details = format!("The file is {} bytes long; at most {limit} are allowed.", bytes.len());
            return Err(graph_error(131053).with_details(details));
        }
        Ok(self)
    }
}

fn size_limit(mime_type: &str) -> Option<usize> {
    let kind = mime_type.split(';').next().unwrap_or_default().trim();
    match kind {
        "image/jpeg" | "image/png" => Some(5 * MIB),
        "image/webp" => Some(MIB / 2),
        "audio/aac" | "audio/mp4" | "audio/mpeg" | "audio/amr" | "audio/ogg" => Some(16 * MIB),
        "video/mp4" | "video/3gpp" => Some(16 * MIB),
        "text/plain" | "application/pdf" => Some(100 * MIB),
        office if office.starts_with("application/vnd.") || office == "application/msword" => Some(100 * MIB),
        _ => None,
    }
}

fn store(world: &World, form: Form) -> Response {
    let bytes = form.bytes.unwrap_or_default();
    let mime_type = form.mime_type.unwrap_or_default();
    let size = bytes.len();
    let stored = locked(&world.shelf).put(&mime_type, bytes.to_vec());
    let upload = Upload { at: Instant::now(), media_id: stored.id.clone(), mime_type, filename: form.filename, size };
    world.ledger.write(|recorded| recorded.uploads.push(upload));
    ok(&json!({ "id": stored.id }))
}

/// The caller was admitted already: the phone number shares this route.
pub(super) async fn lookup(world: &World, id: &str) -> Response {
    let found = {
        let shelf = locked(&world.shelf);
        shelf.media(id).map(|stored| {
            json!({
                "messaging_product": "whatsapp",
                "url": format!("{}/media/download/{}/{id}", world.base_url, shelf.ticket),
                "mime_type": stored.mime_type,
                "sha256": stored.sha256_hex,
                "file_size": stored.bytes.len(),
                "id": id,
            })
        })
    };
    let behaviour = world.behaviour(Endpoint::MediaLookup, &Value::Null);
    behaviour
        .play(|| match found {
            Some(found) => ok(&found),
            None => no_such_object(id, "no such medium, and not the phone number id of this fake").response(),
        })
        .await
}

pub(super) async fn download(
    State(world): State<Arc<World>>,
    Path((ticket, id)): Path<(u64, String)>,
    headers: HeaderMap,
) -> Response {
    if let Err(refusal) = bearer(&world, &headers) {
        return refusal.response();
    }
    if !headers.contains_key(header::USER_AGENT) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let file = {
        let shelf = locked(&world.shelf);
        let stored = shelf.media(&id).filter(|_| shelf.ticket == ticket);
        stored.map(|stored| (stored.mime_type.clone(), stored.bytes.clone()))
    };
    let Some((mime_type, bytes)) = file else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let behaviour = world.behaviour(Endpoint::MediaDownload, &Value::Null);
    behaviour
        .play(|| {
            world.ledger.write(|recorded| recorded.downloads.push(id));
            ([(header::CONTENT_TYPE, mime_type)], bytes).into_response()
        })
        .await
}
