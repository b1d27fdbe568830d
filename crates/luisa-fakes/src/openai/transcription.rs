//! Transcriptions: the upload's rules and its record.

use super::answer::{Answer, ApiError};
use super::{World, rules};
use crate::ledger::locked;
use axum::extract::State;
use axum::extract::multipart::{Multipart, MultipartRejection};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::json;
use std::sync::Arc;
use std::time::Instant;

const LARGEST: usize = 25 * 1024 * 1024;
const EXTENSIONS: [&str; 9] = ["flac", "mp3", "mp4", "mpeg", "mpga", "m4a", "ogg", "wav", "webm"];

/// An audio file that was sent to be written down.
#[derive(Clone, Debug)]
pub struct Transcription {
    pub at: Instant,
    pub filename: String,
    pub mime_type: Option<String>,
    pub size: usize,
    pub model: String,
    pub language: Option<String>,
    pub languages: Vec<String>,
    pub keywords: Vec<String>,
    pub prompt: Option<String>,
    pub response_format: Option<String>,
}

pub(super) async fn transcriptions(
    State(world): State<Arc<World>>,
    headers: HeaderMap,
    form: Result<Multipart, MultipartRejection>,
) -> Response {
    if let Err(error) = world.authorized(&headers) {
        return error.response();
    }
    let dialect = locked(&world.controls).speech;
    let request = match read_form(form).await.and_then(checked).and_then(|request| dialect.checked(request)) {
        Ok(request) => request,
        Err(error) => return error.response(),
    };
    let verbose = request.response_format.as_deref() == Some("verbose_json");
    world.ledger.write(|recorded| recorded.transcriptions.push(request));
    let next = locked(&world.controls).transcripts.pop_front();
    let answer = next.unwrap_or_else(|| Answer::from("buenas, ¿tienen máquinas de coser?"));
    let body = |text: serde_json::Value| match verbose {
        true => json!({
            "task": "transcribe", "language": "spanish", "duration": 3.0, "text": text,
            "segments": [{ "id": 0, "text": text, "no_speech_prob": 0.02, "avg_logprob": -0.21, "compression_ratio": 1.1 }],
        }),
        false => json!({ "text": text, "usage": { "type": "duration", "seconds": 3 } }),
    };
    answer.play(|said| body(said.content)).await
}

/// How the fake wants to be asked for a transcript.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ears {
    /// `gpt-transcribe`: `languages[]` and `keywords[]`, nothing of the older dialect.
    #[default]
    Current,
    /// Servers of one's own: `language`, `prompt`, `response_format`.
    Whisper,
    /// The same, and a 400 for `verbose_json`.
    WhisperWithoutSegments,
}

impl Ears {
    fn checked(self, request: Transcription) -> Result<Transcription, ApiError> {
        let unknown = |field: &str| Err(ApiError::unsupported("unsupported_parameter", field));
        if self == Self::Current {
            if request.language.is_some() || request.response_format.is_some() {
                return unknown("language or response_format");
            }
            let broken = |keyword: &String| keyword.contains(['<', '>', '\n', '\r']);
            if request.keywords.iter().any(broken) {
                return Err(ApiError::bad_request("A keyword has characters that cannot be in one."));
            }
            if !rules::models().iter().any(|known| known["id"] == request.model.as_str()) {
                return Err(ApiError::no_such_model(&request.model));
            }
            return Ok(request);
        }
        if !request.languages.is_empty() || !request.keywords.is_empty() {
            return unknown("languages[] or keywords[]");
        }
        let segments = request.response_format.as_deref() == Some("verbose_json");
        if self == Self::WhisperWithoutSegments && segments {
            return unknown("response_format");
        }
        Ok(request)
    }
}

async fn read_form(form: Result<Multipart, MultipartRejection>) -> Result<Transcription, ApiError> {
    let unreadable = |_| ApiError::bad_request("The multipart form cannot be read.");
    let mut parts = form.map_err(|_| ApiError::bad_request("A multipart form is expected."))?;
    let mut request = Transcription {
        at: Instant::now(),
        filename: String::new(),
        mime_type: None,
        size: 0,
        model: String::new(),
        language: None,
        languages: Vec::new(),
        keywords: Vec::new(),
        prompt: None,
        response_format: None,
    };
    while let Some(part) = parts.next_field().await.map_err(unreadable)? {
        let name = part.name().unwrap_or_default().to_owned();
        if name == "file" {
            request.filename = part.file_name().unwrap_or_default().to_owned();
            request.mime_type = part.content_type().map(str::to_owned);
            request.size = part.bytes().await.map_err(unreadable)?.len();
            continue;
        }
        let text = part.text().await.map_err(unreadable)?;
        match name.as_str() {
            "model" => request.model = text,
            "languages[]" => request.languages.push(text),
            "keywords[]" => request.keywords.push(text),
            "temperature" => return Err(ApiError::unsupported("unsupported_parameter", "temperature")),
            "language" => request.language = Some(text),
            "prompt" => request.prompt = Some(text),
            "response_format" => request.response_format = Some(text),
            _ => {}
        }
    }
    Ok(request)
}

fn checked(request: Transcription) -> Result<Transcription, ApiError> {
    if request.size == 0 {
        return Err(ApiError::bad_request("Missing required parameter: 'file'."));
    }
    if request.size > LARGEST {
        let error = ApiError::bad_request("Maximum content size limit (26214400) exceeded.");
        return Err(ApiError { status: 413, ..error });
    }
    let extension = request.filename.rsplit_once('.').map(|(_, extension)| extension.to_lowercase());
    if !extension.is_some_and(|extension| EXTENSIONS.contains(&extension.as_str())) {
        return Err(ApiError::bad_request("Unrecognized file format. The file name tells the format."));
    }
    Ok(request)
}
