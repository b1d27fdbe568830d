//! Reading very many traces once, in the order in which they were written, without keeping them.
//!
//! Owns the span and the columns that a report needs. May only read; may not interpret.

use jiff::Timestamp;
use rusqlite::types::FromSqlResult;
use rusqlite::{Connection, Row, params};

use crate::Store;
use crate::error::StoreError;
use crate::time::At;

/// From a moment on, and before another; none: without that end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// The first moment that belongs to it.
    pub since: Option<Timestamp>,
    /// The first moment that no longer does.
    pub until: Option<Timestamp>,
}

/// What a report needs of a trace, borrowed from the database's own memory. The fields are the columns.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the columns are described at `TraceRow`")]
pub struct Figures<'a> {
    pub id: i64,
    pub request_id: &'a str,
    pub conversation_id: &'a str,
    pub raw_chars: Option<i64>,
    pub normalized_text: Option<&'a str>,
    pub classification: &'a str,
    pub classification_score: Option<f64>,
    pub classification_reasons: &'a str,
    pub is_personal: bool,
    pub intent: Option<&'a str>,
    pub intent_score: Option<f64>,
    pub handoff_reason: Option<&'a str>,
    pub selected_asset_id: Option<&'a str>,
    pub cache_hit: bool,
    pub openai_called: bool,
    pub openai_model: Option<&'a str>,
    pub openai_input_tokens: Option<i64>,
    pub openai_output_tokens: Option<i64>,
    pub openai_cost_usd: Option<f64>,
    pub openai_latency_ms: Option<f64>,
    pub openai_error: Option<&'a str>,
    pub openai_fallback_used: bool,
    pub response_text: Option<&'a str>,
    pub response_len_chars: Option<i64>,
    pub decision_path: &'a str,
    pub conversation_mode: &'a str,
    pub latency_ms: Option<f64>,
    pub whatsapp_send_success: Option<bool>,
    pub whatsapp_send_latency_ms: Option<f64>,
    pub whatsapp_send_error_code: Option<&'a str>,
    pub error_message: Option<&'a str>,
    /// UTC text, as it is stored.
    pub created_at: &'a str,
}

/// The columns of `Figures`, in its order. The length stands for the text, which a report never needs whole.
const COLUMNS: &str = "id, request_id, conversation_id, length(raw_text), normalized_text, classification,
    classification_score, classification_reasons, is_personal, intent, intent_score, handoff_reason, selected_asset_id,
    cache_hit, openai_called, openai_model, openai_input_tokens, openai_output_tokens, openai_cost_usd,
    openai_latency_ms, openai_error, openai_fallback_used, response_text, response_len_chars, decision_path,
    conversation_mode, latency_ms, whatsapp_send_success, whatsapp_send_latency_ms, whatsapp_send_error_code,
    error_message, created_at";

/// The rows of a span: how many, and between which numbers.
struct Extent {
    rows: u64,
    first: i64,
    last: i64,
}

impl Store {
    /// Hands every trace of the span to `each`, oldest first, with the report under way and how many there are in all. One consistent view;
    /// nothing is kept.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn fold_traces<T, F>(&self, span: Span, report: T, each: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut T, &Figures<'_>, u64) + Send + 'static,
    {
        self.read(move |conn| fold(conn, span, report, each)).await
    }
}

fn fold<T>(
    conn: &Connection,
    span: Span,
    mut report: T,
    mut each: impl FnMut(&mut T, &Figures<'_>, u64),
) -> Result<T, StoreError> {
    let since = At(span.since.unwrap_or(Timestamp::MIN));
    let until = At(span.until.unwrap_or(Timestamp::MAX));
    // The index alone answers this; the rows themselves are then read in the order in which they lie on the disk.
    let sql = "SELECT count(*), coalesce(min(id), 0), coalesce(max(id), -1) FROM interaction_traces
        WHERE created_at >= ?1 AND created_at < ?2";
    let extent = conn.prepare_cached(sql)?.query_row(params![since, until], |row| {
        Ok(Extent { rows: row.get::<_, i64>(0)?.unsigned_abs(), first: row.get(1)?, last: row.get(2)? })
    })?;
    let sql = format!(
        "SELECT {COLUMNS} FROM interaction_traces WHERE id BETWEEN ?3 AND ?4
            AND +created_at >= ?1 AND +created_at < ?2 ORDER BY id"
    );
    let mut query = conn.prepare_cached(&sql)?;
    let mut rows = query.query(params![since, until, extent.first, extent.last])?;
    while let Some(row) = rows.next()? {
        each(&mut report, &figures(row)?, extent.rows);
    }
    Ok(report)
}

// tidy: table
fn figures<'a>(row: &'a Row<'_>) -> rusqlite::Result<Figures<'a>> {
    Ok(Figures {
        id: row.get(0)?,
        request_id: word(row, 1)?,
        conversation_id: word(row, 2)?,
        raw_chars: row.get(3)?,
        normalized_text: words(row, 4)?,
        classification: word(row, 5)?,
        classification_score: row.get(6)?,
        classification_reasons: word(row, 7)?,
        is_personal: row.get(8)?,
        intent: words(row, 9)?,
        intent_score: row.get(10)?,
        handoff_reason: words(row, 11)?,
        selected_asset_id: words(row, 12)?,
        cache_hit: row.get(13)?,
        openai_called: row.get(14)?,
        openai_model: words(row, 15)?,
        openai_input_tokens: row.get(16)?,
        openai_output_tokens: row.get(17)?,
        openai_cost_usd: row.get(18)?,
        openai_latency_ms: row.get(19)?,
        openai_error: words(row, 20)?,
        openai_fallback_used: row.get(21)?,
        response_text: words(row, 22)?,
        response_len_chars: row.get(23)?,
        decision_path: word(row, 24)?,
        conversation_mode: word(row, 25)?,
        latency_ms: row.get(26)?,
        whatsapp_send_success: row.get(27)?,
        whatsapp_send_latency_ms: row.get(28)?,
        whatsapp_send_error_code: words(row, 29)?,
        error_message: words(row, 30)?,
        created_at: word(row, 31)?,
    })
}

fn word<'a>(row: &'a Row<'_>, column: usize) -> rusqlite::Result<&'a str> {
    words(row, column).map(Option::unwrap_or_default)
}

fn words<'a>(row: &'a Row<'_>, column: usize) -> rusqlite::Result<Option<&'a str>> {
    let text: FromSqlResult<Option<&str>> = row.get_ref(column)?.as_str_or_null();
    text.map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(error))
    })
}
