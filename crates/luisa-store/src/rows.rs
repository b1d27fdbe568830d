//! What the store hands out: one struct per kind of row, read by column name.
//!
//! May not query: each operation's module does.

use jiff::Timestamp;
use rusqlite::types::{FromSql, FromSqlResult, ToSqlOutput, ValueRef};
use rusqlite::{Row, ToSql};
use serde::Serialize;
use serde_json::Value;

use crate::ids::{ContactId, ConversationId, HandoffId, MessageId, OutboxId, RequestId};
use crate::states::{Channel, Direction, HandoffStatus, MessageState, Mode, NoticeState, OutboxState, Purpose, Sender};
use crate::time::At;

/// JSON on its way to or from a text column. What cannot be read is null: whoever uses it has an answer to that, and a row
/// that could not be read at all would stop more than its own chat.
pub(crate) struct Json<T>(pub(crate) T);

impl ToSql for Json<&Value> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.0.to_string()))
    }
}

impl FromSql for Json<Value> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Ok(Json(serde_json::from_str(value.as_str()?).unwrap_or_default()))
    }
}

pub(crate) fn json(row: &Row<'_>, column: &str) -> rusqlite::Result<Value> {
    row.get::<_, Json<Value>>(column).map(|json| json.0)
}

pub(crate) fn maybe_json(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<Value>> {
    let text: Option<String> = row.get(column)?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}

pub(crate) fn time(row: &Row<'_>, column: &str) -> rusqlite::Result<Timestamp> {
    row.get::<_, At>(column).map(|at| at.0)
}

pub(crate) fn maybe_time(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<At>>(column)?.map(|at| at.0))
}

/// A person on WhatsApp, under one or both of their ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ContactRow {
    /// Our id; stable.
    pub id: ContactId,
    /// The phone as WhatsApp writes it, when known.
    pub wa_id: Option<String>,
    /// The business-scoped user id, when known.
    pub user_id: Option<String>,
    /// The parent business's id of the same user.
    pub parent_user_id: Option<String>,
    /// The name in their profile.
    pub profile_name: Option<String>,
    /// Their public user name.
    pub username: Option<String>,
    /// The name in the store phone's address book.
    pub address_book_name: Option<String>,
    /// True when the store's phone has them in its address book: the best sign of a personal contact.
    pub in_address_book: bool,
    /// First seen.
    pub created_at: Timestamp,
    /// Last changed.
    pub updated_at: Timestamp,
}

impl ContactRow {
    pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            wa_id: row.get("wa_id")?,
            user_id: row.get("user_id")?,
            parent_user_id: row.get("parent_user_id")?,
            profile_name: row.get("profile_name")?,
            username: row.get("username")?,
            address_book_name: row.get("address_book_name")?,
            in_address_book: row.get("in_address_book")?,
            created_at: time(row, "created_at")?,
            updated_at: time(row, "updated_at")?,
        })
    }
}

/// A chat and what is remembered of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConversationRow {
    /// Its id.
    pub id: ConversationId,
    /// Where it comes from.
    pub channel: Channel,
    /// Whose it is, on WhatsApp.
    pub contact_id: Option<ContactId>,
    /// Who answers.
    pub mode: Mode,
    /// When `HUMAN_ACTIVE` ends by itself; none: only when given back.
    pub human_until: Option<Timestamp>,
    /// The last time a person (not a handoff) took over; kept after the chat was given back.
    pub human_since: Option<Timestamp>,
    /// Who or what made it `HUMAN_ACTIVE`.
    pub human_by: Option<String>,
    /// The core's memory of the conversation.
    pub memory: Value,
    /// The customer's last message, by the provider's clock: opens the 24-hour window.
    pub last_inbound_at: Option<Timestamp>,
    /// The last message that went out.
    pub last_outbound_at: Option<Timestamp>,
    /// The last time that somebody else was seen to answer it; it is anybody's again a day later.
    pub elsewhere_since: Option<Timestamp>,
    /// When its pending messages may be answered; none when nothing is pending or all of it is claimed.
    pub due_at: Option<Timestamp>,
    /// Created.
    pub created_at: Timestamp,
    /// Last changed.
    pub updated_at: Timestamp,
}

