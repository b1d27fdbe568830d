//! The record that explains every answer: one row per inbound message.
//!
//! Owns `interaction_traces`, whose columns and order are a promise to operators. May not interpret them.

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};
use serde::Serialize;
use serde_json::Value;

use crate::Store;
use crate::error::StoreError;
use crate::ids::{ConversationId, MessageId, RequestId};
use crate::rows::{Json, json, time};
use crate::states::{Channel, Mode};
use crate::time::At;

/// What one message met on its way; the fields are the columns.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TraceRow {
    /// The decision.
    pub request_id: RequestId,
    /// The message it answers.
    pub message_id: Option<MessageId>,
    /// Its chat.
    pub conversation_id: ConversationId,
    /// Where it came from.
    pub channel: Channel,
    /// Keyed hash of the phone, never the phone.
    pub customer_phone_hash: Option<String>,
    /// The message's text; none for personal messages that are not kept.
    pub raw_text: Option<String>,
    /// The text as the rules saw it.
    pub normalized_text: Option<String>,
    /// The class.
    pub classification: String,
    /// How sure, 0 to 1.
    pub classification_score: Option<f64>,
    /// Why, as a JSON list.
    pub classification_reasons: Value,
    /// Which classifier.
    pub classifier_version: Option<String>,
    /// It was a personal message.
    pub is_personal: bool,
    /// What the customer wants.
    pub intent: Option<String>,
    /// How sure, 0 to 1.
    pub intent_score: Option<f64>,
    /// What is known, as a JSON object.
    pub slots: Value,
    /// The team it was routed to.
    pub routed_team: Option<String>,
    /// Why a person was called; none: nobody was.
    pub handoff_reason: Option<String>,
    /// How urgently.
    pub handoff_priority: Option<String>,
    /// The photo that was shown.
    pub selected_asset_id: Option<String>,
    /// The answer came from the cache.
    pub cache_hit: bool,
    /// A model was asked.
    pub openai_called: bool,
    /// Which one.
    pub openai_model: Option<String>,
    /// Tokens in.
    pub openai_input_tokens: Option<i64>,
    /// Tokens out.
    pub openai_output_tokens: Option<i64>,
    /// Cost in US dollars.
    pub openai_cost_usd: Option<f64>,
    /// Its time in milliseconds.
    pub openai_latency_ms: Option<f64>,
    /// What went wrong with it.
    pub openai_error: Option<String>,
    /// The rules answered in its place.
    pub openai_fallback_used: bool,
    /// The chat is on the canary list.
    pub openai_canary_allowed: bool,
    /// Which prompt.
    pub prompt_version: Option<String>,
    /// What was answered; none: silence.
    pub response_text: Option<String>,
    /// Its length in characters.
    pub response_len_chars: Option<i64>,
    /// The steps taken, joined by `->`.
    pub decision_path: String,
    /// Who answered.
    pub conversation_mode: Mode,
    /// Time of the decision in milliseconds.
    pub latency_ms: Option<f64>,
    /// The same in whole microseconds.
    pub latency_us: Option<i64>,
    /// The answer left; none until it is known.
    pub whatsapp_send_success: Option<bool>,
    /// Time of the sending in milliseconds.
    pub whatsapp_send_latency_ms: Option<f64>,
    /// Why it did not leave.
    pub whatsapp_send_error_code: Option<String>,
    /// What went wrong; `human_took_over` is not an error.
    pub error_message: Option<String>,
    /// Surely the store's, surely personal, or neither.
    pub verdict: Option<String>,
    /// What its turn was asked, as a JSON list of topics with what became of them; none: nothing.
    pub asks: Option<Value>,
    /// Topics that were answered, as a JSON list.
    pub known: Option<Value>,
    /// Topics that nobody can answer.
    pub unknown: Option<Value>,
    /// What was not understood.
    pub missed: Option<Value>,
}

/// A trace as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StoredTrace {
    /// Its number; grows with time.
    pub id: i64,
    /// The trace.
    #[serde(flatten)]
    pub trace: TraceRow,
    /// When the turn was committed.
    pub created_at: Timestamp,
}

/// Which traces to read. The next page follows by setting `before_id` to the last id of this one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TraceFilter {
    /// Only from this time on.
    pub since: Option<Timestamp>,
    /// Only of this chat.
    pub conversation: Option<ConversationId>,
    /// Only of this decision.
    pub request: Option<RequestId>,
    /// Only those with a smaller number.
    pub before_id: Option<i64>,
    /// At most so many; 0 reads none.
    pub limit: u32,
}

impl Store {
    /// The traces that the filter lets through, newest first.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn traces(&self, filter: TraceFilter) -> Result<Vec<StoredTrace>, StoreError> {
        self.read(move |conn| {
            // Clauses are added, not made optional in SQL, so that each form finds its index.
            let mut sql = "SELECT * FROM interaction_traces WHERE id < :before".to_owned();
            let before = filter.before_id.unwrap_or(i64::MAX);
            let since = filter.since.map(At);
            let mut keys: Vec<(&str, &dyn rusqlite::ToSql)> = vec![(":before", &before), (":limit", &filter.limit)];
            if let Some(since) = &since {
                // The first number of the span, found in the index of times, ends the walk down the numbers.
                let first = " AND id >= (SELECT min(id) FROM interaction_traces WHERE created_at >= :since)";
                sql.push_str(first);
                sql.push_str(" AND created_at >= :since");
                keys.push((":since", since));
            }
            if let Some(conversation) = &filter.conversation {
                sql.push_str(" AND conversation_id = :conversation");
                keys.push((":conversation", conversation));
            }
            if let Some(request) = &filter.request {
                sql.push_str(" AND request_id = :request");
                keys.push((":request", request));
            }
            sql.push_str(" ORDER BY id DESC LIMIT :limit");
            let mut query = conn.prepare_cached(&sql)?;
            let rows = query.query_map(keys.as_slice(), read)?.collect::<Result<_, _>>()?;
            Ok(rows)
        })
        .await
    }
}

