//! Questions to Meta about the account, for health checks and start-up.
//!
//! Read-only. May not judge the answers.

use super::{Client, SendError};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

const TEMPLATES_PER_PAGE: &str = "100";
const TEMPLATE_PAGES: usize = 20;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneNumberInfo {
    pub id: String,
    pub display_phone_number: Option<String>,
    pub verified_name: Option<String>,
    pub quality_rating: Option<String>,
    /// `SANDBOX` or `LIVE`.
    pub account_mode: Option<String>,
    pub status: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateInfo {
    pub name: String,
    pub language: String,
    /// `APPROVED`, or it cannot be sent.
    pub status: String,
    pub category: Option<String>,
    /// The text with its `{{1}}`.
    pub body: Option<String>,
}

/// An app that receives the account's webhooks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscribedApp {
    pub id: Option<String>,
    pub name: Option<String>,
}

/// What an app has asked Meta to be told of, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookSubscription {
    pub callback_url: Option<String>,
    pub active: bool,
    /// `messages`, `smb_message_echoes`, …
    pub fields: Vec<String>,
}

/// A message of ours as Meta lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub message_id: String,
    /// Of its first event; Unix seconds.
    pub at: Option<i64>,
}

impl Client {
    /// The latest messages that Meta has taken from this number. Neither text nor recipient are told.
    pub async fn message_history(&self) -> Result<Vec<Listed>, SendError> {
        let request = self.http.get(self.url(&[&self.phone_number_id, "message_history"]));
        let query = [("fields", "id,message_id,events{timestamp,delivery_status}"), ("limit", "100")];
        let answer = self.call(request.query(&query)).await?;
        Ok(data(&answer).iter().filter_map(listed).collect())
    }

    /// The number we send from: proves token, id and version at once.
    pub async fn phone_number_info(&self) -> Result<PhoneNumberInfo, SendError> {
        let fields = "display_phone_number,verified_name,quality_rating,account_mode,status";
        let request = self.http.get(self.url(&[&self.phone_number_id])).query(&[("fields", fields)]);
        let answer = self.call(request).await?;
        Ok(PhoneNumberInfo {
            id: text(&answer["id"]).ok_or(SendError::Broken("no id in the answer".into()))?,
            display_phone_number: text(&answer["display_phone_number"]),
            verified_name: text(&answer["verified_name"]),
            quality_rating: text(&answer["quality_rating"]),
            account_mode: text(&answer["account_mode"]),
            status: text(&answer["status"]),
        })
    }

    /// All templates of a WhatsApp Business account.
    pub async fn message_templates(&self, waba: &str) -> Result<Vec<TemplateInfo>, SendError> {
        let mut templates = Vec::new();
        let mut after = String::new();
        for _ in 0..TEMPLATE_PAGES {
            let query = [
                ("fields", "name,language,status,category,components"),
                ("limit", TEMPLATES_PER_PAGE),
                ("after", &after),
            ];
            let given = if after.is_empty() { &query[..2] } else { &query[..] };
            let page = self.call(self.http.get(self.url(&[waba, "message_templates"])).query(given)).await?;
            templates.extend(data(&page).iter().filter_map(template));
            // The cursor is there on the last page too; only `next` tells that more follows.
            let next = page["paging"]["next"].is_string().then(|| text(&page["paging"]["cursors"]["after"])).flatten();
            let Some(next) = next else { break };
            after = next;
        }
        Ok(templates)
    }

    /// The apps subscribed to the account's webhooks. None means that no message will ever arrive.
    pub async fn subscribed_apps(&self, waba: &str) -> Result<Vec<SubscribedApp>, SendError> {
        let answer = self.call(self.http.get(self.url(&[waba, "subscribed_apps"]))).await?;
        let app = |item: &Value| {
            let app = &item["whatsapp_business_api_data"];
            SubscribedApp { id: text(&app["id"]), name: text(&app["name"]) }
        };
        Ok(data(&answer).iter().map(app).collect())
    }
}

/// The app's own word: what only its secret proves.
impl Client {
    /// What this app receives of WhatsApp Business accounts; none when it receives nothing of them.
    pub async fn webhook_subscription(
        &self,
        app_id: &str,
        app_secret: &SecretString,
    ) -> Result<Option<WebhookSubscription>, SendError> {
        let token = SecretString::from(format!("{app_id}|{}", app_secret.expose_secret()));
        let answer = self.call_as(self.http.get(self.url(&[app_id, "subscriptions"])), &token).await?;
        let ours = data(&answer).iter().find(|item| item["object"] == "whatsapp_business_account");
        Ok(ours.map(|item| WebhookSubscription {
            callback_url: text(&item["callback_url"]),
            active: item["active"].as_bool().unwrap_or(true),
            fields: item["fields"].as_array().into_iter().flatten().filter_map(field).collect(),
        }))
    }
}

/// `{"name":"messages","version":"v26.0"}`, or the name alone.
fn field(item: &Value) -> Option<String> {
    text(&item["name"]).or_else(|| text(item))
}

fn listed(item: &Value) -> Option<Listed> {
    let events = item["events"]["data"].as_array().or(item["events"].as_array());
    let seconds = |event: &Value| event["timestamp"].as_i64().or_else(|| event["timestamp"].as_str()?.parse().ok());
    let at = events.into_iter().flatten().filter_map(seconds).min();
    Some(Listed { message_id: text(&item["message_id"])?, at })
}

fn template(item: &Value) -> Option<TemplateInfo> {
    let components = item["components"].as_array().map_or(&[][..], Vec::as_slice);
    Some(TemplateInfo {
        name: text(&item["name"])?,
        language: text(&item["language"])?,
        status: text(&item["status"])?,
        category: text(&item["category"]),
        body: components.iter().find(|part| part["type"] == "BODY").and_then(|part| text(&part["text"])),
    })
}

fn data(answer: &Value) -> &[Value] {
    answer["data"].as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}
