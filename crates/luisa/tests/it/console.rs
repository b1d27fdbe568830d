//! The console, as the team meets it: on a telephone, in a real browser.

use std::path::Path;

use serde_json::Value;

use crate::browser::Browser;
use crate::world::{Luisa, World, http};

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
