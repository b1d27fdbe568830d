//! The crate as its callers see it: the client against a server that misbehaves on command, and the table of prices.

#![expect(clippy::unwrap_used, reason = "helpers of tests are not #[test] functions to clippy")]

mod world;
mod answers;
mod faults;
mod retries;
mod dialects;
mod secrets;
mod prices;
