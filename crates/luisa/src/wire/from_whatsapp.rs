//! What Meta posted, as what the store accepts: every event becomes an arrival, and none is dropped.
//!
//! Owns which kind of message is which of ours. What has no place in a conversation is kept raw. May not decide what is
//! answered.

use jiff::{SignedDuration, Timestamp};
use luisa_core::turn::{Body, Call, Inbound, MediaKind, OrderLine, Quoted};
use luisa_store::{
    Arrival, Author, Debounce, EchoedMessage, EditedMessage, ExpectedMedia, Identity, InboundMessage, MessageState,
    StatusUpdate, Watched, Words,
};
use luisa_whatsapp::webhook::{
    self, AccountError, AccountNews, AppContact, ContactInfo, Echo, Event, Handover, Preference, StandbyEcho, State,
    StateSync, SyncAction,
};
use luisa_whatsapp::{Fate, Message, Sender, Status};
use serde_json::{Value, json};

use crate::telemetry;

/// Where in a message's stored form Meta's own body is, for what we do not read yet.
const ORIGINAL: &str = "original";
/// The same for the product that a message was written about.
pub const ASKED_PRODUCT: &str = "asked_product";

/// What the switch in WhatsApp itself is about.
const MARKETING: &str = "marketing";

/// The circumstances under which a webhook is read.
#[derive(Debug, Clone)]
pub struct Reception {
    pub now: Timestamp,
    /// A message older than this is stale.
    pub stale_after: SignedDuration,
    /// How long a person who wrote from the phone keeps the chat.
    pub human_ttl: SignedDuration,
    pub debounce: Debounce,
    /// How long the answer to a message waits for the file that comes with it, in milliseconds.
    pub media_wait_ms: u64,
    /// When the words of the staff are kept.
    pub words: Words,
}

/// All events of one webhook, in order.
#[must_use]
pub fn arrivals(events: Vec<Event>, how: &Reception) -> Vec<Arrival> {
    events.into_iter().map(|event| arrival(event, how)).collect()
}

/// What Meta says about the account itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word<'a> {
    /// An error: a person should hear of it now.
    Error(&'a AccountError),
    /// News of the account, its number, a template or the payment.
    News(&'a AccountNews),
}

/// All of it that is in a webhook.
pub fn words_of_meta(events: &[Event]) -> impl Iterator<Item = Word<'_>> {
    events.iter().filter_map(|event| match event {
        Event::AccountError(error) => Some(Word::Error(error)),
        Event::AccountNews(news) => Some(Word::News(news)),
        Event::Message { .. } | Event::Status(_) | Event::Echo(_) | Event::AppEcho(_) => None,
        Event::StandbyMessage { .. } | Event::StandbyEcho(_) | Event::Handover(_) | Event::Preference(_) => None,
        Event::StateSync(_) | Event::History(_) | Event::Elsewhere { .. } | Event::Unknown { .. } => None,
    })
}

fn arrival(event: Event, how: &Reception) -> Arrival {
    match event {
        Event::Message { contact, message, .. } => from_message(message, Profile::of(contact), how),
        Event::Status(status) => from_status(status),
        Event::Echo(echo) => from_echo(echo, how),
        Event::StandbyMessage { contact, message } => from_standby(message, Profile::of(contact), how),
        Event::StandbyEcho(echo) => from_standby_echo(echo, how),
        Event::Handover(told) => from_handover(told),
        Event::Preference(wish) => from_preference(wish),
        Event::StateSync(sync) => from_state_sync(sync),
        // What is not for us keeps what it was and how much, and no word of it.
        Event::AppEcho(echo) => {
            wordless("message_echoes", Some(&echo.id), &echo, "sent by another app, not by a person")
        }
        Event::History(raw) => {
            let threads = raw["threads"].as_array().map_or(&[][..], Vec::as_slice);
            let messages: usize = threads.iter().filter_map(|thread| thread["messages"].as_array()).map(Vec::len).sum();
            let raw = json!({ "threads": threads.len(), "messages": messages, "bytes": raw.to_string().len() });
            unparsed("history", &raw, "from before the number was connected")
        }
        Event::Elsewhere { field, items } => {
            let field = field.unwrap_or_else(|| "unknown".to_owned());
            unparsed(&field, &json!({ "items": items }), "about another number of the account")
        }
        Event::AccountError(error) => unparsed("errors", &error, "a word of Meta about the account"),
        Event::AccountNews(news) => unparsed(&news.field.clone(), &news, "a word of Meta about the account"),
        Event::Unknown { field, raw } => unparsed(field.as_deref().unwrap_or("unknown"), &raw, "not understood"),
    }
}

