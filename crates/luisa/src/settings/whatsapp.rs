//! Settings of the WhatsApp Cloud API and of the notices to the teams.

use std::time::Duration;

use luisa_core::taxonomy::Team;
use secrecy::SecretString;

use super::reader::Reader;

/// How LUISA speaks to WhatsApp.
#[derive(Debug, Clone)]
pub struct WhatsApp {
    /// `WHATSAPP_ENABLED`: false serves the API only.
    pub enabled: bool,
    /// `WHATSAPP_ACCESS_TOKEN`: needed when enabled, empty otherwise.
    pub access_token: SecretString,
    /// `WHATSAPP_PHONE_NUMBER_ID`: Meta's id of the number, not the number.
    pub phone_number_id: String,
    /// `WHATSAPP_VERIFY_TOKEN`: a word of our own that Meta repeats when it verifies the webhook.
    pub verify_token: SecretString,
    /// `WHATSAPP_APP_SECRET`: signs the webhooks; without it nobody checks where they come from.
    pub app_secret: Option<SecretString>,
    /// `WHATSAPP_API_VERSION`
    pub api_version: String,
    /// `WHATSAPP_API_BASE_URL`
    pub api_base_url: String,
    /// `WHATSAPP_TIMEOUT_SECONDS`: how long an answer of Meta's is waited for; after it, nobody knows whether a message left.
    pub timeout: Duration,
    /// `WHATSAPP_SETTLE_SECONDS`: how long after a crash the statuses are awaited before what was being sent is sent again.
    pub settle: Duration,
    /// `WHATSAPP_BUSINESS_ACCOUNT_ID`: for checks of templates and subscriptions.
    pub business_account_id: Option<String>,
    pub notify: NotifyNumbers,
    /// `NOTIFY_TEMPLATE`: approved template for notices when the team's 24-hour window is closed: its name, `es` or `:language`.
    pub notify_template: Option<String>,
}

/// Where the teams are told, as WhatsApp writes numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotifyNumbers {
    /// `LUISA_HUMAN_NOTIFY_NUMBER`, or `TEST_NOTIFY_NUMBER`.
    pub comercial: Option<String>,
    /// `TECNICO_NOTIFY_NUMBER`, or `TEST_NOTIFY_NUMBER`.
    pub tecnica: Option<String>,
    /// `TEST_NOTIFY_NUMBER`, or the commercial team's: what concerns the service itself.
    pub internal: Option<String>,
}

impl NotifyNumbers {
    /// The number of a team.
    #[must_use]
    pub fn of(&self, team: Team) -> Option<&str> {
        match team {
            Team::Comercial => self.comercial.as_deref(),
            Team::Tecnica => self.tecnica.as_deref(),
        }
    }
}

impl WhatsApp {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let enabled = reader.flag("WHATSAPP_ENABLED", false);
        let access_token = reader.secret("WHATSAPP_ACCESS_TOKEN");
        let phone_number_id = digits(reader, "WHATSAPP_PHONE_NUMBER_ID");
        let verify_token = reader.secret("WHATSAPP_VERIFY_TOKEN");
        let app_secret = reader.secret("WHATSAPP_APP_SECRET");
        let api_version = version(reader);
        let api_base_url = reader.address("WHATSAPP_API_BASE_URL", "https://graph.facebook.com");
        let timeout = Duration::from_secs(reader.number("WHATSAPP_TIMEOUT_SECONDS", 15, 1..=60, "seconds"));
        let settle = Duration::from_secs(reader.number("WHATSAPP_SETTLE_SECONDS", 120, 1..=3600, "seconds"));
        let business_account_id = digits(reader, "WHATSAPP_BUSINESS_ACCOUNT_ID");
        let test = reader.phone("TEST_NOTIFY_NUMBER");
        let comercial = reader.phone("LUISA_HUMAN_NOTIFY_NUMBER").or_else(|| test.clone());
        let tecnica = reader.phone("TECNICO_NOTIFY_NUMBER").or_else(|| test.clone());
        let internal = test.or_else(|| comercial.clone());
        let notify_template = template(reader);
        if enabled {
            demand(
                reader,
                access_token.is_some(),
                "WHATSAPP_ACCESS_TOKEN",
                "the token of a system user with whatsapp_business_messaging",
            );
            demand(
                reader,
                phone_number_id.is_some(),
                "WHATSAPP_PHONE_NUMBER_ID",
                "the id of the number, from Meta's page API Setup",
            );
            demand(
                reader,
                verify_token.is_some(),
                "WHATSAPP_VERIFY_TOKEN",
                "a word of your own, the same as in Meta's webhook configuration",
            );
        }
        Self {
            enabled,
            access_token: access_token.unwrap_or_default(),
            phone_number_id: phone_number_id.unwrap_or_default(),
            verify_token: verify_token.unwrap_or_default(),
            app_secret,
            api_version,
            api_base_url,
            timeout,
            settle,
            business_account_id,
            notify: NotifyNumbers { comercial, tecnica, internal },
            notify_template,
        }
    }
}

fn demand(reader: &mut Reader, given: bool, name: &'static str, what: &str) {
    // A value that was given and refused has its own fault already.
    if given || reader.faults.iter().any(|fault| fault.variable == name) {
        return;
    }
    reader.secret_fault(
        name,
        "is missing, and WHATSAPP_ENABLED=true needs it",
        &format!("Set it to {what}, or set WHATSAPP_ENABLED=false."),
    );
}

fn digits(reader: &mut Reader, name: &'static str) -> Option<String> {
    let value = reader.text(name)?;
    let safe = value.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if safe {
        return Some(value);
    }
    reader.fault(name, &value, "an id of Meta: letters and digits only", "Copy it from Meta's page API Setup.");
    None
}

fn version(reader: &mut Reader) -> String {
    let (name, default) = ("WHATSAPP_API_VERSION", "v26.0");
    let value = reader.text_or(name, default);
    let number = value.strip_prefix('v').and_then(|rest| rest.split_once('.'));
    let right = number.is_some_and(|(major, minor)| [major, minor].iter().all(|n| n.parse::<u16>().is_ok()));
    if !right {
        reader.fault(
            name,
            &value,
            "a Graph API version such as v26.0",
            "Write WHATSAPP_API_VERSION=v26.0, or remove it to have the default.",
        );
    }
    value
}

fn template(reader: &mut Reader) -> Option<String> {
    let name = "NOTIFY_TEMPLATE";
    let value = reader.text(name)?;
    let (template, language) = value.split_once(':').unwrap_or((&value, "es"));
    let right = template.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if right && language.chars().all(|c| c.is_ascii_alphabetic() || c == '_') {
        return Some(value);
    }
    reader.fault(
        name,
        &value,
        "a template's name (lower-case letters, digits and _), with `:es_CO` for a language other than es",
        "Copy the name from WhatsApp Manager, or remove it.",
    );
    None
}
