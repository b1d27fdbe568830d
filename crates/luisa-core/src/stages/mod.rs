//! The stages of a decision, in the order in which they run.
//!
//! Each takes what the ones before it found and returns a small value; `pipeline` lists them. May not do I/O.

pub mod scene;
pub mod rate;
pub mod press;
pub mod classify;
pub mod burst;
pub mod pending;
pub mod aside;
pub mod verdict;
pub mod lean;
pub mod quantity;
pub mod faq;
pub mod context;
pub mod reference;
pub mod handoff;
pub mod wish;
pub mod desk;
pub mod reply;
pub mod files;
pub mod products;
pub mod order;
pub mod traits;
pub mod steer;
pub mod recommend;
pub mod questions;
pub mod draft;
pub mod replies;
pub mod asking;
pub mod hearing;
pub mod style;
pub mod grounding;
pub mod hours;
pub mod guards;
pub mod shadow;
