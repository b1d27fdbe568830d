//! Whether a language model could serve better than the rules, with a reason for every yes and no.
//!
//! Owns that wish alone. Whether it is granted (budget, breaker, time) is the shell's gate to say. May not ask.

use crate::ask::{Ask, Purpose, Why, WhyNot};
use crate::lexicon::fold::plain;
use crate::prompt;
use crate::taxonomy::{Class, Intent};
use crate::turn::Body;

use super::desk;
use super::draft::Draft;
use super::reply::fixed_fact;
use super::scene::{CacheUse, Scene, View};

/// Replies that say that nothing was understood.
const GENERAL: &[&str] = &["no_entendi", "anotado"];
/// Replies that answer nothing by themselves.
pub const GREETINGS: &[&str] = &["saludo", "saludo_corto", "saludo_de_vuelta"];
/// What has words of its own, which a model would only water down.
const OWN_WORDS: &[&str] = &["robot", "inyeccion", "offtopic", "otros_aparatos"];
/// Under this the intent is a guess.
const GUESS: f32 = 0.5;
/// Shorter messages say too little for a model to say more.
const FEW_WORDS: usize = 3;
/// A guess about fewer words is not worth a call: the question at the end finds out.
const GUESSED_WORDS: usize = 8;
/// Shorter words carry no matter of their own.
const CONTENT: usize = 4;
/// So many letters tell a word, whatever its ending.
const STEM: usize = 5;

/// Personal or business? Asked when a message is near a coin's toss and a model may say.
#[must_use]
pub fn about_class(scene: &Scene<'_>) -> Option<Ask> {
    let may = scene.turn.policy.model.doubts() && scene.pack.llm.is_some();
    let open = scene.verdict.is_none() && !scene.in_shadow();
    let doubtful = scene.views.iter().any(|view| view.doubtful && !view.limited && !view.inbound.stale);
    (may && open && doubtful).then(|| ask(scene, Purpose::Class, Why::DoubtfulClass))
}

/// Words for this turn? None when no model is in play at all.
#[must_use]
pub fn about_reply(scene: &Scene<'_>, draft: &Draft) -> Option<Result<Ask, WhyNot>> {
    let may = scene.turn.policy.model.replies() && scene.pack.llm.is_some();
    // One call per turn: a message that was asked about is answered by the rules.
    (may && scene.verdict.is_none()).then(|| match no_case(scene) {
        Some(why_not) => Err(why_not),
        None => need(scene, draft).map(|why| ask(scene, Purpose::Reply, why)),
    })
}

fn ask(scene: &Scene<'_>, purpose: Purpose, why: Why) -> Ask {
    Ask { purpose, why, input_chars: prompt::words(scene).chars().count() }
}

// What keeps a turn from a model, whatever the rules say to it.
fn no_case(scene: &Scene<'_>) -> Option<WhyNot> {
    let consult = || scene.business().filter(|view| view.class == Class::Consult);
    if scene.views.iter().any(|view| view.limited || view.inbound.stale) {
        return Some(WhyNot::LateOrFast);
    }
    if consult().next().is_none() {
        return Some(WhyNot::NotConsult);
    }
    if desk::handed_over(scene) || scene.call().is_some() {
        return Some(WhyNot::WithPerson);
    }
    if scene.views.iter().any(|view| view.cache == CacheUse::Hit) {
        return Some(WhyNot::Cached);
    }
    if consult().all(|view| view.answered.is_some()) {
        return Some(WhyNot::AnswersQuestion);
    }
    if !consult().any(|view| matches!(view.inbound.body, Body::Text { .. })) {
        return Some(WhyNot::NotText);
    }
    if OWN_WORDS.iter().any(|concept| scene.says(concept)) {
        return Some(WhyNot::SpeaksToAssistant);
    }
    None
}

// What the rules leave to be desired, if anything.
fn need(scene: &Scene<'_>, draft: &Draft) -> Result<Why, WhyNot> {
    // Something was asked that the ledger leaves open.
    if scene.ledger.entries.iter().any(|entry| matches!(entry.state, "missed" | "unknown" | "partly")) {
        return Ok(Why::DetailNotCovered);
    }
    let matters = scene.matters();
    let open: Vec<&View<'_>> =
        scene.business().filter(|view| view.class == Class::Consult && view.answered.is_none()).collect();
    let words = |view: &View<'_>| view.reading.normalized.words.len();
    let mut answers = draft.said.iter().map(|(id, _)| id.as_str()).filter(|id| !GREETINGS.contains(id)).peekable();
    let general = answers.peek().is_some() && answers.all(|id| GENERAL.contains(&id));
    if general && matters == [Intent::Otro] && open.iter().any(|view| words(view) >= FEW_WORDS) {
        return Ok(Why::NotUnderstood);
    }
    if matters.iter().all(|intent| fixed_fact(*intent)) {
        return Err(WhyNot::FixedFact);
    }
    if open.iter().any(|view| view.intent_score < GUESS && words(view) >= GUESSED_WORDS) {
        return Ok(Why::UnsureIntent);
    }
    let said = draft.said.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join(" ");
    if open.iter().any(|view| view.intent == Intent::Especificaciones && leaves_out(scene, view, &said)) {
        return Ok(Why::DetailNotCovered);
    }
    Err(WhyNot::RobustRule)
}

// Whether a message asks for something that neither the reply nor the pack's own words name.
fn leaves_out(scene: &Scene<'_>, view: &View<'_>, said: &str) -> bool {
    let Some(llm) = &scene.pack.llm else { return false };
    let reading = &view.reading;
    let said = plain(said);
    let known = |at: usize| {
        reading.hits.iter().any(|hit| (hit.start..hit.end).contains(&at))
            || reading.stated.mentions.iter().any(|mention| (mention.start..mention.end).contains(&at))
    };
    reading.normalized.words.iter().enumerate().any(|(at, word)| {
        let stem: String = word.text.chars().take(STEM).collect();
        let everyday = || llm.words.own_language.contains(&word.text);
        let number = word.text.len() > 1 && word.text.chars().all(|c| c.is_ascii_digit());
        (number || word.text.chars().count() >= CONTENT) && !known(at) && !said.contains(&stem) && !everyday()
    })
}
