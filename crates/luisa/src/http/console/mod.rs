//! The console at `/console`: where the team sees who waits, answers, gives back, and changes what LUISA knows.
//!
//! Owns its routes and who may call each: a route is made from a right, so that there is none without. Pages are HTML that works without
//! script; the script adds what a page cannot do by itself. May not decide for LUISA, and sends nothing but through the outbox.

mod access;
mod door;
mod password;
mod patience;
mod token;
mod files;
mod frame;
mod words;
mod trouble;
mod inbox;
mod chat;
mod desk;
mod events;
mod handoffs;
mod shop;
mod today;
mod people;
mod corrections;
mod accounts;

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::address;
use super::router::Http;
use access::Right;
use password::Passwords;
use patience::Patience;

pub use token::{INVITATION_KEPT, Token, handle_of};

/// Only what the binary carries: no inline code, no other site.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; \
     manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
);

/// What the console's handlers share beside the station.
pub struct Console {
    passwords: Passwords,
    patience: Patience,
    latest: events::Latest,
    pages: Arc<Semaphore>,
    /// Open pages are let go when it is cancelled.
    stop: CancellationToken,
}

impl Console {
    /// Nobody is in yet.
    #[must_use]
    pub fn new(stop: CancellationToken) -> Self {
        Self {
            passwords: Passwords::default(),
            patience: Patience::default(),
            latest: events::Latest::default(),
            pages: events::places(),
            stop,
        }
    }
}

/// All routes under `/console`.
pub(super) fn router(http: &Http) -> Router<Http> {
    let open = Router::new()
        .route("/console/entrar", get(door::door).post(door::enter))
        .route("/console/invitacion/{token}", get(door::invited).post(door::accept))
        .route("/console/archivos/{file}", get(files::file))
        .route_layer(from_fn_with_state(http.clone(), address::limited));
    let inside = Inside { http, router: Router::new() }
        .route("/console", Right::See, get(inbox::page))
        .route("/console/eventos", Right::See, get(events::stream))
        .route("/console/chat/{id}", Right::See, get(chat::page))
        .route("/console/chat/{id}/tomar", Right::Answer, post(desk::take))
        .route("/console/chat/{id}/devolver", Right::Answer, post(desk::give_back))
        .route("/console/chat/{id}/cerrar", Right::Answer, post(desk::close))
        .route("/console/chat/{id}/responder", Right::Answer, post(desk::answer))
        .route("/console/chat/{id}/nota", Right::Answer, post(desk::note))
        .route("/console/chat/{id}/borrador", Right::Answer, post(desk::draft))
        .route("/console/salir", Right::See, post(door::leave))
        .route("/console/chat/{id}/corregir", Right::Answer, post(corrections::correct))
        .route("/console/hoy", Right::See, get(today::page))
        .route("/console/persona/{id}", Right::People, get(people::page))
        .route("/console/persona/{id}/datos", Right::People, get(people::export))
        .route("/console/persona/{id}/borrar", Right::People, post(people::erase))
        .route("/console/traspasos", Right::See, get(handoffs::page))
        .route("/console/catalogo", Right::See, get(shop::page))
        .route("/console/catalogo/{code}", Right::See, get(shop::product))
        .route("/console/catalogo/{code}", Right::Shop, post(shop::save))
        .route("/console/catalogo/{code}/agotada", Right::Shop, post(shop::toggle_stock))
        .route("/console/datos", Right::See, get(shop::facts))
        .route("/console/datos/{key}", Right::Shop, post(shop::save_fact))
        .route("/console/cambios/{edit}/deshacer", Right::Shop, post(shop::undo))
        .route("/console/cuentas", Right::See, get(accounts::page))
        .route("/console/cuentas/invitar", Right::Accounts, post(accounts::invite))
        .route("/console/cuentas/{user}/rol", Right::Accounts, post(accounts::set_role))
        .route("/console/cuentas/{user}/cerrar", Right::Accounts, post(accounts::shut_out))
        .route("/console/sesiones/{session}/cerrar", Right::See, post(accounts::end_session))
        .router;
    open.merge(inside).layer(from_fn(access::from_here)).layer(axum::middleware::map_response(with_policy))
}

/// Routes for who is in. There is no way to add one without saying who may call it.
struct Inside<'a> {
    http: &'a Http,
    router: Router<Http>,
}

impl Inside<'_> {
    fn route(self, path: &str, right: Right, methods: MethodRouter<Http>) -> Self {
        let asked = (self.http.clone(), right);
        let router = self.router.route(path, methods.layer(from_fn_with_state(asked, access::with_right)));
        Self { router, ..self }
    }
}

async fn with_policy(mut response: Response) -> Response {
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, POLICY);
    response
}

impl axum::extract::FromRef<Http> for Arc<Console> {
    fn from_ref(http: &Http) -> Self {
        Arc::clone(&http.console)
    }
}
