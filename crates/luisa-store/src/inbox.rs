//! What comes in: a whole webhook is stored in one transaction, and a redelivered one changes nothing.
//!
//! Owns the arrival of messages, echoes and news about people. Each item stands alone: one that cannot be applied is kept raw and its
//! siblings are stored. May not decide what is answered.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use serde_json::Value;

use crate::Store;
use crate::changes::{self, Author, EditedMessage, Overtaken};
use crate::contacts::{self, Identity};
use crate::deliveries::{self, StatusUpdate};
use crate::error::StoreError;
use crate::ids::{ConversationId, MessageId};
use crate::media::{self, ExpectedMedia};
use crate::routing::{self, Watched};
use crate::rows::Json;
use crate::sqlite::Tx;
use crate::states::{Direction, MessageState, Sender};
use crate::time::{At, after};
use crate::{conversations, opt_outs, outbox, phone};

/// One item of a webhook.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub enum Arrival {
    /// A customer wrote.
    Message(InboundMessage),
    /// A person of the staff wrote from the phone.
    Echo(EchoedMessage),
    /// News about a message that went out.
    Status(StatusUpdate),
    /// A person's number or user id changed.
    IdentityChange {
        /// As they were known.
        old: Identity,
        /// As they are known now.
        new: Identity,
    },
    /// The store phone's address book changed.
    AddressBook {
        /// Whom it is about.
        identity: Identity,
        /// Their name in it; none: removed from it.
        name: Option<String>,
    },
    /// A message was edited.
    Edit(EditedMessage),
    /// A message was deleted.
    Revoke {
        /// The message.
        message_id: MessageId,
        /// Who deleted it.
        by: Author,
    },
    /// Something was written in a chat that somebody else answers.
    Watched(Watched),
    /// A chat has another owner.
    Handover {
        /// Whose chat.
        identity: Identity,
        /// Ours from now on, or somebody else's.
        to_us: bool,
    },
    /// A person wants no more of something, or wants it again.
    OptOut {
        /// Who.
        identity: Identity,
        /// Of what.
        what: String,
        /// Stopped, or resumed.
        stopped: bool,
    },
    /// What the caller could not understand.
    Unparsed {
        /// The webhook's field.
        field: String,
        /// The part as it came.
        raw: String,
        /// What was wrong with it.
        reason: String,
    },
}

/// A message from a customer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InboundMessage {
    /// Who wrote.
    pub identity: Identity,
    /// The provider's id: a second arrival under it is a duplicate.
    pub message_id: MessageId,
    /// Its type in our words.
    pub kind: String,
    /// Its text.
    pub text: Option<String>,
    /// The whole message in our own form.
    pub payload: Value,
    /// The message it quotes.
    pub quoted: Option<MessageId>,
    /// Its time by the provider's clock.
    pub provider_at: Timestamp,
    /// It was already old when it arrived.
    pub stale: bool,
    /// How long to wait for more of the same burst.
    pub debounce: Debounce,
    /// The file that comes with it.
    pub media: Option<ExpectedMedia>,
}

/// How long a burst of messages is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Debounce {
    /// Silence after the last message, in milliseconds.
    pub quiet_ms: u64,
    /// At most this long after the first, in milliseconds.
    pub max_ms: u64,
}

/// What a person of the staff wrote from the phone.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EchoedMessage {
    /// The customer.
    pub identity: Identity,
    /// The provider's id.
    pub message_id: MessageId,
    /// Its type in our words.
    pub kind: String,
    /// Its text.
    pub text: Option<String>,
    /// The whole message in our own form.
    pub payload: Value,
    /// Its time by the provider's clock.
    pub provider_at: Timestamp,
    /// Until when the chat is the person's. When that has already passed, the message is recorded and nothing is taken over.
    pub human_until: Timestamp,
    /// Whether its words may be kept in a chat that is personal, or of which nobody knows yet.
    pub words: Words,
}

/// When the words of the staff are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Words {
    /// Always.
    Kept,
    /// In chats about business.
    OfBusiness,
}

/// What became of an arrival. Having one means that it is on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Receipt {
    /// Waits for its turn.
    Pending(ConversationId),
    /// Was here before: nothing changed.
    Duplicate,
    /// A person took the chat over.
    TakenOver(ConversationId),
    /// Applied; nothing to answer.
    Applied,
    /// Concerns a message that is not known yet: kept for it.
    Early,
    /// Could not be applied: kept raw in `webhook_unparsed`.
    Unparsed,
}

