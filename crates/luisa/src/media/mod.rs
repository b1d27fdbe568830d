//! Files that customers send: fetched at once, checked, kept, and looked into before their message is decided.
//!
//! Owns the way of a file from Meta to the folder and to its message. Nothing of a personal chat is fetched. May not decide
//! what is answered.

pub mod sniff;
pub mod shelf;
pub mod fetch;
pub mod recording;
pub mod judgement;
pub mod ear;
pub mod worker;
