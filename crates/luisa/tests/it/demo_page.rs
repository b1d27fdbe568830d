//! The demo page, as a visitor meets it in a browser.

use std::path::Path;

use luisa_fakes::FakeOpenAi;
use luisa_fakes::openai::Answer;
use serde_json::{Value, json};

use crate::browser::{Browser, ENTER, ESCAPE};
use crate::world::{Luisa, World, http};

/// Set to a folder, this keeps the pictures of the page there.
const PICTURES: &str = "LUISA_SCREENSHOTS";
/// Every text that can be read, with its contrast against what is behind it, where that is less than WCAG AA asks.
const TOO_FAINT: &str = include_str!("contrast.js");

async fn served() -> (World, Luisa) {
    let world = World::new().await.with("WHATSAPP_ENABLED", "false");
    let luisa = world.serve().await;
    (world, luisa)
}

async fn bakery() -> (World, Luisa) {
    let pack = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs/minimal");
    let world = World::new().await.with("WHATSAPP_ENABLED", "false").with("BUSINESS_DIR", pack.to_str().unwrap());
    let luisa = world.serve().await;
    (world, luisa)
}

impl Browser {
    async fn visit(&self, luisa: &Luisa) {
        self.go(&luisa.url).await;
        self.until("document.getElementById('composer').dataset.ready").await;
    }

    /// Writes and sends.
    async fn write(&self, text: &str) {
        self.js("document.getElementById('message').focus()").await;
        self.keys(text).await;
        self.keys(ENTER).await;
    }

    /// Writes, sends, and waits for the answer.
    async fn ask(&self, text: &str) {
        let before = self.count(".card").await;
        self.write(text).await;
        self.answers(before + 1).await;
    }

    /// Presses a button of the chat, and waits for the answer.
    async fn choose(&self, option: &str) {
        let before = self.count(".card").await;
        self.press(option).await;
        self.answers(before + 1).await;
    }

    /// Waits for so many answers, the last with its stored reasons beside it.
    async fn answers(&self, n: u64) {
        self.until(&format!(
            "document.querySelectorAll('.card').length >= {n} && document.querySelector('.card').querySelector('.reasons')"
        ))
        .await;
    }

    async fn count(&self, selector: &str) -> u64 {
        let script = format!("return document.querySelectorAll({}).length", json!(selector));
        self.js(&script).await.as_u64().unwrap()
    }

    async fn text(&self, selector: &str) -> String {
        let script = format!("return document.querySelector({}).textContent", json!(selector));
        self.js(&script).await.as_str().unwrap().to_owned()
    }

    async fn said(&self) -> Vec<String> {
        let script = "return [...document.querySelectorAll('.message .text')].map((text) => text.textContent)";
        serde_json::from_value(self.js(script).await).unwrap()
    }

    async fn keep_picture(&self, name: &str) {
        let Some(folder) = std::env::var_os(PICTURES) else { return };
        self.until("[...document.images].every((image) => image.complete)").await;
        self.point_away().await;
        std::fs::write(Path::new(&folder).join(name), self.picture().await).unwrap();
    }

    /// The console is silent, and nothing is shown that only a program would write.
    async fn is_clean(&self) {
        let shown = self.shown().await;
        for slip in ["null", "undefined", "NaN", "[object"] {
            assert!(!shown.contains(slip), "{slip} in {shown}");
        }
        assert_eq!(self.complaints().await, [""; 0], "the console complains");
    }
}

#[tokio::test]
async fn a_sale_is_clicked_from_the_greeting_to_the_handoff_with_its_reasons_beside_it() {
    let (world, luisa) = served().await;
    let page = Browser::open(1280, 800).await;
    page.prefer("light").await;
    page.visit(&luisa).await;
    page.reads("Almacén y Taller El Sastre").await;
    page.js("new MutationObserver(() => { if (document.querySelector('.typing')) window.typed = true; }).observe(document.getElementById('log'), { childList: true })").await;
    page.ask("Hola, buenas tardes").await;
    assert_eq!(
        page.js("return window.typed && !document.querySelector('.typing')").await,
        true,
        "«typing…» came and went"
    );
    for option in ["Una máquina", "Industrial", "Jeans y gruesas"] {
        page.choose(option).await;
    }
    page.until("document.querySelector('.photo img').naturalWidth > 0").await;
    assert!(page.text(".slots").await.contains("industrial"));
    page.keep_picture("demo-desktop.png").await;
    page.choose("En otra ciudad").await;
    page.ask("Estoy en Lorica").await;
    page.choose("Sí, por favor").await;

    let card = page.text(".card[open] .facts").await;
    for part in ["BUSINESS_CONSULT", "Lorica", "handoff:cierre", "US$ 0", "equipo comercial", "prioridad alta", "ms"] {
        assert!(card.contains(part), "{part} is not in {card}");
    }
    let shown = page.text(".notice .text").await;
    let stored = world.text("SELECT body FROM notifications");
    assert_eq!(Some(shown), stored, "the notice is the one that the team gets");
    page.prefer("dark").await;
    page.keep_picture("demo-dark.png").await;
    page.prefer("light").await;
    page.ask("Soy Yuliana Pérez").await;
    assert_eq!(page.count(".notice").await, 2);
    page.reads("el equipo atiende este chat").await;

    page.keys("un borrador").await;
    let before = page.said().await;
    assert_eq!(before.len(), 16, "{before:#?}");
    page.visit(&luisa).await;
    assert_eq!(page.said().await, before, "the chat survives a reload");
    assert_eq!(page.js("return document.getElementById('message').value").await, "un borrador", "and so does a draft");
    assert_eq!(page.count(".notice").await, 2);
    page.is_clean().await;
}

