//! LUISA as the world meets her: the built binary, over HTTP, with a fake Meta.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are not #[test] functions to clippy")]

mod world;
mod hush;
mod analysis;
mod backup;
mod browser;
mod console;
mod chat_api;
mod cli;
mod catalog_edits;
mod replay;
mod shopkeeping;
mod conversations;
mod crash;
mod data_api;
mod defence;
mod demo_page;
mod media;
mod metrics;
mod model;
mod month;
mod documents;
mod go_no_go;
mod eval_replies;
mod outage;
mod people;
mod privacy;
mod reception;
mod sending;
mod settings;
mod simulate;
mod spans;
mod start_and_stop;
mod voice;
