//! Hashes of spellings: FNV-1a, whose state after a part can be carried on.
//!
//! Owns the one hash of the lexicon and the model. It is fixed: the rows of a trained model are chosen with it.

use std::hash::Hasher;

/// The hash of what was spelt so far.
#[derive(Debug, Clone, Copy)]
pub struct Spelling(u64);

impl Default for Spelling {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Spelling {
    /// The start of a kind of spellings that shall not meet those of another kind.
    #[must_use]
    pub fn of_kind(kind: u8) -> Self {
        Self(Self::default().0 ^ u64::from(kind))
    }

    /// With more text at its end.
    #[must_use]
    pub fn and(self, text: &str) -> Self {
        text.bytes().fold(self, Self::and_byte)
    }

    /// With one more byte.
    #[must_use]
    pub fn and_byte(self, byte: u8) -> Self {
        Self((self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    }

    /// The hash, mixed so that its low bits can choose a row.
    #[must_use]
    pub fn finish(self) -> u64 {
        self.0 ^ (self.0 >> 29)
    }
}

/// For maps whose keys are hashes already.
#[derive(Debug, Default)]
pub struct Unhashed(u64);

impl Hasher for Unhashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(Spelling(self.0), |hash, byte| hash.and_byte(*byte)).finish();
    }

    fn write_u64(&mut self, hash: u64) {
        // The table looks at the highest bits too, which FNV leaves alike on short texts.
        self.0 = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}
