//! Signatures of webhooks: `X-Hub-Signature-256` over the raw bytes.
//!
//! May not see parsed JSON: Meta escapes unicode its own way, so re-serialised bytes have another signature.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

const PREFIX: &str = "sha256=";

/// Why a body was not signed by Meta. To the sender they are all the same 401.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadSignature {
    #[error("the body carries no signature")]
    Missing,
    #[error("the signature is not `sha256=` and 64 hexadecimal digits")]
    Malformed,
    #[error("the signature is of another body or another secret")]
    Mismatch,
    // Anyone can sign with an empty key.
    #[error("the app secret is empty")]
    NoSecret,
}

/// Checks the header against the raw body, in constant time.
pub fn verify(secret: &[u8], raw_body: &[u8], header: Option<&str>) -> Result<(), BadSignature> {
    if secret.is_empty() {
        return Err(BadSignature::NoSecret);
    }
    let header = header.ok_or(BadSignature::Missing)?;
    let digits = header.trim().strip_prefix(PREFIX).ok_or(BadSignature::Malformed)?;
    let mut given = [0; 32];
    hex::decode_to_slice(digits, &mut given).map_err(|_| BadSignature::Malformed)?;
    hash(secret, raw_body).verify_slice(&given).map_err(|_| BadSignature::Mismatch)
}

/// The header Meta would send with this body.
pub fn sign(secret: &[u8], raw_body: &[u8]) -> String {
    let digest = hash(secret, raw_body).finalize().into_bytes();
    format!("{PREFIX}{}", hex::encode(digest))
}

fn hash(secret: &[u8], raw_body: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes a key of any length");
    mac.update(raw_body);
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_digest_of_the_algorithm() {
        // RFC 4231, test case 2.
        let signature = sign(b"Jefe", b"what do ya want for nothing?");
        assert_eq!(signature, "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }

    #[test]
    fn the_right_signature_passes_in_either_case_and_any_change_fails() {
        let body = br#"{"text":"se\u00f1ora"}"#;
        let good = sign(b"secret", body);
        assert_eq!(verify(b"secret", body, Some(&good)), Ok(()));
        let shouted = good.to_uppercase().replace("SHA256=", "sha256=");
        assert_eq!(verify(b"secret", body, Some(&shouted)), Ok(()));
        assert_eq!(verify(b"other", body, Some(&good)), Err(BadSignature::Mismatch));
        assert_eq!(verify(b"secret", "{\"text\":\"señora\"}".as_bytes(), Some(&good)), Err(BadSignature::Mismatch));
    }

    #[test]
    fn a_missing_or_broken_header_says_so() {
        let short = &sign(b"secret", b"{}")[..40];
        assert_eq!(verify(b"secret", b"{}", None), Err(BadSignature::Missing));
        for header in ["", "sha256=", "sha1=00", "sha256=zz", short, "ñ", "sha256=ñññ"] {
            assert_eq!(verify(b"secret", b"{}", Some(header)), Err(BadSignature::Malformed), "{header}");
        }
    }

    #[test]
    fn an_empty_secret_never_verifies() {
        let header = sign(b"", b"{}");
        assert_eq!(verify(b"", b"{}", Some(&header)), Err(BadSignature::NoSecret));
    }
}
