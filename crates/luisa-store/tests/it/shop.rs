//! A database in a temporary directory, a clock that is told, and made-up customers.

use std::path::PathBuf;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use luisa_store::*;
use serde_json::{Value, json};

pub(crate) const LEASE: Duration = Duration::from_secs(60);
pub(crate) const DEBOUNCE: Debounce = Debounce { quiet_ms: 1_500, max_ms: 6_000 };
pub(crate) const ANA: &str = "573005550001";
pub(crate) const LUZ: &str = "573005550002";

pub(crate) struct Shop {
    pub(crate) store: Store,
    pub(crate) path: PathBuf,
    pub(crate) directory: tempfile::TempDir,
}

impl Shop {
    pub(crate) fn open() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("luisa.db");
        Self { store: Store::open(&path).unwrap(), path, directory }
    }

    /// Another connection to the same file, as an operator's `sqlite3` would have.
    pub(crate) fn sql(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(&self.path).unwrap()
    }

    pub(crate) fn figure(&self, sql: &str) -> i64 {
        self.sql().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    pub(crate) fn text(&self, sql: &str) -> Option<String> {
        self.sql().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    pub(crate) async fn accept_one(&self, now: Timestamp, arrival: Arrival) -> Receipt {
        self.store.accept(now, vec![arrival]).await.unwrap().remove(0)
    }

    /// A customer writes; the chat.
    pub(crate) async fn says(&self, now: Timestamp, wa_id: &str, id: &str, text: &str) -> ConversationId {
        match self.accept_one(now, Arrival::Message(message(now, by_phone(wa_id), id, text))).await {
            Receipt::Pending(chat) => chat,
            other => panic!("{id} was not pending: {other:?}"),
        }
    }

    pub(crate) async fn claim(&self, now: Timestamp) -> Claimed {
        let mut claimed = self.store.claim_due(now, 10, LEASE).await.unwrap().chats;
        assert_eq!(claimed.len(), 1, "one chat is due");
        claimed.remove(0)
    }

    /// The whole way of a message to the outbox: the chat and the outbox row.
    pub(crate) async fn answers(
        &self,
        now: Timestamp,
        wa_id: &str,
        id: &str,
        answer: &str,
    ) -> (ConversationId, OutboxId) {
        let chat = self.says(now, wa_id, id, "hola").await;
        let claimed = self.claim(later(now, 10)).await;
        let receipt = self.store.commit_turn(later(now, 10), claimed.claim, replying(&chat, id, answer)).await.unwrap();
        (chat, receipt.outbox[0])
    }

    pub(crate) async fn claim_send(&self, now: Timestamp) -> OutboxClaim {
        let mut claims = self.store.claim_outbox(now, 10, LEASE).await.unwrap();
        assert_eq!(claims.len(), 1, "one row is due");
        claims.remove(0)
    }

    pub(crate) async fn trace_of(&self, request: &str) -> TraceRow {
        let filter = TraceFilter { request: Some(request.into()), limit: 1, ..TraceFilter::default() };
        self.store.traces(filter).await.unwrap().remove(0).trace
    }
}

/// Seconds after a fixed moment.
pub(crate) fn at(seconds: i64) -> Timestamp {
    let start: Timestamp = "2026-11-20T15:00:00Z".parse().unwrap();
    later(start, seconds)
}

pub(crate) fn later(now: Timestamp, seconds: i64) -> Timestamp {
    now + SignedDuration::from_secs(seconds)
}

pub(crate) fn identity(wa_id: Option<&str>, user_id: Option<&str>) -> Identity {
    Identity {
        wa_id: wa_id.map(str::to_owned),
        user_id: user_id.map(str::to_owned),
        parent_user_id: None,
        profile_name: None,
        username: None,
    }
}

pub(crate) fn by_phone(wa_id: &str) -> Identity {
    identity(Some(wa_id), None)
}

pub(crate) fn message(now: Timestamp, identity: Identity, id: &str, text: &str) -> InboundMessage {
    InboundMessage {
        identity,
        message_id: id.into(),
        kind: "text".to_owned(),
        text: Some(text.to_owned()),
        payload: json!({"v": 1, "text": text}),
        quoted: None,
        provider_at: now,
        stale: false,
        debounce: DEBOUNCE,
        media: None,
    }
}

pub(crate) fn echo(now: Timestamp, wa_id: &str, id: &str) -> Arrival {
    Arrival::Echo(EchoedMessage {
        identity: by_phone(wa_id),
        message_id: id.into(),
        kind: "text".to_owned(),
        text: Some("Hola, soy Carmen".to_owned()),
        payload: json!({}),
        provider_at: now,
        human_until: later(now, 12 * 3600),
        words: Words::Kept,
    })
}

pub(crate) fn status(opaque: Option<&str>, wamid: &str, state: MessageState) -> Arrival {
    let error_code = (state == MessageState::Failed).then(|| "131047".to_owned());
    Arrival::Status(StatusUpdate {
        opaque: opaque.map(str::to_owned),
        message_id: wamid.into(),
        state,
        error_code,
        reason: None,
        window_closed: false,
        pricing: Some(json!({"billable": true})),
    })
}

pub(crate) fn reply(text: &str) -> Outgoing {
    Outgoing {
        kind: "text".to_owned(),
        text: Some(text.to_owned()),
        payload: json!({"text": text}),
        reply_to: None,
        delivery: Delivery::Queue { recipient: json!({"wa_id": ANA}), due_at: at(0) },
    }
}

/// A turn named after its message that says one thing.
pub(crate) fn replying(chat: &ConversationId, message: &str, answer: &str) -> TurnCommit {
    let request: RequestId = format!("r-{message}").into();
    let mut turn = TurnCommit::silent(request.clone(), json!({"v": 1, "asked": true}));
    turn.outgoing.push(reply(answer));
    turn.traces.push(trace(chat, &request, message));
    turn
}

pub(crate) fn notice(number: Option<&str>) -> NewNotice {
    NewNotice {
        team: "comercial".to_owned(),
        body: "Ana quiere comprar".to_owned(),
        letter: number.map(|number| NoticeLetter {
            recipient: json!({"wa_id": number}),
            payload: json!({"text": "Ana quiere comprar"}),
            pace: None,
        }),
    }
}

pub(crate) fn new_handoff() -> NewHandoff {
    NewHandoff {
        team: "comercial".to_owned(),
        priority: "medium".to_owned(),
        reason: "cierre".to_owned(),
        summary: "Quiere comprar una industrial".to_owned(),
        next_step: Some("Llamar hoy".to_owned()),
        suggested_message: None,
        lead: json!({}),
    }
}

pub(crate) fn trace(chat: &ConversationId, request: &RequestId, message: &str) -> TraceRow {
    TraceRow {
        request_id: request.clone(),
        message_id: Some(message.into()),
        conversation_id: chat.clone(),
        channel: Channel::Whatsapp,
        customer_phone_hash: Some("h1".to_owned()),
        raw_text: Some("Hola".to_owned()),
        normalized_text: Some("hola".to_owned()),
        classification: "BUSINESS_CONSULT".to_owned(),
        classification_score: Some(0.97),
        classification_reasons: json!(["producto"]),
        classifier_version: Some("1".to_owned()),
        is_personal: false,
        intent: Some("buscar_industrial".to_owned()),
        intent_score: Some(0.9),
        slots: json!({"uso": "jeans"}),
        routed_team: None,
        handoff_reason: None,
        handoff_priority: None,
        selected_asset_id: Some("I007".to_owned()),
        cache_hit: false,
        openai_called: false,
        openai_model: None,
        openai_input_tokens: None,
        openai_output_tokens: None,
        openai_cost_usd: None,
        openai_latency_ms: None,
        openai_error: None,
        openai_fallback_used: false,
        openai_canary_allowed: true,
        prompt_version: None,
        response_text: Some("¿Cuál máquina?".to_owned()),
        response_len_chars: Some(14),
        decision_path: "rate_ok->class:business_consult->sent".to_owned(),
        conversation_mode: Mode::AiActive,
        latency_ms: Some(0.4),
        latency_us: Some(400),
        whatsapp_send_success: None,
        whatsapp_send_latency_ms: None,
        whatsapp_send_error_code: None,
        error_message: None,
        verdict: Some("business".to_owned()),
        asks: None,
        known: None,
        unknown: None,
        missed: None,
    }
}

pub(crate) fn direct(id: &str, text: &str) -> DirectMessage {
    DirectMessage { conversation_id: "demo".into(), message_id: id.into(), text: text.to_owned(), payload: Value::Null }
}

pub(crate) fn refused(code: &str) -> SendError {
    SendError { code: Some(code.to_owned()), text: "refused".to_owned() }
}

pub(crate) fn edit(now: Timestamp, who: Identity, id: &str, text: &str) -> Arrival {
    Arrival::Edit(EditedMessage {
        message_id: id.into(),
        by: Author::Customer(who),
        text: Some(text.to_owned()),
        payload: json!({"text": text}),
        provider_at: now,
        stale: false,
        debounce: Debounce { quiet_ms: 1_500, max_ms: 6_000 },
    })
}

pub(crate) fn revoke(who: Identity, id: &str) -> Arrival {
    Arrival::Revoke { message_id: id.into(), by: Author::Customer(who) }
}
