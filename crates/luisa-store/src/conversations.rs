//! Chats: who answers in them, and the moves between LUISA and people.
//!
//! Owns `conversations`. Taking over voids the claim of a turn under way and cancels replies that have not left, in one transaction, so that
//! LUISA never speaks over a person. May not decide when a person is needed.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;

use crate::error::StoreError;
use crate::ids::{ContactId, ConversationId, OutboxId};
use crate::outbox::{self, Outgoing};
use crate::rows::{ContactRow, ConversationRow, MessageRow};
use crate::states::{Channel, Mode, Purpose, Sender};
use crate::time::At;
use crate::{Store, contacts, handoffs, opt_outs};

/// A chat with the person and its latest messages.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConversationDetail {
    /// The chat.
    pub conversation: ConversationRow,
    /// Whose it is, on WhatsApp.
    pub contact: Option<ContactRow>,
    /// Its latest messages, oldest first.
    pub messages: Vec<MessageRow>,
}

impl Store {
    /// A chat with at most `limit` of its latest messages. The id of a chat that was merged away finds the one it became.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn conversation(&self, id: &ConversationId, limit: u32) -> Result<ConversationDetail, StoreError> {
        let id = id.clone();
        self.read(move |conn| {
            let conversation = find(conn, &id)?.ok_or(StoreError::NotFound)?;
            let contact = contact_of(conn, &conversation)?;
            let mut messages = conn
                .prepare_cached("SELECT * FROM messages WHERE conversation_id = ?1 ORDER BY id DESC LIMIT ?2")?
                .query_map(params![conversation.id, limit], MessageRow::read)?
                .collect::<Result<Vec<_>, _>>()?;
            messages.reverse();
            Ok(ConversationDetail { conversation, contact, messages })
        })
        .await
    }

    /// The chats that changed last, newest first.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn conversations(&self, limit: u32) -> Result<Vec<ConversationRow>, StoreError> {
        self.read(move |conn| {
            let mut query = conn.prepare_cached("SELECT * FROM conversations ORDER BY updated_at DESC, id LIMIT ?1")?;
            let rows = query.query_map([limit], ConversationRow::read)?.collect::<Result<_, _>>()?;
            Ok(rows)
        })
        .await
    }

    /// A person takes the chat until `until` (none: until given back). A turn under way is voided and planned again; replies that have
    /// not left are cancelled.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn take_over(
        &self,
        now: Timestamp,
        id: &ConversationId,
        by: &str,
        until: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let (id, by) = (id.clone(), by.to_owned());
        self.write(move |conn| take_over(conn, now, &id, &Taking { by: &by, until })).await?;
        self.inbox_changed.notify_one();
        self.outbox_changed.notify_one();
        Ok(())
    }

    /// A person answers from the console: takes the chat over and puts their words in the outbox, in one transaction.
    /// None when the answer needs no sending (API channel).
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn answer_as_person(
        &self,
        now: Timestamp,
        id: &ConversationId,
        taking: (String, Option<Timestamp>),
        answer: Outgoing,
    ) -> Result<Option<OutboxId>, StoreError> {
        let id = id.clone();
        let (by, until) = taking;
        let queued = self
            .write(move |conn| {
                take_over(conn, now, &id, &Taking { by: &by, until })?;
                let origin = outbox::Origin {
                    conversation: &id,
                    request: None,
                    sender: Sender::Human,
                    purpose: Purpose::Console,
                };
                outbox::put(conn, now, &origin, &answer)
            })
            .await?;
        self.inbox_changed.notify_one();
        self.outbox_changed.notify_one();
        Ok(queued)
    }

    /// The chat of a person on WhatsApp, by the phone as WhatsApp writes it.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn chat_of_phone(&self, wa_id: &str) -> Result<Option<ConversationId>, StoreError> {
        let wa_id = wa_id.to_owned();
        self.read(move |conn| {
            let sql = "SELECT c.id FROM conversations c JOIN contacts k ON k.id = c.contact_id WHERE k.wa_id = ?1
                ORDER BY c.updated_at DESC LIMIT 1";
            Ok(conn.prepare_cached(sql)?.query_row([wa_id], |row| row.get(0)).optional()?)
        })
        .await
    }

    /// The chat goes back to LUISA; what it was handed over for is over.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn give_back(&self, now: Timestamp, id: &ConversationId) -> Result<(), StoreError> {
        let id = id.clone();
        self.write(move |conn| {
            let change = ModeChange { mode: Mode::AiActive, human_until: None, by: None };
            set_mode(conn, now, &id, &change)?;
            conn.prepare_cached("UPDATE conversations SET given_back_at = ?2 WHERE id = ?1")?
                .execute(params![id, At(now)])?;
            handoffs::end(conn, now, &id)
        })
        .await
    }

    /// Gives back every chat whose time with a person has ended, with what it was handed over for, and names them.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn revert_expired(&self, now: Timestamp) -> Result<Vec<ConversationId>, StoreError> {
        self.write(move |conn| {
            let sql =
                "UPDATE conversations SET mode = 'AI_ACTIVE', human_until = NULL, human_by = NULL, updated_at = ?1
                WHERE mode = 'HUMAN_ACTIVE' AND human_until <= ?1 RETURNING id";
            let ids: Vec<ConversationId> =
                conn.prepare_cached(sql)?.query_map([At(now)], |row| row.get(0))?.collect::<Result<_, _>>()?;
            ids.iter().try_for_each(|id| handoffs::end(conn, now, id))?;
            Ok(ids)
        })
        .await
    }
}

