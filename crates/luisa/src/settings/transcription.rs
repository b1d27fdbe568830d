//! Settings of who writes voice notes down: which server, how it is asked, and what it may cost.

use luisa_llm::SpeechDialect;
use secrecy::SecretString;

use super::reader::Reader;

const BASE_URL: &str = "https://api.openai.com/v1";

/// When and how a voice note may be written down.
#[derive(Debug, Clone)]
pub struct Transcription {
    /// `TRANSCRIPTION_ENABLED`
    pub enabled: bool,
    /// `TRANSCRIPTION_BASE_URL`: any server that has `audio/transcriptions`.
    pub base_url: String,
    /// `TRANSCRIPTION_API_KEY`
    pub api_key: Option<SecretString>,
    /// `TRANSCRIPTION_MODEL`
    pub model: String,
    /// `TRANSCRIPTION_DIALECT`
    pub dialect: SpeechDialect,
    /// `TRANSCRIPTION_MAX_SECONDS`
    pub max_seconds: u32,
    /// `TRANSCRIPTION_MAX_PER_CONTACT_PER_DAY`
    pub per_contact_per_day: u32,
    /// `TRANSCRIPTION_DAILY_BUDGET_USD`
    pub daily_budget_usd: f64,
    /// `TRANSCRIPTION_MONTHLY_BUDGET_USD`
    pub monthly_budget_usd: f64,
}

impl Transcription {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let dialects = [("openai", SpeechDialect::OpenAi), ("whisper", SpeechDialect::Whisper)];
        let settings = Self {
            enabled: reader.flag("TRANSCRIPTION_ENABLED", false),
            base_url: reader.address("TRANSCRIPTION_BASE_URL", BASE_URL),
            api_key: reader.secret("TRANSCRIPTION_API_KEY"),
            model: reader.text_or("TRANSCRIPTION_MODEL", "gpt-transcribe"),
            dialect: reader.choice("TRANSCRIPTION_DIALECT", "openai", &dialects).unwrap_or(SpeechDialect::OpenAi),
            max_seconds: reader.number("TRANSCRIPTION_MAX_SECONDS", 180, 5..=600, "seconds"),
            per_contact_per_day: reader.number("TRANSCRIPTION_MAX_PER_CONTACT_PER_DAY", 20, 0..=1_000, "voice notes"),
            daily_budget_usd: reader.number("TRANSCRIPTION_DAILY_BUDGET_USD", 1.0, 0.0..=10_000.0, "US dollars"),
            monthly_budget_usd: reader.number("TRANSCRIPTION_MONTHLY_BUDGET_USD", 20.0, 0.0..=100_000.0, "US dollars"),
        };
        // Servers of one's own need no key.
        if settings.enabled && settings.api_key.is_none() && settings.base_url == BASE_URL {
            reader.secret_fault(
                "TRANSCRIPTION_API_KEY",
                "is missing, and TRANSCRIPTION_ENABLED=true needs it",
                "Set it, point TRANSCRIPTION_BASE_URL to a server of your own, or set TRANSCRIPTION_ENABLED=false.",
            );
        }
        settings
    }
}
