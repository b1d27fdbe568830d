//! Settings of the language model: which, how it is asked, and what it may cost.

use std::time::Duration;

use secrecy::SecretString;

use luisa_llm::gate::Canary;

use super::reader::Reader;

const BASE_URL: &str = "https://api.openai.com/v1";

/// When and how a model may be asked.
#[derive(Debug, Clone)]
pub struct OpenAi {
    /// `OPENAI_ENABLED`
    pub enabled: bool,
    /// `OPENAI_FREE_SENTENCES`: whether sentences of the model may be said to customers.
    pub free_sentences: bool,
    /// `OPENAI_API_KEY`
    pub api_key: Option<SecretString>,
    /// `OPENAI_BASE_URL`: any server that speaks Chat Completions.
    pub base_url: String,
    /// `OPENAI_MODEL`
    pub model: String,
    /// `OPENAI_MODEL_CLASSIFIER`: the same as `model` unless given.
    pub model_classifier: String,
    /// `OPENAI_MAX_OUTPUT_TOKENS`
    pub max_output_tokens: u32,
    /// `OPENAI_MAX_INPUT_CHARS`
    pub max_input_chars: u32,
    /// `OPENAI_TEMPERATURE`
    pub temperature: f32,
    /// `OPENAI_TIMEOUT_SECONDS`: of the whole turn.
    pub timeout: Duration,
    /// `OPENAI_MAX_CALLS_PER_CONVERSATION`, within `conversation_ttl_hours`.
    pub max_calls_per_conversation: u32,
    /// `OPENAI_CONVERSATION_TTL_HOURS`
    pub conversation_ttl_hours: u32,
    /// `OPENAI_CANARY_ALLOWLIST`: when not empty, only these conversations may cost a call.
    pub canary: Canary,
    /// `OPENAI_DAILY_BUDGET_USD`
    pub daily_budget_usd: f64,
    /// `OPENAI_MONTHLY_BUDGET_USD`
    pub monthly_budget_usd: f64,
}

impl OpenAi {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let enabled = reader.flag("OPENAI_ENABLED", false);
        let free_sentences = reader.flag("OPENAI_FREE_SENTENCES", false);
        let api_key = reader.secret("OPENAI_API_KEY");
        let base_url = reader.address("OPENAI_BASE_URL", BASE_URL);
        let model = reader.text_or("OPENAI_MODEL", "gpt-6-luna");
        let model_classifier = reader.text("OPENAI_MODEL_CLASSIFIER").unwrap_or_else(|| model.clone());
        let settings = Self {
            enabled,
            free_sentences,
            api_key,
            base_url,
            model,
            model_classifier,
            max_output_tokens: reader.number("OPENAI_MAX_OUTPUT_TOKENS", 180, 16..=4096, "tokens"),
            max_input_chars: reader.number("OPENAI_MAX_INPUT_CHARS", 1200, 100..=20_000, "characters"),
            temperature: reader.number("OPENAI_TEMPERATURE", 0.3, 0.0..=2.0, "as the model's maker defines it"),
            timeout: Duration::from_secs(reader.number("OPENAI_TIMEOUT_SECONDS", 8, 1..=20, "seconds")),
            max_calls_per_conversation: reader.number("OPENAI_MAX_CALLS_PER_CONVERSATION", 4, 0..=100, "calls"),
            conversation_ttl_hours: reader.number("OPENAI_CONVERSATION_TTL_HOURS", 24, 1..=720, "hours"),
            canary: canary(reader),
            daily_budget_usd: reader.number("OPENAI_DAILY_BUDGET_USD", 1.0, 0.0..=10_000.0, "US dollars"),
            monthly_budget_usd: reader.number("OPENAI_MONTHLY_BUDGET_USD", 20.0, 0.0..=100_000.0, "US dollars"),
        };
        // Servers of one's own need no key.
        if settings.enabled && settings.api_key.is_none() && settings.base_url == BASE_URL {
            reader.secret_fault(
                "OPENAI_API_KEY",
                "is missing, and OPENAI_ENABLED=true needs it",
                "Set it, or set OPENAI_ENABLED=false.",
            );
        }
        settings
    }
}

fn canary(reader: &mut Reader) -> Canary {
    let name = "OPENAI_CANARY_ALLOWLIST";
    let entries = reader.list(name);
    Canary::parse(&entries).unwrap_or_else(|bad| {
        reader.fault(
            name,
            &bad.0,
            "conversation ids, the last four digits of telephones, or a share such as 25%",
            "Correct the entry, or remove it to let every conversation ask.",
        );
        Canary::default()
    })
}
