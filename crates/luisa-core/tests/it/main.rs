//! The core as the shell uses it: real packs, whole conversations.
#![expect(clippy::unwrap_used, clippy::panic, reason = "in a test, an error is a failure")]

mod packs;
mod prices;
mod turns;
mod verdicts;
mod model;
mod any_bytes;
mod dialogue;
mod showcase;
mod closed;
mod facts;
mod adversary;
mod many_products;
mod slots;
mod heard;
mod presses;
mod carts;
mod notices;
mod second_store;
mod broken_packs;
