//! Carts, forms, calls: what comes without being written is answered, and the team gets what was in it.

use luisa_core::memory::Memory;
use luisa_core::outcome::{Answer, Desk, Outcome};
use luisa_core::pack::Pack;
use luisa_core::pipeline::decide;
use luisa_core::taxonomy::{Class, Intent, Mode, Reason};
use luisa_core::turn::{Body, Call, Inbound, OrderLine, Policy, Turn};

use crate::packs::{el_sastre, minimal};
use crate::turns;

fn line(item: &str, quantity: u32) -> OrderLine {
    OrderLine { item: item.to_owned(), quantity }
}

fn sent(pack: &Pack, memory: &Memory, body: Body) -> Outcome {
    decide(pack, &turns::turn(memory, &[turns::inbound("m1", turns::morning(), body)], &Policy::default()))
}

fn text(outcome: &Outcome) -> &str {
    match &outcome.answer {
        Answer::Say(checked) => &checked.reply().text,
        other => panic!("nothing is said: {other:?}"),
    }
}

fn notice(outcome: &Outcome) -> &str {
    match &outcome.desk {
        Desk::Open(handoff) | Desk::Raise(handoff) => &handoff.notice.text,
        Desk::Lead { notice, .. } => &notice.text,
        Desk::Nothing => panic!("nobody is told"),
    }
}

#[test]
fn an_order_reaches_customer_and_team_with_quantities_and_our_prices() {
    let pack = el_sastre();
    let order = Body::Order { items: vec![line("I008", 2), line("I004", 1)], text: Some("es para Lorica".to_owned()) };
    let outcome = sent(&pack, &Memory::default(), order);
    let (first, second) = (pack.catalog.item("I008").unwrap(), pack.catalog.item("I004").unwrap());
    let mut wanted = vec![format!("2 × {} ({})", first.name, first.price_cop.unwrap())];
    wanted.push(match second.price_cop {
        Some(price) => format!("1 × {} ({price})", second.name),
        None => format!("1 × {}", second.name),
    });
    assert!(
        !outcome.traces[0].path.iter().any(|step| step.starts_with("guards_replaced")),
        "{:?}",
        outcome.traces[0].path
    );
    for each in &wanted {
        assert!(text(&outcome).contains(each), "{}", text(&outcome));
        assert!(notice(&outcome).contains(each), "{}", notice(&outcome));
    }
    assert_eq!(outcome.handoff.map(|call| call.reason), Some(Reason::Cierre));
    assert_eq!(outcome.traces[0].intent, Intent::Comprar);
}

#[test]
fn what_of_an_order_is_not_ours_is_said_and_told() {
    let pack = el_sastre();
    let order = |items: Vec<OrderLine>| Body::Order { items, text: None };
    for items in [vec![line("X999", 3)], vec![line("I008", 1), line("X999", 3)], vec![]] {
        let outcome = sent(&pack, &Memory::default(), order(items.clone()));
        assert!(!text(&outcome).is_empty());
        assert_eq!(outcome.handoff.map(|call| call.reason), Some(Reason::Cierre), "{items:?}");
        let strange = items.iter().any(|line| line.item == "X999");
        assert_eq!(text(&outcome).contains("no reconozco"), strange, "{}", text(&outcome));
        assert!(!text(&outcome).contains("X999") && !notice(&outcome).contains("X999"), "{}", notice(&outcome));
    }
}

#[test]
fn an_order_sent_while_a_person_leads_is_sent_on() {
    let pack = el_sastre();
    let opened = sent(&pack, &Memory::default(), Body::Text { text: "quiero comprar la kt-d3".to_owned() });
    assert_eq!(opened.mode, Mode::HumanActive);
    let order = Body::Order { items: vec![line("I008", 3)], text: None };
    let messages: Vec<Inbound> = vec![turns::inbound("m2", turns::morning(), order)];
    let policy = Policy::default();
    let turn = Turn {
        mode: Mode::HumanActive,
        human_until: opened.human_until,
        ..turns::turn(&opened.memory, &messages, &policy)
    };
    let outcome = decide(&pack, &turn);
    assert!(notice(&outcome).contains("3 × "), "{}", notice(&outcome));
    assert!(text(&outcome).contains("3 × "), "{}", text(&outcome));
}

#[test]
fn the_answers_of_a_form_are_read_or_go_to_a_person() {
    let pack = el_sastre();
    let form = |text: &str| sent(&pack, &Memory::default(), Body::Form { text: text.to_owned() });
    let filled = form("nombre: luz marina pérez\nciudad: Lorica\nmodelo: KT-D3\npresupuesto: 1.500.000");
    let slot = |id: &str| filled.memory.slot(id).unwrap_or_default();
    assert_eq!(
        [slot("nombre"), slot("ciudad"), slot("modelo"), slot("presupuesto")],
        ["Luz Marina Pérez", "Lorica", "KT-D3", "1500000"]
    );
    let told = if filled.handoff.is_some() { notice(&filled) } else { text(&filled) };
    assert!(told.contains("KT-D3"), "{told}");
    let use_only = form("uso: gorras\ntipo de máquina: industrial");
    assert_eq!(use_only.memory.slot("uso").as_deref(), Some("gorras"));
    assert!(matches!(use_only.traces[0].intent, Intent::Buscar(_)), "{}", use_only.traces[0].intent);
    let strange = form("talla: 38\ncolor: azul");
    assert_eq!(strange.handoff.map(|call| call.reason), Some(Reason::PideHumano));
    assert!(notice(&strange).contains("talla: 38"), "{}", notice(&strange));
    assert_eq!(strange.traces[0].class, Class::Consult);
}

#[test]
fn a_call_or_an_opened_chat_gets_its_own_line() {
    for pack in [el_sastre(), minimal()] {
        let mut told = std::collections::BTreeSet::new();
        for body in [
            Body::Call { call: Call::Missed },
            Body::Call { call: Call::Allowed },
            Body::Call { call: Call::Refused },
            Body::Welcome,
            Body::Unsupported,
        ] {
            let outcome = sent(&pack, &Memory::default(), body.clone());
            assert!(text(&outcome).trim_end().ends_with('?'), "{body:?}: {}", text(&outcome));
            assert!(told.insert(text(&outcome).to_owned()), "{body:?}: {}", text(&outcome));
        }
    }
}

#[test]
fn a_cart_stored_in_the_older_form_is_still_read() {
    let old = serde_json::json!({ "kind": "order", "items": ["I008"], "text": null });
    let body: Body = serde_json::from_value(old).unwrap();
    assert_eq!(body, Body::Order { items: vec![line("I008", 1)], text: None });
}
