//! What the console keeps: its users, and what they do with chats, handoffs and the shop.
//!
//! May not know HTTP, a password or a page.

pub(crate) mod audit;
pub(crate) mod users;
pub(crate) mod sessions;
pub(crate) mod lists;
pub(crate) mod chat;
pub(crate) mod desk;
pub(crate) mod changes;
pub(crate) mod handoffs;
pub(crate) mod shop;
pub(crate) mod ladder;
pub(crate) mod today;
pub(crate) mod corrections;
