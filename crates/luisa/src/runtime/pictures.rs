//! Catalog pictures in Meta's hands: each is uploaded once and sent by its id from then on.
//!
//! Owns the ids and their age. A picture that cannot be uploaded is left out: the words go without it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use luisa_whatsapp::Client;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tracing::warn;

use crate::shop::Shop;

/// Meta keeps an upload for 30 days.
const KEPT: SignedDuration = SignedDuration::from_hours(25 * 24);
/// A customer waits for the words while a picture is uploaded.
const PATIENCE: Duration = Duration::from_secs(10);
/// After a failure the next answers go without the picture for so long.
const AFTER_FAILURE: SignedDuration = SignedDuration::from_secs(60);

/// What is known of the uploads.
#[derive(Default)]
pub struct Pictures(Mutex<HashMap<String, Arc<tokio::sync::Mutex<Option<Known>>>>>);

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Known {
    /// None: it could not be uploaded.
    media_id: Option<String>,
    until: Timestamp,
}

impl Pictures {
    /// The id under which Meta has this picture, after an upload if need be; none when it has to be left out.
    pub async fn media_id(&self, shop: &Shop, client: &Client, image_id: &str) -> Option<String> {
        let picture = shop.media(image_id)?;
        let now = shop.clock.now();
        let key = key(shop, image_id, &picture.bytes);
        let place = self.place(&key);
        // Whoever comes second waits here for the first one's upload.
        let mut known = place.lock().await;
        if let Some(known) = known.as_ref().filter(|known| now < known.until) {
            return known.media_id.clone();
        }
        let stored = shop.store.value(&key).await.ok().flatten();
        let stored = stored.and_then(|text| serde_json::from_str::<Known>(&text).ok());
        let fresh = match stored.filter(|stored| now < stored.until) {
            Some(stored) => stored,
            None => upload(shop, client, image_id, &key).await,
        };
        let media_id = fresh.media_id.clone();
        *known = Some(fresh);
        media_id
    }

    /// Meta no longer accepts it: the next answer uploads it again.
    pub async fn forget(&self, shop: &Shop, image_id: &str) {
        let Some(picture) = shop.media(image_id) else { return };
        let key = key(shop, image_id, &picture.bytes);
        *self.place(&key).lock().await = None;
        drop(shop.store.set_value(shop.clock.now(), &key, "").await);
    }

    fn place(&self, key: &str) -> Arc<tokio::sync::Mutex<Option<Known>>> {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(places.entry(key.to_owned()).or_default())
    }
}

async fn upload(shop: &Shop, client: &Client, image_id: &str, key: &str) -> Known {
    let now = shop.clock.now();
    let at = |span| now.saturating_add(span).unwrap_or(now);
    let failed = Known { media_id: None, until: at(AFTER_FAILURE) };
    let Some(picture) = shop.media(image_id) else { return failed };
    let uploading = client.upload_media(picture.bytes.to_vec(), picture.mime, &picture.file_name);
    let media_id = match tokio::time::timeout(PATIENCE, uploading).await {
        Ok(Ok(media_id)) => media_id.0,
        Ok(Err(error)) => {
            warn!(image_id, %error, "picture_not_uploaded");
            return failed;
        }
        Err(_) => {
            warn!(image_id, error = "it took too long", "picture_not_uploaded");
            return failed;
        }
    };
    let known = Known { media_id: Some(media_id), until: at(KEPT) };
    let text = serde_json::to_string(&known).unwrap_or_default();
    if let Err(error) = shop.store.set_value(now, key, &text).await {
        warn!(image_id, %error, "picture_id_not_kept");
    }
    known
}

/// Another file under the same id is another picture, and an id is only good for the number that uploaded it.
fn key(shop: &Shop, image_id: &str, bytes: &[u8]) -> String {
    let digest = hex::encode(&Sha256::digest(bytes)[..6]);
    format!("media:{}:{image_id}:{digest}", shop.settings.whatsapp.phone_number_id)
}
