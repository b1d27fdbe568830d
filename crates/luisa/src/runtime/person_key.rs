//! The key under which people are named in traces: a hash that tells two apart and names nobody.
//!
//! Owns the key, which is random, of this database alone, and never leaves it.

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use luisa_store::{Store, StoreError};
use sha2::Sha256;

const KEY: &str = "customer_hash_key";
/// Characters of the hash that are kept: 80 bits are enough to tell people apart.
const LENGTH: usize = 20;

/// The key of this database.
#[derive(Clone)]
pub struct PersonKey(Vec<u8>);

impl PersonKey {
    /// The stored key, made when it is not there.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub async fn of(store: &Store, now: Timestamp) -> Result<Self, StoreError> {
        let known = store.value(KEY).await?.and_then(|text| hex::decode(text).ok());
        if let Some(key) = known {
            return Ok(Self(key));
        }
        let key: [u8; 32] = rand::random();
        store.set_value(now, KEY, &hex::encode(key)).await?;
        Ok(Self(key.to_vec()))
    }

    /// The name of a person in traces.
    #[must_use]
    pub fn hash(&self, person: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        mac.update(person.as_bytes());
        let mut text = hex::encode(mac.finalize().into_bytes());
        text.truncate(LENGTH);
        text
    }
}
