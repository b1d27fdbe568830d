//! The handoffs that wait for the teams.
//!
//! May not change anything: `desk` does.

use rusqlite::{Row, params};

use crate::Store;
use crate::error::StoreError;
use crate::rows::HandoffRow;

/// A handoff with whose it is.
#[derive(Debug, Clone, PartialEq)]
pub struct WaitingHandoff {
    /// The handoff.
    pub handoff: HandoffRow,
    /// How the person is called; empty when nobody knows.
    pub name: String,
    /// Their telephone as WhatsApp writes it, when known.
    pub phone: Option<String>,
}

impl Store {
    /// Handoffs that are not closed, oldest first, after the one with this number, of one team or of all.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn waiting_handoffs(
        &self,
        team: Option<&str>,
        after: i64,
        limit: u32,
    ) -> Result<Vec<WaitingHandoff>, StoreError> {
        let team = team.map(str::to_owned);
        self.read(move |conn| {
            let sql = "SELECT f.*, coalesce(h.name, '') AS name, k.wa_id FROM handoffs f JOIN conversations c ON c.id = f.conversation_id
                LEFT JOIN chat_heads h ON h.conversation_id = c.id LEFT JOIN contacts k ON k.id = c.contact_id
                WHERE f.status IN ('open', 'taken') AND f.id > ?1 AND (?2 IS NULL OR f.team = ?2) ORDER BY f.id LIMIT ?3";
            let read = |row: &Row<'_>| {
                Ok(WaitingHandoff { handoff: HandoffRow::read(row)?, name: row.get("name")?, phone: row.get("wa_id")? })
            };
            let rows = conn.prepare_cached(sql)?.query_map(params![after, team, limit], read)?.collect::<Result<_, _>>()?;
            Ok(rows)
        })
        .await
    }
}
