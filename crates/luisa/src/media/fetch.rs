//! One file from Meta, checked: the URL of its id, the bytes behind it, the hash, the type.
//!
//! Owns what each failure means: again later, or never. May not store anything.

use luisa_store::MediaRow;
use luisa_whatsapp::client::verify_sha256;
use luisa_whatsapp::{Client, MediaError, SendError};

use super::sniff;

/// Codes and states by which Meta says that the file is not there any more.
const GONE: i64 = 100;
/// A file that does not fit its hash is fetched so often.
const TRIES_OF_A_WRONG_HASH: i64 = 2;

/// A file that is what it should be.
#[derive(Debug)]
pub struct Fetched {
    pub bytes: Vec<u8>,
    pub mime: &'static str,
}

/// Why there is no file, by a name that is stored and counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missed {
    Later(&'static str),
    Never(&'static str),
}

impl Missed {
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Later(reason) | Self::Never(reason) => reason,
        }
    }
}

/// Fetches the file of a message.
///
/// # Errors
/// `Later` for what may pass, `Never` for what will not.
pub async fn fetch(client: &Client, row: &MediaRow) -> Result<Fetched, Missed> {
    let id = row.provider_id.as_deref().ok_or(Missed::Never("without_id"))?;
    let limit = sniff::largest(&row.kind);
    let location = client.media_url(id).await.map_err(|error| missed_by(&error, Asked::Id))?;
    if location.file_size.is_some_and(|size| size > limit as u64) {
        return Err(Missed::Never("too_large"));
    }
    let bytes = client.download_media(&location.url, limit).await.map_err(|error| match &error {
        MediaError::TooLarge { .. } => Missed::Never("too_large"),
        MediaError::UntrustedHost | MediaError::BadMime(_) => Missed::Never("untrusted_address"),
        MediaError::Call(error) => missed_by(error, Asked::File),
    })?;
    let expected = row.expected_sha256.as_deref().or(location.sha256.as_deref());
    if expected.is_some_and(|expected| verify_sha256(&bytes, expected).is_err()) {
        let again = row.attempts < TRIES_OF_A_WRONG_HASH;
        return Err(if again { Missed::Later("wrong_hash") } else { Missed::Never("wrong_hash") });
    }
    let mime = sniff::fitting(&row.kind, &bytes).ok_or(Missed::Never("wrong_type"))?;
    Ok(Fetched { bytes, mime })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    Id,
    File,
}

fn missed_by(error: &SendError, asked: Asked) -> Missed {
    match error {
        SendError::Timeout | SendError::Connect(_) | SendError::Broken(_) => Missed::Later("unreachable"),
        SendError::Api { http_status: 401 | 403, .. } | SendError::Api { code: 0 | 190, .. } => {
            Missed::Later("access_refused")
        }
        // The id lives seven days. A URL lives five minutes: the next try gets another.
        SendError::Api { code: GONE, .. } | SendError::Api { http_status: 404 | 410, .. } if asked == Asked::Id => {
            Missed::Never("expired")
        }
        SendError::Api { .. } => Missed::Later("refused"),
    }
}
