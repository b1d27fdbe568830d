//! The JSON Meta gets, and what the limits do to a message.

use super::*;
use crate::limits;

fn ana() -> Recipient {
    Recipient::Phone("573005550001".into())
}

fn wire(message: Outgoing) -> Value {
    Envelope::new(ana(), message).checked().unwrap().to_json()
}

fn button(id: &str, title: &str) -> ReplyButton {
    ReplyButton { id: id.into(), title: title.into() }
}

fn buttons(buttons: Vec<ReplyButton>) -> Outgoing {
    Outgoing::Buttons { header_image: None, body: "¿Cuál?".into(), footer: None, buttons }
}

fn row(id: &str) -> Row {
    Row { id: id.into(), title: format!("Fila {id}"), description: None }
}

fn list(sections: Vec<Section>) -> Outgoing {
    Outgoing::List { body: "Elija".into(), footer: None, button: "Ver".into(), sections }
}

fn rows(ids: std::ops::Range<usize>) -> Vec<Row> {
    ids.map(|id| row(&id.to_string())).collect()
}

#[test]
fn a_text_to_a_phone_quoting_a_message() {
    let envelope = Envelope {
        to: ana(),
        message: Outgoing::text("Hola"),
        reply_to: Some("wamid.A".into()),
        opaque: Some("out_1".into()),
    };
    let expected = json!({
        "messaging_product": "whatsapp", "recipient_type": "individual", "to": "573005550001", "type": "text",
        "text": { "body": "Hola", "preview_url": false }, "context": { "message_id": "wamid.A" },
        "biz_opaque_callback_data": "out_1",
    });
    assert_eq!(envelope.checked().unwrap().to_json(), expected);
}

#[test]
fn a_person_without_a_phone_is_a_recipient_and_never_a_to() {
    let envelope = Envelope::new(Recipient::User("CO.1047385771169864".into()), Outgoing::text("Hola"));
    let expected = json!({
        "messaging_product": "whatsapp", "recipient_type": "individual", "recipient": "CO.1047385771169864",
        "type": "text", "text": { "body": "Hola", "preview_url": false },
    });
    assert_eq!(envelope.checked().unwrap().to_json(), expected);

    let lost = Envelope::new(Recipient::Phone("CO.1047385771169864".into()), Outgoing::text("Hola"));
    assert_eq!(lost.checked(), Err(Unsendable::NotAPhone));
}

#[test]
fn an_image_by_link_or_by_id() {
    let by_link = wire(Outgoing::Image { source: MediaSource::Link("https://x.example/a.jpg".into()), caption: None });
    assert_eq!((&by_link["type"], &by_link["image"]), (&json!("image"), &json!({ "link": "https://x.example/a.jpg" })));
    let by_id = wire(Outgoing::Image { source: MediaSource::MediaId("9".into()), caption: Some("Plana".into()) });
    assert_eq!(by_id["image"], json!({ "id": "9", "caption": "Plana" }));
}

#[test]
fn buttons_under_a_photo() {
    let message = Outgoing::Buttons {
        header_image: Some(MediaSource::MediaId("9".into())),
        body: "¿Le sirve?".into(),
        footer: Some("El Sastre".into()),
        buttons: vec![button("yes", "Sí"), button("no", "No")],
    };
    let expected = json!({
        "type": "button", "header": { "type": "image", "image": { "id": "9" } }, "body": { "text": "¿Le sirve?" },
        "footer": { "text": "El Sastre" },
        "action": { "buttons": [
            { "type": "reply", "reply": { "id": "yes", "title": "Sí" } },
            { "type": "reply", "reply": { "id": "no", "title": "No" } },
        ] },
    });
    let json = wire(message);
    assert_eq!((&json["type"], &json["interactive"]), (&json!("interactive"), &expected));
}

#[test]
fn a_list_of_sections() {
    let described = Row { description: Some("Tres hilos".into()), ..row("2") };
    let sections = vec![
        Section { title: Some("Planas".into()), rows: vec![row("1")] },
        Section { title: Some("Fileteadoras".into()), rows: vec![described] },
        Section { title: None, rows: vec![] },
    ];
    let expected = json!({
        "type": "list", "body": { "text": "Elija" },
        "action": { "button": "Ver", "sections": [
            { "title": "Planas", "rows": [{ "id": "1", "title": "Fila 1" }] },
            { "title": "Fileteadoras", "rows": [{ "id": "2", "title": "Fila 2", "description": "Tres hilos" }] },
        ] },
    });
    assert_eq!(wire(list(sections))["interactive"], expected);
}

#[test]
fn a_place_and_a_template() {
    let place = Outgoing::Location { latitude: 8.75, longitude: -75.88, name: Some("Taller".into()), address: None };
    assert_eq!(wire(place)["location"], json!({ "latitude": 8.75, "longitude": -75.88, "name": "Taller" }));

    let template = |body_params| Outgoing::Template { name: "aviso".into(), language: "es_CO".into(), body_params };
    let expected = json!({
        "name": "aviso", "language": { "code": "es_CO" },
        "components": [{ "type": "body", "parameters": [{ "type": "text", "text": "Ana dijo: hola" }] }],
    });
    assert_eq!(wire(template(vec!["Ana dijo:\n\n\thola ".into()]))["template"], expected);
    assert_eq!(wire(template(vec![]))["template"], json!({ "name": "aviso", "language": { "code": "es_CO" } }));
}

