//! Calls for a person, and the notices that tell a team of them.
//!
//! Owns `handoffs` and `notifications`. May not decide that a person is needed, nor when a team may be told again.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::Value;

use crate::Store;
use crate::error::StoreError;
use crate::ids::{ConversationId, HandoffId, OutboxId, RequestId};
use crate::outbox::{self, Letter};
use crate::rows::{HandoffRow, Json, NotificationRow};
use crate::states::{NoticeState, Purpose};
use crate::time::{At, after, before};

/// What a turn says about the need for a person.
#[derive(Debug, Clone, PartialEq)]
pub enum HandoffChange {
    /// A person is needed.
    Open(NewHandoff),
    /// A person is already needed, and now more: counted, made open again if it was closed.
    Raise {
        /// The handoff.
        id: HandoffId,
        /// Its priority now.
        priority: String,
        /// Its summary now; none: as it was.
        summary: Option<String>,
    },
}

/// A call for a person.
#[derive(Debug, Clone, PartialEq)]
pub struct NewHandoff {
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
}

/// A notice to a team.
#[derive(Debug, Clone, PartialEq)]
pub struct NewNotice {
    /// Whom it is for.
    pub team: String,
    /// What it says.
    pub body: String,
    /// How it is sent; none when the team has no number, which makes it a failed notice that the console shows.
    pub letter: Option<NoticeLetter>,
}

/// A notice in the sender's form.
#[derive(Debug, Clone, PartialEq)]
pub struct NoticeLetter {
    /// To whom.
    pub recipient: Value,
    /// What.
    pub payload: Value,
    /// How many of its kind the team is told one by one; none: it is told in any case.
    pub pace: Option<Pace>,
}

/// So many notices a team is told one by one; the rest is one word: how many more there are.
#[derive(Debug, Clone, PartialEq)]
pub struct Pace {
    /// From one channel…
    pub singles: u32,
    /// …within this time.
    pub within: Duration,
    /// What is said of the rest, in the sender's form, with [`HOW_MANY`] for their number.
    pub digest: Value,
}

/// Stands for the number of notices in a digest.
pub const HOW_MANY: &str = "{n}";
/// A digest waits so long for more of them.
const GATHERED: Duration = Duration::from_secs(60);

