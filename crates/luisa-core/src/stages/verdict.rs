//! The verdict: whether a message is surely the store's, surely personal, or neither, in the light of its chat.
//!
//! Owns what the chat adds to the words, and the one neutral line to whom nothing settles: once per chat and day,
//! without selling and without calling anybody. Then silence until they say more.

use jiff::ToSpan as _;

use crate::memory::Pending;
use crate::outcome::Choice;
use crate::symbol::Symbol;
use crate::taxonomy::{Channel, Class, Verdict};
use crate::turn::{Body, Inbound};
use crate::understanding::Reading;

use super::aside;
use super::draft::Draft;
use super::scene::{Scene, View};
use super::wish;

/// The line that asks whether it is for the store.
const LINE: &str = "linea_neutral";
/// The question that the line asks in other words: its answers are understood.
const ASKS: &str = "inicio";

/// What by itself is said to a store: a fault, a payment, a word that points at something seen.
const OF_A_STORE: &[&str] = &["falla", "ya_pague", "ref_esa", "ref_primera", "ref_segunda", "ref_ultima", "de_la_foto"];

/// What settles a message whose words do not, in plain words.
#[must_use]
pub fn settled_by(scene: &Scene<'_>, inbound: &Inbound, reading: &Reading) -> Option<(Verdict, &'static str)> {
    if wish::of(reading).is_some() {
        return Some((Verdict::Business, "they want to be left alone"));
    }
    if reading.class == Class::Empty {
        let private = scene.memory.settled == Some(Verdict::Personal) && scene.turn.channel == Channel::Whatsapp;
        return private.then_some((Verdict::Personal, "the chat was personal"));
    }
    if reading.verdict != Verdict::Unsure {
        return signal(scene, reading)
            .filter(|_| reading.verdict == Verdict::Personal && reading.personal_score < SURE);
    }
    if inbound.referral.is_some() {
        return Some((Verdict::Business, "they come from an ad"));
    }
    if inbound.quoted.as_ref().is_some_and(|quoted| quoted.image_id.is_some()) {
        return Some((Verdict::Business, "they quote a photo of ours"));
    }
    if let Some(found) = signal(scene, reading) {
        return Some(found);
    }
    match scene.memory.settled {
        Some(Verdict::Business) => Some((Verdict::Business, "the chat was the store's")),
        Some(Verdict::Personal) => Some((Verdict::Personal, "the chat was personal")),
        _ if aside::under_way(scene) => Some((Verdict::Business, "a sale is under way")),
        // The phone knows them, and the words lean to private life.
        _ if scene.turn.in_address_book && reading.class == Class::NonBusiness => {
            Some((Verdict::Personal, "a contact of the phone, and rather personal"))
        }
        _ => None,
    }
}

/// Words that are this surely personal are not the store's by an amount in them.
const SURE: f32 = 0.995;

// A product, an amount, a payment, a fault, a pointing word, and nothing of private life.
fn signal(scene: &Scene<'_>, reading: &Reading) -> Option<(Verdict, &'static str)> {
    let of_a_store = OF_A_STORE.iter().any(|concept| reading.says(concept));
    let stated = &reading.stated;
    let named = !stated.amounts.is_empty() || !stated.mentions.is_empty();
    let private = &scene.pack.lexicon.private;
    let aside = reading.hits.iter().any(|h| private.contains(&h.concept));
    ((of_a_store || named) && !aside)
        .then_some((Verdict::Business, "a product, an amount, a payment, a fault or a pointing word"))
}

/// Whether a message waits for a word that settles it, and so neither sells nor calls anybody.
#[must_use]
pub fn waits(scene: &Scene<'_>, verdict: Verdict) -> bool {
    verdict == Verdict::Unsure && scene.turn.channel == Channel::Whatsapp && !scene.in_shadow()
}

/// The verdict of the turn: one message that is surely the store's makes it the store's.
#[must_use]
pub fn of_turn(views: &[View<'_>]) -> Option<Verdict> {
    let said = || views.iter().filter(|v| !v.limited && !matches!(v.inbound.body, Body::Reaction { .. }));
    [Verdict::Business, Verdict::Unsure, Verdict::Personal].into_iter().find(|v| said().any(|view| view.verdict == *v))
}

/// The neutral line, unless it was said within the day.
pub fn neutral_line(scene: &Scene<'_>, draft: &mut Draft) {
    let lately = scene
        .memory
        .neutral_at
        .is_some_and(|at| scene.turn.now < at.checked_add(24.hours()).unwrap_or(jiff::Timestamp::MAX));
    if !lately {
        draft.say(scene, LINE, &[]);
    }
}

/// What the neutral line leaves open: its answer may be a single word.
#[must_use]
pub fn question(scene: &Scene<'_>, draft: &Draft) -> Option<Pending> {
    let question = Symbol::new(ASKS);
    let options: Vec<Choice> = scene.pack.questions.get(&question)?.options.iter().map(|o| o.choice()).collect();
    draft.says(LINE).then_some(Pending { question, options })
}
