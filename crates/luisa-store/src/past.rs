//! Chats as they went: each message with what was decided about it, in the order of the decisions.
//!
//! Owns the joining of traces and messages for whoever decides them again. May only read; may not interpret.

use jiff::Timestamp;
use rusqlite::{Row, params};
use serde_json::Value;

use crate::Store;
use crate::error::StoreError;
use crate::ids::{ConversationId, RequestId};
use crate::rows::{json, time};
use crate::states::Mode;
use crate::time::At;

/// A message and what was decided about it then.
#[derive(Debug, Clone, PartialEq)]
pub struct PastMessage {
    /// The turn: messages that were decided together share it.
    pub request_id: RequestId,
    /// The message.
    pub message_id: String,
    /// When it was decided.
    pub decided_at: Timestamp,
    /// The message as it came; none when its content is not kept.
    pub payload: Option<Value>,
    /// Its text, if it has one.
    pub text: Option<String>,
    /// What the message of ours said and carried that it quotes.
    pub quoted: Option<(Option<String>, Option<Value>)>,
    /// The class.
    pub classification: String,
    /// The intent.
    pub intent: Option<String>,
    /// What was known after it.
    pub slots: Value,
    /// The team it was routed to.
    pub routed_team: Option<String>,
    /// Why a person was called.
    pub handoff_reason: Option<String>,
    /// What was answered; none: silence.
    pub response_text: Option<String>,
    /// The answer is a model's.
    pub by_model: bool,
    /// The steps taken.
    pub decision_path: String,
    /// Who led after it.
    pub mode: Mode,
}

impl Store {
    /// The chats in which something was decided since a moment, in the order of their first decision since then.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn decided_chats(&self, since: Option<Timestamp>) -> Result<Vec<ConversationId>, StoreError> {
        self.read(move |conn| {
            let sql = "SELECT conversation_id FROM interaction_traces WHERE created_at >= ?1
                GROUP BY conversation_id ORDER BY min(id)";
            let mut query = conn.prepare_cached(sql)?;
            let since = At(since.unwrap_or(Timestamp::MIN));
            let ids = query.query_map([since], |row| row.get(0))?.collect::<Result<_, _>>()?;
            Ok(ids)
        })
        .await
    }

    /// Everything that was decided in a chat, oldest first.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn past(&self, id: &ConversationId) -> Result<Vec<PastMessage>, StoreError> {
        let id = id.clone();
        self.read(move |conn| {
            let sql = "SELECT t.*, m.payload AS message_payload, m.text AS message_text, q.id AS quoted_row, q.text AS quoted_text,
                    q.payload AS quoted_payload
                FROM interaction_traces t
                LEFT JOIN messages m ON m.message_id = t.message_id
                LEFT JOIN messages q ON q.message_id = m.quoted_message_id
                WHERE t.conversation_id = ?1 AND t.message_id IS NOT NULL ORDER BY t.id";
            let mut query = conn.prepare_cached(sql)?;
            let rows = query.query_map(params![id], read)?.collect::<Result<_, _>>()?;
            Ok(rows)
        })
        .await
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<PastMessage> {
    let value = |column: &str| -> rusqlite::Result<Option<Value>> {
        let text: Option<String> = row.get(column)?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    };
    let quoted: Option<i64> = row.get("quoted_row")?;
    let quoted = quoted.map(|_| Ok::<_, rusqlite::Error>((row.get("quoted_text")?, value("quoted_payload")?)));
    let called: bool = row.get("openai_called")?;
    let fallback: bool = row.get("openai_fallback_used")?;
    Ok(PastMessage {
        request_id: row.get("request_id")?,
        message_id: row.get("message_id")?,
        decided_at: time(row, "created_at")?,
        payload: value("message_payload")?,
        text: row.get("message_text")?,
        quoted: quoted.transpose()?,
        classification: row.get("classification")?,
        intent: row.get("intent")?,
        slots: json(row, "slots")?,
        routed_team: row.get("routed_team")?,
        handoff_reason: row.get("handoff_reason")?,
        response_text: row.get("response_text")?,
        by_model: called && !fallback,
        decision_path: row.get("decision_path")?,
        mode: row.get("conversation_mode")?,
    })
}