/// A change of who answers, as a turn decides it (a handoff, for one).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModeChange {
    /// Who answers from now on.
    pub mode: Mode,
    /// When `HUMAN_ACTIVE` ends by itself.
    pub human_until: Option<Timestamp>,
    /// Who or what made the change.
    pub by: Option<String>,
}

/// A person, and until when.
pub(crate) struct Taking<'a> {
    pub(crate) by: &'a str,
    pub(crate) until: Option<Timestamp>,
}

pub(crate) fn set_mode(
    conn: &Connection,
    now: Timestamp,
    id: &ConversationId,
    change: &ModeChange,
) -> Result<(), StoreError> {
    let human = change.mode == Mode::HumanActive;
    let until = change.human_until.filter(|_| human).map(At);
    let by = change.by.as_deref().filter(|_| human);
    let changed = conn
        .prepare_cached(
            "UPDATE conversations SET mode = ?2, human_until = ?3, human_by = ?4, updated_at = ?5 WHERE id = ?1",
        )?
        .execute(params![id, change.mode, until, by, At(now)])?;
    if changed == 0 { Err(StoreError::NotFound) } else { Ok(()) }
}

pub(crate) fn take_over(
    conn: &Connection,
    now: Timestamp,
    id: &ConversationId,
    taking: &Taking<'_>,
) -> Result<(), StoreError> {
    let by = Some(taking.by.to_owned());
    set_mode(conn, now, id, &ModeChange { mode: Mode::HumanActive, human_until: taking.until, by })?;
    conn.prepare_cached("UPDATE conversations SET human_since = ?2 WHERE id = ?1")?.execute(params![id, At(now)])?;
    handoffs::take_open(conn, now, id, taking.by)?;
    void_claim(conn, now, id)?;
    outbox::cancel_replies(conn, now, id)
}

/// What a turn under way was told is no longer true: its commit will be refused, and its messages are due again at once.
pub(crate) fn void_claim(conn: &Connection, now: Timestamp, id: &ConversationId) -> Result<(), StoreError> {
    let sql =
        "UPDATE conversations SET claim_token = NULL, claimed_until = NULL, due_at = min(coalesce(due_at, ?2), ?2)
        WHERE id = ?1 AND claim_token IS NOT NULL";
    let voided = conn.prepare_cached(sql)?.execute(params![id, At(now)])?;
    if voided > 0 {
        // It was not the messages' fault: this try does not count against them.
        conn.prepare_cached("UPDATE inbox SET attempts = max(attempts - 1, 0) WHERE conversation_id = ?1")?
            .execute([id])?;
    }
    Ok(())
}

/// The chat of a contact, made when it is not there.
pub(crate) fn ensure(conn: &Connection, now: Timestamp, contact: &ContactId) -> Result<ConversationId, StoreError> {
    let id = ConversationId::of_contact(contact);
    create(conn, now, &id, Channel::Whatsapp, Some(contact))?;
    Ok(id)
}

/// Makes the chat unless it is there.
pub(crate) fn create(
    conn: &Connection,
    now: Timestamp,
    id: &ConversationId,
    channel: Channel,
    contact: Option<&ContactId>,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO conversations (id, channel, contact_id, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?4)
        ON CONFLICT (id) DO NOTHING";
    conn.prepare_cached(sql)?.execute(params![id, channel, contact, At(now)])?;
    Ok(())
}