impl Store {
    /// The latest handoffs, newest first.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn handoffs(&self, limit: u32) -> Result<Vec<HandoffRow>, StoreError> {
        self.read(move |conn| {
            let mut query = conn.prepare_cached("SELECT * FROM handoffs ORDER BY id DESC LIMIT ?1")?;
            let rows = query.query_map([limit], HandoffRow::read)?.collect::<Result<_, _>>()?;
            Ok(rows)
        })
        .await
    }

    /// The handoffs that are not closed, the most urgent and longest waiting first.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn open_handoffs(&self) -> Result<Vec<HandoffRow>, StoreError> {
        self.read(|conn| {
            let sql = "SELECT * FROM handoffs WHERE status <> 'closed' ORDER BY status = 'taken',
                CASE priority WHEN 'urgent' THEN 0 WHEN 'high' THEN 1 WHEN 'medium' THEN 2 ELSE 3 END, id";
            let mut query = conn.prepare_cached(sql)?;
            let rows = query.query_map([], HandoffRow::read)?.collect::<Result<_, _>>()?;
            Ok(rows)
        })
        .await
    }

    /// One handoff.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn handoff(&self, id: HandoffId) -> Result<HandoffRow, StoreError> {
        self.read(move |conn| {
            let mut query = conn.prepare_cached("SELECT * FROM handoffs WHERE id = ?1")?;
            query.query_row([id], HandoffRow::read).optional()?.ok_or(StoreError::NotFound)
        })
        .await
    }

    /// The latest notices to the teams, newest first.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn notifications(&self, limit: u32) -> Result<Vec<NotificationRow>, StoreError> {
        self.read(move |conn| {
            let mut query = conn.prepare_cached("SELECT * FROM notifications ORDER BY id DESC LIMIT ?1")?;
            let rows = query.query_map([limit], NotificationRow::read)?.collect::<Result<_, _>>()?;
            Ok(rows)
        })
        .await
    }

    /// The notices about a chat from this time on, oldest first.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn notices_since(
        &self,
        chat: &ConversationId,
        since: Timestamp,
    ) -> Result<Vec<NotificationRow>, StoreError> {
        let chat = chat.clone();
        self.read(move |conn| {
            let sql = "SELECT * FROM notifications WHERE conversation_id = ?1 AND created_at >= ?2 ORDER BY id";
            let mut query = conn.prepare_cached(sql)?;
            let rows = query.query_map(params![chat, At(since)], NotificationRow::read)?.collect::<Result<_, _>>()?;
            Ok(rows)
        })
        .await
    }

    /// Urgent handoffs that nobody has taken or answered and whose team was last told before `told_before`, oldest first;
    /// those opened before `opened_since` are given up.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn urgent_waiting(
        &self,
        told_before: Timestamp,
        opened_since: Timestamp,
    ) -> Result<Vec<HandoffRow>, StoreError> {
        self.read(move |conn| waiting(conn, told_before, opened_since)).await
    }

    /// Tells the team again of an urgent handoff that still waits: counted as raised. False when somebody took it, answered
    /// or was told meanwhile.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn remind(
        &self,
        now: Timestamp,
        handoff: &HandoffRow,
        told_before: Timestamp,
        notice: NewNotice,
    ) -> Result<bool, StoreError> {
        let (id, chat, opened) = (handoff.id, handoff.conversation_id.clone(), handoff.created_at);
        let request = handoff.request_id.clone().unwrap_or_else(|| RequestId::from("reminder"));
        let reminded = self
            .write(move |conn| {
                if !waiting(conn, told_before, opened)?.iter().any(|row| row.id == id) {
                    return Ok(false);
                }
                let sql = "UPDATE handoffs SET raised = raised + 1, updated_at = ?2 WHERE id = ?1";
                conn.prepare_cached(sql)?.execute(params![id, At(now)])?;
                let cause = Cause { chat: &chat, request: &request };
                notify(conn, now, &cause, Some(id), &notice)?;
                Ok(true)
            })
            .await?;
        if reminded {
            self.outbox_changed.notify_one();
        }
        Ok(reminded)
    }

    /// A person takes a handoff. The chat's mode is not touched: `take_over` does that.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` when it is closed or somebody else has it.
    pub async fn take_handoff(&self, now: Timestamp, id: HandoffId, by: &str) -> Result<(), StoreError> {
        let by = by.to_owned();
        self.write(move |conn| {
            let sql = "UPDATE handoffs SET status = 'taken', taken_by = ?2, taken_at = coalesce(taken_at, ?3), updated_at = ?3
                WHERE id = ?1 AND (status = 'open' OR (status = 'taken' AND taken_by = ?2))";
            let taken = conn.prepare_cached(sql)?.execute(params![id, by, At(now)])?;
            if taken > 0 { Ok(()) } else { Err(missing_or(conn, id, "this handoff is closed or somebody else has it")?) }
        })
        .await
    }

    /// A handoff is done; closing it twice is nothing.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn close_handoff(&self, now: Timestamp, id: HandoffId) -> Result<(), StoreError> {
        self.write(move |conn| {
            let sql = "UPDATE handoffs SET status = 'closed', closed_at = coalesce(closed_at, ?2), updated_at = ?2 WHERE id = ?1";
            let closed = conn.prepare_cached(sql)?.execute(params![id, At(now)])?;
            if closed > 0 { Ok(()) } else { Err(StoreError::NotFound) }
        })
        .await
    }
}

/// The chat waits for nobody any more.
pub(crate) fn end(conn: &Connection, now: Timestamp, chat: &ConversationId) -> Result<(), StoreError> {
    let sql = "UPDATE handoffs SET status = 'closed', closed_at = ?2, updated_at = ?2
        WHERE conversation_id = ?1 AND status <> 'closed'";
    conn.prepare_cached(sql)?.execute(params![chat, At(now)])?;
    Ok(())
}