struct Profile {
    name: Option<String>,
    username: Option<String>,
}

impl Profile {
    fn of(contact: Option<ContactInfo>) -> Self {
        let (name, username) = contact.map_or((None, None), |contact| (contact.name, contact.username));
        Self { name, username }
    }
}

fn identity(from: &Sender, profile: Profile) -> Identity {
    Identity {
        wa_id: from.wa_id.clone(),
        user_id: from.user_id.clone(),
        parent_user_id: from.parent_user_id.clone(),
        profile_name: profile.name,
        username: profile.username,
    }
}

fn from_message(message: Message, profile: Profile, how: &Reception) -> Arrival {
    if message.group_id.is_some() {
        return wordless("messages", Some(&message.id), &message, "written in a group");
    }
    // Whom a change of ids is about may stand in the change alone.
    if matches!(message.body, webhook::Body::System { .. }) {
        return from_system(message, profile);
    }
    if message.from.wa_id.is_none() && message.from.user_id.is_none() {
        return unparsed("messages", &message, "nobody is named as its writer");
    }
    let at = time(message.timestamp, how.now);
    let by = || Author::Customer(identity(&message.from, Profile::of(None)));
    match &message.body {
        webhook::Body::Revoke { original_message_id } => {
            Arrival::Revoke { message_id: original_message_id.as_str().into(), by: by() }
        }
        webhook::Body::Edit { original_message_id, message: Some(edited) } => {
            Arrival::Edit(edit(original_message_id, edited, (by(), at), how))
        }
        webhook::Body::Edit { message: None, .. } => unparsed("messages", &message, "an edit without its new form"),
        _ => Arrival::Message(inbound(&message, profile, at, how)),
    }
}

fn edit(original: &str, edited: &webhook::Body, (by, at): (Author, Timestamp), how: &Reception) -> EditedMessage {
    let inbound = Inbound {
        message_id: original.to_owned(),
        at,
        stale: how.is_stale(at),
        body: body(edited),
        quoted: None,
        referral: None,
    };
    EditedMessage {
        message_id: original.into(),
        by,
        text: said(&inbound.body),
        payload: stored(&inbound, edited, None),
        provider_at: at,
        stale: inbound.stale,
        debounce: how.debounce,
    }
}

fn inbound(message: &Message, profile: Profile, at: Timestamp, how: &Reception) -> InboundMessage {
    let context = message.context.as_ref();
    let reacted_to = match &message.body {
        webhook::Body::Reaction { message_id, .. } => Some(message_id.clone()),
        _ => None,
    };
    let quoted = reacted_to.or_else(|| context?.id.clone());
    let product = context
        .and_then(|context| context.referred_product.as_ref())
        .and_then(|product| product.product_retailer_id.clone());
    let inbound = Inbound {
        message_id: message.id.clone(),
        at,
        stale: how.is_stale(at),
        body: body(&message.body),
        // Which of our messages it is, and what that showed, is looked up when the turn is decided.
        quoted: quoted.clone().map(|message_id| Quoted { message_id, image_id: None, text: None, asked: None }),
        referral: message.referral.as_deref().and_then(advertisement),
    };
    InboundMessage {
        identity: identity(&message.from, profile),
        message_id: message.id.as_str().into(),
        kind: kind(&inbound.body).to_owned(),
        text: said(&inbound.body),
        payload: stored(&inbound, &message.body, product),
        quoted: quoted.map(Into::into),
        provider_at: at,
        stale: inbound.stale,
        debounce: how.debounce,
        media: file(&message.body).map(|file| expected(file, how)),
    }
}

