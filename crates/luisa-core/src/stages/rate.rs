//! Rate limiting: how many messages of one contact are worked on per minute.
//!
//! Owns the limit. A message over it is kept and traced, and the customer is told once: silence would look like a
//! fault of ours.

use super::scene::Scene;

/// Whether a message is within the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rate {
    Ok,
    Over,
}

/// The rate of the turn's next message.
#[must_use]
pub fn limit(scene: &Scene<'_>) -> Rate {
    let before = scene.turn.recent_inbound as usize + scene.views.len();
    if before < scene.turn.policy.rate_per_minute as usize { Rate::Ok } else { Rate::Over }
}
