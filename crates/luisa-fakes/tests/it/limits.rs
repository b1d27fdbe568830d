//! What Meta refuses by itself: the same message a little shorter is accepted, so that it is the limit that is tested.

use crate::world::{Caller, PHONE, USER_ID, message, text_to};
use luisa_fakes::FakeMeta;
use luisa_fakes::meta::Template;
use serde_json::{Value, json};

#[tokio::test]
async fn lengths_are_counted_in_characters() {
    let meta = FakeMeta::start().await;
    let caller = Caller::of(&meta);
    let caption = |n: usize| message("image", json!({ "link": "https://example.com/a.jpg", "caption": "ñ".repeat(n) }));
    let body = |n: usize| buttons(&"ñ".repeat(n), &[("a", "Sí")]);
    let opaque = |n: usize| {
        let mut message = text_to(PHONE, "Hola");
        message["biz_opaque_callback_data"] = json!("x".repeat(n));
        message
    };
    let text = |n: usize| text_to(PHONE, &"ñ".repeat(n));
    let cases: [(&dyn Fn(usize) -> Value, usize); 4] = [(&text, 4096), (&caption, 1024), (&body, 1024), (&opaque, 512)];
    for (build, limit) in cases {
        assert_eq!(caller.send(&build(limit)).await.0, 200, "{limit}");
        let (code, details) = caller.refused(&build(limit + 1)).await;
        assert_eq!(code, 100);
        assert!(details.contains(&limit.to_string()), "{details}");
    }
    assert_eq!(meta.sent().len(), 4);
    let refused: Vec<_> = meta.attempts().into_iter().filter(|attempt| !attempt.taken).collect();
    assert!(refused.len() == 4 && refused.iter().all(|attempt| attempt.code == Some(100)));
}

#[tokio::test]
async fn buttons_have_limits() {
    let meta = FakeMeta::start().await;
    let caller = Caller::of(&meta);
    let (title, id) = ("t".repeat(20), "i".repeat(256));
    let good = [("a", title.as_str()), (id.as_str(), "Dos"), ("c", "Tres")];
    assert_eq!(caller.send(&buttons("¿Cuál?", &good)).await.0, 200);
    let (long_title, long_id) = ("t".repeat(21), "i".repeat(257));
    let bad: [&[(&str, &str)]; 7] = [
        &[("a", "1"), ("b", "2"), ("c", "3"), ("d", "4")],
        &[],
        &[("a", "Sí"), ("a", "No")],
        &[("a", "Sí"), ("b", "Sí")],
        &[("a", &long_title)],
        &[(&long_id, "Sí")],
        &[("a", "")],
    ];
    for choices in bad {
        assert_eq!(caller.refused(&buttons("¿Cuál?", choices)).await.0, 131009, "{choices:?}");
    }
}

#[tokio::test]
async fn lists_have_limits() {
    let meta = FakeMeta::start().await;
    let caller = Caller::of(&meta);
    let rows = |n: usize| -> Vec<Value> { (0..n).map(|i| json!({ "id": format!("r{i}"), "title": "Fila" })).collect() };
    let section = |rows: Vec<Value>| json!([{ "title": "Todo", "rows": rows }]);
    assert_eq!(caller.send(&list("Ver", section(rows(10)))).await.0, 200);
    let odd_row = |key: &str, n: usize| {
        let mut row = json!({ "id": "r", "title": "Fila" });
        row[key] = json!("x".repeat(n));
        section(vec![row])
    };
    for (key, limit) in [("title", 24), ("description", 72), ("id", 200)] {
        assert_eq!(caller.send(&list("Ver", odd_row(key, limit))).await.0, 200);
        assert_eq!(caller.refused(&list("Ver", odd_row(key, limit + 1))).await.0, 131009, "{key}");
    }
    let split = json!([{ "title": "A", "rows": rows(6) }, { "title": "B", "rows": rows(5) }]);
    assert_eq!(caller.refused(&list("Ver", split)).await.0, 131009);
    let twice = section([rows(1), rows(1)].concat());
    assert_eq!(caller.refused(&list("Ver", twice)).await.0, 131009);
    assert_eq!(caller.refused(&list(&"x".repeat(21), section(rows(1)))).await.0, 131009);
}

#[tokio::test]
async fn headers_and_footers_have_limits() {
    let meta = FakeMeta::start().await;
    let caller = Caller::of(&meta);
    for part in ["header", "footer"] {
        let with = |n: usize| {
            let mut message = buttons("¿Cuál?", &[("a", "Sí")]);
            message["interactive"][part] = json!({ "type": "text", "text": "x".repeat(n) });
            message
        };
        assert_eq!(caller.send(&with(60)).await.0, 200);
        assert_eq!(caller.refused(&with(61)).await.0, 100, "{part}");
    }
}

