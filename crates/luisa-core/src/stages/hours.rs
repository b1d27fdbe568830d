//! Service hours: what arrives while LUISA is closed is queued, and the customer is told once until when.
//!
//! Owns the decision to wait. A chat that a person leads, and one already under way, go on; and nobody waits so long that
//! WhatsApp would not let them be answered any more.

use jiff::{SignedDuration, Timestamp};

use crate::outcome::Answer;
use crate::schedule::{Service, spoken_when};
use crate::taxonomy::Mode;

use super::draft::Draft;
use super::guards;
use super::scene::Scene;

/// When and what the customer must wait for, if they must.
#[must_use]
pub fn defer(scene: &Scene<'_>) -> Option<Answer> {
    let hours = &scene.turn.policy.hours;
    let opening = match hours.at(scene.turn.now) {
        Service::Open => return None,
        Service::NoNewOnes(_) if under_way(scene) => return None,
        Service::NoNewOnes(opening) | Service::Closed(opening) => opening,
    };
    if scene.mode == Mode::HumanActive {
        return None;
    }
    // Over a long weekend the opening comes too late: then they are answered while free words may still be sent.
    let last_chance = last_chance(scene);
    if scene.turn.now >= last_chance {
        return None;
    }
    let until = opening.timestamp().min(last_chance);
    let told = scene.memory.told_closed_until.is_some_and(|t| t >= opening.timestamp());
    let local = scene.turn.now.to_zoned(hours.zone.clone());
    let notice = (!told).then(|| {
        let mut draft = Draft::default();
        draft.say(scene, "cerrado", &[("apertura", &spoken_when(&local, &opening))]);
        guards::check(scene, draft).0
    });
    Some(Answer::Later { until, notice })
}

/// When service opens for this chat; none while it is open.
#[must_use]
pub fn opening(scene: &Scene<'_>) -> Option<Timestamp> {
    match scene.turn.policy.hours.at(scene.turn.now) {
        Service::Open => None,
        Service::NoNewOnes(opening) | Service::Closed(opening) => Some(opening.timestamp()),
    }
}

/// A little less than the 24 hours that WhatsApp allows for an answer.
const WINDOW: SignedDuration = SignedDuration::from_mins(23 * 60 + 30);

// Counted from the customer's last message, which opens the window anew.
fn last_chance(scene: &Scene<'_>) -> Timestamp {
    let last = scene.turn.messages.iter().map(|m| m.at).max().unwrap_or(scene.turn.now);
    last.checked_add(WINDOW).unwrap_or(Timestamp::MAX)
}

// Answered today already: the conversation may be finished.
fn under_way(scene: &Scene<'_>) -> bool {
    let zone = &scene.turn.policy.hours.zone;
    let today = scene.turn.now.to_zoned(zone.clone()).date();
    scene.memory.last_turn_at.is_some_and(|at| at.to_zoned(zone.clone()).date() == today)
}
