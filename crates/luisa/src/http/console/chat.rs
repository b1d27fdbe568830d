//! A chat: what was said and what became of it, why LUISA said it, what is known of the customer, and the way to answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Extension, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use luisa_core::memory::Memory;
use luisa_store::{
    Channel, ChatView, ConversationId, Direction, HandoffStatus, Mode, Note, SaidMessage, Sender, StoredTrace,
    TraceFilter,
};
use serde::Deserialize;

use super::access::{Right, Staff};
use super::frame::{Frame, Tab};
use super::token::Token;
use super::trouble::{Trouble, rendered};
use super::{inbox, words};
use crate::runtime::Station;

/// Messages on a page.
const MESSAGES: u32 = 60;
/// Traces that are looked through for them.
const TRACES: u32 = 120;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    antes: Option<i64>,
    /// Only the messages, for a page that is there already.
    parte: Option<u8>,
}

#[derive(Template)]
#[template(path = "console/chat.html")]
struct ChatPage {
    frame: Frame,
    chat: Chat,
    compose: Compose,
    may_answer: bool,
    problem: Option<Problem>,
}

#[derive(Template)]
#[template(path = "console/said.html")]
struct SaidPart {
    chat: Chat,
    may_answer: bool,
}

/// What stood in the way of an answer.
pub(super) struct Problem {
    pub(super) say: String,
    /// What was written, so that it is not lost.
    pub(super) text: String,
}

struct Chat {
    path: String,
    /// The page of the person, for who may see it.
    person: Option<String>,
    name: String,
    phone: Option<String>,
    call: Option<String>,
    leads: String,
    led_by_luisa: bool,
    led_by_me: bool,
    window: Option<String>,
    waits: Option<String>,
    known: Vec<(String, String)>,
    handoffs: Vec<HandoffCard>,
    is_open: bool,
    items: Vec<Item>,
    older: Option<i64>,
    newest: i64,
}

struct HandoffCard {
    title: String,
    summary: String,
    next_step: String,
    open: bool,
    state: String,
}

/// One thing in the run of a chat.
enum Item {
    Day(String),
    Bubble(Box<Bubble>),
    Note { who: String, at: String, text: String },
}

struct Bubble {
    id: i64,
    class: &'static str,
    who: String,
    text: String,
    picture: Option<(String, String)>,
    options: Vec<String>,
    at: String,
    state: String,
    lost: bool,
    why: Option<Why>,
}

