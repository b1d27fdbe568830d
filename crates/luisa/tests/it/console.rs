//! The console, as the team meets it: on a telephone, in a real browser.

use std::path::Path;

use luisa_fakes::{Customer, Person};
use serde_json::Value;

use crate::browser::{Browser, ENTER};
use crate::world::{Luisa, SOON, TEAM, World, http};

const PICTURES: &str = "LUISA_SCREENSHOTS";
const PASSWORD: &str = "hilo verde dedal";

/// One telephone's width.
const PHONE: (u32, u32) = (375, 740);

impl World {
    /// A one-time link for somebody, made at the server.
    pub(crate) async fn invites(&self, name: &str, role: &str) -> String {
        let (code, said, err) = self.run(&["console", "invite", name, "--role", role, "--json"]).await;
        assert_eq!(code, 0, "{err}");
        serde_json::from_str::<Value>(&said).unwrap()["path"].as_str().unwrap().to_owned()
    }
}

impl Browser {
    /// Somebody who was invited sets a password on their telephone and is in.
    pub(crate) async fn comes_in(world: &World, luisa: &Luisa, name: &str, role: &str) -> Self {
        let path = world.invites(name, role).await;
        let browser = Self::open(PHONE.0, PHONE.1).await;
        browser.prefer("light").await;
        browser.go(&format!("{}{path}", luisa.url)).await;
        browser.fill("clave", PASSWORD).await;
        browser.fill("otra_vez", PASSWORD).await;
        browser.press("Guardar y entrar").await;
        browser.until("document.querySelector('.tabs')").await;
        browser
    }

    /// Types into the field of this name.
    pub(crate) async fn fill(&self, name: &str, text: &str) {
        self.js(&format!("const it = document.querySelector('[name={name}]'); it.focus(); it.select?.()")).await;
        self.keys(text).await;
    }

    /// Keeps a picture of the page where pictures are wanted.
    pub(crate) async fn pictured(&self, name: &str) {
        let Some(folder) = std::env::var_os(PICTURES) else { return };
        self.until("[...document.images].every((image) => image.complete)").await;
        self.point_away().await;
        std::fs::write(Path::new(&folder).join(format!("consola-{name}.png")), self.picture().await).unwrap();
    }

    /// The page fits the telephone, and its scripts complain of nothing.
    pub(crate) async fn is_at_home_on_a_phone(&self) {
        let wide = self.js("return document.documentElement.scrollWidth").await;
        assert!(wide.as_u64().unwrap() <= u64::from(PHONE.0), "{wide} px wide\n{}", self.shown().await);
        assert_eq!(self.complaints().await, [""; 0], "the console complains");
    }
}

#[tokio::test]
async fn who_was_invited_sets_a_password_once_and_comes_in_from_then_on() {
    let world = World::new().await;
    let luisa = world.serve().await;
    let path = world.invites("Carmen", "duena").await;
    let phone = Browser::open(PHONE.0, PHONE.1).await;
    phone.go(&format!("{}{path}", luisa.url)).await;
    phone.reads("Bienvenida, Carmen").await;
    phone.pictured("invitacion").await;
    phone.fill("clave", "1234567890").await;
    phone.fill("otra_vez", "1234567890").await;
    phone.press("Guardar y entrar").await;
    phone.reads("la adivina cualquiera").await;
    // The browser notes each refusal.
    assert_eq!(phone.complaints().await.len(), 1);
    phone.fill("clave", PASSWORD).await;
    phone.fill("otra_vez", PASSWORD).await;
    phone.press("Guardar y entrar").await;
    phone.until("document.querySelector('.tabs')").await;
    let cookies = phone.js("return document.cookie").await;
    assert_eq!(cookies, "", "no script can read the session");
    assert_eq!(world.count("SELECT count(*) FROM sessions WHERE length(token_hash) = 64"), 1);

    phone.go(&format!("{}/console/cuentas", luisa.url)).await;
    phone.pictured("cuentas").await;
    phone.is_at_home_on_a_phone().await;
    phone.press("Salir de la consola").await;
    phone.until("document.querySelector('[name=clave]')").await;
    phone.pictured("entrar").await;
    phone.fill("nombre", "CARMEN").await;
    phone.fill("clave", "otra cosa distinta").await;
    phone.press("Entrar").await;
    phone.reads("no son correctos").await;
    phone.fill("clave", PASSWORD).await;
    phone.press("Entrar").await;
    phone.until("document.querySelector('.tabs')").await;

    let again = http().get(format!("{}{path}", luisa.url)).send().await.unwrap();
    assert_eq!(again.status(), 404, "the link is spent");
    let acts = "SELECT group_concat(act, ' ') FROM audit_log";
    assert_eq!(world.text(acts).unwrap(), "invite password_set session_ended login");
}