fn waiting(conn: &Connection, told_before: Timestamp, opened_since: Timestamp) -> Result<Vec<HandoffRow>, StoreError> {
    // Whoever wrote to the customer since, from the console or the telephone, has it in hand.
    let sql = "SELECT h.* FROM handoffs h JOIN conversations c ON c.id = h.conversation_id
        WHERE h.status = 'open' AND h.priority = 'urgent' AND h.created_at >= ?2 AND c.mode = 'HUMAN_ACTIVE'
          AND h.updated_at <= ?1
          AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.conversation_id = h.conversation_id AND m.sender = 'human'
                AND m.created_at >= h.created_at)
          AND NOT EXISTS (SELECT 1 FROM notifications n WHERE n.handoff_id = h.id AND n.created_at > ?1)
        ORDER BY h.id";
    let mut query = conn.prepare_cached(sql)?;
    Ok(query.query_map(params![At(told_before), At(opened_since)], HandoffRow::read)?.collect::<Result<_, _>>()?)
}

pub(crate) fn latest_open(conn: &Connection, chat: &ConversationId) -> Result<Option<HandoffRow>, StoreError> {
    let sql = "SELECT * FROM handoffs WHERE conversation_id = ?1 AND status <> 'closed' ORDER BY id DESC LIMIT 1";
    Ok(conn.prepare_cached(sql)?.query_row([chat], HandoffRow::read).optional()?)
}

/// Where a handoff or a notice comes from.
pub(crate) struct Cause<'a> {
    pub(crate) chat: &'a ConversationId,
    pub(crate) request: &'a RequestId,
}

pub(crate) fn change(
    conn: &Connection,
    now: Timestamp,
    cause: &Cause<'_>,
    change: &HandoffChange,
) -> Result<HandoffId, StoreError> {
    match change {
        HandoffChange::Open(new) => open(conn, now, cause, new),
        HandoffChange::Raise { id, priority, summary } => {
            let sql = "UPDATE handoffs SET priority = ?3, summary = coalesce(?4, summary), raised = raised + 1, updated_at = ?5,
                    status = CASE status WHEN 'closed' THEN 'open' ELSE status END, closed_at = NULL
                WHERE id = ?1 AND conversation_id = ?2";
            let raised = conn.prepare_cached(sql)?.execute(params![id, cause.chat, priority, summary, At(now)])?;
            if raised > 0 { Ok(*id) } else { Err(StoreError::NotFound) }
        }
    }
}

fn open(conn: &Connection, now: Timestamp, cause: &Cause<'_>, new: &NewHandoff) -> Result<HandoffId, StoreError> {
    let sql = "INSERT INTO handoffs (conversation_id, request_id, team, priority, reason, summary, next_step, suggested_message, lead,
            created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10)";
    conn.prepare_cached(sql)?.execute(params![
        cause.chat,
        cause.request,
        new.team,
        new.priority,
        new.reason,
        new.summary,
        new.next_step,
        new.suggested_message,
        Json(&new.lead),
        At(now)
    ])?;
    Ok(HandoffId(conn.last_insert_rowid()))
}

pub(crate) fn set_lead(conn: &Connection, now: Timestamp, id: HandoffId, lead: &Value) -> Result<(), StoreError> {
    let sql = "UPDATE handoffs SET lead = ?2, updated_at = ?3 WHERE id = ?1";
    let found = conn.prepare_cached(sql)?.execute(params![id, Json(lead), At(now)])?;
    if found > 0 { Ok(()) } else { Err(StoreError::NotFound) }
}

/// Writes the notice and the outbox row that carries it.
pub(crate) fn notify(
    conn: &Connection,
    now: Timestamp,
    cause: &Cause<'_>,
    about: Option<HandoffId>,
    notice: &NewNotice,
) -> Result<Option<OutboxId>, StoreError> {
    let queued = match &notice.letter {
        None => None,
        Some(letter) => match &letter.pace {
            Some(pace) if is_too_many(conn, now, cause, (notice, pace))? => {
                Some(one_more(conn, now, cause, (letter, pace))?)
            }
            _ => Some(post(conn, now, cause, letter, (&letter.payload, now))?),
        },
    };
    let (state, error) =
        if queued.is_some() { (NoticeState::Queued, None) } else { (NoticeState::Failed, Some("no_number")) };
    let sql =
        "INSERT INTO notifications (handoff_id, conversation_id, team, body, outbox_id, state, error_code, created_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    conn.prepare_cached(sql)?.execute(params![
        about,
        cause.chat,
        notice.team,
        notice.body,
        queued,
        state,
        error,
        At(now)
    ])?;
    Ok(queued)
}

