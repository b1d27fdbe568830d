//! Say: every ask of a turn gets its answer, in the order of asking.
//!
//! Owns the ledger: what was asked, what was said of it, what stays open. No ask leaves without an entry.

use crate::outcome::{Asked, Query};
use crate::stages::draft::Draft;
use crate::stages::scene::Scene;
use crate::taxonomy::Team;

use super::source::{Answered, Open, answer};

/// What became of the asks of a turn.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    pub entries: Vec<Asked>,
    pub queries: Vec<Query>,
    /// A person is asked for what the customer wants to know: nothing is sold beside that.
    pub open: bool,
}

impl Ledger {
    /// Whether anything was asked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// Most answers in one reply; what is beyond is still entered as open.
const MOST: usize = 5;

/// Answers every ask of the turn's messages in the draft.
pub fn all(scene: &mut Scene<'_>, draft: &mut Draft) -> Ledger {
    let mut ledger = Ledger::default();
    let mut open: Vec<Open> = Vec::new();
    reproach(scene, draft);
    for at in 0..scene.views.len() {
        let view = &scene.views[at];
        if view.limited || view.fragment {
            continue;
        }
        for ask in view.asks.clone().into_iter().take(MOST) {
            let answered = answer(scene, at, &ask, draft);
            let topic = ask.topic.and_then(|n| scene.pack.topics.topics.get(n)).map(|t| t.id.to_string());
            let state = match answered {
                Answered::Known => "known",
                Answered::WhichOne => "which",
                Answered::Partly(question) => {
                    open.push(question);
                    "partly"
                }
                Answered::Unknown(question) => {
                    open.push(question);
                    "unknown"
                }
                Answered::Missed(question) => {
                    open.push(question);
                    "missed"
                }
            };
            ledger.entries.push(Asked { topic: topic.unwrap_or_else(|| "?".to_owned()), state });
        }
    }
    if let Some(last) = ledger.entries.iter().rev().find(|entry| entry.topic != "?") {
        scene.memory.topic = Some(last.topic.clone());
    }
    ledger.open = !open.is_empty();
    admit(scene, &open, draft);
    draft.flush_later();
    ledger.queries = open.into_iter().map(|question| question.query).collect();
    ledger
}

// `no le pregunté el horario`: first a word of regret.
fn reproach(scene: &Scene<'_>, draft: &mut Draft) {
    let asked = scene.views.iter().any(|view| !view.asks.is_empty());
    if asked && scene.says("reproche") && scene.memory.turns > 0 {
        draft.say(scene, "disculpa_repite", &[]);
    }
}

// One sentence for all that nobody knows: `el peso y las medidas de la Union UN300 no los tengo confirmados`.
fn admit(scene: &Scene<'_>, open: &[Open], draft: &mut Draft) {
    let Some(first) = open.first() else { return };
    let mut names: Vec<String> = Vec::new();
    for (n, question) in open.iter().enumerate() {
        let shared = open.get(n + 1).is_some_and(|next| next.of == question.of);
        let name = match &question.of {
            Some(of) if !shared => format!("{} de {of}", question.name),
            Some(_) | None => question.name.clone(),
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let list = crate::listing::listed(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let (pronoun, confirmed) = agreement(&names, first);
    let team = scene.pack.about.teams.get(&team_of(open)).cloned().unwrap_or_default();
    let id = if scene.in_shadow() { "no_confirmado_sombra" } else { "no_confirmado" };
    let values =
        [("que", capital(&list)), ("lo", pronoun.to_owned()), ("confirmado", confirmed.to_owned()), ("equipo", team)];
    let values: Vec<(&str, &str)> = values.iter().map(|(gap, value)| (*gap, value.as_str())).collect();
    draft.say(scene, id, &values);
}

fn team_of(open: &[Open]) -> Team {
    let technical = open.iter().all(|question| question.query.team == Team::Tecnica);
    if technical { Team::Tecnica } else { Team::Comercial }
}

// `el peso` → lo, `la potencia` → la, `las medidas` → las; more than one → los; a clause → lo.
fn agreement(names: &[String], first: &Open) -> (&'static str, &'static str) {
    let noun = |name: &String| ["el ", "la ", "los ", "las "].iter().any(|article| name.starts_with(article));
    if names.len() > 1 {
        return if names.iter().all(noun) { ("los", "confirmados") } else { ("lo", "confirmado") };
    }
    match first.name.split(' ').next() {
        Some("la") => ("la", "confirmada"),
        Some("las") => ("las", "confirmadas"),
        Some("los") => ("los", "confirmados"),
        _ => ("lo", "confirmado"),
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