#[test]
fn what_is_too_long_to_read_is_cut() {
    let long = "palabra ".repeat(900);
    let length = |value: &Value| value.as_str().unwrap().chars().count();
    assert!((4_000..=limits::TEXT).contains(&length(&wire(Outgoing::text(&long))["text"]["body"])));

    let image = Outgoing::Image { source: MediaSource::MediaId("9".into()), caption: Some(long.clone()) };
    assert!((1_000..=limits::CAPTION).contains(&length(&wire(image)["image"]["caption"])));

    let json = wire(Outgoing::Buttons {
        header_image: None,
        body: long.clone(),
        footer: Some(long.clone()),
        buttons: vec![button("a", "Máquina plana industrial")],
    });
    let interactive = &json["interactive"];
    assert!(length(&interactive["body"]["text"]) <= limits::INTERACTIVE_BODY);
    assert!(length(&interactive["footer"]["text"]) <= limits::FOOTER);
    assert_eq!(interactive["action"]["buttons"][0]["reply"]["title"], "Máquina plana…");

    let wordy = Row { id: "1".into(), title: long.clone(), description: Some(long.clone()) };
    let section = Section { title: Some(long.clone()), rows: vec![wordy] };
    let json = wire(Outgoing::List { body: long.clone(), footer: None, button: long.clone(), sections: vec![section] });
    let action = &json["interactive"]["action"];
    assert!(length(&action["button"]) <= limits::LIST_BUTTON);
    assert!(length(&action["sections"][0]["title"]) <= limits::SECTION_TITLE);
    assert!(length(&action["sections"][0]["rows"][0]["title"]) <= limits::ROW_TITLE);
    assert!(length(&action["sections"][0]["rows"][0]["description"]) <= limits::ROW_DESCRIPTION);
}

#[test]
fn what_is_at_the_limit_is_left_alone() {
    let exact = "ñ".repeat(limits::TEXT);
    assert_eq!(wire(Outgoing::text(&exact))["text"]["body"], exact);
}

#[test]
fn buttons_are_one_to_three_with_their_own_ids_and_titles() {
    let duplicate = |what, value: &str| Err(Unsendable::Duplicate { what, value: value.into() });
    let four = (0..4).map(|n| button(&n.to_string(), &n.to_string())).collect();
    assert_eq!(buttons(four).checked(), Err(Unsendable::TooMany { what: "buttons", count: 4, limit: 3 }));
    assert_eq!(buttons(vec![]).checked(), Err(Unsendable::Empty("buttons")));
    assert_eq!(buttons(vec![button("a", "Sí"), button("a", "No")]).checked(), duplicate("button id", "a"));
    // Two titles that are only told apart beyond the twentieth letter.
    let alike = vec![button("a", "Máquina plana industrial A"), button("b", "Máquina plana industrial B")];
    assert_eq!(buttons(alike).checked(), duplicate("button title", "Máquina plana…"));
    assert_eq!(buttons(vec![button("a", " ")]).checked(), Err(Unsendable::Empty("button title")));
    let long = "a".repeat(257);
    let too_long = Err(Unsendable::TooLong { what: "button id", length: 257, limit: 256 });
    assert_eq!(buttons(vec![button(&long, "Sí")]).checked(), too_long);
}

#[test]
fn lists_have_ten_rows_in_all_with_their_own_ids() {
    let section = |title: Option<&str>, rows| Section { title: title.map(str::to_owned), rows };
    let eleven = vec![section(Some("A"), rows(0..6)), section(Some("B"), rows(6..11))];
    assert_eq!(list(eleven).checked(), Err(Unsendable::TooMany { what: "rows", count: 11, limit: 10 }));
    assert_eq!(list(vec![section(None, vec![])]).checked(), Err(Unsendable::Empty("rows")));
    let twice = vec![section(Some("A"), rows(0..2)), section(Some("B"), rows(1..3))];
    assert_eq!(list(twice).checked(), Err(Unsendable::Duplicate { what: "row id", value: "1".into() }));
    let untitled = vec![section(Some("A"), rows(0..2)), section(None, rows(2..3))];
    assert_eq!(list(untitled).checked(), Err(Unsendable::UntitledSection));
    assert!(list(vec![section(None, rows(0..10))]).checked().is_ok());
}

#[test]
fn what_can_be_neither_cut_nor_sent_is_refused() {
    let send = |to: &str, opaque: &str| {
        let envelope = Envelope::new(Recipient::Phone(to.into()), Outgoing::text("Hola"));
        Envelope { opaque: Some(opaque.into()), ..envelope }.checked()
    };
    assert_eq!(send("", "x"), Err(Unsendable::Empty("recipient")));
    let too_long = Err(Unsendable::TooLong { what: "opaque data", length: 513, limit: 512 });
    assert_eq!(send("573005550001", &"x".repeat(513)), too_long);
    assert_eq!(Outgoing::text(" \n").checked(), Err(Unsendable::Empty("text")));
    for (latitude, longitude) in [(f64::NAN, 0.0), (91.0, 0.0), (0.0, f64::INFINITY)] {
        let place = Outgoing::Location { latitude, longitude, name: None, address: None };
        assert_eq!(place.checked(), Err(Unsendable::NotAPlace));
    }
}