/// The file that is worth fetching; a sticker says nothing that its message does not.
fn file(body: &webhook::Body) -> Option<&webhook::Media> {
    match body {
        webhook::Body::Image(file)
        | webhook::Body::Video(file)
        | webhook::Body::Document(file)
        | webhook::Body::Audio(file) => Some(file),
        _ => None,
    }
}

fn expected(file: &webhook::Media, how: &Reception) -> ExpectedMedia {
    ExpectedMedia {
        provider_id: file.id.clone(),
        mime: file.mime_type.clone(),
        sha256: file.sha256.clone(),
        file_name: file.filename.clone(),
        wait_ms: how.media_wait_ms,
    }
}

impl Reception {
    fn is_stale(&self, at: Timestamp) -> bool {
        self.now.duration_since(at) > self.stale_after
    }
}

/// WhatsApp began in 2009.
const EARLIEST: Timestamp = Timestamp::constant(1_230_768_000, 0);

/// Meta's seconds. A message from the future, or from before there was WhatsApp, was written now: a clock is wrong, and it is not
/// ours to order by.
fn time(seconds: Option<i64>, now: Timestamp) -> Timestamp {
    let told = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
    told.filter(|at| (EARLIEST..=now).contains(at)).unwrap_or(now)
}

// tidy: table
fn body(body: &webhook::Body) -> Body {
    let media = |media, file: &webhook::Media| Body::file(media, file.caption.clone());
    match body {
        webhook::Body::Text(text) => Body::Text { text: text.clone() },
        webhook::Body::Image(file) => media(MediaKind::Image, file),
        webhook::Body::Video(file) => media(MediaKind::Video, file),
        webhook::Body::Document(file) => media(MediaKind::Document, file),
        webhook::Body::Audio(file) => media(MediaKind::Audio, file),
        webhook::Body::Sticker(file) => media(MediaKind::Sticker, file),
        webhook::Body::Location { name, address, .. } => {
            Body::Location { name: name.clone(), address: address.clone() }
        }
        webhook::Body::Contacts(_) => Body::Contact,
        webhook::Body::Button { payload: Some(id), text } => {
            Body::Choice { id: id.clone(), title: text.clone().unwrap_or_default() }
        }
        webhook::Body::Button { payload: None, text } => Body::Text { text: text.clone().unwrap_or_default() },
        webhook::Body::ButtonReply { id, title } | webhook::Body::ListReply { id, title, .. } => {
            Body::Choice { id: id.clone(), title: title.clone() }
        }
        webhook::Body::Reaction { emoji, .. } => Body::Reaction { emoji: emoji.clone() },
        webhook::Body::Order { text, items, .. } => {
            Body::Order { items: items.iter().filter_map(order_line).collect(), text: text.clone() }
        }
        webhook::Body::FlowReply { response_json } => form(response_json),
        webhook::Body::CallPermissionReply(reply) => Body::Call { call: permission(reply) },
        webhook::Body::Other { kind, .. } if kind == "request_welcome" => Body::Welcome,
        webhook::Body::Other { kind, .. } if MISSED_CALLS.contains(&kind.as_str()) => Body::Call { call: Call::Missed },
        webhook::Body::Unsupported { .. } | webhook::Body::Other { .. } => Body::Unsupported,
        // They never stand for a message of their own.
        webhook::Body::System { .. } | webhook::Body::Edit { .. } | webhook::Body::Revoke { .. } => Body::Unsupported,
    }
}

/// Types under which a call that nobody took is told.
const MISSED_CALLS: &[&str] = &["call", "calls", "missed_call", "call_log", "voice_call"];
/// Most pieces of one product that are believed.
const MOST_PIECES: i64 = 999;

fn order_line(item: &webhook::OrderItem) -> Option<OrderLine> {
    let quantity = item.quantity.unwrap_or(1).clamp(1, MOST_PIECES);
    Some(OrderLine { item: item.product_retailer_id.clone()?, quantity: u32::try_from(quantity).unwrap_or(1) })
}

