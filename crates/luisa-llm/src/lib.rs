//! Asks a language model over any server that speaks Chat Completions, with a bound on time, money and trust.
//!
//! Owns the wire format, the dialects, the prices and the gate. Knows no shop, prompt or store, and may not decide what
//! an answer is good for: whoever asks checks what it says.

pub mod call;
pub mod speech;
pub mod gate;
pub mod money;
pub mod price;
pub mod dialect;
pub mod openai;
mod shape;

pub use call::{Basis, Completion, Content, Failed, Failure, Finish, Message, Request, Role, Schema, Spent, Usage};
pub use dialect::Dialect;
pub use gate::{Gate, GateDecision, GateInput, GateState, Limits, Notice, Permit, Reason};
pub use money::NanoUsd;
pub use openai::{Client, Config, ConfigError, ModelInfo};
pub use price::{Model, Prices, PricesError, Speech};
pub use secrecy::SecretString;
pub use speech::{Recording, Segment, SpeechDialect, Transcript};