/// A person has the chat: what was open in it is theirs.
pub(crate) fn take_open(conn: &Connection, now: Timestamp, chat: &ConversationId, by: &str) -> Result<(), StoreError> {
    let sql = "UPDATE handoffs SET status = 'taken', taken_by = ?2, taken_at = ?3, updated_at = ?3
        WHERE conversation_id = ?1 AND status = 'open'";
    conn.prepare_cached(sql)?.execute(params![chat, by, At(now)])?;
    Ok(())
}

fn post(
    conn: &Connection,
    now: Timestamp,
    cause: &Cause<'_>,
    to: &NoticeLetter,
    (payload, due_at): (&Value, Timestamp),
) -> Result<OutboxId, StoreError> {
    let letter = Letter {
        conversation: None,
        request: Some(cause.request),
        purpose: Purpose::Notice,
        recipient: &to.recipient,
        payload,
        reply_to: None,
        due_at,
        message_row: None,
    };
    outbox::enqueue(conn, now, &letter)
}

/// Whether the team has been told as much of this channel as it is told one by one.
fn is_too_many(
    conn: &Connection,
    now: Timestamp,
    cause: &Cause<'_>,
    (notice, pace): (&NewNotice, &Pace),
) -> Result<bool, StoreError> {
    let sql = "SELECT count(*) FROM notifications n JOIN conversations c ON c.id = n.conversation_id
        WHERE n.created_at > ?1 AND n.team = ?2 AND c.channel = (SELECT channel FROM conversations WHERE id = ?3)";
    let told: u32 = conn
        .prepare_cached(sql)?
        .query_row(params![At(before(now, pace.within)), notice.team, cause.chat], |row| row.get(0))?;
    Ok(told >= pace.singles)
}

/// Counts a notice in the digest that has not left, or begins one.
fn one_more(
    conn: &Connection,
    now: Timestamp,
    cause: &Cause<'_>,
    (letter, pace): (&NoticeLetter, &Pace),
) -> Result<OutboxId, StoreError> {
    let sql = "SELECT id, payload ->> '$.more' FROM outbox
        WHERE state = 'due' AND purpose = 'notice' AND recipient = ?1 AND payload ->> '$.more' IS NOT NULL AND attempts = 0";
    let waiting: Option<(OutboxId, i64)> = conn
        .prepare_cached(sql)?
        .query_row([Json(&letter.recipient)], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let count = waiting.map_or(0, |(_, count)| count) + 1;
    let mut payload: Value =
        serde_json::from_str(&pace.digest.to_string().replace(HOW_MANY, &count.to_string())).unwrap_or_default();
    payload["more"] = count.into();
    match waiting {
        Some((id, _)) => {
            let sql = "UPDATE outbox SET payload = ?2 WHERE id = ?1";
            conn.prepare_cached(sql)?.execute(params![id, Json(&payload)])?;
            Ok(id)
        }
        None => {
            let id = post(conn, now, cause, letter, (&payload, after(now, GATHERED)))?;
            // It waits by itself: what comes meanwhile, and is told in any case, does not stand behind it.
            conn.prepare_cached("UPDATE outbox SET lane = lane || ' more' WHERE id = ?1")?.execute([id])?;
            Ok(id)
        }
    }
}

fn missing_or(conn: &Connection, id: HandoffId, conflict: &str) -> Result<StoreError, StoreError> {
    let there = conn.prepare_cached("SELECT 1 FROM handoffs WHERE id = ?1")?.exists([id])?;
    Ok(if there { StoreError::Conflict(conflict.to_owned()) } else { StoreError::NotFound })
}
