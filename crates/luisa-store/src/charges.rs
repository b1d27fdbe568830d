//! Money that was spent on what customers sent.
//!
//! Owns the table `charges`. May not know a price, nor whether more may be spent.

use jiff::Timestamp;
use rusqlite::{Connection, params};
use serde::Serialize;

use crate::Store;
use crate::error::StoreError;
use crate::ids::ConversationId;
use crate::scan::Span;
use crate::time::At;

/// Something that was paid for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Charge {
    /// In whose chat.
    pub conversation_id: ConversationId,
    /// What for: `transcription`, `vision`.
    pub service: String,
    /// Whose.
    pub model: String,
    /// The file's sha256 in hexadecimal.
    pub key: Option<String>,
    /// Seconds of speech, pictures.
    pub units: f64,
    /// Billionths of a US dollar.
    pub nano_usd: i64,
}

/// What was spent in a span of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Spending {
    /// How often.
    pub charges: i64,
    /// Seconds of speech, pictures.
    pub units: f64,
    /// Billionths of a US dollar.
    pub nano_usd: i64,
}

/// What one service took in a span of time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ServiceSpending {
    /// `transcription`, `vision`.
    pub service: String,
    /// What it took.
    #[serde(flatten)]
    pub spending: Spending,
}

/// Messages that the provider bills, by the beginning of the customer's number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Billed {
    /// The first digits of the number, at most three; none for customers without one.
    pub prefix: Option<String>,
    /// How many reached the customer and are billable by the provider's word.
    pub messages: i64,
}

impl Store {
    /// What each service took.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn spending_by_service(&self, span: Span) -> Result<Vec<ServiceSpending>, StoreError> {
        self.read(move |conn| {
            let sql = "SELECT service, count(*), sum(units), sum(nano_usd) FROM charges
                WHERE at >= coalesce(?1, '') AND at < coalesce(?2, '9') GROUP BY service ORDER BY service";
            let read = |row: &rusqlite::Row<'_>| {
                let spending = Spending { charges: row.get(1)?, units: row.get(2)?, nano_usd: row.get(3)? };
                Ok(ServiceSpending { service: row.get(0)?, spending })
            };
            let mut query = conn.prepare_cached(sql)?;
            let rows = query.query_map(params![span.since.map(At), span.until.map(At)], read)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// The messages to customers that the provider bills: those that arrived and whose status said so.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn billed_messages(&self, span: Span) -> Result<Vec<Billed>, StoreError> {
        self.read(move |conn| {
            let sql = "SELECT substr(k.wa_id, 1, 3) AS prefix, count(*) FROM messages m
                JOIN conversations c ON c.id = m.conversation_id LEFT JOIN contacts k ON k.id = c.contact_id
                WHERE m.direction = 'out' AND m.state IN ('delivered', 'read', 'played') AND json_extract(m.pricing, '$.billable')
                    AND m.created_at >= coalesce(?1, '') AND m.created_at < coalesce(?2, '9')
                GROUP BY prefix ORDER BY prefix";
            let read = |row: &rusqlite::Row<'_>| Ok(Billed { prefix: row.get(0)?, messages: row.get(1)? });
            let mut query = conn.prepare_cached(sql)?;
            let rows = query.query_map(params![span.since.map(At), span.until.map(At)], read)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Notes that something was paid for.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn charge(&self, now: Timestamp, charge: Charge) -> Result<(), StoreError> {
        self.write(move |conn| {
            let sql = "INSERT INTO charges (at, conversation_id, service, model, key, units, nano_usd) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
            conn.prepare_cached(sql)?.execute(params![
                At(now),
                charge.conversation_id,
                charge.service,
                charge.model,
                charge.key,
                charge.units,
                charge.nano_usd
            ])?;
            Ok(())
        })
        .await
    }

    /// What was spent on a service since then: in one chat, or in all.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn spending(
        &self,
        service: &str,
        since: Timestamp,
        chat: Option<&ConversationId>,
    ) -> Result<Spending, StoreError> {
        let (service, chat) = (service.to_owned(), chat.cloned());
        self.read(move |conn| match chat {
            Some(chat) => sum(conn, " AND conversation_id = ?3", params![service, At(since), chat]),
            None => sum(conn, "", params![service, At(since)]),
        })
        .await
    }
}

fn sum(conn: &Connection, of_chat: &str, keys: &[&dyn rusqlite::ToSql]) -> Result<Spending, StoreError> {
    let sql = format!(
        "SELECT count(*), coalesce(sum(units), 0.0), coalesce(sum(nano_usd), 0) FROM charges WHERE service = ?1 AND at >= ?2{of_chat}"
    );
    let read =
        |row: &rusqlite::Row<'_>| Ok(Spending { charges: row.get(0)?, units: row.get(1)?, nano_usd: row.get(2)? });
    Ok(conn.prepare_cached(&sql)?.query_row(keys, read)?)
}