/// Why LUISA said it.
struct Why {
    rows: Vec<(&'static str, String)>,
}

struct Compose {
    may: bool,
    /// Why nothing can be written, when that is so.
    closed: Option<&'static str>,
    send_id: String,
    text: String,
    quick: Vec<(String, String)>,
    pictures: Vec<(String, String)>,
}

pub(super) async fn page(
    State(station): State<Arc<Station>>,
    Extension(staff): Extension<Staff>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    let id = ConversationId(id);
    let view = station.shop.store.chat_view(staff.user.id, &id, asked.antes, MESSAGES).await?;
    if view.conversation.id != id {
        return Ok(Redirect::to(&path_of(&view.conversation.id)).into_response());
    }
    if asked.parte.is_some() {
        let chat = chat(&station, &staff, &view).await?;
        seen(&station, &staff, &view, chat.newest).await?;
        return Ok(rendered(&SaidPart { chat, may_answer: staff.may(Right::Answer) }));
    }
    show(&station, &staff, &view, None).await
}

/// The page of a chat, after something stood in the way of an answer.
pub(super) async fn with_problem(
    station: &Station,
    staff: &Staff,
    id: &ConversationId,
    problem: Problem,
) -> Result<Response, Trouble> {
    let view = station.shop.store.chat_view(staff.user.id, id, None, MESSAGES).await?;
    let page = show(station, staff, &view, Some(problem)).await?;
    Ok((StatusCode::CONFLICT, page).into_response())
}

async fn show(
    station: &Station,
    staff: &Staff,
    view: &ChatView,
    problem: Option<Problem>,
) -> Result<Response, Trouble> {
    let mut frame = Frame::of(station, staff, Tab::Inbox, "").await?;
    let chat = chat(station, staff, view).await?;
    seen(station, staff, view, chat.newest).await?;
    let draft = view.draft.clone().unwrap_or_default();
    let text = problem.as_ref().map_or(draft, |problem| problem.text.clone());
    let compose = compose(station, staff, view, text);
    frame.title.clone_from(&chat.name);
    Ok(rendered(&ChatPage { frame, chat, may_answer: compose.may, compose, problem }))
}

async fn seen(station: &Station, staff: &Staff, view: &ChatView, newest: i64) -> Result<(), Trouble> {
    Ok(station.shop.store.mark_seen(&view.conversation.id, staff.user.id, newest).await?)
}

pub(super) fn path_of(id: &ConversationId) -> String {
    format!("/console/chat/{}", words::encoded(id.as_str()))
}

async fn chat(station: &Station, staff: &Staff, view: &ChatView) -> Result<Chat, Trouble> {
    let (shop, now) = (&station.shop, station.shop.clock.now());
    let conversation = &view.conversation;
    let filter = TraceFilter { conversation: Some(conversation.id.clone()), limit: TRACES, ..TraceFilter::default() };
    let traces = shop.store.traces(filter).await?;
    let phone = view.contact.as_ref().and_then(|contact| contact.wa_id.clone());
    let name = view.contact.as_ref().map(|contact| {
        let user = contact.username.as_ref().map(|name| format!("@{name}"));
        contact.address_book_name.clone().or_else(|| contact.profile_name.clone()).or(user).unwrap_or_default()
    });
    let mode = inbox::effective(conversation.mode, conversation.human_until, now);
    let by = conversation.human_by.as_deref();
    Ok(Chat {
        path: path_of(&conversation.id),
        person: staff
            .may(Right::People)
            .then(|| format!("/console/persona/{}", words::encoded(conversation.id.as_str()))),
        name: words::person(&name.unwrap_or_default(), phone.as_deref()),
        call: phone.as_ref().map(|phone| format!("tel:+{phone}")),
        phone: phone.as_deref().map(words::phone),
        leads: words::leads(mode, by, &staff.user.name, station),
        led_by_luisa: mode == Mode::AiActive,
        led_by_me: mode == Mode::HumanActive && by == Some(staff.user.name.as_str()),
        window: inbox::window_left(conversation.last_inbound_at, now)
            .map(|left| left.0)
            .filter(|_| conversation.channel == Channel::Whatsapp),
        waits: view.waiting_since.map(|since| words::span(since, now)),
        known: known(&conversation.memory),
        is_open: view.handoffs.iter().any(|row| row.handoff.status != HandoffStatus::Closed),
        handoffs: view.handoffs.iter().map(|row| card(row, now)).collect(),
        items: items(station, view, &traces),
        older: view.messages.first().map(|said| said.message.id).filter(|_| view.older),
        newest: view.messages.last().map_or(0, |said| said.message.id),
    })
}

fn known(memory: &serde_json::Value) -> Vec<(String, String)> {
    let slots: BTreeMap<String, serde_json::Value> =
        Memory::deserialize(memory).map(|memory| memory.slot_values()).unwrap_or_default();
    let text = |value: serde_json::Value| match value {
        serde_json::Value::String(text) => text,
        serde_json::Value::Array(list) => {
            list.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    };
    slots.into_iter().map(|(slot, value)| (words::spaced(&slot), words::spaced(&text(value)))).collect()
}

fn card(row: &luisa_store::ChatHandoff, now: Timestamp) -> HandoffCard {
    let handoff = &row.handoff;
    let by = handoff.taken_by.as_deref().unwrap_or("alguien");
    let state = match handoff.status {
        HandoffStatus::Open => format!("espera desde {}", words::ago(handoff.created_at, now)),
        HandoffStatus::Taken => format!("la tiene {by}"),
        HandoffStatus::Closed => {
            let outcome = row.outcome.as_deref().unwrap_or("cerrado");
            row.closed_by.as_ref().map_or(outcome.to_owned(), |who| format!("{outcome}, por {who}"))
        }
    };
    HandoffCard {
        title: format!("{}, {}", words::team(&handoff.team), words::priority(&handoff.priority)),
        summary: handoff.summary.clone(),
        next_step: handoff.next_step.clone().unwrap_or_default(),
        open: handoff.status != HandoffStatus::Closed,
        state,
    }
}

fn items(station: &Station, view: &ChatView, traces: &[StoredTrace]) -> Vec<Item> {
    let zone = &station.shop.settings.hours.zone;
    let mut all: Vec<(Timestamp, Item)> = Vec::new();
    all.extend(
        view.messages.iter().map(|said| (said.message.created_at, Item::Bubble(Box::new(bubble(said, traces, zone))))),
    );
    all.extend(view.notes.iter().map(|note| (note.at, note_item(note, zone))));
    all.sort_by_key(|(at, _)| *at);
    let mut items = Vec::new();
    let mut day = String::new();
    for (at, item) in all {
        let its = words::day(at, zone);
        if its != day {
            items.push(Item::Day(its.clone()));
            day = its;
        }
        items.push(item);
    }
    items
}

fn note_item(note: &Note, zone: &TimeZone) -> Item {
    Item::Note { who: note.who.clone(), at: words::clock(note.at, zone), text: note.text.clone() }
}

fn bubble(said: &SaidMessage, traces: &[StoredTrace], zone: &TimeZone) -> Bubble {
    let message = &said.message;
    let (class, who) = match (message.direction, message.sender) {
        (Direction::In, _) => ("in", String::new()),
        (Direction::Out, Sender::Human) => ("human", said.who.clone().unwrap_or_else(|| "desde el celular".to_owned())),
        (Direction::Out, _) => ("luisa", "LUISA".to_owned()),
    };
    let payload = message.payload.as_ref();
    let asset = payload.and_then(|payload| payload.get("asset")).filter(|_| message.direction == Direction::Out);
    let picture = asset.and_then(|asset| {
        let text = |key: &str| asset.get(key).and_then(|value| value.as_str()).map(str::to_owned);
        Some((format!("/api/assets/{}", words::encoded(&text("image_id")?)), text("title").unwrap_or_default()))
    });
    let options = payload.and_then(|payload| payload.get("options")).and_then(|options| options.as_array());
    let options = options.into_iter().flatten().filter_map(|option| Some(option.get("title")?.as_str()?.to_owned()));
    let text = message.text.clone().unwrap_or_default();
    let text = if text.is_empty() { words::kind(&message.kind, message.state).to_owned() } else { text };
    Bubble {
        id: message.id,
        class,
        who,
        text,
        picture,
        options: options.filter(|_| message.direction == Direction::Out).collect(),
        at: words::clock(message.created_at, zone),
        state: if message.direction == Direction::Out { words::state(message) } else { String::new() },
        lost: words::is_lost(message.state),
        why: said
            .request
            .as_ref()
            .and_then(|request| traces.iter().find(|trace| trace.trace.request_id == *request).map(why)),
    }
}

fn why(stored: &StoredTrace) -> Why {
    let trace = &stored.trace;
    let slots: Vec<String> = trace
        .slots
        .as_object()
        .into_iter()
        .flatten()
        .map(|(slot, value)| {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            format!("{} {}", words::spaced(slot), words::spaced(&value))
        })
        .collect();
    let mut rows = vec![
        ("El mensaje", format!("{}, {} %", words::class(&trace.classification), percent(trace.classification_score))),
        (
            "La intención",
            format!(
                "{}, {} %",
                words::spaced(trace.intent.as_deref().unwrap_or("ninguna")),
                percent(trace.intent_score)
            ),
        ),
    ];
    if !slots.is_empty() {
        rows.push(("Lo que entendió", slots.join(" · ")));
    }
    rows.push(("El camino", trace.decision_path.replace("->", " → ")));
    let cost = match (trace.openai_called, trace.openai_cost_usd) {
        (false, _) => "solo reglas, US$ 0".to_owned(),
        (true, cost) => {
            format!("{}, US$ {:.5}", trace.openai_model.as_deref().unwrap_or("modelo"), cost.unwrap_or_default())
        }
    };
    rows.push(("Costo", cost));
    Why { rows }
}

fn percent(score: Option<f64>) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "a share of one, as a whole number of hundredths")]
    let percent = (score.unwrap_or_default() * 100.0).round() as i64;
    percent
}

