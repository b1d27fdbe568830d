//! Accounts: who may use the console, which browsers are in, what was done.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Extension, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use luisa_store::{AuditRow, Invitation, Role, UserId};
use serde::Deserialize;

use super::access::{Right, Staff};
use super::frame::{Frame, Tab};
use super::token::{INVITATION_KEPT, Token, handle_of};
use super::trouble::{Trouble, rendered};
use super::words;
use crate::runtime::Station;

const ACTS: u32 = 60;
const PAGE: &str = "/console/cuentas";

#[derive(Template)]
#[template(path = "console/accounts.html")]
struct AccountsPage {
    frame: Frame,
    users: Vec<UserLine>,
    sessions: Vec<SessionLine>,
    acts: Vec<ActLine>,
    /// The way of a link just made, after the server's own address.
    link: Option<(String, String)>,
}

struct UserLine {
    id: UserId,
    name: String,
    role: &'static str,
    role_id: &'static str,
    shut_out: bool,
}

struct SessionLine {
    id: i64,
    name: String,
    device: String,
    seen: String,
    own: bool,
}

struct ActLine {
    at: String,
    who: String,
    act: String,
    detail: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Inviting {
    nombre: String,
    rol: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct NewRole {
    rol: String,
}

pub(super) async fn page(
    State(station): State<Arc<Station>>,
    Extension(staff): Extension<Staff>,
) -> Result<Response, Trouble> {
    show(&station, &staff, None).await
}

async fn show(station: &Station, staff: &Staff, link: Option<(String, String)>) -> Result<Response, Trouble> {
    let (shop, now) = (&station.shop, station.shop.clock.now());
    let all = staff.may(Right::Accounts);
    let sessions = shop.store.sessions(now).await?;
    let sessions = sessions.into_iter().filter(|row| all || row.user_id == staff.user.id).map(|row| SessionLine {
        own: row.id == staff.session,
        id: row.id,
        name: row.user_name,
        device: row.device,
        seen: words::ago(row.seen_at, now),
    });
    let sessions = sessions.collect();
    let users = if all { shop.store.users().await? } else { Vec::new() };
    let users = users.into_iter().map(|user| UserLine {
        id: user.id,
        role: words::role(user.role),
        role_id: user.role.as_str(),
        shut_out: user.disabled_at.is_some(),
        name: user.name,
    });
    let acts = if all { shop.store.audit_log(None, ACTS).await? } else { Vec::new() };
    let zone = &shop.settings.hours.zone;
    let acts = acts.into_iter().map(|row| act_line(row, zone)).collect();
    let frame = Frame::of(station, staff, Tab::Accounts, "Cuentas").await?;
    Ok(rendered(&AccountsPage { frame, users: users.collect(), sessions, acts, link }))
}

fn act_line(row: AuditRow, zone: &TimeZone) -> ActLine {
    let change = match (&row.before, &row.after) {
        (None, None) => String::new(),
        (None, Some(after)) => after.clone(),
        (Some(before), None) => format!("antes: {before}"),
        (Some(before), Some(after)) => format!("{before} → {after}"),
    };
    let about = row.about.unwrap_or_default();
    let between = if about.is_empty() || change.is_empty() { "" } else { ": " };
    ActLine {
        at: words::moment(row.at, zone),
        who: row.who,
        act: words::act(&row.act).to_owned(),
        detail: format!("{about}{between}{change}"),
    }
}

pub(super) async fn invite(
    State(station): State<Arc<Station>>,
    Extension(staff): Extension<Staff>,
    Form(form): Form<Inviting>,
) -> Result<Response, Trouble> {
    let (shop, now) = (&station.shop, station.shop.clock.now());
    let (token, invitation) = invitation(&form.nombre, &form.rol, &staff.user.name, now)?;
    let name = invitation.name.clone();
    shop.store.invite(now, invitation).await?;
    show(&station, &staff, Some((name, format!("/console/invitacion/{}", token.text())))).await
}

fn invitation(name: &str, role: &str, by: &str, now: Timestamp) -> Result<(Token, Invitation), Trouble> {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let handle = handle_of(&name);
    if handle.is_empty() || name.chars().count() > 40 {
        return Err(Trouble::Unusable("Escriba un nombre de hasta 40 letras.".to_owned()));
    }
    let role = role_of(role)?;
    let ends_at = now.saturating_add(INVITATION_KEPT).unwrap_or(now);
    let token = Token::fresh();
    let invitation = Invitation { token_hash: token.hash(), name, handle, role, made_by: by.to_owned(), ends_at };
    Ok((token, invitation))
}

fn role_of(id: &str) -> Result<Role, Trouble> {
    let unusable = || Trouble::Unusable("Ese rol no existe.".to_owned());
    Role::ALL.iter().copied().find(|role| role.as_str() == id).ok_or_else(unusable)
}

pub(super) async fn set_role(
    State(station): State<Arc<Station>>,
    Extension(staff): Extension<Staff>,
    Path(user): Path<UserId>,
    Form(form): Form<NewRole>,
) -> Result<Response, Trouble> {
    let role = role_of(&form.rol)?;
    let changed = station.shop.store.set_role(station.shop.clock.now(), user, role, &staff.user.name).await;
    changed.map_err(an_owner_stays)?;
    Ok(Redirect::to(PAGE).into_response())
}

pub(super) async fn shut_out(
    State(station): State<Arc<Station>>,
    Extension(staff): Extension<Staff>,
    Path(user): Path<UserId>,
) -> Result<Response, Trouble> {
    let changed = station.shop.store.shut_out(station.shop.clock.now(), user, &staff.user.name).await;
    changed.map_err(an_owner_stays)?;
    Ok(Redirect::to(PAGE).into_response())
}

fn an_owner_stays(error: luisa_store::StoreError) -> Trouble {
    match error {
        luisa_store::StoreError::Conflict(_) => {
            Trouble::Unusable("Debe quedar por lo menos una dueña con cuenta abierta.".to_owned())
        }
        other => other.into(),
    }
}

/// One's own sessions; anybody's with the right to.
pub(super) async fn end_session(
    State(station): State<Arc<Station>>,
    Extension(staff): Extension<Staff>,
    Path(session): Path<i64>,
) -> Result<Response, Trouble> {
    let (shop, now) = (&station.shop, station.shop.clock.now());
    let rows = shop.store.sessions(now).await?;
    let whose = rows.iter().find(|row| row.id == session).map(|row| row.user_id);
    if whose.is_some_and(|user| user != staff.user.id) && !staff.may(Right::Accounts) {
        return Err(Trouble::NotAllowed);
    }
    shop.store.end_session(now, session, &staff.user.name).await?;
    Ok(Redirect::to(PAGE).into_response())
}