#[tokio::test]
async fn who_may_only_look_sees_neither_the_others_nor_what_they_did() {
    let world = World::new().await;
    let luisa = world.serve().await;
    session(&world, &luisa, "Carmen", "duena").await;
    let phone = Browser::comes_in(&world, &luisa, "Vecina", "lectura").await;
    phone.go(&format!("{}/console/cuentas", luisa.url)).await;
    phone.reads("Vecina").await;
    assert!(!phone.shown().await.contains("Carmen"));
}

/// Goes where it is told, and not where it is led.
fn walker() -> reqwest::Client {
    drop(http());
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

/// Somebody who comes in without a browser; the header of their session.
async fn session(world: &World, luisa: &Luisa, name: &str, role: &str) -> String {
    let path = world.invites(name, role).await;
    let form = format!("clave={0}&otra_vez={0}", PASSWORD.replace(' ', "+"));
    let answer = walker()
        .post(format!("{}{path}", luisa.url))
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 303);
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    assert!(
        cookie.starts_with("__Host-luisa=") && cookie.contains("HttpOnly; Secure")
            || cookie.contains("Secure; HttpOnly")
    );
    cookie.split(';').next().unwrap().to_owned()
}

async fn asked(luisa: &Luisa, method: &str, path: &str, headers: &[(&str, &str)]) -> u16 {
    let mut request = walker().request(method.parse().unwrap(), format!("{}{path}", luisa.url));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.header("content-type", "application/x-www-form-urlencoded").body("").send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn without_a_session_a_right_or_from_another_site_nothing_is_shown_or_done() {
    let world = World::new().await;
    let luisa = world.serve().await;
    let carmen = session(&world, &luisa, "Carmen", "duena").await;
    let reader = session(&world, &luisa, "Vecina", "lectura").await;
    let ours = ("sec-fetch-site", "same-origin");

    assert_eq!(asked(&luisa, "GET", "/console", &[("accept", "text/html")]).await, 303, "to the door");
    assert_eq!(asked(&luisa, "POST", "/console/cuentas/invitar", &[ours]).await, 401);
    assert_eq!(asked(&luisa, "GET", "/console/cuentas", &[("cookie", &carmen)]).await, 200);
    assert_eq!(asked(&luisa, "POST", "/console/cuentas/1/cerrar", &[("cookie", &reader), ours]).await, 403);
    for stranger in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example"), ("x-nothing", "x")] {
        assert_eq!(
            asked(&luisa, "POST", "/console/salir", &[("cookie", &carmen), stranger]).await,
            403,
            "{stranger:?}"
        );
    }
    // Nobody can shut out the last one who may do everything.
    assert_eq!(asked(&luisa, "POST", "/console/cuentas/1/cerrar", &[("cookie", &carmen), ours]).await, 400);
    // A session that is ended is worth nothing at once.
    let (code, said, _) = world.run(&["console", "sessions", "--json"]).await;
    let sessions: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((code, sessions.as_array().unwrap().len()), (0, 2));
    let hers = sessions.as_array().unwrap().iter().find(|row| row["user_name"] == "Carmen").unwrap();
    world.run(&["console", "sessions", "--end", &hers["id"].to_string()]).await;
    assert_eq!(asked(&luisa, "GET", "/console/cuentas", &[("cookie", &carmen), ("accept", "text/html")]).await, 303);
}