impl ConversationRow {
    pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            channel: row.get("channel")?,
            contact_id: row.get("contact_id")?,
            mode: row.get("mode")?,
            human_until: maybe_time(row, "human_until")?,
            human_since: maybe_time(row, "human_since")?,
            human_by: row.get("human_by")?,
            memory: json(row, "memory")?,
            last_inbound_at: maybe_time(row, "last_inbound_at")?,
            last_outbound_at: maybe_time(row, "last_outbound_at")?,
            elsewhere_since: maybe_time(row, "elsewhere_since")?,
            due_at: maybe_time(row, "due_at")?,
            created_at: time(row, "created_at")?,
            updated_at: time(row, "updated_at")?,
        })
    }
}

/// A message, in or out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MessageRow {
    /// Our number; grows with the order of arrival.
    pub id: i64,
    /// The provider's id, once known.
    pub message_id: Option<MessageId>,
    /// Its chat.
    pub conversation_id: ConversationId,
    /// Which way it went.
    pub direction: Direction,
    /// Who wrote it.
    pub sender: Sender,
    /// Its type in our words (`text`, `image`…).
    pub kind: String,
    /// Its text; none when it had none or was redacted or revoked.
    pub text: Option<String>,
    /// The whole message in our own form.
    pub payload: Option<Value>,
    /// The message it quotes.
    pub quoted_message_id: Option<MessageId>,
    /// What became of it.
    pub state: MessageState,
    /// The provider's or our own error code.
    pub error_code: Option<String>,
    /// What the provider says it costs.
    pub pricing: Option<Value>,
    /// Its time by the provider's clock.
    pub provider_at: Option<Timestamp>,
    /// Its time by ours.
    pub created_at: Timestamp,
}

impl MessageRow {
    pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            message_id: row.get("message_id")?,
            conversation_id: row.get("conversation_id")?,
            direction: row.get("direction")?,
            sender: row.get("sender")?,
            kind: row.get("kind")?,
            text: row.get("text")?,
            payload: row.get::<_, Option<Json<Value>>>("payload")?.map(|json| json.0),
            quoted_message_id: row.get("quoted_message_id")?,
            state: row.get("state")?,
            error_code: row.get("error_code")?,
            pricing: row.get::<_, Option<Json<Value>>>("pricing")?.map(|json| json.0),
            provider_at: maybe_time(row, "provider_at")?,
            created_at: time(row, "created_at")?,
        })
    }
}

/// A message that waits for its turn.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PendingRow {
    /// Its place in the inbox.
    pub seq: i64,
    /// Its number in `messages`.
    pub message_row: i64,
    /// The provider's id.
    pub message_id: MessageId,
    /// Its type in our words.
    pub kind: String,
    /// Its text.
    pub text: Option<String>,
    /// The message in our own form, as the caller of `accept` gave it.
    pub payload: Value,
    /// The message it quotes.
    pub quoted_message_id: Option<MessageId>,
    /// It was already old when it arrived.
    pub stale: bool,
    /// Its time by the provider's clock.
    pub provider_at: Timestamp,
    /// Its time by ours.
    pub received_at: Timestamp,
    /// How many turns have tried it, this one included.
    pub attempts: i64,
    /// Messages that came into this chat in the minute that ends with this one, itself included.
    pub inbound_last_minute: i64,
}

impl PendingRow {
    pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            seq: row.get("seq")?,
            message_row: row.get("message_row")?,
            message_id: row.get("message_id")?,
            kind: row.get("kind")?,
            text: row.get("text")?,
            payload: json(row, "payload")?,
            quoted_message_id: row.get("quoted_message_id")?,
            stale: row.get("stale")?,
            provider_at: time(row, "provider_at")?,
            received_at: time(row, "received_at")?,
            attempts: row.get("attempts")?,
            inbound_last_minute: 0,
        })
    }
}

/// A message whose turn failed too often.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ParkedRow {
    /// Its place in the inbox, kept.
    pub seq: i64,
    /// Its chat.
    pub conversation_id: ConversationId,
    /// The provider's id.
    pub message_id: MessageId,
    /// How many turns tried it.
    pub attempts: i64,
    /// What the last of them said.
    pub error: String,
    /// When it arrived.
    pub received_at: Timestamp,
    /// When it was parked.
    pub parked_at: Timestamp,
}

impl ParkedRow {
    pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            seq: row.get("seq")?,
            conversation_id: row.get("conversation_id")?,
            message_id: row.get("message_id")?,
            attempts: row.get("attempts")?,
            error: row.get("error")?,
            received_at: time(row, "received_at")?,
            parked_at: time(row, "parked_at")?,
        })
    }
}

