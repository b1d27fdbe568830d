//! Outside service hours: what is told, until when it waits, and what is said then.

use jiff::Timestamp;
use luisa_core::memory::Memory;
use luisa_core::outcome::{Answer, Outcome};
use luisa_core::pack::Pack;
use luisa_core::pipeline::decide;
use luisa_core::turn::{Inbound, Policy, ServiceHours, Turn};

use crate::packs::el_sastre;
use crate::turns;

fn local(text: &str) -> Timestamp {
    format!("{text}:00-05:00").parse().unwrap()
}

// The chat at `now`, with these messages pending: when, and what.
fn at(pack: &Pack, now: &str, memory: &Memory, pending: &[(&str, &str)]) -> Outcome {
    let messages: Vec<Inbound> =
        pending.iter().map(|(when, text)| turns::text(&format!("m-{when}"), local(when), text)).collect();
    let policy = Policy { hours: ServiceHours { enabled: true, ..ServiceHours::default() }, ..Policy::default() };
    decide(pack, &Turn { now: local(now), ..turns::turn(memory, &messages, &policy) })
}

fn later(outcome: &Outcome) -> (Timestamp, Option<String>) {
    match &outcome.answer {
        Answer::Later { until, notice } => (*until, notice.as_ref().map(|n| n.reply().text.clone())),
        other => panic!("it must wait, not {other:?}"),
    }
}

const ASKED: &str = "cuánto vale la kt-d3";

#[test]
fn at_night_the_real_opening_is_told_once_and_the_question_is_answered_then() {
    let pack = el_sastre();
    // A Monday that is a holiday.
    let first = at(&pack, "2026-11-16T22:00", &Memory::default(), &[("2026-11-16T22:00", ASKED)]);
    let (until, notice) = later(&first);
    assert_eq!(until, local("2026-11-17T08:00"));
    assert!(notice.unwrap().contains("mañana martes a las 8"));
    let both = [("2026-11-16T22:00", ASKED), ("2026-11-16T22:05", "hola?")];
    let (until, notice) = later(&at(&pack, "2026-11-16T22:05", &first.memory, &both));
    assert_eq!((until, notice), (local("2026-11-17T08:00"), None), "told once");
    let answer = at(&pack, "2026-11-17T08:00", &first.memory, &both).answer;
    let Answer::Say(checked) = answer else { panic!("it is answered at the opening, not {answer:?}") };
    assert!(checked.reply().text.contains("$1.230.000"), "{}", checked.reply().text);
}

#[test]
fn over_a_long_weekend_nobody_waits_beyond_the_day_in_which_they_may_be_answered() {
    let pack = el_sastre();
    let pending = [("2026-11-14T22:00", ASKED)];
    // Saturday night; Sunday and the Monday holiday are closed.
    let first = at(&pack, "2026-11-14T22:00", &Memory::default(), &pending);
    let (until, notice) = later(&first);
    assert_eq!(until, local("2026-11-15T21:30"));
    assert!(notice.unwrap().contains("martes"), "the opening that is told is the real one");
    let both = [pending[0], ("2026-11-15T10:00", "hola?")];
    let (until, notice) = later(&at(&pack, "2026-11-15T10:00", &first.memory, &both));
    assert_eq!((until, notice), (local("2026-11-16T09:30"), None), "told once in a closed period");
    let answer = at(&pack, "2026-11-15T21:30", &first.memory, &pending).answer;
    let Answer::Say(checked) = answer else { panic!("it is answered while it may be, not {answer:?}") };
    assert!(checked.reply().text.contains("$1.230.000"), "{}", checked.reply().text);
}
