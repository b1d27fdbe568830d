//! Files in a turn: which stay closed, and what is said of those that were opened.
//!
//! Owns what a reply says besides its matters: that a file could not be had, and, where a price, an order or a person
//! hangs on spoken words, what was understood. May not open a file.

use crate::memory::Memory;
use crate::outcome::Outcome;
use crate::taxonomy::{Class, Intent};
use crate::turn::{Body, Content, Inbound};

use super::draft::Draft;
use super::scene::Scene;

/// The reply that says spoken words back.
pub const UNDERSTOOD: &str = "entendi";
/// Characters of them at most.
const LONGEST: usize = 160;

/// Whether the files of these messages stay closed: nothing of a personal chat is fetched, heard or looked at. A person of
/// the phone's address book with whom the store never had to do is personal until their words say otherwise.
#[must_use]
pub fn stay_closed(in_address_book: bool, memory: &Memory, messages: &[Inbound], decided: &Outcome) -> bool {
    let said_personal = decided.traces.iter().any(|trace| trace.class == Class::NonBusiness);
    let said_business = messages.iter().zip(&decided.traces).any(|(message, trace)| {
        let store = matches!(trace.class, Class::Faq | Class::Consult);
        let pointed = message.quoted.is_some() || message.referral.is_some();
        store && (pointed || !message.body.text().is_empty())
    });
    let stranger = memory.turns == 0 && memory.handoff.is_none();
    said_personal && !said_business || in_address_book && stranger && !said_business
}

/// Says in a draft what is to be said of the turn's files.
pub fn note(scene: &Scene<'_>, draft: &mut Draft) {
    if scene.in_shadow() || draft.said.is_empty() {
        return;
    }
    let lost = scene.business().any(|v| matches!(v.inbound.body, Body::Media { content: Content::Lost, .. }));
    if lost {
        draft.say(scene, "archivo_no_abre", &[]);
    }
    let words = spoken(scene);
    if !words.is_empty() && hangs_on_it(scene, draft) {
        let mut back = Draft::default();
        back.say(scene, UNDERSTOOD, &[("dicho", &words)]);
        draft.said.splice(0..0, back.said);
    }
}

fn spoken(scene: &Scene<'_>) -> String {
    let words = scene.business().filter_map(|v| match &v.inbound.body {
        Body::Media { content: Content::Speech { text }, .. } => Some(text.trim().trim_end_matches('.')),
        _ => None,
    });
    let words = words.collect::<Vec<_>>().join(" ");
    if words.chars().count() <= LONGEST {
        return words;
    }
    let cut: String = words.chars().take(LONGEST).collect();
    format!("{}…", cut.rsplit_once(' ').map_or(cut.as_str(), |(whole, _)| whole))
}

fn hangs_on_it(scene: &Scene<'_>, draft: &Draft) -> bool {
    let money = |intent: &Intent| matches!(intent, Intent::Precio | Intent::Comprar | Intent::Cotizacion);
    let priced = draft.said.iter().any(|(id, _)| id.as_str().starts_with("precio"));
    scene.call().is_some() || priced || scene.matters().iter().any(money)
}
