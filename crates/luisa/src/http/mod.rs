//! LUISA over HTTP: the webhook, the API, the figures for operators.
//!
//! Owns routes, limits and the shape of answers. May not decide, and may not send to WhatsApp.

// In reading order: `router` lists every route.
pub mod server;
pub mod router;
pub mod webhook;
pub mod chat;
pub mod records;
pub mod catalog;
pub mod ops;
pub mod checks;
pub mod metrics;
pub mod demo;
pub mod console;
pub mod auth;
pub mod bodies;
pub mod host;
pub mod address;
pub mod pace;
pub mod error;