fn compose(station: &Station, staff: &Staff, view: &ChatView, text: String) -> Compose {
    let pack = station.shop.pack();
    let now = station.shop.clock.now();
    let conversation = &view.conversation;
    let open = conversation.last_inbound_at.is_some_and(|at| now.duration_since(at) < luisa_store::ANSWER_WINDOW);
    let closed = match (conversation.channel, open) {
        (Channel::Api, _) => Some("Este chat no es de WhatsApp: no se le puede escribir desde aquí."),
        (Channel::Whatsapp, false) => Some(
            "Pasaron 24 horas desde su último mensaje: WhatsApp ya no deja escribirle hasta que escriba de nuevo. Puede llamarlo.",
        ),
        (Channel::Whatsapp, true) => None,
    };
    let suggested = view.handoffs.iter().filter(|row| row.handoff.status != HandoffStatus::Closed);
    let suggested =
        suggested.filter_map(|row| row.handoff.suggested_message.clone()).map(|text| ("sugerido".to_owned(), text));
    let facts =
        pack.facts.iter().filter(|(_, say)| say.chars().count() >= 8).map(|(id, say)| (words::spaced(id), say.clone()));
    let pictures = pack.catalog.active().filter(|item| !item.image_id.is_empty());
    Compose {
        may: staff.may(Right::Answer),
        closed,
        send_id: Token::fresh().text().get(..32).unwrap_or_default().to_owned(),
        text,
        quick: suggested.chain(facts).collect(),
        pictures: pictures.map(|item| (item.image_id.clone(), item.name.clone())).collect(),
    }
}
