//! Chats that nobody knows yet to be the store's: what a person should look at.
//!
//! Owns the list. A chat is on it while the verdict on its last message is `unsure` and nobody has taken it. May not
//! judge a message.

use jiff::Timestamp;
use rusqlite::params;
use serde::Serialize;

use crate::Store;
use crate::error::StoreError;
use crate::ids::ConversationId;
use crate::rows::time;

/// One chat to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnsureChat {
    /// The chat.
    pub conversation_id: ConversationId,
    /// The name that the customer shows, if any.
    pub customer_name: Option<String>,
    /// What they wrote last.
    pub text: Option<String>,
    /// When it was decided.
    pub created_at: Timestamp,
}

impl Store {
    /// The chats of WhatsApp whose last message was neither surely the store's nor surely personal and that no person
    /// leads, the latest first.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn unsure(&self, limit: u32) -> Result<Vec<UnsureChat>, StoreError> {
        self.read(move |conn| {
            let sql = "SELECT t.conversation_id, p.profile_name, t.raw_text, t.created_at
                FROM interaction_traces t
                JOIN conversations c ON c.id = t.conversation_id
                LEFT JOIN contacts p ON p.id = c.contact_id
                WHERE t.verdict = 'unsure' AND t.channel = 'whatsapp' AND c.mode = 'AI_ACTIVE'
                    AND t.id = (SELECT max(id) FROM interaction_traces WHERE conversation_id = t.conversation_id)
                ORDER BY t.id DESC LIMIT ?1";
            let mut query = conn.prepare_cached(sql)?;
            let rows = query.query_map(params![limit], |row| {
                Ok(UnsureChat {
                    conversation_id: row.get(0)?,
                    customer_name: row.get(1)?,
                    text: row.get(2)?,
                    created_at: time(row, "created_at")?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }
}
