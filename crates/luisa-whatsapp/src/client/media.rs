//! Files: up to Meta, and down from it.
//!
//! Owns where the token may go and how much is read. May not look into the files.

use super::answer::{self, SendError, Unread};
use super::{Client, MEDIA_PATIENCE};
use crate::limits;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;
use reqwest::multipart::{Form, Part};
use secrecy::ExposeSecret;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Meta's media live here; the URL in a webhook is only as trustworthy as the webhook.
const META_HOSTS: [&str; 4] = ["fbsbx.com", "fbcdn.net", "facebook.com", "whatsapp.net"];

/// A file in Meta's hands. Uploaded ones live 30 days.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MediaId(pub String);

/// Where a file is, for five minutes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaLocation {
    pub url: String,
    pub mime_type: Option<String>,
    pub sha256: Option<String>,
    pub file_size: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MediaError {
    #[error(transparent)]
    Call(#[from] SendError),
    #[error("`{0}` is not a MIME type")]
    BadMime(String),
    #[error("the file is larger than {limit} bytes")]
    TooLarge { limit: usize },
    #[error("the media URL is not Meta's: the token stays here")]
    UntrustedHost,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the file is not the one its sha256 was made of")]
pub struct HashMismatch;

impl Client {
    pub async fn upload_media(&self, bytes: Vec<u8>, mime: &str, filename: &str) -> Result<MediaId, MediaError> {
        let limit = limits::upload_bytes(mime);
        if bytes.len() > limit {
            return Err(MediaError::TooLarge { limit });
        }
        let part = Part::bytes(bytes).file_name(filename.to_owned());
        let part = part.mime_str(mime).map_err(|_| MediaError::BadMime(mime.to_owned()))?;
        let form = Form::new().text("messaging_product", "whatsapp").text("type", mime.to_owned()).part("file", part);
        let url = self.url(&[&self.phone_number_id, "media"]);
        let request = self.http.post(url).timeout(self.timeout * MEDIA_PATIENCE).multipart(form);
        let answer = self.call(request).await?;
        let id = answer["id"].as_str().ok_or(SendError::Broken("no media id in the answer".into()))?;
        Ok(MediaId(id.to_owned()))
    }

    pub async fn media_url(&self, media_id: &str) -> Result<MediaLocation, SendError> {
        let request = self.http.get(self.url(&[media_id])).query(&[("phone_number_id", &self.phone_number_id)]);
        let answer = self.call(request).await?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Ok(MediaLocation {
            url: text(&answer["url"]).ok_or(SendError::Broken("no URL in the answer".into()))?,
            mime_type: text(&answer["mime_type"]),
            sha256: text(&answer["sha256"]),
            file_size: answer["file_size"].as_u64().or_else(|| answer["file_size"].as_str()?.parse().ok()),
        })
    }

    /// The file at a URL of [`Client::media_url`] or of a webhook. Check it with [`verify_sha256`].
    pub async fn download_media(&self, url: &str, max_bytes: usize) -> Result<Vec<u8>, MediaError> {
        let url = Url::parse(url).map_err(|_| MediaError::UntrustedHost)?;
        if !self.trusts(&url) {
            return Err(MediaError::UntrustedHost);
        }
        let secret = self.token.expose_secret();
        let request = self.http.get(url).bearer_auth(secret).timeout(self.timeout * MEDIA_PATIENCE);
        let response = request.send().await.map_err(|error| answer::lost(error, secret))?;
        if !response.status().is_success() {
            answer::read(response, secret).await?;
            return Err(SendError::Broken("no file".into()).into());
        }
        match answer::read_body(response, max_bytes).await {
            Ok(bytes) => Ok(bytes),
            Err(Unread::TooLong) => Err(MediaError::TooLarge { limit: max_bytes }),
            Err(Unread::Cut(error)) => Err(answer::lost(error, secret).into()),
        }
    }

    fn trusts(&self, url: &Url) -> bool {
        let Some(host) = url.host_str() else { return false };
        let of_meta = META_HOSTS.iter().any(|known| {
            host.strip_suffix(known).is_some_and(|subdomain| subdomain.is_empty() || subdomain.ends_with('.'))
        });
        (of_meta && url.scheme() == "https") || url.origin() == self.base.origin()
    }
}

/// Checks a file against the hash Meta gave: in base64 in webhooks, in hexadecimal from [`Client::media_url`].
pub fn verify_sha256(bytes: &[u8], expected: &str) -> Result<(), HashMismatch> {
    let digest = Sha256::digest(bytes);
    let expected = expected.trim();
    let decoded = hex::decode(expected).ok().or_else(|| STANDARD.decode(expected).ok());
    if decoded.as_deref() == Some(digest.as_slice()) { Ok(()) } else { Err(HashMismatch) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_accepted_in_base64_and_in_hexadecimal() {
        let base64 = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";
        let hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(verify_sha256(b"abc", base64), Ok(()));
        assert_eq!(verify_sha256(b"abc", hex), Ok(()));
        for wrong in ["", "abc", &base64[1..], "==="] {
            assert_eq!(verify_sha256(b"abc", wrong), Err(HashMismatch), "{wrong}");
        }
        assert_eq!(verify_sha256(b"abd", base64), Err(HashMismatch));
    }
}
