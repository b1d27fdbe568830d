//! Servers that stand for Meta and OpenAI, and the traffic that comes from Meta: for tests, `luisa simulate` and the
//! benchmark.
//!
//! Owns the outside world as its documentation describes it, misbehaviour included. May not depend on `luisa-whatsapp`
//! or `luisa-core`: a fake that shares their types would confirm their mistakes.

pub mod meta;
pub mod payload;
pub mod webhook;
pub mod customer;
pub mod mutate;
pub mod openai;
mod ledger;
mod server;
mod http_client;

pub use customer::Customer;
pub use ledger::TimedOut;
pub use meta::{AutoStatuses, Behaviour, Endpoint, FakeMeta, Fate, Refusal, graph_error};
pub use mutate::{Mutation, mutate};
pub use openai::{Answer, ApiError, FakeOpenAi};
pub use payload::{Person, Wamids};
pub use webhook::{NotDelivered, StatusCode, Webhook};
