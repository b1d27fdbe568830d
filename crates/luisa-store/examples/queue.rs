//! What the store alone does in a second, and whether that depends on how many wait: messages go their whole way (accepted, claimed,
//! committed, sent, heard of) while a queue of a given length stands, first of chats that wait for a turn, then of answers that wait to leave.
//!
//! `cargo run --release -p luisa-store --example queue -- 0,1000,100000`. Figures: `docs/numbers.md`.

use std::path::Path;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use luisa_store::*;
use serde_json::json;
use tokio::task::JoinSet;

/// Messages that go their whole way at each length of the queue.
const MEASURED: usize = 6_000;
/// Webhooks, turns and sends under way together.
const AT_ONCE: usize = 64;
/// Arrivals in a transaction while the queue is filled.
const FILL: usize = 1_000;
const LEASE: Duration = Duration::from_secs(60);

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

#[tokio::main(worker_threads = 2)]
async fn main() -> Outcome<()> {
    let lengths = std::env::args().nth(1).unwrap_or_else(|| "0,1000,10000,100000".to_owned());
    println!(
        "| queue | waiting | messages/s | processor time | written | on disk |\n| --- | --- | --- | --- | --- | --- |"
    );
    for length in lengths.split(',') {
        let length: usize = length.trim().parse()?;
        measure(Queue::Inbox, length).await?;
        measure(Queue::Outbox, length).await?;
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Queue {
    /// Chats wait for their turn.
    Inbox,
    /// Answers wait to be sent, as in an outage of Meta.
    Outbox,
}

async fn measure(queue: Queue, waiting: usize) -> Outcome<()> {
    let folder = tempfile::tempdir_in(std::env::var("BENCH_FOLDER").unwrap_or_else(|_| ".".to_owned()))?;
    let path = folder.path().join("queue.db");
    let store = Store::open(&path)?;
    let mut shop = Shop { store, next: 0, now: "2026-11-20T15:00:00Z".parse()? };
    while shop.next < waiting {
        let more = (waiting - shop.next).min(FILL);
        let arrivals = (0..more).map(|_| shop.arrival()).collect();
        shop.store.accept(shop.now, arrivals).await?;
        if queue == Queue::Outbox {
            shop.tick();
            while shop.turns(FILL).await? > 0 {}
        }
    }
    shop.tick();
    let (disk, meter) = (size(folder.path())?, Meter::start()?);
    let mut done = 0;
    while done < MEASURED {
        shop.arrive(AT_ONCE).await?;
        shop.tick();
        shop.turns(AT_ONCE).await?;
        done += shop.sends(AT_ONCE).await?;
    }
    let spent = meter.stop()?;
    let of = |total: u64| total / done as u64;
    let grown = size(folder.path())?.saturating_sub(disk);
    let name = if queue == Queue::Inbox { "turns" } else { "sends" };
    println!(
        "| {name} | {waiting} | {:.0} | {} µs | {} B | {} B |",
        done as f64 / spent.time.as_secs_f64(),
        of(spent.processor.as_micros() as u64),
        of(spent.written),
        of(grown)
    );
    Ok(())
}

struct Shop {
    store: Store,
    next: usize,
    now: Timestamp,
}

impl Shop {
    fn tick(&mut self) {
        self.now += SignedDuration::from_millis(20);
    }

    fn arrival(&mut self) -> Arrival {
        self.next += 1;
        let n = self.next;
        let message_id = format!("wamid.HBgMNTczMDA1NTU{n:020}");
        let text = "Buenas tardes, ¿a cómo tienen la fileteadora industrial?";
        Arrival::Message(InboundMessage {
            identity: Identity {
                wa_id: Some(format!("57300555{n:07}")),
                user_id: Some(format!("CO.1{n:015}")),
                parent_user_id: None,
                profile_name: Some(format!("Cliente {n}")),
                username: None,
            },
            message_id: message_id.as_str().into(),
            kind: "text".to_owned(),
            text: Some(text.to_owned()),
            payload: json!({"message_id": message_id, "at": self.now, "stale": false, "body": {"kind": "text", "text": text}, "quoted": null, "referral": null}),
            quoted: None,
            provider_at: self.now,
            stale: false,
            debounce: Debounce { quiet_ms: 0, max_ms: 0 },
            media: None,
        })
    }

    /// Webhooks of one message each, together.
    async fn arrive(&mut self, count: usize) -> Outcome<()> {
        let mut posts = JoinSet::new();
        for _ in 0..count {
            let (store, now, arrival) = (self.store.clone(), self.now, self.arrival());
            posts.spawn(async move { store.accept(now, vec![arrival]).await });
        }
        while let Some(post) = posts.join_next().await {
            post??;
        }
        Ok(())
    }

    /// Claims chats in batches as the workers do, and answers them; how many.
    async fn turns(&mut self, count: usize) -> Outcome<usize> {
        let mut done = 0;
        while done < count {
            let claimed = self.store.claim_due(self.now, 32, LEASE).await?.chats;
            if claimed.is_empty() {
                break;
            }
            done += claimed.len();
            let mut turns = JoinSet::new();
            for Claimed { claim, turn } in claimed {
                let (store, now) = (self.store.clone(), self.now);
                turns.spawn(async move { store.commit_turn(now, claim, answer(&turn, now)).await });
            }
            while let Some(turn) = turns.join_next().await {
                turn??;
            }
        }
        Ok(done)
    }

    /// Sends answers as the sender does, and hears of each that it was delivered; how many.
    async fn sends(&mut self, count: usize) -> Outcome<usize> {
        let mut done = 0;
        while done < count {
            let claims = self.store.claim_outbox(self.now, 16, LEASE).await?;
            if claims.is_empty() {
                break;
            }
            done += claims.len();
            let mut sends = JoinSet::new();
            for claim in claims {
                let (store, now) = (self.store.clone(), self.now);
                let opaque = claim.row().opaque.clone();
                let message_id: MessageId = format!("wamid.OUT{}", claim.row().id).as_str().into();
                sends.spawn(async move {
                    store.outbox_sent(now, claim, message_id.clone(), 84.5).await?;
                    let status = StatusUpdate {
                        opaque: Some(opaque),
                        message_id,
                        state: MessageState::Delivered,
                        error_code: None,
                        reason: None,
                        window_closed: false,
                        pricing: Some(json!({"billable": true, "category": "service"})),
                    };
                    store.accept(now, vec![Arrival::Status(status)]).await.map(drop)
                });
            }
            while let Some(send) = sends.join_next().await {
                send??;
            }
        }
        Ok(done)
    }
}

fn answer(view: &TurnView, now: Timestamp) -> TurnCommit {
    let pending = &view.pending[0];
    let request: RequestId = format!("r-{}", pending.seq).into();
    let memory = json!({"v": 1, "greeted": true, "topic": "fileteadora", "shown": ["I007", "I009", "I012"], "slots": {"uso": "industrial", "tela": null},
        "pending": {"question": "uso", "options": ["uso_hogar", "uso_taller", "uso_fabrica"]}, "turns": 1, "last": {"intent": "precio", "at": now}});
    let text = "Con gusto 😊 La fileteadora industrial Kingter KT-747 está en $1.350.000 y viene con mueble y motor ahorrador. ¿La necesita para taller o para fábrica?";
    let mut turn = TurnCommit::silent(request.clone(), memory);
    let identity = view.contact.as_ref().and_then(|contact| contact.wa_id.clone()).unwrap_or_default();
    turn.outgoing.push(Outgoing {
        kind: "text".to_owned(),
        text: Some(text.to_owned()),
        payload: json!({"kind": "reply", "reply": {"text": text, "asset": null, "options": [{"id": "uso_taller", "label": "Taller"}, {"id": "uso_fabrica", "label": "Fábrica"}]},
            "list_label": "Ver opciones", "mark_read": pending.message_id}),
        reply_to: None,
        delivery: Delivery::Queue { recipient: json!({"phone": identity}), due_at: now },
    });
    turn.traces.push(trace(view, request, text));
    turn
}

fn trace(view: &TurnView, request_id: RequestId, said: &str) -> TraceRow {
    let pending = &view.pending[0];
    TraceRow {
        request_id,
        message_id: Some(pending.message_id.clone()),
        conversation_id: view.conversation.id.clone(),
        channel: Channel::Whatsapp,
        customer_phone_hash: Some("5f2b6c1c0d7c4a15".to_owned()),
        raw_text: pending.text.clone(),
        normalized_text: pending.text.as_deref().map(str::to_lowercase),
        classification: "BUSINESS_CONSULT".to_owned(),
        classification_score: Some(0.97),
        classification_reasons: json!(["rule:precio", "model:precio"]),
        classifier_version: Some("rules-1+model-4".to_owned()),
        is_personal: false,
        intent: Some("precio".to_owned()),
        intent_score: Some(0.93),
        slots: json!({"uso": "industrial", "familia": "fileteadora"}),
        routed_team: None,
        handoff_reason: None,
        handoff_priority: None,
        selected_asset_id: None,
        cache_hit: false,
        openai_called: false,
        openai_model: None,
        openai_input_tokens: None,
        openai_output_tokens: None,
        openai_cost_usd: None,
        openai_latency_ms: None,
        openai_error: None,
        openai_fallback_used: false,
        openai_canary_allowed: false,
        prompt_version: None,
        response_text: Some(said.to_owned()),
        response_len_chars: Some(150),
        decision_path:
            "rate_ok->class:business_consult->cache_skip->intent:precio->slots:2->reply:precio->guards_ok->sent"
                .to_owned(),
        conversation_mode: Mode::AiActive,
        latency_ms: Some(0.081),
        latency_us: Some(81),
        whatsapp_send_success: None,
        whatsapp_send_latency_ms: None,
        whatsapp_send_error_code: None,
        error_message: None,
        verdict: None,
        asks: None,
        known: None,
        unknown: None,
        missed: None,
    }
}

/// What the process needed since a moment.
struct Meter {
    at: Instant,
    processor: Duration,
    written: u64,
}

struct Spent {
    time: Duration,
    processor: Duration,
    written: u64,
}

impl Meter {
    fn start() -> Outcome<Self> {
        Ok(Self { at: Instant::now(), processor: processor_time()?, written: written()? })
    }

    fn stop(self) -> Outcome<Spent> {
        let (processor, written) = (processor_time()? - self.processor, written()? - self.written);
        Ok(Spent { time: self.at.elapsed(), processor, written })
    }
}

/// Of all threads, in hundredths of a second.
fn processor_time() -> Outcome<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Ok(Duration::from_millis(ticks * 10))
}

/// Handed to the file system, the log and what is copied out of it both.
fn written() -> Outcome<u64> {
    let io = std::fs::read_to_string("/proc/self/io")?;
    let line = io.lines().find_map(|line| line.strip_prefix("wchar: ")).ok_or("no wchar")?;
    Ok(line.trim().parse()?)
}

fn size(folder: &Path) -> Outcome<u64> {
    let mut total = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.path().extension().is_some_and(|kind| kind == "db") {
            total += entry.metadata()?.len();
        }
    }
    Ok(total)
}
