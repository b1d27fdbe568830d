//! LUISA around its core: settings, workers, HTTP and command line.
//!
//! Everything that acts is here; everything that decides is in `luisa-core`. A message's way: `http` takes it in,
//! `runtime` claims it, has it decided and sends the answer, `wire` puts WhatsApp's words into ours and back.

// In reading order.
pub mod cli;
pub mod settings;
pub mod shop;
pub mod packs;
pub mod catalog;
pub mod shop_edit;
pub mod replay;
pub mod cache;
pub mod figures;
pub mod runtime;
pub mod media;
pub mod wire;
pub mod http;
pub mod phone;
pub mod analysis;
pub mod spans;
pub mod simulation;
pub mod telemetry;
