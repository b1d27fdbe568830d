//! What a person does with a chat: take it, answer, give it back, close its handoff, note something, begin to write.
//!
//! Each is one transaction with its line in the audit log. An answer is refused, with nothing stored, when somebody else has answered since
//! the page was drawn or when WhatsApp's window has closed.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use super::audit::{self, Act};
use super::users::UserId;
use crate::conversations::{self, ModeChange, Taking};
use crate::error::StoreError;
use crate::ids::ConversationId;
use crate::outbox::{self, Outgoing};
use crate::states::{Channel, HandoffStatus, Mode, Purpose, Sender};
use crate::time::At;
use crate::{Store, handoffs};

/// WhatsApp takes free words for 24 hours after the customer wrote; a little less, since a message is some time on its way.
pub const ANSWER_WINDOW: SignedDuration = SignedDuration::from_secs(24 * 3600 - 60);

/// Words of a person for a customer.
#[derive(Debug, Clone, PartialEq)]
pub struct PersonsAnswer {
    /// Made by the browser for this press.
    pub send_id: String,
    /// The newest message that the person had before them.
    pub seen_up_to: i64,
    /// Who writes.
    pub by: String,
    /// Their number among the users; none when they write from elsewhere.
    pub user: Option<UserId>,
    /// Until when the chat is theirs.
    pub until: Option<Timestamp>,
    /// The words.
    pub message: Outgoing,
}

/// What became of a person's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answering {
    /// They are in the outbox.
    Queued,
    /// They were already: this press came twice.
    Repeated,
    /// Somebody else has answered meanwhile; the number of the newest answer.
    Overtaken(i64),
    /// The customer wrote too long ago.
    WindowClosed,
    /// Nobody can be written to in this chat.
    NoWay,
}

/// How a handoff ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// `vendido`, `perdido`, `resuelto`.
    pub outcome: String,
    /// Why a sale was lost.
    pub why: Option<String>,
}

impl Store {
    /// A person takes the chat and its open handoffs.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn take_chat(
        &self,
        now: Timestamp,
        chat: &ConversationId,
        by: &str,
        until: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let (chat, by) = (chat.clone(), by.to_owned());
        self.write(move |conn| {
            conversations::take_over(conn, now, &chat, &Taking { by: &by, until })?;
            take_handoffs(conn, now, &chat, &by)?;
            audit::note(conn, now, &Act { who: by.clone(), act: "take", chat: Some(chat.clone()), ..Act::default() })
        })
        .await?;
        self.inbox_changed.notify_one();
        self.outbox_changed.notify_one();
        Ok(())
    }

    /// A person answers the customer: the chat is theirs, their words are in the outbox, LUISA's that have not left are cancelled.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn answer_chat(
        &self,
        now: Timestamp,
        chat: &ConversationId,
        answer: PersonsAnswer,
    ) -> Result<Answering, StoreError> {
        let chat = chat.clone();
        let answering = self.write(move |conn| answer_in(conn, now, &chat, &answer)).await?;
        if answering == Answering::Queued {
            self.inbox_changed.notify_one();
            self.outbox_changed.notify_one();
        }
        Ok(answering)
    }

    /// The chat is LUISA's again; nobody waits for a person in it.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn return_chat(&self, now: Timestamp, chat: &ConversationId, by: &str) -> Result<(), StoreError> {
        let (chat, by) = (chat.clone(), by.to_owned());
        self.write(move |conn| {
            give_back(conn, now, &chat)?;
            audit::note(
                conn,
                now,
                &Act { who: by.clone(), act: "give_back", chat: Some(chat.clone()), ..Act::default() },
            )
        })
        .await
    }

    /// The handoffs of a chat that are not closed end so; and, with `back`, the chat is LUISA's again. Says how many ended.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn end_handoffs(
        &self,
        now: Timestamp,
        chat: &ConversationId,
        ending: Ending,
        by: &str,
    ) -> Result<usize, StoreError> {
        let (chat, by) = (chat.clone(), by.to_owned());
        self.write(move |conn| {
            let sql = "UPDATE handoffs SET status = 'closed', closed_at = ?2, updated_at = ?2, outcome = ?3, outcome_why = ?4, closed_by = ?5
                WHERE conversation_id = ?1 AND status <> 'closed'";
            let ended =
                conn.prepare_cached(sql)?.execute(params![chat, At(now), ending.outcome, ending.why, by])?;
            give_back(conn, now, &chat)?;
            let act =
                Act { who: by.clone(), act: "close", chat: Some(chat.clone()), after: Some(ending.outcome.clone()), ..Act::default() };
            audit::note(conn, now, &act)?;
            Ok(ended)
        })
        .await
    }

    /// A note for the team, which the customer never sees.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn add_note(
        &self,
        now: Timestamp,
        chat: &ConversationId,
        by: &str,
        text: &str,
    ) -> Result<(), StoreError> {
        let (chat, by, text) = (chat.clone(), by.to_owned(), text.to_owned());
        self.write(move |conn| {
            there_is(conn, &chat)?;
            let sql = "INSERT INTO notes (conversation_id, who, text, created_at) VALUES (?1, ?2, ?3, ?4)";
            conn.prepare_cached(sql)?.execute(params![chat, by, text, At(now)])?;
            Ok(())
        })
        .await
    }

    /// Keeps what a user has begun to write; nothing takes it away.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn keep_draft(
        &self,
        now: Timestamp,
        chat: &ConversationId,
        user: UserId,
        text: &str,
    ) -> Result<(), StoreError> {
        let (chat, text) = (chat.clone(), text.to_owned());
        self.write(move |conn| {
            there_is(conn, &chat)?;
            if text.is_empty() {
                return drop_draft(conn, &chat, user);
            }
            let sql =
                "INSERT OR REPLACE INTO drafts (conversation_id, user_id, text, updated_at) VALUES (?1, ?2, ?3, ?4)";
            conn.prepare_cached(sql)?.execute(params![chat, user, text, At(now)])?;
            Ok(())
        })
        .await
    }

    /// A user has seen the chat up to this message.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn mark_seen(&self, chat: &ConversationId, user: UserId, message: i64) -> Result<(), StoreError> {
        let chat = chat.clone();
        self.write(move |conn| seen(conn, &chat, user, message)).await
    }
}