impl Store {
    /// Stores a whole webhook. When this returns `Ok`, all of it is on disk; otherwise none of it is, and it must be delivered again.
    ///
    /// # Errors
    /// `Busy`, `DiskFull`, `ReadOnly`, `Broken`: never because of a single item.
    pub async fn accept(&self, now: Timestamp, arrivals: Vec<Arrival>) -> Result<Vec<Receipt>, StoreError> {
        let with_file = |arrival: &Arrival| matches!(arrival, Arrival::Message(message) if message.media.is_some());
        let files = arrivals.iter().any(with_file);
        let changed = arrivals.iter().any(|arrival| matches!(arrival, Arrival::Edit(_) | Arrival::Revoke { .. }));
        let receipts: Vec<Receipt> =
            self.write(move |conn| arrivals.iter().map(|arrival| accept_one(conn, now, arrival)).collect()).await?;
        if changed {
            self.words_were_dropped();
        }
        let woke_inbox =
            |receipt: &Receipt| !matches!(receipt, Receipt::Duplicate | Receipt::Unparsed | Receipt::Early);
        if receipts.iter().any(woke_inbox) {
            self.inbox_changed.notify_one();
            self.outbox_changed.notify_one();
        }
        if files {
            self.media_changed.notify_one();
        }
        Ok(receipts)
    }
}

fn accept_one(conn: &Tx<'_>, now: Timestamp, arrival: &Arrival) -> Result<Receipt, StoreError> {
    match conn.part(|| apply(conn, now, arrival)) {
        Ok(receipt) => Ok(receipt),
        Err(error) if error.is_about_the_file() || conn.is_autocommit() => Err(error),
        Err(error) => {
            let raw = serde_json::to_string(arrival).map_err(|error| StoreError::Broken(error.to_string()))?;
            keep_unparsed(conn, now, &Unparsed { field: "arrival", raw: &raw, reason: &error.to_string() })?;
            Ok(Receipt::Unparsed)
        }
    }
}

fn apply(conn: &Connection, now: Timestamp, arrival: &Arrival) -> Result<Receipt, StoreError> {
    match arrival {
        Arrival::Message(message) => receive(conn, now, message),
        Arrival::Echo(echo) => phone::record(conn, now, echo),
        Arrival::Status(status) => {
            Ok(if deliveries::apply(conn, now, status)? { Receipt::Applied } else { Receipt::Early })
        }
        Arrival::IdentityChange { old, new } => {
            contacts::change_identity(conn, now, old, new)?;
            Ok(Receipt::Applied)
        }
        Arrival::AddressBook { identity, name } => {
            contacts::set_address_book(conn, now, identity, name.as_deref())?;
            Ok(Receipt::Applied)
        }
        Arrival::Edit(edited) => changes::edit(conn, now, edited),
        Arrival::Revoke { message_id, by } => changes::revoke(conn, now, message_id, by),
        Arrival::Watched(watched) => routing::watch(conn, now, watched),
        Arrival::Handover { identity, to_us } => routing::hand_over(conn, now, identity, *to_us),
        Arrival::OptOut { identity, what, stopped } => {
            let contact = contacts::resolve(conn, now, identity)?;
            opt_outs::note(conn, now, &contact, &opt_outs::Wish { what, source: "whatsapp", stopped: *stopped })?;
            Ok(Receipt::Applied)
        }
        Arrival::Unparsed { field, raw, reason } => {
            keep_unparsed(conn, now, &Unparsed { field, raw, reason })?;
            Ok(Receipt::Unparsed)
        }
    }
}

fn receive(conn: &Connection, now: Timestamp, message: &InboundMessage) -> Result<Receipt, StoreError> {
    if find(conn, &message.message_id)?.is_some() {
        return Ok(Receipt::Duplicate);
    }
    let contact = contacts::resolve(conn, now, &message.identity)?;
    let chat = conversations::ensure(conn, now, &contact)?;
    routing::regain(conn, &chat)?;
    let overtaken = changes::overtaken(conn, &message.message_id, &Author::Customer(message.identity.clone()))?;
    let deleted = matches!(overtaken, Overtaken::Deleted);
    let (text, payload) = match &overtaken {
        Overtaken::No | Overtaken::Deleted => (message.text.as_deref(), &message.payload),
        Overtaken::Edited { text, payload } => (text.as_deref(), payload),
    };
    let record = Record {
        message_id: &message.message_id,
        chat: &chat,
        from: (Direction::In, Sender::Customer),
        kind: &message.kind,
        text: text.filter(|_| !deleted),
        payload: Some(payload).filter(|_| !deleted),
        quoted: message.quoted.as_ref(),
        state: if deleted { MessageState::Revoked } else { MessageState::Received },
        provider_at: message.provider_at,
    };
    insert(conn, now, &record)?;
    open_window(conn, now, &chat, message.provider_at)?;
    if deleted {
        return Ok(Receipt::Applied);
    }
    let waiting = Waiting {
        chat: &chat,
        message_id: &message.message_id,
        payload,
        stale: message.stale,
        provider_at: message.provider_at,
    };
    wait(conn, now, &waiting)?;
    if let Some(media) = &message.media {
        media::expect(conn, now, &chat, (&message.message_id, &message.kind), media)?;
    }
    pend(conn, now, &chat, (message.debounce, message.provider_at))?;
    Ok(Receipt::Pending(chat))
}

