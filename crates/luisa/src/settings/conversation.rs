//! Settings of how conversations are led: who leads, what stays private, how fast LUISA answers, what the cache keeps.

use std::time::Duration;

use luisa_core::turn::PersonalMode;

use super::reader::Reader;

/// Longest wait for the end of a burst, in milliseconds.
const MAX_DEBOUNCE_MS: u64 = 6_000;
/// Messages of one conversation that are analysed per minute; part of the product's contract.
const WHATSAPP_PER_MINUTE: u32 = 20;
const API_PER_MINUTE: u32 = 30;

/// When a person leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shadow {
    /// `HUMAN_TTL_HOURS`: a person keeps a chat this long after their last message.
    pub human_ttl_hours: i64,
    /// `HANDOFF_COOLDOWN_MINUTES`: a team is told of the same chat again only after this long.
    pub handoff_cooldown_minutes: i64,
    /// `HANDOFF_REMIND_MINUTES`: the team is told again of a handoff that nobody answers; 0: not.
    pub remind_team_minutes: i64,
    /// `HANDOFF_OWNER_MINUTES`: the owner is told; 0: not.
    pub tell_owner_minutes: i64,
    /// `HANDOFF_CUSTOMER_MINUTES`: the customer is told how it is; 0: not.
    pub tell_customer_minutes: i64,
}

impl Shadow {
    pub(super) fn read(reader: &mut Reader) -> Self {
        Self {
            human_ttl_hours: reader.number("HUMAN_TTL_HOURS", 12, 1..=720, "hours"),
            handoff_cooldown_minutes: reader.number("HANDOFF_COOLDOWN_MINUTES", 30, 0..=1440, "minutes"),
            remind_team_minutes: reader.number("HANDOFF_REMIND_MINUTES", 20, 0..=1440, "minutes"),
            tell_owner_minutes: reader.number("HANDOFF_OWNER_MINUTES", 60, 0..=1440, "minutes"),
            tell_customer_minutes: reader.number("HANDOFF_CUSTOMER_MINUTES", 90, 0..=1440, "minutes"),
        }
    }
}

/// What is done with personal messages and old texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Privacy {
    /// `PERSONAL_MESSAGES_MODE`
    pub personal_mode: PersonalMode,
    /// `ENHANCED_FILTERING_WITH_LLM`: a doubtful message may be asked of the model, when there is one.
    pub enhanced_filtering_with_llm: bool,
    /// `PERSONAL_TEXT_RETENTION_HOURS`: how long a personal message's text is kept; 0: not at all.
    pub personal_text_retention_hours: u32,
    /// `RETENTION_DAYS`: how long conversations are kept; unset: for ever.
    pub retention_days: Option<u32>,
}

impl Privacy {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let modes = [("silent", PersonalMode::Silent), ("polite", PersonalMode::Polite)];
        Self {
            personal_mode: reader.choice("PERSONAL_MESSAGES_MODE", "silent", &modes).unwrap_or_default(),
            enhanced_filtering_with_llm: reader.flag("ENHANCED_FILTERING_WITH_LLM", true),
            personal_text_retention_hours: reader.number("PERSONAL_TEXT_RETENTION_HOURS", 0, 0..=8760, "hours"),
            retention_days: reader.optional_number("RETENTION_DAYS", "", 1..=3650, "days"),
        }
    }
}

/// How fast LUISA answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pace {
    /// `REPLY_DEBOUNCE_MS`: quiet time after which a burst of messages is answered; 0: each at once.
    pub reply_debounce_ms: u64,
    /// Longest wait for the end of a burst; not a setting.
    pub max_debounce_ms: u64,
    /// `STALE_MESSAGE_MINUTES`: an older message is answered only when the chat is otherwise unanswered.
    pub stale_message_minutes: i64,
    /// Messages of one conversation that are analysed per minute, on WhatsApp; not a setting.
    pub whatsapp_per_minute: u32,
    /// The same for the API.
    pub api_per_minute: u32,
}

impl Pace {
    pub(super) fn read(reader: &mut Reader) -> Self {
        Self {
            reply_debounce_ms: reader.number("REPLY_DEBOUNCE_MS", 1_500, 0..=MAX_DEBOUNCE_MS, "milliseconds"),
            max_debounce_ms: MAX_DEBOUNCE_MS,
            stale_message_minutes: reader.number("STALE_MESSAGE_MINUTES", 30, 1..=10_080, "minutes"),
            whatsapp_per_minute: WHATSAPP_PER_MINUTE,
            api_per_minute: API_PER_MINUTE,
        }
    }
}

/// The FAQ cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cache {
    /// `CACHE_ENABLED`
    pub enabled: bool,
    /// `CACHE_MAX_SIZE`: questions kept.
    pub max_size: u64,
    /// `CACHE_TTL_HOURS`
    pub ttl: Duration,
}

impl Cache {
    pub(super) fn read(reader: &mut Reader) -> Self {
        Self {
            enabled: reader.flag("CACHE_ENABLED", true),
            max_size: reader.number("CACHE_MAX_SIZE", 200, 1..=100_000, "questions"),
            ttl: Duration::from_secs(3600 * reader.number("CACHE_TTL_HOURS", 12, 1..=8760, "hours")),
        }
    }
}
