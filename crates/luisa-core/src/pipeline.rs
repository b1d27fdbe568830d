//! The pipeline: a turn comes in, an outcome goes out, through the stages in the order of the product's contract.
//!
//! Owns the order and nothing else. May not do I/O, read a clock or draw chance; what a stage does is in its own file.

use crate::outcome::{Answer, Outcome};
use crate::pack::Pack;
use crate::stages::scene::Scene;
use crate::stages::{classify, context, faq, guards, handoff, hours, rate, reply, shadow};
use crate::turn::Turn;

/// Decides one turn.
#[must_use]
pub fn decide(pack: &Pack, turn: &Turn<'_>) -> Outcome {
    let mut scene = Scene::open(pack, turn);
    if let Some(later) = hours::defer(&scene) {
        return scene.closed(later);
    }
    for message in turn.messages {
        let rate = rate::limit(&scene);
        let class = classify::classify(&scene, message, rate);
        let cached = faq::check(&scene, &class);
        let intent = classify::intent(&scene, class, cached);
        let context = context::extract(&mut scene, intent);
        let view = handoff::detect(&scene, context);
        scene.views.push(view);
    }
    let draft = reply::compose(&mut scene);
    let checked = guards::check(&scene, draft);
    let answer: Answer = shadow::check(&mut scene, checked);
    scene.close(answer)
}
