//! Answers: what a message asks, where each answer is, and a reply that leaves no ask out.
//!
//! `heard` finds the asks, `source` answers each from clock, catalog or facts (or says that nobody knows), `calendar`
//! reads and speaks of days. May not do I/O, and may not answer from what stands nowhere in the pack.

pub mod heard;
pub mod calendar;
pub mod source;
pub mod products;
pub mod say;
