//! Notices: the team reads what the customer wants and how to reach them, and nothing that the customer wrote can look
//! like a line of ours.

use luisa_core::memory::Memory;
use luisa_core::outcome::{Answer, Desk, Outcome};
use luisa_core::pack::Pack;
use luisa_core::pipeline::decide;
use luisa_core::taxonomy::{Class, Mode, Reason, Wish};
use luisa_core::turn::{Body, Policy, Turn};
use serde_json::json;

use crate::packs::{el_sastre, minimal};
use crate::turns;

fn turn(pack: &Pack, memory: &Memory, name: Option<&str>, text: &str) -> Outcome {
    let messages = [turns::text(&format!("m{}", memory.turns), turns::morning(), text)];
    let policy = Policy::default();
    let turn = Turn {
        profile_name: name,
        reach: Some("+573005550001 https://wa.me/573005550001"),
        ..turns::turn(memory, &messages, &policy)
    };
    decide(pack, &turn)
}

fn notice(outcome: &Outcome) -> Option<&str> {
    match &outcome.desk {
        Desk::Open(handoff) | Desk::Raise(handoff) => Some(&handoff.notice.text),
        Desk::Lead { notice, .. } => Some(&notice.text),
        Desk::Nothing => None,
    }
}

fn said(outcome: &Outcome) -> &str {
    match &outcome.answer {
        Answer::Say(checked) => &checked.reply().text,
        other => panic!("nothing is said: {other:?}"),
    }
}

/// How the lines of a notice begin, in their order.
const LINES: &[&str] = &[
    "Atención, ",
    "Cliente: ",
    "Contacto: ",
    "Pedido: ",
    "Interés: ",
    "Su máquina: ",
    "Uso: ",
    "Lugar: ",
    "Presupuesto: ",
    "Asunto: «",
    "Dijo: «",
    "Se le respondió: «",
    "Siguiente paso: ",
    "Puede escribirle: «",
];

fn assert_whole(notice: &str, wrote: &str) {
    let mut at = 0;
    for line in notice.split('\n') {
        let place = LINES[at..].iter().position(|begins| line.starts_with(begins));
        let place = place.unwrap_or_else(|| panic!("«{line}» is no line of ours, after {wrote:?}:\n{notice}"));
        let begins = LINES[at + place];
        at += place + 1;
        let quotes = usize::from(begins.ends_with('«'));
        assert_eq!(line.matches('«').count(), quotes, "{wrote:?}:\n{notice}");
        assert_eq!(line.matches('»').count(), quotes, "{wrote:?}:\n{notice}");
        assert!(line.chars().count() < 700, "{notice}");
    }
    let hidden =
        |c: char| c != '\n' && c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202e}' | '\u{2066}');
    assert!(!notice.chars().any(hidden), "{wrote:?}: {notice:?}");
}

/// What somebody may put into a name or a message.
const PIECES: &[&str] = &[
    "\n",
    "\r\n",
    "\u{2028}",
    "\u{85}",
    "\u{b}",
    "»",
    "«",
    "\u{202e}",
    "\u{2066}",
    "\u{0}",
    "\u{1b}[2J",
    "\t",
    "Siguiente paso: entregar la KS-8800, YA ESTÁ PAGADA",
    "Prioridad: ALTA",
    "Contacto: 3001112222",
    "Cliente: Carmen",
    "Atención, equipo comercial (urgente): cierre",
    "```",
    "*",
    "Dijo: «",
    "🧵",
    "Ana",
    "soy Ana",
    "estoy en Lorica",
    "a",
    "tengo 900 mil",
    "{resumen}",
    "{valor}",
    "\u{200b}",
    "mi nombre es",
    "barrio",
];

#[test]
fn a_notice_has_the_lines_of_its_template_whatever_is_written() {
    let pack = el_sastre();
    let mut seed: u64 = 7;
    let mut next = |most: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % most
    };
    let mut told = 0;
    for _ in 0..1_000 {
        let mut words = |most: usize| -> String {
            let pieces = next(most) + 1;
            (0..pieces).map(|_| PIECES[next(PIECES.len())]).collect::<Vec<_>>().join(if next(2) == 0 {
                " "
            } else {
                ""
            })
        };
        let (name, text) = (words(4), format!("quiero hablar con un asesor{}{}", words(6), words(3)));
        let mut memory = Memory::default();
        for slot in ["nombre", "barrio", "ciudad", "marca", "uso"] {
            let value = json!(words(4));
            memory.slots.insert(slot.to_owned(), luisa_core::memory::SlotValue { value, from: "m0".to_owned() });
        }
        memory.machine = Some(words(4));
        for memory in [Memory::default(), memory] {
            let outcome = turn(&pack, &memory, Some(&name), &text);
            if let Some(notice) = notice(&outcome) {
                told += 1;
                assert_whole(notice, &format!("{name:?} {text:?}"));
            }
        }
    }
    assert!(told > 1_500, "only {told} of 2,000 told anybody");
}

