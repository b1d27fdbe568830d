//! Presses: which option a message presses, and the question that it answers.
//!
//! Owns two rules. A press is an option of the store or, failing that, the words on the button. And it belongs to the
//! question under which it was shown: one that was asked earlier is taken up again, and a bare yes or no is never an
//! answer to another question.

use crate::memory::Pending;
use crate::options::{Press, same_words};
use crate::turn::{Body, Inbound};

use super::scene::Scene;

/// The option that a message presses; nothing when it is to be read as text.
pub fn read(scene: &mut Scene<'_>, inbound: &Inbound) -> Option<Press> {
    let Body::Choice { id, title } = &inbound.body else { return None };
    let shown = inbound.quoted.as_ref();
    let asked = shown.and_then(|quoted| quoted.asked.as_ref());
    if let Some(earlier) = asked.filter(|asked| !is_open(scene, asked)) {
        scene.memory.pending = Some(earlier.clone());
    }
    let press = Press::of(scene.pack, id, title);
    let bare = matches!(press, Some(Press::Yes | Press::No)) || press.is_none() && matches!(id.as_str(), "yes" | "no");
    if !bare {
        return press;
    }
    let offers = |pending: &Pending| {
        pending.options.iter().any(|option| option.id == *id && (title.is_empty() || same_words(&option.title, title)))
    };
    if scene.memory.pending.as_ref().is_some_and(offers) {
        return press;
    }
    // It was shown under a message that nobody remembers: whatever it says no to is not what was asked last.
    if shown.is_some() && asked.is_none() {
        scene.memory.pending = None;
    }
    None
}

fn is_open(scene: &Scene<'_>, asked: &Pending) -> bool {
    scene.memory.pending.as_ref().is_some_and(|open| open.question == asked.question)
}
