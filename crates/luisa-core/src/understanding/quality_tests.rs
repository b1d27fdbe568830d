//! The measures of quality on a handful of made-up readings. May not read the corpus.

use serde_json::json;

use super::*;

fn row(line: &str) -> Row {
    rows(line).expect("a row").remove(0)
}

fn got(class: Class, intent: &str, handoff: Option<(Team, Reason)>) -> Got {
    let call = |(team, reason)| HandoffCall { team, priority: Priority::Medium, reason };
    let personal = if class == Class::NonBusiness { 1.0 } else { 0.0 };
    let verdict = if class == Class::NonBusiness { Verdict::Personal } else { Verdict::Business };
    let intent = Intent::from_id(intent).expect("known");
    Got { class, intent, slots: BTreeMap::new(), handoff: handoff.map(call), verdict, personal }
}

#[test]
fn handoffs_are_read_in_every_form() {
    let of = |form: &str| {
        row(&format!(r#"{{"text":"x","class":"BUSINESS_CONSULT","intent":"precio","handoff":{form}}}"#)).handoff
    };
    assert_eq!(of("null"), None);
    assert_eq!(of("\"none\""), None);
    assert_eq!(of("\"cierre\""), Some(Wanted { reason: Some(Reason::Cierre), ..Wanted::default() }));
    assert_eq!(of("\"tecnica\""), Some(Wanted { team: Some(Team::Tecnica), ..Wanted::default() }));
    let whole = of(r#"{"team":"tecnica","priority":"medium","reason":"reparacion"}"#).expect("a handoff");
    assert_eq!(
        (whole.team, whole.reason, whole.priority),
        (Some(Team::Tecnica), Some(Reason::Reparacion), Some(Priority::Medium))
    );
    assert_eq!(of(r#"{"reason":"cierre"}"#).and_then(|w| w.reason), Some(Reason::Cierre));
}

#[test]
fn a_line_that_is_no_message_is_named() {
    let error = rows("\n{\"text\":1}\n").expect_err("faulty");
    assert!(error.starts_with("line 2"), "{error}");
}

#[test]
fn errors_are_counted_where_they_hurt() {
    let customer = row(
        r#"{"text":"a","class":"BUSINESS_CONSULT","intent":"reparacion","slots":{"marca":"Singer"},"handoff":{"team":"tecnica"}}"#,
    );
    let private = row(r#"{"text":"b","class":"NON_BUSINESS","intent":"ninguno","slots":{}}"#);
    let silenced = got(Class::NonBusiness, "ninguno", None);
    let mut answered = got(Class::Consult, "precio", Some((Team::Comercial, Reason::Cierre)));
    answered.slots.insert("ciudad".to_owned(), json!("Lorica"));
    let quality = Quality::of([(&customer, &silenced), (&private, &answered)]);
    assert_eq!((quality.silenced.hits, quality.personal_answered.hits, quality.class.hits), (1, 1, 0));
    assert_eq!((quality.handoff_team.hits, quality.false_handoffs.hits), (0, 1));
    assert_eq!((quality.slots.expected, quality.slots.got, quality.slots.right), (1, 1, 0));
    assert_eq!(faults(&customer, &silenced).len(), 5);
    assert_eq!((quality.verdicts.silenced.hits, quality.verdicts.fully_answered.hits), (1, 1));
}

#[test]
fn the_right_team_is_enough_and_accents_do_not_matter() {
    let customer = row(
        r#"{"text":"a","class":"BUSINESS_FAQ","intent":"envios","slots":{"ciudad":"Cereté"},"handoff":"comercial"}"#,
    );
    let mut reading = got(Class::Faq, "envios", Some((Team::Comercial, Reason::Logistica)));
    reading.slots.insert("ciudad".to_owned(), json!("Cerete"));
    let quality = Quality::of([(&customer, &reading)]);
    assert!(quality.figures().values().all(|f| (*f - 1.0).abs() < 1e-9), "{:?}", quality.figures());
    assert!(faults(&customer, &reading).is_empty());
}
