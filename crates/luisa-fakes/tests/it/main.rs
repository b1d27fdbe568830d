//! Proves the fakes themselves, from outside, with an ordinary HTTP client.

#![expect(clippy::unwrap_used, reason = "clippy's exception for tests does not reach their own tools")]

mod world;
mod sends;
mod limits;
mod faults;
mod account;
mod statuses;
mod webhooks;
mod payloads;
mod mutations;
mod model;