/// Fields of a form's answer that are Meta's.
const TECHNICAL: &[&str] = &["flow_token", "flow_id", "version", "screen", "wa_flow_response_params"];
const MOST_ANSWERS: usize = 30;
const LONGEST_ANSWER: usize = 300;

/// What was filled in, a line `field: answer` each; one that cannot be read is a message that cannot be read.
fn form(response: &str) -> Body {
    let Ok(Value::Object(answers)) = serde_json::from_str::<Value>(response) else { return Body::Unsupported };
    let line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let lines: Vec<String> = answers
        .iter()
        .filter(|(field, _)| !TECHNICAL.contains(&field.as_str()))
        .filter_map(|(field, answer)| Some((line(&field.replace('_', " ")), line(&answer_of(answer)?))))
        .filter(|(_, answer)| !answer.is_empty())
        .take(MOST_ANSWERS)
        .map(|(field, answer)| format!("{field}: {answer}").chars().take(LONGEST_ANSWER).collect())
        .collect();
    if lines.is_empty() { Body::Unsupported } else { Body::Form { text: lines.join("\n") } }
}

fn answer_of(answer: &Value) -> Option<String> {
    match answer {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(if *yes { "sí" } else { "no" }.to_owned()),
        Value::Array(all) => Some(all.iter().filter_map(answer_of).collect::<Vec<_>>().join(", ")),
        Value::Null | Value::Object(_) => None,
    }
}

fn permission(reply: &Value) -> Call {
    let said = |key: &str| reply.get(key).and_then(Value::as_str).unwrap_or_default();
    if said("response") == "reject" { Call::Refused } else { Call::Allowed }
}

/// The type under which a message is listed.
#[must_use]
pub fn kind(body: &Body) -> &'static str {
    match body {
        Body::Text { .. } => "text",
        Body::Choice { .. } => "choice",
        Body::Media { media, .. } => match media {
            MediaKind::Image => "image",
            MediaKind::Video => "video",
            MediaKind::Audio => "audio",
            MediaKind::Document => "document",
            MediaKind::Sticker => "sticker",
        },
        Body::Location { .. } => "location",
        Body::Contact => "contact",
        Body::Reaction { .. } => "reaction",
        Body::Order { .. } => "order",
        Body::Form { .. } => "form",
        Body::Call { .. } => "call",
        Body::Welcome => "welcome",
        Body::Unsupported => "unsupported",
    }
}

fn said(body: &Body) -> Option<String> {
    let text = match body {
        Body::Reaction { emoji } => emoji.as_deref().unwrap_or_default(),
        Body::Text { .. } | Body::Choice { .. } | Body::Media { .. } | Body::Location { .. } => body.text(),
        Body::Contact | Body::Order { .. } | Body::Form { .. } | Body::Unsupported => body.text(),
        Body::Call { .. } | Body::Welcome => body.text(),
    };
    (!text.is_empty()).then(|| text.to_owned())
}

/// Our form, and beside it Meta's whenever ours leaves something out: files are fetched by it, unknown types read later.
fn stored(inbound: &Inbound, original: &webhook::Body, product: Option<String>) -> Value {
    let mut payload = serde_json::to_value(inbound).unwrap_or_else(|_| json!({}));
    if !matches!(original, webhook::Body::Text(_)) {
        payload[ORIGINAL] = json!(original);
    }
    if let Some(product) = product {
        payload[ASKED_PRODUCT] = json!(product);
    }
    payload
}

fn advertisement(referral: &webhook::Referral) -> Option<String> {
    let parts: Vec<&str> = [&referral.headline, &referral.body].into_iter().filter_map(Option::as_deref).collect();
    (!parts.is_empty()).then(|| parts.join("\n"))
}

