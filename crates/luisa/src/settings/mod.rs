//! All settings, from the environment and from `.env` in the working directory; the environment wins.
//!
//! Owns their names, defaults and ranges; `.env.example` is their manual, and a test compares the two. A wrong value
//! stops the start: every fault is reported at once. May not act on a setting.

mod reader;
mod dotenv;
mod whatsapp;
mod openai;
mod server;
mod database;
mod media;
mod transcription;
mod telemetry;
mod hours;
mod conversation;
#[cfg(test)]
mod settings_tests;

use std::path::PathBuf;

use luisa_core::taxonomy::Channel;
use luisa_core::turn::{ModelUse, Policy};

pub use conversation::{Cache, Pace, Privacy, Shadow};
pub use database::Database;
pub use hours::Hours;
pub use media::Media;
pub use openai::OpenAi;
pub use reader::{Known, SettingFault, Vars};
pub use server::{Log, LogFormat, Server};
pub use telemetry::Telemetry;
pub use transcription::Transcription;
pub use whatsapp::{NotifyNumbers, WhatsApp};

use reader::Reader;
use secrecy::ExposeSecret;

/// Those of Meta have 32 hexadecimal digits.
const SHORTEST_APP_SECRET: usize = 16;

/// Every setting, checked.
#[derive(Debug, Clone)]
pub struct Settings {
    pub whatsapp: WhatsApp,
    pub openai: OpenAi,
    pub transcription: Transcription,
    pub shadow: Shadow,
    pub hours: Hours,
    pub cache: Cache,
    pub server: Server,
    pub database: Database,
    pub media: Media,
    pub telemetry: Telemetry,
    pub privacy: Privacy,
    pub pace: Pace,
    /// `BUSINESS_DIR`
    pub business_dir: Option<PathBuf>,
    /// What the operator should know of these settings, although they are allowed: said in the log at the start.
    pub notes: Vec<String>,
}

impl Settings {
    /// The settings of this process.
    ///
    /// # Errors
    /// Every fault found, in the order of the manual.
    pub fn from_env() -> Result<Self, Vec<SettingFault>> {
        let mut settings = Self::from_vars(dotenv::variables()?)?;
        settings.notes.extend(dotenv::others_may_read());
        Ok(settings)
    }

    /// The settings that these variables make.
    ///
    /// # Errors
    /// Every fault found.
    pub fn from_vars(vars: Vars) -> Result<Self, Vec<SettingFault>> {
        let (settings, reader) = Self::read(vars);
        if reader.faults.is_empty() { Ok(settings) } else { Err(reader.faults) }
    }

    /// The variables that exist, in the order in which they are read.
    #[must_use]
    pub fn known() -> Vec<Known> {
        Self::read(Vars::new()).1.known
    }

    fn read(vars: Vars) -> (Self, Reader) {
        let mut reader = Reader::new(vars);
        let mut settings = Self {
            whatsapp: WhatsApp::read(&mut reader),
            openai: OpenAi::read(&mut reader),
            transcription: Transcription::read(&mut reader),
            shadow: Shadow::read(&mut reader),
            privacy: Privacy::read(&mut reader),
            hours: Hours::read(&mut reader),
            cache: Cache::read(&mut reader),
            server: Server::read(&mut reader),
            pace: Pace::read(&mut reader),
            database: Database::read(&mut reader),
            media: Media::read(&mut reader),
            telemetry: Telemetry::read(&mut reader),
            business_dir: database::business_dir(&mut reader),
            notes: Vec::new(),
        };
        settings.media.settle(&settings.database.path);
        if settings.server.production {
            settings.demand_production(&mut reader);
        }
        settings.notes = settings.risks();
        settings.notes.extend(reader.strangers());
        (settings, reader)
    }

    fn demand_production(&self, reader: &mut Reader) {
        self.server.demand_production(reader);
        server::demand_safe_address(reader, "WHATSAPP_API_BASE_URL", &self.whatsapp.api_base_url);
        server::demand_safe_address(reader, "OPENAI_BASE_URL", &self.openai.base_url);
        if let Some(collector) = &self.telemetry.endpoint {
            server::demand_safe_address(reader, "OTEL_EXPORTER_OTLP_ENDPOINT", collector);
        }
        if let Some(secret) = &self.whatsapp.app_secret
            && (secret.expose_secret().len() < SHORTEST_APP_SECRET || server::is_guessable(secret.expose_secret()))
        {
            let remedy = "Copy the app's secret from Meta's page App settings, Basic: 32 hexadecimal digits.";
            reader.secret_fault("WHATSAPP_APP_SECRET", "is no secret of an app of Meta's", remedy);
        }
        if self.whatsapp.enabled && self.whatsapp.app_secret.is_none() {
            let remedy =
                "Set it to the secret of the app, from Meta's page App settings, or set PRODUCTION_MODE=false.";
            reader.secret_fault("WHATSAPP_APP_SECRET", "is missing, and PRODUCTION_MODE=true needs it", remedy);
        }
    }

    fn risks(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let mut note = |when: bool, text: &str| {
            if when {
                notes.push(text.to_owned());
            }
        };
        let chat = &self.whatsapp;
        let open = chat.enabled && chat.app_secret.is_none() && !self.server.production;
        note(open, "WHATSAPP_APP_SECRET is not set: webhooks are accepted without a check of who sent them");
        let nobody = chat.enabled && (chat.notify.comercial.is_none() || chat.notify.tecnica.is_none());
        note(
            nobody,
            "a team has no number (LUISA_HUMAN_NOTIFY_NUMBER, TECNICO_NOTIFY_NUMBER, TEST_NOTIFY_NUMBER): its notices are stored, not sent",
        );
        let exposed = !self.server.production && !self.server.host.is_loopback();
        note(
            exposed,
            "HOST lets other machines in while PRODUCTION_MODE=false leaves the data endpoints without a key",
        );
        notes
    }

    /// The settings that bear on decisions, for a channel.
    #[must_use]
    pub fn policy(&self, channel: Channel) -> Policy {
        Policy {
            personal: self.privacy.personal_mode,
            rate_per_minute: match channel {
                Channel::Whatsapp => self.pace.whatsapp_per_minute,
                Channel::Api => self.pace.api_per_minute,
            },
            human_ttl_hours: self.shadow.human_ttl_hours,
            handoff_cooldown_minutes: self.shadow.handoff_cooldown_minutes,
            hours: self.hours.service(),
            cache_enabled: self.cache.enabled,
            model: match (self.openai.free_sentences, self.privacy.enhanced_filtering_with_llm) {
                _ if !self.openai.enabled => ModelUse::Off,
                (false, false) => ModelUse::Off,
                (false, true) => ModelUse::Doubts,
                (true, false) => ModelUse::Replies,
                (true, true) => ModelUse::RepliesAndDoubts,
            },
        }
    }
}