#[tokio::test]
async fn who_guesses_at_a_password_is_made_to_wait() {
    let world = World::new().await;
    let luisa = world.serve().await;
    session(&world, &luisa, "Carmen", "duena").await;
    let mut answers = Vec::new();
    for n in 0..5 {
        let answer = http()
            .post(format!("{}/console/entrar", luisa.url))
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("nombre=carmen&clave=adivino+{n}"))
            .send()
            .await
            .unwrap();
        answers.push(answer.status().as_u16());
    }
    assert_eq!(&answers[..3], [401, 401, 401]);
    assert!(answers[3..].contains(&429), "{answers:?}");
}

/// Goes to a page by a link that is on this one.
impl Browser {
    async fn follows(&self, text: &str) {
        self.js(&format!(
            "[...document.querySelectorAll('a')].find((a) => a.innerText.includes({})).click()",
            serde_json::json!(text)
        ))
        .await;
    }
}

const WANTS_A_PERSON: &str = "quiero hablar con una persona";

/// A customer who waits for a person.
async fn waits(world: &World, luisa: &Luisa, n: u32) -> Customer {
    let mut customer = luisa.customer(n);
    customer.says(WANTS_A_PERSON).await.unwrap();
    let phone = format!("57300555{n:04}");
    world.meta.wait_until(move |seen| seen.sent.iter().any(|sent| sent.is_for(&phone)), SOON).await.unwrap();
    customer
}

#[tokio::test]
async fn who_waits_is_seen_opened_taken_answered_and_given_back_on_a_telephone() {
    let world = World::new().await;
    let luisa = world.serve().await;
    let mut ana = waits(&world, &luisa, 1).await;
    let phone = Browser::comes_in(&world, &luisa, "Carmen", "duena").await;
    phone.reads("espera").await;
    phone.reads("1 por responder").await;
    phone.pictured("bandeja").await;
    phone.is_at_home_on_a_phone().await;
    phone.follows("Cliente 1").await;
    phone.until("document.querySelector('.run')").await;
    phone.pictured("chat").await;
    phone.press("Tomar").await;
    phone.reads("la atiende usted").await;
    assert_eq!(world.text("SELECT taken_by FROM handoffs").as_deref(), Some("Carmen"));

    phone.fill("texto", "Buenas, soy Carmen. ¿En qué le ayudo?").await;
    phone.press("Enviar").await;
    phone.reads("soy Carmen").await;
    world.meta.wait_until(|seen| seen.sent.iter().any(|sent| sent.text.contains("soy Carmen")), SOON).await.unwrap();
    phone.reads("enviado").await;
    // What comes meanwhile is there without a press.
    ana.says("la de bordar me interesa").await.unwrap();
    phone.reads("la de bordar").await;
    phone.until("document.title.startsWith('(1)')").await;
    phone.pictured("chat-respondido").await;
    phone.is_at_home_on_a_phone().await;

    phone.js("document.querySelector('.closing summary').click()").await;
    phone.press("Vendido").await;
    phone.reads("la atiende Luisa").await;
    let ended = "SELECT status || ' ' || outcome || ' ' || closed_by FROM handoffs";
    assert_eq!(world.text(ended).as_deref(), Some("closed vendido Carmen"));
    phone.follows("‹").await;
    phone.reads("Nadie espera").await;
    let acts = "SELECT group_concat(act, ' ') FROM audit_log WHERE conversation_id IS NOT NULL";
    assert_eq!(world.text(acts).as_deref(), Some("take answer close"));
}