/// Numbers and user ids change; every other word of the system is only kept. Meta has several shapes for it: the id of before is
/// `previous_user_id` wherever that stands, and only else the writer's.
fn from_system(message: Message, profile: Profile) -> Arrival {
    let webhook::Body::System { kind, wa_id, new_wa_id, user_id, previous_user_id, .. } = &message.body else {
        return unparsed("messages", &message, "not a system message");
    };
    let changes =
        matches!(kind.as_deref(), Some("user_changed_number" | "customer_changed_number" | "user_changed_user_id"));
    let new_wa_id = new_wa_id.clone().or_else(|| wa_id.clone());
    let writer = identity(&message.from, profile);
    // Where the id of before is named apart, the writer's may be the new one already.
    let new_user_id = user_id.clone().or_else(|| writer.user_id.clone().filter(|_| previous_user_id.is_some()));
    let new_user_id = new_user_id.filter(|new| Some(new) != previous_user_id.as_ref());
    let old_user_id =
        previous_user_id.clone().or_else(|| writer.user_id.clone().filter(|old| Some(old) != new_user_id.as_ref()));
    let old = Identity { user_id: old_user_id, ..writer };
    let nobody = old.wa_id.is_none() && old.user_id.is_none();
    if !(changes || previous_user_id.is_some()) || nobody || (new_wa_id.is_none() && new_user_id.is_none()) {
        return unparsed("messages", &message, "a system message that changes nobody's id");
    }
    let new = Identity { wa_id: new_wa_id, user_id: new_user_id, ..old.clone() };
    Arrival::IdentityChange { old, new }
}

fn from_standby(message: Message, profile: Profile, how: &Reception) -> Arrival {
    match from_message(message, profile, how) {
        Arrival::Message(message) => Arrival::Watched(Watched::Message(message)),
        // Who they are, and what they take back of what they wrote, holds in whoever's chat it is.
        other => other,
    }
}

fn from_standby_echo(echo: StandbyEcho, how: &Reception) -> Arrival {
    if echo.to.is_none() && echo.to_user_id.is_none() {
        return wordless("standby", Some(&echo.id), &echo, "nobody is named as its reader");
    }
    let at = time(echo.timestamp, how.now);
    let body = body(&echo.body);
    Arrival::Watched(Watched::Echo(EchoedMessage {
        identity: nameless(echo.to.clone(), echo.to_user_id.clone()),
        message_id: echo.id.as_str().into(),
        kind: kind(&body).to_owned(),
        text: said(&body),
        payload: json!(echo.body),
        provider_at: at,
        human_until: at,
        words: Words::Kept,
    }))
}

fn from_handover(told: Handover) -> Arrival {
    if told.wa_id.is_none() && told.user_id.is_none() {
        return unparsed("messaging_handovers", &told, "nobody is named whose chat it is");
    }
    Arrival::Handover { identity: nameless(told.wa_id, told.user_id), to_us: told.to_us }
}

fn from_preference(wish: Preference) -> Arrival {
    let stopped = match wish.value.as_str() {
        "stop" => true,
        "resume" => false,
        _ => return unparsed("user_preferences", &wish, "a wish of unknown meaning"),
    };
    if wish.wa_id.is_none() && wish.user_id.is_none() {
        return unparsed("user_preferences", &wish, "nobody is named whose wish it is");
    }
    Arrival::OptOut { identity: nameless(wish.wa_id, wish.user_id), what: MARKETING.to_owned(), stopped }
}

fn from_status(status: Status) -> Arrival {
    let state = match &status.state {
        State::Sent => MessageState::Sent,
        State::Delivered => MessageState::Delivered,
        State::Read => MessageState::Read,
        State::Played => MessageState::Played,
        State::Failed => MessageState::Failed,
        State::Other(_) => return unparsed("statuses", &status, "a status of unknown meaning"),
    };
    let problem = status.errors.iter().find(|problem| problem.code.is_some());
    let code = problem.and_then(|problem| problem.code);
    let reason = problem.and_then(|problem| {
        [&problem.details, &problem.message, &problem.title].into_iter().find_map(Option::as_deref)
    });
    Arrival::Status(StatusUpdate {
        reason: reason.map(telemetry::told),
        window_closed: code.and_then(Fate::of_code) == Some(Fate::NeedsTemplate),
        opaque: status.opaque.clone(),
        message_id: status.id.as_str().into(),
        state,
        error_code: code.map(|code| code.to_string()),
        pricing: status.pricing.as_ref().map(|pricing| json!(pricing)),
    })
}

