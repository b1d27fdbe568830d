//! Every kind of webhook Meta documents, and its parsed form as a snapshot. Ids and numbers are invented.

use luisa_whatsapp::webhook::{Body, Event, State, parse};
use std::path::{Path, PathBuf};

pub(crate) fn all() -> Vec<(String, Vec<u8>)> {
    let folder: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut found: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), std::fs::read(&path).unwrap()))
        .collect();
    found.sort();
    found
}

pub(crate) fn events(name: &str) -> Vec<Event> {
    let (_, raw) = all().into_iter().find(|(known, _)| known == name).expect(name);
    parse(&raw).unwrap()
}

#[test]
fn every_fixture_parses_to_its_snapshot() {
    for (name, raw) in all() {
        insta::assert_yaml_snapshot!(name.as_str(), parse(&raw).unwrap());
    }
}

#[test]
fn events_survive_being_stored_and_read_back() {
    for (name, raw) in all() {
        let events = parse(&raw).unwrap();
        let stored = serde_json::to_string(&events).unwrap();
        assert_eq!(serde_json::from_str::<Vec<Event>>(&stored).unwrap(), events, "{name}");
    }
}

#[test]
fn unicode_escaped_as_meta_does_reads_the_same() {
    for (name, raw) in all() {
        let text = String::from_utf8(raw.clone()).unwrap();
        let mut escaped = String::new();
        for unit in text.encode_utf16() {
            match u8::try_from(unit) {
                Ok(ascii) if ascii.is_ascii() => escaped.push(char::from(ascii)),
                _ => escaped.push_str(&format!("\\u{unit:04x}")),
            }
        }
        assert_eq!(parse(escaped.as_bytes()).unwrap(), parse(&raw).unwrap(), "{name}");
    }
}

#[test]
fn a_message_is_matched_to_its_contact_by_id_whatever_the_order() {
    let names: Vec<Option<String>> = events("contacts_in_another_order")
        .into_iter()
        .map(|event| match event {
            Event::Message { contact, .. } => contact.and_then(|contact| contact.name),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(names, [Some("Ana Pérez".to_owned()), Some("Beatriz".to_owned()), None, None]);
}

#[test]
fn a_person_without_a_phone_has_a_user_id_and_a_username() {
    let [Event::Message { contact: Some(contact), message, .. }] = &events("person_without_phone")[..] else {
        panic!()
    };
    assert_eq!(message.from.wa_id, None);
    assert_eq!(message.from.user_id.as_deref(), Some("CO.5047385771169864"));
    assert_eq!(message.from.parent_user_id.as_deref(), Some("CO.ENT.506847293015555"));
    assert_eq!(contact.username.as_deref(), Some("camilo.cose"));
}

#[test]
fn only_the_business_app_echoes_a_person_and_the_past_is_never_a_message() {
    assert!(events("echo_of_staff").iter().all(|event| matches!(event, Event::Echo(_))));
    assert!(events("echo_of_another_app").iter().all(|event| matches!(event, Event::AppEcho(_))));
    assert!(events("history").iter().all(|event| matches!(event, Event::History(_))));
    assert!(!events("other_fields").iter().any(|event| matches!(event, Event::Message { .. } | Event::Echo(_))));
}

#[test]
fn an_emptied_reaction_is_one_taken_back() {
    let emojis: Vec<Option<String>> = events("reaction")
        .into_iter()
        .map(|event| match event {
            Event::Message { message, .. } => match message.body {
                Body::Reaction { emoji, .. } => emoji,
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(emojis, [Some("👍".to_owned()), None, None]);
}

#[test]
fn in_whatever_order_statuses_come_the_best_known_state_is_kept() {
    let final_state = |order: &[State]| order.iter().max_by_key(|state| state.rank()).unwrap().clone();
    assert_eq!(final_state(&[State::Read, State::Sent, State::Delivered]), State::Read);
    assert_eq!(final_state(&[State::Failed, State::Sent]), State::Failed);
    assert_eq!(final_state(&[State::Failed, State::Delivered]), State::Delivered);
    assert_eq!(final_state(&[State::Sent, State::Other("warning".into())]), State::Sent);
    assert_eq!(final_state(&[State::Read, State::Played]), State::Played);
}
