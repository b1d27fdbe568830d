//! Who is asking, what they may do, and whether the request comes from our own page.
//!
//! Owns the table of rights and the cookie. A session is looked up at each request: ending one is felt at once.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use luisa_store::{Role, StoreError, User};

use super::token::Token;
use super::trouble::Trouble;
use crate::http::router::Http;

/// `__Host-`: only over HTTPS (or from this machine), only from us, for every path.
const COOKIE: &str = "__Host-luisa";
/// However busy a browser is, after so long its user shows the password again.
pub(super) const LONGEST_SESSION: jiff::SignedDuration = jiff::SignedDuration::from_hours(90 * 24);
pub(super) const DOOR: &str = "/console/entrar";

/// What a route asks of who calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Right {
    /// Look.
    See,
    /// Take chats, answer, give back, close.
    Answer,
    /// Prices, stock, facts.
    Shop,
    /// Give people their data, erase it.
    People,
    /// Users, roles, everybody's sessions.
    Accounts,
}

impl Right {
    // tidy: table
    pub(super) fn is_of(self, role: Role) -> bool {
        match (role, self) {
            (Role::Owner, _) => true,
            (Role::Team, Self::See | Self::Answer | Self::Shop) => true,
            (Role::Team, Self::People | Self::Accounts) => false,
            (Role::Workshop, Self::See | Self::Answer) => true,
            (Role::Workshop, Self::Shop | Self::People | Self::Accounts) => false,
            (Role::Reader, Self::See) => true,
            (Role::Reader, Self::Answer | Self::Shop | Self::People | Self::Accounts) => false,
        }
    }
}

/// Who is asking.
#[derive(Debug, Clone)]
pub(super) struct Staff {
    pub(super) user: User,
    pub(super) session: i64,
}

impl Staff {
    pub(super) fn may(&self, right: Right) -> bool {
        right.is_of(self.user.role)
    }
}

/// Lets through who is in and has the right, with their name.
pub(super) async fn with_right(
    State((http, right)): State<(Http, Right)>,
    mut request: Request,
    next: Next,
) -> Response {
    match staff(&http, request.headers()).await {
        Ok(Some(staff)) if staff.may(right) => {
            request.extensions_mut().insert(staff);
            next.run(request).await
        }
        Ok(Some(_)) => Trouble::NotAllowed.into_response(),
        Ok(None) => to_the_door(&request),
        Err(error) => Trouble::from(error).into_response(),
    }
}

/// Who these headers belong to.
pub(super) async fn staff(http: &Http, headers: &HeaderMap) -> Result<Option<Staff>, StoreError> {
    let Some(token) = token_of(headers) else { return Ok(None) };
    let shop = &http.station.shop;
    let found = shop.store.session(shop.clock.now(), &token.hash()).await?;
    Ok(found.map(|session| Staff { user: session.user, session: session.id }))
}

fn to_the_door(request: &Request) -> Response {
    let page = request.method() == Method::GET
        && request
            .headers()
            .get(header::ACCEPT)
            .is_none_or(|accept| accept.to_str().is_ok_and(|a| a.contains("text/html")));
    if page { Redirect::to(DOOR).into_response() } else { StatusCode::UNAUTHORIZED.into_response() }
}

/// What changes something must come from our own page: the browser says so, and no other site can make it say so.
pub(super) async fn from_here(request: Request, next: Next) -> Response {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD);
    if safe || is_from_here(request.headers()) {
        next.run(request).await
    } else {
        Trouble::FromElsewhere.into_response()
    }
}

fn is_from_here(headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin";
    }
    // An old browser: its origin must be the host that was asked.
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let (Some(origin), Some(host)) = (text(header::ORIGIN), text(header::HOST)) else { return false };
    origin.split_once("://").is_some_and(|(_, place)| place == host)
}

/// The cookie that a browser gets when its user comes in.
pub(super) fn cookie(token: &Token) -> HeaderValue {
    let age = LONGEST_SESSION.as_secs();
    let text = format!("{COOKIE}={}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={age}", token.text());
    HeaderValue::from_str(&text).unwrap_or_else(|_| no_cookie())
}

/// Takes the cookie away.
pub(super) fn no_cookie() -> HeaderValue {
    HeaderValue::from_static("__Host-luisa=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0")
}

fn token_of(headers: &HeaderMap) -> Option<Token> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(name, _)| *name == COOKIE).find_map(|(_, value)| Token::given(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse::<header::HeaderName>().unwrap(), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn only_our_own_page_may_change_something() {
        for ours in [
            headers(&[("sec-fetch-site", "same-origin")]),
            headers(&[("origin", "https://luisa.example"), ("host", "luisa.example")]),
            headers(&[("origin", "http://127.0.0.1:8000"), ("host", "127.0.0.1:8000")]),
        ] {
            assert!(is_from_here(&ours), "{ours:?}");
        }
        for others in [
            headers(&[]),
            headers(&[
                ("sec-fetch-site", "cross-site"),
                ("origin", "https://luisa.example"),
                ("host", "luisa.example"),
            ]),
            headers(&[("sec-fetch-site", "same-site")]),
            headers(&[("sec-fetch-site", "none")]),
            headers(&[("origin", "https://evil.example"), ("host", "luisa.example")]),
            headers(&[("origin", "null"), ("host", "luisa.example")]),
        ] {
            assert!(!is_from_here(&others), "{others:?}");
        }
    }

    #[test]
    fn each_role_may_what_it_is_for() {
        use Right::*;
        let rights = |role| [See, Answer, Shop, People, Accounts].map(|right: Right| right.is_of(role));
        assert_eq!(rights(Role::Owner), [true; 5]);
        assert_eq!(rights(Role::Team), [true, true, true, false, false]);
        assert_eq!(rights(Role::Workshop), [true, true, false, false, false]);
        assert_eq!(rights(Role::Reader), [true, false, false, false, false]);
    }
}
