//! The draft: what will be said, put together from the pack's sentences.
//!
//! Owns the choice of wording (the next one not used in this conversation) and the joining of sentences with the
//! question at the end. May not decide what to say.

use std::collections::BTreeMap;

use crate::memory::Pending;
use crate::outcome::{Asset, Choice, Reply};
use crate::symbol::Symbol;

use super::scene::Scene;

/// A reply in the making.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Draft {
    /// Reply id and its filled text, in order.
    pub said: Vec<(Symbol, String)>,
    pub question: Option<Asked>,
    pub asset: Option<Asset>,
    /// What follows once it is said what nobody knows.
    pub later: Vec<(Symbol, String)>,
}

/// A question as it will stand at the end.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    pub question: Symbol,
    pub text: String,
    pub options: Vec<Choice>,
}

impl Draft {
    /// Adds a sentence of the pack; the same reply is not said twice in one turn.
    pub fn say(&mut self, scene: &Scene<'_>, id: &str, values: &[(&str, &str)]) {
        let Some(id) = Symbol::known(id) else { return };
        let text = wording(scene, id, values);
        if !text.is_empty() && !self.said.iter().any(|(known, old)| *known == id && *old == text) {
            self.said.push((id, text));
        }
    }

    /// Adds a text under an id of its own.
    pub fn say_text(&mut self, id: Symbol, text: String) {
        if !text.is_empty() && !self.said.iter().any(|(_, old)| *old == text) {
            self.said.push((id, text));
        }
    }

    /// Keeps a sentence for after the admission of what nobody knows.
    pub fn later(&mut self, scene: &Scene<'_>, id: &str, values: &[(&str, &str)]) {
        let id = Symbol::new(id);
        self.later.push((id, wording(scene, id, values)));
    }

    /// Says what was kept for later.
    pub fn flush_later(&mut self) {
        for (id, text) in std::mem::take(&mut self.later) {
            self.say_text(id, text);
        }
    }

    /// Whether a reply is part of it.
    #[must_use]
    pub fn says(&self, id: &str) -> bool {
        self.said.iter().any(|(known, _)| known.as_str() == id)
    }

    /// Puts a question of the pack at the end.
    pub fn ask(&mut self, scene: &Scene<'_>, id: &str, values: &[(&str, &str)]) {
        let Some((id, question)) = Symbol::known(id).and_then(|id| Some((id, scene.pack.questions.get(&id)?))) else {
            return;
        };
        let used = scene.memory.said.get(&said_key(id)).copied().unwrap_or(0) as usize;
        let text = question
            .ask
            .get(used % question.ask.len().max(1))
            .map_or_else(String::new, |t| t.fill(&scene.pack.facts, values));
        let options = question.options.iter().map(crate::pack::QuestionOption::choice).collect();
        self.question = Some(Asked { question: id, text, options });
    }

    /// Asks to choose among given options.
    pub fn ask_among(&mut self, scene: &Scene<'_>, id: &str, options: Vec<Choice>) {
        self.ask(scene, id, &[]);
        if let Some(asked) = &mut self.question {
            asked.options = options;
        }
    }

    /// The reply as the customer will read it.
    #[must_use]
    pub fn reply(&self) -> Reply {
        let body = self.said.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join(" ");
        let (question, options) =
            self.question.as_ref().map_or(("", Vec::new()), |q| (q.text.as_str(), q.options.clone()));
        let text = [body.as_str(), question].iter().filter(|p| !p.is_empty()).copied().collect::<Vec<_>>().join("\n");
        // A product that the staff added may have no picture.
        let asset = self.asset.clone().filter(|asset| !asset.image_id.is_empty());
        Reply { text, options, asset, question: self.question.as_ref().map(|asked| asked.question) }
    }

    /// Notes what was said and asked, so that no wording comes twice and the answer is understood. A question that
    /// expects nothing in particular is not held open.
    pub fn remember(&self, scene: &Scene<'_>, said: &mut BTreeMap<String, u32>) -> Option<Pending> {
        for (id, _) in &self.said {
            *said.entry(id.to_string()).or_default() += 1;
        }
        let asked = self.question.as_ref()?;
        *said.entry(said_key(asked.question)).or_default() += 1;
        let slot = scene.pack.questions.get(&asked.question).and_then(|q| q.slot.as_ref());
        let expects = slot.is_some() || !asked.options.is_empty();
        expects.then(|| Pending { question: asked.question, options: asked.options.clone() })
    }

    /// The ids of what is said, for the decision path.
    #[must_use]
    pub fn step(&self) -> String {
        let ids =
            self.said.iter().map(|(id, _)| id.as_str()).chain(self.question.as_ref().map(|q| q.question.as_str()));
        format!("reply:{}", ids.collect::<Vec<_>>().join("+"))
    }
}

fn said_key(question: Symbol) -> String {
    format!("?{question}")
}

// The wording that this conversation has used least, the pack's order deciding among equals.
fn wording(scene: &Scene<'_>, id: Symbol, values: &[(&str, &str)]) -> String {
    let Some(texts) = scene.pack.replies.get(&id) else {
        return String::new();
    };
    let used = scene.memory.said.get(id.as_str()).copied().unwrap_or(0) as usize;
    // A fact of the catalog may have nothing to say today; a wording that needs it is passed over.
    let texts: Vec<_> = texts.iter().filter(|text| !text.lacks(&scene.pack.facts)).collect();
    texts.get(used % texts.len().max(1)).map_or_else(String::new, |t| t.fill(&scene.pack.facts, values))
}

/// A sentence of the pack by itself.
#[must_use]
pub fn text_of(scene: &Scene<'_>, id: &str, values: &[(&str, &str)]) -> String {
    Symbol::known(id).map_or_else(String::new, |id| wording(scene, id, values))
}
