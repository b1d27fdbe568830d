//! The WhatsApp Cloud API: what Meta posts to us, what we post to Meta, and what its errors mean.
//!
//! Owns the wire format and nothing else: no storage, no retries, no clock, no word of any shop. Callers map these
//! types to their own at one place.

pub mod webhook;
pub mod signature;
pub mod send;
pub mod client;
pub mod fate;
pub mod window;
pub mod limits;

pub use client::{
    Accepted, Client, Config, ConfigError, Listed, MediaError, MediaId, PhoneNumberInfo, SendError, Typing,
};
pub use fate::{Fate, StopReason};
pub use secrecy::SecretString;
pub use send::{Envelope, MediaSource, Outgoing, Recipient, ReplyButton, Row, Section, Unsendable};
pub use signature::BadSignature;
pub use webhook::{Body, ContactInfo, Event, Message, NotJson, Sender, Status};
