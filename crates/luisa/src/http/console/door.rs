//! Coming in and leaving: the password, the one-time invitation.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Instant;

use askama::Template;
use axum::Form;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use luisa_store::NewSession;
use serde::Deserialize;

use super::access::{self, DOOR, LONGEST_SESSION, Staff};
use super::token::{Token, handle_of};
use super::trouble::{Trouble, rendered};
use super::{Console, password, words};
use crate::http::router::Http;
use crate::http::server::Peer;
use crate::telemetry::Private;

const INSIDE: &str = "/console";
const SHORTEST: usize = password::SHORTEST;

#[derive(Template)]
#[template(path = "console/door.html")]
struct DoorPage<'a> {
    title: &'a str,
    shop: &'a str,
    name: &'a str,
    problem: &'a str,
}

#[derive(Template)]
#[template(path = "console/invited.html")]
struct InvitedPage<'a> {
    title: &'a str,
    shop: &'a str,
    name: &'a str,
    shortest: usize,
    problem: &'a str,
}

#[derive(Debug, Deserialize)]
pub(super) struct Entering {
    #[serde(default)]
    nombre: Private<String>,
    #[serde(default)]
    clave: Private<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Accepting {
    #[serde(default)]
    clave: Private<String>,
    #[serde(default)]
    otra_vez: Private<String>,
}

pub(super) async fn door(State(http): State<Http>, headers: HeaderMap) -> Result<Response, Trouble> {
    if access::staff(&http, &headers).await?.is_some() {
        return Ok(Redirect::to(INSIDE).into_response());
    }
    Ok(at_the_door(&http, "", ""))
}

fn at_the_door(http: &Http, name: &str, problem: &str) -> Response {
    let pack = http.station.shop.pack();
    rendered(&DoorPage { title: "Entrar", shop: &pack.about.short_name, name, problem })
}

pub(super) async fn enter(
    State(http): State<Http>,
    State(console): State<Arc<Console>>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    Form(given): Form<Entering>,
) -> Result<Response, Trouble> {
    let (name, password) = (given.nombre.into_inner(), given.clave.into_inner());
    let (account, address) = (handle_of(&name), address_of(&http, peer, &headers));
    if let Some(left) = console.patience.wait(&account, address, Instant::now()) {
        let problem = format!("Demasiados intentos. Espere {} segundos y pruebe de nuevo.", left.as_secs() + 1);
        return Ok((StatusCode::TOO_MANY_REQUESTS, at_the_door(&http, &name, &problem)).into_response());
    }
    let shop = &http.station.shop;
    let known = shop.store.user_at_the_door(&account).await?;
    let (user, hash) = known.map_or((None, None), |(user, hash)| (Some(user), Some(hash)));
    let fits = password.len() <= password::LONGEST && console.passwords.fits(password, hash).await;
    let Some(user) = user.filter(|_| fits) else {
        console.patience.wrong(&account, address, Instant::now());
        tracing::info!("console_login_refused");
        let problem = "El nombre o la clave no son correctos.";
        return Ok((StatusCode::UNAUTHORIZED, at_the_door(&http, &name, problem)).into_response());
    };
    console.patience.right(&account, address);
    let token = Token::fresh();
    shop.store.open_session(shop.clock.now(), &user, new_session(&http, &token, &headers)).await?;
    Ok(let_in(&token))
}

pub(super) async fn leave(State(http): State<Http>, Extension(staff): Extension<Staff>) -> Result<Response, Trouble> {
    let shop = &http.station.shop;
    shop.store.end_session(shop.clock.now(), staff.session, &staff.user.name).await?;
    Ok(([(header::SET_COOKIE, access::no_cookie())], Redirect::to(DOOR)).into_response())
}

pub(super) async fn invited(State(http): State<Http>, Path(token): Path<String>) -> Result<Response, Trouble> {
    let shop = &http.station.shop;
    let token = Token::given(&token).ok_or(Trouble::NotFound)?;
    let invitation = shop.store.invitation(shop.clock.now(), &token.hash()).await?.ok_or(Trouble::NotFound)?;
    Ok(invitation_page(&http, &invitation.name, ""))
}

fn invitation_page(http: &Http, name: &str, problem: &str) -> Response {
    let pack = http.station.shop.pack();
    let page = InvitedPage { title: "Bienvenida", shop: &pack.about.short_name, name, shortest: SHORTEST, problem };
    rendered(&page)
}

pub(super) async fn accept(
    State(http): State<Http>,
    State(console): State<Arc<Console>>,
    Path(token): Path<String>,
    headers: HeaderMap,
    Form(given): Form<Accepting>,
) -> Result<Response, Trouble> {
    let shop = &http.station.shop;
    let invited = Token::given(&token).ok_or(Trouble::NotFound)?;
    let invitation = shop.store.invitation(shop.clock.now(), &invited.hash()).await?.ok_or(Trouble::NotFound)?;
    let (password, again) = (given.clave.into_inner(), given.otra_vez.into_inner());
    if let Err(problem) = usable(&password, &again, &invitation.handle) {
        return Ok((StatusCode::BAD_REQUEST, invitation_page(&http, &invitation.name, &problem)).into_response());
    }
    let hash = console.passwords.hash(password).await.map_err(|error| {
        tracing::error!(%error, "password_not_hashed");
        Trouble::Ours
    })?;
    let token = Token::fresh();
    let session = new_session(&http, &token, &headers);
    shop.store.accept_invitation(shop.clock.now(), &invited.hash(), &hash, session).await?;
    Ok(let_in(&token))
}

fn usable(password: &str, again: &str, handle: &str) -> Result<(), String> {
    if password.chars().count() < SHORTEST {
        return Err(format!("La clave es muy corta: use {SHORTEST} letras o más, por ejemplo tres palabras."));
    }
    if password.len() > password::LONGEST {
        return Err("La clave es demasiado larga.".to_owned());
    }
    let plain = handle_of(password);
    let one_letter = plain.chars().all(|c| plain.starts_with(c));
    if one_letter || plain.replace(' ', "") == handle.replace(' ', "") || plain.starts_with("123456") {
        return Err("Esa clave la adivina cualquiera: use tres palabras que no vayan juntas.".to_owned());
    }
    if password == again { Ok(()) } else { Err("Las dos claves no son iguales.".to_owned()) }
}

fn new_session(http: &Http, token: &Token, headers: &HeaderMap) -> NewSession {
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    let now = http.station.shop.clock.now();
    let ends_at = now.saturating_add(LONGEST_SESSION).unwrap_or(now);
    NewSession { token_hash: token.hash(), device: words::device(agent), ends_at }
}

fn let_in(token: &Token) -> Response {
    ([(header::SET_COOKIE, access::cookie(token))], Redirect::to(INSIDE)).into_response()
}

fn address_of(http: &Http, peer: Option<Extension<Peer>>, headers: &HeaderMap) -> IpAddr {
    let peer = peer.map_or(Ipv4Addr::UNSPECIFIED.into(), |Extension(Peer(peer))| peer);
    http.addresses.network_of(peer, headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_that_anybody_guesses_is_refused_with_the_reason() {
        for (password, why) in [
            ("corta", "muy corta"),
            ("1234567890", "adivina"),
            ("aaaaaaaaaaaa", "adivina"),
            ("Carmen Núñez", "adivina"),
        ] {
            assert!(usable(password, password, "carmen nunez").unwrap_err().contains(why), "{password}");
        }
        assert!(usable("hilo y dedal", "hilo y aguja", "carmen").unwrap_err().contains("no son iguales"));
        assert_eq!(usable("hilo y dedal", "hilo y dedal", "carmen"), Ok(()));
    }
}
