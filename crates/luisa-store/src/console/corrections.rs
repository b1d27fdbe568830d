//! What people said was wrong: a message taken for something else, an answer that should have been another.
//!
//! Owns `corrections`. May not train on them.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};
use serde::Serialize;

use super::audit::{self, Act};
use crate::Store;
use crate::error::StoreError;
use crate::ids::ConversationId;
use crate::rows::time;
use crate::time::At;

/// What a person says of one answer of LUISA.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// The answer, by its number.
    pub answer: i64,
    /// What the message was, when it was taken for something else.
    pub class: Option<String>,
    /// What it wanted, when that was taken wrong.
    pub intent: Option<String>,
    /// What should have been said, when that was wrong.
    pub right_answer: Option<String>,
    /// Who says so.
    pub by: String,
}

/// A correction, as it was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CorrectionRow {
    /// Its number.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub who: String,
    /// What the customer wrote.
    pub text: String,
    /// What LUISA answered.
    pub answered: String,
    /// What the message was.
    pub class: String,
    /// What it wanted.
    pub intent: String,
    /// What should have been said.
    pub right_answer: Option<String>,
}

impl Store {
    /// Keeps a correction; what is not said to be wrong stays as it was decided.
    ///
    /// # Errors
    /// `NotFound` when the answer is none of LUISA's in this chat, or the words are not kept.
    pub async fn correct(&self, now: Timestamp, chat: &ConversationId, said: Correction) -> Result<(), StoreError> {
        let chat = chat.clone();
        self.write(move |conn| {
            // A turn answers several messages; the last of them is what the answer is to.
            let sql = "SELECT t.raw_text, t.classification, coalesce(t.intent, 'ninguno'), coalesce(m.text, '') FROM messages m
                JOIN outbox o ON o.message_row = m.id JOIN interaction_traces t ON t.request_id = o.request_id
                WHERE m.id = ?1 AND m.conversation_id = ?2 AND t.raw_text IS NOT NULL ORDER BY t.id DESC LIMIT 1";
            let read = |row: &Row<'_>| {
                let found: (String, String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
                Ok(found)
            };
            let found = conn.prepare_cached(sql)?.query_row(params![said.answer, chat], read).optional()?;
            let (text, class, intent, answered) = found.ok_or(StoreError::NotFound)?;
            let class = said.class.clone().unwrap_or(class);
            let intent = said.intent.clone().unwrap_or(intent);
            let sql = "INSERT INTO corrections (at, who, conversation_id, text, answered, class, intent, right_answer)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
            conn.prepare_cached(sql)?.execute(params![
                At(now),
                said.by,
                chat,
                text,
                answered,
                class,
                intent,
                said.right_answer
            ])?;
            let act = Act { who: said.by.clone(), act: "correct", chat: Some(chat.clone()), ..Act::default() };
            audit::note(conn, now, &act)
        })
        .await
    }

    /// All corrections, oldest first, after the one with this number.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn corrections(&self, after: i64, limit: u32) -> Result<Vec<CorrectionRow>, StoreError> {
        self.read(move |conn| {
            let read = |row: &Row<'_>| {
                Ok(CorrectionRow {
                    id: row.get("id")?,
                    at: time(row, "at")?,
                    who: row.get("who")?,
                    text: row.get("text")?,
                    answered: row.get("answered")?,
                    class: row.get("class")?,
                    intent: row.get("intent")?,
                    right_answer: row.get("right_answer")?,
                })
            };
            let sql = "SELECT * FROM corrections WHERE id > ?1 ORDER BY id LIMIT ?2";
            let rows = conn.prepare_cached(sql)?.query_map(params![after, limit], read)?.collect::<Result<_, _>>()?;
            Ok(rows)
        })
        .await
    }
}
