//! From letters to meaning, one layer at a time: folding, tokens, phrases, typos.
//!
//! Owns everything that knows Spanish spelling as people type it, and nothing that knows the store: phrases and
//! abbreviations come from the pack. May not classify.

pub mod fold;
pub mod hash;
pub mod tokens;
pub mod dictation;
pub mod near;
pub mod matcher;
pub mod nouns;
pub mod constructions;