#[tokio::test]
async fn who_answers_after_somebody_else_is_shown_it_first_and_a_press_that_comes_twice_is_one_message() {
    let world = World::new().await;
    let luisa = world.serve().await;
    waits(&world, &luisa, 1).await;
    let carmen = Browser::comes_in(&world, &luisa, "Carmen", "duena").await;
    let maria = Browser::comes_in(&world, &luisa, "Maria", "equipo").await;
    for one in [&carmen, &maria] {
        one.follows("Cliente 1").await;
        one.until("document.querySelector('.run')").await;
        one.fill("texto", "Buenas").await;
    }
    carmen.press("Enviar").await;
    carmen.reads("la atiende usted").await;
    maria.reads("la atiende Carmen").await;
    maria.fill("texto", "Yo le colaboro").await;
    maria.press("Enviar").await;
    maria.reads("alguien más le respondió").await;
    maria.pictured("dos-a-la-vez").await;
    assert_eq!(world.count("SELECT count(*) FROM messages WHERE sender = 'human'"), 1);
    assert_eq!(
        maria.js("return document.querySelector('[name=texto]').value").await,
        "Yo le colaboro",
        "nothing is lost"
    );
    maria.press("Enviar").await;
    maria.reads("la atiende usted").await;
    assert_eq!(world.count("SELECT count(*) FROM messages WHERE sender = 'human'"), 2);

    // The same press, twice at once.
    maria.fill("texto", "Una sola vez").await;
    let twice = "const form = document.querySelector('form.write');
        const send = () => fetch(form.action, { method: 'POST', body: new URLSearchParams(new FormData(form)) });
        return Promise.all([send(), send()]).then((answers) => answers.map((answer) => answer.status).join())";
    assert_eq!(maria.js(twice).await, "200,200");
    assert_eq!(world.count("SELECT count(*) FROM messages WHERE sender = 'human' AND text = 'Una sola vez'"), 1);
}

#[tokio::test]
async fn when_the_window_has_closed_nothing_is_sent_and_the_words_stay_as_a_draft() {
    let world = World::new().await;
    let luisa = world.serve().await;
    waits(&world, &luisa, 1).await;
    let phone = Browser::comes_in(&world, &luisa, "Carmen", "duena").await;
    phone.follows("Cliente 1").await;
    phone.until("document.querySelector('.run')").await;
    phone.fill("texto", "Doña Ana, le cuento").await;
    // The day passes while she writes.
    let conn = rusqlite::Connection::open(world.db()).unwrap();
    conn.busy_timeout(SOON).unwrap();
    conn.execute("UPDATE conversations SET last_inbound_at = strftime('%Y-%m-%d %H:%M:%f', 'now', '-24 hours')", [])
        .unwrap();
    phone.press("Enviar").await;
    phone.reads("No se envió").await;
    phone.reads("Puede llamarlo").await;
    phone.pictured("ventana-cerrada").await;
    assert_eq!(world.count("SELECT count(*) FROM messages WHERE sender = 'human'"), 0);
    assert_eq!(world.text("SELECT text FROM drafts").as_deref(), Some("Doña Ana, le cuento"));
}

#[tokio::test]
async fn what_a_stranger_writes_is_text_and_a_name_is_found_without_its_accents() {
    let world = World::new().await;
    let luisa = world.serve().await;
    let evil = "<img src=x onerror=alert(1)> José Núñez";
    let mut stranger = Customer::new(Person::with_phone("573005550009", evil), luisa.webhook(), 9);
    stranger.says("</textarea><script>document.title='robada'</script> quiero hablar con una persona").await.unwrap();
    luisa.turns(1).await;
    let phone = Browser::comes_in(&world, &luisa, "Carmen", "duena").await;
    phone.go(&format!("{}/console?q=nunez", luisa.url)).await;
    phone.reads("José Núñez").await;
    phone.follows("José Núñez").await;
    phone.until("document.querySelector('.run')").await;
    phone.reads("</textarea><script>").await;
    assert_eq!(phone.js("return document.querySelectorAll('main img, main script').length").await, 0);
    assert!(!phone.js("return document.title").await.as_str().unwrap().contains("robada"));
    for typed in ["300 555 0009", "0009", "jose nu"] {
        phone.go(&format!("{}/console?q={}", luisa.url, typed.replace(' ', "+"))).await;
        phone.reads("José Núñez").await;
    }
    phone.go(&format!("{}/console?q=nadie", luisa.url)).await;
    phone.reads("Nadie se llama así").await;
}

