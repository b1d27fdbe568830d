//! Would WhatsApp work? Asked of Meta's Graph API, read-only.
//!
//! Owns what the account must be like. May not send anything to anybody.

use luisa_whatsapp::{Client, PhoneNumberInfo, SendError};

use super::report::{Check, Finding};
use crate::settings::WhatsApp;

/// What LUISA listens to; without the last two she does not notice when staff write from the phone.
const FIELDS: [&str; 3] = ["messages", "smb_message_echoes", "smb_app_state_sync"];

/// Findings, and the address at which Meta calls LUISA, when it told.
pub(super) struct Account {
    pub(super) findings: Vec<Finding>,
    pub(super) callback_url: Option<String>,
}

/// `served`: whether the LUISA that is checked says that she serves WhatsApp; none when she says nothing.
pub(super) async fn check(settings: &WhatsApp, client: Option<&Client>, served: Option<bool>) -> Account {
    let Some(client) = client else { return off(served) };
    let number = Check::warning("whatsapp number");
    let number = match client.phone_number_info().await {
        Ok(info) => reachable(number, &info),
        Err(error) => number.failed(error.to_string(), token_remedy(&error)),
    };
    let (webhook, callback_url) = webhook(settings, client).await;
    let findings = vec![number, webhook, template(settings, client).await];
    Account { findings, callback_url }
}

fn off(served: Option<bool>) -> Account {
    let number = Check::warning("whatsapp number");
    let number = if served == Some(true) {
        number.failed(
            "LUISA serves WhatsApp, and this command has no settings for it",
            "run it where her .env is, so that it can ask Meta",
        )
    } else {
        number.skipped("WHATSAPP_ENABLED=false")
    };
    Account { findings: vec![number], callback_url: None }
}

fn reachable(check: Check, info: &PhoneNumberInfo) -> Finding {
    let said = |field: &Option<String>, otherwise: &str| field.clone().unwrap_or_else(|| otherwise.to_owned());
    let name = said(&info.verified_name, "a number without a verified name");
    let quality = said(&info.quality_rating, "UNKNOWN");
    let detail = format!("{name}, quality {quality}");
    if info.account_mode.as_deref() == Some("SANDBOX") {
        return check.failed(
            format!("{detail}: it is Meta's test number"),
            "it reaches five registered numbers only: register the store's own number",
        );
    }
    if let Some(status) = info.status.as_deref().filter(|status| *status != "CONNECTED") {
        return check.failed(format!("{detail}, status {status}"), "look at the number in WhatsApp Manager");
    }
    if quality == "RED" {
        return check.failed(detail, "customers block or report it: look at what was sent, in WhatsApp Manager");
    }
    check.ok(detail)
}

fn token_remedy(error: &SendError) -> &'static str {
    match error {
        SendError::Api { code: 190 | 0, .. } => {
            "the token has expired or is wrong: make one of a system user and set WHATSAPP_ACCESS_TOKEN"
        }
        SendError::Api { code: 100, .. } => {
            "check WHATSAPP_PHONE_NUMBER_ID: it is Meta's id of the number, not the number"
        }
        SendError::Api { .. } => {
            "check WHATSAPP_ACCESS_TOKEN: it needs whatsapp_business_messaging and whatsapp_business_management"
        }
        SendError::Timeout | SendError::Connect(_) | SendError::Broken(_) => {
            "check that this machine reaches graph.facebook.com"
        }
    }
}

/// First who receives the account's webhooks, then what that app asked for.
async fn webhook(settings: &WhatsApp, client: &Client) -> (Finding, Option<String>) {
    let check = Check::warning("webhook fields");
    let Some(account) = &settings.business_account_id else {
        let remedy = "set it, from Meta's page API Setup, to have webhook and template checked";
        return (check.failed("WHATSAPP_BUSINESS_ACCOUNT_ID is not set", remedy), None);
    };
    let apps = match client.subscribed_apps(account).await {
        Ok(apps) => apps,
        Err(error) => return (check.failed(error.to_string(), token_remedy(&error)), None),
    };
    if apps.is_empty() {
        let remedy = "subscribe the app: in its page WhatsApp, Configuration, or POST /<account id>/subscribed_apps";
        return (check.failed("no app receives the account's messages", remedy), None);
    }
    let Some(secret) = &settings.app_secret else {
        return (
            check.failed("WHATSAPP_APP_SECRET is not set", "set it: it also proves that a webhook is Meta's"),
            None,
        );
    };
    let mut refusal = None;
    for id in apps.iter().filter_map(|app| app.id.as_deref()) {
        match client.webhook_subscription(id, secret).await {
            Ok(Some(webhook)) => {
                return (subscribed(check, &webhook.fields, webhook.active), webhook.callback_url);
            }
            Ok(None) => refusal = Some("the app has no webhook for WhatsApp Business accounts".to_owned()),
            // Of several apps only ours takes our secret.
            Err(error) => refusal = refusal.or(Some(error.to_string())),
        }
    }
    let detail = refusal.unwrap_or_else(|| "Meta names no app".to_owned());
    (check.failed(detail, "check WHATSAPP_APP_SECRET, and the webhook in the app's page WhatsApp, Configuration"), None)
}

fn subscribed(check: Check, fields: &[String], active: bool) -> Finding {
    let missing: Vec<&str> = FIELDS.into_iter().filter(|field| fields.iter().all(|known| known != field)).collect();
    if !active {
        return check.failed("the webhook is switched off at Meta", "verify it again in the app's page Configuration");
    }
    if missing.is_empty() {
        return check.ok(FIELDS.join(", "));
    }
    let remedy = "subscribe them in the app's page WhatsApp, Configuration, Webhook fields";
    check.failed(format!("not subscribed: {}", missing.join(", ")), remedy)
}

async fn template(settings: &WhatsApp, client: &Client) -> Finding {
    let check = Check::warning("notify template");
    let Some(wanted) = &settings.notify_template else {
        let remedy = "have a template with one gap approved and set NOTIFY_TEMPLATE";
        return check.failed("none: a team that has not written for 24 hours gets no notice", remedy);
    };
    let Some(account) = &settings.business_account_id else {
        return check.skipped("WHATSAPP_BUSINESS_ACCOUNT_ID is not set");
    };
    let (name, language) = wanted.split_once(':').unwrap_or((wanted, "es"));
    let templates = match client.message_templates(account).await {
        Ok(templates) => templates,
        Err(error) => return check.failed(error.to_string(), token_remedy(&error)),
    };
    let found = templates.iter().find(|template| template.name == name && template.language == language);
    match found {
        Some(template) if template.status == "APPROVED" => check.ok(format!("{name} ({language}) is approved")),
        Some(template) => {
            let detail = format!("{name} ({language}) is {}", template.status);
            check.failed(detail, "notices outside the 24 hours wait until Meta approves it")
        }
        None => {
            let detail = format!("{name} ({language}) is not among the account's templates");
            check.failed(detail, "correct NOTIFY_TEMPLATE; name:language when its language is not es")
        }
    }
}
