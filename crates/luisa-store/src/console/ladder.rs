//! The ladder of a handoff that nobody answers: who has been told of it so far, and the next step.
//!
//! Owns the columns `ladder` and `ladder_at` of `handoffs`. May not know how long a step is, nor its words.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use crate::Store;
use crate::error::StoreError;
use crate::handoffs::{self, Cause, NewNotice};
use crate::ids::{HandoffId, RequestId};
use crate::outbox::{self, Outgoing};
use crate::rows::HandoffRow;
use crate::states::{Purpose, Sender};
use crate::time::At;

/// What is done at a step.
#[derive(Debug, Clone, PartialEq)]
pub enum Climb {
    /// Somebody of the shop is told.
    Tell(NewNotice),
    /// The customer is told.
    Say(Outgoing),
    /// There is nobody to tell: the next step follows.
    Skip,
}

impl Store {
    /// Handoffs at the step before this one that nobody has taken or answered: opened from `opened_since` until `opened_before`, whose last
    /// step is older than `climbed_before`. Oldest first.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn unanswered_handoffs(
        &self,
        step: i64,
        opened: (Timestamp, Timestamp),
        climbed_before: Timestamp,
    ) -> Result<Vec<HandoffRow>, StoreError> {
        self.read(move |conn| {
            let sql = format!(
                "SELECT h.* {UNANSWERED} AND h.ladder = ?1 AND h.created_at >= ?2 AND h.created_at <= ?3
                AND coalesce(h.ladder_at, '') <= ?4 ORDER BY h.id LIMIT 50"
            );
            let key = params![step - 1, At(opened.0), At(opened.1), At(climbed_before)];
            let rows = conn.prepare_cached(&sql)?.query_map(key, HandoffRow::read)?.collect::<Result<_, _>>()?;
            Ok(rows)
        })
        .await
    }

    /// Takes the step. False when somebody took or answered the customer meanwhile, or the step was taken.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn climb(
        &self,
        now: Timestamp,
        handoff: &HandoffRow,
        step: i64,
        climb: Climb,
    ) -> Result<bool, StoreError> {
        let (id, chat) = (handoff.id, handoff.conversation_id.clone());
        let request = handoff.request_id.clone().unwrap_or_else(|| RequestId::from("ladder"));
        let climbed = self
            .write(move |conn| {
                if !is_at(conn, id, step - 1)? {
                    return Ok(false);
                }
                let sql = "UPDATE handoffs SET ladder = ?2, ladder_at = ?3 WHERE id = ?1";
                conn.prepare_cached(sql)?.execute(params![id, step, At(now)])?;
                let cause = Cause { chat: &chat, request: &request };
                match &climb {
                    Climb::Skip => {}
                    Climb::Tell(notice) => drop(handoffs::notify(conn, now, &cause, Some(id), notice)?),
                    Climb::Say(word) => {
                        let origin = outbox::Origin {
                            conversation: &chat,
                            request: None,
                            sender: Sender::Luisa,
                            purpose: Purpose::Reply,
                        };
                        outbox::put(conn, now, &origin, word)?;
                    }
                }
                Ok(true)
            })
            .await?;
        if climbed {
            self.outbox_changed.notify_one();
        }
        Ok(climbed)
    }
}

/// Whoever wrote to the customer since, from the console or the telephone, has it in hand.
const UNANSWERED: &str = "FROM handoffs h JOIN conversations c ON c.id = h.conversation_id
    WHERE h.status = 'open' AND c.mode = 'HUMAN_ACTIVE' AND c.channel = 'whatsapp'
      AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.conversation_id = h.conversation_id AND m.sender = 'human'
            AND m.created_at >= h.created_at)";

fn is_at(conn: &Connection, id: HandoffId, step: i64) -> Result<bool, StoreError> {
    let sql = format!("SELECT 1 {UNANSWERED} AND h.id = ?1 AND h.ladder = ?2");
    Ok(conn.prepare_cached(&sql)?.exists(params![id, step])?)
}
