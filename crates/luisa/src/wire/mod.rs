//! The borders: the only place where Meta's words become ours, and ours Meta's.
//!
//! Pure mapping. May not store, send or decide.

pub mod from_whatsapp;
pub mod to_whatsapp;

#[cfg(test)]
mod from_whatsapp_tests;
#[cfg(test)]
mod to_whatsapp_tests;
