//! What becomes of a model's answer: words that pass every check, or the rules' own.
//!
//! Owns the judgement. A model's words replace the sentences of a draft and nothing else: the question at the end, the
//! picture, the memory, the mode and the desk are those of the rules. May not ask again.

use serde::Deserialize;
use serde_json::Value;

use crate::ask::{Heard, Hearing};
use crate::lexicon::fold::plain;
use crate::prompt;

use super::draft::Draft;
use super::guards::{self, Checked};
use super::scene::{Scene, Verdict};
use super::{asking, grounding, style};

#[derive(Deserialize)]
struct Offered {
    sentences: Vec<Claimed>,
    confidence: f64,
}

// A sentence with the ids of the facts that it rests on.
#[derive(Deserialize)]
struct Claimed {
    text: String,
    facts: Vec<String>,
}

#[derive(Deserialize)]
struct Called {
    class: String,
    confidence: f64,
}

/// The turn's reply after a question to a model. The draft that comes back is the rules': it is what is remembered.
#[must_use]
pub fn reply(scene: &mut Scene<'_>, draft: Draft, heard: &Heard) -> ((Checked, Draft), Hearing) {
    match heard {
        Heard::NotAsked(why) | Heard::Refused(why) => {
            scene.path.push(format!("openai:no:{why}"));
            (guards::check(scene, draft), Hearing::default())
        }
        Heard::Failed(why) => {
            scene.path.push(format!("openai:failed:{why}"));
            (guards::check(scene, draft), Hearing { used: false, error: Some((*why).to_owned()) })
        }
        Heard::Answer(answer) => match judged(scene, &draft, answer) {
            Ok(checked) => {
                scene.path.push("openai:ok".to_owned());
                ((checked, draft), Hearing { used: true, error: None })
            }
            Err(claim) => {
                let error = format!("rejected:{claim}");
                scene.path.push(format!("openai:{error}"));
                (guards::check(scene, draft), Hearing { used: false, error: Some(error) })
            }
        },
    }
}

/// What a doubtful message is taken for, with the step of the path. Whoever is not surely personal is answered.
#[must_use]
pub fn class(scene: &Scene<'_>, heard: &Heard) -> (Verdict, String, Hearing) {
    let answer = match heard {
        Heard::NotAsked(why) => return (Verdict::AsRules, format!("openai:no:{why}"), Hearing::default()),
        Heard::Refused(why) => return (Verdict::Business, format!("openai:no:{why}"), Hearing::default()),
        Heard::Failed(why) => {
            let hearing = Hearing { used: false, error: Some((*why).to_owned()) };
            return (Verdict::Business, format!("openai:failed:{why}"), hearing);
        }
        Heard::Answer(answer) => answer,
    };
    let least = scene.pack.llm.as_ref().map_or(1.0, |llm| llm.words.least_confidence);
    let verdict = match Called::deserialize(answer) {
        Ok(called) if called.confidence < least => Err("rejected:unsure"),
        Ok(called) if called.class == "personal" => Ok(Verdict::Personal),
        Ok(called) if called.class == "business" => Ok(Verdict::Business),
        Ok(_) | Err(_) => Err("rejected:shape"),
    };
    match verdict {
        Ok(verdict) => {
            let named = if verdict == Verdict::Personal { "personal" } else { "business" };
            (verdict, format!("openai:class:{named}"), Hearing { used: true, error: None })
        }
        Err(why) => {
            let hearing = Hearing { used: false, error: Some(why.to_owned()) };
            (Verdict::Business, format!("openai:{why}"), hearing)
        }
    }
}

// The reply in the model's words, or the claim for which they are not used.
fn judged(scene: &Scene<'_>, draft: &Draft, answer: &Value) -> Result<Checked, String> {
    let llm = scene.pack.llm.as_ref().ok_or_else(|| "no_pack".to_owned())?;
    let offered = Offered::deserialize(answer).map_err(|_| "shape".to_owned())?;
    if offered.confidence < llm.words.least_confidence {
        return Err("unsure".to_owned());
    }
    let mut sentences = offered.sentences;
    if let Some(last) = sentences.last_mut() {
        last.text = style::without_closing_question(&last.text);
    }
    sentences.retain(|sentence| !sentence.text.trim().is_empty());
    let text = sentences.iter().map(|sentence| sentence.text.trim()).collect::<Vec<_>>().join(" ");
    style::check(llm, &text)?;
    let told = prompt::facts(scene);
    style::gives_away(llm, told.keys(), &text)?;
    let asked = prompt::words(scene);
    for sentence in &sentences {
        let cited = sentence.facts.iter().map(|id| Some((id.as_str(), told.get(id)?.as_str())));
        let facts: Vec<(&str, &str)> = cited.collect::<Option<_>>().ok_or_else(|| "unknown_fact".to_owned())?;
        let sentence = grounding::Sentence { text: &sentence.text, facts: &facts, asked: &asked };
        grounding::check(scene.pack, &llm.words, &sentence)?;
    }
    let words = match greeting(draft) {
        // Whoever writes for the first time is greeted, by the pack's words or by the model's.
        Some(greeting) if !plain(&text).trim_start_matches('¡').starts_with("hola") => format!("{greeting} {text}"),
        Some(_) | None => text,
    };
    match guards::check_free(scene, &words, draft.clone()).0 {
        checked if checked.failed().is_none() => Ok(checked),
        checked => Err(checked.failed().unwrap_or_default().to_owned()),
    }
}

fn greeting(draft: &Draft) -> Option<&str> {
    let (_, text) = draft.said.first().filter(|(id, _)| asking::GREETINGS.contains(&id.as_str()))?;
    Some(text)
}
