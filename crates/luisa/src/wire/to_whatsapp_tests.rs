//! The richest form that fits, and never fewer words for it.

use luisa_core::outcome::{Choice, Reply};
use luisa_whatsapp::{MediaSource, Outgoing, Recipient};

use super::to_whatsapp::{Addressee, Cover, Letter, reply, template};

fn said(text: &str, options: usize, picture: bool) -> Outgoing {
    let options = (0..options).map(|n| Choice { id: format!("o{n}"), title: format!("Opción {n}") }).collect();
    let reply_words = Reply { text: text.to_owned(), options, asset: None, question: None };
    let picture = picture.then(|| MediaSource::MediaId("900".to_owned()));
    let to = Addressee::Phone("573005550101".to_owned());
    let cover = Cover { to: &to, reply_to: None, opaque: "o1" };
    reply(&cover, &reply_words, "Ver opciones", picture).unwrap().message
}

#[test]
fn each_reply_is_one_message_of_the_richest_form() {
    assert!(matches!(said("Hola", 0, false), Outgoing::Text { .. }));
    assert!(matches!(said("Hola", 0, true), Outgoing::Image { caption: Some(_), .. }));
    assert!(
        matches!(said("Hola", 3, false), Outgoing::Buttons { header_image: None, buttons, .. } if buttons.len() == 3)
    );
    assert!(matches!(said("Hola", 2, true), Outgoing::Buttons { header_image: Some(_), .. }));
    let Outgoing::List { button, sections, .. } = said("Hola", 4, true) else { panic!("not a list") };
    assert_eq!((button.as_str(), sections[0].rows.len()), ("Ver opciones", 4));
}

#[test]
fn words_that_do_not_fit_beside_a_picture_or_buttons_go_alone_and_whole() {
    let long = "palabra ".repeat(200);
    for (options, picture) in [(0, true), (3, false), (5, false)] {
        let Outgoing::Text { body, .. } = said(long.trim_end(), options, picture) else { panic!("not a text") };
        assert_eq!(body, long.trim_end());
    }
}

#[test]
fn options_that_whatsapp_refuses_leave_the_words() {
    let twice = Choice { id: "o".to_owned(), title: "Sí".to_owned() };
    let words =
        Reply { text: "¿Seguimos?".to_owned(), options: vec![twice.clone(), twice], asset: None, question: None };
    let to = Addressee::User("CO.1047385771169864".to_owned());
    let cover = Cover { to: &to, reply_to: Some("wamid.1"), opaque: "o1" };
    let envelope = reply(&cover, &words, "Ver", None).unwrap();
    assert!(matches!(envelope.message, Outgoing::Text { .. }));
    assert_eq!(envelope.to, Recipient::User("CO.1047385771169864".to_owned()));
    assert_eq!((envelope.reply_to.as_deref(), envelope.opaque.as_deref()), (Some("wamid.1"), Some("o1")));
}

#[test]
fn a_template_names_its_language_or_is_spanish() {
    let to = Addressee::Phone("573005550101".to_owned());
    let cover = Cover { to: &to, reply_to: None, opaque: "o1" };
    for (name, expected) in [("aviso", ("aviso", "es")), ("aviso:es_CO", ("aviso", "es_CO"))] {
        let Outgoing::Template { name, language, body_params } = template(&cover, name, "Ana\nquiere").unwrap().message
        else {
            panic!("not a template")
        };
        assert_eq!((name.as_str(), language.as_str()), expected);
        assert_eq!(body_params, ["Ana quiere"]);
    }
}

#[test]
fn what_waits_in_the_outbox_is_read_back_as_it_was() {
    let letter = Letter::Reply {
        reply: Reply { text: "Hola".to_owned(), options: Vec::new(), asset: None, question: None },
        list_label: "Ver".to_owned(),
        mark_read: Some("wamid.1".to_owned()),
    };
    let text = serde_json::to_string(&letter).unwrap();
    assert_eq!(serde_json::from_str::<Letter>(&text).unwrap(), letter);
    let notice: Letter = serde_json::from_str(r#"{"letter":"notice","text":"Ana"}"#).unwrap();
    assert_eq!(notice, Letter::Notice { text: "Ana".to_owned() });
}