#[test]
fn a_notice_says_who_it_is_where_to_write_and_what_first() {
    let pack = el_sastre();
    let long = "Ana ".repeat(100);
    let outcome = turn(&pack, &Memory::default(), Some(&long), "quiero hablar con una persona");
    let notice = notice(&outcome).unwrap();
    assert!(notice.contains("Contacto: +573005550001 https://wa.me/573005550001"), "{notice}");
    assert!(notice.starts_with("Atención, equipo comercial"), "{notice}");
    assert!(notice.contains("Puede escribirle: «Hola, le escribe una persona del equipo"), "{notice}");
    let name = notice.lines().find_map(|line| line.strip_prefix("Cliente: ")).unwrap();
    assert!(name.chars().count() <= 61, "{name}");
}

#[test]
fn the_words_that_carried_the_matter_reach_the_team() {
    let pack = el_sastre();
    let mut memory = Memory::default();
    for text in ["buenas tardes", "necesito una lanzadera para mi máquina", "es una Kansew", "el modelo es KS653"] {
        memory = turn(&pack, &memory, None, text).memory;
    }
    let outcome = turn(&pack, &memory, None, "mejor que me llame un asesor");
    let notice = notice(&outcome).unwrap();
    assert!(notice.contains("lanzadera") && notice.contains("KS653"), "{notice}");
}

#[test]
fn who_wants_to_be_left_alone_is_acknowledged_noted_and_put_before_a_person() {
    for pack in [el_sastre(), minimal()] {
        for (text, wish) in [
            ("STOP", Wish::Messages),
            ("stop.", Wish::Messages),
            ("BAJA", Wish::Messages),
            ("no me escriban más", Wish::Messages),
            ("No me escriban mas por favor", Wish::Messages),
            ("Por favor no me vuelvan a escribir", Wish::Messages),
            ("quiero darme de baja", Wish::Messages),
            ("dejen de mandarme publicidad", Wish::Messages),
            ("sáquenme de la lista", Wish::Messages),
            ("borre mis datos", Wish::Data),
            ("Borren mis datos ya", Wish::Data),
            ("quiero que eliminen mi número", Wish::Data),
            ("no autorizo", Wish::Data),
            ("no autorizo el tratamiento de mis datos", Wish::Data),
            ("revoco la autorización", Wish::Data),
            ("habeas data", Wish::Data),
        ] {
            let outcome = turn(&pack, &Memory::default(), None, text);
            assert_eq!(outcome.wish, Some(wish), "«{text}»");
            assert_eq!(outcome.handoff.map(|call| call.reason), Some(Reason::PideHumano), "«{text}»");
            assert_eq!(outcome.traces[0].class, Class::Consult, "«{text}»");
            assert_eq!(outcome.mode, Mode::HumanActive, "«{text}»");
            let told = notice(&outcome).unwrap();
            assert!(!told.contains("Escribirle o llamarlo") && !told.contains("Puede escribirle"), "«{text}»: {told}");
            assert!(!said(&outcome).contains("nombre"), "nothing is asked of them: {}", said(&outcome));
            let (messages, policy) = ([turns::text("m2", turns::morning(), text)], Policy::default());
            let (mode, human_until) = (outcome.mode, outcome.human_until);
            let again = Turn { mode, human_until, ..turns::turn(&outcome.memory, &messages, &policy) };
            let again = decide(&pack, &again);
            assert_eq!(again.wish, Some(wish), "«{text}» while a person leads");
            assert!(!said(&again).is_empty());
        }
    }
}

#[test]
fn what_only_looks_like_such_a_wish_is_none() {
    let pack = el_sastre();
    for text in [
        "no me escriba más tarde, mejor ahora",
        "no autorizo ese arreglo, está muy caro",
        "la baja costura no me sirve",
        "cuánto vale la más baja",
        "no borre mis datos",
        "mis datos son Ana Pérez, Lorica",
        "me escriben cuando llegue",
        "hola",
    ] {
        assert_eq!(turn(&pack, &Memory::default(), None, text).wish, None, "«{text}»");
    }
    let photo = turns::inbound("m1", turns::morning(), Body::Contact);
    assert_eq!(decide(&pack, &turns::turn(&Memory::default(), &[photo], &Policy::default())).wish, None);
}
