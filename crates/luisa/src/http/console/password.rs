//! Passwords: argon2id with 19 MiB and two passes, at most two at once, so that a flood of logins cannot take the memory.

use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

/// Shortest password, in characters.
pub(super) const SHORTEST: usize = 10;
/// Longest, in bytes: nobody types more.
pub(super) const LONGEST: usize = 200;
const AT_ONCE: usize = 2;
/// The hash of a password that nobody has: an unknown name takes as long as a wrong password.
const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bHVpc2EtbHVpc2EtbHVpc2E$Yjd0mS6mLbZl9xJ0mYB0c2Jkq0mS6mLbZl9xJ0mYB0c";

/// The places in which a password is hashed.
pub(super) struct Passwords(Semaphore);

impl Default for Passwords {
    fn default() -> Self {
        Self(Semaphore::new(AT_ONCE))
    }
}

impl Passwords {
    /// The hash to keep.
    ///
    /// # Errors
    /// When the machine has no memory or no randomness left.
    pub(super) async fn hash(&self, password: String) -> anyhow::Result<String> {
        let _place = self.0.acquire().await?;
        let hashing = tokio::task::spawn_blocking(move || {
            argon2().hash_password(password.as_bytes()).map(|hash| hash.to_string())
        });
        hashing.await?.map_err(|error| anyhow::anyhow!("the password could not be hashed: {error}"))
    }

    /// Whether the password is the one of this hash; with none, no, after as long.
    pub(super) async fn fits(&self, password: String, hash: Option<String>) -> bool {
        let Ok(_place) = self.0.acquire().await else { return false };
        let checking = tokio::task::spawn_blocking(move || {
            let known = hash.is_some();
            let hash = hash.unwrap_or_else(|| NOBODYS.to_owned());
            let parsed = PasswordHash::new(&hash);
            known & parsed.is_ok_and(|hash| argon2().verify_password(password.as_bytes(), &hash).is_ok())
        });
        checking.await.unwrap_or(false)
    }
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(19 * 1024, 2, 1, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_fits_its_own_hash_only_and_no_hash_fits_nothing() {
        let passwords = Passwords::default();
        let hash = passwords.hash("hilo y dedal".to_owned()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(passwords.fits("hilo y dedal".to_owned(), Some(hash.clone())).await);
        assert!(!passwords.fits("hilo y aguja".to_owned(), Some(hash)).await);
        assert!(!passwords.fits("hilo y dedal".to_owned(), None).await);
        assert!(PasswordHash::new(NOBODYS).is_ok(), "an unknown name is checked, too");
    }
}
