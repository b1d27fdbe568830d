//! The pipeline: a turn comes in, an outcome goes out, through the stages in the order of the product's contract.
//!
//! Owns the order and nothing else. May not do I/O, read a clock or draw chance; what a stage does is in its own file.
//! Where a language model could do better, it says so as data, and goes on with what was heard.

use crate::ask::{Ask, Heard, Hearing, Prompt, Said, Step};
use crate::outcome::Outcome;
use crate::pack::Pack;
use crate::prompt;
use crate::stages::draft::Draft;
use crate::stages::guards::Checked;
use crate::stages::scene::{Scene, Verdict};
use crate::stages::{asking, classify, context, faq, guards, handoff, hearing, hours, press, rate, reply, shadow};
use crate::turn::Turn;

/// Decides one turn by rules alone.
#[must_use]
pub fn decide(pack: &Pack, turn: &Turn<'_>) -> Outcome {
    match begin(pack, turn) {
        Step::Done(outcome) => *outcome,
        Step::Ask(_, paused) => resume(*paused, &Heard::NotAsked("rules_alone")).0,
    }
}

/// Decides one turn, or says what a model would be asked first.
#[must_use]
pub fn begin<'a>(pack: &'a Pack, turn: &'a Turn<'a>) -> Step<'a> {
    run(pack, turn, None)
}

/// A turn that waits for an answer; it goes on without one just as well.
pub struct Paused<'a> {
    scene: Scene<'a>,
    at: At,
}

// Where the turn waits.
enum At {
    Class,
    Reply(Draft),
}

/// Goes on with what was heard. A model's words can be said; they change nothing else.
#[must_use]
pub fn resume(paused: Paused<'_>, heard: &Heard) -> (Outcome, Hearing) {
    let Paused { mut scene, at } = paused;
    match at {
        At::Reply(draft) => {
            let (checked, hearing) = hearing::reply(&mut scene, draft, heard);
            (finish(scene, checked), hearing)
        }
        At::Class => {
            let (verdict, step, hearing) = hearing::class(&scene, heard);
            match run(scene.pack, scene.turn, Some((verdict, step))) {
                Step::Done(outcome) => (*outcome, hearing),
                // Nothing is asked twice in a turn; if it were, the rules' answer would go out.
                Step::Ask(_, paused) => (resume(*paused, &Heard::NotAsked("asked_before")).0, hearing),
            }
        }
    }
}

impl Paused<'_> {
    /// The question in words. `earlier`: the chat's last messages, oldest first.
    #[must_use]
    pub fn prompt(&self, ask: Ask, earlier: &[Said], limit: usize) -> Option<Prompt> {
        let draft = match &self.at {
            At::Reply(draft) => draft.said.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join(" "),
            At::Class => String::new(),
        };
        prompt::write(&self.scene, ask.purpose, &draft, earlier, limit)
    }
}

fn run<'a>(pack: &'a Pack, turn: &'a Turn<'a>, settled: Option<(Verdict, String)>) -> Step<'a> {
    let mut scene = Scene::open(pack, turn);
    scene.verdict = settled.as_ref().map(|(verdict, _)| *verdict);
    if let Some(later) = hours::defer(&scene) {
        return done(scene.closed(later));
    }
    for message in turn.messages {
        let rate = rate::limit(&scene);
        let press = press::read(&mut scene, message);
        let class = classify::classify(&scene, message, rate, press);
        let cached = faq::check(&scene, &class);
        let intent = classify::intent(&scene, class, cached);
        let context = context::extract(&mut scene, intent);
        let view = handoff::detect(&scene, context);
        scene.views.push(view);
    }
    if let Some(ask) = asking::about_class(&scene) {
        return Step::Ask(ask, Box::new(Paused { scene, at: At::Class }));
    }
    scene.path.extend(settled.map(|(_, step)| step));
    let draft = reply::compose(&mut scene);
    match asking::about_reply(&scene, &draft) {
        Some(Ok(ask)) => return Step::Ask(ask, Box::new(Paused { scene, at: At::Reply(draft) })),
        Some(Err(why)) => scene.path.push(format!("openai:no:{}", why.id())),
        None => {}
    }
    let checked = guards::check(&scene, draft);
    done(finish(scene, checked))
}

fn finish(mut scene: Scene<'_>, checked: (Checked, Draft)) -> Outcome {
    let answer = shadow::check(&mut scene, checked);
    scene.close(answer)
}

fn done<'a>(outcome: Outcome) -> Step<'a> {
    Step::Done(Box::new(outcome))
}