/// A message to be sent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OutboxRow {
    /// Its number.
    pub id: OutboxId,
    /// What comes back in the statuses, so that they find this row.
    pub opaque: String,
    /// Its chat; none for a notice to a team.
    pub conversation_id: Option<ConversationId>,
    /// The decision that made it.
    pub request_id: Option<RequestId>,
    /// What it is for.
    pub purpose: Purpose,
    /// To whom, in the sender's form.
    pub recipient: Value,
    /// What, in the sender's form.
    pub payload: Value,
    /// The message it quotes.
    pub reply_to: Option<MessageId>,
    /// Where it stands.
    pub state: OutboxState,
    /// How often it was claimed.
    pub attempts: i64,
    /// Not before.
    pub due_at: Timestamp,
    /// The provider's id, once known.
    pub wamid: Option<MessageId>,
    /// The last error's code.
    pub error_code: Option<String>,
    /// The last error in words.
    pub error_text: Option<String>,
    /// Written.
    pub created_at: Timestamp,
    /// Taken by the provider.
    pub sent_at: Option<Timestamp>,
    /// Its number in `messages`.
    pub message_row: Option<i64>,
}

impl OutboxRow {
    pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            opaque: row.get("opaque")?,
            conversation_id: row.get("conversation_id")?,
            request_id: row.get("request_id")?,
            purpose: row.get("purpose")?,
            recipient: json(row, "recipient")?,
            payload: json(row, "payload")?,
            reply_to: row.get("reply_to")?,
            state: row.get("state")?,
            attempts: row.get("attempts")?,
            due_at: time(row, "due_at")?,
            wamid: row.get("wamid")?,
            error_code: row.get("error_code")?,
            error_text: row.get("error_text")?,
            created_at: time(row, "created_at")?,
            sent_at: maybe_time(row, "sent_at")?,
            message_row: row.get("message_row")?,
        })
    }
}

/// A call for a person.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HandoffRow {
    /// Its number.
    pub id: HandoffId,
    /// Its chat.
    pub conversation_id: ConversationId,
    /// The decision that made it.
    pub request_id: Option<RequestId>,
    /// Who must act.
    pub team: String,
    /// How urgent it is.
    pub priority: String,
    /// Why.
    pub reason: String,
    /// What a person needs to know.
    pub summary: String,
    /// What they could do.
    pub next_step: Option<String>,
    /// What they could write.
    pub suggested_message: Option<String>,
    /// What the customer told about themselves.
    pub lead: Value,
    /// Where it stands.
    pub status: HandoffStatus,
    /// Who took it.
    pub taken_by: Option<String>,
    /// How often the customer made it more urgent or asked again.
    pub raised: i64,
    /// Opened.
    pub created_at: Timestamp,
    /// Last changed.
    pub updated_at: Timestamp,
    /// Taken.
    pub taken_at: Option<Timestamp>,
    /// Closed.
    pub closed_at: Option<Timestamp>,
}

impl HandoffRow {
    pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            conversation_id: row.get("conversation_id")?,
            request_id: row.get("request_id")?,
            team: row.get("team")?,
            priority: row.get("priority")?,
            reason: row.get("reason")?,
            summary: row.get("summary")?,
            next_step: row.get("next_step")?,
            suggested_message: row.get("suggested_message")?,
            lead: json(row, "lead")?,
            status: row.get("status")?,
            taken_by: row.get("taken_by")?,
            raised: row.get("raised")?,
            created_at: time(row, "created_at")?,
            updated_at: time(row, "updated_at")?,
            taken_at: maybe_time(row, "taken_at")?,
            closed_at: maybe_time(row, "closed_at")?,
        })
    }
}

/// A notice to a team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotificationRow {
    /// Its number.
    pub id: i64,
    /// The handoff it tells of.
    pub handoff_id: Option<HandoffId>,
    /// The chat it tells of.
    pub conversation_id: ConversationId,
    /// Who was told.
    pub team: String,
    /// What they were told.
    pub body: String,
    /// The row that carries it.
    pub outbox_id: Option<OutboxId>,
    /// What became of it.
    pub state: NoticeState,
    /// Why it failed.
    pub error_code: Option<String>,
    /// Written.
    pub created_at: Timestamp,
    /// Taken by the provider.
    pub sent_at: Option<Timestamp>,
}

impl NotificationRow {
    pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            handoff_id: row.get("handoff_id")?,
            conversation_id: row.get("conversation_id")?,
            team: row.get("team")?,
            body: row.get("body")?,
            outbox_id: row.get("outbox_id")?,
            state: row.get("state")?,
            error_code: row.get("error_code")?,
            created_at: time(row, "created_at")?,
            sent_at: maybe_time(row, "sent_at")?,
        })
    }
}