#[tokio::test]
async fn a_visitor_with_a_keyboard_alone_chats_chooses_and_reads_why() {
    let (_world, luisa) = served().await;
    let page = Browser::open(1280, 800).await;
    page.visit(&luisa).await;
    page.tab_to("it.classList.contains('skip')").await;
    page.keys(ENTER).await;
    page.keys("Buenas, necesito un repuesto").await;
    page.keys(ENTER).await;
    page.answers(1).await;
    page.tab_back_to("it.textContent === 'Ver opciones'").await;
    page.keys(ENTER).await;
    page.until("document.getElementById('sheet').open && document.activeElement.closest('#sheet')").await;
    page.keys(ESCAPE).await;
    page.until("!document.getElementById('sheet').open && document.activeElement.textContent === 'Ver opciones'").await;
    page.keys(ENTER).await;
    page.tab_to("it.textContent === 'Kingter'").await;
    page.keys(ENTER).await;
    page.answers(2).await;
    assert_eq!(page.said().await[2], "Kingter");
    page.tab_to("it.textContent === '¿Por qué?'").await;
    page.keys(ENTER).await;
    page.until("document.activeElement.matches('.card[open]:first-of-type summary')").await;
    assert!(page.text(".card[open] .reasons").await.contains("Botón: set:marca=Kingter"));
    page.is_clean().await;
}

#[tokio::test]
async fn on_a_phone_one_thing_is_shown_at_a_time_and_nothing_is_cut_off() {
    let (_world, luisa) = served().await;
    let page = Browser::open(375, 740).await;
    page.prefer("light").await;
    page.visit(&luisa).await;
    page.ask("quiero una máquina industrial para jeans").await;
    page.until("document.querySelector('.photo img').naturalWidth > 0").await;
    page.keep_picture("demo-phone.png").await;
    page.ask("quiero hablar con una persona").await;
    let fits = "document.documentElement.scrollWidth <= innerWidth && [...document.querySelectorAll('.log, .scroll, .examples')].every((box) => box.scrollWidth <= box.clientWidth)";
    let shown = "[...document.querySelectorAll('.chat, .panel, .examples')].filter((pane) => pane.offsetParent).map((pane) => pane.className).join()";
    for width in [375, 320] {
        page.resize(width, 740).await;
        for (press, pane) in [("Decisiones avisos al equipo: 1", "panel"), ("Ejemplos", "examples"), ("Chat", "chat")] {
            page.press(press).await;
            assert_eq!(page.js(&format!("return {shown}")).await, pane);
            assert_eq!(page.js(&format!("return {fits}")).await, true, "{pane} is wider than {width} pixels");
        }
    }
    page.press("Ver por qué respondió esto").await;
    assert_eq!(page.js(&format!("return {shown}")).await, "panel");
    page.is_clean().await;
}

#[tokio::test]
async fn light_or_dark_is_the_systems_until_chosen_and_both_can_be_read() {
    let (_world, luisa) = served().await;
    let page = Browser::open(1280, 800).await;
    page.prefer("dark").await;
    page.visit(&luisa).await;
    let theme = "return document.documentElement.dataset.theme";
    assert_eq!(page.js(theme).await, "dark");
    page.prefer("light").await;
    page.until("document.documentElement.dataset.theme === 'light'").await;
    page.ask("mi máquina está dañada, es urgente").await;
    page.ask("buenas, necesito un repuesto Singer").await;
    for expected in ["light", "dark"] {
        if expected == "dark" {
            page.js("document.querySelector('.plain[data-theme-toggle]').click()").await;
        }
        assert_eq!(page.js(theme).await, expected);
        let faint = page.js(TOO_FAINT).await;
        assert_eq!(faint["faint"], json!([]), "{expected}");
        assert!(faint["seen"].as_u64().unwrap() > 50, "{faint}");
    }
    page.visit(&luisa).await;
    assert_eq!(page.js(theme).await, "dark", "the choice is kept");
    page.is_clean().await;
}

