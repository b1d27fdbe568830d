//! Questions of customers that nobody could answer yet, and their answers.
//!
//! Owns `queries`. May not decide what is unknown, nor how an answer is worded.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;

use crate::Store;
use crate::error::StoreError;
use crate::ids::{ConversationId, OutboxId, RequestId};
use crate::outbox::{self, Origin, Outgoing};
use crate::rows::time;
use crate::states::{Purpose, Sender};
use crate::time::At;

/// A question for a team, as a turn brings it up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewQuery {
    /// Who may know.
    pub team: String,
    /// Topic of the pack; none when no topic knows the words.
    pub topic: Option<String>,
    /// The product it is about.
    pub item_id: Option<String>,
    /// What is asked, named.
    pub name: String,
    /// In the customer's words.
    pub words: String,
}

/// A question as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QueryRow {
    /// Its number.
    pub id: i64,
    /// Who asked it.
    pub conversation_id: ConversationId,
    /// Who may know.
    pub team: String,
    /// Topic of the pack.
    pub topic: Option<String>,
    /// The product it is about.
    pub item_id: Option<String>,
    /// What is asked, named.
    pub name: String,
    /// In the customer's words; none once they are forgotten.
    pub words: Option<String>,
    /// `open`, `answered` or `dropped`.
    pub status: String,
    /// What was answered.
    pub answer: Option<String>,
    /// By whom.
    pub answered_by: Option<String>,
    /// When it was asked.
    pub created_at: Timestamp,
}

/// Open questions about the same thing, with how many customers asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QueryCount {
    /// Topic of the pack; none for words that no topic knows.
    pub topic: Option<String>,
    /// The product it is about.
    pub item_id: Option<String>,
    /// What is asked, named.
    pub name: String,
    /// Who may know.
    pub team: String,
    /// How often it was asked and is still open.
    pub asked: i64,
    /// The latest of them.
    pub latest_id: i64,
    /// When it was asked last.
    pub latest_at: Timestamp,
}

impl Store {
    /// Open questions by how often they were asked.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn open_queries(&self, limit: u32) -> Result<Vec<QueryCount>, StoreError> {
        self.read(move |conn| {
            let sql = "SELECT topic, item_id, name, team, count(*) AS asked, max(id) AS latest_id, max(created_at) AS latest_at
                FROM queries WHERE status = 'open' GROUP BY coalesce(topic, name), item_id ORDER BY asked DESC, latest_id DESC LIMIT ?1";
            let read = |row: &Row<'_>| {
                Ok(QueryCount {
                    topic: row.get("topic")?,
                    item_id: row.get("item_id")?,
                    name: row.get("name")?,
                    team: row.get("team")?,
                    asked: row.get("asked")?,
                    latest_id: row.get("latest_id")?,
                    latest_at: time(row, "latest_at")?,
                })
            };
            let mut query = conn.prepare_cached(sql)?;
            let rows = query.query_map([limit], read)?.collect::<Result<_, _>>()?;
            Ok(rows)
        })
        .await
    }

    /// One question.
    ///
    /// # Errors
    /// `NotFound`, `Busy`, `Broken`.
    pub async fn query(&self, id: i64) -> Result<QueryRow, StoreError> {
        self.read(move |conn| one(conn, id)?.ok_or(StoreError::NotFound)).await
    }

    /// Every open question about the same thing as this one, itself included, oldest first.
    ///
    /// # Errors
    /// `NotFound`, `Busy`, `Broken`.
    pub async fn same_queries(&self, id: i64) -> Result<Vec<QueryRow>, StoreError> {
        self.read(move |conn| {
            let asked = one(conn, id)?.ok_or(StoreError::NotFound)?;
            let sql = "SELECT * FROM queries WHERE status = 'open' AND coalesce(topic, name) = coalesce(?1, ?2) AND item_id IS ?3 ORDER BY id";
            let mut query = conn.prepare_cached(sql)?;
            let rows = query.query_map(params![asked.topic, asked.name, asked.item_id], read)?.collect::<Result<_, _>>()?;
            Ok(rows)
        })
        .await
    }

    /// Answers a question: with a letter the customer gets it by the outbox, in the same transaction.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` when it is not open any more.
    pub async fn answer_query(
        &self,
        now: Timestamp,
        id: i64,
        answer: &str,
        by: &str,
        letter: Option<Outgoing>,
    ) -> Result<Option<OutboxId>, StoreError> {
        let (answer, by) = (answer.to_owned(), by.to_owned());
        let queued = self
            .write(move |conn| {
                let sql = "UPDATE queries SET status = 'answered', answer = ?2, answered_by = ?3, answered_at = ?4
                    WHERE id = ?1 AND status = 'open'";
                if conn.prepare_cached(sql)?.execute(params![id, answer, by, At(now)])? == 0 {
                    let there = one(conn, id)?.is_some();
                    let conflict = || StoreError::Conflict("this question is not open any more".to_owned());
                    return Err(if there { conflict() } else { StoreError::NotFound });
                }
                let Some(letter) = &letter else { return Ok(None) };
                let asked = one(conn, id)?.ok_or(StoreError::NotFound)?;
                let origin = Origin {
                    conversation: &asked.conversation_id,
                    request: None,
                    sender: Sender::Luisa,
                    purpose: Purpose::Reply,
                };
                outbox::put(conn, now, &origin, letter)
            })
            .await?;
        if queued.is_some() {
            self.outbox_changed.notify_one();
        }
        Ok(queued)
    }

    /// Drops a question that needs no answer.
    ///
    /// # Errors
    /// `NotFound` when it is not open.
    pub async fn drop_query(&self, now: Timestamp, id: i64, by: &str) -> Result<(), StoreError> {
        let by = by.to_owned();
        self.write(move |conn| {
            let sql = "UPDATE queries SET status = 'dropped', answered_by = ?2, answered_at = ?3 WHERE id = ?1 AND status = 'open'";
            let dropped = conn.prepare_cached(sql)?.execute(params![id, by, At(now)])?;
            if dropped > 0 { Ok(()) } else { Err(StoreError::NotFound) }
        })
        .await
    }
}

fn one(conn: &Connection, id: i64) -> Result<Option<QueryRow>, StoreError> {
    Ok(conn.prepare_cached("SELECT * FROM queries WHERE id = ?1")?.query_row([id], read).optional()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<QueryRow> {
    Ok(QueryRow {
        id: row.get("id")?,
        conversation_id: row.get("conversation_id")?,
        team: row.get("team")?,
        topic: row.get("topic")?,
        item_id: row.get("item_id")?,
        name: row.get("name")?,
        words: row.get("words")?,
        status: row.get("status")?,
        answer: row.get("answer")?,
        answered_by: row.get("answered_by")?,
        created_at: time(row, "created_at")?,
    })
}

/// Notes a question; one that the chat has open already is not noted twice. True when it is new.
pub(crate) fn note(
    conn: &Connection,
    now: Timestamp,
    chat: &ConversationId,
    request: &RequestId,
    asked: &NewQuery,
) -> Result<bool, StoreError> {
    let sql = "INSERT INTO queries (conversation_id, request_id, team, topic, item_id, name, words, created_at)
        SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 WHERE NOT EXISTS (SELECT 1 FROM queries
            WHERE conversation_id = ?1 AND status = 'open' AND coalesce(topic, name) = coalesce(?4, ?6) AND item_id IS ?5)";
    let new = conn.prepare_cached(sql)?.execute(params![
        chat,
        request,
        asked.team,
        asked.topic,
        asked.item_id,
        asked.name,
        asked.words,
        At(now)
    ])?;
    Ok(new > 0)
}
