//! Asking the language model: gate, then call, then what became of it.
//!
//! Owns the client, the gate and what the gate must remember across restarts. Decides nothing about a reply: whatever
//! comes back, the core judges it. The key and the customer's words are in no log.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::anyhow;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};
use luisa_core::ask::{Ask, Heard, Prompt, Purpose, Who};
use luisa_llm::gate::{BreakerLimits, BreakerState};
use luisa_llm::{
    Client, Config, Failed, Gate, GateDecision, GateInput, GateState, Limits, Message, NanoUsd, Notice, Permit, Prices,
    Reason, Request, Role, Schema, Spent,
};
use luisa_store::Store;
use tracing::{error, warn};

use crate::settings::OpenAi;
use crate::shop::Shop;

/// Under which the gate's state is kept.
const KEY: &str = "llm_gate";
/// Calls in the air at a time; past them the rules answer at once.
const AT_ONCE: usize = 64;
/// With less time in the turn no model says anything.
const LEAST_TIME: Duration = Duration::from_millis(1_500);
/// A class and a number.
const CLASS_TOKENS: u32 = 40;

/// The model of this process.
pub struct Model {
    client: Client,
    gate: Mutex<Gate>,
    /// One writer at a time, so that an older state never replaces a newer one.
    saving: tokio::sync::Mutex<()>,
    settings: OpenAi,
    zone: TimeZone,
}

/// Who wants to ask.
#[derive(Debug, Clone, Copy)]
pub struct Wisher<'a> {
    pub conversation_id: &'a str,
    pub phone_last_four: Option<&'a str>,
}

/// A wish to ask and what came of it, for the trace.
#[derive(Debug, Clone)]
pub struct ModelCall {
    pub ask: Ask,
    pub decision: GateDecision,
    pub prompt_version: String,
    /// None when the gate said no.
    pub spent: Option<Spent>,
    pub called: bool,
    pub latency: Duration,
    /// Why its answer was not used: the failure's id, or `rejected:…`.
    pub error: Option<String>,
    pub used: bool,
}

impl ModelCall {
    /// The chat is one of those that may ask.
    #[must_use]
    pub fn canary_allowed(&self) -> bool {
        !matches!(self.decision.reason, Reason::Disabled | Reason::NotInCanary)
    }
}

impl Model {
    /// The model that the settings name, with what was spent before; none when it is switched off.
    ///
    /// # Errors
    /// Settings that can never work, a database that cannot be read.
    pub async fn open(shop: &Shop) -> anyhow::Result<Option<Self>> {
        let settings = &shop.settings.openai;
        if !settings.enabled {
            return Ok(None);
        }
        let config = Config {
            base_url: settings.base_url.clone(),
            api_key: settings.api_key.clone(),
            timeout: settings.timeout,
            dialect: None,
            prices: Arc::new(Prices::embedded()),
        };
        let client = Client::new(config).map_err(|error| {
            anyhow!("the model cannot be asked ({error}): check OPENAI_BASE_URL and OPENAI_API_KEY")
        })?;
        let state = match shop.store.value(KEY).await? {
            None => GateState::default(),
            Some(text) => serde_json::from_str(&text).unwrap_or_else(|error| {
                warn!(%error, "llm_gate_unreadable");
                GateState::default()
            }),
        };
        Ok(Some(Self {
            client,
            gate: Mutex::new(Gate::new(limits(settings), state)),
            saving: tokio::sync::Mutex::new(()),
            settings: settings.clone(),
            zone: shop.settings.hours.service().zone,
        }))
    }