fn from_echo(echo: Echo, how: &Reception) -> Arrival {
    if echo.to.is_none() && echo.to_user_id.is_none() {
        return unparsed("smb_message_echoes", &echo, "nobody is named as its reader");
    }
    let at = time(echo.timestamp, how.now);
    let identity = nameless(echo.to.clone(), echo.to_user_id.clone());
    // Only a message of its own is a person at work; a change of one, a thumb or what Meta does not show takes no chat.
    let takes_over = match &echo.body {
        webhook::Body::Revoke { original_message_id } => {
            return Arrival::Revoke { message_id: original_message_id.as_str().into(), by: Author::Staff(identity) };
        }
        webhook::Body::Edit { original_message_id, message: Some(edited) } => {
            return Arrival::Edit(edit(original_message_id, edited, (Author::Staff(identity), at), how));
        }
        webhook::Body::Edit { message: None, .. } | webhook::Body::Reaction { .. } | webhook::Body::System { .. } => {
            return wordless("smb_message_echoes", Some(&echo.id), &echo, "no message of its own");
        }
        webhook::Body::Unsupported { .. } | webhook::Body::Other { .. } => false,
        _ => true,
    };
    let body = body(&echo.body);
    // Counted from when it was written: one that comes days late takes nothing over.
    let until = if takes_over { at.saturating_add(how.human_ttl).unwrap_or(Timestamp::MAX) } else { Timestamp::MIN };
    Arrival::Echo(EchoedMessage {
        identity,
        message_id: echo.id.as_str().into(),
        kind: kind(&body).to_owned(),
        text: said(&body),
        payload: json!(echo.body),
        provider_at: at,
        human_until: until,
        words: how.words,
    })
}

fn from_state_sync(sync: StateSync) -> Arrival {
    let AppContact { full_name, first_name, phone_number, user_id, .. } = sync.contact.clone();
    let phone = phone_number.as_deref().and_then(typed_phone);
    if phone.is_none() && user_id.is_none() {
        return unparsed("smb_app_state_sync", &sync, "nobody is named");
    }
    let name = match sync.action {
        SyncAction::Add => Some(full_name.or(first_name).unwrap_or_default()),
        SyncAction::Remove => None,
        SyncAction::Other(_) => return unparsed("smb_app_state_sync", &sync, "an action of unknown meaning"),
    };
    Arrival::AddressBook { identity: nameless(phone, user_id), name }
}

/// A telephone as a person types it, in WhatsApp's form: digits with the country.
#[must_use]
pub fn typed_phone(typed: &str) -> Option<String> {
    let digits: String = typed.chars().filter(char::is_ascii_digit).collect();
    let colombian_mobile = digits.len() == 10 && digits.starts_with('3');
    match digits.as_str() {
        "" => None,
        digits if colombian_mobile => Some(format!("57{digits}")),
        digits => Some(digits.to_owned()),
    }
}

fn nameless(wa_id: Option<String>, user_id: Option<String>) -> Identity {
    Identity { wa_id, user_id, parent_user_id: None, profile_name: None, username: None }
}

/// What it was and how much, for who looks for what is missing; what it says is not for us to keep.
fn wordless(field: &str, id: Option<&str>, raw: &impl serde::Serialize, reason: &str) -> Arrival {
    let bytes = serde_json::to_string(raw).map_or(0, |raw| raw.len());
    unparsed(field, &json!({ "id": id, "bytes": bytes }), reason)
}

fn unparsed(field: &str, raw: &impl serde::Serialize, reason: &str) -> Arrival {
    let raw = serde_json::to_string(raw).unwrap_or_default();
    Arrival::Unparsed { field: field.to_owned(), raw, reason: reason.to_owned() }
}