#[tokio::test]
async fn a_page_that_was_cut_off_misses_nothing() {
    let world = World::new().await;
    let luisa = world.serve().await;
    let mut ana = waits(&world, &luisa, 1).await;
    let phone = Browser::comes_in(&world, &luisa, "Carmen", "duena").await;
    phone.follows("Cliente 1").await;
    phone.until("document.querySelector('.run')").await;
    phone.offline(true).await;
    ana.says("sigue ahí?").await.unwrap();
    ana.says("necesito la fileteadora").await.unwrap();
    luisa.turns(2).await;
    phone.offline(false).await;
    phone.reads("necesito la fileteadora").await;
    phone.reads("sigue ahí?").await;
}

#[tokio::test]
async fn a_price_and_what_is_sold_out_are_changed_on_a_telephone_and_luisa_knows_at_once() {
    let world = World::new().await;
    let luisa = world.serve().await;
    let phone = Browser::comes_in(&world, &luisa, "Carmen", "duena").await;
    let ask = async |text: &str| {
        let body = serde_json::json!({ "conversation_id": text, "text": text, "sender": "customer" });
        luisa.post("/api/chat", &body).await.1["response"].as_str().unwrap().to_owned()
    };
    phone.follows("Catálogo").await;
    phone.reads("KT-D3").await;
    phone.pictured("catalogo").await;
    phone.is_at_home_on_a_phone().await;
    phone.follows("KT-D3").await;
    phone.until("document.querySelector('[name=precio]')").await;
    phone.fill("precio", "1300").await;
    phone.js("scrollTo(0, 9999)").await;
    phone.press("Guardar").await;
    phone.reads("¿Está bien?").await;
    phone.pictured("precio-raro").await;
    assert_eq!(phone.complaints().await.len(), 1, "the refusal");
    phone.fill("precio", "1.299.000").await;
    phone.js("scrollTo(0, 9999)").await;
    phone.press("Guardar").await;
    phone.reads("1.230.000 → $1.299.000").await;
    assert!(ask("a cómo la kingter KT-D3?").await.contains("1.299.000"));
    phone.pictured("catalogo-cambiado").await;
    let undo = "const it = document.querySelector('form[action$=deshacer] button'); it.scrollIntoView({ block: 'center' }); it.click()";
    phone.js(undo).await;
    phone.until("document.querySelector('.goods').innerText.includes('1.230.000')").await;
    assert!(ask("cuánto vale la kingter KT-D3?").await.contains("1.230.000"));
    let acts = "SELECT group_concat(act, ' ') FROM audit_log WHERE about = 'I008'";
    assert_eq!(world.text(acts).as_deref(), Some("shop undo"));

    phone.go(&format!("{}/console/datos", luisa.url)).await;
    phone.pictured("datos").await;
    phone.js("document.querySelector('[data-key=pagos]').open = true; const it = document.querySelector('[data-key=pagos] textarea'); it.value = ''; it.focus()").await;
    phone.keys("efectivo, transferencia, Addi, Sistecrédito y Nequi").await;
    phone.js("document.querySelector('[data-key=pagos] button').click()").await;
    phone.reads("cambiado aquí").await;
    assert!(ask("qué medios de pago reciben?").await.contains("Nequi"));
}