/// The customer wrote: for 24 hours they may be answered, and what waited for that leaves.
fn open_window(
    conn: &Connection,
    now: Timestamp,
    chat: &ConversationId,
    wrote_at: Timestamp,
) -> Result<(), StoreError> {
    let sql = "UPDATE conversations SET last_inbound_at = max(coalesce(last_inbound_at, ''), ?2), updated_at = ?3 WHERE id = ?1";
    conn.prepare_cached(sql)?.execute(params![chat, At(wrote_at), At(now)])?;
    outbox::resume_of_chat(conn, now, chat)
}

/// Makes the chat due after the silence that ends a burst.
pub(crate) fn pend(
    conn: &Connection,
    now: Timestamp,
    chat: &ConversationId,
    (debounce, written_at): (Debounce, Timestamp),
) -> Result<(), StoreError> {
    let (quiet, max) = (Duration::from_millis(debounce.quiet_ms), Duration::from_millis(debounce.max_ms));
    let sql = "SELECT first_pending_at FROM conversations WHERE id = ?1";
    let first: Option<At> = conn.prepare_cached(sql)?.query_row([chat], |row| row.get(0))?;
    let first = first.map_or(now, |at| at.0);
    let over = after(now, quiet).min(after(first, max));
    let due_at = media::awaited_until(conn, chat)?.map_or(over, |until| until.max(over));
    let sql = "UPDATE conversations SET first_pending_at = ?2, due_at = ?3, updated_at = ?4,
        pending_since = CASE WHEN coalesce(claimed_until, due_at) IS NULL THEN ?5 ELSE min(coalesce(pending_since, ?5), ?5) END WHERE id = ?1";
    conn.prepare_cached(sql)?.execute(params![chat, At(first), At(due_at), At(now), At(written_at)])?;
    Ok(())
}

/// The chat of a known message.
pub(crate) fn find(conn: &Connection, id: &MessageId) -> Result<Option<ConversationId>, StoreError> {
    let sql = "SELECT conversation_id FROM messages WHERE message_id = ?1";
    Ok(conn.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()?)
}

/// A message that came from outside, as `messages` keeps it.
pub(crate) struct Record<'a> {
    pub(crate) message_id: &'a MessageId,
    pub(crate) chat: &'a ConversationId,
    pub(crate) from: (Direction, Sender),
    pub(crate) kind: &'a str,
    pub(crate) text: Option<&'a str>,
    pub(crate) payload: Option<&'a Value>,
    pub(crate) quoted: Option<&'a MessageId>,
    pub(crate) state: MessageState,
    pub(crate) provider_at: Timestamp,
}

pub(crate) fn insert(conn: &Connection, now: Timestamp, record: &Record<'_>) -> Result<(), StoreError> {
    let sql = "INSERT INTO messages (message_id, conversation_id, direction, sender, kind, text, payload, quoted_message_id, state,
            state_rank, provider_at, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
    conn.prepare_cached(sql)?.execute(params![
        record.message_id,
        record.chat,
        record.from.0,
        record.from.1,
        record.kind,
        record.text,
        record.payload.map(Json),
        record.quoted,
        record.state,
        record.state.rank(),
        At(record.provider_at),
        At(now)
    ])?;
    Ok(())
}

/// A message that is to have a turn.
pub(crate) struct Waiting<'a> {
    pub(crate) chat: &'a ConversationId,
    pub(crate) message_id: &'a MessageId,
    pub(crate) payload: &'a Value,
    pub(crate) stale: bool,
    pub(crate) provider_at: Timestamp,
}

pub(crate) fn wait(conn: &Connection, now: Timestamp, waiting: &Waiting<'_>) -> Result<(), StoreError> {
    let sql = "INSERT INTO inbox (conversation_id, message_id, payload, stale, provider_at, received_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    conn.prepare_cached(sql)?.execute(params![
        waiting.chat,
        waiting.message_id,
        Json(waiting.payload),
        waiting.stale,
        At(waiting.provider_at),
        At(now)
    ])?;
    Ok(())
}

struct Unparsed<'a> {
    field: &'a str,
    raw: &'a str,
    reason: &'a str,
}

/// A change of a message by somebody who has no part in it: noted without what it says.
pub(crate) fn refuse(
    conn: &Connection,
    now: Timestamp,
    field: &str,
    id: &MessageId,
    reason: &str,
) -> Result<Receipt, StoreError> {
    keep_unparsed(conn, now, &Unparsed { field, raw: id.as_str(), reason })?;
    Ok(Receipt::Unparsed)
}

fn keep_unparsed(conn: &Connection, now: Timestamp, part: &Unparsed<'_>) -> Result<(), StoreError> {
    conn.prepare_cached("INSERT INTO webhook_unparsed (field, raw, reason, received_at) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![part.field, part.raw, part.reason, At(now)])?;
    Ok(())
}