#[tokio::test]
async fn addresses_and_bodies_must_make_sense() {
    let meta = FakeMeta::start().await;
    let caller = Caller::of(&meta);
    let with = |key: &str, value: Value| {
        let mut message = text_to(PHONE, "Hola");
        message[key] = value;
        message
    };
    let without = |key: &str| {
        let mut message = text_to(PHONE, "Hola");
        message.as_object_mut().unwrap().remove(key);
        message
    };
    let cases = [
        (without("messaging_product"), 100),
        (with("messaging_product", json!("sms")), 100),
        (without("to"), 100),
        (with("recipient", json!(USER_ID)), 100),
        (with("to", json!("Ana")), 100),
        (with("to", json!(573005550101_i64)), 100),
        (with("type", json!("telegram")), 100),
        (with("text", json!({ "body": "  " })), 100),
        (without("text"), 131008),
        (with("context", json!({})), 131008),
        (with("recipient_type", json!("crowd")), 100),
        (message("image", json!({ "id": "1", "link": "https://example.com" })), 100),
        (message("image", json!({ "link": "i007.jpg" })), 100),
        (message("image", json!({ "id": "9000" })), 131009),
        (message("audio", json!({ "link": "https://example.com/a.ogg", "caption": "no" })), 100),
        (message("location", json!({ "latitude": 8.75 })), 131008),
        (message("interactive", json!({ "type": "poll", "body": { "text": "x" }, "action": {} })), 100),
    ];
    for (message, code) in cases {
        assert_eq!(caller.refused(&message).await.0, code, "{message}");
    }
    let not_json = caller.messages().body("{\"to\":").send().await.unwrap();
    assert_eq!(not_json.status(), 400);
    assert!(meta.sent().is_empty());
}

#[tokio::test]
async fn templates_must_exist_be_approved_and_get_their_parameters() {
    let meta = FakeMeta::start().await;
    let caller = Caller::of(&meta);
    meta.add_template(Template::approved("aviso", "es_CO", 1));
    let paused = Template { status: "PAUSED".into(), ..Template::approved("pausado", "es_CO", 0) };
    meta.add_template(paused);
    let send = |name: &str, language: &str, parameters: &[&str]| {
        let parameters: Vec<Value> = parameters.iter().map(|text| json!({ "type": "text", "text": text })).collect();
        let components = json!([{ "type": "body", "parameters": parameters }]);
        message("template", json!({ "name": name, "language": { "code": language }, "components": components }))
    };
    assert_eq!(caller.send(&send("aviso", "es_CO", &["Ana"])).await.0, 200);
    assert_eq!(caller.send(&send("aviso", "es", &["Ana"])).await.0, 404);
    assert_eq!(caller.refused(&send("otro", "es_CO", &["Ana"])).await.0, 132001);
    assert_eq!(caller.refused(&send("aviso", "es_CO", &[])).await.0, 132000);
    assert_eq!(caller.refused(&send("aviso", "es_CO", &["dos\nlíneas"])).await.0, 132018);
    assert_eq!(caller.refused(&send("pausado", "es_CO", &[])).await.0, 132015);
}

#[tokio::test]
async fn another_number_another_version_and_another_path_are_unknown() {
    let meta = FakeMeta::start().await;
    let caller = Caller::of(&meta);
    let post = |path: &str| {
        let url = format!("{}/{path}", meta.base_url());
        caller.http.post(url).bearer_auth("token").json(&text_to(PHONE, "Hola"))
    };
    let (_, other_number) = crate::world::answer(post("v26.0/999/messages")).await;
    assert_eq!((&other_number["error"]["code"], &other_number["error"]["error_subcode"]), (&json!(100), &json!(33)));
    for path in ["latest/106000000000001/messages", "v26.0/106000000000001/mesages", "messages"] {
        let (status, body) = crate::world::answer(post(path)).await;
        assert_eq!((status, &body["error"]["code"]), (400, &json!(2500)), "{path}");
    }
}

fn buttons(body: &str, choices: &[(&str, &str)]) -> Value {
    let buttons: Vec<Value> =
        choices.iter().map(|(id, title)| json!({ "type": "reply", "reply": { "id": id, "title": title } })).collect();
    message("interactive", json!({ "type": "button", "body": { "text": body }, "action": { "buttons": buttons } }))
}

fn list(button: &str, sections: Value) -> Value {
    let action = json!({ "button": button, "sections": sections });
    message("interactive", json!({ "type": "list", "body": { "text": "Elija" }, "action": action }))
}
