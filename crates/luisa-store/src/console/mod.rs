//! What the console keeps: its users, and what they do with chats, handoffs and the shop.
//!
//! May not know HTTP, a password or a page.

pub(crate) mod audit;
pub(crate) mod users;
pub(crate) mod sessions;
