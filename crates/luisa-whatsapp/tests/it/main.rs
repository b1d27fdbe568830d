//! The crate as its callers see it: parsed fixtures as snapshots, mutations of them, and the client against a server.

#![expect(clippy::unwrap_used, reason = "helpers of tests are not #[test] functions to clippy")]

mod fixtures;
mod mutations;
mod client;
