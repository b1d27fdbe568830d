//! Who a message is for: what is sure is answered or left alone, and the rest is asked about once.

use luisa_core::memory::Memory;
use luisa_core::outcome::{Answer, Desk, Outcome, Silence};
use luisa_core::pack::{Pack, PersonalLines};
use luisa_core::pipeline::decide;
use luisa_core::taxonomy::{Channel, Mode, Verdict};
use luisa_core::turn::{Inbound, PersonalMode, Policy, Quoted, Turn};
use luisa_core::understanding::read;

use crate::packs::el_sastre;
use crate::turns::{morning, text, turn};

const LINE: &str = "¿Me escribe por una máquina, un repuesto o servicio técnico?";

/// The store with lines so far apart that words alone settle nothing.
fn doubting() -> Pack {
    let mut pack = el_sastre();
    pack.about.personal = PersonalLines { doubt_from: 1e-9, sure_from: 1.0 };
    pack
}

fn says(outcome: &Outcome) -> &str {
    match &outcome.answer {
        Answer::Say(checked) => &checked.reply().text,
        Answer::Silence(_) | Answer::Later { .. } => "",
    }
}

fn first(pack: &Pack, words: &str, change: impl FnOnce(&mut Turn<'_>)) -> Outcome {
    let (memory, policy) = (Memory::default(), Policy::default());
    let messages = [text("m1", morning(), words)];
    let mut turn = turn(&memory, &messages, &policy);
    change(&mut turn);
    decide(pack, &turn)
}

fn after(pack: &Pack, memory: &Memory, words: &str) -> Outcome {
    let policy = Policy::default();
    let messages = [text("m2", morning(), words)];
    decide(pack, &turn(memory, &messages, &policy))
}

#[test]
fn who_may_be_either_is_asked_once_and_nobody_is_called() {
    let pack = doubting();
    let outcome = first(&pack, "necesito hablar con la señora Carmen de lo del sábado", |_| {});
    assert_eq!(says(&outcome), format!("Hola, este es el chat de El Sastre. {LINE}"));
    assert!(matches!(outcome.desk, Desk::Nothing) && outcome.handoff.is_none(), "{:?}", outcome.desk);
    assert_eq!(outcome.mode, Mode::AiActive);
    assert_eq!(outcome.traces[0].verdict, Verdict::Unsure);
    assert!(outcome.forget.is_empty(), "somebody must be able to look at it");
    let again = after(&pack, &outcome.memory, "ella sabe de lo que le hablo");
    assert!(matches!(again.answer, Answer::Silence(Silence::Unsure)), "{:?}", again.answer);
}

#[test]
fn the_line_takes_the_place_of_the_courtesy_and_is_not_said_to_a_page() {
    let pack = doubting();
    let (memory, messages) = (Memory::default(), [text("m1", morning(), "vas a venir el domingo?")]);
    let policy = Policy { personal: PersonalMode::Polite, ..Policy::default() };
    let polite = decide(&pack, &turn(&memory, &messages, &policy));
    assert!(says(&polite).ends_with(LINE), "{}", says(&polite));
    let api = first(&pack, "vas a venir el domingo?", |turn| turn.channel = Channel::Api);
    assert!(!says(&api).is_empty() && !says(&api).contains(LINE), "{}", says(&api));
    assert_eq!(api.traces[0].verdict, Verdict::Unsure);
}

#[test]
fn the_answer_to_the_line_is_understood() {
    let pack = doubting();
    let asked = first(&pack, "necesito hablar con la señora Carmen de lo del sábado", |_| {});
    let answered = after(&pack, &asked.memory, "repuestos");
    assert_eq!(answered.traces[0].verdict, Verdict::Business);
    assert!(!says(&answered).is_empty() && !says(&answered).contains(LINE), "{}", says(&answered));
}

#[test]
fn what_is_seen_or_paid_or_broken_is_the_stores() {
    let pack = doubting();
    for words in ["tengo 500 mil.", "la del video", "esa misma", "se me dañó la máquina"] {
        assert_eq!(first(&pack, words, |_| {}).traces[0].verdict, Verdict::Business, "{words}");
    }
    let of_an_ad = |words: &str, change: fn(&mut Inbound)| {
        let (memory, policy) = (Memory::default(), Policy::default());
        let mut message = text("m1", morning(), words);
        change(&mut message);
        decide(&pack, &turn(&memory, &[message], &policy)).traces[0].verdict
    };
    assert_eq!(of_an_ad("y esto?", |m| m.referral = Some("Fileteadoras".to_owned())), Verdict::Business);
    let quotes = |m: &mut Inbound| {
        m.quoted =
            Some(Quoted { message_id: "o".to_owned(), image_id: Some("I001".to_owned()), text: None, asked: None });
    };
    assert_eq!(of_an_ad("y esto?", quotes), Verdict::Business);
}

#[test]
fn a_settled_chat_stays_what_it_was_until_the_words_are_sure_of_the_opposite() {
    let pack = doubting();
    let words = "y entonces cómo quedamos";
    let customer = Memory { settled: Some(Verdict::Business), ..Memory::default() };
    assert_eq!(after(&pack, &customer, words).traces[0].verdict, Verdict::Business);
    let friend = Memory { settled: Some(Verdict::Personal), ..Memory::default() };
    let quiet = after(&pack, &friend, words);
    assert!(matches!(quiet.answer, Answer::Silence(Silence::Personal)), "{:?}", quiet.answer);
    let laughs = after(&pack, &friend, "jajaja");
    assert!(matches!(laughs.answer, Answer::Silence(_)), "{:?}", laughs.answer);
    // The words of a customer are sure.
    let buys = after(&el_sastre(), &friend, "buenas, qué precio tiene la fileteadora industrial");
    assert_eq!(buys.traces[0].verdict, Verdict::Business);
    assert!(!says(&buys).is_empty());
}

#[test]
fn a_person_who_leads_is_not_talked_over() {
    let pack = doubting();
    let until = morning().checked_add(jiff::ToSpan::hours(2)).unwrap();
    let led = first(&pack, "necesito hablar con la señora Carmen de lo del sábado", |turn| {
        turn.mode = Mode::HumanActive;
        turn.human_until = Some(until);
    });
    assert!(!says(&led).contains(LINE), "{}", says(&led));
}

#[test]
fn the_titles_of_our_buttons_mean_what_the_buttons_mean() {
    let pack = el_sastre();
    for option in pack.questions.values().flat_map(|question| &question.options) {
        let Some(act) = option.id.strip_prefix("act:") else { continue };
        for title in [option.title.clone(), format!("hola, {}", option.title), format!("{} por favor", option.title)] {
            let reading = read(&pack, &title);
            assert_eq!(reading.verdict, Verdict::Business, "{title}");
            assert_eq!(reading.intent.id().as_str(), act, "{title}");
        }
    }
}