fn answer_in(
    conn: &Connection,
    now: Timestamp,
    chat: &ConversationId,
    answer: &PersonsAnswer,
) -> Result<Answering, StoreError> {
    if conn.prepare_cached("SELECT 1 FROM console_sends WHERE send_id = ?1")?.exists([&answer.send_id])? {
        return Ok(Answering::Repeated);
    }
    let found = conversations::find(conn, chat)?.filter(|row| row.id == *chat).ok_or(StoreError::NotFound)?;
    if found.channel != Channel::Whatsapp {
        return Ok(Answering::NoWay);
    }
    let sql = "SELECT max(id) FROM messages WHERE conversation_id = ?1 AND id > ?2 AND direction = 'out'
        AND state NOT IN ('cancelled', 'failed')";
    let newer: Option<i64> = conn.prepare_cached(sql)?.query_row(params![chat, answer.seen_up_to], |row| row.get(0))?;
    if let Some(newer) = newer {
        return Ok(Answering::Overtaken(newer));
    }
    let open = found.last_inbound_at.is_some_and(|at| now.duration_since(at) < ANSWER_WINDOW);
    if !open {
        return Ok(Answering::WindowClosed);
    }
    conversations::take_over(conn, now, chat, &Taking { by: &answer.by, until: answer.until })?;
    take_handoffs(conn, now, chat, &answer.by)?;
    let origin = outbox::Origin { conversation: chat, request: None, sender: Sender::Human, purpose: Purpose::Console };
    outbox::put(conn, now, &origin, &answer.message)?;
    let row: i64 = conn
        .prepare_cached("SELECT max(id) FROM messages WHERE conversation_id = ?1")?
        .query_row([chat], |row| row.get(0))?;
    let sql = "INSERT INTO console_sends (send_id, conversation_id, who, message_row, created_at) VALUES (?1, ?2, ?3, ?4, ?5)";
    conn.prepare_cached(sql)?.execute(params![answer.send_id, chat, answer.by, row, At(now)])?;
    if let Some(user) = answer.user {
        drop_draft(conn, chat, user)?;
        seen(conn, chat, user, row)?;
    }
    let act = Act { who: answer.by.clone(), act: "answer", chat: Some(chat.clone()), ..Act::default() };
    audit::note(conn, now, &act)?;
    Ok(Answering::Queued)
}

fn give_back(conn: &Connection, now: Timestamp, chat: &ConversationId) -> Result<(), StoreError> {
    let change = ModeChange { mode: Mode::AiActive, human_until: None, by: None };
    conversations::set_mode(conn, now, chat, &change)?;
    conn.prepare_cached("UPDATE conversations SET given_back_at = ?2 WHERE id = ?1")?
        .execute(params![chat, At(now)])?;
    handoffs::end(conn, now, chat)?;
    conn.prepare_cached("UPDATE chat_heads SET waiting_since = NULL WHERE conversation_id = ?1")?.execute([chat])?;
    Ok(())
}

fn take_handoffs(conn: &Connection, now: Timestamp, chat: &ConversationId, by: &str) -> Result<(), StoreError> {
    let Some(open) = handoffs::latest_open(conn, chat)? else { return Ok(()) };
    if open.status == HandoffStatus::Taken && open.taken_by.as_deref() == Some(by) {
        return Ok(());
    }
    let sql = "UPDATE handoffs SET status = 'taken', taken_by = ?2, taken_at = coalesce(taken_at, ?3), updated_at = ?3
        WHERE conversation_id = ?1 AND status <> 'closed'";
    conn.prepare_cached(sql)?.execute(params![chat, by, At(now)])?;
    Ok(())
}

fn seen(conn: &Connection, chat: &ConversationId, user: UserId, message: i64) -> Result<(), StoreError> {
    let sql = "INSERT INTO read_marks (conversation_id, user_id, message) VALUES (?1, ?2, ?3)
        ON CONFLICT (conversation_id, user_id) DO UPDATE SET message = max(message, excluded.message)";
    conn.prepare_cached(sql)?.execute(params![chat, user, message])?;
    Ok(())
}

fn drop_draft(conn: &Connection, chat: &ConversationId, user: UserId) -> Result<(), StoreError> {
    let sql = "DELETE FROM drafts WHERE conversation_id = ?1 AND user_id = ?2";
    conn.prepare_cached(sql)?.execute(params![chat, user])?;
    Ok(())
}

fn there_is(conn: &Connection, chat: &ConversationId) -> Result<(), StoreError> {
    let there =
        conn.prepare_cached("SELECT 1 FROM conversations WHERE id = ?1")?.query_row([chat], |_| Ok(())).optional()?;
    there.ok_or(StoreError::NotFound)
}
