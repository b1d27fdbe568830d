//! What one message says, taken by itself: class, intent, slots, need for a person.
//!
//! Owns the reading of a single message. Rules of the pack decide what they are sure of, the statistical model the
//! rest; a pack without a model is read by its rules alone. May not know the conversation: that is `stages::context`.

pub mod reading;
pub mod features;
pub mod model;
pub mod train;
pub mod rules;
pub mod slots;
pub mod noise;
pub mod calibration;
pub mod quality;
pub mod noisy;

pub use reading::{Reading, read};