#[tokio::test]
async fn the_team_asks_on_whatsapp_and_nobody_else_may() {
    let world = World::new().await;
    let luisa = world.serve().await;
    waits(&world, &luisa, 1).await;
    let mut team = Customer::new(Person::with_phone(TEAM, "Carmen"), luisa.webhook(), 90);
    let answered = async |text: &str| {
        let text = text.to_owned();
        world
            .meta
            .wait_until(move |seen| seen.sent.iter().any(|sent| sent.is_for(TEAM) && sent.text.contains(&text)), SOON)
            .await
            .unwrap();
    };
    team.says("¿quién espera?").await.unwrap();
    answered("Cliente 1 …0001").await;
    team.says("precio i008 1300").await.unwrap();
    answered("precio I008 1300 seguro").await;
    team.says("precio I008 1.310.000").await.unwrap();
    answered("$1.310.000").await;
    team.says("agotada I009").await.unwrap();
    answered("agotada").await;
    team.says("devolver cliente 1").await.unwrap();
    answered("vuelve a LUISA").await;
    assert_eq!(world.text("SELECT mode FROM conversations ORDER BY created_at LIMIT 1").as_deref(), Some("AI_ACTIVE"));
    let price = "SELECT price_cop || '' FROM catalog_items WHERE item_id = 'I008'";
    assert_eq!(world.text(price).as_deref(), Some("1310000"));
    let who = "SELECT group_concat(act || ' ' || who, ', ') FROM audit_log";
    assert_eq!(world.text(who).as_deref(), Some("shop WhatsApp …9001, shop WhatsApp …9001, give_back WhatsApp …9001"));

    let mut stranger = luisa.customer(7);
    stranger.says("precio I008 1.000.000").await.unwrap();
    stranger.says("agotada I008").await.unwrap();
    luisa.turns(2).await;
    assert_eq!(world.text(price).as_deref(), Some("1310000"));
}

#[tokio::test]
async fn of_a_customer_whom_nobody_answers_the_team_the_owner_and_then_the_customer_hear() {
    const OWNER: &str = "573005559003";
    let world = World::new()
        .await
        .with("TEST_NOTIFY_NUMBER", OWNER)
        .with("HANDOFF_REMIND_MINUTES", "20")
        .with("HANDOFF_OWNER_MINUTES", "40")
        .with("HANDOFF_CUSTOMER_MINUTES", "60")
        // Whatever the hour of this machine, in the shop it is day.
        .with("BUSINESS_TIMEZONE", daytime());
    let luisa = world.serve().await;
    waits(&world, &luisa, 1).await;
    luisa.kill().await;
    let past = "UPDATE handoffs SET created_at = strftime('%Y-%m-%d %H:%M:%f', 'now', '-70 minutes'), ladder_at = NULL";
    let steps = [("1", TEAM, "70 minutos"), ("2", OWNER, "70 minutos"), ("3", "573005550001", "más de una hora")];
    for (step, whom, words) in steps {
        rusqlite::Connection::open(world.db()).unwrap().execute(past, []).unwrap();
        let luisa = world.serve().await;
        world.eventually("SELECT ladder || '' FROM handoffs", Some(step)).await;
        world
            .meta
            .wait_until(|seen| seen.sent.iter().any(|sent| sent.is_for(whom) && sent.text.contains(words)), SOON)
            .await
            .unwrap();
        luisa.kill().await;
    }
    assert_eq!(world.count("SELECT count(*) FROM outbox WHERE payload LIKE '%más de una hora%'"), 1, "once");
}

/// A zone in which it is about noon.
fn daytime() -> &'static str {
    let hour = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).hour();
    match hour {
        8..=19 => "UTC",
        _ => "Pacific/Auckland",
    }
}

