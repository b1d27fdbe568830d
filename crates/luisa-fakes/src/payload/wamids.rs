//! Message ids that look like Meta's.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};

/// The same seed gives the same ids.
pub struct Wamids {
    random: StdRng,
}

impl Wamids {
    pub fn new(seed: u64) -> Self {
        Self { random: StdRng::seed_from_u64(seed) }
    }

    pub fn fresh(&mut self) -> String {
        let mut bytes = [0; 33];
        self.random.fill_bytes(&mut bytes);
        // A length that needs no padding, so that `/` and `+` are the only odd letters in it, as in real ids.
        format!("wamid.HBgM{}A=", STANDARD.encode(bytes))
    }
}