    /// When a turn that begins now must be over.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.client.deadline()
    }

    /// Most characters of the chat that go with a question.
    #[must_use]
    pub fn input_chars(&self) -> usize {
        self.settings.max_input_chars as usize
    }

    /// Asks, if the gate allows it, and answers by `until`.
    pub async fn ask(
        &self,
        store: &Store,
        wisher: Wisher<'_>,
        (ask, prompt): (Ask, Prompt),
        now: Timestamp,
        until: Instant,
    ) -> (Heard, ModelCall) {
        let prompt_version = prompt.version.clone();
        let request = request(&self.settings, ask.purpose, prompt);
        let input = GateInput {
            conversation_id: wisher.conversation_id,
            phone_last_four: wisher.phone_last_four,
            input_chars: ask.input_chars,
            time_left: until.saturating_duration_since(Instant::now()),
            dearest_cost: self.client.dearest_case(&request).cost,
            now: &self.local(now),
        };
        let admission = self.gate().admit(&input);
        let mut call = ModelCall {
            ask,
            decision: admission.decision,
            prompt_version,
            spent: None,
            called: false,
            latency: Duration::ZERO,
            error: None,
            used: false,
        };
        let Some(permit) = admission.permit else {
            let reason = call.decision.reason;
            let heard = if call.canary_allowed() { Heard::Refused(reason.id()) } else { Heard::NotAsked(reason.id()) };
            return (heard, call);
        };
        // The call counts from here: a process that dies while it waits has paid for it.
        self.save(store, now).await;
        call.called = true;
        let heard = self.call(&request, permit, until, now, &mut call).await;
        self.save(store, now).await;
        (heard, call)
    }

    async fn call(
        &self,
        request: &Request,
        permit: Permit,
        until: Instant,
        now: Timestamp,
        call: &mut ModelCall,
    ) -> Heard {
        let answered = self.client.complete(request, until).await;
        call.latency = match &answered {
            Ok(completion) => completion.latency,
            Err(failed) => failed.latency,
        };
        let took = SignedDuration::try_from(call.latency).unwrap_or_default();
        let ended = self.local(now.checked_add(took).unwrap_or(now));
        let mut gate = self.gate();
        match answered {
            Ok(completion) => {
                gate.note_success(permit, &ended);
                gate.note_cost(completion.spent.cost, &ended);
                call.spent = Some(completion.spent);
                completion.content.json().map_or(Heard::Failed("wrong_shape"), |json| Heard::Answer(json.clone()))
            }
            Err(Failed { failure, spent, .. }) => {
                gate.note_failure(permit, &failure, &ended);
                if let Some(spent) = spent {
                    gate.note_cost(spent.cost, &ended);
                    call.spent = Some(spent);
                }
                if failure.needs_a_person() {
                    error!(failure = failure.id(), details = %failure, "openai_needs_a_person");
                }
                Heard::Failed(failure.id())
            }
        }
    }

    /// What the owner must be told, each once; whoever takes them tells them, or gives them back.
    pub fn take_notices(&self) -> Vec<Notice> {
        self.gate().take_notices()
    }

    /// They could not be told.
    pub fn give_back(&self, notices: &[Notice]) {
        self.gate().give_back_notices(notices);
    }

    /// Keeps what was spent and told. A failure is logged: the next call tries again.
    pub async fn save(&self, store: &Store, now: Timestamp) {
        let _one = self.saving.lock().await;
        let state = serde_json::to_string(self.gate().state());
        let saved = match state {
            Ok(state) => store.set_value(now, KEY, &state).await.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        if let Err(error) = saved {
            error!(%error, "llm_gate_not_saved");
        }
    }

    /// What the month's budget has gone down by, and how the breaker stands: for reports.
    #[must_use]
    pub fn standing(&self, now: Timestamp) -> (NanoUsd, BreakerState) {
        let now = self.local(now);
        let gate = self.gate();
        (gate.spent_this_month(&now), gate.breaker(&now))
    }

    fn gate(&self) -> std::sync::MutexGuard<'_, Gate> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn local(&self, at: Timestamp) -> Zoned {
        at.to_zoned(self.zone.clone())
    }
}

/// The way to the model.
///
/// # Errors
/// Settings that can never work.
pub fn client(settings: &OpenAi) -> anyhow::Result<Client> {
    let config = Config {
        base_url: settings.base_url.clone(),
        api_key: settings.api_key.clone(),
        timeout: settings.timeout,
        dialect: None,
        prices: Arc::new(Prices::embedded()),
    };
    Client::new(config)
        .map_err(|error| anyhow!("the model cannot be asked ({error}): check OPENAI_BASE_URL and OPENAI_API_KEY"))
}

/// A question of the core in the client's words.
#[must_use]
pub fn request(settings: &OpenAi, purpose: Purpose, prompt: Prompt) -> Request {
    let said = prompt.said.into_iter().map(|said| Message {
        role: match said.who {
            Who::Customer => Role::User,
            Who::Store => Role::Assistant,
        },
        text: said.text,
    });
    let (model, max_output_tokens) = match purpose {
        Purpose::Reply => (&settings.model, settings.max_output_tokens),
        Purpose::Class => (&settings.model_classifier, CLASS_TOKENS.min(settings.max_output_tokens)),
    };
    Request {
        model: model.clone(),
        system: prompt.system,
        messages: said.collect(),
        schema: Some(Schema { name: prompt.schema_name.to_owned(), schema: prompt.schema }),
        max_output_tokens,
        temperature: Some(settings.temperature),
    }
}

fn limits(settings: &OpenAi) -> Limits {
    Limits {
        enabled: settings.enabled,
        calls_per_conversation: settings.max_calls_per_conversation,
        conversation_ttl: Duration::from_secs(u64::from(settings.conversation_ttl_hours) * 3_600),
        daily_budget: NanoUsd::from_usd(settings.daily_budget_usd),
        monthly_budget: NanoUsd::from_usd(settings.monthly_budget_usd),
        concurrent_calls: AT_ONCE,
        input_chars: settings.max_input_chars as usize,
        least_time: LEAST_TIME.min(settings.timeout / 2),
        canary: settings.canary.clone(),
        breaker: BreakerLimits::default(),
    }
}