#[tokio::test]
async fn what_was_typed_is_not_lost_when_the_network_the_pace_or_luisa_fails() {
    let (world, luisa) = served().await;
    let page = Browser::open(1280, 800).await;
    page.visit(&luisa).await;
    page.ask("hola").await;

    let lock = rusqlite::Connection::open(world.db()).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    page.write("tienen repuestos?").await;
    page.reads("LUISA no pudo responder en este momento").await;
    lock.execute_batch("ROLLBACK").unwrap();
    page.press("Reintentar").await;
    page.answers(2).await;

    page.offline(true).await;
    page.write("a qué hora abren?").await;
    page.reads("Sin conexión").await;
    page.offline(false).await;
    page.answers(3).await;
    assert_eq!(page.count(".trouble:not([hidden])").await, 0, "it left by itself when the network was back");

    page.js("document.querySelector('.examples [data-new]').click()").await;
    let id = page.js("return JSON.parse(sessionStorage.getItem('luisa-demo')).conversation").await;
    loop {
        let said = json!({ "conversation_id": id, "text": "hola" });
        if luisa.post("/api/chat", &said).await.0 == 429 {
            break;
        }
    }
    page.write("y dónde quedan?").await;
    page.reads("Van muchos mensajes en un minuto").await;
    let retry = page
        .js("const it = document.querySelector('.trouble:not([hidden]) button'); return [it.disabled, it.textContent]")
        .await;
    assert!(retry[0] == true && retry[1].as_str().unwrap().starts_with("Reintentar en "), "{retry}");

    page.js("document.querySelector('.examples [data-new]').click()").await;
    luisa.kill().await;
    page.write("un borrador").await;
    page.reads("LUISA no contesta").await;
    assert_eq!(page.said().await, ["un borrador"]);
    page.press("Reintentar").await;
    page.until("document.querySelector('.trouble:not([hidden])')").await;
    assert_eq!(page.said().await, ["un borrador"], "tried again, not written again");
}

#[tokio::test]
async fn what_a_language_model_costs_is_shown_where_one_is_asked() {
    let openai = FakeOpenAi::start().await;
    openai.answer_next(Answer::Json(json!({
        "sentences": [{ "text": "La Kingter KT-D3 es muy buena para gorras y ropa; el dato exacto se lo confirma un asesor.", "facts": ["I008"] }],
        "confidence": 0.9
    })));
    let world = World::new()
        .await
        .with("WHATSAPP_ENABLED", "false")
        .with("OPENAI_ENABLED", "true")
        .with("OPENAI_FREE_SENTENCES", "true")
        .with("OPENAI_API_KEY", "clave-de-prueba-0123456789")
        .with("OPENAI_BASE_URL", openai.base_url());
    let luisa = world.serve().await;
    let page = Browser::open(1280, 800).await;
    page.visit(&luisa).await;
    page.ask("a cuántas puntadas por minuto trabaja la KT-D3 y cuánto pesa").await;
    let facts = page.text(".card .facts").await;
    let cost: f64 =
        world.text("SELECT CAST(openai_cost_usd AS TEXT) FROM interaction_traces").unwrap().parse().unwrap();
    for part in [&format!("US$ {cost:.5}"), "gpt-6-luna", "tokens", "ms del modelo externo", "openai:ok"] {
        assert!(facts.contains(part), "{part} is not in {facts}");
    }
    page.is_clean().await;
}

#[tokio::test]
async fn what_people_write_is_text_and_never_part_of_the_page() {
    let (_world, luisa) = served().await;
    let page = Browser::open(1280, 800).await;
    page.visit(&luisa).await;
    let images = page.count("img").await;
    let nasty = "<img src=x onerror=alert(1)><b>hola</b> https://example.com/a?b=<script>";
    page.ask(nasty).await;
    assert_eq!(page.said().await[0], nasty);
    assert_eq!(page.count("img").await, images);
    assert_eq!(page.count(".message b, .card q b, script:not([src])").await, 0);
    page.visit(&luisa).await;
    assert_eq!(page.said().await[0], nasty);
    page.is_clean().await;
}

