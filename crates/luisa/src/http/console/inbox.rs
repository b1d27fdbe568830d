//! The inbox: who waits for an answer, whose chats are mine, all chats, and the search.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Extension, Query, State};
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use luisa_store::{ChatLine, ChatList, HandoffStatus, Mode};
use serde::Deserialize;

use super::access::Staff;
use super::frame::{Frame, Tab};
use super::trouble::{Trouble, rendered};
use super::words;
use crate::runtime::Station;

/// Chats on a page.
const PAGE: u32 = 30;
/// LUISA answers within seconds; who has no answer after this waits for a person.
const LUISA_ANSWERS_WITHIN: SignedDuration = SignedDuration::from_mins(2);
/// Of the last words, so many letters are shown.
const SHOWN: usize = 90;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    lista: String,
    #[serde(default)]
    q: String,
    /// Where the page before ended.
    despues: Option<String>,
    /// Only the list, for a page that is there already.
    parte: Option<u8>,
}

#[derive(Template)]
#[template(path = "console/inbox.html")]
struct InboxPage {
    frame: Frame,
    list: List,
}

#[derive(Template)]
#[template(path = "console/lines.html")]
struct ListPart {
    list: List,
}

struct List {
    kind: &'static str,
    search: String,
    lines: Vec<Line>,
    /// The query of the next page.
    more: Option<String>,
}

/// A chat in a list.
pub(super) struct Line {
    href: String,
    name: String,
    said: String,
    waits: Option<String>,
    at: String,
    leads: String,
    window: Option<String>,
    handoff: Option<(String, bool)>,
    unread: bool,
    personal: bool,
}

pub(super) async fn page(
    State(station): State<Arc<Station>>,
    Extension(staff): Extension<Staff>,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    if asked.parte.is_some() {
        return Ok(rendered(&ListPart { list: list(&station, &staff, &asked).await? }));
    }
    let frame = Frame::of(&station, &staff, Tab::Inbox, "Bandeja").await?;
    let list = list(&station, &staff, &asked).await?;
    Ok(rendered(&InboxPage { frame, list }))
}

/// The moment before which LUISA should have answered.
pub(super) fn unanswered_since(now: Timestamp) -> Timestamp {
    now.saturating_sub(LUISA_ANSWERS_WITHIN).unwrap_or(now)
}

async fn list(station: &Station, staff: &Staff, asked: &Asked) -> Result<List, Trouble> {
    let (store, now) = (&station.shop.store, station.shop.clock.now());
    let search = asked.q.trim().to_owned();
    let kind = match asked.lista.as_str() {
        _ if !search.is_empty() => "buscar",
        "mios" => "mios",
        "todos" => "todos",
        _ => "responder",
    };
    let which = match kind {
        "buscar" => ChatList::Found { words: search.clone() },
        "mios" => ChatList::Mine { name: staff.user.name.clone() },
        "todos" => ChatList::All { before: asked.despues.as_ref().and_then(|place| place.parse().ok()) },
        _ => ChatList::Waiting {
            unanswered_since: unanswered_since(now),
            after: asked.despues.as_deref().and_then(place),
        },
    };
    let lines = store.chat_lines(staff.user.id, which, PAGE + 1).await?;
    let page = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let last = lines.get(page.saturating_sub(1)).filter(|_| lines.len() > page);
    let more = last.and_then(|line| match kind {
        "todos" => Some(format!("lista=todos&despues={}", line.place.message)),
        "responder" => {
            Some(format!("lista=responder&despues={}_{}", line.waiting_since?.as_millisecond(), line.place.head))
        }
        _ => None,
    });
    let lines = lines.iter().take(page).map(|line| self::line(station, staff, line, now)).collect();
    Ok(List { kind, search, lines, more })
}

/// `milliseconds_number`, as the link to the next page says it.
fn place(text: &str) -> Option<(Timestamp, i64)> {
    let (at, head) = text.split_once('_')?;
    Some((Timestamp::from_millisecond(at.parse().ok()?).ok()?, head.parse().ok()?))
}

pub(super) fn line(station: &Station, staff: &Staff, line: &ChatLine, now: Timestamp) -> Line {
    let window = window_left(line.last_inbound_at, now);
    let handoff = line.handoff.as_ref().map(|open| {
        let team = words::team(&open.team);
        let taken = match (open.status, &open.taken_by) {
            (HandoffStatus::Taken, Some(by)) => format!("{team}, la tiene {by}"),
            _ => format!("{team}, {}", words::priority(&open.priority)),
        };
        (taken, open.status == HandoffStatus::Open)
    });
    Line {
        href: format!("/console/chat/{}", words::encoded(line.id.as_str())),
        name: words::person(&line.name, line.phone.as_deref()),
        said: said(line),
        waits: line.waiting_since.map(|since| words::span(since, now)),
        at: words::ago(line.last_at, now),
        leads: words::leads(
            effective(line.mode, line.human_until, now),
            line.human_by.as_deref(),
            &staff.user.name,
            station,
        ),
        window: window.filter(|left| left.1).map(|left| left.0),
        handoff,
        unread: line.unread,
        personal: line.personal,
    }
}

/// Who answers now: a person's time that has passed is over, also before anybody writes.
pub(super) fn effective(mode: Mode, until: Option<Timestamp>, now: Timestamp) -> Mode {
    if until.is_some_and(|until| until <= now) { Mode::AiActive } else { mode }
}

/// What is left of the time in which WhatsApp takes free words, and whether it is time to look at it.
pub(super) fn window_left(last_inbound: Option<Timestamp>, now: Timestamp) -> Option<(String, bool)> {
    let left = luisa_store::ANSWER_WINDOW - now.duration_since(last_inbound?);
    Some(match left.as_hours() {
        _ if left.as_secs() <= 0 => ("ventana cerrada".to_owned(), true),
        0 => (format!("quedan {} min para escribirle", left.as_mins().max(1)), true),
        hours => (format!("quedan {hours} h para escribirle"), hours < 4),
    })
}

fn said(line: &ChatLine) -> String {
    let Some(last) = &line.last else { return String::new() };
    let text = match &last.text {
        Some(text) if !text.trim().is_empty() => text.split_whitespace().collect::<Vec<_>>().join(" "),
        _ => words::kind(&last.kind, last.state).to_owned(),
    };
    let mut shown: String = text.chars().take(SHOWN).collect();
    if text.chars().count() > SHOWN {
        shown.push('…');
    }
    match words::speaker(last.sender) {
        "" => shown,
        who => format!("{who}: {shown}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_is_said_when_it_is_time_to_look_at_it() {
        let now: Timestamp = "2026-11-20T15:00:00Z".parse().unwrap();
        let left = |hours: i64, minutes: i64| {
            window_left(Some(now - SignedDuration::from_mins(hours * 60 + minutes)), now).unwrap()
        };
        assert_eq!(left(1, 0), ("quedan 22 h para escribirle".to_owned(), false));
        assert_eq!(left(22, 0), ("quedan 1 h para escribirle".to_owned(), true));
        assert_eq!(left(23, 30), ("quedan 29 min para escribirle".to_owned(), true));
        assert_eq!(left(23, 59), ("ventana cerrada".to_owned(), true));
        assert_eq!(window_left(None, now), None);
    }

    #[test]
    fn a_place_in_the_list_survives_its_link() {
        let at = Timestamp::from_millisecond(1_763_650_000_123).unwrap();
        assert_eq!(place(&format!("{}_{}", at.as_millisecond(), 7)), Some((at, 7)));
        assert_eq!(place("nada"), None);
    }
}