#[tokio::test]
async fn an_answer_is_corrected_the_day_is_seen_and_a_person_gets_their_data_and_is_erased() {
    let world = World::new().await;
    let luisa = world.serve().await;
    waits(&world, &luisa, 1).await;
    let phone = Browser::comes_in(&world, &luisa, "Carmen", "duena").await;
    phone.follows("Cliente 1").await;
    phone.until("document.querySelector('.why')").await;
    phone.js("document.querySelector('.why').open = true; document.querySelector('[name=respuesta]').focus()").await;
    phone.keys("Con gusto, ya le paso a Luisa").await;
    phone.pictured("por-que").await;
    phone.press("Corregir").await;
    phone.until("document.querySelector('.run')").await;
    world.eventually("SELECT count(*) || '' FROM corrections", Some("1")).await;
    let (_, lines, _) = world.run(&["console", "corrections"]).await;
    let line: Value = serde_json::from_str(lines.trim()).unwrap();
    assert_eq!(
        (&line["text"], &line["right_answer"]),
        (&WANTS_A_PERSON.into(), &"Con gusto, ya le paso a Luisa".into())
    );

    phone.go(&format!("{}/console/traspasos", luisa.url)).await;
    phone.reads("Cliente 1").await;
    phone.pictured("traspasos").await;
    phone.is_at_home_on_a_phone().await;
    phone.follows("Hoy").await;
    phone.reads("mensajes de clientes").await;
    phone.pictured("hoy").await;
    phone.is_at_home_on_a_phone().await;

    let chat = world.text("SELECT id FROM conversations").unwrap();
    phone.go(&format!("{}/console/persona/{chat}", luisa.url)).await;
    phone.reads("Descargar sus datos").await;
    phone.pictured("persona").await;
    phone.fill("confirmo", "BORRAR").await;
    phone.press("Borrar todo lo de esta persona").await;
    phone.reads("Nadie espera").await;
    assert_eq!(world.count("SELECT (SELECT count(*) FROM messages) + (SELECT count(*) FROM chat_heads) + (SELECT count(*) FROM corrections)"), 0);
    let left = "SELECT group_concat(act, ' ') FROM audit_log WHERE act IN ('correct', 'erase')";
    assert_eq!(world.text(left).as_deref(), Some("correct erase"));
}

/// Every text that can be read, with its contrast, where that is less than WCAG AA asks.
const TOO_FAINT: &str = include_str!("contrast.js");
/// Set to the file of axe-core, this has each page looked at by it, too.
const AXE: &str = "LUISA_AXE";

#[tokio::test]
async fn every_page_can_be_read_in_light_and_dark() {
    let world = World::new().await;
    let luisa = world.serve().await;
    waits(&world, &luisa, 1).await;
    let phone = Browser::comes_in(&world, &luisa, "Carmen", "duena").await;
    let chat = world.text("SELECT id FROM conversations").unwrap();
    let axe = std::env::var_os(AXE).map(|file| std::fs::read_to_string(file).unwrap());
    let pages = [
        "/console",
        "/console?lista=todos",
        &format!("/console/chat/{chat}"),
        "/console/traspasos",
        "/console/catalogo",
        "/console/catalogo/I008",
        "/console/datos",
        "/console/hoy",
        "/console/cuentas",
        &format!("/console/persona/{chat}"),
    ];
    for scheme in ["light", "dark"] {
        phone.prefer(scheme).await;
        for page in pages {
            phone.go(&format!("{}{page}", luisa.url)).await;
            phone.js("for (const it of document.querySelectorAll('details')) it.open = true").await;
            let seen = phone.js(TOO_FAINT).await;
            assert_eq!(seen["faint"], serde_json::json!([]), "{scheme} {page}");
            phone.is_at_home_on_a_phone().await;
            if let Some(axe) = &axe {
                phone.js(axe).await;
                let run = "return axe.run().then((found) => found.violations.map((it) => `${it.id}: ${it.nodes.map((node) => node.html).slice(0, 3).join(' ')}`))";
                assert_eq!(phone.js(run).await, serde_json::json!([]), "{scheme} {page}");
            }
        }
    }
}

#[tokio::test]
async fn a_customer_is_answered_without_touching_the_screen() {
    let world = World::new().await;
    let luisa = world.serve().await;
    waits(&world, &luisa, 1).await;
    let desk = Browser::comes_in(&world, &luisa, "Carmen", "duena").await;
    desk.tab_to("it.innerText.includes('Cliente 1')").await;
    desk.keys(ENTER).await;
    desk.until("document.querySelector('.run')").await;
    desk.tab_to("it.innerText === 'Tomar'").await;
    desk.keys(ENTER).await;
    desk.reads("la atiende usted").await;
    desk.tab_to("it.name === 'texto'").await;
    desk.keys("Buenas, ya le colaboro").await;
    desk.tab_to("it.innerText === 'Enviar'").await;
    desk.keys(ENTER).await;
    world
        .meta
        .wait_until(|seen| seen.sent.iter().any(|sent| sent.text.contains("ya le colaboro")), SOON)
        .await
        .unwrap();
}