#[tokio::test]
async fn example_customers_of_another_trade_play_by_themselves() {
    let (_world, luisa) = bakery().await;
    let page = Browser::open(1000, 700).await;
    page.visit(&luisa).await;
    assert_eq!(page.js("return document.title").await, "LUISA · La Espiga");
    assert!(!page.js("return document.documentElement.outerHTML").await.to_string().contains("Sastre"));
    page.press("Ejemplos").await;
    assert_eq!(page.count(".customer").await, 3);
    let playing = "document.getElementById('playing-name').textContent";
    let julia = "[...document.querySelectorAll('.customer')].find((one) => one.textContent.includes('Julia'))";
    assert_eq!(page.js(&format!("{julia}.click(); return {playing}")).await, "Escribe Julia, un reclamo");
    page.answers(2).await;
    page.until("document.getElementById('playing').hidden").await;
    assert_eq!(page.said().await[0], "la torta llegó dañada, pésimo servicio");
    assert!(page.count(".notice").await >= 1);

    page.press("Ejemplos").await;
    // Stopped by the page itself, at an answer and not when the test comes to it.
    page.js(
        "new MutationObserver(() => { if (document.querySelectorAll('.card').length === 2) document.getElementById('stop').click(); })
             .observe(document.getElementById('panel'), { childList: true, subtree: true });
         document.querySelector('.customer').click()",
    )
    .await;
    page.answers(2).await;
    page.until("document.getElementById('playing').hidden").await;
    assert_eq!(page.text(".choice.pressed").await, "Torta", "an offered option is pressed, not written");
    page.choose("Para celebrar").await;
    assert_eq!(page.said().await[4], "Para celebrar", "the visitor goes on where the customer stopped");
    page.is_clean().await;
}

#[tokio::test]
async fn every_example_customer_of_both_stores_is_answered_and_the_first_one_buys() {
    for (_world, luisa) in [served().await, bakery().await] {
        let (_, store) = luisa.get("/api/demo").await;
        for (n, customer) in store["customers"].as_array().unwrap().iter().enumerate() {
            let (mut options, mut reasons) = (Vec::new(), Vec::new());
            for text in customer["says"].as_array().unwrap() {
                let pressed = options.iter().find(|option: &&Value| option["title"] == *text);
                let said = json!({ "conversation_id": format!("c{n}"), "text": text, "option_id": pressed.map(|option| &option["id"]) });
                let (status, answer) = luisa.post("/api/chat", &said).await;
                assert_eq!(status, 200);
                assert!(!answer["response"].as_str().unwrap().is_empty(), "no answer to {text}");
                options = answer["interactive"]["options"].as_array().cloned().unwrap_or_default();
                reasons.extend(answer["handoff"]["reason"].as_str().map(str::to_owned));
            }
            if n == 0 {
                assert_eq!(reasons, ["cierre"], "{customer}");
            }
        }
    }
}

#[tokio::test]
async fn the_page_is_off_in_production_unless_wanted_and_shows_no_chat_of_whatsapp() {
    let production = |world: World| {
        world
            .with("PRODUCTION_MODE", "true")
            .with("HOST", "127.0.0.1")
            .with("LUISA_API_KEY", "0123456789abcdef0123456789abcdef")
    };
    let routes = ["/", "/demo/app.js", "/api/demo", "/api/demo/turns/x"];
    let world = production(World::new().await);
    let luisa = world.serve().await;
    for route in routes {
        let answer = http().get(format!("{}{route}", luisa.url)).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{route}");
    }
    luisa.kill().await;

    let world = world.with("DEMO_UI_ENABLED", "true");
    let luisa = world.serve().await;
    luisa.customer(1).says("hola").await.unwrap();
    luisa.turns(1).await;
    let theirs = world.text("SELECT request_id FROM interaction_traces").unwrap();
    assert_eq!(luisa.get(&format!("/api/demo/turns/{theirs}")).await.0, 404);
    let (_, mine) = luisa.post("/api/chat", &json!({ "conversation_id": "a", "text": "hola" })).await;
    let path = format!("/api/demo/turns/{}", mine["request_id"].as_str().unwrap());
    let (status, turn) = luisa.get(&path).await;
    assert_eq!(status, 200);
    assert!(!turn["reasons"].as_array().unwrap().is_empty(), "{turn}");
}

#[tokio::test]
async fn the_files_are_strictly_guarded_and_not_loaded_twice() {
    let (_world, luisa) = served().await;
    let page = http().get(&luisa.url).send().await.unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self'"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    let html = page.text().await.unwrap();
    let mut files = 0;
    for path in html.split('"').filter(|part| part.starts_with("/demo/")) {
        let url = format!("{}{path}", luisa.url);
        let first = http().get(&url).send().await.unwrap();
        assert_eq!(first.status(), 200, "{path}");
        let tag = first.headers()["etag"].clone();
        let again = http().get(&url).header("if-none-match", tag).send().await.unwrap();
        assert_eq!(again.status(), 304, "{path}");
        files += 1;
    }
    assert!(files >= 5, "{html}");
    for path in ["/demo/page.html", "/demo/nothing.js", "/demo/..%2fCargo.toml"] {
        assert_eq!(http().get(format!("{}{path}", luisa.url)).send().await.unwrap().status(), 404, "{path}");
    }
}