// tidy: table
pub(crate) fn insert(conn: &Connection, now: Timestamp, t: &TraceRow) -> Result<(), StoreError> {
    let sql = "INSERT INTO interaction_traces (
            request_id, message_id, conversation_id, channel, customer_phone_hash, raw_text,
            normalized_text, classification, classification_score, classification_reasons,
            classifier_version, is_personal, intent, intent_score, slots, routed_team, handoff_reason,
            handoff_priority, selected_asset_id, cache_hit, openai_called, openai_model,
            openai_input_tokens, openai_output_tokens, openai_cost_usd, openai_latency_ms, openai_error,
            openai_fallback_used, openai_canary_allowed, prompt_version, response_text, response_len_chars,
            decision_path, conversation_mode, latency_ms, latency_us, whatsapp_send_success,
            whatsapp_send_latency_ms, whatsapp_send_error_code, error_message, created_at, verdict, asks, known, unknown, missed)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20,
            ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35, ?36, ?37, ?38, ?39, ?40, ?41,
            ?42, ?43, ?44, ?45, ?46)";
    conn.prepare_cached(sql)?.execute(params![
        t.request_id,
        t.message_id,
        t.conversation_id,
        t.channel,
        t.customer_phone_hash,
        t.raw_text,
        t.normalized_text,
        t.classification,
        t.classification_score,
        Json(&t.classification_reasons),
        t.classifier_version,
        t.is_personal,
        t.intent,
        t.intent_score,
        Json(&t.slots),
        t.routed_team,
        t.handoff_reason,
        t.handoff_priority,
        t.selected_asset_id,
        t.cache_hit,
        t.openai_called,
        t.openai_model,
        t.openai_input_tokens,
        t.openai_output_tokens,
        t.openai_cost_usd,
        t.openai_latency_ms,
        t.openai_error,
        t.openai_fallback_used,
        t.openai_canary_allowed,
        t.prompt_version,
        t.response_text,
        t.response_len_chars,
        t.decision_path,
        t.conversation_mode,
        t.latency_ms,
        t.latency_us,
        t.whatsapp_send_success,
        t.whatsapp_send_latency_ms,
        t.whatsapp_send_error_code,
        t.error_message,
        At(now),
        t.verdict,
        t.asks.as_ref().map(Json),
        t.known.as_ref().map(Json),
        t.unknown.as_ref().map(Json),
        t.missed.as_ref().map(Json),
    ])?;
    Ok(())
}

// tidy: table
fn read(row: &Row<'_>) -> rusqlite::Result<StoredTrace> {
    let trace = TraceRow {
        request_id: row.get("request_id")?,
        message_id: row.get("message_id")?,
        conversation_id: row.get("conversation_id")?,
        channel: row.get("channel")?,
        customer_phone_hash: row.get("customer_phone_hash")?,
        raw_text: row.get("raw_text")?,
        normalized_text: row.get("normalized_text")?,
        classification: row.get("classification")?,
        classification_score: row.get("classification_score")?,
        classification_reasons: json(row, "classification_reasons")?,
        classifier_version: row.get("classifier_version")?,
        is_personal: row.get("is_personal")?,
        intent: row.get("intent")?,
        intent_score: row.get("intent_score")?,
        slots: json(row, "slots")?,
        routed_team: row.get("routed_team")?,
        handoff_reason: row.get("handoff_reason")?,
        handoff_priority: row.get("handoff_priority")?,
        selected_asset_id: row.get("selected_asset_id")?,
        cache_hit: row.get("cache_hit")?,
        openai_called: row.get("openai_called")?,
        openai_model: row.get("openai_model")?,
        openai_input_tokens: row.get("openai_input_tokens")?,
        openai_output_tokens: row.get("openai_output_tokens")?,
        openai_cost_usd: row.get("openai_cost_usd")?,
        openai_latency_ms: row.get("openai_latency_ms")?,
        openai_error: row.get("openai_error")?,
        openai_fallback_used: row.get("openai_fallback_used")?,
        openai_canary_allowed: row.get("openai_canary_allowed")?,
        prompt_version: row.get("prompt_version")?,
        response_text: row.get("response_text")?,
        response_len_chars: row.get("response_len_chars")?,
        decision_path: row.get("decision_path")?,
        conversation_mode: row.get("conversation_mode")?,
        latency_ms: row.get("latency_ms")?,
        latency_us: row.get("latency_us")?,
        whatsapp_send_success: row.get("whatsapp_send_success")?,
        whatsapp_send_latency_ms: row.get("whatsapp_send_latency_ms")?,
        whatsapp_send_error_code: row.get("whatsapp_send_error_code")?,
        error_message: row.get("error_message")?,
        verdict: row.get("verdict")?,
        asks: list(row, "asks")?,
        known: list(row, "known")?,
        unknown: list(row, "unknown")?,
        missed: list(row, "missed")?,
    };
    Ok(StoredTrace { id: row.get("id")?, trace, created_at: time(row, "created_at")? })
}

fn list(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<Value>> {
    Ok(row.get::<_, Option<String>>(column)?.and_then(|text| serde_json::from_str(&text).ok()))
}
