//! Secrets that a browser holds: a session's, an invitation's. The database keeps only what they hash to.
//!
//! Owns how they are made, and how a name is folded to what is typed at the door.

use luisa_core::lexicon::fold::plain;
use rand::RngCore;
use sha2::{Digest, Sha256};

/// An invitation is worth something for so long.
pub const INVITATION_KEPT: jiff::SignedDuration = jiff::SignedDuration::from_hours(72);

/// 32 random bytes, in hexadecimal.
pub struct Token(String);

impl Token {
    /// One that nobody else has.
    #[must_use]
    pub fn fresh() -> Self {
        let mut bytes = [0_u8; 32];
        rand::rng().fill_bytes(&mut bytes);
        Self(hex::encode(bytes))
    }

    /// What somebody gave; none when it has not the form of one.
    #[must_use]
    pub fn given(text: &str) -> Option<Self> {
        let fits = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        fits.then(|| Self(text.to_owned()))
    }

    /// As the browser gets it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// As the database keeps it.
    #[must_use]
    pub fn hash(&self) -> String {
        hex::encode(Sha256::digest(self.0.as_bytes()))
    }
}

/// A name as it is typed at the door: small letters, no accents, one space between words.
#[must_use]
pub fn handle_of(name: &str) -> String {
    let folded = plain(name).replace('ñ', "n");
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_same_however_it_is_typed() {
        for typed in ["Carmen Núñez", "  carmen   nuñez", "CARMEN NUNEZ"] {
            assert_eq!(handle_of(typed), "carmen nunez", "{typed}");
        }
    }

    #[test]
    fn a_token_is_new_each_time_and_only_its_form_is_taken() {
        assert_ne!(Token::fresh().text(), Token::fresh().text());
        assert!(Token::given(Token::fresh().text()).is_some());
        assert!(Token::given("abc").is_none() && Token::given(&"z".repeat(64)).is_none());
    }
}
