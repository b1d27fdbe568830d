//! The store as its callers use it: real files, one test binary.
#![expect(clippy::unwrap_used, clippy::panic, reason = "in a test, an error is a failure")]

mod shop;

mod backup;
mod catalog;
mod changes;
mod console;
mod contacts;
mod crash;
mod inbox;
mod media;
mod migrations;
mod notices;
mod numbers;
mod opening;
mod outbox;
mod people;
mod privacy;
mod retention;
mod routing;
mod statuses;
mod turns;
mod unreadable;
mod unsure;