/// The chat, or the one it was merged into.
pub(crate) fn find(conn: &Connection, id: &ConversationId) -> Result<Option<ConversationRow>, StoreError> {
    let sql = "SELECT * FROM conversations WHERE id = ?1";
    let found = conn.prepare_cached(sql)?.query_row([id], ConversationRow::read).optional()?;
    if found.is_some() {
        return Ok(found);
    }
    let Some(contact) = id.contact() else { return Ok(None) };
    let Some(survivor) = contacts::load(conn, &contact)?.filter(|row| row.id != contact) else {
        return Ok(None);
    };
    let id = ConversationId::of_contact(&survivor.id);
    Ok(conn.prepare_cached(sql)?.query_row([id], ConversationRow::read).optional()?)
}

pub(crate) fn contact_of(conn: &Connection, chat: &ConversationRow) -> Result<Option<ContactRow>, StoreError> {
    match &chat.contact_id {
        Some(id) => contacts::load(conn, id),
        None => Ok(None),
    }
}

/// Moves everything of the younger contact's chat into the older's. The younger's chat row goes, and with it any claim on it.
pub(crate) fn merge(
    conn: &Connection,
    now: Timestamp,
    older: &ContactId,
    younger: &ContactId,
) -> Result<(), StoreError> {
    opt_outs::merge(conn, older, younger)?;
    let from = ConversationId::of_contact(younger);
    let sql = "SELECT * FROM conversations WHERE id = ?1";
    let Some(gone) = conn.prepare_cached(sql)?.query_row([&from], ConversationRow::read).optional()? else {
        return Ok(());
    };
    let into = ensure(conn, now, older)?;
    void_claim(conn, now, &into)?;
    let tables = [
        "messages",
        "inbox",
        "parked_inbox",
        "media",
        "charges",
        "outbox",
        "handoffs",
        "notifications",
        "interaction_traces",
        "notes",
        "console_sends",
        "corrections",
        "audit_log",
    ];
    for table in tables {
        let sql = format!("UPDATE {table} SET conversation_id = ?2 WHERE conversation_id = ?1");
        conn.prepare_cached(&sql)?.execute(params![from, into])?;
    }
    conn.prepare_cached("UPDATE outbox SET lane = ?2 WHERE lane = ?1")?.execute(params![from, into])?;
    // The memory is that of the chat written in last, and a person in either chat is a person in both.
    let sql = "UPDATE conversations SET
            memory = CASE WHEN ?4 <> '{}' AND (memory = '{}' OR coalesce(last_inbound_at, '') < coalesce(?3, '')) THEN ?4 ELSE memory END,
            mode = CASE WHEN ?5 = 'HUMAN_ACTIVE' THEN ?5 ELSE mode END,
            human_until = CASE WHEN mode = ?5 THEN nullif(max(coalesce(human_until, '9'), coalesce(?6, '9')), '9')
                WHEN ?5 = 'HUMAN_ACTIVE' THEN ?6 ELSE human_until END,
            human_since = nullif(max(coalesce(human_since, ''), coalesce(?7, '')), ''),
            human_by = coalesce(human_by, ?8),
            elsewhere_since = coalesce(elsewhere_since, (SELECT elsewhere_since FROM conversations WHERE id = ?10)),
            last_inbound_at = nullif(max(coalesce(last_inbound_at, ''), coalesce(?3, '')), ''),
            last_outbound_at = nullif(max(coalesce(last_outbound_at, ''), coalesce(?9, '')), ''),
            due_at = CASE WHEN EXISTS (SELECT 1 FROM inbox WHERE conversation_id = ?1) THEN min(coalesce(due_at, ?2), ?2) END,
            pending_since = (SELECT min(provider_at) FROM inbox WHERE conversation_id = ?1),
            updated_at = ?2 WHERE id = ?1";
    let memory = gone.memory.to_string();
    conn.prepare_cached(sql)?.execute(params![
        into,
        At(now),
        gone.last_inbound_at.map(At),
        memory,
        gone.mode,
        gone.human_until.map(At),
        gone.human_since.map(At),
        gone.human_by,
        gone.last_outbound_at.map(At),
        from,
    ])?;
    conn.prepare_cached("DELETE FROM conversations WHERE id = ?1")?.execute([&from])?;
    Ok(())
}
